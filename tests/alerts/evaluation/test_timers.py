"""A timer, against a slow account of the same rule that goes over everything each time."""

from dataclasses import dataclass, replace
from random import Random

import pytest

from alerts.evaluation.conditions import Verdict
from alerts.evaluation.timers import ConditionChange, ConditionTimer
from alerts.rules.model import Rule
from tests.alerts.engine_fixtures import DEFAULT

RULES = {rule.id: rule for rule in DEFAULT.rules}
MET, NEAR, CLEAR, UNKNOWN = Verdict.MET, Verdict.NEAR, Verdict.CLEAR, Verdict.UNKNOWN


def rule(for_s: float, clear_for_s: float) -> Rule:
    return replace(RULES["spo2.very-low"], for_s=for_s, clear_for_s=clear_for_s)


@dataclass(frozen=True)
class Step:
    """One evaluation: what was seen, and when the newest value had been taken."""

    at: float
    verdict: Verdict
    taken_at: float


def last_run(steps: list[Step], verdicts: set[Verdict]) -> list[Step]:
    """The latest evaluations that all saw one of `verdicts`."""
    run: list[Step] = []
    for step in reversed(steps):
        if step.verdict not in verdicts:
            break
        run.insert(0, step)
    return run


def account(steps: list[Step], for_s: float, clear_for_s: float) -> list[list[ConditionChange]]:
    """For each evaluation, what should have been told: read off all up to it."""
    told: list[list[ConditionChange]] = []
    raised, lost, since = False, False, 0
    for count, step in enumerate(steps, start=1):
        here: list[ConditionChange] = []
        recent = steps[since:count]
        if not raised:
            met = [x.at for x in last_run(recent, {MET, UNKNOWN}) if x.verdict is MET]
            if met and step.at - met[0] >= for_s:
                raised, since, lost = True, count, step.verdict is UNKNOWN
                here = (
                    [ConditionChange.ONSET, ConditionChange.DATA_LOST]
                    if lost
                    else [ConditionChange.ONSET]
                )
        else:
            if lost != (step.verdict is UNKNOWN):
                lost = not lost
                here.append(ConditionChange.DATA_LOST if lost else ConditionChange.DATA_RESTORED)
            clear = last_run(recent, {CLEAR})
            if clear and step.taken_at - clear[0].taken_at >= clear_for_s:
                raised, since = False, count
                here.append(ConditionChange.OFFSET)
        told.append(here)
    return told


DELAYS = (0.0, 1.0, 3.0, 10.0)


def some_steps(random: Random) -> list[Step]:
    """Evaluations of a signal that is lost, comes back, crosses its limit and hovers near it."""
    at = taken_at = 100.0
    found: list[Step] = []
    for _ in range(random.randint(1, 60)):
        at += random.choice([0, 1, 1, 2, 7])
        taken_at = random.choice([at, taken_at])
        verdict = random.choice([found[-1].verdict, *Verdict] if found else [*Verdict])
        found.append(Step(at, verdict, taken_at))
    return found


@pytest.mark.parametrize("for_s", DELAYS)
@pytest.mark.parametrize("clear_for_s", DELAYS)
def test_a_timer_agrees_with_the_slow_account(for_s: float, clear_for_s: float) -> None:
    for seed in range(400):
        steps = some_steps(Random(seed))
        timer = ConditionTimer(rule(for_s, clear_for_s))
        told = [timer.evaluate(step.verdict, step.taken_at, step.at) for step in steps]
        assert told == account(steps, for_s, clear_for_s), steps


@pytest.mark.parametrize("for_s", DELAYS[1:])
def test_a_timer_asks_to_be_evaluated_when_it_has_something_to_tell(for_s: float) -> None:
    for seed in range(400):
        timer = ConditionTimer(rule(for_s, 3))
        for step in some_steps(Random(seed)):
            timer.evaluate(step.verdict, step.taken_at, step.at)
            due_at = timer.due_at
            if not timer.raised and due_at is not None:
                assert timer.evaluate(UNKNOWN, step.taken_at, due_at)[0] is ConditionChange.ONSET
                break


@pytest.mark.parametrize("verdict", [NEAR, CLEAR])
def test_what_is_no_longer_met_starts_the_delay_anew(verdict: Verdict) -> None:
    timer = ConditionTimer(rule(10, 0))
    timer.evaluate(MET, 0, 0)
    timer.evaluate(verdict, 5, 5)
    assert timer.evaluate(MET, 11, 11) == []
    assert timer.evaluate(MET, 21, 21) == [ConditionChange.ONSET]


def test_a_timer_asks_to_be_evaluated_when_what_is_clear_may_have_lasted() -> None:
    timer = ConditionTimer(rule(0, 5))
    told = [timer.evaluate(verdict, at, at) for verdict, at in ((MET, 0), (CLEAR, 20))]
    assert told == [[ConditionChange.ONSET], []]
    assert timer.due_at == 25
    assert timer.evaluate(CLEAR, 25, 25) == [ConditionChange.OFFSET]


# ── confirmation ────────────────────────────────────────────────────────────────────────


def confirmed() -> ConditionTimer:
    """The timer of a rule that asks for a second measurement after 60 s, within 180 s."""
    return ConditionTimer(RULES["pressure.low"])


def test_a_second_measurement_is_wanted_until_it_has_come() -> None:
    timer = confirmed()
    wanted = [timer.confirm_at]
    for taken_at in (0, 60):
        timer.evaluate(MET, taken_at, taken_at)
        wanted.append(timer.confirm_at)
    assert wanted == [None, 60, None]


def test_a_second_measurement_that_has_not_come_is_not_waited_for_without_end() -> None:
    timer = confirmed()
    timer.evaluate(MET, 0, 0)
    assert timer.due_at == 180
    assert timer.evaluate(MET, 0, 179.9) == []
    assert timer.evaluate(MET, 0, 180) == [ConditionChange.ONSET]


def test_a_second_measurement_that_fails_leaves_the_first_to_be_believed() -> None:
    timer = confirmed()
    timer.evaluate(MET, 0, 0)
    timer.confirmation_failed()
    assert timer.evaluate(UNKNOWN, 0, 65) == [ConditionChange.ONSET, ConditionChange.DATA_LOST]


def test_what_failed_once_confirms_nothing_later() -> None:
    timer = confirmed()
    timer.evaluate(MET, 0, 0)
    timer.confirmation_failed()
    assert timer.evaluate(MET, 0, 65) == [ConditionChange.ONSET]
    assert timer.evaluate(CLEAR, 100, 100) == [ConditionChange.OFFSET]
    assert timer.evaluate(MET, 200, 200) == []


def test_what_failed_as_the_pressure_came_back_confirms_nothing_later() -> None:
    timer = confirmed()
    timer.evaluate(MET, 0, 0)
    timer.confirmation_failed()
    assert timer.evaluate(CLEAR, 65, 65) == []
    assert timer.evaluate(MET, 100, 100) == []
