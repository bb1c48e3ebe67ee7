"""The writing connection: one transaction a batch, and where the chain goes on.

Used by one thread at a time. It knows nothing of threads, queues or retries; a failed
`write` leaves the database as it was, or, when the answer to a commit was lost, finds
out on the next `connect` which of the two it is.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Final
from uuid import uuid4

import sqlalchemy as sa
import structlog

from drivers.clock import Clock, rfc3339
from monitor.journal import queries
from monitor.journal.chunk_codec import Chunk
from monitor.journal.database import Address, StoreError, check_server
from monitor.journal.hash_chain import (
    EVENTS_LOST,
    JOURNAL_STREAM,
    ChainHead,
    canonical,
    link,
    open_after,
)
from monitor.journal.queries import Receipt
from monitor.journal.schema import delivery_cursor, event, open_alarm, receipt, sample_chunk
from monitor.journal.store_files import StoreFiles, kept_head
from monitor.journal.writer_lock import WriterName, lock_server
from monitor.session import Event, Stored

KEEP_RECEIPTS: Final = timedelta(hours=24)
PURGE_EVERY: Final = timedelta(minutes=10)

_ADD_EVENT: Final = sa.insert(event)
_ADD_ALARM: Final = sa.insert(open_alarm)
_END_ALARM: Final = sa.delete(open_alarm).where(open_alarm.c.subject == sa.bindparam("ended"))
_ADD_CHUNK: Final = sa.insert(sample_chunk)
"""Built once: building a statement and its cache key costs a fifth of what a commit does."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class AppendRequest:
    """Events to append together, each with its payload as canonical JSON."""

    events: tuple[tuple[Event, str], ...]
    receipt: Receipt | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    """All that one transaction stores."""

    entries: Sequence[AppendRequest] = ()
    chunks: Sequence[Chunk] = ()
    cursors: dict[str, int] = field(default_factory=dict)


Answers = list[list[Stored]]
"""For each entry of a batch its events as stored."""


