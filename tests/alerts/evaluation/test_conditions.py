"""What a condition says of values: met, near its limit, clear, or unknown."""

from collections.abc import Mapping

import pytest

from alerts.evaluation.conditions import Value, Verdict, judge
from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Limit,
    Rise,
    TechnicalCondition,
)

MET, NEAR, CLEAR, UNKNOWN = Verdict.MET, Verdict.NEAR, Verdict.CLEAR, Verdict.UNKNOWN
MARGIN = 2.0
LOW_SPO2 = Limit("spo2", Comparison.BELOW, 90.0)
HIGH_PULSE = Limit("pulse_rate", Comparison.ABOVE, 120.0)
RISEN = Rise("systolic", 30.0)
FALLEN = Fall("spo2", 4.0, 60.0)


def of(**values: float) -> Mapping[str, Value]:
    return {name: Value(value, 1000.0) for name, value in values.items()}


@pytest.mark.parametrize(
    ("comparison", "value", "verdict"),
    [
        (Comparison.BELOW, 89.9, MET),
        (Comparison.BELOW, 90.0, NEAR),
        (Comparison.BELOW, 91.9, NEAR),
        (Comparison.BELOW, 92.0, CLEAR),
        (Comparison.AT_MOST, 90.0, MET),
        (Comparison.AT_MOST, 90.1, NEAR),
        (Comparison.AT_MOST, 92.0, CLEAR),
        (Comparison.ABOVE, 90.1, MET),
        (Comparison.ABOVE, 90.0, NEAR),
        (Comparison.ABOVE, 88.1, NEAR),
        (Comparison.ABOVE, 88.0, CLEAR),
        (Comparison.AT_LEAST, 90.0, MET),
        (Comparison.AT_LEAST, 89.9, NEAR),
        (Comparison.AT_LEAST, 88.0, CLEAR),
    ],
)
def test_a_value_is_compared_with_its_limit(
    comparison: Comparison, value: float, verdict: Verdict
) -> None:
    assert judge(Limit("spo2", comparison, 90.0), of(spo2=value), {}, MARGIN) is verdict


@pytest.mark.parametrize("condition", [LOW_SPO2, RISEN, FALLEN], ids=str)
def test_without_its_signal_a_condition_is_unknown(condition: Condition) -> None:
    assert judge(condition, of(respiration=14), {"systolic": 120.0}, MARGIN) is UNKNOWN


@pytest.mark.parametrize(
    ("systolic", "verdict"), [(150.0, MET), (149.9, NEAR), (148.0, CLEAR), (90.0, CLEAR)]
)
def test_a_rise_counts_from_the_baseline(systolic: float, verdict: Verdict) -> None:
    assert judge(RISEN, of(systolic=systolic), {"systolic": 120.0}, MARGIN) is verdict


@pytest.mark.parametrize(
    ("systolic", "verdict"), [(150.0, UNKNOWN), (29.0, UNKNOWN), (28.0, CLEAR)]
)
def test_without_a_baseline_only_a_value_below_the_rise_is_clear(
    systolic: float, verdict: Verdict
) -> None:
    assert judge(RISEN, of(systolic=systolic), {}, MARGIN) is verdict


@pytest.mark.parametrize(("spo2", "verdict"), [(94.0, MET), (95.0, NEAR), (96.0, CLEAR)])
def test_a_fall_counts_from_the_highest_within_its_time(spo2: float, verdict: Verdict) -> None:
    highest = {940.0: 98.0}
    values = {"spo2": Value(spo2, 1000.0, highest.__getitem__)}
    assert judge(FALLEN, values, {}, MARGIN) is verdict


def test_a_fall_is_unknown_without_the_highest() -> None:
    assert judge(FALLEN, of(spo2=80.0), {}, MARGIN) is UNKNOWN


@pytest.mark.parametrize(
    ("values", "any_of", "all_of"),
    [
        (of(spo2=85, pulse_rate=130), MET, MET),
        (of(spo2=85, pulse_rate=119), MET, NEAR),
        (of(spo2=85, pulse_rate=60), MET, CLEAR),
        (of(spo2=85), MET, UNKNOWN),
        (of(spo2=91, pulse_rate=119), NEAR, NEAR),
        (of(spo2=91, pulse_rate=60), NEAR, CLEAR),
        (of(spo2=91), UNKNOWN, UNKNOWN),
        (of(spo2=98, pulse_rate=60), CLEAR, CLEAR),
        (of(spo2=98), UNKNOWN, CLEAR),
        (of(), UNKNOWN, UNKNOWN),
    ],
)
def test_what_any_and_all_of_two_conditions_say(
    values: Mapping[str, Value], any_of: Verdict, all_of: Verdict
) -> None:
    parts = (LOW_SPO2, HIGH_PULSE)
    assert judge(AnyOf(parts), values, {}, MARGIN) is any_of
    assert judge(AllOf(parts), values, {}, MARGIN) is all_of


@pytest.mark.parametrize(
    "condition", [TechnicalCondition("no-pulse"), AnyOf((TechnicalCondition("no-pulse"),))], ids=str
)
def test_no_value_says_anything_of_a_technical_condition(
    condition: TechnicalCondition | AnyOf,
) -> None:
    with pytest.raises(TypeError, match="is not judged by values"):
        judge(condition, {}, {}, 0)
