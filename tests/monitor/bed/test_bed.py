"""The bed as devices and rules see it: alarms, blindness, device troubles, the cuff."""

import copy
from dataclasses import replace
from itertools import pairwise

import pytest

from alerts.alarm.lifecycle import State
from alerts.rules.loader import parse
from alerts.rules.model import Priority
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    LinkChanged,
    LinkState,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from drivers.registry import DeviceSpec
from monitor.bed.effects import StartMeasurement
from monitor.bed.inputs import DeviceInput, SiteCondition, Tick
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, Bedside, bed

# ── physiological alarms ────────────────────────────────────────────────────────────────


def test_a_low_saturation_alarms_after_its_delay() -> None:
    side = bed().with_session().wait(5).spo2(85, for_s=10)
    assert side.story("spo2.very-low") == []
    assert side.wait(1).story("spo2.very-low") == ["raised"]


def test_without_a_session_nothing_physiological_alarms() -> None:
    assert bed().wait(5).spo2(80, for_s=120).types("alarm.") == []


def test_what_is_bad_when_the_session_starts_alarms() -> None:
    side = bed().spo2(80, for_s=60).with_session().wait(11)
    assert "spo2.very-low" in side.open_rules()


def test_an_alarm_whose_finger_slips_off_stays() -> None:
    side = bed().with_session().spo2(85, for_s=12)
    side.flagged(Flag.SENSOR_OFF).spo2(None, for_s=3600)
    assert side.story("spo2.very-low") == ["raised", "unverified"]
    assert "tech.sensor-off" in side.open_rules()


def test_an_alarm_whose_device_falls_silent_stays() -> None:
    side = bed().with_session().spo2(85, for_s=12).silent("oximeter", for_s=3600)
    assert side.story("spo2.very-low") == ["raised", "unverified"]


def test_a_moment_of_good_values_before_the_finger_slips_off_ends_nothing() -> None:
    side = bed().with_session().spo2(85, for_s=12).spo2(98, for_s=2)
    side.spo2(None, for_s=600)
    assert side.alarm("spo2.very-low").state is State.ACTIVE


def test_a_rejected_value_is_never_judged() -> None:
    side = bed().with_session()
    for _ in range(60):
        side.now = side.now.plus(1)
        rejected = Reading(Vital.SPO2, 20, Quality.REJECTED, "outside the device's range")
        side.says("oximeter", Measurement((rejected, Reading(Vital.PULSE, 70)))).tick(0)
    assert "spo2.very-low" not in side.open_rules()


def test_a_poor_value_is_judged() -> None:
    side = bed().with_session()
    for _ in range(12):
        side.now = side.now.plus(1)
        poor = Reading(Vital.SPO2, 80, Quality.POOR, "artefact")
        side.says("oximeter", Measurement((poor, Reading(Vital.PULSE, 70)))).tick(0)
    assert "spo2.very-low" in side.open_rules()


def test_an_alarm_ends_on_fresh_values_that_held() -> None:
    side = bed().with_session().pulse(130, for_s=32).pulse(80, for_s=12)
    assert side.story("pulse.high") == ["raised", "ended"]
    assert side.last("alarm.ended").payload["reason"] == "condition ended"


def test_an_alarm_that_is_acknowledged_while_latched_ends() -> None:
    side = bed().with_session().spo2(85, for_s=12).spo2(98, for_s=10)
    assert side.alarm("spo2.very-low").state is State.LATCHED
    side.acknowledged("spo2.very-low")
    assert side.story("spo2.very-low") == [*("raised", "condition-ended", "acknowledged", "reset")]


def test_every_alarm_event_is_about_its_alarm() -> None:
    side = bed().with_session().spo2(85, for_s=12)
    raised = side.last("alarm.raised")
    assert raised.subject == raised.payload["alarm"]["id"]
    assert raised.session == "s-1"


def test_an_older_pressure_pulse_does_not_stand_in_for_a_lost_one() -> None:
    side = bed().with_session().with_baseline().dosed().pulse(130, for_s=25)
    side.measured(120, 80).wait(15)
    assert "pulse.high" in side.open_rules()
    side.pulse(None).spo2(None).wait(60)
    assert side.alarm("pulse.high").state is State.ACTIVE


