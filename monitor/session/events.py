"""What happened at a bed, as it is stored and sent.

A bed decides `Event`s; the journal numbers, chains and keeps them as `Stored` events.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from drivers.clock import Instant, rfc3339

Draft = tuple[str, Mapping[str, Any]]
"""An event yet to be numbered and dated: its type and payload."""


UNREADABLE: Final = "event.unreadable"
"""Stands for a stored event that cannot be read; its payload has the `type` and the `reason`."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something a bed decided.

    `n` counts the bed's own events from 1 without gaps; `subject` is the id of the alarm
    that an `alarm.*` event is about, None for others; `payload` is plain JSON data.
    """

    id: str
    bed: str
    n: int
    session: str | None
    type: str
    subject: str | None
    at: datetime
    payload: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The event as interfaces show it, but for its place in the journal."""
        return {
            "id": self.id,
            "bed": self.bed,
            "session": self.session,
            "type": self.type,
            "at": rfc3339(self.at),
            "payload": dict(self.payload),
        }


@dataclass(frozen=True, slots=True)
class Stored:
    """An event with its place in the journal.

    `seq` rises by 1 from event to event over the whole journal; `hash` covers the event
    and `prev_hash`, the hash of the event before it (64 zeros before the first).
    """

    seq: int
    event: Event
    prev_hash: str
    hash: str

    def as_json(self) -> dict[str, Any]:
        """The event as interfaces show it."""
        return {"seq": self.seq, **self.event.as_json()}


def happened_at(
    events: Iterable[Event], now: Instant, set_by_s: float = 0.0
) -> list[tuple[Event, Instant]]:
    """When each happened, by the monotonic clock of now: before the next, and every set clock.

    The wall clock was set by `set_by_s` after the last of them.
    """
    mono = now.mono
    found = []
    for event in reversed([*events]):
        age_s = (now.wall - event.at).total_seconds() - set_by_s
        mono = min(mono, now.mono - age_s)
        found.append((event, Instant(event.at, mono)))
        if event.type == "clock.stepped":
            set_by_s += event.payload.get("by_s", 0.0)
    return found[::-1]
