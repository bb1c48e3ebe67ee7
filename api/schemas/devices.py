"""How the link to a device does: for who looks after the devices."""

from api.schemas.fields import described
from api.schemas.model import Response


class DeviceLink(Response):
    """The link to a device, and what has come over it since the daemon was started."""

    id: str = described("Its id at the bed.", "oximeter")
    link: str = described("The link to it: connecting, up or down.", "up")
    detail: str | None = described(
        "Why the link is not up.", "/dev/ttyUSB0: no such port; plugged in?"
    )
    url: str = described("Where it is connected.", "/dev/serial/by-id/usb-Nonin_oximeter-if00")
    frames: int = described("Good frames.", 5400)
    damaged: dict[str, int] = described("What was lost, by its reason.", {"checksum": 2})
    rejected: dict[str, int] = described("Values that were refused, by their reason.", {"spo2": 1})
    bytes_in: int = described("Bytes received.", 27000)
    bytes_out: int = described("Bytes sent.", 12)
    reconnects: int = described("How often it was opened again.", 1)
    last_item_at: str | None = described("When it last gave something.", "2026-01-05T09:40:00.000Z")
    last_bytes: str = described(
        "The last bytes received, up to 64, in hexadecimal digits.", "01 7f 61 48"
    )
