"""What `postdose ports` prints. Pure."""

from collections.abc import Sequence

from drivers.guess import guess
from drivers.links import Holder, SerialPort


def described(port: SerialPort, holders: Sequence[Holder]) -> str:
    """The port as a site's file names it, and what is known of it, a line each."""
    usb = port.usb and f"{port.usb[0]:04x}:{port.usb[1]:04x}"
    said = [each for each in (port.vendor, port.product) if each]
    held = ", ".join(f"{each.name} (pid {each.pid})" for each in holders)
    lines = {
        "device": port.device,
        "usb": usb and " ".join([usb, *said]),
        "serial number": port.serial or ("none" if usb else None),
        "held by": held or "nobody that this user can see",
        "guess": guess(port),
        "note": _note(port),
    }
    rows = [f"  {name:<14} {text}" for name, text in lines.items() if text]
    return "\n".join([f'url = "{port.url}"', *rows])


def _note(port: SerialPort) -> str | None:
    if "/by-path/" in port.url:
        return "another has the same name by id; this name is of the socket that it is in"
    if port.usb and port.url == port.device:
        return "has no name that stays: it may be another after a restart"
    return None
