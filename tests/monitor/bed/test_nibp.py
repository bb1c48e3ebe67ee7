"""When the NIBP devices of a bed measure, and what may be requested of them."""

import re
from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.evaluation import AlarmEngine
from drivers.clock import Instant
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceMessages,
    Flag,
    LinkState,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
)
from drivers.registry import DRIVERS, DeviceSpec
from monitor.bed import view
from monitor.bed.device_status import DeviceStatus
from monitor.bed.nibp import ANSWER_S, NEVER, NibpDevice, NibpScheduler
from monitor.bed.state import BedState, NibpState
from monitor.session.commands import Abort, Refused, RetractRecord
from monitor.session.events import Draft
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState, PlannedCheck
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, START, bed


@pytest.mark.parametrize(
    ("asked_at", "confirm_at", "now", "turn"),
    [
        (None, None, 110, NEVER),
        (None, 150, 110, 150),
        (None, 150, 150, NEVER),
        (100, None, 110, 160),
        (100, None, 160, 400),
        (100, None, 399, 400),
        (100, None, 400, NEVER),
        (100, 150, 110, 150),
        (100, 150, 155, 160),
    ],
)
def test_the_next_turn_is_the_first_of_those_to_come(
    asked_at: float | None, confirm_at: float | None, now: float, turn: float
) -> None:
    cuff = NibpDevice(DeviceStatus(CUFF), NibpState(asked_at))
    assert cuff.next_change(Instant(START.wall, now), confirm_at, 300) == turn


@pytest.mark.parametrize(
    ("asked_at", "pending", "overdue_at"),
    [(None, False, NEVER), (100, False, NEVER), (100, True, 300)],
)
def test_an_answer_is_awaited_for_200_s(
    asked_at: float | None, pending: bool, overdue_at: float
) -> None:
    cuff = NibpDevice(DeviceStatus(CUFF), NibpState(asked_at, pending))
    assert cuff.overdue_at == overdue_at


def test_of_several_reasons_the_first_is_told() -> None:
    sys = Reading(Vital.SYS, None, Quality.REJECTED, "arm moved")
    dia = Reading(Vital.DIA, None, Quality.REJECTED, "weak pulse")
    _, payload = NibpDevice(DeviceStatus(CUFF), NibpState()).result(Measurement((sys, dia)))
    assert payload["reason"] == "arm moved"


@pytest.mark.parametrize(("after_s", "why"), [(-1, None), (0, None), (1, "schedule")])
def test_a_pressure_is_not_wanted_again_that_was_due_when_the_cuff_gave_up(
    after_s: float, why: str | None
) -> None:
    status = DeviceStatus(CUFF)
    status.link_changed(LinkState.UP, None, START)
    status.receive(Measurement(()), START)
    cuff = NibpDevice(status, NibpState(failures=2, failed_at=START.wall))
    due = PlannedCheck(CheckKind.PRESSURE, START.plus(after_s).wall, CheckState.DUE)
    assert cuff.wanted(START, confirm_at=None, follow_up_s=NEVER, planned=[due]) == why


# ── commands ────────────────────────────────────────────────────────────────────────────


def device(state: NibpState | None = None, *, phase: CuffPhase | None = None) -> NibpDevice:
    """A cuff that is connected."""
    status = DeviceStatus(CUFF)
    status.link_changed(LinkState.UP, None, START)
    status.receive(CuffState(phase or CuffPhase.IDLE), START)
    return NibpDevice(status, state or NibpState())


def test_a_person_requests_a_measurement() -> None:
    payload = {"device": "cuff", "why": "by-hand", "by": "nurse.a"}
    assert device().request_by_hand("nurse.a") == ("pressure.requested", payload)


@pytest.mark.parametrize(
    ("of", "why"),
    [
        (device(NibpState(inhibited="a line")), "cuff is stopped (a line)"),
        (device(NibpState(100, pending=True)), "is measuring"),
        (device(phase=CuffPhase.MEASURING), "is measuring"),
        (NibpDevice(DeviceStatus(CUFF), NibpState()), "is not connected (connecting)"),
    ],
)
def test_a_request_is_refused_while_none_can_start(of: NibpDevice, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)):
        of.request_by_hand("nurse.a")


def test_a_cuff_is_inhibited_once_and_enabled_once() -> None:
    payload = {"device": "cuff", "by": "nurse.a"}
    stopped = ("nibp.inhibited", payload | {"reason": "a line"})
    assert device().inhibit("nurse.a", "a line") == stopped
    with pytest.raises(Refused, match="stopped already: a line"):
        device(NibpState(inhibited="a line")).inhibit("nurse.a", "a line")
    assert device(NibpState(inhibited="a line")).enable("nurse.a") == ("nibp.enabled", payload)
    with pytest.raises(Refused, match="is not stopped"):
        device().enable("nurse.a")


