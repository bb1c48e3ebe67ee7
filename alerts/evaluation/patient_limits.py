"""A rule with another limit, for one patient. Pure; who may set it, and when, is not asked here."""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final

from alerts.rules import (
    RANGES,
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Leaf,
    Limit,
    Rise,
    Rule,
    RuleError,
    TechnicalCondition,
    as_plain_language,
    describe,
    leaves,
    meaningless,
    signals_in,
)

SET: Final = " (limit set for this patient)"
"""What the text of a rule ends with that has another limit, and says which."""


LimitKey = tuple[str, str, str | None]
"""A rule, a signal, and which of the rule's limits for it; None where there is only one."""

RISES: Final = "rise_from_baseline"
FALLS: Final = "fall_of"
COMPARISONS: Final = (*(comparison.value for comparison in Comparison), RISES, FALLS)
"""What tells the limits of a rule apart that are for one signal, by the keys of rule files."""

_UPPER: Final = frozenset({Comparison.ABOVE, Comparison.AT_LEAST})

_Bounds = Mapping[str, tuple[float, float]]

_UPPER_BOUNDS: Final[_Bounds] = {
    "sys": (110, 230),
    "dia": (70, 140),
    "pulse": (80, 200),
    "resp": (15, 40),
    "temperature": (37.0, 41.0),
}
_LOWER_BOUNDS: Final[_Bounds] = {
    "spo2": (70, 100),
    "sys": (60, 120),
    "dia": (30, 80),
    "pulse": (25, 80),
    "resp": (4, 14),
    "temperature": (33.0, 37.0),
}
_CHANGE_BOUNDS: Final[_Bounds] = {"sys": (10, 100), "dia": (5, 60), "spo2": (2, 30)}
"""Where a patient's limit lies, for too much, too little, and a change [default]: beyond it a
rule alarms at what is usual, or is silent at what nobody should be left alone with. A rule whose
own limit lies further out has its own as the bound; another signal has all that can be measured."""


class AmbiguousLimitError(RuleError):
    """A rule has several limits for a signal, and the request does not say which."""


def limit_of(
    rule: Rule, signal: str | None = None, comparison: str | None = None
) -> tuple[str, float]:
    """The signal, and the limit that `rule` has for it; None is the rule's only signal.

    `comparison` is one of `COMPARISONS`, None for the only limit. Raises `RuleError`, in words,
    when there is no such limit, and `AmbiguousLimitError` when there is more than one.
    """
    leaf = _the_leaf(rule, signal, comparison)
    return leaf.signal, _limit(leaf)


def limit_key(rule: Rule, signal: str | None, comparison: str | None) -> LimitKey:
    """Which limit that is, in the fewest words. Raises as `limit_of` does."""
    leaf = _the_leaf(rule, signal, comparison)
    is_one_of_several = len(_for_signal(rule, leaf.signal)) > 1
    return rule.id, leaf.signal, _comparison(leaf) if is_one_of_several else None


def with_limit(rule: Rule, signal: str | None, limit: float, comparison: str | None = None) -> Rule:
    """`rule` with `limit` for `signal` (None: its only one); its text says the limit is set.

    A limit on a rise or a fall is how far. Raises `RuleError` as `limit_of` does, and when the
    limit lies outside what can be measured.
    """
    leaf = _the_leaf(rule, signal, comparison)
    least, most = _measurable(leaf)
    if not least < limit < most:
        raise RuleError(
            f"{rule.id}: a limit for {leaf.signal} is over {least:g} and under {most:g}, "
            f"not {limit:g}"
        )
    condition = _with(rule.condition, leaf, limit)
    shown = any(field in rule.text for field in ("{limit}", f"{{{leaf.signal}_limit}}"))
    mark = SET if shown else f" (limit set for this patient: {limit:g})"
    if len(_for_signal(rule, leaf.signal)) > 1:
        mark = f" (limit set for this patient: {describe(_with(leaf, leaf, limit))})"
    text = rule.text.removesuffix(SET) + mark
    return replace(rule, condition=condition, text=text)


