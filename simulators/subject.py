"""What a device is connected to: somebody, or a recording of somebody, with vital signs.

Only the shape of it: who they are is `patient` and `record`.
"""

from dataclasses import dataclass
from typing import Protocol


class SimulationError(Exception):
    """What was asked of the simulators cannot be done; the message says how to mend it."""


@dataclass(frozen=True, slots=True)
class Vitals:
    """One moment of a subject. `None` is not known, never zero.

    `perfusion` is the strength of the pulse at the finger, 0 (none) to 1.
    """

    spo2_pct: float | None = None
    pulse_per_min: float | None = None
    sys_mmhg: float | None = None
    dia_mmhg: float | None = None
    map_mmhg: float | None = None
    perfusion: float = 0.6
    cadss: int | None = None
    moaas: int | None = None


class Subject(Protocol):
    """Who the devices of one bed measure. Times are simulated seconds since the start."""

    def at(self, t_s: float) -> Vitals:
        """The vital signs at `t_s`; the same whenever and however often it is asked."""

    def script_s(self, t_s: float) -> float | None:
        """`t_s` on the clock that a scenario's times are given in; `None`: not begun."""
