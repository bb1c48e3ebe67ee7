"""The phases of a session, its baseline, and the wall clock it is told by."""

from datetime import timedelta

import pytest

from alerts.alarm.lifecycle import State
from drivers.readings import Waveform
from monitor.session.commands import InfusionAction, RecordScore
from monitor.session.infusion import Infusion
from monitor.session.session import Phase
from tests.monitor.builders import START, bed
from tests.monitor.session.test_schedule import at, given, infused, measured, scored, session


def test_a_session_begins_with_the_baseline() -> None:
    assert bed().with_session().phase() is Phase.BASELINE


def test_the_first_dose_begins_the_dosing() -> None:
    assert bed().with_session().dosed(28).phase() is Phase.DOSING


def test_the_last_planned_dose_begins_the_observation() -> None:
    side = bed().with_session().dosed(56).dosed(28)
    assert side.types("session.") == ["session.started", "session.observing"]


@pytest.mark.parametrize(("minutes", "phase"), [(14.9, Phase.DOSING), (15.1, Phase.OBSERVING)])
def test_a_dose_that_is_not_completed_is_over_after_a_while(minutes: float, phase: Phase) -> None:
    assert bed().with_session().dosed(28).minutes(minutes).phase() is phase


def test_a_later_device_brings_the_dosing_back() -> None:
    side = bed().with_session().dosed(28).minutes(16).dosed(28)
    assert side.phase() is Phase.DOSING


def test_an_infusion_is_observed_from_its_end() -> None:
    side = bed().with_session("ketamine-iv").infusion(InfusionAction.START).minutes(40)
    assert side.phase() is Phase.DOSING
    side.infusion(InfusionAction.END)
    assert side.phase() is Phase.OBSERVING
    assert side.session.last_dose_at == side.now.wall


def test_while_an_infusion_runs_the_window_is_the_planned_one() -> None:
    side = bed().with_session("ketamine-iv").infusion(InfusionAction.START)
    assert side.session.window_ends_at == side.now.wall + timedelta(minutes=160)


def test_first_and_last_administration_are_both_kept() -> None:
    side = bed().with_session().dosed(28).minutes(5).dosed(28)
    assert side.since_dose_min() == 5
    assert side.session.last_dose_at == side.now.wall
    assert side.session.window_ends_at == side.now.wall + timedelta(minutes=120)


# ── baseline ────────────────────────────────────────────────────────────────────────────


def test_the_baseline_is_what_was_found_last_before_the_dose() -> None:
    side = bed().wait(2).with_session().measured(118, 76).wait(60).measured(124, 80)
    side.scored(cadss=3, moaas=5).wait(1).dosed().wait(60).measured(160, 95).scored(cadss=30)
    assert side.session.baseline == {"sys": 124, "dia": 80, "cadss": 3, "moaas": 5}


def test_the_second_administration_does_not_move_the_baseline() -> None:
    side = bed().wait(2).with_session().measured(118, 76).dosed(28).wait(1)
    side.measured(160, 95).dosed(28)
    assert side.session.baseline["sys"] == 118


def test_a_dose_recorded_late_takes_no_baseline_from_after_it() -> None:
    side = bed().wait(2).with_session().wait(60).measured(118, 76).wait(5)
    given_at = side.now.wall
    side.wait(120).measured(165, 95).scored(cadss=20).dosed(at=given_at)
    assert side.session.baseline == {"sys": 118, "dia": 76}


def test_a_rise_from_the_baseline_alarms_when_it_is_confirmed() -> None:
    side = bed().wait(2).with_session().with_baseline(100, 60).dosed()
    side.pressure = (140, 70)
    side.wait(1).measured(140, 70).minutes(3)
    assert "up +40/+10 from baseline" in side.alarm("pressure.rise").text


# ── scores ──────────────────────────────────────────────────────────────────────────────


def test_the_latest_score_is_the_one_taken_last() -> None:
    side = bed().with_session().wait(600).scored(cadss=31)
    earlier = START.plus(60).wall
    side.asks(RecordScore("cadss", 2, None, "nurse.a", earlier))
    assert side.latest("cadss") == 31
    assert side.alarm("dissociation.marked").state is State.ACTIVE


def test_a_score_corrected_at_the_same_time_is_the_latest() -> None:
    side = bed().with_session().scored(cadss=31).scored(cadss=3)
    assert side.latest("cadss") == 3


def test_dissociation_two_hours_after_the_dose_is_prolonged() -> None:
    side = bed().with_session().dosed().minutes(90).scored(cadss=6).minutes(29.9)
    assert side.story("dissociation.prolonged") == []
    assert side.wait(10).story("dissociation.prolonged") == ["raised"]


