"""What a device said, from the bytes that it sent. Pure."""

from drivers.registry import DeviceSpec
from monitor.bed import DeviceInput, dump


def decoded(spec: DeviceSpec, data: bytes) -> tuple[list[str], str]:
    """Each item that `data` holds, as the journal writes inputs; and what became of the bytes."""
    codec = spec.codec()
    while True:
        codec.opened(0.0)
        items = codec.feed(data) + codec.closed()
        if items or not codec.try_next_line():
            break
    damaged = ", ".join(f"{why} {count}" for why, count in codec.stats.damaged.items() if count)
    summary = f"{len(data)} bytes, {codec.stats.frames} frames of {codec.dialect or spec.driver}"
    told = [dump(DeviceInput(spec.id, item)) for item in items]
    return told, f"{summary}; lost: {damaged or 'none'}"
