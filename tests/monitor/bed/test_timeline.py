"""When a bed's inputs are, and when the wall clock was set between two of them."""

import pytest

from drivers.clock import Instant
from monitor.bed.timeline import Timeline
from tests.monitor.builders import START


def begun() -> Timeline:
    timeline = Timeline()
    timeline.advance(START)
    return timeline


def test_instants_are_kept_in_whole_milliseconds() -> None:
    stored, _ = Timeline().advance(START.plus(0.0016))
    assert stored == Instant(START.plus(0.001).wall, START.mono + 0.002)


def test_the_first_instant_is_no_step() -> None:
    assert Timeline().advance(START) == (START, 0.0)


def test_an_input_from_before_the_last_one_is_of_its_time() -> None:
    assert begun().advance(START.plus(-0.5)) == (START, 0.0)


@pytest.mark.parametrize(
    ("wall_s", "step_s"),
    [(10.0, 0.0), (12.0, 0.0), (12.001, 2.001), (8.0, 0.0), (7.999, -2.001), (-3590.0, -3600.0)],
)
def test_a_wall_clock_was_set_that_gained_or_lost_more_than_2_s(
    wall_s: float, step_s: float
) -> None:
    now = Instant(START.plus(wall_s).wall, START.mono + 10)
    assert begun().advance(now) == (now, step_s)


def test_a_step_is_told_once() -> None:
    timeline = begun()
    now = Instant(START.plus(3610).wall, START.mono + 10)
    assert timeline.advance(now)[1] == 3600
    assert timeline.advance(now)[1] == 0.0
    assert timeline.advance(now.plus(1))[1] == 0.0


@pytest.mark.parametrize(
    ("last_after_s", "step_s"), [(None, 0.0), (-90, 0.0), (2, 0.0), (2.5, -2.5), (3600, -3600.0)]
)
def test_a_clock_that_is_behind_the_last_stored_event_was_set_back(
    last_after_s: float | None, step_s: float
) -> None:
    last = None if last_after_s is None else START.plus(last_after_s).wall
    assert Timeline().resume(START, last) == (START, step_s)


def test_steps_are_noticed_from_where_it_resumed() -> None:
    timeline = Timeline()
    timeline.resume(START, None)
    assert timeline.advance(Instant(START.plus(60).wall, START.mono + 1))[1] == 59.0
