"""What follows from a command on a session, or why it is refused. Pure.

Each function takes the session as it is and gives the events to come of it, as type and
payload; `monitor.bed.bed` numbers and applies them.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.alarm import Alarm, State
from alerts.rules import RuleSet
from drivers.clock import Instant
from monitor.session import decide_abort, decide_records, dose_time, dosing_stop
from monitor.session.attendance import is_present
from monitor.session.commands import (
    Acknowledge,
    AddNote,
    AssignmentAction,
    AssignNurse,
    Close,
    ConfirmDoseTime,
    ConfirmEscort,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    RetractRecord,
    StartSession,
    StopDosing,
)
from monitor.session.criterion import Criterion, as_json, as_text
from monitor.session.decide_abort import DISCHARGE_TEXT
from monitor.session.decide_administration import prepare
from monitor.session.events import Draft
from monitor.session.regimen import Regimen
from monitor.session.session import Phase, Session

NEXT_DEVICE_FACTOR: Final = 3.0
"""A dose is the last one when the next has not come within this times their distance."""


def rules_reference(rules: RuleSet) -> dict[str, Any]:
    """Which rules a session is judged by, as it is stored with it."""
    return {"name": rules.name, "version": rules.version, "hash": rules.hash}


def start(bed: str, session: Session | None, command: StartSession, rules: RuleSet) -> Draft:
    """A session starts at an empty bed; a regimen by weight needs the weight."""
    if session is not None and session.is_open:
        mend = "close or abort that session"
        if session.phase is Phase.ABORTED:
            left = f"POST /api/v1/sessions/{session.id}/left"
            mend = f"that session is aborted: record with {left} when the patient has left"
        message = f"{bed} is occupied by {session.patient}; {mend}"
        raise Refused(Refusal.CONFLICT, message, "bed")
    weight_kg = command.weight_kg
    check_weight(command.regimen, weight_kg)
    payload = {
        "patient": command.patient,
        "age": command.age,
        "weight_kg": weight_kg,
        "regimen": command.regimen.as_given(),
        "medicines": None if command.medicines is None else list(command.medicines),
        "escort_planned": command.escort_planned,
        "number": command.number,
        "rules": rules_reference(rules),
        "by": command.by,
    }
    if command.also_at is not None:
        payload["also_at"] = command.also_at
    return "session.started", payload


def check_weight(regimen: Regimen, weight_kg: float | None) -> None:
    """Raises `Refused` for a weight that cannot be, and for none where the dose needs one."""
    if weight_kg is None and regimen.mg_per_kg is not None:
        raise Refused(Refusal.INVALID, f"{regimen.name} doses by weight; give it", "weight_kg")
    if weight_kg is not None and not 0 < weight_kg < math.inf:
        raise Refused(Refusal.INVALID, "a weight is more than 0 kg", "weight_kg")


def acknowledge(bed: str, alarm: Alarm | None, command: Acknowledge) -> None:
    """Raises `Refused` unless the alarm waits for this person, or has been taken by them.

    One whose condition is over waits for anybody, whoever acknowledged it before.
    """
    if alarm is None:
        raise Refused(Refusal.UNKNOWN, f"{bed} has no alarm {command.alarm}", "alarm")
    if not alarm.is_open:
        raise Refused(Refusal.CONFLICT, "this alarm has ended", "alarm")
    is_theirs = alarm.acknowledged_by in (None, command.by)
    if alarm.state is State.ACTIVE and not is_theirs:
        raise Refused(
            Refusal.CONFLICT, f"{alarm.acknowledged_by} has acknowledged this alarm", "alarm"
        )


def assign_nurse(session: Session, command: AssignNurse, _: Instant) -> list[Draft]:
    """One nurse watches; another takes over; only who watches hands over or leaves.

    Somebody else may join, and leaves as well.
    """
    if command.action is AssignmentAction.TAKE_OVER:
        payload = {"by": command.by, "from": session.nurse}
        return [] if session.nurse == command.by else [("nurse.assigned", payload)]
    if command.action is AssignmentAction.JOIN:
        is_there = session.nurse == command.by or is_present(session.attendance, command.by)
        return [] if is_there else [("presence.started", {"by": command.by})]
    if command.action is AssignmentAction.LEAVE and is_present(session.attendance, command.by):
        return [("presence.ended", {"by": command.by})]
    if session.nurse != command.by:
        watching = f"{session.nurse} watches" if session.nurse else "nobody watches"
        raise Refused(Refusal.CONFLICT, f"{watching} this bed; take over first", "by")
    if command.action is AssignmentAction.LEAVE:
        return [("nurse.unassigned", {"by": command.by})]
    if command.to is None or command.to == command.by:
        raise Refused(Refusal.INVALID, "say to whom the bed is handed over", "to")
    return [("nurse.handover-offered", {"by": command.by, "to": command.to})]


def note(_: Session, command: AddNote, __: Instant) -> list[Draft]:
    """A note is kept as it is."""
    return [("note.added", {"text": command.text, "by": command.by})]


def escort(session: Session, command: ConfirmEscort, _: Instant) -> list[Draft]:
    """An escort is confirmed once."""
    return [] if session.escort else [("escort.confirmed", {"by": command.by})]


def close(session: Session, command: Close, criteria: list[Criterion]) -> list[Draft]:
    """The patient leaves when every criterion is met, or on a clinician's word with a reason."""
    edition = session.regimen.edition
    if edition >= 3:
        criteria = [*criteria, _suicidality(command)]
    unmet = [criterion for criterion in criteria if criterion.stops]
    against = None
    if unmet:
        if not command.clinician or not command.reason:
            raise Refused(
                Refusal.CONFLICT,
                f"not ready to leave: {as_text(unmet)}. "
                "Wait, or give against_criteria with clinician and reason",
                "against_criteria",
            )
        against = {"clinician": command.clinician, "reason": command.reason}
    payload = {
        "by": command.by,
        "escort": command.escort,
        "against_criteria": against,
        "criteria": as_json(criteria, edition=edition),
        "discharge_text": DISCHARGE_TEXT,
    }
    if edition >= 3:
        payload["suicidality"] = command.suicidality
    return [("session.closed", payload)]


