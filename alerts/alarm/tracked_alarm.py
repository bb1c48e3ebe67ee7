"""An alarm in monotonic time: what its repetition, its priority and its calls are timed by.

Pure. An `Alarm` has the wall-clock times that people see, and that clock may be set.
"""

from dataclasses import dataclass, replace
from typing import Final

from alerts.alarm.lifecycle import (
    ALARM_ONSETS,
    CALLED_AGAIN,
    TRANSITIONS,
    Alarm,
    AlarmChange,
    State,
    Trigger,
    TriggerDetails,
    advance,
    lifecycle_state,
)
from alerts.rules import Kind
from drivers.clock import Instant

REACTIVATION_S: Final = 60.0
"""An alarm raised again within this of its end is the same alarm, counted [clinical default]."""

_LONG_AGO: Final = float("-inf")


@dataclass(slots=True, eq=False)
class TrackedAlarm:
    """The present or last alarm of one rule and device.

    Times are monotonic seconds: when its condition began last, when it last called for a
    person, when it was acknowledged last, when the call was made in which it last called
    again after that, when its text was made, and when it, or its condition, ended last.
    """

    alarm: Alarm
    raised_mono: float = _LONG_AGO
    notified_mono: float = _LONG_AGO
    acknowledged_mono: float = _LONG_AGO
    called_again_mono: float = _LONG_AGO
    text_mono: float = _LONG_AGO
    ended_mono: float = _LONG_AGO

    def resume(self, now: Instant, raised_mono: float | None = None) -> None:
        """Take the times of an alarm that comes from the journal.

        `raised_mono` is when its condition began last, where that is known.
        """
        self.raised_mono = (
            now.past(self.alarm.raised_at).mono if raised_mono is None else raised_mono
        )
        self.notified_mono = now.past(self.alarm.notified_at).mono
        over_at = self.alarm.ended_at or self.alarm.condition_ended_at
        if over_at is not None:
            self.ended_mono = now.past(over_at).mono
        if self.alarm.acknowledged_at is not None:
            self.acknowledged_mono = now.past(self.alarm.acknowledged_at).mono
        if self.alarm.called_again_at is not None:
            self.called_again_mono = now.past(self.alarm.called_again_at).mono
        if self.alarm.text_at is not None:
            self.text_mono = now.past(self.alarm.text_at).mono

    def follow(self, change: AlarmChange, now: Instant) -> None:
        """Take the alarm as it is after `change`, which happens now."""
        if change.type in ALARM_ONSETS:
            self.raised_mono = now.mono
        is_new = change.type == "alarm.raised"
        if is_new or change.alarm.notified_at != self.alarm.notified_at:
            self.notified_mono = now.mono
        taken_at = change.alarm.acknowledged_at
        if taken_at is not None and (is_new or not self.alarm.acknowledged):
            self.acknowledged_mono = now.past(taken_at).mono
        if change.type == CALLED_AGAIN and change.alarm.called_again_at is not None:
            self.called_again_mono = now.past(change.alarm.called_again_at).mono
        if is_new or change.alarm.text_at != self.alarm.text_at:
            self.text_mono = now.mono
        if not change.alarm.is_open or change.type == "alarm.condition-ended":
            self.ended_mono = now.mono
        self.alarm = change.alarm

    def is_same(self, session: str | None, now: Instant) -> bool:
        """Whether the condition, if it began again now in `session`, would be this alarm's."""
        if self.alarm.is_open:
            return True
        return self.alarm.session == session and self.was_over_lately(now)

    def was_over_lately(self, now: Instant) -> bool:
        """Whether its condition, if it began again now, would have ended just before."""
        return now.mono - self.ended_mono <= REACTIVATION_S

    def why_not_unacknowledged(self, session: str | None, now: Instant) -> str | None:
        """Why its acknowledgement cannot be taken back now, in words; None when it can."""
        if self.alarm.was_reset and self.alarm.needs_reset:
            return "its end was acknowledged, and that cannot be undone"
        if Trigger.UNACKNOWLEDGE not in TRANSITIONS[lifecycle_state(self.alarm)]:
            is_open = self.alarm.is_open
            return "this alarm is not acknowledged" if is_open else "this alarm has ended"
        if not self.is_same(session, now):
            return f"this alarm ended more than {REACTIVATION_S:g} s ago, or in another session"
        return None

    def acknowledge(self, by: str, note: str | None, now: Instant) -> list[AlarmChange]:
        """What follows when a person takes the alarm: nothing where it was taken or has ended."""
        reason = f"acknowledged by {by}"
        details = TriggerDetails(now.wall, by=by, note=note, reason=reason)
        return advance(self.alarm, Trigger.ACKNOWLEDGE, details)

    def acknowledge_with(
        self, graver: Alarm, by: str, note: str | None, now: Instant
    ) -> list[AlarmChange]:
        """What follows when a person takes a graver alarm of the same signals.

        Nothing where the condition is over: a latched alarm waits to be seen by itself. Nor
        for a technical alarm, or one that is more urgent.
        """
        alarm = self.alarm
        is_less = alarm.kind is not Kind.TECHNICAL and alarm.priority <= graver.priority
        if alarm.state is not State.ACTIVE or not is_less:
            return []
        reason = f"acknowledged by {by} with {graver.rule}"
        details = TriggerDetails(now.wall, by=by, note=note, reason=reason, taken_with=graver.id)
        return advance(alarm, Trigger.ACKNOWLEDGE, details)

    def unacknowledge(
        self, by: str, note: str | None, session: str | None, now: Instant
    ) -> list[AlarmChange]:
        """What follows when a person takes that back: nothing where it cannot be."""
        if self.why_not_unacknowledged(session, now) is not None:
            return []
        reason = f"acknowledgement undone by {by}"
        details = TriggerDetails(now.wall, by=by, note=note, reason=reason)
        return advance(self.alarm, Trigger.UNACKNOWLEDGE, details)

    def clear(self, reason: str, now: Instant) -> list[AlarmChange]:
        """What follows when the alarm ends whatever its condition: nothing where it has ended."""
        return advance(self.alarm, Trigger.CLEAR, TriggerDetails(now.wall, reason=reason))


def start_acknowledged(onset: AlarmChange, graver: Alarm, now: Instant) -> list[AlarmChange]:
    """The onset of an alarm that a person took before, with a graver one of the same signals.

    As it was where it is acknowledged itself, is technical or is more urgent.
    """
    taken = TrackedAlarm(onset.alarm).acknowledge_with(
        graver, graver.acknowledged_by or "", graver.note, now
    )
    if not taken:
        return [onset]
    alarm = replace(taken[0].alarm, acknowledged_at=graver.acknowledged_at)
    return [replace(onset, alarm=alarm, reason=taken[0].reason)]
