"""What a valid rule set may still have wrong: rules that never fire, never end, or add nothing.

Pure. A condition is taken as a list of alternatives, each of which holds every signal that
it names between two values.
"""

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import permutations, product
from typing import Final

from alerts.rules.condition_text import describe
from alerts.rules.loader import ParsedRuleSet
from alerts.rules.model import (
    AllOf,
    AnyOf,
    Comparison,
    Condition,
    Fall,
    Kind,
    Leaf,
    Limit,
    Rise,
    Rule,
    TechnicalCondition,
    leaves,
    signals_in,
)
from alerts.rules.toml_positions import suggest
from alerts.rules.vocabulary import BASELINES, DEVICE_ONLY, RANGES
from drivers.readings import Vital

DAY_S: Final = 86_400.0
"""No session lasts so long."""

_VITALS: Final = frozenset(Vital)

_STEPS: Final = {"temperature": 0.1, "perfusion": 0.01}
"""How finely a signal is given, where it is not in whole numbers."""

Span = tuple[float, float]
"""The least and the most a signal can be, both included, in steps of that signal."""

Alternative = tuple[Leaf, ...]


class Severity(StrEnum):
    """How bad a finding is, as it is printed. What has a fault is not to be used."""

    OK = "ok"
    NOTE = "note"
    WARNING = "warn"
    FAULT = "FAIL"


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing to know of a rule set, with the file and the line it is about."""

    level: Severity
    message: str


Found = tuple[Rule, Severity, str]


def lint_rules(draft: ParsedRuleSet, given: Collection[str] | None = None) -> list[Finding]:
    """All there is to say of the set in `draft`.

    `given` are the signals that a site's devices give, None where the site is not known.
    """
    rules = draft.rules
    if rules is None:
        return [Finding(Severity.FAULT, fault) for fault in draft.faults]
    own = [rule for rule in rules.rules if rule.id in draft.places]
    found: list[Found] = [(rule, *what) for rule in own for what in _of_rule(rule)]
    if given is not None:
        found += _not_given(rules.rules, given)
    found += [
        (rule, Severity.FAULT, fault) for rule in own for fault in _takes_wrongly(rule, rules.rules)
    ]
    found += _overlaps(rules.rules, draft.places)
    if (base := draft.base) is not None:
        before = {rule.id: rule for rule in base.rules}
        found += [
            (rule, Severity.NOTE, f"replaces {describe(before[rule.id].condition)} of {base.name}")
            for rule in own
            if rule.id in before
        ]
    return [
        Finding(level, f"{draft.at(draft.places.get(rule.id, ()))}: rule {rule.id}: {message}")
        for rule, level, message in found
    ]


# ── one rule ────────────────────────────────────────────────────────────────────────────


def _of_rule(rule: Rule) -> Iterator[tuple[Severity, str]]:
    fires = _can_fire(rule)
    impossible = [leaf for leaf in leaves(rule.condition) if not _is_possible((leaf,))]
    for leaf in impossible:
        yield (
            Severity.WARNING if fires else Severity.FAULT,
            f"{describe(leaf)} never is: {_why(leaf)}",
        )
    if not fires and not impossible:
        yield Severity.FAULT, "its conditions are never met together, so it can never fire"
    for key in ("for_s", "confirm_within_s", "after_min", "after_last_dose_min", "clear_for_s"):
        seconds = (getattr(rule, key) or 0.0) * (60 if key.endswith("_min") else 1)
        if seconds >= DAY_S:
            never = "end" if key == "clear_for_s" else "fire"
            yield Severity.FAULT, f"{key} is a day or more, so it can never {never}"
    if _is_always_met(rule):
        yield Severity.WARNING, "is met by every value there can be"
    elif fires and not _can_end(rule):
        yield (
            Severity.FAULT,
            f"clear_margin = {rule.clear_margin:g} is beyond all values, so it can never end",
        )


def meaningless(rule: Rule) -> str | None:
    """Why the rule says nothing, as what it does: it never fires or ends, or always is met."""
    if not _can_fire(rule):
        return "can never fire"
    if _is_always_met(rule):
        return "is met by every value there can be"
    return None if _can_end(rule) else "can never end"


def _can_fire(rule: Rule) -> bool:
    return any(map(_is_possible, _alternatives(rule.condition)))


def _is_always_met(rule: Rule) -> bool:
    return any(map(_is_certain, _alternatives(rule.condition)))


def _can_end(rule: Rule) -> bool:
    ends = overridden(rule.condition, rule.clear_margin)
    return any(map(_is_possible, _alternatives(ends)))


def _why(leaf: Leaf) -> str:
    assert not isinstance(leaf, TechnicalCondition)
    least, most = RANGES[leaf.signal]
    return _unseen(leaf) or f"{leaf.signal} goes from {least:g} to {most:g}"


def _unseen(leaf: Leaf) -> str | None:
    """Why nothing can show whether it is so; None when something can."""
    match leaf:
        case Fall(within_s=0):
            return "within_s = 0 leaves no time to fall in"
        case Fall(signal=signal) if signal not in _VITALS:
            return f"what falls is seen in what devices give, and {signal} comes from people"
        case Rise(signal=signal) if signal not in BASELINES:
            return f"a baseline is taken of {', '.join(BASELINES)} and not of {signal}"
        case _:
            return None


def overridden(condition: Condition, margin: float) -> Condition:
    """What has to be so for an alarm on `condition` to end, with so much hysteresis."""
    match condition:
        case AnyOf(parts):
            return AllOf(tuple(overridden(part, margin) for part in parts))
        case AllOf(parts):
            return AnyOf(tuple(overridden(part, margin) for part in parts))
        case Limit(signal, Comparison.ABOVE, limit):
            return Limit(signal, Comparison.AT_MOST, limit - margin)
        case Limit(signal, Comparison.BELOW, limit):
            return Limit(signal, Comparison.AT_LEAST, limit + margin)
        case Limit(signal, Comparison.AT_LEAST, limit):
            ends = Comparison.AT_MOST if margin else Comparison.BELOW
            return Limit(signal, ends, limit - margin)
        case Limit(signal, Comparison.AT_MOST, limit):
            ends = Comparison.AT_LEAST if margin else Comparison.ABOVE
            return Limit(signal, ends, limit + margin)
        case Fall(_, by, _) if margin > by:
            return AnyOf(())
        case _:
            return AllOf(())


# ── two rules ───────────────────────────────────────────────────────────────────────────


def _not_given(rules: Sequence[Rule], given: Collection[str]) -> Iterator[Found]:
    lacking = DEVICE_ONLY - set(given)
    for rule in rules:
        needed = [
            lacking & set(_signals(way)) | _falling(way) - set(given)
            for way in _alternatives(rule.condition)
        ]
        if all(needed):
            names = " and ".join(sorted(set().union(*needed)))
            yield rule, Severity.WARNING, f"no device here gives {names}, so it can never fire"


def _takes_wrongly(rule: Rule, rules: Sequence[Rule]) -> Iterator[str]:
    """Why `rule` cannot take what it says: only what is less grave, and of its own signals."""
    by_id = {one.id: one for one in rules}
    for name in rule.takes:
        less = by_id.get(name)
        if less is None:
            yield f"takes {name}, and there is no such rule; {suggest(name, by_id)}"
        elif less.kind is Kind.TECHNICAL:
            yield f"takes {name}: a technical alarm is never acknowledged with one of the patient"
        elif less.priority > rule.priority:
            yield f"takes {name}, which is more urgent"
        elif {*signals_in(less.condition)}.isdisjoint(signals_in(rule.condition)):
            yield f"takes {name}, which looks at nothing that it looks at"


def _overlaps(rules: Sequence[Rule], own: Collection[str]) -> Iterator[Found]:
    told: set[str] = set()
    for less, more in permutations(reversed(rules), 2):
        if less.id in told or not {less.id, more.id} & set(own) or more.id in told:
            continue
        if _is_redundant(less, more):
            told.add(less.id)
            if less.id in own:
                yield less, Severity.WARNING, f"adds nothing to rule {more.id}"
            else:
                yield more, Severity.WARNING, f"leaves rule {less.id} nothing to add"


def _is_redundant(less: Rule, more: Rule) -> bool:
    """Whether `less` is met only when `more` is, and then is no sooner and no louder."""
    return (
        _loudness(less) <= _loudness(more)
        and (less.worsens_to or less.priority) <= (more.worsens_to or more.priority)
        and more.latching >= less.latching
        and more.in_session <= less.in_session
        and _begins(more) <= _begins(less)
        and _no_sooner(less, more)
        and set(signals_in(less.condition)) <= set(signals_in(more.condition))
        and all(
            any(_implies(way, wider) for wider in _alternatives(more.condition))
            for way in _alternatives(less.condition)
        )
    )


def _begins(rule: Rule) -> float:
    """After so many minutes from the first dose; one without `after_min` before it."""
    return -math.inf if rule.after_min is None else rule.after_min


def _loudness(rule: Rule) -> tuple[bool, int]:
    return rule.kind is not Kind.ADVISORY, rule.priority


def _no_sooner(less: Rule, more: Rule) -> bool:
    soonest = less.for_s if less.confirm_after_s is None else less.confirm_after_s
    if more.confirm_after_s is None:
        return soonest >= more.for_s
    if less.confirm_after_s is None:
        return soonest >= more.confirm_within_s
    return soonest >= more.confirm_after_s and less.confirm_within_s >= more.confirm_within_s


def _implies(way: Alternative, wider: Alternative) -> bool:
    return all(_includes(leaf, way) for leaf in wider)


def _includes(wide: Leaf, way: Alternative) -> bool:
    match wide:
        case Limit(unless_told=True):
            return wide in way
        case Limit(signal):
            least, most = _spans(way).get(signal, (-math.inf, math.inf))
            low, high = _span(wide)
            return low <= least and most <= high
        case Rise(signal, by):
            return any(isinstance(p, Rise) and p.signal == signal and p.at_least >= by for p in way)
        case Fall(signal, by, within_s):
            return any(
                isinstance(p, Fall) and p.signal == signal and p.of >= by and p.within_s <= within_s
                for p in way
            )
        case TechnicalCondition():
            return wide in way


# ── spans ───────────────────────────────────────────────────────────────────────────────


def _alternatives(condition: Condition) -> list[Alternative]:
    match condition:
        case AnyOf(parts):
            return [way for part in parts for way in _alternatives(part)]
        case AllOf(parts):
            ways = product(*(_alternatives(part) for part in parts))
            return [tuple(leaf for part in way for leaf in part) for way in ways]
        case _:
            return [(condition,)]


def _signals(way: Alternative) -> Iterator[str]:
    return (leaf.signal for leaf in way if not isinstance(leaf, TechnicalCondition))


def _falling(way: Alternative) -> set[str]:
    return {leaf.signal for leaf in way if isinstance(leaf, Fall)}


def _is_possible(way: Alternative) -> bool:
    return not any(map(_unseen, way)) and all(least <= most for least, most in _spans(way).values())


def _is_certain(way: Alternative) -> bool:
    limits_alone = all(isinstance(leaf, Limit) for leaf in way)
    return limits_alone and _spans(way) == {name: _range(name) for name in _signals(way)}


def _spans(way: Alternative) -> Mapping[str, Span]:
    spans: dict[str, Span] = {}
    for leaf in way:
        if not isinstance(leaf, TechnicalCondition):
            least, most = spans.get(leaf.signal, _range(leaf.signal))
            low, high = _span(leaf)
            spans[leaf.signal] = max(least, low), min(most, high)
    return spans


def _range(signal: str) -> Span:
    least, most = RANGES[signal]
    return _steps(signal, least), _steps(signal, most)


def _span(leaf: Limit | Rise | Fall) -> Span:
    match leaf:
        case Limit(signal, Comparison.ABOVE, limit):
            return math.floor(_steps(signal, limit)) + 1, math.inf
        case Limit(signal, Comparison.AT_LEAST, limit):
            return math.ceil(_steps(signal, limit)), math.inf
        case Limit(signal, Comparison.BELOW, limit):
            return -math.inf, math.ceil(_steps(signal, limit)) - 1
        case Limit(signal, _, limit):
            return -math.inf, math.floor(_steps(signal, limit))
        case Rise(signal, by):
            return math.ceil(_steps(signal, RANGES[signal][0] + by)), math.inf
        case Fall(signal, by, _):
            return -math.inf, math.floor(_steps(signal, RANGES[signal][1] - by))


def _steps(signal: str, value: float) -> float:
    return round(value / _STEPS.get(signal, 1), 6)
