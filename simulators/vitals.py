"""Vital signs, and where a device gets them from: a patient, or a recording of one.

Only the interface: the sources themselves are in `patient` and `numerics`.
"""

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Vitals:
    """The vital signs of one moment. `None` is not known, never zero.

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


class VitalsSource(Protocol):
    """What the devices of one bed measure. Times are simulated seconds since the start."""

    def at(self, t_s: float) -> Vitals:
        """The vital signs at `t_s`; the same whenever and however often it is asked."""

    def script_s(self, t_s: float) -> float | None:
        """`t_s` on the clock that a scenario's times are given in; `None`: not begun."""
