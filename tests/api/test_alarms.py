"""What is read over HTTP, and how errors look."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from api.app import create_app
from api.middleware import MAX_BODY_BYTES
from monitor import archive
from tests.virtual import virtual_time
from tests.wards import simulated_ward

JSON = {"Content-Type": "application/json"}


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
async def test_a_long_session_is_read_to_its_end(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(archive, "PAGE", 2)
        async with simulated_ward(tmp_path) as ward:
            first = await ward.start(patient="P-1")
            for total in range(5):
                await ward.score(first, "cadss", total)
            await ward.post(f"/sessions/{first}/abort", {"by": "nurse.a", "reason": "unwell"})
            await ward.start(patient="P-2")
            seen = await ward.get(f"/sessions/{first}")
            assert [score["total"] for score in seen["scores"]] == [0, 1, 2, 3, 4]
            assert seen["state"] == "aborted"


@virtual_time()
async def test_sessions_come_at_most_fifty_at_once(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.get("/sessions", limit=50)
        answer = await ward.http.get("/api/v1/sessions", params={"limit": 51})
        assert answer.status_code == 422


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
        for body in (b"[" * (MAX_BODY_BYTES + 1), _undeclared(MAX_BODY_BYTES + 1)):
            answer = await ward.http.post("/api/v1/sessions", content=body)
            assert answer.status_code == 413
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert str(MAX_BODY_BYTES) in answer.json()["detail"]


async def _undeclared(size: int) -> AsyncIterator[bytes]:
    """A body whose length no header tells."""
    for start in range(0, size, 1000):
        yield b"[" * min(1000, size - start)


@virtual_time()
async def test_a_body_of_the_largest_size_is_read(tmp_path: Path) -> None:
    body = b"{}".ljust(MAX_BODY_BYTES)
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.post("/api/v1/sessions", content=body, headers=JSON)
        assert answer.status_code == 422
        assert "bed" in [wrong["field"] for wrong in answer.json()["errors"]]


@virtual_time()
async def test_half_a_character_is_refused(tmp_path: Path) -> None:
    whole = {"bed": "bed-1", "patient": "P-017", "regimen": "esketamine-84", "by": "nurse.a"}
    async with simulated_ward(tmp_path) as ward:
        for field in whole:
            body = json.dumps(whole | {field: "\ud800"})
            answer = await ward.http.post("/api/v1/sessions", content=body, headers=JSON)
            assert answer.status_code == 422
            assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "::ffff:127.0.0.1"])
def test_the_ward_is_reached_at_its_configured_host(host: str, tmp_path: Path) -> None:
    named = f"[{host}]" if ":" in host else host

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            transport = httpx.ASGITransport(create_app(ward.ward, version="test", host=host))
            async with httpx.AsyncClient(transport=transport) as http:
                assert (await http.get(f"http://{named}:8600/healthz")).status_code == 200
                assert (await http.get("http://testserver/healthz")).status_code == 400

    run()


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
async def test_a_latched_alarm_that_was_reset_is_among_the_ended(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}) as ward:
        await ward.dose(await ward.start())

        async def latched() -> bool:
            alarm = (await ward.alarms()).get("spo2.very-low")
            return alarm is not None and alarm["state"] == "latched"

        await ward.until(latched)
        alarm = (await ward.alarms())["spo2.very-low"]["id"]
        await ward.post(f"/alarms/{alarm}/acknowledge", {"by": "nurse.a"})
        ended = await ward.get("/alarms", state="ended")
        assert alarm in {item["id"] for item in ended["items"]}
        await ward.post(f"/alarms/{alarm}/unacknowledge", {"by": "nurse.a"})
        ended = await ward.get("/alarms", state="ended")
        assert alarm not in {item["id"] for item in ended["items"]}


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


@virtual_time()
async def test_ended_alarms_stand_where_they_ended_last(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        for scale, total in (("cadss", 31), ("cadss", 2), ("moaas", 1), ("moaas", 5)):
            await ward.score(session, scale, total)
        for total in (31, 2):
            await ward.score(session, "cadss", total)
        ended = (await ward.get("/alarms", state="ended"))["items"]
        assert len(ended) > 1
        assert [alarm["ended_at"] for alarm in ended] == sorted(a["ended_at"] for a in ended)
        assert ended[-1]["rule"] == "dissociation.marked"
