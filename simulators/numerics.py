"""A record of numerics for a device to measure: one row a minute, as in MIMIC.

0 means the monitor gave nothing and an empty field that nothing was measured; both are
missing here. Numerics are held for their minute, a pressure until the next one.
"""

import csv
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from simulators.errors import SimulationError
from simulators.vitals import Vitals

COLUMNS = (
    "minute,hr_bpm,pulse_bpm,resp_per_min,spo2_pct,nibp_sys_mmhg,nibp_dia_mmhg,nibp_mean_mmhg"
).split(",")


@dataclass(frozen=True, slots=True)
class NumericsRecord:
    """A record that begins with the simulation; nothing is known after its last minute."""

    minutes: dict[int, Vitals]

    def script_s(self, t_s: float) -> float | None:
        """A record's script begins with it."""
        return t_s

    def at(self, t_s: float) -> Vitals:
        """The row of the minute of `t_s`."""
        return self.minutes.get(int(t_s // 60), Vitals(perfusion=0.0))


def load_numerics(path: Path) -> NumericsRecord:
    """The record in the CSV file at `path`.

    Raises `SimulationError` naming the line when it is not one.
    """
    try:
        with path.open(newline="", encoding="utf-8-sig") as lines:
            return parse_numerics(lines, str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise SimulationError(f"{path}: cannot be read: {error}") from None


def parse_numerics(lines: Iterable[str], source: str) -> NumericsRecord:
    """The record in the CSV `lines`, whose errors name `source` and the line."""
    reader = csv.reader(lines)
    header = next(reader, [])
    if header != COLUMNS:
        raise SimulationError(f"{source}, line 1: the columns must be {','.join(COLUMNS)}")
    minutes: dict[int, Vitals] = {}
    pressure = Vitals()
    for row in reader:
        values = _values(row, f"{source}, line {reader.line_num}")
        minute, _, pulse, _, spo2, sys, dia, mean = values
        if minute is None or minute != int(minute) or minute in minutes:
            raise SimulationError(
                f"{source}, line {reader.line_num}: minute must be a new whole number"
            )
        if sys and dia:
            mean = mean or dia + (sys - dia) / 3.0
            pressure = Vitals(sys_mmhg=sys, dia_mmhg=dia, map_mmhg=mean)
        minutes[int(minute)] = replace(pressure, spo2_pct=spo2 or None, pulse_per_min=pulse or None)
    if not minutes:
        raise SimulationError(f"{source}: there is no row after the columns")
    return NumericsRecord(minutes)


def _values(row: list[str], where: str) -> list[float | None]:
    if len(row) != len(COLUMNS):
        raise SimulationError(f"{where}: {len(COLUMNS)} fields are needed, not {len(row)}")
    values: list[float | None] = []
    for column, field in zip(COLUMNS, row, strict=True):
        try:
            value = float(field) if field else None
        except ValueError:
            value = -1.0
        if value is not None and not 0 <= value < 100_000:
            raise SimulationError(f"{where}: {column} must be a number from 0, not {field!r}")
        values.append(value)
    return values
