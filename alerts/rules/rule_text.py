"""A rule in words, for people who read the set: when it raises an alarm, and what ends it."""

from alerts.rules.condition_text import as_plain_language, describe
from alerts.rules.lint import overridden
from alerts.rules.model import Rule


def raised_when(rule: Rule) -> str:
    """What raises its alarm: "SpO2 < 93, from 15 min after the dose"."""
    condition = describe(rule.condition, as_plain_language)
    if rule.after_last_dose_min is not None:
        return f"{condition}, from {rule.after_last_dose_min:g} min after the last dose"
    if rule.after_min is not None:
        return f"{condition}, from {rule.after_min:g} min after the dose"
    return condition


def raised_after(rule: Rule) -> str:
    """For how long that has to hold: "30 s", "at once", "twice, 60 s apart"."""
    if rule.confirm_after_s is not None:
        twice = f"twice, {in_words(rule.confirm_after_s)} apart"
        hand = "; at once when typed" if rule.at_once_by_hand else ""
        if rule.at_once is None:
            return twice + hand
        return f"{twice}; at once on {describe(rule.at_once, as_plain_language)}{hand}"
    return in_words(rule.for_s) if rule.for_s else "at once"


def ended_when(rule: Rule) -> str:
    """What ends its alarm: "SpO2 ≥ 94 for 10 s", "by a person"."""
    if rule.latching:
        return "by a person"
    beyond = describe(overridden(rule.condition, rule.clear_margin), as_plain_language)
    back = beyond if rule.clear_margin and beyond else "when over"
    return f"{back} for {in_words(rule.clear_for_s)}" if rule.clear_for_s else back


def in_words(seconds: float) -> str:
    """Whole minutes from two on, seconds otherwise."""
    return f"{seconds / 60:g} min" if seconds >= 120 and not seconds % 60 else f"{seconds:g} s"
