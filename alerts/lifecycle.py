"""The life of an alarm: one table from state and input to state and event.

Everything that changes an alarm's state is here. Condition and signal are separate
(IEC 60601-1-8): an alarm is `active` while its condition lasts, `latched` when the
condition is over and a person has still to see it, and `ended` after that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from alerts.rules import Kind, Priority
from drivers.clock import parse_rfc3339, rfc3339

SAME_ALARM_S: Final = 60.0
"""An alarm raised again within this of its end is the same alarm, counted [clinical default]."""


class State(StrEnum):
    """Where an alarm is in its life."""

    ACTIVE = "active"
    LATCHED = "latched"
    ENDED = "ended"


class Input(StrEnum):
    """What can happen to an alarm."""

    ONSET = "onset"
    OFFSET = "offset"
    BLIND = "blind"
    SEEING = "seeing"
    ACKNOWLEDGE = "acknowledge"
    WORSEN = "worsen"
    WITHDRAW = "withdraw"


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as everyone sees it. `values` are those that raised it last."""

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
    state: State = State.ACTIVE
    count: int = 1
    acknowledged_by: str | None = None
    acknowledged_at: datetime | None = None
    note: str | None = None
    escalated: bool = False
    unverified_since: datetime | None = None
    condition_ended_at: datetime | None = None
    ended_at: datetime | None = None

    @property
    def acknowledged(self) -> bool:
        """Whether a person has taken this alarm."""
        return self.acknowledged_by is not None

    @property
    def is_open(self) -> bool:
        """Whether the alarm still asks for anything."""
        return self.state is not State.ENDED

    def as_json(self) -> dict[str, Any]:
        """The alarm as interfaces show it."""
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
            "acknowledged_at": _text(self.acknowledged_at),
            "note": self.note,
            "escalated": self.escalated,
            "unverified_since": _text(self.unverified_since),
            "raised_at": rfc3339(self.raised_at),
            "condition_ended_at": _text(self.condition_ended_at),
            "ended_at": _text(self.ended_at),
            "count": self.count,
            "text": self.text,
            "values": dict(self.values),
            "guidance": self.guidance,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Alarm":
        """The alarm that `as_json` wrote."""
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
            state=State(data["state"]),
            count=data["count"],
            acknowledged_by=data["acknowledged_by"],
            acknowledged_at=_instant(data["acknowledged_at"]),
            note=data["note"],
            escalated=data["escalated"],
            unverified_since=_instant(data["unverified_since"]),
            condition_ended_at=_instant(data["condition_ended_at"]),
            ended_at=_instant(data["ended_at"]),
        )


def _text(wall: datetime | None) -> str | None:
    return None if wall is None else rfc3339(wall)


def _instant(text: str | None) -> datetime | None:
    return None if text is None else parse_rfc3339(text)


@dataclass(frozen=True, slots=True)
class Change:
    """One step of an alarm's life: the event's type, the alarm after it, and why."""

    type: str
    alarm: Alarm
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Cause:
    """What comes with an input: when, who, why, and the values and text of an onset."""

    at: datetime
    by: str | None = None
    note: str | None = None
    reason: str | None = None
    text: str | None = None
    values: Mapping[str, float] = field(default_factory=dict)
    priority: Priority | None = None


@dataclass(frozen=True, slots=True)
class _Step:
    state: State
    events: tuple[str, ...]


_STAY: Final[Mapping[State, _Step]] = {state: _Step(state, ()) for state in State}
_ENDS: Final = _Step(State.ENDED, ("alarm.ended",))

