"""Which column of a record is what: the names that exporters use, and those that a person gives.

What stands below the names is `numerics`' business.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from simulators.errors import SimulationError, suggest

NAMES: Final[Mapping[str, Sequence[str]]] = {
    "minute": ("minute", "minutes", "min"),
    "second": ("second", "seconds", "sec", "elapsedtime", "elapsed"),
    "time": ("time", "timestamp", "datetime", "timeanddate", "date"),
    "spo2_pct": (
        *("spo2pct", "spo2", "plethspo2", "plethsato2", "oxygenlevel", "oxygensaturation"),
        "o2sat",
    ),
    "pulse_bpm": ("pulsebpm", "pulse", "pulserate", "pr", "prbpm", "plethhr"),
    "hr_bpm": ("hrbpm", "hr", "heartrate", "ecghr"),
    "resp_per_min": ("resppermin", "resp", "rr", "respiratoryrate"),
    "nibp_sys_mmhg": ("nibpsysmmhg", "nibpsys", "nibpsbp", "nbpsys", "nbps", "sbp", "systolic"),
    "nibp_dia_mmhg": (
        *("nibpdiammhg", "nibpdia", "nibpdbp", "nbpdias", "nbpdia", "nbpd", "dbp", "diastolic"),
    ),
    "nibp_mean_mmhg": ("nibpmeanmmhg", "nibpmean", "nibpmbp", "nbpmean", "nbpm", "mbp"),
}
"""What each column may be called, without case, units, blanks and signs, the best name first."""

TIMES: Final = ("minute", "second", "time")
OXIMETRY: Final = ("spo2_pct", "pulse_bpm")
PRESSURE: Final = ("nibp_sys_mmhg", "nibp_dia_mmhg")
NONE: Final = "-"
"""Stands for the name of a column that the record does not have and need not have."""

_UNIT: Final = re.compile(r"\(.*?\)|\[.*?\]")


@dataclass(frozen=True, slots=True)
class Columns:
    """Where each thing stands in a row; `time` is the name in `TIMES`, None: a row a second."""

    at: Mapping[str, int]
    time: str | None
    unit_s: float

    def field(self, row: Sequence[str], name: str) -> str:
        """What `row` says of `name`; empty where it has no such column."""
        return row[self.at[name]] if name in self.at else ""


def parse_columns(text: str) -> dict[str, str]:
    """What a person says the columns are called: `spo2_pct=Sat,pulse_bpm=PR`.

    Raises `SimulationError`.
    """
    named: dict[str, str] = {}
    for part in text.split(","):
        name, equals, column = (piece.strip() for piece in part.partition("="))
        if not equals or not column:
            raise SimulationError(f"--columns {part!r}: write NAME=COLUMN, as spo2_pct=SpO2")
        if name not in NAMES:
            raise SimulationError(f"--columns {name!r}: {suggest(name, tuple(NAMES))}")
        named[name] = column
    return named


def plain(name: str) -> str:
    """A column's name without what exporters decorate it with: `Solar8000/HR (bpm)` is `hr`."""
    text = _UNIT.sub("", unicodedata.normalize("NFKC", name)).rpartition("/")[2]
    return "".join(letter for letter in text.lower() if letter.isalnum())


def recognised(header: Sequence[str]) -> dict[str, int]:
    """The columns of `header` that are called as exporters call them."""
    called = [plain(each) for each in header]
    found: dict[str, int] = {}
    for name, names in NAMES.items():
        at = next((called.index(each) for each in names if each in called), None)
        if at is not None:
            found[name] = at
    return found


def find_columns(
    header: Sequence[str], named: Mapping[str, str], wanted: Sequence[Sequence[str]], where: str
) -> Columns:
    """What the columns of `header` are: as `named`, else by their names.

    One of the groups that are `wanted` has to be there. Raises `SimulationError`, which says
    `where`, when none is, or no time.
    """
    there = [each.strip() for each in header]
    at = recognised(there)
    for name, column in named.items():
        at.pop(name, None)
        if column != NONE:
            at[name] = _index(column, there, where)
    absent = [
        [name for name in group if name not in at and named.get(name) != NONE] for group in wanted
    ]
    missing = min(absent, key=len)
    # A time that was named goes before one that was recognised.
    time = next((each for each in (*named, *TIMES) if each in TIMES and each in at), None)
    is_all_known = set(at.values()) >= {n for n, each in enumerate(there) if each}
    if time is None and not missing and not is_all_known:
        missing = ["minute, second or time"]
    if missing:
        name = missing[0].partition(",")[0]
        raise SimulationError(
            f"{where}: no column is {' or '.join(missing)}; there are {', '.join(there)}: "
            f"name it, as --columns {name}={next(filter(None, there), 'COLUMN')}"
        )
    in_minutes = time is not None and "min" in there[at[time]].lower()
    return Columns(at, time, 60.0 if time == "minute" or in_minutes else 1.0)


def _index(column: str, there: Sequence[str], where: str) -> int:
    called = [each.lower() for each in there]
    if column.lower() not in called:
        raise SimulationError(f"{where}: no column {column!r}: {suggest(column, there)}")
    return called.index(column.lower())
