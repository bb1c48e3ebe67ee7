"""The life of an alarm, cell by cell of its table."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.alarm.lifecycle import (
    ALARM_ENDINGS,
    ALARM_OPENINGS,
    Alarm,
    AlarmChange,
    LifecycleState,
    State,
    Trigger,
    TriggerDetails,
    advance,
    lifecycle_state,
)
from alerts.rules.model import Priority
from tests.alerts.alarm import example_alarm

RAISED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NOW = RAISED + timedelta(minutes=3)
BEFORE = NOW - timedelta(minutes=1)

ALARM = replace(example_alarm.ALARM, priority=Priority.LOW, raised_at=RAISED, notified_at=RAISED)
DETAILS = TriggerDetails(
    NOW,
    by="nurse.a",
    note="seen",
    reason="why",
    text="SpO2 88 %",
    values={"spo2": 88.0},
    priority=Priority.MEDIUM,
    recipients=("nurse", "charge-nurse"),
)

ACTIVE, LATCHED, ENDED = State.ACTIVE, State.LATCHED, State.ENDED

HELD = replace(ALARM, latching=True)
TAKEN = replace(HELD, acknowledged_by="nurse.b", acknowledged_at=BEFORE, note="mine")
IN: dict[LifecycleState, Alarm] = {
    LifecycleState.ACTIVE: ALARM,
    LifecycleState.LATCHING: HELD,
    LifecycleState.ACKNOWLEDGED: TAKEN,
    LifecycleState.QUIET_LATCHING: replace(TAKEN, needs_reset=True),
    LifecycleState.QUIET_LATCHED: replace(
        TAKEN, needs_reset=True, state=LATCHED, condition_ended_at=RAISED
    ),
    LifecycleState.LATCHED: replace(HELD, state=LATCHED, condition_ended_at=RAISED),
    LifecycleState.RESET: replace(TAKEN, state=ENDED, condition_ended_at=RAISED, ended_at=BEFORE),
    LifecycleState.ENDED: replace(ALARM, state=ENDED, condition_ended_at=BEFORE, ended_at=BEFORE),
}

# What each trigger does to an alarm in each row: the state after it, and the events.
CELLS = """
trigger        | active         | latching          | acknowledged     | quiet-latching   | latched        | quiet-latched  | reset            | ended
onset          |                |                   |                  |                  | active AGAIN   | active AGAIN   | active AGAIN     | active AGAIN
offset         | ended ENDED    | latched OVER      | ended ENDED      | latched OVER     |                |                |                  |
data-lost      | active LOST    | active LOST       | active LOST      | active LOST      |                |                |                  |
data-restored  | active BACK    | active BACK       | active BACK      | active BACK      |                |                |                  |
acknowledge    | active TAKEN   | active TAKEN      |                  |                  | ended RESET    | ended RESET    |                  |
unacknowledge  |                |                   | active UNDONE    | active UNDONE    |                | latched UNDONE | latched UNDONE   |
raise-priority | active WORSE   | active WORSE      | active WORSE     | active WORSE     |                |                |                  |
update         | active NEWS    | active NEWS       | active NEWS      | active NEWS      |                |                |                  |
call-again     |                |                   | active CALLED    | active CALLED    |                |                |                  |
escalate       | active FURTHER | active FURTHER    |                  |                  | latched FURTHER|                |                  |
remind         | active REMIND  | active REMIND     |                  |                  | latched REMIND |                |                  |
clear          | ended ENDED    | ended ENDED       | ended ENDED      | ended ENDED      | ended ENDED    | ended ENDED    |                  |
"""  # noqa: E501
EVENTS = {
    "AGAIN": ["alarm.re-raised"],
    "ENDED": ["alarm.ended"],
    "OVER": ["alarm.condition-ended"],
    "LOST": ["alarm.unverified"],
    "BACK": ["alarm.verified"],
    "TAKEN": ["alarm.acknowledged"],
    "RESET": ["alarm.acknowledged", "alarm.reset"],
    "UNDONE": ["alarm.unacknowledged"],
    "WORSE": ["alarm.priority-raised"],
    "NEWS": ["alarm.updated"],
    "CALLED": ["alarm.called-again"],
    "FURTHER": ["alarm.escalated"],
    "REMIND": ["alarm.reminded"],
}


def cells() -> dict[tuple[LifecycleState, Trigger], str]:
    head, *rows = ([cell.strip() for cell in row.split("|")] for row in CELLS.split("\n")[1:-1])
    return {
        (LifecycleState(state), Trigger(row[0])): cell
        for row in rows
        for state, cell in zip(head[1:], row[1:], strict=True)
    }


def after(alarm: Alarm, *triggers: Trigger, details: TriggerDetails = DETAILS) -> Alarm:
    for trigger in triggers:
        alarm = advance(alarm, trigger, details)[-1].alarm
    return alarm


def test_the_rows_are_what_they_are_called() -> None:
    assert {state: lifecycle_state(alarm) for state, alarm in IN.items()} == {
        s: s for s in LifecycleState
    }


def test_every_cell_is_written_here() -> None:
    assert cells().keys() == {(state, trigger) for state in LifecycleState for trigger in Trigger}


@pytest.mark.parametrize(("cell", "wanted"), cells().items(), ids=str)
def test_each_trigger_leads_where_it_should(
    cell: tuple[LifecycleState, Trigger], wanted: str
) -> None:
    row, trigger = cell
    changes = advance(IN[row], trigger, DETAILS)
    state, events = wanted.split() if wanted else ("", "")
    assert [change.type for change in changes] == EVENTS.get(events, [])
    assert not changes or changes[-1].alarm.state == state


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_every_change_says_why_and_by_whom(cell: tuple[LifecycleState, Trigger]) -> None:
    changes = advance(IN[cell[0]], cell[1], DETAILS)
    assert all((c.reason, c.by, c.note) == ("why", "nurse.a", "seen") for c in changes)


@pytest.mark.parametrize("cell", cells(), ids=str)
def test_what_ends_and_what_opens_is_known_by_its_event(
    cell: tuple[LifecycleState, Trigger],
) -> None:
    alarm = IN[cell[0]]
    for change in advance(alarm, cell[1], DETAILS):
        assert (change.type in ALARM_ENDINGS) == (change.alarm.state is ENDED)
        assert alarm.is_open or not change.alarm.is_open or change.type in ALARM_OPENINGS
        alarm = change.alarm


# ── acknowledging, and taking it back ───────────────────────────────────────────────────


def test_an_acknowledgement_says_who_when_and_what() -> None:
    taken = after(ALARM, Trigger.ACKNOWLEDGE)
    assert (taken.acknowledged_by, taken.acknowledged_at, taken.note) == ("nurse.a", NOW, "seen")


def test_an_acknowledged_latched_alarm_is_not_ended_before_its_last_event() -> None:
    first, _ = advance(IN[LifecycleState.LATCHED], Trigger.ACKNOWLEDGE, DETAILS)
    assert (first.alarm.state, first.alarm.ended_at) == (LATCHED, None)


@pytest.mark.parametrize("state", [LifecycleState.ACKNOWLEDGED, LifecycleState.RESET])
def test_what_is_undone_is_as_if_nobody_had_taken_it_and_calls_from_now(
    state: LifecycleState,
) -> None:
    undone = after(
        replace(IN[state], escalated=True, recipients=("nurse", "boss")), Trigger.UNACKNOWLEDGE
    )
    assert (undone.acknowledged_by, undone.acknowledged_at, undone.note) == (None, None, None)
    assert (undone.ended_at, undone.notified_at, undone.escalation_level) == (None, NOW, 1)
    assert not undone.escalated


def test_a_latched_alarm_that_comes_back_keeps_when_its_condition_ended() -> None:
    undone = after(IN[LifecycleState.LATCHED], Trigger.ACKNOWLEDGE, Trigger.UNACKNOWLEDGE)
    assert undone == replace(IN[LifecycleState.LATCHED], notified_at=NOW)


def test_an_alarm_that_ended_with_its_condition_does_not_come_back() -> None:
    over = after(ALARM, Trigger.ACKNOWLEDGE, Trigger.OFFSET)
    assert advance(over, Trigger.UNACKNOWLEDGE, DETAILS) == []


SEPARATE = replace(HELD, needs_reset=True)


def test_an_acknowledged_alarm_that_needs_a_reset_waits_quietly_until_its_end_is_seen() -> None:
    over = after(SEPARATE, Trigger.ACKNOWLEDGE, Trigger.OFFSET)
    assert (over.state, over.acknowledged_by, over.condition_ended_at) == (LATCHED, "nurse.a", NOW)
    later = replace(DETAILS, at=NOW + timedelta(minutes=1), by="nurse.c")
    assert advance(over, Trigger.ESCALATE, later) == []
    seen = after(over, Trigger.ACKNOWLEDGE, details=later)
    assert (seen.state, seen.acknowledged_by, seen.ended_at) == (ENDED, "nurse.c", later.at)


@pytest.mark.parametrize("before", [[], [Trigger.ACKNOWLEDGE]], ids=["unseen", "acknowledged"])
def test_that_its_end_was_acknowledged_cannot_be_undone(before: list[Trigger]) -> None:
    seen = after(SEPARATE, *before, Trigger.OFFSET, Trigger.ACKNOWLEDGE)
    assert advance(seen, Trigger.UNACKNOWLEDGE, DETAILS) == []


# ── calling further ─────────────────────────────────────────────────────────────────────


def test_an_escalated_alarm_has_called_one_more() -> None:
    further = after(ALARM, Trigger.ESCALATE)
    assert (further.escalation_level, further.recipients) == (2, ("nurse", "charge-nurse"))
    assert (further.escalated, further.notified_at) == (True, NOW)


def test_a_reminder_calls_nobody_new() -> None:
    reminded = after(ALARM, Trigger.REMIND)
    assert (reminded.escalation_level, reminded.escalated, reminded.notified_at) == (1, True, NOW)


ESCALATED = replace(
    IN[LifecycleState.LATCHING], escalated=True, recipients=("nurse", "charge-nurse")
)


def test_who_takes_an_alarm_is_told_how_far_it_went() -> None:
    assert after(ESCALATED, Trigger.ACKNOWLEDGE).escalation_level == 2


@pytest.mark.parametrize(
    "triggers", [[Trigger.RAISE_PRIORITY], [Trigger.OFFSET, Trigger.ONSET]], ids=["worse", "again"]
)
def test_what_somebody_had_taken_begins_with_the_first_level_again(triggers: list[Trigger]) -> None:
    calling = after(ESCALATED, Trigger.ACKNOWLEDGE, *triggers)
    assert (calling.escalation_level, calling.escalated, calling.notified_at) == (1, False, NOW)


def test_what_nobody_has_taken_goes_on_where_it_was_when_it_recurs() -> None:
    calling = after(ESCALATED, Trigger.OFFSET, Trigger.ONSET)
    assert (calling.escalation_level, calling.escalated, calling.notified_at) == (2, True, RAISED)


def test_what_nobody_has_taken_keeps_its_level_and_counts_anew_when_it_worsens() -> None:
    calling = after(ESCALATED, Trigger.RAISE_PRIORITY)
    assert (calling.escalation_level, calling.escalated, calling.notified_at) == (2, True, NOW)


# ── times, counts and values ────────────────────────────────────────────────────────────


def test_an_alarm_raised_again_is_counted_and_keeps_its_first_time() -> None:
    again = after(replace(IN[LifecycleState.ENDED], count=2), Trigger.ONSET)
    assert (again.count, again.raised_at, again.ended_at) == (3, RAISED, None)
    assert (again.text, again.values) == ("SpO2 88 %", {"spo2": 88.0})


def test_a_latched_alarm_that_recurs_is_never_less_urgent_than_it_was() -> None:
    lower = replace(DETAILS, priority=Priority.LOW)
    high = replace(IN[LifecycleState.LATCHED], priority=Priority.HIGH)
    assert after(high, Trigger.ONSET, details=lower).priority is Priority.HIGH
    ended = replace(IN[LifecycleState.ENDED], priority=Priority.HIGH)
    assert after(ended, Trigger.ONSET, details=lower).priority is Priority.LOW


def test_an_alarm_without_data_says_since_when() -> None:
    lost = after(ALARM, Trigger.DATA_LOST)
    assert lost.unverified_since == NOW
    assert after(lost, Trigger.DATA_RESTORED).unverified_since is None


def test_a_condition_that_ended_says_when() -> None:
    assert after(IN[LifecycleState.LATCHING], Trigger.OFFSET).condition_ended_at == NOW
    assert after(ALARM, Trigger.OFFSET).ended_at == NOW


# ── whatever happens ────────────────────────────────────────────────────────────────────


def lives(test: Callable[[Any], None]) -> Callable[[], None]:
    """Alarms, and what happens to them, a minute apart."""
    triggers = st.lists(st.sampled_from(Trigger), max_size=30)
    return given(st.tuples(st.sampled_from([*IN.values()]), triggers))(test)


def live(life: tuple[Alarm, list[Trigger]]) -> list[tuple[Alarm, AlarmChange]]:
    """Each change of a life, with the alarm before it."""
    alarm, triggers = life
    steps = []
    for minute, trigger in enumerate(triggers):
        details = replace(DETAILS, at=NOW + timedelta(minutes=minute))
        for change in advance(alarm, trigger, details):
            steps.append((alarm, change))
            alarm = change.alarm
    return steps


@lives
def test_an_alarm_in_json_is_the_alarm(life: tuple[Alarm, list[Trigger]]) -> None:
    for _, change in live(life):
        alarm = change.alarm
        assert Alarm.from_json(json.loads(json.dumps(alarm.as_json()))) == alarm
        assert (alarm.ended_at is not None) == (alarm.state is ENDED)


@lives
def test_an_acknowledgement_never_covers_a_worse_state(life: tuple[Alarm, list[Trigger]]) -> None:
    for _, change in live(life):
        if change.type in ("alarm.priority-raised", "alarm.re-raised"):
            assert not change.alarm.acknowledged


@lives
def test_only_a_person_acknowledges(life: tuple[Alarm, list[Trigger]]) -> None:
    for before, change in live(life):
        if change.alarm.acknowledged and not before.acknowledged:
            assert change.type == "alarm.acknowledged"


@lives
def test_a_latched_alarm_ends_by_a_person_or_with_its_session(
    life: tuple[Alarm, list[Trigger]],
) -> None:
    for before, change in live(life):
        if before.state is LATCHED and change.alarm.state is ENDED:
            assert change.type == "alarm.reset" or (
                change.alarm.acknowledged_by == before.acknowledged_by
            )


@lives
def test_nothing_that_waits_for_a_person_becomes_less_urgent(
    life: tuple[Alarm, list[Trigger]],
) -> None:
    for before, change in live(life):
        if before.is_open and not before.acknowledged:
            assert change.alarm.priority >= before.priority
            assert change.alarm.escalation_level >= before.escalation_level


def test_an_alarm_stored_before_there_were_levels_is_read() -> None:
    old = ALARM.as_json()
    for name in ("escalation_level", "recipients", "notified_at", "rules_without_data"):
        del old[name]
    read = Alarm.from_json(old)
    assert (read.escalation_level, read.recipients) == (1, ())
    assert (read.notified_at, read.rules_without_data) == (RAISED, ())
