"""What the commands print of sessions: exports and forms that are due. It only reads."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, Final, Literal, get_args

from drivers.clock import Clock
from monitor.bed import view
from monitor.journal import JournalReader, StoreError
from monitor.patient.csv_export import everything, table
from monitor.patient.form.page import lines, page
from monitor.patient.repository import Archive, FormState
from monitor.settings import Settings

Format = Literal["json", "csv", "form"]
FORMATS: Final = get_args(Format)


class PaperError(Exception):
    """What was asked for cannot be given; the message says why."""


@asynccontextmanager
async def _archive(settings: Settings, clock: Clock) -> AsyncIterator[Archive]:
    try:
        journal = JournalReader.open_to_read(settings.store.url)
        try:
            yield Archive(journal, clock, settings.site.zone)
        finally:
            await journal.close()
    except StoreError as error:
        raise PaperError(str(error)) from error


async def exported(settings: Settings, session: str, wanted: Format, *, html: bool) -> str:
    """The session in that format; `html` makes the form a page. Raises `PaperError`."""
    clock = Clock()
    async with _archive(settings, clock) as archive:
        account = await archive.account(session)
        if account is None:
            raise PaperError(f"no session {session}; GET /api/v1/sessions lists them")
        if wanted == "csv":
            return table(account, await archive.minutes(account))
        form = await archive.form(account)
        if wanted == "form" and html:
            return page(form, clock.now().wall, archive.zone)
        if wanted == "form":
            return _text(form.as_json())
        stored = await archive.stored(session)
        return _text(everything(view.recorded(account.session), stored, form))


def _text(data: Any) -> str:
    return json.dumps(data, ensure_ascii=False, indent=2) + "\n"


async def forms(settings: Settings, state: FormState) -> list[str]:
    """One line for each form in that state, oldest due first. Raises `PaperError`."""
    found: list[str] = []
    async with _archive(settings, Clock()) as archive:
        after: int | None = 0
        while after is not None:
            page_of, after = await archive.forms(state, after)
            found += lines(page_of)
    return found
