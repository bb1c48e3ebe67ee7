"""The Berry board's codec against its protocol page: both halves, and a measurement's course."""

import pytest

from drivers.berry import DRIVER, TRANSITIONS, BerryCodec, State
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from tests.drivers.examples import Example

SPO2_ON = bytes.fromhex("55 AA 04 03 01 F7")
WAVE_ON = bytes.fromhex("55 AA 04 FE 01 FC")
START, STOP = bytes.fromhex("55 AA 04 02 01 F8"), bytes.fromhex("55 AA 04 02 00 F9")


def frame(type_: int, *data: int) -> bytes:
    body = [len(data) + 3, type_, *data]
    return bytes([0x55, 0xAA, *body, 255 - sum(body) % 256])


def spo2(value: int = 97, pulse: int = 72, status: int = 0) -> bytes:
    return frame(0x04, status, value, pulse)


def nibp(
    code: int, cuff: int = 0, sys: int = 0, mean: int = 0, dia: int = 0, *, patient: int = 0
) -> bytes:
    return frame(0x03, patient | code << 2, cuff // 2, sys, mean, dia)


MEASURING = nibp(1, 140)
RESULT = nibp(0, 0, 118, 90, 76)


def second(n: int) -> tuple[bytes, ...]:
    return (*(frame(0xFE, 20 + at) for at in range(50)), spo2(85 + n, 115 + n))


EXAMPLES = {
    "pm6750": Example(
        frames=(*(part for n in range(12) for part in second(n)), MEASURING, MEASURING, RESULT),
        missing=(
            spo2(127, 255, 2) + spo2(127, 255, 3),
            MEASURING + nibp(0) + MEASURING + nibp(8),
        ),
        impossible=spo2(101, 254),
        lasts_s=12.0,
    )
}

PRESSURES = (Reading(Vital.SYS, 118), Reading(Vital.DIA, 76), Reading(Vital.MAP, 90))


class Bedside:
    """A codec on a line, with time that passes when told."""

    def __init__(self) -> None:
        self.codec, self.now_s = BerryCodec(), 1000.0
        self.codec.opened(self.now_s)

    def hears(self, *frames: bytes) -> list[Item]:
        items = self.codec.feed(b"".join(frames))
        return items + self.codec.handle_deadline(self.now_s)

    def waits(self, seconds: float) -> list[Item]:
        end, items = self.now_s + seconds, []
        while self.codec.deadline_s is not None and self.codec.deadline_s <= end:
            self.now_s = self.codec.deadline_s
            items += self.codec.handle_deadline(self.now_s)
        self.now_s = end
        return items

    def sent(self) -> bytes:
        """What is sent at once."""
        return self.codec.data_to_send()

    def streams(self) -> "Bedside":
        self.waits(0.2)
        self.hears(spo2())
        self.sent()
        return self

    def starts(self) -> "Bedside":
        self.streams()
        assert self.codec.measure(self.now_s) == []
        assert (self.sent(), self.codec.state) == (START, State.STARTING)
        return self

    def measures(self) -> "Bedside":
        assert self.starts().waits(0.1) == []
        assert self.hears(MEASURING) == [CuffState(CuffPhase.MEASURING, 140)]
        return self


def failure(items: list[Item]) -> MeasurementFailed:
    [item] = items
    assert isinstance(item, MeasurementFailed)
    return item


def measured(items: list[Item]) -> Measurement:
    [item] = [each for each in items if isinstance(each, Measurement)]
    return item


# ── streams ─────────────────────────────────────────────────────────────────────────────


def test_both_streams_are_switched_on_with_a_pause_between() -> None:
    bed = Bedside()
    assert (bed.sent(), bed.waits(0.04), bed.sent()) == (SPO2_ON, [], b"")
    assert (bed.waits(0.02), bed.sent()) == ([], WAVE_ON)


def test_a_board_that_does_not_stream_is_told_again() -> None:
    bed = Bedside()
    bed.waits(1.4)
    bed.sent()
    bed.waits(0.3)
    assert bed.sent() == SPO2_ON + WAVE_ON
    for _ in range(5):
        bed.hears(spo2())
        bed.waits(1.0)
    assert bed.sent() == b""


@pytest.mark.parametrize(
    ("value", "pulse", "shown"),
    [
        (97, 72, (97, 72)),
        (127, 75, (None, 75)),
        (97, 255, (97, None)),
        (127, 255, (None, None)),
        (0, 0, (None, None)),
        (100, 127, (100, 127)),
    ],
)
def test_missing_is_judged_value_by_value(
    value: int, pulse: int, shown: tuple[int | None, int | None]
) -> None:
    got = measured(Bedside().hears(spo2(value, pulse)))
    assert tuple(reading.value for reading in got.readings) == shown


@pytest.mark.parametrize(
    ("status", "flags", "quality"),
    [
        (0, set(), Quality.GOOD),
        (1, {Flag.SENSOR_DISCONNECTED}, Quality.REJECTED),
        (2, {Flag.SENSOR_OFF}, Quality.REJECTED),
        (3, {Flag.NO_PULSE}, Quality.POOR),
        (4, {Flag.NO_PULSE}, Quality.POOR),
        (5, set(), Quality.POOR),
        (255, set(), Quality.POOR),
    ],
)
def test_the_status_is_a_number(status: int, flags: set[Flag], quality: Quality) -> None:
    got = measured(Bedside().hears(spo2(status=status)))
    assert got.flags == flags
    assert {reading.quality for reading in got.readings} == {quality}


def test_the_wave_comes_by_thirds_of_a_second_and_ends_where_bytes_are_lost() -> None:
    bed = Bedside()
    wave = [frame(0xFE, n) for n in range(20)]
    assert bed.hears(*wave[:17]) == [Waveform("pleth", 50.0, tuple(range(17)))]
    assert bed.hears(*wave[17:], b"\x99") == [Waveform("pleth", 50.0, (17, 18, 19))]


def test_frames_that_are_not_shown_mean_nothing_and_are_good() -> None:
    bed = Bedside()
    items = bed.hears(
        frame(0x02, 0, 72, 14, 0, 0),
        frame(0x05, 0, 36, 7),
        frame(0x05, 0, 36, 7, 36, 5),
        frame(0x30),
        frame(0xFD, *b"1.0"),
    )
    assert (items, bed.codec.stats.frames) == ([], 5)
    assert bed.hears(frame(0xFC, *b"V2.1")) == [Identity("Berry PM6750", firmware="V2.1")]


def test_a_damaged_frame_costs_itself_alone() -> None:
    bed, bad = Bedside(), bytearray(spo2())
    bad[5] ^= 1
    assert len(bed.hears(spo2() + bad + spo2())) == 2
    assert bed.codec.stats.damaged["bad-frame"] == 1


# ── the cuff ────────────────────────────────────────────────────────────────────────────


def test_a_measurement_from_its_start_to_its_pressures() -> None:
    bed = Bedside().measures()
    assert bed.hears(RESULT) == [Measurement(PRESSURES)]
    assert bed.codec.state is State.IDLE


def test_a_pressure_keeps_what_the_sensor_says() -> None:
    bed = Bedside().measures()
    bed.hears(spo2(127, 255, 2))
    assert measured(bed.hears(RESULT)).flags == {Flag.SENSOR_OFF}


@pytest.mark.parametrize(
    ("code", "flag"),
    [
        (2, Flag.MEASUREMENT_FAILED),
        (3, Flag.MEASUREMENT_FAILED),
        (4, Flag.CUFF_LEAK),
        (5, Flag.MEASUREMENT_FAILED),
        (6, Flag.MEASUREMENT_FAILED),
        (7, Flag.ARTEFACT),
        (8, Flag.MEASUREMENT_FAILED),
        (9, Flag.MEASUREMENT_FAILED),
        (10, Flag.MEASUREMENT_FAILED),
        (15, Flag.MEASUREMENT_FAILED),
    ],
)
def test_a_code_is_a_failure_whatever_the_pressures(code: int, flag: Flag) -> None:
    got = failure(Bedside().measures().hears(nibp(code, 0, 118, 90, 76)))
    assert (got.flag, got.code) == (flag, code)


def test_the_end_without_pressures_is_a_failure() -> None:
    assert failure(Bedside().measures().hears(nibp(0))).reason == "the board gave no pressures"


@pytest.mark.parametrize("patient", [1, 2])
def test_the_pressures_of_another_patient_mode_are_poor(patient: int) -> None:
    got = measured(Bedside().measures().hears(nibp(0, 0, 118, 90, 76, patient=patient)))
    assert {reading.quality for reading in got.readings} == {Quality.POOR}


def test_a_pressure_upside_down_is_rejected() -> None:
    got = measured(Bedside().measures().hears(nibp(0, 0, 76, 90, 118)))
    assert {reading.quality for reading in got.readings} == {Quality.REJECTED}


@pytest.mark.parametrize("old", [RESULT, nibp(0), nibp(4)])
def test_what_was_measured_before_is_no_answer_to_a_start(old: bytes) -> None:
    bed = Bedside().starts()
    assert (bed.hears(old), bed.codec.state) == ([], State.STARTING)
    assert Bedside().streams().hears(old) == []


def test_a_start_that_brings_nothing_is_repeated_and_then_fails() -> None:
    bed = Bedside().starts()
    items = [*bed.waits(3.1), *bed.hears(spo2())]
    assert START in bed.sent()
    items += bed.waits(12.0)
    assert [item.reason for item in items if isinstance(item, MeasurementFailed)] == [
        "the board says nothing of a measurement: check its cable and power"
    ]


def test_a_measurement_of_which_nothing_more_comes_has_failed_and_is_stopped() -> None:
    bed = Bedside().measures()
    assert failure(bed.waits(5.1)).reason.startswith("the board says nothing")
    assert bed.codec.state is State.IDLE
    bed.waits(0.2)
    assert STOP in bed.sent()


def test_a_measurement_without_end_is_stopped() -> None:
    bed = Bedside().measures()
    for _ in range(91):
        bed.hears(spo2(), MEASURING)
        bed.waits(2.0)
    assert bed.codec.state is State.STOPPING
    assert "no end after 180 s" in failure(bed.hears(nibp(2))).reason


def test_an_abort_ends_with_the_board_s_word() -> None:
    bed = Bedside().measures()
    assert (bed.codec.abort(bed.now_s), bed.sent()) == ([], STOP)
    assert failure(bed.codec.measure(bed.now_s)).reason.startswith("another measurement")
    assert bed.hears(MEASURING) == []
    assert failure(bed.hears(nibp(2))).reason == "aborted"


def test_a_measurement_begun_otherwise_is_reported_once() -> None:
    bed = Bedside().streams()
    assert bed.hears(MEASURING) == [CuffState(CuffPhase.MEASURING, 140)]
    assert bed.hears(RESULT) == [Measurement(PRESSURES)]
    assert bed.hears(RESULT) == []


def test_a_link_that_ends_fails_what_was_under_way() -> None:
    assert Bedside().streams().codec.closed() == []
    assert failure(Bedside().measures().codec.closed()).reason.startswith("the link was lost")


def test_a_measurement_ends_from_every_state() -> None:
    assert {state for state, _ in TRANSITIONS} == set(State)
    assert (DRIVER.can_measure, DRIVER.gives_pressure, DRIVER.streams) == (True, True, True)
