"""The bed: a pure state machine over reports, commands and ticks.

Theory of operation. `take` (a device's report), `command` (a person's), `site` (the
daemon's own troubles) and `tick` (time has passed) each return an `Outcome`: the events
that were decided, in order, and what the shell should do. The session, the alarms and the
cuff's record change only by what those events say, the same way when they are decided and
when they are read back from the journal, so that a rebuilt bed is the bed that was. What
devices said most recently is not stored as events and starts empty after a restart; the
last pressure is, and does not.

No clock and no I/O: the present is in every argument, and the same inputs give the same
events.
"""

import contextlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from alerts.alarm import Alarm, AlarmChange, audio_pause
from alerts.evaluation import MINUTE, AlarmEngine, EvaluationContext, Signal, with_patient_limits
from alerts.rules import (
    BED_CONDITIONS,
    CHECK_CONDITIONS,
    SITE_CONDITIONS,
    Fall,
    RuleError,
    RuleSet,
    leaves,
    signals_in,
)
from drivers.clock import STEP_S, Instant
from drivers.readings import (
    DeviceReport,
    LinkChanged,
    Measurement,
    MeasurementFailed,
    Reading,
    Vital,
    Waveform,
)
from drivers.registry import DeviceSpec
from monitor.bed.device_status import DeviceStatus, conditions_of
from monitor.bed.effects import NO_RESULT, PendingEvents, Result
from monitor.bed.nibp import ANSWER_S, PRESSURES, NibpScheduler, needs_follow_up
from monitor.bed.technical import TechnicalConditions
from monitor.bed.vitals import Vitals, VitalView
from monitor.session import (
    SESSION_ENDINGS,
    Acknowledge,
    ChartedSignals,
    CheckKind,
    Close,
    Command,
    ControlInfusion,
    Criterion,
    DischargeEvidence,
    Draft,
    EnableNibp,
    Event,
    GiveDose,
    InhibitNibp,
    MeasurePressure,
    PauseAudio,
    Phase,
    PlannedCheck,
    Pressure,
    Refusal,
    Refused,
    Schedule,
    Session,
    SessionCommand,
    SetAlarmLimit,
    StartSession,
    SustainedSpo2,
    Unacknowledge,
    decide,
    discharge_criteria,
    happened_at,
    next_change_s,
    predose_criteria,
    upcast,
)
from monitor.session import signals as observations

DOSING_S: Final = 1.0
"""How often it is looked at whether the last dose has been given."""

MINUTE_S: Final = 60.0
"""How often readiness is looked at although nothing is known to have changed."""

LOOK_AGAIN_S: Final = 10.0
"""How often all troubles are looked at although nothing is known to have changed."""

_AT_ONCE: Final = Instant(datetime.min.replace(tzinfo=UTC), float("-inf"))


