"""The journal of a bed that has none (a null object), until the bed is restored from one."""

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import replace
from uuid import uuid4

from alerts.alarm import State
from drivers.clock import Instant
from monitor.bed import Bed
from monitor.journal import Receipt
from monitor.session import Event, Stored


class NullJournal:
    """Takes a bed's events and stores none: its alarms are told as not stored."""

    def __init__(self) -> None:
        self._never: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()

    def append(
        self, events: Iterable[Event], *, receipt: Receipt | None
    ) -> asyncio.Future[list[Stored]]:
        """As a journal's; what it gives is never done, and cancelled at the end."""
        return self._never

    def end(self, bed: Bed, now: Instant, tell: Callable[[Event], None]) -> None:
        """Tell the ends of the alarms that `bed` told: the restored bed has its own.

        What was still to be told is told no more.
        """
        self._never.cancel()
        for alarm in bed.alarm_engine.open_alarms():
            over = replace(alarm, state=State.ENDED, ended_at=now.wall)
            payload = {"alarm": over.as_json(), "reason": "the journal is there again"}
            event = ("alarm.ended", alarm.id, now.wall, payload)
            tell(Event(uuid4().hex, bed.id, 0, alarm.session, *event))
