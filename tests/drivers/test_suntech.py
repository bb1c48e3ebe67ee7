"""The SunTech codec against its protocol page: frames, and the course of a measurement."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codec import CannotMeasure
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
from drivers.suntech import TRANSITIONS, Event, State, SunTechCodec, command
from tests.drivers.examples import Example
from tests.drivers.streams import bp_data, cuff_pressure, letter, split

START = bytes.fromhex("3A 20 A6")
START_PAEDIATRIC = bytes.fromhex("3A 87 3F")
START_NEONATE = bytes.fromhex("3A 28 9E")
GET_PRESSURE = bytes.fromhex("3A 79 05 00 48")
GET_DATA = bytes.fromhex("3A 79 03 00 4A")
ABORT = bytes.fromhex("3A 79 01 00 4C")
EXAMPLE = bytes.fromhex("3E1873004A001E0100000000000031 07 55 00 58 00 00 00 00 E9")

EXAMPLES = {
    "advantage": Example(
        frames=tuple(
            frame
            for n in range(12)
            for frame in (cuff_pressure(150 - n), cuff_pressure(62), letter("K"), bp_data(110 + n))
        ),
        missing=(bp_data(error=1), bp_data(status=0, error=87)),
        impossible=bp_data(systolic=270),
        options={"listen": True},
    )
}

GOOD = Measurement(
    (
        Reading(Vital.SYS, 115),
        Reading(Vital.DIA, 74),
        Reading(Vital.MAP, 88),
        Reading(Vital.PULSE, 85),
    )
)
INFLATING = CuffState(CuffPhase.MEASURING)


class Bedside:
    """A codec on a line, with time that passes when told."""

    def __init__(self, patient: str = "adult") -> None:
        self.codec = SunTechCodec(patient)
        self.now_s = 1000.0
        self.codec.opened(self.now_s)
        assert self.codec.data_to_send() == GET_PRESSURE
        self.codec.handle_deadline(self.now_s)

    def hears(self, *frames: bytes) -> list[Item]:
        items = self.codec.feed(b"".join(frames))
        if self.codec.deadline_s is not None:
            items += self.codec.handle_deadline(self.now_s)
        return items

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

    def measures(self) -> "Bedside":
        """Go as far as an accepted start."""
        self.codec.measure(self.now_s)
        assert self.sent().startswith(START[:1])
        assert self.hears(letter("O")) == [INFLATING]
        return self

    def fetches(self) -> "Bedside":
        """Go as far as the question for the result."""
        self.measures().hears(letter("K"))
        assert self.sent() == GET_DATA
        return self


def failure(items: list[Item]) -> MeasurementFailed:
    [item] = items
    assert isinstance(item, MeasurementFailed)
    return item


class TestFrames:
    @pytest.mark.parametrize(
        ("body", "frame"),
        [
            ((0x20,), "3A 20 A6"),
            ((0x79, 0x05, 0x00), "3A 79 05 00 48"),
            ((0x79, 0x03, 0x00), "3A 79 03 00 4A"),
            ((0x79, 0x01, 0x00), "3A 79 01 00 4C"),
            ((0x87,), "3A 87 3F"),
            ((0x28,), "3A 28 9E"),
            ((0x17, 0xA0, 0x00), "3A 17 A0 00 0F"),
        ],
    )
    def test_commands_are_as_on_the_page(self, body: tuple[int, ...], frame: str) -> None:
        assert command(*body) == bytes.fromhex(frame)

    def test_the_pages_cuff_pressure_is_258(self) -> None:
        bed = Bedside()
        assert bed.hears(bytes.fromhex("3E 05 02 01 BA")) == [CuffState(CuffPhase.IDLE, 258)]

    def test_the_pages_result_is_115_over_74(self) -> None:
        assert Bedside().fetches().hears(EXAMPLE) == [GOOD]

    @given(cuts=st.lists(st.integers(0, 1000)))
    def test_any_split_gives_the_same_items(self, cuts: list[int]) -> None:
        data = (
            b"\x3e\x07" + cuff_pressure(62) + b"\x00" + EXAMPLE + cuff_pressure(120) + letter("K")
        )
        whole, pieces = SunTechCodec(listen=True), SunTechCodec(listen=True)
        expected = whole.feed(data)
        assert [item for part in split(data, cuts) for item in pieces.feed(part)] == expected
        assert pieces.stats == whole.stats
        assert GOOD in expected

    @given(noise=st.binary(max_size=200))
    def test_noise_hides_at_most_the_frames_it_could_pass_for(self, noise: bytes) -> None:
        got = SunTechCodec(listen=True).feed(noise + cuff_pressure(90) * 6)
        assert got[-1] == CuffState(CuffPhase.MEASURING, 90)

    @pytest.mark.parametrize("position", range(24))
    def test_a_damaged_result_gives_nothing(self, position: int) -> None:
        data = bytearray(EXAMPLE)
        data[position] ^= 0x10
        codec = SunTechCodec(listen=True)
        assert GOOD not in codec.feed(bytes(data) + cuff_pressure(90) * 5)
        assert codec.stats.damaged.total() > 0

    @given(garbage=st.lists(st.binary(max_size=300), max_size=8))
    def test_any_bytes_are_survived_in_bounded_memory(self, garbage: list[bytes]) -> None:
        bed = Bedside()
        for piece in garbage:
            bed.hears(piece)
            assert len(bed.codec._buffer) < 24
            assert not bed.codec._events

    def test_frame_starts_alone_cost_one_look_each(self) -> None:
        codec = SunTechCodec()
        codec.feed(b"\x3e" * 5000)
        assert codec.stats.damaged == {"skipped-byte": 4999}

    def test_a_cuff_pressure_beyond_300_is_not_believed(self) -> None:
        bed = Bedside()
        assert bed.hears(cuff_pressure(301)) == [CuffState(CuffPhase.IDLE, None)]
        assert bed.codec.stats.rejected == {"cuff-out-of-range": 1}


class TestIdle:
    def test_the_cuff_pressure_is_asked_every_2_s(self) -> None:
        bed = Bedside()
        bed.waits(10)
        assert bed.sent() == GET_PRESSURE * 5

    @pytest.mark.parametrize("late", [*"KOBAENDST", "?"])
    def test_an_answer_that_nothing_asked_for_is_ignored(self, late: str) -> None:
        bed = Bedside()
        assert bed.hears(letter(late)) == []
        assert bed.codec.state is State.IDLE

    def test_a_result_that_nothing_asked_for_is_ignored(self) -> None:
        assert Bedside().hears(EXAMPLE) == []

    def test_abort_is_sent_even_so(self) -> None:
        bed = Bedside()
        assert bed.codec.abort(bed.now_s) == []
        assert bed.sent() == ABORT


class TestMeasurement:
    def test_from_start_to_values(self) -> None:
        bed = Bedside()
        assert bed.codec.measure(bed.now_s) == []
        assert bed.sent() == START
        assert bed.hears(letter("O")) == [INFLATING]
        assert bed.waits(1.0) == []
        assert bed.sent() == GET_PRESSURE * 2
        assert bed.hears(cuff_pressure(151)) == [CuffState(CuffPhase.MEASURING, 151)]
        assert bed.hears(letter("K")) == []
        assert bed.sent() == GET_DATA
        assert bed.hears(bp_data()) == [GOOD]
        assert bed.sent() == GET_PRESSURE
        assert bed.codec.state is State.IDLE

    @pytest.mark.parametrize(
        ("patient", "start", "limit_s"),
        [
            ("adult", START, 140),
            ("paediatric", START_PAEDIATRIC, 100),
            ("neonate", START_NEONATE, 85),
        ],
    )
    def test_each_patient_mode_has_its_start_and_its_limit(
        self, patient: str, start: bytes, limit_s: float
    ) -> None:
        bed = Bedside(patient)
        bed.codec.measure(bed.now_s)
        assert bed.sent() == start
        bed.hears(letter("O"))
        assert bed.waits(limit_s - 0.1) == []
        assert ABORT not in bed.sent()
        bed.waits(0.2)
        assert bed.sent().endswith(ABORT)
        reason = failure(bed.hears(letter("A"), letter("K"))).reason
        assert f"{limit_s} s" in reason

    def test_a_second_request_while_measuring_starts_nothing(self) -> None:
        bed = Bedside().measures()
        assert bed.codec.measure(bed.now_s) == []
        assert bed.sent() == b""

    def test_a_repeated_end_asks_for_the_result_once(self) -> None:
        bed = Bedside().measures()
        bed.hears(letter("K"), letter("K"))
        assert bed.sent() == GET_DATA

    def test_a_repeated_result_is_reported_once(self) -> None:
        bed = Bedside().fetches()
        assert bed.hears(bp_data(), bp_data()) == [GOOD]

    def test_a_garbled_poll_does_not_end_a_measurement(self) -> None:
        bed = Bedside().measures()
        assert bed.hears(letter("D"), letter("N"), letter("T"), letter("B")) == []
        assert bed.codec.state is State.MEASURING

    def test_an_error_while_measuring_is_asked_about(self) -> None:
        bed = Bedside().measures()
        bed.hears(letter("E"))
        assert bed.sent() == GET_DATA

    def test_an_unanswered_result_is_asked_for_4_times(self) -> None:
        bed = Bedside().fetches()
        items = bed.waits(4)
        assert bed.sent() == GET_DATA * 3 + GET_PRESSURE
        assert "does not answer" in failure(items).reason

    def test_the_end_of_a_past_measurement_does_not_end_a_new_one(self) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        bed.hears(letter("K"))
        assert bed.codec.state is State.STARTING


class TestBusy:
    def test_a_busy_module_is_asked_again_after_1_s(self) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        bed.sent()
        assert bed.hears(letter("B")) == []
        bed.waits(0.9)
        assert bed.sent() == b""
        bed.waits(0.2)
        assert bed.sent() == START
        assert bed.hears(letter("O")) == [INFLATING]

    def test_busy_for_30_s_is_a_failure(self) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        items: list[Item] = []
        for _ in range(31):
            items += bed.hears(letter("B")) + bed.waits(1)
        assert "busy" in failure(items).reason

    def test_a_start_without_an_answer_is_repeated_and_busy_then_means_measuring(self) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        bed.waits(2)
        assert bed.sent() == START * 2
        assert bed.hears(letter("B")) == [INFLATING]

    def test_a_module_that_never_answers_is_a_failure(self) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        assert "does not answer" in failure(bed.waits(12)).reason

    @pytest.mark.parametrize("refusal", "ENDST")
    def test_a_refused_start_is_a_failure_with_a_reason(self, refusal: str) -> None:
        bed = Bedside()
        bed.codec.measure(bed.now_s)
        assert failure(bed.hears(letter(refusal))).reason.startswith("the module")
        assert bed.codec.state is State.IDLE


class TestAbort:
    def test_a_then_k_ends_in_one_failure(self) -> None:
        bed = Bedside().measures()
        assert bed.codec.abort(bed.now_s) == []
        assert bed.sent() == ABORT
        assert bed.hears(letter("A")) == []
        failed = failure(bed.hears(letter("K")))
        assert (failed.code, failed.reason) == (86, "aborted")
        assert bed.codec.state is State.IDLE

    def test_a_alone_ends_it_too(self) -> None:
        bed = Bedside().measures()
        bed.codec.abort(bed.now_s)
        bed.hears(letter("A"))
        assert failure(bed.waits(2)).code == 86

    def test_an_unanswered_abort_is_repeated(self) -> None:
        bed = Bedside().measures()
        bed.codec.abort(bed.now_s)
        items = bed.waits(4)
        assert bed.sent() == ABORT * 4 + GET_PRESSURE
        assert "does not answer" in failure(items).reason

    def test_a_request_meanwhile_is_refused_at_once(self) -> None:
        bed = Bedside().measures()
        bed.codec.abort(bed.now_s)
        assert "ask again" in failure(bed.codec.measure(bed.now_s)).reason


class TestResult:
    @pytest.mark.parametrize("status", [0, 2, 255])
    def test_an_old_reading_gives_no_values(self, status: int) -> None:
        failed = failure(Bedside().fetches().hears(bp_data(status=status)))
        assert (failed.flag, failed.code) == (Flag.MEASUREMENT_FAILED, None)

    @pytest.mark.parametrize(
        ("error", "flag"),
        [
            (1, Flag.MEASUREMENT_FAILED),
            (2, Flag.ARTEFACT),
            (3, Flag.MEASUREMENT_FAILED),
            (4, Flag.MEASUREMENT_FAILED),
            (85, Flag.MEASUREMENT_FAILED),
            (86, Flag.MEASUREMENT_FAILED),
            (87, Flag.CUFF_LEAK),
            (88, Flag.MEASUREMENT_FAILED),
            (89, Flag.MEASUREMENT_FAILED),
            (97, Flag.DEVICE_FAULT),
            (99, Flag.DEVICE_FAULT),
            (50, Flag.MEASUREMENT_FAILED),
        ],
    )
    def test_an_error_gives_no_values_whatever_the_fields_hold(
        self, error: int, flag: Flag
    ) -> None:
        failed = failure(Bedside().fetches().hears(bp_data(error=error)))
        assert (failed.flag, failed.code) == (flag, error)
        assert failed.reason

    def test_a_diastolic_above_the_systolic_rejects_the_pressures(self) -> None:
        [item] = Bedside().fetches().hears(bp_data(systolic=80, diastolic=120, mean=100))
        assert isinstance(item, Measurement)
        assert {r.vital: r.quality for r in item.readings} == {
            Vital.SYS: Quality.REJECTED,
            Vital.DIA: Quality.REJECTED,
            Vital.MAP: Quality.REJECTED,
            Vital.PULSE: Quality.GOOD,
        }

    def test_a_value_outside_the_modules_range_is_rejected_alone(self) -> None:
        bed = Bedside().fetches()
        [item] = bed.hears(bp_data(pulse=0))
        assert isinstance(item, Measurement)
        assert [r.vital for r in item.readings if not r.usable] == [Vital.PULSE]
        assert bed.codec.stats.rejected == {"pulse-out-of-range": 1}


class TestLink:
    def test_a_link_lost_while_measuring_fails_the_measurement(self) -> None:
        assert "link was lost" in failure(Bedside().measures().codec.closed()).reason

    def test_a_link_lost_while_idle_fails_nothing(self) -> None:
        assert Bedside().codec.closed() == []

    def test_after_a_reconnect_the_cuff_is_idle_and_asked(self) -> None:
        bed = Bedside().measures()
        bed.codec.closed()
        bed.codec.opened(bed.now_s)
        assert bed.sent() == GET_PRESSURE
        assert bed.hears(letter("K")) == []


class TestListening:
    def test_it_sends_nothing(self) -> None:
        codec = SunTechCodec(listen=True)
        codec.opened(0.0)
        assert (codec.data_to_send(), codec.deadline_s) == (b"", None)

    def test_it_cannot_measure(self) -> None:
        with pytest.raises(CannotMeasure, match="listen"):
            SunTechCodec(listen=True).measure(0.0)

    def test_an_old_result_is_no_news(self) -> None:
        assert SunTechCodec(listen=True).feed(bp_data(status=0)) == []


@given(
    letters=st.lists(
        st.sampled_from([*"KOBAENDST", "pressure", "data", "wait", "measure", "abort"])
    )
)
def test_every_request_ends_whatever_the_module_says(letters: list[str]) -> None:
    bed = Bedside()
    bed.codec.measure(bed.now_s)
    items: list[Item] = []
    for name in letters:
        match name:
            case "wait":
                items += bed.waits(0.7)
            case "measure":
                items += bed.codec.measure(bed.now_s)
            case "abort":
                items += bed.codec.abort(bed.now_s)
            case "pressure":
                items += bed.hears(cuff_pressure(100))
            case "data":
                items += bed.hears(bp_data())
            case _:
                items += bed.hears(letter(name))
    items += bed.waits(200)
    assert bed.codec.state is State.IDLE
    assert any(isinstance(item, Measurement | MeasurementFailed) for item in items)


def test_every_state_but_idle_is_left_by_waiting_or_by_a_limit() -> None:
    for state in set(State) - {State.IDLE}:
        assert {(state, Event.POLL_DUE), (state, Event.TIMEOUT)} & set(TRANSITIONS)
