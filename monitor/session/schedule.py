"""What has to be checked when, and what has been: pure functions of a session and the time."""

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from monitor.session.regimen import CheckKind, PlannedChecks, Regimen
from monitor.session.session import Infusion, Session

TOLERANCE: Final = timedelta(minutes=5)
"""How much before its due time a check may be done, but no more than half the time since
the check before it, and how long after it is not overdue [clinical default]."""


_NAMES: Final[Mapping[CheckKind, str]] = {
    CheckKind.PRESSURE: "pressure",
    CheckKind.MOAAS: "MOAA/S",
    CheckKind.CADSS: "CADSS",
}


class CheckState(StrEnum):
    """How a check stands now."""

    DONE = "done"
    UPCOMING = "upcoming"
    DUE = "due"
    OVERDUE = "overdue"


@dataclass(frozen=True, slots=True)
class PlannedCheck:
    """One check, when it is due, how it stands, and when it was done."""

    check: CheckKind
    due_at: datetime
    state: CheckState
    done_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Schedule:
    """The checks of a session as they stand from `since` until `until`.

    `overdue` says in words, for each kind that the check-overdue alarm is about, which is.
    """

    session: Session | None
    checks: list[PlannedCheck]
    overdue: Mapping[CheckKind, str]
    since: datetime
    until: datetime

    @classmethod
    def for_session(cls, session: Session | None, now: datetime) -> "Schedule":
        """The plan as it stands now; empty without a session."""
        planned = [] if session is None else planned_checks(session, now)
        until = next_change(session, planned, now)
        return cls(session, planned, _overdue(session, planned), now, until)

    def is_current(self, session: Session | None, now: datetime) -> bool:
        """Whether it is still the plan of that session."""
        return session is self.session and self.since <= now < self.until


def planned_checks(session: Session, now: datetime) -> list[PlannedCheck]:
    """The session's checks in the order they are due.

    A check is done by the first record of its kind from `TOLERANCE` before it was due on.
    One that was missed is so made up for by the next record, which may be the next check's
    as well. What counts an infusion moves with its pauses, until it has ended.
    """
    planned: list[PlannedCheck] = []
    for of in dict.fromkeys(check.of for check in session.regimen.check):
        taken = sorted(_taken(session, of))
        before: datetime | None = None
        for due_at, only_if_over in sorted(_due(session, of, now).items()):
            early = TOLERANCE if before is None else min(TOLERANCE, (due_at - before) / 2)
            if only_if_over is not None and not _was_over(
                session, of, only_if_over, due_at - early
            ):
                continue
            place = bisect_left(taken, due_at - early)
            done_at = taken[place] if place < len(taken) else None
            planned.append(PlannedCheck(of, due_at, _state(done_at, due_at, now), done_at))
            before = due_at
    return sorted(planned, key=lambda item: (item.due_at, item.check))


def next_change(
    session: Session | None, planned: Iterable[PlannedCheck], now: datetime
) -> datetime:
    """When the passing of time alone next changes what is planned, or how it stands.

    While an infusion has not ended its pauses and its overtime move the plan, which is
    looked at again every minute: no check in it is planned closer than that.
    """
    turns = [
        item.due_at + (TOLERANCE if item.state is CheckState.DUE else timedelta())
        for item in planned
        if item.state in (CheckState.UPCOMING, CheckState.DUE)
    ]
    infusion = None if session is None else session.infusion
    if infusion is not None and infusion.ended_at is None:
        turns.append(now + timedelta(minutes=1))
    return min(turns, default=datetime.max.replace(tzinfo=UTC))


def _overdue(session: Session | None, planned: Iterable[PlannedCheck]) -> Mapping[CheckKind, str]:
    """The first overdue check of each kind, in words.

    Before the first dose the gate asks for what is missing; after it, the alarm does.
    """
    overdue: dict[CheckKind, str] = {}
    if session is not None and session.is_open and (dosed_at := session.first_dose_at) is not None:
        for check in planned:
            if check.state is CheckState.OVERDUE and check.check not in overdue:
                minutes = (check.due_at - dosed_at) / timedelta(minutes=1)
                when = f"{minutes:.0f} min after" if minutes > 0 else "before"
                overdue[check.check] = f"{_NAMES[check.check]} was due {when} the first dose"
    return overdue


def _state(done_at: datetime | None, due_at: datetime, now: datetime) -> CheckState:
    if done_at is not None:
        return CheckState.DONE
    if now < due_at:
        return CheckState.UPCOMING
    return CheckState.DUE if now <= due_at + TOLERANCE else CheckState.OVERDUE


def _taken(session: Session, of: CheckKind) -> list[datetime]:
    if of is CheckKind.PRESSURE:
        return [pressure.at for pressure in session.pressures]
    return [score.at for score in session.scores if score.scale == of.value]


def _was_over(session: Session, of: CheckKind, limit: float, at: datetime) -> bool:
    """Whether the last score before `at` was over `limit`; one that nobody knows may have been."""
    before = [score for score in session.scores if score.scale == of.value and score.at < at]
    return not before or max(before, key=lambda score: score.at).total > limit


def _due(session: Session, of: CheckKind, now: datetime) -> dict[datetime, float | None]:
    """When checks of a kind are due, with the score over which alone they are wanted."""
    due: dict[datetime, float | None] = {}
    for check in session.regimen.check:
        if check.of is of:
            for due_at in _due_times(session, check, now):
                if due.setdefault(due_at, check.only_if_over) is not None:
                    due[due_at] = check.only_if_over
    return due


def _due_times(session: Session, check: PlannedChecks, now: datetime) -> Iterator[datetime]:
    if check.baseline:
        yield session.started_at
    if session.infusion is not None:
        yield from _around_infusion(session.infusion, session.regimen, check, now)
    elif (dosed_at := session.last_dose_at) is not None:
        for minutes in check.after_dose_min:
            yield dosed_at + timedelta(minutes=minutes)
    if check.at_discharge and session.window_ends_at is not None:
        yield session.window_ends_at


def _around_infusion(
    infusion: Infusion, regimen: Regimen, check: PlannedChecks, now: datetime
) -> Iterator[datetime]:
    ended_at = infusion.ended_at
    for minutes in check.after_dose_min:
        due_at = infusion.when_run(minutes, now)
        if ended_at is None or due_at <= ended_at:
            yield due_at
    if check.in_infusion_every_min is not None:
        every = timedelta(minutes=check.in_infusion_every_min)
        planned_end = infusion.when_run(regimen.infusion_min or 0, now)
        until = ended_at or (planned_end if now < planned_end else now + every)
        for n in range(1, (until - infusion.started_at) // every + 1):
            yield infusion.started_at + n * every
    if ended_at is not None:
        for minutes in check.after_infusion_min:
            yield ended_at + timedelta(minutes=minutes)
