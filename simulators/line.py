"""Between a device and its host: the faults that any serial line can have.

The device speaks in whole messages, each with the second it was sent; what the line does
to a message depends on that second and its number alone, never on how often it is asked.
"""

from dataclasses import dataclass
from random import Random
from typing import Protocol

from simulators.errors import SimulationError
from simulators.faults import LINE, Fault, Faults, Kind


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


class SimulatedLine:
    """One device at the end of one line: bytes out, bytes in, and faults to inject."""

    def __init__(
        self, name: str, device: Device, faults: Faults, can: frozenset[Kind], seed: int = 0
    ) -> None:
        self.name = name
        self._device = device
        self._faults = faults
        self._can = can | LINE
        self._seed = seed
        self._sent = 0

    def inject_fault(self, fault: Fault) -> None:
        """Have `fault` happen; raises `SimulationError` when this device cannot have it."""
        if fault.kind not in self._can:
            raise SimulationError(
                f"{self.name} cannot show {fault.kind}: it can show {', '.join(sorted(self._can))}"
            )
        self._faults.inject(fault)

    def clear_fault(self, kind: Kind) -> None:
        """End the injected faults of this kind."""
        self._faults.clear(kind)

    def linked(self, now_s: float) -> bool:
        """Whether the line is there at all at `now_s`."""
        return not self._faults.active(Kind.UNPLUGGED, now_s)

    @property
    def next_due_s(self) -> float | None:
        """When `advance` will next have bytes; `None`: only after `receive`."""
        return self._device.next_due_s

    def advance(self, now_s: float) -> bytes:
        """What arrives at the host unasked up to `now_s`."""
        return self._carry(self._device.advance(now_s))

    def receive(self, data: bytes, now_s: float) -> bytes:
        """What arrives at the host when it has sent `data`; nothing if the device is silent."""
        due = self.advance(now_s)
        if self._faults.active(Kind.SILENT, now_s) or not self.linked(now_s):
            return due
        return due + self._carry(self._device.receive(data, now_s))

    def _carry(self, messages: list[Message]) -> bytes:
        return b"".join(self._spoil(message) for message in messages)

    def _spoil(self, message: Message) -> bytes:
        self._sent += 1
        at_s, data = message.at_s, message.data
        if self._faults.active(Kind.SILENT, at_s) or not self.linked(at_s):
            return b""
        chance = Random(f"{self._seed}/{self.name}/{self._sent}")
        if self._faults.active(Kind.TRUNCATED, at_s) and chance.random() < 0.5:
            data = data[: chance.randrange(len(data))]
        if self._faults.active(Kind.NOISE, at_s) and chance.random() < 0.5:
            where = chance.randint(0, len(data))
            data = data[:where] + chance.randbytes(chance.randint(1, 8)) + data[where:]
        return data
