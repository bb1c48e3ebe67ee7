"""One device as the bed hears it."""

import pytest

from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    LinkChanged,
    LinkState,
    Measurement,
    MeasurementFailed,
    Reading,
    Vital,
    Waveform,
)
from drivers.registry import DRIVERS, DeviceSpec
from monitor.bed import view
from monitor.bed.device_status import FLAG_CONDITIONS, DeviceStatus, conditions_of
from monitor.bed.inputs import DeviceInput
from tests.monitor.builders import CUFF, OXIMETER, START, bed

LATER = START.plus(60)
VALUES = Measurement((Reading(Vital.SPO2, 97), Reading(Vital.PULSE, 70)))
PRESSURES = Measurement((Reading(Vital.SYS, 120), Reading(Vital.DIA, 80)))


def heard(spec: DeviceSpec = OXIMETER) -> DeviceStatus:
    status = DeviceStatus(spec)
    status.link_changed(LinkState.UP, None, START)
    status.receive(VALUES, START)
    return status


def test_a_device_is_lost_until_it_is_heard() -> None:
    assert DeviceStatus(OXIMETER).conditions([], LATER) == {"link-lost": "connecting"}


def test_a_device_that_is_heard_has_no_troubles() -> None:
    assert heard().conditions([], LATER) == {}


def test_a_link_alone_is_not_yet_a_device() -> None:
    status = DeviceStatus(OXIMETER)
    status.link_changed(LinkState.UP, None, START)
    assert status.conditions([], LATER) == {"link-lost": "connecting"}


@pytest.mark.parametrize(("after_s", "said"), [(29.9, {}), (30.0, {"link-lost": "gone"})])
def test_under_a_fast_clock_a_short_break_of_the_link_is_no_trouble(
    after_s: float, said: dict[str, str]
) -> None:
    status = DeviceStatus(OXIMETER, min_silence_s=30.0)
    status.link_changed(LinkState.DOWN, "gone", START)
    status.link_changed(LinkState.DOWN, "gone", START.plus(10))
    assert status.conditions([], START.plus(after_s)) == said


@pytest.mark.parametrize(("after_s", "silent"), [(2.99, False), (3.0, True)])
def test_a_device_is_silent_when_it_broke_its_promise(after_s: float, silent: bool) -> None:
    status = heard()
    status.check_silence(START.plus(after_s))
    assert status.silent is silent


@pytest.mark.parametrize(
    ("after_s", "trouble"), [(1, {"link-lost": "gone"}), (3, {"device-silent": "gone"})]
)
def test_a_link_that_ends_says_why(after_s: float, trouble: dict[str, str]) -> None:
    status = heard()
    status.link_changed(LinkState.DOWN, "gone", START.plus(after_s))
    assert status.conditions([], LATER) == trouble


def test_a_silent_device_whose_link_comes_back_is_silent_until_it_is_heard() -> None:
    status = heard()
    status.link_changed(LinkState.DOWN, "gone", START.plus(3))
    status.link_changed(LinkState.UP, None, START.plus(4))
    assert status.conditions([], LATER) == {"device-silent": "says nothing"}
    status.receive(VALUES, START.plus(5))
    assert status.conditions([], LATER) == {}


@pytest.mark.parametrize("item", [VALUES, Waveform("pleth", 75, (1,)), Identity("m")])
def test_whatever_it_says_a_device_is_heard(item: Measurement | Waveform | Identity) -> None:
    status = DeviceStatus(OXIMETER)
    status.receive(item, START)
    assert not status.lost


def test_a_failure_may_be_reported_for_a_device_that_is_not_there() -> None:
    status = DeviceStatus(CUFF)
    status.receive(MeasurementFailed(Flag.MEASUREMENT_FAILED, "no link"), START)
    assert status.lost


@pytest.mark.parametrize("flag", FLAG_CONDITIONS)
def test_a_flag_is_a_trouble_while_it_is_set(flag: Flag) -> None:
    status = heard()
    status.receive(Measurement((), frozenset({flag})), START)
    assert status.conditions([], LATER) == dict([FLAG_CONDITIONS[flag]])
    status.receive(VALUES, START)
    assert status.conditions([], LATER) == {}


def test_a_missing_signal_is_named() -> None:
    assert heard().conditions([Vital.SPO2], LATER) == {"signal-missing": "gives no spo2"}


@pytest.mark.parametrize("flag", [Flag.SENSOR_OFF, Flag.SENSOR_DISCONNECTED, Flag.NO_PULSE])
def test_a_missing_signal_that_a_flag_explains_is_no_second_trouble(flag: Flag) -> None:
    status = heard()
    status.receive(Measurement((), frozenset({flag})), START)
    assert "signal-missing" not in status.conditions([Vital.SPO2], LATER)


def test_nothing_can_be_told_of_a_device_that_is_not_heard_but_that() -> None:
    assert DeviceStatus(OXIMETER).unknown_conditions() == conditions_of(OXIMETER) - {
        "link-lost",
        "device-silent",
    }


def test_flags_that_were_never_told_are_not_off() -> None:
    status = DeviceStatus(CUFF)
    status.receive(CuffState(CuffPhase.IDLE), START)
    assert "device-fault" in status.unknown_conditions()
    status.receive(VALUES, START)
    assert status.unknown_conditions() == frozenset()


def test_a_cuff_is_idle_when_its_measurement_is_over() -> None:
    status = heard(CUFF)
    status.receive(CuffState(CuffPhase.MEASURING, 150), START)
    status.receive(PRESSURES, START)
    assert status.cuff == CuffState(CuffPhase.IDLE)


def test_a_cuff_whose_link_ends_is_not_measuring_for_ever() -> None:
    status = heard(CUFF)
    status.receive(CuffState(CuffPhase.MEASURING, 150), START)
    status.link_changed(LinkState.DOWN, "gone", START)
    assert status.cuff is None


def test_a_cuff_that_also_streams_measures_on_while_other_values_come() -> None:
    status = heard(CUFF)
    status.receive(CuffState(CuffPhase.MEASURING, 150), START)
    status.receive(VALUES, START)
    assert status.cuff == CuffState(CuffPhase.MEASURING, 150)


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_device_can_be_silent_and_lost(driver: str) -> None:
    assert conditions_of(DeviceSpec("d", driver, "memory://d")) >= {"device-silent", "link-lost"}


def test_a_nurse_reads_plain_words_and_a_technician_the_detail() -> None:
    side = bed().with_session().wait(1).silent("cuff")
    detail = "/dev/ttyUSB0: no such port; `postdose ports` lists what there is"
    change = LinkChanged(LinkState.DOWN, detail, "not found")
    side.did(side.bed.handle(DeviceInput("cuff", change), side.now)).wait(3)
    assert side.alarm("tech.link-lost").text == "cuff: not connected: not found"
    assert side.last("device.disconnected").payload["reason"] == "not found"
    shown = view.device(side.bed.technical.devices["cuff"])
    assert (shown.reason, shown.technical_detail) == ("not found", detail)


def test_what_was_recorded_without_plain_words_reads_as_it_did() -> None:
    side = bed().unplugged("cuff", for_s=3)
    assert side.alarm("tech.link-lost").text == "cuff: not connected: no such port"
    assert view.device(side.bed.technical.devices["cuff"]).technical_detail is None
