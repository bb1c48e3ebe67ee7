"""The queue to the database: group commit, retries, and the way back to the event loop.

One thread owns the ledger. It takes everything queued since its last commit into one
transaction and answers the loop once a batch: one hop there and one back, so an alarm
waits for the disk and not for a thread pool. Inline, the same work is done on the
calling thread, and answers are there when the call returns.

When the database fails, the batch is kept, in order, and tried again until it is stored:
events are never dropped. Samples that wait are limited to `MAX_SAMPLE_BYTES`; beyond it
the oldest are dropped and counted.
"""

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError

from drivers.backoff import Backoff
from drivers.clock import Clock, Instant
from monitor.journal.appender import Answers, Appender, AppendRequest, Batch
from monitor.journal.chunk_codec import Chunk
from monitor.journal.database import Address, StoreError, explained
from monitor.session import Stored

GATHER_S: Final = 1.0
"""How long samples and cursors may wait for an event's commit to ride along with."""

FIRST_RETRY_S: Final = 0.05
LAST_RETRY_S: Final = 5.0
CLOSE_S: Final = 10.0

STALLED_S: Final = 1.0
"""A commit that has not come back for so long, in real time, counts as failing, though no
error came."""

MAX_SAMPLE_BYTES: Final = 32 * 2**20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Append:
    entry: AppendRequest
    future: asyncio.Future[list[Stored]]
    since: Instant


@dataclass(frozen=True, slots=True)
class _Transaction:
    waiting: Sequence[_Append]
    batch: Batch


