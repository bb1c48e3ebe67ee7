"""An alarm in monotonic time: when it is the same one, and when a person may take back what."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.alarm.lifecycle import AlarmChange, State, Trigger, TriggerDetails, advance
from alerts.alarm.tracked_alarm import TrackedAlarm
from alerts.rules.model import Priority
from drivers.clock import Instant
from tests.alerts.alarm.example_alarm import ALARM, NOW


def raised(*, latching: bool = False) -> TrackedAlarm:
    """An alarm that was raised at `NOW`."""
    alarm = replace(ALARM, latching=latching)
    tracked = TrackedAlarm(alarm)
    tracked.follow(AlarmChange("alarm.raised", alarm), NOW)
    return tracked


def follow(tracked: TrackedAlarm, changes: list[AlarmChange], now: Instant) -> None:
    assert changes
    for change in changes:
        tracked.follow(change, now)


def happen(tracked: TrackedAlarm, trigger: Trigger, now: Instant) -> None:
    details = TriggerDetails(now.wall, by="nurse.a", priority=Priority.HIGH)
    follow(tracked, advance(tracked.alarm, trigger, details), now)


def times(tracked: TrackedAlarm) -> tuple[float, float, float]:
    return tracked.raised_mono, tracked.notified_mono, tracked.ended_mono


NOT_YET = float("-inf")


# ── times ───────────────────────────────────────────────────────────────────────────────


def test_a_new_alarm_was_raised_and_called_when_it_was_raised() -> None:
    assert times(raised()) == (1000, 1000, NOT_YET)


@pytest.mark.parametrize(
    ("trigger", "notified"),
    [
        (Trigger.DATA_LOST, 1000),
        (Trigger.ACKNOWLEDGE, 1000),
        (Trigger.RAISE_PRIORITY, 1030),
        (Trigger.ESCALATE, 1030),
        (Trigger.REMIND, 1030),
    ],
)
def test_only_what_calls_is_a_call(trigger: Trigger, notified: float) -> None:
    tracked = raised()
    happen(tracked, trigger, NOW.plus(30))
    assert times(tracked) == (1000, notified, NOT_YET)


def test_an_alarm_that_ended_knows_when() -> None:
    tracked = raised()
    happen(tracked, Trigger.OFFSET, NOW.plus(30))
    assert times(tracked) == (1000, 1000, 1030)


def test_an_alarm_that_recurs_was_raised_anew_and_does_not_call_anew() -> None:
    tracked = raised()
    happen(tracked, Trigger.OFFSET, NOW.plus(30))
    happen(tracked, Trigger.ONSET, NOW.plus(40))
    assert times(tracked) == (1040, 1000, 1030)


def test_another_alarm_of_the_same_rule_calls_even_at_the_same_wall_time() -> None:
    tracked = raised()
    happen(tracked, Trigger.OFFSET, NOW.plus(30))
    other = AlarmChange("alarm.raised", replace(ALARM, id="a-2"))
    tracked.follow(other, Instant(NOW.wall, 1100.0))
    assert times(tracked) == (1100, 1100, 1030)


def test_an_alarm_from_the_journal_has_the_times_it_had() -> None:
    ended = replace(
        ALARM,
        state=State.ENDED,
        notified_at=NOW.wall + timedelta(seconds=10),
        ended_at=NOW.wall + timedelta(seconds=20),
    )
    tracked = TrackedAlarm(ended)
    tracked.resume(NOW.plus(60))
    assert times(tracked) == (1000, 1010, 1020)


def test_an_open_alarm_from_the_journal_has_not_ended() -> None:
    tracked = TrackedAlarm(ALARM)
    tracked.resume(NOW.plus(60))
    assert times(tracked) == (1000, 1000, NOT_YET)


# ── the same alarm ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("session", ["s-1", "s-2", None])
def test_an_open_alarm_is_the_same_however_late(session: str | None) -> None:
    assert raised().is_same(session, NOW.plus(7200))


@pytest.mark.parametrize(
    ("after_s", "session", "same"),
    [(0, "s-1", True), (60, "s-1", True), (60.1, "s-1", False), (10, "s-2", False)],
)
def test_an_alarm_that_ended_is_the_same_for_a_minute_of_its_session(
    after_s: float, session: str, same: bool
) -> None:
    tracked = raised()
    happen(tracked, Trigger.OFFSET, NOW.plus(30))
    assert tracked.is_same(session, NOW.plus(30 + after_s)) is same


# ── people ──────────────────────────────────────────────────────────────────────────────


def test_an_acknowledgement_says_by_whom_and_what_they_noted() -> None:
    [change] = raised().acknowledge("nurse.a", "seen", NOW)
    assert (change.type, change.by, change.note) == ("alarm.acknowledged", "nurse.a", "seen")
    assert change.reason == "acknowledged by nurse.a"


def test_an_acknowledged_alarm_cannot_be_acknowledged() -> None:
    tracked = raised()
    follow(tracked, tracked.acknowledge("nurse.a", None, NOW), NOW)
    assert tracked.acknowledge("nurse.b", None, NOW) == []


def test_an_acknowledgement_that_is_taken_back_says_by_whom_and_calls_from_then() -> None:
    tracked = raised()
    follow(tracked, tracked.acknowledge("nurse.a", None, NOW), NOW)
    changes = tracked.unacknowledge("nurse.b", "wrong bed", "s-1", NOW.plus(30))
    assert [(c.by, c.note, c.reason) for c in changes] == [
        ("nurse.b", "wrong bed", "acknowledgement undone by nurse.b")
    ]
    follow(tracked, changes, NOW.plus(30))
    assert not tracked.alarm.acknowledged
    assert tracked.notified_mono == 1030


def latched_and_reset() -> TrackedAlarm:
    """A latching alarm whose condition ended, and that was acknowledged at second 40."""
    tracked = raised(latching=True)
    happen(tracked, Trigger.OFFSET, NOW.plus(30))
    happen(tracked, Trigger.ACKNOWLEDGE, NOW.plus(40))
    assert tracked.alarm.state is State.ENDED
    return tracked


@pytest.mark.parametrize(
    ("at_s", "session", "why_not"),
    [
        (100, "s-1", None),
        (100.1, "s-1", "this alarm ended more than 60 s ago, or in another session"),
        (50, "s-2", "this alarm ended more than 60 s ago, or in another session"),
    ],
)
def test_a_reset_can_be_taken_back_for_a_minute_of_its_session(
    at_s: float, session: str, why_not: str | None
) -> None:
    tracked = latched_and_reset()
    assert tracked.why_not_unacknowledged(session, NOW.plus(at_s)) == why_not
    changes = tracked.unacknowledge("nurse.b", None, session, NOW.plus(at_s))
    assert bool(changes) is (why_not is None)


def test_what_was_not_acknowledged_says_so() -> None:
    tracked = raised()
    assert tracked.why_not_unacknowledged("s-1", NOW) == "this alarm is not acknowledged"
    happen(tracked, Trigger.OFFSET, NOW)
    assert tracked.why_not_unacknowledged("s-1", NOW) == "this alarm has ended"


def test_an_alarm_is_cleared_once_and_says_why() -> None:
    tracked = raised(latching=True)
    changes = tracked.clear("session closed", NOW)
    assert [(c.type, c.reason) for c in changes] == [("alarm.ended", "session closed")]
    follow(tracked, changes, NOW)
    assert tracked.clear("session closed", NOW) == []
