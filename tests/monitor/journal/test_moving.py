"""A session that is moved: the events of both beds are one commit, and either bed rebuilds."""

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.journal import Journal, StoreError
from monitor.session.events import Event
from tests.monitor.event_factories import EventFactory


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/postdose.db"
    found: str = request.getfixturevalue("postgresql_url")
    return found


def move(out: EventFactory, into: EventFactory, alarm: str = "a-1") -> list[Event]:
    """The events of both beds, in the order in which they are appended."""
    ended = out.alarm("ended", alarm)
    left = out.event("session.moved-out", to=into.bed)
    pointer: dict[str, Any] = {"from": out.bed, "from_n": left.n}
    came = into.event("session.moved-in", **pointer)
    return [ended, left, came, into.alarm("reopened", alarm)]


async def at_a_bed(journal: Journal) -> tuple[EventFactory, EventFactory]:
    """Two beds, at the first of which a session is open, with an alarm."""
    out, into = EventFactory("bed-1", "s-1"), EventFactory("bed-2", "s-1")
    await journal.append([into.event("device.connected"), out.event("session.started")])
    await journal.append([out.event("dose.given"), out.alarm("raised", "a-1")])
    return out, into


async def test_a_session_is_moved_by_one_append_and_begins_from_both_streams(url: str) -> None:
    journal = Journal.open(url)
    out, into = await at_a_bed(journal)
    await journal.append(move(out, into))
    await journal.append([into.event("note.added")])
    assert await journal.occupied_beds() == ["bed-2"]
    assert (await journal.verify()).fault is None
    await journal.close()
    again = Journal.open(url)
    stream, last_n = await again.load_stream("bed-2")
    assert [stored.event.n for stored in stream] == [2, 3, 4]
    assert last_n == 4
    before = await again.before_move(stream[0].event)
    assert [(event.bed, event.type) for event in before] == [
        ("bed-2", "device.connected"),
        ("bed-1", "session.started"),
        ("bed-1", "dose.given"),
        ("bed-1", "alarm.raised"),
        ("bed-1", "alarm.ended"),
        ("bed-1", "session.moved-out"),
    ]
    for bed in ("bed-1", "bed-2"):
        assert [s.event.session for s in await again.sessions(bed=bed)] == ["s-1"]
    assert len(await again.sessions()) == 1
    await again.append(move(into, out))
    assert await again.occupied_beds() == ["bed-1"]
    assert (await again.verify()).fault is None
    await again.append([out.alarm("ended", "a-1"), out.event("session.closed")])
    assert await again.occupied_beds() == []
    assert len(await again.sessions(bed="bed-1")) == 1
    await again.close()


async def test_of_a_move_all_is_stored_or_nothing(tmp_path: Path) -> None:
    """The second half fails where it can: the first is not there either, and comes with it."""
    file = tmp_path / "postdose.db"
    local = Journal.open(f"sqlite:///{file}")
    out, into = await at_a_bed(local)
    with sqlite3.connect(file) as database:
        database.execute(
            "CREATE TRIGGER halfway BEFORE INSERT ON event WHEN NEW.type = 'session.moved-in' "
            "BEGIN SELECT RAISE(FAIL, 'the power is cut'); END"
        )
    head = await local.head()
    both = move(out, into)
    with pytest.raises(StoreError, match="the power is cut"):
        await local.append(both)
    assert await local.head() == head
    assert await local.occupied_beds() == ["bed-1"]
    with sqlite3.connect(file) as database:
        database.execute("DROP TRIGGER halfway")
    assert [stored.seq for stored in await local.append(both)] == [5, 6, 7, 8]
    assert await local.occupied_beds() == ["bed-2"]
    assert (await local.verify()).fault is None
    await local.close()
