"""What simulated pulse oximeters share: sensing, the pulse, averages and status bits.

How a device counts, rounds and packs them is its own matter.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from simulators.faults import Faults
from simulators.pleth import pleth
from simulators.vitals import Vitals, VitalsSource

FINGER_OFF: Final = "finger-off"
CABLE_OUT: Final = "cable-out"
ARTEFACT: Final = "artefact"
LOW_PERFUSION: Final = "low-perfusion"
NO_PULSE: Final = "no-pulse"
LOW_BATTERY: Final = "low-battery"
FROZEN: Final = "frozen"
"""Faults that an oximeter may declare; `sense` knows what they do to the sensor."""

_NOTHING_REACHES_IT: Final = (FINGER_OFF, CABLE_OUT, NO_PULSE)

_LOW_PERFUSION = 0.03
_SAMPLES_PER_S = 3


class SampledSource:
    """A source that is measured three times a second, however often it is asked."""

    def __init__(self, source: VitalsSource) -> None:
        self._source = source
        self._sample = -1
        self._vitals = Vitals()

    def script_s(self, t_s: float) -> float | None:
        """The source's own."""
        return self._source.script_s(t_s)

    def at(self, t_s: float) -> Vitals:
        """The vital signs at the latest third of a second."""
        sample = int(t_s * _SAMPLES_PER_S)
        if sample != self._sample:
            self._sample = sample
            self._vitals = self._source.at(sample / _SAMPLES_PER_S)
        return self._vitals


def sense(source: VitalsSource, faults: Faults, at_s: float) -> Vitals:
    """What reaches the sensor at `at_s`."""
    if any(faults.active(fault, at_s) for fault in _NOTHING_REACHES_IT):
        return Vitals(perfusion=0.0)
    vitals = source.at(at_s)
    if faults.active(LOW_PERFUSION, at_s):
        return Vitals(vitals.spo2_pct, vitals.pulse_per_min, perfusion=_LOW_PERFUSION)
    return vitals


def pulse_rate(vitals: Vitals) -> float | None:
    """Beats a minute; where a record has a saturation without a pulse, 60 to carry it."""
    if vitals.pulse_per_min:
        return vitals.pulse_per_min
    return None if vitals.spo2_pct is None else 60.0


class PulseWave:
    """The pulse at the sensor, frame by frame.

    After `advance`: `beat` is whether the frame begins a beat, `marked` whether it is one of
    the `marked_frames` that show it, `level` the wave there, 0 to 1, 0.5 without a pulse.
    """

    def __init__(self, frames_per_s: int, marked_frames: int) -> None:
        self.beat = False
        self.marked = False
        self.level = 0.5
        self._frames_per_s = frames_per_s
        self._marked_frames = marked_frames
        self._phase = 0.0
        self._to_mark = 0

    def advance(self, vitals: Vitals, *, frozen: bool = False) -> None:
        """Go one frame further; while it is `frozen` the level stays and no beat comes."""
        if frozen:
            self.beat = self.marked = False
            return
        rate = vitals.pulse_per_min or pulse_rate(vitals)
        self.beat = False
        if rate is None:
            self._to_mark, self.marked, self.level = 0, False, 0.5
            return
        self._phase += rate / 60.0 / self._frames_per_s
        if self._phase >= 1.0:
            self._phase -= 1.0
            self._to_mark = self._marked_frames
            self.beat = True
        self.marked = self._to_mark > 0
        self._to_mark -= self.marked
        self.level = pleth(self._phase, vitals.perfusion)


@dataclass(frozen=True, slots=True)
class Numbers:
    """SpO2 in % and pulse rate in /min as a device gives them; `None` is its own "missing"."""

    spo2: int | None = None
    rate: int | None = None


class BeatAverages:
    """The last eight beats, and means of them; a rate is kept within `rate_per_min`."""

    def __init__(self, rate_per_min: tuple[int, int]) -> None:
        self._beats: deque[Vitals] = deque(maxlen=8)
        self._rate_per_min = rate_per_min
        self._means: dict[int, Numbers] = {}

    def __len__(self) -> int:
        return len(self._beats)

    def add(self, beat: Vitals) -> None:
        """Take in the vital signs at one beat."""
        self._beats.append(beat)
        self._means.clear()

    def clear(self) -> None:
        """Forget all beats."""
        self._beats.clear()
        self._means.clear()

    def over(self, count: int) -> Numbers:
        """The mean of the last `count` beats; missing until there are so many."""
        if count not in self._means:
            self._means[count] = self._mean_over(count)
        return self._means[count]

    def _mean_over(self, count: int) -> Numbers:
        if len(self._beats) < count:
            return Numbers()
        last = list(self._beats)[-count:]
        spo2 = _mean([beat.spo2_pct for beat in last])
        rate = _mean([beat.pulse_per_min for beat in last])
        if rate is not None:
            lowest, highest = self._rate_per_min
            rate = min(max(rate, lowest), highest)
        return Numbers(spo2, rate)


def _mean(values: list[float | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if len(known) == len(values) else None


class Onset:
    """When a condition began that now holds."""

    def __init__(self) -> None:
        self._since_s: float | None = None

    def update(self, holds: bool, at_s: float) -> None:
        """Take in whether it holds at `at_s`."""
        if not holds:
            self._since_s = None
        elif self._since_s is None:
            self._since_s = at_s

    @property
    def holds(self) -> bool:
        """Whether it held at the last update."""
        return self._since_s is not None

    def held_for(self, duration_s: float, at_s: float) -> bool:
        """Whether it holds, and has for `duration_s` or longer."""
        return self._since_s is not None and at_s - self._since_s >= duration_s


def status_bits(table: Mapping[str, int], conditions: Iterable[str]) -> int:
    """The bits that `table` gives the conditions; one that is not in it has none."""
    bits = 0
    for condition in conditions:
        bits |= table.get(condition, 0)
    return bits
