"""What the commands print of sessions: exports and forms that are due. It only reads."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from typing import Any, Final, Literal, get_args

from drivers.clock import Clock
from monitor.bed import view
from monitor.journal import JournalReader, StoreError
from monitor.patient import (
    FormState,
    NoPdfError,
    SessionRepository,
    as_pdf,
    csv_table,
    day_sheet,
    session_export,
)
from monitor.patient.form import MonitoringForm, form_lines, form_page
from monitor.patient.report import report_page
from monitor.session import SessionHistory
from monitor.settings import Settings

Format = Literal["json", "csv", "form"]
FORMATS: Final = get_args(Format)


class ExportError(Exception):
    """What was asked for cannot be given; the message says why."""


@asynccontextmanager
async def _repository(settings: Settings, clock: Clock) -> AsyncIterator[SessionRepository]:
    try:
        journal = JournalReader.open_to_read(settings.store.url)
        try:
            yield SessionRepository(journal, clock, settings.site.zone)
        finally:
            await journal.close()
    except StoreError as error:
        raise ExportError(str(error)) from error


async def exported(settings: Settings, session: str, wanted: Format, *, html: bool) -> str:
    """The session in that format; `html` makes the form a page. Raises `ExportError`."""
    clock = Clock()
    async with _repository(settings, clock) as repository:
        history = await _history(repository, session)
        if wanted == "csv":
            return csv_table(history, await repository.minutes(history))
        form = await repository.form(history)
        if wanted == "form" and html:
            return form_page(form, clock.now().wall, repository.zone)
        if wanted == "form":
            return _text(form.as_json())
        stored = await repository.stored(session)
        return _text(session_export(view.records(history.session).as_json(), stored, form))


async def _history(repository: SessionRepository, session: str) -> SessionHistory:
    if (history := await repository.history(session)) is None:
        raise ExportError(f"no session {session}; GET /api/v1/sessions lists them")
    return history


async def report(settings: Settings, session: str, *, pdf: bool) -> bytes:
    """The session's report as an HTML page or a PDF. Raises `ExportError`."""
    clock = Clock()
    async with _repository(settings, clock) as repository:
        told = await repository.report(await _history(repository, session))
        page = report_page(told, clock.now().wall, repository.zone)
    try:
        return as_pdf(page) if pdf else page.encode()
    except NoPdfError as error:
        raise ExportError(str(error)) from error


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


async def forms(settings: Settings, state: FormState) -> list[str]:
    """One line for each form in that state, oldest due first. Raises `ExportError`."""
    async with _repository(settings, Clock()) as repository:
        return [*form_lines(await _forms(repository, state))]


async def day(settings: Settings, wanted: date | None) -> list[str]:
    """The lines of a day, today's for None. Raises `ExportError`."""
    clock = Clock()
    async with _repository(settings, clock) as repository:
        now, zone = clock.now().wall, repository.zone
        on = wanted or now.astimezone(zone).date()
        due = await _forms(repository, "due")
        return [*day_sheet(on, await repository.of_day(on), due, now, zone)]


async def _forms(repository: SessionRepository, state: FormState) -> list[MonitoringForm]:
    found: list[MonitoringForm] = []
    after: int | None = 0
    while after is not None:
        page_of, after = await repository.forms(state, after)
        found += page_of
    return found
