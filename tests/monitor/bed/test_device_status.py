"""One device as the bed hears it."""

import pytest

from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    LinkState,
    Measurement,
    MeasurementFailed,
    Reading,
    Vital,
    Waveform,
)
from drivers.registry import DRIVERS, DeviceSpec
from monitor.bed.device_status import FLAG_CONDITIONS, DeviceStatus, conditions_of
from tests.monitor.builders import CUFF, OXIMETER, START

LATER = START.plus(60)
VALUES = Measurement((Reading(Vital.SPO2, 97), Reading(Vital.PULSE, 70)))


def heard(spec: DeviceSpec = OXIMETER) -> DeviceStatus:
    hearing = DeviceStatus(spec)
    hearing.link_changed(LinkState.UP, None, START)
    hearing.receive(VALUES, START)
    return hearing


def test_a_device_is_lost_until_it_is_heard() -> None:
    assert DeviceStatus(OXIMETER).conditions([], LATER) == {"link-lost": "connecting"}


def test_a_device_that_is_heard_has_no_troubles() -> None:
    assert heard().conditions([], LATER) == {}


def test_a_link_alone_is_not_yet_a_device() -> None:
    hearing = DeviceStatus(OXIMETER)
    hearing.link_changed(LinkState.UP, None, START)
    assert hearing.conditions([], LATER) == {"link-lost": "connecting"}


@pytest.mark.parametrize(("after_s", "said"), [(29.9, {}), (30.0, {"link-lost": "gone"})])
def test_under_a_fast_clock_a_short_break_of_the_link_is_no_trouble(
    after_s: float, said: dict[str, str]
) -> None:
    hearing = DeviceStatus(OXIMETER, min_silence_s=30.0)
    hearing.link_changed(LinkState.DOWN, "gone", START)
    hearing.link_changed(LinkState.DOWN, "gone", START.plus(10))
    assert hearing.conditions([], START.plus(after_s)) == said


@pytest.mark.parametrize(("after_s", "silent"), [(2.99, False), (3.0, True)])
def test_a_device_is_silent_when_it_broke_its_promise(after_s: float, silent: bool) -> None:
    hearing = heard()
    hearing.check_silence(START.plus(after_s))
    assert hearing.silent is silent


@pytest.mark.parametrize(
    ("after_s", "trouble"), [(1, {"link-lost": "gone"}), (3, {"device-silent": "gone"})]
)
def test_a_link_that_ends_says_why(after_s: float, trouble: dict[str, str]) -> None:
    hearing = heard()
    hearing.link_changed(LinkState.DOWN, "gone", START.plus(after_s))
    assert hearing.conditions([], LATER) == trouble


def test_a_silent_device_whose_link_comes_back_is_silent_until_it_is_heard() -> None:
    hearing = heard()
    hearing.link_changed(LinkState.DOWN, "gone", START.plus(3))
    hearing.link_changed(LinkState.UP, None, START.plus(4))
    assert hearing.conditions([], LATER) == {"device-silent": "says nothing"}
    hearing.receive(VALUES, START.plus(5))
    assert hearing.conditions([], LATER) == {}


@pytest.mark.parametrize("item", [VALUES, Waveform("pleth", 75, (1,)), Identity("m")])
def test_whatever_it_says_a_device_is_heard(item: Measurement | Waveform | Identity) -> None:
    hearing = DeviceStatus(OXIMETER)
    hearing.receive(item, START)
    assert not hearing.lost


def test_a_failure_may_be_reported_for_a_device_that_is_not_there() -> None:
    hearing = DeviceStatus(CUFF)
    hearing.receive(MeasurementFailed(Flag.MEASUREMENT_FAILED, "no link"), START)
    assert hearing.lost


@pytest.mark.parametrize("flag", FLAG_CONDITIONS)
def test_a_flag_is_a_trouble_while_it_is_set(flag: Flag) -> None:
    hearing = heard()
    hearing.receive(Measurement((), frozenset({flag})), START)
    assert hearing.conditions([], LATER) == dict([FLAG_CONDITIONS[flag]])
    hearing.receive(VALUES, START)
    assert hearing.conditions([], LATER) == {}


def test_a_missing_signal_is_named() -> None:
    assert heard().conditions([Vital.SPO2], LATER) == {"signal-missing": "gives no spo2"}


@pytest.mark.parametrize("flag", [Flag.SENSOR_OFF, Flag.SENSOR_DISCONNECTED, Flag.NO_PULSE])
def test_a_missing_signal_that_a_flag_explains_is_no_second_trouble(flag: Flag) -> None:
    hearing = heard()
    hearing.receive(Measurement((), frozenset({flag})), START)
    assert "signal-missing" not in hearing.conditions([Vital.SPO2], LATER)


def test_nothing_can_be_told_of_a_device_that_is_not_heard_but_that() -> None:
    assert DeviceStatus(OXIMETER).unknown_conditions() == conditions_of(OXIMETER) - {
        "link-lost",
        "device-silent",
    }


def test_flags_that_were_never_told_are_not_off() -> None:
    hearing = DeviceStatus(CUFF)
    hearing.receive(CuffState(CuffPhase.IDLE), START)
    assert "device-fault" in hearing.unknown_conditions()
    hearing.receive(VALUES, START)
    assert hearing.unknown_conditions() == frozenset()


def test_a_cuff_is_idle_when_its_measurement_is_over() -> None:
    hearing = heard(CUFF)
    hearing.receive(CuffState(CuffPhase.MEASURING, 150), START)
    hearing.receive(VALUES, START)
    assert hearing.cuff == CuffState(CuffPhase.IDLE)


def test_a_cuff_whose_link_ends_is_not_measuring_for_ever() -> None:
    hearing = heard(CUFF)
    hearing.receive(CuffState(CuffPhase.MEASURING, 150), START)
    hearing.link_changed(LinkState.DOWN, "gone", START)
    assert hearing.cuff is None


@pytest.mark.parametrize("driver", DRIVERS)
def test_every_device_can_be_silent_and_lost(driver: str) -> None:
    assert conditions_of(DeviceSpec("d", driver, "memory://d")) >= {"device-silent", "link-lost"}
