"""The bed: a pure state machine over device reports, commands and ticks.

Theory of operation. `handle` takes one input with its instant and returns a `Result`: the
events that were decided, in order, and the effects that the shell should carry out. An input
updates what is known of the devices and the patient, `_settle` evaluates the rules on what
changed or is due, and each decision is an event that `emit` folds into the state at once. The
session, the alarms, the audio pause and the NIBP requests change only by what events say, the
same way when they are decided and when they are read back from the journal, so that a
restored bed is the bed that was. What devices reported is not stored as events: after a
restart it starts empty, except for the last pressure, and for the SpO2 of the last hour, which
is drawn from the recorded inputs.

Most inputs change nothing. A tick is compared with one instant, the next at which time alone
may change anything; an unchanged packet stops once its values have been taken.

No clock and no I/O: the present is an argument, and the same inputs give the same events.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from alerts.evaluation import AlarmEngine, Signal
from alerts.rules import RuleSet
from drivers.clock import Instant
from drivers.readings import LinkChanged, Measurement, Vital, Waveform
from drivers.registry import DeviceSpec
from monitor.bed.alarms import BedAlarms, history_windows
from monitor.bed.effects import NO_RESULT, PendingEvents, Result
from monitor.bed.handlers import HANDLERS
from monitor.bed.inputs import DeviceInput, Input, SeenBefore, SiteCondition, Tick
from monitor.bed.moving import Departure
from monitor.bed.nibp import NibpScheduler, is_nibp_result
from monitor.bed.readiness import Readiness
from monitor.bed.restore import restore
from monitor.bed.state import BedState
from monitor.bed.technical import UPDATE_S, TechnicalConditions, possible_conditions
from monitor.bed.timeline import Timeline
from monitor.bed.vitals import Vitals
from monitor.bed.wakeup import Wakeup
from monitor.session import Arrival, Command, Draft, Event, Session, alarm_path


class Bed:
    """One bed. Made empty, or rebuilt from its stored events by `restore`.

    A clock that runs many times as fast as the world makes a short pause of this machine
    long; no device is called silent, and no value stale, within `min_silence_s`.

    `departed` is the last session that was moved from here, for the bed that it goes to.
    """

    def __init__(
        self, bed: str, devices: Iterable[DeviceSpec], rules: RuleSet, min_silence_s: float = 0.0
    ) -> None:
        specs = [*devices]
        self.id = bed
        self.rules = rules
        self.pending = PendingEvents(bed)
        self.state = state = BedState(specs)
        self.vitals = vitals = Vitals(
            specs, history_windows(rules), min_silence_s, rules.spo2_differs_by
        )
        self.technical = technical = TechnicalConditions(specs, state, vitals, min_silence_s)
        self.alarm_engine = engine = AlarmEngine(rules, possible_conditions(specs))
        self.alarms = BedAlarms(bed, engine, state, vitals, technical, self.pending, self.emit)
        self.readiness = Readiness(state, vitals, engine)
        self.nibp = NibpScheduler(technical.devices, state.nibp, rules)
        self.timeline = Timeline()
        self.departed: Departure | None = None
        self._wakeup = Wakeup(
            state, vitals, technical, engine, self.alarms, self.readiness, self.nibp
        )

    @property
    def session(self) -> Session | None:
        """Its session, open or last; None before its first."""
        return self.state.session

    @property
    def event_number(self) -> int:
        """The number of its last event."""
        return self.pending.n

    def restore(
        self,
        events: Iterable[Event],
        last_n: int,
        now: Instant,
        seen_before: SeenBefore | None = None,
        *,
        began_anew: bool = False,
        before_move: Iterable[Event] = (),
    ) -> list[str]:
        """Continue from the stored `events`. To be called once, on a new bed.

        `seen_before` is what the stored inputs of the open session say, `began_anew` that the
        machine was started since its last dose, and `before_move` are the events of the last
        session until it was moved here. Returns in words which events could not be taken and were
        left out.
        """
        return restore(
            self,
            events,
            last_n,
            now,
            seen_before,
            began_anew=began_anew,
            before_move=before_move,
        )

    def expect(self, arrival: Arrival | None) -> None:
        """Know the session that `MoveIn` will bring here."""
        self.state.arriving = arrival

    # ── inputs ──────────────────────────────────────────────────────────────────────────

    def handle(self, given: Input, now: Instant) -> Result:
        """Take an input. Raises `Refused` for a command, and then nothing has changed.

        A tick is to be given at least once a second.
        """
        now, step_s = self.timeline.advance(now)
        if step_s:
            self.emit("clock.stepped", {"by_s": step_s}, now)
        return _INPUTS[type(given)](self, given, now)

    def _receive(self, given: DeviceInput, now: Instant) -> Result:
        device = self.technical.devices[given.device]
        changed: set[Signal] = set()
        at: Instant | None = None
        match given.item:
            case Measurement() as item:
                is_news = device.receive(item, now) or device.missing_signals
                if item.age_s is not None:
                    at = now.plus(-item.age_s)
                    item = item if self._is_new(given.device, at) else Measurement(())
                changed |= self.vitals.take(given.device, item.readings, at or now, now)
                if changed:
                    self._update_readiness(changed, now)
                changed |= self.technical.update_difference(now)
            case LinkChanged(state, reason, plain) as item:
                device.link_changed(state, reason, now, plain)
                is_news = True
            case Waveform() as item if device.responding and not self.pending.events:
                device.receive(item, now)
                return NO_RESULT
            case item:
                is_news = device.receive(item, now) or device.missing_signals
        nibp = self.nibp.devices.get(given.device)
        if nibp is not None and is_nibp_result(item):
            changed |= self._take_nibp_result(nibp.result(item, at), now)
            is_news = True
        if isinstance(item, Measurement):
            changed |= self.alarms.renew_news2(item.readings, now)
        if is_news:
            self._wakeup.reset()
            changed |= self._update_device(given.device, now)
        elif not (changed or self.pending.events) and now.mono < self.alarm_engine.next_due:
            return NO_RESULT
        return self._settle(changed, now, plan=Vital.RESP in changed)

    def _is_new(self, device: str, at: Instant) -> bool:
        """Whether what `device` took at `at` is this patient's, and not known already.

        A monitor says its last pressure again and again, that of the patient before too.
        """
        since = self.state.patient_since
        is_own = since is None or at.wall >= since
        return is_own and not self.state.nibp[device].is_known(at.wall)

    def _set_site_condition(self, given: SiteCondition, now: Instant) -> Result:
        self.technical.set_site_condition(given.trouble, given.reason)
        return self._settle(self.technical.update_bed(now), now)

    def _tick(self, _: Tick, now: Instant) -> Result:
        if not self._wakeup.is_due(now):
            return NO_RESULT
        changed = self.readiness.age_pressures(now) | self.vitals.expire(now)
        if changed:
            self._update_readiness(changed, now)
        is_news = bool(changed) or now.mono >= self.technical.next_update
        is_news |= self.technical.check_silence(now)
        for draft in self.nibp.unanswered(now):
            changed |= self._take_nibp_result(draft, now)
            is_news = True
        if now.wall >= self.technical.session_due_at:
            self._expire_alarm_path(now)
            changed |= self.technical.update_bed(now)
        changed |= self._update_technical(now) if is_news else self._update_checks(now)
        changed |= self.alarms.update_minute(now)
        result = self._settle(changed, now, plan=True)
        if result is NO_RESULT:
            self._wakeup.compute(now)
        return result

    def _run(self, command: Command, now: Instant) -> Result:
        HANDLERS[type(command)](self, command, now)
        changed = self.technical.update_bed(now) | self._update_checks(now)
        return self._settle(changed | self.alarms.update_minute(now), now)

    # ── events ──────────────────────────────────────────────────────────────────────────

    def emit(
        self, type_: str, payload: Mapping[str, Any], now: Instant, *, session: str | None = None
    ) -> Event:
        """Decide an event, of the open session where no other is given, and fold it."""
        self._wakeup.reset()
        event = self.pending.add(type_, payload, now, session or self.state.session_id)
        self.fold(event, now.mono)
        return event

    def fold(self, event: Event, mono: float) -> None:
        """Take an event that was decided at `mono`, in monotonic seconds."""
        self.state.evolve(event, mono)
        self.alarms.evolve(event)

    def _take_nibp_result(self, result: Draft, now: Instant) -> set[Signal]:
        event = self.emit(*result, now)
        changed = self.alarms.chart(event, now)
        if self.state.nibp[event.payload["device"]].conditions:
            self.alarms.confirmation_failed(now)
        return changed

    def _expire_alarm_path(self, now: Instant) -> None:
        session = self.state.open_session
        for draft in () if session is None else alarm_path.expired(session.alarm_path, now.wall):
            self.emit(*draft, now)

    # ── what is known ───────────────────────────────────────────────────────────────────

    def _update_readiness(self, changed: set[Signal], now: Instant) -> None:
        if self.readiness.update_vitals(changed, now):
            self._wakeup.reset()

    def _update_technical(self, now: Instant) -> set[Signal]:
        self.technical.next_update = now.mono + UPDATE_S
        changed = self.technical.update_bed(now) | self._update_checks(now)
        for id_ in self.technical.devices:
            changed |= self._update_device(id_, now)
        return changed

    def _update_device(self, id_: str, now: Instant) -> set[Signal]:
        self.nibp.next_plan = now.mono
        announcement, changed = self.technical.update_device(id_, now)
        if announcement is not None:
            self.emit(*announcement, now)
        return changed

    def _update_checks(self, now: Instant) -> set[Signal]:
        if not self.readiness.update_schedule(now):
            return set()
        self.nibp.next_plan = now.mono
        return self.technical.update_checks(self.readiness.schedule.overdue)

    # ── what follows ────────────────────────────────────────────────────────────────────

    def _settle(self, changed: set[Signal], now: Instant, *, plan: bool = False) -> Result:
        """Evaluate the rules on what `changed` and whatever is due; hand over what was decided.

        Readiness is judged and the next NIBP measurement planned when anything was decided,
        and on `plan`, as far as they are due.
        """
        if not self.alarms.evaluated:
            self.readiness.age_pressures(now)
            self._update_technical(now)
            self.alarms.evaluate_all(now)
        elif changed or self.alarm_engine.next_due <= now.mono:
            self.alarms.evaluate(changed, now)
            self._wakeup.bring_forward(self.alarm_engine.next_due)
        if self.pending.events and (aged := self.readiness.age_pressures(now)):
            self._update_readiness(aged, now)
            self.alarms.evaluate(aged, now)
        if plan and (held := self.alarms.hold_news2(now)):
            self.alarms.evaluate(held, now)
        if plan or self.pending.events:
            self._plan(now)
        self.alarms.expire_audio_pause(now)
        result = self.pending.drain()
        if result is not NO_RESULT:
            self._wakeup.reset()
        return result

    def _plan(self, now: Instant) -> None:
        session = self.state.open_session
        if session is None:
            return
        if self.pending.events or now.mono >= self.readiness.next_judgement:
            for draft in self.readiness.progress(session, now):
                self.emit(*draft, now)
        if self.pending.events or now.mono >= self.nibp.next_plan:
            planned = self.readiness.planned_checks(now)
            request = self.nibp.plan(session, self.alarm_engine, planned, now)
            if request is not None:
                self.emit(*request, now)
        if (rate := self.readiness.due_rate(now)) is not None:
            event = self.emit(*rate, now)
            self.alarms.evaluate(self.alarms.chart(event, now), now)


_INPUTS: Final[Mapping[type[Any], Callable[[Bed, Any, Instant], Result]]] = {
    DeviceInput: Bed._receive,
    SiteCondition: Bed._set_site_condition,
    Tick: Bed._tick,
    **dict.fromkeys(HANDLERS, Bed._run),
}
"""What takes each kind of input."""
