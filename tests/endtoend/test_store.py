"""A store that goes, comes back or has lost something, under a real daemon."""

import os
from pathlib import Path
from typing import Any

import psycopg
import pytest

from monitor.journal.writer_lock import WRITER_LOCK
from tests.endtoend.processes import ran, running
from tests.endtoend.site import HTTP, Site, simulated
from tests.endtoend.subscriber import subscribed
from tests.servers import Mosquitto, running_postgresql

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
        reason = clinic.get("/status")["journal"]["reason"]
        assert "was deleted while it was open" in reason
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


# ── no store at the start ───────────────────────────────────────────────────────────────


def with_store(clinic: Site, url: str) -> None:
    """Have the site keep its journal there."""
    text = clinic.config.read_text()
    before = f'url = "sqlite:///{clinic.config.parent}/postdose.db"'
    assert before in text
    clinic.config.write_text(text.replace(before, f'url = "{url}"'))


def test_a_daemon_whose_file_cannot_be_opened_watches_and_goes_on_when_it_can(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    """A directory stands in the file's place: so nobody can open it, not even root."""
    file = tmp_path / "postdose.db"
    with simulated("nonin", "--pty", str(tmp_path / "oximeter")) as oximeter:
        clinic = Site(tmp_path, mosquitto.url, oximeter, str(tmp_path / "no-cuff"))
        with clinic.daemon() as process:
            session = clinic.start()
            process.kill()
        file.rename(tmp_path / "away.db")
        file.mkdir()
        with (
            clinic.daemon() as process,
            subscribed(mosquitto.port, "postdose/clinic/bed-1/#") as heard,
        ):
            clinic.until(lambda: "tech.journal-failing" in clinic.alarms())
            assert "Is a directory" in clinic.get("/status")["journal"]["reason"]
            clinic.until(lambda: clinic.get("/beds/bed-1")["vitals"]["spo2"]["value"])
            told = heard.wait_for(lambda m: m.is_alarm(rule="tech.journal-failing"))
            assert told.payload["durable"] is False
            refused = clinic.ask("/sessions", bed="bed-1", patient="P-2", regimen="esketamine-84")
            assert refused.status_code == 503
            assert "cannot be stored" in refused.json()["detail"]
            assert note(clinic, session, "lost").status_code in (404, 503)
            assert HTTP.get(f"http://127.0.0.1:{clinic.port}/readyz").status_code == 503

            file.rmdir()
            (tmp_path / "away.db").rename(file)
            clinic.until(lambda: clinic.get("/beds/bed-1")["session"])
            assert clinic.get("/beds/bed-1")["session"]["id"] == session
            assert note(clinic, session, "kept").is_success
            heard.wait_for(lambda m: m.is_alarm(rule="tech.journal-failing", state="ended"))
            heard.wait_for(lambda m: m.topic.endswith("/event") and "kept" in str(m.payload))
            seqs = [m.payload["seq"] for m in heard.messages if m.topic.endswith("/event")]
            assert seqs == sorted(set(seqs))
            clinic.until(lambda: "tech.journal-failing" not in clinic.alarms())
            assert process.interrupt() == 0
    verdict = ran("journal", "verify", "--config", str(clinic.config))
    assert verdict.status == 0, verdict.complaint


def test_a_daemon_whose_server_is_down_watches_and_goes_on_when_it_is_back(
    tmp_path: Path,
) -> None:
    clinic = lonely(tmp_path)
    with running_postgresql() as server:
        with_store(clinic, server.create_database("postdose"))
        with clinic.daemon() as process:
            session = clinic.start()
            process.kill()
        server.kill()
        with clinic.daemon():
            clinic.until(lambda: "tech.journal-failing" in clinic.alarms())
            clinic.until(lambda: "tech.link-lost" in clinic.alarms())
            server.start()
            clinic.until(lambda: clinic.get("/beds/bed-1")["session"])
            assert clinic.get("/beds/bed-1")["session"]["id"] == session
            assert note(clinic, session, "kept").is_success
            clinic.until(lambda: "tech.link-lost" in clinic.alarms())


def test_a_store_that_waiting_would_not_mend_is_an_error_at_the_start(tmp_path: Path) -> None:
    clinic = lonely(tmp_path)
    with running_postgresql() as server:
        url = server.create_database("postdose")
        with_store(clinic, url.removesuffix("postdose") + "another")
        refused = ran("run", "--config", str(clinic.config))
    assert refused.status == 1
    assert "does not exist" in refused.complaint


def test_a_daemon_waits_for_the_one_that_writes_its_journal_and_says_so(tmp_path: Path) -> None:
    clinic = lonely(tmp_path)
    with running_postgresql() as server:
        url = server.create_database("postdose")
        with_store(clinic, url)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
            with running("run", "--config", str(clinic.config)) as process:
                said = process.err.wait_for(lambda line: "journal.held" in line)
                assert "another Postdose is writing it" in said
                other.execute("SELECT pg_advisory_unlock_all()")
                process.err.wait_for(lambda line: "daemon.started" in line)
                assert process.interrupt() == 0


def test_a_daemon_that_waits_for_another_can_be_stopped(tmp_path: Path) -> None:
    clinic = lonely(tmp_path)
    with running_postgresql() as server:
        url = server.create_database("postdose")
        with_store(clinic, url)
        with psycopg.connect(url, autocommit=True) as other:
            other.execute("SELECT pg_advisory_lock(%s)", (WRITER_LOCK,))
            with running("run", "--config", str(clinic.config)) as process:
                process.err.wait_for(lambda line: "journal.held" in line)
                assert process.interrupt() == 1
