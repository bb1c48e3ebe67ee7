"""Fixtures for tests of whatever talks to a device; found by pytest where this is installed.

def test_a_low_saturation_is_told(device_simulator):
    oximeter = device_simulator("nonin:7", port="tcp", speed=10)
    oximeter.set(spo2=84)
    client = MyClient(oximeter.url)
    ...
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from simulators.testing import SimulatedDevice, SimulatedWard


@pytest.fixture
def ward() -> Iterator[SimulatedWard]:
    """A `SimulatedWard`, whose devices end with the test."""
    from simulators.testing import SimulatedWard

    with SimulatedWard() as ward:
        yield ward


@pytest.fixture
def device_simulator(ward: SimulatedWard) -> Callable[..., SimulatedDevice]:
    """`SimulatedWard.add_device`: a running device, as `device_simulator("nonin", port="tcp")`."""
    return ward.add_device
