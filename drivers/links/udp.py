"""Links over UDP, to a device on the network that speaks in datagrams.

Each link has a socket of its own that is connected to its device: what another sends never comes
over it, so that many monitors are told apart by their addresses. Datagrams are frames of SLIP.
"""

import asyncio
from typing import cast

from drivers import slip
from drivers.driver import LineSettings
from drivers.links.errors import LinkLost, advice, in_plain_words
from drivers.links.stream import Link, OnBytes, OnLost
from drivers.links.tcp import host_and_port


async def open_udp(url: str, _line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Be ready to hear from `url`; whether it is there shows later. Raises `OSError`."""
    link = UdpLink(url, on_bytes, on_lost)
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: link, remote_addr=host_and_port(url))
    return link


class UdpLink(asyncio.DatagramProtocol):
    """A connected socket's protocol, and the `Link` on it."""

    def __init__(self, url: str, on_bytes: OnBytes, on_lost: OnLost) -> None:
        self._url = url
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._transport: asyncio.DatagramTransport | None = None
        self._gone = asyncio.Event()
        self._closing = False
        self._unsent = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if not self._closing:
            self._on_bytes(slip.wrap(data))

    def error_received(self, exc: Exception) -> None:
        """The device's machine refuses, or cannot be reached: the link is lost."""
        if not self._closing and self._transport is not None:
            self._closing = True
            self._transport.abort()
            self._on_lost(LinkLost(f"{self._url}: {advice(exc)}", in_plain_words(exc)))

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        if not self._closing:
            self._closing = True
            self._on_lost(LinkLost(f"{self._url}: {advice(exc)}", in_plain_words(exc)))

    def write(self, data: bytes) -> None:
        """Send each whole frame as a datagram; what is no frame yet waits for its end."""
        *frames, self._unsent = (self._unsent + data).split(slip.END)
        for frame in frames:
            if frame and self._transport is not None and not self._closing:
                self._transport.sendto(slip.unwrap(frame))

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
            await self._gone.wait()
