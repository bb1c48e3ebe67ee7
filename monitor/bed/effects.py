"""What a bed has decided, and what that asks of the shell. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final
from uuid import UUID, uuid5

from drivers.clock import Instant, rfc3339
from monitor.session import MOVED_OUT, Event

_IDS: Final = UUID("5d1d5bd1-0a4c-4d8c-8c53-0b8f8c1f9a34")


@dataclass(frozen=True, slots=True)
class StartMeasurement:
    """The shell should ask this device for a measurement."""

    device: str


@dataclass(frozen=True, slots=True)
class StopMeasurement:
    """The shell should have this device end the measurement that is under way."""

    device: str


_EFFECTS: Final[Mapping[str, type[StartMeasurement | StopMeasurement]]] = {
    "pressure.requested": StartMeasurement,
    "nibp.inhibited": StopMeasurement,
    MOVED_OUT: StopMeasurement,
}


@dataclass(frozen=True, slots=True)
class Result:
    """What was decided, in order."""

    events: list[Event] = field(default_factory=list)

    @property
    def effects(self) -> list[StartMeasurement | StopMeasurement]:
        """What the shell should do."""
        return [
            effect(device)
            for event in self.events
            if (effect := _EFFECTS.get(event.type)) is not None
            for device in event.payload.get("cuffs", [event.payload.get("device")])
        ]


NO_RESULT: Final = Result()
"""Nothing was decided. Never changed."""


def event_id(bed: str, n: int, type_: str, at: datetime) -> str:
    """The id of a bed's event, which is the same whenever it is decided again."""
    return str(uuid5(_IDS, f"{bed}|{n}|{type_}|{rfc3339(at)}"))


class PendingEvents:
    """What a bed decided and has not handed over yet.

    `n` is the number of the bed's last event; they count from 1.
    """

    def __init__(self, bed: str) -> None:
        self._bed = bed
        self.n = 0
        self.events: list[Event] = []

    def add(
        self,
        type_: str,
        payload: Mapping[str, Any],
        now: Instant,
        session: str | None,
        subject: str | None = None,
    ) -> Event:
        """The event of that type, with the next number; `subject` is the alarm it is about."""
        self.n += 1
        event = Event(
            id=event_id(self._bed, self.n, type_, now.wall),
            bed=self._bed,
            n=self.n,
            session=session,
            type=type_,
            subject=subject,
            at=now.wall,
            payload=payload,
        )
        self.events.append(event)
        return event

    def drain(self) -> Result:
        """All of it, once."""
        if not self.events:
            return NO_RESULT
        outcome, self.events = Result(self.events), []
        return outcome
