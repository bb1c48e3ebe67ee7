"""What is written down beside the beds, or why it is refused. Pure.

A bed records the session that is open at it. What is added after a session has ended, and
what is known of a patient between sessions, has an event stream of its own in the same
journal, under the name `RECORDS_STREAM` where a bed's would stand. Each function gives the
events to come, as type and payload; `monitor.patient.service` numbers and appends them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from drivers.clock import rfc3339, rfc3339_or_none
from monitor.patient.form import MonitoringForm
from monitor.session import CLOCK_TOLERANCE, Draft, Event, Refusal, Refused, record_fields

RECORDS_STREAM: Final = "records"
"""Stands for the bed in these events; no bed may be called so."""

RESPONSES: Final = {"phq-9": (0, 27), "madrs": (0, 60)}
"""The scales of a patient's response, with the range of their totals."""

LONG_TERM_CHECKS: Final = ("urinary", "cognition", "misuse")
"""What is asked about in the long term [source]."""

REASSESSMENTS: Final = ("continue", "stop", "change")
"""What a reassessment of the indication may decide."""

FILLED: Final[Mapping[str, tuple[type, str]]] = {
    "medicines": (tuple, "a list of names"),
    "lot": (str, "a lot number"),
    "first_treatment": (bool, "true or false"),
    "setting": (str, "outpatient or inpatient"),
    "enrolled": (bool, "true or false"),
    "intervention": (bool, "true or false; in reason, what it was"),
    **dict.fromkeys(record_fields.MEDICINE_CLASSES, (bool, "true or false")),
}
"""What can be filled into the form of a session that has ended, and as what."""

SETTINGS: Final = ("outpatient", "inpatient")
"""Where a patient is treated; the form is for outpatients [form]."""

OF_FORM: Final = frozenset({"form.confirmed", "form.filled", "form.sent", "form.reopened"})
"""The events that are about a session's form."""

OF_PATIENT: Final = frozenset(
    {"response.recorded", "prompt.recorded", "reassessment.recorded", "record.retracted"}
)
"""The events that are about a patient and no session."""


@dataclass(frozen=True, slots=True)
class ConfirmForm:
    """When the patient would have been ready without the window; None as it was proposed."""

    by: str
    ready_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class FillForm:
    """A part of the form that was left out or is known better; `record` is a lot's dose."""

    field: str
    value: bool | str | tuple[str, ...]
    by: str
    record: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class SendForm:
    """The form has been sent; an incomplete one with a reason. `how` in a person's words."""

    by: str
    how: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ReopenForm:
    """The form was not sent after all, or has to be sent again."""

    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class RecordResponse:
    """A total on a scale of `RESPONSES`; `at` is when, None for now."""

    scale: str
    total: int
    by: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RecordLongTermCheck:
    """What was found when one of `LONG_TERM_CHECKS` was asked about; `at` is when, None for now."""

    prompt: str
    finding: str
    by: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Reassess:
    """The indication was reassessed; `at` is when, None for now."""

    decision: str
    by: str
    reason: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class RetractPatientRecord:
    """Withdraw what was wrongly written down about a patient."""

    record: str
    by: str
    reason: str


FormCommand = ConfirmForm | FillForm | SendForm | ReopenForm
PatientCommand = RecordResponse | RecordLongTermCheck | Reassess | RetractPatientRecord


def about_form(form: MonitoringForm, command: FormCommand) -> list[Draft]:
    """What follows from a command on a session's form. Raises `Refused`."""
    if form.treated_on is None:
        raise Refused(Refusal.CONFLICT, "no dose was given in this session: it has no form")
    if form.is_open:
        raise Refused(Refusal.CONFLICT, "the session is still open; close it first")
    if isinstance(command, ReopenForm):
        return _reopen(form, command)
    if form.sent is not None:
        sent = f"{form.sent['by']} marked it at {form.sent['at']}"
        raise Refused(Refusal.CONFLICT, f"the form has been sent ({sent}); reopen it first")
    match command:
        case ConfirmForm():
            return _confirm(form, command)
        case FillForm():
            return _fill(form, command)
        case SendForm():
            return _send(form, command)


def _confirm(form: MonitoringForm, command: ConfirmForm) -> list[Draft]:
    ready, proposed = form.ready, form.ready.proposed
    value = proposed if command.ready_at is None else command.ready_at
    if command.ready_at is not None and not form.covers(command.ready_at):
        raise Refused(
            Refusal.INVALID, "this is not between the first dose and the session's end", "ready_at"
        )
    if ready.by is not None:
        if (ready.by, ready.at) == (command.by, value):
            return []
        if command.reason is None:
            stands = rfc3339_or_none(ready.at) or "never"
            raise Refused(
                Refusal.CONFLICT,
                f"{ready.by} has confirmed this already ({stands}); give a reason to replace it",
                "reason",
            )
    if value != proposed and command.reason is None:
        raise Refused(Refusal.INVALID, "say why it differs from what is proposed", "reason")
    payload = {
        "field": "ready_at",
        "proposed": rfc3339_or_none(proposed),
        "value": rfc3339_or_none(value),
        "by": command.by,
        "reason": command.reason,
    }
    return [("form.confirmed", payload)]


