"""What goes wrong at one bed, or in one part, changes nothing elsewhere."""

import asyncio
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from drivers.clock import Instant
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.inputs import Input, Tick
from monitor.journal import StoreError
from monitor.session.commands import RecordScore
from monitor.session.events import Stored
from tests.virtual import virtual_clock, virtual_time
from tests.wards import simulated_ward

BEDS = {"bed-1": "calm", "bed-2": "calm"}


def _break(monkeypatch: pytest.MonkeyPatch, kind: type[Input], bed: str) -> None:
    """Have the bed fail once on such an input: a fault of ours, which nothing outside provokes."""
    works = Bed.handle
    broken = [bed]

    def fails_once(self: Bed, given: Input, now: Instant) -> Result:
        if self.id in broken and isinstance(given, kind):
            broken.remove(self.id)
            raise RuntimeError("a fault of ours")
        return works(self, given, now)

    monkeypatch.setattr(Bed, "handle", fails_once)


def test_a_bed_whose_core_fails_is_rebuilt_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path, BEDS) as ward:
            session = await ward.start("bed-1")
            await ward.score(session, "cadss", 31)
            await ward.clock.sleep(10)
            _break(monkeypatch, Tick, "bed-1")
            await ward.clock.sleep(0.8)
            assert (await ward.get("/beds/bed-1"))["failing"] == "RuntimeError: a fault of ours"
            assert (await ward.http.get("/readyz")).status_code == 503
            other = await ward.get("/beds/bed-2")
            assert other["failing"] is None
            assert other["vitals"]["spo2"]["age_s"] < 1

            await ward.clock.sleep(10)
            mended = await ward.get("/beds/bed-1")
            assert mended["failing"] is None
            assert mended["session"]["id"] == session
            assert "dissociation.marked" in {alarm["rule"] for alarm in mended["alarms"]}
            assert mended["vitals"]["spo2"]["age_s"] < 1
            await ward.score(session, "cadss", 2)
            assert "dissociation.marked" not in await ward.alarms("bed-1")

    run()


def test_a_command_that_meets_a_fault_of_ours_is_answered_and_the_bed_mended(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            _break(monkeypatch, RecordScore, "bed-1")
            body = {"scale": "cadss", "total": 3, "by": "nurse.a"}
            await ward.post(f"/sessions/{session}/scores", body, expect=500)
            await ward.post(f"/sessions/{session}/scores", body, expect=503)
            await ward.clock.sleep(5)
            await ward.post(f"/sessions/{session}/scores", body)

    run()


@virtual_time()
async def test_events_of_a_bed_are_numbered_without_gaps_over_a_rebuild(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, BEDS) as ward:
        session = await ward.start("bed-1")
        runner = ward.ward.bed_runners["bed-1"]
        runner.failed(RuntimeError("a fault of ours"))
        await ward.clock.sleep(5)
        await ward.score(session, "moaas", 5)
        stored = await ward.ward.journal.events(bed="bed-1")
        assert [item.event.n for item in stored] == list(range(1, len(stored) + 1))


def test_a_rebuild_that_fails_is_tried_again_and_the_other_beds_say_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path, BEDS) as ward:
            await ward.clock.sleep(10)
            works = ward.ward.journal.load_stream
            fails = [True] * 5

            async def rebuild(bed: str) -> object:
                if fails:
                    fails.pop()
                    raise StoreError("the database is away")
                return await works(bed)

            monkeypatch.setattr(ward.ward.journal, "load_stream", rebuild)
            _break(monkeypatch, Tick, "bed-1")
            await ward.clock.sleep(4)
            assert (await ward.get("/beds/bed-1"))["failing"] is not None
            told = (await ward.alarms("bed-2"))["tech.bed-failing"]
            assert "bed-1" in told["text"]
            await ward.clock.sleep(20)
            assert (await ward.get("/beds/bed-1"))["failing"] is None
            assert (await ward.get("/beds/bed-1"))["vitals"]["spo2"]["age_s"] < 1
            assert "tech.bed-failing" not in await ward.alarms("bed-2")

    run()


def test_a_bed_that_cannot_be_looked_at_hides_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path, BEDS) as ward:
            await ward.clock.sleep(10)
            broken = ward.ward.bed_runners["bed-1"].bed.vitals
            monkeypatch.setattr(broken, "views", None)
            beds = (await ward.get("/beds"))["items"]
            assert beds[0]["failing"] is not None
            assert beds[1]["vitals"]["spo2"]["age_s"] < 1
            await ward.clock.sleep(10)
            assert (await ward.get("/beds/bed-1"))["vitals"]["spo2"]["age_s"] < 1

    run()


