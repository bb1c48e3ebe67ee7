"""What follows from a command on a session, or why it is refused. Pure.

Each function takes the session as it is and gives the events to come of it, as type and
payload; `monitor.bed.bed` numbers and applies them.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.alarm import Alarm
from alerts.evaluation import limit_of, with_limit
from alerts.rules import RuleError, RuleSet, suggest
from drivers.clock import Instant, rfc3339
from monitor.session import decide_records
from monitor.session.commands import (
    Abort,
    Acknowledge,
    AddNote,
    AssignmentAction,
    AssignNurse,
    ClearanceScope,
    Close,
    ConfirmEscort,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    Override,
    RecordClearance,
    RecordObservation,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    RetractRecord,
    SetAlarmLimit,
    StartSession,
)
from monitor.session.discharge import Criterion
from monitor.session.events import Draft
from monitor.session.predose import required_criteria
from monitor.session.record_fields import DoseFields, said
from monitor.session.records import Dose
from monitor.session.session import Phase, Session

SPILL: Final = 1.001
"""How far a sum of doses may be from what was planned, for rounding's sake."""

NEXT_DEVICE_FACTOR: Final = 3.0
"""A dose is the last one when the next has not come within this times their distance."""


def rules_reference(rules: RuleSet) -> dict[str, Any]:
    """Which rules a session is judged by, as it is stored with it."""
    return {"name": rules.name, "version": rules.version, "hash": rules.hash}


def start(bed: str, session: Session | None, command: StartSession, rules: RuleSet) -> Draft:
    """A session starts at an empty bed; a regimen by weight needs the weight."""
    if session is not None and session.is_open:
        raise Refused(
            Refusal.CONFLICT,
            f"{bed} is occupied by {session.patient}; close or abort that session",
            "bed",
        )
    weight_kg = command.weight_kg
    if weight_kg is None and command.regimen.mg_per_kg is not None:
        raise Refused(
            Refusal.INVALID, f"{command.regimen.name} doses by weight; give it", "weight_kg"
        )
    if weight_kg is not None and not 0 < weight_kg < math.inf:
        raise Refused(Refusal.INVALID, "a weight is more than 0 kg", "weight_kg")
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
    return "session.started", payload


def acknowledge(bed: str, alarm: Alarm | None, command: Acknowledge) -> None:
    """Raises `Refused` unless the alarm waits for this person, or has been taken by them."""
    if alarm is None:
        raise Refused(Refusal.UNKNOWN, f"{bed} has no alarm {command.alarm}", "alarm")
    if not alarm.is_open:
        raise Refused(Refusal.CONFLICT, "this alarm has ended", "alarm")
    if alarm.acknowledged and alarm.acknowledged_by != command.by:
        raise Refused(
            Refusal.CONFLICT, f"{alarm.acknowledged_by} has acknowledged this alarm", "alarm"
        )


def prepare(_: Session, command: RecordPreparation, __: Instant) -> list[Draft]:
    """What was asked before the dose; what was not asked stays as it is."""
    medicines = None if command.medicines is None else list(command.medicines)
    payload = {
        "medicines": medicines,
        "escort_planned": command.escort_planned,
        "by": command.by,
    }
    if medicines is None and command.escort_planned is None:
        raise Refused(Refusal.INVALID, "give medicines or escort_planned")
    return [("preparation.recorded", payload)]


Gate = Callable[[datetime], list[Criterion]]
"""The conditions for a first dose at that time."""


def dose(session: Session, command: GiveDose, now: Instant, gate: Gate) -> list[Draft]:
    """A dose is of the regimen's product, in all no more than it plans."""
    regimen = session.regimen
    if command.product != regimen.product:
        raise Refused(Refusal.INVALID, f"regimen {regimen.name} gives {regimen.product}", "product")
    if not 0 < command.mg < math.inf:
        raise Refused(Refusal.INVALID, "a dose is more than 0 mg", "mg")
    corrected_at, corrected = decide_records.correction(session, command.corrects, Dose, command.at)
    others = [dose for dose in session.doses if dose.id != command.corrects]
    given_mg = sum(dose.mg for dose in others)
    planned = regimen.planned_mg(session.weight_kg)
    if planned is not None and given_mg + command.mg > planned * SPILL:
        raise Refused(
            Refusal.CONFLICT,
            f"{given_mg:g} mg of {planned:g} mg are given; "
            f"{command.mg:g} mg more is over regimen {regimen.name}",
            "mg",
        )
    at = decide_records.when(session, corrected_at, now)
    if not corrected and others and at < others[-1].at:
        raise Refused(Refusal.INVALID, "this is before the dose already recorded", "at")
    payload = said(command, DoseFields) | {"by": command.by, "at": rfc3339(at)}
    if session.infusion is None and all(dose.at > at for dose in others):
        payload |= _first(session, command, at, gate)
    return [("dose.given", payload | corrected)]