def _fill(form: MonitoringForm, command: FillForm) -> list[Draft]:
    if command.field not in FILLED:
        raise Refused(Refusal.INVALID, f"field is one of {', '.join(FILLED)}", "field")
    kind, wanted = FILLED[command.field]
    if not isinstance(command.value, kind):
        raise Refused(Refusal.INVALID, f"{command.field} is {wanted}", "value")
    if command.field == "setting" and command.value not in SETTINGS:
        raise Refused(Refusal.INVALID, f"setting is {wanted}", "value")
    was = form.answers.get((command.field, command.record))
    if command.field == "lot" and (command.field, command.record) not in form.answers:
        records = [record for field, record in form.answers if field == "lot" and record]
        there_are = ", ".join(records) or "none"
        raise Refused(
            Refusal.INVALID,
            f"a lot is of a dose or an infusion; give its record: {there_are}",
            "record",
        )
    value = list(command.value) if isinstance(command.value, tuple) else command.value
    if value == was:
        return []
    if was is not None and command.reason is None:
        raise Refused(
            Refusal.CONFLICT, "it is there already; give a reason to replace it", "reason"
        )
    payload = {
        "field": command.field,
        "record": command.record if command.field == "lot" else None,
        "value": value,
        "was": was,
        "by": command.by,
        "reason": command.reason,
    }
    return [("form.filled", payload)]


def _send(form: MonitoringForm, command: SendForm) -> list[Draft]:
    if form.why_none_sent is not None:
        raise Refused(Refusal.CONFLICT, f"{form.why_none_sent}: this is the session's record")
    if form.missing and command.reason is None:
        raise Refused(
            Refusal.CONFLICT,
            f"the form lacks: {'; '.join(form.missing)}. See to it, or give a reason",
            "reason",
        )
    payload = {
        "by": command.by,
        "how": command.how,
        "reason": command.reason,
        "missing": list(form.missing),
    }
    return [("form.sent", payload)]


def _reopen(form: MonitoringForm, command: ReopenForm) -> list[Draft]:
    if form.sent is None:
        raise Refused(Refusal.CONFLICT, "the form is not marked as sent")
    return [("form.reopened", {"by": command.by, "reason": command.reason})]


def entries(events: Iterable[Event]) -> list[Event]:
    """What stands written about a patient, oldest first, without what was retracted."""
    gone: set[str] = set()
    kept = []
    for event in events:
        if event.type == "record.retracted":
            gone.add(event.payload["record"])
        elif event.type in OF_PATIENT:
            kept.append(event)
    return [event for event in kept if event.id not in gone]


def about_patient(
    patient: str, written: Iterable[Event], command: PatientCommand, now: datetime
) -> list[Draft]:
    """What follows from a command on a patient's course; `written` so far. Raises `Refused`."""
    if isinstance(command, RetractPatientRecord):
        return [_retract(patient, entries(written), command)]
    at = command.at or now
    if at > now + CLOCK_TOLERANCE:
        raise Refused(Refusal.INVALID, "this time has not come yet", "at")
    type_, payload = _ENTRIES[type(command)](command)
    return [(type_, {"patient": patient, **payload, "by": command.by, "at": rfc3339(at)})]


def _retract(patient: str, standing: list[Event], command: RetractPatientRecord) -> Draft:
    was = next((event for event in standing if event.id == command.record), None)
    if was is None:
        raise Refused(
            Refusal.INVALID, f"{patient} has no entry {command.record} to retract", "record"
        )
    payload = {
        "patient": patient,
        "record": command.record,
        "was": {"type": was.type, **was.payload},
        "by": command.by,
        "reason": command.reason,
    }
    return "record.retracted", payload


def _response(command: RecordResponse) -> Draft:
    _among("scale", command.scale, tuple(RESPONSES))
    least, most = RESPONSES[command.scale]
    if not least <= command.total <= most:
        raise Refused(
            Refusal.INVALID,
            f"{command.scale} goes from {least} to {most}, not {command.total}",
            "total",
        )
    return "response.recorded", {"scale": command.scale, "total": command.total}


def _prompt(command: RecordLongTermCheck) -> Draft:
    _among("prompt", command.prompt, LONG_TERM_CHECKS)
    return "prompt.recorded", {"prompt": command.prompt, "finding": command.finding}


def _reassessment(command: Reassess) -> Draft:
    _among("decision", command.decision, REASSESSMENTS)
    return "reassessment.recorded", {"decision": command.decision, "reason": command.reason}


def _among(field: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise Refused(Refusal.INVALID, f"{field} is one of {', '.join(allowed)}", field)


_ENTRIES: Final[Mapping[type[Any], Callable[[Any], Draft]]] = {
    RecordResponse: _response,
    RecordLongTermCheck: _prompt,
    Reassess: _reassessment,
}
