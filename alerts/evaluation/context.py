"""What the rules at one bed can see at one moment, and the names of what can change."""

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Final

from alerts.evaluation.conditions import Values

ConditionAt = tuple[str, str | None]
"""A technical condition by name, and the device that has it; None stands for the bed."""

Signal = str | ConditionAt
"""What can change: a signal by name, or a technical condition."""

MINUTE: Final = "minute"
"""Changes once a minute of a session, for the rules that begin so long after the dose."""


DOSING: Final = "dosing"
"""Changes when the first dose is given, and when the last one has been."""


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """What the rules can see now.

    `event_number` is the number of the bed's last event. `conditions` holds the technical
    conditions that are present, with the reason for each, and `unknown_conditions` those of
    which nobody can say now whether they are. `minutes` is the time since the first dose,
    None before it, `minutes_since_last` the time since the last, None while an infusion runs,
    and `is_dosing` whether the drug is being given. `words` are fields of texts
    that are no numbers. `signals_lost` says which signals nobody gives because of a technical
    condition.
    """

    bed: str
    event_number: int
    session: str | None
    values: Values
    baseline: Mapping[str, float]
    conditions: Mapping[ConditionAt, str]
    unknown_conditions: AbstractSet[ConditionAt]
    minutes: float | None
    signals_lost: Callable[[ConditionAt], AbstractSet[str]] = lambda _: frozenset()
    is_dosing: bool = False
    minutes_since_last: float | None = None
    words: Mapping[str, str] = field(default_factory=dict)
