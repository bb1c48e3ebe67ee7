"""Contec CMS50 fingertip oximeter, in its own two dialects and the one of BCI and Berry.

`CMS50` is how it behaves, the status tables and packets below how it speaks. The 5-byte
dialects stream from the moment they have power; `contec-v7` only while its host keeps it
awake. What it assumes where the protocol page is silent is in `docs/simulators.md`.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from random import Random

from simulators.command_buffer import CommandBuffer
from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
    CABLE_OUT,
    FINGER_OFF,
    FROZEN,
    LOW_PERFUSION,
    NO_PULSE,
    BeatAverages,
    Numbers,
    Onset,
    PulseWave,
    SampledSource,
    pulse_rate,
    sense,
    status_bits,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

BEEP = "beep"
SEARCHING = "searching"
SEARCHING_TOO_LONG = "searching-too-long"
SPO2_DROPPING = "spo2-dropping"
SPO2_LOW = "spo2-low"
NO_PERFUSION_INDEX = "no-perfusion-index"

_BEATS_NEEDED = 4
_TOO_LONG_S = 10.0
_DROP_PCT, _DROP_BEATS = 2, 12
_LOW_PCT = 90
_BEEP_PER_S = 10
_RATE_PER_MIN = (1, 254)
_HOST_GONE_S = 8.0

_PULSE_MISSING, _SPO2_MISSING, _INDEX_MISSING = 0xFF, 0x7F, 0xFFFF
_INDEX_PER_PERFUSION = 1000


@dataclass(frozen=True, slots=True)
class Report:
    """What one packet says; `None` is missing. `level` is the wave, 0 to 1."""

    conditions: frozenset[str]
    level: float | None
    perfusion: float
    pulse: int | None
    spo2: int | None


class CMS50:
    """The oximeter on a patient's finger, sending a packet for every sample of its wave."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._format = FORMATS[dialect]
        rate = self._format.packets_per_s
        self._source = SampledSource(source)
        self._faults = faults
        self._seed = seed
        self._stream = PacketStream(rate, started=not self._format.started_by_host)
        self._commands = CommandBuffer(_COMMAND[0], lambda _: _COMMAND_BYTES)
        self._pulse = PulseWave(rate, rate // _BEEP_PER_S)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._numbers = Numbers()
        self._shown: deque[int] = deque(maxlen=_DROP_BEATS)
        self._search = Onset()

    @property
    def next_due_s(self) -> float | None:
        """When the next packet is complete; `None` while it waits to be started."""
        return self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The packets completed up to `now_s`."""
        return self._stream.advance(now_s, self._packet)

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Start or keep streaming, in the dialect that listens; nothing is answered."""
        self._commands.drop_stalled(now_s)
        for command in self._commands.receive(data, now_s):
            starts = command == START or (command == KEEP_ALIVE and self._stream.runs(now_s))
            if self._format.started_by_host and starts:
                self._stream.start(now_s, now_s + _HOST_GONE_S)
        return []

    def _packet(self, at_s: float) -> bytes:
        vitals = sense(self._source, self._faults, at_s)
        artefact = self._faults.active(ARTEFACT, at_s)
        self._pulse.advance(vitals, frozen=self._faults.active(FROZEN, at_s))
        self._count_beat(vitals, artefact)
        conditions = self._conditions(at_s, vitals, artefact)
        level: float | None = self._pulse.level
        if pulse_rate(vitals) is None:
            level = None
        elif artefact:
            level = Random(f"{self._seed}/{self._stream.sent}").random()
        report = Report(conditions, level, vitals.perfusion, self._numbers.rate, self._numbers.spo2)
        return self._format.packet(report)

    def _count_beat(self, vitals: Vitals, artefact: bool) -> None:
        """Take in a beat that is not disturbed; forget them all without a pulse."""
        if pulse_rate(vitals) is None:
            self._forget_beats()
        elif self._pulse.beat and not artefact:
            self._averages.add(vitals)
            self._numbers = self._averages.over(_BEATS_NEEDED)
            if self._numbers.spo2 is not None:
                self._shown.append(self._numbers.spo2)

    def _forget_beats(self) -> None:
        self._averages.clear()
        self._shown.clear()
        self._numbers = Numbers()

    def _conditions(self, at_s: float, vitals: Vitals, artefact: bool) -> frozenset[str]:
        """What the status bits say; an artefact that lasts too long drops the numbers."""
        for fault in (CABLE_OUT, FINGER_OFF):
            if self._faults.active(fault, at_s):
                self._search.update(False, at_s)
                return frozenset({fault, NO_PERFUSION_INDEX})
        searching = artefact or len(self._averages) < _BEATS_NEEDED
        self._search.update(searching, at_s)
        too_long = self._search.held_for(_TOO_LONG_S, at_s)
        if too_long and artefact:
            self._forget_beats()
        spo2 = self._numbers.spo2
        holds = {
            BEEP: self._pulse.marked and not artefact,
            SEARCHING: searching,
            SEARCHING_TOO_LONG: too_long,
            NO_PULSE: pulse_rate(vitals) is None,
            SPO2_DROPPING: spo2 is not None and max(self._shown) - spo2 >= _DROP_PCT,
            SPO2_LOW: spo2 is not None and spo2 < _LOW_PCT,
            NO_PERFUSION_INDEX: len(self._averages) < _BEATS_NEEDED,
        }
        return frozenset(condition for condition, there in holds.items() if there)


_Bits = Mapping[str, int]

CONTEC: tuple[_Bits, _Bits] = (
    {BEEP: 0x40, SPO2_DROPPING: 0x20, SEARCHING_TOO_LONG: 0x10},
    {SEARCHING: 0x20, FINGER_OFF: 0x10},
)
BCI: tuple[_Bits, _Bits] = (
    {BEEP: 0x40, CABLE_OUT: 0x20, NO_PULSE: 0x10},
    {SEARCHING: 0x20, FINGER_OFF: 0x10},
)
"""The status bits in bytes 1 and 3 of a 5-byte packet."""

V7: tuple[_Bits, _Bits, _Bits] = (
    {FINGER_OFF: 0x80, BEEP: 0x40, SPO2_LOW: 0x20, SEARCHING_TOO_LONG: 0x10},
    {SEARCHING: 0x80},
    {NO_PERFUSION_INDEX: 0x10},
)
"""The status bits in bytes 3 to 5 of a 9-byte packet, put back together."""

_COMMAND = bytes.fromhex("7D 81")
_COMMAND_BYTES = 9
START = _COMMAND + bytes.fromhex("A1 80 80 80 80 80 80")
KEEP_ALIVE = _COMMAND + bytes.fromhex("AF 80 80 80 80 80 80")

_NO_SIGNAL = (0, 0, 0)
_NO_SIGNAL_V7 = (4, 0x40, 0)
"""Signal strength, wave and bar graph without a pulse; a captured packet has those of V7."""


def _five_bytes(status: tuple[_Bits, _Bits], report: Report) -> bytes:
    first, third = (status_bits(table, report.conditions) for table in status)
    strength, level, bar = _signal(report) or _NO_SIGNAL
    pulse = _PULSE_MISSING if report.pulse is None else report.pulse
    spo2 = _SPO2_MISSING if report.spo2 is None else report.spo2
    high, low = pulse >> 7, pulse & 0x7F
    return bytes([0x80 | first | strength, level, high << 6 | third | bar, low, spo2])


def _nine_bytes(report: Report) -> bytes:
    """A packet of version 7: seven bytes, whose highest bits are gathered in byte 2."""
    third, fourth, fifth = (status_bits(table, report.conditions) for table in V7)
    strength, level, bar = _signal(report) or _NO_SIGNAL_V7
    missing = (0, 0) if FINGER_OFF in report.conditions else (_PULSE_MISSING, _SPO2_MISSING)
    pulse = missing[0] if report.pulse is None else report.pulse
    spo2 = missing[1] if report.spo2 is None else report.spo2
    no_index = NO_PERFUSION_INDEX in report.conditions
    index = _INDEX_MISSING if no_index else round(report.perfusion * _INDEX_PER_PERFUSION)
    data = [third | strength, fourth | level, fifth | bar, pulse, spo2, index & 0xFF, index >> 8]
    high = sum((byte >> 7) << place for place, byte in enumerate(data))
    return bytes([0x01, 0x80 | high, *(0x80 | byte for byte in data)])


def _signal(report: Report) -> tuple[int, int, int] | None:
    """Signal strength (1 to 8), wave and bar graph; `None` without a pulse."""
    if report.level is None:
        return None
    return 1 + round(7 * report.perfusion), round(report.level * 127), round(report.level * 15)


@dataclass(frozen=True, slots=True)
class Format:
    """How a dialect's packets are made and paced."""

    packets_per_s: int
    packet: Callable[[Report], bytes]
    started_by_host: bool = False


FORMATS: Mapping[str, Format] = {
    "contec": Format(60, partial(_five_bytes, CONTEC)),
    "bci": Format(100, partial(_five_bytes, BCI)),
    "contec-v7": Format(60, _nine_bytes, started_by_host=True),
}

_VITALS = frozenset({"spo2_pct", "pulse_per_min"})
_FAULTS = {
    ARTEFACT: "searching, with a wild wave and the last numbers; after 10 s none",
    LOW_PERFUSION: "small wave and signal strength",
    FROZEN: "flat wave with the last numbers, and nothing says so",
    NO_PULSE: "searching, after 10 s too long; everything missing",
}

MODEL = DeviceModel(
    title="Contec CMS50 pulse oximeter",
    role="oximeter",
    dialects={
        "contec": Dialect(
            LineSettings(19_200, parity="O"),
            _VITALS,
            {FINGER_OFF: "probe error; everything missing"} | _FAULTS,
        ),
        "bci": Dialect(
            LineSettings(115_200),
            _VITALS,
            {
                FINGER_OFF: "no finger; everything missing",
                CABLE_OUT: "probe unplugged; everything missing",
                **_FAULTS,
                NO_PULSE: "no signal, searching; everything missing",
            },
        ),
        "contec-v7": Dialect(
            LineSettings(115_200),
            _VITALS | {"perfusion"},
            {FINGER_OFF: "probe error; pulse and SpO2 0, no perfusion index"} | _FAULTS,
        ),
    },
    make=CMS50,
)
