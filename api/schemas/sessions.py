"""Sessions: their state, what is due, whether the patient may leave, and what is asked of one.

What is put on record in a session is in `api.schemas.doses` and `api.schemas.records`.
"""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.doses import Dose, Infusion
from api.schemas.fields import By, Clinician, FreeText, Medicines, PersonName, ShortText, described
from api.schemas.model import Request, Response
from api.schemas.records import (
    Clearance,
    Correction,
    News2,
    Observation,
    PatientLimit,
    Pressure,
    Score,
    Symptom,
)
from monitor.session import AssignmentAction

SessionState = Literal["baseline", "dosing", "observing", "ready", "closed", "aborted"]

# ── responses ───────────────────────────────────────────────────────────────────────────


class Criterion(Response):
    """One condition for leaving."""

    name: str = described("Which condition.", "window-over")
    met: bool = described("Whether it is met.", False)
    why: str = described("Why it is met or not.", "47 min left")


class PredoseCriterion(Criterion):
    """One condition for the first dose."""

    required: bool = described("Whether it stops the dose; else it is only asked for.", True)


class ScheduledCheck(Response):
    """One check of the schedule."""

    check: str = described("What is to be done.", "pressure")
    due_at: str = described("When it is due.", "2026-01-05T09:40:00.000Z")
    state: Literal["upcoming", "due", "overdue", "done", "missed"] = described(
        "How it stands.", "due"
    )
    done_at: str | None = described("When it was done.", "2026-01-05T09:41:00.000Z")


class LimitLine(Response):
    """A rule's limit, as a line to draw beside a trend."""

    vital: Literal["spo2", "sys"] = described("The vital whose limit it is.", "spo2")
    value: float = described("The limit, in the vital's unit.", 88)
    priority: Literal["high", "medium"] = described("Of the alarm beyond it.", "high")
    label: str = described("What to write at the line.", "very-low 88")


class Session(Response):
    """A session: what is recorded, what is due, and whether the patient may leave."""

    id: str = described("Its id.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77")
    bed: str = described("The bed.", "bed-1")
    patient: str = described("The patient's alias.", "P-017")
    age: int | None = described("The patient's age, in years.", 44)
    weight_kg: float | None = described("The patient's weight, in kg.", 71)
    regimen: str = described("The regimen.", "esketamine-84")
    title: str = described("The regimen in words.", "Esketamine 84 mg")
    number: int | None = described(
        "Which session of the patient's course it is; null when not known.", 3
    )
    medicines: list[str] | None = described(
        "What else the patient takes; null while nobody has asked.", ["benzodiazepine"]
    )
    escort_planned: bool | None = described(
        "Whether somebody will take the patient home; null while nobody has asked.", True
    )
    nurse: str | None = described("Who watches the bed.", "nurse.a")
    handing_to: str | None = described("To whom the bed is offered.", "nurse.b")
    state: SessionState = described("How far it is.", "observing")
    by: str = described("Who started it.", "nurse.a")
    rules: dict[str, str] = described(
        "The rule set that judges it.", {"name": "default", "version": "1", "hash": "9f2c…"}
    )
    started_at: str = described("When it started.", "2026-01-05T08:40:00.000Z")
    first_dose_at: str | None = described(
        "When the first dose was given.", "2026-01-05T09:00:00.000Z"
    )
    last_dose_at: str | None = described(
        "When the last dose was given.", "2026-01-05T09:10:00.000Z"
    )
    window_ends_at: str | None = described(
        "When the observation window ends.", "2026-01-05T11:10:00.000Z"
    )
    window_min: float = described("How long the observation window is, in min.", 120)
    planned_mg: float | None = described("What the regimen plans, in mg.", 84)
    given_mg: float = described("What has been given, in mg.", 84)
    doses: list[Dose] = described("The doses, in order.")
    infusion: Infusion | None = described("The infusion, once it has started.")
    scores: list[Score] = described("The assessments, in order.")
    symptoms: list[Symptom] = described("The symptoms, in order.")
    observations: list[Observation] = described("The observations, in order.")
    pressures: list[Pressure] = described("The blood pressures, in order.")
    clearances: list[Clearance] = described("Clinicians' clearances of a pressure, in order.")
    patient_limits: list[PatientLimit] = described("The limits set for this patient, in order.")
    news2: News2 | None = described("NEWS2 as scored last.")
    corrections: list[Correction] = described("What was put right or withdrawn.")
    baseline: dict[str, float] = described(
        "What was found before the first dose, by signal, in the signal's unit.",
        {"sys": 128, "dia": 82, "cadss": 0},
    )
    escort: bool = described("Whether somebody to take the patient home is confirmed.", False)
    ready: bool = described("Whether the patient may leave.", False)
    criteria_met_at: str | None = described(
        "Since when, without a break, every criterion but the window is met.",
        "2026-01-05T10:30:00.000Z",
    )
    limits: list[LimitLine] = described("The limits to draw beside the trends.")
    gate: list[PredoseCriterion] = described("What the first dose waits for.")
    criteria: list[Criterion] = described("What leaving waits for.")
    schedule: list[ScheduledCheck] = described("What is to be checked, in the order it is due.")
    ended_at: str | None = described("When it ended.", "2026-01-05T11:15:00.000Z")
    ended_by: str | None = described("Who ended it.", "nurse.a")
    against_criteria: dict[str, str] | None = described(
        "By whom and why the patient was let go before every criterion was met.",
        {"clinician": "dr.b", "reason": "transferred to ward 3"},
    )
    reason: str | None = described("Why it was aborted.", "patient withdrew")


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
    age: Annotated[int, Field(strict=True, ge=0, le=130)] | None = described(
        "The patient's age, in years.", 44, default=None
    )
    weight_kg: Annotated[float, Field(strict=True, ge=20, le=400)] | None = described(
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
    by: By


class RecordPreparation(Request):
    """What was asked before the dose; what is left out stays as it is."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"medicines": ["opioid"], "escort_planned": True, "by": "nurse.a"}]
        }
    )

    medicines: Medicines | None = described(
        "What else the patient takes.", ["opioid"], default=None
    )
    escort_planned: bool | None = described(
        "Whether somebody will take the patient home.", True, default=None
    )
    by: By


class ChangeAssignment(Request):
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

    action: AssignmentAction = described("What to do.", "hand-over")
    to: PersonName | None = described("To whom it is handed over.", "nurse.b", default=None)
    by: By


class ConfirmEscort(Request):
    """Somebody will take the patient home."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"by": "nurse.a"}]})

    by: By


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
    against_criteria: AgainstCriteria | None = described(
        "Who lets the patient go before every criterion is met.", default=None
    )


class AbortSession(Request):
    """End the session without a discharge."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"by": "nurse.a", "reason": "patient withdrew"}]}
    )

    by: By
    reason: FreeText = described("Why.", "patient withdrew")
