"""Open byte streams to devices: serial ports, TCP, RFC 2217, UDP, and this process's own memory.

The rest of Postdose imports links from here, and only from here. What the bytes mean,
when a link is opened again and how long silence may last is not decided in this room.
"""

from drivers.links.errors import CALL, LinkError, LinkLost
from drivers.links.holders import Holder, held_by
from drivers.links.memory import MemoryPort
from drivers.links.opening import check_url, has_line, open_link
from drivers.links.serial import SerialPort, serial_ports
from drivers.links.stream import Link, OnBytes, OnLost

__all__ = [
    "CALL",
    "Holder",
    "Link",
    "LinkError",
    "LinkLost",
    "MemoryPort",
    "OnBytes",
    "OnLost",
    "SerialPort",
    "check_url",
    "has_line",
    "held_by",
    "open_link",
    "serial_ports",
]
