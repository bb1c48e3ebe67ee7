"""A journal that cannot be used says so; one that fails loses nothing."""

import asyncio
import json
import sqlite3
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Self
from uuid import uuid4

import pytest
import sqlalchemy as sa

from drivers.clock import Clock, Instant
from monitor.journal import Journal, JournalReader, StoreError
from monitor.journal import commit_queue as writer_module
from monitor.journal import journal as journal_module
from monitor.journal.migrate import upgrade
from tests.monitor.event_factories import START, BrokenJournal, EventFactory
from tests.patience import HOPELESS_S
from tests.servers import PostgreSQL, free_port, running_postgresql
from tests.virtual import virtual_clock, virtual_time


@pytest.fixture
def url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/postdose.db"


@pytest.fixture
async def journal(url: str) -> AsyncIterator[Journal]:
    opened = Journal.open(url)
    yield opened
    await opened.close()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(HOPELESS_S):
        while not condition():
            await Clock().sleep(0.005)


# What is refused on opening


REFUSED = {
    "sqlite:///{tmp}/none/postdose.db": r"directory .*/none is not there; create it \(mkdir",
    "sqlite:////sys/postdose.db": "let the daemon's user write it",
    "sqlite:///": "names no file",
    "sqlite://": "names no file",
    "mysql://host/db": "neither sqlite:///path nor postgresql://",
    "postgresql://host:port/db": "cannot be read",
    "postgresql://127.0.0.1:{port}/db": "check that the server runs",
}


@pytest.mark.parametrize(("address", "complaint"), REFUSED.items(), ids=list(REFUSED))
def test_an_address_that_cannot_work_is_refused_in_one_line(
    tmp_path: Path, address: str, complaint: str
) -> None:
    with pytest.raises(StoreError, match=complaint) as refused:
        Journal.open(address.format(tmp=tmp_path, port=free_port()))
    assert "\n" not in str(refused.value)


def test_a_name_without_a_directory_is_a_file_in_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Journal.open("sqlite:///postdose.db").release()
    assert (tmp_path / "postdose.db").exists()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://u:secret@127.0.0.1:{port}/db",
        "postgresql://u@127.0.0.1:{port}/db?password=secret",
        "postgresql://127.0.0.1:{port}/db?user=u&password=secret&sslpassword=secret",
        "postgresql://u:secret@127.0.0.1:many/db",
        "postgres://u:secret@127.0.0.1/db",
        "mysql://127.0.0.1/db?password=secret",
    ],
)
def test_a_password_is_not_shown(url: str) -> None:
    with pytest.raises(StoreError) as refused:
        Journal.open(url.format(port=free_port()))
    assert "secret" not in str(refused.value)
    assert "secret" not in repr(refused.value.__context__)


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("Not a database, but long enough to be looked at." * 50)
    with pytest.raises(StoreError, match="not a database"):
        Journal.open(f"sqlite:///{tmp_path}/notes.txt")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.db") as database:
        database.execute("CREATE TABLE customer (name TEXT)")
    database.close()
    with pytest.raises(StoreError, match=r"other tables \(customer…\)"):
        Journal.open(f"sqlite:///{tmp_path}/other.db")


def test_an_older_schema_is_refused_with_the_command_that_mends_it(url: str) -> None:
    upgrade(url, "0001")
    with pytest.raises(StoreError, match="run: postdose db upgrade --config"):
        Journal.open(url)


def test_a_newer_schema_is_refused(url: str) -> None:
    upgrade(url)
    with sqlite3.connect(url.removeprefix("sqlite:///")) as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    with pytest.raises(StoreError, match="newer than this program"):
        Journal.open(url)
    with pytest.raises(StoreError, match="newer than this program"):
        upgrade(url)


async def test_a_second_writer_is_refused(url: str, journal: Journal) -> None:
    with pytest.raises(StoreError, match="another Postdose is writing it"):
        Journal.open(url)


async def test_a_second_writer_is_refused_on_a_server(postgresql_url: str) -> None:
    first = Journal.open(postgresql_url)
    with pytest.raises(StoreError, match="another Postdose is writing it"):
        Journal.open(postgresql_url)
    await first.close()


async def test_a_journal_can_be_read_beside_its_writer(url: str, journal: Journal) -> None:
    await journal.append([EventFactory().event()])
    reader = JournalReader.open_to_read(url)
    assert (await reader.head()).seq == 1
    await reader.close()


