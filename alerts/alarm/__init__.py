"""The life of an alarm after IEC 60601-1-8 and IEC 62682: states, audio pause, text.

`alarm_text` renders what an alarm says; what it may say, and after how long it escalates, is data
of the rule set. Knows no signal and no rule's condition; that is `alerts.evaluation`.
"""

from alerts.alarm import audio_pause, escalation
from alerts.alarm.alarm_text import render, values_of
from alerts.alarm.lifecycle import (
    ALARM_ENDINGS,
    ALARM_ONSETS,
    ALARM_OPENINGS,
    ALARM_REOPENED,
    ALARM_SOUNDINGS,
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
from alerts.alarm.tracked_alarm import TrackedAlarm, start_acknowledged

__all__ = [
    "ALARM_ENDINGS",
    "ALARM_ONSETS",
    "ALARM_OPENINGS",
    "ALARM_REOPENED",
    "ALARM_SOUNDINGS",
    "CALLED_AGAIN",
    "TRANSITIONS",
    "Alarm",
    "AlarmChange",
    "State",
    "TrackedAlarm",
    "Trigger",
    "TriggerDetails",
    "advance",
    "audio_pause",
    "escalation",
    "lifecycle_state",
    "render",
    "start_acknowledged",
    "values_of",
]
