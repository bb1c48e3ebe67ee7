"""Nonin desk oximeters (8500, 8600, 9600 series): a line of text a second.

A line has no checksum and one form, `SPO2=097 HR=072`, so that a whole one is believed by itself;
a digit that became another digit is not noticed. The device says nothing of its sensor: with the
finger out there are dashes. The one that calls itself by name at power-on gives its identity.
"""

import re
from typing import Final

from drivers.codec import Ranges
from drivers.lines import LineCodec
from drivers.readings import Identity, Item, Measurement, Vital

LONGEST_LINE: Final = 120

_VALUES: Final = re.compile(rb"SPO2=(\d{3}|---) +HR=(\d{3}|---)(?: +F| *\*)* *\Z")
_HEADER: Final = re.compile(rb"(?i:NONIN)[ -~]*\Z")


class DeskCodec(LineCodec):
    """Lines of one oximeter."""

    def __init__(self, ranges: Ranges) -> None:
        super().__init__(ranges, LONGEST_LINE)
        self._is_identified = False

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._is_identified = False

    def _took(self, line: bytes) -> list[Item]:
        if not line.strip():
            return []
        if found := _VALUES.search(line):
            self._skip(found.start())
            self.stats.frames += 1
            spo2, pulse = (None if text == b"---" else int(text) for text in found.groups())
            readings = (self._reading(Vital.SPO2, spo2), self._reading(Vital.PULSE, pulse))
            return [Measurement(readings)]
        if not (header := _HEADER.search(line)):
            self.stats.damaged["bad-frame"] += 1
        elif not self._is_identified:
            self._is_identified = True
            return [Identity(" ".join(header[0].decode("ascii").split()))]
        return []
