"""The far end of a `memory://name` link: a device that lives in this process.

    with MemoryPort("bed-1") as port:
        port.on_bytes = simulator.receive
        ...                         # a Device opens memory://bed-1
        port.send(b"...")

One link at a time, as on a serial port. Bytes are delivered by the event loop, never
inside the call that sends them, so neither end is entered twice.
"""

import asyncio
from collections.abc import Callable
from typing import ClassVar, Self

from drivers.driver import LineSettings
from drivers.links.errors import LinkError, LinkLost
from drivers.links.stream import Link, OnBytes, OnLost


async def open_memory(url: str, _line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Open the port that `url` names. Raises `LinkError` when it is not there or in use."""
    return MemoryPort.at(url.partition("://")[2]).connect(on_bytes, on_lost)


class MemoryPort:
    """A named place that one link at a time can be opened to."""

    _open: ClassVar[dict[str, "MemoryPort"]] = {}

    def __init__(self, name: str) -> None:
        self.name = name
        self.on_bytes: Callable[[bytes], object] = lambda _data: None
        self.on_open: Callable[[], object] = lambda: None
        self._link: MemoryLink | None = None

    @classmethod
    def at(cls, name: str) -> "MemoryPort":
        """The port of that name. Raises `LinkError` when nothing is attached there."""
        try:
            return cls._open[name]
        except KeyError:
            raise LinkError(f"nothing is attached to memory://{name}: attach it first") from None

    def __enter__(self) -> Self:
        if self.name in self._open:
            raise ValueError(f"memory://{self.name} is attached already: use another name")
        self._open[self.name] = self
        return self

    def __exit__(self, *_exc: object) -> None:
        self.hang_up()
        del self._open[self.name]

    @property
    def connected(self) -> bool:
        """Whether a link is open to this port."""
        return self._link is not None

    def send(self, data: bytes) -> None:
        """Deliver `data` to the link; without one it is lost, as on a wire."""
        if self._link is not None:
            self._link.deliver(data)

    def hang_up(self) -> None:
        """Break the link that is open, if any, as a pulled cable does."""
        if self._link is not None:
            self._link.lose(f"memory://{self.name} was hung up")

    def connect(self, on_bytes: OnBytes, on_lost: OnLost) -> "MemoryLink":
        """Open the port's one link. Raises `LinkError` when it is in use."""
        if self._link is not None:
            raise LinkError(f"memory://{self.name} is in use: close its other link first")
        self._link = MemoryLink(self, on_bytes, on_lost)
        asyncio.get_running_loop().call_soon(self.on_open)
        return self._link

    def release(self, link: "MemoryLink") -> None:
        """Make room for the next link."""
        if self._link is link:
            self._link = None


class MemoryLink:
    """The near end: what `open_link` returns for a `memory://` URL."""

    def __init__(self, port: MemoryPort, on_bytes: OnBytes, on_lost: OnLost) -> None:
        self._port = port
        self._on_bytes = on_bytes
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._is_open = True

    def write(self, data: bytes) -> None:
        """Hand `data` to the port."""
        if self._is_open:
            self._loop.call_soon(self._port.on_bytes, data)

    async def close(self) -> None:
        """Leave the port; nothing is reported."""
        self._is_open = False
        self._port.release(self)

    def deliver(self, data: bytes) -> None:
        """Have the loop pass `data` on, unless the link has been closed by then."""
        self._loop.call_soon(self._pass_on, data)

    def lose(self, reason: str) -> None:
        """End the link and have the loop report it."""
        self._is_open = False
        self._port.release(self)
        self._loop.call_soon(self._on_lost, LinkLost(reason))

    def _pass_on(self, data: bytes) -> None:
        if self._is_open:
            self._on_bytes(data)
