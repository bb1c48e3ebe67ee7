"""What is given, over HTTP."""

from datetime import timedelta
from pathlib import Path

from drivers.clock import parse_rfc3339, rfc3339
from tests.virtual import virtual_time
from tests.wards import GIVEN, simulated_ward


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
            body = {"action": action, "by": "nurse.a"} | (
                GIVEN if action in ("start", "resume") else {}
            )
            await ward.post(path, body, expect=status)
        seen = await ward.get(f"/sessions/{session}")
        assert seen["infusion"]["ended_at"] is not None
        assert seen["state"] == "observing"


@virtual_time()
async def test_dosing_is_stopped_with_a_reason_and_the_session_says_so(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/sessions/{session}/dosing-stop"
        stop = {"reason": "vomited", "by": "nurse.a"}
        refused = await ward.post(path, stop, expect=409)
        assert f"/api/v1/sessions/{session}/abort" in refused["detail"]
        dose = {"product": "esketamine", "mg": 28, "by": "nurse.a"} | GIVEN
        await ward.post(f"/sessions/{session}/doses", dose)
        await ward.post(path, {"by": "nurse.a"}, expect=422)
        seen = await ward.post(path, stop)
        assert seen["dosing_stopped"] == "stopped after 28 of 84 mg: vomited"
        (kept,) = seen["dosing_stops"]
        assert (kept["reason"], kept["by"]) == ("vomited", "nurse.a")
        assert seen["state"] == "observing"
        retract = {"record": kept["id"], "by": "nurse.a", "reason": "the wrong bed"}
        seen = await ward.post(f"/sessions/{session}/retract", retract)
        assert (seen["dosing_stopped"], seen["dosing_stops"]) == (None, [])
        assert seen["state"] == "dosing"


@virtual_time()
async def test_a_dose_from_before_the_session_is_taken_with_its_reason(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        begun = (await ward.get(f"/sessions/{session}"))["started_at"]
        at = rfc3339(parse_rfc3339(begun) - timedelta(minutes=25))
        dose = {"product": "esketamine", "mg": 28, "by": "nurse.a", "at": at}
        await ward.post(f"/sessions/{session}/doses", dose, expect=422)
        seen = await ward.post(f"/sessions/{session}/doses", dose | GIVEN)
        assert (seen["first_dose_at"], seen["baseline"]) == (at, {})
