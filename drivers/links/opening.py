"""Which URLs there are, and what opens each."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from drivers.driver import LineSettings
from drivers.links.errors import LinkError, advice, in_plain_words
from drivers.links.memory import open_memory
from drivers.links.rfc2217 import open_rfc2217
from drivers.links.serial import is_pseudo_terminal, open_serial
from drivers.links.stream import Link, OnBytes, OnLost
from drivers.links.tcp import host_and_port, open_tcp
from drivers.links.udp import open_udp

OPEN_LIMIT_S: Final = 10.0
"""How long opening may take, in the event loop's seconds."""

Opener = Callable[[str, LineSettings, OnBytes, OnLost], Awaitable[Link]]

OPENERS: Final[Mapping[str, Opener]] = {
    "": open_serial,
    "rfc2217": open_rfc2217,
    "socket": open_tcp,
    "udp": open_udp,
    "memory": open_memory,
}
"""What opens the URLs of each scheme; a tty's path has none."""


def check_url(url: str) -> None:
    """Raises `ValueError`, saying what is allowed, when no link can have this URL."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        if not url.startswith("/"):
            raise ValueError(f"{url!r} is no URL: write a tty's whole path, or socket://host:port")
        return
    if scheme not in OPENERS:
        known = ", ".join(f"{name}://" for name in OPENERS if name)
        raise ValueError(f"{url!r} cannot be opened: use a tty's path or one of {known}")
    if scheme == "memory":
        if not rest:
            raise ValueError("memory:// needs a name: memory://bed-1")
        return
    host_and_port(url)


def has_line(url: str) -> bool:
    """Whether what is behind `url` is a serial line that can be set."""
    scheme, mark, _ = url.partition("://")
    return scheme == "rfc2217" if mark else not is_pseudo_terminal(url)


_OFF: Final = "does not answer; is it on, and its cable in?"


async def open_link(url: str, line: LineSettings, *, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Open `url`, set as `line` says where it is a serial line.

    Raises `LinkError`, and nothing else, when that cannot be done.
    """
    try:
        check_url(url)
        opener = OPENERS[url.partition("://")[0] if "://" in url else ""]
        async with asyncio.timeout(OPEN_LIMIT_S):
            return await opener(url, line, on_bytes, on_lost)
    except LinkError:
        raise
    except TimeoutError as fault:
        raise LinkError(f"{url} does not answer: is it switched on and reachable?", _OFF) from fault
    except OSError as fault:
        raise LinkError(f"{url}: {advice(fault)}", in_plain_words(fault)) from fault
    except Exception as fault:
        raise LinkError(f"{url} cannot be opened: {fault}") from fault
