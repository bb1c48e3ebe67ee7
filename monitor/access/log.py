"""Who signed in, looked at a patient's record, or did something: written down beside the journal.

What was done is in the journal's events too, under the name of who did it; here is also who only
looked, and who was refused. It is written within a second or two, and never waited for.
"""

import asyncio
from collections import OrderedDict, deque
from datetime import datetime, timedelta
from typing import Final

import structlog

from drivers.clock import Clock
from monitor.access.directory import Entry, What
from monitor.access.store import AccessStore
from monitor.journal import StoreError

GATHER_S: Final = 1.0
AGAIN_S: Final = 10.0
MOST: Final = 5000
"""So many entries wait for a database that does not answer; then the oldest are dropped."""

LOOK_LASTS: Final = timedelta(hours=1)
"""Who looks at one record again and again within this has looked once."""

_log = structlog.get_logger(__name__)


class AccessLog:
    """Writes down what it is told, in order; from one event loop."""

    def __init__(self, store: AccessStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._waiting: deque[Entry] = deque(maxlen=MOST)
        self._looked: OrderedDict[tuple[str, str], datetime] = OrderedDict()
        self._writing: asyncio.Task[None] | None = None

    def note(self, who: str, what: What, about: str, address: str) -> None:
        """Write down that `who` did that, at a machine with that address."""
        now = self._clock.now().wall
        if what is What.LOOKED and not self._is_new(who, about, now):
            return
        self._waiting.append(Entry(now, who, what, about, address))
        if self._writing is None or self._writing.done():
            self._writing = asyncio.create_task(self._write_on(), name="access-log")

    def _is_new(self, who: str, about: str, now: datetime) -> bool:
        last = self._looked.get((who, about))
        if last is not None and timedelta(0) <= now - last < LOOK_LASTS:
            return False
        self._looked[who, about] = now
        self._looked.move_to_end((who, about))
        while len(self._looked) > MOST:
            self._looked.popitem(last=False)
        return True

    async def _write_on(self) -> None:
        wait_s = GATHER_S
        while self._waiting:
            await self._clock.sleep(wait_s)
            wait_s = GATHER_S if await self._write() else AGAIN_S

    async def _write(self) -> bool:
        """Whether what waits could be written."""
        entries = list(self._waiting)
        try:
            await asyncio.to_thread(self._store.keep_entries, entries)
        except StoreError as error:
            _log.warning("access.not-logged", waiting=len(entries), reason=str(error))
            return False
        for entry in entries:
            if self._waiting and self._waiting[0] is entry:
                self._waiting.popleft()
        return True

    async def close(self) -> None:
        """Write what waits, if that can be done now."""
        if self._writing is not None:
            self._writing.cancel()
            await asyncio.wait({self._writing})
        if self._waiting:
            await self._write()
