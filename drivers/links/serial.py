"""Links over this machine's serial ports and pseudo-terminals."""

import asyncio
import errno
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import serialx

from drivers.driver import LineSettings
from drivers.links.stream import Link, OnBytes, OnLost, TransportLink

PARITIES: Final = {
    "N": serialx.Parity.NONE,
    "E": serialx.Parity.EVEN,
    "O": serialx.Parity.ODD,
}

SERIAL_LINKS: Final = Path("/dev/serial")


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port of this machine; `url` is the name that stays the same across restarts.

    `usb` are the numbers of its vendor and product, `vendor` and `product` what it calls itself.
    """

    url: str
    device: str
    title: str
    serial: str | None
    vendor: str | None = None
    product: str | None = None
    usb: tuple[int, int] | None = None


def serial_ports(links: Path = SERIAL_LINKS) -> list[SerialPort]:
    """The serial ports there are, by URL.

    Two adapters of one kind without serial numbers have one name by id, which leads to one of them;
    the other is called by the socket that it is in, as is found below `links`.
    """
    by_path = sorted(links.glob("by-path/*"), reverse=True)
    sockets = {os.path.realpath(link): str(link) for link in by_path}
    found = (
        SerialPort(
            sockets.get(info.device, info.device),
            info.resolved_device,
            info.description,
            info.serial_number,
            info.manufacturer,
            info.product,
            None if info.vid is None or info.pid is None else (info.vid, info.pid),
        )
        for info in serialx.list_serial_ports()
    )
    return sorted(found, key=lambda port: port.url)


async def open_serial(url: str, line: LineSettings, on_bytes: OnBytes, on_lost: OnLost) -> Link:
    """Open the tty at `url`, set as `line` says. Raises `OSError`.

    Linux keeps no parity on a pseudo-terminal: the first open with one is accepted, and
    every later one refused as invalid. It is then opened without.
    """
    try:
        return await connect(url, line, on_bytes, on_lost)
    except OSError as fault:
        if fault.errno != errno.EINVAL or line.parity == "N" or not is_pseudo_terminal(url):
            raise
    return await connect(url, replace(line, parity="N"), on_bytes, on_lost)


def is_pseudo_terminal(path: str) -> bool:
    """Whether `path` leads to a pseudo-terminal, which has no line to set."""
    return os.path.realpath(path).startswith("/dev/pts/")


async def connect(
    url: str,
    line: LineSettings,
    on_bytes: OnBytes,
    on_lost: OnLost,
    transport: type[serialx.BaseSerialTransport] | None = None,
) -> Link:
    """A link to `url` by `transport`, the platform's own when None. Raises `OSError`."""
    link = TransportLink(url, on_bytes, on_lost)
    await serialx.create_serial_connection(
        asyncio.get_running_loop(),
        lambda: link,
        url,
        line.baud,
        parity=PARITIES[line.parity],
        stopbits=serialx.StopBits(line.stop_bits),
        exclusive=True,
        byte_size=line.data_bits,
        transport_cls=transport,
    )
    return link
