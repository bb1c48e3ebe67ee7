"""Whether the time since the dose can be told after the machine was started anew. Pure.

While a machine runs, its monotonic clock tells how long ago the dose was, whatever its wall clock
is set to, and a restart of Postdose alone changes nothing of that. A machine that was started anew
has only its wall clock, which may be wrong by hours: then a person confirms the dose's time before
anybody is ready to leave. In sessions of an edition before 3 nothing is asked.
"""

from collections.abc import Iterable
from typing import Final

from drivers.clock import Instant, rfc3339_or_none
from monitor.session.commands import ConfirmDoseTime, Refusal, Refused
from monitor.session.criterion import Criterion
from monitor.session.events import Draft, Event
from monitor.session.session import Session

DOSE_TIME: Final = "dose-time"
"""The criterion."""

DOUBTED: Final = "dose-time.doubted"
CONFIRMED: Final = "dose-time.confirmed"

_TOLD: Final = frozenset(
    """dose.given infusion.started infusion.paused infusion.resumed infusion.ended
    dose-time.confirmed""".split()
)
"""The events that say by the wall clock when something was given."""


def last_told(events: Iterable[Event]) -> Event | None:
    """The last of `events` to say when something was given; a correction says nothing new."""
    told = [e for e in events if e.type in _TOLD and not e.payload.get("corrects")]
    return told[-1] if told else None


def doubt(session: Session | None) -> list[Draft]:
    """The machine was started anew since something was given in the open `session`."""
    if session is None or session.regimen.edition < 3 or session.first_administration is None:
        return []
    if session.dose_time_doubted_at is not None:
        return []
    return [(DOUBTED, {"reason": "the machine was started anew"})]


def confirm(session: Session, command: ConfirmDoseTime, _: Instant) -> list[Draft]:
    """A person has held the times of what was given against another clock: they are right."""
    if session.dose_time_doubted_at is None:
        raise Refused(Refusal.CONFLICT, "the time of the dose is not in doubt", "session")
    times = {
        "first_dose_at": rfc3339_or_none(session.first_dose_at),
        "last_dose_at": rfc3339_or_none(session.last_dose_at),
    }
    return [(CONFIRMED, {"by": command.by, **times})]


def dose_time_criteria(session: Session) -> list[Criterion]:
    """The criterion, where there was ever a doubt."""
    if session.dose_time_doubted_at is not None:
        why = "the machine was started anew: confirm when the dose was given"
        return [Criterion(DOSE_TIME, False, why)]
    by = session.dose_time_confirmed_by
    return [] if by is None else [Criterion(DOSE_TIME, True, f"confirmed by {by}")]
