"""Who was at the bedside from when to when, and when nobody was assigned. Pure.

One nurse is assigned at a time; anybody else may be there as well, `present`. Payers ask for these
minutes [clinical.md]: they are whole ones that have passed, and each person's are counted once.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated, Final

from monitor.session.shown import Shown, Time, documented, one_of

ASSIGNED: Final = "assigned"
PRESENT: Final = "present"

Spans = tuple["Attendance", ...]
Gap = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Attendance(Shown):
    """A stretch in which a person was at the bedside."""

    by: Annotated[str, documented("Who was there.", "nurse.a")]
    role: Annotated[
        Annotated[str, one_of((ASSIGNED, PRESENT))],
        documented("Whether as the assigned nurse, or present as well.", ASSIGNED),
    ]
    from_: Annotated[Time, documented("From when.", "2026-01-05T08:40:00.000Z")]
    to: Annotated[
        Time | None,
        documented("Until when; null while the person is there.", "2026-01-05T11:15:00.000Z"),
    ] = None

    def lasted(self, until: datetime) -> timedelta:
        """How long it was by its end, or by `until` while it lasts."""
        return max((self.to or until) - self.from_, timedelta())

    def shifted(self, by: timedelta) -> "Attendance":
        """The same by a clock that was set."""
        return replace(self, from_=self.from_ + by, to=None if self.to is None else self.to + by)


def began(spans: Spans, by: str, role: str, at: datetime) -> Spans:
    """With that person there from `at` on; whoever is assigned takes over."""
    kept = ended(spans, at, by=by)
    if role == ASSIGNED:
        kept = ended(kept, at, role=ASSIGNED)
    return (*kept, Attendance(by, role, at))


def ended(spans: Spans, at: datetime, *, by: str | None = None, role: str | None = None) -> Spans:
    """With what lasts of that person, in that role, ended at `at`; None is whoever, whichever."""
    return tuple(
        replace(span, to=max(at, span.from_))
        if span.to is None and by in (None, span.by) and role in (None, span.role)
        else span
        for span in spans
    )


def is_present(spans: Spans, by: str) -> bool:
    """Whether that person is there now without being assigned."""
    return any(span.by == by and span.role == PRESENT and span.to is None for span in spans)


def minutes_by_person(spans: Spans, until: datetime) -> dict[str, int]:
    """How many whole minutes each person was there by `until`, in the order they came."""
    lasted: dict[str, timedelta] = {}
    for span in spans:
        lasted[span.by] = lasted.get(span.by, timedelta()) + span.lasted(until)
    return {by: whole_minutes(time) for by, time in lasted.items()}


def unassigned(spans: Spans, since: datetime, until: datetime) -> Iterator[Gap]:
    """The stretches from `since` to `until` in which nobody was assigned."""
    for span in sorted((s for s in spans if s.role == ASSIGNED), key=lambda s: s.from_):
        if span.from_ > since:
            yield since, min(span.from_, until)
        since = max(since, span.to or until)
    if since < until:
        yield since, until


def whole_minutes(time: timedelta) -> int:
    """The whole minutes that have passed in `time`."""
    return time // timedelta(minutes=1)


def minutes_unassigned(gaps: Iterable[Gap]) -> int:
    """How many whole minutes nobody was assigned, in all."""
    return whole_minutes(sum((to - since for since, to in gaps), timedelta()))
