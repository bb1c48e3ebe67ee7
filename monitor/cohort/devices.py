"""What a simulated patient's devices say, as items of the drivers' vocabulary."""

from collections.abc import Iterable
from functools import cache
from random import Random
from typing import Final

import numpy as np

from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Measurement,
    MeasurementFailed,
    Reading,
    Vital,
)
from simulators.faults import Fault
from simulators.oximetry import ARTEFACT, FINGER_OFF
from simulators.population import Person
from simulators.vital_trends import vital_trends

READING_S: Final = 5
"""How often the oximeter is read."""

CUFF_S: Final = (28.0, 45.0)
CUFF_FAILS: Final = 0.03
"""How long the cuff takes, and the share of its measurements that give nothing [ours]."""

_FLAGS: Final = {ARTEFACT: frozenset({Flag.ARTEFACT}), None: frozenset[Flag]()}


class VitalSigns:
    """A patient's vital signs and scores in whole units, until `last_s`.

    `zero_s` is when the effect begins, None for no effect; times are seconds of the stay.
    """

    def __init__(self, person: Person, zero_s: float | None, last_s: float) -> None:
        times = np.arange(0.0, last_s + READING_S, READING_S)
        seen = vital_trends([person], times, zero_s)
        self._spo2: list[float] = np.rint(seen.spo2_pct[0]).tolist()
        self._pulse: list[float] = np.rint(seen.pulse_per_min[0]).tolist()
        self._sys: list[float] = np.rint(seen.sys_mmhg[0]).tolist()
        self._dia: list[float] = np.rint(seen.dia_mmhg[0]).tolist()
        self._totals: dict[str, list[int]] = {
            "cadss": seen.cadss[0].tolist(),
            "moaas": seen.moaas[0].tolist(),
        }

    def saturation(self, t_s: float, fault: str | None) -> Measurement:
        """What the oximeter reads, the finger being in it."""
        place = _place(t_s)
        return _saturation(self._spo2[place], self._pulse[place], fault)

    def pressure(self, t_s: float) -> Measurement:
        """What the cuff measures."""
        place = _place(t_s)
        sys, dia = self._sys[place], self._dia[place]
        vitals = (
            (Vital.SYS, sys),
            (Vital.DIA, dia),
            (Vital.MAP, float(round(dia + (sys - dia) / 3.0))),
            (Vital.PULSE, self._pulse[place]),
        )
        return Measurement(tuple(Reading(vital, value) for vital, value in vitals))

    def total(self, scale: str, t_s: float) -> int:
        """What a score on that scale comes to."""
        return self._totals[scale][_place(t_s)]


def _place(t_s: float) -> int:
    return int(t_s) // READING_S


@cache
def _saturation(spo2: float, pulse: float, fault: str | None) -> Measurement:
    return Measurement((Reading(Vital.SPO2, spo2), Reading(Vital.PULSE, pulse)), _FLAGS[fault])


_NO_FINGER: Final = Measurement(
    (Reading(Vital.SPO2, None), Reading(Vital.PULSE, None)), frozenset({Flag.SENSOR_OFF})
)


class Oximeter:
    """The oximeter and the finger in it, which slips out and stays out until it is put back.

    `blind_s` are the stretches, in seconds, in which it gave no saturation.
    """

    def __init__(self, faults: Iterable[Fault]) -> None:
        self._faults = list(faults)
        self._off = False
        self._seen_at_s = 0.0
        self.blind_s: list[float] = []

    def reads(self, course: VitalSigns, t_s: float, zero_s: float | None) -> Measurement:
        """What it says at `t_s`; faults come so long after `zero_s`."""
        kind = None
        if zero_s is not None and self._faults:
            kind = next((f.name for f in self._faults if f.covers(t_s - zero_s)), None)
        self._off = kind == FINGER_OFF
        if self._off:
            return _NO_FINGER
        if t_s - self._seen_at_s > READING_S:
            self.blind_s.append(t_s - self._seen_at_s)
        self._seen_at_s = t_s
        return course.saturation(t_s, kind)

    def put_back(self) -> None:
        """Somebody puts the finger back, if it is out."""
        if self._off:
            self._faults = [f for f in self._faults if f.name != FINGER_OFF]


class Cuff:
    """The cuff, which takes a while and sometimes finds nothing."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self._answers_at_s: float | None = None

    @property
    def state(self) -> CuffState:
        """What it is doing."""
        busy = self._answers_at_s is not None
        return CuffState(CuffPhase.MEASURING if busy else CuffPhase.IDLE)

    def starts(self, t_s: float) -> None:
        """It is asked to measure."""
        self._answers_at_s = t_s + self._random.uniform(*CUFF_S)

    def answers(self, course: VitalSigns, t_s: float) -> Measurement | MeasurementFailed | None:
        """What it has found by `t_s`, once; None while there is nothing to say."""
        if self._answers_at_s is None or t_s < self._answers_at_s:
            return None
        self._answers_at_s = None
        if self._random.random() < CUFF_FAILS:
            return MeasurementFailed(Flag.MEASUREMENT_FAILED, "weak oscillations", 1)
        return course.pressure(t_s)
