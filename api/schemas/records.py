"""What is put on record in a session: found, decided, and corrected.

What is given is in `api.schemas.doses`.
"""

from typing import Any, Literal

from pydantic import ConfigDict, StrictFloat, StrictInt

from api.schemas.declared import Record, RecordOf, RequestFor
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
from monitor.session import ClearanceScope
from monitor.session.record_fields import ObservationFields, PressureFields, SymptomFields

# ── responses ───────────────────────────────────────────────────────────────────────────


class Score(Record):
    """One assessment."""

    scale: str = described("The scale: `cadss` or `moaas`.", "cadss")
    total: int = described("The total on it.", 31)
    items: dict[str, int] | None = described("The points by item, where given.", {"1": 2, "2": 0})


class Symptom(RecordOf[SymptomFields]):
    """A symptom as it was found."""


class Observation(RecordOf[ObservationFields]):
    """What was observed beside the devices; null is what was not."""


class Pressure(RecordOf[PressureFields]):
    """One blood pressure."""

    map: float | None = described("Mean arterial, in mmHg.", 100)
    device: str = described("The device, or `by-hand` when a person typed it in.", "cuff")


class Clearance(Record):
    """A clinician's clearance of a pressure."""

    scope: str = described("What was cleared.", "pre-dose-pressure")
    clinician: str = described("Who decided.", "dr.b")
    reason: str = described("Why.", "known hypertension, took the morning dose")
    sys: float = described("The systolic pressure decided on, in mmHg.", 148)
    dia: float = described("The diastolic pressure decided on, in mmHg.", 92)


class PatientLimit(Record):
    """A rule's limit for this patient, in this session."""

    rule: str = described("The rule.", "spo2.low")
    signal: str = described("The signal whose limit it is.", "spo2")
    limit: float | None = described(
        "The limit, in the signal's unit; null when it is the rule set's own again.", 90
    )
    was: float = described("The limit before, in the signal's unit.", 93)
    clinician: str = described("Who decided.", "dr.b")
    reason: str = described("Why.", "COPD, 91 % at home")


class News2(Record):
    """NEWS2 as scored last."""

    total: int = described("The points of what was known.", 2)
    single: int = described("The most points of one parameter.", 1)
    points: dict[str, int] = described("The points by parameter.", {"spo2": 1, "pulse": 1})
    missing: list[str] = described("Parameters that were not known.", ["temperature"])
    held: dict[str, int] = described(
        "The points that missing parameters had when last known: the rules count them.",
        {"temperature": 0},
    )


class Correction(Response):
    """A record that was put right or withdrawn."""

    was: dict[str, Any] = described(
        "The record as it was.",
        {
            "id": "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10",
            "at": "2026-01-05T09:40:00.000Z",
            "by": "nurse.a",
            "scale": "cadss",
            "total": 13,
            "items": None,
        },
    )
    now: str | None = described(
        "The id of the record that took its place; null when it was withdrawn.",
        "7a2e3d1b-8f1f-5b54-8b62-3a8c9d2e0f21",
    )
    by: str = described("Who put it right.", "nurse.a")
    at: str = described("When it was put right.", "2026-01-05T09:45:00.000Z")
    reason: str | None = described("Why it was withdrawn.", "was another patient's")


# ── requests ────────────────────────────────────────────────────────────────────────────


class RecordScore(Request):
    """Record an assessment, by total or, for CADSS, by all 23 items."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scale": "cadss", "total": 31, "by": "nurse.a"},
                {"scale": "moaas", "total": 4, "by": "nurse.a"},
            ]
        }
    )

    scale: Literal["cadss", "moaas"] = described("The scale.", "cadss")
    total: StrictInt | None = described(
        "The total: CADSS 0 to 92, MOAA/S 0 to 5.", 31, default=None
    )
    items: dict[int, StrictInt] | None = described(
        "The points, 0 to 4, of all items of CADSS by their number, 1 to 23.",
        {str(item): 1 for item in range(1, 24)},
        default=None,
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


class RecordPressure(RequestFor[PressureFields]):
    """Record a blood pressure that a person measured."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sys": 132, "dia": 84, "pulse": 72, "by": "nurse.a"}]}
    )

    by: By
    at: At = None
    corrects: Corrects = None


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
    """A clinician's clearance of the latest pressure."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "scope": "pre-dose-pressure",
                    "clinician": "dr.b",
                    "reason": "known hypertension, took the morning dose",
                    "by": "nurse.a",
                }
            ]
        }
    )

    scope: ClearanceScope = described("What is cleared.", "pre-dose-pressure")
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
    limit: StrictFloat | None = described(
        "The limit, in the signal's unit; null is the rule set's own again.", 90
    )
    clinician: Clinician
    reason: FreeText = described("Why.", "COPD, 91 % at home")
    by: By


class AddNote(Request):
    """Add free text to the session."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "sleeping, easily woken", "by": "nurse.a"}]}
    )

    text: FreeText = described("The note.", "sleeping, easily woken")
    by: By
