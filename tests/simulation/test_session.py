"""A patient's two hours through the whole daemon, in virtual time."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import parse_rfc3339, rfc3339
from monitor.bed.view import ALARM_LOAD_WINDOW
from monitor.replay.report import find, recorded_sessions, replay_report
from tests.simulation.test_replay import SettableClock
from tests.virtual import run_virtually, virtual_time
from tests.wards import SimulatedWard, simulated_ward

pytestmark = pytest.mark.slow


AHEAD_MIN = 12
"""So much earlier a saturation falls than its scenario says: soon after the last dose."""


async def _through_the_doses(ward: SimulatedWard, ahead_min: float = 0) -> str:
    session = await ward.start()
    await ward.score(session, "cadss", 0)
    await ward.score(session, "moaas", 5)
    await ward.post(f"/sessions/{session}/observations", {"by": "nurse.a", "resp": 14})
    await ward.clock.sleep(180)
    for device in range(3):
        if device:
            await ward.clock.sleep(300)
        await ward.dose(session, ahead_min=ahead_min)
    return session


async def _scores_when_due(ward: SimulatedWard, session: str) -> None:
    seen = await ward.get(f"/sessions/{session}")
    truth = ward.patients["bed-1"].at(ward.timeline.now_s())
    for check in seen["schedule"]:
        if check["state"] == "due" and check["check"] in ("cadss", "moaas"):
            total = truth.cadss if check["check"] == "cadss" else truth.moaas
            await ward.score(session, check["check"], total or 0)
        if check["state"] == "due" and check["check"] == "resp":
            await ward.post(f"/sessions/{session}/observations", {"by": "nurse.a", "resp": 14})


LEAVES = {"by": "nurse.a", "escort": True, "suicidality": "none"}


@virtual_time()
async def test_a_calm_patient_is_ready_after_the_window_and_leaves(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await _through_the_doses(ward)
        await ward.post(f"/sessions/{session}/escort", {"by": "nurse.a"})
        seen = await ward.get(f"/sessions/{session}")
        minutes = 0
        while seen["state"] != "ready":
            await ward.clock.sleep(60)
            minutes += 1
            assert minutes < 135, [c for c in seen["criteria"] if not c["met"]]
            await _scores_when_due(ward, session)
            seen = await ward.get(f"/sessions/{session}")
        assert minutes >= 120
        closed = await ward.post(f"/sessions/{session}/close", LEAVES)
        assert closed["state"] == "closed"
        assert closed["against_criteria"] is None
        raised = await ward.get("/events", type="alarm.raised", limit=500)
        loud = [
            e["payload"]["alarm"]["rule"]
            for e in raised["items"]
            if e["payload"]["alarm"]["kind"] != "advisory"
        ]
        assert loud == []


@virtual_time()
async def test_the_cuff_is_started_whenever_a_pressure_is_due(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, devices=["cuff"]) as ward:
        session = await _through_the_doses(ward)
        await ward.clock.sleep(125 * 60)
        seen = await ward.get(f"/sessions/{session}")
        pressures = [check for check in seen["schedule"] if check["check"] == "pressure"]
        assert [check["state"] for check in pressures] == ["done"] * 6 + ["upcoming"]


@virtual_time()
async def test_a_desaturation_raises_and_latches_and_waits_for_a_person(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}) as ward:
        await _through_the_doses(ward, AHEAD_MIN)

        async def very_low() -> bool:
            return "spo2.very-low" in await ward.alarms()

        await ward.until(very_low, within_s=3600)

        async def latched() -> bool:
            alarms = await ward.alarms()
            return bool(alarms["spo2.very-low"]["state"] == "latched")

        await ward.until(latched, within_s=1800)
        alarm = (await ward.alarms())["spo2.very-low"]
        answer = await ward.post(f"/alarms/{alarm['id']}/acknowledge", {"by": "nurse.a"})
        assert (answer["state"], answer["acknowledged_by"]) == ("ended", "nurse.a")


@virtual_time()
async def test_a_restart_in_the_middle_brings_the_session_and_its_alarms_back(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}) as ward:
        session = await _through_the_doses(ward, AHEAD_MIN)
        await ward.score(session, "cadss", 31)

        async def very_low() -> bool:
            return "spo2.very-low" in await ward.alarms()

        await ward.until(very_low, within_s=3600)
        before = await ward.get("/beds/bed-1")
    async with simulated_ward(tmp_path, {"bed-1": "calm"}, clock=ward.clock) as ward:
        after = await ward.get("/beds/bed-1")
        kept = {"id", "state", "doses", "scores", "pressures", "baseline", "window_ends_at"}
        assert {k: before["session"][k] for k in kept} == {k: after["session"][k] for k in kept}
        assert {a["id"] for a in before["alarms"]} <= {a["id"] for a in after["alarms"]}


@virtual_time()
async def test_a_restart_still_counts_the_alarms_of_the_session_before(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, devices=["cuff"]) as ward:
        session = await ward.start()
        for total in (31, 2, 31):
            await ward.score(session, "cadss", total)
        await ward.abort(session)
        await ward.start()
        before = await ward.get("/beds/bed-1")
        clock = ward.clock
    assert before["alarms_120min"] >= 2
    async with simulated_ward(tmp_path, clock=clock, devices=["cuff"]) as ward:
        assert (await ward.get("/beds/bed-1"))["alarms_120min"] == before["alarms_120min"]
        await clock.sleep(2 * 3600)
        later = await ward.get("/events", bed="bed-1", type=["alarm.raised", "alarm.re-raised"])
        recent = [
            e for e in later["items"] if e["at"] > rfc3339(clock.now().wall - ALARM_LOAD_WINDOW)
        ]
        assert (await ward.get("/beds/bed-1"))["alarms_120min"] == len(recent)


@virtual_time()
async def test_a_pulled_sensor_marks_the_alarm_it_blinds(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}) as ward:
        await _through_the_doses(ward, AHEAD_MIN)

        async def very_low() -> bool:
            return "spo2.very-low" in await ward.alarms()

        await ward.until(very_low, within_s=3600)
        ward.fault("oximeter", "finger-off", for_s=120)
        await ward.clock.sleep(20)
        alarms = await ward.alarms()
        assert alarms["spo2.very-low"]["state"] == "active"
        assert alarms["spo2.very-low"]["unverified_since"] is not None
        assert "tech.sensor-off" in alarms


@virtual_time()
async def test_a_frozen_oximeter_is_found_out_and_makes_no_alarm_better(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "desaturation"}) as ward:
        await _through_the_doses(ward, AHEAD_MIN)

        async def low() -> bool:
            return "spo2.low" in await ward.alarms()

        await ward.until(low, within_s=3600)
        ward.fault("oximeter", "frozen", for_s=600)
        await ward.clock.sleep(29)
        assert "tech.frozen" not in await ward.alarms()
        await ward.clock.sleep(10)
        seen = await ward.get("/beds/bed-1")
        alarms = {alarm["rule"]: alarm for alarm in seen["alarms"]}
        assert alarms["tech.frozen"]["priority"] == "medium"
        assert "its waveform is flat. Blind: SpO2 and pulse" in alarms["tech.frozen"]["text"]
        assert (alarms["spo2.low"]["state"], seen["vitals"]["spo2"]["quality"]) == (
            "active",
            "rejected",
        )
        assert alarms["spo2.low"]["unverified_since"] is not None
        await ward.clock.sleep(600)
        seen = await ward.get("/beds/bed-1")
        assert "tech.frozen" not in {alarm["rule"] for alarm in seen["alarms"]}
        assert seen["vitals"]["spo2"]["quality"] == "good"


@pytest.mark.parametrize(("boot", "since_dose_min"), [("boot-1", 11.6), ("boot-2", 191.6)])
def test_a_clock_that_was_set_while_the_daemon_was_away_is_held_against_the_machines(
    tmp_path: Path, boot: str, since_dose_min: float
) -> None:
    """Three hours ahead, and put right five seconds later; of another boot nobody knows."""

    @virtual_time()
    async def run() -> None:
        clock = SettableClock()
        clock.boot = "boot-1"
        async with simulated_ward(tmp_path, clock=clock, devices=["oximeter"]) as ward:
            session = await ward.start()
            await ward.dose(session)
            await clock.sleep(11 * 60)
        await clock.sleep(30)
        clock.boot = boot
        clock.ahead += timedelta(hours=3)
        async with simulated_ward(tmp_path, clock=clock, devices=["oximeter"]) as ward:
            await clock.sleep(5)
            shown = await ward.get(f"/sessions/{session}")
            dosed_at = parse_rfc3339(shown["first_dose_at"])
            passed = clock.now().wall - dosed_at
            assert passed / timedelta(minutes=1) == pytest.approx(since_dose_min, abs=0.1)
            clock.ahead -= timedelta(hours=3)
            await clock.sleep(5)
            seen = await ward.get(f"/sessions/{session}")
            assert dosed_at - parse_rfc3339(seen["first_dose_at"]) == timedelta(hours=3)
            is_asked = boot != "boot-1"
            assert (seen["dose_time_doubted_at"] is not None) is is_asked
            lacks = {one["name"]: one["why"] for one in seen["criteria"] if not one["met"]}
            assert ("dose-time" in lacks) is is_asked
            named = {"by": "nurse.b"}
            told = await ward.post(
                f"/sessions/{session}/dose-time", named, 200 if is_asked else 409
            )
            if is_asked:
                assert told["dose_time_doubted_at"] is None
                (met,) = (one for one in told["criteria"] if one["name"] == "dose-time")
                assert (met["met"], met["why"]) == (True, "confirmed by nurse.b")
        async with simulated_ward(tmp_path, clock=clock, devices=["oximeter"]) as ward:
            seen = await ward.get(f"/sessions/{session}")
            assert seen["dose_time_doubted_at"] is None
            doubted = await ward.get("/events", type="dose-time.doubted")
            assert len(doubted["items"]) == is_asked

    run()


@virtual_time()
async def test_a_restart_forgets_no_spo2_that_is_stored(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, devices=["oximeter"]) as ward:
        session = await ward.start()
        await ward.dose(session)
        await ward.clock.sleep(11 * 60)
    await ward.clock.sleep(30)
    async with simulated_ward(tmp_path, clock=ward.clock, devices=["oximeter"]) as ward:
        await ward.clock.sleep(5)
        assert await _is_met(ward, session, "spo2")
        await ward.clock.sleep(60)
        ward.ward.bed_runners["bed-1"].failed(RuntimeError("a fault of ours"))
        await ward.clock.sleep(5)
        assert await _is_met(ward, session, "spo2")
    with recorded_sessions(f"sqlite:///{tmp_path}/postdose.db") as journal:
        same, (line,) = replay_report(find(journal, session))
        assert same, line


async def _is_met(ward: SimulatedWard, session: str, name: str) -> bool:
    criteria = (await ward.get(f"/sessions/{session}"))["criteria"]
    return any(each["met"] for each in criteria if each["name"] == name)


@pytest.mark.parametrize("set_by_s", [0, -3600, 3600])
def test_a_restart_ends_no_audio_pause_and_moves_no_call(tmp_path: Path, set_by_s: int) -> None:
    """A clock that is found ahead cannot be told from time that passed: then both end early."""

    async def run() -> None:
        clock = SettableClock()

        async def marked(ward: SimulatedWard) -> Any:
            return (await ward.alarms())["dissociation.marked"]

        async with simulated_ward(tmp_path, clock=clock) as ward:
            session = await ward.start()
            await ward.score(session, "cadss", 31)
            await clock.sleep(185)
            was = await marked(ward)
            assert was["escalation_level"] == 2
            await ward.post("/beds/bed-1/audio-pause", {"by": "nurse.a", "for_s": 120})
            await clock.sleep(40)
        clock.ahead += timedelta(seconds=set_by_s)
        async with simulated_ward(tmp_path, clock=clock) as ward:
            await clock.sleep(5)
            if set_by_s > 0:
                assert not await _is_quiet(ward)
                assert (await marked(ward))["escalation_level"] == 3
                return
            times = ("raised_at", "notified_at", "text_at")
            assert await marked(ward) == was | {at: _set_by(was[at], set_by_s) for at in times}
            assert await _is_quiet(ward) == (set_by_s == 0)
            await clock.sleep(120 - 40 - 5 - 1)
            assert await _is_quiet(ward) == (set_by_s == 0)
            await clock.sleep(2)
            assert not await _is_quiet(ward)
            await clock.sleep(360 - 185 - 120 - 1 - 2)
            assert (await marked(ward))["escalation_level"] == 2
            await clock.sleep(4)
            assert (await marked(ward))["escalation_level"] == 3

    run_virtually(run())


async def _is_quiet(ward: SimulatedWard) -> bool:
    return (await ward.get("/beds/bed-1"))["audio"]["paused_until"] is not None


def _set_by(at: str, by_s: float) -> str:
    return rfc3339(parse_rfc3339(at) + timedelta(seconds=by_s))
