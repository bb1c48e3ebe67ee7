"""What a simulated device declares, and how it is driven.

Only the shapes: the devices are in `devices`, what several of them do alike is in
`streaming`, `command_buffer` and `oximetry`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from simulators.faults import Faults
from simulators.vitals import VitalsSource


@dataclass(frozen=True, slots=True)
class Message:
    """Bytes that a device sends together at second `at_s`."""

    at_s: float
    data: bytes


class Device(Protocol):
    """How every simulated device is driven. It does no I/O and looks at no clock.

    Times are simulated seconds and never go backwards.
    """

    @property
    def next_due_s(self) -> float | None:
        """When it will next have something to send unasked; `None`: only when asked."""

    def advance(self, now_s: float) -> list[Message]:
        """What it sends unasked up to `now_s`."""

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """What it answers at once to `data` from the host."""


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a dialect's bytes are framed; parity is N, E or O. Prints as `9600 8N1`."""

    baud: int
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    @property
    def bytes_per_s(self) -> float:
        """The most bytes that the line carries in a second."""
        return self.baud / (1 + self.data_bits + (self.parity != "N") + self.stop_bits)

    def __str__(self) -> str:
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}"


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way in which a device speaks.

    `vitals` are the fields of `Vitals` that it says, `faults` the faults that it can show by
    name, each with what is then on the wire. The faults of every line are not among them.
    """

    line: LineSettings
    vitals: frozenset[str]
    faults: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Datagrams:
    """How a device that is also on the network frames its datagrams on a serial line.

    A frame ends with the byte `end`, which is nowhere else; `content` gives what is in one, None
    where it is damaged, and `frame` makes one.
    """

    end: bytes
    content: Callable[[bytes], bytes | None]
    frame: Callable[[bytes], bytes]


@dataclass(frozen=True, slots=True)
class DeviceModel:
    """The declaration of a device: its module's `MODEL`.

    `role` is its place at the bed, which a scenario's faults name. The first dialect is the
    default. `make` takes the source of the vital signs, faults, dialect and seed. `datagrams` is
    None for a device that is not on the network.
    """

    title: str
    role: str
    dialects: Mapping[str, Dialect]
    make: Callable[[VitalsSource, Faults, str, int], Device]
    datagrams: Datagrams | None = None
