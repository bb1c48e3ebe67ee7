"""The simulated SunTech cuff against its protocol page, byte for byte."""

import pytest

from simulators.devices import build
from simulators.devices.suntech import MODEL, Result, bp_data
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from tests.simulators.devices.suntech_page import DATA, START, word
from tests.simulators.steady import Steady, steady

PRESSURE = bytes.fromhex("3A 79 05 00 48")
ABORT = bytes.fromhex("3A 79 01 00 4C")
PAEDIATRIC, NEONATE = bytes.fromhex("3A 87 3F"), bytes.fromhex("3A 28 9E")
INFLATE_160 = bytes.fromhex("3A 17 A0 00 0F")

ENDED = bytes.fromhex("3E 04 4B 73")
ACCEPTED = bytes.fromhex("3E 04 4F 6F")
BUSY = bytes.fromhex("3E 04 42 7C")
ABORTED = bytes.fromhex("3E 04 41 7D")
ERROR = bytes.fromhex("3E 04 45 79")
UNDEFINED = bytes.fromhex("3E 04 4E 70")
UNRECOGNISED = bytes.fromhex("3E 04 44 7A")
ASLEEP = bytes.fromhex("3E 04 53 6B")
TIME_OUT = bytes.fromhex("3E 04 54 6A")


def cuff(source: Steady | None = None, *faults: str) -> SimulatedLine:
    line = build("suntech", source or steady())
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def measured(source: Steady | None = None, *faults: str, start: bytes = START) -> SimulatedLine:
    """A cuff whose measurement, begun at second 0, has ended by second 100."""
    device = cuff(source, *faults)
    assert device.receive(start, 0.0) == ACCEPTED
    assert device.advance(100.0) == ENDED
    return device


def data(device: SimulatedLine) -> bytes:
    frame = device.receive(DATA, 110.0)
    assert frame[:2] == b"\x3e\x18"
    assert len(frame) == 24
    assert sum(frame) % 256 == 0
    return frame


def cuff_mmhg(device: SimulatedLine, now_s: float) -> int:
    frame = device.receive(PRESSURE, now_s)
    assert frame[:2] == b"\x3e\x05"
    assert len(frame) == 5
    assert sum(frame) % 256 == 0
    return word(frame, 2)


def test_the_page_s_example_of_bp_data() -> None:
    result = Result(vitals=steady(97, 85, sys=115, dia=74, mean=88).vitals, beats=30)
    assert bp_data(result, status=1) == bytes.fromhex(
        "3E 18 73 00 4A 00 1E 01 00 00 00 00 00 00 31 07 55 00 58 00 00 00 00 E9"
    )


def test_a_start_is_accepted_and_ends_by_itself() -> None:
    device = cuff()
    assert device.receive(START, 5.0) == ACCEPTED
    assert device.advance(5.1) == b""
    assert device.next_due_s is not None
    assert device.advance(device.next_due_s - 0.01) == b""
    assert device.advance(device.next_due_s) == ENDED
    assert device.next_due_s is None


@pytest.mark.parametrize(("sys", "dia"), [(85, 45), (118, 74), (172, 98), (195, 112), (240, 130)])
def test_a_measurement_takes_25_to_60_seconds(sys: int, dia: int) -> None:
    device = cuff(steady(sys=sys, dia=dia))
    device.receive(START, 0.0)
    assert device.next_due_s is not None
    assert 25 <= device.next_due_s <= 60


def test_the_reading_is_the_patient_s() -> None:
    frame = data(measured(steady(97, 85, sys=115, dia=74, mean=88)))
    assert (word(frame, 2), word(frame, 4), word(frame, 18), frame[16]) == (115, 74, 88, 85)


def test_a_pressure_over_255_fills_both_bytes() -> None:
    assert word(data(measured(steady(sys=258))), 2) == 258


def test_a_reading_is_new_once() -> None:
    device = measured()
    first, second = data(device), data(device)
    assert (first[7], second[7]) == (1, 0)
    assert second[2:6] == first[2:6]


def test_the_old_reading_is_not_new_while_the_next_is_measured() -> None:
    device = measured()
    device.receive(START, 101.0)
    assert data(device)[7] == 0


def test_before_any_measurement_there_is_no_new_reading() -> None:
    assert data(cuff())[7] == 0


def test_the_cuff_inflates_to_180_and_comes_down_in_steps() -> None:
    device = cuff()
    device.receive(START, 0.0)
    trend = [cuff_mmhg(device, second / 10) for second in range(int(device.next_due_s or 0) * 10)]
    peak = trend.index(max(trend))
    assert 175 <= max(trend) <= 180
    assert trend[:peak] == sorted(trend[:peak])
    assert trend[peak:] == sorted(trend[peak:], reverse=True)
    assert len(set(trend[peak:])) < 20


def test_the_cuff_inflates_over_a_high_systolic() -> None:
    device = cuff(steady(sys=200, dia=110))
    device.receive(START, 0.0)
    assert max(cuff_mmhg(device, float(second)) for second in range(30)) > 200


