"""Whether the patient is ready for the dose, and to leave: the criteria as they stand. Pure.

The criteria themselves are `monitor.session`'s; here is what they are held against at one
bed, the plan of its checks, and when time alone may next change the answer.
"""

from collections.abc import Callable, Iterable
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Final

from alerts.alarm import Alarm, State
from alerts.evaluation import AlarmEngine, Signal
from drivers.clock import Instant
from drivers.readings import Vital
from monitor.bed.inputs import SeenBefore
from monitor.bed.nibp import pressure_rules, rhythm
from monitor.bed.state import BedState
from monitor.bed.timeline import AT_ONCE
from monitor.bed.vitals import Vitals
from monitor.session import (
    CheckKind,
    CheckState,
    Criterion,
    DischargeEvidence,
    Draft,
    Phase,
    PlannedCheck,
    PredoseEvidence,
    Schedule,
    Session,
    Situation,
    Spo2Trace,
    SustainedSpo2,
    decide,
    decide_administration,
    discharge_criteria,
    end_of_minute,
    is_expecting,
    next_change_s,
    predose_criteria,
    record_fields,
    situation,
    spo2_least,
    stale_at,
)

DOSING_S: Final = 1.0
"""How often it is judged whether the last dose has been given."""

MINUTE_S: Final = 60.0
"""How often readiness is judged although nothing is known to have changed."""


