"""SunTech Advantage cuff: how a measurement goes, what state it is in, and its commands.

`SunTech` is how it behaves, the tables and frames how it speaks.
Where the protocol page is silent: a start is answered O; a reading is new once, and old
to every later question; no answer and K are closer than a tenth of a second.
"""

import heapq
from dataclasses import dataclass
from functools import partial

from simulators.command_buffer import CommandBuffer
from simulators.cuff import ADULT, CUFF_LEAK, NEONATE, PAEDIATRIC, Inflation, Size, inflate
from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.vitals import Vitals, VitalsSource

_SETTLE_S = 0.1

_NO_ERROR, _WEAK, _ARTEFACT, _ABORTED, _LEAK = 0, 1, 2, 86, 87
_TEST_CODES = bytes.fromhex("00 00 00 00 00 00 31 07")
_INFLATE_LIMITS_MMHG = (60, 280)

_ASLEEP = "cuff-asleep"
_ERRORS = {CUFF_LEAK: _LEAK, "artefact": _ARTEFACT, "low-perfusion": _WEAK}
"""What a measurement ends with when a fault is there at its start, the first one first."""


@dataclass(frozen=True, slots=True)
class Result:
    """What the module remembers of the last measurement."""

    error: int = _NO_ERROR
    vitals: Vitals | None = None
    beats: int = 0


class SunTech:
    """The cuff on a patient's arm and the module behind it."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._faults = faults
        self._commands = CommandBuffer(0x3A, _length)
        self._inflation: Inflation | None = None
        self._error = _NO_ERROR
        self._adult = ADULT
        self._result = Result()
        self._fresh = False
        self._pending: list[tuple[float, bytes]] = []

    @property
    def next_due_s(self) -> float | None:
        """When a measurement ends or a late answer is due."""
        due = [at_s for at_s, _ in self._pending[:1]]
        if self._inflation is not None:
            due.append(self._inflation.ends_s)
        return min(due, default=None)

    def advance(self, now_s: float) -> list[Message]:
        """The endings up to `now_s`."""
        inflation = self._inflation
        if inflation is not None and inflation.ends_s <= now_s:
            self._inflation = None
            self._finish(inflation)
        messages = []
        while self._pending and self._pending[0][0] <= now_s:
            messages.append(Message(*heapq.heappop(self._pending)))
        return messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """The answers to the commands that `data` completes."""
        answers = [TIME_OUT] if self._commands.drop_stalled(now_s) else []
        answers += [self._answer(each, now_s) for each in self._commands.receive(data, now_s)]
        return [Message(now_s, answer) for answer in answers]

    def _answer(self, command: bytes, now_s: float) -> bytes:
        if self._faults.active(_ASLEEP, now_s):
            return ASLEEP
        if command[1] not in LENGTHS:
            return UNRECOGNISED
        if sum(command) & 0xFF:
            return ERROR
        match command[1]:
            case 0x79:
                return self._ask(command[2], now_s)
            case 0x17:
                return self._set_inflation(int.from_bytes(command[2:4], "little"), now_s)
            case start:
                size = STARTS[start]
                return self._start(self._adult if size is ADULT else size, now_s)

    def _ask(self, what: int, now_s: float) -> bytes:
        match what:
            case 0x01:
                return self._abort(now_s)
            case 0x03:
                return self._data()
            case 0x05:
                mmhg = 0 if self._inflation is None else self._inflation.cuff_mmhg(now_s)
                return frame(mmhg.to_bytes(2, "little"))
            case _:
                return UNDEFINED

    def _start(self, size: Size, now_s: float) -> bytes:
        if self.next_due_s is not None:
            return BUSY
        vitals = self._source.at(now_s)
        self._error = self._error_at(vitals, now_s)
        self._inflation = inflate(now_s, size, vitals, leaks=self._error == _LEAK)
        self._fresh = False
        return ACCEPTED

    def _error_at(self, vitals: Vitals, now_s: float) -> int:
        for fault, error in _ERRORS.items():
            if self._faults.active(fault, now_s):
                return error
        return _NO_ERROR if vitals.sys_mmhg is not None else _WEAK

    def _finish(self, inflation: Inflation) -> None:
        if self._error:
            self._result = Result(self._error)
        else:
            pulse = inflation.vitals.pulse_per_min or 60.0
            fall_s = inflation.ends_s - inflation.began_s - inflation.rise_s
            beats = int(fall_s * pulse / 60)
            self._result = Result(vitals=inflation.vitals, beats=beats)
        self._fresh = not self._error
        self._later(inflation.ends_s, ENDED)

    def _abort(self, now_s: float) -> bytes:
        if self._inflation is not None:
            self._inflation = None
            self._result, self._fresh = Result(_ABORTED), False
            self._later(now_s + _SETTLE_S, ENDED)
        return ABORTED

    def _set_inflation(self, mmhg: int, now_s: float) -> bytes:
        if self.next_due_s is not None:
            return BUSY
        low, high = _INFLATE_LIMITS_MMHG
        if not low <= mmhg <= high:
            return ERROR
        self._adult = Size(mmhg, ADULT.step_mmhg)
        self._later(now_s + _SETTLE_S, ENDED)
        return ACCEPTED

    def _data(self) -> bytes:
        status, self._fresh = int(self._fresh), False
        return bp_data(self._result, status)

    def _later(self, at_s: float, answer: bytes) -> None:
        heapq.heappush(self._pending, (at_s, answer))


def checksum(data: bytes) -> int:
    """The byte that makes the sum of a frame 0 modulo 256."""
    return -sum(data) & 0xFF


def frame(body: bytes) -> bytes:
    """`body` as the module sends it: 3E, length of the whole, body, checksum."""
    head = bytes([0x3E, len(body) + 3]) + body
    return head + bytes([checksum(head)])


ACCEPTED, ENDED, BUSY, ABORTED, ERROR, UNDEFINED, UNRECOGNISED, ASLEEP, TIME_OUT = (
    frame(letter.encode()) for letter in "OKBAENDST"
)

STARTS = {0x20: ADULT, 0x87: PAEDIATRIC, 0x28: NEONATE}
LENGTHS = {0x79: 5, 0x17: 5} | dict.fromkeys(STARTS, 3)
"""Bytes of each command, by its second byte."""


def _length(command: bytes) -> int:
    """Bytes of the command that begins so; an unknown one is two bytes long."""
    return LENGTHS.get(command[1], 2) if len(command) > 1 else 2


def bp_data(result: Result, status: int) -> bytes:
    """The 24 bytes of BP data: zeros for values the module has not got."""
    word = partial(int.to_bytes, length=2, byteorder="little")
    vitals = result.vitals or Vitals()
    sys, dia, mean = (round(v or 0) for v in (vitals.sys_mmhg, vitals.dia_mmhg, vitals.map_mmhg))
    pulse = round(vitals.pulse_per_min or 0)
    return frame(
        word(sys)
        + word(dia)
        + bytes([min(result.beats, 255), status])
        + _TEST_CODES
        + bytes([min(pulse, 255), 0])
        + word(mean)
        + bytes([result.error, 0, 0])
    )


MODEL = DeviceModel(
    title="SunTech Advantage blood-pressure module",
    role="cuff",
    dialects={
        "advantage": Dialect(
            LineSettings(9600),
            frozenset({"sys_mmhg", "dia_mmhg", "map_mmhg", "pulse_per_min"}),
            {
                CUFF_LEAK: "error 87 after 20 s",
                "artefact": "error 2",
                "low-perfusion": "error 1",
                _ASLEEP: "S to every command",
            },
        )
    },
    make=SunTech,
)
