"""A patient is moved to another bed: what is known goes along, is stored, and runs again."""

from pathlib import Path
from typing import Any

from monitor.replay.report import find, recorded_sessions, replay_report, what_if
from tests.monitor.builders import DEFAULT
from tests.monitor.event_factories import EventFactory
from tests.simulation.test_replay import SettableClock
from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward

BEDS = dict.fromkeys(("bed-1", "bed-2", "bed-3"), "calm")
OXIMETERS = {"bed-1": ["oximeter"], "bed-2": ["finger"], "bed-3": ["oximeter"]}
KEY = {"Idempotency-Key": "move-1"}


async def ill(ward: SimulatedWard) -> str:
    """A session after the dose, with an acknowledged alarm and one that sounds."""
    session = await ward.start()
    await ward.score(session, "cadss", 0)
    await ward.clock.sleep(90)
    await ward.dose(session, mg=84)
    await ward.clock.sleep(60)
    await ward.score(session, "cadss", 31)
    await ward.score(session, "moaas", 2)
    alarms = await ward.alarms()
    taken = alarms["dissociation.marked"]["id"]
    await ward.post(f"/alarms/{taken}/acknowledge", {"by": "nurse.a", "note": "with the patient"})
    return session


async def move(ward: SimulatedWard, session: str, bed: str, expect: int = 200) -> Any:
    body = {"bed": bed, "by": "nurse.b", "reason": "oxygen at the wall"}
    return await ward.post(f"/sessions/{session}/move", body, expect)


async def is_moved(ward: SimulatedWard, session: str) -> dict[str, Any]:
    """Move it to bed-2: what is shown there and at the bed that was left; its alarms there."""
    before, alarms = await ward.get(f"/sessions/{session}"), await ward.alarms()
    path, body = f"/api/v1/sessions/{session}/move", {"bed": "bed-2", "by": "nurse.b"}
    moved = (await ward.http.post(path, json=body, headers=KEY)).json()
    for name in ("scores", "doses", "pressures", "window_ends_at", "baseline", "nurse"):
        assert moved[name] == before[name]
    assert (moved["bed"], moved["state"]) == ("bed-2", before["state"])
    (told,) = moved["moves"]
    assert (told["from"], told["to"], told["by"]) == ("bed-1", "bed-2", "nurse.b")
    there = await ward.alarms("bed-2")
    marked = there["dissociation.marked"]
    assert marked["id"] == alarms["dissociation.marked"]["id"]
    assert (marked["bed"], marked["acknowledged_by"]) == ("bed-2", "nurse.a")
    assert {rule for rule in alarms if not rule.startswith("tech.")} <= there.keys()
    free = await ward.get("/beds/bed-1")
    assert free["session"] is None
    assert not {a["rule"] for a in free["alarms"] if a["kind"] == "physiological"}
    ended = await ward.get("/alarms", state="ended", bed="bed-1")
    assert not {a["rule"] for a in ended["items"]} & there.keys()
    await is_repeated(ward, session, moved)
    return there


async def is_repeated(ward: SimulatedWard, session: str, moved: Any = None) -> None:
    path, body = f"/api/v1/sessions/{session}/move", {"bed": "bed-2", "by": "nurse.b"}
    again = await ward.http.post(path, json=body, headers=KEY)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == (moved or again.json())


async def is_told(ward: SimulatedWard, session: str) -> None:
    """What is read, printed and exported of the session tells of it as of one."""
    for bed in ("bed-2", "bed-3"):
        listed = await ward.get("/sessions", bed=bed)
        assert [one["id"] for one in listed["items"]] == [session]
    trend = await ward.get(f"/sessions/{session}/readings", vital="spo2")
    assert len(trend["points"]) > 2
    form = await ward.get(f"/sessions/{session}/export", format="form")
    assert form["bed"] == "bed-2"
    csv = await ward.http.get(f"/api/v1/sessions/{session}/export?format=csv")
    assert csv.text.count("moved-in") == 3
    assert "bed-2 to bed-3: oxygen at the wall" in csv.text
    report = await ward.http.get(f"/api/v1/sessions/{session}/export?format=report&page=html")
    assert "bed-1 to bed-2" in report.text
    course = await ward.get("/patients/P-017/course")
    assert len(course["sessions"]) == 1


