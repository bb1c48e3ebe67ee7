"""Commands over HTTP: what they answer, what they refuse, and that refusals store nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.virtual import virtual_time
from tests.wards import DOSE, OVERRIDE, SimulatedWard, simulated_ward


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


REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "a score off its scale": ("scores", {"scale": "cadss", "total": 93}, 422, "total"),
    "a score below its scale": ("scores", {"scale": "moaas", "total": -1}, 422, "total"),
    "a scale nobody knows": ("scores", {"scale": "gcs", "total": 3}, 422, "scale"),
    "neither total nor items": ("scores", {"scale": "cadss"}, 422, "total"),
    "a dose of a negative amount": ("doses", {"product": "esketamine", "mg": -28}, 422, "mg"),
    "a dose of another product": ("doses", {"product": "ketamine", "mg": 28}, 422, "product"),
    "a dose over the regimen": ("doses", {"product": "esketamine", "mg": 112}, 409, "mg"),
    "a dose from before the session": (
        "doses",
        {"product": "esketamine", "mg": 28, "at": "2020-01-01T00:00:00Z"},
        422,
        "at",
    ),
    "an instant without an offset": (
        "doses",
        {"product": "esketamine", "mg": 28, "at": "2026-01-05T08:00:00"},
        422,
        "at",
    ),
    "an infusion where there is none": ("infusion", {"action": "start"}, 409, "action"),
    "a note without words": ("notes", {"text": ""}, 422, "text"),
    "leaving before anything is met": ("close", {"escort": True}, 409, "against_criteria"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_command_is_refused(case: str, tmp_path: Path) -> None:
    what, body, status, field = REFUSED[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            seq = (await ward.get("/status"))["journal"]["seq"]
            path = f"/sessions/{session}/{what}"
            problem = await ward.post(path, body | {"by": "nurse.a"}, expect=status)
            assert problem["status"] == status
            assert [wrong["field"] for wrong in problem["errors"]] == [field]
            assert (await ward.get("/status"))["journal"]["seq"] == seq

    run()


@virtual_time()
async def test_every_command_needs_somebody(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"scale": "cadss", "total": 3}
        problem = await ward.post(f"/sessions/{session}/scores", body, expect=422)
        assert problem["errors"][0]["field"] == "by"


@virtual_time()
async def test_the_items_of_cadss_make_its_total(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        items = {str(number): 1 for number in range(1, 24)}
        body = {"scale": "cadss", "items": items, "by": "nurse.a"}
        seen = await ward.post(f"/sessions/{session}/scores", body)
        assert seen["scores"][0]["total"] == 23


@virtual_time()
async def test_the_same_idempotency_key_does_a_thing_once(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/api/v1/sessions/{session}/doses"
        body = DOSE
        headers = {"Idempotency-Key": "one"}
        first = await ward.http.post(path, json=body, headers=headers)
        again = await ward.http.post(path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len((await ward.get(f"/sessions/{session}"))["doses"]) == 1


@virtual_time()
async def test_an_idempotency_key_is_for_one_request(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/api/v1/sessions/{session}/notes"
        headers = {"Idempotency-Key": "one"}
        await ward.http.post(path, json={"text": "a", "by": "nurse.a"}, headers=headers)
        other = await ward.http.post(path, json={"text": "b", "by": "nurse.a"}, headers=headers)
        assert other.status_code == 422
        assert "another request" in other.json()["detail"]


@virtual_time()
async def test_an_idempotency_key_survives_a_restart(tmp_path: Path) -> None:
    body = {"text": "woke up", "by": "nurse.a"}
    headers = {"Idempotency-Key": "one"}
    async with simulated_ward(tmp_path) as ward:
        path = f"/api/v1/sessions/{await ward.start()}/notes"
        await ward.http.post(path, json=body, headers=headers)
    async with simulated_ward(tmp_path) as ward:
        again = await ward.http.post(path, json=body, headers=headers)
        assert again.headers["Idempotent-Replayed"] == "true"
        notes = await ward.get("/events", type="note.added")
        assert len(notes["items"]) == 1


@virtual_time()
async def test_a_number_is_a_number(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"scale": "moaas", "total": True, "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/scores", body, expect=422)
        assert [wrong["field"] for wrong in problem["errors"]] == ["total"]


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
async def test_the_cuff_measures_when_asked(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.clock.sleep(10)
        asked = await ward.post("/beds/bed-1/pressure", {"by": "nurse.a"}, expect=202)
        assert asked == {"bed": "bed-1", "requested": True}
        problem = await ward.post("/beds/bed-1/pressure", {"by": "nurse.a"}, expect=409)
        assert "measuring" in problem["detail"]
        await ward.clock.sleep(90)
        assert (await ward.get("/beds/bed-1"))["vitals"]["sys"]["value"] > 80


async def _marked(ward: SimulatedWard) -> str:
    session = await ward.start()
    await ward.score(session, "cadss", 31)
    alarms = await ward.alarms()
    return str(alarms["dissociation.marked"]["id"])


@virtual_time()
async def test_an_acknowledged_alarm_says_who_took_it(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        alarm = await _marked(ward)
        body = {"by": "nurse.a", "note": "with her"}
        answer = await ward.post(f"/alarms/{alarm}/acknowledge", body)
        assert answer["acknowledged"] is True
        assert (answer["acknowledged_by"], answer["note"]) == ("nurse.a", "with her")
        assert answer["state"] == "active"


@virtual_time()
async def test_two_nurses_cannot_both_take_an_alarm(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        alarm = await _marked(ward)
        await ward.post(f"/alarms/{alarm}/acknowledge", {"by": "nurse.a"})
        problem = await ward.post(f"/alarms/{alarm}/acknowledge", {"by": "nurse.b"}, expect=409)
        assert "nurse.a" in problem["detail"]


@pytest.mark.parametrize("verb", ["acknowledge", "unacknowledge"])
def test_an_alarm_nobody_has_is_not_there(verb: str, tmp_path: Path) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await ward.post(f"/alarms/nothing/{verb}", {"by": "nurse.a"}, expect=404)

    run()


@virtual_time()
async def test_an_acknowledgement_is_taken_back_once(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        alarm = await _marked(ward)
        await ward.post(f"/alarms/{alarm}/acknowledge", {"by": "nurse.a"})
        body = {"by": "nurse.b", "note": "the wrong bed"}
        answer = await ward.post(f"/alarms/{alarm}/unacknowledge", body)
        assert (answer["acknowledged"], answer["acknowledged_by"]) == (False, None)
        problem = await ward.post(f"/alarms/{alarm}/unacknowledge", body, expect=409)
        assert problem["detail"] == "this alarm is not acknowledged"


@virtual_time()
async def test_no_request_takes_more_than_one_alarm(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        paths = (await ward.http.get("/openapi.json")).json()["paths"]
        taking = {path for path in paths if "acknowledge" in path}
        assert taking == {f"/api/v1/alarms/{{alarm}}/{v}acknowledge" for v in ("", "un")}


@virtual_time()
async def test_a_bed_is_quieted_for_a_while(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await _marked(ward)
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
            await _marked(ward)
            body = {"by": "nurse.a", "for_s": for_s}
            problem = await ward.post("/beds/bed-1/audio-pause", body, expect=422)
            assert problem["errors"][0]["field"] == "for_s"

    run()


@virtual_time()
async def test_an_infusion_runs_its_course(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start(regimen="ketamine-iv")
        path = f"/sessions/{session}/infusion"
        for action, status in (
            ("pause", 409),
            ("start", 200),
            ("start", 409),
            ("pause", 200),
            ("resume", 200),
            ("end", 200),
            ("resume", 409),
        ):
            body = {"action": action, "by": "nurse.a", "override": OVERRIDE}
            await ward.post(path, body, expect=status)
        seen = await ward.get(f"/sessions/{session}")
        assert seen["infusion"]["ended_at"] is not None
        assert seen["state"] == "observing"


@virtual_time()
async def test_a_repeated_end_of_a_session_gets_the_same_answer(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        path = f"/api/v1/sessions/{await ward.start()}/abort"
        body = {"by": "nurse.a", "reason": "unwell"}
        headers = {"Idempotency-Key": "one"}
        first = await ward.http.post(path, json=body, headers=headers)
        again = await ward.http.post(path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
