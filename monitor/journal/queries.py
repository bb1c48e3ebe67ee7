"""Questions to the journal: plain functions over a reading connection."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa

from alerts.alarm import audio_pause
from drivers.clock import rfc3339
from monitor.journal.chunk_codec import (
    INPUTS,
    RECORDING_START,
    Chunk,
    StartBlock,
    milliseconds,
    start_in,
)
from monitor.journal.hash_chain import (
    EVENTS_LOST,
    ChainHead,
    IntegrityFault,
    Loss,
    canonical,
    open_after,
    stored_from,
    verify,
)
from monitor.journal.schema import delivery_cursor, event, open_alarm, receipt, sample_chunk
from monitor.session import (
    MOVED_OUT,
    OPENINGS,
    REOPENED,
    SESSION_ENDINGS,
    Stored,
    last_end,
    upcast,
)

_CHUNK: Final = tuple(column for column in sample_chunk.c if column.name != "id")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a command that carried an idempotency key was answered."""

    key: str
    fingerprint: str
    status: int
    body: str


@dataclass(frozen=True, slots=True)
class Span:
    """Which samples are meant: of a session, or of a bed, from `start` on and before `end`."""

    session: str | None = None
    bed: str | None = None
    start: datetime | None = None
    end: datetime | None = None

    def __post_init__(self) -> None:
        if (self.session is None) == (self.bed is None):
            raise ValueError("samples are read of a session or of a bed")

    def holds(self, chunk: Chunk) -> bool:
        """Whether some of `chunk` may lie in this span."""
        return (
            (self.session is None or chunk.session == self.session)
            and (self.bed is None or chunk.bed == self.bed)
            and (self.start is None or chunk.end_ms >= milliseconds(self.start))
            and (self.end is None or chunk.start_ms < milliseconds(self.end))
        )

    def covers(self, at: datetime) -> bool:
        """Whether `at` lies in this span."""
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)


def events(
    connection: sa.Connection,
    *,
    after: int,
    limit: int,
    bed: str | None = None,
    session: str | None = None,
    types: Collection[str] | None = None,
    subject: str | None = None,
) -> list[Stored]:
    """Up to `limit` events past `after`, in order."""
    query = sa.select(event).where(event.c.seq > after)
    if bed is not None:
        query = query.where(event.c.bed == bed)
    if session is not None:
        query = query.where(event.c.session == session)
    if types is not None:
        query = query.where(_is_one_of(types))
    if subject is not None:
        query = query.where(event.c.subject == subject)
    return _stored(connection, query.order_by(event.c.seq).limit(limit))


def latest(connection: sa.Connection, bed: str, types: Collection[str], limit: int) -> list[Stored]:
    """Up to `limit` of the bed's newest events of those types, newest first."""
    query = sa.select(event).where(event.c.bed == bed, _is_one_of(types))
    return _stored(connection, query.order_by(event.c.seq.desc()).limit(limit))


def events_of(connection: sa.Connection, bed: str, first_n: int, last_n: int) -> list[Stored]:
    """A bed's events by their numbers at it, in that order."""
    query = sa.select(event).where(event.c.bed == bed, event.c.n.between(first_n, last_n))
    return _stored(connection, query.order_by(event.c.n))


def last_n(connection: sa.Connection, bed: str, session: str | None) -> int:
    """The number of the bed's last event, or of the session's last one there; 0 for none."""
    query = sa.select(sa.func.max(event.c.n)).where(event.c.bed == bed)
    if session is not None:
        query = query.where(event.c.session == session)
    return connection.execute(query).scalar() or 0


def head(connection: sa.Connection) -> ChainHead:
    """The last event's place and hash."""
    query = sa.select(event.c.seq, event.c.hash).order_by(event.c.seq.desc()).limit(1)
    row = connection.execute(query).one_or_none()
    return ChainHead(*row) if row else ChainHead()


def cursors(connection: sa.Connection) -> dict[str, int]:
    """Every delivery cursor."""
    rows = connection.execute(sa.select(delivery_cursor.c.name, delivery_cursor.c.seq)).all()
    return {row.name: row.seq for row in rows}


