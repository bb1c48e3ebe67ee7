"""One rule at one device, or at the bed: what it says of the present, and what its alarm does.

Deterministic. Which rules to evaluate when is `alerts.evaluation.engine`; what happens to an
alarm once it was raised is `alerts.alarm`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID, uuid5

from alerts.alarm import (
    Alarm,
    AlarmChange,
    State,
    TrackedAlarm,
    Trigger,
    TriggerDetails,
    advance,
    render,
    values_of,
)
from alerts.evaluation.conditions import Values, Verdict, judge
from alerts.evaluation.context import DOSING, MINUTE, ConditionAt, EvaluationContext, Signal
from alerts.evaluation.lasting import (
    UNCONFIRMED,
    CallTime,
    covered,
    follow,
    guidance_of,
    has_other_guidance,
    still_there,
)
from alerts.evaluation.timers import ConditionChange, ConditionTimer
from alerts.evaluation.worsening import is_worse, worst_of
from alerts.rules import DATA_LOSS, Rule, signals_in
from drivers.clock import Instant, rfc3339

Key = tuple[str, str | None]
"""A rule's id and, for a technical rule, the device it is about; None stands for the bed."""

_IDS: Final = UUID("8a1f4a8e-6f0e-4c0b-9d51-3f7f0d5b7a10")

_TRIGGERS: Final = {
    ConditionChange.OFFSET: (Trigger.OFFSET, "condition ended"),
    ConditionChange.DATA_LOST: (Trigger.DATA_LOST, "its data stopped"),
    ConditionChange.DATA_RESTORED: (Trigger.DATA_RESTORED, None),
}
"""What a change of the condition is to an alarm, and the reason that is given for it."""


