"""Publishes every stored event, in order, at least once: the log of what happened at the beds.

A durable cursor moves only past what the broker acknowledged. After an outage it goes on
where it stopped, and what was under way comes again with the same `seq` and `id`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from drivers.clock import Clock
from monitor.journal import EventFeed, Journal, StoreError
from monitor.mqtt.sender import Sender
from monitor.session import Stored

LOG_CURSOR: Final = "mqtt"

WINDOW: Final = 10
"""How many events of the log may be unacknowledged; leaves room for states to overtake."""

STORE_RETRY_S: Final = 5.0

log = structlog.get_logger(__name__)


class EventPublisher:
    """Publishes the journal's events, once there is a journal.

    `stamp` goes with each event. `after_event` is awaited with an event that the broker has,
    before it counts as acknowledged.
    """

    def __init__(
        self,
        sender: Sender,
        *,
        journal: Journal,
        feed: EventFeed,
        clock: Clock,
        stamp: Mapping[str, Any],
        after_event: Callable[[Stored], Awaitable[None]],
    ) -> None:
        self._sender = sender
        self._journal = journal
        self._feed = feed
        self._clock = clock
        self._stamp = dict(stamp)
        self._after_event = after_event

    @property
    def acknowledged(self) -> int:
        """The `seq` up to which the broker has all."""
        return self._journal.cursor(LOG_CURSOR)

    @property
    def queue_depth(self) -> int:
        """How many stored events the broker has not acknowledged."""
        return self._journal.last_seq - self.acknowledged

    async def publish_events(self) -> None:
        """Publish what is not acknowledged, and what comes, for as long as the connection holds."""
        window = asyncio.Semaphore(WINDOW)
        under_way: dict[int, bool] = {}

        async def send(stored: Stored) -> None:
            topic = f"{stored.event.bed}/event"
            await self._sender.publish(topic, stored.as_json() | self._stamp)
            await self._after_event(stored)
            under_way[stored.seq] = True
            self._advance(under_way)
            window.release()

        await self._journal.opened.wait()
        with self._feed.subscribe(self.acknowledged) as events:

            async def follow() -> None:
                async for stored in events:
                    await window.acquire()
                    under_way[stored.seq] = False
                    self._sender.post(send(stored))

            await retry_on_store_error(self._clock, follow)

    def _advance(self, under_way: dict[int, bool]) -> None:
        """Move the cursor past what the broker has, up to the first event that it does not."""
        for seq in list(under_way):
            if not under_way[seq]:
                break
            del under_way[seq]
            self._journal.save_cursor(LOG_CURSOR, seq)


async def retry_on_store_error(clock: Clock, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work`, and again after a while when the journal cannot be read: alarms go on."""
    while True:
        try:
            return await work()
        except StoreError as error:
            log.warning("mqtt.cannot-read-journal", reason=str(error))
            await clock.sleep(STORE_RETRY_S)
