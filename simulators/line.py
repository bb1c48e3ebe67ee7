"""Between a device and its host: the faults that any serial line can have.

The device speaks in whole messages, each with the second it was sent; what the line does
to a message depends on that second and its number alone, never on how often it is asked.
"""

from collections.abc import Iterable, Mapping
from random import Random
from typing import Final

from simulators.device_model import Device, Message
from simulators.errors import SimulationError, suggest
from simulators.faults import Fault, Faults

NOISE: Final = "noise"
TRUNCATED: Final = "truncated"
SILENT: Final = "silent"
UNPLUGGED: Final = "unplugged"

LINE_FAULTS: Final[Mapping[str, str]] = {
    NOISE: "every other message has 1 to 8 bytes too many",
    TRUNCATED: "every other message loses its end",
    SILENT: "the line is there and nothing comes",
    UNPLUGGED: "the line hangs up and is gone until the fault is over",
}
"""What can go wrong between any device and its host, and what the host sees of it."""


class SimulatedLine:
    """One device at the end of one line: bytes out, bytes in, and faults to inject.

    `declared` are the faults that the device knows besides those of every line.
    """

    def __init__(
        self, name: str, device: Device, faults: Faults, declared: Iterable[str], seed: int = 0
    ) -> None:
        self.name = name
        self._device = device
        self._faults = faults
        self._known = tuple(dict.fromkeys([*declared, *LINE_FAULTS]))
        self._seed = seed
        self._sent = 0

    def inject_fault(self, fault: Fault) -> None:
        """Have `fault` happen; raises `SimulationError` when this device cannot have it."""
        self._check(fault.name)
        self._faults.inject(fault)

    def clear_fault(self, name: str) -> None:
        """End the injected faults of this name; raises `SimulationError` as `inject_fault`."""
        self._check(name)
        self._faults.clear(name)

    def _check(self, name: str) -> None:
        if name not in self._known:
            raise SimulationError(f"{self.name} cannot show {name}: {suggest(name, self._known)}")

    def linked(self, now_s: float) -> bool:
        """Whether the line is there at all at `now_s`."""
        return not self._faults.active(UNPLUGGED, now_s)

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
        if self._faults.active(SILENT, now_s) or not self.linked(now_s):
            return due
        return due + self._carry(self._device.receive(data, now_s))

    def _carry(self, messages: list[Message]) -> bytes:
        return b"".join(self._spoil(message) for message in messages)

    def _spoil(self, message: Message) -> bytes:
        self._sent += 1
        at_s, data = message.at_s, message.data
        if self._faults.active(SILENT, at_s) or not self.linked(at_s):
            return b""
        truncated, noisy = (self._faults.active(name, at_s) for name in (TRUNCATED, NOISE))
        if not (truncated or noisy):
            return data
        chance = Random(f"{self._seed}/{self.name}/{self._sent}")
        if truncated and chance.random() < 0.5:
            data = data[: chance.randrange(len(data))]
        if noisy and chance.random() < 0.5:
            where = chance.randint(0, len(data))
            data = data[:where] + chance.randbytes(chance.randint(1, 8)) + data[where:]
        return data