def loss_since(connection: sa.Connection, known: ChainHead) -> Loss | None:
    """What is missing of the chain up to `known`, once its head, and was not said to be so."""
    query = sa.select(event.c.hash).where(event.c.seq == known.seq)
    if known.seq == 0 or connection.execute(query).scalar() == known.hash:
        return None
    said = (Loss.from_json(stored.event.payload) for stored in losses(connection))
    return None if any(loss.known == known for loss in said) else Loss(head(connection), known)


def losses(connection: sa.Connection) -> list[Stored]:
    """The events that say where others are missing, in order."""
    return _stored(
        connection, sa.select(event).where(event.c.type == EVENTS_LOST).order_by(event.c.seq)
    )


def is_acknowledged(
    connection: sa.Connection, bed: str, rules: Collection[str], after: int
) -> bool:
    """Whether a person acknowledged an alarm of these rules at the bed past event `after`."""
    query = sa.select(event).where(
        event.c.bed == bed, _is_one_of({"alarm.acknowledged"}), event.c.seq > after
    )
    return any(s.event.payload["alarm"]["rule"] in rules for s in _stored(connection, query))


def load_stream(connection: sa.Connection, bed: str) -> tuple[list[Stored], int]:
    """The bed's events that its present state follows from, and its last event's `n`.

    They start at the earliest of the last event with which a session began there, the first event
    of any alarm still open, an audio pause that has not ended, and the first time that its cuff was
    stopped since a patient left.
    """
    of_bed = event.c.bed == bed
    last_n = connection.execute(sa.select(sa.func.max(event.c.n)).where(of_bed)).scalar() or 0
    started = _last(connection, of_bed, *OPENINGS)
    left = _patient_left(connection, of_bed)
    stopped = connection.execute(
        sa.select(sa.func.min(event.c.seq)).where(
            of_bed, _is_one_of({"nibp.inhibited"}), event.c.seq > left
        )
    ).scalar()
    alarms = sa.select(open_alarm.c.subject).where(open_alarm.c.bed == bed)
    raised = connection.execute(
        sa.select(sa.func.min(event.c.seq)).where(of_bed, event.c.subject.in_(alarms))
    ).scalar()
    paused = _last(connection, of_bed, audio_pause.PAUSED)
    resumed = _last(connection, of_bed, audio_pause.RESUMED)
    if paused is not None and resumed is not None and resumed > paused:
        paused = None
    starts = [seq for seq in (started, raised, stopped, paused) if seq is not None]
    if not starts:
        return [], last_n
    query = sa.select(event).where(of_bed, event.c.seq >= min(starts)).order_by(event.c.seq)
    return _stored(connection, query), last_n


def occupied_beds(connection: sa.Connection) -> list[str]:
    """The beds with an open session or an open alarm, by name."""
    found = set(connection.execute(sa.select(open_alarm.c.bed).distinct()).scalars())
    ever = sa.select(event.c.bed).where(event.c.type.in_(OPENINGS)).distinct()
    for bed in connection.execute(ever).scalars().all():
        of_bed = event.c.bed == bed
        if (_last(connection, of_bed, *OPENINGS) or 0) > _patient_left(connection, of_bed):
            found.add(bed)
    return sorted(found)


def _patient_left(connection: sa.Connection, of_bed: sa.ColumnElement[bool]) -> int:
    """The place of the last event with which a patient left a bed; 0 for none.

    One that was taken back does not count.
    """
    query = sa.select(event).where(of_bed, _is_one_of({*SESSION_ENDINGS, MOVED_OUT, REOPENED}))
    last = _stored(connection, query.order_by(event.c.seq.desc()).limit(_ENDS_AT_MOST))
    found = last_end(stored.event for stored in last)
    return next((stored.seq for stored in last if stored.event is found), 0)


_ENDS_AT_MOST: Final = 100
"""So many ends of sessions that were taken back in a row are looked through."""


def _last(connection: sa.Connection, of_bed: sa.ColumnElement[bool], *types: str) -> int | None:
    """The place of the last event of these types among those of a bed."""
    query = sa.select(event.c.seq).where(of_bed, event.c.type.in_(types))
    found: int | None = connection.execute(query.order_by(event.c.seq.desc()).limit(1)).scalar()
    return found


