"""The form as one printable page: no scripts, nothing from elsewhere, everything escaped. Pure."""

import hashlib
from base64 import b64encode
from collections.abc import Iterable, Iterator
from datetime import date, datetime, tzinfo
from html import escape
from typing import Final

from monitor.patient.form.form import MonitoringForm
from monitor.patient.form.provenance import Field, Provenance, said
from monitor.session import Correction

STYLE: Final = """
@page { size: A4; margin: 14mm 15mm; }
* { box-sizing: border-box; }
html { background: #fff; color: #000; }
body { font: 10.5pt/1.35 system-ui, "Helvetica Neue", Arial, sans-serif; }
body { max-width: 180mm; margin: 0 auto; }
@media screen { body { padding: 10mm 0; } }
h1 { font-size: 15pt; margin: 0 0 1mm; }
p { margin: 0 0 1mm; }
.state { float: right; border: 1.5pt solid #000; padding: 0 2mm; }
.state { text-transform: uppercase; font-weight: 700; }
.missing { border: 1.5pt solid #000; padding: 2mm 3mm; margin: 3mm 0; break-inside: avoid; }
.missing h2, .more h2 { font-size: 10.5pt; margin: 0 0 1mm; }
ul { margin: 0; padding-left: 5mm; }
table { width: 100%; border-collapse: collapse; margin-top: 3mm; }
tr { break-inside: avoid; }
th, td { text-align: left; vertical-align: top; overflow-wrap: anywhere; }
th, td { border-top: 0.5pt solid #000; padding: 1.3mm 0; }
th { width: 48mm; font-weight: 600; padding-right: 4mm; }
.from { display: block; font-size: 7.5pt; line-height: 1.3; color: #333; }
.lacks { font-weight: 600; }
.more { margin-top: 4mm; font-size: 8.5pt; break-inside: avoid; }
.sign { display: flex; gap: 8mm; margin-top: 14mm; break-inside: avoid; }
.sign span { flex: 1; border-top: 0.5pt solid #000; padding-top: 1mm; font-size: 8.5pt; }
footer { margin-top: 6mm; font-size: 8pt; border-top: 0.5pt solid #000; padding-top: 1mm; }
"""

