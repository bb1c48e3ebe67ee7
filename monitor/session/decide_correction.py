"""What follows from putting right what a session was started with, or why it is refused. Pure.

Age and weight are corrected at any time while the session is open; after the first dose the
regimen only to another way of giving the same product by the same route. What was done, missed
and given stays as it was; what was given over the corrected plan is a deviation, and named by
`monitor.patient.deviations`. Records are corrected in `monitor.session.decide_records`.
"""

import math
from dataclasses import replace
from datetime import datetime
from operator import attrgetter
from typing import Any, Final

from drivers.clock import Instant, rfc3339
from monitor.session.commands import CorrectSession, Refusal, Refused
from monitor.session.decide import check_weight, dosing_is_over
from monitor.session.events import Draft
from monitor.session.regimen import Regimen
from monitor.session.schedule import CheckState, planned_checks
from monitor.session.session import Phase, Session

_OBSERVED: Final = (Phase.OBSERVING, Phase.READY)


def correct(session: Session, command: CorrectSession, now: Instant) -> list[Draft]:
    """The session is put right, and dosing goes on where more is planned now."""
    was = _on_record(session)
    said = {name: getattr(command, name) for name in was}
    said["regimen"] = None if command.regimen is None else command.regimen.name
    if all(value is None for value in said.values()):
        raise Refused(Refusal.INVALID, f"give one of {', '.join(said)}", "age")
    changed = {name: value for name, value in said.items() if value not in (None, was[name])}
    if not changed:
        raise Refused(Refusal.CONFLICT, "that is what is on record already")
    regimen = session.regimen
    if command.regimen is not None and "regimen" in changed:
        regimen = command.regimen
    weight_kg = changed.get("weight_kg", session.weight_kg)
    check_weight(regimen, weight_kg)
    _check_regimen(session, regimen)
    corrected = replace(session, weight_kg=weight_kg, regimen=regimen)
    _check_infusion(session, corrected, command.infusion_mg)
    if command.infusion_mg is not None and corrected.planned_mg != session.planned_mg:
        changed["infusion_mg"] = command.infusion_mg
    payload = {
        "was": {name: was[name] for name in changed},
        "now": changed,
        "reason": command.reason,
        "by": command.by,
        **_of_regimen(session, regimen, now.wall),
    }
    drafts: list[Draft] = [("session.corrected", payload)]
    goes_on = session.phase in _OBSERVED and corrected.planned_mg != session.planned_mg
    if goes_on and not dosing_is_over(corrected, now.wall):
        drafts.append(("session.dosing", {}))
    return drafts


def _check_regimen(session: Session, regimen: Regimen) -> None:
    """Raises `Refused` unless it can take the place of the session's own."""
    was, of = session.regimen, attrgetter("product", "route", "is_infusion")
    if regimen.edition != was.edition:
        why = "this session began under an earlier version: abort it, and start another"
        raise Refused(Refusal.CONFLICT, why, "regimen")
    if session.first_dose_at is None or of(regimen) == of(was):
        return
    how = f"{was.route}, as an infusion" if was.is_infusion else was.route
    raise Refused(
        Refusal.CONFLICT,
        f"{was.product} ({how}) has been given: only another regimen of that takes the place of "
        f"{was.name}",
        "regimen",
    )


def _on_record(session: Session) -> dict[str, Any]:
    """What can be corrected, as it is on record."""
    return {
        "age": session.age,
        "weight_kg": session.weight_kg,
        "regimen": session.regimen.name,
        "infusion_mg": session.infusion_mg,
    }


def _check_infusion(session: Session, corrected: Session, said_mg: float | None) -> None:
    """Raises `Refused` unless it is said how much the infusion holds, where the plan changes.

    Whether the pump was set by what was on record, or by what is right, nobody can tell from here.
    """
    if session.infusion is None:
        if said_mg is not None:
            raise Refused(Refusal.INVALID, "no infusion has started: leave it out", "infusion_mg")
        return
    before, after = session.planned_mg, corrected.planned_mg
    if said_mg is None and before != after:
        raise Refused(
            Refusal.INVALID,
            "an infusion has started: say how much it holds, in mg "
            f"({_mg(before)} as planned before, {_mg(after)} as corrected)",
            "infusion_mg",
        )
    if said_mg is not None and not 0 < said_mg < math.inf:
        raise Refused(Refusal.INVALID, "an infusion holds more than 0 mg", "infusion_mg")


def _mg(mg: float | None) -> str:
    return "unknown" if mg is None else f"{round(mg, 3):g}"


def _of_regimen(session: Session, regimen: Regimen, now: datetime) -> dict[str, Any]:
    """What the event says of another regimen: after a dose also until when the checks stand.

    That is until now, and to the last one that was done or missed before it was due.
    """
    if regimen is session.regimen:
        return {}
    said: dict[str, Any] = {"regimen": regimen.as_given()}
    was = session.regimen
    is_same_plan = (regimen.check, regimen.infusion_min) == (was.check, was.infusion_min)
    if session.first_dose_at is not None and not is_same_plan:
        planned = planned_checks(session, now)
        stand = [each.due_at for each in planned if each.state is not CheckState.UPCOMING]
        said["checks_until"] = rfc3339(max([now, *stand]))
    return said
