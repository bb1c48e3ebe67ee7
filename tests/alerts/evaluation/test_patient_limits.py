"""Limits of one patient: what can be set, and what then alarms."""

from dataclasses import replace

import pytest

from alerts.evaluation.patient_limits import limit_of, with_limit
from alerts.rules.model import AnyOf, Comparison, Fall, Limit, Rise, Rule
from alerts.rules.parser import RuleError
from tests.alerts.engine_fixtures import DEFAULT, BedEngine

RULES = {rule.id: rule for rule in DEFAULT.rules}


def limits(rule: Rule) -> object:
    return rule.condition.parts if isinstance(rule.condition, AnyOf) else rule.condition


# ── what can be set ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "signal", "limit", "condition"),
    [
        ("spo2.low", "spo2", 90, Limit("spo2", Comparison.BELOW, 90)),
        ("spo2.low", None, 90, Limit("spo2", Comparison.BELOW, 90)),
        ("spo2.falling", "spo2", 6, Fall("spo2", 6, 60)),
        (
            "pressure.severe",
            "sys",
            200,
            (Limit("sys", Comparison.AT_LEAST, 200), Limit("dia", Comparison.AT_LEAST, 110)),
        ),
        ("pressure.rise", "dia", 30, (Rise("sys", 40), Rise("dia", 30))),
    ],
)
def test_a_rule_has_the_limit_that_was_set(
    rule: str, signal: str | None, limit: float, condition: object
) -> None:
    changed = with_limit(RULES[rule], signal, limit)
    assert limits(changed) == condition
    assert limit_of(changed, signal)[1] == limit


def test_a_limit_within_others_is_set_where_it_stands() -> None:
    crisis = with_limit(RULES["pressure.crisis"], "sys", 200)
    assert limit_of(crisis, "sys") == ("sys", 200)
    assert limit_of(crisis, "dia") == limit_of(RULES["pressure.crisis"], "dia")


def test_nothing_else_of_the_rule_changes() -> None:
    rule, changed = RULES["spo2.very-low"], with_limit(RULES["spo2.very-low"], "spo2", 85)
    assert (changed.id, changed.for_s, changed.priority, changed.latching) == (
        *(rule.id, rule.for_s, rule.priority, rule.latching),
    )


@pytest.mark.parametrize(
    ("rule", "signal", "limit", "says"),
    [
        ("tech.link-lost", None, 3, "is about a device and has no limit"),
        ("tech.link-lost", "spo2", 3, "is about a device and has no limit"),
        ("spo2.low", "pulse", 60, "does not look at pulse; it looks at spo2"),
        ("pressure.severe", None, 200, "looks at sys, dia; say which"),
        ("pulse.extreme", "pulse", 150, "has several limits for pulse"),
        ("pulse.extreme", None, 150, "has several limits for pulse"),
        ("spo2.low", "spo2", 0, "is over 0 and under 100, not 0"),
        ("spo2.low", "spo2", 100, "is over 0 and under 100, not 100"),
        ("spo2.low", "spo2", float("nan"), "not nan"),
        ("spo2.low", "spo2", float("inf"), "not inf"),
        ("pressure.severe", "sys", 30, "is over 30 and under 300, not 30"),
        ("pressure.severe", "sys", 300, "is over 30 and under 300, not 300"),
        ("pressure.rise", "sys", 0, "is over 0 and under 270, not 0"),
        ("pressure.rise", "sys", 270, "is over 0 and under 270, not 270"),
        ("spo2.falling", "spo2", -4, "is over 0 and under 100, not -4"),
    ],
)
def test_what_cannot_be_set_says_why(
    rule: str, signal: str | None, limit: float, says: str
) -> None:
    with pytest.raises(RuleError) as refused:
        with_limit(RULES[rule], signal, limit)
    assert str(refused.value).startswith(rule)
    assert says in str(refused.value)


SIGNALS_REACH = [
    ("spo2", 0, 100),
    ("pulse", 18, 321),
    ("sys", 30, 300),
    ("dia", 10, 200),
    ("map", 20, 250),
    ("perfusion", 0, 20),
    ("resp", 0, 80),
    ("temperature", 25, 45),
    ("cadss", 0, 92),
    ("moaas", 0, 5),
    ("news2", 0, 20),
    ("news2-single", 0, 3),
    ("symptom.nausea", 0, 3),
]


