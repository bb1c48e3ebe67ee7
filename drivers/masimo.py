"""Masimo Radical-7 and Rad-8 pulse oximeters, and others that send ASCII 1: two dialects.

Theory of operation. The oximeter sends a line of text a second, without a checksum: a date, a
time and fields `KEY=value`. Models differ in their fields and in the width of some, so a field is
found by its key. A line is believed when all of it has that form and the fields that every
model has are among it, the vitals with as many digits as all models write. A byte lost or
added is noticed where it matters; a digit that became another digit is not.

`PVI` tells the dialects apart. Nothing is counted or reported before `LOCK` lines came in a row,
so that one whose `PVI` was damaged is not taken for the other dialect's; a bad one takes one back.
"""

import re
from collections.abc import Mapping
from typing import Final

from drivers.codec import ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.lines import LineCodec
from drivers.oximetry import StatusBit, StatusTable
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Vital

LOCK: Final = 2
LONGEST_LINE: Final = 400
"""More than any model sends: the longest seen has 177 bytes."""

RANGES: Final = {
    Vital.SPO2: ValueRange(1, 100),
    Vital.PULSE: ValueRange(20, 300),
    Vital.PERFUSION: ValueRange(0, 20),
}
"""What the device prints; unverified."""

_LINE_END: Final = re.compile(rb"\r\n")
_KEYS: Final = {Vital.SPO2: "SPO2", Vital.PULSE: "BPM", Vital.PERFUSION: "PI"}
_FORMS: Final = {
    "SPO2": re.compile(r"(?:\d{3}|-{3})%?"),
    "BPM": re.compile(r"(?:\d{3}|-{3})%?"),
    "PI": re.compile(r"(?:\d\d\.\d\d|--\.--)%?"),
    "ALARM": re.compile(r"[0-9A-F]{2,8}"),
    "EXC": re.compile(r"[0-9A-F]{3,8}"),
}
"""What every model's line has, and how it is written."""

_LINE: Final = re.compile(
    rb"\d\d/\d\d/\d\d[ \t]+\d\d:\d\d:\d\d((?:[ \t]+[A-Z][A-Z0-9]*=[0-9A-F.+%-]+)+)[ \t]*\Z"
)

_LOW_BATTERY_ALARM: Final = 0x40
_LOW_BATTERY: Final = 1 << 32
"""Where `STATUS` has the battery's bit, which is in ALARM: EXC has at most 32 bits."""

STATUS: Final = StatusTable(
    StatusBit(0x0001, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "no sensor"),
    StatusBit(0x1000, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "no cable"),
    StatusBit(0x0020, Flag.SENSOR_OFF, Quality.REJECTED, "sensor off"),
    StatusBit(0x0002, Flag.DEVICE_FAULT, Quality.REJECTED, "defective sensor"),
    StatusBit(0x0080, Flag.DEVICE_FAULT, Quality.REJECTED, "unrecognised sensor"),
    StatusBit(0x1C000, Flag.DEVICE_FAULT, Quality.REJECTED, "faulty cable"),
    StatusBit(0x0008, Flag.NO_PULSE, Quality.POOR, "searching for the pulse"),
    StatusBit(0x0010, Flag.ARTEFACT, Quality.POOR, "interference"),
    StatusBit(0x0040, Flag.ARTEFACT, Quality.POOR, "too much light"),
    StatusBit(0x0400, Flag.ARTEFACT, Quality.POOR, "low signal quality"),
    StatusBit(0x0004, Flag.LOW_PERFUSION, Quality.POOR, "low perfusion"),
    StatusBit(_LOW_BATTERY, Flag.LOW_BATTERY),
)


class MasimoCodec(LineCodec):
    """Lines of one oximeter, `model` by name, with or without PVI."""

    def __init__(self, model: str, has_pvi: bool) -> None:
        super().__init__(RANGES, LONGEST_LINE, _LINE_END)
        self._model = model
        self._has_pvi = has_pvi
        self._restart()

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._restart()

    def _restart(self) -> None:
        self._in_a_row = 0
        self._is_identified = False

    def _took(self, line: bytes) -> list[Item]:
        if not line.strip():
            return []
        found = _LINE.search(line)
        fields = fields_of(found[1]) if found else None
        if found is None or fields is None:
            return self._bad("bad-frame")
        self._skip(found.start())
        if ("PVI" in fields) != self._has_pvi:
            return self._bad("other-dialect")
        self._in_a_row = min(self._in_a_row + 1, LOCK)
        if self._in_a_row < LOCK:
            return []
        self.stats.frames += 1
        return [*self._identity(fields), self._measurement(fields)]

    def _bad(self, why: str) -> list[Item]:
        self.stats.damaged[why] += 1
        self._in_a_row = max(0, self._in_a_row - 1)
        return []

    def _identity(self, fields: Mapping[str, str]) -> list[Item]:
        """Who it is, once a link."""
        if self._is_identified:
            return []
        self._is_identified = True
        serial = fields.get("SN", "").strip("-")
        return [Identity(self._model, serial or None)]

    def _measurement(self, fields: Mapping[str, str]) -> Measurement:
        bits = int(fields["EXC"], 16)
        if int(fields["ALARM"], 16) & _LOW_BATTERY_ALARM:
            bits |= _LOW_BATTERY
        found = STATUS.judge(bits)
        readings = tuple(
            self._reading(vital, number(fields[key]), found.quality, found.reason)
            for vital, key in _KEYS.items()
        )
        return Measurement(readings, found.flags)


def fields_of(text: bytes) -> dict[str, str] | None:
    """The fields of a line by key; None when one that every model has is missing or misshapen."""
    pairs = [field.split("=") for field in text.decode("ascii").split()]
    fields = dict(pairs)
    is_whole = all(form.fullmatch(fields.get(key, "")) for key, form in _FORMS.items())
    return fields if is_whole and len(fields) == len(pairs) else None


def number(text: str) -> float | None:
    """The number in a field; None for dashes, and for a 0, which the device's trends use so."""
    digits = text.rstrip("%")
    return None if "-" in digits else float(digits) or None


def _dialect(name: str, model: str, *, has_pvi: bool) -> Dialect:
    def make(_options: Options) -> MasimoCodec:
        return MasimoCodec(model, has_pvi)

    return Dialect(name, make, LineSettings(9600))


DRIVER: Final = Driver(
    name="masimo",
    title="Masimo Radical-7, Rad-8 pulse oximeters",
    ranges=RANGES,
    flags=STATUS.flags,
    silent_after_s=4.0,
    stale_after_s=dict.fromkeys(RANGES, 6.0),
    dialects=(
        _dialect("rad7", "Masimo Radical-7", has_pvi=True),
        _dialect("rad8", "Masimo Rad-8", has_pvi=False),
    ),
)