@virtual_time()
async def test_a_session_goes_on_at_another_bed_also_over_restarts(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, BEDS) as ward:
        session = await ill(ward)
        alarms = await is_moved(ward, session)
        await ward.clock.sleep(120)
        assert await ward.ward.journal.occupied_beds() == ["bed-2"]
    await ward.clock.sleep(20)
    async with simulated_ward(tmp_path, BEDS, clock=ward.clock) as ward:
        assert (await ward.get("/beds/bed-2"))["session"]["id"] == session
        assert (await ward.get("/beds/bed-1"))["session"] is None
        restarted = await ward.alarms("bed-2")
        assert restarted["dissociation.marked"]["acknowledged_by"] == "nurse.a"
        assert restarted["sedation.deep"]["id"] == alarms["sedation.deep"]["id"]
        taken = await ward.post(
            f"/alarms/{alarms['sedation.deep']['id']}/acknowledge", {"by": "nurse.b"}
        )
        assert (taken["bed"], taken["acknowledged_by"]) == ("bed-2", "nurse.b")
        await is_repeated(ward, session)
        await ward.start("bed-1", patient="P-2")
        await move(ward, session, "bed-3")
        await ward.clock.sleep(60)
        await move(ward, session, "bed-2")
        await ward.clock.sleep(60)
    async with simulated_ward(tmp_path, BEDS, clock=ward.clock) as ward:
        await ward.clock.sleep(30)
        shown = await ward.get(f"/sessions/{session}")
        assert [told["to"] for told in shown["moves"]] == ["bed-2", "bed-3", "bed-2"]
        assert (await ward.get("/beds/bed-3"))["session"] is None
        await is_told(ward, session)
        await ward.abort(session)
        assert (await ward.ward.journal.verify()).fault is None
        history = await ward.ward.session_repository.history(session)
        assert history is not None
        assert history.session == ward.ward.bed_runners["bed-2"].bed.session
        assert len([a for a in history.alarms() if a.rule == "dissociation.marked"]) == 1
    with recorded_sessions(f"sqlite:///{tmp_path}/postdose.db") as journal:
        found = find(journal, session)
        same, lines = replay_report(found)
        assert same, lines
        assert [line[:8] for line in lines] == ["at bed-1", "at bed-2", "at bed-3", "at bed-2"]
        compared = what_if(found, DEFAULT)
        assert compared.other == compared.recorded


@virtual_time()
async def test_a_restart_after_a_move_knows_what_was_before_it(tmp_path: Path) -> None:
    """SpO2 as it was at the bed before; and that the machine was started anew since the dose."""
    clock = SettableClock()
    clock.boot = "boot-1"
    async with simulated_ward(tmp_path, BEDS, clock=clock, devices=OXIMETERS) as ward:
        session = await ward.start()
        await ward.dose(session, mg=84)
        await clock.sleep(11 * 60)
        assert await is_met(ward, session, "spo2")
        await move(ward, session, "bed-2")
        await clock.sleep(20)
        assert await is_met(ward, session, "spo2")
    async with simulated_ward(tmp_path, BEDS, clock=clock, devices=OXIMETERS) as ward:
        await clock.sleep(20)
        assert await is_met(ward, session, "spo2")
        assert (await ward.get(f"/sessions/{session}"))["dose_time_doubted_at"] is None
    clock.boot = "boot-2"
    async with simulated_ward(tmp_path, BEDS, clock=clock, devices=OXIMETERS) as ward:
        assert (await ward.get(f"/sessions/{session}"))["dose_time_doubted_at"] is not None


async def is_met(ward: SimulatedWard, session: str, name: str) -> bool:
    criteria = (await ward.get(f"/sessions/{session}"))["criteria"]
    return bool(next(one["met"] for one in criteria if one["name"] == name))


@virtual_time()
async def test_a_move_is_refused_with_what_stands_against_it(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, BEDS, devices=["oximeter"]) as ward:
        session, other = await ward.start(), await ward.start("bed-2")
        for bed, status, why in (
            ("bed-2", 409, "bed-2 is occupied by P-bed-2; choose a free bed"),
            ("bed-1", 409, "P-017 is at bed-1 already"),
            ("bed-9", 404, "bed-9"),
        ):
            problem = await move(ward, session, bed, status)
            assert why in problem["detail"]
        seen = {"bed": "bed-3", "from": "bed-2", "by": "nurse.b"}
        problem = await ward.post(f"/sessions/{session}/move", seen, 409)
        assert problem["detail"] == "P-017 is at bed-1 by now, not at bed-2"
        await ward.abort(other)
        problem = await move(ward, other, "bed-3", 409)
        assert "has ended" in problem["detail"]
        third = await ward.start("bed-2", patient="P-3")
        problem = await ward.post(f"/sessions/{other}/reopen", {"by": "nurse.b"}, 409)
        assert (
            problem["detail"] == f"another session has begun at its bed: the end of {other} stays"
        )
        await ward.abort(third)
        await move(ward, "nothing", "bed-3", 404)
        moved = await ward.get("/events", type="session.moved-out")
        assert moved["items"] == []
        assert (await ward.get(f"/sessions/{session}"))["bed"] == "bed-1"


@virtual_time()
async def test_a_move_that_the_journal_refuses_leaves_the_session_where_it_was(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path, BEDS, devices=["oximeter"]) as ward:
        session = await ill(ward)
        alarms = await ward.alarms()
        stranger = EventFactory("bed-2")
        stranger.n = ward.ward.bed_runners["bed-2"].bed.event_number
        await ward.ward.journal.append([stranger.event("note.added")])
        answer = await ward.http.post(
            f"/api/v1/sessions/{session}/move", json={"bed": "bed-2", "by": "nurse.b"}
        )
        assert answer.status_code >= 500
        await ward.clock.sleep(5)
        assert (await ward.get("/beds/bed-1"))["session"]["id"] == session
        assert (await ward.get("/beds/bed-2"))["session"] is None
        assert (await ward.alarms())["dissociation.marked"]["id"] == (
            alarms["dissociation.marked"]["id"]
        )
        assert (await move(ward, session, "bed-2"))["bed"] == "bed-2"
        assert (await ward.ward.journal.verify()).fault is None