@dataclass(slots=True, eq=False)
class RuleInstance:
    """How far a rule has come at one device, or at the bed, and the alarm that came of it.

    `rule` is the rule of the set, `order` its place in the set's order, `recipients` are whom
    a new alarm calls, and a re-raised one keeps its acknowledgement if `keeps_acknowledgement`.
    With `separate_reset` an alarm that latches needs an acknowledgement of its end by itself.
    `tracked` is the present or last alarm, `values_when_met` are the values
    that met the condition last. A text is made anew once it is `renew_after_s` old, which is
    due at `renew_at` in monotonic seconds, but not of values that would end it: `is_clear`.
    """

    rule: Rule
    device: str | None
    order: int
    recipients: tuple[str, ...]
    keeps_acknowledgement: bool = False
    separate_reset: bool = False
    renew_after_s: float | None = None
    signals: tuple[str, ...] = field(init=False)
    technical: ConditionAt | None = field(init=False)
    timer: ConditionTimer = field(init=False)
    tracked: TrackedAlarm | None = None
    values_when_met: Values = field(default_factory=dict)
    renew_at: float | None = None
    is_clear: bool = False

    def __post_init__(self) -> None:
        name = self.rule.technical_condition
        self.signals = signals_in(self.rule.condition)
        self.technical = None if name is None else (name, self.device)
        self.restart()

    def restart(self) -> None:
        """Begin afresh, by the rule of the set."""
        self.timer = ConditionTimer(self.rule)

    @property
    def key(self) -> Key:
        """The rule's id and the device."""
        return self.rule.id, self.device

    @property
    def depends_on(self) -> tuple[Signal, ...]:
        """Everything whose change can change what the rule says."""
        seen: tuple[Signal, ...] = self.signals if self.technical is None else (self.technical,)
        if has_other_guidance(self.rule):
            seen = (*seen, DOSING)
        is_later = (self.rule.after_min, self.rule.after_last_dose_min) != (None, None)
        return (*seen, MINUTE) if is_later else seen

    def track(self, tracked: TrackedAlarm) -> None:
        """Take the alarm as it is now, and go on from there."""
        self.tracked = tracked
        self.timer.raised = tracked.alarm.state is State.ACTIVE
        self.timer.data_lost = tracked.alarm.unverified_since is not None

    def evaluate(self, context: EvaluationContext, now: Instant) -> list[ConditionChange]:
        """What becomes of the rule's condition by what can be seen now."""
        verdict = self.verdict(context)
        self.is_clear = verdict is Verdict.CLEAR
        if verdict is Verdict.MET:
            self.values_when_met = context.values
        newest, at_once = self._newest(context, now), self._needs_no_second(verdict, context)
        return self.timer.evaluate(verdict, newest, now.mono, at_once=at_once)

    def _needs_no_second(self, verdict: Verdict, context: EvaluationContext) -> bool:
        """Whether the values raise at once although the rule asks for a confirmation."""
        rule, values = self.timer.rule, context.values
        if verdict is not Verdict.MET or rule.confirm_after_s is None:
            return False
        if rule.at_once_by_hand and any(values[n].by_hand for n in self.signals if n in values):
            return True
        wanted = rule.at_once
        return wanted is not None and judge(wanted, values, {}, 0.0) is Verdict.MET

    def verdict(self, context: EvaluationContext) -> Verdict:
        """What the rule says of what can be seen now, whatever it said before."""
        if self.technical is not None:
            if self.technical in context.conditions:
                return Verdict.MET
            is_unknown = self.technical in context.unknown_conditions
            return Verdict.UNKNOWN if is_unknown else Verdict.CLEAR
        rule, minutes = self.timer.rule, context.minutes
        if rule.after_min is not None and (minutes is None or minutes < rule.after_min):
            return Verdict.UNKNOWN
        since_last, after = context.minutes_since_last, rule.after_last_dose_min
        if after is not None and (since_last is None or since_last < after):
            return Verdict.UNKNOWN
        return judge(rule.condition, context.values, context.baseline, rule.clear_margin)

    def _newest(self, context: EvaluationContext, now: Instant) -> float:
        """When the newest of what it sees was taken; a technical condition is seen always."""
        if self.technical is not None:
            return now.mono
        values = context.values
        return max((values[name].at for name in self.signals if name in values), default=0.0)

    def respond(
        self,
        change: ConditionChange,
        context: EvaluationContext,
        effective_rules: Sequence[Rule],
        now: Instant,
    ) -> list[AlarmChange]:
        """What a change of the condition does to the alarm; an onset may raise a new one.

        `effective_rules` are all rules of the bed, of which an alarm of a technical one names
        those that it leaves without data.
        """
        if change is ConditionChange.ONSET:
            return self._onset(context, effective_rules, now)
        assert self.tracked is not None
        trigger, reason = _TRIGGERS[change]
        return advance(self.tracked.alarm, trigger, TriggerDetails(now.wall, reason=reason))

    def _onset(
        self, context: EvaluationContext, effective_rules: Sequence[Rule], now: Instant
    ) -> list[AlarmChange]:
        rule = self.timer.rule
        values = {**self.values_when_met, **context.values}
        seen = {name: value.value for name, value in values.items()}
        reason = None if self.technical is None else context.conditions.get(self.technical)
        without_data, lost = _data_loss(self.technical, context, effective_rules)
        own = values_of(rule, seen)
        onset = TriggerDetails(
            now.wall,
            text=self._text(context, seen, reason, lost),
            text_at=None if self.renew_after_s is None else now.wall,
            guidance=guidance_of(rule, context) if has_other_guidance(rule) else None,
            values=own,
            rules_without_data=without_data,
            is_unconfirmed=not self._is_confirmed,
            priority=rule.priority,
            worst=worst_of(rule, own, {}),
            worst_since_call=worst_of(rule, own, {}),
        )
        if self.tracked is None or not self.tracked.is_same(context.session, now):
            return [AlarmChange("alarm.raised", _new_alarm(self, onset, context))]
        alarm = self.tracked.alarm
        worst = worst_of(rule, own, alarm.worst)
        keeps = self.keeps_acknowledgement and self.tracked.was_over_lately(now)
        keeps = keeps and not is_worse(rule, own, covered(rule, alarm))
        same = replace(
            onset,
            text=self._text(context, seen, reason, lost, worst),
            worst=worst,
            keeps_acknowledgement=keeps,
        )
        if not alarm.acknowledged:
            same = replace(same, worst_since_call=worst_of(rule, own, covered(rule, alarm)))
        elif keeps:
            same = replace(same, worst_since_call=covered(rule, alarm))
        return advance(alarm, Trigger.ONSET, same)

    def _text(
        self,
        context: EvaluationContext,
        seen: Mapping[str, float],
        reason: str | None,
        lost: Iterable[str],
        worst: Mapping[str, float] | None = None,
    ) -> str:
        rule, baseline = self.timer.rule, context.baseline
        text = render(rule, seen, baseline, self.device, reason, lost, worst, context.words)
        return text if self._is_confirmed else text + UNCONFIRMED

    @property
    def _is_confirmed(self) -> bool:
        return self.timer.confirmed or not self.timer.rule.tells_unconfirmed

    # ── an alarm that lasts ─────────────────────────────────────────────────────────────

    def follow_values(
        self, context: EvaluationContext, call_time: CallTime, now: Instant
    ) -> list[AlarmChange]:
        """The alarm takes new values. It calls again where one is worse than acknowledged."""
        self.renew_at = None
        tracked = self.tracked
        is_active = tracked is not None and tracked.alarm.state is State.ACTIVE
        if tracked is None or not is_active or not self._follows:
            return []
        rule, renew_after_s, is_clear = self.timer.rule, self.renew_after_s, self.is_clear
        changes, self.renew_at = follow(
            rule, tracked, context, renew_after_s, call_time, now, is_clear=is_clear
        )
        return changes

    @property
    def _follows(self) -> bool:
        if self.technical is not None:
            return False
        other = self.renew_after_s is not None or has_other_guidance(self.rule)
        return bool(self.rule.worse_by) or other

    def still_there(
        self, after_s: float, context: EvaluationContext, call_time: CallTime, now: Instant
    ) -> list[AlarmChange]:
        """The alarm lasts so long after it was acknowledged that it calls again."""
        assert self.tracked is not None
        rule, alarm = self.timer.rule, self.tracked.alarm
        return still_there(rule, alarm, after_s, context, self.renew_after_s, call_time, now)

    def covers(self, less: Alarm, context: EvaluationContext) -> bool:
        """Whether its alarm was acknowledged for what raises `less`, and for nothing better."""
        if self.tracked is None or self.verdict(context) is not Verdict.MET:
            return False
        rule, alarm = self.timer.rule, self.tracked.alarm
        is_taken = alarm.state is State.ACTIVE and alarm.acknowledged
        return is_taken and not is_worse(rule, less.values, covered(rule, alarm))

    def priority_rises_at(self, session: str | None) -> float | None:
        """When the alarm's priority is raised if its condition lasts, in monotonic seconds.

        None where that cannot come: outside a session, or when it is as high as it gets.
        """
        rule, tracked = self.timer.rule, self.tracked
        if rule.worsens_to is None or session is None or tracked is None:
            return None
        if tracked.alarm.state is not State.ACTIVE or tracked.alarm.priority >= rule.worsens_to:
            return None
        return tracked.raised_mono + rule.worsens_after_s

    def raise_priority(
        self, context: EvaluationContext, effective_rules: Sequence[Rule], now: Instant
    ) -> list[AlarmChange]:
        """The alarm becomes more urgent when its condition has lasted for long enough."""
        at = self.priority_rises_at(context.session)
        if at is None or at > now.mono:
            return []
        assert self.tracked is not None
        rule = self.timer.rule
        details = TriggerDetails(
            now.wall,
            reason=f"still there after {rule.worsens_after_s:g} s",
            priority=rule.worsens_to,
            rules_without_data=_data_loss(self.technical, context, effective_rules)[0],
        )
        return advance(self.tracked.alarm, Trigger.RAISE_PRIORITY, details)

    def due_at(self, session: str | None) -> float | None:
        """When it has to be evaluated even if nothing changes, in monotonic seconds."""
        times = (self.timer.due_at, self.priority_rises_at(session), self.renew_at)
        return min((at for at in times if at is not None), default=None)


