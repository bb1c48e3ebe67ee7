"""What every driver keeps to, in each of its dialects: rules that a new one is held to by itself.

The bytes come from `EXAMPLES` in the driver's own test module.
"""

import gc
import random
import re
import sys
from types import BuiltinFunctionType, FunctionType, ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.codec import Codec
from drivers.dialects import AnyDialect
from drivers.driver import Driver
from drivers.readings import (
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from drivers.registry import DRIVERS
from tests.drivers.examples import Case, cases, opened
from tests.drivers.streams import split

each = pytest.mark.parametrize("case", cases(), ids=str)
drivers = pytest.mark.parametrize("driver", DRIVERS.values(), ids=DRIVERS)

BAUDS = {1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200, 230400}
REPORTS_PER_S = 3.1
MILLION = 1_000_000


def fed(codec: Codec, *pieces: bytes) -> list[Item]:
    return [item for piece in pieces for item in codec.feed(piece)]


def heard(case: Case, data: bytes) -> list[Item]:
    return fed(opened(case), data)


def measurements(items: list[Item]) -> list[Measurement]:
    return [item for item in items if isinstance(item, Measurement)]


def readings(items: list[Item]) -> list[Reading]:
    return [reading for item in measurements(items) for reading in item.readings]


def values(items: list[Item]) -> list[dict[Vital, float | None]]:
    return [{r.vital: r.value for r in item.readings} for item in measurements(items)]


class TestDeclaration:
    @drivers
    def test_every_vital_goes_stale_after_the_device_goes_silent(self, driver: Driver) -> None:
        assert driver.stale_after_s.keys() == driver.vitals
        assert min(driver.stale_after_s.values()) > driver.silent_after_s > 0

    @drivers
    def test_every_range_holds_values(self, driver: Driver) -> None:
        for values_ in driver.ranges.values():
            assert 0 <= values_.least < values_.most

    @drivers
    def test_no_two_dialects_have_one_name(self, driver: Driver) -> None:
        names = [dialect.name for dialect in driver.dialects]
        assert names
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", name) for name in names)

    @drivers
    def test_every_option_has_a_default_and_no_value_twice(self, driver: Driver) -> None:
        for allowed in driver.options.values():
            assert allowed
            assert len(set(allowed)) == len(allowed)

    @each
    def test_its_line_can_be_set_on_any_adapter(self, case: Case) -> None:
        line = case.dialect.line
        assert line.baud in BAUDS
        assert (line.data_bits in {7, 8}, line.stop_bits in {1, 2}) == (True, True)
        assert line.parity in {"N", "E", "O"}

    @each
    def test_its_line_carries_the_example_in_its_time(self, case: Case) -> None:
        lasts_s = case.example.lasts_s
        assert lasts_s is None or len(case.example.stream) < case.dialect.line.bytes_per_s * lasts_s

    @drivers
    def test_it_has_a_pleth_where_it_says_so(self, driver: Driver) -> None:
        """In one of its dialects at least."""
        streams = [heard(c, c.example.stream) for c in cases() if c.driver is driver]
        waves = {i.name for items in streams for i in items if isinstance(i, Waveform)}
        assert ("pleth" in waves) is driver.has_pleth


class TestHealthy:
    @each
    def test_the_example_gives_every_vital_it_can_and_none_it_did_not_declare(
        self, case: Case
    ) -> None:
        got = readings(heard(case, case.example.stream))
        assert len(measurements(heard(case, case.example.stream))) >= 5
        assert {r.vital for r in got} <= case.driver.vitals
        assert {r.quality for r in got} == {Quality.GOOD}
        assert all(r.usable for r in got)

    @each
    def test_no_flag_is_raised_that_was_not_declared(self, case: Case) -> None:
        for stream in (case.example.stream, *case.example.missing):
            for item in heard(case, stream):
                if isinstance(item, Measurement):
                    assert item.flags <= case.driver.flags
                if isinstance(item, MeasurementFailed):
                    assert item.flag in case.driver.flags

    @each
    def test_it_reports_about_three_times_a_second_at_most(self, case: Case) -> None:
        lasts_s, got = case.example.lasts_s, measurements(heard(case, case.example.stream))
        assert lasts_s is None or 1 < len(got) <= REPORTS_PER_S * lasts_s

    @each
    def test_good_frames_are_counted_as_they_come(self, case: Case) -> None:
        codec = opened(case)
        half = len(case.example.frames) // 2
        fed(codec, *case.example.frames[:half])
        so_far = codec.stats.frames
        fed(codec, *case.example.frames[half:])
        assert 0 < so_far < codec.stats.frames <= len(case.example.frames)

    @each
    @given(cuts=st.lists(st.integers(0, 100_000)))
    def test_any_split_gives_the_same_items(self, case: Case, cuts: list[int]) -> None:
        stream = b"\x00" + case.example.stream
        whole, pieces = opened(case), opened(case)
        assert fed(pieces, *split(stream, cuts)) == fed(whole, stream)
        assert pieces.stats == whole.stats

    @each
    def test_bytes_one_by_one_give_the_same_items(self, case: Case) -> None:
        stream = case.example.stream
        assert fed(opened(case), *(bytes([byte]) for byte in stream)) == heard(case, stream)

    @each
    def test_a_new_link_begins_anew(self, case: Case) -> None:
        codec = opened(case)
        fed(codec, *case.example.frames[:-1], case.example.frames[-1][:2])
        codec.closed()
        codec.opened(10.0)
        assert values(codec.feed(case.example.stream)) == values(heard(case, case.example.stream))

    @each
    def test_it_is_found_out_when_no_dialect_is_given(self, case: Case) -> None:
        codec = AnyDialect(case.driver.dialects, case.driver.whole(case.example.options))
        while codec.line != case.dialect.line:
            assert codec.try_next_line()
        codec.opened(0.0)
        assert values(codec.feed(case.example.stream)) == values(heard(case, case.example.stream))
        assert codec.dialect == case.dialect.name


class TestRecognition:
    @each
    def test_no_other_driver_takes_its_bytes_for_its_own(self, case: Case) -> None:
        for other in cases():
            if other.driver is not case.driver:
                codec = opened(other)
                codec.feed(case.example.stream)
                assert codec.stats.frames == 0, other


class TestValues:
    @each
    def test_missing_comes_out_as_missing(self, case: Case) -> None:
        for stream in case.example.missing:
            items = heard(case, stream)
            assert any(isinstance(item, Measurement | MeasurementFailed) for item in items)
            assert {reading.value for reading in readings(items)} <= {None}

    @each
    def test_what_it_cannot_print_is_kept_rejected_and_counted(self, case: Case) -> None:
        if case.example.impossible is None:
            assert readings(heard(case, case.example.stream))
            return
        codec = opened(case)
        got = readings(codec.feed(case.example.impossible))
        refused = [r for r in got if r.value is not None and r.quality is Quality.REJECTED]
        assert codec.stats.rejected.total() >= len(refused) > 0
        assert all(r.reason for r in refused)

    @each
    @given(noise=st.binary(max_size=2000), at=st.integers(0, 100_000))
    def test_a_value_is_within_its_range_or_rejected(
        self, case: Case, noise: bytes, at: int
    ) -> None:
        stream = case.example.stream
        at %= len(stream)
        for reading in readings(heard(case, stream[:at] + noise + stream[at:])):
            in_range = reading.value is None or reading.value in case.driver.ranges[reading.vital]
            assert in_range or reading.quality is Quality.REJECTED


class TestDamage:
    @each
    @given(
        frame=st.integers(0, 10_000),
        at=st.integers(0, 10_000),
        change=st.integers(1, 255),
        how=st.sampled_from(["changed", "lost", "added"]),
    )
    def test_a_damaged_frame_costs_one_report_at_most_and_makes_no_value(
        self, case: Case, frame: int, at: int, change: int, how: str
    ) -> None:
        frames = [bytearray(one) for one in case.example.frames]
        broken = frames[len(frames) // 4 + frame % (len(frames) // 2)]
        at %= len(broken)
        if how == "changed":
            broken[at] ^= change
        elif how == "lost":
            del broken[at]
        else:
            broken.insert(at, change)
        whole = values(heard(case, case.example.stream))
        got = values(heard(case, b"".join(frames)))
        assert len(whole) - 1 <= len(got) <= len(whole)
        wrong = [one for one in got if not any(one.items() <= good.items() for good in whole)]
        assert len(wrong) <= (how == "changed" and not case.example.is_checked)

    @each
    def test_half_a_frame_costs_one_report_at_most(self, case: Case) -> None:
        frames = case.example.frames
        middle = len(frames) // 2
        cut = b"".join(frames[:middle]) + frames[middle][:-1] + b"".join(frames[middle + 1 :])
        assert (
            len(measurements(heard(case, cut)))
            >= len(measurements(heard(case, b"".join(frames)))) - 1
        )

    @each
    @given(pieces=st.lists(st.binary(max_size=600), max_size=12))
    def test_no_bytes_at_any_time_raise_anything(self, case: Case, pieces: list[bytes]) -> None:
        codec, now_s = opened(case), 0.0
        for piece in pieces:
            now_s += 0.7
            codec.feed(piece)
            if codec.deadline_s is not None:
                codec.handle_deadline(now_s)
            codec.data_to_send()
        codec.closed()

    @each
    def test_the_example_is_heard_after_any_noise(self, case: Case) -> None:
        codec = opened(case)
        codec.feed(random.Random(3).randbytes(5_000))
        got = values(codec.feed(case.example.stream))
        assert got[-1] == values(heard(case, case.example.stream))[-1]


def footprint(root: object) -> int:
    """The bytes of everything that `root` holds."""
    total, seen, todo = 0, set[int](), [root]
    while todo:
        held = todo.pop()
        code = ModuleType | type | FunctionType | BuiltinFunctionType
        if id(held) not in seen and not isinstance(held, code):
            seen.add(id(held))
            total += sys.getsizeof(held)
            todo += gc.get_referents(held)
    return total


def calls(codec: Codec, data: bytes) -> int:
    """How many calls, ours and the interpreter's, `codec` makes over `data`."""
    count = 0

    def seen(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in {"call", "c_call"}

    sys.setprofile(seen)
    try:
        codec.feed(data)
    finally:
        sys.setprofile(None)
    return count


class TestBounds:
    @each
    def test_a_million_random_bytes_leave_nothing_behind(self, case: Case) -> None:
        rng, codec = random.Random(4), opened(case)
        codec.feed(rng.randbytes(10_000))
        codec.data_to_send()
        before = footprint(codec)
        for _ in range(MILLION // 10_000):
            codec.feed(rng.randbytes(10_000))
            codec.data_to_send()
        assert footprint(codec) < before + 4096

    @each
    @pytest.mark.parametrize("byte", [None, 0x00, 0x01, 0x3E, 0x81, 0xFF])
    def test_work_grows_with_the_bytes_and_no_faster(self, case: Case, byte: int | None) -> None:
        rng = random.Random(5)
        data = bytes(
            rng.randrange(256) if byte is None or rng.random() < 0.5 else byte
            for _ in range(64_000)
        )
        little, much = calls(opened(case), data[:16_000]), calls(opened(case), data)
        assert much <= 4.5 * little + 100
        assert much <= 8 * len(data)

    @each
    def test_pieces_cost_no_more_than_their_number(self, case: Case) -> None:
        data = random.Random(6).randbytes(16_000)
        codec = opened(case)
        whole = calls(opened(case), data)
        little_by_little = sum(calls(codec, data[at : at + 16]) for at in range(0, 16_000, 16))
        assert little_by_little <= whole + 60 * 1000


def test_a_waveform_is_as_long_as_its_time() -> None:
    for case in cases():
        waves = [i for i in heard(case, case.example.stream) if isinstance(i, Waveform)]
        if waves and case.example.lasts_s is not None:
            samples = sum(len(wave.samples) for wave in waves)
            assert samples / waves[0].rate_hz == pytest.approx(case.example.lasts_s, rel=0.15)
