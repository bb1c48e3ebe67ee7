"""A rule set as a table that a nurse can read."""

from rich.table import Table

from alerts.rules import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Kind,
    Limit,
    Rise,
    Rule,
    RuleSet,
    Trouble,
)

_SIGNS = {
    Comparison.ABOVE: ">",
    Comparison.BELOW: "<",
    Comparison.AT_LEAST: "≥",
    Comparison.AT_MOST: "≤",
}


def table(rules: RuleSet) -> Table:
    """The set's rules, one a row."""
    found = Table(title=f"Rules: {rules.name}, version {rules.version} ({rules.hash[:12]})")
    for column in ("Rule", "When", "For", "Ends", "Priority", "Latching", "Do", "Source"):
        found.add_column(column)
    for rule in rules.rules:
        found.add_row(
            rule.id,
            condition(rule.condition) + _after(rule),
            _delay(rule),
            _end(rule),
            _priority(rule),
            "yes" if rule.latching else "",
            rule.guidance,
            rule.source,
        )
    return found


def condition(of: Condition) -> str:
    """A condition in words and signs."""
    match of:
        case Limit(signal, comparison, limit):
            return f"{signal} {_SIGNS[comparison]} {limit:g}"
        case Rise(signal, at_least):
            return f"{signal} {at_least:g} or more over baseline"
        case Fall(signal, by, within_s):
            return f"{signal} down {by:g} or more within {within_s:g} s"
        case Trouble(name):
            return name
        case AnyOf(parts):
            return " or ".join(condition(part) for part in parts)
        case AllOf(parts):
            return " and ".join(condition(part) for part in parts)


def _after(rule: Rule) -> str:
    return "" if rule.after_min is None else f", from {rule.after_min:g} min after the dose"


def _delay(rule: Rule) -> str:
    if rule.confirm_after_s is not None:
        return f"confirmed after {rule.confirm_after_s:g} s"
    return f"{rule.for_s:g} s" if rule.for_s else "at once"


def _end(rule: Rule) -> str:
    margin = f"{rule.clear_margin:g} beyond" if rule.clear_margin else "clear"
    return f"{margin} for {rule.clear_for_s:g} s" if rule.clear_for_s else margin


def _priority(rule: Rule) -> str:
    if rule.kind is Kind.ADVISORY:
        return "advisory"
    if rule.worsens_to is None:
        return rule.priority.label
    return f"{rule.priority.label}, {rule.worsens_to.label} after {rule.worsens_after_s:g} s"
