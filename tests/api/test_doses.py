"""What is given, over HTTP."""

from pathlib import Path

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
