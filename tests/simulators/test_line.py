"""What any line can do to any device's bytes."""

import pytest

from simulators.devices import DEVICES, build
from simulators.errors import SimulationError
from simulators.faults import LINE, Fault, Kind, parse_fault
from simulators.line import SimulatedLine
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
    assert build("suntech", steady(), scripted=[Fault(Kind.SILENT)]).receive(PAGE_ABORT, 1.0) == b""


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
    line.inject_fault(Fault(Kind.UNPLUGGED))
    assert not line.linked(1.0)
    line.clear_fault(Kind.UNPLUGGED)
    assert line.linked(1.0)


@pytest.mark.parametrize("kind", sorted(LINE))
@pytest.mark.parametrize("name", DEVICES)
def test_every_device_has_every_fault_of_the_line(name: str, kind: Kind) -> None:
    build(name, steady()).inject_fault(Fault(kind))


@pytest.mark.parametrize(
    ("name", "kind"), [("nonin", Kind.CUFF_LEAK), ("suntech", Kind.FINGER_OFF)]
)
def test_a_fault_of_another_device_is_refused_with_those_it_has(name: str, kind: Kind) -> None:
    with pytest.raises(SimulationError, match=rf"{name} cannot show {kind}: it can show .*silent"):
        build(name, steady()).inject_fault(Fault(kind))


def test_an_unknown_device_is_refused_with_those_there_are() -> None:
    with pytest.raises(SimulationError, match="no device is called 'nonim': use one of nonin"):
        build("nonim", steady())


def test_an_unknown_dialect_is_refused_with_those_there_are() -> None:
    with pytest.raises(SimulationError, match="nonin has no dialect '3': use one of 2, 7"):
        build("nonin", steady(), dialect="3")
