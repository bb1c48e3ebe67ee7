"""What is known of one simulated patient afterwards."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Final

from drivers.clock import Instant
from monitor.session import Session, planned_checks

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
    taken did; `blind_s` are the stretches in which no saturation was seen. `checks` counts the
    planned ones by how they stood at the end.
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
    checks: Counter[str] = field(default_factory=Counter)


def note_session(
    stay: SimulatedSession, session: Session, now: Instant, t_s: float, zero_s: float | None
) -> None:
    """Note in `stay` what was recorded of the `session`, which has ended now.

    It took `t_s`; the effect began at `zero_s`, None when there was none, both in seconds of
    the stay.
    """
    stay.hours = t_s / 3600.0
    stay.end = session.phase.value if session.against_criteria is None else "against-criteria"
    stay.checks.update(check.state.value for check in planned_checks(session, now.wall))
    if zero_s is None:
        return
    zero = now.plus(zero_s - t_s).wall
    stay.left_min = (t_s - zero_s) / 60.0
    stay.baseline = session.baseline
    stay.pressures = [
        ((p.at - zero) / timedelta(minutes=1), p.sys, p.dia) for p in session.pressures
    ]
    stay.scores = [(s.scale, (s.at - zero) / timedelta(minutes=1), s.total) for s in session.scores]
