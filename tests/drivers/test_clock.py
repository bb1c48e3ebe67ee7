"""The machine's clocks, as the daemon takes them."""

from pathlib import Path
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
    assert clock.now().mono == 1000.0
    machine[BOOTTIME] += 3600.0
    assert clock.now().mono == 4600.0
    assert not clock.simulated


def test_a_clock_names_the_start_of_the_machine_that_it_counts_from() -> None:
    assert Clock().boot == Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    assert Clock(speed=60).boot is None
