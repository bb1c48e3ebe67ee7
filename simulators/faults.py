"""What goes wrong with a device, and when: names, times and the `NAME@START+FOR` notation.

What a fault does is the device's own matter, or `line`'s for those of the line.
"""

import difflib
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from simulators.errors import SimulationError
from simulators.vitals import VitalsSource


class Kind(StrEnum):
    """A thing that goes wrong."""

    FINGER_OFF = "finger-off"
    CABLE_OUT = "cable-out"
    ARTEFACT = "artefact"
    LOW_PERFUSION = "low-perfusion"
    LOW_BATTERY = "low-battery"
    CUFF_LEAK = "cuff-leak"
    CUFF_ASLEEP = "cuff-asleep"
    NOISE = "noise"
    TRUNCATED = "truncated"
    SILENT = "silent"
    UNPLUGGED = "unplugged"


LINE = frozenset({Kind.NOISE, Kind.TRUNCATED, Kind.SILENT, Kind.UNPLUGGED})
"""What can go wrong between any device and its host."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault from `at_s` for `for_s` seconds."""

    kind: Kind
    at_s: float = 0.0
    for_s: float = math.inf

    def covers(self, t_s: float) -> bool:
        """Whether it is there at `t_s`."""
        return self.at_s <= t_s < self.at_s + self.for_s


def parse_kind(name: str) -> Kind:
    """The fault called `name`; `SimulationError` names the ones there are."""
    try:
        return Kind(name)
    except ValueError:
        near = difflib.get_close_matches(name, list(Kind), 1)
        hint = f"did you mean {near[0]}?" if near else f"use one of {', '.join(Kind)}"
        raise SimulationError(f"no fault is called {name!r}: {hint}") from None


def parse_fault(spec: str) -> Fault:
    """The fault in `spec`: `finger-off@120+30` begins at second 120 and lasts 30 s.

    Without `+30` it stays, without `@120` it is there from the start. Raises
    `SimulationError`.
    """
    number = r"\d+(?:\.\d+)?"
    match = re.fullmatch(rf"([a-z-]+)(?:@({number})(?:\+({number}))?)?", spec)
    if match is None:
        raise SimulationError(
            f"fault {spec!r} cannot be read: write NAME@START+FOR in seconds, "
            "as finger-off@120+30, or NAME@START, or NAME"
        )
    name, at_s, for_s = match.groups()
    return Fault(parse_kind(name), float(at_s or 0), float(for_s) if for_s else math.inf)


class Faults:
    """The faults of one device: injected in simulated time, or scripted in its source's."""

    def __init__(self, source: VitalsSource, scripted: Iterable[Fault] = ()) -> None:
        self._source = source
        self._scripted = tuple(scripted)
        self._injected: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        """Have `fault` happen as well."""
        self._injected.append(fault)

    def clear(self, kind: Kind) -> None:
        """Clear what was injected of this kind; scripted faults keep to their script."""
        self._injected = [fault for fault in self._injected if fault.kind is not kind]

    def active(self, kind: Kind, t_s: float) -> bool:
        """Whether a fault of this kind is there at simulated second `t_s`."""
        if any(fault.kind is kind and fault.covers(t_s) for fault in self._injected):
            return True
        if not any(fault.kind is kind for fault in self._scripted):
            return False
        script_s = self._source.script_s(t_s)
        return script_s is not None and any(
            fault.kind is kind and fault.covers(script_s) for fault in self._scripted
        )
