"""What has to be checked when, and what has been: pure functions of a session and the time.

A record does the check in whose span it lies: from half the gap before its due time to half
the gap after it, at least `TOLERANCE` and at most the regimen's `check_late_most_min`; a
repeat, from the rate that asked for it on. The gap after it is to what counts from the same
anchor, so that an infusion's end that is recorded late turns nothing that was done or missed.
An earlier check that nobody did is then missed, for good: nobody looked [clinical default].

Sessions recorded before regimens had `check_late_most_min` keep the schedule they had: the
first record of a kind does every earlier check, and none is missed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from drivers.clock import NEVER
from monitor.session.baseline import is_after_dose, is_before_dose
from monitor.session.due_times import (
    TOLERANCE,
    baseline_due_at,
    due_times,
    record_times,
    records_of,
    repeat_times,
)
from monitor.session.regimen import CheckKind
from monitor.session.session import Session

_AFTER: Final = timedelta(milliseconds=1)
"""A record is a later one from so much later on."""

CHECK_NAMES: Final[Mapping[CheckKind, str]] = {
    CheckKind.PRESSURE: "pressure",
    CheckKind.MOAAS: "MOAA/S",
    CheckKind.CADSS: "CADSS",
    CheckKind.RESP: "respiratory rate",
}


class CheckState(StrEnum):
    """How a check stands now. `missed` is final: a later record does not make up for it."""

    DONE = "done"
    MISSED = "missed"
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


@dataclass(frozen=True, slots=True)
class _Span:
    """A check that is wanted, and the time in which a record does it."""

    due_at: datetime
    since: datetime
    until: datetime


def planned_checks(session: Session, now: datetime) -> list[PlannedCheck]:
    """The session's checks in the order they are due.

    What counts an infusion moves with its pauses, until it has ended.
    """
    planned: list[PlannedCheck] = []
    regimens = (*(former for former, _ in session.former_regimens), session.regimen)
    for of in dict.fromkeys(check.of for regimen in regimens for check in regimen.check):
        taken = sorted(record_times(session, of))
        late_most_min = session.regimen.check_late_most_min
        if late_most_min is None:
            done = _formerly_assigned(_former_spans(session, of, now), taken)
            missed = set[datetime]()
        else:
            late_most = timedelta(minutes=late_most_min)
            spans = _spans(session, of, now, late_most)
            done, missed = _assigned(spans, taken)
            again = _assigned(_repeats(session, of, spans, late_most), taken)
            done, missed = done | again[0], missed | again[1]
        planned += [
            PlannedCheck(of, due_at, _state(due_at, done_at, due_at in missed, now), done_at)
            for due_at, done_at in done.items()
        ]
    return sorted(planned, key=lambda item: (item.due_at, item.check))


def _spans(session: Session, of: CheckKind, now: datetime, late_most: timedelta) -> list[_Span]:
    """The checks of a kind that are wanted, each with its span, in order."""
    spans: list[_Span] = []
    baseline_at = baseline_due_at(session)
    counted_since = datetime.min.replace(tzinfo=UTC)
    for due in due_times(session, of, now):
        before = max(due.since, spans[-1].due_at) if spans else due.since
        if due.since > counted_since and spans and due.due_at - spans[-1].due_at < TOLERANCE:
            continue  # one look at the patient serves what two doses have due at nearly one time
        early = (due.due_at - before) / 2
        known_at = due.due_at - min(early, TOLERANCE)
        if due.only_if_over is not None and not _was_over(session, of, due.only_if_over, known_at):
            continue
        counted_since = due.since
        if due.due_at == baseline_at:
            until = _baseline_until(session, of, now)
            spans.append(_Span(due.due_at, due.due_at - TOLERANCE, until))
            continue
        half = late_most if due.next_at is None else (due.next_at - due.due_at) / 2
        until = due.due_at + max(TOLERANCE, min(half, late_most))
        spans.append(_Span(due.due_at, due.due_at - early, until))
    return spans


def _baseline_until(session: Session, of: CheckKind, now: datetime) -> datetime:
    """Until when a record does the baseline: the last one before the dose was then."""
    if session.first_dose_at is None:
        return now
    before = (each.at for each in records_of(session, of) if is_before_dose(session, each))
    return max(before, default=datetime.min.replace(tzinfo=UTC))


def _repeats(
    session: Session, of: CheckKind, planned: Sequence[_Span], late_most: timedelta
) -> list[_Span]:
    """What a rate asked for that was too slow or too fast, each with its span, in order.

    Nothing where a check is planned by then that the rate itself does not do. One record may do
    both a repeat and a check that is planned.
    """
    found: dict[datetime, _Span] = {}
    for at, due_at in repeat_times(session, of):
        if any(at < span.since <= span.due_at <= due_at for span in planned):
            continue
        by = due_at - _AFTER if any(span.due_at == due_at for span in planned) else due_at
        found.setdefault(by, _Span(by, at + _AFTER, by + late_most))
    return [found[due_at] for due_at in sorted(found)]


def _assigned(
    spans: Sequence[_Span], taken: Iterable[datetime]
) -> tuple[dict[datetime, datetime | None], set[datetime]]:
    """Which record did each check, None for none; and which checks are missed for good."""
    done: dict[datetime, datetime | None] = {span.due_at: None for span in spans}
    missed: set[datetime] = set()
    for at in taken:
        undone = [s for s in spans if done[s.due_at] is None and s.due_at not in missed]
        mine = next((span for span in undone if span.since <= at <= span.until), None)
        if mine is not None:
            done[mine.due_at] = at
        before = at if mine is None else mine.due_at
        missed |= {s.due_at for s in undone if s is not mine and s.due_at <= before}
    return done, missed


def _former_spans(session: Session, of: CheckKind, now: datetime) -> Iterator[_Span]:
    """The checks as sessions had them that were recorded before a check could be missed."""
    before: datetime | None = None
    for due in due_times(session, of, now):
        early = TOLERANCE if before is None else min(TOLERANCE, (due.due_at - before) / 2)
        since = due.due_at - early
        if due.only_if_over is None or _was_over(session, of, due.only_if_over, since):
            yield _Span(due.due_at, since, NEVER)
            before = due.due_at


def _formerly_assigned(
    spans: Iterable[_Span], taken: Sequence[datetime]
) -> dict[datetime, datetime | None]:
    """The first record from each check's span on, which did every earlier check as well."""
    return {s.due_at: next((at for at in taken if at >= s.since), None) for s in spans}


