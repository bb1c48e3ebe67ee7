"""The instants of one bed's inputs: in order, in whole milliseconds, wall clock steps noticed.

Pure: it asks no clock, it is told.
"""

from datetime import UTC, datetime
from typing import Final

from drivers.clock import STEP_S, Instant

AT_ONCE: Final = Instant(datetime.min.replace(tzinfo=UTC), float("-inf"))
"""Before every instant of either clock."""


class Timeline:
    """The instants at which one bed was given its inputs."""

    def __init__(self) -> None:
        self._given = self._stored = AT_ONCE

    def advance(self, now: Instant) -> tuple[Instant, float]:
        """`now` as it is stored, and the seconds by which the wall clock was set before it.

        An input that arrived before the last one is of the time of the last one: no event is
        earlier than the event before it. The second value is 0.0 where nobody set the clock.
        """
        before = self._stored
        if now is self._given:
            return before, 0.0
        stored = now.in_ms()
        if stored.mono < before.mono:
            return before, 0.0
        self._given = now
        self._stored = stored
        if before is AT_ONCE:
            return stored, 0.0
        by_s = (stored.wall - before.wall).total_seconds() - (stored.mono - before.mono)
        return stored, _step_s(by_s)

    def resume(
        self, now: Instant, last_at: datetime | None, expected: datetime | None = None
    ) -> tuple[Instant, float]:
        """Begin at `now`, after stored events; the same values as of `advance`.

        `expected` is what the wall clock would show now had nobody set it. Where nobody knows, it
        was set back if `last_at`, the last thing that was stored, is still to come.
        """
        stored = now.in_ms()
        self._given = self._stored = stored
        if expected is None:
            expected = max(last_at or stored.wall, stored.wall)
        return stored, _step_s((stored.wall - expected).total_seconds())


def _step_s(by_s: float) -> float:
    """By how much the wall clock was set that is off by so much; 0.0 where it only drifted."""
    return 0.0 if -STEP_S <= by_s <= STEP_S else round(by_s, 3)
