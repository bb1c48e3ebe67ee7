"""A device whose values stand still beside a flat waveform is not believed."""

import math
from collections.abc import Iterable

import pytest

from drivers.frozen import FrozenWatch
from drivers.readings import Flag, Measurement, Quality, Reading, Vital, Waveform

FLAT = (31,) * 25
BEATS = tuple(round(100 + 50 * math.sin(n)) for n in range(25))


def measurement(spo2: float | None = 97, pulse: float | None = 72) -> Measurement:
    return Measurement((Reading(Vital.SPO2, spo2), Reading(Vital.PULSE, pulse)))


def seen(
    watch: FrozenWatch,
    for_s: float,
    wave: Iterable[int] = FLAT,
    item: Measurement | None = None,
) -> list[Measurement]:
    """What comes of `item`, three times a second beside so much of a wave."""
    out = []
    for _ in range(round(for_s * 3)):
        taken = watch.take(measurement() if item is None else item)
        assert isinstance(taken, Measurement)
        out.append(taken)
        watch.take(Waveform("pleth", 75.0, tuple(wave)))
    return out


def is_believed(item: Measurement) -> bool:
    usable = {reading.usable for reading in item.readings}
    assert usable == {Flag.FROZEN not in item.flags}
    return usable == {True}


def frozen() -> FrozenWatch:
    watch = FrozenWatch()
    seen(watch, 31)
    assert not is_believed(seen(watch, 1)[0])
    return watch


def test_values_are_rejected_once_they_and_the_wave_have_stood_still_for_30_s() -> None:
    watch = FrozenWatch()
    seen(watch, 5, BEATS)
    believed = [is_believed(item) for item in seen(watch, 40)]
    assert 29.5 <= believed.index(False) / 3 <= 31
    assert not any(believed[believed.index(False) :])
    (spo2, _) = seen(watch, 1)[0].readings
    assert (spo2.value, spo2.quality) == (97, Quality.REJECTED)
    assert spo2.reason == "does not move, and its waveform is flat"


@pytest.mark.parametrize(
    ("wave", "pulse_moves"), [(BEATS, False), (FLAT, True)], ids=["wave", "values"]
)
def test_a_wave_or_values_that_move_are_believed(wave: Iterable[int], pulse_moves: bool) -> None:
    watch = FrozenWatch()
    for turn in range(10):
        item = measurement(pulse=72 + turn % 2 * pulse_moves)
        assert all(map(is_believed, seen(watch, 20, wave, item)))


def test_one_unit_up_and_down_is_no_pulse_and_two_are() -> None:
    for top, expected in ((32, False), (33, True)):
        watch = FrozenWatch()
        seen(watch, 40, (31, top) * 12)
        assert is_believed(seen(watch, 1)[0]) is expected


def test_a_spike_in_a_flat_wave_does_not_make_the_values_true() -> None:
    watch = frozen()
    seen(watch, 1 / 3, (*FLAT[1:], 200))
    assert not any(map(is_believed, seen(watch, 20)))


def test_changed_values_beside_a_flat_wave_are_no_more_true() -> None:
    watch = frozen()
    assert not any(map(is_believed, seen(watch, 10, FLAT, measurement(99, 80))))


def test_they_are_believed_once_the_wave_has_moved_for_3_s() -> None:
    believed = [is_believed(item) for item in seen(frozen(), 10, BEATS)]
    assert 2.5 <= believed.index(True) / 3 <= 3.5
    assert all(believed[believed.index(True) :])


def test_a_device_that_says_it_has_no_values_tells_the_truth_and_is_believed_when_it_has() -> None:
    watch = FrozenWatch()
    none = seen(watch, 60, FLAT, measurement(None, None))
    assert not any(item.flags for item in none)
    assert is_believed(seen(watch, 1)[0])
    watch = frozen()
    assert not seen(watch, 1, FLAT, measurement(None, None))[0].flags
    assert is_believed(seen(watch, 1)[0])


def test_without_a_pleth_nobody_can_know() -> None:
    watch = FrozenWatch()
    for _ in range(3600):
        watch.take(Waveform("resp", 25.0, FLAT))
        taken = watch.take(measurement())
    assert taken == measurement()


def test_what_was_rejected_already_keeps_its_reason() -> None:
    off = Reading(Vital.SPO2, 97, Quality.REJECTED, "no finger")
    watch = frozen()
    (spo2, pulse) = seen(watch, 1, FLAT, Measurement((off, Reading(Vital.PULSE, 72))))[0].readings
    assert (spo2.reason, pulse.quality) == ("no finger", Quality.REJECTED)
    only = Measurement((off, Reading(Vital.PULSE, None)), frozenset({Flag.SENSOR_OFF}))
    assert watch.take(only) == only
