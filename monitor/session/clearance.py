"""Which of the clinicians' clearances hold: for what, for how long, and until what changes. Pure.

A clearance names the criteria that it opens. It is bound to the values and the alarms that
were there when it was given, and to the next administration, or the close. It lapses after
the regimen's `clearance_min`, with a value that is worse by `WORSE_BY`, or that has come or
gone, with another answer, and with another alarm of medium or high priority [clinical default].
What has lapsed holds no more, also when the value is as it was.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final, TypeVar

from alerts.alarm import Alarm
from alerts.rules import Kind, Priority
from monitor.session.baseline import is_before
from monitor.session.commands import ClearanceScope
from monitor.session.criterion import Criterion
from monitor.session.history import AlarmOccurrence
from monitor.session.records import Clearance
from monitor.session.session import Session
from monitor.session.signals import serious_events, wakefulness, withdrawn_events

NO_EMERGENCY: Final = "no-emergency"
"""The criterion that no clearance opens."""

NEVER_CLEARED: Final[Mapping[str, frozenset[str]]] = {
    ClearanceScope.DOSE: frozenset({NO_EMERGENCY}),
    ClearanceScope.LEAVING: frozenset(
        {"window-over", "discharge-checks", "no-check-overdue", "dose-time", "escort"}
    ),
}
"""The criteria that nobody clears: an emergency, and what is yet to be done [clinical.md]."""

WORSE_BY: Final[Mapping[str, float]] = {"sys": 10, "dia": 5, "spo2": -3, "moaas": -1, "cadss": 15}
"""The change of a signal's value that makes it another situation, towards the worse."""

SIGNALS_OF: Final[Mapping[str, tuple[str, ...]]] = {
    "pressure": ("sys", "dia"),
    "pressure-near-baseline": ("sys", "dia"),
    "spo2": ("spo2",),
    "moaas": ("moaas",),
    "cadss": ("cadss",),
}
"""The signals whose values a criterion judges; the others judge none."""

ASKED: Final = ("contraindications", "suicidality", "fasting")
"""The criteria about what is asked before the dose."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What a clinician decides on: the values as they are, and the open alarms of the patient.

    `past` are the last alarms of the rules that have none open; `answered` says when what a
    criterion asks was last answered, or what it looks for was last found.
    """

    values: Mapping[str, float]
    alarms: tuple[Alarm, ...]
    past: tuple[Alarm, ...] = ()
    answered: Mapping[str, datetime] = field(default_factory=dict)

    @property
    def alarm_ids(self) -> list[str]:
        """The alarms by id."""
        return [alarm.id for alarm in self.alarms]


A = TypeVar("A", Alarm, AlarmOccurrence)


def patient_alarms(alarms: Iterable[A]) -> tuple[A, ...]:
    """Those that are of the patient's condition, and of medium or high priority."""
    return tuple(
        alarm
        for alarm in alarms
        if alarm.kind is Kind.PHYSIOLOGICAL and alarm.priority >= Priority.MEDIUM
    )


def situation(
    session: Session,
    spo2: float | None,
    alarms: Iterable[Alarm],
    at: datetime,
    past: Iterable[Alarm] = (),
) -> Situation:
    """The situation at `at`, of what was on record then; `spo2` None when missing or stale."""
    values: dict[str, float] = {} if spo2 is None else {"spo2": spo2}
    for pressure in session.pressures:
        if pressure.at <= at:
            values |= {"sys": pressure.sys, "dia": pressure.dia}
    for score in session.scores:
        if score.at <= at:
            values[score.scale] = score.total
    answered: dict[str, datetime] = {}
    if session.prepared_at is not None:
        answered |= dict.fromkeys(ASKED, session.prepared_at)
    for each in session.session_corrections:
        if each.at <= at:
            changed = (*each.now, *(ASKED if "regimen" in each.now else ()))
            answered |= {name: max(each.at, answered.get(name, each.at)) for name in changed}
    events = [*serious_events(session), *(each.was for each in withdrawn_events(session))]
    if events and (last := max(each.at for each in events)) <= at:
        answered["no-serious-event"] = last
    return Situation(values, patient_alarms(alarms), patient_alarms(past), answered)


def with_clearances(
    session: Session, scope: str, criteria: Sequence[Criterion], now: Situation, at: datetime
) -> list[Criterion]:
    """The criteria, with the clinician who cleared each that is not met, or whether one may."""

    def judged(criterion: Criterion) -> Criterion:
        if criterion.met:
            return criterion
        if (found := _holding(session, scope, criterion, now, at)) is None:
            never = NEVER_CLEARED.get(scope, frozenset())
            return replace(criterion, clearable=criterion.required and criterion.name not in never)
        why = f"{criterion.why}; {found.clinician}: {found.reason}"
        return replace(criterion, cleared_by=found.clinician, why=why)

    return [judged(criterion) for criterion in criteria]


def _holding(
    session: Session, scope: str, criterion: Criterion, now: Situation, at: datetime
) -> Clearance | None:
    mine = (
        clearance
        for clearance in reversed(session.clearances)
        if clearance.scope == scope and criterion.name in clearance.items
    )
    return next((each for each in mine if _holds(session, each, criterion.name, now, at)), None)


def _holds(session: Session, clearance: Clearance, name: str, now: Situation, at: datetime) -> bool:
    for_at_most = timedelta(minutes=session.regimen.gate.clearance_min)
    if not timedelta() <= at - clearance.at <= for_at_most:
        return False
    given = (each for each in session.administrations if each.at <= at)
    if any(is_before(session, clearance, each) for each in given):
        return False
    if not set(now.alarm_ids) <= set(clearance.alarms):
        return False
    if any(alarm.raised_at > clearance.at for alarm in (*now.alarms, *now.past)):
        return False
    if (answered := now.answered.get(name)) is not None and answered > clearance.at:
        return False
    seen = clearance.seen or {}
    return not any(
        _is_worse(session, signal, seen.get(signal), value)
        for signal in SIGNALS_OF.get(name, ())
        for value in (*_since(session, signal, clearance.at, at), now.values.get(signal))
    )


def _since(session: Session, signal: str, then: datetime, at: datetime) -> list[float]:
    """What was recorded of the signal after `then`, until `at`."""
    if signal in ("sys", "dia"):
        return [getattr(each, signal) for each in session.pressures if then < each.at <= at]
    if signal == "moaas":
        return [value for record, value in wakefulness(session) if then < record.at <= at]
    return [s.total for s in session.scores if s.scale == signal and then < s.at <= at]


def _is_worse(session: Session, signal: str, then: float | None, now: float | None) -> bool:
    if then is None or now is None:
        return then is not now
    worse_by = WORSE_BY[signal]
    if signal == "sys" and now <= session.regimen.gate.sys_least:
        return then - now >= worse_by
    return (now - then) / worse_by >= 1
