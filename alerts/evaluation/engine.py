"""All rules at one bed: which to evaluate when, and the alarms that come of it.

Deterministic and without I/O. A rule is evaluated only when something it depends on has
changed or its time has come. Alarms change in `apply` and `_follow` alone: the one takes
them from the journal, the other as they change.
"""

from collections.abc import Collection, Iterable, Mapping
from datetime import timedelta
from operator import attrgetter

from alerts.alarm import (
    ALARM_REOPENED,
    Alarm,
    AlarmChange,
    TrackedAlarm,
    escalation,
    start_acknowledged,
)
from alerts.evaluation.context import EvaluationContext, Signal
from alerts.evaluation.deadlines import Deadlines
from alerts.evaluation.lasting import CallTime
from alerts.evaluation.rule_instance import Key, RuleInstance
from alerts.evaluation.timers import ConditionChange
from alerts.rules import Rule, RuleSet, signals_in
from drivers.clock import Instant


class AlarmEngine:
    """The rules and the alarms of one bed.

    `devices` gives the technical conditions that each device, and None for the bed itself,
    can have. `effective_rules` are the set's rules as this patient is judged by them now, in
    the set's order.
    """

    def __init__(self, rules: RuleSet, devices: Mapping[str | None, Iterable[str]]) -> None:
        self.rules = rules
        self.effective_rules = rules.rules
        self._instances: dict[Key, RuleInstance] = {}
        self._by_signal: dict[Signal, list[RuleInstance]] = {}
        self._deadlines: Deadlines[RuleInstance] = Deadlines()
        self._alarms: dict[Key, TrackedAlarm] = {}
        self._calls: Deadlines[TrackedAlarm] = Deadlines()
        recipients = escalation.first_recipients(rules.escalation)
        keeps = rules.escalation.keep_acknowledgement_on_reraise
        resets = rules.escalation.separate_reset
        renew = rules.renew_text_after_s
        for rule in rules.rules:
            for device in _devices_of(rule, devices):
                order = len(self._instances)
                instance = RuleInstance(rule, device, order, recipients, keeps, resets, renew)
                self._instances[instance.key] = instance
                for signal in instance.depends_on:
                    self._by_signal.setdefault(signal, []).append(instance)

    # ── alarms ──────────────────────────────────────────────────────────────────────────

    @property
    def alarms(self) -> Mapping[Key, Alarm]:
        """Each rule's present or last alarm, in the order in which the rules first had one."""
        return {key: tracked.alarm for key, tracked in self._alarms.items()}

    def open_alarms(self) -> list[Alarm]:
        """The alarms that have not ended, most urgent and then oldest first."""
        alarms = [tracked.alarm for tracked in self._alarms.values() if tracked.alarm.is_open]
        return sorted(alarms, key=lambda alarm: (-alarm.priority, alarm.raised_at))

    def find(self, alarm_id: str) -> Alarm | None:
        """The alarm of that id, if it is open or was this rule's last one."""
        tracked = self._find(alarm_id)
        return None if tracked is None else tracked.alarm

    def _find(self, alarm_id: str) -> TrackedAlarm | None:
        every = self._alarms.values()
        return next((tracked for tracked in every if tracked.alarm.id == alarm_id), None)

    def acknowledge(
        self, alarm_id: str, by: str, note: str | None, now: Instant
    ) -> list[AlarmChange]:
        """A person takes the alarm, and with it the less grave ones that its rule takes.

        Nothing follows when it has ended or was taken before.
        """
        tracked = self._find(alarm_id)
        if tracked is None or not (changes := tracked.acknowledge(by, note, now)):
            return []
        self._follow(changes, now)
        for less in self._taken_by(tracked.alarm):
            with_it = less.acknowledge_with(tracked.alarm, by, note, now)
            changes = [*changes, *self._follow(with_it, now)]
        return changes

    def _taken_by(self, alarm: Alarm) -> list[TrackedAlarm]:
        instance = self._instances.get((alarm.rule, alarm.device))
        takes = () if instance is None else instance.rule.takes
        return [self._alarms[rule, None] for rule in takes if (rule, None) in self._alarms]

    def _taken_before(
        self,
        instance: RuleInstance,
        onset: list[AlarmChange],
        context: EvaluationContext,
        now: Instant,
    ) -> list[AlarmChange]:
        """An onset by what a graver alarm was acknowledged for: it starts acknowledged with that.

        Not where it is worse than that acknowledgement covers.
        """
        for other in self._instances.values():
            if instance.rule.id in other.rule.takes and other.covers(onset[0].alarm, context):
                assert other.tracked is not None
                return start_acknowledged(onset[0], other.tracked.alarm, now)
        return onset

    def why_not_unacknowledged(
        self, alarm_id: str, session: str | None, now: Instant
    ) -> str | None:
        """Why the acknowledgement cannot be taken back now, in words; None when it can."""
        tracked = self._find(alarm_id)
        if tracked is None:
            return "no such alarm here"
        return tracked.why_not_unacknowledged(session, now)

    def unacknowledge(
        self, alarm_id: str, by: str, note: str | None, session: str | None, now: Instant
    ) -> list[AlarmChange]:
        """A person takes an acknowledgement back, and what was taken with it.

        Nothing follows where that cannot be.
        """
        tracked = self._find(alarm_id)
        if tracked is None:
            return []
        changes = self._follow(tracked.unacknowledge(by, note, session, now), now)
        for less in [*self._alarms.values()] if changes else []:
            if less.alarm.taken_with == alarm_id:
                with_it = less.unacknowledge(by, note, session, now)
                changes = [*changes, *self._follow(with_it, now)]
        return changes

    def clear_unconfigured(self, now: Instant) -> list[AlarmChange]:
        """Alarms taken up from before whose rule or device is no longer there end, and say so."""
        reason = "its rule or device is no longer configured"
        changes: list[AlarmChange] = []
        for key, tracked in self._alarms.items():
            if key not in self._instances:
                changes += self._follow(tracked.clear(reason, now), now)
        return changes

    # ── the journal ─────────────────────────────────────────────────────────────────────

    def apply(self, alarm: Alarm) -> None:
        """Take `alarm` from the journal as the present state of its rule's alarm."""
        tracked = self._track(alarm)
        tracked.alarm = alarm
        self._sync(tracked)

    def resume(self, now: Instant, onsets: Mapping[str, float] | None = None) -> None:
        """Give the alarms that were applied from the journal their place in monotonic time.

        `onsets` are when their conditions began last, by their ids.
        """
        for tracked in self._alarms.values():
            tracked.resume(now, (onsets or {}).get(tracked.alarm.id))
            self._calls.put(tracked, escalation.next_call_at(tracked, self.rules.escalation))

    def shift_clock(self, by: timedelta) -> None:
        """Move the times of the alarms with a wall clock that was set by so much."""
        for tracked in self._alarms.values():
            tracked.alarm = tracked.alarm.shifted(by)

    def _track(self, alarm: Alarm) -> TrackedAlarm:
        return self._alarms.setdefault((alarm.rule, alarm.device), TrackedAlarm(alarm))

    def _sync(self, tracked: TrackedAlarm) -> None:
        instance = self._instances.get((tracked.alarm.rule, tracked.alarm.device))
        if instance is not None:
            instance.track(tracked)

    def _follow(self, changes: list[AlarmChange], now: Instant) -> list[AlarmChange]:
        for change in changes:
            tracked = self._track(change.alarm)
            tracked.follow(change, now)
            self._sync(tracked)
            self._calls.put(tracked, escalation.next_call_at(tracked, self.rules.escalation))
        return changes

    # ── evaluation ──────────────────────────────────────────────────────────────────────

    def evaluate(
        self, changed: Iterable[Signal], context: EvaluationContext, now: Instant
    ) -> list[AlarmChange]:
        """What follows from a change of the named signals at `now`."""
        instances = {one for signal in changed for one in self._by_signal.get(signal, ())}
        instances.update(self._deadlines.due(now.mono))
        return [*self._evaluate(instances, context, now), *self._call_again(context, now)]

    def evaluate_all(self, context: EvaluationContext, now: Instant) -> list[AlarmChange]:
        """What follows when every rule is evaluated, as when a session starts."""
        changes = self._evaluate(self._instances.values(), context, now)
        return [*changes, *self._call_again(context, now)]

    @property
    def next_due(self) -> float:
        """When the engine has to be asked again even if nothing changes, monotonic seconds."""
        return min(self._deadlines.soonest, self._calls.soonest)

    @property
    def confirm_at(self) -> float | None:
        """When a second measurement is wanted to confirm a first, None when none is."""
        wanted = (instance.timer.confirm_at for instance in self._instances.values())
        return min((at for at in wanted if at is not None), default=None)

    def confirmation_failed(self, context: EvaluationContext, now: Instant) -> list[AlarmChange]:
        """What follows when the measurement that should confirm gave nothing."""
        every = self._instances.values()
        waiting = [instance for instance in every if instance.timer.confirm_at is not None]
        for instance in waiting:
            instance.timer.confirmation_failed()
        return self._evaluate(waiting, context, now)

    def _evaluate(
        self, instances: Iterable[RuleInstance], context: EvaluationContext, now: Instant
    ) -> list[AlarmChange]:
        changes: list[AlarmChange] = []
        for instance in sorted(instances, key=_ORDER):
            if instance.rule.in_session and context.session is None:
                self._deadlines.put(instance, None)
                continue
            for change in instance.evaluate(context, now):
                response = instance.respond(change, context, self.effective_rules, now)
                if change is ConditionChange.ONSET:
                    response = self._taken_before(instance, response, context, now)
                changes += self._follow(response, now)
            if instance.rule.worsens_to is not None:
                rises = instance.raise_priority(context, self.effective_rules, now)
                changes += self._follow(rises, now)
            if instance.technical is None:
                lasts = instance.follow_values(context, self._call_time(now), now)
                changes += self._follow(lasts, now)
            self._deadlines.put(instance, instance.due_at(context.session))
        return changes

    def _call_again(self, context: EvaluationContext, now: Instant) -> list[AlarmChange]:
        changes: list[AlarmChange] = []
        for tracked in self._calls.due(now.mono):
            if tracked.alarm.acknowledged:
                calls = self._still_there(tracked, context, now)
            else:
                calls = escalation.call_again(tracked, self.rules.escalation, now)
            changes += self._follow(calls, now)
        return changes

    def _still_there(
        self, tracked: TrackedAlarm, context: EvaluationContext, now: Instant
    ) -> list[AlarmChange]:
        alarm = tracked.alarm
        instance = self._instances[alarm.rule, alarm.device]
        after_s = self.rules.escalation.again_after_s(alarm.kind, alarm.priority) or 0.0
        return instance.still_there(after_s, context, self._call_time(now), now)

    def _call_time(self, now: Instant) -> CallTime:
        every = self._alarms.values()
        return lambda priority: escalation.call_time(every, priority, now)

    # ── one patient's rules ─────────────────────────────────────────────────────────────

    def override(self, rule: Rule) -> None:
        """Judge by `rule` instead of the rule of that id until the session ends.

        It names the same signals. The engine is due at once, so the next evaluation tells
        what follows. Raises `KeyError` when the set has no rule of that id.
        """
        instances = [one for one in self._instances.values() if one.rule.id == rule.id]
        if not instances:
            raise KeyError(rule.id)
        self.effective_rules = tuple(
            rule if one.id == rule.id else one for one in self.effective_rules
        )
        for instance in instances:
            assert instance.signals == signals_in(rule.condition)
            instance.timer.rule = rule
            self._deadlines.put(instance, float("-inf"))

    def end_session(self, now: Instant, reason: str) -> list[AlarmChange]:
        """The session is over: what was raised for it ends, and its rules start afresh."""
        changes: list[AlarmChange] = []
        for instance in self._instances.values():
            if not instance.rule.in_session:
                continue
            if instance.tracked is not None:
                changes += self._follow(instance.tracked.clear(reason, now), now)
            instance.restart()
            self._deadlines.put(instance, None)
        self.effective_rules = self.rules.rules
        return changes

    def reopen(
        self,
        alarms: Iterable[Alarm],
        now: Instant,
        reason: str,
        onsets: Mapping[str, float] | None = None,
    ) -> list[AlarmChange]:
        """The session goes on: the alarms that ended with it are what they were, these.

        `onsets` are when their conditions began last, by their ids, where that was at another bed.
        """
        changes: list[AlarmChange] = []
        for alarm in alarms:
            self._resume_as(alarm, now, onsets)
            changes.append(AlarmChange(ALARM_REOPENED, alarm, reason))
        return changes

    def take_over(self, alarms: Iterable[Alarm], now: Instant) -> None:
        """Know these, which ended at another bed, as the last alarms of their rules."""
        for alarm in alarms:
            self._resume_as(alarm, now, {})

    def _resume_as(self, alarm: Alarm, now: Instant, onsets: Mapping[str, float] | None) -> None:
        tracked = self._track(alarm)
        tracked.alarm = alarm
        began = tracked.raised_mono if onsets is None else onsets.get(alarm.id)
        tracked.resume(now, began)
        self._sync(tracked)
        self._calls.put(tracked, escalation.next_call_at(tracked, self.rules.escalation))

    def onsets_in_session(
        self, session: str, conditions: Collection[str], now: Instant
    ) -> dict[str, float]:
        """How many seconds ago the conditions began of the alarms that are open in the session.

        Of the technical ones only those whose condition is one of `conditions`.
        """
        found = {}
        for instance in self._instances.values():
            tracked, condition = instance.tracked, instance.rule.technical_condition
            if tracked is None or not (instance.rule.in_session and tracked.alarm.is_open):
                continue
            if tracked.alarm.session == session and (condition is None or condition in conditions):
                found[tracked.alarm.id] = now.mono - tracked.raised_mono
        return found


_ORDER = attrgetter("order")


def _devices_of(rule: Rule, devices: Mapping[str | None, Iterable[str]]) -> list[str | None]:
    if rule.technical_condition is None:
        return [None]
    return [device for device, names in devices.items() if rule.technical_condition in names]
