"""The life of an alarm, cell by cell of its table."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.lifecycle import TABLE, Alarm, Cause, Input, State, advance
from alerts.rules import Kind, Priority

RAISED = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NOW = RAISED + timedelta(minutes=3)

ALARM = Alarm(
    id="a-1",
    bed="bed-1",
    session="s-1",
    rule="spo2.low",
    device=None,
    kind=Kind.PHYSIOLOGICAL,
    priority=Priority.LOW,
    latching=False,
    text="SpO2 90 %",
    guidance="Look at the patient.",
    values={"spo2": 90.0},
    raised_at=RAISED,
)
CAUSE = Cause(NOW, by="nurse.a", note="seen", reason="why", text="SpO2 88 %", values={"spo2": 88.0})

ACTIVE, LATCHED, ENDED = State.ACTIVE, State.LATCHED, State.ENDED
NOTHING: list[tuple[str, State]] = []
REVIVED = [("alarm.re-raised", ACTIVE)]
OVER = [("alarm.ended", ENDED)]

CELLS: dict[tuple[State, Input], list[tuple[str, State]]] = {
    (ACTIVE, Input.ONSET): NOTHING,
    (ACTIVE, Input.OFFSET): OVER,
    (ACTIVE, Input.BLIND): [("alarm.unverified", ACTIVE)],
    (ACTIVE, Input.SEEING): [("alarm.verified", ACTIVE)],
    (ACTIVE, Input.ACKNOWLEDGE): [("alarm.acknowledged", ACTIVE)],
    (ACTIVE, Input.WORSEN): [("alarm.reprioritised", ACTIVE)],
    (ACTIVE, Input.WITHDRAW): OVER,
    (LATCHED, Input.ONSET): REVIVED,
    (LATCHED, Input.OFFSET): NOTHING,
    (LATCHED, Input.BLIND): NOTHING,
    (LATCHED, Input.SEEING): NOTHING,
    (LATCHED, Input.ACKNOWLEDGE): [("alarm.acknowledged", LATCHED), ("alarm.ended", ENDED)],
    (LATCHED, Input.WORSEN): NOTHING,
    (LATCHED, Input.WITHDRAW): OVER,
    (ENDED, Input.ONSET): REVIVED,
    (ENDED, Input.OFFSET): NOTHING,
    (ENDED, Input.BLIND): NOTHING,
    (ENDED, Input.SEEING): NOTHING,
    (ENDED, Input.ACKNOWLEDGE): NOTHING,
    (ENDED, Input.WORSEN): NOTHING,
    (ENDED, Input.WITHDRAW): NOTHING,
}


def in_state(state: State, **fields: Any) -> Alarm:
    ended_at = NOW - timedelta(minutes=1) if state is ENDED else None
    return replace(ALARM, state=state, ended_at=ended_at, **fields)


def after(alarm: Alarm, happened: Input, cause: Cause = CAUSE) -> Alarm:
    return advance(alarm, happened, replace(cause, priority=Priority.MEDIUM))[-1].alarm


def test_the_table_has_a_cell_for_every_state_and_input() -> None:
    assert TABLE.keys() == {(state, happened) for state in State for happened in Input}


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happened", Input)
def test_each_input_leads_where_it_should(state: State, happened: Input) -> None:
    changes = advance(in_state(state), happened, replace(CAUSE, priority=Priority.MEDIUM))
    assert [(change.type, change.alarm.state) for change in changes] == CELLS[state, happened]


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("happened", Input)
def test_every_change_says_why(state: State, happened: Input) -> None:
    changes = advance(in_state(state), happened, replace(CAUSE, priority=Priority.MEDIUM))
    assert all(change.reason == "why" for change in changes)


def test_a_latching_alarm_waits_for_a_person() -> None:
    changes = advance(in_state(ACTIVE, latching=True), Input.OFFSET, CAUSE)
    assert [(c.type, c.alarm.state) for c in changes] == [("alarm.condition-ended", LATCHED)]
    assert changes[0].alarm.condition_ended_at == NOW


def test_a_latching_alarm_that_somebody_took_ends_with_its_condition() -> None:
    taken = after(in_state(ACTIVE, latching=True), Input.ACKNOWLEDGE)
    assert after(taken, Input.OFFSET).state is ENDED


def test_an_alarm_is_taken_once() -> None:
    taken = after(in_state(ACTIVE), Input.ACKNOWLEDGE)
    assert advance(taken, Input.ACKNOWLEDGE, replace(CAUSE, by="nurse.b")) == []


def test_an_acknowledgement_says_who_when_and_what() -> None:
    taken = after(in_state(ACTIVE), Input.ACKNOWLEDGE)
    assert (taken.acknowledged_by, taken.acknowledged_at, taken.note) == ("nurse.a", NOW, "seen")


@pytest.mark.parametrize("happened", [Input.WORSEN, Input.ONSET])
def test_an_acknowledgement_never_covers_a_worse_state(happened: Input) -> None:
    taken = after(in_state(ACTIVE), Input.ACKNOWLEDGE)
    if happened is Input.ONSET:
        taken = after(taken, Input.OFFSET)
    assert not after(taken, happened).acknowledged


def test_an_alarm_raised_again_is_counted_and_keeps_its_first_time() -> None:
    again = after(in_state(ENDED, count=2), Input.ONSET)
    assert (again.count, again.raised_at, again.ended_at) == (3, RAISED, None)
    assert (again.text, again.values) == ("SpO2 88 %", {"spo2": 88.0})


def test_an_alarm_without_data_says_since_when() -> None:
    blind = after(in_state(ACTIVE), Input.BLIND)
    assert blind.unverified_since == NOW
    assert after(blind, Input.SEEING).unverified_since is None


def test_an_ended_alarm_says_when() -> None:
    assert after(in_state(ACTIVE), Input.OFFSET).ended_at == NOW


def test_an_acknowledged_latched_alarm_is_not_ended_before_its_last_event() -> None:
    first, _ = advance(in_state(LATCHED), Input.ACKNOWLEDGE, CAUSE)
    assert first.alarm.ended_at is None


@given(st.lists(st.sampled_from(Input), max_size=30), st.booleans())
def test_an_alarm_in_json_is_the_alarm(inputs: list[Input], latching: bool) -> None:
    alarm = in_state(ACTIVE, latching=latching)
    for happened in inputs:
        for change in advance(alarm, happened, replace(CAUSE, priority=Priority.HIGH)):
            alarm = change.alarm
    assert Alarm.from_json(json.loads(json.dumps(alarm.as_json()))) == alarm
    assert (alarm.ended_at is not None) == (alarm.state is ENDED)
