"""The monitoring form of a session, what a person says on it, and the export of a session."""

from typing import Any, Literal

from pydantic import ConfigDict

from api.schemas.events import Event
from api.schemas.fields import By, FreeText, Instant, Medicines, ShortText, described
from api.schemas.model import Request, Response
from monitor.bed.session_view import Session
from monitor.session import Correction

# ── responses ───────────────────────────────────────────────────────────────────────────


class Provenance(Response):
    """Where a value is from."""

    what: str = described("What was so.", "dose 28 mg")
    at: str = described("When it was so.", "2026-01-05T09:00:00.000Z")
    by: str | None = described("Who wrote it down.", "nurse.a")
    device: str | None = described("The device that measured it.", "cuff")
    id: str | None = described("The journal's event.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10")
    written_at: str | None = described("When it was put on record.", "2026-01-05T09:01:00.000Z")
    instead_of: list[Correction] = described("What a corrected value was before, newest first.")


class FormField(Response):
    """A field of the form."""

    name: str = described("Which field.", "minutes_monitored")
    title: str = described("Its title.", "Minutes from first dose to end of monitoring")
    value: Any = described("Its value; what it holds depends on `name`.", 128)
    text: str = described("The value in words.", "128 min")
    sources: list[Provenance] = described("Where the value is from.")
    missing: list[str] = described("What it lacks, in words.", ["lot number of 28 mg"])


class FormSummary(Response):
    """A form in short: how it stands, when it is due, and what is missing."""

    session: str = described("The session.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77")
    patient: str = described("The patient's alias.", "P-017")
    bed: str = described("The bed.", "bed-1")
    regimen: str = described("The regimen.", "esketamine-84")
    kind: Literal["form", "session-record"] = described(
        "A form to be sent, or the record of a session of which none is sent.", "form"
    )
    why_none_sent: str | None = described(
        "Why no form is sent of this session; null where one is.", "no form is sent for Ketamine IV"
    )
    state: Literal["draft", "complete", "sent"] = described(
        "`draft` while something is missing, then `complete`, then `sent`.", "draft"
    )
    treated_on: str | None = described("The day of the first dose.", "2026-01-05")
    due_on: str | None = described("The day by which it has to be sent.", "2026-01-12")
    days_left: int | None = described(
        "How long it has until then, in days; under 0 when overdue, null once sent.", 7
    )
    missing: list[str] = described("What is missing, in words.", ["lot number of 28 mg"])
    sent: dict[str, Any] | None = described(
        "By whom, how and when it was marked as sent.",
        {
            "by": "nurse.a",
            "how": "REMS portal",
            "reason": None,
            "missing": [],
            "at": "2026-01-06T08:00:00.000Z",
        },
    )


class Form(FormSummary):
    """The form of a session, field by field."""

    fields: list[FormField] = described("Its fields, in the order of the form.")
    corrections: list[Correction] = described("What was put right or withdrawn.")


class SessionExport(Response):
    """A session with every event of it and its form."""

    session: Session = described("The session.")
    events: list[Event] = described("Its events, in order.")
    form: Form = described("Its form.")


# ── requests ────────────────────────────────────────────────────────────────────────────


class ConfirmForm(Request):
    """Say when the patient would have been ready but for the window."""

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

    ready_at: Instant | None = described(
        "When, with an offset; as proposed when left out.", "2026-01-05T09:40:00Z", default=None
    )
    reason: FreeText | None = described(
        "Why it differs from what is proposed.", "still unsteady until then", default=None
    )
    by: By


class FillForm(Request):
    """Fill in what was left out at the bed, once the session has ended."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"field": "lot", "record": "…", "value": "A123", "by": "nurse.a"},
                {"field": "medicines", "value": ["opioid"], "by": "nurse.a"},
                {
                    "field": "intervention",
                    "value": True,
                    "reason": "oxygen for 20 min",
                    "by": "nurse.a",
                },
                {"field": "first_treatment", "value": False, "reason": "moved", "by": "nurse.a"},
            ]
        }
    )

    field: Literal[
        "medicines",
        "lot",
        "first_treatment",
        "setting",
        "enrolled",
        "intervention",
        "benzodiazepine",
        "sedative",
        "opioid",
        "stimulant",
        "mao-inhibitor",
    ] = described(
        "What is filled in; `first_treatment` is whether it was the first anywhere, `intervention` "
        "whether one was needed, a class of medicines whether the patient takes any of it.",
        "lot",
    )
    value: bool | ShortText | Medicines = described(
        "A list of names, a lot number, a setting, or true or false.", "A123", ["opioid"], False
    )
    record: ShortText | None = described(
        "The `id` of the dose, or the `record` of the infusion, that a lot is of.",
        "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10",
        default=None,
    )
    reason: FreeText | None = described(
        "Why, or what it was; needed to replace what is there.", "moved", default=None
    )
    by: By


class SendForm(Request):
    """Mark the form as sent."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"how": "REMS portal", "by": "nurse.a"}]}
    )

    how: FreeText | None = described("How it was sent.", "REMS portal", default=None)
    reason: FreeText | None = described(
        "Why it was sent incomplete; needed while something is missing.",
        "no lot was noted",
        default=None,
    )
    by: By


class ReopenForm(Request):
    """The form was not sent after all, or has to be sent again."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"reason": "sent without the lot", "by": "nurse.a"}]}
    )

    reason: FreeText = described("Why.", "sent without the lot")
    by: By
