"""The simulated GE monitor against its protocol page."""

import pytest

from simulators.devices import build
from simulators.faults import Fault
from simulators.line import SimulatedLine
from simulators.vitals import Vitals
from tests.simulators.devices import datex_s5_page as page
from tests.simulators.steady import Steady, steady

START = 1_767_225_600


def monitor(source: Steady | None = None) -> SimulatedLine:
    return build("datex-s5", source or steady(), seed=3)


def test_it_says_nothing_until_it_is_asked() -> None:
    line = monitor()
    assert (line.next_due_s, line.advance(60.0)) == (None, b"")


def test_the_manual_s_request_gives_all_classes_every_ten_seconds() -> None:
    line = monitor()
    assert line.receive(page.ASK_VALUES, 0.0) == b""
    stream = line.advance(30.0)
    assert [record[6:10] for record in page.records(stream)] == [
        (START + at_s).to_bytes(4, "little") for at_s in (10, 20, 30)
    ]
    assert [page.u16(data, 276) >> 8 for data in page.subrecords(stream, 0, 1)] == [0, 1, 2, 3] * 3
    line.receive(page.STOP_VALUES, 30.0)
    assert line.advance(100.0) == b""


def test_a_byte_of_a_request_that_is_damaged_makes_it_none() -> None:
    line = monitor()
    line.receive(page.ASK_VALUES.replace(b"\x0a", b"\x0b"), 0.0)
    assert line.next_due_s is None


def test_a_single_request_is_answered_once_in_five_seconds() -> None:
    line, once = monitor(), page.asking(0, "01 ff ff 00 00 00 00 00 00")
    answers = [line.receive(once, at_s) for at_s in (0.0, 4.0, 5.0)]
    assert [len(page.basic(answer)) for answer in answers] == [1, 0, 1]
    assert line.next_due_s is None


def test_denying_the_basic_class_and_too_short_an_interval_give_none() -> None:
    line = monitor()
    line.receive(page.asking(0, "01 04 00 00 00 00 00 00 00"), 0.0)
    assert line.next_due_s is None
    line.receive(page.asking(0, "01 05 00 01 00 00 00 00 00"), 0.0)
    assert page.subrecords(line.advance(20.0), 0, 1) == []


def test_a_value_is_where_the_page_says_and_in_its_unit() -> None:
    line = monitor()
    line.receive(page.ASK_BASIC, 0.0)
    [first, *_, last] = page.basic(line.advance(50.0))
    assert [page.i16(first, at) for at in (10, 18, 128, 130, 132, 134)] == [
        72, 14, 9700, 72, 600, -32767,
    ]  # fmt: skip
    assert [page.i16(last, at) for at in (82, 84, 86, 88)] == [11500, 7400, 8800, 72]


def test_the_cuff_measures_and_its_pressures_stay_until_the_next() -> None:
    line = monitor()
    line.receive(page.ASK_BASIC + page.ASK_TIME, 0.0)
    stream = line.advance(90.0)
    labels = [page.u16(data, 80) >> 5 & 1 for data in page.basic(stream)]
    assert labels == [1] * 7 + [0] * 4 + [1] * 7
    pressures = [page.value(data, 82, 100) for data in page.basic(stream)]
    assert pressures == [None] * 7 + [115.0] * 11
    ended = [time - START for time in page.cuff_times(stream) if time]
    assert {*ended} == {36}


def test_pressures_are_old_after_a_minute_without_new_ones() -> None:
    line = monitor()
    line.receive(page.ASK_BASIC, 0.0)
    line.inject_fault(Fault("cuff-leak", 50.0))
    old = [page.u16(data, 80) >> 8 & 1 for data in page.basic(line.advance(120.0))]
    assert (old[:18], old[-4:]) == ([0] * 18, [1] * 4)


def test_the_pleth_has_a_hundred_samples_a_second_and_a_gap_before_the_first() -> None:
    line = monitor()
    line.receive(page.ASK_PLETH, 0.0)
    stream = line.advance(10.0)
    assert len(page.pleth(stream)) == 1000
    assert [page.u16(data, 2) for data in page.subrecords(stream, 1, 8)] == [1] + [0] * 19
    assert max(page.pleth(stream)) > 100
    line.inject_fault(Fault("finger-off", 10.0))
    assert {*page.pleth(line.advance(20.0))} == {-32767}
    line.receive(page.asking(1, "01 00" + "00" * 30), 20.0)
    assert line.advance(30.0) == b""


def test_alarm_texts_come_at_once_and_whenever_they_change() -> None:
    line = monitor(Steady(Vitals(86, 72)))
    line.receive(page.ASK_BASIC, 0.0)
    assert page.alarms(line.receive(page.ASK_ALARMS, 0.0)) == [[("SpO2 niedrig", 2)]]
    line.inject_fault(Fault("cable-out", 20.0, 20.0))
    assert page.alarms(line.advance(60.0)) == [
        [("Kein SpO2-F\xfchler", 1)],
        [("SpO2 niedrig", 2)],
    ]
    line.receive(page.asking(4, "03 00" + "00" * 10), 60.0)
    line.inject_fault(Fault("asystole", 60.0))
    stream = line.advance(80.0)
    assert page.alarms(stream) == []
    assert [page.u16(data, 4) & 7 for data in page.basic(stream)] == [7] * 4


def test_a_sensor_that_is_unplugged_is_not_active() -> None:
    line = monitor()
    line.receive(page.ASK_BASIC, 0.0)
    line.inject_fault(Fault("cable-out", 0.0))
    [data] = page.basic(line.advance(5.0))
    assert (page.u16(data, 122), page.value(data, 128)) == (1, None)


def test_flags_inside_a_record_are_escaped() -> None:
    line = monitor(Steady(Vitals(97, 0x7E)))
    line.receive(page.ASK_BASIC, 0.0)
    stream = line.advance(5.0)
    assert stream.count(b"\x7e") == 2
    assert page.value(page.basic(stream)[0], 130) == 126


@pytest.mark.parametrize("undated", [False, True])
def test_the_time_of_the_pressures_may_be_unknown(undated: bool) -> None:
    line = monitor()
    line.receive(page.ASK_TIME, 0.0)
    if undated:
        line.inject_fault(Fault("pressure-undated", 0.0))
    assert (page.cuff_times(line.advance(60.0))[-1] == 0) is undated
