"""What a session's record is made of: doses, their stop, pressures, scores, symptoms, observations.

Every record is one event's, and is known by that event's id. Plain data: what may be
recorded is decided in `monitor.session.decide_records`, and kept in `monitor.session.session`.
Each is shown as it stands here: the API declares these very classes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import datetime
from functools import cache
from typing import Annotated, Any, Final, Self, get_args, get_type_hints

from alerts.news2 import PARAMETERS
from drivers.clock import parse_rfc3339, rfc3339
from monitor.session.events import Event
from monitor.session.record_fields import (
    SCORE_TOTAL,
    DoseFields,
    DosingStopFields,
    ObservationFields,
    PressureFields,
    ScoreFields,
    SymptomFields,
)
from monitor.session.shown import Json, Shown, Time, documented, sent_as

BY_HAND: Final = "by-hand"
"""The `device` of a pressure that a person measured and typed in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record(Shown):
    """Something put on record. `by` is None for what a device gave."""

    id: Annotated[
        str, documented("Its id, which a correction names.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10")
    ]
    at: Annotated[Time, documented("When it was.", "2026-01-05T09:40:00.000Z")]
    by: Annotated[
        str | None, documented("Who recorded it; null for what a device gave.", "nurse.a")
    ] = None

    @classmethod
    def of(cls, event: Event) -> Self:
        """The record that `event` makes; what the event does not say is as by default, or None.

        Raises `KeyError` when it lacks what cannot be None.
        """
        data = event.payload
        if lacking := _required(cls) - data.keys():  # type: ignore[arg-type]
            raise KeyError(", ".join(sorted(lacking)))
        own = (each for each in fields(cls) if each.name not in ("id", "at"))
        at = parse_rfc3339(data["at"]) if "at" in data else event.at
        values = {each.name: data.get(each.name, _default(each)) for each in own}
        return cls(id=event.id, at=at, **values)

    def as_stored(self) -> Json:
        """It as the correction of one holds it.

        Without the fields that came later and say nothing: former corrections lack them.
        """
        shown = self.as_json()
        for each in fields(self):
            if each.metadata.get("added") and getattr(self, each.name) == each.default:
                del shown[each.name]
        return shown


@cache
def _required(kind: type[Any]) -> frozenset[str]:
    hints = get_type_hints(kind)
    return frozenset(
        each.name
        for each in fields(kind)
        if each.default is MISSING
        and each.name not in ("id", "at")
        and type(None) not in get_args(hints[each.name])
    )


def _default(field: Field[Any]) -> Any:
    return None if field.default is MISSING else field.default


def _added(default: Any) -> Any:
    """A field that came later than the records that are stored without it."""
    return field(default=default, metadata={"added": True})


