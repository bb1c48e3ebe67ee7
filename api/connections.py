"""Connections to the HTTP server: how long a client may take, and how many there may be.

Uvicorn ends a connection that is idle after an answer, and no other. Here one that asks for
nothing, sends half a request, or reads nothing of its answer is ended too, and there are never
so many that the daemon has no descriptors left for its devices and its journal. Nothing here
knows what is asked.
"""

import asyncio
import resource
from typing import Any, ClassVar, Final

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S: Final = 10.0
"""How long a client may take from connecting, or from the last answer, to the end of a head."""

BODY_S: Final = 30.0
"""How long it may take from there to the end of the body."""

UNREAD_S: Final = 30.0
"""How long it may read nothing while its answer waits; a live stream is taken up again after."""

KEEP_ALIVE_S: Final = 5
"""How long a connection is kept after an answer, for the next request."""

MOST: Final = 512
"""How many connections there may be, where there are descriptors for them."""

BACKLOG: Final = 64
"""How many may wait to be accepted: each takes a descriptor before it is counted."""

_log = structlog.get_logger(__name__)


def most_connections() -> int:
    """How many connections there may be: half of the descriptors are for everything else."""
    descriptors, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return MOST if descriptors == resource.RLIM_INFINITY else min(MOST, descriptors // 2)


class Connection(H11Protocol):
    """A connection that is ended when its client takes too long, or another needs its place."""

    share: ClassVar[float] = 0.5
    """What one address may have of all connections; the rest is for others."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.waiting_since = self.loop.time()
        self._allowed_s: float | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._is_unread = False

    @property
    def is_answering(self) -> bool:
        """Whether a request is being answered, or its body read."""
        return self._has_asked and not self.cycle.response_complete

    @property
    def _has_asked(self) -> bool:
        cycle: object = self.cycle
        return cycle is not None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._look()
        self._find_place()

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._is_unread = True
        self._look()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._is_unread = False
        self._look()

    def _look(self) -> None:
        if self._is_unread:
            self._wait(UNREAD_S)
        elif self.conn.their_state is h11.SEND_BODY:
            self._wait(BODY_S)
        else:
            self._wait(None if self.is_answering else HEAD_S)

    def _wait(self, allowed_s: float | None) -> None:
        """Give the client so long for what it is to do now, unless it has that time already."""
        if allowed_s == self._allowed_s:
            return
        self._allowed_s = allowed_s
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
        if allowed_s is not None and not self.transport.is_closing():
            self.waiting_since = self.loop.time()
            self._deadline = self.loop.call_later(allowed_s, self.transport.abort)

    def _find_place(self) -> None:
        """End what waits longest where there are too many, or this one where nothing waits."""
        most = most_connections()
        for limit, of_all in ((int(most * self.share), False), (most, True)):
            held = [each for each in self._others() if of_all or each.address == self.address]
            if len(held) >= limit:
                waiting = [each for each in held if not each.is_answering]
                ended = min(waiting, key=Connection._precedence, default=self)
                _log.debug("http.full", most=limit, address=ended.address)
                ended.transport.abort()

    def _others(self) -> list["Connection"]:
        return [
            each
            for each in self.connections
            if isinstance(each, Connection) and each is not self and not each.transport.is_closing()
        ]

    @property
    def address(self) -> str | None:
        """Where the client is."""
        return None if self.client is None else self.client[0]

    def _precedence(self) -> tuple[bool, float]:
        return self._has_asked, self.waiting_since


class ProxiedConnection(Connection):
    """A connection of a proxy, at whose one address everybody is."""

    share = 1.0


def connection_limits(*, proxied: bool) -> dict[str, Any]:
    """What uvicorn is configured with, so that its connections are these."""
    return {
        "http": ProxiedConnection if proxied else Connection,
        "backlog": BACKLOG,
        "timeout_keep_alive": KEEP_ALIVE_S,
    }