def test_reading_a_journal_that_is_not_there_does_not_make_one(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is not there"):
        JournalReader.open_to_read(f"sqlite:///{tmp_path}/p.db")
    assert not (tmp_path / "p.db").exists()


async def test_a_server_that_confirms_too_early_is_refused(postgresql_url: str) -> None:
    import psycopg

    name = postgresql_url.rsplit("/", 1)[1]
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        connection.execute(f'ALTER DATABASE "{name}" SET synchronous_commit = off'.encode())
    with pytest.raises(StoreError, match="may lose what it confirmed"):
        Journal.open(postgresql_url)


@pytest.mark.parametrize(
    ("pragma", "expected"),
    [("journal_mode", "wal"), ("synchronous", 2), ("foreign_keys", 1), ("busy_timeout", 5000)],
)
def test_the_writing_connection_has_the_promised_settings(
    url: str, pragma: str, expected: object
) -> None:
    from monitor.journal.database import engine_for, parse_store_url

    upgrade(url)
    engine = engine_for(parse_store_url(url), writing=True)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(f"PRAGMA {pragma}").scalar_one() == expected
    engine.dispose()


def test_a_journal_is_for_its_owners_eyes_only(tmp_path: Path, url: str) -> None:
    Journal.open(url).release()
    assert {path.stat().st_mode & 0o077 for path in tmp_path.iterdir()} == {0}


# What happens while it fails


async def test_a_failing_journal_says_since_when_and_why(url: str, journal: Journal) -> None:
    assert journal.failing_since is None
    BrokenJournal(url).fail()
    journal.append([EventFactory().event()])
    await until(lambda: journal.failing_since is not None)
    assert journal.failure is not None
    assert "no such table: event" in journal.failure
    BrokenJournal(url).mend()
    await until(lambda: journal.failing_since is None)
    assert journal.failure is None


async def test_events_wait_in_order_until_the_database_is_back(url: str, journal: Journal) -> None:
    BrokenJournal(url).fail()
    bed = EventFactory()
    appended = [journal.append([bed.event()])]
    await until(lambda: journal.failing_since is not None)
    appended += [journal.append([bed.event()]) for _ in range(50)]
    assert journal.pending == 51
    assert not any(future.done() for future in appended)
    BrokenJournal(url).mend()
    stored = [answer[0] for answer in await asyncio.gather(*appended)]
    assert [s.event.n for s in stored] == list(range(1, 52))
    assert await journal.events() == stored


async def test_closing_a_failing_journal_refuses_what_it_cannot_store(url: str) -> None:
    journal = Journal.open(url)
    BrokenJournal(url).fail()
    appended = journal.append([EventFactory().event()])
    await until(lambda: journal.failing_since is not None)
    await journal.close()
    with pytest.raises(StoreError, match="no such table"):
        await appended


async def test_a_commit_that_hangs_counts_as_failing(url: str, journal: Journal) -> None:
    database = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    database.execute("BEGIN IMMEDIATE")
    appended = journal.append([EventFactory().event()])
    await until(lambda: journal.failing_since is not None)
    assert journal.failure is not None
    assert "does not come back" in journal.failure
    database.execute("ROLLBACK")
    database.close()
    assert len(await appended) == 1


@virtual_time()
async def test_inline_a_failing_journal_tries_again_by_the_clock(tmp_path: Path) -> None:
    url, clock = f"sqlite:///{tmp_path}/p.db", virtual_clock()
    journal = Journal.open(url, clock=clock, inline=True)
    BrokenJournal(url).fail()
    bed = EventFactory()
    appended = [journal.append([bed.event()]), journal.append([bed.event()])]
    await clock.sleep(60)
    assert journal.failing_since is not None
    assert journal.failing_since.mono == 0
    BrokenJournal(url).mend()
    await clock.sleep(6)
    assert [future.result()[0].seq for future in appended] == [1, 2]
    await journal.close()


@virtual_time()
async def test_when_too_many_samples_wait_the_oldest_are_dropped_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer_module, "MAX_SAMPLE_BYTES", 1000)
    url, clock = f"sqlite:///{tmp_path}/p.db", virtual_clock()
    journal = Journal.open(url, clock=clock, inline=True)
    BrokenJournal(url).fail()
    event = journal.append([EventFactory().event()])
    for second in range(600):
        at = Instant(START + timedelta(seconds=second), float(second))
        journal.add_input("bed-1", None, at, str(uuid4()))
    assert journal.samples_dropped > 0
    BrokenJournal(url).mend()
    await clock.sleep(6)
    kept = await journal.inputs(bed="bed-1")
    assert len(kept) + journal.samples_dropped == 600
    assert kept[-1].at.wall == START + timedelta(seconds=599)
    assert event.done()
    await journal.close()


