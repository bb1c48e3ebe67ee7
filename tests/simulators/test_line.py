"""What any line can do to any device's bytes."""

from itertools import pairwise

import pytest

from simulators.devices import DEVICES, build, fault_names
from simulators.errors import SimulationError
from simulators.faults import Fault, Faults, StuckSource, parse_fault
from simulators.line import LINE_FAULTS, SILENT, UNPLUGGED, SimulatedLine, at_half_the_baud
from simulators.patient import Patient, Profile
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


def test_each_fault_of_single_messages_does_to_half_of_them_what_it_says() -> None:
    clear = nonin().advance(60.0)
    packets = [clear[n : n + 125] for n in range(0, len(clear), 125)]
    lengths = {
        fault: len(nonin(fault).advance(60.0))
        for fault in ("garble", "drop", "duplicate", "half-frame", "noise")
    }
    half = len(packets) / 2 * 125
    assert lengths["garble"] == len(clear)
    assert 0.7 * half < lengths["drop"] < 1.3 * half
    assert 2.7 * half < lengths["duplicate"] < 3.3 * half
    assert 1.2 * half < lengths["half-frame"] < 1.8 * half
    assert len(clear) < lengths["noise"] < len(clear) + 8 * len(packets)
    garbled = nonin("garble").advance(60.0)
    changed = [n for n, packet in enumerate(packets) if garbled[125 * n :][:125] != packet]
    assert 0.35 * len(packets) < len(changed) < 0.65 * len(packets)
    assert clear.startswith(nonin("half-frame").advance(10.0)[:5])


def test_a_rate_says_how_many_messages_are_met() -> None:
    clear = nonin().advance(60.0)
    assert len(nonin("drop:0.1").advance(60.0)) > 0.8 * len(clear)
    assert nonin("drop:1").advance(60.0) == b""


def arrivals(line: SimulatedLine, until_s: float) -> list[tuple[float, bytes]]:
    """What arrives, and when, to somebody who looks whenever the line says so."""
    came = []
    while (due_s := line.next_due_s) is not None and due_s <= until_s:
        if data := line.advance(due_s):
            came.append((due_s, data))
    return came


def test_what_is_split_slow_or_stalled_comes_late_and_whole() -> None:
    clear = nonin().advance(30.0)
    for fault in ("split@10+5", "slow@10+5", "stall@10+5", "split:1"):
        assert b"".join(data for _, data in arrivals(nonin(fault), 30.0))[:11000] == clear[:11000]
    pieces = arrivals(nonin("split:1"), 30.0)
    assert len(pieces) > 2 * 90
    assert max(b - a for (a, _), (b, _) in pairwise(pieces)) < 0.34
    assert [at for at, _ in arrivals(nonin("stall@10+5"), 16) if 10 <= at < 15] == []
    waits = [at for at, _ in arrivals(nonin("slow:1"), 60.0)]
    assert max(b - a for a, b in pairwise(waits)) > 0.5


def test_a_line_at_the_wrong_baud_reads_as_a_receiver_of_half_the_pace_does() -> None:
    assert at_half_the_baud(b"") == b""
    assert at_half_the_baud(b"\xff") == b"\xff"  # the start is there for half a bit
    assert at_half_the_baud(b"\x00") == b"\xf0"  # four of its bits, then the idle line
    wrong = nonin("wrong-baud").advance(60.0)
    assert 0.3 < len(wrong) / len(nonin().advance(60.0)) < 0.7


def test_stuck_values_stay_while_the_wave_goes_on() -> None:
    patient = Patient(Profile(), 3, dose_at_s=0.0)
    line = build("suntech", patient, scripted=[Fault("stuck-value", 60.0)])
    assert build("suntech", patient).receive(PAGE_ABORT, 1.0) == line.receive(PAGE_ABORT, 1.0)
    faults = Faults(patient, [Fault("stuck-value", 60.0, 600.0)])
    source = StuckSource(patient, faults)
    assert source.at(59.0) == patient.at(59.0)
    assert source.at(500.0) == source.at(60.0) == patient.at(60.0) != patient.at(500.0)
    assert source.at(660.0) == patient.at(660.0)
    one, other = build("nonin", Patient(Profile(), 3)), nonin("stuck-value")
    assert len({one.advance(n)[:5] for n in range(1, 9)}) > 1
    assert len({other.advance(n)[:5] for n in range(1, 9)}) > 1


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