def test_the_cuff_s_pulse_stands_in_when_it_is_newer() -> None:
    side = bed().with_session().with_baseline().pulse(None).spo2(None, for_s=10)
    side.measured(120, 80)
    shown = {shown.vital: shown for shown in side.bed.vitals.views(side.now)}
    assert (shown[Vital.PULSE].value, shown[Vital.PULSE].device) == (72, "cuff")


# ── troubles ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("flag", "rule", "for_s"),
    [
        (Flag.SENSOR_OFF, "tech.sensor-off", 5),
        (Flag.SENSOR_DISCONNECTED, "tech.sensor-disconnected", 5),
        (Flag.NO_PULSE, "tech.no-pulse", 10),
        (Flag.ARTEFACT, "tech.artefact", 30),
        (Flag.LOW_PERFUSION, "tech.low-perfusion", 60),
        (Flag.LOW_BATTERY, "tech.low-battery", 10),
    ],
)
def test_a_flag_is_an_alarm_after_its_delay(flag: Flag, rule: str, for_s: int) -> None:
    side = bed().with_session().flagged(flag, for_s=for_s)
    assert rule not in side.open_rules()
    assert rule in side.wait(1).open_rules()
    assert rule not in side.flagged(for_s=60).open_rules()


def test_a_silent_device_alarms_when_its_promise_is_broken() -> None:
    side = bed().with_session().wait(10).silent("oximeter", for_s=2)
    assert "tech.device-silent" not in side.open_rules()
    side.wait(1)
    assert side.alarm("tech.device-silent").device == "oximeter"


def test_a_device_cut_off_for_its_silence_is_silent_and_not_lost() -> None:
    side = bed().with_session().wait(10).silent("oximeter", for_s=2)
    side.now = side.now.plus(1)
    side.link("oximeter", LinkState.DOWN, "nothing valid for 3 s").wait(60)
    assert side.open_rules() >= {"tech.device-silent"}
    assert "tech.link-lost" not in side.open_rules()
    assert "nothing valid for 3 s" in side.last("device.disconnected").payload["reason"]


def test_a_silent_device_that_talks_again_is_heard() -> None:
    side = bed().wait(10).silent("oximeter", for_s=60).talks("oximeter", for_s=5)
    assert side.story("tech.device-silent") == ["raised", "ended"]
    found = [type_.removeprefix("device.") for type_ in side.types("device.")]
    assert found == ["connected", "connected", "disconnected", "connected"]


def test_a_device_that_connects_and_stays_silent_does_not_flap() -> None:
    side = bed(OXIMETER).silent("oximeter")
    for _ in range(20):
        side.link("oximeter", LinkState.UP).wait(4)
        side.link("oximeter", LinkState.DOWN, "nothing valid for 3 s").wait(5)
    assert side.story("tech.link-lost") == ["raised", "ended"]
    assert side.story("tech.device-silent") == ["raised"]
    assert side.open_rules() == {"tech.device-silent"}


def test_a_lost_link_alarms_and_says_why() -> None:
    side = bed().with_session().wait(10).unplugged("cuff", for_s=3)
    assert side.alarm("tech.link-lost").text == "cuff: not connected: no such port"


def test_a_device_that_never_connects_alarms() -> None:
    side = Bedside((OXIMETER,), connected=False).silent("oximeter", for_s=4)
    assert side.open_rules() == {"tech.link-lost"}


def test_a_failure_reported_in_its_absence_does_not_make_a_device_heard() -> None:
    side = bed().wait(5).unplugged("cuff", for_s=5)
    side.says("cuff", MeasurementFailed(Flag.MEASUREMENT_FAILED, "no link to cuff"))
    assert side.wait(10).bed.technical.devices["cuff"].lost


def test_a_signal_that_never_came_alarms() -> None:
    side = bed().spo2(None).pulse(None).with_session().wait(16)
    assert side.alarm("tech.signal-missing").text == (
        "oximeter: gives no spo2, pulse. Blind: SpO2 and pulse"
    )


def test_one_missing_signal_of_two_alarms() -> None:
    side = bed().with_session().wait(10).spo2(None, for_s=25)
    assert side.alarm("tech.signal-missing").text.startswith("oximeter: gives no spo2.")


