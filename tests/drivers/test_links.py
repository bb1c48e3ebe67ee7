"""Links over real pseudo-terminals and sockets, on asyncio's loop and on uvloop."""

import asyncio
import errno
import os
import socket
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import serial
import serial.rfc2217
import serialx
import uvloop

from drivers.driver import LineSettings
from drivers.link import Link, LinkError, LinkLost
from drivers.links import open_link, ports
from drivers.memory import MemoryPort
from tests.drivers.benches import Terminal
from tests.patience import HOPELESS_S

LINE = LineSettings()

LoopFactory = Callable[[], asyncio.AbstractEventLoop]

loops = pytest.mark.parametrize(
    "loop_factory", [asyncio.SelectorEventLoop, uvloop.new_event_loop], ids=["asyncio", "uvloop"]
)


def on_loop(loop_factory: LoopFactory, main: Callable[[], Awaitable[None]]) -> None:
    async def limited() -> None:
        async with asyncio.timeout(HOPELESS_S):
            await main()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(limited())


class NearEnd:
    """What a link brought."""

    def __init__(self) -> None:
        self.received = bytearray()
        self.lost: asyncio.Future[LinkLost] = asyncio.get_running_loop().create_future()
        self._more = asyncio.Event()

    def on_bytes(self, data: bytes) -> None:
        self.received += data
        self._more.set()

    async def until(self, data: bytes) -> None:
        while data not in self.received:
            self._more.clear()
            await self._more.wait()

    async def open(self, url: str, line: LineSettings = LINE) -> Link:
        return await open_link(url, line, on_bytes=self.on_bytes, on_lost=self.lost.set_result)


async def refusal(url: str) -> str:
    with pytest.raises(LinkError) as refused:
        await NearEnd().open(url)
    return str(refused.value)


