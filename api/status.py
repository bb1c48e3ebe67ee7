"""How the daemon itself is: for people, for probes, and for Prometheus."""

from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from api import metrics
from api.problems import problem_response
from api.schemas.status import DaemonStatus, Health
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The status of the daemon of `ward`."""
    routes = APIRouter(prefix="/status", tags=["status"])

    @routes.get("", response_model=DaemonStatus)
    async def get_status() -> Any:
        """How the daemon itself is: journal, broker, time."""
        return ward.status()

    return routes


def probes(ward: Ward) -> APIRouter:
    """What a supervisor asks, outside the prefix of the other routes."""
    routes = APIRouter(tags=["status"])
    measured = metrics.registry(ward)

    @routes.get("/healthz", response_model=Health)
    async def get_health() -> Any:
        """Answers while the daemon lives."""
        return {"status": "ok"}

    @routes.get("/readyz", response_model=Health)
    async def get_readiness(request: Request) -> Any:
        """Whether what is decided can be stored, and every bed is at work."""
        wrong = [f"journal: {ward.journal.failure}"] if ward.journal.failure else []
        wrong += [
            f"{runner.id}: {runner.recovery.failing}"
            for runner in ward.bed_runners.values()
            if runner.recovery.failing
        ]
        if wrong:
            return problem_response(request, 503, "; ".join(wrong))
        return JSONResponse({"status": "ready"})

    @routes.get("/metrics", include_in_schema=False)
    async def get_metrics() -> Any:
        """Numbers for Prometheus."""
        return Response(generate_latest(measured), media_type=CONTENT_TYPE_LATEST)

    return routes