def test_a_bed_where_nothing_measures_saturation_says_so() -> None:
    side = bed(CUFF).with_session().wait(16)
    assert side.alarm("tech.signal-missing").device is None


def test_a_sensor_trouble_whose_device_is_lost_is_not_over() -> None:
    side = bed().with_session().flagged(Flag.SENSOR_OFF, for_s=10).unplugged("oximeter", for_s=600)
    assert side.alarm("tech.sensor-off").state is State.ACTIVE
    assert side.alarm("tech.sensor-off").unverified_since is not None
    side.flagged().plugged("oximeter", for_s=10)
    assert side.alarm("tech.sensor-off").state is State.ENDED


def test_a_device_fault_alarms_until_a_measurement_succeeds() -> None:
    side = bed().with_session().wait(2)
    side.says("cuff", MeasurementFailed(Flag.DEVICE_FAULT, "hardware fault", 90)).wait(2)
    assert "tech.device-fault" in side.open_rules()
    assert "tech.device-fault" not in side.measured(120, 80).wait(2).open_rules()


def test_a_technical_alarm_hides_no_other() -> None:
    side = bed().with_session().spo2(85, for_s=12).silent("oximeter", for_s=60)
    assert side.open_rules() >= {"spo2.very-low", "tech.device-silent"}
    side.acknowledged("tech.device-silent")
    assert not side.alarm("spo2.very-low").acknowledged


@pytest.mark.parametrize("trouble", ["journal-failing", "broker-unreachable"])
def test_a_trouble_of_the_site_alarms_at_the_bed_until_it_is_over(trouble: str) -> None:
    side = bed().wait(5)
    side.did(side.bed.handle(SiteCondition(trouble, "disk full"), side.now)).wait(61)
    assert "disk full" not in side.alarm(f"tech.{trouble}").text
    assert side.bed.technical.present[trouble, None] == "disk full"
    side.did(side.bed.handle(SiteCondition(trouble, None), side.now)).wait(6)
    assert side.alarm(f"tech.{trouble}").state is State.ENDED


def test_a_lost_device_is_worse_once_a_session_needs_it() -> None:
    side = bed().wait(5).unplugged("oximeter", for_s=120)
    assert side.alarm("tech.link-lost").priority is Priority.LOW
    assert side.with_session().wait(1).alarm("tech.link-lost").priority is Priority.MEDIUM


def test_a_device_says_who_it_is_and_shows_its_wave_without_any_event() -> None:
    side = bed().wait(5)
    before = len(side.events)
    side.says("oximeter", Identity("3150")).says("oximeter", Waveform("pleth", 75, (1, 2)))
    assert side.events[before:] == []
    assert side.bed.technical.devices["oximeter"].identity == Identity("3150")


def test_a_machine_too_slow_for_its_clock_calls_no_device_silent() -> None:
    side = Bedside((OXIMETER,), least_s=30).second().silent("oximeter", for_s=29)
    assert side.open_rules() == set()
    assert not side.bed.vitals.views(side.now)[0].stale
    assert side.wait(2).open_rules() == {"tech.device-silent"}


def test_an_hour_that_the_machine_slept_is_an_hour_of_the_session_with_no_values() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(10)
    dosed_at, before = side.session.first_dose_at, len(side.events)
    side.now = side.now.plus(3600)
    side.did(side.bed.handle(Tick(), side.now))
    events = [event.type for event in side.events[before:]]
    assert "clock.stepped" not in events
    assert side.session.first_dose_at == dosed_at
    assert side.bed.vitals.views(side.now)[0].stale
    assert "check.overdue" in side.open_rules()


# ── the cuff ────────────────────────────────────────────────────────────────────────────


def asked(side: Bedside) -> list[str]:
    """Why the cuff was started, each time."""
    return [e.payload["why"] for e in side.events if e.type == "pressure.requested"]


def test_the_cuff_is_started_for_the_baseline() -> None:
    assert asked(bed().wait(2).with_session().wait(1)) == ["schedule"]


def test_a_pressure_over_the_limit_is_measured_again_after_a_minute() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150)
    first = side.now
    side.until(lambda s: len(asked(s)) == 2)
    assert asked(side) == ["schedule", "confirm"]
    assert 60 <= side.now.mono - first.mono <= 61


def test_a_confirmed_pressure_alarms() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150).wait(100)
    assert side.story("pressure.elevated") == ["raised"]


