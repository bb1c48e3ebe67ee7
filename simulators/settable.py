"""A source of vital signs whose values can be set from outside, one by one."""

from collections.abc import Iterable, Mapping
from dataclasses import fields, replace
from typing import Any, Final

from simulators.errors import SimulationError, suggest
from simulators.vitals import Vitals, VitalsSource

SIGNALS: Final[Mapping[str, str]] = {
    "spo2": "spo2_pct",
    "pulse": "pulse_per_min",
    "sys": "sys_mmhg",
    "dia": "dia_mmhg",
    "map": "map_mmhg",
} | {each.name: each.name for each in fields(Vitals)}
"""The fields of `Vitals` by their names, and by short ones."""


class SettableSource:
    """`source`, but for what was set."""

    def __init__(self, source: VitalsSource) -> None:
        self.source = source
        self._set: dict[str, float | None] = {}

    def set(self, values: Mapping[str, float | None]) -> None:
        """Have these signals stay at these values, None for not known.

        A mean pressure that is not set follows those that are. Raises `SimulationError`, and then
        nothing is set.
        """
        self._set |= {_signal(name): _checked(name, value) for name, value in values.items()}

    def unset(self, names: Iterable[str] = ()) -> None:
        """Have these signals follow the source again, all of them without names.

        Raises `SimulationError`.
        """
        for field in [_signal(name) for name in names] or [*self._set]:
            self._set.pop(field, None)

    def script_s(self, t_s: float) -> float | None:
        """The source's own."""
        return self.source.script_s(t_s)

    def at(self, t_s: float) -> Vitals:
        """The vital signs at `t_s`, with what is set."""
        vitals = self.source.at(t_s)
        if not self._set:
            return vitals
        changes: dict[str, Any] = dict(self._set)
        vitals = replace(vitals, **changes)
        moved = {"sys_mmhg", "dia_mmhg"} & self._set.keys()
        if moved and "map_mmhg" not in self._set:
            sys, dia = vitals.sys_mmhg, vitals.dia_mmhg
            mean = None if sys is None or dia is None else dia + (sys - dia) / 3
            vitals = replace(vitals, map_mmhg=mean)
        return vitals


_MOST: Final = {"spo2_pct": 100, "perfusion": 1, "cadss": 92, "moaas": 5}


def _checked(name: str, value: float | None) -> float | None:
    most = _MOST.get(_signal(name), 300)
    if value is not None and not 0 <= value <= most:
        raise SimulationError(f"{name} must be a number from 0 to {most}, not {value:g}")
    return value


def _signal(name: str) -> str:
    if name not in SIGNALS:
        raise SimulationError(f"no signal is called {name!r}: {suggest(name, [*SIGNALS])}")
    return SIGNALS[name]
