"""When each kind of check is due in a session. Pure; how a check stands is `schedule`'s.

Due times count from an anchor: the session's start, or an earlier dose, for the baseline, each
administration, an infusion's start, its planned end while it runs, its end. What was already due
when the next anchor came keeps its time; the rest counts from the last one.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from monitor.session.infusion import Infusion
from monitor.session.records import Record
from monitor.session.regimen import CheckKind, PlannedChecks
from monitor.session.session import Session


@dataclass(frozen=True, slots=True)
class DueTime:
    """When a check is due, and since when it counts: no record before `since` does it.

    `only_if_over` is the score over which alone it is wanted, None for whatever the score.
    """

    due_at: datetime
    since: datetime
    only_if_over: float | None = None


def due_times(session: Session, of: CheckKind, now: datetime) -> list[DueTime]:
    """The due times of one kind, in order; one time is there once, wanted rather than not.

    What was due before the regimen was corrected keeps its time.
    """
    if not session.former_regimens:
        return _of_regimen(session, of, now)
    found: list[DueTime] = []
    since = datetime.min.replace(tzinfo=UTC)
    last = session.regimen, datetime.max.replace(tzinfo=UTC)
    for regimen, until in (*session.former_regimens, last):
        due = _of_regimen(replace(session, regimen=regimen), of, now)
        found += [each for each in due if since < each.due_at <= until]
        since = max(since, until)
    return found


def _of_regimen(session: Session, of: CheckKind, now: datetime) -> list[DueTime]:
    entries = [check for check in session.regimen.check if check.of is of]
    found: dict[datetime, DueTime] = {}
    for entry in entries:
        for due in _of_entry(session, entry, now):
            known = found.get(due.due_at)
            if known is None or known.only_if_over is not None:
                found[due.due_at] = due
    if session.regimen.checks_can_be_missed:
        for entry in entries:
            for due in _going_on(session, entry, found.values(), now):
                found.setdefault(due.due_at, due)
    return sorted(found.values(), key=lambda due: due.due_at)


def _of_entry(session: Session, entry: PlannedChecks, now: datetime) -> Iterator[DueTime]:
    if entry.baseline:
        baseline_at = baseline_due_at(session)
        yield DueTime(baseline_at, baseline_at)
    only = entry.only_if_over
    infusion = session.infusion
    if infusion is not None:
        for due_at in _in_infusion(infusion, session, entry, now):
            yield DueTime(due_at, infusion.started_at, only)
    minutes = entry.after_dose_min if infusion is None else entry.after_infusion_min
    for since, until in _anchors(session, entry, now):
        for after in minutes:
            due_at = since + timedelta(minutes=after)
            if until is None or due_at <= until:
                yield DueTime(due_at, since, only)
    if session.regimen.checks_can_be_missed or not entry.at_discharge:
        return
    if (ends_at := session.window_ends_at) is not None:
        yield DueTime(ends_at, session.started_at, only)


def baseline_due_at(session: Session) -> datetime:
    """When the baseline is due: as the session begins, or with a dose given before that."""
    return min(session.started_at, session.first_dose_at or session.started_at)


def _anchors(
    session: Session, entry: PlannedChecks, now: datetime
) -> Iterator[tuple[datetime, datetime | None]]:
    """What the checks after a dose count from, and until when each of them does."""
    can_be_missed, infusion = session.regimen.checks_can_be_missed, session.infusion
    anchors: list[datetime] = []
    if infusion is None:
        given = sorted(dose.at for dose in session.doses)
        anchors += given if can_be_missed else given[-1:]
    else:
        planned_end = _planned_end(infusion, session, now)
        is_planned = can_be_missed and entry.in_infusion_every_min is None
        if is_planned and (infusion.ended_at is None or planned_end < infusion.ended_at):
            anchors.append(planned_end)
        if infusion.ended_at is not None:
            anchors.append(infusion.ended_at)
    yield from zip(anchors, [*anchors[1:], None], strict=False)


def _planned_end(infusion: Infusion, session: Session, now: datetime) -> datetime:
    """When it will have run for so long as planned, if it is not paused after `now`."""
    return infusion.when_run(session.regimen.infusion_min or 0, now)


def _in_infusion(
    infusion: Infusion, session: Session, entry: PlannedChecks, now: datetime
) -> Iterator[datetime]:
    ended_at = infusion.ended_at
    for minutes in entry.after_dose_min:
        due_at = infusion.when_run(minutes, now)
        if ended_at is None or due_at <= ended_at:
            yield due_at
    if entry.in_infusion_every_min is not None:
        every = timedelta(minutes=entry.in_infusion_every_min)
        planned_end = _planned_end(infusion, session, now)
        until = ended_at or (planned_end if now < planned_end else now + every)
        for n in range(1, (until - infusion.started_at) // every + 1):
            yield infusion.started_at + n * every


def _going_on(
    session: Session, entry: PlannedChecks, planned: Iterable[DueTime], now: datetime
) -> Iterator[DueTime]:
    """What is due again and again: past the last check, and before the dose the baseline."""
    if entry.then_every_min is None:
        return
    every = timedelta(minutes=entry.then_every_min)
    if session.first_dose_at is None:
        before = [at for at in record_times(session, entry.of) if at <= now]
        due_at = max([session.started_at, *before]) + every
        yield DueTime(due_at, due_at - every / 2)
        return
    if (dosed_at := session.last_dose_at) is None:
        return
    last = max((due.due_at for due in planned if due.due_at >= dosed_at), default=dosed_at)
    only = entry.only_if_over
    for n in range(1, max((now - last) // every, 0) + 2):
        yield DueTime(last + n * every, dosed_at, only)


def repeat_times(session: Session, of: CheckKind) -> Iterator[tuple[datetime, datetime]]:
    """When each rate was that asks for another, and by when, in order.

    None while an infusion has not ended whose checks come as soon.
    """
    entries = [check for check in session.regimen.check if check.of is of is CheckKind.RESP]
    for seen in session.observations if entries else ():
        for entry in entries:
            within_min = entry.repeat_within_min or 0
            if seen.resp is None or not entry.asks_again(seen.resp):
                continue
            if not _is_checked_anyway(session, entry, seen.at, within_min):
                yield seen.at, seen.at + timedelta(minutes=within_min)


def _is_checked_anyway(
    session: Session, entry: PlannedChecks, at: datetime, within_min: float
) -> bool:
    infusion, every_min = session.infusion, entry.in_infusion_every_min
    if infusion is None or infusion.ended_at is not None or every_min is None:
        return False
    return at >= infusion.started_at and every_min <= within_min


def record_times(session: Session, of: CheckKind) -> list[datetime]:
    """When each record of that kind was made."""
    return [record.at for record in records_of(session, of)]


def records_of(session: Session, of: CheckKind) -> Sequence[Record]:
    """Each record of that kind."""
    if of is CheckKind.PRESSURE:
        return session.pressures
    if of is CheckKind.RESP:
        return [seen for seen in session.observations if seen.resp is not None]
    return [score for score in session.scores if score.scale == of.value]