def test_a_pressure_that_was_not_confirmed_does_not_alarm() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150)
    side.pressure = (130, 80)
    assert side.wait(300).story("pressure.elevated") == []


def test_a_pressure_whose_confirmation_failed_twice_alarms() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150)
    side.pressure = None
    side.until(lambda s: s.types().count("pressure.failed") == 1)
    assert side.story("pressure.elevated") == []
    side.until(lambda s: s.types().count("pressure.failed") == 2)
    assert side.story("pressure.elevated") == ["raised"]


def test_a_pressure_whose_cuff_was_lost_alarms_within_four_minutes() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150).unplugged("cuff", for_s=241)
    assert side.story("pressure.elevated") == ["raised"]


def test_a_severe_pressure_alarms_at_once() -> None:
    side = bed().wait(2).with_session().wait(10).measured(185, 100)
    assert side.alarm("pressure.severe").priority is Priority.HIGH


def test_no_two_measurements_start_within_a_minute_by_themselves() -> None:
    side = bed().wait(2).with_session().dosed()
    side.pressure = None
    side.minutes(30)
    times = [e.at for e in side.events if e.type == "pressure.requested"]
    assert len(times) > 3
    assert all((b - a).total_seconds() >= 60 for a, b in pairwise(times))


def test_a_failed_measurement_is_tried_once_more_and_then_alarms() -> None:
    side = bed().wait(2).with_session()
    side.pressure = None
    side.minutes(10)
    assert asked(side) == ["schedule", "retry"]
    assert side.alarm("tech.cuff-failed").text == "cuff: measurement failed twice: weak pulse"


def test_a_failed_measurement_is_tried_again_in_the_first_second_in_which_it_may() -> None:
    side = bed().wait(2).with_session()
    side.pressure = None
    side.minutes(3)
    first, second = (e.at for e in side.events if e.type == "pressure.requested")
    assert (second - first).total_seconds() == 60


def test_a_cuff_that_gave_up_is_started_again_when_the_next_pressure_is_due() -> None:
    side = bed().wait(2).with_session().dosed()
    side.pressure = None
    side.minutes(15)
    assert len(asked(side)) == 2
    side.minutes(10)
    assert asked(side)[2:] == ["schedule", "retry"]


def test_a_success_ends_the_cuff_s_alarm() -> None:
    side = bed().wait(2).with_session()
    side.pressure = None
    side.minutes(4)
    side.pressure = (120, 80)
    side.measure().wait(40)
    assert side.story("tech.cuff-failed")[-1] == "ended"


def test_a_pressure_without_a_diastolic_is_a_failure() -> None:
    upside_down = Reading(Vital.DIA, 130, Quality.REJECTED, "diastolic above systolic")
    side = bed().wait(2).with_session().wait(1)
    side.says("cuff", Measurement((Reading(Vital.SYS, 120), upside_down)))
    assert side.last("pressure.failed").payload["reason"] == "diastolic above systolic"
    assert side.session.pressures == ()


def test_a_measurement_that_is_never_answered_has_failed() -> None:
    side = bed().wait(2).with_session().wait(1)
    side.pressure = None
    side.talking.discard("cuff")
    for _ in range(201):
        side.now = side.now.plus(1)
        side.says("cuff", CuffState(CuffPhase.IDLE)).tick(0)
    assert side.last("pressure.failed").payload["reason"] == "no answer for 200 s"


def test_while_a_pressure_alarm_lasts_pressure_is_taken_every_five_minutes() -> None:
    side = bed().wait(2).with_session().with_baseline().dosed().measured(185, 100)
    side.pressure = (185, 100)
    side.minutes(14)
    times = [e.at for e in side.events if e.type == "pressure.requested"][-2:]
    assert asked(side)[-2:] == ["follow-up", "follow-up"]
    assert (times[1] - times[0]).total_seconds() == 300


def pressures_after(side: Bedside) -> list[float]:
    """How many minutes after the last one before each follow-up was asked for."""
    asked_for = [e for e in side.events if e.type == "pressure.requested"]
    return [
        (after.at - before.at).total_seconds() / 60
        for before, after in pairwise(asked_for)
        if after.payload["why"] == "follow-up"
    ]


