"""The simulated Nonin against its protocol page."""

from itertools import pairwise

import pytest

from simulators.devices import build
from simulators.errors import SimulationError
from simulators.faults import parse_fault
from simulators.line import SimulatedLine
from simulators.patient import Patient, Profile
from tests.simulators.devices.nonin_page import (
    ARTF,
    MISSING_RATE,
    MISSING_SPO2,
    OOT,
    SNSA,
    SNSD,
    Packet,
    desk_lines,
    packets,
)
from tests.simulators.steady import Steady, steady

DIALECTS = pytest.mark.parametrize("dialect", ["2", "7"])


def nonin(
    source: Steady | None = None, *faults: str, dialect: str = "2", seed: int = 0
) -> SimulatedLine:
    line = build("nonin", source or steady(), dialect=dialect, seed=seed)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


def played(
    until_s: float, source: Steady | None = None, *faults: str, dialect: str = "2"
) -> list[Packet]:
    return packets(nonin(source, *faults, dialect=dialect).advance(until_s), dialect)


def at(all_packets: list[Packet], second: float) -> Packet:
    return all_packets[int(second * 3)]


@DIALECTS
def test_75_frames_a_second_of_five_bytes(dialect: str) -> None:
    assert len(nonin(dialect=dialect).advance(600.0)) == 600 * 75 * 5


@DIALECTS
def test_every_checksum_sync_and_status_bit_holds_over_a_minute(dialect: str) -> None:
    assert len(played(60.0, dialect=dialect)) == 180


def test_the_page_s_example_frames() -> None:
    packet = nonin(steady(97, 72)).advance(10.0)[-125:]
    frames = [packet[at : at + 5] for at in range(0, 20, 5)]
    assert [frame[3] for frame in frames] == [0x00, 0x48, 0x61, 0x30]


@DIALECTS
@pytest.mark.parametrize("rate", [18, 72, 127, 128, 200, 255, 256, 300, 321])
def test_a_heart_rate_has_nine_bits(dialect: str, rate: int) -> None:
    assert at(played(20.0, steady(97, rate), dialect=dialect), 19).rate == rate


@pytest.mark.parametrize("position", [1, 14, 20, 22])
def test_all_four_heart_rates_are_where_the_page_says(position: int) -> None:
    assert at(played(30.0, steady(97, 150)), 29).nine_bits(position) == 150


@pytest.mark.parametrize("position", [3, 9, 10, 11, 16, 17])
def test_all_six_saturations_are_where_the_page_says(position: int) -> None:
    assert at(played(30.0, steady(93, 70)), 29).byte(position) == 93


def test_the_rate_is_missing_until_four_beats_are_known_and_out_of_track_says_so() -> None:
    first = played(3.0, steady(97, 60))[0]
    assert (first.rate, first.spo2) == (MISSING_RATE, MISSING_SPO2)
    assert all(status & OOT for status in first.status)


def test_perfusion_is_shown_for_twelve_frames_a_pulse() -> None:
    lit = [colour for packet in played(60.0, steady(97, 60)) for colour in packet.colours]
    assert sum(colour != 0 for colour in lit) == pytest.approx(60 * 12, abs=12)


@pytest.mark.parametrize(("perfusion", "colour"), [(0.6, 0b01), (0.1, 0b11), (0.02, 0b10)])
def test_perfusion_is_green_yellow_or_red(perfusion: float, colour: int) -> None:
    seen = {each for p in played(10.0, steady(perfusion=perfusion)) for each in p.colours}
    assert seen == {0, colour}


def test_the_pleth_beats_with_the_pulse() -> None:
    wave = [level for packet in played(60.0, steady(97, 90)) for level in packet.pleth]
    rising = sum(before < 110 <= after for before, after in pairwise(wave))
    assert rising == pytest.approx(90, abs=2)


def test_the_pleth_is_as_high_as_the_perfusion() -> None:
    strong, weak = (
        [level for packet in played(20.0, steady(perfusion=p)) for level in packet.pleth]
        for p in (0.8, 0.2)
    )
    assert max(strong) - min(strong) == pytest.approx(4 * (max(weak) - min(weak)), rel=0.1)


def test_the_pleth_of_format_7_has_sixteen_bits() -> None:
    wave = {level for packet in played(5.0, dialect="7") for level in packet.pleth}
    assert max(wave) > 255
    assert any(level & 0xFF for level in wave)


def test_finger_off_takes_the_recording_values_at_once() -> None:
    packet = at(played(40.0, None, "finger-off@20"), 20.4)
    assert (packet.rate, packet.spo2) == (MISSING_RATE, MISSING_SPO2)


def test_finger_off_sets_the_sensor_alarm_alone() -> None:
    packet = at(played(40.0, None, "finger-off@20"), 20.4)
    assert {status & (SNSA | SNSD | OOT | ARTF) for status in packet.status} == {SNSA}


