"""A rule set as tables that a nurse can pin to the wall: one of each kind of rule."""

from collections.abc import Iterator
from typing import Final

from rich.box import HORIZONTALS
from rich.table import Table

from alerts.rules import Kind, Rule, RuleSet, ended_when, in_words, raised_after, raised_when

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
                raised_when(rule),
                raised_after(rule),
                ended_when(rule),
                _priority(rule),
                rule.guidance,
            )
        yield found


def escalation(rules: RuleSet) -> str:
    """Whom an alarm calls that nobody takes, in a line."""
    to = rules.escalation
    return (
        f"An alarm that nobody takes calls {', then '.join(to.levels)}: "
        f"high after {in_words(to.high_after_s)} each, medium after {in_words(to.medium_after_s)}."
    )


def _priority(rule: Rule) -> str:
    if rule.kind is Kind.ADVISORY:
        return "advisory"
    if rule.worsens_to is None:
        return rule.priority.label
    return f"{rule.priority.label}; {rule.worsens_to.label} after {in_words(rule.worsens_after_s)}"
