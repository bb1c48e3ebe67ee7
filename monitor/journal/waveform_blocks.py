"""Stored packets of a wave joined into blocks without a gap. Pure, no database."""

import sys
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final

from monitor.journal.chunk_codec import Wave

GAP: Final = timedelta(seconds=1)
"""A packet that comes so much before or after its time begins a block of its own."""

_MISSING: Final = float("nan")


@dataclass(slots=True)
class WaveformBlock:
    """Samples of one wave of one device, oldest first, in the device's own units.

    They are `rate_hz` apart, the first of them taken at `start`.
    """

    device: str
    name: str
    rate_hz: float
    start: datetime
    samples: "array[int]" = field(default_factory=lambda: array("i"))

    @property
    def end(self) -> datetime:
        """When the sample after the last would be."""
        return self.start + timedelta(seconds=len(self.samples) / self.rate_hz)


def blocks(waves: Iterable[Wave]) -> list[WaveformBlock]:
    """The packets, in the order of time, as blocks in the order of their start.

    A packet's last sample is as old as its arrival. Packets come a little early or late, and a
    device's clock is not ours: a block ends where one is `GAP` away from where its place would be.
    """
    found: list[WaveformBlock] = []
    open_: dict[tuple[str, str, float], WaveformBlock] = {}
    for wave in waves:
        key = wave.device, wave.name, wave.rate_hz
        begins = wave.at - timedelta(seconds=(len(wave.samples) - 1) / wave.rate_hz)
        block = open_.get(key)
        if block is None or abs(begins - block.end) > GAP:
            block = open_[key] = WaveformBlock(*key, begins)
            found.append(block)
        block.samples.extend(wave.samples)
    return sorted(found, key=lambda block: block.start)


def float32(found: Iterable[WaveformBlock]) -> bytes:
    """Blocks of one wave of one device as one little-endian array, with NaN for the gaps."""
    joined, end = array("f"), None
    for block in found:
        if end is not None:
            lost = round((block.start - end).total_seconds() * block.rate_hz)
            joined.extend([_MISSING] * lost)
        joined.extend(block.samples.tolist())
        end = block.end
    if sys.byteorder == "big":
        joined.byteswap()
    return joined.tobytes()
