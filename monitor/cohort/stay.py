"""What is known of one simulated patient afterwards."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

CHECKED_MIN: Final = {90: 95.0, 120: 125.0}
"""A check's minute, and when its tolerance is over: what holds then, held at that check."""


@dataclass(frozen=True, slots=True)
class NotedAlarm:
    """An alarm that went off: raised, raised again, or more urgent than before.

    `acted` is whether it still asked for more than a look when the nurse came.
    """

    rule: str
    kind: str
    priority: str
    acted: bool = False


@dataclass(slots=True)
class SimulatedSession:
    """What is known of one patient afterwards.

    Minutes count from the last dose, or an infusion's start. `pressures` are minute, systolic
    and diastolic, `scores` scale, minute and total. `ready_min` is the first minute in which
    every criterion held but the window and the escort; `unmet` names those that did not at
    the checks of `CHECKED_MIN`. `called_again` is how often an alarm that nobody had
    taken did; `blind_s` are the stretches in which no saturation was seen.
    """

    age: int
    baseline: Mapping[str, float] = field(default_factory=dict)
    pressures: list[tuple[float, float, float]] = field(default_factory=list)
    scores: list[tuple[str, float, int]] = field(default_factory=list)
    ready_min: float | None = None
    unmet: dict[int, tuple[str, ...]] = field(default_factory=dict)
    alarms: list[NotedAlarm] = field(default_factory=list)
    called_again: int = 0
    blind_s: list[float] = field(default_factory=list)
    hours: float = 0.0
    left_min: float | None = None
    end: str = ""