def _first(session: Session, command: GiveDose, at: datetime, gate: Gate) -> dict[str, Any]:
    """What the first dose says of the gate; corrected at its time, what was said of it then."""
    was = next((dose for dose in session.doses if dose.id == command.corrects), None)
    if was is not None and was.at == at and command.override is None:
        return {"override": was.override}
    conditions = gate(at)
    if was is not None:
        conditions = [c for c in conditions if c.name != "baseline-spo2"]
    return _past(conditions, command.override)


def _past(conditions: list[Criterion], override: Override | None) -> dict[str, Any]:
    """What a first dose says of the gate. Raises `Refused` when it is shut."""
    unmet = [criterion for criterion in conditions if not criterion.met]
    stops = required_criteria(unmet)
    if stops and override is None:
        raise Refused(
            Refusal.CONFLICT,
            "not ready for the dose: "
            + "; ".join(f"{criterion.name} ({criterion.why})" for criterion in stops)
            + ". See to it, or give override with clinician and reason",
            "override",
        )
    return {
        "unmet": [{"name": criterion.name, "why": criterion.why} for criterion in unmet],
        "override": asdict(override) if stops and override else None,
    }


_INFUSION: Final[Mapping[InfusionAction, str]] = {
    InfusionAction.START: "infusion.started",
    InfusionAction.PAUSE: "infusion.paused",
    InfusionAction.RESUME: "infusion.resumed",
    InfusionAction.END: "infusion.ended",
}


def infusion(session: Session, command: ControlInfusion, now: Instant, gate: Gate) -> list[Draft]:
    """An infusion starts once, pauses while it runs, resumes while it is paused, ends once."""
    if not session.regimen.is_infusion:
        raise Refused(Refusal.CONFLICT, f"regimen {session.regimen.name} has no infusion", "action")
    state = _infusion_state(session)
    if command.action not in _POSSIBLE[state]:
        possible = " or ".join(_POSSIBLE[state]) or "nothing more"
        raise Refused(Refusal.CONFLICT, f"the infusion is {state}: {possible}", "action")
    at = decide_records.when(session, command.at, now)
    before = _latest_change(session)
    if before is not None and at < before:
        raise Refused(
            Refusal.INVALID, f"the infusion was already {state} at {rfc3339(before)}", "at"
        )
    payload: dict[str, Any] = {"by": command.by, "at": rfc3339(at), "reason": command.reason}
    if command.action is InfusionAction.START and session.first_dose_at is None:
        payload |= _past(gate(at), command.override)
    return [(_INFUSION[command.action], payload)]


def _latest_change(session: Session) -> datetime | None:
    """When the infusion last started, paused or resumed."""
    if session.infusion is None:
        return None
    turns = [at for pause in session.infusion.pauses for at in pause if at is not None]
    return max([session.infusion.started_at, *turns])


_POSSIBLE: Final[Mapping[str, tuple[InfusionAction, ...]]] = {
    "not started": (InfusionAction.START,),
    "running": (InfusionAction.PAUSE, InfusionAction.END),
    "paused": (InfusionAction.RESUME, InfusionAction.END),
    "ended": (),
}


def _infusion_state(session: Session) -> str:
    if session.infusion is None:
        return "not started"
    if session.infusion.ended_at is not None:
        return "ended"
    return "running" if session.infusion.running else "paused"


def record_clearance(session: Session, command: RecordClearance, _: Instant) -> list[Draft]:
    """A clinician decides on the latest pressure, before the first dose or after it."""
    dosed = session.first_dose_at is not None
    if dosed is (command.scope is ClearanceScope.PRE_DOSE):
        when = "the first dose has been given" if dosed else "no dose has been given yet"
        raise Refused(Refusal.CONFLICT, f"{when}: nothing to decide on {command.scope}", "scope")
    last = session.last_pressure
    if last is None:
        raise Refused(Refusal.CONFLICT, "there is no pressure to decide on: measure first", "scope")
    payload = {
        "scope": command.scope.value,
        "clinician": command.clinician,
        "reason": command.reason,
        "by": command.by,
        "sys": last.sys,
        "dia": last.dia,
    }
    return [("clearance.recorded", payload)]


def set_alarm_limit(session: Session, command: SetAlarmLimit, rules: RuleSet) -> list[Draft]:
    """A clinician gives a rule another limit for this patient, or its own again."""
    by_id = {rule.id: rule for rule in rules.rules}
    if command.rule not in by_id:
        raise Refused(
            Refusal.INVALID,
            f"no rule {command.rule} in set {rules.name}; {suggest(command.rule, by_id)}",
            "rule",
        )
    rule = by_id[command.rule]
    try:
        signal, was = limit_of(rule, command.signal)
    except RuleError as error:
        raise Refused(Refusal.INVALID, str(error), "signal") from error
    try:
        if command.limit is not None:
            with_limit(rule, signal, command.limit)
    except RuleError as error:
        raise Refused(Refusal.INVALID, str(error), "limit") from error
    now = session.patient_limits().get((rule.id, signal))
    if command.limit is None and now is None:
        raise Refused(Refusal.CONFLICT, f"{rule.id} has its own limit for {signal}", "limit")
    payload = {
        "rule": rule.id,
        "signal": signal,
        "limit": command.limit,
        "was": was if now is None else now,
        "clinician": command.clinician,
        "reason": command.reason,
        "by": command.by,
    }
    return [("alarm-limit.set", payload)]


