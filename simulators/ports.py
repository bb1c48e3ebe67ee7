"""Where a device is plugged in: a pseudo-terminal or a TCP port that a host can open.

A port never waits for its host. What a host does not take in time is lost, as on a wire,
and what it left unread when it went is not there for the next one.
"""

import asyncio
import os
import select
import termios
import tty
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, cast

import serial
from serial.rfc2217 import SET_LINESTATE_MASK, SET_MODEMSTATE_MASK, PortManager

from simulators.device_model import Datagrams
from simulators.errors import SimulationError

OnBytes = Callable[[bytes], None]

_HOST_POLL_S = 0.02
_BACKLOG_BYTES = 65_536


class Port(Protocol):
    """A place to open a line at, again and again."""

    @property
    def url(self) -> str:
        """What a host opens; valid once `open` has returned."""

    async def open(self, on_bytes: OnBytes) -> None:
        """Be there; `on_bytes` is called with all bytes from the host."""

    def write(self, data: bytes) -> None:
        """Send to the host that is there, if any."""

    async def close(self) -> None:
        """Vanish: a host sees its line hang up. May be called twice."""


class PtyPort:
    """A pseudo-terminal, with a symbolic link to it at `path` if one is given.

    It is `idle` while no host has it open.
    """

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        self._name = ""
        self._master: int | None = None
        self._on_bytes: OnBytes = _ignore
        self.idle = True
        self._poll_timer: asyncio.TimerHandle | None = None

    @property
    def url(self) -> str:
        """The link, or the terminal's own name where there is none."""
        return str(self._path) if self._path else self._name

    async def open(self, on_bytes: OnBytes) -> None:
        """Make the terminal and the link to it.

        Raises `SimulationError` when something that is no dead link of ours is at the path.
        """
        self._on_bytes = on_bytes
        master, slave = os.openpty()
        try:
            tty.setraw(slave)
            os.set_blocking(master, False)
            self._name = os.ttyname(slave)
            self._link()
        except BaseException:
            os.close(master)
            raise
        finally:
            os.close(slave)
        self._master = master
        self.idle = True
        self._await_host()

    def _link(self) -> None:
        path = self._path
        if path is None:
            return
        dead = path.is_symlink() and not path.exists()
        if dead and os.readlink(path).startswith("/dev/pts/"):
            path.unlink()
        try:
            path.symlink_to(self._name)
        except FileExistsError:
            raise SimulationError(
                f"{path} is already there: stop what uses it, remove it or give another --pty"
            ) from None
        except OSError as error:
            raise SimulationError(f"{path}: cannot be made: {error.strerror}") from None

    def _await_host(self) -> None:
        """Wait for a host to open the terminal, which nothing announces."""
        loop = asyncio.get_running_loop()
        if self._master is not None and self._hung_up():
            self._poll_timer = loop.call_later(_HOST_POLL_S, self._await_host)
        elif self._master is not None:
            self.idle = False
            loop.add_reader(self._master, self._read)

    def _hung_up(self) -> bool:
        poll = select.poll()
        poll.register(self._master or 0, 0)
        return bool(poll.poll(0))

    def _read(self) -> None:
        assert self._master is not None
        try:
            data = os.read(self._master, 4096)
        except BlockingIOError:
            return
        except OSError:
            asyncio.get_running_loop().remove_reader(self._master)
            self.idle = True
            self._empty()
            self._await_host()
        else:
            self._on_bytes(data)

    def _empty(self) -> None:
        """Throw away what the host left unread, and what it changed of the terminal."""
        try:
            slave = os.open(self._name, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        except OSError:
            return
        tty.setraw(slave)
        termios.tcflush(slave, termios.TCIOFLUSH)
        os.close(slave)

    def write(self, data: bytes) -> None:
        """Put `data` on the line as far as there is room; the rest is lost."""
        if self._master is None or self.idle:
            return
        try:
            os.write(self._master, data)
        except OSError:
            return

    async def close(self) -> None:
        """Close the terminal and take the link away."""
        if self._poll_timer is not None:
            self._poll_timer.cancel()
        if self._master is None:
            return
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        self._master = None
        path = self._path
        if path is not None and path.is_symlink() and os.readlink(path) == self._name:
            path.unlink()


class TcpPort:
    """A TCP port with the bytes of the line and nothing else, for one host at a time.

    The newest host has it, so that one that lost its connection can come back.
    """

    scheme = "socket"

    def __init__(self, host: str, port: int) -> None:
        self._host = host
        self._port = port
        self._server: asyncio.Server | None = None
        self._connection: asyncio.Transport | None = None
        self._on_bytes: OnBytes = _ignore

    @property
    def url(self) -> str:
        """As drivers and pyserial write it."""
        return f"{self.scheme}://{self._host}:{self._port}"

    async def open(self, on_bytes: OnBytes) -> None:
        """Listen; port 0 takes a free one and keeps it. Raises `SimulationError`."""
        self._on_bytes = on_bytes
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(
                lambda: _Connection(self), self._host, self._port
            )
        except OSError as error:
            raise SimulationError(_cannot_listen(self._host, self._port, error)) from None
        self._port = self._server.sockets[0].getsockname()[1]

    def connected(self, connection: asyncio.Transport) -> None:
        """Give the line to a host that has connected, and to no other any more."""
        self._drop()
        self._connection = connection

    def received(self, connection: asyncio.Transport, data: bytes) -> None:
        """Pass on `data` from the host at `connection`, if it still has the port."""
        if connection is self._connection:
            self._on_bytes(data)

    def disconnected(self, connection: asyncio.Transport) -> None:
        """Forget the host that has gone."""
        if connection is self._connection:
            self._connection = None

    def write(self, data: bytes) -> None:
        """Send `data`, or lose it when the host has stopped reading."""
        host = self._connection
        if host is not None and host.get_write_buffer_size() < _BACKLOG_BYTES:
            host.write(data)

    def _drop(self) -> None:
        if self._connection is not None:
            self._connection.abort()
            self._connection = None

    async def close(self) -> None:
        """Drop the host and stop listening."""
        self._drop()
        if self._server is not None:
            self._server.close()
            self._server = None


class UdpPort(asyncio.DatagramProtocol):
    """A UDP port, for the host that spoke last; each frame of the line is a datagram.

    A frame that the line damaged is lost, as a datagram with a wrong checksum is.
    """

    def __init__(self, host: str, port: int, datagrams: Datagrams) -> None:
        self._host = host
        self._port = port
        self._datagrams = datagrams
        self._transport: asyncio.DatagramTransport | None = None
        self._address: tuple[Any, ...] | None = None
        self._on_bytes: OnBytes = _ignore
        self._unsent = b""

    @property
    def url(self) -> str:
        """As drivers write it."""
        return f"udp://{self._host}:{self._port}"

    async def open(self, on_bytes: OnBytes) -> None:
        """Listen; port 0 takes a free one and keeps it. Raises `SimulationError`."""
        self._on_bytes = on_bytes
        loop = asyncio.get_running_loop()
        try:
            self._transport, _ = await loop.create_datagram_endpoint(
                lambda: self, local_addr=(self._host, self._port)
            )
        except OSError as error:
            raise SimulationError(_cannot_listen(self._host, self._port, error)) from None
        self._port = self._transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[Any, ...]) -> None:
        self._address = addr
        self._on_bytes(self._datagrams.frame(data))

    def write(self, data: bytes) -> None:
        """Send each whole frame to the host that is there, if any."""
        *frames, self._unsent = (self._unsent + data).split(self._datagrams.end)
        for frame in frames:
            message = self._datagrams.content(frame)
            if message and self._transport is not None and self._address is not None:
                self._transport.sendto(message, self._address)

    async def close(self) -> None:
        """Stop listening, and forget the host."""
        self._address = None
        if self._transport is not None:
            self._transport.close()
            self._transport = None


