"""What may be written down beside the beds: on a form, of a patient."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, ConfigDict, Field

from api.schemas.records import Body, Medicines, Record, Who, Word, Words


class ConfirmForm(Body):
    """Say when the patient would have been ready but for the window; as proposed when left out."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"by": "nurse.a"},
                {
                    "ready_at": "2026-01-05T09:40:00Z",
                    "reason": "still unsteady until then",
                    "by": "nurse.a",
                },
            ]
        }
    )

    ready_at: AwareDatetime | None = None
    reason: Words | None = None
    by: Who


class FillForm(Body):
    """Fill in what was left out at the bed, once the session has ended.

    `medicines`, the `lot` of the dose `record`, or whether it was the `first_treatment` anywhere.
    """

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"field": "lot", "record": "…", "value": "A123", "by": "nurse.a"},
                {"field": "medicines", "value": ["opioid"], "by": "nurse.a"},
                {"field": "first_treatment", "value": False, "reason": "moved", "by": "nurse.a"},
            ]
        }
    )

    field: Literal["medicines", "lot", "first_treatment"]
    value: bool | Word | Medicines
    record: Record | None = None
    reason: Words | None = None
    by: Who


class SendForm(Body):
    """Mark the form as sent; `reason` is needed while something is missing."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"how": "REMS portal", "by": "nurse.a"}]}
    )

    how: Words | None = None
    reason: Words | None = None
    by: Who


class ReopenForm(Body):
    """The form was not sent after all, or has to be sent again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "sent without the lot", "by": "nurse.a"}]}
    )

    reason: Words
    by: Who


class RecordResponse(Body):
    """Record a patient's score of response: PHQ-9 (0 to 27) or MADRS (0 to 60)."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"scale": "phq-9", "total": 14, "by": "nurse.a"}]}
    )

    scale: Literal["phq-9", "madrs"]
    total: Annotated[int, Field(strict=True)]
    at: AwareDatetime | None = None
    by: Who


class RecordPrompt(Body):
    """Record what was found when a long-term question was asked."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"prompt": "urinary", "finding": "no symptoms", "by": "nurse.a"}]
        }
    )

    prompt: Literal["urinary", "cognition", "misuse"]
    finding: Words
    at: AwareDatetime | None = None
    by: Who


class Reassess(Body):
    """Record that the indication was reassessed."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"decision": "continue", "reason": "PHQ-9 down by 9", "by": "dr.b"}]
        }
    )

    decision: Literal["continue", "stop", "change"]
    reason: Words
    at: AwareDatetime | None = None
    by: Who


class RetractEntry(Body):
    """Withdraw what was wrongly written down about a patient."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"record": "…", "reason": "was another patient's", "by": "nurse.a"}]
        }
    )

    record: Annotated[Word, Field(description="The `id` of an entry of this patient.")]
    reason: Words
    by: Who
