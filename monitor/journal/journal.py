"""The journal as the daemon sees it: appending, samples, cursors, and all that can be read."""

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Concatenate, Final, Self

import sqlalchemy as sa
import structlog

from drivers.clock import Clock, Instant
from monitor.journal import queries
from monitor.journal.appender import Appender, AppendRequest
from monitor.journal.chunk_codec import Chunk
from monitor.journal.commit_queue import CommitQueue
from monitor.journal.database import (
    Address,
    StoreError,
    UnavailableError,
    create_file,
    engine_for,
    explained,
    lock_file,
    parse_store_url,
    refuse_other_revisions,
    revision,
)
from monitor.journal.hash_chain import canonical
from monitor.journal.no_store import NoStore
from monitor.journal.queries import Receipt
from monitor.journal.reader import JournalReader, P, R
from monitor.journal.sample_buffer import SampleBuffer
from monitor.session import Event, Stored

LONGEST_LOG: Final = 64 * 2**20
"""A write-ahead log of more bytes cannot be written back: it is eight times what SQLite leaves
of one, and sixteen times as long as the one that it writes back by itself [default]."""

LONGEST_READ_S: Final = 120.0
"""A read that takes longer is ended: while it lasts the write-ahead log only grows [default]."""

LOOK_EACH: Final = 10_000
"""How many steps of SQLite's machine are done between two looks at the clock."""

Listener = Callable[[Sequence[Stored]], None]

_log = structlog.get_logger(__name__)


