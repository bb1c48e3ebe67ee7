"""The UN300C codec against its protocol page: frames, and the course of a measurement."""

import pytest

from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
)
from drivers.un300c import DRIVER, TRANSITIONS, State, UN300CCodec
from tests.drivers.examples import Example

START, MANUAL, GET = b"\x0201;;D7\x03", b"\x0203;;D9\x03", b"\x0218;;DF\x03"
ABORT = b"\x02X\x03"
END = b"\x02999\x03\r"


def cuff(mmhg: int, c: int = 0, s: int = 3) -> bytes:
    return f"\x02{mmhg:03d}C{c}S{s}\x03\r".encode("ascii")


def result(
    state: int = 1, message: int = 0, p: str = "120078090", r: str = "060", t: str = "    "
) -> bytes:
    line = f"S{state};A0;C00;M{message:02d};P{p};R{r};T{t};;".encode("ascii")
    return b"\x02%b%02X\x03\r" % (line, sum(line) % 256)


PAGE_ERROR = b"\x02S2;A0;C00;M07;P120078090;R060;T    ;;FC\x03\r"
"""The page's own line: a leak, with the pressure before it."""


def as_board(frame: bytes) -> bytes:
    return frame.replace(b"\x02", b"\xfd").replace(b"\x03", b"\xfe")


def example(dialect: str) -> Example:
    frames = tuple(
        frame
        for n in range(12)
        for frame in (cuff(120), cuff(80), cuff(60), END, result(p=f"{110 + n}078090"))
    )
    missing = (
        cuff(120) * 3 + END + PAGE_ERROR,
        cuff(120) * 3 + END + result(p="---------", r="---"),
    )
    impossible = cuff(120) * 3 + END + result(p="271078090")
    if dialect == "spo2-board":
        frames = tuple(map(as_board, frames))
        missing = (as_board(missing[0]), as_board(missing[1]))
        impossible = as_board(impossible)
    return Example(frames=frames, missing=missing, impossible=impossible)


EXAMPLES = {dialect.name: example(dialect.name) for dialect in DRIVER.dialects}

GOOD = Measurement(
    (
        Reading(Vital.SYS, 120),
        Reading(Vital.DIA, 78),
        Reading(Vital.MAP, 90),
        Reading(Vital.PULSE, 60),
    )
)
IDLE, MEASURING = CuffState(CuffPhase.IDLE), CuffState(CuffPhase.MEASURING)


class Bedside:
    """A codec on a line, with time that passes when told."""

    def __init__(self, dialect: str = "nibp") -> None:
        made = next(each for each in DRIVER.dialects if each.name == dialect).make({})
        assert isinstance(made, UN300CCodec)
        self.codec, self.now_s = made, 1000.0
        self.codec.opened(self.now_s)
        self.codec.handle_deadline(self.now_s)

    def hears(self, *frames: bytes) -> list[Item]:
        items = self.codec.feed(b"".join(frames))
        return items + self.codec.handle_deadline(self.now_s)

    def waits(self, seconds: float) -> list[Item]:
        """Let time pass as its owner does: from one due moment to the next."""
        end, items = self.now_s + seconds, []
        while self.codec.deadline_s is not None and self.codec.deadline_s <= end:
            self.now_s = self.codec.deadline_s
            items += self.codec.handle_deadline(self.now_s)
        self.now_s = end
        return items

    def sent(self) -> bytes:
        return self.codec.data_to_send()

    def answers(self) -> "Bedside":
        """The module has answered once, so that it is known."""
        assert self.hears(result()) == [IDLE]
        self.sent()
        return self

    def starts(self) -> "Bedside":
        self.answers()
        assert self.codec.measure(self.now_s) == []
        assert (self.sent(), self.codec.state) == (START, State.STARTING)
        return self

    def measures(self) -> "Bedside":
        self.starts()
        assert self.hears(cuff(12)) == [CuffState(CuffPhase.MEASURING, 12)]
        return self

    def fetches(self) -> "Bedside":
        self.measures()
        assert (self.hears(END), self.sent()) == ([], GET)
        return self


