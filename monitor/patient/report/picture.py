"""A session's course on one axis of minutes, as an SVG for paper. Pure.

SpO2 with its gaps, pressures as on an anaesthesia chart, doses, and alarms over their time.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from html import escape
from math import ceil
from typing import Final

from alerts.rules import Priority
from monitor.journal import Bucket
from monitor.session import SessionHistory, patient_alarms

MINUTE: Final = timedelta(minutes=1)
BEFORE_MIN: Final = 20
LEAST_MIN: Final = 130
TICK_MIN: Final = 15

_WIDTH, _HEIGHT = 760, 330
_LEFT, _RIGHT = 44, 14
_INK, _SOFT, _GRID = "#000", "#555", "#ddd"
_SPO2, _PRESSURE = "#0b6f8f", "#a8255c"
_ALARM: Final = {Priority.HIGH: "#c8141c", Priority.MEDIUM: "#c79a00"}


@dataclass(frozen=True, slots=True)
class _Axis:
    """Values from `low` to `high` between the heights `bottom` and `top`."""

    low: float
    high: float
    top: float
    bottom: float
    ticks: tuple[int, ...]

    def y(self, value: float) -> float:
        share = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.bottom - share * (self.bottom - self.top)


_SPO2_AXIS: Final = _Axis(80, 100, 14, 100, (80, 90, 100))
_PRESSURE_AXIS: Final = _Axis(40, 220, 122, 258, (60, 100, 140, 180, 220))
_DOSE_Y, _ALARM_Y, _TICK_Y = 276, 288, 318


def picture(
    history: SessionHistory, spo2: Sequence[Bucket], now: datetime, zone: tzinfo | None
) -> str:
    """The SVG; minutes count from the first dose, before one from the session's start."""
    session = history.session
    zero = session.first_dose_at or session.started_at
    end_min = max(LEAST_MIN, ceil(((session.ended_at or now) - zero) / MINUTE))

    def x(at: datetime) -> float:
        minute = min(max((at - zero) / MINUTE, -BEFORE_MIN), end_min)
        wide = _WIDTH - _LEFT - _RIGHT
        return _LEFT + wide * (minute + BEFORE_MIN) / (end_min + BEFORE_MIN)

    title = f"SpO2, pressures, doses and alarms of {session.patient}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" '
        f'font-size="10" fill="{_INK}" role="img"><title>{escape(title)}</title>'
    ]
    lines += _grid(zero, end_min, x, zone)
    lines += _trend(spo2, x)
    for pressure in session.pressures:
        lines += _pressure(x(pressure.at), pressure.sys, pressure.dia)
    for dose in session.doses:
        lines.append(f'<path d="M{x(dose.at):.1f} {_DOSE_Y - 8}l5 8h-10z"/>')
    if session.doses:
        after = x(max(dose.at for dose in session.doses)) + 8
        lines.append(f'<text x="{after:.1f}" y="{_DOSE_Y}">{session.given_mg:g} mg</text>')
    if session.infusion is not None:
        begun, ended = x(session.infusion.started_at), x(session.infusion.ended_at or now)
        lines.append(
            f'<rect x="{begun:.1f}" y="{_DOSE_Y - 6}" width="{ended - begun:.1f}" height="5" '
            f'fill="{_SOFT}"><title>infusion</title></rect>'
        )
    for alarm in patient_alarms(history.alarms()):
        start, stop = x(alarm.raised_at), x(alarm.over_at or session.ended_at or now)
        lines.append(
            f'<rect x="{start:.1f}" y="{_ALARM_Y}" width="{max(2.0, stop - start):.1f}" '
            f'height="6" fill="{_ALARM[alarm.priority]}"><title>{escape(alarm.text)}</title></rect>'
        )
    return "\n".join([*lines, "</svg>"])


def _grid(
    zero: datetime, end_min: int, x: Callable[[datetime], float], zone: tzinfo | None
) -> Iterator[str]:
    right = _WIDTH - _RIGHT
    for axis, name, colour in (
        (_SPO2_AXIS, "SpO₂ %", _SPO2),
        (_PRESSURE_AXIS, "mmHg", _PRESSURE),
    ):
        yield f'<text x="{_LEFT}" y="{axis.top - 4}" fill="{colour}">{name}</text>'
        for tick in axis.ticks:
            y = axis.y(tick)
            yield f'<path d="M{_LEFT} {y:.1f}H{right}" stroke="{_GRID}"/>'
            yield f'<text x="{_LEFT - 5}" y="{y + 3:.1f}" text-anchor="end">{tick}</text>'
    for minute in range(-TICK_MIN, end_min + 1, TICK_MIN):
        at = zero + minute * MINUTE
        clock = at.astimezone(zone).strftime("%H:%M")
        yield f'<path d="M{x(at):.1f} {_SPO2_AXIS.top}V{_TICK_Y - 22}" stroke="{_GRID}"/>'
        yield (
            f'<text x="{x(at):.1f}" y="{_TICK_Y - 8}" text-anchor="middle">{minute}</text>'
            f'<text x="{x(at):.1f}" y="{_TICK_Y + 3}" text-anchor="middle" fill="{_SOFT}" '
            f'font-size="8">{clock}</text>'
        )


def _trend(spo2: Sequence[Bucket], x: Callable[[datetime], float]) -> Iterator[str]:
    """A bar for each minute from its lowest to its highest value; a minute without one is blank."""
    for bucket in spo2:
        high, low = _SPO2_AXIS.y(bucket.high), _SPO2_AXIS.y(bucket.low)
        tall = max(1.5, low - high)
        wide = max(1.0, x(bucket.at + MINUTE) - x(bucket.at))
        yield (
            f'<rect x="{x(bucket.at):.1f}" y="{high:.1f}" width="{wide:.1f}" height="{tall:.1f}" '
            f'fill="{_SPO2}"/>'
        )


def _pressure(x: float, sys: float, dia: float) -> Iterator[str]:
    top, bottom = _PRESSURE_AXIS.y(sys), _PRESSURE_AXIS.y(dia)
    arrows = f"m-3 -4l3 4l3 -4M{x - 3:.1f} {top + 4:.1f}l3 -4l3 4"
    yield (
        f'<path d="M{x:.1f} {top:.1f}V{bottom:.1f}{arrows}" '
        f'fill="none" stroke="{_PRESSURE}" stroke-width="1.2"/>'
    )
