"""A journal is copied while it is written, and put back with nothing lost unsaid."""

from pathlib import Path

import pytest

from monitor.journal import EVENTS_LOST, Journal, JournalReader, StoreError, backup
from tests.monitor.event_factories import START, EventFactory
from tests.virtual import virtual_clock, virtual_time


def url(file: Path) -> str:
    return f"sqlite:///{file}"


async def events_in(file: Path) -> int:
    """How many events stand in a journal whose chain holds."""
    reader = JournalReader.open_to_read(url(file))
    try:
        found = await reader.verify()
    finally:
        await reader.close()
    assert found.fault is None
    return found.events


@virtual_time()
async def test_a_copy_is_made_while_the_journal_is_written(tmp_path: Path) -> None:
    file, copy = tmp_path / "postdose.db", tmp_path / "copy.db"
    journal, bed = Journal.open(url(file), clock=virtual_clock(), inline=True), EventFactory()
    await journal.append([bed.event(), bed.event()])
    backup.back_up(url(file), copy)
    await journal.append([bed.event()])
    assert await events_in(copy) == 2
    assert await events_in(file) == 3
    assert copy.stat().st_mode & 0o777 == 0o600
    with pytest.raises(StoreError, match="is there already"):
        backup.back_up(url(file), copy)
    with pytest.raises(StoreError, match="another Postdose is writing it"):
        backup.restore(url(file), copy, START)
    assert sorted(path.name for path in tmp_path.glob("*.part")) == []
    await journal.close()


@virtual_time()
async def test_what_a_backup_does_not_have_is_told_and_kept(tmp_path: Path) -> None:
    file, copy = tmp_path / "postdose.db", tmp_path / "copy.db"
    journal, bed = Journal.open(url(file), clock=virtual_clock(), inline=True), EventFactory()
    await journal.append([bed.event()])
    backup.back_up(url(file), copy)
    await journal.append([bed.event(), bed.event()])
    await journal.close()
    restored = backup.restore(url(file), copy, START)
    assert restored.set_aside is not None
    assert await events_in(restored.set_aside) == 3
    journal = Journal.open(url(file), clock=virtual_clock(), inline=True)
    lost = [one.event for one in await journal.events() if one.event.type == EVENTS_LOST]
    assert len(lost) == 1
    assert (await journal.append([bed.event()]))[0].seq > 3
    await journal.close()


@virtual_time()
async def test_a_restore_needs_no_journal_that_is_there(tmp_path: Path) -> None:
    file, copy = tmp_path / "postdose.db", tmp_path / "copy.db"
    await Journal.open(url(file), clock=virtual_clock(), inline=True).close()
    backup.back_up(url(file), copy)
    (tmp_path / "elsewhere").mkdir()
    there = tmp_path / "elsewhere" / "postdose.db"
    assert backup.restore(url(there), copy, START).set_aside is None
    await Journal.open(url(there), clock=virtual_clock(), inline=True).close()


@pytest.mark.parametrize(
    ("store", "words"),
    [
        ("sqlite:///{}/nothing.db", "is not there"),
        ("sqlite:///{}/other.db", "holds other|other tables|not a database"),
        ("postgresql://u@h/postdose", "is on a server: use pg_dump"),
    ],
)
def test_what_is_no_journal_in_a_file_is_not_backed_up(
    tmp_path: Path, store: str, words: str
) -> None:
    (tmp_path / "other.db").write_text("no database, whatever its name says" * 40)
    with pytest.raises(StoreError, match=words):
        backup.back_up(store.format(tmp_path), tmp_path / "copy.db")
    assert not (tmp_path / "copy.db").exists()
