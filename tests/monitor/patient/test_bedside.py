"""The minutes at the bedside, as form, summary and CSV tell them."""

import csv
import io
from datetime import UTC
from typing import Any

from monitor.patient.csv_export import csv_table
from monitor.patient.session_summary import summarise
from monitor.session.history import SessionHistory
from tests.monitor.builders import START
from tests.monitor.sessions import closed, field, form_of, given, told

Happened = tuple[float, str, dict[str, Any]]


def turn(at: float, type_: str, by: str) -> Happened:
    return at, type_, {"by": by}


WATCH = [
    turn(62, "nurse.unassigned", "nurse.a"),
    turn(64, "presence.started", "dr.b"),
    turn(69, "nurse.assigned", "nurse.b"),
    turn(80, "presence.ended", "dr.b"),
]


def of(*happened: Happened) -> SessionHistory:
    found = SessionHistory.from_events(told(1, 0, *happened))
    assert found is not None
    return found


def test_the_form_has_who_was_there_from_when_to_when_and_names_the_gap() -> None:
    shown = field(form_of(of(given(10), *WATCH, closed(150))), "bedside")
    assert shown.text == (
        "nurse.a 62 min (assigned 08:00+00:00 to 09:02+00:00); "
        "dr.b 16 min (present 09:04+00:00 to 09:20+00:00); "
        "nurse.b 81 min (assigned 09:09+00:00 to 10:30+00:00); "
        "nobody assigned from 09:02+00:00 to 09:09+00:00 (7 min)"
    )
    assert [(each["by"], each["minutes"]) for each in shown.value["people"]] == [
        ("nurse.a", 62),
        ("dr.b", 16),
        ("nurse.b", 81),
    ]
    assert shown.value["unassigned"] == [
        {"from": "2026-01-05T09:02:00.000Z", "to": "2026-01-05T09:09:00.000Z", "minutes": 7}
    ]
    assert [source.what for source in shown.sources][-1] == "session closed"
    assert not shown.missing


def test_while_the_session_is_open_minutes_are_those_until_now() -> None:
    history = of(given(10))
    shown = field(form_of(history, START.plus(45 * 60 + 59).wall), "bedside")
    assert shown.text == "nurse.a 45 min (assigned 08:00+00:00 still there)"
    assert shown.value["people"][0]["spans"][0]["to"] is None


def test_a_summary_has_each_person_s_minutes() -> None:
    found = summarise(of(given(10), *WATCH, closed(150.99)), 1, UTC).as_json()
    assert found["bedside"] == [
        {"by": "nurse.a", "minutes": 62},
        {"by": "dr.b", "minutes": 16},
        {"by": "nurse.b", "minutes": 81},
    ]
    assert found["unassigned_min"] == 7


def test_csv_has_a_row_for_each_stretch() -> None:
    table = csv_table(of(given(10), *WATCH, closed(150)), {})
    rows = [row for row in csv.DictReader(io.StringIO(table)) if row["kind"] == "bedside"]
    assert [(r["name"], r["by"], r["value"], r["unit"], r["note"]) for r in rows] == [
        ("assigned", "nurse.a", "62", "min", "to 2026-01-05T09:02:00.000Z"),
        ("unassigned", "", "7", "min", "to 2026-01-05T09:09:00.000Z"),
        ("present", "dr.b", "16", "min", "to 2026-01-05T09:20:00.000Z"),
        ("assigned", "nurse.b", "81", "min", "to 2026-01-05T10:30:00.000Z"),
    ]
