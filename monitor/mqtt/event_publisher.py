"""Publishes every stored event, in order, at least once: the log of what happened at the beds.

A durable cursor moves only past what the broker acknowledged. After an outage it goes on
where it stopped, and what was under way comes again with the same `seq` and `id`. What the
broker refuses is tried again in time, in order at each bed, while other beds' events go on.
An event that is longer than the broker takes goes without its payload, and says so.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from typing import Any, Final

import structlog

from drivers.clock import Clock
from monitor.journal import EventFeed, Journal, StoreError
from monitor.mqtt.client import RefusedError
from monitor.mqtt.log_progress import LogProgress
from monitor.mqtt.sender import Sender
from monitor.session import Stored

LOG_CURSOR: Final = "mqtt"
BED_CURSOR: Final = "mqtt.bed."
"""Before a bed's id: how far its events are, while another bed's hold the log's cursor back."""

WINDOW: Final = 10
"""How many events of the log may be unacknowledged; leaves room for states to overtake."""

RETRY_REFUSED_S: Final = 30.0
"""How often what the broker refuses is tried again."""

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
        """How many stored events come after the last up to which the broker has all."""
        return self._journal.last_seq - self.acknowledged

    async def publish_events(self) -> None:
        """Publish what is not acknowledged, and what comes, for as long as the connection holds."""
        await self._journal.opened.wait()
        progress = LogProgress(
            self.acknowledged, lambda bed: self._journal.cursor(f"{BED_CURSOR}{bed}")
        )
        while await self._follow_log(progress):
            pass

    async def _follow_log(self, progress: LogProgress) -> bool:
        """Publish the log; True once it has to be read again, since something is taken again."""
        window = asyncio.Semaphore(WINDOW)
        taken_again: list[Stored] = []

        async def send(stored: Stored) -> None:
            settle = progress.took if await self._is_taken(stored) else progress.refuse
            settle(stored)
            self._save(progress)
            window.release()

        with self._feed.subscribe(progress.acknowledged) as events:

            async def follow() -> None:
                async for stored in events:
                    await window.acquire()
                    if progress.begin(stored):
                        self._sender.post(send(stored))
                        continue
                    window.release()
                    if not progress.refused:
                        self._save(progress)

            async def retry() -> None:
                while not taken_again:
                    await self._clock.sleep(RETRY_REFUSED_S)
                    refused = list(progress.refused.values())
                    taken_again.extend([each for each in refused if await self._is_taken(each)])
                events.close()

            self._sender.post(retry())
            await retry_on_store_error(self._clock, follow)
        for _ in range(WINDOW):
            await window.acquire()
        progress.took_again(taken_again)
        return bool(taken_again)

    async def _is_taken(self, stored: Stored) -> bool:
        topic, event = f"{stored.event.bed}/event", stored.as_json() | self._stamp
        if not self._sender.fits(topic, event):
            event |= {"payload": None, "too_large": True}
        try:
            await self._sender.publish(topic, event)
        except RefusedError:
            return False
        await self._after_event(stored)
        return True

    def _save(self, progress: LogProgress) -> None:
        """Move the durable cursor past what was taken, and that of each bed which is further."""
        self._journal.save_cursor(LOG_CURSOR, progress.acknowledged)
        if progress.refused:
            for bed, seq in progress.taken.items():
                self._journal.save_cursor(f"{BED_CURSOR}{bed}", seq)


async def retry_on_store_error(clock: Clock, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do `work`, and again after a while when the journal cannot be read: alarms go on."""
    while True:
        try:
            return await work()
        except StoreError as error:
            log.warning("mqtt.cannot-read-journal", reason=str(error))
            await clock.sleep(STORE_RETRY_S)
