"""Whether something may be put on record, and as what: scores, symptoms, pressures. Pure.

A correction is a new record that points at the one it corrects; the old one stays in the
journal and is shown with what took its place. Each function takes the session as it is
and gives the events to come of it, as type and payload, or raises `Refused`.
"""

from datetime import datetime, timedelta
from typing import Any, Final

from alerts.rules import GRADES, RANGES, SCORES, SYMPTOMS
from drivers.clock import Instant, rfc3339
from monitor.session.baseline import end_of_minute
from monitor.session.commands import (
    RecordObservation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    RetractRecord,
)
from monitor.session.events import Draft
from monitor.session.record_fields import (
    CONSCIOUSNESS,
    ObservationFields,
    PressureFields,
    ScoreFields,
    SymptomFields,
    said,
)
from monitor.session.records import BY_HAND, Observation, Pressure, Record, Score, Symptom
from monitor.session.session import Session

CADSS_ITEMS: Final = tuple(str(item) for item in range(1, 24))
"""The items of CADSS: a score gives all or none."""

CADSS_ITEM_MAX: Final = 4

LEAST_OXYGEN: Final = 0.1
MOST_OXYGEN: Final = 80.0
"""In l/min: what flow meters for the newborn and the strongest high-flow devices give."""

CLOCK_TOLERANCE: Final = timedelta(minutes=1)
"""How far a clock beside the bed may run ahead of ours before its time is refused."""


def when(session: Session, at: datetime | None, now: Instant) -> datetime:
    """The time something was, `at` or now: within the session, and not yet to come.

    What a clock that runs a little ahead calls the future is taken for now: nothing on record
    is later than what is still to be recorded. What was typed by the minute in which the session
    began is taken for its beginning.
    """
    if at is None:
        return now.wall
    if at > now.wall + CLOCK_TOLERANCE:
        raise Refused(Refusal.INVALID, "this time has not come yet", "at")
    by_minute = end_of_minute(at, now.wall) if session.regimen.edition >= 3 else at
    if by_minute < session.started_at:
        raise Refused(Refusal.INVALID, "this is before the session began", "at")
    return min(max(at, session.started_at), now.wall)


def correction(
    session: Session, corrects: str | None, kind: type[Record], at: datetime | None
) -> tuple[datetime | None, dict[str, Any]]:
    """When the new record is for, and what its payload says of the one it corrects."""
    if corrects is None:
        return at, {}
    was = standing(session, corrects, "corrects")
    if not isinstance(was, kind):
        named = type(was).__name__.lower()
        article = "an" if named[0] in "aeiou" else "a"
        raise Refused(Refusal.INVALID, f"record {corrects} is {article} {named}", "corrects")
    if isinstance(was, Pressure) and was.device != BY_HAND:
        raise Refused(
            Refusal.CONFLICT,
            "a pressure that the cuff measured is not corrected; retract it and enter your own",
            "corrects",
        )
    return at or was.at, {"corrects": corrects, "was": was.as_stored()}


def standing(session: Session, record_id: str, field: str) -> Record:
    """The record of that id, unless another has taken its place."""
    for correction in session.corrections:
        if correction.was.id == record_id:
            mend = f"correct {correction.now}" if correction.now else "enter it anew"
            done = "corrected" if correction.now else "retracted"
            raise Refused(
                Refusal.CONFLICT, f"record {record_id} has been {done} already: {mend}", field
            )
    for record in session.records():
        if record.id == record_id:
            return record
    raise Refused(Refusal.INVALID, f"this session has no record {record_id} to correct", field)


def _same(field: str, now: str, was: str | None) -> None:
    """A correction is of the same thing. Raises `Refused`."""
    if was not in (None, now):
        raise Refused(
            Refusal.INVALID, f"the record is of {was}; correct that, or retract it", field
        )


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
    at, corrected = correction(session, command.corrects, Score, command.at)
    _same("scale", command.scale, corrected.get("was", {}).get("scale"))
    payload = said(command, ScoreFields) | {
        "total": total,
        "by": command.by,
        "at": rfc3339(when(session, at, now)),
    }
    return [("score.recorded", payload | corrected)]


def _total(command: RecordScore) -> int:
    if command.items is None:
        if command.total is None:
            raise Refused(Refusal.INVALID, "give total or items", "total")
        return command.total
    if command.scale != "cadss":
        raise Refused(Refusal.INVALID, f"{command.scale} has no items; give total", "items")
    wrong = [
        item
        for item, points in command.items.items()
        if not (item in CADSS_ITEMS and 0 <= points <= CADSS_ITEM_MAX)
    ]
    if wrong:
        raise Refused(
            Refusal.INVALID,
            f"item {wrong[0]}: items 1 to {len(CADSS_ITEMS)} take 0 to {CADSS_ITEM_MAX}",
            "items",
        )
    missing = len(CADSS_ITEMS) - len(command.items)
    if missing:
        raise Refused(
            Refusal.INVALID, f"{missing} of {len(CADSS_ITEMS)} items are missing", "items"
        )
    total = sum(command.items.values())
    if command.total is not None and command.total != total:
        raise Refused(Refusal.INVALID, f"the items make {total}, not {command.total}", "total")
    return total


