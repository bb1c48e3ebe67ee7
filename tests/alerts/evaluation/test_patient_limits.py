"""Limits of one patient: what can be set, and what then alarms."""

from dataclasses import replace

import pytest

from alerts.evaluation.patient_limits import (
    AmbiguousLimitError,
    adjustable_limits,
    check_limit,
    limit_key,
    limit_of,
    with_limit,
)
from alerts.rules.model import AnyOf, Comparison, Fall, Limit, Rise, Rule, leaves
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
        ("pulse.extreme", "pulse", 150, "has several limits for pulse: above 140, below 40"),
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


SEVERAL = [
    ("pulse.extreme", "above", 150, Limit("pulse", Comparison.ABOVE, 150)),
    ("pulse.extreme", "below", 35, Limit("pulse", Comparison.BELOW, 35)),
    ("sedation.deep", "at_most", 3, Limit("consciousness", Comparison.AT_MOST, 3)),
    ("dissociation.marked", "at_least", 40, Limit("cadss", Comparison.AT_LEAST, 40)),
    ("dissociation.marked", "rise_from_baseline", 35, Rise("cadss", 35)),
]


@pytest.mark.parametrize(("rule", "comparison", "limit", "leaf"), SEVERAL)
def test_of_several_limits_the_one_that_is_named_is_set(
    rule: str, comparison: str, limit: float, leaf: Limit | Rise
) -> None:
    before = RULES[rule]
    changed = with_limit(before, None, limit, comparison)
    assert {*leaves(changed.condition)} - {*leaves(before.condition)} == {leaf}
    assert len([*leaves(changed.condition)]) == len([*leaves(before.condition)])
    assert limit_of(changed, leaf.signal, comparison) == (leaf.signal, limit)
    assert limit_key(before, None, comparison) == (rule, leaf.signal, comparison)


def test_a_limit_that_is_the_only_one_needs_no_comparison() -> None:
    assert limit_key(RULES["spo2.low"], None, "below") == ("spo2.low", "spo2", None)
    assert limit_key(RULES["pressure.severe"], "sys", None) == ("pressure.severe", "sys", None)


@pytest.mark.parametrize(
    ("comparison", "says"),
    [(None, "say which by its comparison"), ("at_least", "has no limit at_least")],
)
def test_which_of_several_limits_is_asked_for_by_a_list_of_them(
    comparison: str | None, says: str
) -> None:
    with pytest.raises(AmbiguousLimitError) as refused:
        limit_key(RULES["pulse.extreme"], "pulse", comparison)
    assert says in str(refused.value)
    assert "above 140, below 40" in str(refused.value)


def test_two_limits_that_nothing_tells_apart_cannot_be_set() -> None:
    parts = (Limit("pulse", Comparison.ABOVE, 140), Limit("pulse", Comparison.ABOVE, 150))
    with pytest.raises(AmbiguousLimitError, match="none can be set"):
        with_limit(replace(RULES["pulse.extreme"], condition=AnyOf(parts)), None, 160, "above")


def test_the_text_says_which_of_several_limits_was_set() -> None:
    changed = with_limit(RULES["pulse.extreme"], None, 150, "above")
    changed = with_limit(changed, None, 35, "below")
    assert changed.text.endswith(
        " (limit set for this patient: pulse > 150) (limit set for this patient: pulse < 35)"
    )


# ── what no patient needs ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "signal", "comparison", "inside", "outside", "says"),
    [
        ("spo2.low", "spo2", None, 70, 69, "is 70 or more and under 100, not 69"),
        ("spo2.low", "spo2", None, 99, 100, "is 70 or more and under 100, not 100"),
        ("pressure.severe", "sys", None, 110, 60, "is 110 or more and 230 or less, not 60"),
        ("pressure.severe", "sys", None, 230, 231, "is 110 or more and 230 or less, not 231"),
        ("pressure.severe", "dia", None, 70, 69, "is 70 or more and 140 or less, not 69"),
        ("pressure.low", "sys", None, 60, 59, "is 60 or more and 120 or less, not 59"),
        ("pressure.rise", "sys", None, 10, 9, "is 10 or more and 100 or less, not 9"),
        ("spo2.falling", "spo2", None, 2, 1, "is 2 or more and 30 or less, not 1"),
        ("pulse.extreme", "pulse", "above", 80, 79, "is 80 or more and 200 or less, not 79"),
        ("pulse.extreme", "pulse", "below", 25, 24, "is 25 or more and 80 or less, not 24"),
        ("resp.very-low", "resp", None, 4, 3, "is 4 or more and 14 or less, not 3"),
        ("dissociation.present", "cadss", None, 91, 92, "is over 0 and under 92, not 92"),
        ("sedation.deep", None, "at_least", 1, 3, "the rule can never fire"),
        ("news2.high", "news2", None, 1, 20, "is over 0 and under 20, not 20"),
    ],
)
def test_a_limit_that_no_patient_needs_names_the_bounds(
    rule: str, signal: str | None, comparison: str | None, inside: float, outside: float, says: str
) -> None:
    check_limit(RULES[rule], signal, inside, comparison)
    with pytest.raises(RuleError) as refused:
        check_limit(RULES[rule], signal, outside, comparison)
    assert str(refused.value).startswith(f"{rule}: ")
    assert says in str(refused.value)


def test_a_rule_with_a_wide_limit_of_its_own_can_have_it_again() -> None:
    rule = replace(RULES["spo2.low"], condition=Limit("spo2", Comparison.BELOW, 60))
    check_limit(rule, "spo2", 60, None)
    with pytest.raises(RuleError, match="is 60 or more"):
        check_limit(rule, "spo2", 59, None)


@pytest.mark.parametrize("limit", [float("nan"), float("inf"), float("-inf")])
def test_what_is_no_number_is_no_limit(limit: float) -> None:
    with pytest.raises(RuleError, match="70 or more and under 100"):
        check_limit(RULES["spo2.low"], "spo2", limit, None)


BOUNDED = {"spo2", "sys", "dia", "pulse", "resp"}


def test_the_own_limits_of_every_rule_are_within_the_bounds() -> None:
    for rule in RULES.values():
        for leaf in leaves(rule.condition):
            if isinstance(leaf, Limit) and leaf.signal in BOUNDED:
                key = limit_key(rule, leaf.signal, leaf.comparison)
                check_limit(rule, leaf.signal, leaf.limit, key[2])


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
    assert seen.history("pressure.severe") == ["raised", "acknowledged", "condition-ended"]


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


# ── which can be set ────────────────────────────────────────────────────────────────────


def test_every_limit_that_is_listed_can_be_set_and_says_what_is_in_force() -> None:
    listed = [one for rule in DEFAULT.rules for one in adjustable_limits(rule, rule)]
    assert len(listed) > len({one.rule for one in listed}) > 10
    for one in listed:
        rule = RULES[one.rule]
        assert limit_of(rule, one.signal, one.comparison) == (one.signal, one.limit)
        assert one.least <= one.limit <= one.most


def test_the_bounds_are_the_rules_own_and_the_limit_is_the_patients() -> None:
    low = RULES["spo2.low"]
    (one,) = adjustable_limits(low, with_limit(low, None, 90))
    assert (one.text, one.limit, one.least, one.most) == ("SpO2 < 90", 90, 70, 100)