def _cannot_listen(host: str, port: int, error: OSError) -> str:
    return (
        f"cannot listen at {host}:{port}: {error.strerror or error}: "
        "give another address or port 0 for a free one"
    )


class _Connection(asyncio.Protocol):
    """One host's connection, told to the port it belongs to."""

    def __init__(self, port: TcpPort) -> None:
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._connection = cast("asyncio.Transport", transport)
        self._port.connected(self._connection)

    def data_received(self, data: bytes) -> None:
        self._port.received(self._connection, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self._port.disconnected(self._connection)


class _Rfc2217(PortManager):
    """pyserial's server side, with the two confirmations of RFC 2217 that it leaves out."""

    def _telnet_process_subnegotiation(self, suboption: bytes) -> None:
        super()._telnet_process_subnegotiation(suboption)  # type: ignore[misc]
        if suboption[1:2] in (SET_LINESTATE_MASK, SET_MODEMSTATE_MASK):
            confirmed = bytes([suboption[1] + 100])
            self.rfc2217_send_subnegotiation(confirmed, suboption[2:3])


class Rfc2217Port(TcpPort):
    """A TCP port that speaks RFC 2217: the line, and its settings, in one connection.

    The settings act on a loop-back port of pyserial's that carries no data.
    """

    scheme = "rfc2217"

    def connected(self, connection: asyncio.Transport) -> None:
        """Begin the negotiation with the host that has connected."""
        super().connected(connection)
        settings: Any = serial.serial_for_url("loop://", timeout=0)
        transport: Any = connection
        self._manager = _Rfc2217(settings, transport)

    def received(self, connection: asyncio.Transport, data: bytes) -> None:
        """Pass on what is data, and obey what is not."""
        if connection is self._connection:
            super().received(connection, b"".join(self._manager.filter(data)))

    def write(self, data: bytes) -> None:
        """Send `data` with RFC 2217's escapes."""
        if self._connection is not None:
            super().write(b"".join(self._manager.escape(data)))


def _ignore(data: bytes) -> None:
    """What is received before the port is open."""
