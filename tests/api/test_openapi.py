"""The OpenAPI document: every route, every field, every error."""

from collections.abc import Iterator
from dataclasses import fields as fields_of
from typing import Any, Final, TypeVar, get_type_hints

import pytest
from pydantic import TypeAdapter
from pydantic.fields import FieldInfo

from api.schemas import Request, Response
from monitor.session.shown import Shown
from tests.virtual import virtual_time
from tests.wards import simulated_ward

T = TypeVar("T")

PROBLEM: Final = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}

TAGS: Final = {
    "access",
    "status",
    "beds",
    "displays",
    "sessions",
    "alarms",
    "events",
    "forms",
    "patients",
    "stream",
}

UNITS: Final = (
    ", in mmHg",
    ", in l/min",
    ", in mg",
    ", in kg",
    ", in /min",
    ", in Hz",
    ", in °C",
    ", in min",
    ", in seconds",
    ", in days",
    ", in years",
    "in `unit`",
    "'s unit",
    "HTTP status",
)

WITHOUT_UNIT: Final = {
    "places in the journal": {"seq", "next", "after", "before"},
    "counts": {
        "alarms_120min",
        "change",
        "count",
        "bytes_in",
        "bytes_out",
        "damaged",
        "displays",
        "escalation_level",
        "frames",
        "limit",
        "number",
        "points",
        "reconnects",
        "capture_lost",
        "rejected",
        "waiting",
        "week",
    },
    "points on a scale": {"grade", "held", "items", "moaas", "most", "points", "single", "total"},
    "names": {"scale"},
    "ratios": {"speed"},
    "a device's own": {"samples"},
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The document as it is served."""

    found: dict[str, Any] = {}

    @virtual_time()
    async def serve() -> None:
        async with simulated_ward(tmp_path_factory.mktemp("ward")) as ward:
            found.update((await ward.http.get("/openapi.json")).json())

    serve()
    return found


def operations(document: Any) -> Iterator[tuple[str, Any]]:
    """Every operation, by method and path."""
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def fields(document: Any) -> Iterator[tuple[str, str, Any]]:
    """Every property of every schema, and every parameter: where, its name, its schema."""
    for where, operation in operations(document):
        for parameter in operation.get("parameters", []):
            schema = parameter["schema"] | {"description": parameter.get("description")}
            yield where, parameter["name"], schema
    for where, schema in document["components"]["schemas"].items():
        for name, of_property in schema.get("properties", {}).items():
            yield where, name, of_property


def refers(schema: Any) -> bool:
    """Whether it is a documented schema, or a list or a table of one, or null."""
    branches = schema.get("anyOf", [schema])
    others = [branch for branch in branches if branch != {"type": "null"}]
    inner = [b.get("items") or b.get("additionalProperties") or b for b in others]
    return all("$ref" in branch for branch in inner if isinstance(branch, dict))


def is_number(schema: Any) -> bool:
    """Whether it holds numbers."""
    branches = [schema, *schema.get("anyOf", [])]
    inner = [b.get("items") or b.get("additionalProperties") or b for b in branches]
    return any(b.get("type") in ("integer", "number") for b in inner if isinstance(b, dict))


def derived(base: type[T]) -> Iterator[type[T]]:
    """Every schema built on `base`."""
    for model in base.__subclasses__():
        yield model
        yield from derived(model)


def test_every_route_is_described(document: Any) -> None:
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(ids) == len(set(ids))
    assert all("summary" in operation for _, operation in operations(document))
    assert {"/api/v1/beds", "/api/v1/stream", "/api/v1/sessions/{session}/doses"} <= set(
        document["paths"]
    )


def test_every_route_has_the_tag_of_its_resource(document: Any) -> None:
    tags = {where: operation["tags"] for where, operation in operations(document)}
    assert {where: given for where, given in tags.items() if len(given) != 1} == {}
    assert {tag for (tag,) in tags.values()} == TAGS


def test_every_field_has_a_description(document: Any) -> None:
    bare = [
        f"{where}: {name}"
        for where, name, schema in fields(document)
        if not schema.get("description")
    ]
    assert bare == []


def test_every_field_has_an_example(document: Any) -> None:
    bare = [
        f"{where}: {name}"
        for where, name, schema in fields(document)
        if not schema.get("examples") and not refers(schema)
    ]
    assert bare == []


MODELS: Final = {model.__name__: model for base in (Request, Response) for model in derived(base)}


@pytest.mark.parametrize("name", MODELS)
def test_every_example_is_valid(name: str) -> None:
    model = MODELS[name]
    for field, info in model.model_fields.items():
        for example in info.examples or ():
            model.__pydantic_validator__.validate_assignment(
                model.model_construct(), field, example
            )
    extra: Any = model.model_config.get("json_schema_extra", {})
    for example in extra.get("examples", ()):
        model.model_validate(example)


SHOWN: Final = {
    cls.__name__: cls for cls in derived(Shown) if cls.__module__.startswith(("api.", "monitor."))
}


@pytest.mark.parametrize("name", sorted(SHOWN))
def test_every_example_of_what_is_shown_is_valid(name: str) -> None:
    hints = get_type_hints(SHOWN[name], include_extras=True)
    for field in fields_of(SHOWN[name]):
        for example in FieldInfo.from_annotation(hints[field.name]).examples or ():
            TypeAdapter(hints[field.name]).validate_python(example)


def test_every_number_that_has_a_unit_says_it(document: Any) -> None:
    unitless = set().union(*WITHOUT_UNIT.values())
    numbers = [
        (f"{where}: {name}", name, schema["description"])
        for where, name, schema in fields(document)
        if is_number(schema)
    ]
    assert [
        where
        for where, name, description in numbers
        if name not in unitless and not any(unit in description for unit in UNITS)
    ] == []
    assert unitless - {name for _, name, _ in numbers} == set()


def test_every_error_is_a_problem_document(document: Any) -> None:
    errors = [
        (f"{where} {status}", response.get("content"))
        for where, operation in operations(document)
        for status, response in operation["responses"].items()
        if not status.startswith("2")
    ]
    assert [where for where, content in errors if content != PROBLEM] == []
    assert [where for where, op in operations(document) if "default" not in op["responses"]] == []
    assert {"title", "status", "detail"} <= set(
        document["components"]["schemas"]["Problem"]["required"]
    )


def test_every_command_says_why_it_may_be_refused(document: Any) -> None:
    undeclared = {
        where: missing
        for where, operation in operations(document)
        if where.startswith("POST")
        and (missing := {"404", "409", "413", "422", "503"} - set(operation["responses"]))
    }
    assert undeclared == {}


def test_every_read_of_one_thing_says_that_it_may_not_be_there(document: Any) -> None:
    assert [
        where
        for where, operation in operations(document)
        if "{" in where and "404" not in operation["responses"]
    ] == []
