"""What the broker retains of alarms from before this run, held against the journal.

An alarm that was published before it was stored, and whose daemon was then killed, is in no
journal: nothing would ever end it. It is looked for with each connection.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

import structlog

from alerts.alarm import ALARM_ENDINGS, ALARM_OPENINGS
from monitor.journal import Journal
from monitor.mqtt.state_publisher import StatePublisher

FILTER: Final = "+/alarm/+"
MOST_CHANGES: Final = 100_000
"""More than one alarm opens and ends."""

log = structlog.get_logger(__name__)


class RetainedAlarms:
    """Settles the alarms that the broker retains and that are not open now."""

    def __init__(
        self,
        journal: Journal,
        states: StatePublisher,
        open_alarms: Callable[[], Iterable[Mapping[str, Any]]],
    ) -> None:
        self._journal = journal
        self._states = states
        self._open_alarms = open_alarms
        self._found: asyncio.Queue[str] = asyncio.Queue()

    def found(self, topic: str) -> None:
        """The broker retains something under `topic`, below the site's."""
        self._found.put_nowait(topic)

    async def settle(self) -> None:
        """Clear, or end, what was found and is not so. Raises `StoreError` or `MqttError`."""
        await self._journal.opened.wait()
        while True:
            topic = await self._found.get()
            try:
                await self._settle(topic)
            except BaseException:
                self._found.put_nowait(topic)
                raise

    async def _settle(self, topic: str) -> None:
        bed, _, alarm_id = topic.split("/")
        changes = ALARM_OPENINGS | ALARM_ENDINGS
        stored = await self._journal.events(
            0, MOST_CHANGES, bed=bed, types=changes, subject=alarm_id
        )
        if any((a["bed"], a["id"]) == (bed, alarm_id) for a in self._open_alarms()):
            return
        if stored and stored[-1].event.type in ALARM_ENDINGS:
            await self._states.publish_end(stored[-1])
        elif not stored and not self._states.is_unstored(alarm_id):
            log.info("mqtt.alarm-unknown", topic=topic)
            await self._states.clear(topic)