@dataclass(frozen=True, slots=True, kw_only=True)
class Dose(DoseFields, Record):
    """One administration."""

    override: Annotated[
        Mapping[str, str] | None,
        documented(
            "Who gave it past the pre-dose criteria, in sessions before these judged values.",
            {"clinician": "dr.b", "reason": "known hypertension"},
        ),
    ] = None
    deviation: Annotated[
        Mapping[str, Any] | None,
        documented(
            "Why it was given against the pre-dose criteria or the regimen, and against what.",
            {"reason": "given before the pressure came", "unmet": ["pressure"]},
        ),
    ] = _added(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DosingStop(DosingStopFields, Record):
    """A stop of dosing before all that was planned was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Score(ScoreFields, Record):
    """One assessment."""

    total: Annotated[int, SCORE_TOTAL]


@dataclass(frozen=True, slots=True, kw_only=True)
class Symptom(SymptomFields, Record):
    """A symptom as it was found."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation(ObservationFields, Record):
    """What was observed beside the devices; null is what was not.

    With `device` it is a rate that was measured when one was due.
    """

    device: Annotated[
        str | None, documented("The device; null when a person observed it.", None)
    ] = _added(None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressure(PressureFields, Record):
    """One blood pressure."""

    map: Annotated[float | None, documented("Mean arterial, in mmHg.", 100)] = None
    device: Annotated[
        str, documented("The device, or `by-hand` when a person typed it in.", "cuff")
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearance(Record):
    """A clinician's decision that the dose, or leaving, need not wait for some criteria."""

    scope: Annotated[str, documented("What need not wait: `dose` or `leaving`.", "dose")]
    clinician: Annotated[str, documented("Who decided.", "dr.b")]
    reason: Annotated[str, documented("Why.", "known hypertension, took the morning dose")]
    sys: Annotated[float | None, documented("The last systolic pressure then, in mmHg.", 148)] = (
        None
    )
    dia: Annotated[float | None, documented("The last diastolic pressure then, in mmHg.", 92)] = (
        None
    )
    items: Annotated[Sequence[str], documented("The criteria by name.", ["pressure"])] = _added(())
    seen: Annotated[
        Mapping[str, float] | None,
        documented(
            "The values that were there, each in its signal's unit.",
            {"sys": 148, "dia": 92, "spo2": 97},
        ),
    ] = _added(None)
    alarms: Annotated[Sequence[str], documented("The open alarms by id.", [])] = _added(())

    def in_words(self) -> str:
        """The criteria that it opens; of an edition before 3 the pressure that it was given on."""
        items = ", ".join(name.replace("-", " ") for name in self.items)
        return items or f"{self.sys:.0f}/{self.dia:.0f}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientLimit(Record):
    """A rule's limit for this patient, in this session."""

    rule: Annotated[str, documented("The rule.", "spo2.low")]
    signal: Annotated[str, documented("The signal whose limit it is.", "spo2")]
    limit: Annotated[
        float | None,
        documented(
            "The limit, in the signal's unit; null when it is the rule set's own again.", 90
        ),
    ]
    was: Annotated[float, documented("The limit before, in the signal's unit.", 93)]
    clinician: Annotated[str, documented("Who decided.", "dr.b")]
    reason: Annotated[str, documented("Why.", "COPD, 91 % at home")]
    comparison: Annotated[
        str | None,
        documented("Which limit it is, where the rule has several for the signal.", "above"),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class News2Scale(Record):
    """Which scale NEWS2 scores SpO2 on from then on, as a clinician chose."""

    scale: Annotated[int, documented("1, or 2 for a target of 88 to 92 %.", 2)]
    clinician: Annotated[str, documented("Who decided.", "dr.b")]
    reason: Annotated[str, documented("Why.", "COPD, hypercapnic")]


_STARTED_WITH: Final = "in years and kg, and the mg that an infusion holds."


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionCorrection(Record):
    """Age, weight or regimen of a session that were put right."""

    reason: Annotated[str, documented("Why.", "mistyped")]
    was: Annotated[
        Mapping[str, Any], documented(f"What was on record: {_STARTED_WITH}", {"weight_kg": 17})
    ]
    now: Annotated[
        Mapping[str, Any], documented(f"What is, instead: {_STARTED_WITH}", {"weight_kg": 71})
    ]

    def in_words(self) -> str:
        """What was, and what is: "weight 17 kg corrected to 71 kg"."""
        words = []
        for key in (key for key in _CORRECTED if key in self.now):
            (name, unit), was, now = _CORRECTED[key], self.was[key], self.now[key]
            to = "as it was" if now == was else f"corrected to {_worded(now, unit)}"
            words.append(f"{name} {_worded(was, unit)} {to}")
        return ", ".join(words)


_CORRECTED: Final = {
    "age": ("age", ""),
    "weight_kg": ("weight", " kg"),
    "regimen": ("regimen", ""),
    "infusion_mg": ("infusion", " mg"),
}


def _worded(value: Any, unit: str) -> str:
    if value is None:
        return "not given"
    return f"{value}" if isinstance(value, str) else f"{value:g}{unit}"


@dataclass(frozen=True, slots=True, kw_only=True)
class News2(Record):
    """NEWS2 from what was known at `at`; it is partial when `missing` names parameters."""

    total: Annotated[int, documented("The points of what was known.", 2)]
    single: Annotated[int, documented("The most points of one parameter.", 1)]
    points: Annotated[
        Mapping[str, int], documented("The points by parameter.", {"spo2": 1, "pulse": 1})
    ]
    missing: Annotated[
        Sequence[str], documented("Parameters that were not known.", ["temperature"])
    ]
    held: Annotated[
        Mapping[str, int],
        documented(
            "The points that missing parameters had when last known: the rules count them.",
            {"temperature": 0},
        ),
    ]
    scale: Annotated[int, documented("The scale that SpO2 was scored on.", 1)] = 1
    held_since: Annotated[
        Mapping[str, str] | None,
        documented(
            "When each was first found to be no longer current; null of a former regimen.",
            {"temperature": "2026-01-05T09:40:00.000Z"},
        ),
    ] = None

    @property
    def partial(self) -> bool:
        """Whether a parameter was missing."""
        return bool(self.missing)

    def holding(self, names: Collection[str], since: datetime) -> Self:
        """It when those are no longer current: their points are held, and none is another."""
        points = {name: own for name, own in self.points.items() if name not in names}
        return replace(
            self,
            total=sum(points.values()),
            single=max(points.values(), default=0),
            points=points,
            missing=[name for name in PARAMETERS if name not in points],
            held={**self.held, **{name: self.points[name] for name in names}},
            held_since={**(self.held_since or {}), **dict.fromkeys(names, rfc3339(since))},
        )


@dataclass(frozen=True, slots=True)
class Correction(Shown):
    """A record that was put right or withdrawn."""

    was: Annotated[
        Record,
        sent_as(Json),
        documented(
            "The record as it was.",
            {
                "id": "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10",
                "at": "2026-01-05T09:40:00.000Z",
                "by": "nurse.a",
                "scale": "cadss",
                "total": 13,
                "items": None,
            },
        ),
    ]
    now: Annotated[
        str | None,
        documented(
            "The id of the record that took its place; null when it was withdrawn.",
            "7a2e3d1b-8f1f-5b54-8b62-3a8c9d2e0f21",
        ),
    ]
    by: Annotated[str, documented("Who put it right.", "nurse.a")]
    at: Annotated[Time, documented("When it was put right.", "2026-01-05T09:45:00.000Z")]
    reason: Annotated[str | None, documented("Why it was withdrawn.", "was another patient's")]
