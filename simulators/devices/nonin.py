"""Nonin oximeters: what they sense, how their averages move, their formats and commands.

`Nonin` is how an OEM III behaves over time, the formats below how it speaks. It streams from the
moment it has power and listens to nothing. `CommandedNonin` is a WristOx2 or a 9560, which is
silent until its host sets a format. The desk oximeters are in `nonin_desk`.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from random import Random

from simulators.command_buffer import CommandBuffer
from simulators.device_model import Device, DeviceModel, Dialect, LineSettings, Message
from simulators.devices.nonin_desk import DESK, DeskNonin
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
    CABLE_OUT,
    FINGER_OFF,
    FROZEN,
    LOW_BATTERY,
    LOW_PERFUSION,
    BeatAverages,
    Numbers,
    Onset,
    PulseWave,
    pulse_rate,
    sense,
    status_bits,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

FRAMES_PER_S = 75
FRAMES = 25

_HOLD_S = 10.0
_DISPLAY_S = 1.5
_PULSE_FRAMES = 12
_REVISION = 0x30

_ALWAYS, _SYNC = 0x80, 0x01
_GREEN, _RED, _YELLOW = 0x02, 0x04, 0x06

_NO_SPO2, _NO_RATE = 127, 511
_RATE_PER_MIN = (18, 321)

OUT_OF_TRACK = "out-of-track"

STATUS = {CABLE_OUT: 0x40, ARTEFACT: 0x20, OUT_OF_TRACK: 0x10, FINGER_OFF: 0x08}
"""The bits of a frame's status byte: SNSD, ARTF, OOT, SNSA."""


class Nonin:
    """The oximeter on a patient's finger, sending a packet of 25 frames three times a second."""

    def __init__(
        self,
        source: VitalsSource,
        faults: Faults,
        dialect: str,
        seed: int,
        *,
        started: bool = True,
    ) -> None:
        self._source = source
        self._faults = faults
        self._seed = seed
        self._frame, self._data_bytes = FORMATS[dialect]
        self._stream = PacketStream(FRAMES_PER_S, FRAMES, started=started)
        self._pulse = PulseWave(FRAMES_PER_S, _PULSE_FRAMES)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._display = Numbers()
        self._display_extended = Numbers()
        self._lost = Onset()
        self._artefact = Onset()

    @property
    def next_due_s(self) -> float | None:
        """When the next packet is complete."""
        return self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The packets completed up to `now_s`."""
        return self._stream.advance(now_s, self._packet)

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Nothing: this oximeter has no commands."""
        return []

    def _packet(self, at_s: float) -> bytes:
        vitals = sense(self._source, self._faults, at_s)
        conditions = self._conditions(at_s, vitals)
        self._renew_display(at_s, conditions)
        data_bytes = self._data_bytes(self._report(at_s))
        status = _ALWAYS | status_bits(STATUS, conditions)
        noisy = Random(f"{self._seed}/{self._stream.sent}") if ARTEFACT in conditions else None
        frozen = self._faults.active(FROZEN, at_s)
        packet = bytearray()
        for position, data in enumerate(data_bytes):
            self._pulse.advance(vitals, frozen=frozen)
            if self._pulse.beat and not self._artefact.holds:
                self._averages.add(vitals)
            level = self._pulse.level if noisy is None else noisy.random()
            colour = _colour(vitals.perfusion) if self._pulse.marked else 0
            sync = _SYNC if position == 0 else 0
            packet.extend(self._frame(status | colour | sync, level, data))
        return bytes(packet)

    def _conditions(self, at_s: float, vitals: Vitals) -> set[str]:
        """What the status says of the packet; it decides what the averages keep."""
        off = self._faults.active(FINGER_OFF, at_s)
        out = self._faults.active(CABLE_OUT, at_s)
        artefact = self._faults.active(ARTEFACT, at_s) and not (off or out)
        if off or out or pulse_rate(vitals) is None:
            self._averages.clear()
        self._lost.update(off or out, at_s)
        self._artefact.update(artefact, at_s)
        if off or out:
            return {CABLE_OUT if out else FINGER_OFF}
        conditions = {ARTEFACT} if artefact else set()
        if self._artefact.held_for(_HOLD_S, at_s) or len(self._averages) < 4:
            conditions.add(OUT_OF_TRACK)
        return conditions

    def _renew_display(self, at_s: float, conditions: set[str]) -> None:
        """Renew the display values: every 1.5 s, or not while a lost finger's are held."""
        if FINGER_OFF in conditions and not self._lost.held_for(_HOLD_S, at_s):
            return
        renewals = (int(at_s / _DISPLAY_S), int((at_s - FRAMES / FRAMES_PER_S) / _DISPLAY_S))
        if renewals[0] != renewals[1] or conditions & {FINGER_OFF, CABLE_OUT}:
            self._display = self._averages.over(4)
            self._display_extended = self._averages.over(8)

    def _report(self, at_s: float) -> "Report":
        return Report(
            recent=self._averages.over(1),
            short=self._averages.over(4),
            extended=self._averages.over(8),
            display=self._display,
            display_extended=self._display_extended,
            timer=self._stream.sent,
            low_battery=self._faults.active(LOW_BATTERY, at_s),
            reserved=Random(f"{self._seed}/reserved/{self._stream.sent}"),
        )


