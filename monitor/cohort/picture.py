"""A population's mean courses with their 5 to 95 % bands, as an SVG of its own drawing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from simulators.population import Person
from simulators.vital_trends import vital_trends

MINUTES: Final = np.arange(0.0, 151.0, 2.0)
BAND: Final = (5.0, 95.0)
"""What is drawn: from the dose to 150 min after it, and between which percentiles."""

_WIDTH, _PANEL, _GAP, _LEFT, _RIGHT, _TOP, _BOTTOM = 760, 104, 24, 56, 116, 84, 46
_INK, _SOFT, _GRID, _PAPER = "#1d2733", "#66717e", "#e4e8ed", "#ffffff"
_FONT: Final = "Inter, 'Helvetica Neue', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Panel:
    """One vital sign or score: its name, unit, colour, and the ends and steps of its axis.

    An axis that is too short for a band grows by steps.
    """

    name: str
    label: str
    unit: str
    colour: str
    low: int
    high: int
    step: int


PANELS: Final = (
    Panel("sys_mmhg", "Systolic", "mmHg", "#b3404a", 100, 180, 20),
    Panel("dia_mmhg", "Diastolic", "mmHg", "#c77d2e", 60, 120, 20),
    Panel("spo2_pct", "SpO₂", "%", "#2f74b5", 92, 100, 4),
    Panel("cadss", "CADSS", "0 to 92", "#7355a8", 0, 40, 10),
    Panel("moaas", "MOAA/S", "0 to 5", "#2c8a6d", 2, 5, 1),
)


@dataclass(frozen=True, slots=True, eq=False)
class Band:
    """A course in `MINUTES`: the mean, and what 90 % of patients lie between."""

    mean: NDArray[Any]
    low: NDArray[Any]
    high: NDArray[Any]


def bands(people: Sequence[Person]) -> dict[str, Band]:
    """The courses of `people`, by the names of `PANELS`."""
    seen = vital_trends(people, MINUTES * 60.0)
    found = {}
    for panel in PANELS:
        values = getattr(seen, panel.name)
        low, high = np.percentile(values, BAND, axis=0)
        found[panel.name] = Band(values.mean(axis=0), low, high)
    return found


def picture(people: Sequence[Person], title: str) -> str:
    """The SVG, under `title`."""
    height = _TOP + len(PANELS) * (_PANEL + _GAP) - _GAP + _BOTTOM
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'font-family="{_FONT}" font-size="12" fill="{_INK}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{height}" fill="{_PAPER}"/>',
        f'<text x="{_LEFT}" y="30" font-size="17" font-weight="600">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="50" fill="{_SOFT}">Mean of the simulated patients; nine in ten '
        "lie in the band</text>",
    ]
    found = bands(people)
    lines += _minutes(height - _BOTTOM)
    for place, panel in enumerate(PANELS):
        lines += _panel(panel, found[panel.name], _TOP + place * (_PANEL + _GAP))
    return "\n".join([*lines, "</svg>", ""])


def _x(minute: float) -> float:
    return _LEFT + (_WIDTH - _LEFT - _RIGHT) * minute / float(MINUTES[-1])


def _panel(panel: Panel, band: Band, top: float) -> Iterator[str]:
    below, above = panel.low - float(band.low.min()), float(band.high.max()) - panel.high
    low = panel.low - panel.step * max(0, ceil(below / panel.step))
    high = panel.high + panel.step * max(0, ceil(above / panel.step))

    def y(value: float) -> float:
        return top + _PANEL * (high - value) / (high - low)

    def points(values: NDArray[Any]) -> list[str]:
        pairs = zip(MINUTES.tolist(), values.tolist(), strict=True)
        return [f"{_x(minute):.1f},{y(value):.1f}" for minute, value in pairs]

    right = _WIDTH - _RIGHT
    for tick in range(low, high + 1, panel.step):
        yield f'<path d="M{_LEFT} {y(tick):.1f}H{right}" stroke="{_GRID}"/>'
        yield (
            f'<text x="{_LEFT - 8}" y="{y(tick) + 4:.1f}" text-anchor="end" '
            f'fill="{_SOFT}">{tick}</text>'
        )
    outline = " ".join([*points(band.high), *reversed(points(band.low))])
    yield f'<polygon points="{outline}" fill="{panel.colour}" fill-opacity="0.16"/>'
    yield (
        f'<polyline points="{" ".join(points(band.mean))}" fill="none" '
        f'stroke="{panel.colour}" stroke-width="2.2" stroke-linejoin="round"/>'
    )
    yield (
        f'<text x="{right + 14}" y="{top + 14}" font-weight="600" '
        f'fill="{panel.colour}">{panel.label}</text>'
    )
    yield f'<text x="{right + 14}" y="{top + 30}" fill="{_SOFT}">{panel.unit}</text>'


def _minutes(bottom: float) -> Iterator[str]:
    for minute in range(0, int(MINUTES[-1]) + 1, 30):
        yield f'<path d="M{_x(minute):.1f} {_TOP}V{bottom}" stroke="{_GRID}"/>'
        yield (
            f'<text x="{_x(minute):.1f}" y="{bottom + 18}" text-anchor="middle" '
            f'fill="{_SOFT}">{minute}</text>'
        )
    yield (
        f'<text x="{_x(75):.1f}" y="{bottom + 36}" text-anchor="middle" '
        f'fill="{_SOFT}">minutes after the last dose or the start of the infusion</text>'
    )