FILLS_ITS_DISK = """
import asyncio, json, os, resource, sys
from drivers.clock import Clock, Instant
from monitor.journal import Journal
from tests.monitor.event_factories import EventFactory

async def main():
    journal = Journal.open(f"sqlite:///{sys.argv[1]}")
    bed, appended = EventFactory(), []
    size = os.path.getsize(sys.argv[1] + "-wal") + 60_000
    hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    while journal.failing_since is None:
        appended.append(journal.append([bed.event(text="x" * 3000)]))
        await Clock().sleep(0.002)
    failure, waiting = journal.failure, journal.pending
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    stored = [answer[0].event.n for answer in await asyncio.gather(*appended)]
    verdict = await journal.verify()
    await journal.close()
    print(json.dumps([failure, waiting, stored == list(range(1, len(stored) + 1)),
                      verdict.events == len(stored), verdict.fault]))

asyncio.run(main())
"""


async def test_a_disk_that_is_full_for_a_while_loses_no_event(tmp_path: Path) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", FILLS_ITS_DISK, f"{tmp_path}/p.db", stdout=asyncio.subprocess.PIPE
    )
    output, _ = await child.communicate()
    failure, waiting, in_order, all_there, fault = json.loads(output.splitlines()[-1])
    assert "disk" in failure
    assert waiting > 0
    assert (in_order, all_there, fault) == (True, True, None)


async def test_a_server_that_goes_away_and_comes_back_loses_no_event() -> None:
    with running_postgresql() as server:
        journal = Journal.open(server.create_database("postdose"))
        bed = EventFactory()
        first = await journal.append([bed.event()])
        server.kill()
        appended = [journal.append([bed.event()]) for _ in range(20)]
        await until(lambda: journal.failing_since is not None)
        server.start()
        stored = first + [answer[0] for answer in await asyncio.gather(*appended)]
        assert [s.event.n for s in stored] == list(range(1, 22))
        assert await journal.events() == stored
        await journal.close()


class AnswerLost:
    """A way to a server on which, once, the answer to a commit is lost with the connection."""

    def __init__(self, server_port: int) -> None:
        self.port = 0
        self.armed = False
        self._server_port = server_port
        self._carrying: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        self._proxy = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._proxy.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_exception: object) -> None:
        self._proxy.close()
        await self._proxy.wait_closed()
        async with asyncio.timeout(HOPELESS_S):
            await asyncio.gather(*self._carrying)

    def _accept(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        self._carrying.append(asyncio.create_task(self._carry(client, answers)))

    async def _carry(self, client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
        server, requests = await asyncio.open_connection("127.0.0.1", self._server_port)
        lost = False

        async def ask() -> None:
            nonlocal lost
            while request := await client.read(65536):
                if self.armed and b"COMMIT" in request:
                    self.armed, lost = False, True
                requests.write(request)

        async def answer() -> None:
            while (reply := await server.read(65536)) and not lost:
                answers.write(reply)
            answers.close()

        try:
            async with asyncio.TaskGroup() as ways:
                ways.create_task(answer())
                await ask()
                requests.close()
        finally:
            for end in (requests, answers):
                end.close()
                with suppress(ConnectionError):
                    await end.wait_closed()


async def test_when_the_answer_to_a_commit_is_lost_the_events_are_stored_once(
    postgresql_server: PostgreSQL, postgresql_url: str
) -> None:
    bed = EventFactory()
    async with AnswerLost(postgresql_server.port) as way:
        url = postgresql_url.replace(str(postgresql_server.port), str(way.port))
        journal = await asyncio.to_thread(Journal.open, url)
        await journal.append([bed.event()])
        way.armed = True
        stored = await journal.append([bed.event(), bed.event()])
        assert not way.armed
        assert [s.seq for s in stored] == [2, 3]
        assert [s.event.n for s in await journal.events()] == [1, 2, 3]
        await journal.close()


# A reader that never ends


async def test_a_reader_that_holds_a_snapshot_is_noticed_and_its_end_cuts_the_log(
    journal: Journal, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "LONGEST_LOG", 12 * 2**20)
    bed = EventFactory()

    async def written(mib: int) -> None:
        for _ in range(mib):
            await journal.append([bed.event(text="x" * 2**20)])

    await written(14)
    assert journal.log_bytes <= 12 * 2**20
    reader = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM event").fetchone() == (14,)
    await written(14)
    assert journal.log_bytes > 12 * 2**20
    assert journal.held_up is not None
    assert "end the program that keeps reading it" in journal.held_up
    assert journal.failure is None
    reader.close()
    await written(3)
    assert journal.log_bytes <= 8 * 2**20


async def test_a_read_that_does_not_end_is_ended(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    def for_ever(connection: sa.Connection) -> object:
        endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) "
        return connection.exec_driver_sql(f"{endless} SELECT count(*) FROM n").scalar_one()

    monkeypatch.setattr(journal_module, "LONGEST_READ_S", 0.05)
    with pytest.raises(StoreError, match="interrupted"):
        await asyncio.to_thread(journal.query_sync, for_ever)
    monkeypatch.undo()
    assert await journal.events() == []
