"""Whole sessions, with all that can happen in them, run again from their journal."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.clock import Clock, Instant
from monitor.replay.report import RecordedSession, find, recorded_sessions, replay_report
from tests.lengths import length
from tests.monitor.event_factories import BrokenJournal
from tests.virtual import run_virtually, virtual_clock
from tests.wards import SimulatedWard, simulated_ward


class SettableClock(Clock):
    """A clock whose wall somebody sets."""

    def __init__(self) -> None:
        self._of = virtual_clock()
        self.speed = 1.0
        self.boot: str | None = None
        self.ahead = timedelta()

    @property
    def simulated(self) -> bool:
        return True

    def now(self) -> Instant:
        now = self._of.now()
        return Instant(now.wall + self.ahead, now.mono)


def store(folder: Path) -> str:
    return f"sqlite:///{folder}/postdose.db"


@contextmanager
def found(folder: Path, session: str) -> Iterator[RecordedSession]:
    with recorded_sessions(store(folder)) as journal:
        yield find(journal, session)


def types_in(session: RecordedSession) -> set[str]:
    return {event.type for event in session.own}


def rules_in(session: RecordedSession) -> set[str]:
    alarms = (event for event in session.own if event.type == "alarm.raised")
    return {event.payload["alarm"]["rule"] for event in alarms}


async def begin(ward: SimulatedWard, ahead_min: float = 0) -> str:
    session = await ward.start()
    await ward.score(session, "cadss", 0)
    await ward.clock.sleep(90)
    await ward.dose(session, mg=84, ahead_min=ahead_min)
    return session


async def take_alarms(ward: SimulatedWard) -> None:
    for alarm in (await ward.alarms()).values():
        await ward.post(f"/alarms/{alarm['id']}/acknowledge", {"by": "nurse.a", "note": "seen"})


async def leave(ward: SimulatedWard, session: str) -> None:
    against = {"clinician": "dr.b", "reason": "goes home early"}
    body = {"by": "nurse.a", "escort": True, "against_criteria": against}
    await ward.post(f"/sessions/{session}/close", body)


@pytest.mark.parametrize(
    ("scenario", "from_min", "to_min", "raised"),
    [
        ("desaturation", 16, 31, {"spo2.low", "spo2.very-low", "spo2.falling"}),
        ("severe-hypertension", 30, 45, {"pressure.elevated", "pressure.rise", "pressure.severe"}),
        ("cuff-leak", 15, 30, {"tech.cuff-failed"}),
        ("unplugged", 6, 18, {"tech.link-lost"}),
        ("sensor-off", 4, 18, {"tech.sensor-off"}),
    ],
)
def test_a_session_gives_the_same_events_again(
    tmp_path: Path, scenario: str, from_min: int, to_min: int, raised: set[str]
) -> None:
    ahead_min = length(from_min, 0)

    async def run() -> str:
        clock = SettableClock()
        async with simulated_ward(tmp_path, {"bed-1": scenario}, clock=clock) as ward:
            await clock.sleep(40)
            session = await begin(ward, ahead_min)
            await ward.post("/beds/bed-1/pressure", {"by": "nurse.a"})
            await clock.sleep(5 * 60)
            await ward.score(session, "cadss", 31)
            impossible = {"scale": "cadss", "total": 99, "by": "nurse.a"}
            await ward.post(f"/sessions/{session}/scores", impossible, expect=422)
            clock.ahead += timedelta(hours=1)
            await clock.sleep((to_min - ahead_min - 5) * 60)
            await take_alarms(ward)
            await clock.sleep(30)
            clock.ahead -= timedelta(seconds=90)
            await leave(ward, session)
            return session

    session = run_virtually(run())
    with found(tmp_path, session) as recorded:
        assert rules_in(recorded) >= raised
        assert types_in(recorded) >= {"clock.stepped", "alarm.acknowledged", "session.closed"}
        assert replay_report(recorded) == (True, [f"same: {len(recorded.own)} events"])


def test_a_session_with_a_restart_and_a_failing_disk_in_it_gives_the_same_again(
    tmp_path: Path,
) -> None:
    session = restarted(tmp_path)
    with found(tmp_path, session) as recorded:
        assert rules_in(recorded) >= {"dissociation.marked", "tech.journal-failing"}
        same, (line,) = replay_report(recorded)
        assert same, line
        assert line.startswith("same: ")


def restarted(folder: Path) -> str:
    """A session with a failing disk, a core that fails, and a restart in it."""

    async def before() -> str:
        async with simulated_ward(folder, clock=SettableClock()) as ward:
            session = await begin(ward)
            await ward.score(session, "cadss", 31)
            BrokenJournal(store(folder)).fail()
            score = {"scale": "moaas", "total": 5, "by": "nurse.a"}
            await ward.post(f"/sessions/{session}/scores", score, expect=503)
            await ward.clock.sleep(10)
            BrokenJournal(store(folder)).mend()
            await ward.clock.sleep(30)
            ward.ward.bed_runners["bed-1"].failed(RuntimeError("a fault of ours"))
            await ward.clock.sleep(60)
            return session

    async def after(session: str) -> None:
        clock = SettableClock()
        clock.ahead = timedelta(minutes=7)
        async with simulated_ward(folder, clock=clock) as ward:
            await clock.sleep(120)
            await take_alarms(ward)
            await ward.score(session, "cadss", 2)
            await leave(ward, session)

    session = run_virtually(before())
    run_virtually(after(session))
    return session


def test_where_samples_were_lost_it_says_from_when_to_when_and_never_the_same(
    tmp_path: Path,
) -> None:
    session = restarted(tmp_path)
    with sqlite3.connect(tmp_path / "postdose.db") as database:
        (chunk,) = database.execute(
            "SELECT max(id) FROM sample_chunk WHERE kind = 'inputs' AND id <"
            " (SELECT max(id) FROM sample_chunk WHERE kind = 'opening')"
        ).fetchone()
        for place in range(chunk - 30, chunk + 1):
            database.execute("DELETE FROM sample_chunk WHERE id = ?", (place,))
    with found(tmp_path, session) as recorded:
        same, lines = replay_report(recorded)
    assert not same
    assert "nothing can be compared" in lines[0]
    assert "differs" not in "".join(lines)


def test_a_reading_that_was_tampered_with_is_a_difference(tmp_path: Path) -> None:
    async def run() -> str:
        async with simulated_ward(tmp_path, clock=SettableClock()) as ward:
            session = await begin(ward)
            await ward.clock.sleep(60)
            await leave(ward, session)
            return session

    session = run_virtually(run())
    with found(tmp_path, session) as recorded:
        measured = next(e for e in recorded.own if e.type == "pressure.measured")
        sys = measured.payload["sys"]
        payload = {**measured.payload, "sys": sys + 1}
        other = recorded.events | {measured.n: replace(measured, payload=payload)}
        same, lines = replay_report(replace(recorded, events=other))
    assert not same
    assert f"event {measured.n} differs" in lines[0]
    assert str(sys + 1) in lines[0]


def test_a_session_that_is_still_open_is_compared_so_far(tmp_path: Path) -> None:
    async def run() -> tuple[bool, list[str]]:
        async with simulated_ward(tmp_path, clock=SettableClock()) as ward:
            session = await begin(ward)
            await ward.clock.sleep(60)
            await ward.score(session, "cadss", 31)
            with found(tmp_path, session) as recorded:
                return replay_report(recorded)

    same, (line,) = run_virtually(run())
    assert same
    assert "events so far" in line
    assert "are not recorded yet" in line
