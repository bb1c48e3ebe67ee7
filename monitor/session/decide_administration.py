"""What follows from a dose, from what an infusion does, and from what is asked before. Pure.

Each function takes the session as it is and gives the events to come of it, as type and
payload, or raises `Refused`. The pre-dose criteria refuse only what has not been given yet:
what was given is always taken, with the reason for what it deviates from.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any, Final, Protocol

from alerts.rules import suggest
from drivers.clock import Instant, rfc3339
from monitor.session import against_regimen, decide_records
from monitor.session.baseline import end_of_minute
from monitor.session.clearance import NEVER_CLEARED, Situation
from monitor.session.commands import (
    ClearanceScope,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    Override,
    RecordClearance,
    RecordPreparation,
    Refusal,
    Refused,
)
from monitor.session.criterion import Criterion, as_text
from monitor.session.events import Draft
from monitor.session.predose import is_expecting
from monitor.session.record_fields import MEDICINE_CLASSES, DoseFields, PreparationFields, said
from monitor.session.records import Dose
from monitor.session.session import Session


class Gate(Protocol):
    """The conditions for an administration at that time, in the session or another view of it."""

    def __call__(self, at: datetime, of: Session = ...) -> list[Criterion]: ...


# ── what is asked before ────────────────────────────────────────────────────────────────


def prepare(session: Session, command: RecordPreparation, _: Instant) -> list[Draft]:
    """What was asked before the dose; what was not asked stays as it is."""
    answers = said(command, PreparationFields)
    answers["medicine_classes"] = command.medicine_classes
    if command.confirmed is not None:
        answers["confirmed"] = asdict(command.confirmed)
    answers = {name: answer for name, answer in answers.items() if answer is not None}
    medicines = None if command.medicines is None else list(command.medicines)
    if medicines is None and command.escort_planned is None and not answers:
        raise Refused(Refusal.INVALID, "give medicines or escort_planned, or another answer")
    gate = session.regimen.gate
    _known(session, "medicines", command.medicine_classes or (), tuple(MEDICINE_CLASSES))
    _known(session, "contraindications", command.contraindications or (), gate.contraindications)
    _known(session, "cautions", command.cautions or (), gate.cautions)
    _known(session, "fasting", command.fasting or (), gate.fasting)
    named = {"medicines": medicines, "escort_planned": command.escort_planned}
    return [("preparation.recorded", named | answers | {"by": command.by})]


def _known(session: Session, field: str, names: Collection[str], asked: tuple[str, ...]) -> None:
    regimen = session.regimen.name
    if names and not asked:
        why = f"regimen {regimen} asks for no {field}: leave {field} out"
        raise Refused(Refusal.INVALID, why, field)
    for name in names:
        if name not in asked:
            raise Refused(
                Refusal.INVALID,
                f"regimen {regimen} asks for no {field} {name}; {suggest(name, asked)}",
                field,
            )


# ── doses ───────────────────────────────────────────────────────────────────────────────


def dose(session: Session, command: GiveDose, now: Instant, gate: Gate) -> list[Draft]:
    """A dose is of the regimen's product, in all no more than it plans, a device at a time."""
    if not 0 < command.mg < math.inf:
        raise Refused(Refusal.INVALID, "a dose is more than 0 mg", "mg")
    edition = session.regimen.edition
    corrected_at, corrected = decide_records.correction(session, command.corrects, Dose, command.at)
    was = next((dose for dose in session.doses if dose.id == command.corrects), None)
    others = tuple(dose for dose in session.doses if dose is not was)
    at = against_regimen.given_at(session, command, corrected_at, now, was)
    against = [*against_regimen.of_dose(session, command, at, was)]
    if edition < 3 or not command.given:
        against_regimen.check_to_give(session, against)
    payload = said(command, DoseFields) | {"by": command.by, "at": rfc3339(at)}
    if edition < 3:
        if session.infusion is None and all(dose.at > at for dose in others):
            payload |= _former_first(was, command, at, gate)
    elif was is not None and _is_as_it_was(was, command, at):
        payload |= {} if was.deviation is None else {"deviation": was.deviation}
    elif session.infusion is None:
        criteria = [*gate(at, replace(session, doses=others)), *against]
        payload |= _administered(command, criteria)
    return [("dose.given", payload | corrected)]


def _is_as_it_was(was: Dose, command: GiveDose, at: datetime) -> bool:
    """Whether a correction changes nothing that the criteria judge."""
    same = (was.at, was.mg, was.product) == (at, command.mg, command.product)
    return same and command.deviation is None


def _administered(command: GiveDose | ControlInfusion, criteria: list[Criterion]) -> dict[str, Any]:
    """What an administration says of the criteria. Raises `Refused` when one stops it."""
    if command.deviation is not None and not command.given:
        raise Refused(Refusal.INVALID, "a deviation is of what was given: say given", "given")
    unmet = [criterion for criterion in criteria if not criterion.met]
    stops = [criterion for criterion in unmet if criterion.stops]
    words = as_text(stops)
    if stops and not command.given:
        raise Refused(
            Refusal.CONFLICT,
            f"not ready for the dose: {words}. See to it, or have a clinician clear what can be "
            f"cleared; {against_regimen.GIVEN_ALL_THE_SAME}",
            "given",
        )
    if stops and command.deviation is None:
        raise Refused(Refusal.CONFLICT, f"given against {words}: say in deviation why", "deviation")
    shown = [{"name": each.name, "why": each.why, "cleared_by": each.cleared_by} for each in unmet]
    deviation = command.deviation and {
        "reason": command.deviation.reason,
        "unmet": [criterion.name for criterion in stops],
    }
    return {"unmet": shown, "deviation": deviation}