@pytest.mark.parametrize(
    ("second", "display"),
    [(20.4, (97, 72)), (29.0, (97, 72)), (30.4, (MISSING_SPO2, MISSING_RATE))],
)
def test_finger_off_leaves_the_display_values_for_ten_seconds(
    second: float, display: tuple[int, int]
) -> None:
    assert at(played(40.0, None, "finger-off@20"), second).display == display


def test_the_values_come_back_with_the_finger() -> None:
    again = played(60.0, None, "finger-off@20+10")
    assert at(again, 31).status[1] & OOT
    assert (at(again, 50).rate, at(again, 50).spo2) == (72, 97)


def test_a_display_value_is_renewed_every_second_and_a_half() -> None:
    patient = Patient(Profile(), seed=3)
    shown = [p.display[1] for p in packets(build("nonin", patient).advance(600.0))]
    changes = [index for index in range(1, len(shown)) if shown[index] != shown[index - 1]]
    assert len(changes) > 20
    assert {index % 9 for index in changes} == {0, 5}


def test_the_cable_out_says_sensor_disconnected_and_nothing_else() -> None:
    packet = at(played(40.0, None, "cable-out@20"), 21)
    assert {status & (SNSA | SNSD | OOT | ARTF) for status in packet.status} == {SNSD}
    assert packet.display == (MISSING_SPO2, MISSING_RATE)


def test_an_artefact_is_flagged_at_once_and_out_of_track_after_ten_seconds() -> None:
    moving = played(40.0, None, "artefact@15")
    assert at(moving, 16).status[1] & (ARTF | OOT) == ARTF
    assert at(moving, 26).status[1] & (ARTF | OOT) == ARTF | OOT


def test_low_perfusion_keeps_the_numbers_and_turns_red() -> None:
    weak = played(40.0, None, "low-perfusion@20")[80:]
    assert {colour for packet in weak for colour in packet.colours} == {0, 0b10}
    assert weak[-1].spo2 == 97


def test_frozen_it_keeps_wave_and_numbers_and_says_nothing_of_it() -> None:
    frozen = played(60.0, None, "frozen@20+20")
    still = {(*packet.pleth, packet.spo2, packet.rate, *packet.status) for packet in frozen[61:119]}
    assert len(still) == 1
    assert len({tuple(packet.pleth) for packet in frozen[121:]}) > 3


@pytest.mark.parametrize(("second", "bit"), [(10, 0), (25, 1), (35, 0)])
def test_a_low_battery_is_bit_0_of_stat2_in_format_7(second: float, bit: int) -> None:
    assert at(played(40.0, None, "low-battery@20+10", dialect="7"), second).byte(8) & 1 == bit


def test_format_2_has_no_place_for_a_low_battery() -> None:
    with pytest.raises(SimulationError, match="cannot show low-battery"):
        nonin(None, "low-battery")


def test_the_timer_of_format_7_counts_packets() -> None:
    timers = [p.byte(6) << 7 | p.byte(7) for p in played(60.0, dialect="7")]
    assert timers == list(range(180))


def test_a_patient_without_a_pulse_is_out_of_track_and_missing() -> None:
    packet = at(played(30.0, steady(None, None)), 29)
    assert (packet.rate, packet.spo2) == (MISSING_RATE, MISSING_SPO2)
    assert packet.status[1] & OOT


def test_a_saturation_without_a_pulse_is_shown_without_one() -> None:
    packet = at(played(30.0, steady(95, None)), 29)
    assert (packet.rate, packet.spo2) == (MISSING_RATE, 95)


def test_the_same_seed_gives_the_same_bytes_however_it_is_asked() -> None:
    def noisy() -> SimulatedLine:
        patient = Patient(Profile(), seed=7, dose_at_s=30.0)
        line = build("nonin", patient, seed=7)
        for fault in ("noise@20+30", "half-frame@40+40", "artefact@60+5"):
            line.inject_fault(parse_fault(fault))
        return line

    once, often = noisy(), noisy()
    steps = [*(step * 0.7 for step in range(171)), 120.0]
    assert once.advance(120.0) == b"".join(often.advance(step) for step in steps)


def test_another_seed_gives_other_bytes() -> None:
    def stream(seed: int) -> bytes:
        return build("nonin", Patient(Profile(), seed), seed=seed).advance(20.0)

    assert stream(1) != stream(2)


def test_it_listens_to_nothing() -> None:
    assert nonin().receive(b"\x02\x70\x02\x02\x07\x03", 0.1) == b""


# ── commanded ones ──────────────────────────────────────────────────────────────────────

