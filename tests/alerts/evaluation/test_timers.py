"""A watch, against a slow account of the same rule that looks at everything each time."""

from dataclasses import dataclass, replace
from random import Random

import pytest

from alerts.evaluation.conditions import Verdict
from alerts.evaluation.timers import ConditionChange, ConditionTimer
from alerts.rules.model import Rule
from tests.alerts.scenes import DEFAULT

RULES = {rule.id: rule for rule in DEFAULT.rules}
MET, NEAR, CLEAR, UNKNOWN = Verdict.MET, Verdict.NEAR, Verdict.CLEAR, Verdict.UNKNOWN


def rule(for_s: float, clear_for_s: float) -> Rule:
    return replace(RULES["spo2.very-low"], for_s=for_s, clear_for_s=clear_for_s)


@dataclass(frozen=True)
class Look:
    """One look: what was seen, and when the newest value had been taken."""

    at: float
    verdict: Verdict
    taken_at: float


def last_run(looks: list[Look], verdicts: set[Verdict]) -> list[Look]:
    """The latest looks that all saw one of `verdicts`."""
    run: list[Look] = []
    for look in reversed(looks):
        if look.verdict not in verdicts:
            break
        run.insert(0, look)
    return run


def account(looks: list[Look], for_s: float, clear_for_s: float) -> list[list[ConditionChange]]:
    """For each look, what should have been told: read off all looks up to it."""
    told: list[list[ConditionChange]] = []
    raised, blind, since = False, False, 0
    for count, look in enumerate(looks, start=1):
        here: list[ConditionChange] = []
        recent = looks[since:count]
        if not raised:
            met = [x.at for x in last_run(recent, {MET, UNKNOWN}) if x.verdict is MET]
            if met and look.at - met[0] >= for_s:
                raised, since, blind = True, count, look.verdict is UNKNOWN
                here = (
                    [ConditionChange.ONSET, ConditionChange.DATA_LOST]
                    if blind
                    else [ConditionChange.ONSET]
                )
        else:
            if blind != (look.verdict is UNKNOWN):
                blind = not blind
                here.append(ConditionChange.DATA_LOST if blind else ConditionChange.DATA_RESTORED)
            clear = last_run(recent, {CLEAR})
            if clear and look.taken_at - clear[0].taken_at >= clear_for_s:
                raised, since = False, count
                here.append(ConditionChange.OFFSET)
        told.append(here)
    return told


DELAYS = (0.0, 1.0, 3.0, 10.0)


def some_looks(random: Random) -> list[Look]:
    """Looks at a signal that is lost, comes back, crosses its limit and hovers near it."""
    at = taken_at = 100.0
    found: list[Look] = []
    for _ in range(random.randint(1, 60)):
        at += random.choice([0, 1, 1, 2, 7])
        taken_at = random.choice([at, taken_at])
        verdict = random.choice([found[-1].verdict, *Verdict] if found else [*Verdict])
        found.append(Look(at, verdict, taken_at))
    return found


@pytest.mark.parametrize("for_s", DELAYS)
@pytest.mark.parametrize("clear_for_s", DELAYS)
def test_a_watch_agrees_with_the_slow_account(for_s: float, clear_for_s: float) -> None:
    for seed in range(400):
        looks = some_looks(Random(seed))
        watch = ConditionTimer(rule(for_s, clear_for_s))
        told = [watch.evaluate(look.verdict, look.taken_at, look.at) for look in looks]
        assert told == account(looks, for_s, clear_for_s), looks


@pytest.mark.parametrize("for_s", DELAYS[1:])
def test_a_watch_asks_to_be_looked_at_when_it_has_something_to_tell(for_s: float) -> None:
    for seed in range(400):
        watch = ConditionTimer(rule(for_s, 3))
        for look in some_looks(Random(seed)):
            watch.evaluate(look.verdict, look.taken_at, look.at)
            due_at = watch.due_at
            if not watch.raised and due_at is not None:
                assert watch.evaluate(UNKNOWN, look.taken_at, due_at)[0] is ConditionChange.ONSET
                break


@pytest.mark.parametrize("verdict", [NEAR, CLEAR])
def test_what_is_no_longer_met_starts_the_delay_anew(verdict: Verdict) -> None:
    watch = ConditionTimer(rule(10, 0))
    watch.evaluate(MET, 0, 0)
    watch.evaluate(verdict, 5, 5)
    assert watch.evaluate(MET, 11, 11) == []
    assert watch.evaluate(MET, 21, 21) == [ConditionChange.ONSET]


def test_a_watch_asks_to_be_looked_at_when_what_is_clear_may_have_lasted() -> None:
    watch = ConditionTimer(rule(0, 5))
    told = [watch.evaluate(verdict, at, at) for verdict, at in ((MET, 0), (CLEAR, 20))]
    assert told == [[ConditionChange.ONSET], []]
    assert watch.due_at == 25
    assert watch.evaluate(CLEAR, 25, 25) == [ConditionChange.OFFSET]


# ── confirmation ────────────────────────────────────────────────────────────────────────


def confirmed() -> ConditionTimer:
    """A watch on a rule that asks for a second measurement after 60 s, within 240 s."""
    return ConditionTimer(RULES["pressure.low"])


def test_a_second_measurement_is_wanted_until_it_has_come() -> None:
    watch = confirmed()
    wanted = [watch.confirm_at]
    for taken_at in (0, 60):
        watch.evaluate(MET, taken_at, taken_at)
        wanted.append(watch.confirm_at)
    assert wanted == [None, 60, None]


def test_a_second_measurement_that_has_not_come_is_not_waited_for_without_end() -> None:
    watch = confirmed()
    watch.evaluate(MET, 0, 0)
    assert watch.due_at == 240
    assert watch.evaluate(MET, 0, 239.9) == []
    assert watch.evaluate(MET, 0, 240) == [ConditionChange.ONSET]


def test_a_second_measurement_that_fails_leaves_the_first_to_be_believed() -> None:
    watch = confirmed()
    watch.evaluate(MET, 0, 0)
    watch.confirmation_failed()
    assert watch.evaluate(UNKNOWN, 0, 65) == [ConditionChange.ONSET, ConditionChange.DATA_LOST]


def test_what_failed_once_confirms_nothing_later() -> None:
    watch = confirmed()
    watch.evaluate(MET, 0, 0)
    watch.confirmation_failed()
    assert watch.evaluate(MET, 0, 65) == [ConditionChange.ONSET]
    assert watch.evaluate(CLEAR, 100, 100) == [ConditionChange.OFFSET]
    assert watch.evaluate(MET, 200, 200) == []


def test_what_failed_as_the_pressure_came_back_confirms_nothing_later() -> None:
    watch = confirmed()
    watch.evaluate(MET, 0, 0)
    watch.confirmation_failed()
    assert watch.evaluate(CLEAR, 65, 65) == []
    assert watch.evaluate(MET, 100, 100) == []
