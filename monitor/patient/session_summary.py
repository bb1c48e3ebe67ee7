"""A session in short, as the next one wants to know it. Pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, tzinfo
from typing import Any, Final

from alerts.rules import GRADES, Priority
from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.deviations import deviations, same_days
from monitor.patient.unmade_checks import by_kind, checks
from monitor.session import (
    SessionHistory,
    attendance,
    episodes,
    is_after_dose,
    is_before_dose,
    patient_alarms,
)

NOTABLE_GRADE: Final = 2
"""A symptom from this grade on is told to the next session [default]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSummary:
    """A session in short; minutes are whole ones since its first dose.

    `number` is its place among the patient's sessions with a dose, None without one. `rise`
    is the highest systolic pressure over the baseline, in mmHg, and when. CADSS is over when
    it was seen at 4 or less for good. `alarms` counts the physiological ones of medium and
    high priority by rule; `needed` says in words what was out of the ordinary, `not_assessed`
    which planned checks nobody made, `deviations` how it differed from the regimen,
    `corrections` what was put right of age, weight and regimen. `bedside` is for how many minutes
    each person was there, `unassigned_min` for how many nobody was assigned.
    """

    session: str
    number: int | None
    on: date
    regimen: str
    title: str
    state: str
    started_at: datetime
    first_dose_at: datetime | None
    given_mg: float | None
    rise: float | None
    rise_at_min: int | None
    cadss: int | None
    cadss_over_min: int | None
    moaas: int | None
    criteria_met_min: int | None
    ready_min: int | None
    ended_min: int | None
    alarms: tuple[tuple[str, str, int], ...]
    interventions: tuple[str, ...]
    not_assessed: tuple[str, ...]
    deviations: tuple[str, ...]
    corrections: tuple[str, ...]
    bedside: tuple[tuple[str, int], ...]
    unassigned_min: int

    def as_json(self) -> dict[str, Any]:
        """The visit as interfaces show it."""
        rise = None if self.rise is None else {"sys": self.rise, "at_min": self.rise_at_min}
        cadss = (
            None if self.cadss is None else {"most": self.cadss, "over_min": self.cadss_over_min}
        )
        return {
            "session": self.session,
            "number": self.number,
            "on": self.on.isoformat(),
            "regimen": self.regimen,
            "title": self.title,
            "state": self.state,
            "started_at": rfc3339(self.started_at),
            "first_dose_at": rfc3339_or_none(self.first_dose_at),
            "given_mg": self.given_mg,
            "rise": rise,
            "cadss": cadss,
            "moaas": self.moaas,
            "criteria_met_min": self.criteria_met_min,
            "ready_min": self.ready_min,
            "ended_min": self.ended_min,
            "alarms": [
                {"rule": rule, "priority": priority, "count": count}
                for rule, priority, count in self.alarms
            ],
            "needed": list(self.interventions),
            "not_assessed": list(self.not_assessed),
            "deviations": list(self.deviations),
            "corrections": list(self.corrections),
            "bedside": [{"by": by, "minutes": minutes} for by, minutes in self.bedside],
            "unassigned_min": self.unassigned_min,
        }


