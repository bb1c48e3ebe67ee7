"""Two oximeters at one bed that differ: the lower one counts, and somebody is told."""

from dataclasses import replace

import pytest

from alerts.rules.model import Rule, RuleSet
from drivers.readings import Flag, LinkState, Measurement, Quality, Reading, Vital
from drivers.registry import DeviceSpec
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, Bedside, bed

SECOND = DeviceSpec("oximeter-2", "masimo", "memory://oximeter-2")
DIFFER = "tech.oximeters-differ"


def rule_of(rules: RuleSet) -> Rule:
    return next(rule for rule in rules.rules if rule.id == DIFFER)


def both(
    side: Bedside, first: float | None, second: float | None, *, for_s: int, **second_as: Quality
) -> Bedside:
    """For so long each oximeter says so, second by second."""
    side.saturation = first
    for _ in range(for_s):
        reading = Reading(Vital.SPO2, second, **second_as)
        side.says("oximeter-2", Measurement((reading,)))
        side.wait(1)
    return side


def watched(*devices: DeviceSpec) -> Bedside:
    side = bed(*(devices or (OXIMETER, SECOND, CUFF))).with_session().with_baseline()
    return both(side, 97, 97, for_s=61)


def judged(side: Bedside) -> float:
    return side.bed.vitals.values["spo2"].value


def shown(side: Bedside) -> tuple[float | None, str]:
    views = side.bed.vitals.views(side.now)
    return next((v.value, v.device) for v in views if v.vital is Vital.SPO2)


def test_four_points_for_thirty_seconds_are_told_with_both_values_and_devices() -> None:
    side = both(watched(), 97, 93, for_s=29)
    assert DIFFER not in side.open_rules()
    both(side, 97, 93, for_s=2)
    alarm = side.alarm(DIFFER)
    assert alarm.text == "SpO2 97 % (oximeter) and 93 % (oximeter-2) differ: check both sensors"
    assert (alarm.priority.label, alarm.kind.value) == ("medium", "technical")


@pytest.mark.parametrize(("first", "second"), [(97, 94), (94, 97), (97, None), (None, 90)])
def test_less_or_no_value_of_one_is_no_difference(
    first: float | None, second: float | None
) -> None:
    assert DIFFER not in both(watched(), first, second, for_s=60).open_rules()


@pytest.mark.parametrize(("first", "second"), [(97, 91), (91, 97)])
def test_the_lower_one_counts_whichever_it_is(first: float, second: float) -> None:
    side = both(watched(), first, second, for_s=2)
    assert judged(side) == 91
    assert shown(side) == (91, "oximeter" if first == 91 else "oximeter-2")
    assert "spo2.low" in both(side, first, second, for_s=30).open_rules()


def test_the_alarm_and_the_lower_one_end_when_they_agree() -> None:
    side = both(watched(), 97, 91, for_s=32)
    both(side, 97, 96, for_s=2)
    assert judged(side) == 97
    assert DIFFER in side.open_rules()
    assert DIFFER not in both(side, 97, 96, for_s=10).open_rules()


def test_a_difference_is_no_fall_and_a_fall_of_the_lower_one_is() -> None:
    side = both(watched(), 99, 97, for_s=61)
    both(side, 99, 95, for_s=20)
    assert "spo2.falling" not in side.open_rules()
    assert "spo2.falling" in both(side, 99, 93, for_s=7).open_rules()


def test_a_fall_of_the_lower_one_is_over_when_it_has_stayed_there() -> None:
    side = both(both(watched(), 99, 97, for_s=61), 99, 93, for_s=7)
    assert "spo2.falling" in side.open_rules()
    both(side, 99, 93, for_s=65)
    assert DIFFER in side.open_rules()
    assert "spo2.falling" not in side.open_rules()


def test_that_the_other_one_rises_is_no_fall() -> None:
    side = bed(OXIMETER, SECOND, CUFF)
    both(both(both(side, 97, 97, for_s=61), 92, 92, for_s=70), 92, 97, for_s=10)
    both(side.with_session(), 92, 97, for_s=10)
    assert judged(side) == 92
    assert "spo2.falling" not in side.open_rules()


def test_the_past_of_the_lower_one_is_its_own_when_the_session_starts() -> None:
    side = bed(OXIMETER, SECOND, CUFF)
    both(both(side, 92, 92, for_s=61), 92, 97, for_s=90)
    side.with_session()
    assert judged(side) == 92
    assert "spo2.falling" not in side.open_rules()


def test_a_rejected_value_does_not_count() -> None:
    side = both(watched(), 97, 12, for_s=60, quality=Quality.REJECTED)
    assert (DIFFER in side.open_rules(), judged(side)) == (False, 97)


def test_an_oximeter_that_is_lost_ends_nothing_and_its_value_is_not_judged() -> None:
    side = both(watched(), 97, 91, for_s=32)
    side.link("oximeter-2", LinkState.DOWN, "no such port").wait(60)
    assert side.alarm(DIFFER).unverified_since is not None
    assert judged(side) == 97


def test_one_that_is_taken_off_differs_no_more() -> None:
    side = both(watched(), 97, 91, for_s=32)
    for _ in range(20):
        missing = Measurement((Reading(Vital.SPO2, None),), frozenset({Flag.SENSOR_OFF}))
        side.says("oximeter-2", missing).wait(1)
    assert DIFFER not in side.open_rules()


def test_with_one_oximeter_nothing_differs() -> None:
    side = bed().with_session().with_baseline().spo2(90, for_s=40)
    assert side.bed.vitals.spo2_difference is None


def test_a_site_says_how_far_apart() -> None:
    apart = replace(rule_of(DEFAULT), differ_by=8.0)
    rules = replace(DEFAULT, rules=(*(r for r in DEFAULT.rules if r.id != DIFFER), apart))
    side = watched().rebuilt(rules=rules)
    assert judged(both(side, 97, 90, for_s=2)) == 97
    assert judged(both(side, 97, 89, for_s=2)) == 89


def test_without_a_session_nobody_is_told() -> None:
    side = both(bed(OXIMETER, SECOND, CUFF), 97, 90, for_s=60)
    assert DIFFER not in side.open_rules()
