"""How old a pressure may be: as old as the rhythm allows in which pressures are due. Pure.

The times at which they are due are `monitor.session.schedule`'s, whether one is too old for
the rules is asked by `monitor.bed`.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

ALLOWED: Final = 1.5
"""A pressure is stale from so many times its gap on [clinical.md]."""

LEAST: Final = timedelta(minutes=10)
MOST: Final = timedelta(minutes=45)
"""It is never stale before the one, and always after the other [clinical.md]."""

EARLY: Final = timedelta(minutes=5)
"""A pressure so soon before its time is of the gap that begins then [default]."""

GOING_ON: Final = timedelta(minutes=30)
"""The gap past the last that is planned [clinical.md]."""


def stale_at(
    taken: datetime, due: Iterable[datetime], while_alarmed: timedelta | None = None
) -> datetime:
    """When a pressure that was `taken` then becomes stale, by the times when pressures are due.

    That is from `ALLOWED` times the longer of the gap that followed it and the gap in force.
    `while_alarmed` is how often one is taken because of an alarm, which shortens both.
    """
    times = sorted({*due})
    gaps = [
        (after - EARLY, min(after - before, while_alarmed or MOST))
        for before, after in pairwise(times)
    ]
    last = min(GOING_ON, while_alarmed or MOST)
    followed: timedelta | None = None
    for until, gap in gaps:
        if until <= taken:
            continue
        followed = gap if followed is None else followed
        stale = taken + _allowed(max(followed, gap))
        if stale <= until:
            return stale
    return taken + _allowed(last if followed is None else max(followed, last))


def _allowed(gap: timedelta) -> timedelta:
    return min(max(ALLOWED * gap, LEAST), MOST)
