"""Nellcor N-595, N-560 and NPB-290 oximeters, printing a line of ASCII every 2 s.

`Nellcor` is how it behaves, the tables and lines below how it speaks. It prints from the moment
it has power, heeds XON and XOFF and has no commands. What it assumes where the protocol page is
silent is in `docs/simulators.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
    CABLE_OUT,
    FINGER_OFF,
    LOW_BATTERY,
    LOW_PERFUSION,
    NO_PULSE,
    BeatAverages,
    Numbers,
    Onset,
    pulse_rate,
    sense,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

PULSE_LOST = "pulse-lost"
PULSE_LOST_IN_MOTION = "pulse-lost-in-motion"
PULSE_SEARCH = "pulse-search"
SPO2_OVER, SPO2_UNDER = "spo2-over", "spo2-under"
PULSE_OVER, PULSE_UNDER = "pulse-over", "pulse-under"

SLOTS: tuple[Mapping[str, str], ...] = (
    {
        CABLE_OUT: "SD",
        FINGER_OFF: "SO",
        PULSE_LOST_IN_MOTION: "LM",
        PULSE_LOST: "LP",
        PULSE_SEARCH: "PS",
        ARTEFACT: "MO",
    },
    {SPO2_OVER: "SH", SPO2_UNDER: "SL"},
    {PULSE_OVER: "PH", PULSE_UNDER: "PL"},
    {LOW_BATTERY: "LB"},
    {},
)
"""The columns of status codes, from the left; in each the first condition that holds."""

_PRINTED_EVERY_S = 2
_PAGE_LINES = 25
_LINES_NEEDED = 3
_HELD_S, _HELD_IN_SEARCH_S = 10.0, 20.0
_SPO2_LIMITS_PCT = (90, 100)
_PULSE_LIMITS_PER_MIN = (60, 170)
_RATE_PER_MIN = (20, 250)
_AMPLITUDE_PER_PERFUSION = 100
_AMPLITUDE_MOST = 254
_CLOCK_START = datetime(2026, 1, 1)  # noqa: DTZ001 - the instrument knows no zone
_MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()

XOFF, XON = 0x13, 0x11


@dataclass(frozen=True, slots=True)
class Report:
    """What one line says; a value is a number or `None` for dashes."""

    clock: datetime
    numbers: Numbers
    amplitude: int | None
    conditions: frozenset[str]


class Nellcor:
    """The oximeter on a patient's finger, printing a line every 2 s."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._faults = faults
        self._format = FORMATS[dialect]
        self._stream = PacketStream(1, _PRINTED_EVERY_S)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._numbers = Numbers()
        self._lost = Onset()
        self._stopped = False

    @property
    def next_due_s(self) -> float | None:
        """When the next line is complete; `None` while it is stopped."""
        return None if self._stopped else self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The lines printed up to `now_s`; what falls due while it is stopped is lost."""
        messages = self._stream.advance(now_s, self._printed)
        return [] if self._stopped else messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Stop at XOFF, go on at XON; nothing is answered."""
        for byte in data:
            if byte in (XOFF, XON):
                self._stopped = byte == XOFF
        return []

    def _printed(self, at_s: float) -> bytes:
        """The line of one moment, and before the first of a page its header."""
        header = self._format.header
        first_of_page = self._stream.sent % (_PAGE_LINES - len(header)) == 0
        lines = [*header] if first_of_page else []
        lines.append(self._format.line(self._report(at_s)))
        return "".join(f"{line}\r\n" for line in lines).encode("ascii")

    def _report(self, at_s: float) -> Report:
        off = [fault for fault in (CABLE_OUT, FINGER_OFF) if self._faults.active(fault, at_s)]
        vitals = sense(self._source, self._faults, at_s)
        motion = self._faults.active(ARTEFACT, at_s) and not off
        if off:
            self._forget()
            self._lost.update(False, at_s)
            numbers, conditions = Numbers(), set(off[:1])
        else:
            self._lost.update(motion or pulse_rate(vitals) is None, at_s)
            numbers, conditions = self._sensed(at_s, vitals, motion)
        if self._faults.active(LOW_BATTERY, at_s):
            conditions.add(LOW_BATTERY)
        silent = off or conditions & {PULSE_SEARCH, PULSE_LOST, PULSE_LOST_IN_MOTION}
        return Report(
            clock=_CLOCK_START + timedelta(seconds=int(at_s)),
            numbers=numbers,
            amplitude=None if silent else _amplitude(vitals),
            conditions=frozenset(conditions | over_limits(numbers)),
        )

    def _sensed(self, at_s: float, vitals: Vitals, motion: bool) -> tuple[Numbers, set[str]]:
        """What a sensor on the finger gives: new numbers, the last ones, zeros in a search."""
        if not self._lost.holds:
            self._averages.add(vitals)
            if len(self._averages) < _LINES_NEEDED:
                return Numbers(0, 0), {PULSE_SEARCH}
            self._numbers = self._averages.over(_LINES_NEEDED)
            return self._numbers, set()
        had_numbers = self._numbers != Numbers()
        if had_numbers and motion and not self._lost.held_for(_HELD_S, at_s):
            return self._numbers, {ARTEFACT}
        if had_numbers and not self._lost.held_for(_HELD_IN_SEARCH_S, at_s):
            return self._numbers, {PULSE_SEARCH}
        self._forget()
        if not self._lost.held_for(_HELD_IN_SEARCH_S, at_s):
            return Numbers(0, 0), {PULSE_SEARCH}
        return Numbers(0, 0), {PULSE_LOST_IN_MOTION if motion else PULSE_LOST}

    def _forget(self) -> None:
        self._averages.clear()
        self._numbers = Numbers()


