"""The audio pause of one bed: how long it is quiet, and what ends that early. Pure.

Silence is never acknowledgement. A pause is 120 s at most, counted in monotonic time, and
there is no permanent off (IEC 60601-1-8). It ends early when something new is as urgent as the
most urgent alarm that was to be heard when it began, when nothing is left to be heard, with the
session, and when the wall clock is set: its announced end would then be wrong.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.alarm.lifecycle import ALARM_SOUNDINGS, CALLED_AGAIN, Alarm, AlarmChange
from alerts.rules import Kind, Priority
from drivers.clock import STEP_S, Instant, parse_rfc3339, rfc3339

MAX_S: Final = 120.0
"""The longest pause [clinical.md]."""

PAUSED: Final = "alarm.audio-paused"
RESUMED: Final = "alarm.audio-resumed"

NEWS: Final = ALARM_SOUNDINGS | {"alarm.escalated"}
"""The events by which an alarm asks to be heard anew."""


@dataclass(frozen=True, slots=True)
class AudioPause:
    """A bed's sound is off until `until`; `ends` is the same in monotonic seconds.

    `priority` is of the most urgent alarm that was to be heard when it began.
    """

    by: str
    until: datetime
    ends: float
    priority: Priority


def sounding(alarms: Iterable[Alarm]) -> Priority | None:
    """The priority of the most urgent alarm that is to be heard; None when none is."""
    return max(
        (
            alarm.priority
            for alarm in alarms
            if alarm.is_open and not alarm.acknowledged and alarm.kind is not Kind.ADVISORY
        ),
        default=None,
    )


def paused(by: str, for_s: float, priority: Priority, now: Instant) -> Mapping[str, Any]:
    """The payload of the event that a person's pause of `for_s` seconds is."""
    until = now.wall + timedelta(seconds=for_s)
    return {"by": by, "until": rfc3339(until), "priority": priority.label}


def evolve(
    pause: AudioPause | None, type_: str, payload: Mapping[str, Any], at: datetime, mono: float
) -> AudioPause | None:
    """The pause after an event at `at`, which is `mono` in monotonic seconds."""
    if type_ == RESUMED:
        return None
    if type_ != PAUSED:
        return pause
    until = parse_rfc3339(payload["until"])
    return AudioPause(
        by=payload["by"],
        until=until,
        ends=mono + min((until - at).total_seconds(), MAX_S),
        priority=Priority.of(payload["priority"]),
    )


def expiry_reason(pause: AudioPause, alarms: Iterable[Alarm], now: Instant) -> str | None:
    """Why the pause is over now, in words; None while it lasts."""
    if now.mono >= pause.ends:
        return "its time is over"
    left_s = (pause.until - now.wall).total_seconds()
    if abs(left_s - (pause.ends - now.mono)) > STEP_S:
        return "the clock was set"
    if sounding(alarms) is None:
        return "nothing is left to be heard"
    return None


def interruption_reason(pause: AudioPause, changes: Iterable[AlarmChange]) -> str | None:
    """Why `changes` end the pause early, in words; None when they do not."""
    for change in changes:
        alarm = change.alarm
        is_news = change.type in NEWS and alarm.kind is not Kind.ADVISORY
        is_news &= not (alarm.acknowledged or _is_part_of_a_call(change))
        if is_news and alarm.priority >= pause.priority:
            return f"{alarm.rule} {change.type.removeprefix('alarm.')}, {alarm.priority.label}"
    return None


def _is_part_of_a_call(change: AlarmChange) -> bool:
    """Whether the alarm calls again together with another, which has been heard."""
    alarm = change.alarm
    return change.type == CALLED_AGAIN and alarm.called_again_at != alarm.notified_at