def sessions(
    connection: sa.Connection,
    limit: int,
    before: int | None,
    *,
    bed: str | None,
    patient: str | None,
    began: tuple[datetime, datetime] | None,
) -> list[Stored]:
    """Up to `limit` events with which a session began before `before`, newest first.

    With `bed` those at that bed: there a session may also have been moved. With `patient` those
    of that patient, with `began` those that began from the one time to before the other.
    """
    query = sa.select(event).where(event.c.type == "session.started")
    if bed is not None:
        arrived = sa.select(sa.func.min(event.c.seq)).where(
            event.c.bed == bed, event.c.type.in_(OPENINGS)
        )
        query = sa.select(event).where(event.c.seq.in_(arrived.group_by(event.c.session)))
    started = sa.select(event.c.session).where(event.c.type == "session.started")
    if patient is not None:
        query = query.where(event.c.session.in_(started.where(_names(patient))))
    if began is not None:
        since, until = map(rfc3339, began)
        of_day = started.where(event.c.at >= since, event.c.at < until)
        query = query.where(event.c.session.in_(of_day))
    if before is not None:
        query = query.where(event.c.seq < before)
    return _stored(connection, query.order_by(event.c.seq.desc()).limit(limit))


def before_move(connection: sa.Connection, session: str, bed: str, n: int) -> list[Stored]:
    """The events of a session up to that bed's event `n`, at whatever beds, in order."""
    last = sa.select(event.c.seq).where(event.c.bed == bed, event.c.n == n).scalar_subquery()
    query = sa.select(event).where(event.c.session == session, event.c.seq <= last)
    return _stored(connection, query.order_by(event.c.seq))


def of_sessions(
    connection: sa.Connection, sessions: Collection[str], types: Collection[str]
) -> list[Stored]:
    """The events of these types in any of these sessions, in order."""
    query = sa.select(event).where(event.c.session.in_(sessions), _is_one_of(types))
    return _stored(connection, query.order_by(event.c.seq))


def _names(patient: str) -> sa.ColumnElement[bool]:
    """Whether a payload names that patient, or says the same words of something else."""
    return event.c.payload.contains(canonical({"patient": patient})[1:-1], autoescape=True)


def of_patients(
    connection: sa.Connection, patients: Collection[str], types: Collection[str]
) -> list[Stored]:
    """The events of these types whose payload names one of these patients, in order."""
    query = sa.select(event).where(_is_one_of(types), sa.or_(sa.false(), *map(_names, patients)))
    found = _stored(connection, query.order_by(event.c.seq))
    return [stored for stored in found if stored.event.payload.get("patient") in patients]


def with_form(
    connection: sa.Connection, *, sent: bool | None, after: int, limit: int
) -> list[tuple[int, str]]:
    """Up to `limit` sessions whose start is past `after`, in order: its `seq` and their id.

    With `sent` only those whose form is, or is not, marked as sent.
    """
    query = sa.select(event.c.seq, event.c.session).where(
        event.c.type == "session.started", event.c.seq > after
    )
    if sent is not None:
        last = (
            sa.select(sa.func.max(event.c.seq))
            .where(event.c.type.in_(("form.sent", "form.reopened", "session.reopened")))
            .group_by(event.c.session)
        )
        marked = sa.select(event.c.session).where(
            event.c.type == "form.sent", event.c.seq.in_(last)
        )
        chosen = event.c.session.in_(marked) if sent else event.c.session.not_in(marked)
        query = query.where(chosen)
    rows = connection.execute(query.order_by(event.c.seq).limit(limit))
    return [(row.seq, row.session) for row in rows]


def find_receipt(connection: sa.Connection, key: str) -> Receipt | None:
    """The receipt under `key`."""
    row = connection.execute(sa.select(receipt).where(receipt.c.key == key)).one_or_none()
    return Receipt(row.key, row.fingerprint, row.status, row.body) if row else None


