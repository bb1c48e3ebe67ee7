"""The pace of a device that sends unasked: so many frames a second, whatever the speed.

What is in a packet is the device's own matter.
"""

import math
from collections.abc import Callable

from simulators.device_model import Message


class PacketStream:
    """Packets of `frames` frames, `frames_per_s` of which pass in a second.

    The pace is counted from the start and does not drift. Running from second 0 unless
    `started` is false.
    """

    def __init__(self, frames_per_s: int, frames: int = 1, *, started: bool = True) -> None:
        self.sent = 0
        self._frames_per_s = frames_per_s
        self._frames = frames
        self._origin_s = 0.0
        self._until_s = math.inf if started else -math.inf

    @property
    def next_due_s(self) -> float | None:
        """When the next packet is complete; `None` when the stream ends before that."""
        due_s = self._origin_s + (self.sent + 1) * self._frames / self._frames_per_s
        return due_s if due_s <= self._until_s else None

    def start(self, at_s: float, until_s: float) -> None:
        """Run until `until_s`: from `at_s`, or on when it still runs then."""
        if not self.runs(at_s):
            self._origin_s, self.sent = at_s, 0
        self._until_s = until_s

    def runs(self, at_s: float) -> bool:
        """Whether it has not ended by `at_s`."""
        return at_s < self._until_s

    def advance(self, now_s: float, packet: Callable[[float], bytes]) -> list[Message]:
        """The packets completed up to `now_s`, each made from the second at which it begins."""
        messages = []
        while (due_s := self.next_due_s) is not None and due_s <= now_s:
            begins_s = self._origin_s + self.sent * self._frames / self._frames_per_s
            messages.append(Message(due_s, packet(begins_s)))
            self.sent += 1
        return messages
