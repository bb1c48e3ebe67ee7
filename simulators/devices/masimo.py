"""Masimo Radical-7 and Rad-8 oximeters, sending a line of ASCII 1 a second.

`Masimo` is how it behaves, the tables and lines below how it speaks. It streams from the
moment it has power and listens to nothing. What it assumes where the protocol page is silent
is in `docs/simulators.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

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
    status_bits,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

SENSOR_DEFECTIVE = "sensor-defective"
AMBIENT_LIGHT = "ambient-light"

PULSE_SEARCH = "pulse-search"
FULL_SET = "full-set"
SPO2_UNDER = "spo2-under"
PULSE_OVER = "pulse-over"
PULSE_UNDER = "pulse-under"
ALARM_ACTIVE = "alarm-active"

EXCEPTIONS = {
    CABLE_OUT: 0x001,
    SENSOR_DEFECTIVE: 0x002,
    LOW_PERFUSION: 0x004,
    PULSE_SEARCH: 0x008,
    FINGER_OFF: 0x020,
    AMBIENT_LIGHT: 0x040,
    ARTEFACT: 0x400,
    FULL_SET: 0x800,
}
"""The bits of `EXC`: no sensor, defective, low perfusion, search, off, light, low signal IQ."""

ALARMS = {
    SPO2_UNDER: 0x02,
    PULSE_OVER: 0x04,
    PULSE_UNDER: 0x08,
    ALARM_ACTIVE: 0x10,
    LOW_BATTERY: 0x40,
}
"""The bits of `ALARM`."""

_SECONDS_NEEDED = 4
_HELD_S = {FINGER_OFF: 3.0, ARTEFACT: 10.0}
_SPO2_LIMIT_PCT = 90
_PULSE_LIMITS_PER_MIN = (50, 140)
_RATE_PER_MIN = (1, 240)
_INDEX_PCT_PER_PERFUSION = 10.0
_LOW_INDEX_PCT = 0.5
_CLOCK_START = datetime(2026, 1, 1)  # noqa: DTZ001 - the instrument knows no zone


@dataclass(frozen=True, slots=True)
class Report:
    """What one line says; `None` is missing. `index_pct` is the perfusion index."""

    clock: datetime
    serial: int
    numbers: Numbers
    index_pct: float | None
    alarm: int
    exceptions: int


class Masimo:
    """The oximeter on a patient's finger, sending a line every second."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._faults = faults
        self._format = FORMATS[dialect]
        self._serial = Random(f"{seed}/serial").randrange(1, 200_000)
        self._stream = PacketStream(1)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._onsets = {fault: Onset() for fault in _HELD_S}
        self._full_set = False

    @property
    def next_due_s(self) -> float | None:
        """When the next line is complete."""
        return self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The lines completed up to `now_s`."""
        return self._stream.advance(now_s, self._line)

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Nothing: this format has no commands."""
        return []

    def _line(self, at_s: float) -> bytes:
        sensor = self._sensor_faults(at_s)
        vitals = sense(self._source, self._faults, at_s)
        motion = self._faults.active(ARTEFACT, at_s) and not sensor
        self._average(at_s, vitals, sensor, motion)
        numbers = self._averages.over(_SECONDS_NEEDED)
        index = None
        if numbers != Numbers() and not sensor:
            index = vitals.perfusion * _INDEX_PCT_PER_PERFUSION
        conditions = self._exceptions(sensor, motion, vitals, numbers)
        report = Report(
            clock=_CLOCK_START + timedelta(seconds=int(at_s)),
            serial=self._serial,
            numbers=numbers,
            index_pct=index,
            alarm=status_bits(ALARMS, self._alarms(at_s, sensor, numbers)),
            exceptions=status_bits(EXCEPTIONS, conditions),
        )
        return self._format.line(report)

    def _sensor_faults(self, at_s: float) -> set[str]:
        """What keeps the sensor from the finger; without a sensor nothing else is known."""
        if self._faults.active(CABLE_OUT, at_s):
            return {CABLE_OUT}
        others = (FINGER_OFF, SENSOR_DEFECTIVE, AMBIENT_LIGHT)
        return {fault for fault in others if self._faults.active(fault, at_s)}

    def _average(self, at_s: float, vitals: Vitals, sensor: set[str], motion: bool) -> None:
        """Take in an undisturbed second; forget them all when the last ones are too old."""
        disturbed = {FINGER_OFF: sensor == {FINGER_OFF}, ARTEFACT: motion}
        for fault, holds in disturbed.items():
            self._onsets[fault].update(holds, at_s)
        if any(disturbed.values()):
            if any(self._onsets[fault].held_for(held_s, at_s) for fault, held_s in _HELD_S.items()):
                self._averages.clear()
        elif sensor or pulse_rate(vitals) is None:
            self._averages.clear()
        else:
            self._averages.add(vitals)

    def _exceptions(
        self, sensor: set[str], motion: bool, vitals: Vitals, numbers: Numbers
    ) -> set[str]:
        """What `EXC` says; full SET begins with the first numbers and ends with the sensor."""
        self._full_set = CABLE_OUT not in sensor and (self._full_set or numbers != Numbers())
        conditions = set(sensor)
        if self._full_set:
            conditions.add(FULL_SET)
        if sensor:
            return conditions
        index_pct = vitals.perfusion * _INDEX_PCT_PER_PERFUSION
        holds = {
            ARTEFACT: motion,
            LOW_PERFUSION: pulse_rate(vitals) is not None and index_pct < _LOW_INDEX_PCT,
            PULSE_SEARCH: numbers == Numbers(),
        }
        return conditions | {condition for condition, there in holds.items() if there}

    def _alarms(self, at_s: float, sensor: set[str], numbers: Numbers) -> set[str]:
        lowest, highest = _PULSE_LIMITS_PER_MIN
        spo2, rate = numbers.spo2, numbers.rate
        holds = {
            SPO2_UNDER: spo2 is not None and spo2 < _SPO2_LIMIT_PCT,
            PULSE_UNDER: rate is not None and rate < lowest,
            PULSE_OVER: rate is not None and rate > highest,
        }
        alarms = {alarm for alarm, there in holds.items() if there}
        if alarms or sensor:
            alarms.add(ALARM_ACTIVE)
        if self._faults.active(LOW_BATTERY, at_s):
            alarms.add(LOW_BATTERY)
        return alarms