@pytest.mark.parametrize(("signal", "least", "most"), SIGNALS_REACH)
def test_a_limit_lies_within_what_its_signal_can_be(signal: str, least: int, most: int) -> None:
    rule = replace(RULES["spo2.low"], condition=Limit(signal, Comparison.BELOW, least + 1))
    for limit in (least + 0.5, most - 0.5):
        assert limit_of(with_limit(rule, signal, limit)) == (signal, limit)
    for limit in (least, most):
        with pytest.raises(RuleError, match=f"is over {least} and under {most}, not {limit}"):
            with_limit(rule, signal, limit)


# ── what then alarms ────────────────────────────────────────────────────────────────────


def limited(seen: BedEngine, rule: str, signal: str, limit: float) -> BedEngine:
    seen.engine.override(with_limit(RULES[rule], signal, limit))
    return seen


def test_a_patient_is_judged_by_their_own_limit() -> None:
    seen = limited(BedEngine(), "spo2.very-low", "spo2", 80).hold(60, spo2=81)
    assert "spo2.very-low" not in seen.rules_open()
    assert "spo2.very-low" in seen.hold(10, spo2=79).rules_open()


def test_the_text_has_the_limit_and_says_that_it_was_set() -> None:
    seen = limited(BedEngine(), "pressure.severe", "sys", 200).see(sys=205, dia=85)
    assert seen.alarm("pressure.severe").text == (
        "Pressure 205/85: 200/110 or more (limit set for this patient)"
    )
    seen = limited(BedEngine(), "dissociation.present", "cadss", 9).see(cadss=10)
    assert seen.alarm("dissociation.present").text == (
        "CADSS 10: dissociation present (limit set for this patient: 9)"
    )


def test_a_new_limit_is_looked_at_at_once() -> None:
    seen = limited(BedEngine().see(sys=165, dia=85), "pressure.severe", "sys", 160)
    assert seen.engine.next_due <= seen.now.mono
    assert "pressure.severe" in seen.wait(0).rules_open()
    assert seen.engine.next_due > seen.now.mono


def test_a_limit_has_its_own_delay_from_when_it_was_set() -> None:
    seen = limited(BedEngine().hold(60, spo2=92), "spo2.very-low", "spo2", 93)
    assert "spo2.very-low" not in seen.wait(9.9).rules_open()
    assert "spo2.very-low" in seen.wait(0.1).rules_open()


def test_a_wider_limit_ends_an_alarm_as_values_would() -> None:
    seen = BedEngine().see(sys=185, dia=80).acknowledge("pressure.severe")
    limited(seen, "pressure.severe", "sys", 200).wait(0)
    assert seen.history("pressure.severe") == ["raised", "acknowledged", "ended"]


def test_a_wider_limit_leaves_a_latching_alarm_to_a_person() -> None:
    seen = limited(BedEngine().see(sys=185, dia=80), "pressure.severe", "sys", 200).wait(0)
    assert seen.history("pressure.severe") == ["raised", "condition-ended"]


def test_the_set_s_own_limit_can_be_had_again() -> None:
    seen = limited(BedEngine(), "spo2.very-low", "spo2", 80).hold(20, spo2=82)
    seen.engine.override(RULES["spo2.very-low"])
    assert seen.engine.effective_rules == DEFAULT.rules
    assert "spo2.very-low" in seen.wait(10).rules_open()


def test_the_next_patient_is_judged_by_the_set() -> None:
    seen = limited(BedEngine(), "spo2.very-low", "spo2", 80)
    assert limit_of(seen.engine.effective_rules[RULES_AT["spo2.very-low"]]) == ("spo2", 80)
    seen.changes += seen.engine.end_session(seen.now, "session closed")
    assert seen.engine.effective_rules == DEFAULT.rules
    assert "spo2.very-low" in seen.start_session("s-2").hold(10, spo2=85).rules_open()


RULES_AT = {rule.id: place for place, rule in enumerate(DEFAULT.rules)}


def test_a_limit_set_without_a_session_makes_the_engine_no_busier() -> None:
    seen = limited(BedEngine(session=None), "spo2.very-low", "spo2", 80).wait(0)
    assert seen.engine.next_due == float("inf")


def test_a_rule_that_the_set_has_not_is_refused() -> None:
    with pytest.raises(KeyError):
        BedEngine(DEFAULT).engine.override(replace(RULES["spo2.low"], id="x"))