def summarise(
    history: SessionHistory, number: int | None, zone: tzinfo | None, *, on_day: int = 1
) -> SessionSummary:
    """The session in short; its day is one of `zone`, None for this machine's.

    `on_day` is how many sessions with a dose the patient had on that day.
    """
    session = history.session
    first = session.first_dose_at
    after = [p for p in session.pressures if first is not None and not is_before_dose(session, p)]
    highest = max(after, key=lambda p: p.sys, default=None)
    base = session.baseline.get("sys")
    rise = None if highest is None or base is None else highest.sys - base
    until = history.until
    scored = [score for score in session.scores if is_after_dose(session, score)]
    return SessionSummary(
        session=session.id,
        number=number,
        on=(first or session.started_at).astimezone(zone).date(),
        regimen=session.regimen.name,
        title=session.regimen.title,
        state=session.phase.value,
        started_at=session.started_at,
        first_dose_at=first,
        given_mg=_given_mg(history),
        rise=rise,
        rise_at_min=None if rise is None or highest is None else _min(history, highest.at),
        cadss=max((s.total for s in scored if s.scale == "cadss"), default=None),
        cadss_over_min=_min(history, episodes.dissociation(history).over_at),
        moaas=min((s.total for s in scored if s.scale == "moaas"), default=None),
        criteria_met_min=_min(history, session.criteria_met_at),
        ready_min=_min(history, history.ready_at),
        ended_min=_min(history, session.ended_at),
        alarms=_alarms(history),
        interventions=tuple(_interventions(history)),
        not_assessed=tuple(by_kind(checks(history, history.events[-1].at).unmade)) if first else (),
        deviations=tuple(
            deviations(history, is_first=None if number is None else number == 1, on_day=on_day)
        ),
        corrections=tuple(
            f"{each.in_words()}: {each.reason}" for each in session.session_corrections
        ),
        bedside=tuple(attendance.minutes_by_person(session.attendance, until).items()),
        unassigned_min=attendance.minutes_unassigned(
            attendance.unassigned(session.attendance, session.started_at, until)
        ),
    )


def _min(history: SessionHistory, at: datetime | None) -> int | None:
    return None if at is None else history.whole_minutes(at)


def _given_mg(history: SessionHistory) -> float | None:
    """What was given; of an infusion what ran in."""
    return None if history.session.first_dose_at is None else round(history.given_mg, 3)


def _alarms(history: SessionHistory) -> tuple[tuple[str, str, int], ...]:
    spans = patient_alarms(history.alarms())
    counts = Counter(span.rule for span in spans)
    worst: dict[str, Priority] = {}
    for span in spans:
        worst[span.rule] = max(span.priority, worst.get(span.rule, span.priority))
    ranked = sorted(worst, key=lambda rule: (-worst[rule], rule))
    return tuple((rule, worst[rule].label, counts[rule]) for rule in ranked)


def _interventions(history: SessionHistory) -> Iterator[str]:
    session = history.session
    worst: dict[str, int] = {}
    for symptom in session.symptoms:
        worst[symptom.name] = max(symptom.grade, worst.get(symptom.name, 0))
    for name, grade in worst.items():
        if grade >= NOTABLE_GRADE:
            yield f"{name.replace('-', ' ')}, {GRADES[grade]}"
    for event in history.all("dose.given", "infusion.started"):
        if (by := event.payload.get("override")) is not None:
            yield f"dose given past the gate, {by['clinician']}: {by['reason']}"
    for decision in session.clearances:
        words = decision.in_words()
        said = f"{words} cleared" if decision.items else f"pressure {words} decided on"
        yield f"{said}, {decision.clinician}: {decision.reason}"
    for limit in session.limits:
        if limit.limit is not None:
            yield f"{limit.rule} at {limit.limit:g}, {limit.clinician}: {limit.reason}"
    if (against := session.against_criteria) is not None:
        yield f"left against criteria, {against['clinician']}: {against['reason']}"
    if session.first_dose_at is not None and session.reason is not None:
        yield f"aborted: {session.reason}"


def session_summaries(histories: list[SessionHistory], zone: tzinfo | None) -> list[SessionSummary]:
    """The sessions of one patient in the order of their doses, counted where they had one."""

    def begun(history: SessionHistory) -> datetime:
        return history.session.first_dose_at or history.session.started_at

    found: list[SessionSummary] = []
    number = 0
    days = same_days(histories, zone)
    for history in sorted(histories, key=begun):
        dosed = history.session.first_dose_at is not None
        number += dosed
        counted = number if dosed else None
        on_day = days.get(begun(history).astimezone(zone).date(), 1) if dosed else 1
        found.append(summarise(history, counted, zone, on_day=on_day))
    return found