# ── results ─────────────────────────────────────────────────────────────────────────────


def test_a_measurement_is_one_with_a_systolic_and_a_diastolic() -> None:
    readings = (Reading(Vital.SYS, 120), Reading(Vital.DIA, 80))
    payload = {"device": "cuff", "sys": 120, "dia": 80, "map": None, "pulse": None}
    assert device().result(Measurement(readings)) == ("pressure.measured", payload)
    payload = {"device": "cuff", "reason": "no valid pressure", "code": None}
    assert device().result(Measurement(readings[:1])) == ("pressure.failed", payload)


def test_a_failure_keeps_the_device_s_own_code() -> None:
    payload = {"device": "cuff", "reason": "weak pulse", "code": 7}
    failed = MeasurementFailed(Flag.MEASUREMENT_FAILED, "weak pulse", 7)
    assert device().result(failed) == ("pressure.failed", payload)


# ── the scheduler ───────────────────────────────────────────────────────────────────────

CUFF_2 = DeviceSpec("cuff-2", "suntech", "memory://cuff-2")
ENGINE = AlarmEngine(DEFAULT, {None: ()})


def scheduler(*specs: DeviceSpec) -> NibpScheduler:
    devices = {spec.id: DeviceStatus(spec) for spec in specs}
    for status in devices.values():
        status.link_changed(LinkState.UP, None, START)
        status.receive(CuffState(CuffPhase.IDLE), START)
    return NibpScheduler(devices, BedState(specs).nibp, DEFAULT)


def plan(of: NibpScheduler, *planned: PlannedCheck, after_s: float = 0.0) -> Draft | None:
    return of.plan(bed().with_session().session, ENGINE, planned, START.plus(after_s))


PRESSURE_DUE = PlannedCheck(CheckKind.PRESSURE, START.wall, CheckState.DUE)


def test_of_several_devices_the_first_is_started() -> None:
    of = scheduler(CUFF, CUFF_2)
    assert of.primary("bed-1").id == "cuff"
    payload = {"device": "cuff", "why": "schedule", "by": None}
    assert plan(of, PRESSURE_DUE) == ("pressure.requested", payload)


def test_without_a_device_there_is_nothing_to_start() -> None:
    with pytest.raises(Refused, match="bed-1 has no cuff that can be started"):
        scheduler(OXIMETER).primary("bed-1")


def test_after_a_request_the_next_plan_is_due_a_minute_later() -> None:
    of = scheduler(CUFF)
    plan(of, PRESSURE_DUE, after_s=10)
    assert of.next_plan == START.plus(70).mono


def test_with_nothing_to_come_no_plan_is_due() -> None:
    of = scheduler(CUFF)
    assert plan(of) is None
    assert of.next_plan == NEVER


def test_without_a_device_no_plan_is_due() -> None:
    of = scheduler(OXIMETER)
    of.next_plan = START.mono
    assert plan(of, PRESSURE_DUE) is None
    assert of.next_plan == NEVER


def test_a_request_that_nothing_answers_has_failed() -> None:
    of = scheduler(CUFF, CUFF_2)
    state = of.devices["cuff-2"].state
    state.pending, state.requested_mono = True, START.mono
    assert of.overdue_at == START.mono + ANSWER_S
    assert [*of.unanswered(START.plus(ANSWER_S))] == []
    payload = {"device": "cuff-2", "reason": "no answer for 200 s", "code": None}
    assert [*of.unanswered(START.plus(ANSWER_S + 1))] == [("pressure.failed", payload)]


def test_the_ticks_of_a_bed_without_a_cuff_are_idle_in_a_session() -> None:
    side = bed(OXIMETER).with_session().wait(6)
    assert not side.bed._wakeup.is_due(side.now.plus(0.5))


BOARD = DeviceSpec("board", "berry", "memory://board")
PRESSURES = Measurement((Reading(Vital.SYS, 120), Reading(Vital.DIA, 80)))


def test_a_device_that_streams_too_reports_a_measurement_only_with_pressures() -> None:
    side = bed(BOARD).with_session().wait(1)
    side.says("board", Measurement((Reading(Vital.SPO2, 97), Reading(Vital.PULSE, 70))))
    assert side.types("pressure.") == ["pressure.requested"]
    side.says("board", PRESSURES)
    assert side.last("pressure.measured").payload["sys"] == 120


