"""Which device speaks at a port is found out, for every device that has a simulator."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from drivers.driver import LineSettings
from drivers.identify import Candidate, Identification, identify
from drivers.links import LinkError, MemoryPort
from simulators.clock import Timeline
from simulators.device_server import DeviceServer
from simulators.devices import DEVICES, build
from simulators.scenario import load_scenario
from tests.virtual import virtual_clock, virtual_time
from tests.wards import MemoryLine

KNOWN = [(name, dialect) for name, model in DEVICES.items() for dialect in model.dialects]
LINE, OTHER = LineSettings(), LineSettings(115200)


@contextlib.asynccontextmanager
async def simulated(name: str, dialect: str) -> AsyncIterator[str]:
    """The URL at which such a device speaks."""
    patient = load_scenario("calm").patient(7, dose_at_s=None)
    line = MemoryLine(f"{name}-{dialect}")
    server = DeviceServer(build(name, patient, dialect=dialect, seed=1), line, Timeline())
    await server.open()
    running = asyncio.create_task(server.run())
    try:
        yield line.url
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await server.close()


@pytest.mark.parametrize(("name", "dialect"), KNOWN)
def test_every_device_is_known_by_what_it_says(name: str, dialect: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated(name, dialect) as url:
            found = await identify(url, virtual_clock())
        best = found.candidates[0]
        assert best.driver == name
        assert dialect in {each.dialect for each in found.candidates if each.driver == name}
        assert best.answer is not None
        assert found.words.startswith(f"{name}, dialect {best.dialect}")

    run()


@virtual_time()
async def test_a_silent_port_says_what_to_look_at() -> None:
    said: list[str] = []
    with MemoryPort("silent"):
        found = await identify("memory://silent", virtual_clock(), say=said.append)
    assert said[0] == "listening"
    assert {"asking as suntech advantage", "asking as intellivue rs232"} <= set(said[1:])
    assert (found.candidates, found.is_certain) == ((), False)
    assert "is the device on, its cable in" in found.words


@virtual_time()
async def test_bytes_without_a_frame_are_said() -> None:
    with MemoryPort("noise") as port:
        port.on_open = lambda: port.send(b"U" * 500)
        found = await identify("memory://noise", virtual_clock())
    assert found.words.startswith("bytes arrive (500 at 9600 8N1), no frame of any device")


@virtual_time()
async def test_a_port_that_cannot_be_opened_is_an_error() -> None:
    with pytest.raises(LinkError, match="attach it first"):
        await identify("memory://nowhere", virtual_clock())


def test_one_frame_is_no_certainty_and_others_are_named() -> None:
    one = Candidate("nonin", "7", LINE, 1)
    assert Identification((one,), {LINE: 9}).words == "nonin, dialect 7, 9600 8N1: likely"
    two = Identification((one, Candidate("nonin", "2", LINE, 1)), {LINE: 9})
    assert two.words.endswith("; or nonin 2, with the same frames")


def test_of_silent_and_noisy_lines_the_noisy_one_is_told() -> None:
    found = Identification((), {LINE: 3, OTHER: 800})
    assert "(800 at 115200 8N1)" in found.words
