"""What an alarm of the patient says while it lasts: the values of now, the worst, what to do.

Pure. How much worse a value is than another is in `alerts.evaluation.worsening`, and what a
call does to the alarm in `alerts.alarm`.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime

from alerts.alarm import (
    Alarm,
    AlarmChange,
    TrackedAlarm,
    Trigger,
    TriggerDetails,
    advance,
    render,
    values_of,
)
from alerts.evaluation.context import EvaluationContext
from alerts.evaluation.worsening import is_worse, worst_of
from alerts.rules import Kind, Priority, Rule, signals_in
from drivers.clock import Instant

CallTime = Callable[[Priority], datetime]
"""When the call was made that an alarm of that priority is part of if it calls again now."""


UNCONFIRMED = " (unconfirmed)"
"""What the text of an alarm ends with while no second value has confirmed the first."""


def guidance_of(rule: Rule, context: EvaluationContext) -> str:
    """What to do now: before the first dose and while the drug is given it may be another."""
    if context.is_dosing and rule.guidance_while_dosing is not None:
        return rule.guidance_while_dosing
    if context.minutes is None and rule.guidance_before_dose is not None:
        return rule.guidance_before_dose
    return rule.guidance


def has_other_guidance(rule: Rule) -> bool:
    """Whether its guidance depends on the dose."""
    return rule.guidance_before_dose is not None or rule.guidance_while_dosing is not None


def covered(rule: Rule, alarm: Alarm) -> Mapping[str, float]:
    """The worst since it last called; of an alarm that was not told of it, what raised it."""
    return alarm.worst_since_call or worst_of(rule, alarm.values, {})


def follow(
    rule: Rule,
    tracked: TrackedAlarm,
    context: EvaluationContext,
    renew_after_s: float | None,
    call_time: CallTime,
    now: Instant,
    *,
    is_clear: bool,
) -> tuple[list[AlarmChange], float | None]:
    """What follows for an active alarm, and when its text is due to be made anew.

    It calls again where a value is worse than was acknowledged. Worse values and other
    guidance are told at once, others once its text is `renew_after_s` old; neither of values
    that would end the alarm, when the condition `is_clear`.
    """
    alarm = tracked.alarm
    details = _of_now(rule, alarm, context, renew_after_s, now)
    if alarm.is_unconfirmed and not _has_newer(rule, tracked, context):
        text = None if details.text is None else details.text + UNCONFIRMED
        details = replace(details, text=text, is_unconfirmed=True)
    if alarm.acknowledged and is_worse(rule, details.values, covered(rule, alarm)):
        reason = "worse than when it was acknowledged"
        return _call_again(rule, alarm, reason, details, call_time), None
    if is_clear:
        return [], None
    if details.worst != alarm.worst or details.worst_since_call != covered(rule, alarm):
        return advance(alarm, Trigger.UPDATE, replace(details, reason="worse")), None
    if alarm.is_unconfirmed and not details.is_unconfirmed:
        return advance(alarm, Trigger.UPDATE, replace(details, reason="confirmed")), None
    if details.guidance not in (None, alarm.guidance):
        return advance(alarm, Trigger.UPDATE, replace(details, reason="other guidance")), None
    if renew_after_s is None or details.text in (None, alarm.text):
        return [], None
    renew_at = tracked.text_mono + renew_after_s
    if now.mono < renew_at:
        return [], renew_at
    return advance(alarm, Trigger.UPDATE, replace(details, reason="other values")), None


def still_there(
    rule: Rule,
    alarm: Alarm,
    after_s: float,
    context: EvaluationContext,
    renew_after_s: float | None,
    call_time: CallTime,
    now: Instant,
) -> list[AlarmChange]:
    """What follows when an alarm lasts so long after it was acknowledged: it calls again."""
    reason = f"still there {after_s:g} s after it was acknowledged"
    details = _of_now(rule, alarm, context, renew_after_s, now)
    if alarm.is_unconfirmed:
        details = replace(details, text=None, is_unconfirmed=True)
    return _call_again(rule, alarm, reason, details, call_time)


def _call_again(
    rule: Rule, alarm: Alarm, reason: str, details: TriggerDetails, call_time: CallTime
) -> list[AlarmChange]:
    calling = replace(
        details,
        reason=reason,
        call_time=call_time(alarm.priority),
        worst_since_call=worst_of(rule, details.values, {}),
    )
    return advance(alarm, Trigger.CALL_AGAIN, calling)


def _of_now(
    rule: Rule,
    alarm: Alarm,
    context: EvaluationContext,
    renew_after_s: float | None,
    now: Instant,
) -> TriggerDetails:
    """What the alarm says of the values there are; a text whose data are lost is as it was."""
    if alarm.kind is Kind.TECHNICAL:
        return TriggerDetails(now.wall, values=alarm.values)
    present = {name: value.value for name, value in context.values.items()}
    values = values_of(rule, {**alarm.values, **present})
    worst = worst_of(rule, values, alarm.worst or alarm.values)
    since = covered(rule, alarm)
    text = None
    if alarm.unverified_since is None:
        seen = {**alarm.values, **present}
        text = render(rule, seen, context.baseline, worst=worst, words=context.words)
    return TriggerDetails(
        now.wall,
        text=text,
        text_at=None if renew_after_s is None or text is None else now.wall,
        guidance=guidance_of(rule, context) if has_other_guidance(rule) else None,
        values=values,
        is_unconfirmed=False,
        worst=worst,
        worst_since_call=since if alarm.acknowledged else worst_of(rule, values, since),
    )


def _has_newer(rule: Rule, tracked: TrackedAlarm, context: EvaluationContext) -> bool:
    """Whether a value was taken since the alarm was raised."""
    names = signals_in(rule.condition)
    seen = (context.values[name].at for name in names if name in context.values)
    return any(at > tracked.raised_mono for at in seen)
