"""Unimed UN300C blood-pressure module: how a measurement goes, its stream and its commands.

`UN300C` is how it behaves, the tables and frames below how it speaks. What it assumes where the
protocol page is silent is in `docs/simulators.md`.
"""

import re
from collections.abc import Mapping

from simulators.cuff import ADULT, CUFF_LEAK, Inflation, inflate
from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.vitals import Vitals, VitalsSource

CUFF_LOOSE = "cuff-loose"
CUFF_BLOCKED = "cuff-blocked"
CUFF_WRONG = "cuff-wrong"
DEVICE_FAULT = "device-fault"
ARTEFACT, LOW_PERFUSION = "artefact", "low-perfusion"

_STANDBY, _ERROR, _MEASURING = 1, 2, 3
_NO_ERROR, _INVALID_COMMAND, _WEAK = 0, 2, 9
ERRORS = {
    DEVICE_FAULT: 15,
    CUFF_BLOCKED: 8,
    CUFF_LOOSE: 6,
    CUFF_LEAK: 7,
    ARTEFACT: 11,
    LOW_PERFUSION: _WEAK,
}
"""What a measurement ends with when a fault is there at its start, the first one first."""

_LEAKS = {7, 6}
_STREAMED_EVERY_S = 0.37
_SETTLE_S = 0.1
_LONGEST_COMMAND = 32


class UN300C:
    """The cuff on a patient's arm and the module behind it."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._faults = faults
        self._begin, self._end = FRAMINGS[dialect]
        begin, end = (re.escape(mark) for mark in FRAMINGS[dialect])
        self._command = re.compile(b"%b([^%b%b]*)%b|X\r" % (begin, begin, end, end))
        self._received = b""
        self._inflation: Inflation | None = None
        self._streamed = 0
        self._pending_error = _NO_ERROR
        self._wrong_cuff = False
        self._state, self._message = _STANDBY, _NO_ERROR
        self._last = Vitals()

    @property
    def next_due_s(self) -> float | None:
        """When the next cuff pressure is due; `None` while it does not measure."""
        inflation = self._inflation
        if inflation is None:
            return None
        streamed_s = inflation.began_s + (self._streamed + 1) * _STREAMED_EVERY_S
        return streamed_s if streamed_s < inflation.ends_s else inflation.ends_s + _SETTLE_S

    def advance(self, now_s: float) -> list[Message]:
        """The cuff pressures up to `now_s`, and 999 when it has ended."""
        messages = []
        while (inflation := self._inflation) is not None and (
            due_s := self.next_due_s or 0.0
        ) <= now_s:
            if due_s >= inflation.ends_s:
                self._finish(inflation)
                body = b"999"
            else:
                self._streamed += 1
                mode = int(self._wrong_cuff)
                body = f"{inflation.cuff_mmhg(due_s):03d}C{mode}S{_MEASURING}".encode("ascii")
            messages.append(Message(due_s, self._framed(body)))
        return messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """The answers to the commands that `data` completes; only a question has one."""
        self._received += data
        messages, at = [], 0
        for found in self._command.finditer(self._received):
            at = found.end()
            if (answer := self._told(b"X" if found[1] is None else found[1], now_s)) is not None:
                messages.append(Message(now_s, self._framed(answer)))
        self._received = self._received[at:][-_LONGEST_COMMAND:]
        return messages

    def _told(self, body: bytes, now_s: float) -> bytes | None:
        match body:
            case b"01;;D7":
                self._start(now_s)
            case b"03;;D9":
                pass
            case b"18;;DF":
                return self._result()
            case b"X":
                self._abort()
            case _:
                self._message = _INVALID_COMMAND
        return None

    def _start(self, now_s: float) -> None:
        if self._inflation is not None:
            return
        vitals = self._source.at(now_s)
        there = [code for fault, code in ERRORS.items() if self._faults.active(fault, now_s)]
        weak = [] if vitals.sys_mmhg is not None else [_WEAK]
        self._pending_error = next(iter(there + weak), _NO_ERROR)
        self._wrong_cuff = self._faults.active(CUFF_WRONG, now_s)
        self._inflation = inflate(now_s, ADULT, vitals, leaks=self._pending_error in _LEAKS)
        self._streamed = 0
        self._state, self._message = _MEASURING, _NO_ERROR

    def _finish(self, inflation: Inflation) -> None:
        self._inflation = None
        self._message = self._pending_error
        self._state = _ERROR if self._message else _STANDBY
        if not self._message:
            self._last = inflation.vitals

    def _abort(self) -> None:
        if self._inflation is not None:
            self._inflation = None
            self._state, self._last = _STANDBY, Vitals()

    def _result(self) -> bytes:
        """The last result; one about an error has the values before it."""
        last = self._last
        numbers = (last.sys_mmhg, last.dia_mmhg, last.map_mmhg, last.pulse_per_min)
        sys, dia, mean, pulse = (
            "---" if number is None else f"{round(number):03d}" for number in numbers
        )
        line = (
            f"S{self._state};A0;C00;M{self._message:02d};P{sys}{dia}{mean};R{pulse};T    ;;"
        ).encode("ascii")
        return line + checksum(line)

    def _framed(self, body: bytes) -> bytes:
        return self._begin + body + self._end + b"\r"


def checksum(line: bytes) -> bytes:
    """The sum of the characters of a line modulo 256, as two hexadecimal characters."""
    return f"{sum(line) & 0xFF:02X}".encode("ascii")


FRAMINGS: Mapping[str, tuple[bytes, bytes]] = {
    "nibp": (b"\x02", b"\x03"),
    "spo2-board": (b"\xfd", b"\xfe"),
}
"""With what a frame begins and ends."""

_VITALS = frozenset({"sys_mmhg", "dia_mmhg", "map_mmhg", "pulse_per_min"})
_FAULTS = {
    CUFF_LEAK: "M07 after 20 s, with the values before",
    CUFF_LOOSE: "M06 after 20 s, with the values before",
    CUFF_BLOCKED: "M08, with the values before",
    CUFF_WRONG: "C1 beside each cuff pressure",
    ARTEFACT: "M11, with the values before",
    LOW_PERFUSION: "M09, with the values before",
    DEVICE_FAULT: "M15, with the values before",
}

MODEL = DeviceModel(
    title="Unimed UN300C blood-pressure module",
    role="cuff",
    dialects={
        "nibp": Dialect(LineSettings(4800), _VITALS, _FAULTS),
        "spo2-board": Dialect(LineSettings(19_200), _VITALS, _FAULTS),
    },
    make=UN300C,
)
