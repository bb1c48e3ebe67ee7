"""What is answered about forms and courses: typed for the OpenAPI document."""

from typing import Any, Literal

from pydantic import ConfigDict
from pydantic import Field as Named

from api.schemas.sessions import Answer, Correction, Event, Session, Visit


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


class Entry(Answer):
    """Something written down of a patient; which fields there are depends on `type`."""

    model_config = ConfigDict(extra="allow")

    id: str
    type: Literal["response.recorded", "prompt.recorded", "reassessment.recorded"]
    at: str
    by: str


class Window(Answer):
    """The days, first and last, on which the next session falls."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    number: int
    from_: str = Named(alias="from")
    to: str


class Reassessment(Answer):
    """When the indication is reassessed next, and how it was last."""

    due_on: str | None
    last: Entry | None


class Response(Answer):
    """A scale of response: its first and last total, their difference, when it is due."""

    scale: str
    first: Entry | None
    last: Entry | None
    change: int | None
    due_on: str | None


class Prompt(Answer):
    """A long-term question: what was found last, and when it is due."""

    prompt: str
    every_days: int
    last: Entry | None
    due_on: str | None


class Course(Answer):
    """The sessions of one patient: where the course is, what is next, what is to be asked.

    `number` counts the sessions with a dose; `remarks` says what differs from the plan.
    """

    patient: str
    regimen: str
    number: int
    started_on: str | None
    week: int | None
    phase: str | None
    next: Window | None
    stopped: Entry | None
    reassessment: Reassessment
    responses: list[Response]
    prompts: list[Prompt]
    remarks: list[str]
    sessions: list[Visit]
    entries: list[Entry]
