"""Nonin OEM III oximeter: what it senses, how its averages move, and its formats 2 and 7.

`Averages` is the device, `Nonin` how it behaves over time, the formats below how it
speaks. It streams from the moment it has power and listens to nothing.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from random import Random

from simulators.faults import Faults, Kind
from simulators.line import Message
from simulators.pleth import pleth
from simulators.vitals import Vitals, VitalsSource

FRAMES_PER_S = 75
FRAMES = 25

_HOLD_S = 10.0
_DISPLAY_S = 1.5
_PULSE_FRAMES = 12
_REVISION = 0x30

_ALWAYS, _SNSD, _ARTF, _OOT, _SNSA, _SYNC = 0x80, 0x40, 0x20, 0x10, 0x08, 0x01
_GREEN, _RED, _YELLOW = 0x02, 0x04, 0x06

_NO_SPO2, _NO_RATE = 127, 511
_RATE_PER_MIN = (18, 321)

FAULTS = frozenset(
    {Kind.FINGER_OFF, Kind.CABLE_OUT, Kind.ARTEFACT, Kind.LOW_PERFUSION},
)


@dataclass(frozen=True, slots=True)
class Numbers:
    """SpO2 in % and heart rate in /min as the device gives them; `None` is its own "missing"."""

    spo2: int | None = None
    rate: int | None = None


@dataclass(slots=True)
class Averages:
    """The last eight beats, and what the device makes of them."""

    beats: deque[Vitals] = field(default_factory=lambda: deque(maxlen=8))

    def over(self, count: int) -> Numbers:
        """The mean of the last `count` beats; missing until there are so many."""
        if len(self.beats) < count:
            return Numbers()
        last = list(self.beats)[-count:]
        spo2 = _mean([beat.spo2_pct for beat in last])
        rate = _mean([beat.pulse_per_min for beat in last])
        if rate is not None:
            rate = min(max(rate, _RATE_PER_MIN[0]), _RATE_PER_MIN[1])
        return Numbers(spo2, rate)


def _mean(values: list[float | None]) -> int | None:
    known = [value for value in values if value is not None]
    return round(sum(known) / len(known)) if len(known) == len(values) else None


class Nonin:
    """The oximeter on a patient's finger, sending a packet of 25 frames every third of a second."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._faults = faults
        self._seed = seed
        self._frame, self._data_bytes = FORMATS[dialect]
        self._packets = 0
        self._averages = Averages()
        self._phase = 0.0
        self._flash = 0
        self._display = Numbers()
        self._display_extended = Numbers()
        self._lost_at_s: float | None = None
        self._artefact_at_s: float | None = None

    @property
    def next_due_s(self) -> float:
        """When the next packet is complete."""
        return (self._packets + 1) * FRAMES / FRAMES_PER_S

    def advance(self, now_s: float) -> list[Message]:
        """The packets completed up to `now_s`."""
        messages = []
        while (due_s := self.next_due_s) <= now_s:
            messages.append(Message(due_s, self._packet(self._packets * FRAMES / FRAMES_PER_S)))
            self._packets += 1
        return messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Nothing: this oximeter has no commands."""
        return []

    def _packet(self, at_s: float) -> bytes:
        vitals = self._sense(at_s)
        condition = self._condition(at_s, vitals)
        self._show(at_s, condition)
        data_bytes = self._data_bytes(self._report(at_s))
        noisy = Random(f"{self._seed}/{self._packets}") if condition & _ARTF else None
        packet = bytearray()
        for position, data in enumerate(data_bytes):
            wave, colour = self._beat(vitals)
            if noisy is not None:
                wave = noisy.random()
            status = _ALWAYS | condition | colour | (_SYNC if position == 0 else 0)
            packet.extend(self._frame(status, wave, data))
        return bytes(packet)

    def _sense(self, at_s: float) -> Vitals:
        """What reaches the sensor at the start of a packet."""
        if self._faults.active(Kind.FINGER_OFF, at_s) or self._faults.active(Kind.CABLE_OUT, at_s):
            return Vitals(perfusion=0.0)
        vitals = self._source.at(at_s)
        if self._faults.active(Kind.LOW_PERFUSION, at_s):
            return Vitals(vitals.spo2_pct, vitals.pulse_per_min, perfusion=0.03)
        return vitals

    def _condition(self, at_s: float, vitals: Vitals) -> int:
        """The status bits of the packet, and what they do to the averages."""
        off = self._faults.active(Kind.FINGER_OFF, at_s)
        out = self._faults.active(Kind.CABLE_OUT, at_s)
        artefact = self._faults.active(Kind.ARTEFACT, at_s) and not (off or out)
        if off or out or _beats_per_min(vitals) is None:
            self._averages.beats.clear()
        self._lost_at_s = _since(self._lost_at_s, off or out, at_s)
        self._artefact_at_s = _since(self._artefact_at_s, artefact, at_s)
        if out:
            return _SNSD
        if off:
            return _SNSA
        long = self._artefact_at_s is not None and at_s - self._artefact_at_s >= _HOLD_S
        searching = len(self._averages.beats) < 4
        return (_ARTF if artefact else 0) | (_OOT if long or searching else 0)

    def _show(self, at_s: float, condition: int) -> None:
        """Renew the display values: every 1.5 s, or not while a lost finger's are held."""
        if condition & _SNSA and self._lost_at_s is not None and at_s - self._lost_at_s < _HOLD_S:
            return
        renewals = (int(at_s / _DISPLAY_S), int((at_s - FRAMES / FRAMES_PER_S) / _DISPLAY_S))
        if renewals[0] != renewals[1] or condition & (_SNSA | _SNSD):
            self._display = self._averages.over(4)
            self._display_extended = self._averages.over(8)

    def _report(self, at_s: float) -> "Report":
        return Report(
            recent=self._averages.over(1),
            short=self._averages.over(4),
            extended=self._averages.over(8),
            display=self._display,
            display_extended=self._display_extended,
            timer=self._packets,
            low_battery=self._faults.active(Kind.LOW_BATTERY, at_s),
            reserved=Random(f"{self._seed}/reserved/{self._packets}"),
        )

    def _beat(self, vitals: Vitals) -> tuple[float, int]:
        """One frame onwards: the wave there, and the perfusion bits."""
        rate = _beats_per_min(vitals)
        if rate is None:
            self._flash = 0
            return 0.5, 0
        self._phase += rate / 60.0 / FRAMES_PER_S
        if self._phase >= 1.0:
            self._phase -= 1.0
            self._flash = _PULSE_FRAMES
            if self._artefact_at_s is None:
                self._averages.beats.append(vitals)
        lit = self._flash > 0
        self._flash -= lit
        return pleth(self._phase, vitals.perfusion), _colour(vitals.perfusion) if lit else 0


