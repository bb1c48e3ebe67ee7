"""When something goes wrong with a device: names, rates, times and how they are written.

Which faults there are and what they do is declared by each device, and by `line` for those
that any line can have.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from simulators.errors import SimulationError
from simulators.vitals import Vitals, VitalsSource

STUCK: Final = "stuck-value"
"""The fault by which a device goes on with the values it had."""

RATE: Final = 0.5
"""The share of messages that a fault meets where none is given."""


@dataclass(frozen=True, slots=True)
class Fault:
    """The fault called `name` from `at_s` for `for_s` seconds.

    `rate` is the share of messages that it meets, for a fault that meets single ones.
    """

    name: str
    at_s: float = 0.0
    for_s: float = math.inf
    rate: float = RATE

    def covers(self, t_s: float) -> bool:
        """Whether it is there at `t_s`."""
        return self.at_s <= t_s < self.at_s + self.for_s


def parse_fault(spec: str) -> Fault:
    """The fault in `spec`: `garble:0.1@120+30` begins at second 120 and lasts 30 s.

    Without `+30` it stays, without `@120` it is there from the start, without `:0.1` it meets
    half of all messages. Whether any device knows it is not looked at. Raises `SimulationError`.
    """
    number = r"\d+(?:\.\d+)?"
    match = re.fullmatch(rf"([a-z0-9-]+)(?::({number}))?(?:@({number})(?:\+({number}))?)?", spec)
    if match is None:
        raise SimulationError(
            f"fault {spec!r} cannot be read: write NAME:RATE@START+FOR, a share of the messages "
            "and seconds, as garble:0.1@120+30; or without any of the three, as finger-off@120+30"
        )
    name, rate, at_s, for_s = match.groups()
    if not 0 < float(rate or RATE) <= 1:
        raise SimulationError(f"fault {spec!r}: the rate is a share of the messages, 0.1 or 1")
    return Fault(name, float(at_s or 0), float(for_s) if for_s else math.inf, float(rate or RATE))


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

    @property
    def is_well(self) -> bool:
        """Whether there is no fault at any time."""
        return not self._injected and not self._scripted

    def active(self, name: str, t_s: float) -> bool:
        """Whether a fault of this name is there at simulated second `t_s`."""
        return self.at(name, t_s) is not None

    def at(self, name: str, t_s: float) -> Fault | None:
        """The fault of this name that is there at `t_s`, its start in simulated seconds."""
        if self.is_well:
            return None
        for fault in self._injected:
            if fault.name == name and fault.covers(t_s):
                return fault
        scripted = self._scripted.get(name)
        if scripted is None or (script_s := self._source.script_s(t_s)) is None:
            return None
        for fault in scripted:
            if fault.covers(script_s):
                return replace(fault, at_s=fault.at_s + t_s - script_s)
        return None


class StuckSource:
    """A source as a device sees it whose values can be stuck."""

    def __init__(self, source: VitalsSource, faults: Faults) -> None:
        self._source = source
        self._faults = faults

    def script_s(self, t_s: float) -> float | None:
        """The source's own."""
        return self._source.script_s(t_s)

    def at(self, t_s: float) -> Vitals:
        """The vital signs at `t_s`, or when the fault began."""
        stuck = self._faults.at(STUCK, t_s)
        return self._source.at(t_s if stuck is None else stuck.at_s)
