"""A recorded stop of dosing: whether one may be recorded, stands, and what it says. Pure.

With it the patient is observed, and the window counts from the last device. A dose that is given
after it takes dosing up again.
"""

from drivers.clock import Instant, rfc3339
from monitor.session import decide_records
from monitor.session.baseline import end_of_minute
from monitor.session.commands import Refusal, Refused, StopDosing
from monitor.session.events import Draft
from monitor.session.record_fields import DosingStopFields, said
from monitor.session.records import DosingStop
from monitor.session.session import UNDER_WAY, Session


def standing_stop(session: Session) -> DosingStop | None:
    """The stop after which nothing was given; None where dosing goes on or ended by itself."""
    given = max((session.places[dose.id] for dose in session.doses), default=0)
    stops = (stop for stop in session.dosing_stops if session.places[stop.id] > given)
    return next(stops, None)


def in_words(session: Session) -> str | None:
    """The stop that stands, as "stopped after 28 of 84 mg: nausea"; None without one."""
    if (stop := standing_stop(session)) is None:
        return None
    planned_mg = session.planned_mg
    of = "" if planned_mg is None else f" of {round(planned_mg, 3):g}"
    return f"stopped after {round(session.given_mg, 3):g}{of} mg: {stop.reason}"


def stop_dosing(session: Session, command: StopDosing, now: Instant) -> list[Draft]:
    """Dosing stops between two devices, once; an infusion is ended, and a session aborted."""
    at, corrected = decide_records.correction(session, command.corrects, DosingStop, command.at)
    if not corrected:
        _check_is_dosing(session)
    at = decide_records.when(session, at, now)
    last = session.last_dose_at
    if last is not None and end_of_minute(at, now.wall) < last:
        raise Refused(Refusal.INVALID, f"the last dose was given at {rfc3339(last)}", "at")
    payload = said(command, DosingStopFields) | {"by": command.by, "at": rfc3339(at)}
    return [("dosing.stopped", payload | corrected)]


def _check_is_dosing(session: Session) -> None:
    """Raises `Refused`, with what to do instead, where there is no dosing to stop."""
    path = f"POST /api/v1/sessions/{session.id}"
    stop = standing_stop(session)
    why = None
    if session.phase not in UNDER_WAY:
        why = f"the session is {session.phase}"
    elif session.infusion is not None:
        ended = session.infusion.ended_at is not None
        why = "the infusion has ended" if ended else f"end the infusion: {path}/infusion"
    elif session.first_dose_at is None:
        why = f"nothing has been given: abort the session with {path}/abort"
    elif stop is not None:
        why = f"{stop.by} has stopped it: correct record {stop.id}, or retract it"
    elif session.is_all_given:
        why = f"all {session.planned_mg:g} mg are given"
    if why is not None:
        raise Refused(Refusal.CONFLICT, f"no dosing to stop: {why}")
