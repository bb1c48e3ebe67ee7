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

Good frames. `stats.frames` grows with every frame that is certainly this dialect's, and with
nothing else: by it a link is up, and a dialect recognised. A checksum makes a frame certain;
where there is none, several frames right behind each other do, and nothing is reported before.

How often. A `Measurement` is judged, and kept in the session's recording. A device that streams
is reported about three times a second, in step with its own packets where it has some, and never
more often; what came in between is in the `Waveform`. A flag that any frame of that time showed
holds for the whole `Measurement`, and its values are the last ones; where a damaged frame can
pass for a good one, the flags are those that two frames showed, the values the most frequent. A
device that speaks less often, or is asked, is reported whenever it speaks, damaged digits included.

Missing and rejected. What the device calls missing is None. A value that it cannot print is
kept, rejected and counted: `_reading` does that.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from drivers.readings import Item, Quality, Reading, Vital


class CannotMeasure(Exception):
    """This device takes no measurements on request: ask one whose driver `can_measure`."""


@dataclass(frozen=True, slots=True)
class ValueRange:
    """The values that a device can print, both ends included, in the vital's unit."""

    least: float
    most: float

    def __contains__(self, value: float) -> bool:
        return self.least <= value <= self.most


Ranges = Mapping[Vital, ValueRange]


@dataclass(slots=True)
class CodecStats:
    """What a codec has met since it was made.

    `frames` counts good frames; `damaged` what was lost and `rejected` what was refused
    as a value, each by its reason.
    """

    frames: int = 0
    damaged: Counter[str] = field(default_factory=Counter)
    rejected: Counter[str] = field(default_factory=Counter)

    def add(self, other: "CodecStats") -> None:
        """Count what `other` has met as well."""
        self.frames += other.frames
        self.damaged += other.damaged
        self.rejected += other.rejected


class Codec(ABC):
    """One device's protocol, as pure logic; `ranges` are the values that it prints."""

    def __init__(self, ranges: Ranges) -> None:
        self.stats = CodecStats()
        self.deadline_s: float | None = None
        self._ranges = ranges
        self._buffer = bytearray()
        self._out = bytearray()

    @abstractmethod
    def feed(self, data: bytes) -> list[Item]:
        """The items that `data` completes, oldest first."""

    def opened(self, now_s: float) -> None:
        """A new link: forget what was half received, and start as the device expects."""
        self._buffer.clear()
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

    def _reading(
        self,
        vital: Vital,
        value: float | None,
        quality: Quality = Quality.GOOD,
        reason: str | None = None,
    ) -> Reading:
        """`value` as it may be trusted; rejected when no such device prints it."""
        if value is not None and value not in self._ranges[vital]:
            return self._rejected(vital, value, "out-of-range", "outside the device's range")
        return Reading(vital, value, quality, reason)

    def _rejected(self, vital: Vital, value: float, why: str, reason: str) -> Reading:
        """`value` kept but never judged, because of `reason`, and counted under `why`."""
        self.stats.rejected[f"{vital}-{why}"] += 1
        return Reading(vital, value, Quality.REJECTED, reason)

    def _skip(self, count: int) -> None:
        """Count bytes that belong to no frame."""
        if count:
            self.stats.damaged["skipped-byte"] += count