def next_change(
    session: Session | None, planned: Iterable[PlannedCheck], now: datetime
) -> datetime:
    """When the passing of time alone next changes what is planned, or how it stands.

    While an infusion has not ended its pauses and its overtime move the plan, which is
    looked at again every minute: no check in it is planned closer than that. When the time comes
    of a check that was done ahead of it, the one after it is planned.
    """
    turns = [
        item.due_at + (TOLERANCE if item.state is CheckState.DUE else timedelta())
        for item in planned
        if item.state is CheckState.DUE or item.due_at > now
    ]
    infusion = None if session is None else session.infusion
    if infusion is not None and infusion.ended_at is None:
        turns.append(now + timedelta(minutes=1))
    return min(turns, default=NEVER)


def _overdue(session: Session | None, planned: Iterable[PlannedCheck]) -> Mapping[CheckKind, str]:
    """The oldest overdue check of each kind, in words.

    For a first baseline the pre-dose criteria ask; one that has grown old before the dose, or
    was never taken in that time, is overdue like any check.
    """
    overdue: dict[CheckKind, str] = {}
    if session is None or not session.is_open:
        return overdue
    dosed_at = session.first_dose_at
    for check in planned:
        if check.state is not CheckState.OVERDUE or check.check in overdue:
            continue
        name = CHECK_NAMES[check.check]
        if dosed_at is not None:
            overdue[check.check] = f"{name} was due {_when(session, dosed_at, check.due_at)}"
        elif check.due_at > session.started_at:
            overdue[check.check] = f"{name} is due again before the first dose"
    return overdue


def _when(session: Session, first: datetime, due_at: datetime) -> str:
    """From which dose it counts: the last, as on the page, where it is due after that."""
    last = first if session.infusion is not None else session.last_dose_at or first
    is_of_last = session.regimen.edition >= 3 and first < last < due_at
    dose, name = (last, "last") if is_of_last else (first, "first")
    minutes = (due_at - dose) / timedelta(minutes=1)
    return f"{minutes:.0f} min after the {name} dose" if minutes > 0 else f"before the {name} dose"


def _state(
    due_at: datetime, done_at: datetime | None, is_missed: bool, now: datetime
) -> CheckState:
    if done_at is not None:
        return CheckState.DONE
    if is_missed:
        return CheckState.MISSED
    if now < due_at:
        return CheckState.UPCOMING
    return CheckState.DUE if now <= due_at + TOLERANCE else CheckState.OVERDUE


def _was_over(session: Session, of: CheckKind, limit: float, at: datetime) -> bool:
    """Whether the last score before `at` was over `limit`; one that nobody knows may have been."""
    before = [score for score in session.scores if score.scale == of.value and score.at < at]
    if session.regimen.checks_can_be_missed:
        limit = max(limit, session.baseline.get(of.value, limit))
        before = [score for score in before if is_after_dose(session, score)]
    return not before or max(before, key=lambda score: score.at).total > limit
