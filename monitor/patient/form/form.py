"""The data of the REMS Patient Monitoring Form that a session yields. Pure.

Every field says where its value comes from and what it lacks; `monitor.patient.form.fields` fills
them. The form is filled here and sent by a person: nothing sends it. See
docs/reference/monitoring-form.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta, tzinfo
from typing import Any, Final

from drivers.clock import rfc3339
from monitor.patient.form.fields import fields
from monitor.patient.form.provenance import Field, FormContext, Ready
from monitor.session import Correction, Coverage, SessionHistory

DUE: Final = timedelta(days=7)
"""How long after the treatment the form is due [form]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MonitoringForm:
    """A session's form; `treated_on` is None when no dose was given, and then none is due.

    `why_none_sent` says why the programme wants no form of this session, None where it wants
    one: what is kept is then the session's record.

    `answers` are what a person can fill in, by field and record, None for what is not known.
    Dates are those of the site's time zone.
    """

    session: str
    patient: str
    bed: str
    regimen: str
    is_open: bool
    treated_on: date | None
    today: date
    first_dose_at: datetime | None
    why_none_sent: str | None
    ended_at: datetime | None
    fields: tuple[Field, ...]
    ready: Ready
    answers: Mapping[tuple[str, str | None], Any]
    corrections: tuple[Correction, ...]
    sent: Mapping[str, Any] | None

    @property
    def missing(self) -> tuple[str, ...]:
        """What is missing, in words."""
        if self.treated_on is None:
            return ("no dose was given: no form is due",)
        return tuple(words for field in self.fields for words in field.missing)

    @property
    def state(self) -> str:
        """Draft while something is missing, then complete, then sent."""
        if self.sent is not None:
            return "sent"
        return "draft" if self.missing else "complete"

    @property
    def due_on(self) -> date | None:
        """The day by which it has to be sent; None when none is."""
        if self.treated_on is None or self.why_none_sent is not None:
            return None
        return self.treated_on + DUE

    @property
    def days_left(self) -> int | None:
        """Days until it is due, under 0 when it is overdue; None once it is sent."""
        if self.due_on is None or self.sent is not None:
            return None
        return (self.due_on - self.today).days

    def covers(self, at: datetime) -> bool:
        """Whether `at` lies between the first dose and the session's end."""
        return (
            self.first_dose_at is not None
            and self.first_dose_at <= at
            and (self.ended_at is None or at <= self.ended_at)
        )

    def summary(self) -> dict[str, Any]:
        """The form without its fields, for a list."""
        return {
            "session": self.session,
            "patient": self.patient,
            "bed": self.bed,
            "regimen": self.regimen,
            "kind": "form" if self.why_none_sent is None else "session-record",
            "why_none_sent": self.why_none_sent,
            "state": self.state,
            "treated_on": None if self.treated_on is None else self.treated_on.isoformat(),
            "due_on": None if self.due_on is None else self.due_on.isoformat(),
            "days_left": self.days_left,
            "missing": list(self.missing),
            "sent": None if self.sent is None else dict(self.sent),
        }

    def as_json(self) -> dict[str, Any]:
        """The form as interfaces show it."""
        return self.summary() | {
            "fields": [field.as_json() for field in self.fields],
            "corrections": [correction.as_json() for correction in self.corrections],
        }


def monitoring_form(
    history: SessionHistory,
    coverage: Coverage,
    now: datetime,
    zone: tzinfo | None = None,
    *,
    on_day: int = 1,
) -> MonitoringForm:
    """The form of a session as it stands at `now`.

    `coverage` is of SpO2 from the first dose to the session's end; `zone` is the site's time
    zone, None for this machine's; `on_day` how many sessions with a dose the patient had that day.
    """
    session = history.session
    first = session.first_dose_at
    context = FormContext(history, coverage, now, zone, on_day)
    last = history.last("form.sent", "form.reopened")
    sent = None
    if last is not None and last.type == "form.sent":
        sent = {**last.payload, "at": rfc3339(last.at)}
    return MonitoringForm(
        session=session.id,
        patient=session.patient,
        bed=session.bed,
        regimen=session.regimen.name,
        is_open=session.is_open,
        treated_on=None if first is None else first.astimezone(zone).date(),
        today=now.astimezone(zone).date(),
        first_dose_at=first,
        why_none_sent=context.why_none_sent,
        ended_at=session.ended_at,
        fields=tuple(fields(context)),
        ready=context.ready,
        answers=context.answers,
        corrections=session.corrections,
        sent=sent,
    )