class Readiness:
    """The readiness of the patient at one bed.

    `next_judgement` is when it has to be judged again although nothing was decided, in
    monotonic seconds; `schedule` the plan of the session's checks as it was last updated.
    """

    def __init__(self, state: BedState, vitals: Vitals, alarms: AlarmEngine) -> None:
        self.next_judgement = float("-inf")
        self.schedule = Schedule.for_session(None, AT_ONCE.wall)
        self._state = state
        self._vitals = vitals
        self._alarms = alarms
        self._sustained_spo2 = SustainedSpo2()
        self._spo2_trace = Spo2Trace()
        self._trace_before: Spo2Trace | None = None
        self._pressure_rules = pressure_rules(alarms.rules)

    # ── the checks ──────────────────────────────────────────────────────────────────────

    def planned_checks(self, now: Instant) -> list[PlannedCheck]:
        """The session's checks; none without a session. Asking changes nothing."""
        return self._schedule_at(now).checks

    def _schedule_at(self, now: Instant) -> Schedule:
        if self.schedule.is_current(self._state.session, now.wall):
            return self.schedule
        return Schedule.for_session(self._state.session, now.wall)

    def update_schedule(self, now: Instant) -> bool:
        """Plan the checks anew where the plan no longer stands; whether it did not."""
        schedule = self._schedule_at(now)
        if schedule is self.schedule:
            return False
        self.schedule = schedule
        self.next_judgement = now.mono
        return True

    def age_pressures(self, now: Instant) -> set[Signal]:
        """Have pressures be as old as the rhythm allows; the signals that changed."""
        session = self._state.open_session
        if session is None or not session.regimen.pressure_ages_by_rhythm:
            return set()
        planned = self.planned_checks(now)
        due = [check.due_at for check in planned if check.check is CheckKind.PRESSURE]
        often = self._alarm_rhythm
        return {*self._vitals.age_pressures(lambda taken: stale_at(taken, due, often), now)}

    @property
    def _alarm_rhythm(self) -> timedelta | None:
        """How often a pressure is taken because of an alarm on it; None without one."""
        active = (
            alarm.priority
            for alarm in self._alarms.open_alarms()
            if alarm.rule in self._pressure_rules and alarm.state is State.ACTIVE
        )
        return rhythm(active)

    def due_rate(self, now: Instant) -> Draft | None:
        """The rate that a device measures, where a check is due that it does; or None."""
        is_due = any(
            check.check is CheckKind.RESP and check.state in (CheckState.DUE, CheckState.OVERDUE)
            for check in self.planned_checks(now)
        )
        channel = self._vitals.streamed(Vital.RESP, now) if is_due else None
        if channel is None:
            return None
        seen = dict.fromkeys(field.name for field in fields(record_fields.ObservationFields))
        measured = {"resp": channel.value, "by": None, "device": channel.device}
        return "observation.recorded", seen | measured

    # ── the dose ────────────────────────────────────────────────────────────────────────

    def predose_criteria(self, now: Instant) -> list[Criterion]:
        """The conditions for the next administration; none where none is to come."""
        session = self._state.open_session
        if session is None or not is_expecting(session):
            return []
        return self.predose_criteria_of(session, now)(now.wall)

    def predose_criteria_of(self, session: Session, now: Instant) -> decide_administration.Gate:
        """The conditions for an administration in `session` by the time that it is given.

        They may be asked of the session as it would be without one of its records.
        """
        evidence = PredoseEvidence(
            self._spo2_at(session, now),
            tuple(self._alarms.open_alarms()),
            self._past_alarms,
        )

        def gate(at: datetime, of: Session = session) -> list[Criterion]:
            return predose_criteria(of, evidence, at, end_of_minute(at, now.wall))

        return gate

    def _spo2_at(self, session: Session, now: Instant) -> Callable[[datetime], float | None]:
        """What SpO2 was at a time; in sessions of an edition before 3, what it is now."""
        spo2 = self._spo2
        if session.regimen.edition < 3:
            return lambda _: spo2
        return lambda at: self._spo2_trace.at(now.past(at).mono)

    # ── leaving ─────────────────────────────────────────────────────────────────────────

    def start_session(self, now: Instant) -> None:
        """Begin anew with the session that was just opened."""
        self._sustained_spo2 = SustainedSpo2()
        self._trace_before = None
        self._follow_spo2(now)

    def take_up(self, seen_before: SeenBefore, now: Instant) -> None:
        """Take SpO2 as it was before a restart; since then it was not seen."""
        until = seen_before.mono
        if until is None:
            until = now.past(seen_before.until).mono
        for ago_s, value in seen_before.spo2:
            self._spo2_trace.take(value, until - ago_s)
        self._spo2_trace.take(None, until)

    def end_session(self) -> None:
        """Forget what was seen of a patient who has left, unless the session is reopened."""
        self._trace_before, self._spo2_trace = self._spo2_trace, Spo2Trace()

    def spo2_before(self, now: Instant) -> tuple[tuple[float, float | None], ...]:
        """SpO2 as it was, oldest first: each value with how many seconds ago it came."""
        return self._spo2_trace.ago(now.mono)

    def take_over(self, spo2: Iterable[tuple[float, float | None]], now: Instant) -> None:
        """Go on with a session that was moved here; `spo2` is as `spo2_before` gave it there."""
        self._spo2_trace = Spo2Trace()
        for ago_s, value in spo2:
            self._spo2_trace.take(value, now.mono - ago_s)
        self._spo2_trace.take(None, now.mono)
        self.next_judgement = now.mono
        self.start_session(now)

    def reopen_session(self, now: Instant) -> None:
        """Go on with the session as if it had not ended."""
        self._spo2_trace = self._trace_before or self._spo2_trace
        self._trace_before = None
        self.next_judgement = now.mono

    def update_vitals(self, changed: set[Signal], now: Instant) -> bool:
        """Take the values as they are now; whether readiness has to be judged again at once."""
        if not self._follow_spo2(now) and Vital.SYS not in changed:
            return False
        self.next_judgement = now.mono
        return True

    def _follow_spo2(self, now: Instant) -> bool:
        """Take SpO2 as it is; whether what the criteria say of it may have changed with it."""
        session, spo2 = self._state.open_session, self._spo2
        was = self._spo2_trace.at(float("inf"))
        least = 0.0 if session is None else spo2_least(session)
        at = now.mono if spo2 is not None else self._vitals.lost_at.get(Vital.SPO2, now.mono)
        self._spo2_trace.take(spo2, at)
        if self._trace_before is not None:
            self._trace_before.take(spo2, at)
        held = self._sustained_spo2.follow(self._vitals.values.get(Vital.SPO2), least, now)
        if session is None or session.regimen.edition < 3:
            return held
        return _is_met(was, least) != _is_met(spo2, least)

    def discharge_criteria(self, now: Instant, *, escort: bool | None = None) -> list[Criterion]:
        """The criteria for leaving as they stand; with `escort`, by what is said of one now."""
        session = self._state.session
        assert session is not None
        if escort is not None:
            session = replace(session, escort=escort)
        return discharge_criteria(session, self._evidence(now), now.wall)

    def progress(self, session: Session, now: Instant) -> list[Draft]:
        """What time, or what was measured, makes of the open session; plans the next judgement."""
        if session.phase is Phase.DOSING:
            self.next_judgement = now.mono + DOSING_S
            return decide.progress(session, list, now)
        evidence = self._evidence(now)
        self.next_judgement = now.mono + min(next_change_s(session, evidence, now.wall), MINUTE_S)
        return decide.progress(
            session, lambda: discharge_criteria(session, evidence, now.wall), now
        )

    def _evidence(self, now: Instant) -> DischargeEvidence:
        return DischargeEvidence(
            spo2=self._spo2,
            spo2_held_min=self._sustained_spo2.minutes(now),
            open_alarms=self._alarms.open_alarms(),
            schedule=self.planned_checks(now),
            pressure_fresh=Vital.SYS in self._vitals.values,
            spo2_trace=self._spo2_trace,
            mono=now.mono,
            past_alarms=self._past_alarms,
        )

    @property
    def _past_alarms(self) -> tuple[Alarm, ...]:
        """The last alarm of each rule that has none open, of this session's."""
        id_ = None if self._state.session is None else self._state.session.id
        alarms = self._alarms.alarms.values()
        return tuple(each for each in alarms if not each.is_open and each.session == id_)

    def situation(self, session: Session, now: Instant) -> Situation:
        """What a clinician decides on now."""
        return situation(session, self._spo2, self._alarms.open_alarms(), now.wall)

    @property
    def _spo2(self) -> float | None:
        value = self._vitals.values.get(Vital.SPO2)
        return None if value is None else value.value


def _is_met(spo2: float | None, least: float) -> bool | None:
    return None if spo2 is None else spo2 >= least
