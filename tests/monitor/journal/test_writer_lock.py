"""The writer's lock on a server outlives no writer, and is taken from none that lives."""

import asyncio
import signal
import sys
from contextlib import suppress
from pathlib import Path
from typing import Self

import psycopg
import pytest

from drivers import clock
from drivers.clock import Clock
from monitor.journal import HeldError, Journal
from monitor.journal.database import engine_for, parse_store_url
from monitor.journal.writer_lock import LIVENESS, WRITER_LOCK, WriterName, lock_server
from tests.monitor.event_factories import EventFactory
from tests.patience import HOPELESS_S
from tests.servers import PostgreSQL


class HalfOpen:
    """A way to a server that, when it is cut, leaves the server's connections as they are."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self._server_port = server_port
        self._clients: list[asyncio.StreamWriter] = []
        self._servers: list[asyncio.StreamWriter] = []
        self._carrying: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._proxy = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._proxy.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._proxy.close()
        for end in (*self._clients, *self._servers):
            end.close()
            with suppress(ConnectionError):
                await end.wait_closed()
        async with asyncio.timeout(HOPELESS_S):
            await asyncio.gather(*self._carrying)
            await self._proxy.wait_closed()

    def cut(self) -> None:
        """Break off every connection on the clients' side alone."""
        for client in self._clients:
            client.transport.abort()

    async def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, requests = await asyncio.open_connection("127.0.0.1", self._server_port)
        self._clients.append(answers)
        self._servers.append(requests)
        for source, target in ((client, requests), (server, answers)):
            self._carrying.append(asyncio.create_task(self._carry(source, target)))

    @staticmethod
    async def _carry(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await source.read(65536):
                target.write(data)


def by_way_of(port: int, server: PostgreSQL, url: str) -> str:
    return url.replace(str(server.port), str(port))


async def test_a_writer_whose_connection_was_cut_does_not_lock_itself_out(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    bed = EventFactory()
    async with HalfOpen(postgresql_server.port) as way:
        url = by_way_of(way.port, postgresql_server, postgresql_url)
        journal = await asyncio.to_thread(Journal.open, url)
        await journal.append([bed.event()])
        way.cut()
        async with asyncio.timeout(HOPELESS_S):
            (stored,) = await journal.append([bed.event()])
        assert stored.seq == 2
        await journal.close()


OPENS_AND_STAYS = """
import sys, time
from monitor.journal import Journal

journal = Journal.open(sys.argv[1])
print("open", flush=True)
sys.stdin.read()
"""


async def test_the_lock_of_a_process_that_was_killed_is_taken_over(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    async with HalfOpen(postgresql_server.port) as way:
        url = by_way_of(way.port, postgresql_server, postgresql_url)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", OPENS_AND_STAYS, url,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdout is not None
        assert await child.stdout.readline() == b"open\n"
        with pytest.raises(HeldError, match=r"another Postdose is writing it \(process \d+ of"):
            await asyncio.to_thread(Journal.open, postgresql_url)
        child.send_signal(signal.SIGKILL)
        await child.communicate()
        journal = await asyncio.to_thread(Journal.open, postgresql_url)
        await journal.append([EventFactory().event()])
        await journal.close()


def test_a_writer_s_name_is_one_that_a_server_keeps_whole() -> None:
    name = WriterName.of_this_process()
    assert len(str(name)) < 64
    assert WriterName.parse(str(name)) == name
    assert WriterName.parse("psql") is None


def test_only_a_process_of_this_machine_is_known_to_be_dead() -> None:
    own = WriterName.of_this_process()
    assert not own.is_dead
    assert WriterName(own.boot, own.namespace, own.pid, "1").is_dead
    assert not WriterName("0" * 12, own.namespace, own.pid, "1").is_dead
    assert not WriterName(own.boot, "1", own.pid, "1").is_dead


def test_where_no_start_of_the_machine_is_known_nobody_is_dead(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(clock, "BOOT_ID", tmp_path / "none")
    own = WriterName.of_this_process()
    assert WriterName.parse(str(own)) == own
    assert not WriterName(own.boot, own.namespace, own.pid, "1").is_dead


def test_the_server_is_to_miss_a_dead_writer_s_machine_soon(postgresql_url: str) -> None:
    address = parse_store_url(postgresql_url)
    engine = engine_for(address, writing=True)
    with engine.begin() as connection:
        lock_server(address, connection, WriterName.of_this_process())
        found = {name: connection.exec_driver_sql(f"SHOW {name}").scalar_one() for name in LIVENESS}
    engine.dispose()
    assert found == {name: str(value) for name, value in LIVENESS.items()}


async def test_what_waits_for_the_lock_has_it_when_it_is_free(postgresql_url: str) -> None:
    with psycopg.connect(postgresql_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
        opening = asyncio.create_task(asyncio.to_thread(Journal.open, postgresql_url))
        await Clock().sleep(0.3)
    journal = await opening
    await journal.close()
