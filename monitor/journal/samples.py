"""Dense samples as compact chunks, and back: pure functions, no database.

A chunk holds what one device gave at one bed over some seconds. A *numerics* chunk keeps
every reading, of all vitals, in the order of arrival, with its instant, quality and
reason, so that a session can be run again; notes (flags, link changes, whatever else a
device reports) take their place in that order. A *wave* chunk keeps one waveform.

Layout: zlib over `<II` (length of the head, number of entries), the head as JSON
(`strings` or `rate_hz`), then one little-endian array a column. Times (milliseconds since
1970) and wave samples are stored as differences from the one before, the first from 0.
"""

import json
import math
import struct
import sys
import zlib
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import accumulate
from operator import sub
from typing import Any, Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND: Final = timedelta(milliseconds=1)
NUMERICS: Final = "numerics"
"""The `kind` of a numerics chunk; a wave chunk's is the name of its wave."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as it came, or a note: `name` "note", JSON text in `note`, no value."""

    device: str
    at: datetime
    name: str
    value: float | None
    quality: str
    note: str | None = None


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
class Numerics:
    """The numerics of one device that are not in a chunk yet."""

    strings: dict[str, int] = field(default_factory=dict)
    times: "array[int]" = field(default_factory=lambda: array("q"))
    names: "array[int]" = field(default_factory=lambda: array("H"))
    qualities: "array[int]" = field(default_factory=lambda: array("H"))
    notes: "array[int]" = field(default_factory=lambda: array("H"))
    values: "array[float]" = field(default_factory=lambda: array("d"))

    def add(self, at_ms: int, name: str, value: float | None, quality: str, note: str) -> None:
        """Append one reading; "" is no note."""
        self.times.append(at_ms)
        self.names.append(self._code(name))
        self.qualities.append(self._code(quality))
        self.notes.append(self._code(note))
        self.values.append(math.nan if value is None else value)

    def _code(self, text: str) -> int:
        return self.strings.setdefault(text, len(self.strings))

    def pack(self) -> tuple[str, bytes]:
        """The encoding's name and the chunk's data."""
        head = {"strings": list(self.strings)}
        columns = (_steps(self.times), self.names, self.qualities, self.notes, self.values)
        return "numerics-1", _pack(head, len(self.times), columns)


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


def instant(at_ms: int) -> datetime:
    """The UTC instant `at_ms` milliseconds after 1970."""
    return EPOCH + at_ms * MILLISECOND


def chunk_of(
    bed: str, session: str | None, device: str, kind: str, entries: Numerics | Waves
) -> Chunk:
    """`entries`, at least one, as a row to store."""
    encoding, data = entries.pack()
    times = entries.times
    return Chunk(bed, session, device, kind, min(times), max(times), len(times), encoding, data)


def samples_in(chunk: Chunk) -> list[Sample]:
    """The entries of a numerics chunk, in the order of arrival."""
    head, count, body = unpack(chunk.data)
    times, names, qualities, notes, values = _columns(body, "qHHHd", (count,) * 5)
    strings: list[str] = head["strings"]
    return [
        Sample(
            chunk.device,
            instant(at_ms),
            strings[name],
            None if math.isnan(value) else value,
            strings[quality],
            strings[note] or None,
        )
        for at_ms, name, value, quality, note in zip(
            accumulate(times), names, values, qualities, notes, strict=True
        )
    ]


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
