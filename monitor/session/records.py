"""What a session's record is made of: doses, pressures, scores, symptoms, observations.

Every record is one event's, and is known by that event's id. Plain data: what may be
recorded is decided in `monitor.session.decide_records`, and kept in `monitor.session.session`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from typing import Any, Final, Self

from drivers.clock import parse_rfc3339, rfc3339
from monitor.session.events import Event
from monitor.session.record_fields import (
    DoseFields,
    ObservationFields,
    PressureFields,
    SymptomFields,
)

BY_HAND: Final = "by-hand"
"""The `device` of a pressure that a person measured and typed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """Something put on record. `by` is None for what a device gave."""

    id: str
    at: datetime
    by: str | None = None

    @classmethod
    def of(cls, event: Event) -> Self:
        """The record that `event` makes; what the event does not say is as by default."""
        data = event.payload
        own = (field for field in fields(cls) if field.name not in ("id", "at"))
        at = parse_rfc3339(data["at"]) if "at" in data else event.at
        values = {field.name: data.get(field.name, _default(field)) for field in own}
        return cls(id=event.id, at=at, **values)

    def as_json(self) -> dict[str, Any]:
        """The record as interfaces show it."""
        shown = {field.name: getattr(self, field.name) for field in fields(self)}
        return shown | {"at": rfc3339(self.at)}


def _default(field: Field[Any]) -> Any:
    return None if field.default is MISSING else field.default


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose(DoseFields, Record):
    """One administration. `override` is by whom and why it was given past the gate."""

    override: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(Record):
    """One assessment on a scale; `items` are its points by item number, where given."""

    scale: str
    total: int
    items: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom(SymptomFields, Record):
    """A symptom at a grade of `alerts.rules.GRADES`; `serious` as an adverse event is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(ObservationFields, Record):
    """What NEWS2 asks beside the devices, as it was observed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure(PressureFields, Record):
    """One blood pressure in mmHg; `map` and `pulse` where they were given."""

    map: float | None = None
    device: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance(Record):
    """A clinician's word on the pressure `sys`/`dia`; `by` is who wrote it down."""

    scope: str
    clinician: str
    reason: str
    sys: float
    dia: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLimit(Record):
    """A rule's limit for this patient in this session; `limit` None is the set's own again."""

    rule: str
    signal: str
    limit: float | None
    was: float
    clinician: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class News2Score(Record):
    """NEWS2 from what was known at `at`; it is partial when `missing` names parameters.

    `held` gives the points that the missing parameters had when they were last known.
    """

    total: int
    single: int
    points: Mapping[str, int]
    missing: Sequence[str]
    held: Mapping[str, int]

    @property
    def partial(self) -> bool:
        """Whether a parameter was missing."""
        return bool(self.missing)


@dataclass(frozen=True, slots=True)
class Correction:
    """A record that another took the place of, or that was withdrawn (`now` is then None)."""

    was: Record
    now: str | None
    by: str
    at: datetime
    reason: str | None

    def as_json(self) -> dict[str, Any]:
        """The correction as interfaces show it."""
        return {
            "was": self.was.as_json(),
            "now": self.now,
            "by": self.by,
            "at": rfc3339(self.at),
            "reason": self.reason,
        }