def chunks(connection: sa.Connection, kind: str, span: Span) -> list[Chunk]:
    """The stored chunks of `kind` that may hold samples of `span`, in the order of time."""
    columns = sample_chunk.c
    query = sa.select(*_CHUNK).where(columns.kind == kind)
    if span.session is not None:
        query = query.where(columns.session == span.session)
    if span.bed is not None:
        query = query.where(columns.bed == span.bed)
    if span.start is not None:
        query = query.where(columns.end_ms >= milliseconds(span.start))
    if span.end is not None:
        query = query.where(columns.start_ms < milliseconds(span.end))
    rows = connection.execute(query.order_by(columns.start_ms, columns.id))
    return [Chunk(*row) for row in rows]


def latest_inputs(connection: sa.Connection, session: str, limit: int) -> list[Chunk]:
    """The `limit` newest chunks of what the bed was given in that session, in order."""
    columns = sample_chunk.c
    query = sa.select(*_CHUNK).where(columns.session == session, columns.kind == INPUTS)
    rows = connection.execute(query.order_by(columns.id.desc()).limit(limit)).all()
    return [Chunk(*row) for row in reversed(rows)]


def last_start(connection: sa.Connection, bed: str) -> StartBlock | None:
    """The bed's last opening."""
    columns = sample_chunk.c
    query = sa.select(*_CHUNK).where(columns.bed == bed, columns.kind == RECORDING_START)
    row = connection.execute(query.order_by(columns.id.desc()).limit(1)).one_or_none()
    return None if row is None else start_in(Chunk(*row))


def start_before(connection: sa.Connection, bed: str, n: int) -> int | None:
    """The place of the bed's last opening before its event `n`."""
    return next((place for place, _ in _starts_before(connection, bed, n)), None)


def start_of(connection: sa.Connection, bed: str, n: int) -> StartBlock | None:
    """The bed's last opening before its event `n`."""
    return next((start for _, start in _starts_before(connection, bed, n)), None)


def _starts_before(connection: sa.Connection, bed: str, n: int) -> Iterator[tuple[int, StartBlock]]:
    columns = sample_chunk.c
    query = sa.select(columns.id, *_CHUNK).where(
        columns.bed == bed, columns.kind == RECORDING_START
    )
    for place, *chunk in connection.execute(query.order_by(columns.id.desc())):
        start = start_in(Chunk(*chunk))
        if start.data["last_n"] < n:
            yield int(place), start


def recording(connection: sa.Connection, bed: str, start: int) -> list[int]:
    """The places of a bed's openings and inputs from the place `start` on, in order."""
    columns = sample_chunk.c
    query = sa.select(columns.id).where(
        columns.bed == bed, columns.kind.in_((RECORDING_START, INPUTS)), columns.id >= start
    )
    return list(connection.execute(query.order_by(columns.id)).scalars())


def chunks_at(connection: sa.Connection, places: Collection[int]) -> list[Chunk]:
    """The chunks at these places, in their order."""
    columns = sample_chunk.c
    query = sa.select(*_CHUNK).where(columns.id.in_(places)).order_by(columns.id)
    return [Chunk(*row) for row in connection.execute(query)]


def walk_on(
    connection: sa.Connection, start: ChainHead, alarms: dict[str, str], limit: int
) -> tuple[ChainHead, dict[str, str], IntegrityFault | None, bool]:
    """Verify up to `limit` events past `start`; the last value says whether that was all."""
    query = sa.select(event).where(event.c.seq > start.seq).order_by(event.c.seq).limit(limit)
    rows = [dict(row) for row in connection.execute(query).mappings()]
    reached, fault = verify(start, rows)
    alarm_rows = (row for row in rows if row["subject"] is not None)
    alarms = open_after(alarms, (stored_from(row).event for row in alarm_rows))
    return reached, alarms, fault, len(rows) < limit


def open_alarms(connection: sa.Connection) -> dict[str, str]:
    """Every open alarm and its bed, as kept beside the events."""
    rows = connection.execute(sa.select(open_alarm.c.subject, open_alarm.c.bed))
    return {row.subject: row.bed for row in rows}


def _is_one_of(types: Collection[str]) -> sa.ColumnElement[bool]:
    """Whether an event is of one of these types, under whatever name it is stored."""
    return event.c.type.in_(upcast.stored_types(types))


def _stored(connection: sa.Connection, query: sa.Select[Any]) -> list[Stored]:
    return [stored_from(dict(row)) for row in connection.execute(query).mappings()]
