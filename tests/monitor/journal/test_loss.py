"""A journal whose files are gone, or that lost its end, is found out and says so."""

import asyncio
import contextlib
import json
import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from drivers.clock import Clock
from monitor.journal import (
    EVENTS_LOST,
    ChainHead,
    Journal,
    JournalReader,
    Loss,
    StoreError,
    parse_store_url,
)
from monitor.journal.store_files import SUFFIXES, StoreFiles, kept_head
from monitor.session import Stored
from tests.monitor.event_factories import EventFactory
from tests.monitor.journal.test_faults import until
from tests.servers import running_postgresql
from tests.virtual import virtual_clock, virtual_time


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "postdose.db"


def url(file: Path) -> str:
    return f"sqlite:///{file}"


# Files that go while the journal is open


@pytest.mark.parametrize("end", ["", "-wal", "-shm"])
async def test_a_file_that_was_deleted_is_noticed_though_nothing_happens(
    file: Path, end: str
) -> None:
    journal = Journal.open(url(file))
    Path(f"{file}{end}").unlink()
    await until(lambda: journal.failing_since is not None)
    assert journal.failure is not None
    assert f"postdose.db{end} was deleted while it was open" in journal.failure
    assert "put the file that was there back" in journal.failure
    await journal.close()


@virtual_time()
async def test_nothing_is_answered_as_stored_after_the_file_was_replaced(file: Path) -> None:
    journal = Journal.open(url(file), clock=virtual_clock(), inline=True)
    bed = EventFactory()
    await journal.append([bed.event()])
    shutil.copy(file, f"{file}.new")
    os.replace(f"{file}.new", file)
    appended = journal.append([bed.event()])
    assert not appended.done()
    assert journal.failure is not None
    assert "was replaced" in journal.failure
    appended.cancel()
    await journal.close()


async def test_what_waited_is_stored_once_when_the_file_is_back(file: Path) -> None:
    journal = Journal.open(url(file))
    bed = EventFactory()
    first = await journal.append([bed.event()])
    file.rename(f"{file}.away")
    appended = [journal.append([bed.event()]) for _ in range(3)]
    await until(lambda: journal.failing_since is not None)
    assert not any(future.done() for future in appended)
    assert not file.exists()
    Path(f"{file}.away").rename(file)
    stored = first + [answer[0] for answer in await asyncio.gather(*appended)]
    await until(lambda: journal.failing_since is None)
    assert await journal.events() == stored
    await journal.close()


async def test_reading_makes_no_file_where_the_journal_was(file: Path) -> None:
    journal = Journal.open(url(file))
    file.unlink()
    reader = JournalReader(parse_store_url(url(file)))
    with pytest.raises(StoreError, match="unable to open"):
        await reader.head()
    await reader.close()
    assert not file.exists()
    await journal.close()


# An end that went while it was closed


async def written(file: Path, events: int) -> list[Stored]:
    """A journal of so many events, in as many commits; its process is killed in a manner."""
    journal = Journal.open(url(file))
    bed = EventFactory()
    stored = [(await journal.append([bed.event()]))[0] for _ in range(events)]
    names = [f"{file}{end}" for end in ("", "-wal", "-shm", ".head")]
    for name in names:
        shutil.copy(name, f"{name}.kept")
    await journal.close()
    for name in names:
        os.replace(f"{name}.kept", name)
    return stored


