"""Brings a bed back whose core failed: a fault is counted and logged, and the bed is rebuilt.

How a bed is rebuilt is the matter of `monitor.ward.bed_runner`; when, and until when, is here.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from drivers.clock import Clock

REBUILD_PAUSE_S: Final = 1.0
"""How long a bed whose core failed rests before it is rebuilt."""

MOST_IN_A_ROW: Final = 5
CALM_S: Final = 60.0
"""After so long without a fault the next one is the first of its row."""

_log = structlog.get_logger(__name__)


class FaultRecovery:
    """Has one bed rebuilt after each fault, and again until that succeeds.

    `rebuild` gives the bed a new core, or raises. `resume` is then called, to give the core
    what it has to know at once, and returns the number of the bed's last event; a fault in
    it is one more.

    `faults` counts the failures of the bed's core; `failing` holds the last one until the bed
    is rebuilt. `is_hopeless` says that so many came one soon after another that what the bed is
    rebuilt from has to be at fault.
    """

    def __init__(
        self,
        bed: str,
        clock: Clock,
        rebuild: Callable[[], Awaitable[None]],
        resume: Callable[[], int],
    ) -> None:
        self.faults = 0
        self.failing: str | None = None
        self.closed = False
        self.is_hopeless = False
        self._in_a_row = 0
        self._failed_s = float("-inf")
        self._bed = bed
        self._clock = clock
        self._rebuild = rebuild
        self._resume = resume
        self._rebuilding: asyncio.Task[None] | None = None

    def failed(self, error: BaseException) -> None:
        """The bed's core failed: its state can be trusted no more."""
        self.faults += 1
        if self.failing is None:
            self._count()
        self.failing = f"{type(error).__name__}: {error}"
        _log.error("bed.failed", bed=self._bed, faults=self.faults, exc_info=error)
        if not self.closed and (self._rebuilding is None or self._rebuilding.done()):
            self._rebuilding = asyncio.get_running_loop().create_task(self._recover())

    def _count(self) -> None:
        now_s = self._clock.now().mono
        self._in_a_row = self._in_a_row + 1 if now_s - self._failed_s <= CALM_S else 1
        self._failed_s = now_s
        self.is_hopeless |= self._in_a_row > MOST_IN_A_ROW

    def close(self) -> None:
        """Rebuild nothing any more."""
        self.closed = True
        if self._rebuilding is not None:
            self._rebuilding.cancel()

    async def _recover(self) -> None:
        n = 0
        while self.failing is not None:
            await self._clock.sleep(REBUILD_PAUSE_S)
            try:
                await self._rebuild()
            except Exception as error:
                self.failing = f"{type(error).__name__}: {error}"
                _log.exception("bed.not-rebuilt", bed=self._bed)
                continue
            self.failing = None
            n = self._resume()
        _log.warning("bed.rebuilt", bed=self._bed, n=n)
