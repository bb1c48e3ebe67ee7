"""Nellcor pulse oximeters that print ASCII (N-595, N-600x, N-560, NPB-290): three dialects.

Theory of operation. The oximeter prints a line of values every 2 s, without a checksum, and
before the first and after every page of 25 lines a header that names its model. In a line of
values SpO2 and pulse end in columns of their own, so a byte lost or added is noticed; a digit
that became another digit is not. A line of values is believed behind a header, or behind another
one, so that what is half a line is not.

The header tells the dialects apart, and nothing else does: the lines of values are the same. A
link that opens between two headers, up to 44 s apart, is taken for the usual dialect's rather
than kept silent for so long, and the `Identity` is what the next header says.

XON/XOFF is in force: where nothing comes, output may have been stopped, and Ctrl-Q is sent.
"""

import re
from typing import Final

from drivers.codec import ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.lines import LineCodec
from drivers.oximetry import StatusBit, StatusTable
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Vital

LOCK: Final = 2
CERTAIN: Final = LOCK + 1
"""As certain as it gets: two bad lines, which one line feed too many can make, cost no third."""

LONGEST_LINE: Final = 200
"""More than any model prints: the longest seen has 83 bytes."""

XON: Final = b"\x11"
RESUME_S: Final = 3.0
"""After so long without a good line it is told to go on: one that prints does so every 2 s."""

RANGES: Final = {
    Vital.SPO2: ValueRange(1, 100),
    Vital.PULSE: ValueRange(20, 300),
}
"""What the device prints; unverified."""

_VALUES: Final = re.compile(
    rb"\d\d-[A-Za-z]{3}-\d\d \d\d:\d\d:\d\d"
    rb"([ \d-]{6})[ *]([ \d-]{7})[ *]([ \d-]{7})((?: +[A-Z]{2})*) *\Z"
)
"""SpO2, pulse and amplitude end in columns 23, 31 and 39; `*` is outside the device's limits."""

_VALUE: Final = re.compile(rb" +(\d{1,3}|---)")
_HEADER: Final = re.compile(
    rb"(N(?:PB)?-\d{3}[A-Za-z]?) +VERSION +(\d+(?:\.\d+)*) +CRC: *[0-9A-Za-z]{4} "
    rb"+SpO2 Limit: *\d+-\d+% +PR Limit: *\d+-\d+BPM *\Z"
)
_REST_OF_HEADER: Final = re.compile(
    rb" *(?:(?:ADULT|NEO) +\d+SAT-S(?: +SPO2 RESP MODE: *(?:NORMAL|FAST))?"
    rb"|TIME +%S[pP]O2 +BPM +PA +Status) *\Z"
)

STATUS: Final = StatusTable(
    StatusBit(0x01, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "sensor disconnected"),
    StatusBit(0x02, Flag.SENSOR_OFF, Quality.REJECTED, "sensor off"),
    StatusBit(0x04, Flag.NO_PULSE, Quality.POOR, "no pulse"),
    StatusBit(0x08, Flag.NO_PULSE, Quality.POOR, "searching for the pulse"),
    StatusBit(0x10, Flag.ARTEFACT, Quality.POOR, "interference"),
    StatusBit(0x20, Flag.LOW_BATTERY),
)
CODES: Final = {
    b"SD": 0x01,
    b"SO": 0x02,
    b"LP": 0x04,
    b"PS": 0x08,
    b"MO": 0x10,
    b"LM": 0x14,
    b"LB": 0x20,
}
"""The status codes that mean something here, in the bits of `STATUS`: no limit and no alarm."""


class NellcorCodec(LineCodec):
    """Lines of one oximeter, whose header names one of `models`."""

    def __init__(self, models: frozenset[str]) -> None:
        super().__init__(RANGES, LONGEST_LINE)
        self._models = models
        self._is_heard = False
        self._restart()

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._restart()
        self._out += XON
        self.deadline_s = now_s + RESUME_S

    def handle_deadline(self, now_s: float) -> list[Item]:
        if self.deadline_s is not None and (self._is_heard or now_s >= self.deadline_s):
            if not self._is_heard:
                self._out += XON
            self._is_heard = False
            self.deadline_s = now_s + RESUME_S
        return []

    def _restart(self) -> None:
        self._in_a_row = 0
        self._is_heard = False
        self._identity: Identity | None = None

    def _took(self, line: bytes) -> list[Item]:
        if not line.strip() or _REST_OF_HEADER.match(line):
            return []
        if found := _HEADER.search(line):
            return self._header(*(part.decode("ascii") for part in found.groups()))
        found = _VALUES.search(line)
        values = [_VALUE.fullmatch(field) for field in found.groups()[:3]] if found else [None]
        if found is None or not all(values):
            self.stats.damaged["bad-frame"] += 1
            self._in_a_row = max(0, self._in_a_row - 1)
            return []
        self._skip(found.start())
        self._in_a_row = min(self._in_a_row + 1, CERTAIN)
        if self._in_a_row < LOCK:
            return []
        self._good()
        spo2, pulse, _amplitude = (number(value[1]) for value in values if value)
        return [self._measurement(spo2, pulse, found[4].split())]

    def _header(self, model: str, version: str) -> list[Item]:
        """Who it is, once a link; its own header makes what follows certain."""
        if model in self._models:
            self._in_a_row = CERTAIN
            self._good()
        elif self._in_a_row < LOCK:
            self.stats.damaged["other-dialect"] += 1
            return []
        if self._identity is not None:
            return []
        self._identity = Identity(f"Nellcor {model}", firmware=version)
        return [self._identity]

    def _good(self) -> None:
        self._is_heard = True
        self.stats.frames += 1

    def _measurement(self, spo2: int | None, pulse: int | None, codes: list[bytes]) -> Measurement:
        bits = 0
        for code in codes:
            bits |= CODES.get(code, 0)
        found = STATUS.judge(bits)
        readings = (
            self._reading(Vital.SPO2, spo2, found.quality, found.reason),
            self._reading(Vital.PULSE, pulse, found.quality, found.reason),
        )
        return Measurement(readings, found.flags)


def number(text: bytes) -> int | None:
    """The number in a field; None for dashes, and for the 0 of a pulse search."""
    return None if text == b"---" else int(text) or None


def _dialect(name: str, *models: str) -> Dialect:
    def make(_options: Options) -> NellcorCodec:
        return NellcorCodec(frozenset(models))

    return Dialect(name, make, LineSettings(9600))


DRIVER: Final = Driver(
    name="nellcor",
    title="Nellcor N-595, N-560, NPB-290 pulse oximeters",
    ranges=RANGES,
    flags=STATUS.flags,
    silent_after_s=8.0,
    stale_after_s=dict.fromkeys(RANGES, 10.0),
    dialects=(
        _dialect("n595", "N-595", "N-600", "N-600x", "N-600X"),
        _dialect("n560", "N-560"),
        _dialect("npb290", "NPB-290", "NPB-295"),
    ),
)
