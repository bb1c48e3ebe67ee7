"""Between a device and its host: the faults that any serial line can have.

The device speaks in whole messages, each with the second it was sent; what the line does
to a message depends on that second and its number alone, never on how often it is asked.
What it holds back comes late, and in order.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from random import Random
from typing import Final

from simulators.device_model import Device, Message
from simulators.errors import SimulationError, suggest
from simulators.faults import STUCK, Fault, Faults

SILENT: Final = "silent"
UNPLUGGED: Final = "unplugged"
_STALL_S = 5.0
_LATE_S = (0.5, 2.0)
_PAUSE_S = (0.02, 0.1)

LINE_FAULTS: Final[Mapping[str, str]] = {
    "garble": "of half the messages 1 to 3 bits are turned",
    "drop": "half the messages are lost",
    "duplicate": "half the messages come twice",
    "half-frame": "half the messages lose their end",
    "noise": "half the messages have 1 to 8 bytes too many",
    "split": "half the messages come in 2 to 4 pieces, up to 0.1 s apart",
    "slow": "half the messages come 0.5 to 2 s late, and what follows waits",
    "stall": "nothing for 5 s, then all of it at once",
    "wrong-baud": "the bytes that a host reads at half the baud",
    STUCK: "the vital signs stay as they were; waves go on",
    SILENT: "the line is there and nothing comes",
    UNPLUGGED: "the line hangs up and is gone until the fault is over",
}
"""What can go wrong between any device and its host, and what the host sees of it.

"Half" stands for the fault's rate.
"""


def _garble(data: bytes, chance: Random) -> bytes:
    turned = bytearray(data)
    for _ in range(chance.randint(1, 3)):
        turned[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return bytes(turned)


def _cut(data: bytes, chance: Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _add_noise(data: bytes, chance: Random) -> bytes:
    where = chance.randint(0, len(data))
    return data[:where] + chance.randbytes(chance.randint(1, 8)) + data[where:]


def at_half_the_baud(data: bytes) -> bytes:
    """What a receiver of 8N1 at half the sender's baud makes of `data`, sent without a pause.

    It takes a low line for a start, reads every other bit, and after ten of them waits for the
    next low.
    """
    wire = [bit for byte in data for bit in (0, *((byte >> n) & 1 for n in range(8)), 1)]
    wire += [1] * 20
    read, at = bytearray(), 0
    while at < len(wire) - 20:
        if wire[at]:
            at += 1
            continue
        read.append(sum(wire[at + 2 * n + 2] << n for n in range(8)))
        at += 19
    return bytes(read)


_SPOILED: Final[Mapping[str, Callable[[bytes, Random], bytes]]] = {
    "garble": _garble,
    "drop": lambda _data, _chance: b"",
    "duplicate": lambda data, _chance: data + data,
    "half-frame": _cut,
    "noise": _add_noise,
}


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
        self._held: deque[Message] = deque()

    def inject_fault(self, fault: Fault) -> None:
        """Have `fault` happen; raises `SimulationError` when this device cannot have it."""
        self.check_fault(fault.name)
        self._faults.inject(fault)

    def clear_fault(self, name: str) -> None:
        """End the injected faults of this name; raises `SimulationError` as `inject_fault`."""
        self.check_fault(name)
        self._faults.clear(name)

    def check_fault(self, name: str) -> None:
        """Raise `SimulationError` when this device cannot have a fault of this name."""
        if name not in self._known:
            raise SimulationError(f"{self.name} cannot show {name}: {suggest(name, self._known)}")

    def linked(self, now_s: float) -> bool:
        """Whether the line is there at all at `now_s`."""
        return not self._faults.active(UNPLUGGED, now_s)

    @property
    def next_due_s(self) -> float | None:
        """When `advance` will next have bytes; `None`: only after `receive`."""
        held_s = self._held[0].at_s if self._held else None
        due = (each for each in (held_s, self._device.next_due_s) if each is not None)
        return min(due, default=None)

    def advance(self, now_s: float) -> bytes:
        """What arrives at the host unasked up to `now_s`."""
        return self._carry(self._device.advance(now_s), now_s)

    def receive(self, data: bytes, now_s: float) -> bytes:
        """What arrives at the host when it has sent `data`; nothing if the device is silent."""
        due = self.advance(now_s)
        if self._faults.active(SILENT, now_s) or not self.linked(now_s):
            return due
        return due + self._carry(self._device.receive(data, now_s), now_s)

    def _carry(self, messages: list[Message], now_s: float) -> bytes:
        for message in messages:
            self._sent += 1
            for at_s, data in self._spoil(message):
                last_s = self._held[-1].at_s if self._held else at_s
                self._held.append(Message(max(at_s, last_s), data))
        arrived = bytearray()
        while self._held and self._held[0].at_s <= now_s:
            arrived += self._held.popleft().data
        return bytes(arrived)

    def _spoil(self, message: Message) -> list[tuple[float, bytes]]:
        """What becomes of a message: its pieces, each with the second at which it arrives."""
        at_s, data = message.at_s, message.data
        if self._faults.is_well:
            return [(at_s, data)]
        if self._faults.active(SILENT, at_s) or not self.linked(at_s):
            return []
        chance = Random(f"{self._seed}/{self.name}/{self._sent}")
        for name, spoiled in _SPOILED.items():
            if data and self._meets(name, at_s, chance):
                data = spoiled(data, chance)
        if self._faults.active("wrong-baud", at_s):
            data = at_half_the_baud(data)
        if self._faults.active("stall", at_s):
            at_s += _STALL_S - at_s % _STALL_S
        if self._meets("slow", at_s, chance):
            at_s += chance.uniform(*_LATE_S)
        if not self._meets("split", at_s, chance):
            return [(at_s, data)]
        cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(1, 3)))
        pieces = []
        for begin, end in pairwise([0, *cuts, len(data)]):
            pieces.append((at_s, data[begin:end]))
            at_s += chance.uniform(*_PAUSE_S)
        return pieces

    def _meets(self, name: str, at_s: float, chance: Random) -> bool:
        fault = self._faults.at(name, at_s)
        return fault is not None and chance.random() < fault.rate