def _amplitude(vitals: Vitals) -> int:
    return min(round(vitals.perfusion * _AMPLITUDE_PER_PERFUSION), _AMPLITUDE_MOST)


def over_limits(numbers: Numbers) -> set[str]:
    """Which of the instrument's own limits the numbers are outside of; the zeros of none."""
    named = (
        (numbers.spo2, _SPO2_LIMITS_PCT, SPO2_UNDER, SPO2_OVER),
        (numbers.rate, _PULSE_LIMITS_PER_MIN, PULSE_UNDER, PULSE_OVER),
    )
    found = set()
    for value, (lowest, highest), under, over in named:
        if value and not lowest <= value <= highest:
            found.add(under if value < lowest else over)
    return found


@dataclass(frozen=True, slots=True)
class Format:
    """How a model prints: its header, and whether months are in capitals and amplitudes padded."""

    header: tuple[str, ...]
    capitals: bool = False
    padded: bool = False

    def line(self, report: Report) -> str:
        """The line of values that says `report`."""
        clock, numbers, conditions = report.clock, report.numbers, report.conditions
        month = _MONTHS[clock.month - 1]
        month = month.upper() if self.capitals else month
        amplitude = report.amplitude
        if amplitude is not None and self.padded:
            shown = f"{amplitude:03d}"
        else:
            shown = _or_dashes(amplitude)
        codes = " ".join(_code(slot, conditions) for slot in SLOTS)
        return (
            f"{clock.day:02d}-{month}-{clock:%y} {clock:%H:%M:%S}"
            f"{_or_dashes(numbers.spo2):>6}{_star(conditions & {SPO2_OVER, SPO2_UNDER})}"
            f"{_or_dashes(numbers.rate):>7}{_star(conditions & {PULSE_OVER, PULSE_UNDER})}"
            f"{shown:>7}    {codes}   "
        )


def _or_dashes(value: int | None) -> str:
    return "---" if value is None else str(value)


def _star(outside: frozenset[str]) -> str:
    return "*" if outside else " "


def _code(slot: Mapping[str, str], conditions: frozenset[str]) -> str:
    return next((code for condition, code in slot.items() if condition in conditions), "  ")


_LIMITS = "SpO2 Limit: 90-100%    PR Limit: 60-170BPM"
_COLUMNS = "TIME                 %{}   BPM     PA     Status"

FORMATS: Mapping[str, Format] = {
    "n595": Format(
        (
            f"N-595    VERSION 2.4.0    CRC:7A1F  {_LIMITS}",
            "                             ADULT            0SAT-S  SPO2 RESP MODE: NORMAL",
            _COLUMNS.format("SPO2"),
        ),
        capitals=True,
    ),
    "n560": Format(
        (
            f"N-560    VERSION 1.56.00    CRC:3C0E  {_LIMITS}",
            "                             ADULT            0SAT-S ",
            _COLUMNS.format("SpO2"),
        )
    ),
    "npb290": Format(
        (f"NPB-290  VERSION 1.5.0    CRC: 51D2  {_LIMITS}", _COLUMNS.format("SPO2")),
        capitals=True,
        padded=True,
    ),
}

_FAULTS = {
    FINGER_OFF: "SO; everything missing",
    CABLE_OUT: "SD; everything missing",
    ARTEFACT: "MO with the last numbers, after 10 s PS with them, after 20 s LM with zeros",
    LOW_PERFUSION: "a pulse amplitude of 3",
    NO_PULSE: "PS with the last numbers, after 20 s LP with zeros",
    LOW_BATTERY: "LB",
}

MODEL = DeviceModel(
    title="Nellcor N-595, N-560 and NPB-290 pulse oximeter",
    role="oximeter",
    dialects={
        name: Dialect(LineSettings(9600), frozenset({"spo2_pct", "pulse_per_min"}), _FAULTS)
        for name in FORMATS
    },
    make=Nellcor,
)
