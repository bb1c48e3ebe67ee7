"""The live stream: server-sent events, resumable from the journal's `seq`.

Events are sent in order and without gaps from `Last-Event-ID` on; vitals are latest-wins,
so that a slow client gets fewer of them and never old ones. What a client is too slow for
waits in the journal, not in memory. Waves are sent of the beds that a client asks for, and of
what it is too slow for only the newest.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial
from typing import Annotated, Any, Final

import structlog
from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.responses import StreamingResponse
from fastapi.sse import EventSourceResponse, format_sse_event

from api.authorization import is_permitted
from api.parameters import MAX_SEQ
from monitor.session import Event, Stored
from monitor.ward import Ward, WaveformSubscription

STATUS_PERIOD_S: Final = 5.0
"""How often the status is sent, in real seconds: it is the heartbeat too."""

WAVEFORM_PERIOD_S: Final = 0.2
"""How often the waves of a bed are sent at most, in real seconds."""

MOST_WAVEFORMS: Final = 8
"""Of how many beds one client may ask for the waves."""

QUEUE_SIZE: Final = 32
"""How many messages wait for a slow client; each is rendered when its turn comes."""

MAX_DIGITS: Final = len(str(MAX_SEQ))
"""A longer number is past every event too."""

TYPES: Final = ["alarm", "session", "device", "vitals", "waveform", "status"]

EVENT_SCHEMA: Final = {
    "type": "object",
    "required": ["event", "data"],
    "properties": {
        "event": {"type": "string", "enum": TYPES},
        "data": {"type": "string", "contentMediaType": "application/json"},
        "id": {"type": "string", "pattern": r"^\d+$"},
    },
}
"""One message of the stream."""

_log = structlog.get_logger(__name__)

Message = Callable[[], bytes]
"""Renders a message when it is its turn to be sent."""

NextMessage = Callable[[], Awaitable[Message | None]]
"""Waits for the next message; None when a source has ended, and the stream with it."""


def router(ward: Ward) -> APIRouter:
    """The stream of `ward`."""
    routes = APIRouter(prefix="/stream", tags=["stream"])

    async def subscribe(
        last_event_id: Annotated[
            str | None,
            Header(
                alias="Last-Event-ID",
                description="The `id` of the last event received; browsers send it themselves.",
                examples=["1041"],
            ),
        ] = None,
        after: Annotated[
            int | None,
            Query(
                ge=0,
                le=MAX_SEQ,
                description="The `seq` to start after, when there is no `Last-Event-ID`.",
                examples=[1041],
            ),
        ] = None,
        waveform: Annotated[
            list[str],
            Query(
                max_length=MOST_WAVEFORMS,
                description="A bed of which to send the waves too; several may be given.",
                examples=[["bed-1"]],
            ),
        ] = [],  # noqa: B006
        name: Annotated[
            str | None,
            Query(
                max_length=64,
                description="What [displays](#/displays) that hear this stream call it.",
                examples=["5e0c3b1a9f7d4e62"],
            ),
        ] = None,
    ) -> AsyncIterator[NextMessage]:
        received = (last_event_id or "")[:MAX_DIGITS]
        start = int(received) if received.isdecimal() else after
        start = None if start is None else min(start, ward.feed.last_seq)
        with _heard(ward, name):
            async with _subscribed(ward, start, frozenset(waveform)) as next_message:
                yield next_message

    @routes.get(
        "",
        response_class=StreamingResponse,
        responses={
            200: {
                "description": "`event: alarm | session | device` with `id` and a journal event; "
                "`event: vitals` with the latest vitals of a bed; `event: waveform` with the "
                "samples of a bed that was asked for; `event: status` every 5 s.",
                "content": {"text/event-stream": {"itemSchema": EVENT_SCHEMA}},
            }
        },
    )
    async def open_stream(
        request: Request, next_message: Annotated[NextMessage, Depends(subscribe)]
    ) -> EventSourceResponse:
        """Everything as it happens: events from `Last-Event-ID` (or `after`) on, and vitals.

        It ends when whoever opened it may not have it any more.
        """
        return EventSourceResponse(
            _messages(ward, next_message, partial(is_permitted, request)),
            headers={"Cache-Control": "no-store", "X-Accel-Buffering": "no"},
        )

    return routes


async def _messages(
    ward: Ward, next_message: NextMessage, is_permitted: Callable[[], bool]
) -> AsyncIterator[bytes]:
    yield _message("status", ward.status())
    while (message := await next_message()) is not None and is_permitted():
        yield message()


@contextmanager
def _heard(ward: Ward, name: str | None) -> Iterator[None]:
    """The displays that hear a stream of that name are there while it is open."""
    if name is None:
        yield
        return
    ward.displays.stream_opened(name)
    try:
        yield
    finally:
        ward.displays.stream_closed(name)


@asynccontextmanager
async def _subscribed(
    ward: Ward, after: int | None, waveforms: frozenset[str] = frozenset()
) -> AsyncIterator[NextMessage]:
    """A client's messages, until a source ends: a client that comes back misses nothing."""
    queue: asyncio.Queue[Message] = asyncio.Queue(QUEUE_SIZE)

    def unstored(event: Event) -> None:
        alarm = event.as_json() | {"seq": None, "durable": False}
        with suppress(asyncio.QueueFull):
            queue.put_nowait(lambda: _message("alarm", alarm))

    ward.stream_clients += 1
    ward.unstored_listeners.append(unstored)
    sources = [
        asyncio.create_task(source)
        for source in (
            _events(ward, after, queue),
            _vitals(ward, queue),
            _statuses(ward, queue),
            *(_waveforms(ward, bed, queue) for bed in waveforms),
        )
    ]
    try:
        yield partial(_next, queue, sources)
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


def _stored(stored: Stored) -> bytes:
    return _message(_family(stored.event.type), stored.as_json(), stored.seq)


async def _vitals(ward: Ward, queue: asyncio.Queue[Message]) -> None:
    with ward.latest_vitals.follow() as follower:
        beds: Iterable[str] = ward.latest_vitals.snapshot()
        while True:
            for bed in beds:
                await queue.put(partial(_latest_vitals, ward, bed))
            beds = await anext(follower)


def _latest_vitals(ward: Ward, bed: str) -> bytes:
    return _message("vitals", ward.latest_vitals.get(bed))


async def _waveforms(ward: Ward, bed: str, queue: asyncio.Queue[Message]) -> None:
    with ward.waveforms.follow(bed) as follower:
        while True:
            await follower.wait()
            sent = asyncio.Event()
            await queue.put(partial(_samples, follower, sent))
            await sent.wait()
            await ward.clock.sleep(WAVEFORM_PERIOD_S * ward.clock.speed)


def _samples(follower: WaveformSubscription, sent: asyncio.Event) -> bytes:
    sent.set()
    return _message("waveform", follower.read())


async def _statuses(ward: Ward, queue: asyncio.Queue[Message]) -> None:
    while True:
        await ward.clock.sleep(STATUS_PERIOD_S * ward.clock.speed)
        await queue.put(lambda: _message("status", ward.status()))


def _family(type_: str) -> str:
    family = type_.split(".", 1)[0]
    return family if family in ("alarm", "device") else "session"


def _message(event: str, data: Any, seq: int | None = None) -> bytes:
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    return format_sse_event(data_str=text, event=event, id=None if seq is None else str(seq))