def test_events_that_the_journal_refuses_are_told_and_the_bed_starts_afresh(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            told: list[str] = []
            ward.ward.unstored_listeners.append(lambda event: told.append(event.type))
            refused: asyncio.Future[list[Stored]] = asyncio.get_running_loop().create_future()
            with monkeypatch.context() as patched:
                patched.setattr(ward.ward.journal, "append", lambda *_, **__: refused)
                runner = ward.ward.bed_runners["bed-1"]
                runner.command(RecordScore("cadss", 31, None, "nurse.a"))
            refused.set_exception(StoreError("it is there already"))
            await ward.clock.sleep(5)
            assert "alarm.raised" in told
            seen = await ward.get("/beds/bed-1")
            assert seen["failing"] is None
            assert (seen["session"]["id"], seen["session"]["scores"]) == (session, [])

    run()


@virtual_time()
async def test_a_stale_value_is_stale_on_the_stream_within_a_second_too(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        ward.fault("oximeter", "silent", for_s=60)
        await ward.clock.sleep(7)
        shown = ward.ward.latest_vitals.get("bed-1")
        assert shown is not None
        assert shown["vitals"]["spo2"]["stale"] is True


@virtual_time()
async def test_a_bed_that_the_site_file_names_no_more_is_there_until_it_is_empty(
    tmp_path: Path,
) -> None:
    clock = virtual_clock()
    async with simulated_ward(tmp_path, {"bed-1": "calm"}, clock=clock) as ward:
        session = await ward.start()
        await ward.score(session, "cadss", 40)
    async with simulated_ward(tmp_path, {"room-1": "calm"}, clock=clock) as ward:
        await clock.sleep(60)
        bed = await ward.get("/beds/bed-1")
        assert (bed["session"]["id"], bed["devices"]) == (session, [])
        alarms = await ward.alarms("bed-1")
        assert alarms["tech.bed-not-configured"]["priority"] == "high"
        assert "set up no more" in alarms["tech.bed-not-configured"]["text"]
        assert "dissociation.marked" in alarms
        assert "tech.bed-not-configured" not in await ward.alarms("room-1")
        await ward.score(session, "cadss", 2)
        await ward.abort(session)
        assert (await ward.get(f"/sessions/{session}"))["patient_left_at"] is not None
        await clock.sleep(10)
        assert await ward.alarms("bed-1") == {}
    async with simulated_ward(tmp_path, {"room-1": "calm"}, clock=clock) as ward:
        assert set(ward.ward.bed_runners) == {"room-1"}


def spoil(folder: Path, type_: str, payload: str) -> None:
    """Have the stored events of that type hold what no version ever wrote."""
    with closing(sqlite3.connect(folder / "postdose.db")) as database, database:
        changed = database.execute("UPDATE event SET payload = ? WHERE type = ?", (payload, type_))
        assert changed.rowcount


@pytest.mark.parametrize(
    ("type_", "payload"),
    [
        ("score.recorded", '{"by": "nurse.a"}'),
        ("score.recorded", '{"scale": '),
        ("score.recorded", '["cadss"]'),
        ("device.connected", '{"dev": 1}'),
        ("nurse.assigned", "{}"),
    ],
)
def test_an_event_that_cannot_be_read_keeps_no_bed_from_being_watched(
    tmp_path: Path, type_: str, payload: str
) -> None:
    @virtual_time()
    async def run() -> None:
        clock = virtual_clock()
        async with simulated_ward(tmp_path, clock=clock) as ward:
            session = await ward.start()
            await ward.score(session, "moaas", 5)
            body = {"action": "take-over", "by": "nurse.b"}
            await ward.post(f"/sessions/{session}/assignment", body)
            await ward.dose(session)
            await clock.sleep(30)
        spoil(tmp_path, type_, payload)
        async with simulated_ward(tmp_path, {"bed-1": "desaturation"}, clock=clock) as ward:
            await clock.sleep(10)
            bed = await ward.get("/beds/bed-1")
            assert (bed["failing"], bed["session"]["id"]) == (None, session)
            assert len(bed["session"]["doses"]) == 1
            assert bed["vitals"]["spo2"]["age_s"] < 1
            alarms = await ward.alarms("bed-1")
            assert alarms["tech.record-unreadable"]["priority"] == "high"
            listed = await ward.get("/events", bed="bed-1", limit=500)
            assert {event["bed"] for event in listed["items"]} == {"bed-1"}
            await ward.score(session, "moaas", 0)
            assert "sedation.unresponsive" in await ward.alarms("bed-1")

    run()


@virtual_time()
async def test_a_bed_that_fails_with_its_record_again_and_again_watches_without_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with simulated_ward(tmp_path, BEDS) as ward:
        await ward.start("bed-1")
        works = Bed.handle

        def fails(self: Bed, given: Input, now: Instant) -> Result:
            if self.id == "bed-1" and self.session is not None:
                raise RuntimeError("a fault of ours")
            return works(self, given, now)

        monkeypatch.setattr(Bed, "handle", fails)
        await ward.clock.sleep(30)
        bed = await ward.get("/beds/bed-1")
        assert (bed["failing"], bed["session"]) == (None, None)
        assert bed["vitals"]["spo2"]["age_s"] < 1
        assert (await ward.alarms("bed-1"))["tech.record-unreadable"]["priority"] == "high"
        assert (await ward.get("/beds/bed-2"))["vitals"]["spo2"]["age_s"] < 1