def truncate(wal: Path) -> None:
    os.truncate(wal, wal.stat().st_size // 2)


def flip(wal: Path) -> None:
    data = bytearray(wal.read_bytes())
    data[len(data) // 2] ^= 1
    wal.write_bytes(data)


async def verdict(file: Path) -> str:
    reader = JournalReader.open_to_read(url(file))
    try:
        found = await reader.verify()
    finally:
        await reader.close()
    return "" if found.fault is None else f"{found.fault.seq}: {found.fault.why}"


async def test_a_journal_that_was_killed_has_lost_nothing(file: Path) -> None:
    await written(file, 3)
    assert await verdict(file) == ""


@pytest.mark.parametrize("harm", [truncate, flip])
async def test_an_end_that_is_gone_is_named_and_its_places_are_not_given_again(
    file: Path, harm: Callable[[Path], None]
) -> None:
    stored = await written(file, 30)
    harm(Path(f"{file}-wal"))
    complaint = await verdict(file)
    assert complaint.startswith("30: events ")
    assert "to 30 are missing" in complaint
    assert stored[-1].hash in complaint

    journal = Journal.open(url(file))
    (said,) = await journal.losses()
    loss = Loss.from_json(said.event.payload)
    assert (said.seq, said.event.type) == (31, EVENTS_LOST)
    assert loss.known.hash == stored[-1].hash
    assert loss.found.hash == stored[loss.found.seq - 1].hash
    bed = EventFactory()
    bed.n = loss.found.seq
    (after,) = await journal.append([bed.event()])
    assert after.seq == 32
    found = await journal.verify()
    assert (found.fault, found.head.seq, found.losses) == (None, 32, (said,))
    await journal.close()
    again = Journal.open(url(file))
    assert await again.losses() == [said]
    await again.close()


async def test_a_loss_is_noted_once_though_the_head_stayed_as_it_was(file: Path) -> None:
    await written(file, 3)
    head = Path(f"{file}.head").read_bytes()
    truncate(Path(f"{file}-wal"))
    await Journal.open(url(file)).close()
    Path(f"{file}.head").write_bytes(head)
    journal = Journal.open(url(file))
    assert [said.seq for said in await journal.losses()] == [4]
    await journal.close()


async def test_a_journal_that_is_gone_altogether_is_a_loss_too(file: Path) -> None:
    await written(file, 3)
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink()
    journal = Journal.open(url(file))
    (said,) = await journal.losses()
    assert (said.seq, str(Loss.from_json(said.event.payload))) == (4, "events 1 to 3 are missing")
    await journal.close()


async def test_another_journal_in_its_place_is_a_loss_too(file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.db"
    await written(other, 5)
    await written(file, 3)
    for end in ("", "-wal", "-shm"):
        shutil.copy(f"{other}{end}", f"{file}{end}")
    assert "3: event 3 is not the one that was stored" in await verdict(file)
    journal = Journal.open(url(file))
    (said,) = await journal.losses()
    assert said.seq == 6
    assert (await journal.verify()).fault is None
    await journal.close()


async def test_what_was_changed_after_a_loss_is_found_all_the_same(file: Path) -> None:
    await written(file, 4)
    truncate(Path(f"{file}-wal"))
    journal = Journal.open(url(file))
    await journal.append([EventFactory("bed-2").event()])
    await journal.close()
    with sqlite3.connect(file) as database:
        database.execute("UPDATE event SET payload = '{}' WHERE seq = 5")
    database.close()
    assert (await verdict(file)).startswith("5: ")


@pytest.mark.parametrize("damage", [b"", b"nonsense", b"0" * 95])
async def test_a_head_that_cannot_be_read_accuses_nobody(file: Path, damage: bytes) -> None:
    await written(file, 3)
    Path(f"{file}.head").write_bytes(damage)
    assert await verdict(file) == ""
    journal = Journal.open(url(file))
    assert await journal.losses() == []
    await journal.close()


async def test_a_head_that_was_deleted_is_written_again(file: Path) -> None:
    journal = Journal.open(url(file))
    bed = EventFactory()
    await journal.append([bed.event()])
    Path(f"{file}.head").unlink()
    (stored,) = await journal.append([bed.event()])
    await journal.close()
    assert Path(f"{file}.head").read_text().split()[:2] == [f"{2:020d}", stored.hash]


def test_a_head_that_cannot_be_written_again_closes_no_file_of_another(file: Path) -> None:
    for end in SUFFIXES:
        Path(f"{file}{end}").touch()
    files = StoreFiles(file)
    Path(f"{file}.head").unlink()
    Path(f"{file}.head").mkdir()
    files.keep(ChainHead(1))
    with open(f"{file}.other", "wb") as opened_next:
        files.keep(ChainHead(2))
        opened_next.write(b"kept")
    Path(f"{file}.head").rmdir()
    files.keep(ChainHead(3))
    files.close()
    assert kept_head(file) == ChainHead(3)


async def test_a_server_that_comes_back_without_its_end_is_found_out() -> None:
    import psycopg

    with running_postgresql() as server:
        address = server.create_database("postdose")
        journal = Journal.open(address)
        bed, heard = EventFactory(), list[str]()
        journal.listen(lambda events: heard.extend(s.event.type for s in events))
        await journal.append([bed.event(), bed.event()])
        with psycopg.connect(address, autocommit=True) as connection:
            connection.execute("DELETE FROM event WHERE seq = 2")
        server.kill()
        server.start()
        (stored,) = await journal.append([bed.event()])
        assert stored.seq == 4
        assert heard[-2:] == [EVENTS_LOST, "note.added"]
        await journal.close()


async def test_a_loss_that_is_found_while_nothing_is_written_is_told(file: Path) -> None:
    """A journal that could only be read is connected to write before anything is written."""
    await written(file, 30)
    truncate(Path(f"{file}-wal"))
    heard: list[Stored] = []
    journal = Journal.open_read_only(url(file), clock=Clock())
    journal.listen(heard.extend)
    await until(lambda: heard != [])
    assert [(said.seq, said.event.type) for said in heard] == [(31, EVENTS_LOST)]
    assert journal.last_seq == 31
    await journal.close()


# A disk that can only be read

READS_FIRST = """
import asyncio, json, os, sys
from drivers.clock import Clock
from monitor.journal import Journal, UnavailableError
from tests.monitor.event_factories import EventFactory

async def main():
    url, clock = f"sqlite:///{sys.argv[1]}", Clock()
    if os.geteuid() == 0:
        os.setuid(65534)
    try:
        Journal.open(url, clock=clock)
        refused = False
    except UnavailableError:
        refused = True
    journal = Journal.open_read_only(url, clock=clock)
    bed = EventFactory("bed-2")
    appended = journal.append([bed.event()])
    while journal.failing_since is None:
        await clock.sleep(0.01)
    before = [s.seq for s in await journal.events()]
    print(json.dumps([refused, journal.failure, before, appended.done()]), file=sys.stderr)
    sys.stdin.readline()
    (stored,) = await appended
    after = [s.seq for s in await journal.events()]
    failing, fault = journal.failing_since, (await journal.verify()).fault
    await journal.close()
    print(json.dumps([stored.seq, after, failing, fault]), file=sys.stderr)

asyncio.run(main())
"""


@pytest.mark.parametrize("is_clean", [True, False])
async def test_a_journal_that_can_only_be_read_is_read_and_written_once_it_can_be(
    is_clean: bool,
) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder, file = Path(name), Path(name) / "postdose.db"
        await written(file, 3)
        if is_clean:
            await Journal.open(url(file)).close()
        (folder / "postdose.db.lock").unlink()
        for each in folder.iterdir():
            each.chmod(0o444)
        folder.chmod(0o555)
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", READS_FIRST, str(file),
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        assert child.stdin is not None
        assert child.stderr is not None
        try:
            refused, failure, before, is_stored = json.loads(await child.stderr.readline())
            assert (refused, before, is_stored) == (True, [1, 2, 3], False)
            assert "let the daemon's user write it" in failure
            folder.chmod(0o777)
            for each in folder.iterdir():
                each.chmod(0o666)
            _, output = await child.communicate(b"\n")
        finally:
            with contextlib.suppress(ProcessLookupError):
                child.kill()
        assert json.loads(output) == [4, [1, 2, 3, 4], None, None]
