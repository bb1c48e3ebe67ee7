"""The sessions of one patient as a course: where it is, what is next, what is to be asked. Pure.

Weeks are counted from the day of the first dose. What is out of step with the regimen's plan
is said in `remarks`; nothing is refused.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Any, Final

from drivers.clock import parse_rfc3339, rfc3339
from monitor.patient.commands import entries
from monitor.patient.session_summary import SessionSummary, session_summaries
from monitor.session import CoursePhase, Event, Regimen, SessionHistory

EARLY: Final = timedelta(days=7)
"""A reassessment so long before the phase's end counts for it [default]."""

DAY: Final = timedelta(days=1)
WEEK: Final = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Window:
    """The days, first and last, on which the next session falls."""

    start: date
    end: date


@dataclass(frozen=True, slots=True)
class CourseEntry:
    """Something written down of the patient; `data` is what of, `on` the day it was."""

    id: str
    type: str
    at: datetime
    on: date
    data: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The entry as interfaces show it."""
        return {**self.data, "id": self.id, "type": self.type, "at": rfc3339(self.at)}


@dataclass(frozen=True, slots=True)
class TreatmentCourse:
    """A patient's course as it stands on the day `today`.

    `entries` are what stands of all that was `written`; days are those of `zone`, None for
    this machine's.
    """

    patient: str
    regimen: Regimen
    today: date
    sessions: tuple[SessionSummary, ...]
    written: tuple[Event, ...]
    zone: tzinfo | None
    entries: tuple[CourseEntry, ...]

    def after(self, events: Iterable[Event]) -> "TreatmentCourse":
        """The course when these have been written down too."""
        written = (*self.written, *events)
        return replace(self, written=written, entries=_entries(written, self.zone))

    # ── where it is ─────────────────────────────────────────────────────────────────────

    @property
    def counted(self) -> list[SessionSummary]:
        """The sessions with a dose."""
        return [visit for visit in self.sessions if visit.number is not None]

    @property
    def started_on(self) -> date | None:
        """The day of the first dose."""
        return self.counted[0].on if self.counted else None

    def week(self, day: date) -> int:
        """The week of the course that `day` is in, from 1."""
        assert self.started_on is not None
        return (day - self.started_on) // WEEK + 1

    def first_day(self, week: int) -> date:
        """The first day of that week."""
        assert self.started_on is not None
        return self.started_on + (week - 1) * WEEK

    @property
    def phase(self) -> CoursePhase | None:
        """The phase that today is in; None before the first dose, or without phases."""
        return None if self.started_on is None else self.regimen.phase_in(self.week(self.today))

    # ── what is next ────────────────────────────────────────────────────────────────────

    @property
    def stopped(self) -> CourseEntry | None:
        """The decision to stop that no session has followed."""
        last = self._last("reassessment.recorded")
        if last is None or last.data["decision"] != "stop":
            return None
        return None if self.counted and self.counted[-1].on > last.on else last

    @property
    def next(self) -> Window | None:
        """When the next session falls; None when none is planned."""
        if self.stopped is not None or not self.counted:
            return None
        return self._after(self.counted)

    def _after(self, done: list[SessionSummary]) -> Window | None:
        """When the session after those of `done` falls."""
        last = done[-1].on
        week = self.week(last)
        phase, then = self.regimen.phase_in(week), self.regimen.phase_in(week + 1)
        ends = self.first_day(week + 1) - DAY
        in_week = sum(self.week(visit.on) == week for visit in done)
        if phase is not None and in_week < (phase.sessions_per_week or 0) and last < ends:
            return Window(last + DAY, ends)
        if then is None:
            return None
        weeks = then.every_weeks or (1,)
        start, end = week + min(weeks), week + max(weeks)
        return Window(self.first_day(start), self.first_day(end + 1) - DAY)

    # ── what is to be asked ─────────────────────────────────────────────────────────────

    def _of(self, type_: str, **same: str) -> list[CourseEntry]:
        return [
            entry
            for entry in self.entries
            if entry.type == type_ and all(entry.data[key] == same[key] for key in same)
        ]

    def _last(self, type_: str, **same: str) -> CourseEntry | None:
        found = self._of(type_, **same)
        return found[-1] if found else None

    @property
    def reassess_on(self) -> date | None:
        """When the indication is to be reassessed next; None before a dose and after a stop."""
        if self.started_on is None or self.stopped is not None:
            return None
        course = self.regimen.course
        phase = next((p for p in self.regimen.phase if p.name == course.reassess_after), None)
        every = timedelta(days=course.reassess_every_days)
        first = self.started_on + every
        if phase is not None and phase.last_week is not None:
            first = self.first_day(phase.last_week + 1)
        last = self._last("reassessment.recorded")
        return first if last is None or last.on < first - EARLY else last.on + every

    def responses(self) -> Iterator[dict[str, Any]]:
        """Each scale of response: its first and last total, and when it is due.

        It is due before the first dose, and with each reassessment.
        """
        for scale in self.regimen.course.response_scales:
            found = self._of("response.recorded", scale=scale)
            due = self.reassess_on if found else self.started_on or self.today
            yield {
                "scale": scale,
                "first": found[0].as_json() if found else None,
                "last": found[-1].as_json() if found else None,
                "change": found[-1].data["total"] - found[0].data["total"] if found else None,
                "due_on": None if due is None or self.stopped is not None else due.isoformat(),
            }

    def prompts(self) -> Iterator[dict[str, Any]]:
        """Each long-term question: what was found last, and when it is due."""
        for prompt, days in self.regimen.course.prompt_every_days.items():
            last = self._last("prompt.recorded", prompt=prompt)
            since = self.started_on if last is None else last.on
            due = None if since is None else since + timedelta(days=days)
            yield {
                "prompt": prompt,
                "every_days": days,
                "last": None if last is None else last.as_json(),
                "due_on": None if due is None else due.isoformat(),
            }

    # ── what is out of step ─────────────────────────────────────────────────────────────

    def remarks(self) -> Iterator[str]:
        """What differs from the plan, in words."""
        yield from self._too_many()
        yield from self._induction()
        yield from self._deviations()
        yield from self._gaps()
        if (window := self.next) is not None and self.today > window.end:
            yield f"the next session was planned until {window.end}"
        for stop in self._of("reassessment.recorded", decision="stop"):
            after = [visit.number for visit in self.counted if visit.on > stop.on]
            if after:
                yield f"session {after[0]} came after it was decided to stop on {stop.on}"
        if (due := self.reassess_on) is not None and self.today > due:
            yield f"the indication was to be reassessed by {due}"

    def _too_many(self) -> Iterator[str]:
        for week, count in Counter(self.week(visit.on) for visit in self.counted).items():
            phase = self.regimen.phase_in(week)
            planned = None if phase is None else phase.sessions_per_week or 1
            if planned is not None and count > planned:
                yield f"{count} sessions in week {week}: {planned} planned"

    def _induction(self) -> Iterator[str]:
        """The phase after which the indication is reassessed, once it is over."""
        name = self.regimen.course.reassess_after
        phase = next((p for p in self.regimen.phase if p.name == name), None)
        if phase is None or phase.last_week is None or not phase.sessions_per_week:
            return
        if self.started_on is None or self.week(self.today) <= phase.last_week:
            return
        weeks = range(phase.weeks[0], phase.last_week + 1)
        stop = self.stopped
        if stop is not None and self.week(stop.on) <= phase.last_week:
            return
        planned = len(weeks) * phase.sessions_per_week
        done = sum(self.week(visit.on) in weeks for visit in self.counted)
        if done < planned:
            yield (f"{phase.name}: {done} of {planned} sessions in weeks {weeks[0]} to {weeks[-1]}")

    def _deviations(self) -> Iterator[str]:
        for visit in self.counted:
            yield from (f"session {visit.number}: {words}" for words in visit.deviations)

    def _gaps(self) -> Iterator[str]:
        done = self.counted
        for n, (before, after) in enumerate(pairwise(done), start=1):
            window = self._after(done[:n])
            if window is not None and after.on > window.end:
                days = (after.on - before.on).days
                yield (
                    f"{days} days from session {before.number} to {after.number}: "
                    f"planned until {window.end}"
                )

    def as_json(self) -> dict[str, Any]:
        """The course as interfaces show it."""
        window, phase, due = self.next, self.phase, self.reassess_on
        last, stop = self._last("reassessment.recorded"), self.stopped
        return {
            "patient": self.patient,
            "regimen": self.regimen.name,
            "number": len(self.counted),
            "started_on": None if self.started_on is None else self.started_on.isoformat(),
            "week": None if self.started_on is None else self.week(self.today),
            "phase": None if phase is None else phase.name,
            "next": None
            if window is None
            else {
                "number": len(self.counted) + 1,
                "from": window.start.isoformat(),
                "to": window.end.isoformat(),
            },
            "stopped": None if stop is None else stop.as_json(),
            "reassessment": {
                "due_on": None if due is None else due.isoformat(),
                "last": None if last is None else last.as_json(),
            },
            "responses": list(self.responses()),
            "prompts": list(self.prompts()),
            "remarks": list(self.remarks()),
            "sessions": [visit.as_json() for visit in self.sessions],
            "entries": [entry.as_json() for entry in self.entries],
        }


def treatment_course(
    histories: list[SessionHistory],
    written: Iterable[Event],
    now: datetime,
    zone: tzinfo | None = None,
) -> TreatmentCourse:
    """The course of the patient whose sessions, at least one, and entries these are.

    The plan is that of the regimen of the session that started last. Days are those of
    `zone`, None for this machine's.
    """
    newest = max(histories, key=lambda history: history.session.started_at).session
    today = now.astimezone(zone).date()
    seen = tuple(session_summaries(histories, zone))
    return TreatmentCourse(newest.patient, newest.regimen, today, seen, (), zone, ()).after(written)


def _entries(written: Iterable[Event], zone: tzinfo | None) -> tuple[CourseEntry, ...]:
    return tuple(sorted((_entry(event, zone) for event in entries(written)), key=lambda e: e.at))


def _entry(event: Event, zone: tzinfo | None) -> CourseEntry:
    at = parse_rfc3339(event.payload["at"])
    data = {name: value for name, value in event.payload.items() if name not in ("patient", "at")}
    return CourseEntry(event.id, event.type, at, at.astimezone(zone).date(), data)
