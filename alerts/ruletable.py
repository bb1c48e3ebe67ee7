"""One `[[rule]]` table of a TOML file to a rule, or an error that says how to mend it."""

import math
from collections.abc import Iterable, Mapping
from string import Formatter
from typing import Any, Final

from alerts.rules import (
    SIGNALS,
    SYMPTOM_SIGNALS,
    TROUBLES,
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
    Trouble,
    signals,
)
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
    frozenset({"device", "reason", "sys_rise", "dia_rise", "findings"})
    | SIGNALS - SYMPTOM_SIGNALS.keys()
)


class RuleError(ValueError):
    """A rule set that cannot be used; the message names where and how to mend it."""


def rule_from(table: Mapping[str, Any], where: str) -> Rule:
    """The rule that `table` describes; `where` names its file. Raises `RuleError`."""
    at = f"{where}: rule {table['id']}"
    unknown = table.keys() - _KEYS
    if unknown:
        raise RuleError(f"{at}: unknown key {_one(unknown)}; there are: {_list(_KEYS)}")
    condition = _condition({k: v for k, v in table.items() if k in _CONDITION_KEYS}, at)
    technical = isinstance(condition, Trouble)
    rule = Rule(
        id=table["id"],
        kind=_kind(table, technical, at),
        condition=condition,
        priority=_priority(table, "priority", at),
        text=_template(table, condition, at),
        guidance=_words(table, "guidance", at, default=""),
        source=_words(table, "source", at),
        for_s=_number(table, "for_s", at),
        confirm_after_s=_maybe(table, "confirm_after_s", at),
        confirm_within_s=_number(table, "confirm_within_s", at),
        clear_margin=_number(table, "clear_margin", at),
        clear_for_s=_number(table, "clear_for_s", at),
        latching=_flag(table, "latching", at, default=False),
        in_session=_flag(table, "in_session", at, default=True),
        after_min=_maybe(table, "after_min", at),
        worsens_to=_priority(table, "worsens_to", at) if "worsens_to" in table else None,
        worsens_after_s=_number(table, "worsens_after_s", at),
    )
    _check_whole(rule, at)
    return rule


def _check_whole(rule: Rule, at: str) -> None:
    if rule.confirm_after_s is not None:
        if rule.for_s:
            raise RuleError(f"{at}: has both for_s and confirm_after_s; keep one")
        if rule.confirm_within_s <= rule.confirm_after_s:
            raise RuleError(f"{at}: confirm_within_s must be over confirm_after_s")
        if not set(signals(rule.condition)) & CONFIRMABLE:
            raise RuleError(f"{at}: confirm_after_s is for pressures alone; write for_s")
    if rule.worsens_to is not None and rule.worsens_to <= rule.priority:
        raise RuleError(f"{at}: worsens_to must be over priority {rule.priority.label}")
    if rule.trouble is not None and rule.after_min is not None:
        raise RuleError(f"{at}: after_min is not for technical rules; remove it")
    if rule.trouble is None and not rule.in_session:
        raise RuleError(f"{at}: in_session = false is for technical rules alone; remove it")


def _condition(data: Mapping[str, Any], at: str) -> Condition:
    forms = [key for key in ("signal", "technical", "any_of", "all_of") if key in data]
    if len(forms) != 1:
        raise RuleError(f"{at}: needs exactly one of signal, technical, any_of, all_of")
    form = forms[0]
    if form == "technical":
        if data.keys() - {form}:
            raise RuleError(f"{at}: technical stands alone; remove {_one(data.keys() - {form})}")
        if data["technical"] not in list(TROUBLES):
            raise RuleError(
                f"{at}: technical = {data['technical']!r} is not known; "
                f"there are: {_list(TROUBLES)}"
            )
        return Trouble(data["technical"])
    if form == "signal":
        return _simple(data, at)
    parts = data[form]
    if not isinstance(parts, list) or not parts or not all(isinstance(p, dict) for p in parts):
        raise RuleError(f"{at}: {form} takes a list of conditions in braces")
    if data.keys() - {form}:
        raise RuleError(f"{at}: {_one(data.keys() - {form})} belongs inside {form}")
    inner = tuple(_condition(part, at) for part in parts)
    if any(isinstance(part, Trouble) for part in inner):
        raise RuleError(f"{at}: technical stands alone, not inside {form}")
    return AnyOf(inner) if form == "any_of" else AllOf(inner)


