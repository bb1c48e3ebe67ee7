"""The pre-dose criteria as sessions had them that were recorded before the second edition of them.

They ask whether a value exists, before the first dose alone. Kept, so that such a session is
replayed as it was. The remarks that are the same today are shared. Pure; today's criteria are in
`monitor.session.predose`.
"""

from datetime import datetime, timedelta

from monitor.session.commands import ClearanceScope
from monitor.session.criterion import Criterion
from monitor.session.records import Pressure
from monitor.session.session import Session


def former_predose_criteria(session: Session, spo2: float | None, at: datetime) -> list[Criterion]:
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
        starting_dose(session),
        Criterion("medicines", session.medicines is not None, _medicines(session), required=False),
        escort_planned(session),
    ]


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
    decided = session.clearance_for(ClearanceScope.PREDOSE_PRESSURE, last)
    if decided is None:
        limit = f"{over.sys_over:.0f}/{over.dia_over:.0f}"
        return Criterion(name, False, f"{shown} is over {limit}: a clinician decides")
    return Criterion(name, True, f"{shown}, {decided.clinician}: {decided.reason}")


def _scored(session: Session, scale: str, at: datetime) -> Criterion:
    found = [s for s in session.scores if s.scale == scale and s.at <= at]
    why = f"{found[-1].total}" if found else "not scored yet"
    return Criterion(f"baseline-{scale}", bool(found), why)


def _medicines(session: Session) -> str:
    if session.medicines is None:
        return "ask for sedatives, opioids, stimulants, MAO inhibitors"
    return ", ".join(session.medicines) or "none"


def starting_dose(session: Session) -> Criterion:
    """From an age on the first dose is smaller; a remark."""
    name, start = "starting-dose", session.regimen.start_dose
    planned_mg = session.planned_mg
    if start is None or session.number != 1 or planned_mg is None or session.age is None:
        return Criterion(name, True, "as planned", required=False)
    if session.age < start.from_age or planned_mg <= start.most_mg:
        return Criterion(name, True, f"{planned_mg:g} mg", required=False)
    why = f"{planned_mg:g} mg is planned; from {start.from_age} on the first is {start.most_mg:g}"
    return Criterion(name, False, why, required=False)


def escort_planned(session: Session) -> Criterion:
    """Who takes the patient home; a remark."""
    planned = session.escort_planned
    why = {None: "ask who takes the patient home", True: "planned", False: "nobody yet"}[planned]
    return Criterion("escort-planned", bool(planned), why, required=False)
