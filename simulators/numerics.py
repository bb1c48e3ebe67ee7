"""A record of numerics for a device to measure, from what people have: CSV files of many exporters.

One row a minute, as in MIMIC, or rows with seconds or a clock's time. 0 means the monitor gave
nothing and an empty field that nothing was measured; both are missing here. Numerics of a minute
are held for it, others until the next row, a pressure until the next one.
"""

import csv
import re
import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import Final

from simulators.columns import OXIMETRY, PRESSURE, TIMES, Columns, find_columns, recognised
from simulators.errors import SimulationError
from simulators.vitals import Vitals

COLUMNS: Final = (
    "minute,hr_bpm,pulse_bpm,resp_per_min,spo2_pct,nibp_sys_mmhg,nibp_dia_mmhg,nibp_mean_mmhg"
).split(",")
"""The columns of a record of minutes, as MIMIC's are when they have been written out."""

HEADER_WITHIN: Final = 20
"""The names of the columns stand in one of so many first rows."""

HELD_LEAST_S: Final = 10
HELD_MOST_S: Final = 600
"""Rows at seconds hold for as long as rows are usually apart, within these."""

DAY_S: Final = 86_400.0
UNIX_S: Final = 1e8
UNIX_MS: Final = 1e11
"""Numbers from here on are seconds, or milliseconds, since 1970."""

NOTHING: Final = frozenset({"-", "--", "---"})
INVALID: Final[Mapping[str, frozenset[float]]] = {
    "spo2_pct": frozenset({127, 255}),
    "pulse_bpm": frozenset({255, 511, 65_535}),
}
"""What exporters write for a value that there was not, besides 0."""

_CLOCK: Final = re.compile(
    r"(?<!\d)(\d{1,2}):(\d{2})(?::(\d{2}))?(?:[.,](\d+))?\s*(?:([AaPp])\.?[Mm]\b)?"
)

Row = tuple[int, Sequence[str]]