def _simple(data: Mapping[str, Any], at: str) -> Condition:
    signal = data["signal"]
    if signal not in list(SIGNALS):
        raise RuleError(f"{at}: signal = {signal!r} is not measured; there are: {_list(SIGNALS)}")
    unknown = data.keys() - _SIMPLE_KEYS
    if unknown:
        raise RuleError(f"{at}: unknown key {_one(unknown)} beside {signal}; remove it")
    keys = data.keys() - {"signal", "within_s"}
    if len(keys) != 1:
        raise RuleError(f"{at}: {signal} needs exactly one limit, such as below or at_least")
    key = next(iter(keys))
    if (key == "fall_of") != ("within_s" in data):
        raise RuleError(f"{at}: fall_of and within_s go together")
    limit = _number(data, key, at, least=None)
    if key == "rise_from_baseline":
        return Rise(signal, limit)
    if key == "fall_of":
        return Fall(signal, limit, _number(data, "within_s", at))
    return Limit(signal, Comparison(key), limit)


def _kind(table: Mapping[str, Any], technical: bool, at: str) -> Kind:
    default = Kind.TECHNICAL if technical else Kind.PHYSIOLOGICAL
    try:
        kind = Kind(table.get("kind", default.value))
    except ValueError as error:
        raise RuleError(f"{at}: kind is one of {', '.join(kind.value for kind in Kind)}") from error
    if technical != (kind is Kind.TECHNICAL):
        raise RuleError(f"{at}: kind = {kind.value!r} does not fit its condition; leave kind out")
    return kind


def _priority(table: Mapping[str, Any], key: str, at: str) -> Priority:
    try:
        return Priority.of(str(table[key]))
    except KeyError as error:
        raise RuleError(f"{at}: {key} is one of high, medium, low") from error


def _number(table: Mapping[str, Any], key: str, at: str, *, least: float | None = 0.0) -> float:
    value = table.get(key, 0.0)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise RuleError(f"{at}: {key} = {value!r} is not a number")
    if least is not None and value < least:
        raise RuleError(f"{at}: {key} = {value} is under {least:g}")
    return float(value)


def _maybe(table: Mapping[str, Any], key: str, at: str) -> float | None:
    return _number(table, key, at) if key in table else None


def _flag(table: Mapping[str, Any], key: str, at: str, *, default: bool) -> bool:
    value = table.get(key, default)
    if not isinstance(value, bool):
        raise RuleError(f"{at}: {key} is true or false, not {value!r}")
    return value


def _words(table: Mapping[str, Any], key: str, at: str, *, default: str | None = None) -> str:
    value = table.get(key, default)
    if not isinstance(value, str):
        raise RuleError(f'{at}: {key} is missing; write {key} = "…"')
    return value


def _template(table: Mapping[str, Any], condition: Condition, at: str) -> str:
    text = _words(table, "text", at)
    try:
        parsed = [part for part in Formatter().parse(text) if part[1] is not None]
    except ValueError as error:
        raise RuleError(f"{at}: text: {error}; write {{{{ and }}}} for braces") from error
    fields = {str(name) for _, name, _, _ in parsed}
    if any(form or conversion for _, _, form, conversion in parsed):
        raise RuleError(f"{at}: text: fields are written as {{value}}, with nothing after the name")
    allowed = {"limit", "for_s", "value"} | _TEXT_FIELDS
    if fields - allowed:
        raise RuleError(
            f"{at}: text: {{{_one(fields - allowed)}}} is not known; there are: {_list(allowed)}"
        )
    named = signals(condition)
    if "value" in fields and len(named) != 1:
        raise RuleError(f"{at}: text: {{value}} needs a rule of one signal; name it instead")
    return text


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


def _one(keys: Any) -> str:
    return str(sorted(keys)[0])
