"""A simulated nurse: what she decides to do at one bed, and how soon. No clock of her own.

She takes each alarm, does each check that is due, and scores or measures again what keeps
the patient from leaving. What she has decided waits in her list; `due` gives what is ripe.
"""

import math
from collections.abc import Iterable, Iterator
from enum import Enum
from heapq import heappop, heappush
from random import Random
from typing import Final

from alerts.alarm import Alarm, State
from alerts.rules import SCORES, Priority
from monitor.session import CheckKind, CheckState, Criterion, PlannedCheck


class Task(Enum):
    """What she can have decided to do."""

    TAKE_ALARM = "take-alarm"
    SCORE = "score"
    OBSERVE = "observe"
    ASK = "ask"
    MEASURE = "measure"
    PREPARE = "prepare"
    DOSE = "dose"
    END_INFUSION = "end-infusion"
    PAUSE_INFUSION = "pause-infusion"
    RESUME_INFUSION = "resume-infusion"
    WRITE_UP = "write-up"
    STOP_CUFF = "stop-cuff"
    ALLOW_CUFF = "allow-cuff"
    MEASURE_BY_HAND = "measure-by-hand"
    ABORT = "abort"
    CLOSE = "close"


REACTION_S: Final = {Priority.HIGH: 20.0, Priority.MEDIUM: 45.0, Priority.LOW: 90.0}
CHECK_S: Final = 60.0
"""She is there in half of the cases so soon after an alarm, or after a check is due [ours]."""

SPREAD: Final = 0.6
CHECK_MOST_S: Final = 240.0
"""The spread of those times, as a logarithm, and when every check is done at the latest [ours]."""

AGAIN_MIN: Final = {
    "cadss": 15.0,
    "moaas": 15.0,
    "pressure-near-baseline": 10.0,
    "discharge-checks": 15.0,
}
"""How long after the last time she looks again at a criterion that is not met [guidance; ours]."""

MENDS: Final = frozenset({"tech.sensor-off", "tech.cuff-failed", "check.overdue"})


def needs_intervention(alarm: Alarm) -> bool:
    """Whether an alarm she comes to still asks for more than a look.

    It does when its condition is still there and it is of medium priority or more, or a
    thing that she can put right.
    """
    serious = alarm.priority >= Priority.MEDIUM or alarm.rule in MENDS
    return alarm.state is State.ACTIVE and serious


def task_of(check: CheckKind) -> Task:
    """What she does for a check that is no pressure."""
    return Task.OBSERVE if check is CheckKind.RESP else Task.SCORE


class Nurse:
    """One nurse at one bed; times are seconds since she began."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._tasks: list[tuple[float, int, Task, str]] = []
        self._decided = 0
        self._again_at: dict[str, float] = {}
        self._promised: set[str] = set()

    def decides(self, task: Task, at_s: float, what: str = "") -> None:
        """She will do `task` at `at_s`; `what` is the alarm, the scale or the symptom."""
        self._decided += 1
        heappush(self._tasks, (at_s, self._decided, task, what))

    def due(self, t_s: float) -> Iterator[tuple[Task, str]]:
        """What she does by `t_s`, in order."""
        while self._tasks and self._tasks[0][0] <= t_s:
            _, _, task, what = heappop(self._tasks)
            yield task, what

    def hears(self, alarm: Alarm, t_s: float) -> None:
        """An alarm has gone off, or has become more urgent."""
        self.decides(Task.TAKE_ALARM, t_s + self._soon(REACTION_S[alarm.priority]), alarm.id)

    def sees_due(self, planned: Iterable[PlannedCheck], t_s: float) -> None:
        """She looks at what has to be checked; pressures are the cuff's."""
        for item in planned:
            is_due = item.state in (CheckState.DUE, CheckState.OVERDUE)
            if is_due and item.check is not CheckKind.PRESSURE and item.check not in self._promised:
                self._promised.add(item.check)
                after_s = min(self._soon(CHECK_S), CHECK_MOST_S)
                self.decides(task_of(item.check), t_s + after_s, item.check.value)

    def sees_unmet(self, criteria: Iterable[Criterion], t_s: float) -> None:
        """She looks at what keeps the patient from leaving."""
        for criterion in criteria:
            name = criterion.name
            if criterion.met or name not in AGAIN_MIN or t_s < self._again_at.get(name, t_s):
                continue
            self._again_at[name] = t_s + AGAIN_MIN[name] * 60.0
            scales = SCORES if name == "discharge-checks" else [name] if name in SCORES else []
            for scale in scales:
                self.decides(Task.SCORE, t_s + self._soon(CHECK_S), scale)
            if name not in SCORES:
                self.decides(Task.MEASURE, t_s + self._soon(CHECK_S))

    def scored(self, scale: str, t_s: float) -> None:
        """She has scored; she does not have to again for a while."""
        self._promised.discard(scale)
        self._again_at[scale] = t_s + AGAIN_MIN[scale] * 60.0

    def observed(self) -> None:
        """She has counted the breaths."""
        self._promised.discard(CheckKind.RESP)

    def _soon(self, median_s: float) -> float:
        return median_s * math.exp(SPREAD * self._random.gauss(0.0, 1.0))
