"""A table of a rule file to data, or a `RuleSyntaxError` that says how to mend it.

What may be written is in `alerts.rules.toml_tables`; files, and sets that extend others, are
`alerts.rules.loader`.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from alerts.rules.model import Kind, Rule
from alerts.rules.toml_errors import first_error, keys_beside
from alerts.rules.toml_positions import suggest
from alerts.rules.toml_tables import (
    MAX_AFTER_S,
    MAX_AGAIN_S,
    MIN_AFTER_S,
    MIN_AGAIN_S,
    RuleFile,
    RuleSyntaxError,
    RuleTable,
)

T = TypeVar("T", bound=BaseModel)


class RuleError(ValueError):
    """A rule set that cannot be used; the message names where and how to mend it."""


_MESSAGES_BY_KEY: Final[Mapping[str, str]] = {
    "id": "a rule has no id; give each [[rule]] its own id",
    "kind": f"kind is one of {', '.join(kind.value for kind in Kind)}",
    "priority": "{key} is one of high, medium, low",
    "any_of": "any_of takes a list of conditions in braces",
    "all_of": "all_of takes a list of conditions in braces",
    "takes": 'takes is a list of ids of rules, such as ["spo2.low"]',
    "rule": "rules are written as [[rule]] tables",
    "escalation": "escalation is written as a table: [escalation]",
    "levels": 'levels is a list of names, such as ["nurse", "clinician"]',
    **dict.fromkeys(
        ("high_after_s", "medium_after_s", "renew_after_s"),
        f"{{key}} = {{input!r}} is not a time from {MIN_AFTER_S:g} to {MAX_AFTER_S:g} s",
    ),
    **dict.fromkeys(
        ("high_again_after_s", "medium_again_after_s"),
        f"{{key}} = {{input!r}} is not a time from {MIN_AGAIN_S:g} to {MAX_AGAIN_S:g} s",
    ),
}
"""What is to be written at a key, whatever pydantic finds there."""

_MESSAGES: Final[Mapping[str, str]] = {
    "missing": '{key} is missing; write {key} = "…"',
    "string_type": '{key} = {input!r} is no text; write {key} = "…"',
    "float_type": "{key} = {input!r} is not a number",
    "finite_number": "{key} = {input!r} is not a number",
    "greater_than_equal": "{key} = {input} is under {ge:g}",
    "bool_type": "{key} is true or false, not {input!r}",
}
"""What pydantic finds, by its own names for it."""


def rule_from(table: Mapping[str, Any]) -> Rule:
    """The rule that `table` describes. Raises `RuleSyntaxError`."""
    return _validated(RuleTable, table).rule()


def file_from(data: Mapping[str, Any]) -> RuleFile:
    """The file that `data` is. Raises `RuleSyntaxError`."""
    try:
        return _validated(RuleFile, data)
    except RuleSyntaxError as fault:
        if fault.place[:1] != ("escalation",) or len(fault.place) == 1:
            raise
        raise RuleSyntaxError(f"escalation: {fault}", *fault.place) from fault


def _validated(model: type[T], data: Mapping[str, Any]) -> T:
    try:
        return model.model_validate(data)
    except ValidationError as error:
        raise _explained(model, first_error(error)) from error


def _explained(model: type[BaseModel], found: ErrorDetails) -> RuleSyntaxError:
    place, context = found["loc"], found.get("ctx", {})
    match context.get("error"):
        case RuleSyntaxError() as fault:
            return RuleSyntaxError(str(fault), *place, *fault.place)
    key = next(part for part in reversed(place) if isinstance(part, str))
    if found["type"] == "extra_forbidden":
        message = f"unknown key {key}; {suggest(key, keys_beside(model, place))}"
        return RuleSyntaxError(message, *place)
    template = _MESSAGES_BY_KEY.get(key) or _MESSAGES.get(found["type"])
    if template is None:
        return RuleSyntaxError(f"{key}: {found['msg']}", *place)
    return RuleSyntaxError(template.format(key=key, input=found["input"], **context), *place)
