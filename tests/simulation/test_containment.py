"""What goes wrong at one bed, or in one part, changes nothing elsewhere."""

from pathlib import Path

import pytest

from monitor.bed import Bed, Outcome
from tests.virtual import virtual_time
from tests.wards import simulated_ward

BEDS = {"bed-1": "calm", "bed-2": "calm"}


def _break(monkeypatch: pytest.MonkeyPatch, method: str, bed: str) -> None:
    """Have `method` of the bed fail once: a fault of ours, which nothing outside provokes."""
    works = getattr(Bed, method)
    broken = [bed]

    def fails_once(self: Bed, *args: object) -> Outcome:
        if self.id in broken:
            broken.remove(self.id)
            raise RuntimeError("a fault of ours")
        outcome: Outcome = works(self, *args)
        return outcome

    monkeypatch.setattr(Bed, method, fails_once)


def test_a_bed_whose_core_fails_is_rebuilt_and_the_others_go_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path, BEDS) as ward:
            session = await ward.start("bed-1")
            await ward.score(session, "cadss", 31)
            await ward.clock.sleep(10)
            _break(monkeypatch, "tick", "bed-1")
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
            _break(monkeypatch, "command", "bed-1")
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
        keeper = ward.ward.keepers["bed-1"]
        keeper._failed(RuntimeError("a fault of ours"))
        await ward.clock.sleep(5)
        await ward.score(session, "moaas", 5)
        stored = await ward.ward.journal.events(bed="bed-1")
        assert [item.event.n for item in stored] == list(range(1, len(stored) + 1))
