"""A rule set as tables that a nurse can pin to the wall: one of each kind of rule."""

from collections.abc import Iterator
from typing import Final

from rich.box import HORIZONTALS
from rich.table import Table

from alerts.rules import Kind, Rule, RuleSet, as_plain_language, describe, overridden

TITLES: Final = {
    Kind.PHYSIOLOGICAL: "The patient",
    Kind.ADVISORY: "Expected effects, shown without a sound",
    Kind.TECHNICAL: "Devices, checks and this machine",
}

COLUMNS: Final = {"Rule": 24, "When": 35, "For": 12, "Ends": 14, "Priority": 12, "Do": 34}
"""What each column is called and how many characters wide it is."""


def tables(rules: RuleSet) -> Iterator[Table]:
    """The set's rules, a table for each kind."""
    for kind, title in TITLES.items():
        of_kind = [rule for rule in rules.rules if rule.kind is kind]
        if not of_kind:
            continue
        found = Table(
            title=f"{title}: rules {rules.name}, version {rules.version} ({rules.hash[:12]})",
            box=HORIZONTALS,
            show_lines=True,
            title_justify="left",
        )
        for column, width in COLUMNS.items():
            found.add_column(column, width=width, overflow="fold")
        for rule in of_kind:
            found.add_row(
                rule.id,
                describe(rule.condition, as_plain_language) + _after(rule),
                _delay(rule),
                _end(rule),
                _priority(rule),
                rule.guidance,
            )
        yield found


def escalation(rules: RuleSet) -> str:
    """Whom an alarm calls that nobody takes, in a line."""
    to = rules.escalation
    return (
        f"An alarm that nobody takes calls {', then '.join(to.levels)}: "
        f"high after {_time(to.high_after_s)} each, medium after {_time(to.medium_after_s)}."
    )


def _after(rule: Rule) -> str:
    if rule.after_last_dose_min is not None:
        return f", from {rule.after_last_dose_min:g} min after the last dose"
    return "" if rule.after_min is None else f", from {rule.after_min:g} min after the dose"


def _delay(rule: Rule) -> str:
    if rule.confirm_after_s is not None:
        return f"twice, {_time(rule.confirm_after_s)} apart"
    return _time(rule.for_s) if rule.for_s else "at once"


def _end(rule: Rule) -> str:
    if rule.latching:
        return "by a person"
    beyond = describe(overridden(rule.condition, rule.clear_margin), as_plain_language)
    back = beyond if rule.clear_margin and beyond else "when over"
    return f"{back} for {_time(rule.clear_for_s)}" if rule.clear_for_s else back


def _priority(rule: Rule) -> str:
    if rule.kind is Kind.ADVISORY:
        return "advisory"
    if rule.worsens_to is None:
        return rule.priority.label
    return f"{rule.priority.label}; {rule.worsens_to.label} after {_time(rule.worsens_after_s)}"


def _time(seconds: float) -> str:
    return f"{seconds / 60:g} min" if seconds >= 120 and not seconds % 60 else f"{seconds:g} s"
