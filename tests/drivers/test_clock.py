"""The machine's clocks, as the daemon takes them."""

from typing import Final

import pytest

from drivers.clock import Clock

MONOTONIC: Final = 1
BOOTTIME: Final = 7
"""Both as Linux numbers them."""


def test_time_in_which_the_machine_sleeps_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    machine = {BOOTTIME: 1000.0, MONOTONIC: 900.0}
    monkeypatch.setattr("drivers.clock.time.clock_gettime", machine.__getitem__)
    clock = Clock()
    machine[BOOTTIME] += 3600.0
    assert clock.now().mono == 3600.0
    assert not clock.simulated
