"""What is said of a thing on record is declared once, and is everywhere that it is needed."""

from collections.abc import Callable, Iterator
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from datetime import UTC, datetime
from typing import Annotated, Any, Final, get_type_hints

import httpx
import pydantic
import pytest
from fastapi import FastAPI
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.schemas import doses, sessions
from api.schemas import records as api_records
from api.schemas.declared import RequestFor
from api.schemas.fields import By
from monitor.bed import bed_view, session_view, view
from monitor.session import commands, preparation, record_fields, records
from monitor.session.events import Event
from monitor.session.record_fields import Asked, said
from monitor.session.shown import Shown, documented
from tests.monitor.builders import bed
from tests.virtual import virtual_time

KINDS: Final[dict[type[Any], tuple[type[Any], type[Any], type[BaseModel]]]] = {
    record_fields.DoseFields: (commands.GiveDose, records.Dose, doses.GiveDose),
    record_fields.DosingStopFields: (commands.StopDosing, records.DosingStop, doses.StopDosing),
    record_fields.ScoreFields: (commands.RecordScore, records.Score, api_records.RecordScore),
    record_fields.SymptomFields: (
        commands.RecordSymptom,
        records.Symptom,
        api_records.RecordSymptom,
    ),
    record_fields.ObservationFields: (
        commands.RecordObservation,
        records.Observation,
        api_records.RecordObservation,
    ),
    record_fields.PressureFields: (
        commands.RecordPressure,
        records.Pressure,
        api_records.RecordPressure,
    ),
    record_fields.PreparationFields: (
        commands.RecordPreparation,
        preparation.Preparation,
        sessions.RecordPreparation,
    ),
}
"""By declaration: the command, the record, which the API shows, and the API's request."""

DECLARED: Final = [(kind, each) for kind in KINDS for each in fields(kind)]

NARROWED: Final = {(records.Score, "total"): int}
"""Fields that a record declares anew, with what is said of them, since they are never missing."""


def shown_schema(cls: type[Shown]) -> Any:
    """How the API declares it."""
    return TypeAdapter(cls).json_schema(mode="serialization")


def test_every_declaration_is_used() -> None:
    found = {cls for name, cls in vars(record_fields).items() if name.endswith("Fields")}
    assert found == KINDS.keys()


@pytest.mark.parametrize(
    ("declaration", "declared"),
    DECLARED,
    ids=[f"{kind.__name__}.{each.name}" for kind, each in DECLARED],
)
def test_a_declared_field_is_everywhere(declaration: type[Any], declared: Field[Any]) -> None:
    command, record, request = KINDS[declaration]
    name = declared.name
    hint = get_type_hints(declaration, include_extras=True)[name]
    asked = next((each for each in hint.__metadata__ if isinstance(each, Asked)), None)
    for cls in (command, record):
        assert name in {each.name for each in fields(cls)}
        if (cls, name) in NARROWED:
            assert get_type_hints(cls)[name] == NARROWED[cls, name]
        else:
            assert name not in vars(cls).get("__annotations__", {})
            assert get_type_hints(cls, include_extras=True)[name] == hint
    assert name not in vars(request).get("__annotations__", {})
    taken, schema = request.model_fields[name], shown_schema(record)
    shown = schema["properties"][name]
    said = pydantic.fields.FieldInfo.from_annotation(hint)
    assert said.description
    assert taken.description == shown["description"] == said.description
    assert taken.examples == shown["examples"] == said.examples
    has_default = declared.default is not MISSING or (asked and asked.default is not ...)
    assert taken.is_required() is not has_default
    assert name in schema["required"]


# ── a field that is added ───────────────────────────────────────────────────────────────


SITE: Final = documented("Where it was given.", "left")


@dataclass(frozen=True)
class MoreFields(record_fields.DoseFields):
    """A dose of which one thing more is said."""

    __slots__ = ()

    site: Annotated[str, Asked(record_fields.ShortText), SITE] = field(
        default="right", kw_only=True
    )


@dataclass(frozen=True)
class MoreScoreFields(record_fields.ScoreFields):
    """A score of which one thing more is said."""

    __slots__ = ()

    site: Annotated[str, Asked(record_fields.ShortText), SITE] = field(
        default="right", kw_only=True
    )


@dataclass(frozen=True, slots=True)
class Give(MoreFields):
    """The command with it."""

    by: str


