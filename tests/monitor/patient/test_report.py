"""The printed report: what stands on it, how it is escaped, and that it fits two sheets."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from monitor.journal import Bucket
from monitor.patient.report import SessionReport, report_page, session_report
from monitor.patient.session_summary import summarise
from monitor.session.commands import AddNote, StartSession
from monitor.session.history import SessionHistory
from tests.monitor.builders import REGIMENS, Bedside, bed
from tests.monitor.sessions import history, infusion, told, treated


def reported(
    of: SessionHistory, spo2: Sequence[Bucket] = (), now: datetime | None = None
) -> SessionReport:
    return session_report(of, summarise(of, 1, UTC), spo2, now or of.until, UTC)


def rows(report: SessionReport, title: str) -> tuple[tuple[str, ...], ...]:
    return next(table.rows for table in report.tables if table.title == title)


def acknowledged() -> Bedside:
    """A session whose alarm of marked dissociation somebody took two minutes after it came."""
    side = bed().with_session().prepared().with_baseline(132, 84).observed(resp=14).minutes(1)
    side.dosed().minutes(20).scored(cadss=31, moaas=5).minutes(2)
    return side.acknowledged("dissociation.marked", by="nurse.b").minutes(1)


def test_it_has_what_was_given_checked_recorded_and_by_whom() -> None:
    report = reported(history(treated()))
    assert report.state == "closed"
    given = rows(report, "Given")
    assert given[0] == ("0", "08:01+00:00", "esketamine", "28 mg", "A123", "nurse.a")
    assert len(given) == 3
    planned = next(table for table in report.tables if table.title == "Planned checks")
    checks = {row[0]: row[1] for row in planned.rows}
    assert "+40 MISSED" in checks["MOAA/S"]
    assert "baseline done 08:00+00:00" in checks["pressure"]
    assert ("+20", "08:21+00:00", "CADSS 31, MOAA/S 3", "nurse.a") in rows(report, "Recorded")
    remarks = dict(report.remarks)
    assert remarks["Not assessed"] == ("MOAA/S at +40 (missed)",)
    assert "driving" in remarks["The patient was told"][0]


def test_an_alarm_stands_with_who_took_it_and_when() -> None:
    side = acknowledged()
    (alarm,) = rows(reported(history(side)), "Alarms")
    raised, priority, text, taken, over = alarm
    assert (raised, priority, over) == ("08:21+00:00", "medium", "–")
    assert "CADSS 31" in text
    assert taken == "08:23+00:00 by nurse.b"


def test_an_alarm_that_nobody_took_says_so() -> None:
    assert rows(reported(history(treated())), "Alarms")[0][3] == "by nobody"


def test_a_session_without_a_dose_has_a_report_as_well() -> None:
    side = bed().with_session().minutes(1)
    report = reported(history(side))
    assert ("Given", "no dose, first at –") in report.facts
    assert "nothing was given" in report_page(report, side.now.wall, UTC)


def test_an_infusion_stands_with_its_turns() -> None:
    happened = (infusion(10, "started", lot="B7"), infusion(50, "ended"))
    found = SessionHistory.from_events(told(1, 0, *happened, regimen="ketamine-iv"))
    assert found is not None
    given = rows(reported(found), "Given")
    assert [row[2] for row in given] == ["infusion started", "infusion ended"]
    assert given[0][4] == "B7"
    assert "<title>infusion</title>" in reported(found).picture


def test_the_picture_has_a_gap_where_there_was_no_reading() -> None:
    of = history(treated())
    start = of.session.started_at
    read = [Bucket(start + timedelta(minutes=m), 96, 98, 97, 60, False) for m in (0, 1, 5)]
    marks = reported(of, read).picture.count('fill="#0b6f8f"/>')
    assert marks == len(read)


def test_what_a_person_wrote_runs_nowhere() -> None:
    evil = "<script>alert(1)</script>"
    start = StartSession("s-1", evil, 44, 71, REGIMENS["esketamine-84"], (), "nurse.a")
    side = bed().asks(start).asks(AddNote(evil, "nurse.a"))
    page = report_page(reported(history(side)), side.now.wall, UTC, simulated=True)
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 3
    assert "SIMULATED TIME" in page


def test_it_fits_two_sheets() -> None:
    try:
        from weasyprint import HTML  # type: ignore[import-untyped]
    except OSError as error:
        pytest.skip(f"libpango is not installed: {error}")
    side = treated()
    page = report_page(reported(history(side)), side.now.wall, UTC)
    assert len(HTML(string=page).render().pages) <= 2
