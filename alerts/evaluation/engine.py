"""All rules at one bed: which to look at when, and the alarms that come of it.

Deterministic and without I/O. A rule is looked at only when something it names has
changed or its time has come. The engine changes its own alarms only in `apply`, which
live operation and a rebuild from the journal share.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID, uuid5

from alerts.alarm import (
    REACTIVATION_S,
    TRANSITIONS,
    Alarm,
    AlarmChange,
    State,
    Trigger,
    TriggerDetails,
    advance,
    lifecycle_state,
    render,
    values_of,
)
from alerts.evaluation.conditions import Values, Verdict, judge
from alerts.evaluation.timers import ConditionChange, ConditionTimer
from alerts.rules import DATA_LOSS, Rule, RuleSet, signals_in
from drivers.clock import Instant, rfc3339

_IDS: Final = UUID("8a1f4a8e-6f0e-4c0b-9d51-3f7f0d5b7a10")

Key = tuple[str, str | None]
"""A rule's id and, for a technical rule, the device it watches; None stands for the bed."""

ConditionAt = tuple[str, str | None]
"""A trouble by name, and the device that has it; None stands for the bed."""

Signal = str | ConditionAt
"""What can change: a signal by name, or a trouble."""

MINUTE: Final = "minute"
"""Changes once a minute of a session, for the rules that begin so long after the dose."""


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """What the rules can see now.

    `n` is the number of the bed's last event. `troubles` holds those that are present, with
    the reason for each, and `unseen` those of which nobody can say now whether they are.
    `minutes` is the time since the first dose, None before it. `gone` says which signals nobody
    gives because of a trouble.
    """

    bed: str
    event_number: int
    session: str | None
    values: Values
    baseline: Mapping[str, float]
    conditions: Mapping[ConditionAt, str]
    unknown_conditions: AbstractSet[ConditionAt]
    minutes: float | None
    signals_lost: Callable[[ConditionAt], AbstractSet[str]] = lambda _: frozenset()


class Deadlines:
    """When each of many things is due; `soonest` is asked far more often than any changes."""

    def __init__(self) -> None:
        self._at: dict[Key, float] = {}
        self.soonest = float("inf")

    def put(self, key: Key, at: float | None) -> None:
        before = self._at.get(key)
        if at is not None:
            self._at[key] = at
        elif before is not None:
            del self._at[key]
        if before is not None and before <= self.soonest:
            self.soonest = min(self._at.values(), default=float("inf"))
        elif at is not None and at < self.soonest:
            self.soonest = at

    def by(self, now: float) -> list[Key]:
        """What is due by `now`, in the order it was put."""
        if self.soonest > now:
            return []
        return [key for key, at in self._at.items() if at <= now]


