"""Over which stretches of time a vital was recorded, and was under a limit. Pure."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

GAP: Final = timedelta(seconds=60)
"""A continuous signal that is away for longer has a gap [default]."""


@dataclass(frozen=True, slots=True)
class Span:
    """Usable readings without a gap between them: from, to, the lowest, and how many."""

    start: datetime
    end: datetime
    low: float
    count: int


Stretch = tuple[datetime, datetime]
"""From when until when."""


@dataclass(frozen=True, slots=True)
class Coverage:
    """The stretches in which `devices` gave usable readings of a vital, oldest first.

    `under` are those in which each reading was under the limit that was asked about, from the
    first of them to the next reading that was not, or the last.
    """

    devices: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    under: tuple[Stretch, ...] = ()

    def is_live(self, at: datetime) -> bool:
        """Whether there was a reading at that time, or no longer ago than `GAP`."""
        return any(span.start <= at <= span.end + GAP for span in self.spans)

    def seen(self, start: datetime, end: datetime) -> timedelta:
        """For how long of that time there were readings."""
        spans = (min(span.end, end) - max(span.start, start) for span in self.spans)
        return sum((max(span, timedelta()) for span in spans), timedelta())

    def longest_under(self, start: datetime, end: datetime) -> timedelta:
        """How long the longest stretch of that time under the limit was."""
        spans = (min(to, end) - max(since, start) for since, to in self.under)
        return max((max(span, timedelta()) for span in spans), default=timedelta())

    def gaps(self, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        """The times between `start` and `end` that are longer than `GAP` and not covered."""
        edges = [(start, start), *((s.start, s.end) for s in self.spans), (end, end)]
        found = []
        covered = start
        for begun, over in edges:
            if min(begun, end) - covered > GAP:
                found.append((covered, min(begun, end)))
            covered = max(covered, over)
        return found