def test_under_a_low_alarm_alone_pressure_is_taken_every_quarter_of_an_hour() -> None:
    side = bed().wait(2).with_session().with_baseline(130, 80).dosed()
    side.pressure = (145, 85)
    side.minutes(56)
    assert side.open_rules() == {"pressure.elevated", "check.overdue"}
    assert pressures_after(side) == [15, 15]
    side.pressure = (175, 85)
    side.minutes(30)
    assert side.alarm("pressure.rise").is_open
    assert pressures_after(side)[-3:] == [5, 5, 5]


def test_sessions_recorded_before_took_it_every_five_minutes_under_any_alarm() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().wait(2).with_session(former).with_baseline(130, 80).dosed()
    side.pressure = (145, 85)
    side.minutes(40)
    assert pressures_after(side)[-2:] == [5, 5]


def test_pressure_is_followed_until_two_in_a_row_are_clear() -> None:
    side = bed().wait(2).with_session().with_baseline().dosed().measured(185, 100)
    side.pressure = (125, 80)
    side.minutes(16)
    assert asked(side)[1:] == ["confirm", "follow-up"]


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0])
def test_pressure_is_followed_as_long_whatever_the_wall_clock_does(step_s: float) -> None:
    side = bed().wait(2).with_session().with_baseline().dosed().measured(185, 100)
    side.pressure = (125, 80)
    side.minutes(2).wall_steps(step_s).minutes(14)
    assert asked(side)[1:] == ["confirm", "follow-up"]


def test_the_pressure_alarm_of_the_last_patient_is_not_followed_at_the_next_one() -> None:
    side = bed().wait(2).with_session().with_baseline().measured(185, 112).minutes(2)
    assert side.story("pressure.severe") == ["raised", "condition-ended"]
    side.aborted().with_session(id="s-2").minutes(14)
    of_next = [e for e in side.events if e.session == "s-2" and e.type == "pressure.requested"]
    assert [e.payload["why"] for e in of_next] == ["schedule"]


def test_the_cuff_is_left_alone_without_a_session() -> None:
    assert bed().minutes(30).requests == []


def test_a_request_names_the_device() -> None:
    side = bed().wait(2)
    side.bed.handle(Tick(), side.now)
    assert side.measure().requests == ["cuff"]
    assert StartMeasurement("cuff") == StartMeasurement(side.requests[0])


def test_a_second_cuff_s_pressure_is_its_own() -> None:
    side = Bedside((OXIMETER, CUFF, DeviceSpec("cuff-2", "suntech", "memory://cuff-2")))
    side.wait(2).with_session()
    readings = (Reading(Vital.SYS, 131), Reading(Vital.DIA, 71))
    side.says("cuff-2", Measurement(readings))
    assert side.session.pressures[-1].device == "cuff-2"


# ── what left the configuration ─────────────────────────────────────────────────────────

ONE_RULE = parse(
    'name = "n"\nversion = "1"\n[[rule]]\nid = "r"\nsignal = "resp"\nabove = 40\n'
    'priority = "low"\ntext = "t"\nsource = "s"\n',
    "n",
)


def test_an_alarm_whose_rule_left_the_set_ends_and_says_so() -> None:
    side = bed().with_session().spo2(85, for_s=12).rebuilt(rules=ONE_RULE).tick(1)
    ended = [e for e in side.events if e.type == "alarm.ended"]
    assert {e.payload["reason"] for e in ended} == {"its rule or device is no longer configured"}
    assert side.open_rules() == set()


def test_an_alarm_whose_device_left_the_bed_ends_and_says_so() -> None:
    side = bed().with_session().wait(5).unplugged("cuff", for_s=5)
    side.rebuilt(devices=[OXIMETER]).tick(1)
    assert side.last("alarm.ended").payload["alarm"]["device"] == "cuff"
    assert "no longer configured" in side.last("alarm.ended").payload["reason"]


# ── restarts ────────────────────────────────────────────────────────────────────────────


def test_an_alarm_outlives_a_restart_and_is_unverified_until_data_come() -> None:
    side = bed().with_session().spo2(85, for_s=12).rebuilt().tick(1)
    assert side.alarm("spo2.very-low").state is State.ACTIVE
    assert side.alarm("spo2.very-low").unverified_since is not None
    side.second()
    assert side.alarm("spo2.very-low").unverified_since is None


