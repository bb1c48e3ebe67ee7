"""The simulated Masimo oximeters against their protocol page, in both dialects."""

import pytest

from simulators.devices import build
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from tests.simulators.devices.masimo_page import Line, lines
from tests.simulators.steady import Steady, steady

EVERY = pytest.mark.parametrize("dialect", ["rad7", "rad8"])


def masimo(source: Steady | None = None, *faults: str, dialect: str = "rad7") -> SimulatedLine:
    line = build("masimo", source or steady(), dialect=dialect)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def played(
    until_s: int, source: Steady | None = None, *faults: str, dialect: str = "rad7"
) -> list[Line]:
    """One line a second; the one of second 0 is the first."""
    said = lines(masimo(source, *faults, dialect=dialect).advance(until_s))
    assert len(said) == until_s
    return said


# ── lines ───────────────────────────────────────────────────────────────────────────────


def test_a_healthy_line_of_a_radical_7_byte_for_byte() -> None:
    line = masimo(steady(98, 57, perfusion=0.702))
    line.advance(8.0)
    assert line.advance(9.0) == (
        b"01/01/26 00:00:08 SN=" + serial(line) + b" SPO2=098% BPM=057 PI=07.02% SPCO=--.-% "
        b"SPMET=--.-% DESAT=-- PIDELTA=+-- PVI=--- ALARM=0000 EXC=000800\r\n"
    )


def test_a_healthy_line_of_a_rad_8_is_followed_by_an_empty_one() -> None:
    line = masimo(steady(98, 97, perfusion=0.36), dialect="rad8")
    line.advance(8.0)
    assert line.advance(9.0) == (
        b"01/01/26 00:00:08 SN=" + serial(line) + b" SPO2=098% BPM=097 PI=03.60% SPCO=--.-% "
        b"SPMET=--.-% DESAT=-- PIDELTA=+-- ALARM=0000 EXC=000800\r\n\r\n"
    )


def serial(line: SimulatedLine) -> bytes:
    """The serial number it gives itself."""
    return lines(line.advance(60.0))[-1].serial.encode()


def test_the_first_line_has_dashes_and_a_search() -> None:
    sent = masimo().advance(1.0)
    assert sent.endswith(
        b" SPO2=---% BPM=--- PI=--.--% SPCO=--.-% SPMET=--.-% DESAT=-- PIDELTA=+-- PVI=--- "
        b"ALARM=0000 EXC=000008\r\n"
    )


@EVERY
def test_the_instrument_s_clock_goes_on_to_the_next_day(dialect: str) -> None:
    line = masimo(dialect=dialect)
    line.advance(86_399.0)
    clocks = [said.clock for said in lines(line.advance(86_401.0))]
    assert clocks == [(1, 1, 26, 23, 59, 59), (1, 2, 26, 0, 0, 0)]


def test_instruments_have_serial_numbers_of_their_own() -> None:
    first, second = (build("masimo", steady(), seed=seed).advance(1.0)[18:31] for seed in (1, 2))
    assert first != second


def test_only_the_radical_7_has_pvi() -> None:
    assert all(line.has_pvi for line in played(30))
    assert not any(line.has_pvi for line in played(30, dialect="rad8"))


def test_a_host_s_bytes_are_not_answered() -> None:
    assert masimo().receive(b"SN?\r\n", 0.5) == b""


# ── numbers ─────────────────────────────────────────────────────────────────────────────


@EVERY
def test_numbers_and_full_set_come_after_four_seconds(dialect: str) -> None:
    said = played(10, dialect=dialect)
    assert [line.spo2 for line in said[:4]] == [None, None, None, 97]
    assert [line.exceptions for line in said[:4]] == [0x008, 0x008, 0x008, 0x800]


@EVERY
@pytest.mark.parametrize(
    ("spo2", "pulse", "shown"), [(None, 72, (None, 72)), (95, None, (95, None))]
)
def test_a_value_may_be_missing_beside_the_other(
    dialect: str, spo2: float | None, pulse: float | None, shown: tuple[int | None, int | None]
) -> None:
    last = played(30, steady(spo2, pulse), dialect=dialect)[-1]
    assert (last.spo2, last.pulse) == shown


