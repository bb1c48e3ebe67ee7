"""Errors as problem documents (RFC 9457): what is wrong, where, and how to mend it."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from api.schemas import FieldError, Problem
from monitor.journal import StoreError
from monitor.session import Refusal, Refused

MEDIA_TYPE: Final = "application/problem+json"

STATUSES: Final[Mapping[Refusal, int]] = {
    Refusal.INVALID: 422,
    Refusal.CONFLICT: 409,
    Refusal.UNKNOWN: 404,
    Refusal.UNAVAILABLE: 503,
}

_REFERENCE: Final = "#/components/schemas/{model}"
_CONTENT: Final = {MEDIA_TYPE: {"schema": {"$ref": _REFERENCE.format(model=Problem.__name__)}}}


def _declared(described: Mapping[int | str, str]) -> dict[int | str, dict[str, Any]]:
    return {
        status: {"description": text, "content": _CONTENT} for status, text in described.items()
    }


ERRORS: Final = _declared({"default": "What went wrong"})
"""For the OpenAPI document: what any route may answer."""

REQUEST_ERRORS: Final = _declared({422: "The request makes no sense"})
"""For the OpenAPI document: what any route with parameters may answer."""

LOOKUP_ERRORS: Final = _declared({404: "There is no such thing"})
"""For the OpenAPI document: why something cannot be read."""

EXPORT_ERRORS: Final = LOOKUP_ERRORS | _declared({501: "What makes a PDF is not installed"})
"""For the OpenAPI document: why something cannot be given out."""

COMMAND_ERRORS: Final = _declared(
    {
        404: "There is no such thing",
        409: "It does not fit what is so now",
        413: "The body is too large",
        422: "The request makes no sense",
        503: "It cannot be stored now",
    }
)
"""For the OpenAPI document: what a command may be refused with."""


ACCESS_ERRORS: Final = _declared(
    {
        401: "Nobody is signed in",
        403: "Whoever is signed in may not do this",
    }
)
"""For the OpenAPI document: why somebody may not have what they ask for."""


def add_schemas(document: dict[str, Any]) -> None:
    """Put the schemas that the declared errors refer to into the OpenAPI `document`."""
    schema = Problem.model_json_schema(ref_template=_REFERENCE, mode="serialization")
    document["components"]["schemas"] |= schema.pop("$defs") | {Problem.__name__: schema}


_log = structlog.get_logger(__name__)


class ProblemError(Exception):
    """A request that cannot be answered as asked."""

    def __init__(
        self,
        status: int,
        detail: str,
        errors: tuple[FieldError, ...] = (),
        code: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors
        self.code = code
        self.headers = headers


def problem_response(
    request: Request,
    status: int,
    detail: str,
    errors: tuple[FieldError, ...] = (),
    headers: Mapping[str, str] | None = None,
    code: str | None = None,
) -> JSONResponse:
    """The problem document as a response."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        code=code,
        instance=request.url.path,
        errors=list(errors),
    )
    return JSONResponse(problem.model_dump(), status, headers, media_type=MEDIA_TYPE)


def install_handlers(app: FastAPI) -> None:
    """Have `app` answer every error with a problem document."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _fault)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return problem_response(
        request, error.status, str(error), error.errors, error.headers, error.code
    )


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    errors = () if error.field is None else (FieldError(field=error.field, message=str(error)),)
    return problem_response(request, STATUSES[error.kind], str(error), errors)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors = _errors(error.errors(), error.body)
    detail = "; ".join(f"{item.field}: {item.message}" for item in errors)
    return problem_response(request, 422, detail, errors)


_Place = tuple[int | str, ...]

_KEY: Final = "[key]"
"""What pydantic adds to the place of a key that is wrong."""

_WANTED: Final[Mapping[str, str]] = {
    "bool_parsing": "true or false",
    "bool_type": "true or false",
    "dict_type": "an object",
    "list_type": "a list",
    "model_attributes_type": "an object",
    "string_type": "text",
    "tuple_type": "a list",
}
"""What a field takes, by the type of the error of one that holds something else."""


def _errors(found: Sequence[Mapping[str, Any]], body: Any) -> tuple[FieldError, ...]:
    """What is wrong, by field as the request calls it.

    Where a field takes one thing or another, each says what it lacks: they are told as one, and
    what the others lack is not told where the request chose one of them.
    """
    by_place: dict[_Place, list[Mapping[str, Any]]] = {}
    for item in found:
        by_place.setdefault(_place(item, body), []).append(item)
    return tuple(
        FieldError(field=".".join(map(str, place[1:])) or str(place[0]), message=_message(items))
        for place, items in by_place.items()
        if not any(other[: len(place)] == place != other for other in by_place)
    )


def _place(item: Mapping[str, Any], body: Any) -> _Place:
    """Where in the request the error is, without the names of what pydantic tried there."""
    location: _Place = item["loc"]
    if location[0] != "body" or not isinstance(body, dict | list):
        return location
    place: _Place = location[:1]
    within: Any = body
    for part in location[1:]:
        if _has(within, part):
            place, within = (*place, part), within[part]
    is_left_out = item["type"] == "missing" or item["input"] != within
    last = location[-1]
    if isinstance(within, dict) and is_left_out and last not in (_KEY, place[-1]):
        return (*place, last)
    return place


def _has(within: Any, part: int | str) -> bool:
    if isinstance(within, dict):
        return part in within
    return isinstance(within, list) and isinstance(part, int) and part < len(within)


def _message(items: Sequence[Mapping[str, Any]]) -> str:
    if all(item["type"] in _WANTED for item in items):
        return f"give {' or '.join(dict.fromkeys(_WANTED[item['type']] for item in items))}"
    return "; ".join(dict.fromkeys(str(item["msg"]) for item in items))


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return problem_response(request, error.status_code, str(error.detail), headers=error.headers)


async def _store(request: Request, error: Exception) -> JSONResponse:
    return problem_response(request, 503, str(error))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("request.failed", path=request.url.path, exc_info=error)
    return problem_response(request, 500, "a fault in Postdose: see its log")
