"""How the link to a device does, in numbers: for who looks after the devices. Decides nothing."""

from drivers.clock import rfc3339
from drivers.device import Device
from monitor.bed import Json


def link_of(device: Device) -> Json:
    """The link to `device`, and what has come over it since the daemon was started."""
    counters, link = device.counters, device.link_state
    last = counters.last_item_at
    return {
        "id": device.spec.id,
        "link": link.state.value,
        "detail": link.reason,
        "url": device.spec.url,
        "frames": counters.stats.frames,
        "damaged": dict(counters.stats.damaged),
        "rejected": dict(counters.stats.rejected),
        "bytes_in": counters.bytes_in,
        "bytes_out": counters.bytes_out,
        "reconnects": counters.reconnects,
        "last_item_at": None if last is None else rfc3339(last.wall),
        "last_bytes": counters.last_bytes.hex(" "),
        "capture_lost": device.capture.lost,
    }
