"""Beds over HTTP: what is shown of them, the cuff, and the sound."""

from pathlib import Path

import pytest

from tests.virtual import virtual_time
from tests.wards import simulated_ward


@virtual_time()
async def test_the_cuff_measures_when_asked(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        asked = await ward.post("/beds/bed-1/pressure", {"by": "nurse.a"}, expect=202)
        assert asked == {"bed": "bed-1", "requested": True}
        problem = await ward.post("/beds/bed-1/pressure", {"by": "nurse.a"}, expect=409)
        assert "measuring" in problem["detail"]
        await ward.clock.sleep(90)
        assert (await ward.get("/beds/bed-1"))["vitals"]["sys"]["value"] > 80


@virtual_time()
async def test_a_bed_is_quieted_for_a_while(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.score(await ward.start(), "cadss", 31)
        answer = await ward.post("/beds/bed-1/audio-pause", {"by": "nurse.a", "for_s": 30})
        assert answer == (await ward.get("/beds/bed-1"))["audio"]
        assert answer["by"] == "nurse.a"
        assert answer["paused_until"] is not None
        await ward.clock.sleep(31)
        assert (await ward.get("/beds/bed-1"))["audio"] == {"paused_until": None, "by": None}


@virtual_time()
async def test_a_bed_with_nothing_to_be_heard_is_not_quieted(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        problem = await ward.post("/beds/bed-1/audio-pause", {"by": "nurse.a"}, expect=409)
        assert "no alarm that is to be heard" in problem["detail"]


@pytest.mark.parametrize("for_s", [0, 121, 1.5, "off", None])
def test_there_is_no_permanent_off(for_s: object, tmp_path: Path) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await ward.score(await ward.start(), "cadss", 31)
            body = {"by": "nurse.a", "for_s": for_s}
            problem = await ward.post("/beds/bed-1/audio-pause", body, expect=422)
            assert problem["errors"][0]["field"] == "for_s"

    run()


@virtual_time()
async def test_vitals_come_with_their_age_unit_and_quality(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        vitals = (await ward.get("/beds/bed-1"))["vitals"]
        spo2 = vitals["spo2"]
        assert 90 < spo2["value"] <= 100
        assert (spo2["unit"], spo2["quality"], spo2["stale"]) == ("%", "good", False)
        assert spo2["age_s"] < 1
        assert spo2["device"] == "oximeter"
        assert vitals["sys"]["value"] is None


@virtual_time()
async def test_a_value_that_nobody_renews_is_stale(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        ward.fault("oximeter", "silent", for_s=60)
        await ward.clock.sleep(7)
        bed = await ward.get("/beds/bed-1")
        assert bed["vitals"]["spo2"]["stale"] is True
        assert {alarm["kind"] for alarm in bed["alarms"]} == {"technical"}


@virtual_time()
async def test_a_finger_out_leaves_no_number(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        ward.fault("oximeter", "finger-off", for_s=60)
        await ward.clock.sleep(3)
        spo2 = (await ward.get("/beds/bed-1"))["vitals"]["spo2"]
        assert spo2["value"] is None
        assert spo2["missing_since"] is not None
        assert spo2["reason"]


@virtual_time()
async def test_a_bed_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/beds/bed-7")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert "bed-1" in answer.json()["detail"]


@virtual_time()
async def test_an_inhibited_cuff_says_why(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(30)
        assert (await ward.get("/beds/bed-1"))["cuff"]["inhibited"] is None
        stop = {"action": "stop", "reason": "a line in that arm", "by": "nurse.a"}
        shown = await ward.post("/beds/bed-1/cuff", stop)
        assert shown["cuff"]["inhibited"] == "a line in that arm"
        shown = await ward.post("/beds/bed-1/cuff", {"action": "allow", "by": "nurse.a"})
        assert shown["cuff"]["inhibited"] is None


@virtual_time()
async def test_the_link_to_each_device_is_told_with_its_counters(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        links = (await ward.get("/beds/bed-1/devices"))["items"]
        assert [link["id"] for link in links] == ["oximeter", "cuff"]
        oximeter = links[0]
        assert oximeter["link"] == "up"
        assert oximeter["frames"] > 500
        assert oximeter["bytes_in"] >= 5 * oximeter["frames"]
        assert oximeter["damaged"] == {}
        assert len(bytes.fromhex(oximeter["last_bytes"])) == 64
        assert oximeter["last_item_at"] is not None
