"""Which device an adapter may be of, by what it says of itself over USB.

Only a guess: nothing is opened, and most adapters fit any device. `identify` listens and asks.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from drivers.links import SerialPort

SAID: Final[Mapping[str, Sequence[str]]] = {
    "nonin": ("nonin", "xpod", "wristox"),
    "cms50": ("contec", "cms50"),
    "masimo": ("masimo",),
    "nellcor": ("nellcor", "covidien"),
    "suntech": ("suntech",),
    "un300c": ("unimed", "un300"),
    "berry": ("berry", "pm6750"),
    "datex-s5": ("datex", "carescape"),
    "intellivue": ("intellivue", "philips"),
}
"""Words in the maker's or product's name, by the driver for it; unverified."""

ADAPTERS: Final[Mapping[tuple[int, int], tuple[str, str | None]]] = {
    (0x10C4, 0xEA60): ("Silicon Labs CP210x", "cms50"),
    (0x0403, 0x6001): ("FTDI FT232", "nonin"),
    (0x0557, 0x2008): ("ATEN UC-232A", "datex-s5"),
    (0x0403, 0x6010): ("FTDI FT2232", None),
    (0x0403, 0x6011): ("FTDI FT4232", None),
    (0x0403, 0x6015): ("FTDI FT-X", None),
    (0x067B, 0x2303): ("Prolific PL2303", None),
    (0x067B, 0x23A3): ("Prolific PL2303GC", None),
    (0x1A86, 0x7523): ("WCH CH340", None),
}
"""Adapters by their vendor's and product's numbers: what each is, and a driver it is known with.

The cable of a CMS50D+ has a CP2102, a Nonin Xpod 3012LP USB an FT232R, and GE names the UC-232A for
the CARESCAPE B450 to B850; each is sold alone as well.
"""


def guess(port: SerialPort) -> str | None:
    """Which driver the port may be for, and why, in words; None where nothing is known of it."""
    said = f"{port.vendor or ''} {port.product or ''}".lower()
    for driver, words in SAID.items():
        if word := next((word for word in words if word in said), None):
            return f"may be {driver}: it calls itself {word}"
    if port.usb is None or port.usb not in ADAPTERS:
        return None
    adapter, known_with = ADAPTERS[port.usb]
    if known_with is None:
        return f"an adapter for any device: {adapter}"
    return f"may be {known_with}: {adapter}, which others have too"
