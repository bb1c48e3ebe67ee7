"""The simulated Nellcor oximeters against their protocol page, in every dialect."""

import pytest

from simulators.devices import build
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from tests.simulators.devices.nellcor_page import Line, headers, lines, printed
from tests.simulators.steady import Steady, steady

DIALECTS = ("n595", "n560", "npb290")
EVERY = pytest.mark.parametrize("dialect", DIALECTS)
MISSING, ZEROS = ("---", "---", "---"), ("0", "0", "---")


def nellcor(source: Steady | None = None, *faults: str, dialect: str = "n560") -> SimulatedLine:
    line = build("nellcor", source or steady(), dialect=dialect)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def played(
    until_s: int, source: Steady | None = None, *faults: str, dialect: str = "n560"
) -> list[Line]:
    """A line every 2 s; the one of second 0 is the first."""
    said = lines(nellcor(source, *faults, dialect=dialect).advance(until_s))
    assert len(said) == until_s // 2
    return said


def numbers(line: Line) -> tuple[str, str, str]:
    return line.spo2, line.bpm, line.pa


# ── lines ───────────────────────────────────────────────────────────────────────────────


def test_a_line_and_its_header_are_laid_out_as_a_real_n_560_did() -> None:
    sent = nellcor(steady(83, 66, perfusion=2.0)).advance(92.0)
    head, second, third, *rest = printed(sent)
    assert head.startswith("N-560    VERSION 1.56.00    CRC:")
    assert head.endswith("  SpO2 Limit: 90-100%    PR Limit: 60-170BPM")
    assert second == "                             ADULT            0SAT-S "
    assert third == "TIME                 %SpO2   BPM     PA     Status"
    assert rest[5] == "01-Jan-26 00:00:10    83*     66     200       SL            "
    assert sent.endswith(b"\r\n")


def test_an_n_595_says_how_fast_it_responds_and_has_months_in_capitals() -> None:
    head, second, third, first, *_ = printed(nellcor(dialect="n595").advance(10.0))
    assert head.startswith("N-595    VERSION ")
    assert " CRC:" in head
    assert second.split() == ["ADULT", "0SAT-S", "SPO2", "RESP", "MODE:", "NORMAL"]
    assert third.split() == ["TIME", "%SPO2", "BPM", "PA", "Status"]
    assert first.startswith("01-JAN-26 00:00:00 ")


def test_an_npb_290_has_a_header_of_two_lines_a_blank_and_padded_amplitudes() -> None:
    text = printed(nellcor(dialect="npb290").advance(10.0))
    assert text[0].startswith("NPB-290 ")
    assert " CRC: " in text[0]
    assert text[1].split()[:2] == ["TIME", "%SPO2"]
    assert played(10, dialect="npb290")[-1].pa == "060"


@EVERY
def test_a_header_begins_every_page_of_25_lines(dialect: str) -> None:
    text = printed(nellcor(dialect=dialect).advance(150.0))
    assert [at for at, line in enumerate(text) if " VERSION " in line] == [0, 25, 50, 75]
    assert len(headers("\r\n".join(text).encode())) == 4


@EVERY
def test_a_line_every_two_seconds(dialect: str) -> None:
    clocks = [line.clock[-8:] for line in played(10, dialect=dialect)]
    assert clocks == ["00:00:00", "00:00:02", "00:00:04", "00:00:06", "00:00:08"]


# ── flow control ────────────────────────────────────────────────────────────────────────


def test_xoff_stops_it_and_xon_has_it_go_on_with_the_present() -> None:
    line = nellcor()
    line.advance(10.0)
    assert line.receive(b"\x13", 10.5) == b""
    assert (line.next_due_s, line.advance(30.0)) == (None, b"")
    line.receive(b"\x11", 30.5)
    assert line.next_due_s == 32.0
    assert [said.clock[-8:] for said in lines(line.advance(32.0))] == ["00:00:30"]


def test_nothing_else_is_heeded() -> None:
    line = nellcor()
    assert line.receive(b"\r\n?*\x02", 0.5) == b""
    assert len(lines(line.advance(10.0))) == 5


# ── numbers ─────────────────────────────────────────────────────────────────────────────


@EVERY
def test_a_search_comes_first_with_zeros(dialect: str) -> None:
    said = played(10, dialect=dialect)
    assert [numbers(line) for line in said[:2]] == [ZEROS] * 2
    assert [line.codes for line in said[:3]] == [["PS"], ["PS"], []]
    assert (said[2].spo2, said[2].bpm) == ("97", "72")


@pytest.mark.parametrize(
    ("spo2", "pulse", "shown"),
    [(None, 72, ("---", "72")), (95, None, ("95", "---")), (97, 290, ("97", "250*"))],
)
def test_values_that_are_missing_or_beyond(
    spo2: float | None, pulse: float | None, shown: tuple[str, str]
) -> None:
    last = played(30, steady(spo2, pulse))[-1]
    assert (last.spo2, last.bpm) == shown


@EVERY
@pytest.mark.parametrize(
    ("spo2", "pulse", "status", "shown"),
    [
        (90, 60, {}, ("90", "60")),
        (89, 60, {47: "SL"}, ("89*", "60")),
        (97, 59, {50: "PL"}, ("97", "59*")),
        (97, 171, {50: "PH"}, ("97", "171*")),
        (89, 171, {47: "SL", 50: "PH"}, ("89*", "171*")),
    ],
)
def test_a_value_outside_its_limits_is_starred(
    dialect: str, spo2: int, pulse: int, status: dict[int, str], shown: tuple[str, str]
) -> None:
    last = played(12, steady(spo2, pulse), dialect=dialect)[-1]
    assert (last.status, last.spo2, last.bpm) == (status, *shown)


# ── faults ──────────────────────────────────────────────────────────────────────────────


@EVERY
@pytest.mark.parametrize(("fault", "code"), [("finger-off", "SO"), ("cable-out", "SD")])
def test_a_sensor_that_is_not_there_leaves_dashes(dialect: str, fault: str, code: str) -> None:
    said = played(50, None, f"{fault}@20+10", dialect=dialect)
    assert {(numbers(line), *line.codes) for line in said[10:15]} == {(MISSING, code)}
    assert [(numbers(line), line.codes) for line in said[15:17]] == [(ZEROS, ["PS"])] * 2
    assert (said[17].spo2, said[17].codes) == ("97", [])


def test_motion_keeps_the_last_numbers_then_searches_then_has_lost_the_pulse() -> None:
    said = played(60, None, "artefact@20")
    assert {(numbers(line), *line.codes) for line in said[10:15]} == {(("97", "72", "60"), "MO")}
    assert {(numbers(line), *line.codes) for line in said[15:20]} == {(("97", "72", "---"), "PS")}
    assert {(numbers(line), *line.codes) for line in said[20:]} == {(ZEROS, "LM")}


def test_a_lost_pulse_keeps_the_last_numbers_in_its_search() -> None:
    said = played(60, None, "no-pulse@20")
    assert {(numbers(line), *line.codes) for line in said[10:20]} == {(("97", "72", "---"), "PS")}
    assert {(numbers(line), *line.codes) for line in said[20:]} == {(ZEROS, "LP")}


def test_a_weak_pulse_has_a_small_amplitude_and_no_code() -> None:
    last = played(30, None, "low-perfusion@20")[-1]
    assert (numbers(last), last.codes) == (("97", "72", "3"), [])


def test_a_low_battery_stands_beside_the_numbers() -> None:
    last = played(20, None, "low-battery")[-1]
    assert (last.spo2, last.status) == ("97", {53: "LB"})
