"""Alarms, and what a person does with one."""

from typing import Literal

from pydantic import ConfigDict

from api.schemas.fields import By, FreeText, ShortText, described
from api.schemas.model import Request, Response


class Alarm(Response):
    """An alarm. `state` is of its condition, `acknowledged` of the people who are to know."""

    id: str = described("Its id; the same when it recurs.", "b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9")
    bed: str = described("The bed.", "bed-1")
    session: str | None = described(
        "The session at the bed when it was raised.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77"
    )
    rule: str = described("The rule that raised it.", "spo2.very-low")
    device: str | None = described("The device that a technical alarm is about.", "oximeter")
    kind: Literal["physiological", "technical", "advisory"] = described(
        "Whether it is about the patient, the equipment, or the care.", "physiological"
    )
    priority: Literal["high", "medium", "low"] = described("How urgent it is.", "high")
    latching: bool = described(
        "Whether it stays when its condition ends, until somebody acknowledges it.", True
    )
    state: Literal["active", "latched", "ended"] = described(
        "`active` while its condition lasts, `latched` after it until its end is acknowledged.",
        "active",
    )
    acknowledged: bool = described("Whether somebody has acknowledged it.", False)
    acknowledged_by: str | None = described("Who acknowledged it.", "nurse.a")
    acknowledged_at: str | None = described("When it was acknowledged.", "2026-01-05T09:41:10.000Z")
    note: str | None = described("What was noted when it was acknowledged.", "repositioned")
    escalated: bool = described("Whether it was escalated beyond its first level.", False)
    escalation_level: int = described("How many levels were notified, from 1.", 1)
    recipients: list[str] = described("The levels it has called so far, in order.", ["nurse"])
    notified_at: str = described("When the last level was notified.", "2026-01-05T09:40:00.000Z")
    unverified_since: str | None = described(
        "Since when no data say whether its condition lasts.", "2026-01-05T09:42:00.000Z"
    )
    raised_at: str = described("When it was raised, the last time.", "2026-01-05T09:40:00.000Z")
    condition_ended_at: str | None = described(
        "When its condition ended.", "2026-01-05T09:43:00.000Z"
    )
    ended_at: str | None = described("When the alarm ended.", "2026-01-05T09:43:00.000Z")
    count: int = described("How often it has been raised.", 1)
    text: str = described("The alarm in words.", "SpO2 85 %: under 88 for 10 s")
    needs_reset: bool = described(
        "Whether its end is acknowledged by itself, also when it was acknowledged before.",
        True,
        default=False,
    )
    values: dict[str, float] = described(
        "What the rule saw, by signal, in the signal's unit.", {"spo2": 85}
    )
    worst: dict[str, float] = described(
        "The worst of what it saw, in the signal's unit, where its rule keeps that.",
        {"spo2": 82},
        default={},
    )
    worst_since_call: dict[str, float] = described(
        "The worst since it last called, up to its acknowledgement, in the signal's unit.",
        {"spo2": 82},
        default={},
    )
    called_again_at: str | None = described(
        "When the call was made in which it called again after its acknowledgement; alarms of "
        "one bed that do so within a minute are one call.",
        "2026-01-05T09:51:10.000Z",
        default=None,
    )
    taken_with: str | None = described(
        "The graver alarm with which it was acknowledged.",
        "b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9",
        default=None,
    )
    text_at: str | None = described(
        "When its text was made, where texts are made anew.",
        "2026-01-05T09:40:30.000Z",
        default=None,
    )
    is_unconfirmed: bool = described(
        "Whether no second pressure has confirmed the one that raised it.", False, default=False
    )
    rules_without_data: list[str] = described("Rules without data because of it.", ["spo2.low"])
    guidance: str = described("What to do.", "Check the patient and the sensor.")


class AlarmInBrief(Response):
    """An open alarm, without a word of who lies there and who has it."""

    id: str = described("Its id.", "b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9")
    bed: str = described("The bed.", "bed-1")
    kind: str = described("As of an alarm.", "physiological")
    priority: Literal["high", "medium", "low"] = described("How urgent it is.", "high")
    state: str = described("As of an alarm.", "active")
    acknowledged: bool = described("Whether somebody has acknowledged it.", False)
    raised_at: str = described("When it was raised, the last time.", "2026-01-05T09:40:00.000Z")
    text: str = described("The alarm in words.", "SpO2 85 %: under 88 for 10 s")


class AcknowledgeAlarm(Request):
    """Acknowledge an alarm."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "note": "repositioned"}]}
    )

    by: By
    note: FreeText | None = described("What was done.", "repositioned", default=None)
    display: ShortText | None = described(
        "The id of the [display](#/displays) at which it is done, to prove the alarm path.",
        "9b1c7f3e52a04d18",
        default=None,
    )


class UnacknowledgeAlarm(Request):
    """Take an acknowledgement back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "note": "the wrong bed"}]}
    )

    by: By
    note: FreeText | None = described("Why it is taken back.", "the wrong bed", default=None)
