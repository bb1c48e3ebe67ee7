"""Byte streams from URLs: ttys, TCP, RFC 2217, and this process's own memory.

Bytes go to their callback straight from the event loop, without a task or a reader in
between. What they mean is not known here.
"""

import asyncio
import errno
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, cast
from urllib.parse import urlsplit

import serialx
from serialx.platforms.serial_rfc2217 import RFC2217SerialTransport
from serialx.platforms.serial_rfc2217.types import (
    Rfc2217Command,
    SetLinestateMaskCmd,
    SetModemstateMaskCmd,
)

from drivers.driver import LineSettings
from drivers.links.memory import MemoryPort
from drivers.links.stream import Link, LinkError, LinkLost, OnBytes, OnLost

OPEN_LIMIT_S: Final = 10.0
"""How long opening may take, in the event loop's seconds."""


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine; `url` is the name that stays the same across restarts."""

    url: str
    device: str
    title: str
    serial: str | None


def serial_ports() -> list[SerialPort]:
    """The serial ports there are, by URL."""
    found = (
        SerialPort(info.device, info.resolved_device, info.description, info.serial_number)
        for info in serialx.list_serial_ports()
    )
    return sorted(found, key=lambda port: port.url)


def check_url(url: str) -> None:
    """Raises `ValueError`, saying what is allowed, when no link can have this URL."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        if not url.startswith("/"):
            raise ValueError(f"{url!r} is no URL: write a tty's whole path, or socket://host:port")
        return
    if scheme not in _OPENERS:
        known = ", ".join(f"{name}://" for name in _OPENERS if name)
        raise ValueError(f"{url!r} cannot be opened: use a tty's path or one of {known}")
    if scheme == "memory":
        if not rest:
            raise ValueError("memory:// needs a name: memory://bed-1")
        return
    _host_and_port(url)


async def open_link(url: str, line: LineSettings, *, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Open `url`, set as `line` says where it is a serial line.

    Raises `LinkError`, and nothing else, when that cannot be done.
    """
    try:
        check_url(url)
        opener = _OPENERS[url.partition("://")[0] if "://" in url else ""]
        async with asyncio.timeout(OPEN_LIMIT_S):
            return await opener(url, line, on_bytes, on_lost)
    except LinkError:
        raise
    except TimeoutError as fault:
        raise LinkError(f"{url} does not answer: is it switched on and reachable?") from fault
    except OSError as fault:
        raise LinkError(f"{url}: {_advice(fault)}") from fault
    except Exception as fault:
        raise LinkError(f"{url} cannot be opened: {fault}") from fault


_ADVICE: Final[Mapping[int, str]] = {
    errno.ENOENT: "no such port; is the cable plugged in? `postdose ports` lists what there is",
    errno.ENXIO: "nothing is behind this port; is the device plugged in?",
    errno.ENODEV: "nothing is behind this port; is the device plugged in?",
    errno.EACCES: "permission denied; add the user to group dialout and log in again",
    errno.EPERM: "permission denied; add the user to group dialout and log in again",
    errno.EBUSY: "in use by another program; close that one first",
    errno.ENOTTY: "not a serial port; give the path of a tty",
    errno.EISDIR: "not a serial port but a directory; give the path of a tty",
    errno.EIO: "hung up; is the cable still plugged in?",
    errno.ECONNREFUSED: "connection refused; is the serial server running on that port?",
    errno.ECONNRESET: "connection reset by the far end; does another program use it?",
    errno.EHOSTUNREACH: "host unreachable; check the address and the network",
    errno.ENETUNREACH: "network unreachable; check the address and the network",
}


def _advice(fault: BaseException | None) -> str:
    """What a person can do about `fault`; None is a stream that simply ended."""
    if fault is None:
        return "closed by the far end"
    known = _ADVICE.get(fault.errno) if isinstance(fault, OSError) and fault.errno else None
    return known or str(fault) or type(fault).__name__


class _Stream(asyncio.Protocol):
    """A transport's protocol, and the `Link` on it."""

    def __init__(self, url: str, on_bytes: OnBytes, on_lost: OnLost) -> None:
        self.data_received = on_bytes  # type: ignore[assignment]
        self._url = url
        self._on_lost = on_lost
        self._transport: asyncio.Transport | None = None
        self._gone = asyncio.Event()
        self._closing = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._transport = None
        self._gone.set()
        if not self._closing:
            self._on_lost(LinkLost(f"{self._url}: {_advice(exc)}"))

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
            await self._gone.wait()


class _Rfc2217Transport(RFC2217SerialTransport):
    """What pyserial's servers need beside the standard.

    They greet at once, which uvloop delivers before the transport knows its connection,
    and take the state masks without an answer.
    """

    _early = b""

    def _data_received(self, data: bytes) -> None:
        if self._tcp_transport is None:
            self._early += data
        else:
            super()._data_received(data)

    async def _negotiate(self) -> None:
        if self._early:
            super()._data_received(self._early)
        await super()._negotiate()

    async def _send_and_wait(self, cmd: Rfc2217Command) -> Rfc2217Command:
        if isinstance(cmd, SetLinestateMaskCmd | SetModemstateMaskCmd):
            self._send_command(cmd)
            return cmd
        return await super()._send_and_wait(cmd)


async def _open_serial(url: str, line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    stream = _Stream(url, on_bytes, on_lost)
    await serialx.create_serial_connection(
        asyncio.get_running_loop(),
        lambda: stream,
        url,
        line.baud,
        parity=_PARITIES[line.parity],
        stopbits=serialx.StopBits(line.stop_bits),
        exclusive=True,
        byte_size=line.data_bits,
        transport_cls=_Rfc2217Transport if url.startswith("rfc2217:") else None,
    )
    return stream


async def _open_socket(url: str, _line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    host, port = _host_and_port(url)
    stream = _Stream(url, on_bytes, on_lost)
    await asyncio.get_running_loop().create_connection(lambda: stream, host, port)
    return stream


async def _open_memory(url: str, _line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    return MemoryPort.at(url.partition("://")[2]).connect(on_bytes, on_lost)


def _host_and_port(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ValueError(f"{url!r} needs a host and a port: {parts.scheme}://10.0.0.5:4001")
    return host, port


_PARITIES: Final = {
    "N": serialx.Parity.NONE,
    "E": serialx.Parity.EVEN,
    "O": serialx.Parity.ODD,
}

_OPENERS: Final = {
    "": _open_serial,
    "rfc2217": _open_serial,
    "socket": _open_socket,
    "memory": _open_memory,
}