@EVERY
def test_a_pulse_is_at_most_240(dialect: str) -> None:
    assert played(10, steady(97, 290), dialect=dialect)[-1].pulse == 240


@EVERY
@pytest.mark.parametrize(
    ("spo2", "pulse", "alarm"),
    [
        (90, 50, 0x00),
        (89, 72, 0x12),
        (97, 49, 0x18),
        (97, 140, 0x00),
        (97, 141, 0x14),
        (89, 141, 0x16),
    ],
)
def test_the_instrument_s_own_limits(dialect: str, spo2: int, pulse: int, alarm: int) -> None:
    assert played(10, steady(spo2, pulse), dialect=dialect)[-1].alarm == alarm


# ── faults ──────────────────────────────────────────────────────────────────────────────


@EVERY
def test_a_sensor_that_comes_off_leaves_its_numbers_for_three_seconds(dialect: str) -> None:
    said = played(40, None, "finger-off@20", dialect=dialect)
    assert [(line.spo2, line.pulse) for line in said[20:24]] == [(97, 72)] * 3 + [(None, None)]
    assert {line.index_pct for line in said[20:]} == {None}
    assert {(line.exceptions, line.alarm) for line in said[20:]} == {(0x820, 0x10)}


@EVERY
def test_a_sensor_that_is_put_back_is_searched_for_a_pulse(dialect: str) -> None:
    said = played(40, None, "finger-off@20+10", dialect=dialect)
    assert [line.exceptions for line in said[29:34]] == [0x820, 0x808, 0x808, 0x808, 0x800]
    assert (said[33].spo2, said[33].pulse, said[33].alarm) == (97, 72, 0x00)


@EVERY
@pytest.mark.parametrize(
    ("fault", "exceptions", "alarm"),
    [
        ("cable-out", 0x001, 0x10),
        ("sensor-defective", 0x802, 0x10),
        ("ambient-light", 0x840, 0x10),
        ("no-pulse", 0x808, 0x00),
    ],
)
def test_a_fault_that_leaves_nothing(dialect: str, fault: str, exceptions: int, alarm: int) -> None:
    line = played(40, None, f"{fault}@20", dialect=dialect)[20]
    assert (line.exceptions, line.alarm) == (exceptions, alarm)
    assert (line.spo2, line.pulse, line.index_pct) == (None, None, None)


@EVERY
def test_full_set_comes_back_with_the_numbers_of_a_new_sensor(dialect: str) -> None:
    said = played(40, None, "cable-out@20+10", dialect=dialect)
    assert [line.exceptions for line in said[29:34]] == [0x001, 0x008, 0x008, 0x008, 0x800]


@EVERY
def test_without_a_sensor_nothing_else_is_known(dialect: str) -> None:
    said = played(30, None, "cable-out@10", "finger-off@10", "artefact@10", dialect=dialect)
    assert {line.exceptions for line in said[10:]} == {0x001}


@EVERY
def test_motion_leaves_the_numbers_for_ten_seconds(dialect: str) -> None:
    said = played(40, None, "artefact@20", dialect=dialect)
    assert {(line.spo2, line.pulse, line.exceptions) for line in said[20:30]} == {(97, 72, 0xC00)}
    assert {(line.spo2, line.pulse, line.exceptions) for line in said[30:]} == {(None, None, 0xC08)}


@EVERY
def test_low_perfusion_has_an_index_of_0_3(dialect: str) -> None:
    line = played(30, None, "low-perfusion@20", dialect=dialect)[21]
    assert (line.spo2, line.index_pct, line.exceptions) == (97, 0.3, 0x804)


@EVERY
def test_a_low_battery_is_no_alarm_of_the_patient(dialect: str) -> None:
    assert played(10, None, "low-battery", dialect=dialect)[-1].alarm == 0x40
