"""A rule with another limit, for one patient. Pure; who may set it, and when, is not asked here."""

from collections.abc import Mapping
from dataclasses import replace
from functools import reduce
from typing import Final

from alerts.rules import (
    RANGES,
    AllOf,
    AnyOf,
    Condition,
    Fall,
    Leaf,
    Limit,
    Rise,
    Rule,
    RuleError,
    TechnicalCondition,
    leaves,
    signals_in,
)

SET: Final = " (limit set for this patient)"
"""What the text of a rule ends with that has another limit, and says which."""


def limit_of(rule: Rule, signal: str | None = None) -> tuple[str, float]:
    """The signal, and the limit that `rule` has for it; None is the rule's only signal.

    Raises `RuleError`, in words, when there is no such limit or more than one.
    """
    leaf = _the_leaf(rule, signal)
    return leaf.signal, _limit(leaf)


def with_limit(rule: Rule, signal: str | None, limit: float) -> Rule:
    """`rule` with `limit` for `signal` (None: its only one); its text says the limit is set.

    A limit on a rise or a fall is how far. Raises `RuleError`, in words, when the rule has no
    such limit, or more than one, or when the limit lies outside what can be measured.
    """
    leaf = _the_leaf(rule, signal)
    least, most = RANGES[leaf.signal]
    if not isinstance(leaf, Limit):
        least, most = 0, most - least
    if not least < limit < most:
        raise RuleError(
            f"{rule.id}: a limit for {leaf.signal} is over {least:g} and under {most:g}, "
            f"not {limit:g}"
        )
    condition = _with(rule.condition, leaf, limit)
    shown = any(field in rule.text for field in ("{limit}", f"{{{leaf.signal}_limit}}"))
    mark = SET if shown else f" (limit set for this patient: {limit:g})"
    text = rule.text.removesuffix(SET) + mark
    return replace(rule, condition=condition, text=text)


def with_patient_limits(rule: Rule, own: Mapping[tuple[str, str], float]) -> Rule:
    """`rule` with the limits that a patient has of their `own`, by rule and signal.

    Raises `RuleError`, in words, when the rule was changed since and has no such limit.
    """
    limits = {signal: limit for (of, signal), limit in own.items() if of == rule.id}
    return reduce(lambda changed, limit: with_limit(changed, *limit), limits.items(), rule)


Measured = Limit | Rise | Fall


def _the_leaf(rule: Rule, signal: str | None) -> Measured:
    measured = [leaf for leaf in leaves(rule.condition) if not isinstance(leaf, TechnicalCondition)]
    if not measured:
        raise RuleError(f"{rule.id} is about a device and has no limit")
    named = signals_in(rule.condition)
    if signal is None and len(named) > 1:
        raise RuleError(f"{rule.id} looks at {', '.join(named)}; say which")
    found = [leaf for leaf in measured if signal in (None, leaf.signal)]
    if not found:
        raise RuleError(f"{rule.id} does not look at {signal}; it looks at {', '.join(named)}")
    if len(found) > 1:
        raise RuleError(f"{rule.id} has several limits for {found[0].signal}; none can be set")
    return found[0]


def _limit(leaf: Measured) -> float:
    match leaf:
        case Limit(limit=limit) | Rise(at_least=limit) | Fall(of=limit):
            return limit


def _with(condition: Condition, which: Leaf, limit: float) -> Condition:
    match condition:
        case AnyOf(parts):
            return AnyOf(tuple(_with(part, which, limit) for part in parts))
        case AllOf(parts):
            return AllOf(tuple(_with(part, which, limit) for part in parts))
        case Limit() if condition == which:
            return replace(condition, limit=limit)
        case Rise() if condition == which:
            return replace(condition, at_least=limit)
        case Fall() if condition == which:
            return replace(condition, of=limit)
        case _:
            return condition