def _since(began_s: float | None, now: bool, at_s: float) -> float | None:
    if not now:
        return None
    return at_s if began_s is None else began_s


def _beats_per_min(vitals: Vitals) -> float | None:
    """The pulse; where a recording has a saturation without one, 60 to carry it."""
    if vitals.pulse_per_min:
        return vitals.pulse_per_min
    return None if vitals.spo2_pct is None else 60.0


def _colour(perfusion: float) -> int:
    if perfusion >= 0.2:
        return _GREEN
    return _YELLOW if perfusion >= 0.06 else _RED


@dataclass(frozen=True, slots=True)
class Report:
    """What one packet has to say beside status and wave."""

    recent: Numbers
    short: Numbers
    extended: Numbers
    display: Numbers
    display_extended: Numbers
    timer: int
    low_battery: bool
    reserved: Random


def _spo2(numbers: Numbers) -> int:
    return _NO_SPO2 if numbers.spo2 is None else numbers.spo2


def _rate(numbers: Numbers) -> tuple[int, int]:
    """Nine bits in two bytes: bits 8 and 7, then the low seven."""
    rate = _NO_RATE if numbers.rate is None else numbers.rate
    return rate >> 7 & 0x03, rate & 0x7F


def _format_2(report: Report) -> list[int]:
    """The 25 data bytes; reserved ones hold anything (on the OEM III also 6 to 8)."""
    data = [report.reserved.randrange(128) for _ in range(FRAMES)]
    data[0:4] = [*_rate(report.short), _spo2(report.short), _REVISION]
    data[8:11] = [_spo2(report.display), _spo2(report.short), _spo2(report.recent)]
    data[13:17] = [*_rate(report.extended), _spo2(report.extended), _spo2(report.display_extended)]
    data[19:23] = [*_rate(report.display), *_rate(report.display_extended)]
    return data


def _format_7(report: Report) -> list[int]:
    """As format 2, with the timer and STAT2 in 6 to 8."""
    data = _format_2(report)
    data[5:8] = [report.timer >> 7 & 0x7F, report.timer & 0x7F, int(report.low_battery)]
    return data


def _frame_2(status: int, wave: float, data: int) -> Iterable[int]:
    level = round(wave * 255)
    return 0x01, status, level, data, (0x01 + status + level + data) & 0xFF


def _frame_7(status: int, wave: float, data: int) -> Iterable[int]:
    high, low = divmod(round(wave * 65535), 256)
    return status, high, low, data, (status + high + low + data) & 0xFF


Frame = Callable[[int, float, int], Iterable[int]]
DataBytes = Callable[[Report], list[int]]

FORMATS: dict[str, tuple[Frame, DataBytes]] = {
    "2": (_frame_2, _format_2),
    "7": (_frame_7, _format_7),
}