def check_limit(rule: Rule, signal: str | None, limit: float, comparison: str | None) -> None:
    """Raises `RuleError`, with the bounds, when no patient can need such a limit.

    It raises too when the rule would never fire with it, never end, or always be met.
    """
    leaf = _the_leaf(rule, signal, comparison)
    ends = _measurable(leaf)
    least, most = _bounds(leaf)
    if not (least <= limit <= most and ends[0] < limit < ends[1]):
        lower = f"over {least:g}" if least == ends[0] else f"{least:g} or more"
        upper = f"under {most:g}" if most == ends[1] else f"{most:g} or less"
        raise RuleError(
            f"{rule.id}: a limit for {leaf.signal} is {lower} and {upper}, not {limit:g}"
        )
    why = meaningless(with_limit(rule, signal, limit, comparison))
    if why is not None:
        raise RuleError(f"{rule.id}: with a limit of {limit:g} for {leaf.signal} the rule {why}")


@dataclass(frozen=True, slots=True)
class AdjustableLimit:
    """A limit that can be another for one patient, by its `LimitKey`.

    `text` says the condition with the `limit` that is in force; a patient's own lies from
    `least` to `most`. All are in the signal's unit.
    """

    rule: str
    signal: str
    comparison: str | None
    text: str
    limit: float
    least: float
    most: float


def adjustable_limits(rule: Rule, in_force: Rule) -> Iterator[AdjustableLimit]:
    """The limits of `rule` that can be set, as they are `in_force` for the patient."""
    for leaf in _measured(rule):
        which = leaf.signal, _comparison(leaf)
        with suppress(AmbiguousLimitError):
            key = limit_key(rule, *which)
            now = _the_leaf(in_force, *which)
            yield AdjustableLimit(*key, as_plain_language(now), _limit(now), *_bounds(leaf))


def with_patient_limits(rule: Rule, own: Mapping[LimitKey, float]) -> Rule:
    """`rule` with the limits that a patient has of their `own`.

    Raises `RuleError`, in words, when the rule was changed since and has no such limit.
    """
    changed = rule
    for (of, signal, comparison), limit in own.items():
        if of == rule.id:
            changed = with_limit(changed, signal, limit, comparison)
    return changed


Measured = Limit | Rise | Fall


def _the_leaf(rule: Rule, signal: str | None, comparison: str | None) -> Measured:
    if not _measured(rule):
        raise RuleError(f"{rule.id} is about a device and has no limit")
    named = signals_in(rule.condition)
    if signal is None and len(named) > 1:
        raise RuleError(f"{rule.id} looks at {', '.join(named)}; say which")
    found = _for_signal(rule, signal)
    if not found:
        raise RuleError(f"{rule.id} does not look at {signal}; it looks at {', '.join(named)}")
    of_these = [leaf for leaf in found if comparison in (None, _comparison(leaf))]
    if len(of_these) == 1:
        return of_these[0]
    every = ", ".join(f"{_comparison(leaf)} {_limit(leaf):g}" for leaf in found)
    several = f"{rule.id} has several limits for {found[0].signal}: {every}"
    if comparison is None:
        raise AmbiguousLimitError(f"{several}; say which by its comparison")
    if of_these:
        raise AmbiguousLimitError(f"{several}; none can be set")
    raise AmbiguousLimitError(f"{rule.id} has no limit {comparison} for {found[0].signal}: {every}")


def _measured(rule: Rule) -> list[Measured]:
    return [leaf for leaf in leaves(rule.condition) if not isinstance(leaf, TechnicalCondition)]


def _for_signal(rule: Rule, signal: str | None) -> list[Measured]:
    return [leaf for leaf in _measured(rule) if signal in (None, leaf.signal)]


def _comparison(leaf: Measured) -> str:
    match leaf:
        case Limit(comparison=comparison):
            return comparison.value
        case Rise():
            return RISES
        case Fall():
            return FALLS


def _measurable(leaf: Measured) -> tuple[float, float]:
    least, most = RANGES[leaf.signal]
    return (least, most) if isinstance(leaf, Limit) else (0, most - least)


def _bounds(leaf: Measured) -> tuple[float, float]:
    if not isinstance(leaf, Limit):
        bounds = _CHANGE_BOUNDS
    else:
        bounds = _UPPER_BOUNDS if leaf.comparison in _UPPER else _LOWER_BOUNDS
    least, most = bounds.get(leaf.signal) or _measurable(leaf)
    return min(least, _limit(leaf)), max(most, _limit(leaf))


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
