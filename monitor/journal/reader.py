"""The journal for those who only read it: beside the daemon, or as the daemon's own half."""

import asyncio
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from itertools import groupby
from typing import Concatenate, Final, ParamSpec, Self, TypeVar

import sqlalchemy as sa

from monitor.journal import queries
from monitor.journal.chunk_codec import (
    INPUTS,
    RECORDING_START,
    Bucket,
    Chunk,
    InputBlock,
    InputEntry,
    StartBlock,
    Wave,
    part_in,
    start_in,
    waves_in,
)
from monitor.journal.database import (
    Address,
    StoreError,
    engine_for,
    explained,
    parse_store_url,
    refuse_other_revisions,
    revision,
)
from monitor.journal.hash_chain import ChainHead, IntegrityFault, VerificationResult
from monitor.journal.queries import Receipt
from monitor.journal.store_files import kept_head
from monitor.journal.waveform_blocks import WaveformBlock, blocks
from monitor.session import Coverage, Event, Stored

VERIFY_AT_ONCE: Final = 1000
RECORDING_AT_ONCE: Final = 500
LATEST_CHUNKS: Final = 400
"""More than the chunks of one hour, each of which is of ten seconds or more."""

P = ParamSpec("P")
R = TypeVar("R")


class JournalReader:
    """A journal that is read. Every method but the constructors raises `StoreError`."""

    def __init__(self, address: Address, *, inline: bool = False) -> None:
        self._address = address
        self._reading = engine_for(address, writing=False)
        self._threads = None if inline else ThreadPoolExecutor(2, thread_name_prefix="journal-read")

    @classmethod
    def open_to_read(cls, url: str) -> Self:
        """Open the journal at `url`, which a daemon may be writing. Raises `StoreError`."""
        address = parse_store_url(url)
        if address.path is not None and not address.path.exists():
            raise StoreError(f"journal {address} is not there; correct store.url")
        journal = cls(address)
        try:
            found = journal.query_sync(revision)
            if found is None:
                raise StoreError(f"journal {address} is empty: no daemon ever wrote to it")
            refuse_other_revisions(address, found)
        except BaseException:
            journal.release()
            raise
        return journal

    async def close(self) -> None:
        """Let go of the database."""
        self.release()

    def release(self) -> None:
        """Let go of the reading connections."""
        if self._threads is not None:
            self._threads.shutdown()
        self._reading.dispose()

    async def head(self) -> ChainHead:
        """The last event's place and hash."""
        return await self._ask(queries.head)

    async def events(
        self,
        after: int = 0,
        limit: int = 500,
        *,
        bed: str | None = None,
        session: str | None = None,
        types: Collection[str] | None = None,
        subject: str | None = None,
    ) -> list[Stored]:
        """Up to `limit` events past `after`, in order, that meet every condition given."""
        return await self._ask(
            queries.events,
            after=after,
            limit=limit,
            bed=bed,
            session=session,
            types=types,
            subject=subject,
        )

    async def latest(self, bed: str, types: Collection[str], limit: int = 500) -> list[Stored]:
        """Up to `limit` of the bed's newest events of those types, newest first."""
        return await self._ask(queries.latest, bed, types, limit)

    async def load_stream(self, bed: str) -> tuple[list[Stored], int]:
        """The bed's events that its present state follows from, and its last event's `n`.

        They start at the earliest of the last event with which a session began there, the first
        event of any alarm still open, an audio pause that has not ended, and the first time that
        its cuff was stopped since a patient left.
        """
        return await self._ask(queries.load_stream, bed)

    async def before_move(self, moved_in: Event) -> list[Event]:
        """The events of the session up to when it left the bed before, at whatever beds."""
        data = moved_in.payload
        found = await self._ask(
            queries.before_move, str(moved_in.session), data["from"], data["from_n"]
        )
        return [stored.event for stored in found]

    async def occupied_beds(self) -> list[str]:
        """The beds with an open session or an open alarm, by name."""
        return await self._ask(queries.occupied_beds)

    async def sessions(
        self,
        limit: int = 50,
        *,
        before: int | None = None,
        bed: str | None = None,
        patient: str | None = None,
        began: tuple[datetime, datetime] | None = None,
    ) -> list[Stored]:
        """Up to `limit` events with which a session began, newest first, before event `before`.

        With `bed` those at that bed: there a session may also have been moved. With `patient`
        that patient's, with `began` those that began from the one time to before the other.
        """
        return await self._ask(
            queries.sessions, limit, before, bed=bed, patient=patient, began=began
        )

    async def of_sessions(self, sessions: Collection[str], types: Collection[str]) -> list[Stored]:
        """The events of these types in any of these sessions, in order."""
        return await self._ask(queries.of_sessions, sessions, types)

    async def of_patient(self, patient: str, types: Collection[str]) -> list[Stored]:
        """The events of these types whose payload names that patient, in order."""
        return await self.of_patients([patient], types)

    async def of_patients(self, patients: Collection[str], types: Collection[str]) -> list[Stored]:
        """The events of these types whose payload names one of these patients, in order."""
        return await self._ask(queries.of_patients, patients, types)

    async def with_form(
        self, *, sent: bool | None = None, after: int = 0, limit: int = 500
    ) -> list[tuple[int, str]]:
        """Up to `limit` sessions that started past event `after`: that event, and their id.

        With `sent` only those whose form is, or is not, marked as sent.
        """
        return await self._ask(queries.with_form, sent=sent, after=after, limit=limit)

    async def find_receipt(self, key: str) -> Receipt | None:
        """The receipt stored under `key` in the last 24 h."""
        return await self._ask(queries.find_receipt, key)

    async def verify(self) -> VerificationResult:
        """Walk the whole chain; says the first event that is not as it was written, and why.

        A journal in a file is held against the head that was written down beside it.
        """
        path = self._address.path
        known = ChainHead() if path is None else await self.run_in_reader(lambda: kept_head(path))
        head, fault, ended = ChainHead(), None, False
        alarms: dict[str, str] = {}
        while fault is None and not ended:
            head, alarms, fault, ended = await self._ask(
                queries.walk_on, head, alarms, VERIFY_AT_ONCE
            )
        if fault is None and head == await self.head():
            kept = await self._ask(queries.open_alarms)
            if kept != alarms:
                wrong = ", ".join(sorted(kept.keys() ^ alarms.keys())[:3])
                fault = IntegrityFault(
                    head.seq, f"open_alarm does not follow from the events: {wrong}"
                )
        if fault is None and (loss := await self._ask(queries.loss_since, known)) is not None:
            fault = IntegrityFault(
                known.seq, f"{loss}: the head kept beside the journal is {known.hash}"
            )
        return VerificationResult(head.seq, head, fault, tuple(await self.losses()))

    async def losses(self) -> list[Stored]:
        """The events that say where others are missing, in order."""
        return await self._ask(queries.losses)

    async def is_acknowledged(self, bed: str, rules: Collection[str], after: int) -> bool:
        """Whether a person acknowledged an alarm of these rules at the bed past event `after`."""
        return await self._ask(queries.is_acknowledged, bed, rules, after)

    async def readings(
        self,
        name: str,
        *,
        session: str | None = None,
        bed: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
        points: int | None = None,
    ) -> list[Bucket]:
        """The course of a vital or a wave, as at most `points` min/max envelopes.

        None for `points` gives every usable reading. Of a session, or of a bed (sessions or
        none); from `start` on and before `end`.
        """
        span = queries.Span(session, bed, start, end)
        chunks = await self._chunks(name, span) or await self._chunks(INPUTS, span)

        def draw() -> list[Bucket]:
            from monitor.journal.downsample import trend

            return trend(chunks, name, points, start, end)

        return await self.run_in_reader(draw)

    async def coverage(
        self,
        name: str,
        gap: timedelta,
        *,
        session: str,
        start: datetime | None = None,
        end: datetime | None = None,
        least: float | None = None,
    ) -> Coverage:
        """Over which stretches of a session a vital has usable readings, and any under `least`."""
        chunks = await self._chunks(INPUTS, queries.Span(session, None, start, end))

        def draw() -> Coverage:
            from monitor.journal.downsample import coverage

            return coverage(chunks, name, gap, start, end, least)

        return await self.run_in_reader(draw)

    async def inputs(
        self,
        *,
        session: str | None = None,
        bed: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[InputEntry]:
        """Everything a bed's core was given, in the order in which it was given."""
        span = queries.Span(session, bed, start, end)
        chunks = await self._chunks(INPUTS, span)
        return await self.run_in_reader(
            lambda: [e for c in chunks for e in part_in(c).entries if span.covers(e.at.wall)]
        )

    async def latest_recordings(self, session: str) -> dict[str, list[InputEntry]]:
        """What its bed was given in the last hour of a session, or longer: by opening, in order.

        As far as it is stored.
        """
        chunks = await self._ask(queries.latest_inputs, session, LATEST_CHUNKS)

        def unpack() -> dict[str, list[InputEntry]]:
            parts = (part for part in map(part_in, chunks) if part.opening)
            by_opening = groupby(parts, lambda part: part.opening)
            return {
                opening: [entry for part in of for entry in part.entries]
                for opening, of in by_opening
            }

        return await self.run_in_reader(unpack)

    async def last_start(self, bed: str) -> StartBlock | None:
        """Where the bed's last recording begins; None before its first."""
        return await self._ask(queries.last_start, bed)

    async def start_of(self, bed: str, n: int) -> StartBlock | None:
        """Where the recording begins in which the bed's event `n` was decided."""
        return await self._ask(queries.start_of, bed, n)

    def recording(self, bed: str, before_n: int) -> Iterator[StartBlock | InputBlock]:
        """The recording of a bed from its last start before its event `before_n`, to its end.

        Reads as it is drawn from, on the calling thread; nothing when there is no such start.
        """
        start = self.query_sync(queries.start_before, bed, before_n)
        places = [] if start is None else self.query_sync(queries.recording, bed, start)
        for first in range(0, len(places), RECORDING_AT_ONCE):
            here = places[first : first + RECORDING_AT_ONCE]
            for chunk in self.query_sync(queries.chunks_at, here):
                yield start_in(chunk) if chunk.kind == RECORDING_START else part_in(chunk)

    async def waves(
        self,
        name: str,
        *,
        session: str | None = None,
        bed: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[Wave]:
        """Every packet of a wave as it was given, in the order of time."""
        span = queries.Span(session, bed, start, end)
        chunks = await self._chunks(name, span)

        def unpack() -> list[Wave]:
            found = [w for chunk in chunks for w in waves_in(chunk) if span.covers(w.at)]
            return sorted(found, key=lambda wave: wave.at)

        return await self.run_in_reader(unpack)

    async def waveforms(
        self,
        name: str,
        *,
        session: str,
        device: str | None = None,
        start: datetime | None = None,
        end: datetime | None = None,
    ) -> list[WaveformBlock]:
        """A wave of a session, of one device or all, as blocks without a gap."""
        waves = await self.waves(name, session=session, start=start, end=end)
        of_device = (wave for wave in waves if device in (None, wave.device))
        return await self.run_in_reader(lambda: blocks(of_device))

    async def _chunks(self, kind: str, span: queries.Span) -> list[Chunk]:
        return await self._ask(queries.chunks, kind, span)

    async def _ask(
        self,
        question: Callable[Concatenate[sa.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        return await self.run_in_reader(lambda: self.query_sync(question, *args, **kwargs))

    def query_sync(
        self,
        question: Callable[Concatenate[sa.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Answer a question of `monitor.journal.reader` on the calling thread."""
        try:
            with self._reading.begin() as connection, self._bounded(connection):
                return question(connection, *args, **kwargs)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise explained(self._address, error) from error

    def _bounded(self, connection: sa.Connection) -> AbstractContextManager[object]:
        """What ends a question that takes too long; nothing does beside the daemon."""
        return nullcontext()

    async def run_in_reader(self, work: Callable[[], R]) -> R:
        """What `work` gives; it is done on one of the reading threads, if there are any."""
        if self._threads is None:
            return work()
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)
