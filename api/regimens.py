"""The regimens over HTTP: which a session can be started with, and what each asks for."""

from typing import Any

from fastapi import APIRouter

from api.schemas import Page
from api.schemas.regimens import Regimen
from monitor import session
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The regimens of `ward`."""
    routes = APIRouter(prefix="/regimens", tags=["sessions"])

    @routes.get("", response_model=Page[Regimen])
    async def list_regimens() -> Any:
        """The regimens that a session can be started with, by name."""
        by_name = ward.regimens.by_name
        return {"items": [_shown(by_name[name]) for name in sorted(by_name)], "next": None}

    return routes


def _shown(of: session.Regimen) -> Regimen:
    return Regimen(
        name=of.name,
        title=of.title,
        product=of.product,
        route=of.route,
        by_weight=of.mg_per_kg is not None,
        device_mg=of.device_mg,
        devices_apart_min=of.devices_apart_min,
        infusion_min=of.infusion_min,
        contraindications=list(of.gate.contraindications),
        cautions=list(of.gate.cautions),
        fasting=list(of.gate.fasting),
    )
