"""Alarms over HTTP: acknowledging one, and those that ended."""

from pathlib import Path

import pytest

from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward

FORMER_SET = Path(__file__).parents[1] / "data" / "default-2.toml"
"""The set that shipped before the end of an alarm was acknowledged by itself."""


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
async def test_alarms_that_ended_are_kept(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.score(session, "cadss", 31)
        await ward.score(session, "cadss", 2)
        assert (await ward.get("/alarms", bed="bed-1", state="active"))["items"] == []
        ended = await ward.get("/alarms", state="ended")
        assert "dissociation.marked" in {alarm["rule"] for alarm in ended["items"]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("rules", "undone", "stays"), [("default", 409, True), (str(FORMER_SET), 200, False)]
)
@virtual_time()
async def test_a_latched_alarm_that_was_reset_is_among_the_ended(
    tmp_path: Path, rules: str, undone: int, stays: bool
) -> None:
    """Until that is undone, where the rule set lets it be."""
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}, rules=rules) as ward:
        await ward.dose(await ward.start(), ahead_min=22)

        async def latched() -> bool:
            alarm = (await ward.alarms()).get("spo2.very-low")
            return alarm is not None and alarm["state"] == "latched"

        await ward.until(latched)
        alarm = (await ward.alarms())["spo2.very-low"]["id"]
        await ward.post(f"/alarms/{alarm}/acknowledge", {"by": "nurse.a"})
        ended = await ward.get("/alarms", state="ended")
        assert alarm in {item["id"] for item in ended["items"]}
        await ward.post(f"/alarms/{alarm}/unacknowledge", {"by": "nurse.a"}, expect=undone)
        ended = await ward.get("/alarms", state="ended")
        assert (alarm in {item["id"] for item in ended["items"]}) is stays


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
