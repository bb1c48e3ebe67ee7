"""A store that goes, comes back or has lost something, under a real daemon."""

import os
from pathlib import Path
from typing import Any

import pytest

from tests.endtoend.processes import ran
from tests.endtoend.site import HTTP, Site

pytestmark = pytest.mark.slow


def lonely(folder: Path) -> Site:
    """A site whose devices are not there."""
    return Site(folder, None, str(folder / "no-oximeter"), str(folder / "no-cuff"))


def note(clinic: Site, session: str, text: str) -> Any:
    return clinic.ask(f"/sessions/{session}/notes", text=text)


def test_a_daemon_whose_journal_was_deleted_says_so_and_watches_on(tmp_path: Path) -> None:
    clinic = lonely(tmp_path)
    with clinic.daemon():
        session = clinic.start()
        assert note(clinic, session, "kept").is_success
        for end in ("", "-wal", "-shm"):
            (tmp_path / f"postdose.db{end}").unlink()
        clinic.until(lambda: "tech.journal-failing" in clinic.alarms())
        alarm = clinic.alarms()["tech.journal-failing"]
        assert "was deleted while it was open" in alarm["text"]
        assert note(clinic, session, "lost").status_code == 503
        assert HTTP.get(f"http://127.0.0.1:{clinic.port}/readyz").status_code == 503
        assert not (tmp_path / "postdose.db").exists()
        clinic.until(lambda: "tech.link-lost" in clinic.alarms())


def test_answered_events_that_are_gone_are_a_high_alarm_until_somebody_takes_it(
    tmp_path: Path,
) -> None:
    clinic, wal = lonely(tmp_path), tmp_path / "postdose.db-wal"
    with clinic.daemon() as process:
        session = clinic.start()
        size = wal.stat().st_size
        for text in ("first", "second", "third"):
            assert note(clinic, session, text).is_success
        last = clinic.get("/status")["journal"]["seq"]
        process.kill()
    os.truncate(wal, size)
    with clinic.daemon() as process:
        process.err.wait_for(lambda line: "journal.events-lost" in line)
        clinic.until(lambda: "tech.events-lost" in clinic.alarms())
        alarm = clinic.alarms()["tech.events-lost"]
        assert alarm["priority"] == "high"
        assert "missing" in alarm["text"]
        assert clinic.get("/status")["journal"]["seq"] > last
        verdict = ran("journal", "verify", "--config", str(clinic.config))
        assert verdict.status == 1
        assert f"to {last} are missing, as event {last + 1} says" in verdict.complaint
        assert process.interrupt() == 0
    with clinic.daemon():
        clinic.until(lambda: "tech.events-lost" in clinic.alarms())
        clinic.post(f"/alarms/{clinic.alarms()['tech.events-lost']['id']}/acknowledge")
        clinic.until(lambda: "tech.events-lost" not in clinic.alarms())
    with clinic.daemon():
        clinic.until(lambda: "tech.link-lost" in clinic.alarms())
        assert "tech.events-lost" not in clinic.alarms()
