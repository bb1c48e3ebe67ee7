"""What follows from an abort, and from the patient's leaving after it, or why it is refused. Pure.

An abort alone is for the time before the first dose with no medium or high alarm of the patient
open. Otherwise it takes an outcome and a clinician's reason, except that a transfer is never
refused: what it lacks stands as to be completed. While such an alarm is open the patient stays
at the bed, and the session open, until a person records that the patient has left.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any, Final

from alerts.alarm import Alarm
from drivers.clock import Instant, rfc3339
from monitor.session import decide_records
from monitor.session.clearance import patient_alarms
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Close,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    RecordClearance,
    RecordPatientLeft,
    Refusal,
    Refused,
    SessionCommand,
)
from monitor.session.events import Draft
from monitor.session.session import Phase, Session

DISCHARGE_TEXT: Final = (
    "No driving or operating machinery for 24 hours and until after a restful sleep."
)
"""What the patient is told on leaving [label]."""

_WANTED: Final[Mapping[str, str]] = {
    "outcome": "outcome (transferred, withdrew or other)",
    "reason": "reason",
    "against_criteria": "against_criteria (clinician and reason)",
    "destination": "destination",
}


def abort(session: Session, command: Abort, open_alarms: Iterable[Alarm]) -> list[Draft]:
    """The session is aborted, with the patient still there while one of the patient's alarms is.

    Asked for again, it completes what the first one left open.
    """
    if session.regimen.edition < 3:
        return [("session.aborted", {"by": command.by, "reason": command.reason})]
    if session.phase is Phase.ABORTED:
        return _completion(session, command)
    alarms = patient_alarms(open_alarms)
    is_guarded = _is_guarded(session, alarms)
    lacking = _lacking(command, is_guarded=is_guarded)
    if lacking and command.outcome is not AbortOutcome.TRANSFERRED:
        raise _refusal(session, alarms, lacking)
    payload = {
        "by": command.by,
        **_said(command),
        "discharge_text": DISCHARGE_TEXT if is_guarded else None,
        "to_be_completed": lacking,
        "patient_left": not alarms,
    }
    return [("session.aborted", payload)]


def abort_needs(session: Session, open_alarms: Iterable[Alarm]) -> tuple[str, ...]:
    """What an abort now has to say, as a request calls it, unless it is a transfer."""
    if session.phase is Phase.ABORTED:
        return ()
    is_guarded = session.regimen.edition >= 3 and _is_guarded(session, patient_alarms(open_alarms))
    return tuple(name for name in _WANTED if name in _wanted(is_guarded=is_guarded))


def _is_guarded(session: Session, alarms: tuple[Alarm, ...]) -> bool:
    return session.first_dose_at is not None or bool(alarms)


def _wanted(*, is_guarded: bool) -> set[str]:
    return {"reason", "outcome", "against_criteria"} if is_guarded else {"reason"}


def _said(command: Abort) -> dict[str, Any]:
    against = command.against_criteria
    return {
        "reason": command.reason,
        "outcome": None if command.outcome is None else command.outcome.value,
        "destination": command.destination,
        "against_criteria": None if against is None else asdict(against),
    }


def _lacking(command: Abort, *, is_guarded: bool) -> list[str]:
    wanted = _wanted(is_guarded=is_guarded)
    if command.outcome is AbortOutcome.TRANSFERRED:
        wanted.add("destination")
    said = _said(command)
    return [name for name in _WANTED if name in wanted and said[name] is None]


def _refusal(session: Session, alarms: tuple[Alarm, ...], lacking: list[str]) -> Refused:
    if lacking == ["reason"]:
        return Refused(Refusal.INVALID, "say why the session is aborted", "reason")
    stands = [] if session.first_dose_at is None else ["a dose has been given"]
    stands += [f"{alarm.rule} is open ({alarm.text})" for alarm in alarms]
    return Refused(
        Refusal.CONFLICT,
        f"not to be aborted without a clinician: {'; '.join(stands)}. "
        f"Give {', '.join(_WANTED[name] for name in lacking)}; for a transfer the outcome is "
        "enough, and the rest may follow",
        lacking[0],
    )


def _completion(session: Session, command: Abort) -> list[Draft]:
    on_record: Mapping[str, Any] = {
        "reason": session.reason,
        "outcome": session.outcome,
        "destination": session.destination,
        "against_criteria": session.against_criteria,
    }
    said = {name: value for name, value in _said(command).items() if value is not None}
    for name, value in said.items():
        if on_record[name] not in (None, value):
            message = f"{name} is on record already; add a note for what differs"
            raise Refused(Refusal.CONFLICT, message, name)
    added = {name: value for name, value in said.items() if on_record[name] is None}
    left_open = [name for name in session.to_be_completed if name not in added]
    if not added:
        lacks = ", ".join(_WANTED[name] for name in left_open) or "nothing"
        raise Refused(
            Refusal.CONFLICT, f"the session is aborted already; to be completed: {lacks}", "session"
        )
    payload = {"by": command.by, **added, "to_be_completed": left_open}
    return [("session.abort-completed", payload)]


def patient_left(session: Session, command: RecordPatientLeft, now: Instant) -> list[Draft]:
    """The patient has left the bed of an aborted session, which ends with that."""
    if session.aborted_at is None:
        message = "the patient leaves with the close, or after an abort: close or abort first"
        raise Refused(Refusal.CONFLICT, message, "session")
    at = decide_records.when(session, command.at, now)
    if at < session.aborted_at:
        raise Refused(Refusal.INVALID, "this is before the session was aborted", "at")
    destination = command.destination or session.destination
    return [("patient.left", {"by": command.by, "at": rfc3339(at), "destination": destination})]


def check_not_aborted(session: Session, command: SessionCommand) -> None:
    """Raises `Refused` for what is no longer done in an aborted session.

    The patient's state is still recorded, and so is what was given before; nothing more is given.
    """
    if session.phase is not Phase.ABORTED:
        return
    match command:
        case GiveDose(given=False, corrects=None) | Close() | RecordClearance():
            pass
        case ControlInfusion(action=InfusionAction.START | InfusionAction.RESUME, given=False):
            pass
        case _:
            return
    raise Refused(
        Refusal.CONFLICT,
        "the session is aborted: nothing is given, cleared or closed any more; record with "
        f"POST /api/v1/sessions/{session.id}/left when the patient has left",
        "session",
    )
