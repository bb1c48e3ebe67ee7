"""Whether a condition is met by the values at hand: pure, and three-valued.

Loss of data is neither met nor clear. A rule that cannot see says so (`UNKNOWN`), so that
nothing downstream can take silence for health.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Final

from alerts.rules import AllOf, AnyOf, Comparison, Condition, Fall, Limit, Rise


class Verdict(Enum):
    """What a condition says of the present values.

    `NEAR` is no longer met, and not yet far enough from the limit to end an alarm.
    """

    MET = "met"
    NEAR = "near"
    CLEAR = "clear"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Value:
    """A signal's value; only what says of when and whom it is, and what was before, ever changes.

    `at` is when it was taken last, in monotonic seconds, and `by_hand` whether a person typed
    it. `highest` gives the highest value since a moment, for signals that a `Fall` names, and
    `is_told` whether alarms of the signals that it is made of say as much.
    """

    value: float
    at: float
    highest: Callable[[float], float] | None = None
    by_hand: bool = False
    is_told: Callable[[], bool] | None = None


Values = Mapping[str, Value]
"""The signals that can be judged now: one that is missing or stale is absent."""

_MET: Final[Mapping[Comparison, Callable[[float, float], bool]]] = {
    Comparison.ABOVE: lambda value, limit: value > limit,
    Comparison.BELOW: lambda value, limit: value < limit,
    Comparison.AT_LEAST: lambda value, limit: value >= limit,
    Comparison.AT_MOST: lambda value, limit: value <= limit,
}


def judge(
    condition: Condition, values: Values, baseline: Mapping[str, float], margin: float
) -> Verdict:
    """What `condition` says of `values`, given the signals' values at `baseline`."""
    match condition:
        case Limit(signal, comparison, limit):
            if (seen := values.get(signal)) is None:
                return Verdict.UNKNOWN
            verdict = _against(seen.value, limit, comparison, margin)
            if verdict is Verdict.MET and condition.unless_told and seen.is_told is not None:
                return Verdict.NEAR if seen.is_told() else verdict
            return verdict
        case Rise(signal, at_least):
            if (seen := values.get(signal)) is None:
                return Verdict.UNKNOWN
            before = baseline.get(signal, condition.baseline_if_unknown)
            if before is None:
                return _without_baseline(seen.value, at_least, margin)
            return _against(seen.value - before, at_least, Comparison.AT_LEAST, margin)
        case Fall(signal, of, within_s):
            if (seen := values.get(signal)) is None or seen.highest is None:
                return Verdict.UNKNOWN
            return _against(
                seen.highest(seen.at - within_s) - seen.value, of, Comparison.AT_LEAST, margin
            )
        case AnyOf(parts):
            return _any({judge(part, values, baseline, margin) for part in parts})
        case AllOf(parts):
            return _all({judge(part, values, baseline, margin) for part in parts})
    raise TypeError(f"{condition!r} is not judged by values")


def _against(value: float, limit: float, comparison: Comparison, margin: float) -> Verdict:
    if _MET[comparison](value, limit):
        return Verdict.MET
    return Verdict.CLEAR if abs(value - limit) >= margin else Verdict.NEAR


def _without_baseline(value: float, at_least: float, margin: float) -> Verdict:
    """No signal goes below 0, so it has risen by its whole value at most."""
    most = _against(value, at_least, Comparison.AT_LEAST, margin)
    return Verdict.CLEAR if most is Verdict.CLEAR else Verdict.UNKNOWN


def _any(verdicts: set[Verdict]) -> Verdict:
    for verdict in (Verdict.MET, Verdict.UNKNOWN, Verdict.NEAR):
        if verdict in verdicts:
            return verdict
    return Verdict.CLEAR


def _all(verdicts: set[Verdict]) -> Verdict:
    for verdict in (Verdict.CLEAR, Verdict.UNKNOWN, Verdict.NEAR):
        if verdict in verdicts:
            return verdict
    return Verdict.MET
