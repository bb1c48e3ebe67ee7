"""The inputs of a bed: everything that its decisions follow from. Pure.

What devices report, conditions of the daemon itself, time passing, and commands. Each is
handed to `Bed.handle` with its instant; their JSON form is `monitor.bed.input_codec`.
"""

from dataclasses import dataclass

from drivers.clock import Instant
from drivers.readings import Item, LinkChanged
from monitor.session import Command


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """An item that a device reported, or a change of its link."""

    device: str
    item: Item | LinkChanged


@dataclass(frozen=True, slots=True)
class SiteCondition:
    """A technical condition of the daemon: its reason while it lasts, None when it is over."""

    trouble: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = DeviceInput | SiteCondition | Tick | Command


@dataclass(frozen=True, slots=True)
class TimedInput:
    """An input, and when the bed was given it."""

    at: Instant
    input: Input
