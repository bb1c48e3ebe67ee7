"""A condition in words: as rule files name it, and as a nurse says it."""

import pytest

from alerts.rules.condition_text import as_plain_language, as_rule_syntax, describe
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

HIGH = Limit("sys", Comparison.AT_LEAST, 180)
LOW = Limit("spo2", Comparison.BELOW, 88)
SLOW = Limit("resp", Comparison.AT_MOST, 8.5)
FAST = Limit("pulse", Comparison.ABOVE, 140)


@pytest.mark.parametrize(
    ("leaf", "written", "spoken"),
    [
        (HIGH, "sys ≥ 180", "systolic ≥ 180"),
        (LOW, "spo2 < 88", "SpO2 < 88"),
        (SLOW, "resp ≤ 8.5", "breaths ≤ 8.5"),
        (FAST, "pulse > 140", "pulse > 140"),
        (
            Rise("dia", 25),
            "dia 25 or more over baseline",
            "diastolic 25 or more over baseline",
        ),
        (
            Fall("spo2", 4, 60),
            "spo2 down 4 or more within 60 s",
            "SpO2 down 4 or more within 60 s",
        ),
        (TechnicalCondition("no-pulse"), "no-pulse", "no-pulse"),
        (
            Limit("symptom.nausea", Comparison.AT_MOST, 0),
            "symptom.nausea ≤ 0",
            "symptom.nausea ≤ 0",
        ),
    ],
    ids=str,
)
def test_a_simple_condition_in_words(
    leaf: Limit | Rise | Fall | TechnicalCondition, written: str, spoken: str
) -> None:
    assert as_rule_syntax(leaf) == written
    assert as_plain_language(leaf) == spoken


@pytest.mark.parametrize(
    ("limit", "spoken"),
    [
        (1, "any chest pain"),
        (1.5, "moderate chest pain"),
        (2, "moderate chest pain"),
        (3, "severe chest pain"),
        (9, "severe chest pain"),
    ],
)
def test_a_symptom_is_spoken_of_by_the_least_grade_that_counts(limit: float, spoken: str) -> None:
    assert as_plain_language(Limit("symptom.chest-pain", Comparison.AT_LEAST, limit)) == spoken


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (HIGH, "sys ≥ 180"),
        (AnyOf((HIGH, LOW)), "sys ≥ 180 or spo2 < 88"),
        (AllOf((HIGH, LOW)), "sys ≥ 180 and spo2 < 88"),
        (AnyOf((HIGH, LOW, FAST)), "sys ≥ 180, spo2 < 88 or pulse > 140"),
        (AllOf((HIGH, AnyOf((LOW, FAST)))), "sys ≥ 180 and (spo2 < 88 or pulse > 140)"),
        (AnyOf((AllOf((HIGH, LOW)), FAST)), "(sys ≥ 180 and spo2 < 88) or pulse > 140"),
        (AllOf((HIGH, AnyOf((LOW,)))), "sys ≥ 180 and spo2 < 88"),
        (AnyOf((HIGH,)), "sys ≥ 180"),
        (AllOf(()), ""),
    ],
    ids=str,
)
def test_a_condition_of_parts_is_one_phrase(condition: Condition, words: str) -> None:
    assert describe(condition) == words


def test_every_part_is_said_in_the_same_way() -> None:
    condition = AllOf((HIGH, AnyOf((LOW, Limit("symptom.headache", Comparison.AT_LEAST, 3)))))
    assert (
        describe(condition, as_plain_language)
        == "systolic ≥ 180 and (SpO2 < 88 or severe headache)"
    )