def test_the_cuff_is_empty_at_rest() -> None:
    assert cuff_mmhg(measured(), 101.0) == 0


def test_a_second_start_is_busy_and_changes_nothing() -> None:
    device = cuff()
    device.receive(START, 0.0)
    ends_s = device.next_due_s
    assert device.receive(START, 3.0) == BUSY
    assert device.next_due_s == ends_s


def test_an_abort_is_answered_then_the_measurement_ends_with_error_86() -> None:
    device = cuff()
    device.receive(START, 0.0)
    assert device.receive(ABORT, 5.0) == ABORTED
    assert device.advance(6.0) == ENDED
    frame = data(device)
    assert (frame[20], frame[7], word(frame, 2)) == (86, 0, 0)


def test_an_abort_of_nothing_is_answered_alone() -> None:
    device = cuff()
    assert device.receive(ABORT, 5.0) == ABORTED
    assert device.advance(60.0) == b""


def test_after_an_abort_a_measurement_can_be_started() -> None:
    device = cuff()
    device.receive(START, 0.0)
    device.receive(ABORT, 5.0)
    device.advance(6.0)
    assert device.receive(START, 6.0) == ACCEPTED


def test_an_initial_inflation_pressure_is_accepted_and_used() -> None:
    device = cuff()
    assert device.receive(INFLATE_160, 0.0) == ACCEPTED
    assert device.advance(1.0) == ENDED
    device.receive(START, 1.0)
    assert max(cuff_mmhg(device, 1.0 + second / 10) for second in range(200)) <= 160


@pytest.mark.parametrize("mmhg", [20, 400])
def test_an_impossible_inflation_pressure_is_an_error(mmhg: int) -> None:
    command = bytes([0x3A, 0x17, *mmhg.to_bytes(2, "little")])
    assert cuff().receive(command + bytes([-sum(command) & 0xFF]), 0.0) == ERROR


@pytest.mark.parametrize(("start", "at_most"), [(PAEDIATRIC, 140), (NEONATE, 90)])
def test_smaller_patients_get_less_pressure(start: bytes, at_most: int) -> None:
    device = cuff(steady(sys=70, dia=45))
    assert device.receive(start, 0.0) == ACCEPTED
    assert device.next_due_s is not None
    assert 25 <= device.next_due_s <= 60
    assert max(cuff_mmhg(device, second / 10) for second in range(240)) <= at_most


@pytest.mark.parametrize(
    ("fault", "error"), [("cuff-leak", 87), ("artefact", 2), ("low-perfusion", 1)]
)
def test_a_failed_measurement_has_an_error_and_no_values(fault: str, error: int) -> None:
    frame = data(measured(None, fault))
    assert (frame[20], frame[7]) == (error, 0)
    assert (word(frame, 2), word(frame, 4), word(frame, 18), frame[16]) == (0, 0, 0, 0)


def test_a_leaking_cuff_never_gets_up_to_pressure() -> None:
    device = cuff(None, "cuff-leak")
    device.receive(START, 0.0)
    assert max(cuff_mmhg(device, second / 10) for second in range(200)) < 100


def test_a_leak_that_is_over_leaves_no_trace() -> None:
    device = measured(None, "cuff-leak@0+60")
    device.receive(START, 120.0)
    device.advance(200.0)
    assert data(device)[20] == 0


def test_a_patient_without_a_pressure_gives_weak_oscillations() -> None:
    assert data(measured(steady(sys=None, dia=None, mean=None)))[20] == 1


@pytest.mark.parametrize("command", [START, PRESSURE, DATA, ABORT, INFLATE_160])
def test_asleep_it_says_so_to_everything(command: bytes) -> None:
    assert cuff(None, "cuff-asleep").receive(command, 1.0) == ASLEEP


@pytest.mark.parametrize(
    ("command", "answer"),
    [("3A 20 A7", ERROR), ("3A 79 09 00 44", UNDEFINED), ("3A 55", UNRECOGNISED)],
)
def test_a_wrong_command_is_told_what_is_wrong(command: str, answer: bytes) -> None:
    assert cuff().receive(bytes.fromhex(command), 0.0) == answer


def test_a_command_may_come_byte_by_byte() -> None:
    device = cuff()
    answers = [device.receive(bytes([byte]), 0.1 * n) for n, byte in enumerate(PRESSURE)]
    assert answers == [b"", b"", b"", b"", bytes.fromhex("3E 05 00 00 BD")]


def test_a_command_that_stops_half_way_is_dropped_with_time_out() -> None:
    device = cuff()
    assert device.receive(PRESSURE[:3], 0.0) == b""
    assert device.receive(ABORT, 2.0) == TIME_OUT + ABORTED


def test_bytes_before_a_command_are_passed_over() -> None:
    assert cuff().receive(b"\x00\xff\x99" + ABORT, 0.0) == ABORTED


def test_every_fault_it_can_show_is_tested_here() -> None:
    tested = {"cuff-leak", "artefact", "low-perfusion", "cuff-asleep"}
    assert tested == set(MODEL.dialects["advantage"].faults)
