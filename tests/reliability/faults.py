"""The faults: each breaks one thing of a running ward, mends it, and says what came of it.

A try begins with a ward that is well, a live value at its bed and the broker connected, and ends
when it is so again. Meanwhile a nurse writes notes: what was answered as stored must be in the
journal, whose numbers must have no gap, and the broker must have taken every event.
"""

import contextlib
import itertools
import os
import signal
import socket
import socketserver
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Self

import httpx
import psutil

from monitor.mqtt.event_publisher import LOG_CURSOR
from tests.endtoend.processes import running
from tests.endtoend.site import HTTP, Site
from tests.endtoend.waiting import elapsed_s, until
from tests.servers import ALL_BUT_EVENTS, EVERYTHING, Mosquitto

LIVE_S: Final = 3.0
"""A value no older than this is live."""

BROKEN_S: Final = 1.5
"""How long a fault lasts that lasts."""

NOTE_EVERY_S: Final = 0.02
DESCRIPTORS: Final = 120
"""What the daemon may have open: a little more than it needs without clients."""

BEFORE: Final = 3
"""So many notes are stored before anything breaks."""


class Notes:
    """A nurse who writes one note after the other, and what she was told is stored."""

    def __init__(self, site: Site, session: str) -> None:
        self.stored: list[str] = []
        self.refused = 0
        self._url = f"{site.url}/sessions/{session}/notes"
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def _write(self) -> None:
        number = 0
        with httpx.Client(timeout=30.0, trust_env=False) as client:
            while not self._ended.wait(NOTE_EVERY_S):
                number += 1
                text = f"note {number}."
                try:
                    answer = client.post(self._url, json={"text": text, "by": "nurse.a"})
                except httpx.TransportError:
                    self.refused += 1
                    continue
                if answer.is_success:
                    self.stored.append(text)
                else:
                    self.refused += 1

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()


class RunningWard:
    """A daemon with a bed whose oximeter is simulated, and a broker."""

    def __init__(self, folder: Path, broker: Mosquitto, opened: contextlib.ExitStack) -> None:
        self.broker = broker
        self.database = folder / "postdose.db"
        self._opened = opened
        self._oximeter = str(folder / "oximeter")
        self.site = Site(folder, broker.url, self._oximeter, str(folder / "no-cuff"))
        self.plug_in()
        self.start_daemon()
        self.session = self.site.start()
        until(self.is_well)

    def start_daemon(self) -> None:
        """Have the site run."""
        self.daemon = self._opened.enter_context(self.site.daemon())

    def plug_in(self) -> None:
        """Have the oximeter there."""
        command = "simulate", "nonin", "--pty", self._oximeter
        self.oximeter = self._opened.enter_context(running(*command))
        self.oximeter.out.wait_for(str.strip)

    def is_well(self) -> bool:
        """Whether the bed's value is live, the journal takes writes and the broker is connected."""
        try:
            ready = HTTP.get(f"http://127.0.0.1:{self.site.port}/readyz").is_success
            age_s = self.site.get("/beds/bed-1")["vitals"]["spo2"]["age_s"]
            connected = self.site.get("/status")["mqtt"]["connected"]
        except httpx.TransportError:
            return False
        return ready and connected and age_s is not None and age_s < LIVE_S

    def read(self, query: str) -> list[tuple[Any, ...]]:
        """What the database has."""
        with contextlib.closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True)) as db:
            return db.execute(query).fetchall()


# ── what is broken ──────────────────────────────────────────────────────────────────────


def killed(ward: RunningWard) -> None:
    """The daemon is killed with `kill -9`, and started again."""
    ward.daemon.kill()
    ward.start_daemon()


def frozen(ward: RunningWard) -> None:
    """The daemon's process is stopped for a while, as a machine that swaps or sleeps."""
    os.kill(ward.daemon.pid, signal.SIGSTOP)
    threading.Event().wait(BROKEN_S)
    os.kill(ward.daemon.pid, signal.SIGCONT)


def unplugged(ward: RunningWard) -> None:
    """The oximeter's adapter is pulled and put back."""
    ward.oximeter.interrupt()
    until(lambda: ward.site.get("/beds/bed-1")["vitals"]["spo2"]["stale"])
    ward.plug_in()


def broker_killed(ward: RunningWard) -> None:
    """The broker ends as in a power cut, and comes back with nothing retained."""
    ward.broker.kill()
    threading.Event().wait(BROKEN_S)
    ward.broker.start()


def disk_held(ward: RunningWard) -> None:
    """Nothing can be written to the journal for a while."""
    journal = sqlite3.connect(ward.database, isolation_level=None, timeout=30.0)
    with contextlib.closing(journal):
        journal.execute("BEGIN EXCLUSIVE")
        threading.Event().wait(BROKEN_S)
        journal.execute("ROLLBACK")


def journal_moved(ward: RunningWard) -> None:
    """The journal's file is moved away for a while and put back, and the daemon started again."""
    aside = ward.database.with_suffix(".aside")
    ward.database.rename(aside)
    threading.Event().wait(BROKEN_S)
    ward.daemon.kill()
    aside.rename(ward.database)
    ward.start_daemon()