class Journal(JournalReader):
    """The append-only log of everything that was decided, and the samples beside it.

    One process writes a journal, from one event loop. `last_seq` is the newest event that
    the loop knows to be stored. `opened` is set once there is a database; until then nothing
    can be read or appended, and `failure` says why.
    """

    def __init__(self, address: Address, clock: Clock, *, inline: bool) -> None:
        super().__init__(address, inline=inline)
        self.opened = asyncio.Event()
        self.last_seq = 0
        self._clock = clock
        self._inline = inline
        self._listeners: list[Listener] = []
        self._lock: int | None = None
        self._engine = engine_for(address, writing=True)
        self._cursors: dict[str, int] = {}
        self._commit_queue: CommitQueue | NoStore = NoStore(clock.now(), "it is not open yet")
        self._sample_buffer = SampleBuffer(self._put_chunk)

    @classmethod
    def open(cls, url: str, *, clock: Clock | None = None, inline: bool = False) -> Self:
        """Open the journal at `url`; a new one is created.

        `inline` does all work on the calling thread, so that virtual time is exact. Blocks
        while it opens. Raises `StoreError`: unreachable, not writable, of another schema, or
        written by another process.
        """
        journal = cls(parse_store_url(url), clock or Clock(), inline=inline)
        try:
            journal._begin(*journal._ready())
        except BaseException:
            journal.release()
            raise
        return journal

    @classmethod
    def open_read_only(cls, url: str, *, clock: Clock) -> Self:
        """Open the journal at `url` that cannot be written now: it is failing until it can.

        Blocks. Raises `StoreError` when it cannot be read either.
        """
        journal = cls(parse_store_url(url), clock, inline=False)
        try:
            found = JournalReader.query_sync(journal, revision)
            if found is None:
                raise UnavailableError(f"journal {journal._address} is empty")
            refuse_other_revisions(journal._address, found)
            journal._begin(journal._appender(), JournalReader.query_sync(journal, queries.cursors))
        except BaseException:
            journal.release()
            raise
        return journal

    @classmethod
    def absent(cls, url: str, why: UnavailableError, *, clock: Clock) -> Self:
        """The journal at `url` while it is not there; `try_again` opens it."""
        journal = cls(parse_store_url(url), clock, inline=False)
        journal._say(why)
        return journal

    async def try_again(self) -> bool:
        """Open an absent journal, if that can be done now."""
        try:
            found = await asyncio.to_thread(self._ready)
        except StoreError as error:
            self._say(error)
            return False
        self._begin(*found)
        return True

    def _put_chunk(self, chunk: Chunk) -> None:
        self._commit_queue.put_chunk(chunk)

    def _say(self, why: StoreError) -> None:
        assert isinstance(self._commit_queue, NoStore)
        failure = f"{why}. Nothing is stored, and no session is known, until it is there"
        if failure != self._commit_queue.failure:
            _log.error("journal.absent", reason=str(why))
        self._commit_queue.failure = failure

    def _begin(self, ledger: Appender, cursors: dict[str, int]) -> None:
        """Work with the database from now on."""
        ledger.noted.clear()
        self._cursors = cursors
        self.last_seq = ledger.head.seq
        loop = self._commit_queue.loop
        self._commit_queue = CommitQueue(
            self._address, ledger, self._clock, self._stored, inline=self._inline
        )
        self._commit_queue.loop = loop
        self.opened.set()

    def _ready(self) -> tuple[Appender, dict[str, int]]:
        try:
            return self._prepared(self._address)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            self._unlock()
            raise explained(self._address, error) from error
        except BaseException:
            self._unlock()
            raise

    def _prepared(self, address: Address) -> tuple[Appender, dict[str, int]]:
        self._claim()
        found = super().query_sync(revision)
        if found is None:
            from monitor.journal.migrate import upgrade_engine

            upgrade_engine(address, self._engine)
        else:
            refuse_other_revisions(address, found)
        ledger = self._appender()
        ledger.connect()
        return ledger, super().query_sync(queries.cursors)

    def _appender(self) -> Appender:
        head = super().query_sync(queries.head)
        return Appender(self._address, self._engine, self._clock, self._claim, head)

    def _claim(self) -> None:
        """Become the one writer of a file, if it is one; reading begins anew then."""
        path = self._address.path
        if path is not None and self._lock is None:
            create_file(path)
            self._lock = lock_file(path)
            self._reading.dispose()

    async def close(self) -> None:
        """Store what is queued, then let go of the database."""
        self._sample_buffer.flush()
        await self._commit_queue.close()
        self.release()

    def release(self) -> None:
        """Let go of every connection and of the writer's lock."""
        super().release()
        self._engine.dispose()
        self._unlock()

    def _unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def append(
        self, events: Iterable[Event], *, receipt: Receipt | None = None
    ) -> asyncio.Future[list[Stored]]:
        """Store `events`, and `receipt` with them, in one transaction; never blocks.

        They may be of several beds: all of them are stored, or none.
        The future is done once they are durable, however long that takes; cancelling it
        does not take the events back. It holds `StoreError` only when the events contradict
        the journal (an `id`, a bed's `n` or a receipt's key is there already), or the
        journal is closed first. Raises `TypeError` or `ValueError` at once when a payload
        is not plain JSON data.
        """
        entry = AppendRequest(tuple((event, canonical(event.payload)) for event in events), receipt)
        return self._commit_queue.put(entry)

    def listen(self, listener: Listener) -> None:
        """Have `listener` called in this loop with the events of each commit, in order."""
        self._listeners.append(listener)
        self._commit_queue.loop = asyncio.get_running_loop()

    def _stored(self, events: Sequence[Stored]) -> None:
        self.last_seq = events[-1].seq
        for listener in self._listeners:
            listener(events)

    @property
    def failing_since(self) -> Instant | None:
        """Since when nothing could be stored; None while all is well."""
        return self._commit_queue.failing_since

    @property
    def failure(self) -> str | None:
        """The database's present complaint, in one line, with how to mend it."""
        return self._commit_queue.failure

    @property
    def pending(self) -> int:
        """How many appends are not stored yet."""
        return self._commit_queue.pending

    @property
    def samples_dropped(self) -> int:
        """How many samples were dropped because the database failed for too long."""
        return self._commit_queue.samples_dropped

    @property
    def log_bytes(self) -> int:
        """How long the write-ahead log is; 0 of a server's journal, or where there is none."""
        try:
            return 0 if self._address.path is None else os.stat(f"{self._address.path}-wal").st_size
        except OSError:
            return 0

    @property
    def held_up(self) -> str | None:
        """Why the write-ahead log grows beyond `LONGEST_LOG`; None while it does not."""
        if self.log_bytes <= LONGEST_LOG:
            return None
        log = f"{self._address.path}-wal"
        return f"{log} cannot be written back and grows: end the program that keeps reading it"

    def cursor(self, name: str) -> int:
        """The last event that the reader `name` is done with; 0 for a new one."""
        return self._cursors.get(name, 0)

    def save_cursor(self, name: str, seq: int) -> None:
        """Remember that the reader `name` is done with everything up to `seq`.

        Stored with the next commit, within a second: after a crash a reader may see a few
        events again, never miss one.
        """
        if self._cursors.get(name) != seq:
            self._cursors[name] = seq
            self._commit_queue.put_cursor(name, seq)

    def open_recording(self, bed: str, at: Instant, data: Mapping[str, Any]) -> None:
        """Begin the recording of what a bed's core is given: a new core starts at `at`.

        `data` says, as plain JSON data, what it starts with.
        """
        self._sample_buffer.open(bed, at, data)

    def end_recording(self, bed: str) -> None:
        """What is added from now on was not given to any core."""
        self._sample_buffer.close(bed)

    def add_input(self, bed: str, session: str | None, at: Instant, text: str) -> None:
        """Keep what the core was given, as JSON text; cheap, stored within about ten seconds."""
        self._sample_buffer.add_input(bed, session, at, text)

    def add_wave(
        self,
        bed: str,
        session: str | None,
        device: str,
        name: str,
        at: datetime,
        rate_hz: float,
        samples: Sequence[int],
    ) -> None:
        """Keep wave samples, oldest first, that arrived at `at`."""
        if samples:
            self._sample_buffer.add_wave(bed, session, device, name, at, rate_hz, samples)

    def flush_idle(self, now: datetime) -> None:
        """Queue samples gathered for long, for devices that fell silent; call it now and then."""
        self._sample_buffer.flush_idle(now)

    def flush_samples(self) -> None:
        """Queue all samples that are still gathered."""
        self._sample_buffer.flush()

    def query_sync(
        self,
        question: Callable[Concatenate[sa.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """As a reader does, where there is a database."""
        if isinstance(self._commit_queue, NoStore):
            raise StoreError(self._commit_queue.failure)
        return super().query_sync(question, *args, **kwargs)

    @contextmanager
    def _bounded(self, connection: sa.Connection) -> Iterator[None]:
        """End what is asked of a file after `LONGEST_READ_S`, in real time."""
        reading: Any = connection.connection.dbapi_connection
        if self._address.path is None:
            yield
            return
        until = self._clock.now().mono + LONGEST_READ_S * max(1.0, self._clock.speed)
        reading.set_progress_handler(lambda: self._clock.now().mono > until, LOOK_EACH)
        try:
            yield
        finally:
            reading.set_progress_handler(None, 0)

    async def _chunks(self, kind: str, span: queries.Span) -> list[Chunk]:
        fresh = [*self._commit_queue.unstored_chunks, *self._sample_buffer.gathered(kind)]
        stored = await super()._chunks(kind, span)
        found = {(c.bed, c.device, c.start_ms, c.count): c for c in stored}
        found |= {
            (c.bed, c.device, c.start_ms, c.count): c
            for c in fresh
            if c.kind == kind and span.holds(c)
        }
        return sorted(found.values(), key=lambda chunk: chunk.start_ms)
