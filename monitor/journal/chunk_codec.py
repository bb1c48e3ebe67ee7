"""Dense samples as compact chunks, and back: pure functions, no database.

A chunk holds some seconds of one bed. An *inputs* chunk keeps everything that the bed's
core was given, in that order, each as JSON text with its instant on both clocks, so that
a session can be run again; an *opening* chunk says where that can begin. A *wave* chunk
keeps one waveform of one device.

Layout: zlib over `<II` (length of the head, number of entries), the head as JSON, then one
little-endian array a column. Times (milliseconds) and wave samples are stored as
differences from the one before, the first from 0.
"""

import json
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from operator import add, sub
from typing import Any, Final

from drivers.clock import Instant

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
INPUTS: Final = "inputs"
RECORDING_START: Final = "opening"
"""The `kind` of those chunks; a wave chunk's is the name of its wave."""


@dataclass(frozen=True, slots=True)
class InputEntry:
    """One thing that a bed was given: JSON text."""

    at: Instant
    text: str


@dataclass(frozen=True, slots=True)
class InputBlock:
    """Consecutive entries of the recording that began with the opening of that id.

    `first` is the place of the first of them in it, from 0.
    """

    opening: str
    first: int
    entries: tuple[InputEntry, ...]


@dataclass(frozen=True, slots=True)
class StartBlock:
    """Where a recording begins: its id, the instant, and what else was said of it."""

    opening: str
    at: Instant
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wave:
    """Consecutive wave samples that arrived together, oldest first."""

    device: str
    at: datetime
    name: str
    rate_hz: float
    samples: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Bucket:
    """The readings of one vital over a short time: their envelope and how many there were.

    `poor` says that at least one was of poor quality; rejected ones are not counted.
    """

    at: datetime
    low: float
    high: float
    last: float
    count: int
    poor: bool


@dataclass(frozen=True, slots=True)
class Chunk:
    """A row of `sample_chunk`; instants in milliseconds since 1970."""

    bed: str
    session: str | None
    device: str
    kind: str
    start_ms: int
    end_ms: int
    count: int
    encoding: str
    data: bytes


@dataclass(slots=True)
class Inputs:
    """What a bed was given and that is not in a chunk yet; see `InputBlock`."""

    opening: str
    first: int
    texts: dict[str, int] = field(default_factory=dict)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    monos: "array[int]" = field(default_factory=lambda: array("q"))
    codes: "array[int]" = field(default_factory=lambda: array("H"))

    def add(self, at_ms: int, mono_ms: int, text: str) -> None:
        """Append one entry, with its place on the wall clock and on the monotonic one."""
        self.times.append(at_ms)
        self.monos.append(mono_ms)
        self.codes.append(self.texts.setdefault(text, len(self.texts)))

    def pack(self) -> tuple[str, bytes]:
        """The encoding's name and the chunk's data."""
        head = {"opening": self.opening, "first": self.first, "texts": list(self.texts)}
        ahead = array("q", map(sub, self.times, self.monos))
        columns = (_steps(self.monos), _steps(ahead), self.codes)
        return "inputs-1", _pack(head, len(self.times), columns)


@dataclass(slots=True)
class Waves:
    """The samples of one wave of one device that are not in a chunk yet."""

    rate_hz: float
    times: "array[int]" = field(default_factory=lambda: array("q"))
    sizes: "array[int]" = field(default_factory=lambda: array("H"))
    values: "array[int]" = field(default_factory=lambda: array("i"))

    def add(self, at_ms: int, samples: Sequence[int]) -> None:
        """Append the samples of one packet, at most 65,535."""
        self.times.append(at_ms)
        self.sizes.append(len(samples))
        self.values.extend(samples)

    def pack(self) -> tuple[str, bytes]:
        """The encoding's name and the chunk's data."""
        head = {"rate_hz": self.rate_hz}
        columns = (_steps(self.times), self.sizes, _steps(self.values))
        return "wave-1", _pack(head, len(self.times), columns)