def _former_first(was: Dose | None, command: GiveDose, at: datetime, gate: Gate) -> dict[str, Any]:
    """What the first dose says of the gate; corrected at its time, what was said of it then."""
    if was is not None and was.at == at and command.override is None:
        return {"override": was.override}
    conditions = gate(at)
    if was is not None:
        conditions = [c for c in conditions if c.name != "baseline-spo2"]
    return _formerly_administered(conditions, command.override)


def _formerly_administered(
    conditions: list[Criterion], override: Override | None
) -> dict[str, Any]:
    """What a first dose says of the gate. Raises `Refused` when it is shut."""
    unmet = [criterion for criterion in conditions if not criterion.met]
    stops = [criterion for criterion in unmet if criterion.required]
    if stops and override is None:
        raise Refused(
            Refusal.CONFLICT,
            f"not ready for the dose: {as_text(stops)}. "
            "See to it, or give override with clinician and reason",
            "override",
        )
    return {
        "unmet": [{"name": criterion.name, "why": criterion.why} for criterion in unmet],
        "override": asdict(override) if stops and override else None,
    }


# ── infusions ───────────────────────────────────────────────────────────────────────────

_INFUSION: Final[Mapping[InfusionAction, str]] = {
    InfusionAction.START: "infusion.started",
    InfusionAction.PAUSE: "infusion.paused",
    InfusionAction.RESUME: "infusion.resumed",
    InfusionAction.END: "infusion.ended",
}

_ADMINISTERS: Final = frozenset({InfusionAction.START, InfusionAction.RESUME})


def infusion(session: Session, command: ControlInfusion, now: Instant, gate: Gate) -> list[Draft]:
    """An infusion starts once, pauses while it runs, resumes while it is paused, ends once."""
    if not session.regimen.is_infusion:
        raise Refused(Refusal.CONFLICT, f"regimen {session.regimen.name} has no infusion", "action")
    state = _infusion_state(session)
    if command.action not in _POSSIBLE[state]:
        possible = " or ".join(_POSSIBLE[state]) or "nothing more"
        raise Refused(Refusal.CONFLICT, f"the infusion is {state}: {possible}", "action")
    at = against_regimen.given_at(session, command, command.at, now)
    before = _latest_change(session)
    if before is not None and at < before:
        if session.regimen.edition < 3 or end_of_minute(at, now.wall) < before:
            raise Refused(
                Refusal.INVALID, f"the infusion was already {state} at {rfc3339(before)}", "at"
            )
        at = before
    payload: dict[str, Any] = {"by": command.by, "at": rfc3339(at), "reason": command.reason}
    if command.lot is not None:
        payload["lot"] = command.lot
    if session.regimen.edition < 3:
        if command.action is InfusionAction.START and session.first_dose_at is None:
            payload |= _formerly_administered(gate(at), command.override)
    elif command.action in _ADMINISTERS:
        payload |= _administered(command, [*gate(at), *against_regimen.of_time(session, at)])
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


# ── clearances ──────────────────────────────────────────────────────────────────────────


def record_clearance(
    session: Session, command: RecordClearance, criteria: list[Criterion], situation: Situation
) -> list[Draft]:
    """A clinician decides that what waits for `items` of the `criteria` goes on.

    The criteria are those of the command's scope as they stand.
    """
    last = session.last_pressure
    payload: dict[str, Any] = {
        "scope": command.scope.value,
        "clinician": command.clinician,
        "reason": command.reason,
        "by": command.by,
        "sys": None if last is None else last.sys,
        "dia": None if last is None else last.dia,
    }
    if session.regimen.edition < 3:
        _formerly_clearable(session, command.scope)
        return [("clearance.recorded", payload)]
    if command.scope is ClearanceScope.DOSE and not is_expecting(session):
        raise Refused(Refusal.CONFLICT, "no administration is to come", "scope")
    if command.scope is ClearanceScope.LEAVING and session.first_dose_at is None:
        raise Refused(Refusal.CONFLICT, "no dose has been given yet", "scope")
    if not command.items:
        raise Refused(Refusal.INVALID, "name the criteria that are cleared", "items")
    by_name = {criterion.name: criterion for criterion in criteria if criterion.required}
    for item in command.items:
        _clearable(item, by_name, command.scope)
    payload |= {
        "items": list(command.items),
        "seen": dict(situation.values),
        "alarms": situation.alarm_ids,
    }
    return [("clearance.recorded", payload)]


def _clearable(item: str, by_name: Mapping[str, Criterion], scope: ClearanceScope) -> None:
    if item not in by_name:
        raise Refused(Refusal.INVALID, f"no criterion {item}; {suggest(item, by_name)}", "items")
    if item in NEVER_CLEARED[scope]:
        if scope is ClearanceScope.DOSE:
            raise Refused(Refusal.CONFLICT, f"{by_name[item].why}; nobody clears that", "items")
        mend = "wait, do it, or close against criteria"
        raise Refused(Refusal.CONFLICT, f"nobody clears {item}: {mend}", "items")
    if by_name[item].met:
        why = f"{item} is met ({by_name[item].why}): nothing to decide on"
        raise Refused(Refusal.CONFLICT, why, "items")


def _formerly_clearable(session: Session, scope: ClearanceScope) -> None:
    dosed = session.first_dose_at is not None
    if dosed is (scope is ClearanceScope.PREDOSE_PRESSURE):
        when = "the first dose has been given" if dosed else "no dose has been given yet"
        raise Refused(Refusal.CONFLICT, f"{when}: nothing to decide on {scope}", "scope")
    if session.last_pressure is None:
        raise Refused(Refusal.CONFLICT, "there is no pressure to decide on: measure first", "scope")
