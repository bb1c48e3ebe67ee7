"""What any line can do to any device's bytes."""

import pytest

from simulators.devices import DEVICES, build, fault_names
from simulators.errors import SimulationError
from simulators.faults import Fault, parse_fault
from simulators.line import LINE_FAULTS, SILENT, UNPLUGGED, SimulatedLine
from tests.simulators.steady import steady

PAGE_ABORT = bytes.fromhex("3A 79 01 00 4C")


def nonin(*faults: str) -> SimulatedLine:
    return build("nonin", steady(), scripted=[parse_fault(fault) for fault in faults])


def test_silent_sends_nothing_and_goes_on_underneath() -> None:
    quiet, clear = nonin("silent@10+10"), nonin()
    assert quiet.advance(9.9) == clear.advance(9.9)
    assert quiet.advance(19.9) == b""
    clear.advance(19.9)
    assert quiet.advance(30.0) == clear.advance(30.0)


def test_silent_answers_nothing() -> None:
    assert build("suntech", steady(), scripted=[Fault(SILENT)]).receive(PAGE_ABORT, 1.0) == b""


def test_unplugged_is_no_link_for_its_time() -> None:
    line = nonin("unplugged@10+5")
    assert [line.linked(second) for second in (9.9, 10.0, 14.9, 15.0)] == [
        True,
        False,
        False,
        True,
    ]


def test_noise_adds_bytes_and_takes_none() -> None:
    assert len(nonin("noise").advance(60.0)) > 60 * 375


def test_truncated_takes_bytes_away() -> None:
    assert 0 < len(nonin("truncated").advance(60.0)) < 60 * 375


def test_truncated_leaves_the_beginnings_of_packets() -> None:
    clear = nonin().advance(10.0)
    cut = nonin("truncated").advance(10.0)
    assert clear.startswith(cut[:5])


def test_an_injected_fault_can_be_cleared() -> None:
    line = nonin()
    line.inject_fault(Fault(UNPLUGGED))
    assert not line.linked(1.0)
    line.clear_fault(UNPLUGGED)
    assert line.linked(1.0)


@pytest.mark.parametrize("fault", LINE_FAULTS)
@pytest.mark.parametrize("name", DEVICES)
def test_every_device_has_every_fault_of_the_line(name: str, fault: str) -> None:
    build(name, steady()).inject_fault(Fault(fault))


@pytest.mark.parametrize("name", DEVICES)
def test_a_fault_of_another_device_only_is_refused(name: str) -> None:
    own = {fault for dialect in DEVICES[name].dialects.values() for fault in dialect.faults}
    others = set(fault_names()) - own - set(LINE_FAULTS)
    assert others
    for fault in others:
        with pytest.raises(SimulationError, match=f"{name} cannot show {fault}: "):
            build(name, steady()).inject_fault(Fault(fault))


@pytest.mark.parametrize(("name", "fault"), [("nonin", "cuff-leak"), ("suntech", "finger-off")])
def test_a_refused_fault_is_told_those_there_are(name: str, fault: str) -> None:
    with pytest.raises(SimulationError, match=rf"{name} cannot show {fault}: use one of .*silent"):
        build(name, steady()).inject_fault(Fault(fault))


def test_a_fault_that_is_not_known_cannot_be_cleared() -> None:
    with pytest.raises(SimulationError, match="nonin cannot show silence: did you mean silent"):
        nonin().clear_fault("silence")


def test_an_unknown_device_is_refused_with_those_there_are() -> None:
    with pytest.raises(
        SimulationError, match=f"no device is called 'nonim': use one of {', '.join(DEVICES)}$"
    ):
        build("nonim", steady())


def test_an_unknown_dialect_is_refused_with_those_there_are() -> None:
    with pytest.raises(SimulationError, match="nonin has no dialect '3': use one of 2, 7"):
        build("nonin", steady(), dialect="3")
