"""The HTTP application of one ward."""

import re
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import compile_path
from starlette.types import Receive, Scope, Send

from api import (
    access,
    alarms,
    beds,
    displays,
    doses,
    events,
    forms,
    patients,
    problems,
    records,
    regimens,
    rules,
    sessions,
    status,
    stream,
    waveforms,
)
from api.authorization import authorization
from api.idempotency import CommandExecutor
from api.middleware import MAX_BODY_BYTES, BodyLimit, SecurityHeaders
from api.page import PageFiles
from api.parameters import refuse_unknown_parameters
from monitor.access import AccessControl
from monitor.ward import Ward

DESCRIPTION: Final = """
The ward as it is now, what has happened, and what a nurse asks of a bed.

Every command is answered only after it is stored. Lists come as `{"items": […], "next": null}`;
instants are RFC 3339 in UTC; errors are problem documents (RFC 9457) that say how to mend it.

Postdose supports trained staff. It is not a certified medical device.
"""


class _Application(FastAPI):
    """An application whose OpenAPI document holds the schemas of its errors."""

    def openapi(self) -> dict[str, Any]:
        """The document, made once."""
        if self.openapi_schema is None:
            problems.add_schemas(super().openapi())
        return super().openapi()


def create_app(
    ward: Ward,
    *,
    version: str,
    host: str = "127.0.0.1",
    any_host: bool = False,
    control: AccessControl | None = None,
    encrypted: bool = False,
) -> FastAPI:
    """The application that answers for `ward`, reached at `host`, to whom `control` lets in.

    Without `control` everybody is let in. `encrypted` is whether browsers come over TLS.
    Unless `any_host`, requests are answered only when they name this machine as their
    host, so that a web page elsewhere cannot reach the ward through a name of its own.
    """
    app = _Application(
        title="Postdose",
        version=version,
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
        responses=problems.ERRORS,
    )
    problems.install_handlers(app)
    if not any_host:
        own = f"[{host}]" if ":" in host else host
        allowed = ["localhost", "127.0.0.1", "[::1]", own]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    app.add_middleware(BodyLimit, limit_bytes=MAX_BODY_BYTES)
    app.add_middleware(SecurityHeaders)
    executor = CommandExecutor(ward)
    admitted = [] if control is None else [Depends(authorization(control))]
    for routes in (
        access.router(control, encrypted=encrypted),
        status.router(ward),
        beds.router(ward, executor),
        regimens.router(ward),
        rules.router(ward),
        sessions.router(ward, executor),
        doses.router(ward, executor),
        records.router(ward, executor),
        alarms.router(ward, executor),
        events.router(ward),
        forms.router(ward, executor),
        waveforms.router(ward),
        patients.router(ward, executor),
        stream.router(ward),
        displays.router(ward),
    ):
        app.include_router(
            routes,
            prefix="/api/v1",
            dependencies=[*admitted, Depends(refuse_unknown_parameters)],
            responses=problems.ACCESS_ERRORS | problems.REQUEST_ERRORS,
        )
    app.include_router(status.probes(ward), dependencies=admitted)
    app.mount("/", _Page(_methods(app)), name="page")
    return app


_Methods = dict[re.Pattern[str], set[str]]


def _methods(app: FastAPI) -> _Methods:
    """What can be done at each path of the application."""
    found: _Methods = {}
    for route in iter_route_contexts(app.routes):
        found.setdefault(compile_path(str(route.path))[0], set()).update(route.methods or ())
    return found


class _Page(PageFiles):
    """The files of the page, and at every path that is a route's the refusal of other methods."""

    def __init__(self, methods: _Methods) -> None:
        super().__init__()
        self._methods = methods

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer with the file, or with 404, or with 405 and what would be allowed."""
        found = (methods for path, methods in self._methods.items() if path.match(scope["path"]))
        if allowed := sorted(set().union(*found)):
            raise HTTPException(405, headers={"Allow": ", ".join(allowed)})
        await super().__call__(scope, receive, send)


def _operation_id(route: APIRoute) -> str:
    return route.name
