"""What an administration waits for: each criterion, met or not, and why. Pure.

Before every administration the values that are valid at its time are judged; before the first
one also what is asked of the patient. What is required and not met needs a clinician's
clearance that names it. Sessions of an edition before 3 have the criteria of
`monitor.session.former_predose`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.alarm import Alarm, State
from monitor.session.baseline import Administration, is_before
from monitor.session.clearance import (
    NO_EMERGENCY,
    Situation,
    patient_alarms,
    situation,
    with_clearances,
)
from monitor.session.commands import ClearanceScope
from monitor.session.criterion import Criterion
from monitor.session.former_predose import (
    escort_planned,
    former_predose_criteria,
    starting_dose,
)
from monitor.session.record_fields import MEDICINE_CLASSES
from monitor.session.session import UNDER_WAY, Session
from monitor.session.signals import worst_told

SPO2_RULE: Final = ("spo2.low", "spo2", None)
"""The rule and the signal whose limit, when it is set for a patient, holds for the dose as well."""

STEADY_MMHG: Final = 20
"""Pressures before the dose that differ by so much are remarked on [clinical default]."""

NONE_OF_PATIENT: Final = "none of the patient's is open"
"""What is said where no alarm counts: one of a device may be open all the same."""


@dataclass(frozen=True, slots=True)
class PredoseEvidence:
    """What the criteria look at besides the session.

    `spo2_at` gives the value at a time, None when it was missing or stale, or when nobody knows
    any more; `alarms` are those that are open, `past_alarms` the last of each rule's that is not.
    """

    spo2_at: Callable[[datetime], float | None]
    alarms: tuple[Alarm, ...] = ()
    past_alarms: tuple[Alarm, ...] = ()


def predose_criteria(
    session: Session, evidence: PredoseEvidence, at: datetime, until: datetime
) -> list[Criterion]:
    """Every condition for an administration at `at`, the first or a further one.

    Judged is what was on record by `until`, the end of the minute by which `at` may be typed.
    """
    spo2 = evidence.spo2_at(at)
    if session.regimen.edition < 3:
        return former_predose_criteria(session, spo2, at)
    known = [a for a in (*evidence.alarms, *evidence.past_alarms) if a.raised_at <= until]
    alarms = patient_alarms(alarm for alarm in known if _was_open(alarm, until))
    past_alarms = [alarm for alarm in known if not _was_open(alarm, until)]
    session = _by(session, until)
    now = situation(session, spo2, alarms, until, past_alarms)
    given = [each for each in session.administrations if each.at <= until]
    found = [
        _pressure(session, at),
        _spo2(session, spo2),
        _moaas(session, given, at),
        _no_alarm(now),
        _no_emergency(session, now, until),
        *(_further(session, at) if given else _first(session, at)),
    ]
    return with_clearances(session, ClearanceScope.DOSE, found, now, until)


def _by(session: Session, until: datetime) -> Session:
    """The session with what was found by then."""
    return replace(
        session,
        pressures=tuple(each for each in session.pressures if each.at <= until),
        scores=tuple(each for each in session.scores if each.at <= until),
        symptoms=tuple(each for each in session.symptoms if each.at <= until),
        observations=tuple(each for each in session.observations if each.at <= until),
    )


def is_expecting(session: Session) -> bool:
    """Whether an administration may still be to come."""
    if session.phase not in UNDER_WAY:
        return False
    if session.first_dose_at is None:
        return True
    if session.regimen.edition < 3:
        return False
    if session.infusion is not None:
        return session.infusion.ended_at is None and session.infusion.is_paused
    planned_mg = session.planned_mg
    return session.phase.value == "dosing" and planned_mg is not None


# ── before every administration ─────────────────────────────────────────────────────────


def _pressure(session: Session, at: datetime) -> Criterion:
    limits, last = session.regimen.gate, session.last_pressure
    if last is None:
        return Criterion("pressure", False, "no pressure yet: measure")
    shown = f"{last.sys:.0f}/{last.dia:.0f}"
    minutes = (at - last.at) / timedelta(minutes=1)
    if minutes > limits.pressure_fresh_min:
        return Criterion("pressure", False, f"{shown} is {int(minutes)} min old: measure again")
    sys_over, dia_over = limits.pressure_over(session.age)
    if last.sys > sys_over or last.dia > dia_over:
        limit = f"{sys_over:.0f}/{dia_over:.0f}"
        return Criterion("pressure", False, f"{shown} is over {limit}")
    if last.sys <= limits.sys_least:
        return Criterion("pressure", False, f"{shown}: systolic not over {limits.sys_least:.0f}")
    return Criterion("pressure", True, shown)


def _spo2(session: Session, spo2: float | None) -> Criterion:
    least = session.patient_limits().get(SPO2_RULE, session.regimen.gate.spo2_least)
    if spo2 is None:
        return Criterion("spo2", False, "no SpO2 now: check the sensor")
    if spo2 < least:
        return Criterion("spo2", False, f"{spo2:.0f} % is under {least:g}")
    return Criterion("spo2", True, f"{spo2:.0f} %")


def _moaas(session: Session, given: list[Administration], at: datetime) -> Criterion:
    limits = session.regimen.gate
    scores = [score for score in session.scores if score.scale == "moaas"]
    if given:
        scores = [score for score in scores if not is_before(session, score, given[-1])]
        missing = "not scored since the last administration"
    else:
        missing = "not scored yet"
    if not scores:
        return Criterion("moaas", False, missing)
    last = scores[-1]
    if (why := _too_old(last.at, limits.score_fresh_min, at)) is not None:
        return Criterion("moaas", False, f"{last.total}, {why}")
    worst = worst_told(session, last)
    is_alert = worst >= limits.moaas_least
    why = f"{worst}" if is_alert else f"{worst} is under {limits.moaas_least}"
    return Criterion("moaas", is_alert, why)


def _too_old(then: datetime, fresh_min: float, at: datetime) -> str | None:
    minutes = (at - then) / timedelta(minutes=1)
    return f"{int(minutes)} min ago: score again" if minutes > fresh_min else None


def _no_alarm(now: Situation) -> Criterion:
    words = "; ".join(alarm.text for alarm in now.alarms)
    return Criterion("no-alarm", not now.alarms, words or NONE_OF_PATIENT)


def _no_emergency(session: Session, now: Situation, at: datetime) -> Criterion:
    closed_while = session.regimen.gate.closed_while
    active = [a for a in now.alarms if a.rule in closed_while and _was_active(a, at)]
    if not active:
        return Criterion(NO_EMERGENCY, True, "none")
    return Criterion(NO_EMERGENCY, False, "; ".join(f"{alarm.text}: no dose" for alarm in active))


def _was_open(alarm: Alarm, at: datetime) -> bool:
    return alarm.ended_at is None or alarm.ended_at > at


def _was_active(alarm: Alarm, at: datetime) -> bool:
    over_at = alarm.condition_ended_at or alarm.ended_at
    return alarm.state is State.ACTIVE or (over_at is not None and over_at > at)


# ── before a further administration ─────────────────────────────────────────────────────


def _further(session: Session, at: datetime) -> Iterator[Criterion]:
    before = [dose.at for dose in session.doses if dose.at <= at]
    if not before or session.infusion is not None:
        return
    apart = timedelta(minutes=session.regimen.devices_apart_min)
    left_s = (before[-1] + apart - at).total_seconds()
    why = f"wait {-(-left_s // 60):.0f} min more" if left_s > 0 else "passed"
    yield Criterion("interval", left_s <= 0, why)


# ── before the first administration ─────────────────────────────────────────────────────


def _first(session: Session, at: datetime) -> Iterator[Criterion]:
    yield _cadss(session, at)
    yield _age(session)
    yield _contraindications(session)
    yield _suicidality(session)
    if session.regimen.gate.fasting:
        yield _fasting(session)
    yield from _remarks(session)


def _cadss(session: Session, at: datetime) -> Criterion:
    last, limits = session.last_score("cadss"), session.regimen
    if last is None:
        return Criterion("cadss", False, "not scored yet")
    if (why := _too_old(last.at, limits.gate.score_fresh_min, at)) is not None:
        return Criterion("cadss", False, f"{last.total}, {why}")
    is_over = last.total > limits.discharge.cadss_most
    remark = ", over the limit before any dose" if is_over else ""
    return Criterion("cadss", True, f"{last.total}{remark}")


def _age(session: Session) -> Criterion:
    least = session.regimen.gate.age_least
    if session.age is None:
        return Criterion("age", False, "not given")
    if session.age < least:
        return Criterion("age", False, f"{session.age} is under {least}")
    return Criterion("age", True, f"{session.age}")


def _contraindications(session: Session) -> Criterion:
    name, said = "contraindications", session.preparation.contraindications or {}
    asked = session.regimen.gate.contraindications
    if present := [each for each in asked if said.get(each) == "yes"]:
        return Criterion(name, False, f"{_words(present)}: yes")
    if lacking := [each for each in asked if each not in said]:
        return Criterion(name, False, f"ask for {_words(lacking)}")
    if session.preparation.confirmed is None:
        return Criterion(name, False, "go through them, and confirm")
    return Criterion(name, True, "none")


def _suicidality(session: Session) -> Criterion:
    match session.preparation.suicidality:
        case None:
            return Criterion("suicidality", False, "ask for suicidal thoughts")
        case "none":
            return Criterion("suicidality", True, "none")
        case _:
            return Criterion("suicidality", False, "a concern: a clinician decides")


def _fasting(session: Session) -> Criterion:
    said, asked = session.preparation.fasting or {}, session.regimen.gate.fasting
    if broken := [each for each in asked if said.get(each) is False]:
        return Criterion("fasting", False, f"not kept to: {_words(broken)}")
    if lacking := [each for each in asked if each not in said]:
        return Criterion("fasting", False, f"ask for {_words(lacking)}")
    return Criterion("fasting", True, "kept to")


def _remarks(session: Session) -> Iterator[Criterion]:
    """What is asked for, or remarked on, and stops no dose."""
    if session.also_at is not None:
        why = f"had a session open at {session.also_at} too, when this one was started"
        yield Criterion("one-bed", False, why, required=False)
    yield _steady(session)
    yield _cautions(session)
    yield starting_dose(session)
    yield _medicines(session)
    yield escort_planned(session)


def _steady(session: Session) -> Criterion:
    name, last = "baseline-steady", session.last_pressure
    earlier = [p for p in session.pressures if last is not None and p.at < last.at]
    far = [p for p in earlier if last and abs(p.sys - last.sys) >= STEADY_MMHG]
    shown = ", ".join(f"{p.sys:.0f}/{p.dia:.0f}" for p in far)
    return Criterion(name, not far, f"before: {shown}" if far else "steady", required=False)


def _cautions(session: Session) -> Criterion:
    cautions = session.preparation.cautions
    if cautions is None:
        return Criterion("cautions", False, "ask for cautions", required=False)
    return Criterion("cautions", not cautions, _words(cautions) or "none", required=False)


def _medicines(session: Session) -> Criterion:
    name, classes = "medicines", session.preparation.medicine_classes or {}
    taken = [each for each in MEDICINE_CLASSES if classes.get(each)]
    names = [*(session.medicines or ())]
    if lacking := [each for each in MEDICINE_CLASSES if each not in classes]:
        why = "; ".join(filter(None, [", ".join(names), f"ask for {_words(lacking)}"]))
        return Criterion(name, False, why, required=False)
    return Criterion(name, True, ", ".join([*taken, *names]) or "none", required=False)


def _words(names: tuple[str, ...] | list[str]) -> str:
    return ", ".join(name.replace("-", " ").replace("_", " ") for name in names)