TABLE: Final[Mapping[tuple[State, Input], _Step]] = {
    (State.ACTIVE, Input.ONSET): _STAY[State.ACTIVE],
    (State.ACTIVE, Input.OFFSET): _ENDS,
    (State.ACTIVE, Input.BLIND): _Step(State.ACTIVE, ("alarm.unverified",)),
    (State.ACTIVE, Input.SEEING): _Step(State.ACTIVE, ("alarm.verified",)),
    (State.ACTIVE, Input.ACKNOWLEDGE): _Step(State.ACTIVE, ("alarm.acknowledged",)),
    (State.ACTIVE, Input.WORSEN): _Step(State.ACTIVE, ("alarm.reprioritised",)),
    (State.ACTIVE, Input.WITHDRAW): _ENDS,
    (State.LATCHED, Input.ONSET): _Step(State.ACTIVE, ("alarm.re-raised",)),
    (State.LATCHED, Input.OFFSET): _STAY[State.LATCHED],
    (State.LATCHED, Input.BLIND): _STAY[State.LATCHED],
    (State.LATCHED, Input.SEEING): _STAY[State.LATCHED],
    (State.LATCHED, Input.ACKNOWLEDGE): _Step(State.ENDED, ("alarm.acknowledged", "alarm.ended")),
    (State.LATCHED, Input.WORSEN): _STAY[State.LATCHED],
    (State.LATCHED, Input.WITHDRAW): _ENDS,
    (State.ENDED, Input.ONSET): _Step(State.ACTIVE, ("alarm.re-raised",)),
    (State.ENDED, Input.OFFSET): _STAY[State.ENDED],
    (State.ENDED, Input.BLIND): _STAY[State.ENDED],
    (State.ENDED, Input.SEEING): _STAY[State.ENDED],
    (State.ENDED, Input.ACKNOWLEDGE): _STAY[State.ENDED],
    (State.ENDED, Input.WORSEN): _STAY[State.ENDED],
    (State.ENDED, Input.WITHDRAW): _STAY[State.ENDED],
}
"""Where each input leads. One exception is made in `advance`: the offset of a latching alarm
that nobody has acknowledged leads to `latched`."""


def advance(alarm: Alarm, happened: Input, cause: Cause) -> list[Change]:
    """What `happened` does to `alarm`: its changes in order, none when it does nothing."""
    step = TABLE[alarm.state, happened]
    if happened is Input.OFFSET and alarm.state is State.ACTIVE and _waits_for_a_person(alarm):
        step = _Step(State.LATCHED, ("alarm.condition-ended",))
    if not step.events or _already(alarm, happened):
        return []
    after = replace(_effect(alarm, happened, cause), state=step.state)
    if step.state is State.ENDED:
        after = replace(after, ended_at=cause.at, unverified_since=None)
    changes = [Change(type_, after, cause.reason) for type_ in step.events]
    if len(changes) > 1:
        changes[0] = replace(changes[0], alarm=replace(after, state=alarm.state, ended_at=None))
    return changes


def _waits_for_a_person(alarm: Alarm) -> bool:
    return alarm.latching and not alarm.acknowledged


def _already(alarm: Alarm, happened: Input) -> bool:
    return happened is Input.ACKNOWLEDGE and alarm.acknowledged


def _effect(alarm: Alarm, happened: Input, cause: Cause) -> Alarm:
    match happened:
        case Input.ONSET:
            return replace(
                alarm,
                count=alarm.count + 1,
                text=cause.text or alarm.text,
                values=cause.values,
                acknowledged_by=None,
                acknowledged_at=None,
                note=None,
                escalated=False,
                unverified_since=None,
                condition_ended_at=None,
                ended_at=None,
                priority=cause.priority or alarm.priority,
            )
        case Input.OFFSET:
            return replace(alarm, condition_ended_at=cause.at, unverified_since=None)
        case Input.BLIND:
            return replace(alarm, unverified_since=cause.at)
        case Input.SEEING:
            return replace(alarm, unverified_since=None)
        case Input.ACKNOWLEDGE:
            return replace(
                alarm, acknowledged_by=cause.by, acknowledged_at=cause.at, note=cause.note
            )
        case Input.WORSEN:
            assert cause.priority is not None
            return replace(
                alarm,
                priority=cause.priority,
                acknowledged_by=None,
                acknowledged_at=None,
                note=None,
            )
        case Input.WITHDRAW:
            return alarm
