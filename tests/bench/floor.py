"""The least that could be called an alarm path: bytes, one durable commit, one publish.

A program of its own, `python -m tests.bench.floor PORT STORE TTY…`. It knows one packet, one
threshold and nothing else: no check of any byte, no session, no rules, no second chance.
"""

import asyncio
import os
import sqlite3
import sys
import tty
from collections.abc import Callable
from typing import Final

import uvloop

from tests.bench import wire

PACKET: Final = 125
PACKET_START: Final = b"\x01\x81"
SPO2_AT: Final = 13
BELOW: Final = 88


class Floor:
    """Watches every tty given to it."""

    def __init__(self, port: int, store: str) -> None:
        self._number = 0
        self._store = open_store(store)
        self._broker = wire.connect(port, "floor")
        self._broker.setblocking(False)

    def watch(self, bed: str, url: str) -> None:
        """Judge what comes from `url` from now on."""
        port = os.open(url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(port)
        oximeter = Oximeter(lambda low, spo2: self._say(bed, low, spo2))
        loop = asyncio.get_running_loop()
        loop.add_reader(port, lambda: oximeter.receive(os.read(port, 4096)))

    def _say(self, bed: str, low: bool, spo2: int) -> None:
        self._number += 1
        state = "active" if low else "ended"
        payload = f'{{"rule":"spo2.very-low","state":"{state}","values":{{"spo2":{spo2}}}}}'
        commit(self._store, bed, payload)
        topic = f"postdose/bench/{bed}/alarm/{bed}"
        self._broker.sendall(wire.publish(topic, payload.encode(), self._number % 65535 + 1))

    async def run(self) -> None:
        """Read the broker's acknowledgements for ever."""
        loop = asyncio.get_running_loop()
        print("started", flush=True)
        while await loop.sock_recv(self._broker, 4096):
            pass


class Oximeter:
    """Calls `crossed` when the saturation passes the threshold, either way."""

    def __init__(self, crossed: Callable[[bool, int], None]) -> None:
        self._crossed = crossed
        self._buffer = bytearray()
        self._low = False

    def receive(self, data: bytes) -> None:
        """Judge every packet that `data` completes."""
        self._buffer += data
        while (start := self._buffer.find(PACKET_START)) >= 0:
            if len(self._buffer) < start + PACKET:
                break
            spo2 = self._buffer[start + SPO2_AT]
            del self._buffer[: start + PACKET]
            if (spo2 < BELOW) != self._low:
                self._low = spo2 < BELOW
                self._crossed(self._low, spo2)


def open_store(path: str) -> sqlite3.Connection:
    """A new SQLite file with the journal's own durability: WAL, FULL."""
    store = sqlite3.connect(path, isolation_level=None)
    store.execute("PRAGMA journal_mode = WAL")
    store.execute("PRAGMA synchronous = FULL")
    store.execute("CREATE TABLE event (seq INTEGER PRIMARY KEY, bed TEXT, payload TEXT)")
    return store


def commit(store: sqlite3.Connection, bed: str, payload: str) -> None:
    """Make one row durable."""
    store.execute("INSERT INTO event (bed, payload) VALUES (?, ?)", (bed, payload))


async def main(port: str, store: str, *urls: str) -> None:
    """Watch `urls`, the beds in order, until interrupted."""
    floor = Floor(int(port), store)
    for place, url in enumerate(urls, 1):
        floor.watch(f"bed-{place}", url)
    await floor.run()


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(*sys.argv[1:]))
