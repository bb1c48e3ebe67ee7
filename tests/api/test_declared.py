"""What is said of a thing on record is declared once, and is everywhere that it is needed."""

from collections.abc import Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, get_type_hints

import pydantic
import pytest
from pydantic import BaseModel, ValidationError

from api.schemas import doses
from api.schemas import records as api_records
from api.schemas.declared import RecordOf, RequestFor
from api.schemas.fields import By
from monitor.session import commands, record_fields, records
from monitor.session.events import Event
from monitor.session.record_fields import said

KINDS: Final[dict[type[Any], tuple[type[Any], type[Any], type[BaseModel], type[BaseModel]]]] = {
    record_fields.DoseFields: (commands.GiveDose, records.Dose, doses.GiveDose, doses.Dose),
    record_fields.SymptomFields: (
        commands.RecordSymptom,
        records.Symptom,
        api_records.RecordSymptom,
        api_records.Symptom,
    ),
    record_fields.ObservationFields: (
        commands.RecordObservation,
        records.Observation,
        api_records.RecordObservation,
        api_records.Observation,
    ),
    record_fields.PressureFields: (
        commands.RecordPressure,
        records.Pressure,
        api_records.RecordPressure,
        api_records.Pressure,
    ),
}
"""By declaration: the command, the record, and how the API takes the one and shows the other."""

DECLARED: Final = [(kind, each) for kind in KINDS for each in fields(kind)]


def test_every_declaration_is_used() -> None:
    found = {cls for name, cls in vars(record_fields).items() if name.endswith("Fields")}
    assert found == KINDS.keys()


@pytest.mark.parametrize(
    ("declaration", "declared"),
    DECLARED,
    ids=[f"{kind.__name__}.{each.name}" for kind, each in DECLARED],
)
def test_a_declared_field_is_everywhere(declaration: type[Any], declared: Field[Any]) -> None:
    command, record, request, response = KINDS[declaration]
    hint = get_type_hints(declaration, include_extras=True)[declared.name]
    for cls in (command, record):
        assert declared.name in {each.name for each in fields(cls)}
        assert declared.name not in vars(cls).get("__annotations__", {})
        assert get_type_hints(cls, include_extras=True)[declared.name] == hint
    for model in (request, response):
        assert declared.name not in vars(model).get("__annotations__", {})
    taken, shown = request.model_fields[declared.name], response.model_fields[declared.name]
    said = pydantic.fields.FieldInfo.from_annotation(hint)
    assert said.description
    assert taken.description == shown.description == said.description
    assert taken.examples == shown.examples == said.examples
    assert taken.is_required() is (declared.default is MISSING)
    assert shown.is_required()


# ── a field that is added ───────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class MoreFields(record_fields.DoseFields):
    """A dose of which one thing more is said."""

    __slots__ = ()

    site: Annotated[
        record_fields.ShortText,
        pydantic.Field(description="Where it was given.", examples=["left"]),
    ] = field(default="right", kw_only=True)


@dataclass(frozen=True, slots=True)
class Give(MoreFields):
    """The command with it."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(MoreFields, records.Record):
    """The record with it."""


class GiveRequest(RequestFor[MoreFields]):
    """What the API takes."""

    by: By


class GivenResponse(RecordOf[MoreFields]):
    """What the API shows."""


BODY: Final = {"product": "esketamine", "mg": 28.0, "by": "n"}
AT: Final = datetime(2026, 1, 5, 9, 40, tzinfo=UTC)
EVENT: Final = Event("e", "bed-1", 1, "s", "dose.given", None, AT, {})


def everywhere(body: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body of a request as command, payload, record and response."""
    command = Give(**GiveRequest.model_validate(body).model_dump())
    yield {each.name: getattr(command, each.name) for each in fields(command)}
    payload = said(command, MoreFields) | {"by": command.by}
    yield payload
    record = Given.of(replace(EVENT, payload=payload)).as_json()
    yield record
    yield GivenResponse.model_validate(record).model_dump()


@pytest.mark.parametrize(("more", "site"), [({"site": " left "}, "left"), ({}, "right")])
def test_an_added_field_comes_through(more: dict[str, Any], site: str) -> None:
    assert [shown["site"] for shown in everywhere(BODY | more)] == [site] * 4


def test_an_event_from_before_the_field_is_read() -> None:
    record = Given.of(replace(EVENT, payload=BODY))
    assert (record.product, record.mg) == ("esketamine", 28.0)
    assert (record.lot, record.site) == (None, "right")


@pytest.mark.parametrize(
    "wrong",
    [{"site": ""}, {"site": "x" * 101}, {"mg": "28"}, {"mg": 0}, {"mg": float("nan")}, {"x": 1}],
    ids=str,
)
def test_a_request_is_held_to_what_is_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GiveRequest.model_validate(BODY | wrong)


def test_a_response_shows_what_was_stored_before_a_limit_was_declared() -> None:
    stored = BODY | {"id": "e", "at": "2026-01-05T09:40:00.000Z", "lot": "L" * 101, "site": ""}
    assert GivenResponse.model_validate(stored).model_dump() == stored
