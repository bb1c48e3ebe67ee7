"""The simulated CMS50 against its protocol page, in its three dialects."""

from itertools import pairwise

import pytest

from simulators.devices import build
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from simulators.vitals import Vitals
from tests.simulators.devices.cms50_page import (
    INDEX_MISSING,
    KEEP_ALIVE,
    PULSE_MISSING,
    SPO2_MISSING,
    START,
    Packet,
    packets,
)
from tests.simulators.steady import Steady, steady

FIVE_BYTES = pytest.mark.parametrize("dialect", ["contec", "bci"])
EVERY = pytest.mark.parametrize("dialect", ["contec", "bci", "contec-v7"])
RATES = {"contec": 60, "bci": 100, "contec-v7": 60}


def cms50(source: Steady | None = None, *faults: str, dialect: str = "contec") -> SimulatedLine:
    line = build("cms50", source or steady(), dialect=dialect)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def stream(line: SimulatedLine, until_s: int, dialect: str = "contec") -> bytes:
    """What is sent up to `until_s` to a host that keeps the device awake."""
    sent = line.receive(START, 0.0) if dialect == "contec-v7" else b""
    for second in range(5, until_s, 5) if dialect == "contec-v7" else ():
        sent += line.receive(KEEP_ALIVE, second)
    return sent + line.advance(until_s)


def played(
    until_s: int, source: Steady | None = None, *faults: str, dialect: str = "contec"
) -> list[Packet]:
    return packets(stream(cms50(source, *faults, dialect=dialect), until_s, dialect), dialect)


def at(all_packets: list[Packet], second: float, dialect: str = "contec") -> Packet:
    return all_packets[int(second * RATES[dialect])]


# ── packets ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("dialect", "bytes_per_s"), [("contec", 300), ("bci", 500), ("contec-v7", 540)]
)
def test_so_many_packets_a_second(dialect: str, bytes_per_s: int) -> None:
    assert len(stream(cms50(dialect=dialect), 60, dialect)) == 60 * bytes_per_s


