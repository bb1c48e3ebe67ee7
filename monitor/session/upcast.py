"""What an earlier version stored, in today's names: the tables of renames, and who applies them.

What is stored is never rewritten: its hashes, and the heads of the chain that are kept
elsewhere, still hold. An event is verified as it is stored and read as today's; so are the
inputs of a recording and the rules that it was made under. Pure, and the only place where a
former name may stand.

A rule's id is a rule set's own name and stays in what was recorded under that set, so that
a recording gives the same alarms again. Only an alarm that a bed takes up under a set in
which its rule is called otherwise goes on under the rule's new id.
"""

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, Final

from alerts.alarm import Alarm
from alerts.rules import RuleSet
from monitor.session.events import Event

EVENT_TYPES: Final[Mapping[str, str]] = {
    "alarm.acknowledgement-undone": "alarm.unacknowledged",
    "alarm.latched-reset": "alarm.reset",
    "alarm.reprioritised": "alarm.priority-raised",
    "cuff.allowed": "nibp.enabled",
    "cuff.stopped": "nibp.inhibited",
    "decision.recorded": "clearance.recorded",
    "device.down": "device.disconnected",
    "device.up": "device.connected",
    "entry.retracted": "record.retracted",
    "limit.set": "alarm-limit.set",
    "nurse.handing-over": "nurse.handover-offered",
    "nurse.left": "nurse.unassigned",
    "nurse.took-over": "nurse.assigned",
    "session.could-leave": "session.criteria-met",
    "session.not-ready": "session.ready-withdrawn",
}
"""Today's type of an event, by its former one."""

ALARM_FIELDS: Final[Mapping[str, str]] = {
    "blind": "rules_without_data",
    "called_at": "notified_at",
    "level": "escalation_level",
}
"""Fields of the alarm in an event about one."""

EVENT_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {"decision.recorded": {"about": "scope"}}
"""Fields of an event's payload, by its former type."""

INPUTS: Final[Mapping[str, str]] = {
    "AllowCuff": "EnableNibp",
    "Decide": "RecordClearance",
    "Prepare": "RecordPreparation",
    "Retract": "RetractRecord",
    "SetLimit": "SetAlarmLimit",
    "Site": "SiteCondition",
    "StopCuff": "InhibitNibp",
    "WatchOver": "AssignNurse",
}
"""What a bed was given."""

INPUT_FIELDS: Final[Mapping[str, Mapping[str, str]]] = {"Decide": {"about": "scope"}}
"""Fields of what a bed was given, by its former name."""

TECHNICAL_CONDITIONS: Final[Mapping[str, str]] = {"cuff-stopped": "nibp-inhibited"}
"""What a rule of a recorded set names as `technical`."""

RULE_IDS: Final[Mapping[str, str]] = {"tech.cuff-stopped": "tech.nibp-inhibited"}
"""Rules of the sets that ship."""

AUDIO_RESUMED: Final = "alarm.audio-resumed"
"""Its reason may say by which change of an alarm: "RULE CHANGE, PRIORITY"."""


def event(stored: Event) -> Event:
    """The event as this version would have decided it."""
    payload = _renamed(stored.payload, EVENT_FIELDS.get(stored.type, {}))
    if isinstance(about := payload.get("alarm"), Mapping):
        payload = {**payload, "alarm": _renamed(about, ALARM_FIELDS)}
    if stored.type == AUDIO_RESUMED:
        payload = {**payload, "reason": _reason(payload["reason"])}
    return replace(stored, type=EVENT_TYPES.get(stored.type, stored.type), payload=payload)


def stored_types(types: Collection[str]) -> set[str]:
    """Every type under which events of these types of today may be stored."""
    return {type_ for type_ in types if type_ not in EVENT_TYPES} | {
        former for former, today in EVENT_TYPES.items() if today in types
    }


def recorded_input(stored: Mapping[str, Any]) -> dict[str, Any]:
    """What a bed was given, of the kind that `is` names, with its fields."""
    kind = stored["is"]
    return {**_renamed(stored, INPUT_FIELDS.get(kind, {})), "is": INPUTS.get(kind, kind)}


def alarm(stored: Alarm, rules: RuleSet) -> Alarm:
    """The alarm as it goes on under `rules`, where its rule may have another id by now."""
    ids = {rule.id for rule in rules.rules}
    today = RULE_IDS.get(stored.rule)
    if today is None or today not in ids or stored.rule in ids:
        return stored
    return replace(stored, rule=today)


def _renamed(data: Mapping[str, Any], names: Mapping[str, str]) -> Mapping[str, Any]:
    if names.keys().isdisjoint(data):
        return data
    return {names.get(name, name): value for name, value in data.items()}


def _reason(reason: str) -> str:
    rule, _, told = reason.partition(" ")
    change, comma, priority = told.partition(", ")
    today = EVENT_TYPES.get(f"alarm.{change}")
    if today is None:
        return reason
    return f"{rule} {today.removeprefix('alarm.')}{comma}{priority}"