def failure(items: list[Item]) -> MeasurementFailed:
    [item] = items
    assert isinstance(item, MeasurementFailed)
    return item


# ── frames ──────────────────────────────────────────────────────────────────────────────


def test_a_link_begins_with_manual_mode_and_a_question() -> None:
    assert Bedside().sent() == MANUAL + GET
    assert Bedside("spo2-board").sent() == as_board(MANUAL + GET)


def test_one_result_is_enough_and_of_the_stream_three_are_wanted() -> None:
    bed = Bedside()
    assert (bed.hears(cuff(10) + cuff(11)), bed.codec.stats.frames) == ([], 0)
    assert bed.hears(cuff(12)) == [CuffState(CuffPhase.MEASURING, 12)]
    assert Bedside().hears(result()) == [IDLE]


@pytest.mark.parametrize(
    "damaged",
    [
        result()[:-4] + b"0\x03\r",
        result().replace(b"120", b"121"),
        cuff(120).replace(b"C", b"c"),
        b"\x0212C0S3\x03\r",
        b"\x02998\x03\r",
    ],
)
def test_a_damaged_frame_gives_nothing_and_costs_no_other(damaged: bytes) -> None:
    bed = Bedside().answers()
    assert bed.hears(damaged) == []
    assert bed.codec.stats.damaged == {"bad-frame": 1}
    assert bed.hears(cuff(120)) == [CuffState(CuffPhase.MEASURING, 120)]


def test_a_cuff_pressure_that_cannot_be_is_not_shown() -> None:
    assert Bedside().answers().hears(cuff(321)) == [MEASURING]


# ── a measurement ───────────────────────────────────────────────────────────────────────


def test_a_measurement_from_its_start_to_its_values() -> None:
    bed = Bedside().fetches()
    assert bed.hears(result()) == [GOOD]
    assert bed.codec.state is State.IDLE


@pytest.mark.parametrize("message", [0, 3])
@pytest.mark.parametrize("state", [1, 6])
def test_a_result_without_an_error(state: int, message: int) -> None:
    assert Bedside().fetches().hears(result(state, message, t="0120")) == [GOOD]


def test_an_error_never_gives_the_pressure_that_it_carries() -> None:
    got = failure(Bedside().fetches().hears(PAGE_ERROR))
    assert (got.flag, got.code) == (Flag.CUFF_LEAK, 7)


@pytest.mark.parametrize(
    ("message", "flag"),
    [
        (2, Flag.MEASUREMENT_FAILED),
        (6, Flag.CUFF_LEAK),
        (7, Flag.CUFF_LEAK),
        (8, Flag.MEASUREMENT_FAILED),
        (9, Flag.MEASUREMENT_FAILED),
        (10, Flag.MEASUREMENT_FAILED),
        (11, Flag.ARTEFACT),
        (12, Flag.MEASUREMENT_FAILED),
        (13, Flag.ARTEFACT),
        (14, Flag.CUFF_LEAK),
        (15, Flag.DEVICE_FAULT),
        (77, Flag.MEASUREMENT_FAILED),
    ],
)
@pytest.mark.parametrize("state", [1, 2])
def test_a_message_is_a_failure_whatever_the_state(state: int, message: int, flag: Flag) -> None:
    got = failure(Bedside().fetches().hears(result(state, message)))
    assert (got.flag, got.code) == (flag, message)


@pytest.mark.parametrize("message", [0, 3])
def test_an_error_state_is_a_failure_whatever_the_message(message: int) -> None:
    assert failure(Bedside().fetches().hears(result(2, message))).code == message


@pytest.mark.parametrize("state", [0, 3, 4, 5, 7])
def test_a_state_in_which_it_works_is_no_result(state: int) -> None:
    bed = Bedside().fetches()
    assert bed.hears(result(state)) == [MEASURING]
    assert bed.codec.state is State.MEASURING


