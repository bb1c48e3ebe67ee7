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
from serialx.platforms import serial_linux

from drivers.driver import LineSettings
from drivers.links import (
    Link,
    LinkError,
    LinkLost,
    MemoryPort,
    errors,
    open_link,
    opening,
    serial_ports,
)
from drivers.links.errors import ADVICE
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


async def refusal(url: str, line: LineSettings = LINE) -> str:
    with pytest.raises(LinkError) as refused:
        await NearEnd().open(url, line)
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

    @loops
    def test_a_pseudo_terminal_is_opened_again_and_again_with_odd_parity(
        self, loop_factory: LoopFactory
    ) -> None:
        async def main() -> None:
            with Terminal() as terminal:
                for turn in (b"first", b"second", b"third"):
                    near = NearEnd()
                    link = await near.open(terminal.path, LineSettings(19200, parity="O"))
                    terminal.send(turn)
                    await near.until(turn)
                    link.write(turn)
                    assert await terminal.read() == turn
                    await link.close()

        on_loop(loop_factory, main)

    async def test_a_link_to_a_pseudo_terminal_is_one_too(self, tmp_path: Path) -> None:
        path = tmp_path / "oximeter"
        with Terminal() as terminal:
            path.symlink_to(terminal.path)
            for _ in range(2):
                link = await NearEnd().open(str(path), LineSettings(19200, parity="O"))
                await link.close()

    @pytest.mark.parametrize("parity", ["N", "O"])
    async def test_a_serial_port_that_refuses_its_settings_stays_closed(
        self, parity: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Which settings an adapter refuses is its own affair: the refusal itself is made up."""
        asked: list[object] = []

        def refuse(*_args: object, **settings: object) -> None:
            asked.append(settings["parity"])
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))

        monkeypatch.setattr(serialx, "create_serial_connection", refuse)
        assert "baud rate and parity" in await refusal("/dev/ttyS0", LineSettings(parity=parity))
        assert len(asked) == 1

    def test_the_ports_of_this_machine_have_openable_urls(self) -> None:
        assert all(port.url.startswith("/dev/") and port.title for port in serial_ports())

    def test_an_adapter_says_who_it_is_and_has_a_name_that_stays(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Two alike without serial numbers: by id there is a name for one of them."""
        for name, at in (("ttyUSB0", "1-1"), ("ttyUSB1", "1-2")):
            plug_in(tmp_path, name, at)
        dev = tmp_path / "dev"
        for kind, link, name in (
            ("by-id", "usb-1a86_USB_Serial-if00-port0", "ttyUSB1"),
            ("by-path", "pci-usb-0:1:1.0-port0", "ttyUSB0"),
            ("by-path", "pci-usb-0:2:1.0-port0", "ttyUSB1"),
        ):
            (dev / "serial" / kind).mkdir(parents=True, exist_ok=True)
            (dev / "serial" / kind / link).symlink_to(dev / name)
        monkeypatch.setattr(serial_linux, "DEV_ROOT", dev)
        monkeypatch.setattr(serial_linux, "SYS_ROOT", tmp_path / "sys")
        by_id, by_path = serial_ports(dev / "serial")
        assert by_id.url == f"{dev}/serial/by-id/usb-1a86_USB_Serial-if00-port0"
        assert by_path.url == f"{dev}/serial/by-path/pci-usb-0:1:1.0-port0"
        assert by_path.device == f"{dev}/ttyUSB0"
        assert [by_path.usb, by_path.product, by_path.vendor, by_path.serial] == [
            (0x1A86, 0x7523),
            "USB Serial",
            None,
            None,
        ]


def plug_in(root: Path, name: str, at: str) -> None:
    """A CH340 as Linux shows it below `root`, in the socket `at`."""
    adapter = root / "sys" / "devices" / at
    port = adapter / f"{at}:1.0" / name
    port.mkdir(parents=True)
    for file, text in {
        "idVendor": "1a86",
        "idProduct": "7523",
        "bcdDevice": "0264",
        "product": "USB Serial",
        f"{at}:1.0/bInterfaceNumber": "00",
        f"{at}:1.0/{name}/port_number": "0",
    }.items():
        (adapter / file).write_text(f"{text}\n")
    for link, to in (("subsystem", "bus/usb-serial"), ("driver", "bus/usb-serial/ch341")):
        (root / "sys" / to).mkdir(parents=True, exist_ok=True)
        (port / link).symlink_to(root / "sys" / to)
    tty = root / "sys" / "class" / "tty" / name
    tty.mkdir(parents=True)
    (tty / "device").symlink_to(port)
    (root / "dev").mkdir(exist_ok=True)
    (root / "dev" / name).touch()


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


class TestUdp:
    @loops
    def test_a_datagram_is_a_frame_both_ways(self, loop_factory: LoopFactory) -> None:
        async def main() -> None:
            with socket.socket(type=socket.SOCK_DGRAM) as far:
                far.bind(("127.0.0.1", 0))
                far.settimeout(HOPELESS_S)
                near = NearEnd()
                link = await near.open(f"udp://127.0.0.1:{far.getsockname()[1]}")
                link.write(b"\xc0ab\xdb\xdc\xdb\xdd\xc0\xc0c")
                data, address = await asyncio.to_thread(far.recvfrom, 16)
                assert data == b"ab\xc0\xdb"
                link.write(b"d\xc0")
                assert await asyncio.to_thread(far.recv, 16) == b"cd"
                far.sendto(b"\xc0e", address)
                await near.until(b"\xc0\xdb\xdce\xc0")
                with socket.socket(type=socket.SOCK_DGRAM) as stranger:
                    stranger.sendto(b"not its device", address)
                far.sendto(b"f", address)
                await near.until(b"\xc0\xdb\xdce\xc0\xc0f\xc0")
                await link.close()
                link.write(b"\xc0late\xc0")

        on_loop(loop_factory, main)

    async def test_a_machine_that_refuses_is_a_lost_link_once(self) -> None:
        with socket.socket(type=socket.SOCK_DGRAM) as far:
            far.bind(("127.0.0.1", 0))
            url = f"udp://127.0.0.1:{far.getsockname()[1]}"
        near = NearEnd()
        link = await near.open(url)
        link.write(b"\xc0a\xc0")
        assert "connection refused" in str(await near.lost)
        await link.close()


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


class TestErrors:
    """Faults that no port here can be made to have: what opens a link is replaced by them."""

    async def test_what_does_not_answer_in_time_is_given_up(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def never(*_args: object) -> Link:
            await asyncio.Event().wait()
            raise AssertionError

        monkeypatch.setattr(opening, "OPEN_LIMIT_S", 0.01)
        monkeypatch.setattr(opening, "OPENERS", {"socket": never})
        assert "switched on and reachable" in await refusal("socket://10.0.0.5:4001")

    async def test_what_nobody_thought_of_is_a_link_error_too(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_args: object) -> Link:
            raise ZeroDivisionError("by nought")

        monkeypatch.setattr(opening, "OPENERS", {"socket": fail})
        assert "cannot be opened: by nought" in await refusal("socket://10.0.0.5:4001")

    @pytest.mark.parametrize("number", ADVICE, ids=errno.errorcode.get)
    async def test_every_known_error_says_what_to_do(
        self, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_args: object) -> Link:
            raise OSError(number, os.strerror(number))

        monkeypatch.setattr(opening, "OPENERS", {"socket": fail})
        said = await refusal("socket://10.0.0.5:4001")
        assert said == f"socket://10.0.0.5:4001: {ADVICE[number]}"
        assert "\n" not in said

    async def test_any_other_is_said_in_the_machines_words(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        async def fail(*_args: object) -> Link:
            raise OSError(errno.EPROTO, "Protocol error")

        monkeypatch.setattr(opening, "OPENERS", {"socket": fail})
        assert "Protocol error" in await refusal("socket://10.0.0.5:4001")


async def test_no_url_raises_anything_but_a_link_error() -> None:
    for url in ("", "nonsense", "ftp://host:1", "socket://", "rfc2217://x", "/", "/dev/null"):
        assert await refusal(url)


@pytest.mark.parametrize("number", sorted(errors.ADVICE))
def test_each_advice_has_plain_words_for_a_nurse(number: int) -> None:
    plain = errors.PLAIN[number]
    assert errors.in_plain_words(OSError(number, "x")) == plain
    assert not any(word in plain for word in ("`", "/", "port", "group", "baud", "tty"))


def test_what_nobody_has_words_for_calls_the_technician() -> None:
    for fault in (None, OSError(errno.E2BIG, "/dev/ttyX"), RuntimeError("/dev/ttyX")):
        assert errors.in_plain_words(fault).endswith("call the technician")
    assert errors.LinkError("/dev/ttyX: odd").plain == "does not answer; call the technician"
