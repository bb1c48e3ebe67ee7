"""When something goes wrong with a device: names, times and the `NAME@START+FOR` notation.

Which faults there are and what they do is declared by each device, and by `line` for those
that any line can have.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.errors import SimulationError
from simulators.vitals import VitalsSource


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault called `name` from `at_s` for `for_s` seconds."""

    name: str
    at_s: float = 0.0
    for_s: float = math.inf

    def covers(self, t_s: float) -> bool:
        """Whether it is there at `t_s`."""
        return self.at_s <= t_s < self.at_s + self.for_s


def parse_fault(spec: str) -> Fault:
    """The fault in `spec`: `finger-off@120+30` begins at second 120 and lasts 30 s.

    Without `+30` it stays, without `@120` it is there from the start. Whether any device
    knows it is not looked at. Raises `SimulationError`.
    """
    number = r"\d+(?:\.\d+)?"
    match = re.fullmatch(rf"([a-z-]+)(?:@({number})(?:\+({number}))?)?", spec)
    if match is None:
        raise SimulationError(
            f"fault {spec!r} cannot be read: write NAME@START+FOR in seconds, "
            "as finger-off@120+30, or NAME@START, or NAME"
        )
    name, at_s, for_s = match.groups()
    return Fault(name, float(at_s or 0), float(for_s) if for_s else math.inf)


class Faults:
    """The faults of one device: injected in simulated time, or scripted in its source's."""

    def __init__(self, source: VitalsSource, scripted: Iterable[Fault] = ()) -> None:
        self._source = source
        self._scripted: dict[str, list[Fault]] = {}
        for fault in scripted:
            self._scripted.setdefault(fault.name, []).append(fault)
        self._injected: list[Fault] = []

    def inject(self, fault: Fault) -> None:
        """Have `fault` happen as well."""
        self._injected.append(fault)

    def clear(self, name: str) -> None:
        """Clear what was injected by this name; scripted faults keep to their script."""
        self._injected = [fault for fault in self._injected if fault.name != name]

    def active(self, name: str, t_s: float) -> bool:
        """Whether a fault of this name is there at simulated second `t_s`."""
        if not self._injected and not self._scripted:
            return False
        for fault in self._injected:
            if fault.name == name and fault.covers(t_s):
                return True
        scripted = self._scripted.get(name)
        if scripted is None or (script_s := self._source.script_s(t_s)) is None:
            return False
        return any(fault.covers(script_s) for fault in scripted)
