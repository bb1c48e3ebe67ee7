"""The journal over HTTP: events in order, in pages."""

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import APIRouter, Query

from api.parameters import After, Limit, Name, OfBed, OfSession
from api.schemas import Page
from api.schemas.events import Event
from monitor.session import Stored
from monitor.ward import Ward


def router(ward: Ward) -> APIRouter:
    """The events of `ward`."""
    routes = APIRouter(prefix="/events", tags=["events"])

    @routes.get("", response_model=Page[Event])
    async def list_events(
        after: After = 0,
        limit: Limit = 100,
        bed: OfBed = None,
        session: OfSession = None,
        type_: Annotated[
            list[Name] | None,
            Query(
                alias="type",
                description="Only of this type; several may be given.",
                examples=[["alarm.raised", "alarm.ended"]],
            ),
        ] = None,
    ) -> Any:
        """The journal's events past `after`, in order."""
        found = await ward.journal.events(after, limit, bed=bed, session=session, types=type_)
        return event_page(found, limit, [stored.as_json() for stored in found])

    return routes


def event_page(found: Sequence[Stored], limit: int, items: list[Any]) -> dict[str, Any]:
    """A page of `items` made of the events `found`, of which `limit` were asked for."""
    return {"items": items, "next": found[-1].seq if len(found) == limit else None}
