"""What is answered about forms: typed for the OpenAPI document."""

from typing import Any, Literal

from api.answers import Answer, Correction, Event, Session


class Source(Answer):
    """Where a value is from: what was so at `at`, measured by `device` or written by `by`.

    `id` is the journal's event, `instead_of` what a corrected value was before.
    """

    what: str
    at: str
    by: str | None
    device: str | None
    id: str | None
    written_at: str | None
    instead_of: list[Correction]


class Field(Answer):
    """A field of the form; what `value` holds depends on `name`, `text` says it in words."""

    name: str
    title: str
    value: Any
    text: str
    sources: list[Source]
    missing: list[str]


class Due(Answer):
    """A form in short: how it stands, when it is due, and what is missing."""

    session: str
    patient: str
    bed: str
    regimen: str
    state: Literal["draft", "complete", "sent"]
    treated_on: str | None
    due_on: str | None
    days_left: int | None
    missing: list[str]
    sent: dict[str, Any] | None


class Form(Due):
    """The form of a session, field by field."""

    fields: list[Field]
    corrections: list[Correction]


class Everything(Answer):
    """A session with every event of it and its form."""

    session: Session
    events: list[Event]
    form: Form