@dataclass(frozen=True, slots=True)
class NumericsRecord:
    """A record that begins with the simulation; nothing is known after its last row.

    `rows` are `row_s` seconds long each, by their number.
    """

    rows: dict[int, Vitals]
    row_s: float = 60.0

    def script_s(self, t_s: float) -> float | None:
        """A record's script begins with it."""
        return t_s

    def at(self, t_s: float) -> Vitals:
        """The row of `t_s`."""
        return self.rows.get(int(t_s // self.row_s), Vitals(perfusion=0.0))


def load_numerics(
    path: Path, named: Mapping[str, str] | None = None, says: frozenset[str] | None = None
) -> NumericsRecord:
    """The record in the CSV file at `path`; for `named` and `says` see `parse_numerics`.

    Raises `SimulationError` naming the line when it is not one.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            return parse_numerics(lines, str(path), named, says)
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"{path}: cannot be read: {error}") from None


def parse_numerics(
    lines: Iterable[str],
    source: str,
    named: Mapping[str, str] | None = None,
    says: frozenset[str] | None = None,
) -> NumericsRecord:
    """The record in the CSV `lines`, whose errors name `source` and the line.

    Columns are what `named` says, else what their names say. What a device `says`, as fields of
    `Vitals`, has to be among them; None is any device.
    """
    groups = {"spo2_pct": OXIMETRY, "sys_mmhg": PRESSURE}
    wanted = [group for vital, group in groups.items() if says is None or vital in says]
    rows = list(_rows(list(lines)))
    first = range(min(len(rows), HEADER_WITHIN))
    at = max(first, key=lambda n: len(recognised(rows[n][1])), default=0)
    number, header = rows[at] if rows else (1, [])
    columns = find_columns(header, named or {}, wanted, f"{source}, line {number}")
    below = rows[at + 1 :]
    if below and _are_units(below[0][1]):
        columns = _with_units(columns, below.pop(0)[1])
    if not below:
        raise SimulationError(f"{source}: there is no row after the columns")
    if columns.time == "minute":
        return _by_minute(below, columns, header, source)
    return _by_second(below, columns, header, source)


def _rows(lines: Sequence[str]) -> Iterator[Row]:
    """The rows that are not blank, with the lines they end at, their fields without quotes."""
    first = "".join(lines[:HEADER_WITHIN])
    delimiter = next((each for each in ";\t" if each in first), ",")
    reader = csv.reader(lines, delimiter=delimiter, skipinitialspace=True)
    for row in reader:
        if "".join(row[:1]).lower() == "sep=" or not (len(row) > 1 or "".join(row).strip()):
            continue
        yield reader.line_num, [field.strip().strip("'").strip() for field in row]


def _are_units(row: Sequence[str]) -> bool:
    text = "".join(row)
    return any(map(str.isalpha, text)) and not any(map(str.isdigit, text))


def _with_units(columns: Columns, units: Sequence[str]) -> Columns:
    """`columns` as the row of units below their names says."""
    in_minutes = columns.time and columns.field(units, columns.time).lower().startswith("min")
    return replace(columns, unit_s=60.0) if in_minutes else columns


@dataclass(frozen=True, slots=True)
class _Said:
    """What a row says: None is not measured, 0 is that the monitor had nothing."""

    spo2_pct: float | None
    pulse_per_min: float | None
    pressure: Vitals | None

    @classmethod
    def by(cls, columns: Columns, header: Sequence[str], row: Sequence[str], where: str) -> "_Said":
        """What `row` says. Raises `SimulationError`, which begins with `where`."""
        if len(row) < len(header) or any(row[len(header) :]):
            raise SimulationError(f"{where}: {len(header)} fields are needed, not {len(row)}")
        said = {
            name: _value(name, row[at], where)
            for name, at in columns.at.items()
            if name not in TIMES
        }
        sys, dia, mean = (said.get(f"nibp_{which}_mmhg") for which in ("sys", "dia", "mean"))
        pressure = None
        if sys and dia:
            pressure = Vitals(sys_mmhg=sys, dia_mmhg=dia, map_mmhg=mean or dia + (sys - dia) / 3.0)
        return cls(said.get("spo2_pct"), said.get("pulse_bpm"), pressure)


def _by_minute(
    below: Sequence[Row], columns: Columns, header: Sequence[str], source: str
) -> NumericsRecord:
    minutes: dict[int, Vitals] = {}
    pressure = Vitals()
    for number, row in below:
        where = f"{source}, line {number}"
        said = _Said.by(columns, header, row, where)
        minute = _number(columns.field(row, "minute"))
        if minute is None or minute != int(minute) or minute in minutes:
            raise SimulationError(f"{where}: minute must be a new whole number")
        pressure = said.pressure or pressure
        minutes[int(minute)] = replace(
            pressure, spo2_pct=said.spo2_pct or None, pulse_per_min=said.pulse_per_min or None
        )
    return NumericsRecord(minutes)


def _by_second(
    below: Sequence[Row], columns: Columns, header: Sequence[str], source: str
) -> NumericsRecord:
    times = _Times(columns)
    said: dict[int, _Said] = {}
    for number, row in below:
        where = f"{source}, line {number}"
        try:
            second = times.second(row)
        except ValueError as error:
            raise SimulationError(f"{where}: {error}") from None
        said[second] = _Said.by(columns, header, row, where)
    return NumericsRecord(_held(said), row_s=1.0)


def _held(said: Mapping[int, _Said]) -> dict[int, Vitals]:
    """Each second's vital signs, where rows are at the seconds of `said`, in their order."""
    seconds = list(said)
    apart = statistics.median([b - a for a, b in pairwise(seconds)] or [HELD_LEAST_S])
    hold = int(min(max(apart, HELD_LEAST_S), HELD_MOST_S))
    rows: dict[int, Vitals] = {}
    pressure, spo2, pulse = Vitals(), _Held(hold), _Held(hold)
    for second, after in pairwise([*seconds, seconds[-1] + hold]):
        pressure = said[second].pressure or pressure
        spo2.take(said[second].spo2_pct, second)
        pulse.take(said[second].pulse_per_min, second)
        for each in range(second, min(after, second + hold)):
            rows[each] = replace(pressure, spo2_pct=spo2.at(each), pulse_per_min=pulse.at(each))
    return rows


class _Held:
    """The last value of something, for `hold` seconds."""

    def __init__(self, hold: int) -> None:
        self._hold = hold
        self._until = 0
        self._value: float | None = None

    def take(self, value: float | None, second: int) -> None:
        """Hold what was said at `second`; None said nothing."""
        if value is not None:
            self._value, self._until = value or None, second + self._hold

    def at(self, second: int) -> float | None:
        """The value at `second`, if it still holds."""
        return self._value if second < self._until else None


class _Times:
    """The second of each row, in their order, whatever says it.

    Numbers are seconds or minutes since the start, or since 1970. A clock's times begin with the
    first row; dates are not looked at, and a clock that goes back by half a day or more has passed
    midnight.
    """

    def __init__(self, columns: Columns) -> None:
        self._columns = columns
        self._rows = 0
        self._first_s = 0.0
        self._last_s = 0.0
        self._days_s = 0.0

    def second(self, row: Sequence[str]) -> int:
        """The second of the next `row`. Raises `ValueError`."""
        self._rows += 1
        if self._columns.time is None:
            return self._rows - 1
        field = self._columns.field(row, self._columns.time)
        number = _number(field)
        at_s = _clock_s(field) if number is None else number * self._columns.unit_s
        if number is None:
            if self._rows > 1 and at_s + self._days_s <= self._last_s - DAY_S / 2:
                self._days_s += DAY_S
            at_s += self._days_s
        elif number >= UNIX_S:
            at_s = number / 1000 if number >= UNIX_MS else number
        if self._rows == 1 and (number is None or number >= UNIX_S):
            self._first_s = at_s
        if self._rows > 1 and at_s < self._last_s:
            raise ValueError(f"the time {field!r} is before that of the row above")
        self._last_s = at_s
        return int(at_s - self._first_s)


def _clock_s(text: str) -> float:
    """The seconds since midnight in `text`, or since the start in `0:00.000`.

    Raises `ValueError`.
    """
    found = _CLOCK.search(text)
    if found is None:
        raise ValueError(f"{text!r} is no time: write seconds, or a clock's time as 14:05:09")
    first, second, third, part, half = found.groups()
    fraction = float(f"0.{part}") if part else 0.0
    if third is None and part:
        return int(first) * 60 + int(second) + fraction
    hour = int(first) % 12 + (12 if half in ("P", "p") else 0) if half else int(first)
    return hour * 3600 + int(second) * 60 + int(third or 0) + fraction


def _value(name: str, field: str, where: str) -> float | None:
    if not field:
        return None
    if field in NOTHING:
        return 0.0
    value = _number(field.rstrip("% "))
    if value is None or not 0 <= value < 100_000:
        raise SimulationError(f"{where}: {name} must be a number from 0, not {field!r}")
    return 0.0 if value in INVALID.get(name, ()) else value


def _number(field: str) -> float | None:
    """The number in `field`, with a decimal point or comma; None where it is none."""
    try:
        return float(field.replace(",", ".") if field.count(",") == 1 else field)
    except ValueError:
        return None
