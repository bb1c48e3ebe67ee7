"""A session as its events tell it: the session, and the events behind its parts. Pure.

A `Session` holds what is so; whoever has to say how that is known, or what happened on the
way, asks its history.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.alarm import ALARM_SOUNDINGS, Alarm
from alerts.rules import Kind, Priority
from monitor.session.events import Event
from monitor.session.records import Correction, Record
from monitor.session.reopening import REOPENED, is_session_end
from monitor.session.session import FOLDED, Session

HISTORY_TYPES: Final = (
    FOLDED | ALARM_SOUNDINGS | {"alarm.condition-ended", "alarm.ended", "alarm.reopened"}
)
"""The types of event that an history is made of, but for what was written down afterwards."""


@dataclass(frozen=True, slots=True)
class AlarmOccurrence:
    """An alarm from its first onset on, at the highest priority it had.

    `over_at` is when its condition ended on fresh values; None when that was never seen.
    """

    id: str
    rule: str
    kind: Kind
    priority: Priority
    text: str
    raised_at: datetime
    over_at: datetime | None = None

    @classmethod
    def of(cls, alarm: Alarm) -> "AlarmOccurrence":
        """The alarm as it stands."""
        over_at = alarm.condition_ended_at or alarm.ended_at
        return cls(
            alarm.id, alarm.rule, alarm.kind, alarm.priority, alarm.text, alarm.raised_at, over_at
        )


@dataclass(frozen=True, slots=True)
class SessionHistory:
    """A session and its events, oldest first, dated by the wall clock as it was set last.

    An end that was taken back is not among them, nor what was said of its form since.
    """

    session: Session
    events: tuple[Event, ...]

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "SessionHistory | None":
        """The history that the session's `events` give; None when none of them starts it."""
        session: Session | None = None
        kept: list[Event] = []
        for event in events:
            if event.type == "session.started":
                session = Session.begin(event)
            elif session is None:
                continue
            else:
                session = session.evolve(event)
            if event.type == "clock.stepped":
                by = timedelta(seconds=event.payload["by_s"])
                kept = [replace(before, at=before.at + by) for before in kept]
            if event.type == REOPENED:
                kept.remove(next(e for e in reversed(kept) if e.type == event.payload["undoes"]))
                kept = [other for other in kept if not other.type.startswith("form.")]
            kept.append(event)
        return None if session is None else cls(session, tuple(kept))

    def all(self, *types: str) -> Iterator[Event]:
        """Its events of these types, oldest first."""
        return (event for event in self.events if event.type in types)

    def first(self, *types: str) -> Event | None:
        """The oldest event of these types."""
        return next(self.all(*types), None)

    def last(self, *types: str) -> Event | None:
        """The newest event of these types."""
        return next((event for event in reversed(self.events) if event.type in types), None)

    @property
    def end(self) -> Event | None:
        """The event with which it ended; None while it is open."""
        ends = (e for e in reversed(self.events) if is_session_end(e.type, e.payload))
        return next(ends, None)

    @property
    def until(self) -> datetime:
        """Up to when it is told: the session's end, or the newest event while it is open."""
        return self.session.ended_at or self.events[-1].at

    @property
    def given_mg(self) -> float:
        """What was given until then; of an infusion what ran in, where that is known."""
        ran_in_mg = self.session.ran_in_mg(self.until)
        return self.session.given_mg if ran_in_mg is None else ran_in_mg

    def event_of(self, record: Record) -> Event | None:
        """The event that put `record` on record."""
        return next((event for event in self.events if event.id == record.id), None)

    def corrected(self, record: Record) -> Iterator[Correction]:
        """What `record` took the place of, newest first."""
        id_: str | None = record.id
        while id_ is not None:
            found = next((c for c in self.session.corrections if c.now == id_), None)
            if found is not None:
                yield found
            id_ = None if found is None else found.was.id

    @property
    def ready_at(self) -> datetime | None:
        """Since when the patient was ready to leave; None when not, or not any more."""
        last = self.last("session.ready", "session.ready-withdrawn")
        return last.at if last is not None and last.type == "session.ready" else None

    def minutes(self, at: datetime) -> float | None:
        """Minutes from the first administration to `at`; None before there was one."""
        first = self.session.first_dose_at
        return None if first is None else (at - first) / timedelta(minutes=1)

    def whole_minutes(self, at: datetime) -> int | None:
        """Whole minutes that have passed from the first administration to `at`, never one more.

        Under 0 is before it. None before there was one.
        """
        minutes = self.minutes(at)
        return None if minutes is None else math.trunc(minutes)

    def alarms(self) -> list[AlarmOccurrence]:
        """Its alarms in the order they were raised."""
        spans: dict[str, AlarmOccurrence] = {}
        for event in self.events:
            if event.subject is None:
                continue
            alarm = Alarm.from_json(event.payload["alarm"])
            span = spans.get(alarm.id) or AlarmOccurrence(
                alarm.id, alarm.rule, alarm.kind, alarm.priority, alarm.text, event.at
            )
            span = replace(span, priority=max(span.priority, alarm.priority), text=alarm.text)
            spans[alarm.id] = replace(span, over_at=_over_at(span, alarm, event))
        return list(spans.values())


def _over_at(span: AlarmOccurrence, alarm: Alarm, event: Event) -> datetime | None:
    if alarm.condition_ended_at is None:
        return None
    return span.over_at or event.at


def by_session(events: Iterable[Event]) -> Mapping[str, SessionHistory]:
    """The histories of every session that `events` start, by the session's id."""
    of: dict[str, list[Event]] = {}
    for event in events:
        if event.session is not None:
            of.setdefault(event.session, []).append(event)
    found = {id_: SessionHistory.from_events(its) for id_, its in of.items()}
    return {id_: history for id_, history in found.items() if history is not None}
