"""Time, for everything else: the one module that may ask the machine what time it is.

Wall time is for people and may jump; monotonic time is for durations, delays and
staleness and never goes backwards. It counts the time in which the machine slept, as the
patient lived through it. Both come together as an `Instant`, so that no decision ever mixes
readings of two clocks.

A `Clock` runs at `speed` times real time. Tests that need two hours in a second
give it the time of a virtual event loop instead of the machine's.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

BOOT_ID: Final = Path("/proc/sys/kernel/random/boot_id")

STEP_S: Final = 2.0
"""A wall clock that gains or loses more than this at once has been set."""

NEVER: Final = datetime.max.replace(tzinfo=UTC)
"""After every instant of the wall clock."""

_PARTS: Final = tuple(timedelta(microseconds=part) for part in range(1000))
"""Every part of a millisecond: each input of each bed is cut to whole ones."""


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks.

    `wall` is UTC; `mono` is in seconds since the machine was started, or, by a clock that does
    not follow the machine, since an origin of its own.
    """

    wall: datetime
    mono: float

    def plus(self, seconds: float) -> "Instant":
        """The moment `seconds` later, on both clocks."""
        return Instant(self.wall + timedelta(seconds=seconds), self.mono + seconds)

    def past(self, wall: datetime) -> "Instant":
        """The moment `wall` by the clocks as they are at this one; never one after it."""
        return Instant(wall, self.mono - max(0.0, (self.wall - wall).total_seconds()))

    def is_before(self, other: "Instant") -> bool:
        """Whether neither clock has come to `other`."""
        return self.mono < other.mono and self.wall < other.wall

    def in_ms(self) -> "Instant":
        """The moment in whole milliseconds on both clocks, as it is kept."""
        return Instant(
            self.wall - _PARTS[self.wall.microsecond % 1000], round(self.mono * 1000) / 1000
        )


def rfc3339(wall: datetime) -> str:
    """`wall` as Postdose writes instants: RFC 3339, UTC, milliseconds."""
    return wall.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{wall.microsecond // 1000:03d}Z"


def rfc3339_or_none(wall: datetime | None) -> str | None:
    """`wall` as `rfc3339` writes it; None for None."""
    return None if wall is None else rfc3339(wall)


def parse_rfc3339(text: str) -> datetime:
    """The UTC instant that `text` names.

    Raises `ValueError` when it is no RFC 3339 instant, or one without an offset.
    """
    wall = datetime.fromisoformat(text)
    if wall.tzinfo is None:
        raise ValueError(f"{text!r} has no offset: write it as 2026-01-31T14:05:00Z")
    return wall.astimezone(UTC)


def since_boot() -> float:
    """Seconds since the machine was started, its sleep included."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


def boot_id() -> str | None:
    """The name that this start of the machine has; None where the system gives none."""
    try:
        return BOOT_ID.read_text(encoding="ascii").strip()
    except OSError:
        return None


class Clock:
    """The time and the waiting of one daemon.

    `boot` names the start of the machine that `mono` counts from, None where it counts from none;
    two instants of one boot are as far apart as their `mono`, whichever process asked.
    `speed` is how many seconds pass here for one of `source`'s. At speed 1 wall time
    is the machine's own, jumps included; at any other it starts at the machine's and
    then follows `source`.
    """

    def __init__(
        self,
        speed: float = 1.0,
        *,
        source: Callable[[], float] = since_boot,
        start: datetime | None = None,
    ) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._source = source
        self._follows_machine = speed == 1.0 and start is None and source is since_boot
        self._origin = 0.0 if self._follows_machine else source()
        self.boot = boot_id() if self._follows_machine else None
        self._start = start or datetime.now(UTC)

    @property
    def simulated(self) -> bool:
        """Whether this clock's time is not the world's."""
        return not self._follows_machine

    def now(self) -> Instant:
        """The present moment."""
        elapsed = (self._source() - self._origin) * self.speed
        if self._follows_machine:
            return Instant(datetime.now(UTC), elapsed)
        return Instant(self._start + timedelta(seconds=elapsed), elapsed)

    async def sleep(self, seconds: float) -> None:
        """Wait until `seconds` of this clock have passed."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)

    def timeout(self, seconds: float) -> asyncio.Timeout:
        """An asynchronous context that raises `TimeoutError` after `seconds` of this clock."""
        return asyncio.timeout(seconds / self.speed)

    def call_later(self, seconds: float, callback: Callable[[], object]) -> asyncio.TimerHandle:
        """Have the running loop call `callback` once, `seconds` of this clock from now."""
        return asyncio.get_running_loop().call_later(max(0.0, seconds) / self.speed, callback)