@FIVE_BYTES
def test_only_the_first_byte_of_five_has_bit_7_set(dialect: str) -> None:
    sent = stream(cms50(steady(100, 254, perfusion=1.0), dialect=dialect), 60)
    assert [byte >> 7 for byte in sent] == [1, 0, 0, 0, 0] * (len(sent) // 5)


def test_the_first_byte_of_nine_is_1_and_all_others_have_bit_7_set() -> None:
    sent = stream(cms50(steady(100, 254, perfusion=1.0), dialect="contec-v7"), 60, "contec-v7")
    assert {sent[begin] for begin in range(0, len(sent), 9)} == {0x01}
    assert [byte >> 7 for byte in sent] == [0, 1, 1, 1, 1, 1, 1, 1, 1] * (len(sent) // 9)


@FIVE_BYTES
def test_a_pulse_of_150_is_22_and_bit_6_of_byte_3(dialect: str) -> None:
    last = stream(cms50(steady(97, 150), dialect=dialect), 20)[-5:]
    assert (last[2] & 0x40, last[3], last[4]) == (0x40, 22, 97)


def test_version_7_carries_bit_7_of_a_pulse_of_150_in_bit_3_of_byte_2() -> None:
    last = stream(cms50(steady(97, 150), dialect="contec-v7"), 20, "contec-v7")[-9:]
    assert (last[1] & 0x08, last[5], last[6]) == (0x08, 0x80 | 22, 0x80 | 97)


@EVERY
@pytest.mark.parametrize("pulse", [30, 72, 127, 128, 200, 250])
def test_a_pulse_has_eight_bits(dialect: str, pulse: int) -> None:
    assert played(20, steady(97, pulse), dialect=dialect)[-1].pulse == pulse


@EVERY
def test_a_pulse_is_never_so_high_as_to_be_missing(dialect: str) -> None:
    assert played(20, steady(97, 290), dialect=dialect)[-1].pulse == 254


# ── the wave ────────────────────────────────────────────────────────────────────────────


@EVERY
def test_the_pleth_and_the_bar_graph_beat_with_the_pulse(dialect: str) -> None:
    seen = played(60, steady(97, 90), dialect=dialect)
    for wave, middle in (([p.pleth for p in seen], 60), ([p.bar for p in seen], 7)):
        rising = sum(before < middle <= after for before, after in pairwise(wave))
        assert rising == pytest.approx(90, abs=2)


@EVERY
def test_every_pulse_beeps_for_a_tenth_of_a_second(dialect: str) -> None:
    beeps = [packet.beep for packet in played(60, steady(97, 90), dialect=dialect)]
    assert sum(now and not before for before, now in pairwise(beeps)) == pytest.approx(90, abs=1)
    assert sum(beeps) == pytest.approx(90 * RATES[dialect] / 10, abs=RATES[dialect] / 10)


@EVERY
def test_a_weaker_pulse_has_a_smaller_wave_and_less_signal(dialect: str) -> None:
    strong, weak = (played(20, steady(perfusion=p), dialect=dialect) for p in (0.8, 0.2))
    height = [max(p.pleth for p in seen) - min(p.pleth for p in seen) for seen in (strong, weak)]
    assert height[0] == pytest.approx(4 * height[1], rel=0.1)
    assert 0 < weak[-1].strength < strong[-1].strength <= 8


@EVERY
def test_frozen_it_keeps_wave_and_numbers_and_says_nothing_of_it(dialect: str) -> None:
    frozen = played(40, None, "frozen@20", dialect=dialect)[21 * RATES[dialect] :]
    assert len(set(frozen)) == 1
    assert (frozen[-1].spo2, frozen[-1].pulse) == (97, 72)
    assert (frozen[-1].searching, frozen[-1].beep) == (False, False)


def test_the_perfusion_index_is_in_hundredths_of_a_percent() -> None:
    last = played(20, steady(perfusion=0.6), dialect="contec-v7")[-1]
    assert (last.index, last.index_invalid) == (600, False)


# ── searching ───────────────────────────────────────────────────────────────────────────


@EVERY
def test_it_searches_until_four_beats_are_known(dialect: str) -> None:
    seen = played(20, steady(97, 60), dialect=dialect)
    first, last = at(seen, 3, dialect), at(seen, 5, dialect)
    assert (first.searching, first.pulse, first.spo2) == (True, PULSE_MISSING, SPO2_MISSING)
    assert (last.searching, last.pulse, last.spo2) == (False, 60, 97)


@pytest.mark.parametrize("dialect", ["contec", "contec-v7"])
def test_a_search_of_ten_seconds_is_too_long(dialect: str) -> None:
    seen = played(40, None, "no-pulse@20", dialect=dialect)
    assert (at(seen, 29, dialect).searching, at(seen, 29, dialect).searching_too_long) == (1, 0)
    assert (at(seen, 31, dialect).searching, at(seen, 31, dialect).searching_too_long) == (1, 1)


@EVERY
def test_a_pulse_that_is_found_again_ends_the_search(dialect: str) -> None:
    last = played(60, None, "no-pulse@10+30", dialect=dialect)[-1]
    assert (last.searching, last.searching_too_long, last.no_signal) == (False, False, False)
    assert (last.pulse, last.spo2) == (72, 97)


@EVERY
def test_without_a_pulse_everything_is_missing_at_once(dialect: str) -> None:
    seen = at(played(40, None, "no-pulse@20", dialect=dialect), 20.1, dialect)
    assert (seen.pulse, seen.spo2, seen.index) == (PULSE_MISSING, SPO2_MISSING, INDEX_MISSING)
    assert seen.bar == 0


@EVERY
def test_an_artefact_holds_the_numbers_for_ten_seconds_while_it_searches(dialect: str) -> None:
    seen = played(40, None, "artefact@15", dialect=dialect)
    held, lost = at(seen, 24, dialect), at(seen, 26, dialect)
    assert (held.searching, held.pulse, held.spo2) == (True, 72, 97)
    assert (lost.searching, lost.pulse, lost.spo2) == (True, PULSE_MISSING, SPO2_MISSING)


@EVERY
def test_an_artefact_makes_the_wave_wild_and_takes_the_beep(dialect: str) -> None:
    moving = played(20, None, "artefact@15", dialect=dialect)[16 * RATES[dialect] :]
    assert max(abs(a.pleth - b.pleth) for a, b in pairwise(moving)) > 90
    assert not any(packet.beep for packet in moving)


# ── a saturation that falls ─────────────────────────────────────────────────────────────


class Falling(Steady):
    """97 % until second 20, then 1 % less every two seconds down to 85 %."""

    def at(self, t_s: float) -> Vitals:
        return Vitals(97.0 - min(12.0, max(0.0, (t_s - 20.0) / 2.0)), 72.0)


def test_a_saturation_that_falls_is_dropping_until_it_stays() -> None:
    seen = played(80, Falling(Vitals()))
    assert [at(seen, second).dropping for second in (15, 30, 40, 70)] == [0, 1, 1, 0]


def test_version_7_says_when_the_saturation_is_low() -> None:
    seen = played(80, Falling(Vitals()), dialect="contec-v7")
    assert {packet.spo2 < 90 for packet in seen if packet.low_spo2} == {True}
    assert {packet.spo2 >= 90 for packet in seen if not packet.low_spo2} == {True}


# ── the finger and the probe ────────────────────────────────────────────────────────────


@FIVE_BYTES
@pytest.mark.parametrize("second", [20.1, 39.0])
def test_a_finger_out_leaves_nothing(dialect: str, second: float) -> None:
    seen = at(played(40, None, "finger-off@20", dialect=dialect), second, dialect)
    assert (seen.pulse, seen.spo2) == (PULSE_MISSING, SPO2_MISSING)
    assert (seen.pleth, seen.bar, seen.strength, seen.searching) == (0, 0, 0, False)
    assert (seen.probe_error, seen.no_finger) == (dialect == "contec", dialect == "bci")


def test_a_finger_out_is_the_captured_packet_of_version_7() -> None:
    sent = stream(cms50(None, "finger-off", dialect="contec-v7"), 1, "contec-v7")
    assert sent == bytes.fromhex("01 E1 84 C0 90 80 80 FF FF") * 60


def test_an_unplugged_probe_is_said_by_bci_alone() -> None:
    seen = at(played(40, None, "cable-out@20", dialect="bci"), 21, "bci")
    assert (seen.probe_unplugged, seen.no_finger, seen.no_signal) == (True, False, False)
    assert (seen.pulse, seen.spo2) == (PULSE_MISSING, SPO2_MISSING)


def test_no_pulse_is_no_signal_in_bci() -> None:
    seen = at(played(40, None, "no-pulse@20", dialect="bci"), 21, "bci")
    assert (seen.no_signal, seen.no_finger, seen.probe_unplugged) == (True, False, False)


@EVERY
def test_a_finger_that_comes_back_is_searched_then_read(dialect: str) -> None:
    seen = played(60, None, "finger-off@20+10", dialect=dialect)
    assert at(seen, 31, dialect).searching
    assert (at(seen, 50, dialect).pulse, at(seen, 50, dialect).spo2) == (72, 97)


# ── missing one by one ──────────────────────────────────────────────────────────────────


@EVERY
@pytest.mark.parametrize(
    ("spo2", "pulse", "shown"),
    [(None, 72, (SPO2_MISSING, 72)), (95, None, (95, PULSE_MISSING))],
)
def test_a_value_may_be_missing_beside_the_other(
    dialect: str, spo2: float | None, pulse: float | None, shown: tuple[int, int]
) -> None:
    last = played(30, steady(spo2, pulse), dialect=dialect)[-1]
    assert (last.spo2, last.pulse) == shown


# ── the host's part ─────────────────────────────────────────────────────────────────────


@FIVE_BYTES
def test_five_byte_dialects_listen_to_nothing(dialect: str) -> None:
    line = cms50(dialect=dialect)
    assert line.receive(START, 0.001) == b""
    assert len(line.advance(60.0)) == 60 * RATES[dialect] * 5


@pytest.mark.parametrize("sent", [b"", KEEP_ALIVE, START[:-1], b"\x7d\x81\xa2" + START[3:]])
def test_version_7_is_silent_until_it_is_started(sent: bytes) -> None:
    line = cms50(dialect="contec-v7")
    line.receive(sent, 0.0)
    assert (line.next_due_s, line.advance(60.0)) == (None, b"")


def test_version_7_stops_when_nothing_keeps_it_alive() -> None:
    line = cms50(dialect="contec-v7")
    line.receive(START, 10.0)
    assert len(line.advance(60.0)) == 8 * 60 * 9
    assert line.next_due_s is None


@pytest.mark.parametrize("every_s", [1, 3, 5])
def test_version_7_goes_on_while_it_is_kept_alive(every_s: int) -> None:
    line, sent = cms50(dialect="contec-v7"), bytearray()
    line.receive(START, 0.0)
    for second in range(every_s, 61, every_s):
        sent += line.receive(KEEP_ALIVE, second)
    assert len(sent) == 60 * 60 * 9


def test_version_7_that_has_stopped_is_started_again_but_not_kept_alive() -> None:
    line = cms50(dialect="contec-v7")
    line.receive(START, 0.0)
    line.advance(30.0)
    line.receive(KEEP_ALIVE, 30.0)
    assert line.advance(40.0) == b""
    line.receive(START, 40.0)
    assert len(line.advance(41.0)) == 60 * 9


def test_version_7_takes_its_start_byte_by_byte_after_noise() -> None:
    line = cms50(dialect="contec-v7")
    for place, byte in enumerate(b"\x00\xff\x99" + START):
        line.receive(bytes([byte]), 0.1 * place)
    assert line.next_due_s == pytest.approx(1.1 + 1 / 60)


def test_version_7_drops_half_a_start_that_goes_on_too_late() -> None:
    line = cms50(dialect="contec-v7")
    line.receive(START[:4], 0.0)
    line.receive(START[4:], 2.0)
    assert line.next_due_s is None
