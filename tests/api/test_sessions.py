"""Sessions over HTTP: how they start, what they show, how they end, and what is refused."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import parse_rfc3339
from monitor.patient import repository as archive
from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward


@virtual_time()
async def test_a_session_starts_and_is_shown_at_its_bed(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start(medicines=["benzodiazepine"])
        bed = await ward.get("/beds/bed-1")
        assert bed["session"]["id"] == session
        assert bed["session"]["state"] == "baseline"
        assert bed["session"]["medicines"] == ["benzodiazepine"]
        assert bed["simulated"] is True


@virtual_time()
async def test_an_occupied_bed_refuses_another_session(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.start()
        body = {"bed": "bed-1", "patient": "P-2", "regimen": "esketamine-56", "by": "nurse.a"}
        problem = await ward.post("/sessions", body, expect=409)
        assert "occupied by P-017" in problem["detail"]
        assert problem["errors"][0]["field"] == "bed"


@virtual_time()
async def test_a_patient_is_at_a_second_bed_only_when_that_is_said(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, dict.fromkeys(("bed-1", "bed-2"), "calm")) as ward:
        await ward.start(patient="Müller-7")
        body = {"bed": "bed-2", "patient": "mu\u0308ller-7", "regimen": "esketamine-56", "by": "n"}
        problem = await ward.post("/sessions", body, expect=409)
        assert "has an open session at bed-1" in problem["detail"]
        assert problem["errors"][0]["field"] == "also_at"
        await ward.post("/sessions", body | {"also_at": "bed-3"}, expect=409)
        told = await ward.post("/sessions", body | {"also_at": "bed-1"}, expect=201)
        (remark,) = (one for one in told["gate"] if one["name"] == "one-bed")
        assert (remark["met"], remark["required"]) == (False, False)
        assert "open at bed-1 too" in remark["why"]
        assert told["also_at"] == "bed-1"
        dosed = await ward.dose(told["id"], bed="bed-2")
        form = await ward.get(f"/sessions/{dosed['id']}/export", format="form")
        assert "started while the patient had a session open at bed-1" in str(form)
        await ward.abort(told["id"])
        calm = body | {"patient": "P-3"}
        problem = await ward.post("/sessions", calm | {"also_at": "bed-1"}, expect=409)
        assert "has no open session at bed-1" in problem["detail"]
        assert (await ward.post("/sessions", calm, expect=201))["also_at"] is None


@virtual_time()
async def test_a_close_is_taken_back_within_a_minute_also_over_a_restart(tmp_path: Path) -> None:
    both = dict.fromkeys(("bed-1", "bed-2"), "calm")
    async with simulated_ward(tmp_path, both, devices=["oximeter"]) as ward:
        session = await ward.start()
        await ward.dose(session)
        await ward.score(session, "cadss", 31)
        raised = await ward.alarms()
        assert "dissociation.marked" in raised
        against = {"clinician": "dr.b", "reason": "transferred"}
        leaves = {"by": "nurse.a", "escort": True, "against_criteria": against}
        await ward.post(f"/sessions/{session}/close", leaves)
        other = await ward.start(bed="bed-2", patient="P-017")
        problem = await ward.post(f"/sessions/{session}/reopen", {"by": "nurse.b"}, expect=409)
        assert "has an open session at bed-2 by now" in problem["detail"]
        await ward.abort(other)
        clock = ward.clock
    async with simulated_ward(tmp_path, both, clock=clock, devices=["oximeter"]) as ward:
        told = await ward.post(f"/sessions/{session}/reopen", {"by": "nurse.b"})
        assert (told["state"], told["ended_at"], told["escort"]) == ("dosing", None, False)
        assert (await ward.alarms())["dissociation.marked"]["id"] == (
            raised["dissociation.marked"]["id"]
        )
        assert await ward.ward.journal.occupied_beds() == ["bed-1"]
    async with simulated_ward(tmp_path, both, clock=clock, devices=["oximeter"]) as ward:
        assert (await ward.get("/beds/bed-1"))["session"]["id"] == session
        assert "dissociation.marked" in await ward.alarms()
        await ward.clock.sleep(61)
        await ward.post(f"/sessions/{session}/reopen", {"by": "nurse.b"}, expect=409)


WRONG_BODIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "no bed of that name": ({"bed": "bed-9"}, 404, "bed-1"),
    "no regimen of that name": ({"regimen": "aspirin"}, 422, "esketamine-84"),
    "an age nobody has": ({"age": 200}, 422, "age"),
    "no weight at all": ({"weight_kg": 0}, 422, "weight_kg"),
    "a patient without a name": ({"patient": " "}, 422, "patient"),
    "a field that is not known": ({"colour": "red"}, 422, "colour"),
    "a weight missing where the dose needs one": (
        {"regimen": "ketamine-iv", "weight_kg": None},
        422,
        "weight",
    ),
}


@pytest.mark.parametrize("case", WRONG_BODIES)
def test_a_session_is_refused_with(case: str, tmp_path: Path) -> None:
    changes, status, named = WRONG_BODIES[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            body = {
                "bed": "bed-1",
                "patient": "P-1",
                "regimen": "esketamine-84",
                "by": "nurse.a",
                **changes,
            }
            problem = await ward.post("/sessions", body, expect=status)
            assert named in problem["detail"]
            assert (await ward.get("/sessions"))["items"] == []

    run()


@virtual_time()
async def test_a_clinician_may_let_the_patient_go_before_every_criterion_is_met(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        against = {"clinician": "dr.b", "reason": "transferred"}
        body = {"by": "nurse.a", "escort": True, "against_criteria": against}
        closed = await ward.post(f"/sessions/{session}/close", body)
        assert (closed["state"], closed["against_criteria"]) == ("closed", against)
        late = {"product": "esketamine", "mg": 28, "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/doses", late, expect=409)
        assert "has ended; what its form lacks" in problem["detail"]
        await ward.start()
        again = await ward.post(f"/sessions/{session}/doses", late, expect=409)
        assert again["detail"] == problem["detail"]
        assert [wrong["field"] for wrong in again["errors"]] == ["session"]
        await ward.post("/sessions/never-was/doses", late, expect=404)


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


async def falling(ward: SimulatedWard) -> str:
    """A session with a dose and an alarm of the patient."""
    session = await ward.start()
    await ward.dose(session)
    await ward.score(session, "cadss", 31)
    assert "dissociation.marked" in await ward.alarms()
    return session


@virtual_time()
async def test_an_abort_after_a_dose_says_what_it_lacks(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await falling(ward)
        body: dict[str, Any] = {"by": "nurse.a", "reason": "unwell"}
        needs = (await ward.get(f"/sessions/{session}"))["abort_needs"]
        assert needs == ["outcome", "reason", "against_criteria"]
        problem = await ward.post(f"/sessions/{session}/abort", body, expect=409)
        assert "outcome (transferred, withdrew or other), against_criteria" in problem["detail"]
        assert "dissociation.marked is open" in problem["detail"]
        assert problem["errors"][0]["field"] == "outcome"
        body |= {"outcome": "gone"}
        await ward.post(f"/sessions/{session}/abort", body, expect=422)
        await ward.post(f"/sessions/{session}/left", {"by": "nurse.a"}, expect=409)
        assert (await ward.get(f"/sessions/{session}"))["state"] == "dosing"


@virtual_time()
async def test_an_aborted_session_is_watched_until_the_patient_has_left_and_over_a_restart(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await falling(ward)
        body = {"by": "nurse.a", "outcome": "transferred"}
        aborted = await ward.post(f"/sessions/{session}/abort", body)
        lacks = ["reason", "against_criteria", "destination"]
        assert (aborted["state"], aborted["to_be_completed"]) == ("aborted", lacks)
        before = await ward.get("/beds/bed-1")
        assert before["session"]["patient_left_at"] is None
    async with simulated_ward(tmp_path, clock=ward.clock) as ward:
        assert "dissociation.marked" in await ward.alarms()
        new = {"bed": "bed-1", "patient": "P-2", "regimen": "esketamine-56", "by": "nurse.a"}
        problem = await ward.post("/sessions", new, expect=409)
        assert f"POST /api/v1/sessions/{session}/left" in problem["detail"]
        marked = (await ward.alarms())["dissociation.marked"]
        await ward.post(f"/alarms/{marked['id']}/acknowledge", {"by": "nurse.a"})
        await ward.score(session, "moaas", 4)
        dose = {"product": "esketamine", "mg": 28, "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/doses", dose, expect=409)
        assert "the session is aborted" in problem["detail"]
        left = await ward.post(f"/sessions/{session}/left", {"by": "b", "destination": "ward 3"})
        assert left["patient_left_at"] == left["ended_at"] is not None
        assert (left["outcome"], left["destination"]) == ("transferred", "ward 3")
        assert left["to_be_completed"] == ["reason", "against_criteria"]
        against = {"clinician": "dr.b", "reason": "marked dissociation"}
        rest = {"by": "nurse.a", "reason": "unwell", "against_criteria": against}
        whole = await ward.post(f"/sessions/{session}/abort", rest)
        assert (whole["to_be_completed"], whole["against_criteria"]) == ([], against)
        problem = await ward.post(f"/sessions/{session}/abort", rest, expect=409)
        assert "has ended" in problem["detail"]
        await ward.post("/sessions", new)
        again = await ward.get(f"/sessions/{session}")
        assert again["reason"] == "unwell"
        assert "dissociation.marked" not in await ward.alarms()


@virtual_time()
async def test_sessions_come_at_most_fifty_at_once(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.get("/sessions", limit=50)
        answer = await ward.http.get("/api/v1/sessions", params={"limit": 51})
        assert answer.status_code == 422


@virtual_time()
async def test_a_trend_is_an_envelope(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(600)
        trend = await ward.get(f"/sessions/{session}/readings", vital="spo2", points=20)
        assert trend["unit"] == "%"
        assert 10 < len(trend["points"]) <= 20
        assert all(90 < p["min"] <= p["max"] <= 100 for p in trend["points"])
        assert sum(p["count"] for p in trend["points"]) > 1500


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
async def test_a_trend_of_no_session_is_not_found(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        answer = await ward.http.get("/api/v1/sessions/none/readings?vital=spo2")
        assert answer.status_code == 404


@virtual_time()
async def test_age_weight_and_regimen_are_put_right_and_shown_with_what_they_were(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start(regimen="esketamine-56")
        await ward.dose(session)
        right = {"age": 54, "weight_kg": 75.5, "regimen": "esketamine-84"}
        body = {**right, "reason": "mistyped", "by": "nurse.b"}
        seen = await ward.post(f"/sessions/{session}/correct", body)
        assert {name: seen[name] for name in right} == right
        assert seen["planned_mg"] == 84
        (made,) = seen["session_corrections"]
        assert (made["by"], made["reason"], made["now"]) == ("nurse.b", "mistyped", right)
        assert made["was"]["regimen"] == "esketamine-56"
    async with simulated_ward(tmp_path, clock=ward.clock) as ward:
        again = await ward.get(f"/sessions/{session}")
        assert again["session_corrections"] == [made]
        assert again["planned_mg"] == 84


WRONG_CORRECTIONS: dict[str, tuple[dict[str, Any], int, str]] = {
    "an age nobody has": ({"age": 200}, 422, "age"),
    "a weight nobody has": ({"weight_kg": 7}, 422, "weight_kg"),
    "no regimen of that name": ({"regimen": "aspirin"}, 422, "regimen"),
    "nothing": ({}, 422, "age"),
    "no reason": ({"age": 45, "reason": " "}, 422, "reason"),
    "another route after the dose": ({"regimen": "ketamine-iv"}, 409, "regimen"),
    "an infusion that there is not": ({"age": 45, "infusion_mg": 30}, 422, "infusion_mg"),
}


@pytest.mark.parametrize("case", WRONG_CORRECTIONS)
def test_a_correction_is_refused_with(case: str, tmp_path: Path) -> None:
    changes, status, named = WRONG_CORRECTIONS[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start(weight_kg=71)
            await ward.dose(session)
            body = {"by": "nurse.a", "reason": "mistyped", **changes}
            problem = await ward.post(f"/sessions/{session}/correct", body, expect=status)
            assert [wrong["field"] for wrong in problem["errors"]] == [named]
            assert (await ward.get(f"/sessions/{session}"))["session_corrections"] == []

    run()


@virtual_time()
async def test_the_sessions_of_one_bed_are_listed(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "calm", "bed-2": "calm"}) as ward:
        await ward.start("bed-1")
        second = await ward.start("bed-2", patient="P-018")
        listed = await ward.get("/sessions", bed="bed-2")
        assert [session["id"] for session in listed["items"]] == [second]
        assert (await ward.get("/sessions", bed="nowhere"))["items"] == []


@virtual_time()
async def test_the_sessions_of_a_patient_and_of_a_day_are_listed(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "calm", "bed-2": "calm"}) as ward:
        first = await ward.start("bed-1")
        second = await ward.start("bed-2", patient="P-018")
        session = await ward.get(f"/sessions/{first}")
        zone = ward.ward.session_repository.zone
        day = parse_rfc3339(session["started_at"]).astimezone(zone).date()

        async def listed(**conditions: str) -> list[str]:
            found = await ward.get("/sessions", **conditions)
            return [session["id"] for session in found["items"]]

        assert await listed(patient="P-018") == [second]
        assert await listed(patient="P-01") == []
        assert await listed(day=f"{day}") == [second, first]
        assert await listed(day=f"{day}", patient="P-017") == [first]
        assert await listed(day=f"{day + timedelta(days=1)}") == []
        for wrong in ("tomorrow", "20260105", "1767605400", "0005-01-05", "2026-13-01"):
            answer = await ward.http.get("/api/v1/sessions", params={"day": wrong})
            assert answer.status_code == 422
            assert "day" in answer.json()["errors"][0]["field"]
