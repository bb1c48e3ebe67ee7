"""The simulated Berry board against its protocol page."""

import pytest

from simulators.devices import build
from simulators.devices.berry import MODEL, frame
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from tests.simulators.devices.berry_page import (
    SPO2_ON,
    START,
    STOP,
    WAVE_OFF,
    WAVE_ON,
    cuff,
    frames,
    oximetry,
    wave,
)
from tests.simulators.steady import Steady, steady


def board(source: Steady | None = None, *faults: str, told: bytes = SPO2_ON) -> SimulatedLine:
    line = build("berry", source or steady())
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    assert line.receive(told, 0.0) == b""
    return line


def test_frames_are_those_of_the_page() -> None:
    assert frame(0x02, 1) == START
    assert (frame(0x02, 0), frame(0x03, 1), frame(0xFE, 1)) == (STOP, SPO2_ON, WAVE_ON)
    assert frame(0xFE, 0) == WAVE_OFF


def test_it_is_silent_until_a_stream_is_switched_on() -> None:
    line = board(told=b"")
    assert (line.next_due_s, line.advance(60.0)) == (None, b"")
    line.receive(SPO2_ON, 60.0)
    assert [type_ for type_, _ in frames(line.advance(65.0))] == [0x04] * 5


def test_each_stream_is_switched_by_itself() -> None:
    line = board(told=WAVE_ON)
    assert len(wave(line.advance(10.0))) == 500
    line.receive(WAVE_OFF + SPO2_ON, 10.0)
    stream = line.advance(20.0)
    assert (len(oximetry(stream)), wave(stream)) == (10, [])


def test_a_healthy_frame_byte_for_byte() -> None:
    line = board()
    line.advance(9.9)
    assert line.advance(10.0) == bytes.fromhex("55 AA 06 04 00 61 48 4C")


@pytest.mark.parametrize(
    ("spo2", "pulse", "said"), [(None, 75, [0, 127, 75]), (95, None, [0, 95, 255])]
)
def test_a_value_may_be_missing_beside_the_other(
    spo2: float | None, pulse: float | None, said: list[int]
) -> None:
    assert oximetry(board(steady(spo2, pulse)).advance(30.0))[-1] == said


@pytest.mark.parametrize(
    ("fault", "soon", "late"),
    [
        ("cable-out", [1, 127, 255], [1, 127, 255]),
        ("finger-off", [2, 127, 255], [2, 127, 255]),
        ("no-pulse", [3, 127, 255], [4, 127, 255]),
        ("artefact", [3, 97, 72], [4, 127, 255]),
        ("low-perfusion", [0, 97, 72], [0, 97, 72]),
    ],
)
def test_a_fault_of_the_sensor(fault: str, soon: list[int], late: list[int]) -> None:
    said = oximetry(board(None, f"{fault}@20").advance(60.0))
    assert (said[19], said[25], said[59]) == ([0, 97, 72], soon, late)


def test_the_wave_is_small_at_a_low_perfusion() -> None:
    strong, weak = (
        wave(board(None, *fault, told=WAVE_ON).advance(20.0)) for fault in ([], ["low-perfusion"])
    )
    assert max(strong) - min(strong) > 2 * (max(weak) - min(weak))


def test_a_measurement_says_twice_a_second_what_is_in_the_cuff_and_then_the_pressures() -> None:
    line = board(told=START)
    *during, over = cuff(line.advance(100.0))
    assert {word[:2] + word[3:] for word in during} == {(0, 1, (0, 0, 0))}
    assert 170 <= max(word[2] for word in during) <= 180
    assert len(during) in range(66, 76)
    assert over == (0, 0, 0, (115, 88, 74))
    assert line.next_due_s is None


@pytest.mark.parametrize(
    ("fault", "code"), [("cuff-leak", 4), ("cuff-artefact", 7), ("cuff-weak", 8)]
)
def test_a_measurement_that_fails_has_a_code_and_no_pressures(fault: str, code: int) -> None:
    assert cuff(board(None, fault, told=START).advance(100.0))[-1] == (0, code, 0, (0, 0, 0))


def test_a_patient_without_a_pressure_gives_no_result() -> None:
    line = board(steady(sys=None, dia=None, mean=None), told=START)
    assert cuff(line.advance(100.0))[-1] == (0, 8, 0, (0, 0, 0))


def test_a_stop_is_said_and_a_second_start_changes_nothing() -> None:
    line = board(told=START)
    line.advance(5.0)
    line.receive(START, 5.0)
    assert cuff(line.advance(5.6))[-1][2] > 70
    line.receive(STOP, 6.0)
    assert cuff(line.advance(20.0)) == [(0, 2, 0, (0, 0, 0))]


@pytest.mark.parametrize("bad", [SPO2_ON[:-1] + b"\x00", b"\x55\x55" + SPO2_ON[:-1], b"\x55"])
def test_a_wrong_command_does_nothing(bad: bytes) -> None:
    assert board(told=bad).next_due_s is None


def test_every_fault_it_can_show_is_tested_here() -> None:
    tested = {"finger-off", "cable-out", "artefact", "low-perfusion", "no-pulse"}
    assert tested | {"cuff-leak", "cuff-artefact", "cuff-weak"} == set(
        MODEL.dialects["pm6750"].faults
    )
