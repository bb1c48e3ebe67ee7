"""What may be asked: the bodies of commands, typed, with examples."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from monitor.commands import InfusionAction

Who = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=64)]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Word = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


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
    age: Annotated[int, Field(ge=0, le=130)] | None = None
    weight_kg: Annotated[float, Field(ge=20, le=400)] | None = None
    regimen: Word
    medicines: Annotated[tuple[Word, ...], Field(max_length=100)] = ()
    by: Who


class GiveDose(Body):
    """Record one administration. `at` is now when left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"product": "esketamine", "mg": 28, "lot": "A123", "by": "nurse.a"}]
        }
    )

    product: Word
    mg: Annotated[float, Field(gt=0, le=2000)]
    lot: Word | None = None
    by: Who
    at: AwareDatetime | None = None


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
    total: int | None = None
    items: dict[int, int] | None = None
    by: Who
    at: AwareDatetime | None = None


class ControlInfusion(Body):
    """Start, pause, resume or end the infusion."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"action": "start", "by": "nurse.a"}]}
    )

    action: InfusionAction
    by: Who


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
