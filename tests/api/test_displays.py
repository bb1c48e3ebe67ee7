"""Alarm displays over HTTP: they say what they show, and a high alarm that none shows is told."""

from pathlib import Path
from typing import Any

from tests.api.test_stream import streaming
from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward

DESK: dict[str, Any] = {
    "id": "d-1",
    "stream": "s-1",
    "station": "Desk",
    "sound": "on",
    "visible": True,
}


async def stations(ward: SimulatedWard) -> list[str]:
    return [display["station"] for display in (await ward.get("/status"))["alarm_displays"]]


@virtual_time()
async def test_a_display_is_there_while_its_stream_is_open(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await ward.post("/displays", DESK, expect=409)
        async with streaming(ward, "name=s-1") as (client, _):
            (shown,) = (await ward.post("/displays", DESK))["items"]
            assert (shown["station"], shown["beds"], shown["sound"]) == ("Desk", None, "on")
            await ward.post("/displays", DESK | {"id": "d-2", "station": "Wall"})
            assert await stations(ward) == ["Desk", "Wall"]
            left = (await ward.post("/displays/d-2/close", {}))["items"]
            assert [display["id"] for display in left] == ["d-1"]
            await ward.clock.sleep(6)
            told = [event.data for event in client.events if event.event == "status"][-1]
            assert [display["station"] for display in told["alarm_displays"]] == ["Desk"]
        assert await stations(ward) == []


@virtual_time()
async def test_a_high_alarm_that_no_display_has_shown_is_an_alarm_until_one_has(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward, "name=s-1"):
        await ward.post("/displays", DESK)
        session = await ward.start()
        await ward.score(session, "moaas", 1)
        alarm = (await ward.alarms())["sedation.unresponsive"]
        await ward.clock.sleep(9)
        assert "tech.alarm-unseen" not in await ward.alarms()
        await ward.clock.sleep(2)
        unseen = (await ward.alarms())["tech.alarm-unseen"]
        assert (unseen["priority"], unseen["kind"]) == ("medium", "technical")
        assert alarm["text"] in unseen["text"]
        shown = {"id": alarm["id"], "count": alarm["count"], "sounds": True}
        (display,) = (await ward.post("/displays", DESK | {"alarms": [shown]}))["items"]
        assert display["shown"] == display["sounding"] == [alarm["id"]]
        await ward.clock.sleep(1)
        assert "tech.alarm-unseen" not in await ward.alarms()


@virtual_time()
async def test_muted_or_hidden_a_display_sounds_nothing(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward, "name=s-1"):
        shown = {"alarms": [{"id": "a-1", "count": 1, "sounds": True}]}
        cases: list[tuple[dict[str, Any], bool]] = [
            ({"sound": "blocked"}, True),
            ({"visible": False}, False),
        ]
        for change, is_shown in cases:
            (display,) = (await ward.post("/displays", DESK | shown | change))["items"]
            assert (bool(display["shown"]), display["sounding"]) == (is_shown, [])


@virtual_time()
async def test_a_test_alarm_taken_at_a_screen_that_showed_it_proves_the_path(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward, "name=s-1"):
        session = await ward.start()
        path = f"/sessions/{session}/alarm-path"
        assert (await ward.post(path, {"by": "nurse.a"}))["alarm_path"]["testing_since"]
        alarm = (await ward.alarms())["tech.alarm-path-test"]
        shown = [{"id": alarm["id"], "count": 1, "sounds": True}]
        await ward.post("/displays", DESK | {"alarms": shown})
        take = {"by": "nurse.b", "display": "d-1"}
        await ward.post(f"/alarms/{alarm['id']}/acknowledge", take)
        found = (await ward.get(f"/sessions/{session}"))["alarm_path"]
        assert (found["station"], found["by"], found["sounded"]) == ("Desk", "nurse.b", True)
        await ward.post(path, {"by": "nurse.a"})
        alarm = (await ward.alarms())["tech.alarm-path-test"]
        await ward.post(f"/alarms/{alarm['id']}/acknowledge", take | {"display": "d-9"})
        found = (await ward.get(f"/sessions/{session}"))["alarm_path"]
        assert (found["proved_at"], found["testing_since"]) == (None, None)