class TestTty:
    @loops
    def test_every_byte_value_passes_both_ways(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with Terminal() as terminal:
                near = NearEnd()
                link = await near.open(terminal.path)
                terminal.send(bytes(range(256)))
                await near.until(bytes(range(256)))
                link.write(bytes(range(256)))
                assert await terminal.read() == bytes(range(256))
                await link.close()

        on_loop(loop_factory, main)

    @loops
    def test_a_vanished_port_is_a_lost_link(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with Terminal() as terminal:
                near = NearEnd()
                link = await near.open(terminal.path)
                terminal.unplug()
                assert terminal.path in str(await near.lost)
                link.write(b"nobody hears this")
                await link.close()

        on_loop(loop_factory, main)

    @loops
    def test_closing_is_not_losing_and_frees_the_port(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with Terminal() as terminal:
                near, next_near = NearEnd(), NearEnd()
                await (await near.open(terminal.path)).close()
                link = await next_near.open(terminal.path)
                terminal.send(b"next")
                await next_near.until(b"next")
                await link.close()
                assert not near.lost.done()

        on_loop(loop_factory, main)

    async def test_a_port_is_opened_by_one_program_at_a_time(self) -> None:
        with Terminal() as terminal:
            link = await NearEnd().open(terminal.path)
            assert "in use by another program" in await refusal(terminal.path)
            await link.close()

    async def test_a_port_that_pyserial_holds_is_in_use(self) -> None:
        with Terminal() as terminal, serial.Serial(terminal.path, exclusive=True):
            assert "in use by another program" in await refusal(terminal.path)

    async def test_a_port_that_is_not_there_is_told_so(self) -> None:
        assert "no such port" in await refusal("/dev/ttyPostdose9")

    async def test_a_file_is_no_port(self, tmp_path: Path) -> None:
        path = tmp_path / "file"
        path.touch()
        assert "not a serial port" in await refusal(str(path))

    async def test_a_forbidden_port_names_the_group(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Tests may run as root, whom nothing is forbidden: the refusal itself is made up."""

        def forbidden(*_args: object, **_kwargs: object) -> None:
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

        monkeypatch.setattr(serialx, "create_serial_connection", forbidden)
        assert "group dialout" in await refusal("/dev/ttyS0")

    def test_the_ports_of_this_machine_have_openable_urls(self) -> None:
        assert all(port.url.startswith("/dev/") and port.title for port in ports())


@contextmanager
def listener() -> Iterator[tuple[socket.socket, str]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(HOPELESS_S)
        yield server, f"socket://127.0.0.1:{server.getsockname()[1]}"


class TestSocket:
    @loops
    def test_bytes_pass_both_ways(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with listener() as (server, url):
                near = NearEnd()
                link = await near.open(url)
                far, _ = server.accept()
                with far:
                    far.sendall(b"\x01\x81")
                    await near.until(b"\x01\x81")
                    link.write(b"\x3a\x20\xa6")
                    assert await asyncio.to_thread(far.recv, 16) == b"\x3a\x20\xa6"
                await link.close()

        on_loop(loop_factory, main)

    @loops
    def test_a_far_end_that_closes_is_a_lost_link(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with listener() as (server, url):
                near = NearEnd()
                link = await near.open(url)
                server.accept()[0].close()
                assert "closed by the far end" in str(await near.lost)
                await link.close()

        on_loop(loop_factory, main)

    async def test_a_refused_connection_asks_after_the_server(self) -> None:
        with listener() as (_server, url):
            pass
        assert "refused" in await refusal(url)


@contextmanager
def rfc2217_echo() -> Iterator[str]:
    """A serial server made of pyserial, whose port sends back what it is sent; one client.

    A pseudo-terminal would not do for a port here: it has no modem lines to report.
    """

    def serve() -> None:
        client, _ = server.accept()
        with client, serial.serial_for_url("loop://", timeout=0.02) as line:
            wire: Any = SimpleNamespace(write=client.sendall)
            manager = serial.rfc2217.PortManager(cast(Any, line), wire)
            client.settimeout(0.02)
            while not done.is_set():
                if out := b"".join(manager.escape(line.read(line.in_waiting or 1))):
                    client.sendall(out)
                try:
                    data = client.recv(1024)
                except TimeoutError:
                    continue
                if not data:
                    return
                line.write(b"".join(manager.filter(data)))

    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(HOPELESS_S)
        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"rfc2217://127.0.0.1:{server.getsockname()[1]}"
        finally:
            done.set()
            thread.join()


class TestRfc2217:
    @loops
    def test_every_byte_value_passes_both_ways_through_a_pyserial_server(
        self, loop_factory: LoopFactory
    ) -> None:
        async def main() -> None:
            with rfc2217_echo() as url:
                near = NearEnd()
                link = await near.open(url)
                link.write(bytes(range(256)))
                await near.until(bytes(range(256)))
                await link.close()

        on_loop(loop_factory, main)

    async def test_a_server_that_speaks_no_rfc2217_is_refused(self) -> None:
        with listener() as (server, url):
            opening = asyncio.create_task(refusal(url.replace("socket", "rfc2217")))
            far, _ = await asyncio.to_thread(server.accept)
            far.close()
            assert "rfc2217://" in await opening


class TestMemory:
    async def test_bytes_pass_both_ways(self) -> None:
        with MemoryPort("bed-1") as port:
            heard = asyncio.get_running_loop().create_future()
            port.on_bytes = heard.set_result
            near = NearEnd()
            link = await near.open("memory://bed-1")
            link.write(b"ask")
            assert await heard == b"ask"
            port.send(b"answer")
            await near.until(b"answer")
            await link.close()
            assert not port.connected

    async def test_the_port_learns_of_each_opening(self) -> None:
        with MemoryPort("bed-1") as port:
            opened = asyncio.Event()
            port.on_open = opened.set
            link = await NearEnd().open("memory://bed-1")
            await opened.wait()
            await link.close()

    async def test_hanging_up_is_a_lost_link(self) -> None:
        with MemoryPort("bed-1") as port:
            near = NearEnd()
            await near.open("memory://bed-1")
            port.hang_up()
            assert "hung up" in str(await near.lost)

    async def test_it_takes_one_link_at_a_time(self) -> None:
        with MemoryPort("bed-1"):
            link = await NearEnd().open("memory://bed-1")
            assert "in use" in await refusal("memory://bed-1")
            await link.close()

    async def test_nothing_attached_is_told_so(self) -> None:
        assert "nothing is attached" in await refusal("memory://bed-2")

    def test_a_name_is_attached_once(self) -> None:
        with MemoryPort("bed-1"), pytest.raises(ValueError, match="already"), MemoryPort("bed-1"):
            pass


async def test_no_url_raises_anything_but_a_link_error() -> None:
    for url in ("", "nonsense", "ftp://host:1", "socket://", "rfc2217://x", "/", "/dev/null"):
        assert await refusal(url)
