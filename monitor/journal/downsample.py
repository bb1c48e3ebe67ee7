"""The course of one vital or wave, drawn from chunks: arrays throughout, no database.

Hours of readings become a few hundred buckets without an object for each reading. This is
the one module of the journal that needs numpy: import it where a course is asked for, so
that a daemon nobody reads from does not carry it.
"""

import json
import math
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from monitor.journal.chunk_codec import EPOCH, INPUTS, MILLISECOND, Bucket, Chunk, instant, unpack
from monitor.session import Coverage, Span, Stretch


class _Columns(NamedTuple):
    """Usable readings, one a row; times in milliseconds since 1970."""

    times: NDArray[np.int64]
    values: NDArray[np.float64]
    poor: NDArray[np.bool_]

    def where(self, kept: NDArray[np.bool_] | NDArray[np.intp]) -> "_Columns":
        return _Columns(self.times[kept], self.values[kept], self.poor[kept])


def trend(
    chunks: Iterable[Chunk],
    name: str,
    points: int | None,
    start: datetime | None = None,
    end: datetime | None = None,
) -> list[Bucket]:
    """The readings of `name` in `chunks` as at most `points` buckets of equal width, oldest first.

    From `start` on and before `end`; where one is None, the readings themselves say. None
    for `points`, or no more readings than that, gives one bucket a reading. Readings
    without a value, and rejected ones, are left out. In a wave chunk each sample has its
    own instant; a packet's last one is as old as its arrival.
    """
    parts = [_readings(c, name) if c.kind == INPUTS else _wave(c) for c in chunks]
    found = _joined(parts, start, end)
    if not found.times.size:
        return []
    return _buckets(found, _firsts(found.times, points, start, end))


def coverage(
    chunks: Iterable[Chunk],
    name: str,
    gap: timedelta,
    start: datetime | None = None,
    end: datetime | None = None,
    least: float | None = None,
) -> Coverage:
    """Over which stretches, with no gap longer than `gap`, the inputs hold usable `name`.

    With `least`, also over which it was under that.
    """
    chunks = list(chunks)
    found = _joined([_readings(chunk, name) for chunk in chunks], start, end)
    if not found.times.size:
        return Coverage()
    firsts = np.flatnonzero(np.diff(found.times, prepend=-np.inf) > gap / MILLISECOND)
    counts = np.diff(firsts, append=found.times.size)
    columns_of = (
        found.times[firsts],
        found.times[firsts + counts - 1],
        np.minimum.reduceat(found.values, firsts),
        counts,
    )
    rows = zip(*(column.tolist() for column in columns_of), strict=True)
    return Coverage(
        tuple(sorted({device for chunk in chunks for device in _devices(chunk, name)})),
        tuple(Span(instant(begun), instant(over), low, n) for begun, over, low, n in rows),
        () if least is None else tuple(_under(found, least)),
    )


def _under(found: _Columns, least: float) -> Iterator[Stretch]:
    """From each first reading under `least` to the next that is not, or the last."""
    turns = np.diff((found.values < least).astype(np.int8), prepend=0)
    begun, over = np.flatnonzero(turns == 1), np.flatnonzero(turns == -1)
    ends = np.append(over, found.times.size - 1)[: begun.size]
    for first, end in zip(begun.tolist(), ends.tolist(), strict=True):
        yield instant(int(found.times[first])), instant(int(found.times[end]))


def _joined(parts: Iterable[_Columns], start: datetime | None, end: datetime | None) -> _Columns:
    """The readings of all `parts` from `start` on and before `end`, in the order of time."""
    nothing = _Columns(np.empty(0, np.int64), np.empty(0), np.empty(0, np.bool_))
    found = _Columns(*map(np.concatenate, zip(nothing, *parts, strict=True)))
    if start is not None:
        found = found.where(found.times >= _first_ms(start))
    if end is not None:
        found = found.where(found.times < _first_ms(end))
    return found.where(np.argsort(found.times, kind="stable"))


def _devices(chunk: Chunk, name: str) -> Iterator[str]:
    """The devices that gave usable `name`."""
    found = (_reading(text, name) for text in unpack(chunk.data)[0]["texts"])
    return (device for value, _, device in found if not math.isnan(value))


def _readings(chunk: Chunk, name: str) -> _Columns:
    head, count, body = unpack(chunk.data)
    found = [_reading(text, name) for text in head["texts"]]
    monos = np.cumsum(np.frombuffer(body, "<i8", count), dtype=np.int64)
    ahead = np.cumsum(np.frombuffer(body, "<i8", count, 8 * count), dtype=np.int64)
    codes = np.frombuffer(body, "<u2", count, 16 * count)
    values = np.array([value for value, _, _ in found], np.float64)[codes]
    poor = np.array([is_poor for _, is_poor, _ in found], np.bool_)[codes]
    return _Columns(monos + ahead, values, poor).where(~np.isnan(values))


@lru_cache(maxsize=4096)
def _reading(text: str, name: str) -> tuple[float, bool, str]:
    """The usable value of `name` in what a bed was given, whether it is poor, and its device.

    The value is NaN for none. What is given repeats itself from chunk to chunk.
    """
    given = json.loads(text)
    for reading in given.get("readings", ()):
        usable = reading["value"] is not None and reading["quality"] != "rejected"
        if reading["vital"] == name and usable:
            return reading["value"], reading["quality"] == "poor", given["device"]
    return math.nan, False, ""


def _wave(chunk: Chunk) -> _Columns:
    head, count, body = unpack(chunk.data)
    arrivals = np.cumsum(np.frombuffer(body, "<i8", count), dtype=np.int64)
    sizes = np.frombuffer(body, "<u2", count, 8 * count)
    values = np.cumsum(np.frombuffer(body, "<i4", offset=10 * count), dtype=np.int64)
    ends = np.cumsum(sizes, dtype=np.int64)
    still_to_come = np.repeat(ends, sizes) - 1 - np.arange(values.size)
    ages = np.rint(still_to_come * (1000 / head["rate_hz"])).astype(np.int64)
    poor = np.zeros(values.size, np.bool_)
    return _Columns(np.repeat(arrivals, sizes) - ages, values.astype(np.float64), poor)


def _firsts(
    times: NDArray[np.int64], points: int | None, start: datetime | None, end: datetime | None
) -> NDArray[np.intp]:
    """Where each bucket that holds any of the ordered `times` begins among them."""
    if points is None or times.size <= points:
        return np.arange(times.size)
    first, last = start or instant(int(times[0])), end or instant(int(times[-1]))
    width = max((last - first) / points, MILLISECOND)
    cuts = [_first_ms(first + width * place) for place in range(1, points)]
    firsts = np.unique([0, *np.searchsorted(times, cuts)])
    return firsts[firsts < times.size]


def _buckets(found: _Columns, firsts: NDArray[np.intp]) -> list[Bucket]:
    counts = np.diff(firsts, append=found.times.size)
    columns = (
        found.times[firsts],
        np.minimum.reduceat(found.values, firsts),
        np.maximum.reduceat(found.values, firsts),
        found.values[firsts + counts - 1],
        counts,
        np.logical_or.reduceat(found.poor, firsts),
    )
    rows = zip(*(column.tolist() for column in columns), strict=True)
    return [Bucket(instant(at_ms), *rest) for at_ms, *rest in rows]


def _first_ms(at: datetime) -> int:
    """The first whole millisecond since 1970 that is not before `at`."""
    return -((EPOCH - at) // MILLISECOND)
