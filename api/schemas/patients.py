"""A patient's sessions as a course, and what is known of a patient between sessions."""

from typing import Literal

from pydantic import ConfigDict, StrictInt

from api.schemas.fields import At, By, FreeText, ShortText, described
from api.schemas.model import Request, Response
from monitor.bed.session_view import SessionState

# ── responses ───────────────────────────────────────────────────────────────────────────


class PressureRise(Response):
    """The highest systolic pressure over the baseline."""

    sys: float = described("The rise, in mmHg.", 34)
    at_min: int | None = described("When it was, in min after the first dose.", 40)


class DissociationPeak(Response):
    """The strongest dissociation, and how long it lasted."""

    most: int = described("The highest CADSS.", 31)
    over_min: int | None = described(
        "When CADSS was seen at 4 or less for good, in min after the first dose.", 85
    )


class AlarmCount(Response):
    """How often a rule was met."""

    rule: str = described("The rule.", "systolic.high")
    priority: Literal["high", "medium"] = described("The highest priority it had.", "medium")
    count: int = described("How often.", 2)


class BedsideMinutes(Response):
    """How long a person was at the bedside."""

    by: str = described("Who.", "nurse.a")
    minutes: int = described("For how long, in min: whole ones that have passed.", 155)


class SessionSummary(Response):
    """A session of a patient in short."""

    session: str = described("Its id.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77")
    number: int | None = described("Its place among those with a dose; null without one.", 3)
    on: str = described("The day it was on.", "2026-01-05")
    regimen: str = described("The regimen.", "esketamine-84")
    title: str = described("The regimen in words.", "Esketamine 84 mg")
    state: SessionState = described("How far it is, or how it ended.", "closed")
    started_at: str = described("When it started.", "2026-01-05T08:40:00.000Z")
    first_dose_at: str | None = described(
        "When the first dose was given.", "2026-01-05T09:00:00.000Z"
    )
    given_mg: float | None = described("What was given, in mg.", 84)
    rise: PressureRise | None = described("The highest rise of the systolic pressure.")
    cadss: DissociationPeak | None = described("The strongest dissociation.")
    moaas: int | None = described("The lowest MOAA/S.", 4)
    criteria_met_min: int | None = described(
        "When every criterion but the window was met, in min after the first dose.", 90
    )
    ready_min: int | None = described(
        "When the patient was ready to leave, in min after the first dose.", 122
    )
    ended_min: int | None = described("When it ended, in min after the first dose.", 128)
    alarms: list[AlarmCount] = described(
        "The physiological alarms of medium and high priority, most urgent first."
    )
    needed: list[str] = described("What was out of the ordinary, in words.", ["nausea, moderate"])
    not_assessed: list[str] = described(
        "The planned checks that nobody made.", ["MOAA/S at +15, +30 (missed)"]
    )
    deviations: list[str] = described(
        "How it differed from the regimen.", ["device 2 was 46 min late"]
    )
    corrections: list[str] = described(
        "What was put right of age, weight and regimen.",
        ["weight 17 kg corrected to 71 kg: mistyped"],
    )
    bedside: list[BedsideMinutes] = described(
        "Who was at the bedside, assigned or present as well, in the order they came."
    )
    unassigned_min: int = described("For how long nobody was assigned, in min.", 7)


class CourseEntry(Response):
    """Something written down of a patient; which fields there are depends on `type`."""

    model_config = ConfigDict(extra="allow")

    id: str = described("Its id, by which it is retracted.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10")
    type: Literal["response.recorded", "prompt.recorded", "reassessment.recorded"] = described(
        "What it is.", "response.recorded"
    )
    at: str = described("When it was.", "2026-01-05T09:40:00.000Z")
    by: str = described("Who wrote it down.", "nurse.a")


class NextSession(Response):
    """The days on which the next session falls."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    number: int = described("Which session it is.", 4)
    from_: str = described("The first day.", "2026-01-08", alias="from")
    to: str = described("The last day.", "2026-01-11")


class Reassessment(Response):
    """When the indication is reassessed."""

    due_on: str | None = described("The day on which it is due next.", "2026-02-02")
    last: CourseEntry | None = described("How it was last.")


class TreatmentResponse(Response):
    """A scale of the response to the treatment."""

    scale: str = described("The scale.", "phq-9")
    first: CourseEntry | None = described("The first score.")
    last: CourseEntry | None = described("The last score.")
    change: int | None = described("The last total less the first.", -9)
    due_on: str | None = described("The day on which it is due next.", "2026-02-02")


class Prompt(Response):
    """A long-term question."""

    prompt: str = described("What is asked about.", "urinary")
    every_days: int = described("How often it is asked, in days.", 90)
    last: CourseEntry | None = described("What was found last.")
    due_on: str | None = described("The day on which it is due next.", "2026-04-05")


class TreatmentCourse(Response):
    """The sessions of one patient: where the course is, what is next, what is to be asked."""

    patient: str = described("The patient's alias.", "P-017")
    regimen: str = described("The regimen of the session that started last.", "esketamine-84")
    number: int = described("How many sessions had a dose.", 3)
    started_on: str | None = described("The day of the first dose.", "2025-12-29")
    week: int | None = described("The week of the course, from 1.", 2)
    phase: str | None = described("The phase of the course.", "induction")
    next: NextSession | None = described("The next session; null when none is planned.")
    stopped: CourseEntry | None = described("The decision to stop, when one stands.")
    reassessment: Reassessment = described("The reassessment of the indication.")
    responses: list[TreatmentResponse] = described("The response to the treatment, by scale.")
    prompts: list[Prompt] = described("The long-term questions.")
    remarks: list[str] = described(
        "What differs from the plan, in words.", ["3 sessions in week 2: 2 planned"]
    )
    sessions: list[SessionSummary] = described("The sessions, oldest first.")
    entries: list[CourseEntry] = described("What stands written down, oldest first.")


# ── requests ────────────────────────────────────────────────────────────────────────────


class RecordResponse(Request):
    """Record a patient's score of response."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scale": "phq-9", "total": 14, "by": "nurse.a"}]}
    )

    scale: Literal["phq-9", "madrs"] = described("The scale.", "phq-9")
    total: StrictInt = described("The total: PHQ-9 0 to 27, MADRS 0 to 60.", 14)
    at: At = None
    by: By


class RecordPrompt(Request):
    """Record what was found when a long-term question was asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"prompt": "urinary", "finding": "no symptoms", "by": "nurse.a"}]
        }
    )

    prompt: Literal["urinary", "cognition", "misuse"] = described(
        "What was asked about.", "urinary"
    )
    finding: FreeText = described("What was found.", "no symptoms")
    at: At = None
    by: By


class RecordReassessment(Request):
    """Record that the indication was reassessed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "continue", "reason": "PHQ-9 down by 9", "by": "dr.b"}]
        }
    )

    decision: Literal["continue", "stop", "change"] = described("What was decided.", "continue")
    reason: FreeText = described("Why.", "PHQ-9 down by 9")
    at: At = None
    by: By


class RetractEntry(Request):
    """Withdraw what was wrongly written down about a patient."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"record": "…", "reason": "was another patient's", "by": "nurse.a"}]
        }
    )

    record: ShortText = described(
        "The `id` of an entry of this patient.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10"
    )
    reason: FreeText = described("Why it is withdrawn.", "was another patient's")
    by: By
