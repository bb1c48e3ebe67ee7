"""What a simulated nurse decides to do, and when."""

from datetime import UTC, datetime
from random import Random

import pytest

from alerts.alarm.lifecycle import Alarm, State
from alerts.rules.model import Kind, Priority
from monitor.cohort.nurse import AGAIN_MIN, CHECK_MOST_S, Nurse, Task, needs_intervention
from monitor.session.criterion import Criterion
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState, PlannedCheck

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
FOREVER_S = 1e9


@pytest.fixture
def nurse() -> Nurse:
    return Nurse(Random(1))


def alarm(rule: str, priority: Priority, state: State = State.ACTIVE) -> Alarm:
    return Alarm(
        id=f"id of {rule}",
        bed="bed-1",
        session="s-1",
        rule=rule,
        device=None,
        kind=Kind.PHYSIOLOGICAL,
        priority=priority,
        latching=False,
        text="",
        guidance="",
        values={},
        raised_at=AT,
        notified_at=AT,
        recipients=("bed",),
        state=state,
    )


def planned(check: CheckKind, state: CheckState) -> PlannedCheck:
    return PlannedCheck(check, AT, state)


def test_what_is_decided_is_done_in_time_and_in_order(nurse: Nurse) -> None:
    nurse.decides(Task.MEASURE, 30.0)
    nurse.decides(Task.SCORE, 10.0, "cadss")
    nurse.decides(Task.SCORE, 10.0, "moaas")
    assert list(nurse.due(9.0)) == []
    assert list(nurse.due(10.0)) == [(Task.SCORE, "cadss"), (Task.SCORE, "moaas")]
    assert list(nurse.due(FOREVER_S)) == [(Task.MEASURE, "")]


@pytest.mark.parametrize(
    ("priority", "median_s"),
    [(Priority.HIGH, 20.0), (Priority.MEDIUM, 45.0), (Priority.LOW, 90.0)],
)
def test_half_the_alarms_are_taken_within_their_time(
    nurse: Nurse, priority: Priority, median_s: float
) -> None:
    for _ in range(2000):
        nurse.hears(alarm("x", priority), 0.0)
    soon = list(nurse.due(median_s))
    assert len(soon) == pytest.approx(1000, abs=100)
    assert soon[0] == (Task.TAKE_ALARM, "id of x")


@pytest.mark.parametrize("state", [CheckState.DUE, CheckState.OVERDUE])
def test_a_check_that_is_due_is_done_once_before_it_is_overdue(
    nurse: Nurse, state: CheckState
) -> None:
    for minute in range(3):
        nurse.sees_due([planned(CheckKind.CADSS, state)], minute * 60.0)
    assert list(nurse.due(CHECK_MOST_S)) == [(Task.SCORE, "cadss")]
    assert list(nurse.due(FOREVER_S)) == []


def test_after_a_score_the_next_check_is_done_too(nurse: Nurse) -> None:
    nurse.sees_due([planned(CheckKind.CADSS, CheckState.DUE)], 0.0)
    list(nurse.due(FOREVER_S))
    nurse.scored("cadss", 100.0)
    nurse.sees_due([planned(CheckKind.CADSS, CheckState.DUE)], 200.0)
    assert list(nurse.due(FOREVER_S)) == [(Task.SCORE, "cadss")]


def test_what_is_done_or_not_due_and_every_pressure_is_left_alone(nurse: Nurse) -> None:
    nurse.sees_due(
        [
            planned(CheckKind.CADSS, CheckState.DONE),
            planned(CheckKind.MOAAS, CheckState.UPCOMING),
            planned(CheckKind.PRESSURE, CheckState.OVERDUE),
        ],
        0.0,
    )
    assert list(nurse.due(FOREVER_S)) == []


@pytest.mark.parametrize(
    ("name", "task"),
    [
        ("cadss", (Task.SCORE, "cadss")),
        ("moaas", (Task.SCORE, "moaas")),
        ("pressure-near-baseline", (Task.MEASURE, "")),
    ],
)
def test_what_keeps_the_patient_is_looked_at_again_after_a_while(
    nurse: Nurse, name: str, task: tuple[Task, str]
) -> None:
    unmet = [Criterion(name, False, "")]
    nurse.sees_unmet(unmet, 0.0)
    nurse.sees_unmet(unmet, AGAIN_MIN[name] * 60.0 - 1.0)
    assert list(nurse.due(FOREVER_S)) == [task]
    nurse.sees_unmet(unmet, AGAIN_MIN[name] * 60.0)
    assert list(nurse.due(FOREVER_S)) == [task]


def test_what_is_met_and_what_she_cannot_mend_is_left_alone(nurse: Nurse) -> None:
    nurse.sees_unmet([Criterion("cadss", True, ""), Criterion("spo2", False, "")], 0.0)
    assert list(nurse.due(FOREVER_S)) == []


@pytest.mark.parametrize(
    ("rule", "priority", "state", "wanted"),
    [
        ("pressure.severe", Priority.HIGH, State.ACTIVE, True),
        ("spo2.low", Priority.MEDIUM, State.ACTIVE, True),
        ("spo2.very-low", Priority.HIGH, State.LATCHED, False),
        ("spo2.low", Priority.MEDIUM, State.ENDED, False),
        ("pressure.elevated", Priority.LOW, State.ACTIVE, False),
        ("tech.sensor-off", Priority.LOW, State.ACTIVE, True),
        ("tech.artefact", Priority.LOW, State.ACTIVE, False),
    ],
)
def test_an_alarm_calls_for_more_than_a_look_while_there_is_something_to_do(
    rule: str, priority: Priority, state: State, wanted: bool
) -> None:
    assert needs_intervention(alarm(rule, priority, state)) is wanted
