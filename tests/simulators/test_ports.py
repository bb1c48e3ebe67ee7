"""Devices behind real pseudo-terminals and sockets, with pyserial as their host."""

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import serial

from simulators.clock import Timeline
from simulators.device_server import DeviceServer
from simulators.devices import build
from simulators.errors import SimulationError
from simulators.faults import Fault, parse_fault
from simulators.line import SimulatedLine
from simulators.ports import Port, PtyPort, Rfc2217Port, TcpPort
from tests.patience import HOPELESS_S
from tests.simulators.devices.nonin_page import packets, whole_packets
from tests.simulators.steady import steady

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning:serial.rfc2217")
ABORT = bytes.fromhex("3A 79 01 00 4C")
ABORTED = bytes.fromhex("3E 04 41 7D")


@asynccontextmanager
async def serving(
    simulated: SimulatedLine, port: Port, speed: float = 60.0
) -> AsyncIterator[DeviceServer]:
    """`simulated` playing at `port` for as long as the context lasts, within the time limit."""
    server = DeviceServer(simulated, port, Timeline(speed))
    try:
        async with asyncio.timeout(HOPELESS_S), asyncio.TaskGroup() as tasks:
            await server.open()
            running = tasks.create_task(server.run())
            yield server
            running.cancel()
    finally:
        await server.close()


def host(url: str) -> serial.Serial:
    return serial.serial_for_url(url, baudrate=9600, timeout=HOPELESS_S)


async def read(line: serial.Serial, count: int) -> bytes:
    return bytes(await asyncio.to_thread(line.read, count))


async def becomes(true: Callable[[], bool]) -> None:
    """Wait for `true`, looking again each time the loop has gone round a little."""
    tick = asyncio.Event()
    while not true():
        await Timeline().wait(0.0, tick, at_least_s=0.005)


async def unread(line: serial.Serial, count: int) -> None:
    """Wait until the host has more than `count` bytes to read."""
    await becomes(lambda: line.in_waiting > count)


def nonin(*faults: str) -> SimulatedLine:
    simulated = build("nonin", steady())
    for fault in faults:
        simulated.inject_fault(parse_fault(fault))
    return simulated


def suntech() -> SimulatedLine:
    return build("suntech", steady())


async def test_pyserial_reads_a_nonin_from_a_pty(tmp_path: Path) -> None:
    async with serving(nonin(), PtyPort(tmp_path / "tty")) as server:
        with host(server.port.url) as line:
            seen = packets(whole_packets(await read(line, 125 * 60)))
    assert len(seen) >= 58
    assert (seen[-1].spo2, seen[-1].rate) == (97, 72)


async def test_pyserial_asks_a_suntech_on_a_pty(tmp_path: Path) -> None:
    async with serving(suntech(), PtyPort(tmp_path / "tty")) as server:
        with host(server.port.url) as line:
            line.write(bytes.fromhex("3A 20 A6"))
            assert await read(line, 8) == bytes.fromhex("3E 04 4F 6F 3E 04 4B 73")
            line.write(bytes.fromhex("3A 79 03 00 4A"))
            assert (await read(line, 24))[:6] == bytes.fromhex("3E 18 73 00 4A 00")


async def test_no_byte_is_changed_or_echoed_on_the_way(tmp_path: Path) -> None:
    port, heard = PtyPort(tmp_path / "tty"), bytearray()
    every = bytes(range(256))
    async with asyncio.timeout(HOPELESS_S):
        await port.open(heard.extend)
        with host(port.url) as line:
            line.write(every)
            await becomes(lambda: len(heard) == 256)
            port.write(every)
            assert await read(line, 256) == every
            assert line.in_waiting == 0
        await port.close()
    assert heard == every


async def test_without_a_path_the_terminal_s_own_name_is_the_url() -> None:
    async with serving(nonin(), PtyPort()) as server:
        assert server.port.url.startswith("/dev/pts/")
        with host(server.port.url) as line:
            assert len(await read(line, 125)) == 125


async def test_a_host_may_go_and_come_back(tmp_path: Path) -> None:
    async with serving(suntech(), PtyPort(tmp_path / "tty")) as server:
        for _ in range(3):
            with host(server.port.url) as line:
                line.write(ABORT)
                assert await read(line, 4) == ABORTED


