"""What may be asked: the bodies of commands, typed, with examples."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from monitor.session import AssignmentAction, ClearanceScope, InfusionAction

Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]
Number = Annotated[float, Field(strict=True)]
Whole = Annotated[int, Field(strict=True)]
Medicines = Annotated[tuple[Word, ...], Field(max_length=100)]
Record = Annotated[Word, Field(description="The `id` of a record of this session.")]


class Body(BaseModel):
    """A command's body; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class StartSession(Body):
    """Begin a session at a bed. `patient` is an alias: no names are needed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "bed": "bed-1",
                    "patient": "P-017",
                    "age": 44,
                    "weight_kg": 71,
                    "regimen": "esketamine-84",
                    "medicines": ["benzodiazepine"],
                    "by": "nurse.a",
                }
            ]
        }
    )

    bed: Word
    patient: Word
    age: Annotated[int, Field(strict=True, ge=0, le=130)] | None = None
    weight_kg: Annotated[float, Field(strict=True, ge=20, le=400)] | None = None
    regimen: Word
    medicines: Medicines | None = None
    escort_planned: bool | None = None
    by: Who


class Prepare(Body):
    """What was asked before the dose; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"medicines": ["opioid"], "escort_planned": True, "by": "nurse.a"}]
        }
    )

    medicines: Medicines | None = None
    escort_planned: bool | None = None
    by: Who


class Override(Body):
    """The clinician who goes on all the same, and why."""

    clinician: Who
    reason: Words


class GiveDose(Body):
    """Record one administration. `at` is now when left out.

    Before the first dose the gate has to be met, or a clinician overrides it.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"product": "esketamine", "mg": 28, "lot": "A123", "by": "nurse.a"}]
        }
    )

    product: Word
    mg: Annotated[float, Field(strict=True, gt=0, le=2000)]
    lot: Word | None = None
    by: Who
    at: AwareDatetime | None = None
    override: Override | None = None
    corrects: Record | None = None


class RecordScore(Body):
    """Record an assessment, by total or, for CADSS, by all 23 items."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"scale": "cadss", "total": 31, "by": "nurse.a"},
                {"scale": "moaas", "total": 4, "by": "nurse.a"},
            ]
        }
    )

    scale: Literal["cadss", "moaas"]
    total: Whole | None = None
    items: dict[int, Whole] | None = None
    by: Who
    at: AwareDatetime | None = None
    corrects: Record | None = None


class RecordSymptom(Body):
    """Record a symptom: 0 none or over, 1 mild, 2 moderate, 3 severe."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"symptom": "nausea", "grade": 2, "note": "after turning", "by": "nurse.a"}
            ]
        }
    )

    symptom: Word
    grade: Annotated[int, Field(strict=True, ge=0, le=3)]
    note: Words | None = None
    serious: bool | None = None
    by: Who
    at: AwareDatetime | None = None
    corrects: Record | None = None


class RecordObservation(Body):
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

    resp: Number | None = None
    temperature: Number | None = None
    oxygen: bool | None = None
    consciousness: Literal["alert", "confusion", "voice", "pain", "unresponsive"] | None = None
    by: Who
    at: AwareDatetime | None = None
    corrects: Record | None = None


class RecordPressure(Body):
    """Record a blood pressure that a person measured, in mmHg."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"sys": 132, "dia": 84, "pulse": 72, "by": "nurse.a"}]}
    )

    sys: Number
    dia: Number
    pulse: Number | None = None
    by: Who
    at: AwareDatetime | None = None
    corrects: Record | None = None


class Retract(Body):
    """Withdraw a record that should not be there. It stays visible as withdrawn."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"record": "…", "reason": "was another patient's", "by": "nurse.a"}]
        }
    )

    record: Record
    reason: Words
    by: Who


class Decide(Body):
    """A clinician's decision on the latest pressure."""

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

    scope: ClearanceScope
    clinician: Who
    reason: Words
    by: Who


class SetLimit(Body):
    """A rule's limit for this patient in this session; `limit` null is the set's own again."""

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

    rule: Word
    signal: Word | None = None
    limit: Number | None
    clinician: Who
    reason: Words
    by: Who


class WatchOver(Body):
    """Take over the bed, offer to hand it over, or leave it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "take-over", "by": "nurse.b"},
                {"action": "hand-over", "to": "nurse.b", "by": "nurse.a"},
                {"action": "leave", "by": "nurse.a"},
            ]
        }
    )

    action: AssignmentAction
    to: Who | None = None
    by: Who


class HandleCuff(Body):
    """Stop the cuff, with a reason, or allow it again."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "stop", "reason": "line in that arm", "by": "nurse.a"},
                {"action": "allow", "by": "nurse.a"},
            ]
        }
    )

    action: Literal["stop", "allow"]
    reason: Words | None = None
    by: Who


class ControlInfusion(Body):
    """Start, pause, resume or end the infusion. `at` is now when left out."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "start", "by": "nurse.a"}]}
    )

    action: InfusionAction
    by: Who
    at: AwareDatetime | None = None
    reason: Words | None = None
    override: Override | None = None


class AddNote(Body):
    """Add free text to the session."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"text": "sleeping, easily woken", "by": "nurse.a"}]}
    )

    text: Words
    by: Who


class By(Body):
    """Who does it."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: Who


class AgainstCriteria(Body):
    """Who takes it on themselves that the patient leaves before every criterion is met."""

    clinician: Who
    reason: Words


class Close(Body):
    """Discharge the patient."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"by": "nurse.a", "escort": True},
                {
                    "by": "nurse.a",
                    "escort": True,
                    "against_criteria": {"clinician": "dr.b", "reason": "transferred to ward 3"},
                },
            ]
        }
    )

    by: Who
    escort: bool
    against_criteria: AgainstCriteria | None = None


class Abort(Body):
    """End the session without a discharge."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "reason": "patient withdrew"}]}
    )

    by: Who
    reason: Words


class Acknowledge(Body):
    """Take an alarm."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "note": "repositioned"}]}
    )

    by: Who
    note: Words | None = None


class Unacknowledge(Body):
    """Take an acknowledgement back."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "note": "the wrong bed"}]}
    )

    by: Who
    note: Words | None = None


class PauseAudio(Body):
    """Quiet a bed for a while, at most 120 s."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a", "for_s": 60}]})

    by: Who
    for_s: Annotated[int, Field(strict=True, ge=1, le=120)] = 120
