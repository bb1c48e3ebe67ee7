"""An infusion that runs over its plan, or stays paused, is an alarm of the bed."""

from datetime import timedelta

import pytest

from alerts.rules import Priority
from monitor.session.commands import InfusionAction
from tests.alerts.engine_fixtures import FORMER
from tests.monitor.builders import Bedside, bed

OVERRUN, PAUSED = "infusion.overrun", "infusion.paused"


def running() -> Bedside:
    side = bed().with_session("ketamine-iv").with_baseline().infusion(InfusionAction.START)
    return side.wait(0)


def until(side: Bedside, minutes: float) -> Bedside:
    """Until so long after the start, by the clock alone."""
    started = side.session.infusion
    assert started is not None
    left = started.started_at + timedelta(minutes=minutes) - side.now.wall
    return side.wait(left.total_seconds())


def delays(side: Bedside) -> set[str]:
    return {rule for rule in side.open_rules() if rule.startswith("infusion.")}


def test_ten_minutes_over_the_plan_is_an_alarm_and_twenty_a_graver_one() -> None:
    side = until(running(), 50 - 1 / 60)
    assert delays(side) == set()
    assert delays(side.wait(1)) == {OVERRUN}
    assert side.alarm(OVERRUN).priority is Priority.LOW
    assert side.wait(599).alarm(OVERRUN).priority is Priority.LOW
    assert side.wait(1).alarm(OVERRUN).priority is Priority.MEDIUM


def test_it_names_since_when() -> None:
    side = until(running(), 51)
    infusion = side.session.infusion
    assert infusion is not None
    over_at = infusion.started_at + timedelta(minutes=40)
    assert side.alarm(OVERRUN).text == (
        f"The infusion runs over its plan: planned for 40 min, over since {over_at:%H:%M} UTC"
    )


def test_a_pause_puts_it_off() -> None:
    side = until(running(), 20).infusion(InfusionAction.PAUSE)
    side = until(side, 25).infusion(InfusionAction.RESUME)
    assert delays(until(side, 55 - 1 / 60)) == set()
    assert delays(side.wait(1)) == {OVERRUN}


def test_it_ends_with_the_infusion() -> None:
    side = until(running(), 51).infusion(InfusionAction.END)
    assert delays(side.wait(1)) == set()


def test_it_lasts_while_the_infusion_is_paused() -> None:
    side = until(running(), 51).infusion(InfusionAction.PAUSE)
    assert delays(side.wait(599)) == {OVERRUN}
    assert delays(side.wait(1)) == {OVERRUN, PAUSED}


def test_a_pause_of_ten_minutes_is_an_alarm_and_of_twenty_a_graver_one() -> None:
    side = until(running(), 10).infusion(InfusionAction.PAUSE)
    paused_at = side.now.wall
    assert delays(side.wait(599)) == set()
    assert delays(side.wait(1)) == {PAUSED}
    assert f"since {paused_at:%H:%M} UTC" in side.alarm(PAUSED).text
    assert side.wait(599).alarm(PAUSED).priority is Priority.LOW
    assert side.wait(1).alarm(PAUSED).priority is Priority.MEDIUM


@pytest.mark.parametrize("action", [InfusionAction.RESUME, InfusionAction.END])
def test_a_pause_s_alarm_ends_with_the_pause(action: InfusionAction) -> None:
    side = until(running(), 10).infusion(InfusionAction.PAUSE).minutes(12).infusion(action)
    assert delays(side.wait(1)) == set()


def test_each_pause_is_one_of_its_own() -> None:
    side = until(running(), 10)
    for _ in range(2):
        side.infusion(InfusionAction.PAUSE).minutes(8).infusion(InfusionAction.RESUME).minutes(1)
    assert delays(side) == set()


@pytest.mark.parametrize("paused", [True, False])
def test_a_restart_keeps_it_and_its_priority(paused: bool) -> None:
    side = until(running(), 10)
    if paused:
        side.infusion(InfusionAction.PAUSE)
    rule = PAUSED if paused else OVERRUN
    side = until(side, 25 if paused else 55)
    before = side.alarm(rule)
    side.rebuilt().wait(1)
    assert delays(side) == {rule}
    assert side.alarm(rule).id == before.id
    assert side.minutes(6).alarm(rule).priority is Priority.MEDIUM


def test_one_that_came_due_while_nobody_ran_is_told_after_the_restart() -> None:
    side = until(running(), 30)
    side.now = side.now.plus(21 * 60)
    side.rebuilt()
    assert delays(side.wait(1)) == {OVERRUN}


def test_it_ends_with_the_session() -> None:
    assert delays(until(running(), 51).aborted().wait(1)) == set()


def test_a_dose_that_is_sprayed_has_no_such_thing() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(70)
    assert delays(side) == set()


def test_a_rule_set_without_these_rules_raises_nothing() -> None:
    side = bed()
    side = side.rebuilt(rules=FORMER).with_session("ketamine-iv")
    side = until(side.infusion(InfusionAction.START), 20).infusion(InfusionAction.PAUSE)
    assert delays(until(side, 75)) == set()
