"""Messages of the IntelliVue data export: frames, the session, polls and what they bring.

The bytes alone. Big-endian. What they mean for a patient is in `intellivue`.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum
from typing import Final

START, END, ESCAPE, FLIPPED = 0xC0, 0xC1, 0x7D, 0x20
SPECIAL: Final = frozenset({START, END, ESCAPE})
HEAD: Final = b"\x11\x01"
LONGEST_MESSAGE: Final = 1500
"""What one frame may carry; unverified: the association asks for 1000 at most."""

LONGEST_FRAME: Final = 2 * (LONGEST_MESSAGE + 6)

DATA: Final = 0xE1
ACCEPTED, REFUSED, ABORTED, RELEASED = 0x0E, 0x0C, 0x19, 0x0A
_WORDS: Final = frozenset({ACCEPTED, REFUSED, ABORTED, RELEASED})
INVOKE, RESULT, ERROR, LINKED = 1, 2, 3, 5
CONFIRMED_EVENT, CONFIRMED_SET, ACTION = 1, 5, 7
MDS_CREATE, POLL, EXTENDED_POLL = 0x0D06, 0x0C16, 0xF13B
NUMERIC, WAVE, ALARM_MONITOR = 0x06, 0x09, 0x36
OBSERVED_VALUES, ALARMS = 0x0803, 0x0811
POLL_TIME, WAVE_LIST = 0xF13E, 0xF23A
UNITS_PER_S: Final = 8000
"""Relative times are in 1/8 ms."""

_TEXT_INFO: Final = 0x0201
_NO_NUMBERS: Final = frozenset({0x7FFFFF, 0x800000, 0x7FFFFE, 0x800002, 0x800001})

ASSOCIATION_REQUEST: Final = bytes.fromhex(
    "0dec0508130100160102800014020002c1dc3180a0808001010000a280a003000001a48030800201"
    "01060452010001308006025101000000003080020102060c2a8648ce14020100000001013080060c"
    "2a8648ce140201000000020100000000000061803080020101a0806080a180060c2a8648ce140201"
    "00000003010000be802880060c2a8648ce1402010000000101020102814880000000400000000000"
    "00008000000020000000000000000001002c0001002880000000000009c4000009c4000003e8ffff"
    "ffff600000000001000cf00100088c0000000000000000000000000000000000000000000000"
)
"""The manual's request: one poll profile, with extended polls of numerics, waves and alarms."""

MDS: Final = bytes.fromhex("002100000000")


class _Attribute(IntEnum):
    NUMERIC = 0x0950
    COMPOUND = 0x094B
    TIME_STAMP = 0x0990
    SAMPLES = 0x096E
    PATIENT_ALARMS = 0x0902
    TECHNICAL_ALARMS = 0x0904


@dataclass(frozen=True, slots=True)
class Numeric:
    """A value as it stands: physio id, state and unit; None where it is no number."""

    physio: int
    state: int
    unit: int
    value: float | None


@dataclass(frozen=True, slots=True)
class Observed:
    """What one object of a reply says: its numerics, when they were taken, samples, texts."""

    handle: int
    numerics: tuple[Numeric, ...]
    at: datetime | None
    samples: tuple[tuple[int, int, tuple[int, ...]], ...]
    texts: tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a poll, or a part of it: what of, when, and its objects.

    `goes_on` is whether the poll is one that the monitor repeats by itself.
    """

    invoke: int
    goes_on: bool
    is_last: bool
    type: int
    at: datetime | None
    objects: tuple[Observed, ...]


class Damaged(ValueError):
    """A message that is shorter than it says."""


class Reader:
    """Takes numbers and parts off a message, and raises `Damaged` where it ends too soon."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def bytes(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise Damaged
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def u16(self) -> int:
        return int.from_bytes(self.bytes(2), "big")

    def part(self) -> "Reader":
        """What follows, as long as its length says."""
        return Reader(self.bytes(self.u16()))

    def list(self) -> Iterator["Reader"]:
        """The reader of a list with its count and length, once for each of its items."""
        count = self.u16()
        inside = self.part()
        for _ in range(count):
            yield inside


# ── frames ──────────────────────────────────────────────────────────────────────────────


def _table() -> tuple[int, ...]:
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x8408 if byte & 1 else 0)  # noqa: PLW2901
        table.append(byte)
    return tuple(table)


_CRC: Final = _table()


def fcs(data: bytes) -> bytes:
    """CRC-16/X-25 of `data`, low byte first."""
    crc = 0xFFFF
    for byte in data:
        crc = crc >> 8 ^ _CRC[(crc ^ byte) & 0xFF]
    return (crc ^ 0xFFFF).to_bytes(2, "little")


def framed(message: bytes) -> bytes:
    """`message` as a serial frame."""
    data = HEAD + len(message).to_bytes(2, "big") + message
    out = bytearray((START,))
    for byte in data + fcs(data):
        out += bytes((ESCAPE, byte ^ FLIPPED)) if byte in SPECIAL else bytes((byte,))
    out.append(END)
    return bytes(out)


def unframed(inside: bytes) -> bytes | None:
    """The message between the start and the end of a frame; None when it is damaged."""
    first, *others = inside.split(b"\x7d")
    data = bytearray(first)
    for other in others:
        if not other or other[0] ^ FLIPPED not in SPECIAL:
            return None
        data.append(other[0] ^ FLIPPED)
        data += other[1:]
    body = bytes(data[:-2])
    if body[:2] != HEAD or int.from_bytes(body[2:4], "big") != len(body) - 4:
        return None
    return body[4:] if fcs(body) == data[-2:] else None


