"""Calibration targets of a population, and how far one meets them.

`Endpoints` are what was measured at each patient: in a population's own trends at the moments
when the reports measured (`endpoints`), or in sessions that were recorded.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulators.population import OLD, Person
from simulators.vital_trends import vital_trends

PRESSURE_MIN: Final = (20, 40, 60, 90)
CADSS_MIN: Final = (40, 90)
MOAAS_MIN: Final = (15, 30, 45, 60, 75, 90)
"""When each is measured, in minutes after the dose [label]."""

Z_99: Final = 2.576
MEAN_WITHIN: Final = 0.15

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Endpoints:
    """What was measured at each patient within 90 min of the dose, one place each.

    Rises are from the last pressure before the dose; `_at_40` is the one measured closest to
    that minute. `cadss_at_90` is NaN where nobody scored then.
    """

    age: NDArray[Any]
    sys_rise_most: NDArray[Any]
    dia_rise_most: NDArray[Any]
    sys_most: NDArray[Any]
    dia_most: NDArray[Any]
    sys_rise_at_40: NDArray[Any]
    dia_rise_at_40: NDArray[Any]
    cadss_most: NDArray[Any]
    cadss_at_90: NDArray[Any]
    moaas_least: NDArray[Any]


def endpoints(people: Sequence[Person]) -> Endpoints:
    """What would have been measured at `people` by an observer who is always in time.

    The observer misses no loss of consciousness, whenever it comes.
    """
    minutes = np.arange(-1.0, 91.0)
    seen = vital_trends(people, minutes * 60.0)
    at = {int(minute): column for column, minute in enumerate(minutes)}
    sys, dia = np.rint(seen.sys_mmhg), np.rint(seen.dia_mmhg)
    sys_rise, dia_rise = sys - sys[:, :1], dia - dia[:, :1]
    measured = [at[minute] for minute in PRESSURE_MIN]
    asleep = seen.moaas.min(axis=1) == 0
    return Endpoints(
        age=np.array([person.age for person in people]),
        sys_rise_most=sys_rise[:, measured].max(axis=1),
        dia_rise_most=dia_rise[:, measured].max(axis=1),
        sys_most=sys[:, measured].max(axis=1),
        dia_most=dia[:, measured].max(axis=1),
        sys_rise_at_40=sys_rise[:, at[40]],
        dia_rise_at_40=dia_rise[:, at[40]],
        cadss_most=seen.cadss[:, [at[minute] for minute in CADSS_MIN]].max(axis=1),
        cadss_at_90=seen.cadss[:, at[90]],
        moaas_least=np.where(asleep, 0, seen.moaas[:, [at[m] for m in MOAAS_MIN]].min(axis=1)),
    )


@dataclass(frozen=True, slots=True)
class TargetResult:
    """A target and what there is instead: `low` to `high` is right; None where nobody is asked."""

    name: str
    low: float
    high: float
    found: float | None
    unit: str = "%"

    @property
    def met(self) -> bool:
        """Whether what was found is in its range."""
        return self.found is not None and self.low <= self.found <= self.high


@dataclass(frozen=True, slots=True)
class Target:
    """A figure with its range, or a figure that is only said to be about so much.

    `of` gives who shows it, or the value itself where it is a mean; `among` who is asked.
    """

    name: str
    of: Callable[[Endpoints], NDArray[Any]]
    about: float | None = None
    low: float = 0.0
    high: float = 100.0
    unit: str = "%"
    among: Callable[[Endpoints], Bools] = lambda measured: np.ones(measured.age.shape, dtype=bool)

    def check(self, measured: Endpoints) -> TargetResult:
        """How `measured` meets it. About means: of a hundred such samples, 99 are in the range.

        A mean may be 15 % off.
        """
        asked = self.among(measured)
        values = self.of(measured)[asked]
        percent = 100.0 if self.unit == "%" else 1.0
        found = float(values.mean()) * percent if values.size else None
        low, high = self.low, self.high
        if self.about is not None:
            off = self._off(values.size)
            low, high = max(0.0, self.about - off), self.about + off
        return TargetResult(self.name, low, high, found, self.unit)

    def _off(self, asked: int) -> float:
        assert self.about is not None
        if self.unit != "%":
            return MEAN_WITHIN * self.about
        return Z_99 * sqrt(self.about * (100.0 - self.about) / max(1, asked))


TARGETS: Final[Mapping[str, Sequence[Target]]] = {
    "esketamine-84": (
        Target(
            "up 40 systolic or 25 diastolic",
            lambda s: (s.sys_rise_most >= 40) | (s.dia_rise_most >= 25),
            low=8.0,
            high=19.0,
        ),
        Target(
            "up 40 systolic, under 65",
            lambda s: s.sys_rise_most >= 40,
            about=8.0,
            among=lambda s: s.age < OLD,
        ),
        Target(
            "up 40 systolic, 65 and over",
            lambda s: s.sys_rise_most >= 40,
            about=17.0,
            among=lambda s: s.age >= OLD,
        ),
        Target("up 25 diastolic", lambda s: s.dia_rise_most >= 25, about=13.0),
        Target("180 systolic or more", lambda s: s.sys_most >= 180, about=3.0),
        Target("110 diastolic or more", lambda s: s.dia_most >= 110, about=4.0),
        Target("CADSS over 4", lambda s: s.cadss_most > 4, low=61.0, high=75.0),
        Target(
            "of these, gone by 90 min",
            lambda s: s.cadss_at_90 <= 4,
            low=50.0,
            among=lambda s: (s.cadss_most > 4) & ~np.isnan(s.cadss_at_90),
        ),
        Target("MOAA/S under 5", lambda s: s.moaas_least < 5, low=48.0, high=61.0),
        Target("loss of consciousness", lambda s: s.moaas_least == 0, about=0.3),
    ),
    "ketamine-iv": (
        Target(
            "mean systolic rise at 40 min",
            lambda s: s.sys_rise_at_40,
            19.0,
            unit="mmHg",
            among=lambda s: ~np.isnan(s.sys_rise_at_40),
        ),
        Target(
            "mean diastolic rise at 40 min",
            lambda s: s.dia_rise_at_40,
            13.0,
            unit="mmHg",
            among=lambda s: ~np.isnan(s.dia_rise_at_40),
        ),
    ),
}
"""By regimen: after 84 mg of esketamine [label], after ketamine [clinical default]. "Most" is
taken as half or more. The other regimens have no figures of their own."""


def check_targets(regimen: str, measured: Endpoints) -> list[TargetResult]:
    """How `measured` meets the targets of a regimen; empty for a regimen without targets."""
    return [target.check(measured) for target in TARGETS.get(regimen, ())]
