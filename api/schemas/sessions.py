"""What is asked of a session, and its trends.

A session itself is declared in `monitor.bed.session_view`; what is put on record in one is
asked for in `api.schemas.doses` and `api.schemas.records`.
"""

from typing import Annotated

from pydantic import ConfigDict, Field

from api.schemas.declared import RequestFor
from api.schemas.fields import (
    At,
    By,
    Clinician,
    FreeText,
    Medicines,
    PersonName,
    ShortText,
    described,
)
from api.schemas.model import Request, Response
from monitor.session import AbortOutcome, AssignmentAction, record_fields
from monitor.session.shown import one_of

# ── responses ───────────────────────────────────────────────────────────────────────────


class TrendPoint(Response):
    """The values of a short time."""

    at: str = described("When that time begins.", "2026-01-05T09:40:00.000Z")
    min: float = described("The lowest value, in the trend's unit.", 95)
    max: float = described("The highest value, in the trend's unit.", 98)
    last: float = described("The last value, in the trend's unit.", 97)
    count: int = described("How many values there were.", 90)


class Trend(Response):
    """One vital over time; where no point is, there was no value."""

    vital: str = described("The vital.", "spo2")
    unit: str = described("Its unit (UCUM).", "%")
    points: list[TrendPoint] = described("The points, in order.")


# ── requests ────────────────────────────────────────────────────────────────────────────


Age = Annotated[int, Field(strict=True, ge=0, le=130)]
WeightKg = Annotated[float, Field(strict=True, ge=20, le=400)]


class StartSession(Request):
    """Begin a session at a bed."""

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

    bed: ShortText = described("A bed that is free.", "bed-1")
    patient: ShortText = described("The patient's alias: no name is needed.", "P-017")
    age: Age | None = described("The patient's age, in years.", 44, default=None)
    weight_kg: WeightKg | None = described(
        "The patient's weight, in kg; needed where the dose depends on it.", 71, default=None
    )
    regimen: ShortText = described("The regimen.", "esketamine-84")
    medicines: Medicines | None = described(
        "What else the patient takes; left out while nobody has asked.",
        ["benzodiazepine"],
        default=None,
    )
    escort_planned: bool | None = described(
        "Whether somebody will take the patient home; left out while nobody has asked.",
        True,
        default=None,
    )
    also_at: ShortText | None = described(
        "The other bed at which this patient has an open session, where that is meant; without it "
        "the session is refused.",
        "bed-2",
        default=None,
    )
    by: By


class CorrectSession(Request):
    """Put right what the session was started with; what is left out is right."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"weight_kg": 71, "reason": "mistyped", "by": "nurse.a"},
                {"regimen": "esketamine-84", "reason": "56 was picked", "by": "nurse.a"},
            ]
        }
    )

    age: Age | None = described("The patient's age, in years.", 44, default=None)
    weight_kg: WeightKg | None = described("The patient's weight, in kg.", 71, default=None)
    regimen: ShortText | None = described(
        "The regimen; after the first dose one of the same product and route.",
        "esketamine-84",
        default=None,
    )
    infusion_mg: record_fields.Milligrams | None = described(
        "How much the infusion holds, in mg; needed when what is planned changes after its start.",
        35.5,
        default=None,
    )
    reason: FreeText = described("Why.", "mistyped")
    by: By


MedicineClasses = dict[Annotated[str, one_of(record_fields.MEDICINE_CLASSES)], bool]


class Confirmation(Request):
    """That what is known of the patient was gone through in this session."""

    changed: bool = described("Whether anything has changed.", False)


class RecordPreparation(RequestFor[record_fields.PreparationFields]):
    """What was asked before the dose; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "medicines": {"benzodiazepine": False, "opioid": True},
                    "medicine_names": ["oxycodone"],
                    "escort_planned": True,
                    "contraindications": {"aneurysmal-disease": "no"},
                    "confirmed": {"changed": False},
                    "suicidality": "none",
                    "by": "nurse.a",
                }
            ]
        }
    )

    medicines: MedicineClasses | Medicines | None = described(
        "Whether the patient takes medicines of each class that was asked for; or their names, "
        "which answers for no class.",
        {"benzodiazepine": False, "opioid": True},
        default=None,
    )
    medicine_names: Medicines | None = described(
        "The medicines by name.", ["oxycodone"], default=None
    )
    confirmed: Confirmation | None = described(
        "That what is known of the patient was gone through now.", default=None
    )
    escort_planned: bool | None = described(
        "Whether somebody will take the patient home.", True, default=None
    )
    by: By