class CommitQueue:
    """Stores what is put into it, in order; `on_stored` hears of each commit, in the loop.

    `loop` is that of the latest append; until there was one, it may be told. `samples_dropped`
    counts entries.
    """

    def __init__(
        self,
        address: Address,
        ledger: Appender,
        clock: Clock,
        on_stored: Callable[[Sequence[Stored]], None],
        *,
        inline: bool,
    ) -> None:
        self.samples_dropped = 0
        self.loop: asyncio.AbstractEventLoop | None = None
        self._address = address
        self._appender = ledger
        self._clock = clock
        self._on_stored = on_stored
        self._wake = threading.Condition()
        self._queue: deque[_Append] = deque()
        self._chunks: deque[Chunk] = deque()
        self._chunk_bytes = 0
        self._cursors: dict[str, int] = {}
        self._transactions: deque[_Transaction] = deque()
        self._failed_at: Instant | None = None
        self._failure: str | None = None
        self._backoff = Backoff(FIRST_RETRY_S, LAST_RETRY_S)
        self._delay_s = FIRST_RETRY_S
        self._closing = False
        self._storing = False
        self._timer: asyncio.TimerHandle | None = None
        self._thread: threading.Thread | None = None
        if not inline:
            self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
            self._thread.start()

    @property
    def pending(self) -> int:
        """How many appends are not stored yet."""
        return len(self._queue) + sum(len(job.waiting) for job in tuple(self._transactions))

    @property
    def failing_since(self) -> Instant | None:
        """Since when nothing could be stored; None while all is well."""
        if self._failed_at is not None:
            return self._failed_at
        return self._stalled_since

    @property
    def failure(self) -> str | None:
        """The database's present complaint, in one line."""
        if self._failure is None and self._stalled_since is not None:
            return f"journal {self._address}: a commit does not come back; check its disk or server"
        return self._failure

    @property
    def _stalled_since(self) -> Instant | None:
        waiting = [w for job in tuple(self._transactions) for w in job.waiting]
        stalled_s = STALLED_S * max(1.0, self._clock.speed)
        if waiting and self._clock.now().mono - waiting[0].since.mono > stalled_s:
            return waiting[0].since
        return None

    @property
    def unstored_chunks(self) -> list[Chunk]:
        """The chunks that are not known to be stored yet."""
        with self._wake:
            in_hand = [chunk for job in self._transactions for chunk in job.batch.chunks]
            return [*in_hand, *self._chunks]

    def put(self, entry: AppendRequest) -> asyncio.Future[list[Stored]]:
        """Queue `entry`; the future holds its events as stored, once they are."""
        self.loop = asyncio.get_running_loop()
        future: asyncio.Future[list[Stored]] = self.loop.create_future()
        if self._closing:
            future.set_exception(StoreError(f"journal {self._address} is closed"))
            return future
        with self._wake:
            self._queue.append(_Append(entry, future, self._clock.now()))
            self._wake.notify()
        if self._thread is None:
            self._store_inline()
        return future

    def put_chunk(self, chunk: Chunk) -> None:
        """Queue `chunk`, dropping the oldest ones when too many wait."""
        with self._wake:
            self._delay()
            self._chunks.append(chunk)
            self._chunk_bytes += len(chunk.data)
            while self._chunk_bytes > MAX_SAMPLE_BYTES:
                oldest = self._chunks.popleft()
                self._chunk_bytes -= len(oldest.data)
                self.samples_dropped += oldest.count

    def put_cursor(self, name: str, seq: int) -> None:
        """Queue the new place of a cursor; only the latest is stored."""
        with self._wake:
            self._delay()
            self._cursors[name] = seq

    async def close(self) -> None:
        """Store what is queued and stop; what cannot be stored any more gets a `StoreError`."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is None:
            self._store_inline()
            self._appender.disconnect()
        else:
            loop = asyncio.get_running_loop()
            await loop.run_in_executor(None, self._thread.join, CLOSE_S)
        if self._timer is not None:
            self._timer.cancel()
        error = StoreError(self._failure or f"journal {self._address}: closed before it was stored")
        for waiting in [*(w for job in self._transactions for w in job.waiting), *self._queue]:
            _refuse(waiting.future, error)

    def _delay(self) -> None:
        if self._thread is None and self._timer is None and not (self._chunks or self._cursors):
            self._timer = self._clock.call_later(GATHER_S, self._store_inline)

    def _run(self) -> None:
        while self._wait():
            if self._attempt() if self._has_work() else self._check():
                continue
            with self._wake:
                if self._closing:
                    break
                self._wake.wait_for(lambda: self._closing, self._delay_s)
        self._appender.disconnect()

    def _wait(self) -> bool:
        """Wait for something to store, a second at most; False when there will be no more."""
        with self._wake:
            if not (self._transactions or self._queue or self._closing):
                self._wake.wait_for(lambda: self._queue or self._closing, GATHER_S)
            return self._has_work() or not self._closing

    def _has_work(self) -> bool:
        return bool(self._transactions or self._queue or self._chunks or self._cursors)

    def _check(self) -> bool:
        """Look whether what comes could be stored; False: not now."""
        try:
            self._appender.check()
        except Exception as error:
            self._note(error)
            return False
        self._note_success()
        return True

    def _store_inline(self) -> None:
        if self._storing:
            return
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._storing = True
        try:
            while self._has_work():
                if not self._attempt():
                    self._timer = self._clock.call_later(self._delay_s, self._store_inline)
                    break
        finally:
            self._storing = False

    def _attempt(self) -> bool:
        """Try to store what is in hand, or else all that is queued; False: try again later."""
        if not self._transactions:
            self._take()
        job = self._transactions[0]
        try:
            answers = self._appender.write(job.batch)
        except Exception as error:
            if isinstance(error, IntegrityError) and job.waiting:
                self._isolate_conflict(error)
                return True
            self._note(error)
            return False
        self._transactions.popleft()
        self._note_success()
        self._tell(self._answer, job.waiting, answers)
        return True

    def _take(self) -> None:
        with self._wake:
            waiting = list(self._queue)
            batch = Batch([w.entry for w in waiting], list(self._chunks), self._cursors)
            self._transactions.append(_Transaction(waiting, batch))
            self._queue.clear()
            self._chunks.clear()
            self._chunk_bytes = 0
            self._cursors = {}

    def _isolate_conflict(self, error: IntegrityError) -> None:
        """Find the entry that contradicts the journal: refuse it alone, keep the others."""
        job = self._transactions.popleft()
        rest = _Transaction((), replace(job.batch, entries=()))
        if rest.batch.chunks or rest.batch.cursors:
            self._transactions.appendleft(rest)
        if len(job.waiting) == 1:
            refusal = explained(self._address, error)
            log.error("journal.refused", reason=str(refusal))
            self._tell(_refuse, job.waiting[0].future, refusal)
            return
        self._transactions.extendleft(
            _Transaction((w,), Batch((w.entry,))) for w in reversed(job.waiting)
        )

    def _note_success(self) -> None:
        if self._failed_at is not None:
            log.info("journal.stores-again", since=self._failed_at.wall.isoformat())
        self._failed_at = self._failure = None
        self._backoff.reset()
        if self._appender.noted and (self._thread is None or self.loop is not None):
            noted, self._appender.noted = self._appender.noted, []
            self._tell(self._on_stored, noted)

    def _note(self, error: Exception) -> None:
        explanation = str(
            error if isinstance(error, StoreError) else explained(self._address, error)
        )
        if explanation != self._failure:
            log.error("journal.failing", reason=explanation, waiting=self.pending)
        self._failure = explanation
        if self._failed_at is None:
            self._failed_at = self._clock.now()
        self._delay_s = self._backoff.next_s()

    def _tell(self, call: Callable[..., None], *args: object) -> None:
        if self._thread is None:
            call(*args)
        elif self.loop is not None and not self.loop.is_closed():
            self.loop.call_soon_threadsafe(call, *args)

    def _answer(self, waiting: Sequence[_Append], answers: Answers) -> None:
        for asked, answer in zip(waiting, answers, strict=True):
            if not asked.future.done():
                asked.future.set_result(answer)
        if stored := [event for answer in answers for event in answer]:
            self._on_stored(stored)


def _refuse(future: asyncio.Future[list[Stored]], error: StoreError) -> None:
    if not future.done():
        future.set_exception(error)
