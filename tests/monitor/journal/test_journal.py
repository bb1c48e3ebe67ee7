"""What is appended to the journal is there, in order, on both databases."""

import asyncio
import random
import re
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import Clock
from monitor.journal import Journal, JournalReader, Receipt, StoreError
from tests.monitor.event_factories import START, EventFactory
from tests.patience import HOPELESS_S
from tests.virtual import virtual_clock, virtual_time


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/postdose.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    found: str = request.getfixturevalue(f"{request.param}_url")
    return found


@pytest.fixture
async def journal(url: str) -> AsyncIterator[Journal]:
    opened = Journal.open(url)
    yield opened
    await opened.close()


@pytest.fixture
async def local(sqlite_url: str) -> AsyncIterator[Journal]:
    opened = Journal.open(sqlite_url)
    yield opened
    await opened.close()


def file_of(url: str) -> str:
    return url.removeprefix("sqlite:///")


async def test_events_are_numbered_from_1_in_the_order_of_appending(journal: Journal) -> None:
    bed = EventFactory()
    appended = [journal.append([bed.event(), bed.event()]) for _ in range(20)]
    stored = [s for answer in await asyncio.gather(*appended) for s in answer]
    assert [s.seq for s in stored] == list(range(1, 41))
    assert [s.event.n for s in stored] == list(range(1, 41))


async def test_what_is_read_is_what_the_append_returned(journal: Journal) -> None:
    bed = EventFactory(session="s-1")
    values = {"spo2": 85.1, "tiny": 1e-7, "none": None}
    payload: dict[str, Any] = {"text": "Übelkeit “2/3”\x00", "values": values}
    stored = await journal.append([bed.event("note.added", subject="a-1", **payload)])
    assert await journal.events() == stored


async def test_an_instant_is_kept_to_the_millisecond(journal: Journal) -> None:
    at = START + timedelta(microseconds=123_987)
    (stored,) = await journal.append([EventFactory().event(at=at)])
    assert stored.event.at == START + timedelta(milliseconds=123)
    assert await journal.events() == [stored]


async def test_a_journal_goes_on_where_it_stopped(url: str) -> None:
    bed = EventFactory()
    first = Journal.open(url)
    await first.append([bed.event(), bed.event()])
    await first.close()
    second = Journal.open(url)
    assert second.last_seq == 2
    (stored,) = await second.append([bed.event()])
    assert stored.seq == 3
    assert (await second.verify()).fault is None
    await second.close()


async def test_closing_stores_what_is_queued(url: str) -> None:
    journal = Journal.open(url)
    appended = [journal.append([event]) for event in (EventFactory().event(),)]
    await journal.close()
    assert [s.seq for s in await appended[0]] == [1]


async def test_after_closing_an_append_is_refused(local: Journal) -> None:
    await local.close()
    with pytest.raises(StoreError, match="is closed"):
        await local.append([EventFactory().event()])


async def test_a_payload_that_is_not_json_is_refused_at_once(journal: Journal) -> None:
    with pytest.raises(ValueError, match="JSON"):
        journal.append([EventFactory().event(value=float("nan"))])
    with pytest.raises(TypeError):
        journal.append([EventFactory().event(value={1, 2})])
    assert await journal.append([]) == []
    assert journal.last_seq == 0


async def test_cancelling_the_wait_does_not_take_the_event_back(journal: Journal) -> None:
    bed = EventFactory()
    journal.append([bed.event()]).cancel()
    (stored,) = await journal.append([bed.event()])
    assert stored.seq == 2


async def test_events_that_contradict_the_journal_are_refused_alone(journal: Journal) -> None:
    bed = EventFactory()
    twice = bed.event()
    appended = [journal.append([event]) for event in (twice, twice, bed.event())]
    first, second, third = await asyncio.gather(*appended, return_exceptions=True)
    assert isinstance(second, StoreError)
    assert isinstance(first, list)
    assert isinstance(third, list)
    assert [s.event.n for s in await journal.events()] == [1, 2]
    assert journal.failing_since is None


