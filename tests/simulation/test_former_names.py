"""A journal that the version before wrote, with all of its names, read by this one.

What was seen of it then, over HTTP, is beside it: tests/data/README.md.
"""

import csv
import io
import json
import lzma
import sqlite3
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pytest
import sqlalchemy as sa

from alerts.alarm import Alarm
from alerts.rules import load_rules
from drivers.clock import Instant, parse_rfc3339
from monitor.bed import Bed, RecordingStart, view
from monitor.journal import Journal, JournalReader, StartBlock
from monitor.journal.migrate import upgrade
from monitor.journal.schema import metadata
from monitor.mqtt import MqttSettings
from monitor.replay.report import find, recorded_sessions, replay_report
from monitor.session import upcast
from monitor.session.decide import rules_reference
from tests.monitor.mqtt.test_publisher import listening, publishing
from tests.servers import Mosquitto
from tests.simulation.test_replay import SettableClock
from tests.virtual import run_virtually, virtual_time
from tests.wards import SimulatedWard, simulated_ward

DATA: Final = Path(__file__).parents[1] / "data" / "former_names"
SEEN: Final[Mapping[str, Any]] = json.loads((DATA / "seen.json").read_text())
BEDS: Final = {"bed-1": "calm", "bed-2": "calm"}
ALL: Final = 10_000


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where a copy of the journal lies."""
    (tmp_path / "postdose.db").write_bytes(lzma.decompress((DATA / "journal.db.xz").read_bytes()))
    upgrade(store(tmp_path))
    return tmp_path


def store(folder: Path) -> str:
    return f"sqlite:///{folder}/postdose.db"


def rows(folder: Path, table: str) -> list[dict[str, Any]]:
    """What is stored, untouched by any of ours."""
    with sqlite3.connect(folder / "postdose.db") as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute(f"SELECT * FROM {table} ORDER BY 1")]


def into_postgresql(folder: Path, url: str) -> None:
    """The same rows in a database of another make."""
    journal = Journal.open(url)
    journal.release()
    engine = sa.create_engine(url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        for table in metadata.sorted_tables:
            if kept := rows(folder, table.name):
                connection.execute(sa.insert(table), kept)
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest, folder: Path) -> str:
    if request.param == "sqlite":
        return store(folder)
    found: str = request.getfixturevalue("postgresql_url")
    into_postgresql(folder, found)
    return found


@pytest.fixture
async def journal(url: str) -> AsyncIterator[JournalReader]:
    opened = JournalReader.open_to_read(url)
    yield opened
    await opened.close()


def renamed(data: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {names.get(name, name): value for name, value in data.items()}


def session_seen(seen: Mapping[str, Any]) -> dict[str, Any]:
    """A session as it was shown, in today's names."""
    names = {"could_leave_at": "criteria_met_at", "decisions": "clearances"}
    clearances = [renamed(made, {"about": "scope"}) for made in seen["decisions"]]
    return renamed(seen, names) | {"clearances": clearances}


def alarms_seen(bed: str) -> list[dict[str, Any]]:
    """A bed's open alarms as they were shown, in today's names."""
    names = {"called_at": "notified_at", "level": "escalation_level", "blind": "rules_without_data"}
    rules = {"tech.cuff-stopped": "tech.nibp-inhibited"}
    return [
        renamed(alarm, names) | {"rule": rules.get(alarm["rule"], alarm["rule"])}
        for alarm in SEEN["alarms"][bed]
    ]


async def restored(journal: JournalReader, bed_id: str) -> Bed:
    """The bed as a daemon of today takes it up, a moment after the last one ended."""
    stored, last_n = await journal.load_stream(bed_id)
    start = next(iter(journal.recording(bed_id, last_n + 1)))
    assert isinstance(start, StartBlock)
    devices = RecordingStart.from_json(start.at, start.data).devices
    bed = Bed(bed_id, devices, load_rules("default"))
    bed.restore([each.event for each in stored], last_n, Instant(parse_rfc3339(SEEN["at"]), 7e6))
    return bed


# ── read as it lies there ───────────────────────────────────────────────────────────────


def test_every_name_that_was_changed_is_in_it(folder: Path) -> None:
    stored = rows(folder, "event")
    texts = "".join(row["payload"] for row in stored)
    assert {row["type"] for row in stored} >= upcast.EVENT_TYPES.keys()
    assert all(f'"{name}":' in texts for name in ("about", *upcast.ALARM_FIELDS))
    assert 'reprioritised, medium"' in texts
    assert all(f'"rule":"{rule}"' in texts for rule in upcast.RULE_IDS)


async def test_the_chain_holds_over_what_is_stored(journal: JournalReader, folder: Path) -> None:
    last = rows(folder, "event")[-1]
    result = await journal.verify()
    assert (result.fault, result.events) == (None, last["seq"])
    assert result.head.hash == last["hash"]


