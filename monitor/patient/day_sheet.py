"""A day of a site in lines: its sessions, how long each sat there, its alarms, forms due. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime, tzinfo
from typing import Final

from monitor.patient.form import MonitoringForm, form_lines
from monitor.patient.wording import local_time
from monitor.session import AlarmOccurrence, SessionHistory, attendance, patient_alarms

HEAD: Final = ("from", "to", "min", "bed", "patient", "regimen", "given", "state", "alarms")


def day_sheet(
    day: date,
    histories: Sequence[SessionHistory],
    due: Iterable[MonitoringForm],
    now: datetime,
    zone: tzinfo | None,
) -> Iterator[str]:
    """The lines of a day whose sessions are given, and of the forms that are due by `now`."""
    total = sum(_chair_min(history, now) for history in histories)
    yield f"{day.isoformat()}: {_counted(len(histories), 'session')}, {total} min in the chair"
    alarms = [patient_alarms(history.alarms()) for history in histories]
    rows = [_row(*each, now, zone) for each in zip(histories, alarms, strict=True)]
    widths = [max(map(len, column)) for column in zip(HEAD, *rows, strict=True)]
    for row in (HEAD, *rows) if rows else ():
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
    rules = Counter(alarm.rule for each in alarms for alarm in each)
    by_rule = ", ".join(f"{rule} {count}" for rule, count in rules.most_common())
    yield f"alarms of medium and high priority: {by_rule or 'none'}"
    lines = [*form_lines(due)]
    yield f"forms due: {len(lines) or 'none'}"
    yield from lines


def _row(
    history: SessionHistory,
    alarms: Iterable[AlarmOccurrence],
    now: datetime,
    zone: tzinfo | None,
) -> tuple[str, ...]:
    session = history.session
    on = session.started_at.astimezone(zone).date()
    ended = "" if session.ended_at is None else local_time(session.ended_at, on, zone)
    counts = Counter(alarm.priority for alarm in alarms)
    told = ", ".join(f"{counts[priority]} {priority.label}" for priority in sorted(counts)[::-1])
    given = f"{session.given_mg:g} mg" if session.administrations else "nothing"
    return (
        local_time(session.started_at, on, zone),
        ended,
        str(_chair_min(history, now)),
        session.bed,
        session.patient,
        session.regimen.title,
        given,
        session.phase.value,
        told or "none",
    )


def _chair_min(history: SessionHistory, now: datetime) -> int:
    """Whole minutes from the session's start to its end, or until now."""
    session = history.session
    return attendance.whole_minutes((session.ended_at or now) - session.started_at)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