async def test_a_bed_cannot_count_the_same_event_twice(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append([bed.event()])
    with pytest.raises(StoreError):
        await journal.append([replace(bed.event(), n=1)])


async def test_listeners_hear_every_commit_in_order_before_the_append_returns(
    journal: Journal,
) -> None:
    heard: list[int] = []
    journal.listen(lambda events: heard.extend(s.seq for s in events))
    bed = EventFactory()
    await asyncio.gather(*(journal.append([bed.event()]) for _ in range(10)))
    assert heard == list(range(1, 11))


async def test_events_are_found_by_bed_session_type_and_subject(journal: Journal) -> None:
    one, two = EventFactory("bed-1", "s-1"), EventFactory("bed-2", "s-2")
    await journal.append(
        [
            one.event("dose.given"),
            two.alarm("raised", "a-1"),
            two.alarm("ended", "a-1"),
            one.event(),
        ]
    )

    async def found(**conditions: Any) -> list[int]:
        return [s.seq for s in await journal.events(**conditions)]

    assert await found(bed="bed-1") == [1, 4]
    assert await found(session="s-2") == [2, 3]
    assert await found(types=["dose.given", "alarm.ended"]) == [1, 3]
    assert await found(subject="a-1", after=2) == [3]
    assert await found(limit=2) == [1, 2]
    assert await found(after=4) == []


async def test_the_latest_events_of_a_bed_come_newest_first(journal: Journal) -> None:
    one, two = EventFactory("bed-1"), EventFactory("bed-2")
    changes = ["raised", "ended", "re-raised", "ended", "raised"]
    await journal.append([one.alarm(change, "a-1") for change in changes])
    await journal.append([two.alarm("raised", "a-2")])

    async def found(limit: int) -> list[int]:
        return [s.seq for s in await journal.latest("bed-1", ["alarm.raised"], limit)]

    assert await found(9) == [5, 1]
    assert await found(1) == [5]


async def test_sessions_come_newest_first_in_pages(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append([bed.event(t) for t in ("session.started", "dose.given") * 3])
    assert [s.seq for s in await journal.sessions(2)] == [5, 3]
    assert [s.seq for s in await journal.sessions(2, before=3)] == [1]


async def test_sessions_are_found_by_patient_and_by_when_they_began(journal: Journal) -> None:
    bed = EventFactory()
    patients = ["P-1", "P-11", "P-1", "%", 'P"1']
    for number, patient in enumerate(patients):
        bed.session = f"s-{number}"
        await journal.append([bed.event("session.started", patient=patient)])
    events = await journal.events(0, 9)

    async def found(**conditions: Any) -> list[int]:
        return [s.seq for s in await journal.sessions(**conditions)]

    for patient in patients:
        own = [s.seq for s in events if s.event.payload["patient"] == patient]
        assert await found(patient=patient) == own[::-1]
    assert await found(patient="P") == []
    assert await found(patient="P-1", limit=1, before=3) == [1]
    second, last = events[1].event.at, events[4].event.at
    assert await found(began=(second, last)) == [4, 3, 2]
    assert await found(began=(second, last), patient="P-1", bed=bed.bed) == [3]


# Rebuilding a bed


async def test_a_bed_that_never_was_rebuilds_from_nothing(journal: Journal) -> None:
    assert await journal.load_stream("bed-9") == ([], 0)


async def test_a_bed_rebuilds_from_its_last_session(journal: Journal) -> None:
    bed, other = EventFactory("bed-1"), EventFactory("bed-2")
    types = ["session.started", "dose.given", "session.closed", "session.started", "dose.given"]
    await journal.append([bed.event(t) for t in types] + [other.event("session.started")])
    events, last_n = await journal.load_stream("bed-1")
    assert [s.event.n for s in events] == [4, 5]
    assert last_n == 5


async def test_an_alarm_still_open_reaches_back_before_the_session(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append(
        [
            bed.event(),
            bed.alarm("raised", "a-1"),
            bed.alarm("raised", "a-2"),
            bed.alarm("ended", "a-1"),
            bed.event("session.started"),
        ]
    )
    assert [s.event.n for s in (await journal.load_stream("bed-1"))[0]] == [3, 4, 5]


async def test_an_alarm_raised_again_is_open_from_its_first_event(journal: Journal) -> None:
    bed = EventFactory()
    changes = ["raised", "ended", "re-raised"]
    await journal.append([bed.event(), *(bed.alarm(change, "a-1") for change in changes)])
    await journal.append([bed.event("session.started")])
    assert [s.event.n for s in (await journal.load_stream("bed-1"))[0]] == [2, 3, 4, 5]


async def test_a_latched_alarm_that_was_reset_is_over_until_that_is_undone(
    journal: Journal,
) -> None:
    bed = EventFactory()
    changes = ["raised", "condition-ended", "acknowledged", "reset"]
    await journal.append([bed.event(), *(bed.alarm(change, "a-1") for change in changes)])
    assert await journal.load_stream("bed-1") == ([], 5)
    await journal.append([bed.alarm("unacknowledged", "a-1")])
    assert [s.event.n for s in (await journal.load_stream("bed-1"))[0]] == [2, 3, 4, 5, 6]


@pytest.mark.parametrize(
    ("types", "first_n"),
    [
        (["nibp.inhibited", "session.started"], 2),
        (["nibp.inhibited", "nibp.enabled", "nibp.inhibited", "session.started"], 2),
        (["nibp.inhibited"], 2),
        (["session.started", "nibp.inhibited", "session.closed", "session.started"], 5),
    ],
)
async def test_a_cuff_stopped_before_the_session_reaches_back_to_that(
    journal: Journal, types: list[str], first_n: int
) -> None:
    bed = EventFactory()
    await journal.append([bed.event(), *(bed.event(type_) for type_ in types)])
    assert [s.event.n for s in (await journal.load_stream("bed-1"))[0]] == [
        *range(first_n, bed.n + 1)
    ]


async def test_an_audio_pause_reaches_back_to_its_press_until_it_is_over(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append([bed.event(), bed.event("alarm.audio-paused"), bed.alarm("raised", "a-1")])
    assert (await journal.load_stream("bed-1"))[0][0].event.n == 2
    resumed = bed.event("alarm.audio-resumed", reason="its time is over")
    await journal.append([resumed])
    assert (await journal.load_stream("bed-1"))[0][0].event.n == 3
    await journal.append([bed.event("alarm.audio-paused")])
    await journal.append([bed.alarm("ended", "a-1")])
    assert (await journal.load_stream("bed-1"))[0][0].event.n == 5


@pytest.mark.parametrize(
    ("ending", "first_n"),
    [
        ([("session.aborted", {"patient_left": False})], 2),
        ([("session.aborted", {"patient_left": False}), ("patient.left", {})], 3),
        ([("session.aborted", {"patient_left": True})], 3),
        ([("session.aborted", {})], 3),
    ],
)
async def test_a_cuff_stays_stopped_after_an_abort_until_the_patient_has_left(
    journal: Journal, ending: list[tuple[str, dict[str, Any]]], first_n: int
) -> None:
    bed = EventFactory()
    types = ["nibp.inhibited", "session.started"]
    await journal.append([bed.event(), *(bed.event(type_) for type_ in types)])
    await journal.append([bed.event(type_, **payload) for type_, payload in ending])
    assert (await journal.load_stream("bed-1"))[0][0].event.n == first_n


async def test_open_alarms_are_known_after_opening_again(url: str) -> None:
    bed = EventFactory()
    first = Journal.open(url)
    await first.append([bed.alarm("raised", "a-1"), bed.alarm("raised", "a-2")])
    await first.close()
    second = Journal.open(url)
    await second.append([bed.alarm("ended", "a-1"), bed.event("session.started")])
    assert [s.event.n for s in (await second.load_stream("bed-1"))[0]] == [2, 3, 4]
    await second.close()


# Receipts and cursors


async def test_a_receipt_is_stored_with_its_events(journal: Journal) -> None:
    receipt = Receipt("key-1", "sha", 201, '{"id":"s-1"}')
    await journal.append([EventFactory().event()], receipt=receipt)
    assert await journal.find_receipt("key-1") == receipt
    assert await journal.find_receipt("key-2") is None


async def test_a_second_receipt_of_the_same_key_takes_its_events_with_it(journal: Journal) -> None:
    bed = EventFactory()
    receipt = Receipt("key-1", "sha", 201, "{}")
    await journal.append([bed.event()], receipt=receipt)
    with pytest.raises(StoreError):
        await journal.append([bed.event()], receipt=receipt)
    assert len(await journal.events()) == 1


@virtual_time()
async def test_a_receipt_is_kept_for_a_day(tmp_path: Path) -> None:
    clock = virtual_clock()
    journal = Journal.open(f"sqlite:///{tmp_path}/p.db", clock=clock, inline=True)
    journal.append([], receipt=Receipt("old", "sha", 200, "{}"))
    await clock.sleep(23 * 3600)
    journal.append([], receipt=Receipt("new", "sha", 200, "{}"))
    assert await journal.find_receipt("old") is not None
    await clock.sleep(2 * 3600)
    journal.append([], receipt=Receipt("newest", "sha", 200, "{}"))
    assert await journal.find_receipt("old") is None
    assert await journal.find_receipt("new") is not None
    await journal.close()


async def test_a_cursor_survives_closing(url: str) -> None:
    first = Journal.open(url)
    assert first.cursor("mqtt") == 0
    for seq in range(1, 8):
        first.save_cursor("mqtt", seq)
    assert first.cursor("mqtt") == 7
    await first.close()
    second = Journal.open(url)
    assert second.cursor("mqtt") == 7
    await second.close()


@virtual_time()
async def test_a_cursor_is_stored_within_a_second_though_nothing_happens(tmp_path: Path) -> None:
    clock = virtual_clock()
    journal = Journal.open(f"sqlite:///{tmp_path}/p.db", clock=clock, inline=True)
    journal.save_cursor("mqtt", 7)
    await clock.sleep(1.0)
    with sqlite3.connect(f"{tmp_path}/p.db") as database:
        found = database.execute("SELECT name, seq FROM delivery_cursor").fetchall()
    database.close()
    assert found == [("mqtt", 7)]
    await journal.close()


async def test_a_cursor_is_stored_by_the_thread_within_seconds(
    local: Journal, sqlite_url: str
) -> None:
    local.save_cursor("mqtt", 7)
    async with asyncio.timeout(HOPELESS_S):
        with sqlite3.connect(file_of(sqlite_url)) as database:
            while not database.execute("SELECT seq FROM delivery_cursor").fetchall():
                await Clock().sleep(0.05)
        database.close()


# The chain


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "journal.md"
RECIPE = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


async def test_the_chain_can_be_checked_with_the_documented_recipe(
    sqlite_url: str, tmp_path: Path
) -> None:
    journal = Journal.open(sqlite_url)
    bed = EventFactory()
    await journal.append([bed.event(text="é", value=0.1), bed.alarm("raised", "a-1")])
    head = await journal.head()
    await journal.close()
    assert RECIPE is not None

    def by_hand() -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", RECIPE[1]]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    assert by_hand().stdout == f"intact up to {head.hash}\n"
    tamper(sqlite_url, "UPDATE event SET payload = '{}' WHERE seq = 2")
    assert "event 2 was changed" in by_hand().stderr


def tamper(url: str, statement: str) -> None:
    database = sqlite3.connect(file_of(url))
    database.execute(statement)
    database.commit()
    database.close()


async def test_an_untouched_journal_is_intact(journal: Journal) -> None:
    bed = EventFactory()
    await journal.append([bed.event(value=value / 7) for value in range(2500)])
    verdict = await journal.verify()
    assert verdict.fault is None
    assert verdict.events == 2500


TAMPERING = {
    "UPDATE event SET payload = '{}' WHERE seq = 3": (3, "was changed"),
    "UPDATE event SET at = '2026-01-05T08:00:00.000Z' WHERE seq = 3": (3, "was changed"),
    "UPDATE event SET session = NULL WHERE seq = 3": (3, "was changed"),
    "UPDATE event SET hash = prev_hash WHERE seq = 3": (3, "was changed"),
    "UPDATE event SET prev_hash = hash WHERE seq = 3": (3, "prev_hash"),
    "DELETE FROM event WHERE seq = 3": (4, "event 3 is missing"),
    "DELETE FROM event WHERE seq = 1": (2, "event 1 is missing"),
    "DELETE FROM open_alarm": (5, "open_alarm"),
}


@pytest.mark.parametrize(("statement", "expected"), TAMPERING.items(), ids=list(TAMPERING))
async def test_tampering_is_found_where_it_happened(
    sqlite_url: str, statement: str, expected: tuple[int, str]
) -> None:
    journal = Journal.open(sqlite_url)
    bed = EventFactory(session="s-1")
    await journal.append(
        [*(bed.event(value=value) for value in range(4)), bed.alarm("raised", "a")]
    )
    await journal.close()
    tamper(sqlite_url, statement)
    reader = JournalReader.open_to_read(sqlite_url)
    fault = (await reader.verify()).fault
    await reader.close()
    assert fault is not None
    assert fault.seq == expected[0]
    assert expected[1] in fault.why


# Crashes

APPENDS_UNTIL_KILLED = """
import asyncio, sys
from monitor.journal import Journal
from tests.monitor.event_factories import EventFactory

async def bed(journal, name, n):
    events = EventFactory(name)
    events.n = n
    while True:
        for stored in await journal.append([events.event(), events.event()]):
            print(stored.seq, stored.event.id, flush=True)

async def main():
    journal = Journal.open(sys.argv[1])
    async with asyncio.TaskGroup() as beds:
        for name in ("bed-1", "bed-2", "bed-3"):
            beds.create_task(bed(journal, name, (await journal.load_stream(name))[1]))

asyncio.run(main())
"""


async def test_what_was_acknowledged_survives_kill_9_at_any_instant(url: str) -> None:
    acknowledged: dict[int, str] = {}
    for _ in range(4):
        child = await asyncio.create_subprocess_exec(
            sys.executable, "-c", APPENDS_UNTIL_KILLED, url, stdout=asyncio.subprocess.PIPE
        )
        assert child.stdout is not None
        output = b"".join([await child.stdout.readline() for _ in range(random.randint(1, 200))])
        child.send_signal(signal.SIGKILL)
        rest, _ = await child.communicate()
        printed = dict(_complete_lines(output + rest))
        assert printed
        acknowledged |= printed
        async with asyncio.timeout(HOPELESS_S):
            stored = await _all_events(url)
        assert {seq: stored[seq] for seq in acknowledged} == acknowledged
        assert list(stored) == list(range(1, len(stored) + 1))


def _complete_lines(output: bytes) -> list[tuple[int, str]]:
    lines = output.decode().split("\n")[:-1]
    return [(int(seq), event_id) for seq, event_id in map(str.split, lines)]


async def _all_events(url: str) -> dict[int, str]:
    reader = JournalReader.open_to_read(url)
    try:
        assert (await reader.verify()).fault is None
        return {s.seq: s.event.id for s in await reader.events(limit=1_000_000)}
    finally:
        await reader.close()


# Inline


@virtual_time()
async def test_inline_an_append_is_stored_when_it_returns(tmp_path: Path) -> None:
    journal = Journal.open(f"sqlite:///{tmp_path}/p.db", clock=virtual_clock(), inline=True)
    heard: list[int] = []
    journal.listen(lambda events: heard.extend(s.seq for s in events))
    appended = journal.append([EventFactory().event()])
    assert appended.done()
    assert heard == [1]
    assert [s.seq for s in await journal.events()] == [1]
    await journal.close()
