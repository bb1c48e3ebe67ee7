"""The end of a session (close, abort, or the patient's leaving) taken back within a minute. Pure.

A wrong bed, or a wrong button: the session goes on as if it had not ended. What was recorded since
stays; of what the end changed (`CHANGED`) everything is as it was before.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final

from drivers.clock import Instant
from monitor.session.commands import Refusal, Refused, ReopenSession
from monitor.session.events import Draft, Event
from monitor.session.moving import MOVED_OUT

if TYPE_CHECKING:
    from monitor.session.session import Session

REOPENED: Final = "session.reopened"

WITHIN: Final = timedelta(minutes=1)
"""So long an end can be taken back, as an acknowledgement can [default]."""

SESSION_ENDINGS: Final = frozenset({"session.closed", "session.aborted", "patient.left"})
"""The events that may end a session."""

CHANGED: Final = tuple(
    """phase attendance escort ended_at ended_by against_criteria reason aborted_at outcome
    destination to_be_completed ending""".split()
)
"""What an end changes of a session."""


def is_session_end(type_: str, payload: Mapping[str, Any]) -> bool:
    """Whether such an event ends a session: with it the patient has left the bed."""
    return type_ in SESSION_ENDINGS and bool(payload.get("patient_left", True))


def leaves_bed(type_: str, payload: Mapping[str, Any]) -> bool:
    """Whether with such an event a patient leaves its bed: as the session ends, or is moved."""
    return type_ == MOVED_OUT or is_session_end(type_, payload)


@dataclass(frozen=True, slots=True)
class Ending:
    """The last close, abort or leaving: when it was decided, and what it changed, as it was."""

    at: datetime
    type: str
    before: Mapping[str, Any]

    def shifted(self, by: timedelta) -> "Ending":
        """The same with a wall clock that was set by so much; what lies before it stays done."""
        aborted_at = self.before["aborted_at"]
        before = {
            **self.before,
            "aborted_at": None if aborted_at is None else aborted_at + by,
            "attendance": tuple(span.shifted(by) for span in self.before["attendance"]),
            "ending": None,
        }
        return replace(self, at=self.at + by, before=before)


def with_ending(before: "Session", after: "Session", event: Event) -> "Session":
    """The session after an event that may have ended it."""
    if event.type not in SESSION_ENDINGS:
        return after
    was = {name: getattr(before, name) for name in CHANGED}
    return replace(after, ending=Ending(event.at, event.type, was))


def reopen(session: "Session | None", command: ReopenSession, now: Instant) -> list[Draft]:
    """The last end is taken back. Raises `Refused` where there is none, or after a minute."""
    if session is None or session.ending is None:
        raise Refused(Refusal.CONFLICT, "no end of a session is to be taken back here", "session")
    if not timedelta() <= now.wall - session.ending.at <= WITHIN:
        why = "it ended more than a minute ago, or the clock was set since: start a new session"
        raise Refused(Refusal.CONFLICT, why, "session")
    was_ended = not session.is_open
    undoes = session.ending.type
    return [(REOPENED, {"by": command.by, "undoes": undoes, "was_ended": was_ended})]


def reopened(session: "Session", event: Event) -> "Session":
    """As it was before its last end; who is there is told on where it had not ended."""
    assert session.ending is not None
    before = dict(session.ending.before)
    if not event.payload["was_ended"]:
        del before["attendance"]
    return replace(session, **before)


def last_end(newest_first: Iterable[Event]) -> Event | None:
    """The last event of these with which a patient left, and that was not taken back.

    Of the events of a bed that may be the move to another.
    """
    undone = 0
    for event in newest_first:
        if event.type == REOPENED:
            undone += bool(event.payload["was_ended"])
        elif leaves_bed(event.type, event.payload):
            if not undone:
                return event
            undone -= 1
    return None