def assign_nurse(session: Session, command: AssignNurse, _: Instant) -> list[Draft]:
    """One nurse watches; another takes over; only who watches hands over or leaves."""
    if command.action is AssignmentAction.TAKE_OVER:
        payload = {"by": command.by, "from": session.nurse}
        return [] if session.nurse == command.by else [("nurse.assigned", payload)]
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


def abort(_: Session, command: Abort, __: Instant) -> list[Draft]:
    """A session can be aborted at any time before its end."""
    return [("session.aborted", {"by": command.by, "reason": command.reason})]


DISCHARGE_TEXT: Final = (
    "No driving or operating machinery for 24 hours and until after a restful sleep."
)


def close(command: Close, criteria: list[Criterion]) -> list[Draft]:
    """The patient leaves when every criterion is met, or on a clinician's word with a reason."""
    unmet = [c for c in criteria if not c.met]
    against = None
    if unmet:
        if not command.clinician or not command.reason:
            raise Refused(
                Refusal.CONFLICT,
                "not ready to leave: "
                + "; ".join(f"{c.name} ({c.why})" for c in unmet)
                + ". Wait, or give against_criteria with clinician and reason",
                "against_criteria",
            )
        against = {"clinician": command.clinician, "reason": command.reason}
    payload = {
        "by": command.by,
        "escort": command.escort,
        "against_criteria": against,
        "criteria": _shown(criteria),
        "discharge_text": DISCHARGE_TEXT,
    }
    return [("session.closed", payload)]


NOT_CLINICAL: Final = frozenset({"window-over", "discharge-checks", "escort"})
"""Criteria that say nothing of how the patient is."""


def progress(
    session: Session, criteria: Callable[[], list[Criterion]], now: Instant
) -> list[Draft]:
    """What the passing of time, or what was seen, makes of the session."""
    if session.phase is Phase.DOSING:
        return [("session.observing", {})] if _dosing_is_over(session, now.wall) else []
    if session.phase not in (Phase.OBSERVING, Phase.READY):
        return []
    if session.phase is Phase.OBSERVING and _says_nothing_new(session, now.wall):
        return []
    found = criteria()
    unmet = [criterion for criterion in found if not criterion.met]
    drafts: list[Draft] = []
    named = [{"name": criterion.name, "why": criterion.why} for criterion in unmet]
    clinical = [item for item in named if item["name"] not in NOT_CLINICAL]
    if not clinical and not _criteria_stand_met(session):
        drafts.append(("session.criteria-met", {"criteria": _shown(found)}))
    if clinical and session.criteria_met_at is not None and session.regimen.checks_can_be_missed:
        drafts.append(("session.criteria-unmet", {"unmet": clinical}))
    if unmet and session.phase is Phase.READY:
        drafts.append(("session.ready-withdrawn", {"unmet": named}))
    if not unmet and session.phase is Phase.OBSERVING:
        drafts.append(("session.ready", {}))
    return drafts


def _criteria_stand_met(session: Session) -> bool:
    """Whether they have been met, without a break, since the last dose."""
    met_at, given_at = session.criteria_met_at, session.last_dose_at
    if met_at is None or not session.regimen.checks_can_be_missed:
        return met_at is not None
    return given_at is None or met_at >= given_at


def _says_nothing_new(session: Session, now: datetime) -> bool:
    """Whether all that the criteria could say is that the window is not over.

    Only of a session recorded before a break of the criteria was told.
    """
    if session.regimen.checks_can_be_missed:
        return False
    ends_at = session.window_ends_at
    return session.criteria_met_at is not None and ends_at is not None and now < ends_at


def _shown(criteria: list[Criterion]) -> list[dict[str, Any]]:
    return [asdict(criterion) for criterion in criteria]


def _dosing_is_over(session: Session, now: datetime) -> bool:
    if session.regimen.is_infusion:
        return session.infusion is not None and session.infusion.ended_at is not None
    planned_mg = session.regimen.planned_mg(session.weight_kg)
    if planned_mg is not None and session.given_mg >= planned_mg / SPILL:
        return True
    apart = timedelta(minutes=max(session.regimen.devices_apart_min, 5) * NEXT_DEVICE_FACTOR)
    return session.last_dose_at is not None and now - session.last_dose_at > apart


HANDLERS: Final[Mapping[type[Any], Callable[[Session, Any, Instant], list[Draft]]]] = {
    RecordPreparation: prepare,
    RecordScore: decide_records.score,
    RecordSymptom: decide_records.symptom,
    RecordObservation: decide_records.observation,
    RecordPressure: decide_records.pressure,
    RetractRecord: decide_records.retract,
    RecordClearance: record_clearance,
    AssignNurse: assign_nurse,
    AddNote: note,
    ConfirmEscort: escort,
    Abort: abort,
}
