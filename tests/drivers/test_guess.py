"""What an adapter may be of, by what it says over USB."""

import pytest

from drivers.guess import ADAPTERS, SAID, guess
from drivers.links import SerialPort
from drivers.registry import DRIVERS


def port(
    usb: tuple[int, int] | None = None, vendor: str | None = None, product: str | None = None
) -> SerialPort:
    return SerialPort("/dev/ttyUSB0", "/dev/ttyUSB0", "", None, vendor, product, usb)


@pytest.mark.parametrize(
    ("plugged", "said"),
    [
        (
            port((0x10C4, 0xEA60), "Silicon Labs", "CP2102 USB to UART Bridge Controller"),
            "may be cms50: Silicon Labs CP210x, which others have too",
        ),
        (port((0x0403, 0x6001)), "may be nonin: FTDI FT232, which others have too"),
        (port((0x067B, 0x2303)), "an adapter for any device: Prolific PL2303"),
        (port((0x0403, 0x6001), "Masimo", "Rad-8"), "may be masimo: it calls itself masimo"),
        (port((0x1234, 0x5678), "Somebody", "Something"), None),
        (port(), None),
    ],
)
def test_a_port_is_guessed_by_its_names_then_by_its_numbers(
    plugged: SerialPort, said: str | None
) -> None:
    assert guess(plugged) == said


def test_every_guess_is_a_driver_that_there_is() -> None:
    assert {*SAID, *(driver for _, driver in ADAPTERS.values() if driver)} <= set(DRIVERS)
