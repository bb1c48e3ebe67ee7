"""What simulated cuffs share: one inflation and the way down in steps.

What a device calls an error, and how it says so, is its own matter.
"""

from dataclasses import dataclass

from simulators.faults import Faults
from simulators.vitals import Vitals, VitalsSource

CUFF_LEAK = "cuff-leak"

_PUMP_MMHG_PER_S = 15.0
_STEP_S = 1.5
_LEAK_MMHG, _LEAK_S = 55.0, 20.0
_EVERY_S = 60.0


@dataclass(frozen=True, slots=True)
class Size:
    """How far a cuff of this size is first inflated, and by how much each step lets it down."""

    inflate_mmhg: float
    step_mmhg: float


ADULT, PAEDIATRIC, NEONATE = Size(180.0, 8.0), Size(140.0, 6.0), Size(90.0, 4.0)


@dataclass(frozen=True, slots=True)
class Inflation:
    """One inflation and the way down in steps; all of it is fixed when it begins."""

    began_s: float
    peak_mmhg: float
    until_mmhg: float
    step_mmhg: float
    leaks: bool
    vitals: Vitals

    @property
    def rise_s(self) -> float:
        """How long the pump runs."""
        return self.peak_mmhg / _PUMP_MMHG_PER_S

    @property
    def ends_s(self) -> float:
        """When the result is there."""
        if self.leaks:
            return self.began_s + _LEAK_S
        steps = int((self.peak_mmhg - self.until_mmhg) / self.step_mmhg) + 1
        return self.began_s + self.rise_s + steps * _STEP_S

    def cuff_mmhg(self, now_s: float) -> int:
        """The pressure in the cuff at `now_s`."""
        into_s = now_s - self.began_s
        if into_s < self.rise_s:
            return round(into_s * _PUMP_MMHG_PER_S)
        if self.leaks:
            return round(self.peak_mmhg)
        return round(self.peak_mmhg - int((into_s - self.rise_s) / _STEP_S) * self.step_mmhg)


def inflate(now_s: float, size: Size, vitals: Vitals, *, leaks: bool = False) -> Inflation:
    """A cuff that begins to inflate: over the systolic, and down to under the diastolic."""
    peak_mmhg = size.inflate_mmhg
    until_mmhg = 40.0
    if vitals.sys_mmhg is not None and vitals.dia_mmhg is not None:
        if vitals.sys_mmhg + 15 > peak_mmhg:
            peak_mmhg = vitals.sys_mmhg + 30
        until_mmhg = max(20.0, vitals.dia_mmhg - 15)
    if leaks:
        peak_mmhg = _LEAK_MMHG
    return Inflation(now_s, peak_mmhg, until_mmhg, size.step_mmhg, leaks, vitals)


class AutomaticCuff:
    """A cuff that measures once a minute by itself, looked at whenever its monitor says something.

    `vitals` are those of the last measurement, without pressures where it failed; `ended_s` is when
    the last one that gave some ended.
    """

    def __init__(self, source: VitalsSource, faults: Faults) -> None:
        self.ended_s: float | None = None
        self.vitals = Vitals()
        self._source = source
        self._faults = faults
        self._next_s = 0.0
        self._inflation: Inflation | None = None

    def measuring(self, at_s: float) -> bool:
        """Whether it measures at `at_s`, with all that came before carried out."""
        while True:
            if self._inflation is None:
                if self._next_s > at_s:
                    return False
                self._begin(self._next_s)
            inflation = self._inflation
            assert inflation is not None
            if inflation.ends_s > at_s:
                return True
            self._end(inflation)

    def _begin(self, at_s: float) -> None:
        leaks = self._faults.active(CUFF_LEAK, at_s)
        self._inflation = inflate(at_s, ADULT, self._source.at(at_s), leaks=leaks)
        self._next_s = at_s + _EVERY_S

    def _end(self, inflation: Inflation) -> None:
        self._inflation = None
        self.vitals = Vitals() if inflation.leaks else inflation.vitals
        if self.vitals.sys_mmhg is not None:
            self.ended_s = inflation.ends_s
