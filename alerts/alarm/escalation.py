"""When an alarm that nobody has acknowledged calls again, and whom. Pure.

Planning alone: what a call does to the alarm is in `alerts.alarm.lifecycle`, and how long
each level has is written in the rule set (`alerts.rules.Escalation`).
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from alerts.alarm.lifecycle import AlarmChange, State, Trigger, TriggerDetails, advance
from alerts.alarm.tracked_alarm import TrackedAlarm
from alerts.rules import Escalation, Priority
from drivers.clock import Instant

ONE_CALL_S: Final = 60.0
"""Acknowledged alarms of one bed that call again within this of each other are one call
[clinical.md]."""


def first_recipients(escalation: Escalation) -> tuple[str, ...]:
    """Whom a new alarm calls."""
    return escalation.levels[:1]


def next_call_at(tracked: TrackedAlarm, escalation: Escalation) -> float | None:
    """When the alarm calls again unless somebody acknowledges it, in monotonic seconds.

    One that was acknowledged calls again when it is still there so long after. None when it
    does not call: it is over, low, or an advisory.
    """
    alarm = tracked.alarm
    if alarm.acknowledged:
        again_s = escalation.again_after_s(alarm.kind, alarm.priority)
        is_there = alarm.state is State.ACTIVE
        return tracked.acknowledged_mono + again_s if is_there and again_s is not None else None
    after_s = escalation.after_s(alarm.kind, alarm.priority)
    if after_s is None or not alarm.is_open:
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


def call_time(every: Iterable[TrackedAlarm], priority: Priority, now: Instant) -> datetime:
    """When the call was made that an acknowledged alarm is part of which calls again now.

    Now, unless another of the bed's alarms, no less urgent, did so just before.
    """
    called = [one for one in every if now.mono - one.called_again_mono <= ONE_CALL_S]
    last = max((one.called_again_mono for one in called), default=now.mono)
    together = [one.alarm for one in called if one.called_again_mono == last]
    times = [alarm.called_again_at for alarm in together if alarm.priority >= priority]
    return next((at for at in times if at is not None), now.wall)
