"""What is asked to be put on record in a session: found, decided, and corrected.

What is given is in `api.schemas.doses`; the records are declared in `monitor.session.records`.
"""

from typing import Annotated, Final, Literal

from pydantic import ConfigDict, Field, StrictFloat, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from alerts.evaluation import COMPARISONS
from api.schemas.declared import RequestFor
from api.schemas.fields import (
    At,
    By,
    Clinician,
    Corrects,
    FreeText,
    RecordId,
    ShortText,
    described,
)
from api.schemas.model import Request, Response
from drivers.codec import ValueRange
from drivers.readings import Vital
from drivers.registry import DRIVERS
from monitor.session.record_fields import (
    ObservationFields,
    PressureFields,
    ScoreFields,
    SymptomFields,
)
from monitor.session.shown import one_of


class RecordScore(RequestFor[ScoreFields]):
    """Record an assessment, by total or, for CADSS, by all 23 items."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scale": "cadss", "total": 31, "by": "nurse.a"},
                {"scale": "moaas", "total": 4, "by": "nurse.a"},
            ]
        }
    )

    by: By
    at: At = None
    corrects: Corrects = None


class RecordSymptom(RequestFor[SymptomFields]):
    """Record a symptom."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"symptom": "nausea", "grade": 2, "note": "after turning", "by": "nurse.a"}
            ]
        }
    )

    by: By
    at: At = None
    corrects: Corrects = None


class RecordObservation(RequestFor[ObservationFields]):
    """Record what NEWS2 asks beside the devices; what is left out was not observed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "resp": 14,
                    "temperature": 36.6,
                    "oxygen": False,
                    "consciousness": "alert",
                    "by": "nurse.a",
                }
            ]
        }
    )

    by: By
    at: At = None
    corrects: Corrects = None


PULSE_PRESSURE: Final = ValueRange(10, 150)
"""How far apart systolic and diastolic are, in mmHg, without a repeat being asked for [default]."""


def _printed(vital: Vital) -> ValueRange:
    """What any cuff prints; what a bedside monitor could send is wider than any cuff measures."""
    cuffs = [driver for driver in DRIVERS.values() if driver.can_measure]
    ranges = [driver.ranges[vital] for driver in cuffs if vital in driver.ranges]
    return ValueRange(min(r.least for r in ranges), max(r.most for r in ranges))


PRINTED: Final = {"systolic": _printed(Vital.SYS), "diastolic": _printed(Vital.DIA)}


class RecordPressure(RequestFor[PressureFields]):
    """Record a blood pressure that a person measured.

    One that is hardly possible is taken when it was measured again and is `confirmed`: systolic
    and diastolic less than 10 or more than 150 mmHg apart, or outside what any cuff prints.
    """

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sys": 132, "dia": 84, "pulse": 72, "by": "nurse.a"}]}
    )

    by: By
    at: At = None
    corrects: Corrects = None
    confirmed: Annotated[bool, Field(strict=True, validate_default=True)] = described(
        "That it was measured again, where it is hardly possible.", False, default=False
    )

    @field_validator("confirmed")
    @classmethod
    def _confirms_what_is_unlikely(cls, confirmed: bool, info: ValidationInfo) -> bool:
        sys, dia = info.data.get("sys"), info.data.get("dia")
        if not confirmed and sys is not None and dia is not None and dia < sys:
            why = _unlikely(sys, dia)
            if why is not None:
                raise PydanticCustomError(
                    "unlikely_pressure",
                    "{why}: measure again, and send it with confirmed true if it is so",
                    {"why": why},
                )
        return confirmed


def _unlikely(sys: float, dia: float) -> str | None:
    for name, value in (("systolic", sys), ("diastolic", dia)):
        printed = PRINTED[name]
        if value not in printed:
            return f"a cuff shows a {name} of {printed.least:g} to {printed.most:g}, not {value:g}"
    if sys - dia not in PULSE_PRESSURE:
        apart = f"{PULSE_PRESSURE.least:g} to {PULSE_PRESSURE.most:g}"
        return f"{sys:g}/{dia:g} are {sys - dia:g} mmHg apart, and {apart} is usual"
    return None


class RetractRecord(Request):
    """Withdraw a record that should not be there. It stays visible as withdrawn."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"record": "…", "reason": "was another patient's", "by": "nurse.a"}]
        }
    )

    record: RecordId
    reason: FreeText = described("Why it is withdrawn.", "was another patient's")
    by: By


class RecordClearance(Request):
    """A clinician decides that the dose, or leaving, need not wait for these criteria.

    It holds for the next administration, or the close; it lapses after 30 min, when a value gets
    worse, and with another alarm of medium or high priority.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scope": "dose",
                    "items": ["pressure"],
                    "clinician": "dr.b",
                    "reason": "known hypertension, took the morning dose",
                    "by": "nurse.a",
                }
            ]
        }
    )

    scope: Literal["dose", "leaving"] = described("What need not wait.", "dose")
    items: Annotated[tuple[ShortText, ...], Field(min_length=1, max_length=20)] = described(
        "The criteria by name, as in the session's `gate` or `criteria`.", ["pressure"]
    )
    clinician: Clinician
    reason: FreeText = described("Why.", "known hypertension, took the morning dose")
    by: By


class SetAlarmLimit(Request):
    """A rule's limit for this patient in this session."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "rule": "spo2.low",
                    "limit": 90,
                    "clinician": "dr.b",
                    "reason": "COPD, 91 % at home",
                    "by": "nurse.a",
                }
            ]
        }
    )

    rule: ShortText = described("The rule.", "spo2.low")
    signal: ShortText | None = described(
        "The signal whose limit it is; needed where the rule has several.", "spo2", default=None
    )
    comparison: Annotated[str, one_of(COMPARISONS)] | None = described(
        "Which limit it is; needed where the rule has several for the signal.",
        "above",
        default=None,
    )
    limit: StrictFloat | None = described(
        "The limit, in the signal's unit; null is the rule set's own again.", 90
    )
    clinician: Clinician
    reason: FreeText = described("Why.", "COPD, 91 % at home")
    by: By


class RuleLimit(Response):
    """A rule's limit that can be another for this patient."""

    rule: str = described("The rule.", "spo2.low")
    signal: str = described("The signal whose limit it is.", "spo2")
    comparison: str | None = described(
        "Which limit it is; null where the rule has one for the signal.", "above"
    )
    text: str = described("The condition in words.", "SpO2 < 93")
    limit: float = described("The limit in force, in the signal's unit.", 93)
    least: float = described("The lowest that can be set, in the signal's unit.", 70)
    most: float = described("The highest that can be set, in the signal's unit.", 100)


class ChooseNews2Scale(Request):
    """The scale that NEWS2 scores SpO2 on, for this patient in this session.

    With scale 2 the limits of `spo2.low` and `spo2.very-low` become 88 and 84 %, unless others
    were set for this patient; the dose and leaving follow the first.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scale": 2,
                    "clinician": "dr.b",
                    "reason": "hypercapnic COPD, 88 to 92 % wanted",
                    "by": "nurse.a",
                }
            ]
        }
    )

    scale: Literal[1, 2] = described("The scale.", 2)
    clinician: Clinician
    reason: FreeText = described("Why.", "hypercapnic COPD, 88 to 92 % wanted")
    by: By


class AddNote(Request):
    """Add free text to the session."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "sleeping, easily woken", "by": "nurse.a"}]}
    )

    text: FreeText = described("The note.", "sleeping, easily woken")
    by: By
