"""Events, and a journal that fails, for tests of what stores events and hands them on."""

import sqlite3
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from monitor.session.events import Event

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


class EventFactory:
    """Makes the events of one bed, numbered and a second apart."""

    def __init__(self, bed: str = "bed-1", session: str | None = None) -> None:
        self.bed = bed
        self.session = session
        self.n = 0

    def event(
        self,
        type_: str = "note.added",
        *,
        subject: str | None = None,
        at: datetime | None = None,
        **payload: Any,
    ) -> Event:
        """The bed's next event."""
        self.n += 1
        at = at or START + timedelta(seconds=self.n)
        return Event(uuid4().hex, self.bed, self.n, self.session, type_, subject, at, payload)

    def alarm(self, change: str, alarm_id: str, *, at: datetime | None = None) -> Event:
        """The bed's next event, about an alarm: `change` is raised, ended, …"""
        state = "ended" if change in ("ended", "reset") else "active"
        alarm = {
            "id": alarm_id,
            "bed": self.bed,
            "rule": "spo2.very-low",
            "priority": "high",
            "state": state,
            "text": "SpO2 85 %: under 88 for 10 s",
            "values": {"spo2": 85.5},
        }
        return self.event(f"alarm.{change}", subject=alarm_id, at=at, alarm=alarm)


class BrokenJournal:
    """A journal file whose table of events is out of the way."""

    def __init__(self, url: str) -> None:
        self._file = url.removeprefix("sqlite:///")

    def _run(self, statement: str) -> None:
        database = sqlite3.connect(self._file)
        database.execute(statement)
        database.commit()
        database.close()

    def fail(self) -> None:
        self._run("ALTER TABLE event RENAME TO event_away")

    def mend(self) -> None:
        self._run("ALTER TABLE event_away RENAME TO event")
