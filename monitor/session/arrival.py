"""A session that comes to a bed, as its events tell it. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from alerts.alarm import Alarm
from alerts.rules import Kind
from monitor.session.events import Event
from monitor.session.moving import MOVED_OUT, ended_by_move
from monitor.session.session import Session


@dataclass(frozen=True, slots=True)
class Arrival:
    """A session as it left a bed with that bed's event `n`, and its alarms as they were.

    Of each rule the last alarm, open or ended.
    """

    bed: str
    n: int
    session: Session
    alarms: tuple[Alarm, ...]

    @classmethod
    def from_events(cls, events: Iterable[Event]) -> "Arrival | None":
        """What the session's events up to its `MOVED_OUT` tell; None where they do not end so."""
        session: Session | None = None
        alarms: dict[tuple[str, str | None], Alarm] = {}
        last: Event | None = None
        for event in events:
            last = event
            if event.type == "session.started":
                session = Session.begin(event)
            elif session is not None:
                session = session.evolve(event)
            if event.type == "clock.stepped":
                by = timedelta(seconds=event.payload["by_s"])
                alarms = {key: alarm.shifted(by) for key, alarm in alarms.items()}
            elif event.subject is not None and not ended_by_move(event):
                alarm = Alarm.from_json(event.payload["alarm"])
                alarms[alarm.rule, alarm.device] = alarm
        if session is None or last is None or last.type != MOVED_OUT:
            return None
        return cls(last.bed, last.n, session, tuple(alarms.values()))

    def is_of(self, event: Event) -> bool:
        """Whether it is that of a `MOVED_IN`."""
        data = event.payload
        return (self.bed, self.n) == (data["from"], data["from_n"])

    @property
    def past_alarms(self) -> list[Alarm]:
        """The alarms of the patient that had ended."""
        past = (a for a in self.alarms if not a.is_open and a.kind is Kind.PHYSIOLOGICAL)
        return sorted(past, key=lambda alarm: (alarm.raised_at, alarm.id))