def _new_alarm(instance: RuleInstance, onset: TriggerDetails, context: EvaluationContext) -> Alarm:
    rule = instance.timer.rule
    name = f"{context.bed}|{context.event_number}|{rule.id}|{instance.device}|{rfc3339(onset.at)}"
    return Alarm(
        id=str(uuid5(_IDS, name)),
        bed=context.bed,
        session=context.session,
        rule=rule.id,
        device=instance.device,
        kind=rule.kind,
        priority=rule.priority,
        latching=rule.latching,
        needs_reset=rule.latching and instance.separate_reset,
        text=onset.text or "",
        guidance=onset.guidance or rule.guidance,
        values=onset.values,
        raised_at=onset.at,
        notified_at=onset.at,
        recipients=instance.recipients,
        rules_without_data=onset.rules_without_data,
        worst=onset.worst,
        worst_since_call=onset.worst_since_call,
        text_at=onset.text_at,
        is_unconfirmed=bool(onset.is_unconfirmed),
    )


def _data_loss(
    technical: ConditionAt | None, context: EvaluationContext, effective_rules: Sequence[Rule]
) -> tuple[tuple[str, ...], list[str]]:
    """The rules that a technical condition leaves without data, and the signals they lack."""
    if technical is None or technical[0] not in DATA_LOSS:
        return (), []
    lost = context.signals_lost(technical)
    lacking = {
        rule.id: [name for name in signals_in(rule.condition) if name in lost]
        for rule in effective_rules
    }
    named = dict.fromkeys(name for names in lacking.values() for name in names)
    return tuple(rule for rule, names in lacking.items() if names), [*named]
