"""What has to be checked when, and what has been: pure functions of a session and the time."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.regimen import Check, CheckOf
from monitor.session import Session

TOLERANCE: Final = timedelta(minutes=5)
"""How much before its due time a check may be done, but no more than half the time since
the check before it, and how long after it is not overdue [clinical default]."""


class CheckState(StrEnum):
    """How a check stands now."""

    DONE = "done"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class Planned:
    """One check, when it is due, how it stands, and when it was done."""

    check: CheckOf
    due_at: datetime
    state: CheckState
    done_at: datetime | None = None


def schedule(session: Session, now: datetime) -> list[Planned]:
    """The session's checks in the order they are due.

    A check is done by the first record of its kind from `TOLERANCE` before it was due on.
    One that was missed is so made up for by the next record, which may be the next check's
    as well.
    """
    planned: list[Planned] = []
    for check in session.regimen.check:
        taken = sorted(_taken(session, check.of))
        before: datetime | None = None
        for due_at in sorted(_due_times(session, check)):
            early = TOLERANCE if before is None else min(TOLERANCE, (due_at - before) / 2)
            place = bisect_left(taken, due_at - early)
            done_at = taken[place] if place < len(taken) else None
            planned.append(Planned(check.of, due_at, _state(done_at, due_at, now), done_at))
            before = due_at
    return sorted(planned, key=lambda item: (item.due_at, item.check))


def next_change(planned: Iterable[Planned]) -> datetime:
    """When the passing of time alone next changes how one of `planned` stands."""
    turns = (
        item.due_at + (TOLERANCE if item.state is CheckState.DUE else timedelta())
        for item in planned
        if item.state in (CheckState.UPCOMING, CheckState.DUE)
    )
    return min(turns, default=datetime.max.replace(tzinfo=UTC))


def _state(done_at: datetime | None, due_at: datetime, now: datetime) -> CheckState:
    if done_at is not None:
        return CheckState.DONE
    if now < due_at:
        return CheckState.UPCOMING
    return CheckState.DUE if now <= due_at + TOLERANCE else CheckState.OVERDUE


def _taken(session: Session, of: CheckOf) -> list[datetime]:
    if of is CheckOf.PRESSURE:
        return [pressure.at for pressure in session.pressures]
    return [score.at for score in session.scores if score.scale == of.value]


def _due_times(session: Session, check: Check) -> Iterator[datetime]:
    if check.baseline:
        yield session.started_at
    infusion = session.infusion
    dose_at = infusion.started_at if infusion is not None else session.last_dose_at
    if dose_at is not None:
        for minutes in check.after_dose_min:
            due_at = dose_at + timedelta(minutes=minutes)
            if infusion is None or infusion.ended_at is None or due_at <= infusion.ended_at:
                yield due_at
    if infusion is not None and infusion.ended_at is not None:
        for minutes in check.after_infusion_min:
            yield infusion.ended_at + timedelta(minutes=minutes)