def test_a_technical_alarm_outlives_a_restart_until_its_device_is_heard() -> None:
    side = bed().with_session().flagged(Flag.SENSOR_OFF, for_s=10).rebuilt().tick(60)
    assert side.alarm("tech.sensor-off").state is State.ACTIVE


def test_a_cuff_that_failed_twice_has_still_failed_after_a_restart() -> None:
    side = bed().wait(2).with_session()
    side.pressure = None
    side.minutes(4).rebuilt()
    side.link("cuff", LinkState.UP).link("oximeter", LinkState.UP).wait(30)
    assert side.alarm("tech.cuff-failed").state is State.ACTIVE


def test_a_pressure_that_waited_for_its_confirmation_still_does_after_a_restart() -> None:
    side = bed().wait(2).with_session().with_baseline(sys=150).wait(20).rebuilt()
    side.link("cuff", LinkState.UP).link("oximeter", LinkState.UP).wait(100)
    assert side.story("pressure.elevated") == ["raised"]


def test_the_last_pressure_is_shown_after_a_restart_as_old_as_it_is() -> None:
    side = bed().wait(2).with_session().with_baseline(131, 71)
    taken = side.session.pressures[-1].at
    side.wait(600).rebuilt()
    sys = next(shown for shown in side.bed.vitals.views(side.now) if shown.vital is Vital.SYS)
    assert sys.at is not None
    assert (sys.value, sys.at.wall, sys.stale) == (131, taken, False)
    assert abs(side.now.mono - sys.at.mono - (side.now.wall - taken).total_seconds()) < 0.01


def test_after_a_restart_the_last_pressure_counts_though_the_clock_was_set_back() -> None:
    side = bed().measured(120, 78).wall_steps(-7200).with_session().measured(190, 112)
    side.tick(300).rebuilt()
    assert side.bed.vitals.values[Vital.SYS].value == 190


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0])
def test_a_pressure_is_as_old_after_a_restart_whatever_the_wall_clock_did(step_s: float) -> None:
    def is_stale(side: Bedside) -> bool:
        return next(
            shown.stale for shown in side.bed.vitals.views(side.now) if shown.vital is Vital.SYS
        )

    side = bed().wait(2).measured(131, 71).wall_steps(step_s).tick(2300)
    assert not is_stale(side.rebuilt())
    assert is_stale(side.tick(101).rebuilt())


@pytest.mark.parametrize("behind_s", [2.5, 300.0, 86_400.0])
def test_after_a_restart_with_the_clock_set_back_what_is_scored_is_judged(behind_s: float) -> None:
    side = bed().with_session().with_baseline().dosed().minutes(10)
    side.scored(cadss=3, moaas=5).wall_steps(-behind_s).rebuilt().scored(cadss=45, moaas=0)
    assert side.latest("cadss") == 45
    assert {"dissociation.marked", "sedation.unresponsive"} <= side.open_rules()
    dosed_at = side.session.first_dose_at
    assert dosed_at is not None
    assert (side.now.wall - dosed_at).total_seconds() == pytest.approx(600, abs=1)


def test_other_rules_after_a_restart_are_named_in_the_session() -> None:
    side = bed().with_session()
    other = replace(DEFAULT, name="site", version="7")
    was = side.session.rules
    side.rebuilt(rules=other).tick(0)
    assert side.session.rules == {"name": "site", "version": "7", "hash": other.hash} != was
    side.rebuilt(rules=other).tick(0)
    assert len([e for e in side.events if e.type == "rules.changed"]) == 1


def test_what_was_heard_before_the_last_event_and_told_after_it_is_of_now() -> None:
    side = bed().with_session().wait(2)
    lost = LinkChanged(LinkState.CONNECTING, "unplugged")
    side.did(side.bed.handle(DeviceInput("oximeter", lost), side.now.plus(-0.003)))
    assert side.events[-1].type.startswith(("device.", "alarm."))
    assert side.events[-1].at == side.now.in_ms().wall


def test_after_a_restart_before_a_record_the_set_clock_is_an_event() -> None:
    side = bed().with_session().scored(cadss=3).wall_steps(-300).rebuilt().tick(0)
    assert [e.payload["by_s"] for e in side.events if e.type == "clock.stepped"] == [-300.0]
    assert side.session.scores[-1].at == side.now.wall


