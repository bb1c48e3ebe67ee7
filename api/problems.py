"""Errors as problem documents (RFC 9457): what is wrong, where, and how to mend it."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.schemas.sessions import Problem, Wrong
from monitor.commands import Refusal, Refused
from monitor.journal import StoreError

MEDIA_TYPE: Final = "application/problem+json"

STATUS: Final[Mapping[Refusal, int]] = {
    Refusal.INVALID: 422,
    Refusal.CONFLICT: 409,
    Refusal.UNKNOWN: 404,
    Refusal.UNAVAILABLE: 503,
}

DOCUMENTED: Final[dict[int | str, dict[str, Any]]] = {
    status: {
        "description": text,
        "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
    }
    for status, text in (
        (404, "There is no such thing"),
        (409, "It does not fit what is so now"),
        (422, "The request makes no sense"),
        (503, "It cannot be stored now"),
    )
}
"""For the OpenAPI document: what a command may be refused with."""

_log = structlog.get_logger(__name__)


class ProblemError(Exception):
    """A request that cannot be answered as asked."""

    def __init__(self, status: int, detail: str, errors: tuple[Wrong, ...] = ()) -> None:
        super().__init__(detail)
        self.status = status
        self.errors = errors


def document(
    request: Request,
    status: int,
    detail: str,
    errors: tuple[Wrong, ...] = (),
    headers: Mapping[str, str] | None = None,
) -> JSONResponse:
    """The problem document as a response."""
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=detail,
        instance=request.url.path,
        errors=list(errors),
    )
    return JSONResponse(problem.model_dump(), status, headers, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have `app` answer every error with a problem document."""
    app.add_exception_handler(ProblemError, _problem)
    app.add_exception_handler(Refused, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(StoreError, _store)
    app.add_exception_handler(Exception, _fault)


class BodyLimit:
    """Refuses a body of more than `limit_bytes`: unread when its length is declared."""

    def __init__(self, app: ASGIApp, limit_bytes: int) -> None:
        self._app = app
        self._limit_bytes = limit_bytes
        self._detail = f"the body is too large: no command has more than {limit_bytes} bytes"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, or with 413."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > self._limit_bytes:
            await document(Request(scope), 413, self._detail)(scope, receive, send)
            return
        left = self._limit_bytes

        async def receive_within_limit() -> Message:
            nonlocal left
            message = await receive()
            left -= len(message.get("body", b""))
            if left < 0:
                raise HTTPException(413, self._detail)
            return message

        await self._app(scope, receive_within_limit, send)


async def _problem(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, ProblemError)
    return document(request, error.status, str(error), error.errors)


async def _refused(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, Refused)
    wrong = () if error.field is None else (Wrong(field=error.field, message=str(error)),)
    return document(request, STATUS[error.kind], str(error), wrong)


async def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    wrong = tuple(Wrong(field=_field(item["loc"]), message=item["msg"]) for item in error.errors())
    detail = "; ".join(f"{item.field}: {item.message}" for item in wrong)
    return document(request, 422, detail, wrong)


def _field(place: tuple[int | str, ...]) -> str:
    return ".".join(str(part) for part in place[1:]) or str(place[0])


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    return document(request, error.status_code, str(error.detail), headers=error.headers)


async def _store(request: Request, error: Exception) -> JSONResponse:
    return document(request, 503, str(error))


async def _fault(request: Request, error: Exception) -> JSONResponse:
    _log.error("request.failed", path=request.url.path, exc_info=error)
    return document(request, 500, "a fault in Postdose: see its log")
