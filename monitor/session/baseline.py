"""What counts as before an administration, and the baseline that is made of it. Pure.

Times are often typed by the minute. So within the minute of an administration the order in which
things were put on record says what was before it; otherwise their times do. Everything that
asks for before or after a dose asks here.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from monitor.session.records import Record

if TYPE_CHECKING:
    from monitor.session.session import Session


@dataclass(frozen=True, slots=True, order=True)
class Administration:
    """A dose, or an infusion's start or resumption: when, and its place among what was recorded."""

    at: datetime
    place: int

    @property
    def by_minute(self) -> tuple[datetime, int]:
        """By what it comes before or after others: its minute, and its place within that."""
        return _minute(self.at), self.place


def end_of_minute(at: datetime, now: datetime) -> datetime:
    """Until when a time that was typed by the minute may have been, as far as it has come."""
    return max(at, min(now, at.replace(second=59, microsecond=999999)))


def is_before(session: "Session", record: Record, given: Administration) -> bool:
    """Whether `record` is of before that administration.

    A correction stands in the place of what it corrects. In sessions of an edition before 3 the
    times alone decide.
    """
    if session.regimen.edition < 3:
        return record.at < given.at
    place = session.places[record.id]
    return (_minute(record.at), place) < given.by_minute


def is_after_dose(session: "Session", record: Record) -> bool:
    """Whether it is of after the first administration; false before there was one."""
    first = session.first_administration
    return first is not None and not is_before(session, record, first)


def is_after_last_dose(session: "Session", record: Record) -> bool:
    """Whether it is of after the last administration; false before there was one.

    In sessions of an edition before 3 after the first one is enough.
    """
    if session.regimen.edition < 3:
        return is_after_dose(session, record)
    last = session.last_administration
    return last is not None and not is_before(session, record, last)


def is_before_dose(session: "Session", record: Record) -> bool:
    """Whether it is of before the first administration; false before there was one.

    In sessions of an edition before 3 what is of the very moment of the dose is of both.
    """
    first = session.first_administration
    if first is None:
        return False
    is_of_both = session.regimen.edition < 3 and record.at == first.at
    return is_of_both or is_before(session, record, first)


def found_before_dose(session: "Session") -> Mapping[str, float]:
    """What was found last before the first dose, by signal; empty before there was one.

    It never moves once an administration is on record: what is recorded later is no part of it,
    whatever its time [clinical.md]. What is corrected has its place by the correction, what is
    withdrawn gives it to the one before. In sessions of an edition before 3 it was what was found
    last, whenever that was recorded.
    """
    began = min((each.place for each in session.administrations), default=0)
    by_time_alone = session.regimen.edition < 3

    def is_in_time(record: Record) -> bool:
        in_place = by_time_alone or session.places[record.id] <= began
        return in_place and is_before_dose(session, record)

    found: dict[str, float] = {}
    for pressure in filter(is_in_time, session.pressures):
        found |= {"sys": pressure.sys, "dia": pressure.dia}
    for score in filter(is_in_time, session.scores):
        found[score.scale] = score.total
    return found


def _minute(at: datetime) -> datetime:
    return at.replace(second=0, microsecond=0)
