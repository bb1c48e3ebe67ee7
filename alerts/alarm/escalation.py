"""When an alarm that nobody has acknowledged calls again, and whom. Pure.

Planning alone: what a call does to the alarm is in `alerts.alarm.lifecycle`, and how long
each level has is written in the rule set (`alerts.rules.Escalation`).
"""

from alerts.alarm.lifecycle import AlarmChange, Trigger, TriggerDetails, advance
from alerts.alarm.tracked_alarm import TrackedAlarm
from alerts.rules import Escalation
from drivers.clock import Instant


def first_recipients(escalation: Escalation) -> tuple[str, ...]:
    """Whom a new alarm calls."""
    return escalation.levels[:1]


def next_call_at(tracked: TrackedAlarm, escalation: Escalation) -> float | None:
    """When the alarm calls again unless somebody acknowledges it, in monotonic seconds.

    None when it does not: it is over, acknowledged, low, or an advisory.
    """
    alarm = tracked.alarm
    after_s = escalation.after_s(alarm.kind, alarm.priority)
    if after_s is None or not alarm.is_open or alarm.acknowledged:
        return None
    return tracked.notified_mono + after_s


def call_again(tracked: TrackedAlarm, escalation: Escalation, now: Instant) -> list[AlarmChange]:
    """The alarm calls the next level too; it reminds those it called when there is none."""
    alarm = tracked.alarm
    recipients = escalation.levels[: alarm.escalation_level + 1]
    trigger = Trigger.ESCALATE if len(recipients) > alarm.escalation_level else Trigger.REMIND
    waited_s = now.mono - tracked.notified_mono
    reason = f"not acknowledged for {waited_s:.0f} s"
    return advance(alarm, trigger, TriggerDetails(now.wall, reason=reason, recipients=recipients))