SET_2, SET_7 = bytes.fromhex("02 70 02 02 02 03"), bytes.fromhex("02 70 02 02 07 03")
TYPE, SERIAL = bytes.fromhex("02 73 00 03"), bytes.fromhex("02 74 02 02 02 03")
ACCEPTED, REFUSED = b"\x06", b"\x15"
COMMANDED = pytest.mark.parametrize("dialect", ["wristox2", "9560"])


@COMMANDED
def test_it_is_silent_until_a_format_is_set_and_sends_that(dialect: str) -> None:
    line = nonin(dialect=dialect)
    assert (line.next_due_s, line.advance(2.0)) == (None, b"")
    assert line.receive(SET_2, 2.0) == ACCEPTED
    assert len(packets(line.advance(12.0), "2")) == 30
    assert line.receive(SET_7, 12.0) == ACCEPTED
    assert {packet.spo2 for packet in packets(line.advance(22.0), "7")} == {97}


@COMMANDED
def test_format_13_is_accepted_and_silent(dialect: str) -> None:
    line = nonin(dialect=dialect)
    line.receive(SET_2, 0.0)
    line.advance(2.0)
    assert line.receive(bytes.fromhex("02 70 02 02 0D 03"), 2.0) == ACCEPTED
    assert line.advance(60.0) == b""


@COMMANDED
@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("02 70 04 02 02 00 78 03", ACCEPTED),
        ("02 70 04 02 07 20 9D 03", ACCEPTED),
        ("02 70 04 02 02 00 79 03", REFUSED),
        ("02 70 02 02 63 03", REFUSED),
        ("02 70 02 01 02 03", REFUSED),
        ("02 55 00 03", REFUSED),
        ("02 70 02 02 02 04", REFUSED),
    ],
)
def test_a_command_is_accepted_or_refused(dialect: str, command: str, answer: bytes) -> None:
    assert nonin(dialect=dialect).receive(bytes.fromhex(command), 0.0) == answer


@pytest.mark.parametrize(
    ("dialect", "answer"), [("wristox2", "02 F3 03 18 05 09 03"), ("9560", "02 F3 02 9E 09 03")]
)
def test_it_says_what_it_is_and_its_serial_number(dialect: str, answer: str) -> None:
    line = nonin(dialect=dialect)
    assert line.receive(TYPE, 0.0) == bytes.fromhex(answer)
    serial = line.receive(SERIAL, 0.0)
    assert (serial[:4], serial[-1:]) == (b"\x02\xf4\x0a\x02", b"\x03")
    assert serial[4:-1].isdigit()
    assert len(serial[4:-1]) == 9
    assert serial == line.receive(SERIAL, 1.0)
    assert serial != nonin(dialect=dialect, seed=1).receive(SERIAL, 0.0)


def test_commands_may_come_in_pieces() -> None:
    line = nonin(dialect="wristox2")
    answers = [line.receive(bytes([byte]), 0.1) for byte in b"\x99" + SET_2]
    assert answers == [b""] * 6 + [ACCEPTED]


def test_a_9560_has_the_second_status_byte_in_format_2_as_well() -> None:
    line = nonin(None, "low-battery", dialect="9560")
    line.receive(SET_2, 0.0)
    assert {packet.byte(8) for packet in packets(line.advance(2.0), "2")} == {1}


# ── desk oximeters ──────────────────────────────────────────────────────────────────────


def test_a_desk_oximeter_says_its_name_and_then_a_line_a_second() -> None:
    text = nonin(dialect="desk").advance(6.0).split(b"\r\n")
    assert text[0].startswith(b"NONIN ")
    assert text[1:] == [b"SPO2=--- HR=---"] * 3 + [b"SPO2=097 HR=072"] * 3 + [b""]


@pytest.mark.parametrize(
    ("fault", "soon", "late"),
    [
        ("finger-off", b"SPO2=--- HR=---", b"SPO2=--- HR=---"),
        ("cable-out", b"SPO2=--- HR=---", b"SPO2=--- HR=---"),
        ("no-pulse", b"SPO2=--- HR=---", b"SPO2=--- HR=---"),
        ("artefact", b"SPO2=097 HR=072", b"SPO2=--- HR=---"),
        ("fast-averaging", b"SPO2=097 HR=072 F", b"SPO2=097 HR=072 F"),
        ("event-mark", b"SPO2=097 HR=072 *", b"SPO2=097 HR=072 *"),
    ],
)
def test_a_fault_of_a_desk_oximeter(fault: str, soon: bytes, late: bytes) -> None:
    said = [
        found[0] for found in desk_lines(nonin(None, f"{fault}@20", dialect="desk").advance(40.0))
    ]
    assert (said[19], said[22], said[35]) == (b"SPO2=097 HR=072", soon, late)


def test_a_desk_oximeter_listens_to_nothing() -> None:
    assert nonin(dialect="desk").receive(SET_2 + TYPE, 0.5) == b""
