"""What is answered of a session's waves."""

from api.schemas.fields import described
from api.schemas.model import Response


class WaveformBlock(Response):
    """Samples without a gap."""

    device: str = described("The device.", "oximeter")
    wave: str = described("The wave.", "pleth")
    rate_hz: float = described("How far apart the samples are, in Hz.", 75)
    at: str = described("When the first sample was taken.", "2026-01-05T09:40:00.000Z")
    samples: list[int] = described("The samples, oldest first, in the device's own units.", [112])


class Waveforms(Response):
    """A wave over time; between two blocks of a device there was nothing."""

    blocks: list[WaveformBlock] = described("The blocks, in the order of their start.")
    next: str | None = described(
        "`from` of what follows; null where this is all.", "2026-01-05T09:50:00.000Z"
    )
