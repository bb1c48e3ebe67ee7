"""What SpO2 was in the last minutes, as far as it was seen. Pure."""

from collections import deque
from dataclasses import dataclass, field
from typing import Final

KEPT_S: Final = 3600.0
"""How far back it is known."""

MOMENT_S: Final = 0.001
"""So soon after a stretch is just as long as it may not be, it is shorter."""


@dataclass(slots=True)
class Spo2Trace:
    """SpO2 over the last hour: each value from when it came until the next one, or its loss.

    Times are in monotonic seconds.
    """

    _turns: deque[tuple[float, float | None]] = field(default_factory=deque)

    def take(self, value: float | None, at: float) -> bool:
        """Take the value now, None when missing or stale; whether that changed anything."""
        turns = self._turns
        if value == (turns[-1][1] if turns else None):
            return False
        while len(turns) > 1 and turns[1][0] < at - KEPT_S:
            turns.popleft()
        turns.append((at, value))
        return True

    def at(self, when: float) -> float | None:
        """The value at that time; None where none was seen, or that is too long ago."""
        return next((value for since, value in reversed(self._turns) if since <= when), None)

    def ago(self, now: float) -> tuple[tuple[float, float | None], ...]:
        """Every value, oldest first, with how many seconds before `now` it came."""
        return tuple((now - since, value) for since, value in self._turns)

    def seen_s(self, since: float, until: float) -> float:
        """For how long of that time there was a value."""
        spans = self._spans(since, until)
        return sum(end - start for start, end, value in spans if value is not None)

    def longest_under_s(self, limit: float, since: float, until: float) -> float:
        """How long the longest stretch of that time was in which it was under `limit`.

        A gap does not break a stretch, and does not add to it.
        """
        longest = stretch = 0.0
        for start, end, value in self._spans(since, until):
            if value is not None:
                stretch = stretch + end - start if value < limit else 0.0
                longest = max(longest, stretch)
        return longest

    def seen_from(self, seen_s: float, within_s: float, now: float) -> float:
        """From when on there was a value for `seen_s` of the last `within_s`, if it stays."""
        missing_s = seen_s - self.seen_s(now - within_s, now)
        for start, end, value in self._spans(now - within_s, now) if missing_s > 0 else ():
            if value is None and missing_s <= end - start:
                return start + missing_s + within_s
            missing_s -= end - start if value is None else 0.0
        return now + max(missing_s, 0.0)

    def not_under_from(self, limit: float, under_s: float, within_s: float, now: float) -> float:
        """From when on no stretch of `under_s` under `limit` is left in the last `within_s`.

        If it is not under the limit again. A stretch that goes on is not counted.
        """
        leaves_at, left_s = now, under_s
        for start, end, value in reversed(self._spans(now - within_s, now)):
            if value is None:
                continue
            if value >= limit:
                left_s = under_s
                continue
            if left_s <= end - start:
                return end - left_s + within_s + MOMENT_S
            left_s -= end - start
        return leaves_at

    def under_since_s(self, limit: float, now: float) -> float:
        """For how long it has been under `limit` now, without a value in between."""
        lasts_s = 0.0
        for start, end, value in reversed(self._spans(now - KEPT_S, now)):
            if value is not None and value >= limit:
                break
            lasts_s += 0.0 if value is None else end - start
        return lasts_s

    def _spans(self, since: float, until: float) -> list[tuple[float, float, float | None]]:
        """What it was in that time, in order; None where it was not seen, or is not known."""
        found: list[tuple[float, float, float | None]] = []
        end = until
        for start, value in reversed(self._turns):
            if start < end:
                found.append((max(start, since), end, value))
                end = start
            if end <= since:
                break
        if end > since:
            found.append((since, end, None))
        return found[::-1]