class Bed:
    """One bed. Made empty, or rebuilt from its stored events by `restore`.

    A clock that runs many times as fast as the world makes a short pause of this machine
    long; no device is called silent, and no value stale, for a pause of less than `least_s`.
    """

    def __init__(
        self, bed: str, devices: Iterable[DeviceSpec], rules: RuleSet, least_s: float = 0.0
    ) -> None:
        self.id = bed
        self.session: Session | None = None
        self._open: Session | None = None
        self.rules = rules
        self.device_status = {spec.id: DeviceStatus(spec, least_s) for spec in devices}
        specs = [hearing.spec for hearing in self.device_status.values()]
        troubles: dict[str | None, Iterable[str]] = {None: SITE_CONDITIONS | BED_CONDITIONS}
        troubles |= {check.value: CHECK_CONDITIONS for check in CheckKind}
        troubles |= {spec.id: conditions_of(spec) for spec in specs}
        self.alarm_engine = AlarmEngine(rules, troubles)
        self.vitals = Vitals(specs, _windows(rules), least_s)
        self.audio_pause: audio_pause.AudioPause | None = None
        self._nibp = {
            id_: NibpScheduler(heard)
            for id_, heard in self.device_status.items()
            if heard.spec.kind.can_measure
        }
        self._pressure_rules = {
            rule.id
            for rule in rules.rules
            if not {*signals_in(rule.condition)}.isdisjoint(PRESSURES)
        }
        self._pending = PendingEvents(bed)
        self._site: dict[str, str] = {}
        self._technical = TechnicalConditions()
        self._charted = ChartedSignals()
        self._spo2_held = SustainedSpo2()
        self._last: tuple[Instant, Instant] | None = None
        self._next_judgement = self._next_cuff_look = self._next_look_at_all = float("-inf")
        self._next_wakeup = _AT_ONCE
        self._plan = Schedule.for_session(None, _AT_ONCE.wall)
        self._minute = -1
        self._announced: dict[str, bool] = dict.fromkeys(self.device_status, False)
        self._seen_all = False

    @property
    def event_number(self) -> int:
        """The number of its last event."""
        return self._pending.n

    @property
    def _wanted(self) -> Iterable[Vital]:
        """What its devices should stream now."""
        return () if self._open is None else self._open.regimen.continuous

    # ── what happened before ────────────────────────────────────────────────────────────

    def restore(self, events: Iterable[Event], last_n: int, now: Instant) -> None:
        """Take up where the stored `events` left off. To be called once, on a new bed.

        Where the last of them is still to come by the wall clock of `now`, that clock was set back.
        """
        now = now.in_ms()
        self._last = now, now
        before = [*events]
        set_by_s = (now.wall - before[-1].at).total_seconds() if before else 0.0
        set_by_s = round(set_by_s, 3) if set_by_s < -STEP_S else 0.0
        for event, at in happened_at(before, now, set_by_s):
            self._apply(event, at.mono)
            if event.subject is not None:
                alarm = Alarm.from_json(event.payload["alarm"])
                self.alarm_engine.apply(upcast.alarm(alarm, self.rules))
            elif event.type in SESSION_ENDINGS:
                self.vitals.clear_spot_checks(now)
            else:
                self._take_pressure(event, at, now)
        self._pending.n = last_n
        if set_by_s:
            self._emit("clock.stepped", {"by_s": set_by_s}, now)
        self.alarm_engine.resume(now)
        for cuff in self._nibp.values():
            cuff.pending = False
        if self._open is not None:
            self._use_limits(self._open, *{rule for rule, _ in self._open.patient_limits()})
            self._charted.update(self._open, now)
            if self._open.rules != (rules := decide.rules_reference(self.rules)):
                self._emit("rules.changed", {"rules": rules}, now)

    def _take_pressure(self, event: Event, at: Instant, now: Instant) -> set[str]:
        """Have the rules see the pressures as they stand after `event`, which happened at `at`."""
        if event.type == "record.retracted" or "corrects" in event.payload:
            changed = self.vitals.clear_spot_checks(now)
            taken = () if self._open is None else self._open.pressures
        else:
            changed = set()
            taken = (Pressure.of(event),) if event.type == "pressure.measured" else ()
        for pressure in taken:
            values = (
                (Vital.SYS, pressure.sys),
                (Vital.DIA, pressure.dia),
                (Vital.MAP, pressure.map),
                (Vital.PULSE, pressure.pulse),
            )
            readings = (Reading(vital, value) for vital, value in values)
            changed |= self.vitals.take(pressure.device, readings, at.past(pressure.at), now)
        return changed

    def _apply(self, event: Event, mono: float) -> None:
        self._pending.n = event.n
        self.audio_pause = audio_pause.evolve(
            self.audio_pause, event.type, event.payload, event.at, mono
        )
        if event.type == "session.started":
            self.session = Session.begin(event)
        elif event.type in ("device.connected", "device.disconnected"):
            self._announced[event.payload["device"]] = event.type == "device.connected"
        elif self.session is not None and event.session == self.session.id:
            self.session = self.session.evolve(event)
        self._open = self.session if self.session is not None and self.session.is_open else None
        for cuff in self._nibp.values():
            cuff.evolve(event, mono)
        if event.type == "clock.stepped":
            self.alarm_engine.shift_clock(timedelta(seconds=event.payload["by_s"]))

    # ── what happens ────────────────────────────────────────────────────────────────────

    def take(self, report: DeviceReport) -> Result:
        """What a device said, or that its link changed."""
        now = self._stamp(report.at)
        hearing = self.device_status[report.device]
        changed: set[Signal] = set()
        match report.item:
            case LinkChanged(state, reason):
                hearing.link_changed(state, reason, now)
                is_news = True
            case Waveform() if hearing.responding and not self._pending.events:
                hearing.receive(report.item, now)
                return NO_RESULT
            case item:
                is_news = hearing.receive(item, now) or hearing.missing_signals
                if isinstance(item, Measurement):
                    changed |= self.vitals.take(report.device, item.readings, now)
                    if changed:
                        self._see_values(changed, now)
                cuff = self._nibp.get(report.device)
                if cuff is not None and isinstance(item, Measurement | MeasurementFailed):
                    changed |= self._on_nibp_result(cuff, cuff.answer(item), now)
                    is_news = True
        if is_news:
            self._next_wakeup = _AT_ONCE
            changed |= self._look_at_device(hearing, now)
        elif not changed and self._is_idle(now):
            return NO_RESULT
        return self._after(changed, now)

    def site(self, trouble: str, reason: str | None, now: Instant) -> Result:
        """A trouble of the daemon itself: `reason` while it lasts, None when it is over."""
        now = self._stamp(now)
        if reason is None:
            self._site.pop(trouble, None)
        else:
            self._site[trouble] = reason
        return self._after(self._look_at_bed(), now)

    def tick(self, now: Instant) -> Result:
        """Time has passed. To be called at least once a second."""
        now = self._stamp(now)
        if self._is_idle(now) and self._is_quiet(now):
            return NO_RESULT
        changed: set[Signal] = set(self.vitals.expire(now))
        if changed:
            self._see_values(changed, now)
        is_news = bool(changed) or now.mono >= self._next_look_at_all
        for hearing in self.device_status.values():
            is_news |= hearing.check_silence(now) or hearing.may_be_lost
        for cuff in self._nibp.values():
            if now.mono > cuff.overdue_at:
                changed |= self._on_nibp_result(
                    cuff, cuff.failed(f"no answer for {ANSWER_S:.0f} s"), now
                )
                is_news = True
        if is_news:
            changed |= self._look_at_troubles(now)
        elif not self._plan.is_current(self.session, now.wall):
            changed |= self._look_at_checks(now)
        changed |= self._look_at_minute(now)
        outcome = self._after(changed, now, look=True)
        if outcome is NO_RESULT:
            self._next_wakeup = self._compute_next_wakeup(now)
        return outcome

    def _is_idle(self, now: Instant) -> bool:
        """Whether nothing was decided that is not told yet, and no rule is due."""
        return now.mono < self.alarm_engine.next_due and not self._pending.events

    def _is_quiet(self, now: Instant) -> bool:
        """Whether time alone can have changed nothing else since the last tick."""
        if self._next_wakeup is not _AT_ONCE and not now.is_before(self._next_wakeup):
            self._next_wakeup = self._compute_next_wakeup(now)
        return now.is_before(self._next_wakeup)

    def command(self, command: Command, now: Instant) -> Result:
        """What a person asked for. Raises `Refused`, and then nothing has changed."""
        now = self._stamp(now)
        match command:
            case StartSession():
                self._start(command, now)
            case Acknowledge():
                self._acknowledge(command, now)
            case MeasurePressure() | InhibitNibp() | EnableNibp():
                self._handle_cuff(command, now)
            case Unacknowledge():
                self._unacknowledge(command, now)
            case PauseAudio():
                self._pause_audio(command, now)
            case _:
                self._in_session(command, now)
        changed = self._look_at_bed() | self._look_at_checks(now) | self._look_at_minute(now)
        return self._after(changed, now)

    def _stamp(self, now: Instant) -> Instant:
        """`now` as it is stored, after noticing whether the wall clock has been set.

        What was taken a moment ago and told only now is of now: no event is before the last.
        """
        last = self._last
        if last is not None and last[0] is now:
            return last[1]
        kept = now.in_ms()
        if last is not None and kept.mono < last[1].mono:
            return last[1]
        self._last = now, kept
        if last is not None:
            before = last[1]
            by_s = (kept.wall - before.wall).total_seconds() - (kept.mono - before.mono)
            if abs(by_s) > STEP_S:
                self._emit("clock.stepped", {"by_s": round(by_s, 3)}, kept)
        return kept

    # ── sessions ────────────────────────────────────────────────────────────────────────

    def _start(self, command: StartSession, now: Instant) -> None:
        type_, payload = decide.start(self.id, self.session, command, self.rules)
        self._charted = ChartedSignals()
        self._spo2_held = SustainedSpo2()
        self._apply(self._pending.add(type_, payload, now, command.id), now.mono)
        if self._open is not None:
            self._charted.update(self._open, now)
        self._follow_spo2(now)
        self._seen_all = False

    def _in_session(self, command: SessionCommand, now: Instant) -> None:
        session = self._open
        if session is None:
            raise Refused(Refusal.CONFLICT, f"{self.id} has no open session; start one", "session")
        if isinstance(command, Close):
            drafts = decide.close(command, self.discharge_criteria(now, escort=command.escort))
        elif isinstance(command, GiveDose):
            drafts = decide.dose(session, command, now, self._gate(session))
        elif isinstance(command, SetAlarmLimit):
            drafts = decide.set_alarm_limit(session, command, self.rules)
        elif isinstance(command, ControlInfusion):
            drafts = decide.infusion(session, command, now, self._gate(session))
        else:
            drafts = decide.HANDLERS[type(command)](session, command, now)
        for type_, payload in drafts:
            if type_ in SESSION_ENDINGS:
                self._record(self.alarm_engine.end_session(now, type_.replace(".", " ")), now)
                self._resume_audio(type_.replace(".", " "), now)
                self.vitals.clear_spot_checks(now)
                self._charted = ChartedSignals()
            baseline = session.baseline
            event = self._emit(type_, payload, now)
            self._look_at_record(event, self._risen_from(baseline), now)

    def _risen_from(self, before: Mapping[str, float]) -> set[str]:
        """The signals that another baseline holds against other values than `before`."""
        after = before if self._open is None else self._open.baseline
        names = before.keys() | after.keys()
        return {name for name in names if before.get(name) != after.get(name)}

    def _look_at_record(self, event: Event, changed: set[str], now: Instant) -> None:
        """Have the rules see what a person recorded, corrected or withdrew."""
        if event.type == "alarm-limit.set" and self._open is not None:
            self._use_limits(self._open, event.payload["rule"])
        changed |= self._take_pressure(event, now, now) | self._see_recorded(event, now)
        if changed:
            self._record(self.alarm_engine.evaluate(changed, self._scene(now), now), now)

    def _use_limits(self, session: Session, *rules: str) -> None:
        """Have these rules judge by the limits that were set for this patient.

        A rule that was changed since, and has no such limit any more, judges by its own.
        """
        own = session.patient_limits()
        for rule in self.rules.rules:
            if rule.id in rules:
                with contextlib.suppress(RuleError):
                    self.alarm_engine.override(with_patient_limits(rule, own))

    def _gate(self, session: Session) -> Callable[[datetime], list[Criterion]]:
        spo2 = self.vitals.values.get(Vital.SPO2)
        return lambda at: predose_criteria(session, None if spo2 is None else spo2.value, at)

    def predose_criteria(self, now: Instant) -> list[Criterion]:
        """The conditions for the first dose; none without a session, or after that dose."""
        session = self._open
        if session is None or session.first_dose_at is not None:
            return []
        return self._gate(session)(now.wall)

    def _see_recorded(self, event: Event, now: Instant) -> set[str]:
        """Score NEWS2 where `event` gives reason to; the recorded signals that have changed."""
        if self._open is not None and event.type in observations.SCORED_AT:
            payload = observations.news2_score(self._open, self.vitals.values, now.wall)
            if payload is not None:
                self._emit("news2.scored", payload, now)
        return set() if self._open is None else self._charted.update(self._open, now)

    def discharge_criteria(self, now: Instant, *, escort: bool | None = None) -> list[Criterion]:
        """The criteria for leaving as they stand; with `escort`, by what is said of one now."""
        session = self.session
        assert session is not None
        if escort is not None:
            session = replace(session, escort=escort)
        return discharge_criteria(session, self._outlook(now), now.wall)

    def _outlook(self, now: Instant) -> DischargeEvidence:
        spo2 = self.vitals.values.get(Vital.SPO2)
        return DischargeEvidence(
            spo2=None if spo2 is None else spo2.value,
            spo2_held_min=self._spo2_held.minutes(now),
            open_alarms=self.alarm_engine.open_alarms(),
            schedule=self.schedule(now),
            pressure_fresh=Vital.SYS in self.vitals.values,
        )

    def schedule(self, now: Instant) -> list[PlannedCheck]:
        """The session's checks; none without a session. Asking changes nothing."""
        return self._plan_at(now).checks

    def _plan_at(self, now: Instant) -> Schedule:
        """The session's checks, kept while they stand."""
        if self._plan.is_current(self.session, now.wall):
            return self._plan
        return Schedule.for_session(self.session, now.wall)

    # ── the cuff ────────────────────────────────────────────────────────────────────────

    def _handle_cuff(
        self, command: MeasurePressure | InhibitNibp | EnableNibp, now: Instant
    ) -> None:
        cuff = self._first_cuff
        if cuff is None:
            raise Refused(
                Refusal.CONFLICT, f"{self.id} has no cuff that can be started; measure by hand"
            )
        match command:
            case MeasurePressure(by):
                cuff.check_can_start()
                draft = cuff.request("by-hand", by)
            case EnableNibp(by):
                draft = cuff.enable(by)
            case InhibitNibp(by, reason):
                draft = cuff.inhibit(by, reason)
        self._emit(*draft, now)

    @property
    def _first_cuff(self) -> NibpScheduler | None:
        return next(iter(self._nibp.values()), None)

    def _on_nibp_result(self, cuff: NibpScheduler, answer: Draft, now: Instant) -> set[str]:
        changed = self._see_recorded(self._emit(*answer, now), now)
        if cuff.failures > 1:
            self._record(self.alarm_engine.confirmation_failed(self._scene(now), now), now)
        return changed

    def _look_at_cuff(self, session: Session, now: Instant) -> None:
        cuff = self._first_cuff
        if cuff is None or not (self._pending.events or now.mono >= self._next_cuff_look):
            return
        confirm_at = self.alarm_engine.confirm_at
        alarms = [
            alarm
            for alarm in self.alarm_engine.alarms.values()
            if alarm.rule in self._pressure_rules and alarm.session == session.id
        ]
        why = cuff.wanted(
            now,
            confirm_at=confirm_at,
            follow_up=needs_follow_up(alarms, session.pressures),
            planned=self.schedule(now),
        )
        if why is not None:
            self._emit(*cuff.request(why), now)
        self._next_cuff_look = cuff.next_change(now, confirm_at)

    def drop_pending_measurement(self, device: str) -> None:
        """The measurement that `device` was asked for is not made: this bed is on paper only."""
        self._nibp[device].pending = False

    # ── rules and alarms ────────────────────────────────────────────────────────────────

    def _acknowledge(self, command: Acknowledge, now: Instant) -> None:
        decide.acknowledge(self.id, self.alarm_engine.find(command.alarm), command)
        changes = self.alarm_engine.acknowledge(command.alarm, command.by, command.note, now)
        self._record(changes, now)

    def _unacknowledge(self, command: Unacknowledge, now: Instant) -> None:
        session = None if self._open is None else self._open.id
        why_not = self.alarm_engine.why_not_unacknowledged(command.alarm, session, now)
        if why_not is not None:
            raise Refused(Refusal.CONFLICT, why_not, "alarm")
        self._record(
            self.alarm_engine.unacknowledge(command.alarm, command.by, command.note, session, now),
            now,
        )

    def _pause_audio(self, command: PauseAudio, now: Instant) -> None:
        if not 0 < command.for_s <= audio_pause.MAX_S:
            raise Refused(Refusal.INVALID, f"for_s is 1 to {audio_pause.MAX_S:g}", "for_s")
        priority = audio_pause.sounding(self.alarm_engine.alarms.values())
        if priority is None:
            raise Refused(Refusal.CONFLICT, f"{self.id} has no alarm that is to be heard")
        self._emit(
            audio_pause.PAUSED, audio_pause.paused(command.by, command.for_s, priority, now), now
        )

    def _resume_audio(self, why: str | None, now: Instant) -> None:
        if self.audio_pause is not None and why is not None:
            self._emit(audio_pause.RESUMED, {"reason": why}, now)

    def _look_at_device(self, hearing: DeviceStatus, now: Instant) -> set[Signal]:
        self._next_cuff_look = now.mono
        device = hearing.spec.id
        missing = self.vitals.missing(device, self._wanted, now)
        hearing.missing_signals = bool(missing)
        found = hearing.conditions(missing, now)
        away = found.get("link-lost") or found.get("device-silent")
        if self._announced[device] and away is not None:
            self._emit("device.disconnected", {"device": device, "reason": away}, now)
        elif not self._announced[device] and hearing.responding:
            model = hearing.identity.model if hearing.identity else None
            self._emit("device.connected", {"device": device, "model": model}, now)
        if away is None and device in self._nibp:
            found |= self._nibp[device].conditions
        return set(self._technical.update(device, found, hearing.unknown_conditions()))

    def _look_at_bed(self) -> set[Signal]:
        found = dict(self._site)
        if nobody := self.vitals.not_provided(self._wanted):
            found["signal-missing"] = "no device here gives " + ", ".join(nobody)
        if self._open is not None and self._open.nurse is None:
            found["nobody-watching"] = "no nurse has taken over"
        if (cuff := self._first_cuff) is not None and cuff.inhibited is not None:
            found["nibp-inhibited"] = cuff.inhibited
        return set(self._technical.update(None, found))

    def _look_at_checks(self, now: Instant) -> set[Signal]:
        plan = self._plan_at(now)
        if plan is not self._plan:
            self._plan = plan
            self._next_cuff_look = self._next_judgement = now.mono
        changed: set[Signal] = set()
        for kind in CheckKind:
            found = {"check-overdue": plan.overdue[kind]} if kind in plan.overdue else {}
            changed |= self._technical.update(kind.value, found)
        return changed

    def _look_at_minute(self, now: Instant) -> set[Signal]:
        minute = int(self._minutes(now) or 0.0)
        if minute == self._minute:
            return set()
        self._minute = minute
        return {MINUTE}

    def _look_at_troubles(self, now: Instant) -> set[Signal]:
        self._next_look_at_all = now.mono + LOOK_AGAIN_S
        changed = self._look_at_bed() | self._look_at_checks(now)
        for hearing in self.device_status.values():
            changed |= self._look_at_device(hearing, now)
        return changed

    def _after(self, changed: set[Signal], now: Instant, *, look: bool = False) -> Result:
        """Look at whatever `changed` and whatever is due, and hand over what was decided.

        The cuff is looked at when anything was decided, and on `look`; so is readiness.
        """
        if not self._seen_all:
            self._seen_all = True
            self._look_at_troubles(now)
            self._record(self.alarm_engine.clear_unconfigured(now), now)
            self._record(self.alarm_engine.evaluate_all(self._scene(now), now), now)
        elif changed or self.alarm_engine.next_due <= now.mono:
            self._record(self.alarm_engine.evaluate(changed, self._scene(now), now), now)
        if (look or self._pending.events) and self._open is not None:
            self._progress(self._open, now)
            self._look_at_cuff(self._open, now)
        if self.audio_pause is not None:
            self._resume_audio(
                audio_pause.expiry_reason(self.audio_pause, self.alarm_engine.alarms.values(), now),
                now,
            )
        outcome = self._pending.drain()
        if outcome is not NO_RESULT:
            self._next_wakeup = _AT_ONCE
        return outcome

    def _compute_next_wakeup(self, now: Instant) -> Instant:
        """When time alone may next change anything but the rules, by the clock that is sooner."""
        mono = min(self._next_look_at_all, self.vitals.expires_at)
        for hearing in self.device_status.values():
            mono = min(mono, now.mono if hearing.may_be_lost else hearing.silent_at)
        for cuff in self._nibp.values():
            mono = min(mono, cuff.overdue_at)
        if self.audio_pause is not None:
            mono = min(mono, self.audio_pause.ends)
        wall = self._plan.until
        if self._open is not None:
            mono = min(mono, self._next_judgement, self._next_cuff_look)
            if (dosed_at := self._open.first_dose_at) is not None:
                wall = min(wall, dosed_at + timedelta(minutes=self._minute + 1))
        return Instant(wall, mono)

    def _progress(self, session: Session, now: Instant) -> None:
        if self._pending.events or now.mono >= self._next_judgement:
            for draft in decide.progress(session, lambda: self.discharge_criteria(now), now):
                self._emit(*draft, now)
            in_s = DOSING_S
            if session.phase is not Phase.DOSING:
                in_s = min(next_change_s(session, self._outlook(now), now.wall), MINUTE_S)
            self._next_judgement = now.mono + in_s

    def _record(self, changes: Sequence[AlarmChange], now: Instant) -> None:
        for change in changes:
            alarm = change.alarm
            payload: dict[str, Any] = {"alarm": alarm.as_json(), "reason": change.reason}
            if change.by is not None:
                payload |= {"by": change.by, "note": change.note}
            self._pending.add(change.type, payload, now, alarm.session, alarm.id)
        if self.audio_pause is not None:
            self._resume_audio(audio_pause.interruption_reason(self.audio_pause, changes), now)

    def _emit(self, type_: str, payload: Mapping[str, Any], now: Instant) -> Event:
        session = None if self._open is None else self._open.id
        event = self._pending.add(type_, payload, now, session)
        self._apply(event, now.mono)
        return event

    def _scene(self, now: Instant) -> EvaluationContext:
        session = self._open
        return EvaluationContext(
            bed=self.id,
            event_number=self._pending.n,
            session=None if session is None else session.id,
            values={**self._charted.values, **self.vitals.values},
            baseline={} if session is None else session.baseline,
            conditions=self._technical.present,
            unknown_conditions=self._technical.unknown,
            minutes=self._minutes(now),
            signals_lost=lambda at: self.vitals.signals_lost_by(*at, self._wanted, now),
        )

    def _minutes(self, now: Instant) -> float | None:
        first = self._open.first_dose_at if self._open is not None else None
        return None if first is None else (now.wall - first) / timedelta(minutes=1)

    def _see_values(self, changed: set[Signal], now: Instant) -> None:
        """Have readiness judged again where `changed` names what it looks at."""
        if self._follow_spo2(now) or Vital.SYS in changed:
            self._next_judgement = now.mono
            self._next_wakeup = _AT_ONCE

    def _follow_spo2(self, now: Instant) -> bool:
        least = 0.0 if self._open is None else self._open.regimen.discharge.spo2_least
        return self._spo2_held.follow(self.vitals.values.get(Vital.SPO2), least, now)

    def vital_views(self, now: Instant) -> list[VitalView]:
        """The bed's vitals as people see them."""
        return self.vitals.views(now)


def _windows(rules: RuleSet) -> dict[str, set[float]]:
    windows: dict[str, set[float]] = {}
    for rule in rules.rules:
        for leaf in leaves(rule.condition):
            if isinstance(leaf, Fall):
                windows.setdefault(leaf.signal, set()).add(leaf.within_s)
    return windows