def _or_dashes(value: float | None, pattern: str, missing: str) -> str:
    return missing if value is None else pattern.format(value)


@dataclass(frozen=True, slots=True)
class Format:
    """How a dialect's lines are written: the fields between `PIDELTA` and `ALARM`, the end."""

    between: str
    end: str

    def line(self, report: Report) -> bytes:
        """The line that says `report`. No licence for the rainbow parameters is installed."""
        numbers = report.numbers
        return (
            f"{report.clock:%m/%d/%y %H:%M:%S} SN={report.serial:010d}"
            f" SPO2={_or_dashes(numbers.spo2, '{:03d}', '---')}%"
            f" BPM={_or_dashes(numbers.rate, '{:03d}', '---')}"
            f" PI={_or_dashes(report.index_pct, '{:05.2f}', '--.--')}%"
            f" SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+--{self.between}"
            f" ALARM={report.alarm:04X} EXC={report.exceptions:06X}{self.end}"
        ).encode("ascii")


FORMATS: Mapping[str, Format] = {
    "rad7": Format(" PVI=---", "\r\n"),
    "rad8": Format("", "\r\n\r\n"),
}

_LINE = LineSettings(9600)
_VITALS = frozenset({"spo2_pct", "pulse_per_min", "perfusion"})
_FAULTS = {
    FINGER_OFF: "sensor off; no perfusion index, the last numbers for 3 s",
    CABLE_OUT: "no sensor, not in full SET; everything missing",
    SENSOR_DEFECTIVE: "defective sensor; everything missing",
    AMBIENT_LIGHT: "ambient light; everything missing",
    ARTEFACT: "low signal IQ with the last numbers; after 10 s pulse search too",
    LOW_PERFUSION: "low perfusion, a perfusion index of 0.3 %",
    NO_PULSE: "pulse search; everything missing",
    LOW_BATTERY: "bit 6 of ALARM",
}

MODEL = DeviceModel(
    title="Masimo Radical-7 and Rad-8 pulse oximeter",
    role="oximeter",
    dialects={name: Dialect(_LINE, _VITALS, _FAULTS) for name in FORMATS},
    make=Masimo,
)
