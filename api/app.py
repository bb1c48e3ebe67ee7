"""The HTTP application of one ward."""

from importlib import resources
from pathlib import Path
from typing import Any, Final

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api import (
    alarms,
    beds,
    doses,
    events,
    forms,
    patients,
    problems,
    records,
    regimens,
    sessions,
    status,
    stream,
)
from api.idempotency import CommandExecutor
from api.middleware import MAX_BODY_BYTES, BodyLimit, SecurityHeaders
from api.parameters import refuse_unknown_parameters
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
    ward: Ward, *, version: str, host: str = "127.0.0.1", any_host: bool = False
) -> FastAPI:
    """The application that answers for `ward`, reached at `host`.

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
    for routes in (
        status.router(ward),
        beds.router(ward, executor),
        regimens.router(ward),
        sessions.router(ward, executor),
        doses.router(ward, executor),
        records.router(ward, executor),
        alarms.router(ward, executor),
        events.router(ward),
        forms.router(ward, executor),
        patients.router(ward, executor),
        stream.router(ward),
    ):
        app.include_router(
            routes,
            prefix="/api/v1",
            dependencies=[Depends(refuse_unknown_parameters)],
            responses=problems.REQUEST_ERRORS,
        )
    app.include_router(status.probes(ward))
    page = Path(str(resources.files("api").joinpath("static")))
    app.mount("/", StaticFiles(directory=page, html=True), name="page")
    return app


def _operation_id(route: APIRoute) -> str:
    return route.name
