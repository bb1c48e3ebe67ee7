"""Links over TCP, to a serial server that passes the bare bytes on."""

import asyncio
from urllib.parse import urlsplit

from drivers.driver import LineSettings
from drivers.links.stream import Link, OnBytes, OnLost, TransportLink


async def open_tcp(url: str, _line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Connect to `url`; the line is set at its other end. Raises `OSError`."""
    host, port = host_and_port(url)
    link = TransportLink(url, on_bytes, on_lost)
    await asyncio.get_running_loop().create_connection(lambda: link, host, port)
    return link


def host_and_port(url: str) -> tuple[str, int]:
    """Where `url` leads. Raises `ValueError` when it lacks either."""
    parts = urlsplit(url)
    try:
        host, port = parts.hostname, parts.port
    except ValueError:
        host = port = None
    if not host or not port:
        raise ValueError(f"{url!r} needs a host and a port: {parts.scheme}://10.0.0.5:4001")
    return host, port