class AlarmEngine:
    """The rules, watches and alarms of one bed.

    `devices` gives the troubles that each device, and None for the bed itself, can have.
    """

    def __init__(self, rules: RuleSet, devices: Mapping[str | None, Iterable[str]]) -> None:
        self.rules = rules
        self.alarms: dict[Key, Alarm] = {}
        self._watches: dict[Key, ConditionTimer] = {}
        self._lookers: dict[Signal, list[Key]] = {}
        self._order: dict[Key, int] = {}
        self._of_set: dict[Key, Rule] = {}
        self._own: dict[str, Rule] = {}
        self._names: dict[Key, tuple[str, ...]] = {}
        self._trouble: dict[Key, ConditionAt | None] = {}
        self._confirmed: list[Key] = []
        self._due = Deadlines()
        self._met_by: dict[Key, Values] = {}
        self._raised_mono: dict[Key, float] = {}
        self._called_mono: dict[Key, float] = {}
        self._call_due = Deadlines()
        self._ended_mono: dict[Key, float] = {}
        for rule in rules.rules:
            for device in _devices_of(rule, devices):
                self._add(rule, device)

    def _add(self, rule: Rule, device: str | None) -> None:
        key = (rule.id, device)
        self._order[key] = len(self._order)
        self._of_set[key] = rule
        self._watches[key] = ConditionTimer(rule)
        self._names[key] = signals_in(rule.condition)
        if rule.confirm_after_s is not None:
            self._confirmed.append(key)
        self._trouble[key] = (
            None if rule.technical_condition is None else (rule.technical_condition, device)
        )
        looks_at: Sequence[Signal] = (
            self._names[key]
            if rule.technical_condition is None
            else [(rule.technical_condition, device)]
        )
        if rule.after_min is not None:
            looks_at = [*looks_at, MINUTE]
        for signal in looks_at:
            self._lookers.setdefault(signal, []).append(key)

    def open_alarms(self) -> list[Alarm]:
        """The alarms that have not ended, most urgent and then oldest first."""
        alarms = [alarm for alarm in self.alarms.values() if alarm.is_open]
        return sorted(alarms, key=lambda alarm: (-alarm.priority, alarm.raised_at))

    def find(self, alarm_id: str) -> Alarm | None:
        """The alarm of that id, if it is open or was this rule's last one."""
        return next((alarm for alarm in self.alarms.values() if alarm.id == alarm_id), None)

    def apply(self, alarm: Alarm) -> None:
        """Take `alarm` as the present state of its rule's alarm."""
        key = _key(alarm)
        self.alarms[key] = alarm
        watch = self._watches.get(key)
        if watch is None:
            return
        watch.raised = alarm.state is State.ACTIVE
        watch.data_lost = alarm.unverified_since is not None

    def shift_clock(self, by: timedelta) -> None:
        """Say when what was known of the alarms happened by a wall clock that was set `by`."""
        self.alarms = {key: alarm.shifted(by) for key, alarm in self.alarms.items()}

    def resume(self, now: Instant) -> None:
        """Give the alarms that were applied from the journal their place in monotonic time."""
        for key, alarm in self.alarms.items():
            self._raised_mono[key] = now.past(alarm.raised_at).mono
            self._called_mono[key] = now.past(alarm.notified_at).mono
            self._plan_call(key)
            if alarm.ended_at is not None:
                self._ended_mono[key] = now.past(alarm.ended_at).mono

    def evaluate(
        self, changed: Iterable[Signal], scene: EvaluationContext, now: Instant
    ) -> list[AlarmChange]:
        """What follows from a change of the named signals at `now`."""
        keys = {key for signal in changed for key in self._lookers.get(signal, ())}
        keys.update(self._due.by(now.mono))
        return [*self._look_at(keys, scene, now), *self._call_again(now)]

    def evaluate_all(self, scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        """What follows when every rule is looked at, as when a session starts."""
        return [*self._look_at(set(self._watches), scene, now), *self._call_again(now)]

    @property
    def next_due(self) -> float:
        """When the engine has to be asked again even if nothing changes, monotonic seconds."""
        return min(self._due.soonest, self._call_due.soonest)

    @property
    def confirm_at(self) -> float | None:
        """When a second measurement is wanted to confirm a first, None when none is."""
        wanted = [self._watches[key].confirm_at for key in self._confirmed]
        return min((at for at in wanted if at is not None), default=None)

    def confirmation_failed(self, scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        """What follows when the measurement that should confirm gave nothing."""
        waiting = {key for key in self._confirmed if self._watches[key].confirm_at is not None}
        for key in waiting:
            self._watches[key].confirmation_failed()
        return self._look_at(waiting, scene, now)

    def _look_at(self, keys: set[Key], scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        changes: list[AlarmChange] = []
        for key in sorted(keys, key=self._order.__getitem__):
            changes += self._look_once(key, scene, now)
        return changes

    def _look_once(self, key: Key, scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        watch = self._watches[key]
        rule = watch.rule
        if rule.in_session and scene.session is None:
            self._due.put(key, None)
            return []
        changes: list[AlarmChange] = []
        verdict = self._verdict(key, scene)
        if verdict is Verdict.MET:
            self._met_by[key] = scene.values
        for turn in watch.evaluate(verdict, self._newest(key, scene, now), now.mono):
            changes += self._turn(key, turn, scene, now)
        due = watch.due_at
        if rule.worsens_to is not None:
            changes += self._worsen(key, scene, now)
            worse = self._worsens_at(key, scene)
            due = due if worse is None else worse if due is None else min(due, worse)
        self._due.put(key, due)
        return changes

    def _verdict(self, key: Key, scene: EvaluationContext) -> Verdict:
        rule = self._watches[key].rule
        if (trouble := self._trouble[key]) is not None:
            if trouble in scene.conditions:
                return Verdict.MET
            return Verdict.UNKNOWN if trouble in scene.unknown_conditions else Verdict.CLEAR
        if rule.after_min is not None and (scene.minutes is None or scene.minutes < rule.after_min):
            return Verdict.UNKNOWN
        return judge(rule.condition, scene.values, scene.baseline, rule.clear_margin)

    def _newest(self, key: Key, scene: EvaluationContext, now: Instant) -> float:
        """When the newest of what the rule sees was taken; a trouble is seen all the time."""
        if self._trouble[key] is not None:
            return now.mono
        values = scene.values
        return max((values[name].at for name in self._names[key] if name in values), default=0.0)

    def _turn(
        self, key: Key, turn: ConditionChange, scene: EvaluationContext, now: Instant
    ) -> list[AlarmChange]:
        if turn is ConditionChange.ONSET:
            return self._onset(key, scene, now)
        cause = TriggerDetails(now.wall, reason=_WHY.get(turn))
        return self._take(advance(self.alarms[key], Trigger(turn.value), cause), now)

    def _onset(self, key: Key, scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        rule = self._watches[key].rule
        device = key[1]
        met_by = {**self._met_by[key], **scene.values}
        seen = {name: value.value for name, value in met_by.items()}
        reason = (
            scene.conditions.get((rule.technical_condition, device))
            if rule.technical_condition
            else None
        )
        blind, gone = self._blind(key, scene)
        text = render(rule, seen, scene.baseline, device, reason, gone)
        values = values_of(rule, seen)
        self._raised_mono[key] = now.mono
        last = self.alarms.get(key)
        if last is not None and self._is_the_same(key, last, scene.session, now):
            cause = TriggerDetails(
                now.wall, text=text, values=values, rules_without_data=blind, priority=rule.priority
            )
            return self._take(advance(last, Trigger.ONSET, cause), now)
        alarm = Alarm(
            id=str(
                uuid5(
                    _IDS, f"{scene.bed}|{scene.event_number}|{rule.id}|{device}|{rfc3339(now.wall)}"
                )
            ),
            bed=scene.bed,
            session=scene.session,
            rule=rule.id,
            device=device,
            kind=rule.kind,
            priority=rule.priority,
            latching=rule.latching,
            text=text,
            guidance=rule.guidance,
            values=values,
            raised_at=now.wall,
            notified_at=now.wall,
            recipients=self.rules.escalation.levels[:1],
            rules_without_data=blind,
        )
        return self._take([AlarmChange("alarm.raised", alarm)], now)

    def _blind(self, key: Key, scene: EvaluationContext) -> tuple[tuple[str, ...], list[str]]:
        """The rules that see nothing because of a technical rule's trouble, and their signals."""
        trouble = self._trouble[key]
        if trouble is None or trouble[0] not in DATA_LOSS:
            return (), []
        gone = scene.signals_lost(trouble)
        rules = {
            rule.id: [n for n in signals_in(rule.condition) if n in gone]
            for rule in self.effective_rules
        }
        named = dict.fromkeys(name for names in rules.values() for name in names)
        return tuple(rule for rule, names in rules.items() if names), [*named]

    def _is_the_same(self, key: Key, last: Alarm, session: str | None, now: Instant) -> bool:
        if last.is_open:
            return True
        ended_mono = self._ended_mono.get(key, float("-inf"))
        return last.session == session and now.mono - ended_mono <= REACTIVATION_S

    def _worsens_at(self, key: Key, scene: EvaluationContext) -> float | None:
        rule, alarm = self._watches[key].rule, self.alarms.get(key)
        if rule.worsens_to is None or scene.session is None or alarm is None:
            return None
        if alarm.state is not State.ACTIVE or alarm.priority >= rule.worsens_to:
            return None
        return self._raised_mono[key] + rule.worsens_after_s

    def _worsen(self, key: Key, scene: EvaluationContext, now: Instant) -> list[AlarmChange]:
        at = self._worsens_at(key, scene)
        if at is None or at > now.mono:
            return []
        rule = self._watches[key].rule
        cause = TriggerDetails(
            now.wall,
            reason=f"still there after {rule.worsens_after_s:g} s",
            priority=rule.worsens_to,
            rules_without_data=self._blind(key, scene)[0],
        )
        return self._take(advance(self.alarms[key], Trigger.RAISE_PRIORITY, cause), now)

    def acknowledge(
        self, alarm_id: str, by: str, note: str | None, now: Instant
    ) -> list[AlarmChange]:
        """A person takes the alarm. Nothing follows when it has ended or was taken before."""
        alarm = self.find(alarm_id)
        if alarm is None:
            return []
        cause = TriggerDetails(now.wall, by=by, note=note, reason=f"acknowledged by {by}")
        return self._take(advance(alarm, Trigger.ACKNOWLEDGE, cause), now)

    def why_not_unacknowledged(
        self, alarm_id: str, session: str | None, now: Instant
    ) -> str | None:
        """Why the acknowledgement cannot be taken back now, in words; None when it can."""
        alarm = self.find(alarm_id)
        if alarm is None:
            return "no such alarm here"
        if Trigger.UNACKNOWLEDGE in TRANSITIONS[lifecycle_state(alarm)]:
            if self._is_the_same(_key(alarm), alarm, session, now):
                return None
            return f"this alarm ended more than {REACTIVATION_S:g} s ago, or in another session"
        return "this alarm is not acknowledged" if alarm.is_open else "this alarm has ended"

    def unacknowledge(
        self, alarm_id: str, by: str, note: str | None, session: str | None, now: Instant
    ) -> list[AlarmChange]:
        """A person takes an acknowledgement back. Nothing follows where that cannot be."""
        alarm = self.find(alarm_id)
        if alarm is None or self.why_not_unacknowledged(alarm_id, session, now) is not None:
            return []
        cause = TriggerDetails(now.wall, by=by, note=note, reason=f"acknowledgement undone by {by}")
        return self._take(advance(alarm, Trigger.UNACKNOWLEDGE, cause), now)

    def clear_unconfigured(self, now: Instant) -> list[AlarmChange]:
        """Alarms taken up from before whose rule or device is no longer there end, and say so."""
        cause = TriggerDetails(now.wall, reason="its rule or device is no longer configured")
        orphans = [alarm for key, alarm in self.alarms.items() if key not in self._watches]
        return [change for alarm in orphans for change in self._end(alarm, cause, now)]

    def _end(self, alarm: Alarm, cause: TriggerDetails, now: Instant) -> list[AlarmChange]:
        return self._take(advance(alarm, Trigger.CLEAR, cause), now)

    @property
    def effective_rules(self) -> tuple[Rule, ...]:
        """The rules as this patient is judged by them now, in the set's order."""
        return tuple(self._own.get(rule.id, rule) for rule in self.rules.rules)

    def override(self, rule: Rule) -> None:
        """Judge by `rule` instead of the rule of that id until the session ends.

        It looks at the same signals. The engine is due at once, so the next look tells what
        follows. Raises `KeyError` when the set has no rule of that id.
        """
        keys = [key for key in self._watches if key[0] == rule.id]
        if not keys:
            raise KeyError(rule.id)
        self._own[rule.id] = rule
        for key in keys:
            assert self._names[key] == signals_in(rule.condition)
            self._watches[key].rule = rule
            self._due.put(key, float("-inf"))

    def end_session(self, now: Instant, reason: str) -> list[AlarmChange]:
        """The session is over: what was raised for it ends, and its rules start afresh."""
        changes: list[AlarmChange] = []
        for key, watch in self._watches.items():
            if not watch.rule.in_session:
                continue
            if (alarm := self.alarms.get(key)) is not None:
                changes += self._end(alarm, TriggerDetails(now.wall, reason=reason), now)
            self._watches[key] = ConditionTimer(self._of_set[key])
            self._due.put(key, None)
        self._own.clear()
        return changes

    def _take(self, changes: list[AlarmChange], now: Instant) -> list[AlarmChange]:
        for change in changes:
            key = _key(change.alarm)
            before = self.alarms.get(key)
            self.apply(change.alarm)
            if before is None or _call(before) != _call(change.alarm):
                self._called_mono[key] = now.mono
            if not change.alarm.is_open:
                self._ended_mono[key] = now.mono
            self._plan_call(key)
        return changes

    def _plan_call(self, key: Key) -> None:
        """An open alarm that nobody has taken calls again when its level's time is over."""
        alarm = self.alarms[key]
        after_s = self.rules.escalation.after_s(alarm.kind, alarm.priority)
        if after_s is None or not alarm.is_open or alarm.acknowledged:
            self._call_due.put(key, None)
        else:
            self._call_due.put(key, self._called_mono[key] + after_s)

    def _call_again(self, now: Instant) -> list[AlarmChange]:
        """The alarms whose time is over go to the next level, or remind the last one."""
        changes: list[AlarmChange] = []
        for key in self._call_due.by(now.mono):
            alarm = self.alarms[key]
            called = self.rules.escalation.levels[: alarm.escalation_level + 1]
            happened = Trigger.ESCALATE if len(called) > alarm.escalation_level else Trigger.REMIND
            waited_s = now.mono - self._called_mono[key]
            cause = TriggerDetails(
                now.wall, reason=f"not acknowledged for {waited_s:.0f} s", recipients=called
            )
            changes += self._take(advance(alarm, happened, cause), now)
        return changes


_WHY: Final = {
    ConditionChange.OFFSET: "condition ended",
    ConditionChange.DATA_LOST: "its data stopped",
}


def _key(alarm: Alarm) -> Key:
    return alarm.rule, alarm.device


def _call(alarm: Alarm) -> tuple[str, datetime]:
    return alarm.id, alarm.notified_at


def _devices_of(rule: Rule, devices: Mapping[str | None, Iterable[str]]) -> list[str | None]:
    if rule.technical_condition is None:
        return [None]
    return [device for device, troubles in devices.items() if rule.technical_condition in troubles]
