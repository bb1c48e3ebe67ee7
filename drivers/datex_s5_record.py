"""Records of the S/5 Computer Interface: frames, subrecords and groups of values, and requests.

The bytes alone (M1017617, 8005313, 12th ed.). Little-endian, packed. What they mean for a patient
is in `datex_s5`.
"""

import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

PHYSIOLOGICAL, WAVEFORM, ALARM = 0, 1, 4
"""Main types; network is 5, events are 8."""

DISPLAYED, AUXILIARY = 1, 4
PLETH: Final = 8
STATUS: Final = 1
"""Types of subrecords, within their main type."""

END_OF_LIST: Final = 0xFF
HEADER_BYTES: Final = 40
DATA_BYTES: Final = 1450
LONGEST_FRAME: Final = 2 * (HEADER_BYTES + DATA_BYTES + 1)
"""Every byte of a record and its checksum may be escaped."""

MISSING: Final = -32001
"""A value that is this or less is none: invalid, not updated, out of range, not calibrated."""

CONTROL: Final = -32000
"""A sample that is this or less is none."""

EXISTS, ACTIVE = 1 << 0, 1 << 1
DISPLAYED_BYTES, AUXILIARY_BYTES, ALARM_BYTES = 278, 114, 500
_CLASS_AT, _CLASS_MASK = 276, 0x0F00
_ECG, _NIBP, _SPO2, _CO2 = 4, 76, 122, 136
_GROUP: Final = struct.Struct("<IH")
_TEXTS_AT, _TEXT_BYTES, _TEXT_EVERY, _TEXTS = 10, 80, 98, 5
_COLOUR_AT: Final = 82
_WAVE: Final = struct.Struct("<hHH")
_GAP: Final = 1

_ESCAPED: Final = re.compile(rb"\x7d(.?)", re.DOTALL)
_ESCAPES: Final = {b"\x5e": b"\x7e", b"\x5d": b"\x7d"}


@dataclass(frozen=True, slots=True)
class Record:
    """A whole record: when it was sent by the monitor's clock, and its subrecords by type."""

    level: int
    sent_at: int
    main: int
    parts: tuple[tuple[int, bytes], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Values of one parameter, as they stand in the record."""

    status: int
    label: int
    raw: tuple[int, ...]

    @property
    def is_active(self) -> bool:
        """Whether its module is there and it is measured."""
        return self.status & (EXISTS | ACTIVE) == EXISTS | ACTIVE

    def value(self, index: int, per_unit: int = 1) -> float | None:
        """A value of which there are `per_unit` in its unit; None where there is none."""
        raw = self.raw[index]
        return None if raw <= MISSING else raw / per_unit


@dataclass(frozen=True, slots=True)
class Displayed:
    """The groups of displayed values that are used; of another class than basic they are not."""

    is_basic: bool
    ecg: Group
    nibp: Group
    spo2: Group
    co2: Group


@dataclass(frozen=True, slots=True)
class Samples:
    """The samples of a wave that are ones, and whether some were lost before them."""

    has_gap: bool
    values: tuple[int, ...]


def read(frame: bytes) -> Record | None:
    """The record between two flags; None when it is damaged."""
    if b"\x7d" in frame:
        if any(after not in _ESCAPES for after in _ESCAPED.findall(frame)):
            return None
        frame = _ESCAPED.sub(lambda found: _ESCAPES[found[1]], frame)
    if len(frame) <= HEADER_BYTES:
        return None
    (length,) = struct.unpack_from("<h", frame)
    if length != len(frame) - 1 or sum(frame[:-1]) & 0xFF != frame[-1]:
        return None
    (sent_at,) = struct.unpack_from("<I", frame, 6)
    (main,) = struct.unpack_from("<h", frame, 14)
    return Record(frame[3], sent_at, main, tuple(_parts(frame[:-1])))


def _parts(record: bytes) -> Iterator[tuple[int, bytes]]:
    """Each subrecord, to the end of the record."""
    data = record[HEADER_BYTES:]
    for at in range(16, HEADER_BYTES, 3):
        offset, type_ = struct.unpack_from("<hB", record, at)
        if type_ == END_OF_LIST:
            return
        yield type_, data[offset:] if offset >= 0 else b""


def displayed(data: bytes) -> Displayed | None:
    """The displayed values; None when they are not whole."""
    if len(data) < DISPLAYED_BYTES:
        return None
    (kind,) = struct.unpack_from("<H", data, _CLASS_AT)
    return Displayed(
        not kind & _CLASS_MASK,
        ecg=_group(data, _ECG, 5),
        nibp=_group(data, _NIBP, 4),
        spo2=_group(data, _SPO2, 3),
        co2=_group(data, _CO2, 3),
    )


def _group(data: bytes, at: int, count: int) -> Group:
    status, label = _GROUP.unpack_from(data, at)
    return Group(status, label, struct.unpack_from(f"<{count}h", data, at + _GROUP.size))


def auxiliary_time(data: bytes) -> int | None:
    """When the cuff measured last, by the monitor's clock, 0 for unknown; None when not whole."""
    return int.from_bytes(data[:4], "little") if len(data) >= AUXILIARY_BYTES else None


def alarm_texts(data: bytes) -> tuple[str, ...] | None:
    """The texts of the alarms that are there, most urgent first; None when they are not whole."""
    if len(data) < ALARM_BYTES:
        return None
    texts = []
    for at in range(_TEXTS_AT, _TEXTS_AT + _TEXTS * _TEXT_EVERY, _TEXT_EVERY):
        text = data[at : at + _TEXT_BYTES].split(b"\0")[0].decode("latin-1").strip()
        if text and data[at + _COLOUR_AT]:
            texts.append(text)
    return tuple(texts)


def samples(data: bytes) -> Samples | None:
    """The samples of a wave's subrecord; None when they are not whole."""
    if len(data) < _WAVE.size:
        return None
    count, status, _ = _WAVE.unpack_from(data)
    if not 0 <= count <= (len(data) - _WAVE.size) // 2:
        return None
    raw = struct.unpack_from(f"<{count}h", data, _WAVE.size)
    return Samples(bool(status & _GAP), tuple(each for each in raw if each > CONTROL))


def request(main: int, body: bytes) -> bytes:
    """A frame with one subrecord of type 0, which is a request, of `main`."""
    header = bytearray(HEADER_BYTES)
    struct.pack_into("<h", header, 0, HEADER_BYTES + len(body))
    struct.pack_into("<h", header, 14, main)
    header[21] = END_OF_LIST
    return framed(bytes(header) + body)


def framed(record: bytes) -> bytes:
    """`record` and its checksum between flags."""
    body = record + bytes((sum(record) & 0xFF,))
    return b"\x7e" + body.replace(b"\x7d", b"\x7d\x5d").replace(b"\x7e", b"\x7d\x5e") + b"\x7e"