def symptom(session: Session, command: RecordSymptom, now: Instant) -> list[Draft]:
    """A symptom is one of the list, at a grade from 0 to 3."""
    if command.name not in SYMPTOMS:
        raise Refused(Refusal.INVALID, f"a symptom is one of {', '.join(SYMPTOMS)}", "symptom")
    if not 0 <= command.grade < len(GRADES):
        grades = ", ".join(f"{grade} {name}" for grade, name in enumerate(GRADES))
        raise Refused(Refusal.INVALID, f"a grade is one of: {grades}", "grade")
    at, corrected = correction(session, command.corrects, Symptom, command.at)
    _same("symptom", command.name, corrected.get("was", {}).get("name"))
    payload = said(command, SymptomFields) | {
        "by": command.by,
        "at": rfc3339(when(session, at, now)),
    }
    return [("symptom.recorded", payload | corrected)]


def observation(session: Session, command: RecordObservation, now: Instant) -> list[Draft]:
    """An observation says at least one thing, each within what can be measured."""
    seen = said(command, ObservationFields)
    if all(value is None for value in seen.values()):
        raise Refused(Refusal.INVALID, f"give at least one of {', '.join(seen)}")
    if (
        command.oxygen_flow is None
    ):  # an event names it only where it was said, as before it was asked
        del seen["oxygen_flow"]
    elif command.oxygen_flow == 0:
        seen["oxygen_flow"] = 0.0  # without a sign
    _measurable("resp", command.resp)
    _measurable("temperature", command.temperature)
    seen["oxygen"] = _has_oxygen(command)
    if command.consciousness not in (None, *CONSCIOUSNESS):
        raise Refused(
            Refusal.INVALID, f"consciousness is one of {', '.join(CONSCIOUSNESS)}", "consciousness"
        )
    at, corrected = correction(session, command.corrects, Observation, command.at)
    payload = seen | {
        "by": command.by,
        "at": rfc3339(when(session, at, now)),
    }
    return [("observation.recorded", payload | corrected)]


def _has_oxygen(command: RecordObservation) -> bool | None:
    """Whether oxygen is given, by what is said of it or by how much."""
    flow = command.oxygen_flow
    if flow is None:
        return command.oxygen
    if flow != 0 and not LEAST_OXYGEN <= flow <= MOST_OXYGEN:
        why = f"oxygen {flow:g} l/min cannot be: 0, or {LEAST_OXYGEN:g} to {MOST_OXYGEN:g} can"
        raise Refused(Refusal.INVALID, why, "oxygen_flow")
    if command.oxygen not in (None, flow > 0):
        why = f"oxygen is {'given' if command.oxygen else 'not given'}, and {flow:g} l/min of it"
        raise Refused(Refusal.INVALID, f"{why}: say one of them", "oxygen_flow")
    return flow > 0


def pressure(session: Session, command: RecordPressure, now: Instant) -> list[Draft]:
    """A pressure measured by hand: within what can be measured, diastolic under systolic."""
    for name, value in (("sys", command.sys), ("dia", command.dia), ("pulse", command.pulse)):
        _measurable(name, value)
    if command.dia >= command.sys:
        raise Refused(
            Refusal.INVALID,
            f"the diastolic {command.dia:g} is not under the systolic {command.sys:g}",
            "dia",
        )
    at, corrected = correction(session, command.corrects, Pressure, command.at)
    payload = said(command, PressureFields) | {
        "device": BY_HAND,
        "map": None,
        "by": command.by,
        "at": rfc3339(when(session, at, now)),
    }
    return [("pressure.measured", payload | corrected)]


def _measurable(name: str, value: float | None) -> None:
    least, most = RANGES[name]
    if value is not None and not least <= value <= most:
        raise Refused(
            Refusal.INVALID, f"{name} {value:g} cannot be: {least:g} to {most:g} can", name
        )


def retract(session: Session, command: RetractRecord, _: Instant) -> list[Draft]:
    """A record is withdrawn by name and reason, and shown as withdrawn."""
    was = standing(session, command.record, "record")
    payload = {
        "record": command.record,
        "was": was.as_stored(),
        "by": command.by,
        "reason": command.reason,
    }
    return [("record.retracted", payload)]
