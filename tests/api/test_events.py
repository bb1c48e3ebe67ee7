"""The journal over HTTP."""

from pathlib import Path

from tests.virtual import virtual_time
from tests.wards import simulated_ward


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