def _suicidality(command: Close) -> Criterion:
    """What is asked once more at the close."""
    why = {None: "ask for suicidal thoughts", "none": "none"}.get(command.suicidality, "a concern")
    return Criterion("suicidality", command.suicidality == "none", why)


NOT_CLINICAL: Final = frozenset({"window-over", "discharge-checks", "dose-time", "escort"})
"""Criteria that say nothing of how the patient is."""


def progress(
    session: Session, criteria: Callable[[], list[Criterion]], now: Instant
) -> list[Draft]:
    """What the passing of time, or what was seen, makes of the session."""
    if session.phase is Phase.DOSING:
        return [("session.observing", {})] if dosing_is_over(session, now.wall) else []
    if session.phase not in (Phase.OBSERVING, Phase.READY):
        return []
    if session.phase is Phase.OBSERVING and _says_nothing_new(session, now.wall):
        return []
    found = criteria()
    unmet = [criterion for criterion in found if criterion.stops]
    drafts: list[Draft] = []
    named = [{"name": criterion.name, "why": criterion.why} for criterion in unmet]
    clinical = [item for item in named if item["name"] not in NOT_CLINICAL]
    if not clinical and not _criteria_stand_met(session):
        as_found = as_json(found, edition=session.regimen.edition)
        drafts.append(("session.criteria-met", {"criteria": as_found}))
    if clinical and session.criteria_met_at is not None and session.regimen.edition >= 3:
        drafts.append(("session.criteria-unmet", {"unmet": clinical}))
    if unmet and session.phase is Phase.READY:
        drafts.append(("session.ready-withdrawn", {"unmet": named}))
    if not unmet and session.phase is Phase.OBSERVING:
        drafts.append(("session.ready", {}))
    return drafts


def _criteria_stand_met(session: Session) -> bool:
    """Whether they have been met, without a break, since the last dose."""
    met_at, given_at = session.criteria_met_at, session.last_dose_at
    if met_at is None or session.regimen.edition < 3:
        return met_at is not None
    return given_at is None or met_at >= given_at


def _says_nothing_new(session: Session, now: datetime) -> bool:
    """Whether all that the criteria could say is that the window is not over.

    Only of a session recorded before a break of the criteria was told.
    """
    if session.regimen.edition >= 3:
        return False
    ends_at = session.window_ends_at
    return session.criteria_met_at is not None and ends_at is not None and now < ends_at


def dosing_is_over(session: Session, now: datetime) -> bool:
    """Whether all that is planned has been given, or the next of it has not come in time."""
    if session.regimen.is_infusion:
        return session.infusion is not None and session.infusion.ended_at is not None
    if session.is_all_given or dosing_stop.standing_stop(session) is not None:
        return True
    apart = timedelta(minutes=max(session.regimen.devices_apart_min, 5) * NEXT_DEVICE_FACTOR)
    return session.last_dose_at is not None and now - session.last_dose_at > apart


HANDLERS: Final[Mapping[type[Any], Callable[[Session, Any, Instant], list[Draft]]]] = {
    RecordPreparation: prepare,
    StopDosing: dosing_stop.stop_dosing,
    RecordScore: decide_records.score,
    RecordSymptom: decide_records.symptom,
    RecordObservation: decide_records.observation,
    RecordPressure: decide_records.pressure,
    RetractRecord: decide_records.retract,
    AssignNurse: assign_nurse,
    AddNote: note,
    ConfirmEscort: escort,
    ConfirmDoseTime: dose_time.confirm,
    RecordPatientLeft: decide_abort.patient_left,
}
