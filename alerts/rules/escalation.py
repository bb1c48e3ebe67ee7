"""One `[escalation]` table of a TOML file to data, or a fault that says how to mend it."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from alerts.rules.model import Escalation
from alerts.rules.parser import RuleSyntaxError
from alerts.rules.toml_positions import suggest

LEAST_S: Final = 5.0
MOST_S: Final = 3600.0
"""Beyond this an alarm would in effect never go further, and there is no off."""

LONGEST_NAME: Final = 64


def escalation_from(table: object, inherited: Escalation) -> Escalation:
    """The escalation that `table` makes of `inherited`. Raises `Fault`, from the file's top."""
    if not isinstance(table, Mapping):
        raise RuleSyntaxError("escalation is written as a table: [escalation]", "escalation")
    for key in sorted(table.keys() - _READ.keys()):
        raise _fault(f"unknown key {key}; {suggest(key, _READ)}", key)
    found = replace(inherited, **{key: _READ[key](value, key) for key, value in table.items()})
    if found.high_after_s > found.medium_after_s:
        raise _fault(
            f"high_after_s = {found.high_after_s:g} is over medium_after_s = "
            f"{found.medium_after_s:g}; a high alarm goes further first",
            next(key for key in ("high_after_s", "medium_after_s") if key in table),
        )
    return found


def _fault(says: str, key: str) -> RuleSyntaxError:
    return RuleSyntaxError(f"escalation: {says}", "escalation", key)


def _levels(value: object, key: str) -> tuple[str, ...]:
    names = value if isinstance(value, list) else []
    if not names or not all(isinstance(n, str) and 0 < len(n) <= LONGEST_NAME for n in names):
        raise _fault(f'{key} is a list of names, such as ["nurse", "clinician"]', key)
    if len(set(names)) < len(names):
        raise _fault(f"{key} names somebody twice; name each once", key)
    return tuple(names)


def _seconds(value: object, key: str) -> float:
    match value:
        case int() | float() if not isinstance(value, bool) and LEAST_S <= value <= MOST_S:
            return float(value)
    raise _fault(f"{key} = {value!r} is not a time from {LEAST_S:g} to {MOST_S:g} s", key)


_READ: Final[Mapping[str, Any]] = {
    "levels": _levels,
    "high_after_s": _seconds,
    "medium_after_s": _seconds,
}
