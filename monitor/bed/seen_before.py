"""What was seen at a bed before a restart, drawn from the inputs that are stored. Pure.

The vitals of a bed start from nothing after a restart; how SpO2 was in the last hour is taken
up from here. The time in which no core ran is a gap: missing, and never good.
"""

from collections.abc import Iterable
from datetime import datetime

from drivers.clock import Instant
from drivers.readings import Measurement, Vital
from drivers.registry import DeviceSpec
from monitor.bed.input_codec import MEASURED, load
from monitor.bed.inputs import DeviceInput, SeenBefore
from monitor.bed.timeline import Timeline
from monitor.bed.vitals import Vitals

Turn = tuple[float, float | None]
"""A value of SpO2, or its loss, and when it came, in monotonic seconds."""

RecordedInput = tuple[Instant, str]
"""When an input was given, and the text that `dump` made of it."""


def seen_before(
    devices: Iterable[DeviceSpec],
    recordings: Iterable[Iterable[RecordedInput]],
    min_silence_s: float = 0.0,
    *,
    differ_by: float | None,
    same_boot: bool = False,
) -> SeenBefore | None:
    """What `recordings` hold of SpO2: each has the inputs of one core, oldest first.

    Within one, time is the monotonic clock's; between two it is what passed by the wall clock.
    Of two oximeters that are `differ_by` apart, in %, the lower one counts, as it did then.
    `same_boot` says that the monotonic clock of the last of them has run on since. None when they
    hold no input.
    """
    specs = [*devices]
    turns: list[Turn] = []
    last: Instant | None = None
    set_at: datetime | None = None
    for inputs in recordings:
        found = _Recording(specs, min_silence_s, differ_by)
        for at, text in inputs:
            found.take(at, text)
        if found.first is None:
            continue
        if last is not None:
            away_s = max(0.0, (found.first.wall - last.wall).total_seconds())
            shift_s = found.first.mono - away_s - last.mono
            turns = [(mono + shift_s, value) for mono, value in turns]
        turns += found.turns()
        last, set_at = found.last, found.set_at or set_at
    if last is None:
        return None
    ago = ((round(last.mono - mono, 3), value) for mono, value in turns)
    return SeenBefore(last.wall, set_at, tuple(ago), last.mono if same_boot else None)


class _Recording:
    """The values of SpO2 as one core had them, in its monotonic seconds."""

    def __init__(
        self, devices: Iterable[DeviceSpec], min_silence_s: float, differ_by: float | None
    ) -> None:
        self.first: Instant | None = None
        self.last: Instant | None = None
        self.set_at: datetime | None = None
        self._timeline = Timeline()
        self._vitals = Vitals(devices, {}, min_silence_s, differ_by)
        self._turns: list[Turn] = []

    def take(self, at: Instant, text: str) -> None:
        now, step_s = self._timeline.advance(at)
        self.first, self.last = self.first or now, now
        if step_s:
            self.set_at = now.wall
        changed = self._vitals.expire(now)
        if text.startswith(MEASURED):
            match load(text):
                case DeviceInput(device, Measurement(readings)):
                    spo2 = (each for each in readings if each.vital is Vital.SPO2)
                    changed |= self._vitals.take(device, spo2, now)
        if Vital.SPO2 in changed:
            seen = self._vitals.values.get(Vital.SPO2)
            lost_at = self._vitals.lost_at.get(Vital.SPO2, now.mono)
            self._turns.append((lost_at, None) if seen is None else (now.mono, seen.value))

    def turns(self) -> list[Turn]:
        """All of them; with the last input there is no value any more."""
        assert self.last is not None
        return [*self._turns, (self.last.mono, None)]