@dataclass(frozen=True, slots=True)
class Assess(MoreScoreFields):
    """The command with it."""

    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Given(MoreFields, records.Record):
    """The record with it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessed(MoreScoreFields, records.Record):
    """The record with it."""


class GiveRequest(RequestFor[MoreFields]):
    """What the API takes."""

    by: By


class AssessRequest(RequestFor[MoreScoreFields]):
    """What the API takes."""

    by: By


BODY: Final = {"product": "esketamine", "mg": 28.0, "by": "n"}
SCORE: Final = {"scale": "cadss", "items": {"1": 2, "2": 0}, "by": "n"}
AT: Final = datetime(2026, 1, 5, 9, 40, tzinfo=UTC)
EVENT: Final = Event("e", "bed-1", 1, "s", "dose.given", None, AT, {})

Kind = tuple[type[Any], type[BaseModel], Callable[..., Any], type[records.Record], dict[str, Any]]

DOSE_KIND: Final[Kind] = (MoreFields, GiveRequest, Give, Given, BODY)
SCORE_KIND: Final[Kind] = (MoreScoreFields, AssessRequest, Assess, Assessed, SCORE)


async def served(model: Any, content: Any) -> tuple[Any, Any]:
    """How a response is declared in the OpenAPI document, and the response itself."""
    app = FastAPI()
    app.get("/it", response_model=model)(lambda: content)
    async with httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://ward"
    ) as client:
        document = (await client.get("/openapi.json")).json()
        response = await client.get("/it")
    assert response.status_code == 200, response.text
    return document["components"]["schemas"][model.__name__], response.json()


def everywhere(kind: Kind, more: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The body of a request as command, payload and record."""
    declaration, request, give, kept, body = kind
    command = give(**request.model_validate(body | more).model_dump())
    yield {each.name: getattr(command, each.name) for each in fields(command)}
    payload = said(command, declaration) | {"by": command.by}
    yield payload
    yield kept.of(replace(EVENT, payload=payload)).as_json()


@pytest.mark.parametrize("kind", [DOSE_KIND, SCORE_KIND], ids=["dose", "score"])
@pytest.mark.parametrize(("more", "site"), [({"site": " left "}, "left"), ({}, "right")])
def test_an_added_field_comes_through(kind: Kind, more: dict[str, Any], site: str) -> None:
    assert [each["site"] for each in everywhere(kind, more)] == [site] * 3


@pytest.mark.parametrize("kind", [DOSE_KIND, SCORE_KIND], ids=["dose", "score"])
def test_an_added_field_is_documented_and_shown(kind: Kind) -> None:
    *_, record = everywhere(kind, {"site": "left"})

    @virtual_time()
    async def run() -> None:
        declared, shown = await served(kind[3], record)
        assert declared["properties"]["site"] == {
            "type": "string",
            "title": "Site",
            "default": "right",
            "description": "Where it was given.",
            "examples": ["left"],
        }
        assert "site" in declared["required"]
        assert shown == record

    run()


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


@pytest.mark.parametrize(
    "wrong",
    [{"scale": "vas"}, {"total": "3"}, {"items": {"x": 1}}, {"items": {"1": "2"}}, {"site": ""}],
    ids=str,
)
def test_a_request_of_a_score_is_held_to_what_is_declared(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        AssessRequest.model_validate(SCORE | wrong)


def test_an_item_is_named_by_its_number() -> None:
    request = AssessRequest.model_validate(SCORE | {"items": {" 1": 2, "02": 0}})
    assert request.model_dump()["items"] == {"1": 2, "2": 0}


@virtual_time()
async def test_a_response_shows_what_was_stored_before_a_limit_was_declared() -> None:
    stored = BODY | {"id": "e", "at": "2026-01-05T09:40:00.000Z", "lot": "L" * 101, "site": ""}
    _, shown = await served(Given, stored)
    assert shown == stored


# ── the session and the bed as seen ─────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class MoreSession(session_view.Session):
    """A session of which one thing more is shown."""

    bay: Annotated[str | None, documented("Where the bed is.", "north")]


@virtual_time()
async def test_a_field_added_to_the_session_is_documented_and_shown() -> None:
    side = bed().with_session().with_baseline()
    seen = view.session(side.bed, side.now)
    assert seen is not None
    more = MoreSession(**said(seen, session_view.Session), bay="north")
    declared, shown = await served(MoreSession, more.as_json())
    assert declared["properties"]["bay"]["description"] == "Where the bed is."
    assert declared["properties"]["bay"]["examples"] == ["north"]
    assert "bay" in declared["required"]
    assert shown == seen.as_json() | {"bay": "north"}


def test_a_condition_for_the_dose_says_all_that_a_criterion_says() -> None:
    side = bed().with_session()
    criteria = side.bed.readiness.predose_criteria(side.now)
    seen = view.session(side.bed, side.now)
    assert criteria
    assert seen is not None
    assert [each.as_json() for each in seen.gate] == [each.as_json() for each in criteria]


def test_a_vital_is_shown_as_it_is_declared() -> None:
    side = bed().with_session().with_baseline()
    shown = view.vitals(side.bed, side.now)
    declared = [each.name for each in fields(bed_view.LatestVital)]
    assert shown
    assert {name: list(vital) for name, vital in shown.items()} == dict.fromkeys(shown, declared)
    TypeAdapter(dict[str, bed_view.LatestVital]).validate_python(shown)


def test_what_is_not_declared_is_a_fault() -> None:
    side = bed().with_session()
    seen = view.session(side.bed, side.now)
    assert seen is not None
    adapter = TypeAdapter(session_view.Session)
    adapter.validate_python(seen.as_json())
    for wrong in ({"colour": "red"}, {"state": "asleep"}, {"age": "old"}):
        with pytest.raises(ValidationError):
            adapter.validate_python(seen.as_json() | wrong)
