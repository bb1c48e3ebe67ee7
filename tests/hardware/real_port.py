"""The device at a port, tried for a minute: `make test-hardware PORT=/dev/ttyUSB0`.

Not among the tests that run by themselves: its name says so to pytest. A cuff measures once.
"""

import asyncio
import os

import pytest

from drivers.clock import Clock
from drivers.identify import Identification, identify
from drivers.readings import LinkState, Measurement
from drivers.registry import DRIVERS
from tests.drivers.benches import bench

PORT = os.environ.get("PORT", "")
TRIED_S = float(os.environ.get("TRIED_S", "60"))

pytestmark = [
    pytest.mark.skipif(not PORT, reason="no port: make test-hardware PORT=/dev/ttyUSB0"),
    pytest.mark.asyncio(loop_scope="module"),
]


@pytest.fixture(scope="module")
def found() -> Identification:
    return asyncio.run(identify(PORT, Clock()))


async def test_a_device_is_found(found: Identification) -> None:
    for one in found.candidates:
        print(f"{PORT}: {one.driver} {one.dialect}, {one.line}, {one.frames} frames")
    assert found.candidates


async def test_it_gives_values_for_a_minute_and_the_line_holds(found: Identification) -> None:
    one = found.candidates[0]
    async with bench(one.driver, PORT, dialect=one.dialect) as tried:
        await tried.until_up()
        if DRIVERS[one.driver].can_measure:
            tried.device.measure()
        await Clock().sleep(TRIED_S)
        measured = [item for item in tried.items if isinstance(item, Measurement)]
        values = [reading for item in measured for reading in item.readings if reading.usable]
        frames, damaged = tried.device.codec.stats.frames, tried.device.codec.stats.damaged
        print(f"{frames} frames, damaged: {dict(damaged)}, {len(values)} values")
        assert LinkState.DOWN not in {change.state for change in tried.changes}
        assert values
        assert sum(damaged.values()) <= frames / 100
