"""How much worse a signal is than it was, by the limits of the rule that looks at it. Pure.

What an alarm makes of it is in `alerts.evaluation.rule_instance`.
"""

import math
from collections.abc import Mapping

from alerts.evaluation.conditions import Value, Verdict, judge
from alerts.rules import LOWER_IS_WORSE, Comparison, Fall, Leaf, Limit, Rule, leaves

Values = Mapping[str, float]


def worst_of(rule: Rule, seen: Values, before: Values) -> dict[str, float]:
    """The worse of each signal's values, of those signals that `rule` has a `worse_by` for."""
    found: dict[str, float] = {}
    for name in rule.worse_by:
        values = [values[name] for values in (before, seen) if name in values]
        if values:
            was, value = values[0], values[-1]
            found[name] = value if _worse_by(rule, name, value, was) > 0 else was
    return found


def is_worse(rule: Rule, seen: Values, than: Values) -> bool:
    """Whether a signal is worse than it was, by as much as `rule` asks for."""
    return any(
        name in seen and name in than and _worse_by(rule, name, seen[name], than[name]) >= amount
        for name, amount in rule.worse_by.items()
    )


def _worse_by(rule: Rule, name: str, value: float, than: float) -> float:
    """By how much: by falling or by rising, as the rule's limits lie.

    Where they lie on both sides it goes by those that are met, and nothing is worse where
    none is.
    """
    mine = [leaf for leaf in leaves(rule.condition) if _signal(leaf) == name]
    if len({*map(_is_low, mine)}) > 1:
        mine = [leaf for leaf in mine if _is_met(leaf, name, value)]
    match [*{*map(_is_low, mine)}]:
        case []:
            return -math.inf
        case [falls]:
            return than - value if falls else value - than
        case _:
            return than - value if name in LOWER_IS_WORSE else value - than


def _is_met(leaf: Leaf, name: str, value: float) -> bool:
    return judge(leaf, {name: Value(value, 0.0)}, {}, 0.0) is Verdict.MET


def _signal(leaf: Leaf) -> str | None:
    return getattr(leaf, "signal", None)


def _is_low(leaf: Leaf) -> bool:
    match leaf:
        case Limit(_, comparison, _):
            return comparison in (Comparison.BELOW, Comparison.AT_MOST)
        case _:
            return isinstance(leaf, Fall)