def journal_missing(ward: RunningWard) -> None:
    """The daemon starts where its journal cannot be opened, and again when it can."""
    aside = ward.database.with_suffix(".aside")
    ward.daemon.kill()
    ward.database.rename(aside)
    ward.database.mkdir()
    ward.start_daemon()
    until(lambda: ward.site.get("/beds/bed-1")["vitals"]["spo2"]["age_s"] is not None)
    ward.daemon.kill()
    ward.database.rmdir()
    aside.rename(ward.database)
    ward.start_daemon()


def event_unreadable(ward: RunningWard) -> None:
    """An event of the session becomes one that nobody can read, and the daemon starts anew."""
    ward.site.post(f"/sessions/{ward.session}/scores", scale="moaas", total=5)
    ward.daemon.kill()
    with contextlib.closing(sqlite3.connect(ward.database)) as database:
        database.execute("UPDATE event SET payload = '{}' WHERE type = 'score.recorded'")
        database.commit()
    ward.start_daemon()


def bed_renamed(ward: RunningWard) -> None:
    """The bed has another name in the configuration for a while; its session is still open."""
    written = ward.site.config.read_text()
    for text in (written.replace('"bed-1"', '"bed-9"'), written):
        ward.daemon.kill()
        ward.site.config.write_text(text)
        ward.start_daemon()
        until(lambda: ward.site.get(f"/sessions/{ward.session}")["state"] == "baseline")


def broker_refuses(ward: RunningWard) -> None:
    """The broker takes everything but events for a while."""
    ward.broker.allow(*ALL_BUT_EVENTS)
    threading.Event().wait(BROKEN_S)
    ward.broker.allow(EVERYTHING)


class Flood(socketserver.BaseRequestHandler):
    """A port that sends without end what begins like a frame."""

    def handle(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.request.sendall(bytes.fromhex("0181000082") * 2000)


def flooded(ward: RunningWard) -> None:
    """Another bed's port floods for a while."""
    ward.daemon.kill()
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Flood) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with ward.site.config.open("a") as file:
            file.write(
                '[[beds]]\nid = "bed-2"\n[[beds.devices]]\nid = "oximeter"\ndriver = "nonin"\n'
                f'url = "socket://127.0.0.1:{server.server_address[1]}"\n'
            )
        ward.start_daemon()
        threading.Event().wait(BROKEN_S)
        server.shutdown()


def clients_idle(ward: RunningWard) -> None:
    """Twice as many clients as the daemon may have descriptors connect and ask for nothing."""
    daemon = psutil.Process(ward.daemon.pid)
    daemon.rlimit(psutil.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
    with contextlib.ExitStack() as opened:
        for _ in range(2 * DESCRIPTORS):
            address = ("127.0.0.1", ward.site.port)
            opened.enter_context(socket.create_connection(address))
        threading.Event().wait(BROKEN_S)


Fault = Callable[[RunningWard], None]

FAULTS: Final[dict[str, Fault]] = {
    "the daemon is killed, `kill -9`, and started again": killed,
    f"its process does not run for {BROKEN_S:g} s": frozen,
    "an oximeter is unplugged and plugged in again": unplugged,
    f"the broker is killed and back after {BROKEN_S:g} s": broker_killed,
    f"nothing can be written to the journal for {BROKEN_S:g} s": disk_held,
    f"the journal's file is away for {BROKEN_S:g} s, then the daemon started anew": journal_moved,
    "the journal cannot be opened at the start, and can at the next": journal_missing,
    "an event in the journal that nobody can read, and a start": event_unreadable,
    "the bed has another name in the configuration, and its own again": bed_renamed,
    f"the broker refuses every event for {BROKEN_S:g} s": broker_refuses,
    f"another bed's port floods for {BROKEN_S:g} s": flooded,
    f"{2 * DESCRIPTORS} idle clients, more than it may have descriptors": clients_idle,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of one try: notes answered as stored, those refused, those answered and not there.

    `gaps` are numbers that the journal's events lack, and `well_after_s` counts from when the cause
    was gone.
    """

    answered: int
    refused: int
    lost: int
    gaps: int
    well_after_s: float


def attempt(fault: Fault, folder: Path) -> Outcome:
    """Break a ward in that folder once."""
    with Mosquitto(folder, access=[EVERYTHING]) as broker, contextlib.ExitStack() as opened:
        ward = RunningWard(folder, broker, opened)
        with Notes(ward.site, ward.session) as notes:
            until(lambda: len(notes.stored) >= BEFORE)
            fault(ward)
            mended = elapsed_s()
            until(ward.is_well)
            well_after_s = elapsed_s() - mended
            enough = len(notes.stored) + 1
            until(lambda: len(notes.stored) >= enough)
        events = ward.read("SELECT seq, type, payload FROM event ORDER BY seq")
        last = events[-1][0]
        taken = f"SELECT seq FROM delivery_cursor WHERE name = '{LOG_CURSOR}'"
        until(lambda: ward.read(taken)[0][0] >= last)
    stored = "".join(payload for _, type_, payload in events if type_ == "note.added")
    lost = sum(text not in stored for text in notes.stored)
    gaps = sum(after - before - 1 for (before, *_), (after, *_) in itertools.pairwise(events))
    return Outcome(len(notes.stored), notes.refused, lost, gaps, well_after_s)