async def test_what_is_read_has_todays_names(journal: JournalReader) -> None:
    events = [stored.event for stored in await journal.events(0, ALL)]
    assert {event.type for event in events} >= set(upcast.EVENT_TYPES.values())
    assert {event.type for event in events}.isdisjoint(upcast.EVENT_TYPES)
    alarms = [event.payload["alarm"] for event in events if event.subject is not None]
    assert [Alarm.from_json(alarm).as_json() for alarm in alarms] == alarms
    clearances = [event.payload for event in events if event.type == "clearance.recorded"]
    assert [c["scope"] for c in clearances] == ["pre-dose-pressure", "pressure-at-discharge"]
    resumed = next(event for event in events if event.type == "alarm.audio-resumed")
    assert resumed.payload["reason"] == "watch.nobody priority-raised, medium"


async def test_an_event_is_found_by_todays_type_alone(journal: JournalReader) -> None:
    everything = await journal.events(0, ALL)
    for former, today in upcast.EVENT_TYPES.items():
        of_type = [stored for stored in everything if stored.event.type == today]
        assert await journal.events(0, ALL, types=[today]) == of_type
        assert await journal.events(0, ALL, types=[former]) == []
    newest = [s for s in reversed(everything) if s.event.type == "device.connected"]
    at_bed_1 = [s for s in newest if s.event.bed == "bed-1"]
    assert await journal.latest("bed-1", ["device.connected"]) == at_bed_1


async def test_a_bed_is_as_it_was_with_its_session_and_its_alarms(journal: JournalReader) -> None:
    for bed_id in BEDS:
        bed = await restored(journal, bed_id)
        assert view.alarms(bed) == alarms_seen(bed_id)
        assert bed.session is not None
        (seen,) = (seen for seen in SEEN["sessions"] if seen["id"] == bed.session.id)
        shown = view.records(bed.session).as_json()
        assert as_far_as(session_seen(seen), shown) == session_seen(seen) | {
            "rules": rules_reference(load_rules("default"))
        }
    assert "tech.nibp-inhibited" in {alarm["rule"] for alarm in alarms_seen("bed-2")}


def as_far_as(seen: Any, now: Any) -> Any:
    """What is there now, without the fields that were added since."""
    match seen:
        case dict():
            return {name: as_far_as(was, now[name]) for name, was in seen.items()}
        case list():
            return [as_far_as(was, each) for was, each in zip(seen, now, strict=True)]
    return now


# ── taken up by a daemon ────────────────────────────────────────────────────────────────


@asynccontextmanager
async def taken_up(folder: Path) -> AsyncIterator[SimulatedWard]:
    """A ward of today that goes on with the journal, two minutes after it was written."""
    clock = SettableClock()
    clock.ahead = parse_rfc3339(SEEN["at"]) - clock.now().wall + timedelta(minutes=2)
    async with simulated_ward(folder, BEDS, clock=clock) as ward:
        yield ward


@virtual_time()
async def test_http_tells_it_in_todays_names(folder: Path) -> None:
    async with taken_up(folder) as ward:
        events = (await ward.get("/events", limit=500))["items"]
        assert {event["type"] for event in events}.isdisjoint(upcast.EVENT_TYPES)
        sessions = (await ward.get("/sessions"))["items"]
        assert [session["id"] for session in sessions] == [seen["id"] for seen in SEEN["sessions"]]
        closed = next(session for session in sessions if session["state"] == "closed")
        (seen,) = (seen for seen in SEEN["sessions"] if seen["id"] == closed["id"])
        assert as_far_as(session_seen(seen), closed) == session_seen(seen)
        assert len(closed["clearances"]) == 2
        assert closed["criteria_met_at"] is not None
        ended = (await ward.get("/alarms", state="ended", limit=500))["items"]
        by_hand = await ward.get("/events", type="alarm.reset")
        assert {e["payload"]["alarm"]["id"] for e in by_hand["items"]} <= {a["id"] for a in ended}
        assert len(by_hand["items"]) == 2


@virtual_time()
async def test_forms_exports_and_courses_are_made_from_it(folder: Path) -> None:
    (seen,) = (seen for seen in SEEN["sessions"] if seen["state"] == "closed")
    async with taken_up(folder) as ward:
        export = f"/sessions/{seen['id']}/export"
        form = await ward.get(export, format="form")
        fields = {field["name"]: field for field in form["fields"]}
        assert form["state"] == "sent"
        assert fields["ready_at"]["value"]["at"] == seen["could_leave_at"]
        assert fields["acceptable_before"]["value"]["clearances"][0]["scope"] == "pre-dose-pressure"
        watch = [turn["nurse"] for turn in fields["watched_by"]["value"]]
        assert watch == ["nurse.a", "nurse.b", None, "nurse.a"]
        everything = await ward.get(export, format="json")
        assert everything["session"]["criteria_met_at"] == seen["could_leave_at"]
        answer = await ward.http.get(f"/api/v1{export}", params={"format": "csv"})
        told = {(row["kind"], row["name"]) for row in csv.DictReader(io.StringIO(answer.text))}
        assert told >= {
            ("clearance", "recorded"),
            ("nurse", "assigned"),
            ("nurse", "unassigned"),
            ("session", "criteria-met"),
            ("session", "ready-withdrawn"),
            ("vital", "spo2"),
        }
        course = await ward.get("/patients/P-017/course")
        assert [entry.get("total") for entry in course["entries"]] == [14, None, None]
        assert course["sessions"][0]["criteria_met_min"] is not None
        readings = await ward.get(f"/sessions/{seen['id']}/readings", vital="spo2", points=5000)
        assert sum(point["count"] for point in readings["points"]) > 2000


