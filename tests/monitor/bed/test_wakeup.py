"""When a tick has anything to do."""

import pytest

from monitor.session.commands import Refused
from tests.monitor.builders import OXIMETER, Bedside, bed


def is_due(side: Bedside, after_s: float) -> bool:
    """Whether a tick would have anything to do so long after the last one."""
    return side.bed._wakeup.is_due(side.now.plus(after_s))


def test_a_tick_after_which_nothing_happened_has_nothing_to_do() -> None:
    assert not is_due(bed().wait(6), after_s=0.5)


def test_a_new_bed_looks_at_everything() -> None:
    assert is_due(Bedside(connected=False), after_s=0)


def test_a_rule_that_a_packet_makes_due_is_due_by_then() -> None:
    side = bed().with_session().wait(6)
    side.saturation = 85
    side.says("oximeter", side._oximetry()).tick(0.1).says("oximeter", side._oximetry())
    due_s = side.bed.alarm_engine.next_due - side.now.mono
    assert 0 < due_s < 60
    assert is_due(side, after_s=due_s)


def test_a_device_that_falls_silent_is_due_by_then() -> None:
    side = bed(OXIMETER).wait(6).tick(0.5)
    silent_s = side.bed.technical.devices["oximeter"].silent_at - side.now.mono
    assert not is_due(side, after_s=silent_s - 0.001)
    assert is_due(side, after_s=silent_s)


@pytest.mark.parametrize("mono_s", [5.0, 0.25])
def test_it_is_brought_forward_and_never_put_off(mono_s: float) -> None:
    side = bed().wait(6)
    before = side.bed._wakeup._at.mono
    side.bed._wakeup.bring_forward(side.now.mono + mono_s)
    assert side.bed._wakeup._at.mono == min(before, side.now.mono + mono_s)


def test_what_a_refused_command_noticed_of_the_clock_is_handed_over_by_the_next_tick() -> None:
    side = bed().wait(6).wall_steps(3600)
    with pytest.raises(Refused):
        side.dosed()
    assert side.tick(0).types("clock") == ["clock.stepped"]
