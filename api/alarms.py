"""What can be read: beds, sessions, alarms, events, and the course of a vital."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import AwareDatetime

from alerts.lifecycle import ENDINGS
from api.problems import DOCUMENTED, ProblemError
from api.schemas import sessions as answers
from api.sessions import at_bed
from drivers.clock import rfc3339
from drivers.readings import UNITS, Vital
from monitor import views
from monitor.events import Stored
from monitor.ward import Ward

Limit = Annotated[int, Query(ge=1, le=500)]
NOT_FOUND: dict[int | str, dict[str, Any]] = {404: DOCUMENTED[404]}

Seq = Annotated[int, Query(ge=0, le=2**63 - 1)]
PAGE = 500


def router(ward: Ward) -> APIRouter:
    """The reads of `ward`."""
    routes = APIRouter()

    @routes.get("/status", response_model=answers.Status, tags=["site"])
    async def status() -> Any:
        """How the daemon itself is: journal, broker, time."""
        return ward.status()

    @routes.get("/beds", response_model=answers.Listed[answers.Bed], tags=["beds"])
    async def beds() -> Any:
        """Every bed, in the order of the configuration."""
        return {"items": [keeper.view() for keeper in ward.keepers.values()], "next": None}

    @routes.get("/beds/{bed}", response_model=answers.Bed, responses=NOT_FOUND, tags=["beds"])
    async def bed(bed: str) -> Any:
        """One bed: devices, vitals, session, alarms."""
        return at_bed(ward, bed).view()

    @routes.get("/sessions", response_model=answers.Listed[answers.Session], tags=["sessions"])
    async def sessions(
        limit: Annotated[int, Query(ge=1, le=50)] = 20, before: Seq | None = None
    ) -> Any:
        """Sessions, newest first."""
        started = await ward.journal.sessions(limit, before=before)
        items = [await _session(ward, str(stored.event.session)) for stored in started]
        more = len(started) == limit
        return {"items": items, "next": started[-1].seq if started and more else None}

    @routes.get(
        "/sessions/{session}",
        response_model=answers.Session,
        responses=NOT_FOUND,
        tags=["sessions"],
    )
    async def session(session: str) -> Any:
        """One session, open or ended."""
        return await _session(ward, session)

    @routes.get(
        "/sessions/{session}/readings",
        response_model=answers.Course,
        responses=NOT_FOUND,
        tags=["sessions"],
    )
    async def readings(
        session: str,
        vital: Vital,
        start: Annotated[AwareDatetime | None, Query(alias="from")] = None,
        end: Annotated[AwareDatetime | None, Query(alias="to")] = None,
        points: Annotated[int, Query(ge=2, le=5000)] = 240,
    ) -> Any:
        """The course of a vital, as lowest and highest over equal stretches of time."""
        buckets = await ward.journal.readings(
            vital.value, session=session, start=start, end=end, points=points
        )
        if not buckets:
            await _session(ward, session)
        return {
            "vital": vital.value,
            "unit": UNITS[vital],
            "points": [
                {
                    "at": rfc3339(bucket.at),
                    "min": bucket.low,
                    "max": bucket.high,
                    "last": bucket.last,
                    "count": bucket.count,
                }
                for bucket in buckets
            ],
        }

    @routes.get("/alarms", response_model=answers.Listed[answers.Alarm], tags=["alarms"])
    async def alarms(
        state: Literal["open", "active", "latched", "ended"] = "open",
        bed: str | None = None,
        after: Seq = 0,
        limit: Limit = 100,
    ) -> Any:
        """Alarms: those open now, or with `state=ended` those that have ended, oldest first.

        Pages are of endings: an alarm that was raised again is listed once a page, as it ended
        last, and not while it is open.
        """
        if state == "ended":
            ended = await ward.journal.events(after, limit, bed=bed, types=ENDINGS)
            last = {stored.event.subject: stored.seq for stored in ended}
            items = [
                stored.event.payload["alarm"]
                for stored in ended
                if stored.seq == last[stored.event.subject]
                and not _is_open(ward, str(stored.event.subject))
            ]
            return _page(ended, limit, items)
        found = [
            alarm
            for keeper in ward.keepers.values()
            if bed in (None, keeper.id)
            for alarm in keeper.alarms()
            if state in ("open", alarm["state"])
        ]
        return {"items": found, "next": None}

    @routes.get("/events", response_model=answers.Listed[answers.Event], tags=["events"])
    async def events(
        after: Seq = 0,
        limit: Limit = 100,
        bed: str | None = None,
        session: str | None = None,
        type_: Annotated[list[str] | None, Query(alias="type")] = None,
    ) -> Any:
        """The journal's events past `after`, in order."""
        found = await ward.journal.events(after, limit, bed=bed, session=session, types=type_)
        return _page(found, limit, [stored.as_json() for stored in found])

    return routes


def _page(found: list[Stored], limit: int, items: list[Any]) -> dict[str, Any]:
    return {"items": items, "next": found[-1].seq if len(found) == limit else None}


def _is_open(ward: Ward, alarm_id: str) -> bool:
    found = ward.alarm(alarm_id)
    return found is not None and found[1].is_open


def at_a_bed(ward: Ward, session_id: str) -> views.Json | None:
    """The session as its bed shows it; None when it is no bed's latest."""
    keeper = ward.session_keeper(session_id)
    return None if keeper is None else keeper.session()


async def _session(ward: Ward, session_id: str) -> views.Json:
    if (shown := at_a_bed(ward, session_id)) is not None:
        return shown
    account = await ward.archive.account(session_id)
    if account is None:
        raise ProblemError(404, f"no session {session_id}")
    return views.recorded(account.session)
