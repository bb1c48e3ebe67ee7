"""The alarms of one bed: its rules evaluated on what is known there, and the audio pause. Pure.

What a rule makes of it is `alerts.evaluation`'s; here is what it sees, and how its changes
become the bed's events.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, Protocol

from alerts.alarm import ALARM_REOPENED, Alarm, AlarmChange, audio_pause
from alerts.evaluation import (
    DOSING,
    MINUTE,
    AlarmEngine,
    EvaluationContext,
    Signal,
    Values,
    with_patient_limits,
)
from alerts.rules import Fall, Kind, Priority, RuleError, RuleSet, leaves, signals_in
from drivers.clock import Instant
from drivers.readings import Reading
from monitor.bed.effects import PendingEvents
from monitor.bed.state import BedState
from monitor.bed.technical import TechnicalConditions
from monitor.bed.vitals import Vitals
from monitor.session import (
    OPENINGS,
    SESSION_ENDINGS,
    Arrival,
    Event,
    Phase,
    Session,
    moving,
    signals,
)

_ENDED_WITH: Final = {type_.replace(".", " ") for type_ in SESSION_ENDINGS}
"""Why an alarm ended that ended with its session."""


class Emit(Protocol):
    """Have an event of that type decided, for the open session."""

    def __call__(self, type_: str, payload: dict[str, Any], now: Instant) -> Event: ...


class BedAlarms:
    """The alarms of one bed.

    `evaluated` says whether every rule has been evaluated since the bed was made or the
    session started.
    """

    def __init__(
        self,
        bed: str,
        engine: AlarmEngine,
        state: BedState,
        vitals: Vitals,
        technical: TechnicalConditions,
        pending: PendingEvents,
        emit: Emit,
    ) -> None:
        self.evaluated = False
        self._bed = bed
        self._engine = engine
        self._state = state
        self._vitals = vitals
        self._technical = technical
        self._pending = pending
        self._emit = emit
        self._ended: dict[str, Alarm] = {}
        self._minutes = (-1, -1)
        self._dosing = (True, False)

    def evolve(self, event: Event) -> None:
        """Take an event of this bed: a wall clock that was set moves what is known of alarms.

        An alarm that ended with its session is kept as it was, when it comes from the journal.
        """
        if event.type == "clock.stepped":
            by = timedelta(seconds=event.payload["by_s"])
            self._engine.shift_clock(by)
            self._ended = {id_: alarm.shifted(by) for id_, alarm in self._ended.items()}
        elif event.type in OPENINGS:
            self._ended = {}
        elif event.type == ALARM_REOPENED:
            self._ended.pop(str(event.subject), None)
        elif event.type == "alarm.ended" and event.payload["reason"] in _ENDED_WITH:
            before = self._engine.find(str(event.subject))
            if before is not None:
                self._ended[before.id] = before

    # ── rules ───────────────────────────────────────────────────────────────────────────

    def evaluate(self, changed: Iterable[Signal], now: Instant) -> None:
        """Evaluate the rules that see one of the `changed` signals, or are due."""
        self.record(self._engine.evaluate(changed, self._context(now), now), now)

    def evaluate_all(self, now: Instant) -> None:
        """Evaluate every rule; alarms that are no longer configured end."""
        self.evaluated = True
        self.record(self._engine.clear_unconfigured(now), now)
        self.record(self._engine.evaluate_all(self._context(now), now), now)

    def confirmation_failed(self, now: Instant) -> None:
        """The measurement that should have confirmed an alarm's condition gave nothing."""
        self.record(self._engine.confirmation_failed(self._context(now), now), now)

    def end_session(self, reason: str, now: Instant) -> None:
        """End what was raised for the session that ends now, and its silence."""
        before = {alarm.id: alarm for alarm in self._engine.open_alarms()}
        changes = self._engine.end_session(now, reason)
        self._ended = {change.alarm.id: before[change.alarm.id] for change in changes}
        self.record(changes, now)
        self._resume_audio(reason, now)

    def move_out(
        self, session: str, reason: str, now: Instant
    ) -> tuple[tuple[Alarm, ...], dict[str, float]]:
        """The session goes on elsewhere: its alarms end here.

        They are returned as they were, each rule's last, and how many seconds ago the conditions
        began of those that are open and go with it.
        """
        alarms = tuple(a for a in self._engine.alarms.values() if a.session == session)
        onsets = self._engine.onsets_in_session(session, moving.CONDITIONS, now)
        self.end_session(reason, now)
        self._ended = {}
        return alarms, onsets

    def move_in(self, arriving: Arrival, onsets: Mapping[str, float], now: Instant) -> None:
        """The session's alarms are what they were at the bed before, those of `onsets` open."""
        at = {id_: now.mono - ago_s for id_, ago_s in onsets.items()}
        of = {alarm.id: replace(alarm, bed=self._bed) for alarm in arriving.alarms}
        self._engine.take_over((replace(a, bed=self._bed) for a in arriving.past_alarms), now)
        reason = f"session moved from {arriving.bed}"
        alarms = [of[id_] for id_ in onsets if id_ in of]
        self.record(self._engine.reopen(alarms, now, reason, at), now)
        self.use_patient_limits({rule for rule, _, _ in arriving.session.patient_limits()})
        self.evaluated = False

    def reopen_session(self, now: Instant) -> None:
        """The session goes on: its alarms and the patient's limits are as they were."""
        self.record(self._engine.reopen(self._ended.values(), now, "session reopened"), now)
        self._ended = {}
        session = self._state.open_session
        assert session is not None
        self.use_patient_limits({rule for rule, _, _ in session.patient_limits()})
        self.evaluated = False

    def use_patient_limits(self, rules: Collection[str]) -> None:
        """Have these rules judge by the limits that were set for this patient.

        A rule that was changed since, and has no such limit any more, judges by its own.
        """
        session = self._state.open_session
        limits = {} if session is None else session.patient_limits()
        for rule in self._engine.rules.rules:
            if rule.id in rules:
                with suppress(RuleError):
                    self._engine.override(with_patient_limits(rule, limits))

    def record(self, changes: Sequence[AlarmChange], now: Instant) -> None:
        """Have the changes of alarms told as events; what is new may end the audio pause."""
        for change in changes:
            alarm = change.alarm
            payload: dict[str, Any] = {"alarm": alarm.as_json(), "reason": change.reason}
            if change.by is not None:
                payload |= {"by": change.by, "note": change.note}
            self._pending.add(change.type, payload, now, alarm.session, alarm.id)
        if self._state.audio_pause is not None:
            reason = audio_pause.interruption_reason(self._state.audio_pause, changes)
            self._resume_audio(reason, now)

    def _context(self, now: Instant) -> EvaluationContext:
        session = self._state.open_session
        return EvaluationContext(
            bed=self._bed,
            event_number=self._pending.n,
            session=self._state.session_id,
            values=self._values(session),
            baseline={} if session is None else session.baseline,
            conditions=self._technical.present,
            unknown_conditions=self._technical.unknown,
            minutes=self._state.minutes(now),
            is_dosing=self._is_dosing,
            minutes_since_last=self._state.minutes_since_last(now),
            words={} if session is None else signals.news2_words(session),
            signals_lost=lambda at: self._vitals.signals_lost_by(*at, self._state.continuous, now),
        )

    def _values(self, session: Session | None) -> Values:
        values = {**self._state.charted.values, **self._vitals.values}
        single = values.get("news2-single")
        if session is not None and single is not None:
            at, signs = session.news2[-1].at, signals.news2_highest(session)
            values["news2-single"] = replace(single, is_told=lambda: self._is_told(signs, at))
        return values

    def _is_told(self, signs: Collection[str], at: datetime) -> bool:
        """Whether each of these signs but consciousness had a medium or high alarm of its own.

        At that time or later: that it ended since makes no news of the score.
        """
        of = {rule.id: signals_in(rule.condition) for rule in self._engine.rules.rules}
        told = {
            name
            for alarm in self._engine.alarms.values()
            if alarm.kind is Kind.PHYSIOLOGICAL and alarm.priority >= Priority.MEDIUM
            if alarm.ended_at is None or alarm.ended_at >= at
            for name in of.get(alarm.rule, ())
        }
        return all(sign == "alert" or sign in told for sign in signs)

    def is_about(self, alarm_id: str, condition: str) -> bool:
        """Whether it is an alarm of a rule about that technical condition."""
        alarm = self._engine.find(alarm_id)
        rules = self._engine.rules.rules
        return alarm is not None and any(
            rule.id == alarm.rule and rule.technical_condition == condition for rule in rules
        )

    # ── what the rules see of the record ────────────────────────────────────────────────

    def chart(self, event: Event, now: Instant) -> set[Signal]:
        """Take the record as it stands after `event`; the signals that changed.

        NEWS2 is scored where the event gives reason to.
        """
        session = self._state.open_session
        if session is not None and event.type in signals.SCORED_AT:
            self._score_news2(session, now)
        return {*self._state.update_charted(now)}

    def _score_news2(self, session: Session, now: Instant) -> None:
        payload = signals.news2_score(session, self._vitals.values, now.wall)
        if payload is not None:
            self._emit("news2.scored", payload, now)

    def renew_news2(self, readings: Iterable[Reading], now: Instant) -> set[Signal]:
        """Score NEWS2 where a device gives again what it holds; the signals that changed."""
        session = self._state.open_session
        if session is None or not (held := signals.news2_renewable(session, now.wall)):
            return set()
        if not any(reading.usable and reading.vital.value in held for reading in readings):
            return set()
        self._score_news2(session, now)
        return {*self._state.update_charted(now)}

    def hold_news2(self, now: Instant) -> set[Signal]:
        """Hold the points of NEWS2 that are no longer current; what has other words now."""
        session = self._state.open_session
        if session is None:
            return set()
        outdated = signals.news2_outdated(session, self._vitals.values, now.wall)
        if outdated:
            self._emit("news2.held", {"parameters": outdated}, now)
        return {"news2"} if outdated else set()

    def next_held_at(self, now: Instant) -> datetime:
        """When time alone may next make NEWS2 hold what a person recorded."""
        session = self._state.open_session
        assert session is not None
        return signals.next_news2_outdated_at(session, self._vitals.values, now.wall)

    # ── minutes since the dose ──────────────────────────────────────────────────────────

    def update_minute(self, now: Instant) -> set[Signal]:
        """Take the minute since the first dose, and the dosing; what changed for the rules."""
        changed: set[Signal] = set()
        minutes, since_last = self._state.minutes(now), self._state.minutes_since_last(now)
        if self._dosing != (minutes is None, self._is_dosing):
            self._dosing = minutes is None, self._is_dosing
            changed.add(DOSING)
        whole = int(minutes or 0.0), int(since_last or 0.0)
        if self._minutes != whole:
            self._minutes = whole
            changed.add(MINUTE)
        return changed

    @property
    def _is_dosing(self) -> bool:
        session = self._state.open_session
        return session is not None and session.phase is Phase.DOSING

    @property
    def next_minute_at(self) -> datetime | None:
        """When the next minute since the first or the last dose begins; None before a dose."""
        session = self._state.open_session
        if session is None:
            return None
        given = (session.first_dose_at, session.last_dose_at)
        return min(
            (
                at + timedelta(minutes=minute + 1)
                for at, minute in zip(given, self._minutes, strict=True)
                if at is not None
            ),
            default=None,
        )

    # ── the audio pause ─────────────────────────────────────────────────────────────────

    def expire_audio_pause(self, now: Instant) -> None:
        """End the audio pause where its time is over, or nothing is left to be heard."""
        pause = self._state.audio_pause
        if pause is not None:
            alarms = self._engine.alarms.values()
            self._resume_audio(audio_pause.expiry_reason(pause, alarms, now), now)

    def _resume_audio(self, reason: str | None, now: Instant) -> None:
        if self._state.audio_pause is not None and reason is not None:
            self._emit(audio_pause.RESUMED, {"reason": reason}, now)


def history_windows(rules: RuleSet) -> dict[str, set[float]]:
    """How many seconds of each signal's recent past the rules look at."""
    windows: dict[str, set[float]] = {}
    for rule in rules.rules:
        for leaf in leaves(rule.condition):
            if isinstance(leaf, Fall):
                windows.setdefault(leaf.signal, set()).add(leaf.within_s)
    return windows
