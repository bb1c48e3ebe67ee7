"""Whether the first dose may be given: each condition, met or not, and why. Pure.

What is required and not met needs a clinician's name and reason; the rest is asked for.
"""

from datetime import datetime, timedelta
from typing import Final

from monitor.session.commands import ClearanceScope
from monitor.session.discharge import Criterion
from monitor.session.records import Pressure
from monitor.session.session import Session

ADVISORY_CRITERIA: Final = frozenset({"starting-dose", "medicines", "escort-planned"})
"""What is asked for, and does not stop a dose."""


def predose_criteria(session: Session, spo2: float | None, at: datetime) -> list[Criterion]:
    """Every condition for a first dose at `at`; `spo2` is None when missing or stale."""
    before = [pressure for pressure in session.pressures if pressure.at <= at]
    last = before[-1] if before else None
    seen = "no SpO2 now" if spo2 is None else f"{spo2:.0f} %"
    return [
        _pressure(session, last, at),
        _not_over(session, last),
        Criterion("baseline-spo2", spo2 is not None, seen),
        _scored(session, "cadss", at),
        _scored(session, "moaas", at),
        _starting_dose(session),
        Criterion("medicines", session.medicines is not None, _medicines(session)),
        Criterion("escort-planned", bool(session.escort_planned), _escort(session)),
    ]


def required_criteria(unmet: list[Criterion]) -> list[Criterion]:
    """Those of the conditions that stop a dose."""
    return [criterion for criterion in unmet if criterion.name not in ADVISORY_CRITERIA]


def _pressure(session: Session, last: Pressure | None, at: datetime) -> Criterion:
    name, within_min = "baseline-pressure", session.regimen.gate.pressure_fresh_min
    if last is None:
        return Criterion(name, False, "no pressure yet")
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    ago = at - last.at
    if ago > timedelta(minutes=within_min):
        minutes = ago / timedelta(minutes=1)
        return Criterion(name, False, f"{shown} is {minutes:.0f} min old: measure again")
    return Criterion(name, True, shown)


def _not_over(session: Session, last: Pressure | None) -> Criterion:
    name, over = "pressure-acceptable", session.regimen.gate
    if last is None:
        return Criterion(name, False, "no pressure yet")
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    if last.sys <= over.sys_over and last.dia <= over.dia_over:
        return Criterion(name, True, shown)
    decided = session.clearance_for(ClearanceScope.PRE_DOSE, last)
    if decided is None:
        limit = f"{over.sys_over:.0f}/{over.dia_over:.0f}"
        return Criterion(name, False, f"{shown} is over {limit}: a clinician decides")
    return Criterion(name, True, f"{shown}, {decided.clinician}: {decided.reason}")


def _scored(session: Session, scale: str, at: datetime) -> Criterion:
    found = [s for s in session.scores if s.scale == scale and s.at <= at]
    why = f"{found[-1].total}" if found else "not scored yet"
    return Criterion(f"baseline-{scale}", bool(found), why)


def _starting_dose(session: Session) -> Criterion:
    name, start = "starting-dose", session.regimen.start_dose
    planned_mg = session.regimen.planned_mg(session.weight_kg)
    is_first = session.number == 1
    if start is None or not is_first or planned_mg is None or session.age is None:
        return Criterion(name, True, "as planned")
    if session.age < start.from_age or planned_mg <= start.most_mg:
        return Criterion(name, True, f"{planned_mg:g} mg")
    why = f"{planned_mg:g} mg is planned; from {start.from_age} on the first is {start.most_mg:g}"
    return Criterion(name, False, why)


def _medicines(session: Session) -> str:
    if session.medicines is None:
        return "ask for sedatives, opioids, stimulants, MAO inhibitors"
    return ", ".join(session.medicines) or "none"


def _escort(session: Session) -> str:
    if session.escort_planned is None:
        return "ask who takes the patient home"
    return "planned" if session.escort_planned else "nobody yet"