def test_a_restart_with_the_clock_ahead_restates_nothing() -> None:
    side = bed().with_session().scored(cadss=3).wall_steps(300).rebuilt().tick(0)
    assert not [e for e in side.events if e.type == "clock.stepped"]


@pytest.mark.parametrize("step_s", [-86_400.0, 86_400.0])
def test_an_alarm_goes_further_in_time_after_a_restart_whatever_the_wall_clock_did(
    step_s: float,
) -> None:
    side = bed().with_session().with_baseline().measured(185, 112)
    side.wall_steps(step_s).tick(50).rebuilt().tick(9)
    assert not side.alarm("pressure.severe").escalated
    assert side.tick(1).alarm("pressure.severe").escalated


def test_an_alarm_that_recurs_after_a_restart_within_a_minute_is_counted() -> None:
    side = bed().with_session().pulse(130, for_s=32).pulse(80, for_s=12).rebuilt()
    side.link("oximeter", LinkState.UP).pulse(130, for_s=32)
    assert side.alarm("pulse.high").count == 2


def test_a_restart_does_not_start_the_time_to_medium_anew() -> None:
    side = bed().with_session().wait(5).unplugged("cuff", for_s=20).rebuilt().tick(0).tick(13)
    assert side.alarm("tech.link-lost").priority is Priority.MEDIUM


def lost_twice(edition: int = 3) -> Bedside:
    """The cuff's link was lost for a while, and again within a minute."""
    regimen = REGIMENS["esketamine-84"].model_copy(update={"edition": edition})
    side = bed().with_session(regimen).wait(5).unplugged("cuff", for_s=20).plugged("cuff", for_s=9)
    side.unplugged("cuff").until(lambda side: side.story("tech.link-lost")[-1] == "re-raised")
    assert side.alarm("tech.link-lost").priority is Priority.LOW
    return side


def test_after_a_restart_the_time_to_medium_counts_from_the_last_onset() -> None:
    side = lost_twice().rebuilt().tick(0).tick(29)
    assert side.alarm("tech.link-lost").priority is Priority.LOW
    assert side.tick(1).alarm("tech.link-lost").priority is Priority.MEDIUM


def test_in_a_session_of_a_former_edition_it_counts_from_the_first() -> None:
    side = lost_twice(edition=2).rebuilt().tick(2)
    assert side.alarm("tech.link-lost").priority is Priority.MEDIUM


def test_a_restart_does_not_let_the_cuff_start_twice_within_a_minute() -> None:
    side = bed().wait(2).with_session().wait(1).rebuilt()
    side.link("cuff", LinkState.UP)
    side.wait(55)
    assert len(side.requests) == 1
    assert len(side.wait(10).requests) == 2


def test_small_steps_back_that_add_up_are_one_step_to_a_bed_that_is_rebuilt() -> None:
    side = bed().with_session().with_baseline().dosed().scored(cadss=40)
    side.wall_steps(-1.1).tick(0.01).wall_steps(-1.1).tick(0.01)
    assert side.types("clock.stepped") == []
    was = copy.deepcopy(side.bed)
    side.rebuilt().tick(0)
    stepped = side.last("clock.stepped")
    assert stepped.payload["by_s"] == pytest.approx(-2.18, abs=0.01)
    was.emit("clock.stepped", stepped.payload, side.now.in_ms())
    after, before = side.bed.session, was.session
    assert after is not None
    assert before is not None
    assert replace(after, news2=()) == replace(before, news2=())
    assert [scored.at for scored in after.news2] == [scored.at for scored in before.news2]
    assert {*after.news2[-1].held} == {"spo2"}, "the oximeter has not said anything yet"
    assert side.bed.alarm_engine.alarms == was.alarm_engine.alarms
    assert {alarm.rule for alarm in was.alarm_engine.open_alarms()} >= {"dissociation.marked"}


def test_a_restart_takes_no_pressure_of_the_idle_bed_for_the_patients() -> None:
    """An alarm that was open before the session has the bed rebuilt from before it."""
    side = bed().measured(178, 60).with_session()
    assert "sys" not in side.bed.vitals.values
    assert "sys" not in side.rebuilt().bed.vitals.values