@pytest.fixture
def at_monitor(monkeypatch: pytest.MonkeyPatch) -> DeviceSpec:
    """A device that gives pressures and cannot be asked to measure one."""
    kind = replace(DRIVERS["berry"], name="readonly", can_measure=False)
    monkeypatch.setattr("drivers.registry.DRIVERS", {**DRIVERS, "readonly": kind})
    return DeviceSpec("monitor", "readonly", "memory://monitor")


def test_a_pressure_that_is_measured_at_the_monitor_meets_the_check(
    at_monitor: DeviceSpec,
) -> None:
    side = bed(at_monitor).with_session().wait(2)
    assert side.types("pressure.") == []
    side.says("monitor", PRESSURES)
    assert side.last("pressure.measured").payload["device"] == "monitor"
    assert [pressure.sys for pressure in side.session.pressures] == [120]
    shown = view.device(side.bed.technical.devices["monitor"])
    assert (shown.gives_pressure, shown.can_measure) == (True, False)


def test_who_asks_for_a_pressure_is_told_to_press_start_at_the_monitor(
    at_monitor: DeviceSpec,
) -> None:
    with pytest.raises(Refused, match="press start on monitor"):
        bed(at_monitor).measure()


def test_a_cuff_that_can_be_started_is_started_before_one_that_cannot(
    at_monitor: DeviceSpec,
) -> None:
    side = bed(at_monitor, CUFF).with_session().wait(2)
    assert side.requests == ["cuff"]


# ── a monitor's last pressure ───────────────────────────────────────────────────────────


def said(age_s: float, sys: float = 120) -> Measurement:
    return Measurement((Reading(Vital.SYS, sys), Reading(Vital.DIA, 80)), age_s=age_s)


def test_a_pressure_has_the_time_that_the_monitor_says(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).with_session().wait(60)
    side.says("monitor", said(40))
    [pressure] = side.session.pressures
    assert side.now.wall - pressure.at == timedelta(seconds=40)
    [shown] = [one for one in side.bed.vitals.views(side.now) if one.vital is Vital.SYS]
    assert shown.at == side.now.plus(-40)


def test_a_pressure_that_the_monitor_says_again_is_the_same(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).with_session().wait(60)
    for age_s in (40, 41, 38, 60):
        side.says("monitor", said(age_s))
    assert side.types("pressure.") == ["pressure.measured"]
    side.says("monitor", said(20, sys=130))
    assert [pressure.sys for pressure in side.session.pressures] == [120, 130]


def test_a_pressure_is_the_same_after_a_restart(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).with_session().wait(60)
    again = side.says("monitor", said(40)).rebuilt().wait(1)
    again.says("monitor", said(41))
    assert [pressure.sys for pressure in again.session.pressures] == [120]


def test_a_pressure_that_was_retracted_does_not_come_back(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).with_session().wait(60)
    side.says("monitor", said(40))
    side.asks(RetractRecord(side.session.pressures[0].id, "nurse.a", "cuff on the wrong arm"))
    side.wait(2).says("monitor", said(42))
    assert side.session.pressures == ()


def test_a_pressure_from_before_the_session_is_not_this_patient_s(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).with_session().wait(60)
    side.says("monitor", said(61))
    assert (side.types("pressure."), Vital.SYS in side.bed.vitals.values) == ([], False)
    side.asks(Abort("nurse.a", "went home")).wait(60)
    side.says("monitor", said(70))
    assert (side.types("pressure."), Vital.SYS in side.bed.vitals.values) == ([], False)
    side.says("monitor", said(50))
    assert side.types("pressure.") == ["pressure.measured"]


def test_what_was_measured_at_the_idle_bed_is_not_this_patient_s(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).wait(60)
    side.says("monitor", said(2, sys=82)).wait(30).with_session().wait(2)
    side.says("monitor", said(34, sys=82)).observed(resp=14)
    assert Vital.SYS not in side.bed.vitals.values
    assert side.session.pressures == ()
    assert "sys" not in {*side.session.news2[-1].points, *side.session.news2[-1].held}


def test_what_the_monitor_shows_is_shown_until_its_link_is_lost(at_monitor: DeviceSpec) -> None:
    side = bed(at_monitor).wait(1)
    side.says("monitor", DeviceMessages(("SpO2 NIEDRIG",)))
    status = side.bed.technical.devices["monitor"]
    assert view.device(status).messages == ("SpO2 NIEDRIG",)
    side.link("monitor", LinkState.DOWN, "gone")
    assert view.device(status).messages == ()
