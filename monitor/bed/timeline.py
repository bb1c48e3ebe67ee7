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
        self._last: tuple[Instant, Instant] | None = None

    def advance(self, now: Instant) -> tuple[Instant, float]:
        """`now` as it is stored, and the seconds by which the wall clock was set before it.

        An input that arrived before the last one is of the time of the last one: no event is
        earlier than the event before it. The second value is 0.0 where nobody set the clock.
        """
        last = self._last
        if last is None:
            stored = now.in_ms()
            self._last = now, stored
            return stored, 0.0
        given, before = last
        if given is now:
            return before, 0.0
        stored = now.in_ms()
        if stored.mono < before.mono:
            return before, 0.0
        self._last = now, stored
        by_s = (stored.wall - before.wall).total_seconds() - (stored.mono - before.mono)
        return stored, round(by_s, 3) if abs(by_s) > STEP_S else 0.0

    def resume(self, now: Instant, last_event_at: datetime | None) -> tuple[Instant, float]:
        """Begin at `now`, after stored events; the same values as of `advance`.

        Where the last of them is still to come by the wall clock of `now`, that clock was set
        back.
        """
        stored = now.in_ms()
        self._last = stored, stored
        if last_event_at is None:
            return stored, 0.0
        by_s = (stored.wall - last_event_at).total_seconds()
        return stored, round(by_s, 3) if by_s < -STEP_S else 0.0
