"""What is printed of a session, in words. Pure."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, tzinfo
from itertools import chain
from typing import Final

from alerts.alarm import Alarm
from monitor.journal import Bucket
from monitor.patient.report.picture import picture
from monitor.patient.session_summary import SessionSummary
from monitor.patient.wording import local_time, said
from monitor.session import (
    CHECK_NAMES,
    CheckKind,
    CheckState,
    Event,
    PlannedCheck,
    Record,
    SessionHistory,
    attendance,
    patient_alarms,
    planned_checks,
)

Row = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """A titled table of words; `empty` is what stands there without rows."""

    title: str
    columns: Row
    rows: tuple[Row, ...]
    empty: str


@dataclass(frozen=True, slots=True)
class SessionReport:
    """What is printed: `facts` are names and words, `picture` an SVG, `remarks` titled lists."""

    session: str
    patient: str
    bed: str
    day: date
    state: str
    facts: tuple[Row, ...]
    picture: str
    tables: tuple[Table, ...]
    remarks: tuple[tuple[str, tuple[str, ...]], ...]


def session_report(
    history: SessionHistory,
    summary: SessionSummary,
    spo2: Sequence[Bucket],
    now: datetime,
    zone: tzinfo | None,
) -> SessionReport:
    """The report of a session as it stands at `now`.

    `spo2` is the course of SpO2 by the minute. Times are in `zone`, None for this machine's.
    """
    told = _Told(history, summary, now, zone)
    session = history.session
    return SessionReport(
        session=session.id,
        patient=session.patient,
        bed=session.bed,
        day=summary.on,
        state=session.phase.value,
        facts=tuple(told.facts()),
        picture=picture(history, spo2, now, zone),
        tables=(told.doses(), told.checks(), told.records(), told.alarms(), told.bedside()),
        remarks=tuple((title, words) for title, words in told.remarks() if words),
    )


@dataclass(frozen=True, slots=True)
class _Told:
    """A session's parts, each in words."""

    history: SessionHistory
    summary: SessionSummary
    now: datetime
    zone: tzinfo | None

    def time(self, at: datetime | None) -> str:
        return "–" if at is None else local_time(at, self.summary.on, self.zone)

    def minute(self, at: datetime) -> str:
        minute = self.history.whole_minutes(at)
        return "–" if minute is None else f"{minute:+d}" if minute else "0"

    def facts(self) -> Iterator[Row]:
        session, summary = self.history.session, self.summary
        weight = "" if session.weight_kg is None else f", {session.weight_kg:g} kg"
        yield "Age", f"{'not given' if session.age is None else session.age}{weight}"
        number = "" if summary.number is None else f", session {summary.number}"
        yield "Regimen", f"{summary.title}{number}"
        yield "Started", f"{self.time(session.started_at)} by {session.by}"
        for move in session.moves:
            why = "" if move.reason is None else f": {move.reason}"
            yield "Moved", f"{self.time(move.at)} {move.from_} to {move.to}, by {move.by}{why}"
        yield "Alarm path", self._alarm_path()
        given = "no dose" if summary.given_mg is None else f"{summary.given_mg:g} mg"
        yield "Given", f"{given}, first at {self.time(session.first_dose_at)}"
        yield "Highest rise", self._rise()
        yield "CADSS, MOAA/S", self._scores()
        yield "Criteria met", self.time(session.criteria_met_at)
        yield "Ready to leave", self.time(self.history.ready_at)
        ended = "still open" if session.ended_at is None else self.time(session.ended_at)
        yield "Ended", ended + ("" if session.ended_by is None else f" by {session.ended_by}")
        yield "Left", self._leaving()

    def _alarm_path(self) -> str:
        path = self.history.session.alarm_path
        if path.proved_at is None:
            return "not proved" if path.why_not is None else f"not proved: {path.why_not}"
        silent = "" if path.sounded else ", without sound"
        return f"proved {self.time(path.proved_at)}, {path.station}, by {path.by}{silent}"

    def _rise(self) -> str:
        rise, minute = self.summary.rise, self.summary.rise_at_min
        return "–" if rise is None else f"{rise:+.0f} mmHg systolic at {minute:+d} min"

    def _scores(self) -> str:
        most, least = self.summary.cadss, self.summary.moaas
        highest = "not assessed" if most is None else f"{most} at most"
        lowest = "not assessed" if least is None else f"{least} at least"
        return f"{highest}, {lowest}"

    def _leaving(self) -> str:
        session = self.history.session
        if session.is_open:
            return "–"
        parts = ["with an escort" if session.escort else "no escort"]
        parts += [session.outcome] if session.outcome else []
        parts += [f"to {session.destination}"] if session.destination else []
        if (against := session.against_criteria) is not None:
            parts.append(f"against criteria, {against['clinician']}: {against['reason']}")
        return ", ".join(parts)

    def doses(self) -> Table:
        rows = [
            (dose.at, dose.product, f"{dose.mg:g} mg", dose.lot or "–", dose.by or "–")
            for dose in self.history.session.doses
        ]
        rows += [
            (turn.at, turn.type.replace(".", " "), "", turn.payload.get("lot") or "", _by(turn))
            for turn in self.history.all(*_INFUSION)
        ]
        columns = ("min", "at", "product", "amount", "lot", "by")
        told = tuple((self.minute(at), self.time(at), *words) for at, *words in sorted(rows))
        return Table("Given", columns, told, "nothing was given")

    def checks(self) -> Table:
        at = self.history.session.ended_at or self.now
        planned = planned_checks(self.history.session, at)
        rows = []
        for kind in CheckKind:
            words = [self._check(c) for c in planned if c.check is kind and c.state in _SHOWN]
            if words:
                rows.append((CHECK_NAMES[kind], ", ".join(words)))
        return Table("Planned checks", ("check", "due"), tuple(rows), "none was due")

    def _check(self, check: PlannedCheck) -> str:
        minute = self.history.whole_minutes(check.due_at)
        due = "baseline" if minute is None or minute <= 0 else f"+{minute}"
        if check.done_at is not None:
            return f"{due} done {self.time(check.done_at)}"
        return f"{due} {check.state.value.upper()}"

    def records(self) -> Table:
        session = self.history.session
        kinds: Iterable[Iterable[Record]] = (
            session.pressures,
            session.scores,
            session.symptoms,
            session.observations,
            session.dosing_stops,
        )
        found = [
            (record.at, said(record), record.by or getattr(record, "device", None) or "–")
            for record in chain.from_iterable(kinds)
        ]
        found += [
            (event.at, f"note: {event.payload['text']}", _by(event))
            for event in self.history.all("note.added")
        ]
        together: dict[Row, list[str]] = {}
        for at, what, by in sorted(found):
            together.setdefault((self.minute(at), self.time(at), by), []).append(what)
        rows = tuple(
            (minute, at, ", ".join(what), by) for (minute, at, by), what in together.items()
        )
        return Table("Recorded", ("min", "at", "what", "by"), rows, "nothing was recorded")

    def alarms(self) -> Table:
        rows = tuple(
            (
                self.time(alarm.raised_at),
                alarm.priority.label,
                alarm.text,
                self._taken(alarm),
                self.time(alarm.condition_ended_at or alarm.ended_at),
            )
            for alarm in _alarms(self.history)
        )
        columns = ("raised", "priority", "alarm", "acknowledged", "over")
        return Table("Alarms", columns, rows, "no alarm of medium or high priority")

    def _taken(self, alarm: Alarm) -> str:
        if alarm.acknowledged_by is None:
            return "by nobody"
        note = f": {alarm.note}" if alarm.note else ""
        return f"{self.time(alarm.acknowledged_at)} by {alarm.acknowledged_by}{note}"

    def bedside(self) -> Table:
        until = self.history.session.ended_at or self.now
        rows = tuple(
            (span.by, span.role, self.time(span.from_), self.time(span.to), str(minutes))
            for span in self.history.session.attendance
            for minutes in [attendance.whole_minutes(span.lasted(until))]
        )
        columns = ("who", "as", "from", "to", "minutes")
        return Table("At the bedside", columns, rows, "nobody was assigned")

    def remarks(self) -> Iterator[tuple[str, tuple[str, ...]]]:
        summary = self.summary
        yield "Not assessed", summary.not_assessed
        yield "Different from the regimen", summary.deviations
        yield "Decided and done", summary.interventions
        yield "Put right", summary.corrections
        closed = self.history.last("session.closed", "session.aborted")
        criteria = () if closed is None else closed.payload.get("criteria", ())
        yield "Not met on leaving", tuple(f"{c['name']}: {c['why']}" for c in criteria if _lacks(c))
        text = None if closed is None else closed.payload.get("discharge_text")
        yield "The patient was told", () if text is None else (text,)


_INFUSION: Final = (
    "infusion.started",
    "infusion.paused",
    "infusion.resumed",
    "infusion.ended",
)
_SHOWN: Final = frozenset(CheckState) - {CheckState.UPCOMING}


def _by(event: Event) -> str:
    return str(event.payload.get("by") or "–")


def _lacks(criterion: dict[str, object]) -> bool:
    return not criterion["met"] and bool(criterion.get("required", True))


def _alarms(history: SessionHistory) -> list[Alarm]:
    """The physiological alarms of medium or high priority, each as it was last and at its worst.

    Its acknowledgement is the first one: how soon somebody came.
    """
    found: dict[str, Alarm] = {}
    for event in history.events:
        if event.subject is None:
            continue
        alarm = Alarm.from_json(event.payload["alarm"])
        before = found.get(alarm.id)
        if before is not None:
            alarm = replace(alarm, priority=max(alarm.priority, before.priority))
            if before.acknowledged_by is not None:
                alarm = replace(
                    alarm,
                    acknowledged_by=before.acknowledged_by,
                    acknowledged_at=before.acknowledged_at,
                    note=before.note,
                )
        found[alarm.id] = alarm
    return [*patient_alarms(found.values())]