class ChangeAssignment(Request):
    """Take over the bed, offer to hand it over, be there as well, or leave."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"action": "take-over", "by": "nurse.b"},
                {"action": "hand-over", "to": "nurse.b", "by": "nurse.a"},
                {"action": "leave", "by": "nurse.a"},
                {"action": "join", "by": "dr.b"},
            ]
        }
    )

    action: AssignmentAction = described("What to do.", "hand-over")
    to: PersonName | None = described("To whom it is handed over.", "nurse.b", default=None)
    by: By


class ConfirmEscort(Request):
    """Somebody will take the patient home."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


class ProveAlarmPath(Request):
    """Raise a test alarm, to see that it arrives."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


class ConfirmDoseTime(Request):
    """The times of what was given are right, by another clock than the machine's."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


class ReopenSession(Request):
    """Take back the close, abort or leaving of the last minute."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


class MoveSession(Request):
    """The patient was moved to another bed, which is free."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"bed": "bed-2", "by": "nurse.a"},
                {"bed": "bed-2", "from": "bed-1", "by": "nurse.a", "reason": "oxygen at the wall"},
            ]
        }
    )

    bed: ShortText = described("The bed where the patient is now.", "bed-2")
    from_: ShortText | None = described(
        "The bed where the patient was seen; refused where the session is at another by now.",
        "bed-1",
        default=None,
        alias="from",
    )
    by: By
    reason: FreeText | None = described("Why.", "oxygen at the wall", default=None)


class AgainstCriteria(Request):
    """Who takes it on themselves that the patient leaves before every criterion is met."""

    clinician: Clinician
    reason: FreeText = described("Why.", "transferred to ward 3")


class CloseSession(Request):
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

    by: By
    escort: bool = described("Whether somebody takes the patient home.", True)
    suicidality: Annotated[str, one_of(record_fields.SUICIDALITY)] | None = described(
        "What asking for suicidal thoughts gave.", "none", default=None
    )
    against_criteria: AgainstCriteria | None = described(
        "Who lets the patient go before every criterion is met.", default=None
    )


class AbortSession(Request):
    """Abort the session, or complete what an abort was recorded without.

    After the first dose, or with an alarm of the patient of medium or high priority open, that
    takes an outcome and a clinician.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"by": "nurse.a", "reason": "patient withdrew"},
                {
                    "by": "nurse.a",
                    "reason": "SpO2 falls again and again",
                    "outcome": "transferred",
                    "destination": "emergency department",
                    "against_criteria": {"clinician": "dr.b", "reason": "needs oxygen"},
                },
            ]
        }
    )

    by: By
    reason: FreeText | None = described(
        "Why; of a transfer it may follow.", "patient withdrew", default=None
    )
    outcome: Annotated[str, one_of(AbortOutcome)] | None = described(
        "What became of the patient.", "transferred", default=None
    )
    destination: ShortText | None = described(
        "Where the patient goes.", "emergency department", default=None
    )
    against_criteria: AgainstCriteria | None = described(
        "Who lets the patient go before every criterion is met.", default=None
    )


class RecordPatientLeft(Request):
    """The patient of an aborted session has left the bed."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "destination": "emergency department"}]}
    )

    by: By
    at: At = None
    destination: ShortText | None = described(
        "Where the patient went.", "emergency department", default=None
    )
