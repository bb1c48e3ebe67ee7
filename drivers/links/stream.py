"""What a link is, and the one on an asyncio transport. Nothing is opened here."""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

from drivers.links.errors import LinkLost, advice, in_plain_words

OnBytes = Callable[[bytes], None]
OnLost = Callable[[LinkLost], None]


class Link(Protocol):
    """An open byte stream.

    Bytes go to the `OnBytes` it was opened with, straight from the event loop, without a
    task or a reader in between. It ends in exactly one call of `OnLost`, unless it was
    closed from this side.
    """

    def write(self, data: bytes) -> None:
        """Send `data`; silently nothing once the link is lost."""

    async def close(self) -> None:
        """Release the port. Bytes not yet sent are dropped, and no loss is reported."""


class TransportLink(asyncio.Protocol):
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
            self._on_lost(LinkLost(f"{self._url}: {advice(exc)}", in_plain_words(exc)))

    def write(self, data: bytes) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(data)

    async def close(self) -> None:
        self._closing = True
        if self._transport is not None:
            self._transport.abort()
            await self._gone.wait()
