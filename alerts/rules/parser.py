"""One `[[rule]]` table of a TOML file to a rule, or a fault that says how to mend it."""

import math
from collections.abc import Mapping
from string import Formatter
from typing import Any, Final

from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Kind,
    Limit,
    Priority,
    Rise,
    Rule,
    TechnicalCondition,
    signals_in,
)
from alerts.rules.signals import SIGNALS, SYMPTOM_SIGNALS
from alerts.rules.technical import TECHNICAL_CONDITIONS
from alerts.rules.toml_positions import KeyPath, suggest
from drivers.readings import Vital

CONFIRMABLE: Final = frozenset({Vital.SYS, Vital.DIA, Vital.MAP})
"""What a second measurement can be asked for."""

_RULE_KEYS: Final = frozenset(
    """id kind priority text guidance source for_s confirm_after_s confirm_within_s clear_margin
    clear_for_s latching in_session after_min worsens_to worsens_after_s""".split()
)
_SIMPLE_KEYS: Final = frozenset(
    {"signal", *(c.value for c in Comparison), "rise_from_baseline", "fall_of", "within_s"}
)
_CONDITION_KEYS: Final = _SIMPLE_KEYS | {"technical", "any_of", "all_of"}
_KEYS: Final = _RULE_KEYS | _CONDITION_KEYS
_TEXT_FIELDS: Final = (
    frozenset(
        """value limit for_s device reason blind findings sys_rise dia_rise sys_limit
        dia_limit""".split()
    )
    | SIGNALS - SYMPTOM_SIGNALS.keys()
)


class RuleError(ValueError):
    """A rule set that cannot be used; the message names where and how to mend it."""


class RuleSyntaxError(ValueError):
    """What is wrong with a rule and how to mend it; `place` is the key's way from its table."""

    def __init__(self, says: str, *place: str | int) -> None:
        super().__init__(says)
        self.place: KeyPath = place


def rule_from(table: Mapping[str, Any]) -> Rule:
    """The rule that `table` describes, which has an id. Raises `Fault`."""
    for key in sorted(table.keys() - _KEYS):
        raise RuleSyntaxError(f"unknown key {key}; {suggest(key, _KEYS)}", key)
    condition = _condition({k: v for k, v in table.items() if k in _CONDITION_KEYS})
    technical = isinstance(condition, TechnicalCondition)
    rule = Rule(
        id=table["id"],
        kind=_kind(table, technical),
        condition=condition,
        priority=_priority(table, "priority"),
        text=_template(table, condition),
        guidance=_words(table, "guidance", default=""),
        source=_words(table, "source"),
        for_s=_number(table, "for_s"),
        confirm_after_s=_maybe(table, "confirm_after_s"),
        confirm_within_s=_number(table, "confirm_within_s"),
        clear_margin=_number(table, "clear_margin"),
        clear_for_s=_number(table, "clear_for_s"),
        latching=_flag(table, "latching", default=False),
        in_session=_flag(table, "in_session", default=True),
        after_min=_maybe(table, "after_min"),
        worsens_to=_priority(table, "worsens_to") if "worsens_to" in table else None,
        worsens_after_s=_number(table, "worsens_after_s"),
    )
    _check_whole(rule)
    return rule


def _check_whole(rule: Rule) -> None:
    if rule.confirm_after_s is not None:
        if rule.for_s:
            raise RuleSyntaxError("has both for_s and confirm_after_s; keep one", "for_s")
        if rule.confirm_within_s <= rule.confirm_after_s:
            raise RuleSyntaxError(
                "confirm_within_s must be over confirm_after_s", "confirm_within_s"
            )
        if not set(signals_in(rule.condition)) & CONFIRMABLE:
            raise RuleSyntaxError(
                "confirm_after_s is for pressures alone; write for_s", "confirm_after_s"
            )
    if rule.worsens_to is not None and rule.worsens_to <= rule.priority:
        raise RuleSyntaxError(
            f"worsens_to must be over priority {rule.priority.label}", "worsens_to"
        )
    if rule.technical_condition is not None and rule.after_min is not None:
        raise RuleSyntaxError("after_min is not for technical rules; remove it", "after_min")
    if rule.technical_condition is None and not rule.in_session:
        raise RuleSyntaxError(
            "in_session = false is for technical rules alone; remove it", "in_session"
        )


