"""The live stream: server-sent events, resumable from the journal's `seq`.

Events are sent in order and without gaps from `Last-Event-ID` on; vitals are latest-wins,
so that a slow reader gets fewer of them and never old ones. A reader that is too slow
waits in the journal, not in memory.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Annotated, Any, Final

from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from monitor.ward import Ward

STATUS_S: Final = 5.0
"""How often the status is sent, in real seconds: it is the heartbeat too."""

WAITING: Final = 32


def router(ward: Ward) -> APIRouter:
    """The stream of `ward`."""
    routes = APIRouter()

    @routes.get(
        "/stream",
        tags=["stream"],
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "`event: alarm | session | device` with `id` and a journal event; "
                "`event: vitals` with the latest vitals of a bed; `event: status` every 5 s.",
                "content": {"text/event-stream": {"schema": {"type": "string"}}},
            }
        },
    )
    async def stream(
        last_event_id: Annotated[int | None, Header(alias="Last-Event-ID", ge=0)] = None,
        after: Annotated[int | None, Query(ge=0)] = None,
    ) -> StreamingResponse:
        """Everything as it happens: events from `Last-Event-ID` (or `after`) on, and vitals."""
        start = last_event_id if last_event_id is not None else after
        return StreamingResponse(
            _messages(ward, start),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


async def _messages(ward: Ward, after: int | None) -> AsyncIterator[str]:
    queue: asyncio.Queue[str | None] = asyncio.Queue(WAITING)
    ward.displays += 1
    tasks = [
        asyncio.create_task(_events(ward, after, queue)),
        asyncio.create_task(_vitals(ward, queue)),
        asyncio.create_task(_statuses(ward, queue)),
    ]
    try:
        yield _message("status", ward.status())
        while (message := await queue.get()) is not None:
            yield message
    finally:
        ward.displays -= 1
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _events(ward: Ward, after: int | None, queue: "asyncio.Queue[str | None]") -> None:
    with ward.feed.subscribe(after) as subscription:
        async for stored in subscription:
            await queue.put(_message(_kind(stored.event.type), stored.as_json(), stored.seq))
    await queue.put(None)


async def _vitals(ward: Ward, queue: "asyncio.Queue[str | None]") -> None:
    with ward.latest.follow() as follower:
        for shown in ward.latest.snapshot().values():
            await queue.put(_message("vitals", shown))
        async for changes in follower:
            for shown in changes.values():
                await queue.put(_message("vitals", shown))


async def _statuses(ward: Ward, queue: "asyncio.Queue[str | None]") -> None:
    while True:
        await ward.clock.sleep(STATUS_S * ward.clock.speed)
        await queue.put(_message("status", ward.status()))


def _kind(type_: str) -> str:
    family = type_.split(".", 1)[0]
    return family if family in ("alarm", "device") else "session"


def _message(event: str, data: Any, seq: int | None = None) -> str:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {event}\ndata: {body}\n\n"