def lone(datagram: bytes) -> bytes | None:
    """The message that a datagram is, without a frame; None where its length is another."""
    kind = datagram[0] if datagram else 0
    is_whole = False
    if kind == DATA:
        is_whole = len(datagram) >= 8 and int.from_bytes(datagram[6:8], "big") == len(datagram) - 8
    elif kind in _WORDS:
        is_long = datagram[1:2] == b"\xff"
        length = datagram[2:4] if is_long else datagram[1:2]
        is_whole = int.from_bytes(length, "big") == len(datagram) - (4 if is_long else 2)
    return datagram if is_whole else None


# ── what is sent ────────────────────────────────────────────────────────────────────────


def created(event: bytes, invoke: bytes) -> bytes:
    """The answer to the monitor's MDS-Create, whose `event` is its object and time."""
    body = event[:10] + MDS_CREATE.to_bytes(2, "big") + b"\0\0"
    return bytes.fromhex("e100000200020014") + invoke + b"\0\x01\0\x0e" + body


def poll(invoke: int, type_: int, group: int, for_s: int | None = None) -> bytes:
    """A single poll of the objects of `type_`, or one that goes on by itself for `for_s`."""
    request = struct.pack(">HHHH", invoke, 1, type_, group)
    action = POLL
    if for_s is not None:
        action = EXTENDED_POLL
        request += struct.pack(">HHHHI", 1, 8, POLL_TIME, 4, for_s * UNITS_PER_S)
    body = MDS + struct.pack(">IHH", 0, action, len(request)) + request
    body = struct.pack(">HHH", invoke, ACTION, len(body)) + body
    return struct.pack(">HHHH", 0xE100, 2, INVOKE, len(body)) + body


def choose_wave(invoke: int, physio: int) -> bytes:
    """Have the monitor send that wave: a confirmed set of its list of waves, by label."""
    label = struct.pack(">HHI", 1, 4, 0x00020000 | physio)
    change = struct.pack(">HHH", 0, WAVE_LIST, len(label)) + label
    body = MDS + struct.pack(">IHH", 0, 1, len(change)) + change
    body = struct.pack(">HHH", invoke, CONFIRMED_SET, len(body)) + body
    return struct.pack(">HHHH", 0xE100, 2, INVOKE, len(body)) + body


# ── what is received ────────────────────────────────────────────────────────────────────


def reply(operation: int, data: bytes) -> Reply | None:
    """The answer to a poll in the data of a result; None when it is another's.

    Raises `Damaged`.
    """
    of = Reader(data)
    if operation == LINKED:
        of.bytes(2)
    invoke = of.u16()
    if of.u16() != ACTION:
        return None
    of = of.part()
    of.bytes(len(MDS))
    action = of.u16()
    if action not in (POLL, EXTENDED_POLL):
        return None
    of = of.part()
    of.bytes(2 + 2 * (action == EXTENDED_POLL) + 4)
    at = clock(of.bytes(8))
    of.u16()
    type_ = of.u16()
    of.u16()
    objects = []
    for context in of.list():
        context.u16()
        objects += [_observed(each) for each in context.list()]
    return Reply(invoke, action == EXTENDED_POLL, operation == RESULT, type_, at, tuple(objects))


def _observed(of: Reader) -> Observed:
    handle = of.u16()
    numerics: list[Numeric] = []
    samples: list[tuple[int, int, tuple[int, ...]]] = []
    texts: tuple[str, ...] | None = None
    at = None
    for attribute in of.list():
        id_, value = attribute.u16(), attribute.part()
        match id_:
            case _Attribute.NUMERIC:
                numerics.append(_numeric(value))
            case _Attribute.COMPOUND:
                numerics += [_numeric(each) for each in value.list()]
            case _Attribute.TIME_STAMP:
                at = clock(value.bytes(8))
            case _Attribute.SAMPLES:
                physio, state, raw = value.u16(), value.u16(), value.bytes(value.u16() & ~1)
                samples.append((physio, state, struct.unpack(f">{len(raw) // 2}H", raw)))
            case _Attribute.PATIENT_ALARMS | _Attribute.TECHNICAL_ALARMS:
                found = (_text(each) for each in value.list())
                texts = (texts or ()) + tuple(text for text in found if text)
    return Observed(handle, tuple(numerics), at, tuple(samples), texts)


def _numeric(of: Reader) -> Numeric:
    physio, state, unit = of.u16(), of.u16(), of.u16()
    return Numeric(physio, state, unit, number(of.bytes(4)))


def _text(of: Reader) -> str:
    """The words of an alarm: source, code, type, state, object, kind and data of it."""
    of.bytes(14)
    kind, info = of.u16(), of.part()
    if kind != _TEXT_INFO:
        return ""
    info.bytes(10)
    return info.bytes(info.u16()).decode("utf-16-be", "replace").strip("\0 ")


def number(data: bytes) -> float | None:
    """A FLOAT; None where it is no number."""
    mantissa = int.from_bytes(data[1:], "big")
    if mantissa in _NO_NUMBERS:
        return None
    value = int.from_bytes(data[1:], "big", signed=True)
    exponent = int.from_bytes(data[:1], "big", signed=True)
    return value * 10.0**exponent if exponent >= 0 else value / 10.0**-exponent


def clock(bcd: bytes) -> datetime | None:
    """The time in eight bytes of BCD; None where it is none."""
    digits = bcd.hex()
    if not digits.isdecimal():
        return None
    year, *others = (int(digits[:4]), *(int(digits[n : n + 2]) for n in range(4, 14, 2)))
    try:
        whole = datetime(year, *others)  # type: ignore[arg-type]  # noqa: DTZ001 - knows no zone
    except ValueError:
        return None
    return whole + timedelta(milliseconds=10 * int(digits[14:]))
