"""A test alarm: raised by a nurse, proved where it was shown and taken, and over by itself."""

from dataclasses import asdict
from typing import Any

import pytest

from alerts.rules import Kind, Priority
from monitor.session import Acknowledge, ProveAlarmPath, Refused, alarm_path
from monitor.session.alarm_path import NOT_PROVED, PROVED, STARTED, TEST
from tests.alerts.engine_fixtures import FORMER
from tests.monitor.builders import Bedside, bed

RULE = "tech.alarm-path-test"
WAITS_S = TEST.total_seconds()


def under_test() -> Bedside:
    return bed().with_session().with_baseline().asks(ProveAlarmPath("nurse.a"))


def gate(side: Bedside) -> list[Any]:
    return [asdict(one) for one in side.bed.readiness.predose_criteria(side.now)]


def taken(side: Bedside, **where: Any) -> Bedside:
    return side.asks(Acknowledge(side.alarm(RULE).id, "nurse.b", **where))


def test_it_is_a_technical_alarm_of_high_priority_that_says_that_it_is_a_test() -> None:
    alarm = under_test().alarm(RULE)
    assert (alarm.kind, alarm.priority) == (Kind.TECHNICAL, Priority.HIGH)
    assert alarm.text.startswith("TEST")


def test_taken_at_a_screen_that_showed_it_the_path_is_proved_and_the_alarm_over() -> None:
    side = taken(under_test().wait(8), station="Desk", sounded=True)
    path = side.session.alarm_path
    assert (path.station, path.by, path.sounded) == ("Desk", "nurse.b", True)
    assert path.proved_at == side.now.wall
    assert RULE not in side.open_rules()
    assert side.types("alarm-path") == [STARTED, PROVED]
    assert side.wait(WAITS_S).session.alarm_path == path


def test_taken_anywhere_else_it_is_not_proved() -> None:
    path = taken(under_test()).session.alarm_path
    assert (path.proved_at, path.why_not) == (None, "it was taken where no screen had shown it")


def test_nobody_takes_it_in_time_and_nobody_else_is_called() -> None:
    side = under_test().wait(WAITS_S - 1)
    assert RULE in side.open_rules()
    side.wait(1)
    assert RULE not in side.open_rules()
    assert side.session.alarm_path.why_not == "nobody took the test alarm in 45 s"
    assert "alarm.escalated" not in side.types()


def test_a_test_that_failed_disproves_the_one_before() -> None:
    side = taken(under_test(), station="Desk").asks(ProveAlarmPath("nurse.a")).wait(WAITS_S)
    assert side.session.alarm_path.proved_at is None
    assert side.types("alarm-path")[-1] == NOT_PROVED


def test_the_dose_waits_for_neither_the_test_nor_its_proof() -> None:
    tried, untried = under_test().wait(1), bed().with_session().with_baseline().wait(1)
    gates = [
        [*map(asdict, side.bed.readiness.predose_criteria(side.now))] for side in (tried, untried)
    ]
    assert gates[0] == gates[1]


def test_a_restart_in_the_middle_loses_neither_the_alarm_nor_its_end() -> None:
    side = under_test().rebuilt().wait(1)
    assert RULE in side.open_rules()
    assert side.wait(WAITS_S).session.alarm_path.why_not is not None
    assert RULE not in side.open_rules()


def test_a_clock_set_back_does_not_leave_it_waiting() -> None:
    side = under_test().wall_steps(-3600).wait(11)
    assert RULE not in side.open_rules()


def test_one_at_a_time_and_not_while_a_real_one_waits() -> None:
    with pytest.raises(Refused, match="waiting already"):
        under_test().asks(ProveAlarmPath("nurse.a"))
    side = bed().with_session().with_baseline().scored(moaas=2)
    with pytest.raises(Refused, match="deep sedation; take it first"):
        side.asks(ProveAlarmPath("nurse.a"))
    side.acknowledged("sedation.deep").asks(ProveAlarmPath("nurse.a"))
    assert RULE in side.open_rules()


def test_a_rule_set_without_the_rule_says_so() -> None:
    with pytest.raises(Refused, match="no rule on alarm-path-test"):
        alarm_path.start(alarm_path.UNTRIED, ProveAlarmPath("nurse.a"), FORMER, [])