@virtual_time()
async def test_a_request_from_before_gets_the_answer_that_it_got(folder: Path) -> None:
    (receipt,) = rows(folder, "receipt")
    (seen,) = (seen for seen in SEEN["sessions"] if seen["state"] == "closed")
    async with taken_up(folder) as ward:
        answer = await ward.http.post(
            f"/api/v1/sessions/{seen['id']}/doses",
            json={"by": "nurse.a", "product": "esketamine", "mg": 84},
            headers={"Idempotency-Key": receipt["key"]},
        )
    assert (answer.status_code, answer.text) == (200, receipt["body"])


def test_the_chain_goes_on_and_what_was_stored_stays(folder: Path) -> None:
    before = rows(folder, "event")

    async def run() -> None:
        async with taken_up(folder) as ward:
            session = (await ward.get("/beds/bed-2"))["session"]["id"]
            alarms = await ward.alarms("bed-2")
            again = alarms["tech.nibp-inhibited"]["id"]
            await ward.post(f"/alarms/{again}/unacknowledge", {"by": "nurse.a"})
            await ward.post("/beds/bed-2/cuff", {"by": "nurse.a", "action": "allow"})
            body = {"by": "nurse.b", "action": "take-over"}
            await ward.post(f"/sessions/{session}/assignment", body)
            await ward.clock.sleep(120)
            result = await ward.ward.journal.verify()
            assert (result.fault, result.events > len(before)) == (None, True)

    run_virtually(run())
    after = rows(folder, "event")
    assert after[: len(before)] == before
    assert after[len(before)]["prev_hash"] == before[-1]["hash"]
    fresh = after[len(before) :]
    assert {row["type"] for row in fresh} >= {
        "alarm.unacknowledged",
        "nibp.enabled",
        "nurse.assigned",
        "rules.changed",
    }
    assert {row["type"] for row in fresh}.isdisjoint(upcast.EVENT_TYPES)
    ended = [json.loads(row["payload"])["alarm"] for row in fresh if row["type"] == "alarm.ended"]
    (inhibited,) = (alarm for alarm in ended if alarm["rule"] == "tech.nibp-inhibited")
    (seen,) = (a for a in SEEN["alarms"]["bed-2"] if a["rule"] == "tech.cuff-stopped")
    assert inhibited["id"] == seen["id"]


# ── run again ───────────────────────────────────────────────────────────────────────────


def test_its_sessions_give_the_same_events_again(folder: Path) -> None:
    with recorded_sessions(store(folder)) as journal:
        found = [find(journal, seen["id"]) for seen in SEEN["sessions"]]
        counts = [len(session.own) for session in found]
        reports = [replay_report(session) for session in found]
    assert [lines for same, lines in reports if not same] == []
    assert [line for _, (line,) in reports] == [
        f"same: {counts[0]} events so far",
        f"same: {counts[1]} events so far",
        f"same: {counts[2]} events",
    ]


def test_a_session_that_goes_on_under_todays_version_gives_the_same_again(folder: Path) -> None:
    async def run() -> str:
        async with taken_up(folder) as ward:
            session = str((await ward.get("/beds/bed-2"))["session"]["id"])
            await ward.score(session, "moaas", 5)
            await ward.clock.sleep(30)
            await ward.post("/beds/bed-2/cuff", {"by": "nurse.a", "action": "allow"})
            await ward.clock.sleep(30)
            return session

    session = run_virtually(run())
    with recorded_sessions(store(folder)) as journal:
        same, lines = replay_report(find(journal, session))
    assert same, lines


# ── told to a broker ────────────────────────────────────────────────────────────────────


async def test_mqtt_tells_it_in_todays_names(folder: Path, mosquitto: Mosquitto) -> None:
    stored = rows(folder, "event")
    settings = MqttSettings(url=mosquitto.url, site="clinic-1")
    async with listening(mosquitto, "+/event") as heard, publishing(settings, folder):
        last = stored[-1]
        await heard.until(f"{last['bed']}/event", lambda said: said["seq"] == last["seq"])
    said = [payload for _, payload, _ in heard.messages]
    assert [event["seq"] for event in said] == [row["seq"] for row in stored]
    assert {event["type"] for event in said} >= set(upcast.EVENT_TYPES.values())
    assert {event["type"] for event in said}.isdisjoint(upcast.EVENT_TYPES)
    alarms = [event["payload"]["alarm"] for event in said if "alarm" in event["payload"]]
    assert all(alarm.keys().isdisjoint(upcast.ALARM_FIELDS) for alarm in alarms)