def _condition(data: Mapping[str, Any], *at: str | int) -> Condition:
    forms = [key for key in ("signal", "technical", "any_of", "all_of") if key in data]
    if len(forms) != 1:
        raise RuleSyntaxError(
            "needs exactly one of signal, technical, any_of, all_of", *at, *forms[1:2]
        )
    form = forms[0]
    beside = sorted(data.keys() - {form})
    if form == "signal":
        return _simple(data, *at)
    if form == "technical":
        if at:
            raise RuleSyntaxError(f"technical stands alone, not inside {at[-2]}", *at)
        if beside:
            raise RuleSyntaxError(f"technical stands alone; remove {beside[0]}", beside[0])
        if (name := data[form]) not in list(TECHNICAL_CONDITIONS):
            raise RuleSyntaxError(
                f"technical = {name!r} is not known; {suggest(name, TECHNICAL_CONDITIONS)}", form
            )
        return TechnicalCondition(name)
    parts = data[form]
    if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise RuleSyntaxError(f"{form} takes a list of conditions in braces", *at, form)
    if beside:
        raise RuleSyntaxError(f"{beside[0]} belongs inside {form}", *at, beside[0])
    inner = tuple(_condition(part, *at, form, n) for n, part in enumerate(parts))
    return AnyOf(inner) if form == "any_of" else AllOf(inner)


def _simple(data: Mapping[str, Any], *at: str | int) -> Condition:
    signal = data["signal"]
    if signal not in list(SIGNALS):
        raise RuleSyntaxError(
            f"signal = {signal!r} is not measured; {suggest(signal, SIGNALS)}", *at, "signal"
        )
    for key in sorted(data.keys() - _SIMPLE_KEYS):
        raise RuleSyntaxError(
            f"unknown key {key} beside {signal}; {suggest(key, _SIMPLE_KEYS)}", *at, key
        )
    keys = sorted(data.keys() - {"signal", "within_s"})
    if len(keys) != 1:
        raise RuleSyntaxError(
            f"{signal} needs exactly one limit, such as below or at_least", *at, *keys[1:2]
        )
    key = keys[0]
    if (key == "fall_of") != ("within_s" in data):
        raise RuleSyntaxError("fall_of and within_s go together", *at, key)
    limit = _number(data, key, *at, least=None)
    if key == "rise_from_baseline":
        return Rise(signal, limit)
    if key == "fall_of":
        return Fall(signal, limit, _number(data, "within_s", *at))
    return Limit(signal, Comparison(key), limit)


def _kind(table: Mapping[str, Any], technical: bool) -> Kind:
    default = Kind.TECHNICAL if technical else Kind.PHYSIOLOGICAL
    try:
        kind = Kind(table.get("kind", default.value))
    except ValueError as error:
        raise RuleSyntaxError(
            f"kind is one of {', '.join(kind.value for kind in Kind)}", "kind"
        ) from error
    if technical != (kind is Kind.TECHNICAL):
        raise RuleSyntaxError(
            f"kind = {kind.value!r} does not fit its condition; leave kind out", "kind"
        )
    return kind


def _priority(table: Mapping[str, Any], key: str) -> Priority:
    try:
        return Priority.of(str(table[key]))
    except KeyError as error:
        raise RuleSyntaxError(f"{key} is one of high, medium, low", key) from error


def _number(table: Mapping[str, Any], key: str, *at: str | int, least: float | None = 0.0) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RuleSyntaxError(f"{key} = {value!r} is not a number", *at, key)
    if least is not None and value < least:
        raise RuleSyntaxError(f"{key} = {value} is under {least:g}", *at, key)
    return float(value)


def _maybe(table: Mapping[str, Any], key: str) -> float | None:
    return _number(table, key) if key in table else None


def _flag(table: Mapping[str, Any], key: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise RuleSyntaxError(f"{key} is true or false, not {value!r}", key)
    return value


def _words(table: Mapping[str, Any], key: str, *, default: str | None = None) -> str:
    value = table.get(key, default)
    if value is None:
        raise RuleSyntaxError(f'{key} is missing; write {key} = "…"', key)
    if not isinstance(value, str):
        raise RuleSyntaxError(f'{key} = {value!r} is no text; write {key} = "…"', key)
    return value


def _template(table: Mapping[str, Any], condition: Condition) -> str:
    text = _words(table, "text")
    try:
        parsed = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise RuleSyntaxError(f"text: {error}; write {{{{ and }}}} for braces", "text") from error
    fields = [str(name) for _, name, _, _ in parsed]
    if any(form or conversion for _, _, form, conversion in parsed):
        raise RuleSyntaxError(
            "text: fields are written as {value}, with nothing after the name", "text"
        )
    for name in fields:
        if name not in _TEXT_FIELDS:
            raise RuleSyntaxError(
                f"text: {{{name}}} is not known; {suggest(name, _TEXT_FIELDS)}", "text"
            )
    if "value" in fields and len(signals_in(condition)) != 1:
        raise RuleSyntaxError("text: {value} needs a rule of one signal; name it instead", "text")
    return text
