"""The HTTP application of one ward."""

from importlib import resources
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from fastapi.staticfiles import StaticFiles
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.middleware.trustedhost import TrustedHostMiddleware

from api import alarms, forms, metrics, problems, sessions, stream
from api.middleware import SafeHeaders
from api.schemas import sessions as answers
from monitor.ward import Ward

BODY_BYTES: Final = 256 * 1024
"""No command is larger."""

ABOUT: Final = """
The ward as it is now, what has happened, and what a nurse asks of a bed.

Every command is answered only after it is stored. Lists come as `{"items": […], "next": null}`;
instants are RFC 3339 in UTC; errors are problem documents (RFC 9457) that say how to mend it.

Postdose supports trained staff. It is not a certified medical device.
"""


def create_app(
    ward: Ward, *, version: str, host: str = "127.0.0.1", any_host: bool = False
) -> FastAPI:
    """The application that answers for `ward`, reached at `host`.

    Unless `any_host`, requests are answered only when they name this machine as their
    host, so that a web page elsewhere cannot reach the ward through a name of its own.
    """
    app = FastAPI(
        title="Postdose",
        version=version,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation,
        responses={"default": {"model": answers.Problem, "description": "What went wrong"}},
    )
    problems.install(app)
    if not any_host:
        own = f"[{host}]" if ":" in host else host
        allowed = ["localhost", "127.0.0.1", "[::1]", own]
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=allowed)
    app.add_middleware(problems.BodyLimit, limit_bytes=BODY_BYTES)
    app.add_middleware(SafeHeaders)
    for part in (alarms, sessions, forms, stream):
        app.include_router(part.router(ward), prefix="/api/v1")
    _health(app, ward)
    page = Path(str(resources.files("api").joinpath("static")))
    app.mount("/", StaticFiles(directory=page, html=True), name="page")
    return app


def _operation(route: APIRoute) -> str:
    return route.name


def _health(app: FastAPI, ward: Ward) -> None:
    measured = metrics.registry(ward)

    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """Answers while the daemon lives."""
        return {"status": "ok"}

    @app.get("/readyz", tags=["health"])
    async def readyz(request: Request) -> JSONResponse:
        """Whether what is decided can be stored, and every bed is at work."""
        wrong = [f"journal: {ward.journal.failure}"] if ward.journal.failure else []
        wrong += [f"{k.id}: {k.failing}" for k in ward.keepers.values() if k.failing]
        if wrong:
            return problems.document(request, 503, "; ".join(wrong))
        return JSONResponse({"status": "ready"})

    @app.get("/metrics", include_in_schema=False)
    async def prometheus() -> Any:
        """Numbers for Prometheus."""
        return Response(generate_latest(measured), media_type=CONTENT_TYPE_LATEST)