class Appender:
    """Appends to the journal over a connection of its own.

    `claim` is called before each connecting, to become the one who writes. `head` is the last
    event known, here or beside the journal.
    `noted` are events that `connect` itself appended, for whoever tells of stored events.
    """

    def __init__(
        self,
        address: Address,
        engine: sa.Engine,
        clock: Clock,
        claim: Callable[[], None],
        head: ChainHead,
    ) -> None:
        self._address = address
        self._engine = engine
        self._clock = clock
        self._connection: sa.Connection | None = None
        self._in_doubt: tuple[Batch, Answers] | None = None
        self._purged: datetime | None = None
        self._files: StoreFiles | None = None
        self.noted: list[Stored] = []
        self._claim = claim
        self.head = head
        self.open_alarms: dict[str, str] = {}

    @cached_property
    def _name(self) -> WriterName:
        return WriterName.of_this_process()

    def connect(self) -> None:
        """Connect, afresh when there was a connection, and find the head of the chain.

        A chain that does not reach the head that was known is noted in it, with an event that
        follows that head. Raises `StoreError` or the driver's error.
        """
        self.disconnect()
        self._claim()
        path = self._address.path
        known = {self.head} if path is None else {self.head, kept_head(path)}
        self._connection = self._engine.connect()
        try:
            with self._connection.begin():
                if path is None:
                    check_server(self._address, self._connection)
                    lock_server(self._address, self._connection, self._name)
                noted = self._note_loss(self._connection, known)
                head = queries.head(self._connection)
                open_alarms = queries.open_alarms(self._connection)
                if path is not None:
                    self._files = StoreFiles(path)
        except BaseException:
            self.disconnect()
            raise
        self.head, self.open_alarms = head, open_alarms
        self.noted += noted
        if self._files is not None:
            self._files.keep(head)

    def _note_loss(self, connection: sa.Connection, known: Collection[ChainHead]) -> list[Stored]:
        latest_first = sorted(known, key=_seq, reverse=True)
        found = (queries.loss_since(connection, head) for head in latest_first)
        if (loss := next((loss for loss in found if loss is not None), None)) is None:
            return []
        log.error("journal.events-lost", **loss.as_json())
        n = queries.last_n(connection, JOURNAL_STREAM, None) + 1
        now, payload = self._clock.now().wall, loss.as_json()
        lost = Event(uuid4().hex, JOURNAL_STREAM, n, None, EVENTS_LOST, None, now, payload)
        row, stored = link(lost, canonical(payload), loss.goes_on_from)
        connection.execute(_ADD_EVENT, [row])
        return [stored]

    def check(self) -> None:
        """Connect if need be, and look whether what is open is what the name stands for.

        Raises `StoreError` or the driver's error.
        """
        if self._connection is None:
            self.connect()
        if self._files is not None:
            self._files.check()

    def disconnect(self) -> None:
        """Let go of the connection, whatever state it is in."""
        files, self._files = self._files, None
        if files is not None:
            files.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def write(self, batch: Batch) -> Answers:
        """Store `batch` in one transaction; every event is durable when this returns.

        Raises the driver's error. Then the batch may be given again, after `connect`:
        if it was stored after all, the answer is the one that got lost. Raises `StoreError`,
        with nothing stored and the connection kept, while `check` does.
        """
        if self._connection is None:
            self.connect()
            if (answers := self._answer_in_doubt(batch)) is not None:
                return answers
        assert self._connection is not None
        rows, answers, head = self._linked(batch)
        alarms = open_after(
            self.open_alarms, (entry_event for e in batch.entries for entry_event, _ in e.events)
        )
        self._in_doubt = (batch, answers) if rows else None
        try:
            with self._connection.begin():
                self._insert(self._connection, batch, rows, alarms)
                self.check()
        except StoreError:
            self._in_doubt = None
            raise
        except BaseException:
            self.disconnect()
            raise
        self._in_doubt = None
        self.head, self.open_alarms = head, alarms
        if rows and self._files is not None:
            self._files.keep(head)
        return answers

    def _answer_in_doubt(self, batch: Batch) -> Answers | None:
        unsure, self._in_doubt = self._in_doubt, None
        if unsure is None or unsure[0] is not batch:
            return None
        last = [stored for answer in unsure[1] for stored in answer][-1]
        return unsure[1] if self.head == ChainHead(last.seq, last.hash) else None

    def _linked(self, batch: Batch) -> tuple[list[dict[str, Any]], Answers, ChainHead]:
        rows: list[dict[str, Any]] = []
        answers: Answers = []
        head = self.head
        for entry in batch.entries:
            answer = []
            for entry_event, payload in entry.events:
                row, stored = link(entry_event, payload, head)
                head = ChainHead(stored.seq, stored.hash)
                rows.append(row)
                answer.append(stored)
            answers.append(answer)
        return rows, answers, head

    def _insert(
        self,
        connection: sa.Connection,
        batch: Batch,
        rows: list[dict[str, Any]],
        alarms: dict[str, str],
    ) -> None:
        if rows:
            connection.execute(_ADD_EVENT, rows)
        if ended := self.open_alarms.items() - alarms.items():
            connection.execute(_END_ALARM, [{"ended": subject} for subject, _ in sorted(ended)])
        if raised := alarms.items() - self.open_alarms.items():
            connection.execute(
                _ADD_ALARM, [{"subject": subject, "bed": bed} for subject, bed in sorted(raised)]
            )
        if batch.chunks:
            connection.execute(_ADD_CHUNK, [_chunk_row(c) for c in batch.chunks])
        if batch.cursors:
            names = delivery_cursor.c.name.in_(batch.cursors)
            connection.execute(sa.delete(delivery_cursor).where(names))
            connection.execute(
                sa.insert(delivery_cursor),
                [{"name": name, "seq": seq} for name, seq in batch.cursors.items()],
            )
        if receipts := [entry.receipt for entry in batch.entries if entry.receipt]:
            self._insert_receipts(connection, receipts)

    def _insert_receipts(self, connection: sa.Connection, receipts: list[Receipt]) -> None:
        now = self._clock.now().wall
        if self._purged is None or abs(now - self._purged) > PURGE_EVERY:
            self._purged = now
            limit = rfc3339(now - KEEP_RECEIPTS)
            connection.execute(sa.delete(receipt).where(receipt.c.at < limit))
        rows = [
            {
                "key": kept.key,
                "fingerprint": kept.fingerprint,
                "status": kept.status,
                "body": kept.body,
                "at": rfc3339(now),
            }
            for kept in receipts
        ]
        connection.execute(sa.insert(receipt), rows)


def _seq(head: ChainHead) -> int:
    return head.seq


def _chunk_row(chunk: Chunk) -> dict[str, Any]:
    return {
        "bed": chunk.bed,
        "session": chunk.session,
        "device": chunk.device,
        "kind": chunk.kind,
        "start_ms": chunk.start_ms,
        "end_ms": chunk.end_ms,
        "count": chunk.count,
        "encoding": chunk.encoding,
        "data": chunk.data,
    }
