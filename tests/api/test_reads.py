"""What is read over HTTP, and how errors look."""

from pathlib import Path

import pytest

from tests.virtual import virtual_time
from tests.wards import simulated_ward


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
async def test_events_come_in_pages(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        for number in range(5):
            body = {"text": f"note {number}", "by": "nurse.a"}
            await ward.post(f"/sessions/{session}/notes", body)
        first = await ward.get("/events", type="note.added", limit=3)
        rest = await ward.get("/events", type="note.added", limit=3, after=first["next"])
        texts = [event["payload"]["text"] for event in first["items"] + rest["items"]]
        assert texts == [f"note {number}" for number in range(5)]
        assert rest["next"] is None


@virtual_time()
async def test_an_ended_session_can_be_read_after_the_next_one_began(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        first = await ward.start(patient="P-1")
        await ward.score(first, "cadss", 3)
        await ward.post(f"/sessions/{first}/abort", {"by": "nurse.a", "reason": "unwell"})
        second = await ward.start(patient="P-2")
        seen = await ward.get(f"/sessions/{first}")
        assert (seen["state"], seen["reason"], seen["scores"][0]["total"]) == (
            "aborted",
            "unwell",
            3,
        )
        listed = await ward.get("/sessions")
        assert [session["id"] for session in listed["items"]] == [second, first]


@virtual_time()
async def test_alarms_that_ended_are_kept(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.score(session, "cadss", 31)
        await ward.score(session, "cadss", 2)
        assert (await ward.get("/alarms", bed="bed-1", state="active"))["items"] == []
        ended = await ward.get("/alarms", state="ended")
        assert "dissociation.marked" in {alarm["rule"] for alarm in ended["items"]}


@virtual_time()
async def test_the_course_of_a_vital_is_an_envelope(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(600)
        course = await ward.get(f"/sessions/{session}/readings", vital="spo2", points=20)
        assert course["unit"] == "%"
        assert 10 < len(course["points"]) <= 20
        assert all(90 < p["min"] <= p["max"] <= 100 for p in course["points"])
        assert sum(p["count"] for p in course["points"]) > 1500


@virtual_time()
async def test_a_session_says_which_limits_to_draw(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(180)
        await ward.dose(session)
        seen = await ward.get(f"/sessions/{session}")
        drawn = {(line["vital"], line["value"], line["priority"]) for line in seen["limits"]}
        assert {("spo2", 88.0, "high"), ("spo2", 93.0, "medium"), ("sys", 180.0, "high")} <= drawn
        assert ("sys", seen["baseline"]["sys"] + 40, "medium") in drawn


@virtual_time()
async def test_a_course_of_no_session_is_not_found(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/sessions/none/readings?vital=spo2")
        assert answer.status_code == 404


@virtual_time()
async def test_health_readiness_and_metrics(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(5)
        assert (await ward.http.get("/healthz")).json() == {"status": "ok"}
        assert (await ward.http.get("/readyz")).json() == {"status": "ready"}
        metrics = (await ward.http.get("/metrics")).text
        assert 'postdose_device_up{bed="bed-1",device="oximeter"} 1.0' in metrics


@virtual_time()
async def test_a_page_elsewhere_cannot_reach_the_ward_by_a_name_of_its_own(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/beds", headers={"Host": "evil.example"})
        assert answer.status_code == 400


@virtual_time()
async def test_a_body_that_is_too_large_is_refused(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.post("/api/v1/sessions", content=b"[" * 300_000)
        assert answer.status_code in (413, 422)


@virtual_time()
async def test_the_openapi_document_describes_every_route(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        document = (await ward.http.get("/openapi.json")).json()
        operations = [
            operation for path in document["paths"].values() for operation in path.values()
        ]
        ids = [operation["operationId"] for operation in operations]
        assert len(ids) == len(set(ids))
        assert all("summary" in operation for operation in operations)
        assert {"/api/v1/beds", "/api/v1/stream", "/api/v1/sessions/{session}/doses"} <= set(
            document["paths"]
        )


@pytest.mark.parametrize("path", ["events?after=", "sessions?before=", "alarms?state=ended&after="])
def test_a_place_that_no_journal_has_is_refused(path: str, tmp_path: Path) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            answer = await ward.http.get(f"/api/v1/{path}9223372036854775808")
            assert answer.status_code == 422

    run()


@virtual_time()
async def test_an_alarm_that_is_open_again_is_not_among_the_ended(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        for total in (31, 2, 31, 2, 31):
            await ward.score(session, "cadss", total)
        ended = await ward.get("/alarms", state="ended")
        assert "dissociation.marked" not in {alarm["rule"] for alarm in ended["items"]}
        await ward.score(session, "cadss", 2)
        ended = await ward.get("/alarms", state="ended")
        marked = [a for a in ended["items"] if a["rule"] == "dissociation.marked"]
        assert [alarm["count"] for alarm in marked] == [3]
