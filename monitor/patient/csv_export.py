"""A session as data for other programs: JSON of everything, CSV of what was found. Pure."""

import csv
import io
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from drivers.clock import parse_rfc3339, rfc3339
from drivers.readings import UNITS, Vital
from monitor.bed import view
from monitor.journal import Bucket
from monitor.patient.form import MonitoringForm
from monitor.session import SessionHistory, Stored, attendance, record_fields

COLUMNS: Final = "at minute kind name value unit low high by device record note".split()

CONTINUOUS: Final = (Vital.SPO2, Vital.PULSE, Vital.PERFUSION, Vital.RESP)
"""The vitals that are given by the minute; pressures are records."""

Row = Mapping[str, Any]

_FORMULA: Final = re.compile(r"(?:^|(?<=[;\t\r\n]))(?= *[=+\-@\t\r])")
"""Where a spreadsheet may see a formula begin.

Where columns are parted by another sign than the comma, quotes do not hold a text together.
"""


def session_export(session: view.Json, stored: Sequence[Stored], form: MonitoringForm) -> view.Json:
    """The session as it is shown, every event of it, and its form."""
    return {
        "session": session,
        "events": [event.as_json() for event in stored],
        "form": form.as_json(),
    }


def csv_table(history: SessionHistory, minutes: Mapping[Vital, Sequence[Bucket]]) -> str:
    """CSV with a row for each number and each text on record, in the order of time.

    `minutes` is the course of each continuous vital by the minute: the last value, the lowest
    and the highest.
    """
    told = (*_records(history), *_happenings(history), *_bedside(history))
    rows = [*told, *_vitals(history, minutes)]
    rows.sort(key=lambda row: row["at"])
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    return text.getvalue()


def _plain(value: Any) -> Any:
    """Text that a spreadsheet would run is marked as text."""
    return _FORMULA.sub("'", value) if isinstance(value, str) else value


def _row(history: SessionHistory, at: datetime, kind: str, name: str, **more: Any) -> Row:
    minute = history.minutes(at)
    known = {key: value for key, value in more.items() if value is not None}
    row = {"at": rfc3339(at), "kind": kind, "name": name, **known}
    return row if minute is None else row | {"minute": math.trunc(10 * minute) / 10}


def _records(history: SessionHistory) -> Iterator[Row]:
    session = history.session
    for dose in session.doses:
        own = {"by": dose.by, "record": dose.id}
        note = None if dose.lot is None else f"lot {dose.lot}"
        yield _row(
            history, dose.at, "dose", dose.product, value=dose.mg, unit="mg", note=note, **own
        )
    for score in session.scores:
        own = {"by": score.by, "record": score.id}
        yield _row(history, score.at, "score", score.scale, value=score.total, **own)
    for symptom in session.symptoms:
        own = {"by": symptom.by, "record": symptom.id, "note": symptom.note}
        yield _row(history, symptom.at, "symptom", symptom.name, value=symptom.grade, **own)
    for seen in session.observations:
        for name, value in record_fields.said(seen, record_fields.ObservationFields).items():
            own = {"by": seen.by, "device": seen.device, "record": seen.id}
            own["unit"] = _OBSERVED.get(name)
            if value is not None:
                yield _row(history, seen.at, "observation", name, value=value, **own)
    for pressure in session.pressures:
        own = {"by": pressure.by, "device": pressure.device, "record": pressure.id}
        for vital in (Vital.SYS, Vital.DIA, Vital.MAP, Vital.PULSE):
            if (number := getattr(pressure, vital.value)) is not None:
                own["unit"] = UNITS[vital]
                yield _row(history, pressure.at, "pressure", vital.value, value=number, **own)
    for scored in session.news2:
        since = scored.held_since or {}
        later = [name for name, at in since.items() if parse_rfc3339(at) > scored.at]
        without = [name for name in scored.missing if name not in later]
        notes = [f"partial: without {', '.join(without)}"] if without else []
        notes += [f"{name} held since {at}" for name, at in since.items()]
        value = scored.total + sum(scored.held[name] for name in later)
        own = {"record": scored.id, "note": "; ".join(notes) or None}
        yield _row(history, scored.at, "score", "news2", value=value, **own)


_OBSERVED: Final = {"resp": "/min", "temperature": "Cel", "oxygen_flow": "L/min"}


def _bedside(history: SessionHistory) -> Iterator[Row]:
    session = history.session
    gaps = attendance.unassigned(session.attendance, session.started_at, history.until)
    spans = [(s.role, s.by, s.from_, s.to, s.lasted(history.until)) for s in session.attendance]
    spans += [("unassigned", "", since, to, to - since) for since, to in gaps]
    for name, by, since, to, lasted in spans:
        minutes = attendance.whole_minutes(lasted)
        note = "still there" if to is None else f"to {rfc3339(to)}"
        yield _row(
            history, since, "bedside", name, value=minutes, unit="min", by=by or None, note=note
        )


def _happenings(history: SessionHistory) -> Iterator[Row]:
    for correction in history.session.session_corrections:
        words = f"{correction.in_words()}: {correction.reason}"
        by, record = correction.by, correction.id
        yield _row(history, correction.at, "session", "corrected", by=by, record=record, note=words)
    for event in history.all(*_TOLD):
        data = event.payload
        note = next((data[key] for key in ("text", "reason", "finding") if data.get(key)), None)
        if event.type == "session.moved-in":
            note = f"{data['from']} to {event.bed}" + (f": {note}" if note else "")
        family, name = event.type.split(".", 1)
        yield _row(history, event.at, family, name, by=data.get("by"), record=event.id, note=note)
    for span in history.alarms():
        over = "" if span.over_at is None else f", over at {rfc3339(span.over_at)}"
        yield _row(
            history,
            span.raised_at,
            "alarm",
            span.rule,
            value=span.priority.label,
            record=span.id,
            note=f"{span.text}{over}",
        )


_TOLD: Final = (
    "session.started",
    "infusion.started",
    "infusion.paused",
    "infusion.resumed",
    "infusion.ended",
    "clearance.recorded",
    "news2-scale.chosen",
    "note.added",
    "nurse.assigned",
    "nurse.unassigned",
    "record.retracted",
    "session.criteria-met",
    "session.criteria-unmet",
    "session.ready",
    "session.ready-withdrawn",
    "session.closed",
    "session.aborted",
    "session.abort-completed",
    "patient.left",
    "session.reopened",
    "session.moved-in",
    "form.confirmed",
    "form.filled",
    "form.sent",
    "form.reopened",
)


def _vitals(history: SessionHistory, minutes: Mapping[Vital, Sequence[Bucket]]) -> Iterator[Row]:
    for vital, buckets in minutes.items():
        for bucket in buckets:
            yield _row(
                history,
                bucket.at,
                "vital",
                vital.value,
                value=bucket.last,
                unit=UNITS[vital],
                low=bucket.low,
                high=bucket.high,
            )


def minutes_of(history: SessionHistory, now: datetime) -> tuple[datetime, datetime, int]:
    """The session from its start to the end of its last whole minute, and how many it has."""
    start = history.session.started_at
    count = max(2, -(-((history.session.ended_at or now) - start) // timedelta(minutes=1)))
    return start, start + timedelta(minutes=count), count