def test_a_missing_value_stays_missing() -> None:
    [item] = Bedside().fetches().hears(result(p="120078---", r="---"))
    assert isinstance(item, Measurement)
    assert [reading.value for reading in item.readings] == [120, 78, None, None]


@pytest.mark.parametrize("pressures", ["078120090", "000080090"])
def test_a_pressure_upside_down_is_rejected(pressures: str) -> None:
    [item] = Bedside().fetches().hears(result(p=pressures))
    assert isinstance(item, Measurement)
    assert {reading.quality for reading in item.readings} == {Quality.REJECTED}


@pytest.mark.parametrize(
    ("code", "reason"), [(1, "neonatal cuff in adult mode"), (2, "adult cuff in neonatal mode")]
)
def test_values_taken_with_the_wrong_cuff_are_poor(code: int, reason: str) -> None:
    bed = Bedside().starts()
    bed.hears(cuff(50, c=code))
    bed.hears(END)
    [item] = bed.hears(result())
    assert isinstance(item, Measurement)
    assert {(r.quality, r.reason) for r in item.readings} == {(Quality.POOR, reason)}


def test_the_answer_to_an_earlier_question_is_no_result_of_a_start() -> None:
    bed = Bedside().starts()
    assert bed.hears(result()) == []
    assert bed.codec.state is State.STARTING


def test_a_start_that_brings_nothing_is_repeated_and_then_fails() -> None:
    bed = Bedside().starts()
    assert (bed.waits(3.0), bed.sent()) == ([], START + GET)
    got = failure(bed.waits(9.0))
    assert got.reason == "the module does not answer: check its cable and power"


def test_a_start_that_ends_at_once_in_an_error_says_which() -> None:
    bed = Bedside().starts()
    bed.hears(result(2, 6))
    assert failure(bed.waits(12.0)).code == 6


def test_a_lost_999_is_made_good_by_asking() -> None:
    bed = Bedside().measures()
    assert (bed.waits(3.0), bed.sent()) == ([], GET)
    assert bed.hears(result()) == [GOOD]


def test_a_measurement_without_end_is_aborted() -> None:
    bed = Bedside().measures()
    for _ in range(90):
        bed.hears(cuff(100))
        bed.waits(2.0)
    assert bed.codec.state is State.ABORTING
    assert bed.sent().endswith(ABORT)
    assert "no end after 180 s" in failure(bed.hears(END)).reason


def test_an_abort_ends_with_the_module_s_next_word() -> None:
    bed = Bedside().measures()
    assert (bed.codec.abort(bed.now_s), bed.sent()) == ([], ABORT)
    assert failure(bed.codec.measure(bed.now_s)).reason.startswith("another measurement")
    assert (bed.hears(cuff(80)), bed.waits(1.0), bed.sent()) == ([], [], ABORT + GET)
    assert failure(bed.hears(result())).reason == "aborted"


def test_a_measurement_begun_at_the_module_is_reported_once() -> None:
    bed = Bedside().answers()
    assert bed.hears(cuff(10)) == [CuffState(CuffPhase.MEASURING, 10)]
    bed.hears(END)
    assert bed.hears(result()) == [GOOD]
    assert bed.hears(result()) == [IDLE]


def test_in_idle_it_is_asked_every_two_seconds_and_an_old_result_is_none() -> None:
    bed = Bedside().answers()
    assert (bed.waits(2.0), bed.sent()) == ([], GET)
    assert bed.hears(PAGE_ERROR) == [IDLE]


def test_a_link_that_ends_fails_what_was_under_way() -> None:
    assert Bedside().codec.closed() == []
    assert failure(Bedside().measures().codec.closed()).reason.startswith("the link was lost")


def test_a_measurement_ends_from_every_state() -> None:
    ending = {state for state, _ in TRANSITIONS.values()}
    assert {state for state, _ in TRANSITIONS} == set(State) == ending
