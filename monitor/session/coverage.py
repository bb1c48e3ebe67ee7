"""Over which stretches of time a vital was recorded. Plain data."""

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


@dataclass(frozen=True, slots=True)
class Coverage:
    """The stretches in which `devices` gave usable readings of a vital, oldest first."""

    devices: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()

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
