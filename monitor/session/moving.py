"""A session that goes on at another bed. Pure.

`session.moved-out` ends it at the bed it was at, `session.moved-in` begins it at the other; both
are stored in one commit. The second names the first, by bed and number: the session is what its
events up to there make of it, wherever they were decided, and nothing of it is copied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Final

from monitor.session.commands import MoveOut, Refusal, Refused
from monitor.session.events import Draft, Event
from monitor.session.shown import Shown, Time, documented

if TYPE_CHECKING:
    from monitor.session.session import Session

MOVED_OUT: Final = "session.moved-out"
MOVED_IN: Final = "session.moved-in"

OPENINGS: Final = frozenset({"session.started", MOVED_IN})
"""The events with which a session begins at a bed."""

CONDITIONS: Final = frozenset(
    {"nobody-watching", "infusion-overrun", "infusion-paused", "check-overdue"}
)
"""Technical conditions of the session, whose alarms go with it: all others are of a bed."""


@dataclass(frozen=True, slots=True)
class Move(Shown):
    """The patient was moved to another bed."""

    at: Annotated[Time, documented("When it was.", "2026-01-05T09:40:00.000Z")]
    from_: Annotated[str, documented("The bed before.", "bed-1")]
    to: Annotated[str, documented("The bed since.", "bed-2")]
    by: Annotated[str, documented("Who said so.", "nurse.a")]
    reason: Annotated[str | None, documented("Why, where that was said.", "oxygen at the wall")]


def moved_out(session: "Session | None", bed: str, command: MoveOut, cuffs: Sequence[str]) -> Draft:
    """The session leaves `bed`; the measurements of `cuffs` are stopped.

    Raises `Refused` where no session is open there.
    """
    if session is None:
        raise Refused(Refusal.CONFLICT, f"{bed} has no open session", "session")
    if command.to == bed:
        raise Refused(Refusal.CONFLICT, f"{session.patient} is at {bed} already", "bed")
    said = {"to": command.to, "by": command.by, "reason": command.reason}
    return MOVED_OUT, {**said, "cuffs": [*cuffs]}


def check_free(bed: str, session: "Session | None") -> None:
    """Raises `Refused` unless `bed`, whose open or last session this is, can take another."""
    if session is not None and session.is_open:
        message = f"{bed} is occupied by {session.patient}; choose a free bed"
        raise Refused(Refusal.CONFLICT, message, "bed")


def last_move(events: Sequence[Event]) -> Event | None:
    """The event with which the last session of a bed was moved there; None where it began there."""
    opening = next((event for event in reversed(events) if event.type in OPENINGS), None)
    return opening if opening is not None and opening.type == MOVED_IN else None


def ended_because(to: str) -> str:
    """Why an alarm ends at the bed that its session left."""
    return f"session moved to {to}"


def ended_by_move(event: Event) -> bool:
    """Whether with it an alarm ended for that reason alone."""
    reason = event.payload.get("reason") or ""
    return event.type == "alarm.ended" and reason.startswith(ended_because(""))
