"""NEWS2, the National Early Warning Score [Royal College of Physicians 2017]. Pure.

SpO2 is scored on scale 1, or on scale 2 for a patient whose SpO2 is meant to be 88 to 92 %,
where more than that counts on oxygen alone. The chart's bands are printed for whole numbers, and
for tenths of a degree: a value is rounded to that, a half upwards, as it is when it is charted.
So 91.5 % is charted as 92, and 38.05 °C as 38.1.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

_REST: Final = float("inf")

_BANDS: Final[Mapping[str, tuple[tuple[float, int], ...]]] = {
    "resp": ((8, 3), (11, 1), (20, 0), (24, 2), (_REST, 3)),
    "spo2": ((91, 3), (93, 2), (95, 1), (_REST, 0)),
    "sys": ((90, 3), (100, 2), (110, 1), (219, 0), (_REST, 3)),
    "pulse": ((40, 3), (50, 1), (90, 0), (110, 1), (130, 2), (_REST, 3)),
    "temperature": ((35.0, 3), (36.0, 1), (38.0, 0), (39.0, 1), (_REST, 2)),
}
"""The highest value of each band, and its points."""

_SCALE_2_LOW: Final = ((83, 3), (85, 2), (87, 1), (92, 0))
_SCALE_2_ON_AIR: Final = (*_SCALE_2_LOW, (_REST, 0))
_SCALE_2_ON_OXYGEN: Final = (*_SCALE_2_LOW, (94, 1), (96, 2), (_REST, 3))
"""SpO2 on scale 2."""

SCALES: Final = (1, 2)
"""The scales of SpO2; the second is chosen by a clinician."""

_ON_OXYGEN: Final = 2
_NOT_ALERT: Final = 3

_WHOLE: Final = Decimal(1)
_STEPS: Final = {"temperature": Decimal("0.1")}


@dataclass(frozen=True, slots=True)
class Observation:
    """What NEWS2 looks at; None for what is not known or too old.

    `resp` and `pulse` per minute, `spo2` in %, `sys` in mmHg, `temperature` in °C;
    `oxygen` whether any is given, `alert` whether the patient is A on ACVPU. `spo2_scale` is
    one of `SCALES`; on the second, SpO2 counts as on oxygen where that was last said of the
    patient, however long ago: `last_oxygen`.
    """

    resp: float | None = None
    spo2: float | None = None
    oxygen: bool | None = None
    sys: float | None = None
    pulse: float | None = None
    alert: bool | None = None
    temperature: float | None = None
    spo2_scale: int = 1
    last_oxygen: bool | None = None

    @property
    def spo2_bands(self) -> tuple[tuple[float, int], ...]:
        """The bands that this patient's SpO2 is scored by."""
        if self.spo2_scale == 1:
            return _BANDS["spo2"]
        is_on_oxygen = self.last_oxygen if self.oxygen is None else self.oxygen
        return _SCALE_2_ON_OXYGEN if is_on_oxygen else _SCALE_2_ON_AIR


PARAMETERS: Final = ("resp", "spo2", "oxygen", "sys", "pulse", "alert", "temperature")
"""What NEWS2 is made of, in the chart's order."""


@dataclass(frozen=True, slots=True)
class News2:
    """A score: its total, the highest single parameter's points, and the points of each."""

    total: int
    single: int
    points: Mapping[str, int]
    missing: tuple[str, ...]

    @property
    def partial(self) -> bool:
        """Whether a parameter was missing, so that the true total may be higher."""
        return bool(self.missing)


def news2(seen: Observation) -> News2 | None:
    """The score of what was `seen`; None when nothing was."""
    known = {name: getattr(seen, name) for name in PARAMETERS}
    bands = {**_BANDS, "spo2": seen.spo2_bands}
    points = {
        name: _points(name, value, bands) for name, value in known.items() if value is not None
    }
    if not points:
        return None
    missing = tuple(name for name in PARAMETERS if name not in points)
    return News2(sum(points.values()), max(points.values()), points, missing)


def _points(name: str, value: float, bands: Mapping[str, tuple[tuple[float, int], ...]]) -> int:
    match name:
        case "oxygen":
            return _ON_OXYGEN if value else 0
        case "alert":
            return 0 if value else _NOT_ALERT
    charted = Decimal(str(value)).quantize(_STEPS.get(name, _WHOLE), ROUND_HALF_UP)
    return next(points for most, points in bands[name] if float(charted) <= most)
