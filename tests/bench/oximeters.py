"""Oximeters at the far ends of pseudo-terminals, writing at a real one's pace.

Beds take turns evenly over each third of a second, so that no two packets are complete at
the same moment.
"""

import os
import tty
from collections.abc import Sequence
from typing import Final, Self

from tests.drivers.streams import nonin_data, nonin_packet

PACKETS_PER_S: Final = 3
FRAMES: Final = 25
WELL: Final = 97
LOW: Final = 80
PLETH: Final = tuple(60 + 5 * abs(12 - place) for place in range(FRAMES))


class Oximeters:
    """So many oximeters, each writing its packet of 125 bytes in `writes` pieces, 1 or 25."""

    def __init__(self, beds: int, writes: int) -> None:
        self.beds = beds
        self.writes = writes
        self.missed = 0
        self.every_s = 1 / (PACKETS_PER_S * writes * beds)
        self._pieces = {spo2: _pieces(spo2, writes) for spo2 in (WELL, LOW)}
        self._spo2 = [WELL] * beds
        self._turn = 0
        self._ends = [os.openpty() for _ in range(beds)]
        for far, near in self._ends:
            tty.setraw(near)
            os.set_blocking(far, False)
        self.urls = [os.ttyname(near) for _, near in self._ends]

    def next(self) -> tuple[int, int]:
        """Whose turn it is, and the piece of its packet to write, counted from 0."""
        bed = self._turn % self.beds
        return bed, (self._turn // self.beds + bed) % self.writes

    def begin(self, bed: int, spo2: int) -> None:
        """Choose the saturation of the packet that `bed` begins now."""
        self._spo2[bed] = spo2

    def write(self) -> None:
        """Write the next piece. One that nobody's buffer has room for is lost, as on a wire."""
        bed, piece = self.next()
        self._turn += 1
        try:
            os.write(self._ends[bed][0], self._pieces[self._spo2[bed]][piece])
        except BlockingIOError:
            self.missed += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        for end in self._ends:
            for descriptor in end:
                os.close(descriptor)


def _pieces(spo2: int, writes: int) -> Sequence[bytes]:
    packet = nonin_packet("2", nonin_data(spo2=spo2), pleth=PLETH)
    size = len(packet) // writes
    return [packet[at : at + size] for at in range(0, len(packet), size)]
