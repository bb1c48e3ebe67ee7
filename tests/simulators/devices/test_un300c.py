"""The simulated UN300C against its protocol page, byte for byte."""

import pytest

from simulators.devices import build
from simulators.devices.un300c import MODEL, checksum
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from tests.simulators.devices.un300c_page import (
    GET,
    MANUAL,
    START,
    Result,
    frames,
    pressures,
    results,
    told,
)
from tests.simulators.steady import Steady, steady

EVERY = pytest.mark.parametrize("dialect", MODEL.dialects)


def cuff(source: Steady | None = None, *faults: str, dialect: str = "nibp") -> SimulatedLine:
    line = build("un300c", source or steady(), dialect=dialect)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def result(device: SimulatedLine, now_s: float = 110.0, dialect: str = "nibp") -> Result:
    [only] = results(device.receive(told(GET, dialect), now_s), dialect)
    return only


def test_the_page_s_example_of_a_line() -> None:
    assert checksum(b"S2;A0;C00;M07;P120078090;R060;T    ;;") == b"FC"


def test_a_line_byte_for_byte() -> None:
    device = cuff(steady(97, 60, sys=120, dia=78, mean=90))
    device.receive(told(START), 0.0)
    device.advance(100.0)
    line = b"S1;A0;C00;M00;P120078090;R060;T    ;;"
    assert device.receive(told(GET), 100.0) == b"\x02" + line + checksum(line) + b"\x03\r"


@EVERY
def test_a_start_is_not_answered_and_the_cuff_pressure_streams_until_999(dialect: str) -> None:
    device = cuff(dialect=dialect)
    assert device.receive(told(START, dialect), 0.0) == b""
    stream = device.advance(100.0)
    streamed = pressures(stream, dialect)
    assert len(frames(stream, dialect)) == len(streamed)
    assert streamed[-1] == "999"
    assert {text[3:] for text in streamed[:-1]} == {"C0S3"}
    mmhg = [int(text[:3]) for text in streamed[:-1]]
    assert 170 <= max(mmhg) <= 180
    assert mmhg[mmhg.index(max(mmhg)) :] == sorted(mmhg[mmhg.index(max(mmhg)) :], reverse=True)
    assert result(device, dialect=dialect) == Result("S1", "M00", ("115", "074", "088"), "072")


def test_the_board_with_spo2_frames_with_fd_and_fe() -> None:
    device = cuff(dialect="spo2-board")
    assert device.receive(told(GET), 1.0) == b""
    answer = device.receive(told(GET, "spo2-board"), 1.0)
    assert (answer[:1], answer[-2:]) == (b"\xfd", b"\xfe\r")


def test_before_any_measurement_there_are_dashes() -> None:
    assert result(cuff()) == Result("S1", "M00", ("---", "---", "---"), "---")


def test_while_it_measures_it_says_so_with_the_values_before() -> None:
    device = cuff()
    device.receive(told(START), 0.0)
    device.advance(100.0)
    device.receive(told(START), 100.0)
    assert result(device, 105.0) == Result("S3", "M00", ("115", "074", "088"), "072")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("cuff-loose", "M06"),
        ("cuff-leak", "M07"),
        ("cuff-blocked", "M08"),
        ("low-perfusion", "M09"),
        ("artefact", "M11"),
        ("device-fault", "M15"),
    ],
)
def test_an_error_carries_the_pressure_before_it(fault: str, message: str) -> None:
    device = cuff(None, f"{fault}@110")
    device.receive(told(START), 0.0)
    device.advance(100.0)
    device.receive(told(START), 120.0)
    assert pressures(device.advance(220.0))[-1] == "999"
    assert result(device, 220.0) == Result("S2", message, ("115", "074", "088"), "072")


def test_a_patient_without_a_pressure_has_few_oscillations() -> None:
    device = cuff(steady(sys=None, dia=None, mean=None))
    device.receive(told(START), 0.0)
    device.advance(100.0)
    assert result(device) == Result("S2", "M09", ("---", "---", "---"), "---")


def test_a_wrong_cuff_is_said_beside_the_pressure() -> None:
    device = cuff(None, "cuff-wrong")
    device.receive(told(START), 0.0)
    assert {text[3:5] for text in pressures(device.advance(10.0))} == {"C1"}


@pytest.mark.parametrize("abort", [b"X\r", b"\x02X\x03"])
def test_an_abort_ends_it_without_values(abort: bytes) -> None:
    device = cuff()
    device.receive(told(START), 0.0)
    device.advance(5.0)
    assert device.receive(abort, 5.0) == b""
    assert (device.next_due_s, device.advance(60.0)) == (None, b"")
    assert result(device) == Result("S1", "M00", ("---", "---", "---"), "---")


def test_a_second_start_changes_nothing() -> None:
    device, other = cuff(), cuff()
    for each in (device, other):
        each.receive(told(START), 0.0)
    device.receive(told(START), 0.1)
    assert device.advance(100.0) == other.advance(100.0)


@pytest.mark.parametrize("command", [told(MANUAL), told(MANUAL) + b"\r", b"\r\n?", b"\x0218;;DF"])
def test_nothing_else_is_answered(command: bytes) -> None:
    assert cuff().receive(command, 0.0) == b""


@pytest.mark.parametrize("command", [b"18;;DE", b"77;;E2", b""])
def test_a_wrong_command_is_told_in_the_next_result(command: bytes) -> None:
    device = cuff()
    device.receive(told(command), 0.0)
    assert result(device).message == "M02"


def test_a_command_may_come_byte_by_byte_and_end_with_cr() -> None:
    device = cuff()
    answers = [device.receive(bytes([byte]), 0.1) for byte in told(GET) + b"\r"]
    assert [bool(answer) for answer in answers] == [False] * 7 + [True, False]


def test_every_fault_it_can_show_is_tested_here() -> None:
    tested = {"cuff-leak", "cuff-loose", "cuff-blocked", "cuff-wrong"}
    tested |= {"artefact", "low-perfusion", "device-fault"}
    assert tested == set(MODEL.dialects["nibp"].faults)
