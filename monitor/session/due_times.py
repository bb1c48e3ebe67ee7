"""When each kind of check is due in a session. Pure; how a check stands is `schedule`'s.

Due times count from an anchor: the session's start, or an earlier dose, for the baseline, each
administration, an infusion's start, its planned end while it runs, its end. What was already due
when the next anchor came keeps its time; the rest counts from the last one. Further doses never
make a gap longer than the regimen's own longest and `TOLERANCE`: a check stays that they would
put off so far.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Final

from drivers.clock import NEVER
from monitor.session.infusion import Infusion
from monitor.session.records import Record
from monitor.session.regimen import CheckKind, PlannedChecks
from monitor.session.session import Session

TOLERANCE: Final = timedelta(minutes=5)
"""How long after its due time a check is not overdue [clinical default]."""

_Anchor = tuple[datetime, datetime]
"""What checks count from, and until when those are due that do."""


@dataclass(frozen=True, slots=True)
class DueTime:
    """When a check is due, and since when it counts: no record before `since` does it.

    `only_if_over` is the score over which alone it is wanted, None for whatever the score.
    `next_at` is when the next one counts from the same anchor, also where another anchor came
    between; None where none does.
    """

    due_at: datetime
    since: datetime
    only_if_over: float | None = None
    next_at: datetime | None = None


def due_times(session: Session, of: CheckKind, now: datetime) -> list[DueTime]:
    """The due times of one kind, in order; one time is there once, wanted rather than not.

    What was due before the regimen was corrected keeps its time.
    """
    if not session.former_regimens:
        return _of_regimen(session, of, now)
    found: list[DueTime] = []
    since = datetime.min.replace(tzinfo=UTC)
    last = session.regimen, NEVER
    for regimen, until in (*session.former_regimens, last):
        due = _of_regimen(replace(session, regimen=regimen), of, now)
        found += [each for each in due if since < each.due_at <= until]
        since = max(since, until)
    return found


def _of_regimen(session: Session, of: CheckKind, now: datetime) -> list[DueTime]:
    entries = [check for check in session.regimen.check if check.of is of]
    doses = _doses(session, entries)
    planned = [each for entry in entries for each in _of_entry(session, entry, doses, now)]
    found: dict[datetime, DueTime] = {}
    for due, until in planned:
        known = found.get(due.due_at)
        if due.due_at <= until and (known is None or known.only_if_over is not None):
            found[due.due_at] = due
    going_on: list[DueTime] = []
    if session.regimen.checks_can_be_missed:
        for entry in entries:
            going_on += _going_on(session, entry, found.values(), now)
    for due in going_on:
        found.setdefault(due.due_at, due)
    following = _following([*(due for due, _ in planned), *going_on])
    return [
        replace(due, next_at=following.get((due.since, due.due_at)))
        for due in sorted(found.values(), key=lambda due: due.due_at)
    ]


def _following(planned: Iterable[DueTime]) -> dict[tuple[datetime, datetime], datetime]:
    """When the next check is due that counts from the same anchor, by anchor and due time."""
    counted = defaultdict[datetime, set[datetime]](set)
    for due in planned:
        counted[due.since].add(due.due_at)
    return {
        (since, at): next_at
        for since, each in counted.items()
        for at, next_at in pairwise(sorted(each))
    }


def _of_entry(
    session: Session, entry: PlannedChecks, doses: Sequence[_Anchor], now: datetime
) -> Iterator[tuple[DueTime, datetime]]:
    """What an entry plans, and until when what counts from that anchor is due."""
    if entry.baseline:
        baseline_at = baseline_due_at(session)
        yield DueTime(baseline_at, baseline_at), NEVER
    only = entry.only_if_over
    infusion = session.infusion
    if infusion is not None:
        for due_at, until in _in_infusion(infusion, session, entry, now):
            yield DueTime(due_at, infusion.started_at, only), until
    minutes = entry.after_dose_min if infusion is None else entry.after_infusion_min
    anchors = doses if infusion is None else _infusion_ends(infusion, session, entry, now)
    for since, until in anchors:
        for after in minutes:
            yield DueTime(since + timedelta(minutes=after), since, only), until
    if session.regimen.checks_can_be_missed or not entry.at_discharge:
        return
    if (ends_at := session.window_ends_at) is not None:
        yield DueTime(ends_at, session.started_at, only), NEVER


def baseline_due_at(session: Session) -> datetime:
    """When the baseline is due: as the session begins, or with a dose given before that."""
    return min(session.started_at, session.first_dose_at or session.started_at)


def _doses(session: Session, entries: Sequence[PlannedChecks]) -> list[_Anchor]:
    """The doses from which the checks of a kind count, with its `entries`."""
    given = sorted(dose.at for dose in session.doses)
    counted = given if session.regimen.checks_can_be_missed else given[-1:]
    return [*zip(counted, [*_put_off_at(counted, entries), NEVER], strict=False)]


def _infusion_ends(
    infusion: Infusion, session: Session, entry: PlannedChecks, now: datetime
) -> Iterator[_Anchor]:
    """The planned end of an infusion and its end, as far as an entry counts from them."""
    anchors = []
    planned_end = _planned_end(infusion, session, now)
    is_planned = session.regimen.checks_can_be_missed and entry.in_infusion_every_min is None
    if is_planned and (infusion.ended_at is None or planned_end < infusion.ended_at):
        anchors.append(planned_end)
    if infusion.ended_at is not None:
        anchors.append(infusion.ended_at)
    return zip(anchors, [*anchors[1:], NEVER], strict=False)


def _put_off_at(given: Sequence[datetime], entries: Sequence[PlannedChecks]) -> Iterator[datetime]:
    """Until when each dose but the last plans: to the next one, or to the first check after it.

    The latter where there would else be a longer gap than the longest of the regimen and
    `TOLERANCE`: doses that come late each, or that nobody stopped, never put a check off for good.
    """
    always = [entry for entry in entries if entry.only_if_over is None]
    minutes = sorted({minute for entry in always for minute in entry.after_dose_min})
    gaps = [after - before for before, after in pairwise([0, *minutes])]
    gaps += [entry.then_every_min for entry in always if entry.then_every_min is not None]
    most = timedelta(minutes=max(gaps, default=0)) + TOLERANCE
    last = min(given, default=NEVER)
    for dose, further in pairwise(given):
        counted = [dose + timedelta(minutes=minute) for minute in minutes]
        last = max([last, *(at for at in counted if at <= further)])
        until = further
        if minutes and (first := further + timedelta(minutes=minutes[0])) - last > most:
            until = first
            last = max([last, *(at for at in counted if at <= until)])
        yield until


def _planned_end(infusion: Infusion, session: Session, now: datetime) -> datetime:
    """When it will have run for so long as planned, if it is not paused after `now`."""
    return infusion.when_run(session.regimen.infusion_min or 0, now)


def _in_infusion(
    infusion: Infusion, session: Session, entry: PlannedChecks, now: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """What counts from its start, and until when; of what goes on, one more than is due."""
    ended_at = infusion.ended_at
    for minutes in entry.after_dose_min:
        yield infusion.when_run(minutes, now), ended_at or NEVER
    if entry.in_infusion_every_min is not None:
        every = timedelta(minutes=entry.in_infusion_every_min)
        planned_end = _planned_end(infusion, session, now)
        until = ended_at or (planned_end if now < planned_end else now + every)
        for n in range(1, (until - infusion.started_at) // every + 2):
            yield infusion.started_at + n * every, until


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
