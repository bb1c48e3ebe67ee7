"""When each of many things is due. Pure; knows nothing of what they are."""

from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)

NEVER = float("inf")


class Deadlines(Generic[K]):
    """The time at which each of many keys is due, in monotonic seconds.

    `soonest` is kept up to date because it is read far more often than any deadline changes;
    it is infinite when nothing is due.
    """

    def __init__(self) -> None:
        self._at: dict[K, float] = {}
        self.soonest = NEVER

    def put(self, key: K, at: float | None) -> None:
        """Make `key` due at `at`, instead of when it was due before; None: never."""
        before = self._at.get(key)
        if at is not None:
            self._at[key] = at
        elif before is not None:
            del self._at[key]
        if before is not None and before <= self.soonest:
            self.soonest = min(self._at.values(), default=NEVER)
        elif at is not None and at < self.soonest:
            self.soonest = at

    def due(self, now: float) -> list[K]:
        """The keys that are due at `now`, in the order in which they got a deadline."""
        if self.soonest > now:
            return []
        return [key for key, at in self._at.items() if at <= now]
