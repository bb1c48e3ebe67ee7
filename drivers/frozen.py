"""A device whose values stand still while its waveform is flat is not believed. Pure.

No finger gives a waveform without a pulse: values that go on beside one are not of the patient.
A device that sends no waveform cannot be found out so: a calm patient's numbers stand still for
many minutes too.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from drivers.readings import Flag, Item, Measurement, Quality, Reading, Vital, Waveform

PLETH: Final = "pleth"
"""The waveform that a pulse is seen in."""

FROZEN_AFTER_S: Final = 30.0
"""So long neither waveform nor values have moved. Eight beats, the longest that an oximeter's
numbers are averaged over, take 24 s at 20 a minute; an auto-scaled wave is back within seconds."""

FLAT_UNITS: Final = 1
"""A waveform that goes no further up and down, in its own units, has no pulse in it."""

BELIEVED_AFTER_S: Final = 3.0
"""So long the waveform has moved again: one spike does not make the values true."""

REASON: Final = "does not move, and its waveform is flat"


class FrozenWatch:
    """Rejects the values of a device that is frozen, and flags it.

    Time is that of the samples, at their own rate, however late they come.
    """

    def __init__(self) -> None:
        self.reset()

    def reset(self) -> None:
        """A new link: nothing is known of the device."""
        self._low = self._high = 0
        self._still_s = 0.0
        self._moving_s = 0.0
        self._is_frozen = False
        self._values: dict[Vital, float | None] = {}

    def take(self, item: Item) -> Item:
        """`item`, with its values rejected while the device is frozen."""
        match item:
            case Waveform(name, rate_hz, samples) if name == PLETH and samples:
                self._follow(samples, len(samples) / rate_hz)
            case Measurement(readings):
                self._compare(readings)
                if self._is_frozen and any(reading.usable for reading in readings):
                    rejected = tuple(map(_rejected, readings))
                    return replace(item, readings=rejected, flags=item.flags | {Flag.FROZEN})
        return item

    def _follow(self, samples: tuple[int, ...], for_s: float) -> None:
        low, high = min(self._low, *samples), max(self._high, *samples)
        if high - low <= FLAT_UNITS:
            self._low, self._high = low, high
            self._still_s += for_s
            self._is_frozen |= self._still_s >= FROZEN_AFTER_S
            return
        if self._still_s > BELIEVED_AFTER_S:
            self._moving_s = 0.0
        self._moving_s += for_s
        self._low = self._high = samples[-1]
        self._still_s = 0.0
        self._is_frozen &= self._moving_s < BELIEVED_AFTER_S

    def _compare(self, readings: Iterable[Reading]) -> None:
        for reading in readings:
            if reading.vital not in (Vital.SPO2, Vital.PULSE):
                continue
            if self._values.get(reading.vital) != reading.value:
                self._values[reading.vital] = reading.value
                self._still_s = 0.0
        if not any(value is not None for value in self._values.values()):
            self._still_s, self._is_frozen = 0.0, False


def _rejected(reading: Reading) -> Reading:
    if not reading.usable:
        return reading
    return replace(reading, quality=Quality.REJECTED, reason=REASON)
