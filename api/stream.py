"""The live stream: server-sent events, resumable from the journal's `seq`.

Events are sent in order and without gaps from `Last-Event-ID` on; vitals are latest-wins,
so that a slow reader gets fewer of them and never old ones. A reader that is too slow
waits in the journal, not in memory.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Header, Query
from fastapi.responses import StreamingResponse

from monitor.session import Event, Stored
from monitor.ward import Ward

STATUS_S: Final = 5.0
"""How often the status is sent, in real seconds: it is the heartbeat too."""

WAITING: Final = 32
"""How many messages wait for a slow reader; each is rendered when its turn comes."""

_log = structlog.get_logger(__name__)


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
        last_event_id: Annotated[str | None, Header(alias="Last-Event-ID")] = None,
        after: Annotated[int | None, Query(ge=0, le=2**63 - 1)] = None,
    ) -> StreamingResponse:
        """Everything as it happens: events from `Last-Event-ID` (or `after`) on, and vitals."""
        start = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
        return StreamingResponse(
            _messages(ward, None if start is None else min(start, ward.feed.last_seq)),
            media_type="text/event-stream",
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


Message = Callable[[], str]
"""Renders a message when it is its turn to be sent."""


async def _messages(ward: Ward, after: int | None) -> AsyncIterator[str]:
    """What to send, until a source ends: a reader that comes back misses nothing."""
    queue: asyncio.Queue[Message] = asyncio.Queue(WAITING)

    def unstored(event: Event) -> None:
        alarm = event.as_json() | {"seq": None, "durable": False}
        with suppress(asyncio.QueueFull):
            queue.put_nowait(lambda: _message("alarm", alarm))

    ward.stream_clients += 1
    ward.unstored_listeners.append(unstored)
    sources = [
        asyncio.create_task(source)
        for source in (_events(ward, after, queue), _vitals(ward, queue), _statuses(ward, queue))
    ]
    try:
        yield _message("status", ward.status())
        while (message := await _next(queue, sources)) is not None:
            yield message()
    finally:
        ward.stream_clients -= 1
        ward.unstored_listeners.remove(unstored)
        for source in sources:
            source.cancel()
        for ended in await asyncio.gather(*sources, return_exceptions=True):
            if isinstance(ended, Exception):
                _log.warning("stream.ended", reason=str(ended))


async def _next(queue: asyncio.Queue[Message], sources: list[asyncio.Task[None]]) -> Message | None:
    if not queue.empty():
        return queue.get_nowait()
    waiting = asyncio.ensure_future(queue.get())
    try:
        await asyncio.wait({waiting, *sources}, return_when=asyncio.FIRST_COMPLETED)
        return waiting.result() if waiting.done() else None
    finally:
        waiting.cancel()


async def _events(ward: Ward, after: int | None, queue: asyncio.Queue[Message]) -> None:
    with ward.feed.subscribe(after) as subscription:
        async for stored in subscription:
            await queue.put(partial(_stored, stored))


def _stored(stored: Stored) -> str:
    return _message(_kind(stored.event.type), stored.as_json(), stored.seq)


async def _vitals(ward: Ward, queue: asyncio.Queue[Message]) -> None:
    with ward.latest_vitals.follow() as follower:
        beds: Iterable[str] = ward.latest_vitals.snapshot()
        while True:
            for bed in beds:
                await queue.put(partial(_newest, ward, bed))
            beds = await anext(follower)


def _newest(ward: Ward, bed: str) -> str:
    return _message("vitals", ward.latest_vitals.get(bed))


async def _statuses(ward: Ward, queue: asyncio.Queue[Message]) -> None:
    while True:
        await ward.clock.sleep(STATUS_S * ward.clock.speed)
        await queue.put(lambda: _message("status", ward.status()))


def _kind(type_: str) -> str:
    family = type_.split(".", 1)[0]
    return family if family in ("alarm", "device") else "session"


def _message(event: str, data: Any, seq: int | None = None) -> str:
    body = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    head = "" if seq is None else f"id: {seq}\n"
    return f"{head}event: {event}\ndata: {body}\n\n"