CONTENT_POLICY: Final = (
    "default-src 'none'; style-src "
    f"'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)
"""The page's content security policy: its own style, and nothing else at all."""

MOST_SOURCES: Final = 12
"""So many sources of one field are named; the data has them all."""


def form_page(
    form: MonitoringForm, now: datetime, zone: tzinfo | None, *, simulated: bool = False
) -> str:
    """The page; its times are in `zone`, None for this machine's."""
    parts = [*_head(form, simulated), *_missing(form), "<table>"]
    for field in form.fields:
        parts += _row(field, form.treated_on, zone)
    parts += ["</table>", *_retractions(form, zone), _SIGN, _foot(now, zone)]
    return "\n".join(parts)


def _head(form: MonitoringForm, simulated: bool) -> Iterator[str]:
    title = f"Patient monitoring form data, {form.patient}, {form.treated_on or 'no dose'}"
    yield "<!doctype html>"
    yield '<html lang="en"><head><meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{escape(CONTENT_POLICY)}">'
    yield f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>"
    if simulated:
        yield "<p><b>SIMULATED TIME</b></p>"
    yield f'<p class="state">{escape(form.state)}</p>'
    yield "<h1>Patient monitoring form data</h1>"
    yield f"<p>Patient <b>{escape(form.patient)}</b> · {escape(form.regimen)} · "
    yield f"{escape(form.bed)} · session {escape(form.session)}</p>"
    yield f"<p>{escape(due(form))}</p>"


def due(form: MonitoringForm) -> str:
    """When the form is due, and how long that is."""
    if form.due_on is None:
        return "No dose was given: no form is due."
    if form.sent is not None:
        how = f", {form.sent['how']}" if form.sent["how"] else ""
        return f"Marked as sent by {form.sent['by']} at {form.sent['at']}{how}."
    left = form.days_left or 0
    days = "day" if abs(left) == 1 else "days"
    until = f"{left} {days} left" if left >= 0 else f"{-left} {days} overdue"
    return f"Treated {form.treated_on}; due by {form.due_on} ({until})."


def _missing(form: MonitoringForm) -> Iterator[str]:
    if not form.missing:
        return
    yield '<div class="missing"><h2>Missing</h2><ul>'
    yield from (f"<li>{escape(words)}</li>" for words in form.missing)
    yield "</ul></div>"


def _row(field: Field, day: date | None, zone: tzinfo | None) -> Iterator[str]:
    yield f"<tr><th>{escape(field.title)}</th><td>"
    yield escape(field.text)
    if field.missing:
        yield ' <span class="lacks">(see “Missing”)</span>'
    for source in field.sources[:MOST_SOURCES]:
        yield f'<span class="from">{escape(from_words(source, day, zone))}</span>'
    more = len(field.sources) - MOST_SOURCES
    if more > 0:
        yield f'<span class="from">and {more} more</span>'
    yield "</td></tr>"


def from_words(source: Provenance, day: date | None, zone: tzinfo | None) -> str:
    """Where a value is from, in words; times of another day than `day` have their date."""
    at = _clock(source.at, day, zone)
    parts = [f"{source.what}, {at}"]
    if source.device is not None:
        parts.append(f"measured by {source.device}")
    if source.by is not None:
        parts.append(f"by {source.by}")
    if source.written_at is not None and (written := _clock(source.written_at, day, zone)) != at:
        parts.append(f"written {written}")
    if source.id is not None:
        parts.append(f"record {source.id[:8]}")
    parts += [f"instead of {_was(one, day, zone)}" for one in source.supersedes]
    return " · ".join(parts)


def _was(correction: Correction, day: date | None, zone: tzinfo | None) -> str:
    was, reason = correction.was, f": {correction.reason}" if correction.reason else ""
    who = f"corrected by {correction.by}, {_clock(correction.at, day, zone)}{reason}"
    return f"{said(was)} ({was.by or 'the device'}; {who})"


def _retractions(form: MonitoringForm, zone: tzinfo | None) -> Iterator[str]:
    gone = [correction for correction in form.corrections if correction.now is None]
    if gone:
        yield '<div class="more"><h2>Retracted in the session</h2><ul>'
        yield from (f"<li>{escape(_retracted(one, form, zone))}</li>" for one in gone)
        yield "</ul></div>"


def _retracted(correction: Correction, form: MonitoringForm, zone: tzinfo | None) -> str:
    was, day = correction.was, form.treated_on
    return (
        f"{said(was)}, {_clock(was.at, day, zone)}, retracted by {correction.by}, "
        f"{_clock(correction.at, day, zone)}: {correction.reason}"
    )


def _clock(at: datetime, day: date | None, zone: tzinfo | None) -> str:
    local = at.astimezone(zone)
    return local.strftime("%H:%M" if local.date() == day else "%Y-%m-%d %H:%M")


_SIGN: Final = '<div class="sign"><span>Signature</span><span>Name</span><span>Date</span></div>'


def _foot(now: datetime, zone: tzinfo | None) -> str:
    made = now.astimezone(zone).strftime("%Y-%m-%d %H:%M %Z").strip()
    return (
        f"<footer>Filled by Postdose from the session's record, {escape(made)}. Postdose sends "
        "nothing: a person checks this, signs it and sends it. <b>Not a certified medical "
        "device.</b></footer></body></html>"
    )


def form_lines(forms: Iterable[MonitoringForm]) -> Iterator[str]:
    """One line a form, for a terminal."""
    for form in forms:
        lacks = f"missing: {'; '.join(form.missing)}" if form.missing else "complete"
        yield f"{form.session}  {form.patient}  {due(form)}  {lacks}"