def milliseconds(at: datetime) -> int:
    """`at` in milliseconds since 1970, cut as `rfc3339` cuts it."""
    return (at - EPOCH) // MILLISECOND


def mono_milliseconds(at: Instant) -> int:
    """The place of `at` on the monotonic clock, rounded as `Instant.in_ms` rounds it."""
    return round(at.mono * 1000)


def instant(at_ms: int) -> datetime:
    """The UTC instant `at_ms` milliseconds after 1970."""
    return EPOCH + at_ms * MILLISECOND


def start_chunk(bed: str, opening: str, at: Instant, data: dict[str, Any]) -> Chunk:
    """Where the recording of that id begins, as a row to store."""
    at_ms = milliseconds(at.wall)
    head = {"opening": opening, "mono_ms": mono_milliseconds(at), "data": data}
    return Chunk(bed, None, "", RECORDING_START, at_ms, at_ms, 1, "opening-1", _pack(head, 1, ()))


def start_in(chunk: Chunk) -> StartBlock:
    """What an opening chunk holds."""
    head, _, _ = unpack(chunk.data)
    at = Instant(instant(chunk.start_ms), head["mono_ms"] / 1000)
    return StartBlock(head["opening"], at, head["data"])


def chunk_of(
    bed: str, session: str | None, device: str, kind: str, entries: Inputs | Waves
) -> Chunk:
    """`entries`, at least one, as a row to store."""
    encoding, data = entries.pack()
    times = entries.times
    return Chunk(bed, session, device, kind, min(times), max(times), len(times), encoding, data)


def part_in(chunk: Chunk) -> InputBlock:
    """What an inputs chunk holds, in the order in which it was given."""
    head, count, body = unpack(chunk.data)
    steps, ahead, codes = _columns(body, "qqH", (count,) * 3)
    texts: list[str] = head["texts"]
    monos = list(accumulate(steps))
    walls = map(add, monos, accumulate(ahead))
    entries = (
        InputEntry(Instant(instant(wall), mono / 1000), texts[code])
        for wall, mono, code in zip(walls, monos, codes, strict=True)
    )
    return InputBlock(head["opening"], head["first"], tuple(entries))


def waves_in(chunk: Chunk) -> list[Wave]:
    """The packets of a wave chunk, oldest first."""
    head, count, body = unpack(chunk.data)
    times, sizes = _columns(body, "qH", (count, count))
    (steps,) = _columns(body[count * 10 :], "i", (sum(sizes),))
    values = tuple(accumulate(steps))
    ends = list(accumulate(sizes))
    return [
        Wave(chunk.device, instant(at_ms), chunk.kind, head["rate_hz"], values[end - size : end])
        for at_ms, size, end in zip(accumulate(times), sizes, ends, strict=True)
    ]


def unpack(data: bytes) -> tuple[dict[str, Any], int, bytes]:
    """A chunk's head, its number of entries and its columns."""
    raw = zlib.decompress(data)
    size, count = struct.unpack_from("<II", raw)
    return json.loads(raw[8 : 8 + size]), count, raw[8 + size :]


def _steps(values: "array[int]") -> "array[int]":
    return array(values.typecode, [values[0], *map(sub, values[1:], values)] if values else [])


def _little_endian(column: "array[Any]") -> "array[Any]":
    if sys.byteorder == "big":
        column.byteswap()
    return column


def _pack(head: dict[str, Any], count: int, columns: Iterable["array[Any]"]) -> bytes:
    text = json.dumps(head, separators=(",", ":")).encode()
    parts = [struct.pack("<II", len(text), count), text]
    parts += [_little_endian(column[:]).tobytes() for column in columns]
    return zlib.compress(b"".join(parts), 1)


def _columns(body: bytes, types: str, counts: Sequence[int]) -> list["array[Any]"]:
    columns, offset = [], 0
    for typecode, count in zip(types, counts, strict=True):
        column: array[Any] = array(typecode)
        end = offset + count * column.itemsize
        column.frombytes(body[offset:end])
        columns.append(_little_endian(column))
        offset = end
    return columns