# ── the wall clock ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("step_s", [-7200.0, 7200.0])
def test_a_wall_clock_that_is_set_restates_the_session(step_s: float) -> None:
    side = bed().with_session().dosed().scored(cadss=5).minutes(10).wall_steps(step_s).wait(1)
    assert side.since_dose_min() == pytest.approx(10 + 1 / 60)
    assert side.last("clock.stepped").payload == {"by_s": step_s}


def test_a_wall_clock_that_drifts_is_followed_in_silence() -> None:
    side = bed().with_session()
    for _ in range(60):
        side.wall_steps(0.5).wait(1)
    assert "clock.stepped" not in side.types()


def test_a_wall_clock_that_is_set_changes_no_delay() -> None:
    side = bed().with_session().wait(5).spo2(85, for_s=6).wall_steps(-7200).wait(4)
    assert side.story("spo2.very-low") == []
    assert side.wait(1).story("spo2.very-low") == ["raised"]


def test_a_wall_clock_that_is_set_is_an_event_at_an_empty_bed_too() -> None:
    side = bed().wait(5).wall_steps(-7200).tick(1)
    assert side.last("clock.stepped").payload == {"by_s": -7200}


def test_a_wall_clock_that_is_set_is_noticed_first_thing_after_a_restart() -> None:
    side = bed().with_session().dosed().minutes(10).rebuilt().wall_steps(-7200).tick(1)
    assert side.since_dose_min() == pytest.approx(10 + 1 / 60)


def test_a_wall_clock_that_is_set_is_told_with_what_comes_next_be_it_a_wave() -> None:
    side = bed().with_session().wait(5).wall_steps(7200)
    side.says("oximeter", Waveform("pleth", 75, (1, 2)))
    assert side.events[-1].type == "clock.stepped"


@pytest.mark.parametrize("step_s", [-7200.0, 7200.0])
def test_the_cuff_is_started_in_time_whatever_the_wall_clock_does(step_s: float) -> None:
    side = bed().wait(2).with_session().with_baseline().dosed().minutes(5).wall_steps(step_s)
    side.minutes(14.9)
    assert len(side.requests) == 1
    assert len(side.minutes(0.2).requests) == 2


def test_a_score_in_the_moment_of_the_dose_is_of_the_baseline() -> None:
    of = scored(session(dosed=False), 0, scale="cadss", total=2)
    assert given(of, 0, 84).baseline["cadss"] == 2


@pytest.mark.parametrize(
    ("before", "at_the_door", "escort"),
    [(True, False, False), (False, True, True), (False, False, False)],
)
def test_what_is_said_of_an_escort_at_the_door_counts(
    before: bool, at_the_door: bool, escort: bool
) -> None:
    side = bed().with_session()
    if before:
        side.escorted()
    side.closed(escort=at_the_door, against=("dr.b", "in a hurry"))
    assert side.session.escort is escort


# ── pauses of an infusion ───────────────────────────────────────────────────────────────

PAUSES = ((at(10), at(15)), (at(20), None))


@pytest.mark.parametrize(
    ("until_min", "paused_min"), [(5, 0), (10, 0), (12, 2), (15, 5), (18, 5), (20, 5), (30, 15)]
)
def test_an_infusion_was_paused_for_as_long_as_it_did_not_run(
    until_min: float, paused_min: float
) -> None:
    paused = Infusion(at(0), None, PAUSES).paused(at(until_min))
    assert paused == timedelta(minutes=paused_min)


def test_a_pause_from_before_the_infusion_counts_from_its_start() -> None:
    infusion = Infusion(at(12), None, PAUSES)
    assert infusion.paused(at(18)) == timedelta(minutes=3)


@pytest.mark.parametrize(
    ("turns", "ends_min"),
    [
        ((), 160),
        ((("pause", 10),), 160),
        ((("pause", 10), ("resume", 15)), 165),
        ((("pause", 10), ("resume", 15), ("pause", 20)), 165),
        ((("pause", 10), ("resume", 15), ("pause", 20), ("resume", 30)), 175),
        ((("pause", 10), ("end", 12)), 132),
    ],
)
def test_the_planned_window_moves_with_the_pauses_that_are_over(
    turns: tuple[tuple[str, float], ...], ends_min: float
) -> None:
    of = infused(session("ketamine-iv"), InfusionAction.START, 0)
    for action, minutes in turns:
        of = infused(of, InfusionAction(action), minutes)
    assert of.window_ends_at == at(ends_min)


def test_the_last_pressure_is_the_newest() -> None:
    last = measured(measured(session(), 20), 40, sys=141).last_pressure
    assert last is not None
    assert (last.at, last.sys) == (at(40), 141)
