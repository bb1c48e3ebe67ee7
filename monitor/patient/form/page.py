"""The form as one printable page: no scripts, nothing from elsewhere. Pure.

`page.html` is the page and `page.css` its style; Jinja2 escapes whatever is put into it.
"""

from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from functools import partial
from typing import Final

from monitor.patient.form.form import MonitoringForm
from monitor.patient.form.provenance import Provenance
from monitor.patient.printed_page import PrintedPage
from monitor.patient.wording import local_time, said
from monitor.session import Correction

_PAGE: Final = PrintedPage("monitor.patient.form")
CONTENT_POLICY: Final = _PAGE.content_policy

TITLES: Final = {True: "Patient monitoring form data", False: "Session record"}
"""What the page is, by whether a form is to be sent."""

MOST_SOURCES: Final = 12
"""So many sources of one field are named; the data has them all."""


def form_page(
    form: MonitoringForm, now: datetime, zone: tzinfo | None, *, simulated: bool = False
) -> str:
    """The page; its times are in `zone`, None for this machine's."""
    retracted = (correction for correction in form.corrections if correction.now is None)
    return _PAGE.render(
        form=form,
        simulated=simulated,
        due=due(form),
        title=TITLES[form.why_none_sent is None],
        most_sources=MOST_SOURCES,
        from_words=partial(from_words, day=form.treated_on, zone=zone),
        retracted=[_retracted(correction, form, zone) for correction in retracted],
        made=local_time(now, None, zone),
    )


def due(form: MonitoringForm) -> str:
    """When the form is due, and how long that is; or why none is."""
    if form.treated_on is None:
        return "No dose was given: no form is due."
    if form.sent is not None:
        how = f", {form.sent['how']}" if form.sent["how"] else ""
        return f"Marked as sent by {form.sent['by']} at {form.sent['at']}{how}."
    if form.due_on is None:
        return f"Treated {form.treated_on}; {form.why_none_sent}."
    left = form.days_left or 0
    days = "day" if abs(left) == 1 else "days"
    until = f"{left} {days} left" if left >= 0 else f"{-left} {days} overdue"
    return f"Treated {form.treated_on}; due by {form.due_on} ({until})."


def from_words(source: Provenance, day: date | None, zone: tzinfo | None) -> str:
    """Where a value is from, in words; times of another day than `day` have their date."""
    at = local_time(source.at, day, zone)
    parts = [f"{source.what}, {at}"]
    if source.device is not None:
        parts.append(f"measured by {source.device}")
    if source.by is not None:
        parts.append(f"by {source.by}")
    if (
        source.written_at is not None
        and (written := local_time(source.written_at, day, zone)) != at
    ):
        parts.append(f"written {written}")
    if source.id is not None:
        parts.append(f"record {source.id[:8]}")
    parts += [f"instead of {_was(one, day, zone)}" for one in source.supersedes]
    return " · ".join(parts)


def _was(correction: Correction, day: date | None, zone: tzinfo | None) -> str:
    was, reason = correction.was, f": {correction.reason}" if correction.reason else ""
    who = f"corrected by {correction.by}, {local_time(correction.at, day, zone)}{reason}"
    return f"{said(was)} ({was.by or 'the device'}; {who})"


def _retracted(correction: Correction, form: MonitoringForm, zone: tzinfo | None) -> str:
    was, day = correction.was, form.treated_on
    return (
        f"{said(was)}, {local_time(was.at, day, zone)}, retracted by {correction.by}, "
        f"{local_time(correction.at, day, zone)}: {correction.reason}"
    )


def form_lines(forms: Iterable[MonitoringForm]) -> Iterator[str]:
    """One line a form, for a terminal."""
    for form in forms:
        lacks = f"missing: {'; '.join(form.missing)}" if form.missing else "complete"
        yield f"{form.session}  {form.patient}  {due(form)}  {lacks}"
