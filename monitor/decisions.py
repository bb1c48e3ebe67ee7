"""What follows from a command on a session, or why it is refused. Pure.

Each function takes the session as it is and gives the events to come of it, as type and
payload; `monitor.bed` numbers and applies them.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.lifecycle import Alarm
from alerts.rules import SCORES, RuleSet
from drivers.clock import Instant, rfc3339
from monitor.commands import (
    Abort,
    Acknowledge,
    AddNote,
    Close,
    ConfirmEscort,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    RecordScore,
    Refusal,
    Refused,
    StartSession,
)
from monitor.discharge import Criterion
from monitor.events import Draft
from monitor.session import Phase, Session

SPILL: Final = 1.001
"""How far a sum of doses may be from what was planned, for rounding's sake."""

CADSS_ITEMS: Final = 23
CADSS_ITEM_MOST: Final = 4
NEXT_DEVICE_FACTOR: Final = 3.0
"""A dose is the last one when the next has not come within this times their distance."""

AHEAD: Final = timedelta(minutes=1)
"""How far a clock beside the bed may run ahead of ours before its time is refused."""


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
        "regimen": command.regimen.model_dump(mode="json"),
        "medicines": list(command.medicines),
        "rules": {"name": rules.name, "version": rules.version, "hash": rules.hash},
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


def dose(session: Session, command: GiveDose, now: Instant) -> list[Draft]:
    """A dose is of the regimen's product, in all no more than it plans."""
    regimen = session.regimen
    if command.product != regimen.product:
        raise Refused(Refusal.INVALID, f"regimen {regimen.name} gives {regimen.product}", "product")
    if not 0 < command.mg < math.inf:
        raise Refused(Refusal.INVALID, "a dose is more than 0 mg", "mg")
    planned = regimen.planned_mg(session.weight_kg)
    if planned is not None and session.given_mg + command.mg > planned * SPILL:
        raise Refused(
            Refusal.CONFLICT,
            f"{session.given_mg:g} mg of {planned:g} mg are given; "
            f"{command.mg:g} mg more is over regimen {regimen.name}",
            "mg",
        )
    at = _when(session, command.at, now)
    if session.doses and at < session.doses[-1].at:
        raise Refused(Refusal.INVALID, "this is before the dose already recorded", "at")
    payload = {
        "product": command.product,
        "mg": command.mg,
        "lot": command.lot,
        "by": command.by,
        "at": rfc3339(at),
    }
    return [("dose.given", payload)]


_INFUSION: Final[Mapping[InfusionAction, str]] = {
    InfusionAction.START: "infusion.started",
    InfusionAction.PAUSE: "infusion.paused",
    InfusionAction.RESUME: "infusion.resumed",
    InfusionAction.END: "infusion.ended",
}


def infusion(session: Session, command: ControlInfusion, _: Instant) -> list[Draft]:
    """An infusion starts once, pauses while it runs, resumes while it is paused, ends once."""
    if not session.regimen.is_infusion:
        raise Refused(Refusal.CONFLICT, f"regimen {session.regimen.name} has no infusion", "action")
    state = _infusion_state(session)
    if command.action not in _POSSIBLE[state]:
        possible = " or ".join(_POSSIBLE[state]) or "nothing more"
        raise Refused(Refusal.CONFLICT, f"the infusion is {state}: {possible}", "action")
    return [(_INFUSION[command.action], {"by": command.by})]


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


def score(session: Session, command: RecordScore, now: Instant) -> list[Draft]:
    """A score lies on its scale; its items, where given, make its total."""
    if command.scale not in SCORES:
        raise Refused(Refusal.INVALID, f"scale is one of {', '.join(SCORES)}", "scale")
    least, most = SCORES[command.scale]
    total = _total(command)
    if not least <= total <= most:
        raise Refused(
            Refusal.INVALID, f"{command.scale} goes from {least} to {most}, not {total}", "total"
        )
    payload = {
        "scale": command.scale,
        "total": total,
        "items": {str(k): v for k, v in command.items.items()} if command.items else None,
        "by": command.by,
        "at": rfc3339(_when(session, command.at, now)),
    }
    return [("score.recorded", payload)]


def _total(command: RecordScore) -> int:
    if command.items is None:
        if command.total is None:
            raise Refused(Refusal.INVALID, "give total or items", "total")
        return command.total
    if command.scale != "cadss":
        raise Refused(Refusal.INVALID, f"{command.scale} has no items; give total", "items")
    wrong = [
        n
        for n, points in command.items.items()
        if not (1 <= n <= CADSS_ITEMS and 0 <= points <= CADSS_ITEM_MOST)
    ]
    if wrong:
        raise Refused(
            Refusal.INVALID,
            f"item {wrong[0]}: items 1 to {CADSS_ITEMS} take 0 to {CADSS_ITEM_MOST}",
            "items",
        )
    missing = CADSS_ITEMS - len(command.items)
    if missing:
        raise Refused(Refusal.INVALID, f"{missing} of {CADSS_ITEMS} items are missing", "items")
    total = sum(command.items.values())
    if command.total is not None and command.total != total:
        raise Refused(Refusal.INVALID, f"the items make {total}, not {command.total}", "total")
    return total


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
        "criteria": [{"name": c.name, "met": c.met, "why": c.why} for c in criteria],
        "discharge_text": DISCHARGE_TEXT,
    }
    return [("session.closed", payload)]


def progress(
    session: Session, criteria: Callable[[], list[Criterion]], now: Instant
) -> list[Draft]:
    """What the passing of time, or what was seen, makes of the session."""
    if session.phase is Phase.DOSING:
        return [("session.observing", {})] if _dosing_is_over(session, now.wall) else []
    if session.phase not in (Phase.OBSERVING, Phase.READY):
        return []
    unmet = [{"name": c.name, "why": c.why} for c in criteria() if not c.met]
    if unmet and session.phase is Phase.READY:
        return [("session.not-ready", {"unmet": unmet})]
    if not unmet and session.phase is Phase.OBSERVING:
        return [("session.ready", {})]
    return []


def _dosing_is_over(session: Session, now: datetime) -> bool:
    if session.regimen.is_infusion:
        return session.infusion is not None and session.infusion.ended_at is not None
    planned_mg = session.regimen.planned_mg(session.weight_kg)
    if planned_mg is not None and session.given_mg >= planned_mg / SPILL:
        return True
    apart = timedelta(minutes=max(session.regimen.devices_apart_min, 5) * NEXT_DEVICE_FACTOR)
    return session.last_dose_at is not None and now - session.last_dose_at > apart


def _when(session: Session, at: datetime | None, now: Instant) -> datetime:
    if at is None:
        return now.wall
    if at > now.wall + AHEAD:
        raise Refused(Refusal.INVALID, "this time has not come yet", "at")
    if at < session.started_at:
        raise Refused(Refusal.INVALID, "this is before the session began", "at")
    return at


DECISIONS: Final[Mapping[type[Any], Callable[[Session, Any, Instant], list[Draft]]]] = {
    GiveDose: dose,
    ControlInfusion: infusion,
    RecordScore: score,
    AddNote: note,
    ConfirmEscort: escort,
    Abort: abort,
}
