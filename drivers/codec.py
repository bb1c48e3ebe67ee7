"""What every codec is: bytes and time in, items and bytes out, nothing else.

Theory of operation. A codec never opens, waits, logs or asks what time it is. Its owner

* calls `opened(now_s)` on a new link and `closed()` when the link is gone,
* calls `feed(data)` with whatever arrived, in whatever pieces,
* calls `handle_deadline(now_s)` after `feed` and at `deadline_s`, while that is not None,
* sends what `data_to_send()` gives after any of these.

A device that only streams has no `deadline_s` and lives in `feed` alone. One that must be asked
keeps its timers and its state machine in `handle_deadline`.

`feed` accepts any bytes: it never raises, keeps no more of them than one packet takes to be
judged, finds its way back by itself, and costs time in proportion to the bytes fed.
"""

from abc import ABC, abstractmethod
from collections import Counter
from dataclasses import dataclass, field

from drivers.readings import Item


class CannotMeasure(Exception):
    """This device takes no measurements on request: ask one whose driver `can_measure`."""


@dataclass(slots=True)
class CodecStats:
    """What a codec has met since it was made.

    `frames` counts good frames; `damaged` what was lost and `rejected` what was refused
    as a value, each by its reason.
    """

    frames: int = 0
    damaged: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)


class Codec(ABC):
    """One device's protocol, as pure logic."""

    def __init__(self) -> None:
        self.stats = CodecStats()
        self.deadline_s: float | None = None
        self._out = bytearray()

    @abstractmethod
    def feed(self, data: bytes) -> list[Item]:
        """The items that `data` completes, oldest first."""

    def opened(self, now_s: float) -> None:
        """A new link: forget what was half received, and start as the device expects."""
        self._out.clear()

    def closed(self) -> list[Item]:
        """The link is gone: what can no longer come true."""
        return []

    def handle_deadline(self, now_s: float) -> list[Item]:
        """Whatever is due at `now_s`, in monotonic seconds."""
        return []

    def measure(self, now_s: float) -> list[Item]:
        """Start a measurement. Raises `CannotMeasure`."""
        raise CannotMeasure("this device measures by itself and cannot be asked to")

    def abort(self, now_s: float) -> list[Item]:
        """Stop a measurement. Raises `CannotMeasure`."""
        raise CannotMeasure("this device measures by itself and cannot be stopped")

    def data_to_send(self) -> bytes:
        """The bytes to send now; they are given once."""
        if not self._out:
            return b""
        out = bytes(self._out)
        self._out.clear()
        return out
