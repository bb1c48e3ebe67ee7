"""How a treatment differed from its regimen, in words. Pure; nothing is refused for it."""

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from monitor.session import Dose, Phase, SessionHistory, dosing_stop

MINUTE: Final = timedelta(minutes=1)

LATE_FROM: Final = timedelta(minutes=5)
"""A device that comes so much after its time is late [default]."""

FIRST_MOST_MG: Final = {"esketamine": 56.0}
"""The most that the first treatment has, by product, in mg [label]."""

SAME_MG: Final = 1.001
"""How far two doses may be apart for rounding's sake."""


def deviations(
    history: SessionHistory, *, is_first: bool | None = None, on_day: int = 1
) -> Iterator[str]:
    """What differed in one session; `is_first` is whether it was the patient's first treatment.

    `on_day` is how many sessions with a dose the patient had on that day.
    """
    session = history.session
    if session.first_dose_at is None:
        return
    if on_day > 1:
        yield f"{on_day} sessions on this day"
    if session.also_at is not None:
        yield f"started while the patient had a session open at {session.also_at}"
    if session.first_dose_at < session.started_at:
        minutes = (session.started_at - session.first_dose_at) // MINUTE
        without = "" if session.baseline else ", without a baseline"
        yield f"the first dose was given {minutes} min before the session was opened{without}"
    if session.infusion is None:
        yield from _devices(history)
    else:
        yield from _beside_infusion(history)
    yield from _incomplete(history)
    yield from _corrected(history)
    yield from _first_dose(history, is_first)
    standing = {dose.id for dose in session.doses}
    for event in history.all("dose.given", "infusion.started", "infusion.resumed"):
        if event.type == "dose.given" and event.id not in standing:
            continue
        if (against := event.payload.get("deviation")) is not None:
            yield f"given all the same: {against['reason']}"


def _devices(history: SessionHistory) -> Iterator[str]:
    """Devices of another strength, several in one record, too early or too late."""
    session = history.session
    device_mg = session.regimen.device_mg
    apart = timedelta(minutes=session.regimen.devices_apart_min)
    product = session.regimen.product
    others = [dose for dose in session.doses if dose.product != product]
    for dose in others:
        yield f"{dose.product} {dose.mg:g} mg given: the regimen's product is {product}"
    for dose in session.doses:
        if device_mg is None or dose in others:
            continue
        if dose.mg > device_mg * SAME_MG:
            yield f"{dose.mg:g} mg in one record: devices of {device_mg:g} mg come one at a time"
        elif dose.mg * SAME_MG < device_mg:
            yield f"{dose.mg:g} mg of a device of {device_mg:g} mg"
    for number, (before, after) in enumerate(pairwise(session.doses), start=2):
        yield from _apart(number, before, after, apart)


def _apart(number: int, before: Dose, after: Dose, apart: timedelta) -> Iterator[str]:
    late = after.at - before.at - apart
    if late >= LATE_FROM:
        yield f"device {number} was {late // MINUTE} min late"
    elif late < timedelta():
        minutes = (after.at - before.at) // MINUTE
        yield f"device {number} came {minutes} min after the one before: {apart // MINUTE} planned"


def _beside_infusion(history: SessionHistory) -> Iterator[str]:
    session = history.session
    ran_in_mg = session.ran_in_mg(history.until)
    noted_mg = sum(dose.mg for dose in session.doses)
    if session.doses and ran_in_mg is not None and _differ(noted_mg, ran_in_mg):
        yield f"a dose of {noted_mg:g} mg is on record beside the {_mg(ran_in_mg)} that ran in"


def _incomplete(history: SessionHistory) -> Iterator[str]:
    session = history.session
    if session.phase in (Phase.BASELINE, Phase.DOSING):
        return
    planned_mg, given_mg = session.planned_mg, history.given_mg
    if planned_mg is not None and given_mg * SAME_MG < planned_mg:
        stopped = dosing_stop.in_words(session)
        why = "" if stopped is None else f", {stopped}"
        yield f"incomplete: {_mg(given_mg)} of {_mg(planned_mg)} given{why}"


def _corrected(history: SessionHistory) -> Iterator[str]:
    """What was given otherwise than is right, as it turned out after the first dose."""
    session, first = history.session, history.session.first_dose_at
    found = [each for each in session.session_corrections if first is not None and each.at > first]
    if not found:
        return
    planned_mg, given_mg = session.planned_mg, history.given_mg
    if planned_mg is not None and given_mg > planned_mg * SAME_MG:
        yield f"{_mg(given_mg)} given, and {_mg(planned_mg)} planned as corrected"
    least, age = session.regimen.gate.age_least, session.age
    if age is not None and age < least and any("age" in each.now for each in found):
        yield f"given at the age of {age}, as corrected: {least} at least"


def _first_dose(history: SessionHistory, is_first: bool | None) -> Iterator[str]:
    session = history.session
    regimen, start = session.regimen, session.regimen.start_dose
    if not is_first:
        return
    most_mg = FIRST_MOST_MG.get(regimen.product.lower())
    if start is not None and session.age is not None and session.age >= start.from_age:
        most_mg = min(start.most_mg, most_mg or start.most_mg)
    if most_mg is not None and session.given_mg > most_mg * SAME_MG:
        yield f"{_mg(session.given_mg)} as the first treatment: {most_mg:g} mg at most"


def _differ(one_mg: float, other_mg: float) -> bool:
    return max(one_mg, other_mg) > min(one_mg, other_mg) * SAME_MG


def _mg(mg: float) -> str:
    return f"{round(mg, 3):g} mg"


def same_days(histories: Iterable[SessionHistory], zone: tzinfo | None) -> dict[date, int]:
    """The days with more than one session with a dose, and how many; days are of `zone`."""
    firsts = (history.session.first_dose_at for history in histories)
    counts = Counter(at.astimezone(zone).date() for at in firsts if at is not None)
    return {day: count for day, count in counts.items() if count > 1}