class CommandedNonin(Nonin):
    """A WristOx2 or 9560, as `model` says: it streams in the format that its host sets."""

    def __init__(self, source: VitalsSource, faults: Faults, model: str, seed: int) -> None:
        super().__init__(source, faults, "2", seed, started=False)
        self._model = model
        self._commands = CommandBuffer(_START, _length)
        self._serial = f"{Random(f'{seed}/serial').randrange(500_000_000, 510_000_000)}"

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """The answers to the commands that `data` completes."""
        self._commands.drop_stalled(now_s)
        answers = [self._answer(each, now_s) for each in self._commands.receive(data, now_s)]
        return [Message(now_s, answer) for answer in answers]

    def _answer(self, command: bytes, now_s: float) -> bytes:
        if command == GET_TYPE:
            code = TYPES[self._model]
            return bytes([_START, 0xF3, len(code), *code, _END])
        if command == GET_SERIAL:
            serial = self._serial.encode("ascii")
            return bytes([_START, 0xF4, 1 + len(serial), 0x02, *serial, _END])
        if (number := _format_of(command)) is None:
            return REFUSED
        if number == _SPOT_CHECK:
            self._stream.start(now_s, now_s)
            return ACCEPTED
        self._frame, self._data_bytes = FORMATS[str(number)]
        if self._model == "9560":
            self._data_bytes = _format_7
        self._stream.start(now_s, math.inf)
        return ACCEPTED


_START, _END = 0x02, 0x03
_SPOT_CHECK = 13
ACCEPTED, REFUSED = b"\x06", b"\x15"
GET_TYPE = bytes.fromhex("02 73 00 03")
GET_SERIAL = bytes.fromhex("02 74 02 02 02 03")
TYPES = {"wristox2": bytes.fromhex("18 05 09"), "9560": bytes.fromhex("9E 09")}


def _length(command: bytes) -> int:
    """Bytes of the command that begins so: start, opcode, length, data, end."""
    return command[2] + 4 if len(command) > 2 else 4


def _format_of(command: bytes) -> int | None:
    """The format that the command sets, with or without options; None: it is to be refused."""
    body = command[:2] + command[-1:]
    if body != bytes([_START, 0x70, _END]) or command[2:4] not in (b"\x02\x02", b"\x04\x02"):
        return None
    number = command[4]
    if command[2] == 4 and command[6] != (0x70 + 4 + 2 + number + command[5]) & 0xFF:
        return None
    return number if str(number) in FORMATS or number == _SPOT_CHECK else None


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
    data = [byte & 0x7F for byte in report.reserved.randbytes(FRAMES)]
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

_LINE = LineSettings(9600)
_VITALS = frozenset({"spo2_pct", "pulse_per_min"})
_FAULTS = {
    FINGER_OFF: "SNSA; values missing at once, display values held for 10 s",
    CABLE_OUT: "SNSD; everything missing",
    ARTEFACT: "ARTF with the last averages, OOT too after 10 s",
    LOW_PERFUSION: "red perfusion, small wave",
    FROZEN: "flat wave with the last averages, and nothing says so",
}
_BATTERY = {LOW_BATTERY: "bit 0 of STAT2"}
_NO_CABLE = {fault: effect for fault, effect in _FAULTS.items() if fault != CABLE_OUT}


def _make(source: VitalsSource, faults: Faults, dialect: str, seed: int) -> Device:
    if dialect == "desk":
        return DeskNonin(source, faults)
    device = CommandedNonin if dialect in TYPES else Nonin
    return device(source, faults, dialect, seed)


MODEL = DeviceModel(
    title="Nonin pulse oximeter",
    role="oximeter",
    dialects={
        "2": Dialect(_LINE, _VITALS, _FAULTS),
        "7": Dialect(_LINE, _VITALS, _FAULTS | _BATTERY),
        "desk": DESK,
        "wristox2": Dialect(_LINE, _VITALS, _FAULTS | _BATTERY),
        "9560": Dialect(_LINE, _VITALS, _NO_CABLE | _BATTERY),
    },
    make=_make,
)
