"""When a dose was given, and what it is against of its regimen. Pure.

Only what has not been given yet is refused; what was given is taken, and says what it was against.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final

from drivers.clock import Instant
from monitor.session import decide_records, dosing_stop
from monitor.session.baseline import end_of_minute
from monitor.session.commands import ControlInfusion, GiveDose, Refusal, Refused
from monitor.session.criterion import Criterion
from monitor.session.records import Dose
from monitor.session.session import SPILL, Session

BEFORE_SESSION: Final = timedelta(hours=24)
"""How long ago something may have been given before the session was opened [default]."""

GIVEN_ALL_THE_SAME: Final = "what was given all the same is recorded with given and a deviation"

_REFUSED: Final[Mapping[str, tuple[Refusal, str]]] = {
    "product": (Refusal.INVALID, "product"),
    "planned-dose": (Refusal.CONFLICT, "mg"),
    "dose-order": (Refusal.INVALID, "at"),
}
"""What no clearance would open: how it is refused while it is not given, and the field at fault."""


def given_at(
    session: Session,
    command: GiveDose | ControlInfusion,
    at: datetime | None,
    now: Instant,
    was: Dose | None = None,
) -> datetime:
    """When it was given: before the session too, if it is told so, or if `was` on record so."""
    is_former = session.regimen.edition < 3
    if at is None or is_former or end_of_minute(at, now.wall) >= session.started_at:
        return decide_records.when(session, at, now)
    is_told = command.given and command.deviation is not None
    if (is_told and at >= now.wall - BEFORE_SESSION) or (was is not None and at == was.at):
        return at
    raise Refused(
        Refusal.INVALID,
        "this is before the session began; what was given up to "
        f"{BEFORE_SESSION // timedelta(hours=1)} h ago is recorded with given and a deviation",
        "at",
    )


def of_time(session: Session, at: datetime) -> Iterator[Criterion]:
    """That something was given before the session was opened."""
    if at < session.started_at:
        minutes = (session.started_at - at) // timedelta(minutes=1)
        why = f"given {minutes} min before the session was opened"
        yield Criterion("before-session", False, why)


def of_dose(
    session: Session, command: GiveDose, at: datetime, was: Dose | None
) -> Iterator[Criterion]:
    """What a dose at that time, in the place of `was` if it corrects one, is against."""
    regimen = session.regimen
    others = [dose for dose in session.doses if dose is not was]
    if command.product != regimen.product:
        yield Criterion("product", False, f"regimen {regimen.name} gives {regimen.product}")
    else:
        yield from _of_amount(session, command, others)
    yield from of_time(session, at)
    if was is None and others and at < others[-1].at:
        yield Criterion("dose-order", False, "this is before the dose already recorded")
    if was is None and (stopped := dosing_stop.in_words(session)) is not None:
        yield Criterion("dosing-stopped", False, stopped)


def _of_amount(session: Session, command: GiveDose, others: Iterable[Dose]) -> Iterator[Criterion]:
    regimen, device_mg = session.regimen, session.regimen.device_mg
    if device_mg is not None and not math.isclose(command.mg, device_mg):
        yield Criterion("device", False, f"{command.mg:g} mg is not one device of {device_mg:g} mg")
    given_mg = sum(dose.mg for dose in others if dose.product == regimen.product)
    planned_mg = session.planned_mg
    if planned_mg is not None and given_mg + command.mg > planned_mg * SPILL:
        why = (
            f"{given_mg:g} mg of {planned_mg:g} mg are given; "
            f"{command.mg:g} mg more is over regimen {regimen.name}"
        )
        yield Criterion("planned-dose", False, why)


def check_to_give(session: Session, against: Iterable[Criterion]) -> None:
    """Raises `Refused`, with what to do, for what is against the regimen and not given yet."""
    mend = "" if session.regimen.edition < 3 else f"; {GIVEN_ALL_THE_SAME}"
    for criterion in against:
        if criterion.name in _REFUSED:
            kind, field = _REFUSED[criterion.name]
            raise Refused(kind, f"{criterion.why}{mend}", field)
