"""The life of an alarm: one table from state and trigger to state and event.

Everything that changes an alarm's state is here. Condition and signal are separate
(IEC 60601-1-8): an alarm is `active` while its condition lasts, `latched` when the
condition is over and a person has still to see it, and `ended` after that. When an alarm
that nobody has taken calls again, and whom, is in `alerts.alarm.escalation`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from alerts.rules import Kind, Priority
from drivers.clock import parse_rfc3339, rfc3339, rfc3339_or_none


class State(StrEnum):
    """Where an alarm is in its life."""

    ACTIVE = "active"
    LATCHED = "latched"
    ENDED = "ended"


class Trigger(StrEnum):
    """What can happen to an alarm."""

    ONSET = "onset"
    OFFSET = "offset"
    DATA_LOST = "data-lost"
    DATA_RESTORED = "data-restored"
    ACKNOWLEDGE = "acknowledge"
    UNACKNOWLEDGE = "unacknowledge"
    RAISE_PRIORITY = "raise-priority"
    ESCALATE = "escalate"
    REMIND = "remind"
    UPDATE = "update"
    CALL_AGAIN = "call-again"
    CLEAR = "clear"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as everyone sees it.

    `values` are those that its text was made of. `worst` are the worst of the signals that its
    rule has a `worse_by` for, `worst_since_call` the worst since it last called for a person,
    up to its acknowledgement, which covers no worse. `called_again_at` is when the last call
    was made in which it called again after its acknowledgement; calls at one bed within a
    minute are one, and have one time. `taken_with` is the id of the graver alarm with which it
    was acknowledged. `text_at` is when the text was made, where texts are made anew.
    `is_unconfirmed` is of a pressure that no second one confirmed. One that `needs_reset` waits
    for a person when its condition is over though it was acknowledged before, and that its end
    was acknowledged cannot be undone. `notified_at` is when it
    last called for a person who had not taken it, `recipients` are the levels it has called so far,
    `escalation_level` is how many. `rules_without_data` are the rules that see nothing while a
    technical alarm's condition lasts.
    """

    id: str
    bed: str
    session: str | None
    rule: str
    device: str | None
    kind: Kind
    priority: Priority
    latching: bool
    text: str
    guidance: str
    values: Mapping[str, float]
    raised_at: datetime
    notified_at: datetime
    recipients: tuple[str, ...]
    rules_without_data: tuple[str, ...] = ()
    state: State = State.ACTIVE
    count: int = 1
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str | None = None
    escalated: bool = False
    unverified_since: datetime | None = None
    condition_ended_at: datetime | None = None
    ended_at: datetime | None = None
    worst: Mapping[str, float] = field(default_factory=dict)
    worst_since_call: Mapping[str, float] = field(default_factory=dict)
    called_again_at: datetime | None = None
    taken_with: str | None = None
    text_at: datetime | None = None
    is_unconfirmed: bool = False
    needs_reset: bool = False

    @property
    def acknowledged(self) -> bool:
        """Whether a person has taken this alarm."""
        return self.acknowledged_by is not None

    @property
    def escalation_level(self) -> int:
        """How far the alarm has been sent: 1 is the first level of recipients."""
        return max(1, len(self.recipients))

    @property
    def is_open(self) -> bool:
        """Whether the alarm still asks for anything."""
        return self.state is not State.ENDED

    @property
    def was_reset(self) -> bool:
        """Whether the acknowledgement of its end has ended it."""
        was_over = self.state is State.ENDED and self.condition_ended_at is not None
        return was_over and self.latching and self.acknowledged_at == self.ended_at

    def shifted(self, by: timedelta) -> "Alarm":
        """The same by a clock that was set."""
        times = {name: getattr(self, name) for name in _TIMES}
        moved = {name: at + by for name, at in times.items() if at is not None}
        return replace(self, **moved)

    def as_json(self) -> dict[str, Any]:
        """The alarm as interfaces show it.

        What only some rule sets give is left out where it is nothing, so that an alarm under
        another set is told as it was before there was such a thing.
        """
        own = {
            "worst": dict(self.worst),
            "worst_since_call": dict(self.worst_since_call),
            "called_again_at": rfc3339_or_none(self.called_again_at),
            "taken_with": self.taken_with,
            "text_at": rfc3339_or_none(self.text_at),
            "is_unconfirmed": self.is_unconfirmed,
            "needs_reset": self.needs_reset,
        }
        return self._as_json() | {name: value for name, value in own.items() if value}

    def _as_json(self) -> dict[str, Any]:
        return {
            "id": self.id,
            "bed": self.bed,
            "session": self.session,
            "rule": self.rule,
            "device": self.device,
            "kind": self.kind.value,
            "priority": self.priority.label,
            "latching": self.latching,
            "state": self.state.value,
            "acknowledged": self.acknowledged,
            "acknowledged_by": self.acknowledged_by,
            "acknowledged_at": rfc3339_or_none(self.acknowledged_at),
            "note": self.note,
            "escalated": self.escalated,
            "escalation_level": self.escalation_level,
            "recipients": list(self.recipients),
            "notified_at": rfc3339(self.notified_at),
            "unverified_since": rfc3339_or_none(self.unverified_since),
            "raised_at": rfc3339(self.raised_at),
            "condition_ended_at": rfc3339_or_none(self.condition_ended_at),
            "ended_at": rfc3339_or_none(self.ended_at),
            "count": self.count,
            "text": self.text,
            "values": dict(self.values),
            "rules_without_data": list(self.rules_without_data),
            "guidance": self.guidance,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Alarm":
        """The alarm that `as_json` wrote, now or before it told of its escalation level."""
        return cls(
            id=data["id"],
            bed=data["bed"],
            session=data["session"],
            rule=data["rule"],
            device=data["device"],
            kind=Kind(data["kind"]),
            priority=Priority.of(data["priority"]),
            latching=data["latching"],
            text=data["text"],
            guidance=data["guidance"],
            values=data["values"],
            raised_at=parse_rfc3339(data["raised_at"]),
            notified_at=parse_rfc3339(data.get("notified_at", data["raised_at"])),
            recipients=tuple(data.get("recipients", ())),
            rules_without_data=tuple(data.get("rules_without_data", ())),
            state=State(data["state"]),
            count=data["count"],
            acknowledged_by=data["acknowledged_by"],
            acknowledged_at=_instant(data["acknowledged_at"]),
            note=data["note"],
            escalated=data["escalated"],
            unverified_since=_instant(data["unverified_since"]),
            condition_ended_at=_instant(data["condition_ended_at"]),
            ended_at=_instant(data["ended_at"]),
            worst=data.get("worst", {}),
            worst_since_call=data.get("worst_since_call", {}),
            called_again_at=_instant(data.get("called_again_at")),
            taken_with=data.get("taken_with"),
            text_at=_instant(data.get("text_at")),
            is_unconfirmed=data.get("is_unconfirmed", False),
            needs_reset=data.get("needs_reset", False),
        )


_TIMES: Final = (
    "raised_at",
    "notified_at",
    "acknowledged_at",
    "unverified_since",
    "condition_ended_at",
    "ended_at",
    "called_again_at",
    "text_at",
)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_rfc3339(text)


@dataclass(frozen=True, slots=True)
class AlarmChange:
    """One step of an alarm's life: the event's type, the alarm after it, why, and by whom."""

    type: str
    alarm: Alarm
    reason: str | None = None
    by: str | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class TriggerDetails:
    """When, by whom and why; for an onset its text and values; for an escalation its recipients.

    An onset that `keeps_acknowledgement` does not call. `call_time` is when the call was made
    that an alarm is part of which calls again; `taken_with` is the graver alarm with which one
    is acknowledged.
    """

    at: datetime
    by: str | None = None
    note: str | None = None
    reason: str | None = None
    text: str | None = None
    text_at: datetime | None = None
    is_unconfirmed: bool | None = None
    guidance: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    rules_without_data: tuple[str, ...] = ()
    priority: Priority | None = None
    recipients: tuple[str, ...] = ()
    worst: Mapping[str, float] = field(default_factory=dict)
    worst_since_call: Mapping[str, float] = field(default_factory=dict)
    keeps_acknowledgement: bool = False
    call_time: datetime | None = None
    taken_with: str | None = None


class LifecycleState(StrEnum):
    """A row of the table: an alarm's state, and what else decides where a trigger leads.

    `LATCHING` is active and will wait for a person when its condition is over, `ACKNOWLEDGED`
    is active and acknowledged, `QUIET_LATCHING` is that and will wait for a person all the same,
    as `QUIET_LATCHED` does. `RESET` was ended by the acknowledgement of a latched alarm, which
    can be undone.
    """

    ACTIVE = "active"
    LATCHING = "latching"
    ACKNOWLEDGED = "acknowledged"
    QUIET_LATCHING = "quiet-latching"
    LATCHED = "latched"
    QUIET_LATCHED = "quiet-latched"
    RESET = "reset"
    ENDED = "ended"


def lifecycle_state(alarm: Alarm) -> LifecycleState:
    """The row of the table that `alarm` is in."""
    match alarm.state:
        case State.ACTIVE if alarm.acknowledged:
            latches = alarm.needs_reset
            return LifecycleState.QUIET_LATCHING if latches else LifecycleState.ACKNOWLEDGED
        case State.ACTIVE:
            return LifecycleState.LATCHING if alarm.latching else LifecycleState.ACTIVE
        case State.LATCHED:
            is_quiet = alarm.acknowledged
            return LifecycleState.QUIET_LATCHED if is_quiet else LifecycleState.LATCHED
        case State.ENDED:
            can_return = alarm.was_reset and not alarm.needs_reset
            return LifecycleState.RESET if can_return else LifecycleState.ENDED


@dataclass(frozen=True, slots=True)
class Transition:
    """Where a trigger leads: the state after it, and the events that say so, in order."""

    state: State
    events: tuple[str, ...]


ALARM_ONSETS: Final = frozenset({"alarm.raised", "alarm.re-raised"})
"""The events by which an alarm's condition begins."""

CALLED_AGAIN: Final = "alarm.called-again"
"""The event by which an acknowledged alarm calls for a person again."""

ALARM_SOUNDINGS: Final = ALARM_ONSETS | {"alarm.priority-raised", CALLED_AGAIN}
"""The events by which an alarm is new, or more urgent than before, or calls again."""

ALARM_REOPENED: Final = "alarm.reopened"
"""The event by which an alarm that ended with its session is as it was before."""

ALARM_OPENINGS: Final = ALARM_ONSETS | {"alarm.unacknowledged", ALARM_REOPENED}
"""The events after which an alarm is open that may not have been before."""

ALARM_ENDINGS: Final = frozenset({"alarm.ended", "alarm.reset"})
"""The events that end an alarm."""

_ENDS: Final = Transition(State.ENDED, ("alarm.ended",))
_AGAIN: Final = Transition(State.ACTIVE, ("alarm.re-raised",))


def _active(type_: str) -> Transition:
    return Transition(State.ACTIVE, (type_,))


def _latched(*types: str) -> Transition:
    return Transition(State.LATCHED, types)


_LATCHES: Final = _latched("alarm.condition-ended")

_WHILE_ACTIVE: Final[dict[Trigger, Transition]] = {
    Trigger.DATA_LOST: _active("alarm.unverified"),
    Trigger.DATA_RESTORED: _active("alarm.verified"),
    Trigger.RAISE_PRIORITY: _active("alarm.priority-raised"),
    Trigger.UPDATE: _active("alarm.updated"),
    Trigger.CLEAR: _ENDS,
}
_WHILE_UNACKNOWLEDGED: Final[dict[Trigger, Transition]] = _WHILE_ACTIVE | {
    Trigger.ACKNOWLEDGE: _active("alarm.acknowledged"),
    Trigger.ESCALATE: _active("alarm.escalated"),
    Trigger.REMIND: _active("alarm.reminded"),
}

_WHILE_ACKNOWLEDGED: Final[dict[Trigger, Transition]] = _WHILE_ACTIVE | {
    Trigger.UNACKNOWLEDGE: _active("alarm.unacknowledged"),
    Trigger.CALL_AGAIN: _active(CALLED_AGAIN),
}
_WHILE_LATCHED: Final[dict[Trigger, Transition]] = {
    Trigger.ONSET: _AGAIN,
    Trigger.ACKNOWLEDGE: Transition(State.ENDED, ("alarm.acknowledged", "alarm.reset")),
    Trigger.CLEAR: _ENDS,
}

TRANSITIONS: Final[Mapping[LifecycleState, Mapping[Trigger, Transition]]] = {
    LifecycleState.ACTIVE: _WHILE_UNACKNOWLEDGED | {Trigger.OFFSET: _ENDS},
    LifecycleState.LATCHING: _WHILE_UNACKNOWLEDGED | {Trigger.OFFSET: _LATCHES},
    LifecycleState.ACKNOWLEDGED: _WHILE_ACKNOWLEDGED | {Trigger.OFFSET: _ENDS},
    LifecycleState.QUIET_LATCHING: _WHILE_ACKNOWLEDGED | {Trigger.OFFSET: _LATCHES},
    LifecycleState.LATCHED: _WHILE_LATCHED
    | {
        Trigger.ESCALATE: _latched("alarm.escalated"),
        Trigger.REMIND: _latched("alarm.reminded"),
    },
    LifecycleState.QUIET_LATCHED: _WHILE_LATCHED
    | {Trigger.UNACKNOWLEDGE: _latched("alarm.unacknowledged")},
    LifecycleState.RESET: {
        Trigger.ONSET: _AGAIN,
        Trigger.UNACKNOWLEDGE: _latched("alarm.unacknowledged"),
    },
    LifecycleState.ENDED: {Trigger.ONSET: _AGAIN},
}
"""Where each trigger leads; one that is not in a row does nothing."""


def advance(alarm: Alarm, trigger: Trigger, details: TriggerDetails) -> list[AlarmChange]:
    """What `happened` does to `alarm`: its changes in order, none when it does nothing."""
    transition = TRANSITIONS[lifecycle_state(alarm)].get(trigger)
    if transition is None:
        return []
    after = replace(_effect(alarm, trigger, details), state=transition.state)
    if transition.state is State.ENDED:
        after = replace(after, ended_at=details.at, unverified_since=None)
    changes = [
        AlarmChange(type_, after, details.reason, details.by, details.note)
        for type_ in transition.events
    ]
    if len(changes) > 1:
        changes[0] = replace(changes[0], alarm=replace(after, state=alarm.state, ended_at=None))
    return changes


def _effect(alarm: Alarm, trigger: Trigger, details: TriggerDetails) -> Alarm:
    effect = _EFFECTS.get(trigger)
    return alarm if effect is None else effect(alarm, details)


def _onset(alarm: Alarm, details: TriggerDetails) -> Alarm:
    priority = _priority(alarm, details)
    keeps = details.keeps_acknowledgement and priority <= alarm.priority
    calls = alarm.acknowledged and not keeps
    return replace(
        _with_values(_calling(alarm, details) if calls else alarm, details),
        count=alarm.count + 1,
        rules_without_data=details.rules_without_data,
        unverified_since=None,
        condition_ended_at=None,
        ended_at=None,
        priority=priority,
    )


def _priority_raised(alarm: Alarm, details: TriggerDetails) -> Alarm:
    assert details.priority is not None
    calling = replace(alarm, notified_at=details.at)
    if alarm.acknowledged:
        calling = _calling(alarm, details)
    return replace(
        calling, priority=details.priority, rules_without_data=details.rules_without_data
    )


def _called_again(alarm: Alarm, details: TriggerDetails) -> Alarm:
    return replace(
        _calling(_with_values(alarm, details), details), called_again_at=details.call_time
    )


def _with_values(alarm: Alarm, details: TriggerDetails) -> Alarm:
    """The alarm with the text of these values, and the worst so far."""
    return replace(
        alarm,
        text=details.text or alarm.text,
        text_at=details.text_at or alarm.text_at,
        guidance=details.guidance or alarm.guidance,
        is_unconfirmed=(
            alarm.is_unconfirmed if details.is_unconfirmed is None else details.is_unconfirmed
        ),
        values=details.values,
        worst=details.worst,
        worst_since_call=details.worst_since_call,
    )


def _calling(alarm: Alarm, details: TriggerDetails) -> Alarm:
    """The acknowledged alarm as it asks for a person again: from the first level, from now."""
    return replace(
        alarm,
        acknowledged_by=None,
        acknowledged_at=None,
        taken_with=None,
        note=None,
        escalated=False,
        recipients=alarm.recipients[:1],
        notified_at=details.at,
    )


def _priority(alarm: Alarm, details: TriggerDetails) -> Priority:
    """An onset's priority; while the alarm is open a person has not yet seen the higher one."""
    wanted = details.priority or alarm.priority
    return max(wanted, alarm.priority) if alarm.is_open else wanted


_EFFECTS: Final[Mapping[Trigger, Callable[[Alarm, TriggerDetails], Alarm]]] = {
    Trigger.ONSET: _onset,
    Trigger.OFFSET: lambda alarm, details: replace(
        alarm, condition_ended_at=details.at, unverified_since=None
    ),
    Trigger.DATA_LOST: lambda alarm, details: replace(alarm, unverified_since=details.at),
    Trigger.DATA_RESTORED: lambda alarm, _: replace(alarm, unverified_since=None),
    Trigger.ACKNOWLEDGE: lambda alarm, details: replace(
        alarm,
        acknowledged_by=details.by,
        acknowledged_at=details.at,
        note=details.note,
        taken_with=details.taken_with,
    ),
    Trigger.UNACKNOWLEDGE: lambda alarm, details: replace(_calling(alarm, details), ended_at=None),
    Trigger.RAISE_PRIORITY: _priority_raised,
    Trigger.ESCALATE: lambda alarm, details: replace(
        alarm, escalated=True, recipients=details.recipients, notified_at=details.at
    ),
    Trigger.REMIND: lambda alarm, details: replace(alarm, escalated=True, notified_at=details.at),
    Trigger.UPDATE: _with_values,
    Trigger.CALL_AGAIN: _called_again,
}
"""What each trigger that is in the alarm's row makes of it; another changes its state alone."""