async def test_what_a_host_left_unread_is_not_there_for_the_next(tmp_path: Path) -> None:
    port = PtyPort(tmp_path / "tty")
    async with asyncio.timeout(HOPELESS_S):
        await port.open(lambda data: None)
        first = os.open(port.url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        await becomes(lambda: not port.idle)
        port.write(b"old")
        os.close(first)
        await becomes(lambda: port.idle)
        port.write(b"nobody is there")
        second = os.open(port.url, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        await becomes(lambda: not port.idle)
        port.write(b"new")
        assert os.read(second, 100) == b"new"
        os.close(second)
        await port.close()


async def test_a_host_that_does_not_read_stalls_nothing(tmp_path: Path) -> None:
    async with serving(nonin(), PtyPort(tmp_path / "tty"), speed=20_000) as server:
        with host(server.port.url) as line:
            await unread(line, 1000)
            await becomes(lambda: (server.line.next_due_s or 0) > 2000)
            line.reset_input_buffer()
            assert len(await read(line, 1000)) == 1000


@pytest.mark.parametrize("make", ["file", "folder", "link"])
async def test_something_else_at_the_path_is_left_alone(tmp_path: Path, make: str) -> None:
    path = tmp_path / "tty"
    if make == "file":
        path.write_text("mine")
    elif make == "folder":
        path.mkdir()
    else:
        path.symlink_to("/nowhere/at/all")
    with pytest.raises(SimulationError, match="is already there: stop what uses it"):
        await PtyPort(path).open(lambda data: None)
    assert os.path.lexists(path)


async def test_a_dead_link_of_an_earlier_run_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "tty"
    path.symlink_to("/dev/pts/99999")
    async with serving(nonin(), PtyPort(path)):
        assert path.is_char_device()


async def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match="cannot be made: No such file"):
        await PtyPort(tmp_path / "none" / "tty").open(lambda data: None)


async def test_the_link_is_gone_at_the_end(tmp_path: Path) -> None:
    async with serving(nonin(), PtyPort(tmp_path / "tty")):
        pass
    assert not os.path.lexists(tmp_path / "tty")


async def test_unplugged_hangs_up_and_comes_back_under_the_same_name(tmp_path: Path) -> None:
    path = tmp_path / "tty"
    async with serving(nonin(), PtyPort(path)) as server:
        with host(server.port.url) as line:
            assert len(await read(line, 125)) == 125
            server.inject_fault(Fault("unplugged"))
            await becomes(lambda: not os.path.lexists(path))
            with pytest.raises(serial.SerialException):
                await read(line, 1_000_000)
        server.clear_fault("unplugged")
        await becomes(path.exists)
        with host(server.port.url) as line:
            assert packets(whole_packets(await read(line, 1250)))


PORTS = pytest.mark.parametrize("port", [TcpPort, Rfc2217Port])


@PORTS
async def test_pyserial_reads_a_nonin_over_the_network(port: type[TcpPort]) -> None:
    async with serving(nonin(), port("127.0.0.1", 0)) as server:
        line = await asyncio.to_thread(host, server.port.url)
        seen = packets(whole_packets(await read(line, 125 * 30)))
        await asyncio.to_thread(line.close)
    assert (seen[-1].spo2, seen[-1].rate) == (97, 72)


@PORTS
async def test_a_network_host_may_go_and_come_back(port: type[TcpPort]) -> None:
    async with serving(suntech(), port("127.0.0.1", 0)) as server:
        for _ in range(2):
            line = await asyncio.to_thread(host, server.port.url)
            await asyncio.to_thread(line.write, ABORT)
            assert await read(line, 4) == ABORTED
            await asyncio.to_thread(line.close)


async def test_rfc2217_carries_every_byte_both_ways() -> None:
    port, heard = Rfc2217Port("127.0.0.1", 0), bytearray()
    every = bytes(range(256))
    async with asyncio.timeout(HOPELESS_S):
        await port.open(heard.extend)
        line = await asyncio.to_thread(host, port.url)
        await asyncio.to_thread(line.write, every)
        await becomes(lambda: len(heard) == 256)
        port.write(every)
        assert await read(line, 256) == every
        await asyncio.to_thread(line.close)
        await port.close()
    assert heard == every


@pytest.mark.parametrize(("asked", "confirmed"), [(10, 110), (11, 111)])
async def test_rfc2217_confirms_the_masks_of_what_it_may_notify(asked: int, confirmed: int) -> None:
    async with serving(suntech(), Rfc2217Port("127.0.0.1", 0)) as server:
        reader, writer = await connected(server.port)
        writer.write(bytes([255, 250, 44, asked, 3, 255, 240]))
        assert await reader.readuntil(bytes([255, 250, 44, confirmed, 3, 255, 240]))
        writer.close()


async def connected(port: Port) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    host, _, number = port.url.partition("://")[2].rpartition(":")
    return await asyncio.open_connection(host, int(number))


async def test_the_newest_host_has_the_line() -> None:
    async with serving(nonin(), TcpPort("127.0.0.1", 0)) as server:
        first, dropped = await connected(server.port)
        await first.readexactly(125)
        second, writer = await connected(server.port)
        await second.readexactly(1250)
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await first.readexactly(1_000_000)
        dropped.close()
        writer.close()


async def test_unplugged_drops_the_host_and_refuses_others_until_it_is_back() -> None:
    async with serving(nonin(), TcpPort("127.0.0.1", 0)) as server:
        reader, writer = await connected(server.port)
        await reader.readexactly(125)
        url = server.port.url
        server.inject_fault(Fault("unplugged"))
        with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
            await reader.readexactly(1_000_000)
        writer.close()
        with pytest.raises(ConnectionError):
            await connected(server.port)
        server.clear_fault("unplugged")
        await eventually(lambda: connected(server.port))
        assert server.port.url == url


async def eventually(
    connect: Callable[[], Awaitable[tuple[asyncio.StreamReader, asyncio.StreamWriter]]],
) -> None:
    """Connect, trying again while nobody listens, and see a byte."""
    tick = asyncio.Event()
    while True:
        try:
            reader, writer = await connect()
        except ConnectionError:
            await Timeline().wait(0.0, tick, at_least_s=0.005)
        else:
            assert await reader.readexactly(1)
            writer.close()
            return


async def test_an_address_in_use_says_so() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(SimulationError, match=r"cannot listen at .*port 0 for a free one"),
    ):
        await TcpPort("127.0.0.1", taken.getsockname()[1]).open(lambda data: None)
