"""How bytes are timed between a device and its port, in virtual time."""

import asyncio

import pytest

from simulators.clock import Timeline
from simulators.device_server import DeviceServer, serve
from simulators.devices import build
from simulators.faults import Fault, parse_fault
from simulators.line import SimulatedLine
from simulators.patient import Patient, Profile
from tests.lengths import length
from tests.simulators.notebook_port import NotebookPort
from tests.simulators.steady import steady
from tests.virtual import VirtualLoop, virtual_time


async def play(line: SimulatedLine, port: NotebookPort, for_s: float, speed: float = 1.0) -> None:
    """Serve `line` at `port` for `for_s` of the loop's seconds."""
    try:
        async with asyncio.timeout(for_s):
            await serve(line, port, speed=speed, opened=lambda url: None)
    except TimeoutError:
        return


def nonin(*faults: str) -> SimulatedLine:
    line = build("nonin", Patient(Profile(), seed=4), seed=4)
    for fault in faults:
        line.inject_fault(parse_fault(fault))
    return line


@pytest.mark.parametrize("speed", [1.0, 7.0, 60.0])
def test_the_stream_keeps_time_at_any_speed(speed: float) -> None:
    port = NotebookPort()
    for_s = length(900, 3600)
    virtual_time()(play)(nonin(), port, for_s / speed, speed)
    assert len(port.stream) == pytest.approx(for_s * 375, abs=125 * 3)


@virtual_time()
async def test_a_nonin_is_sent_a_packet_at_a_time() -> None:
    port = NotebookPort()
    await play(nonin(), port, 60.0)
    assert {len(data) for _, data in port.sent} == {125}


@virtual_time()
async def test_at_60_times_it_is_sent_in_chunks_of_10_ms() -> None:
    port = NotebookPort()
    await play(nonin(), port, 10.0, speed=60.0)
    gaps = [later[0] - sooner[0] for sooner, later in zip(port.sent, port.sent[1:], strict=False)]
    assert min(gaps) >= 0.0099
    assert max(gaps) < 0.02


@virtual_time()
async def test_after_a_stop_it_catches_up_without_flooding_its_host() -> None:
    port = NotebookPort()
    server = DeviceServer(nonin(), port, Timeline())
    await server.open()
    running = asyncio.create_task(server.run())
    tick = asyncio.Event()
    await Timeline().wait(10.0, tick)
    loop = asyncio.get_running_loop()
    assert isinstance(loop, VirtualLoop)
    loop.pass_time(30.0, lambda wait_s: [])
    await Timeline().wait(20.0, tick)
    assert len(port.stream) == pytest.approx(60 * 375, abs=250)
    assert max(len(data) for _, data in port.sent) <= 250
    running.cancel()


@virtual_time()
async def test_the_same_seed_gives_the_same_bytes_at_any_speed() -> None:
    slow, fast = NotebookPort(), NotebookPort()
    await play(nonin("noise@10+20"), slow, 120.0)
    await play(nonin("noise@10+20"), fast, 2.0, speed=60.0)
    count = min(len(slow.stream), len(fast.stream))
    assert count > 100 * 375
    assert slow.stream[:count] == fast.stream[:count]


@virtual_time()
async def test_a_command_is_answered_at_once_and_the_end_comes_by_itself() -> None:
    port = NotebookPort()
    server = DeviceServer(build("suntech", steady()), port, Timeline())
    await server.open()
    running = asyncio.create_task(server.run())
    tick = asyncio.Event()
    await Timeline().wait(5.0, tick)
    port.on_bytes(bytes.fromhex("3A 20 A6"))
    assert port.sent == [(5.0, bytes.fromhex("3E 04 4F 6F"))]
    await Timeline().wait(60.0, tick)
    assert port.sent[1][1] == bytes.fromhex("3E 04 4B 73")
    assert 25 <= port.sent[1][0] - 5.0 <= 60
    running.cancel()


@virtual_time()
async def test_unplugged_closes_the_port_and_opens_it_again() -> None:
    port = NotebookPort()
    await play(nonin("unplugged@10+5"), port, 20.0)
    assert [plugged for _, plugged in port.plugged] == [True, False, True, False]
    assert [at_s for at_s, _ in port.plugged[1:3]] == pytest.approx([10, 15], abs=0.5)


@virtual_time()
async def test_an_injected_fault_is_seen_at_once() -> None:
    port = NotebookPort()
    server = DeviceServer(build("suntech", steady()), port, Timeline())
    await server.open()
    running = asyncio.create_task(server.run())
    tick = asyncio.Event()
    await Timeline().wait(3.3, tick)
    server.inject_fault(Fault("unplugged"))
    await Timeline().wait(0.01, tick)
    assert [at_s for at_s, _ in port.plugged] == pytest.approx([0.0, 3.3])
    running.cancel()


@virtual_time()
async def test_the_port_is_closed_at_the_end() -> None:
    port = NotebookPort()
    await play(nonin(), port, 1.0)
    assert port.plugged[-1][1] is False


@virtual_time()
async def test_a_speed_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Timeline(0.0)
