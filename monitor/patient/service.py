"""Writes down what no bed can: on a form of a session that has ended, of a patient.

One thing at a time: what stands is read from the journal, a command is decided on it, and
the next one waits until that is stored. So two people cannot both be the first.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID, uuid5

from drivers.clock import Clock, rfc3339
from monitor.bed import view
from monitor.journal import Journal, Receipt
from monitor.patient import commands
from monitor.patient.commands import RECORDS_STREAM, FormCommand, PatientCommand
from monitor.patient.form import MonitoringForm
from monitor.patient.repository import SessionRepository
from monitor.patient.treatment_course import TreatmentCourse
from monitor.session import Coverage, Draft, Event, Refusal, Refused, SessionHistory, Stored

_IDS: Final = UUID("0b5c3d7e-52c1-4be5-9a0e-6d2f4f0d1c77")

Kept = asyncio.Future[list[Stored]]
Answering = Callable[[], Receipt | None]


class PatientRecordService:
    """Numbers and appends the events of the stream `RECORDS_STREAM`."""

    def __init__(self, journal: Journal, repository: SessionRepository, clock: Clock) -> None:
        self._journal = journal
        self._repository = repository
        self._clock = clock
        self._writing = asyncio.Lock()
        self._n: int | None = None
        self._kept: Kept | None = None

    @contextlib.asynccontextmanager
    async def form(self, session: str) -> AsyncIterator["FormWriter"]:
        """The form of that session, to write on. Raises `Refused`, `StoreError`."""
        async with self._one_at_a_time():
            history = await self._repository.history(session)
            if history is None:
                raise Refused(Refusal.UNKNOWN, f"no session {session}")
            coverage = await self._repository.coverage(history)
            on_day = await self._repository.on_day(history)
            yield FormWriter(self, self._repository, history, coverage, on_day)

    @contextlib.asynccontextmanager
    async def course(self, patient: str) -> AsyncIterator["CourseWriter"]:
        """The course of that patient, to write in. Raises `Refused`, `StoreError`."""
        async with self._one_at_a_time():
            course = await self._repository.treatment_course(patient)
            if course is None:
                raise Refused(
                    Refusal.UNKNOWN, f"no patient {patient}: no session of theirs ever started"
                )
            yield CourseWriter(self, course)

    @contextlib.asynccontextmanager
    async def _one_at_a_time(self) -> AsyncIterator[None]:
        async with self._writing:
            if self._kept is not None and not self._kept.done():
                raise Refused(
                    Refusal.UNAVAILABLE,
                    "what was written down before is not stored yet; try again in a moment",
                )
            if self._n is None:
                _, self._n = await self._journal.load_stream(RECORDS_STREAM)
            yield

    def now(self) -> datetime:
        """The present, as it is stored."""
        return self._clock.now().in_ms().wall

    def write(self, drafts: Iterable[Draft], session: str | None) -> list[Event]:
        """`drafts` as the next events of the stream, dated now; not appended yet."""
        assert self._n is not None
        at = self.now()
        return [
            Event(
                id=str(uuid5(_IDS, f"{n}|{type_}|{session}|{rfc3339(at)}")),
                bed=RECORDS_STREAM,
                n=n,
                session=session,
                type=type_,
                subject=None,
                at=at,
                payload=payload,
            )
            for n, (type_, payload) in enumerate(drafts, start=self._n + 1)
        ]

    def append(self, events: list[Event], receipt: Receipt | None) -> Kept:
        """Have the journal keep what was written; done when it is durable."""
        assert self._n is not None
        self._kept = self._journal.append(events, receipt=receipt)
        self._n += len(events)
        self._kept.add_done_callback(self._settled)
        return self._kept

    def _settled(self, kept: Kept) -> None:
        """What the journal refused was never written: count anew."""
        if kept.cancelled() or kept.exception() is not None:
            self._n = None


class FormWriter:
    """The form of one session, to write on."""

    def __init__(
        self,
        service: PatientRecordService,
        repository: SessionRepository,
        history: SessionHistory,
        coverage: Coverage,
        on_day: int,
    ) -> None:
        self._service = service
        self._repository = repository
        self._history = history
        self._coverage = coverage
        self._on_day = on_day

    def form(self) -> MonitoringForm:
        """The form as it stands."""
        return self._repository.form_of(self._history, self._coverage, self._on_day)

    def shown(self) -> view.Json:
        """The form as interfaces show it."""
        return self.form().as_json()

    def command(self, command: FormCommand, answering: Answering) -> Kept:
        """Carry out what a person asked for; done when it is durable. Raises `Refused`."""
        drafts = commands.about_form(self.form(), command)
        written = self._service.write(drafts, self._history.session.id)
        self._history = replace(self._history, events=(*self._history.events, *written))
        return self._service.append(written, answering())


class CourseWriter:
    """The course of one patient, to write in."""

    def __init__(self, service: PatientRecordService, course: TreatmentCourse) -> None:
        self._service = service
        self._course = course

    def shown(self) -> view.Json:
        """The course as interfaces show it."""
        return self._course.as_json()

    def command(self, command: PatientCommand, answering: Answering) -> Kept:
        """Carry out what a person asked for; done when it is durable. Raises `Refused`."""
        course = self._course
        drafts = commands.about_patient(
            course.patient, course.written, command, self._service.now()
        )
        written = self._service.write(drafts, None)
        self._course = course.after(written)
        return self._service.append(written, answering())
