"""What codecs of devices that print lines of text share: where a line ends. Pure."""

import re
from abc import abstractmethod
from typing import Final

from drivers.codec import Codec, Ranges
from drivers.readings import Item

EITHER_END: Final = re.compile(rb"[\r\n]")


class LineCodec(Codec):
    """Takes lines of at most `longest` bytes, no fewer than a good one has, parted by `end`."""

    def __init__(self, ranges: Ranges, longest: int, end: re.Pattern[bytes] = EITHER_END) -> None:
        super().__init__(ranges)
        self._longest = longest
        self._line_end = end

    def feed(self, data: bytes) -> list[Item]:
        self._buffer += data
        items: list[Item] = []
        *lines, rest = self._line_end.split(self._buffer)
        for line in lines:
            items += self._took(bytes(self._end_of(line, self._longest)))
        # One more: it may be the first half of an end.
        self._buffer = bytearray(self._end_of(rest, self._longest + 1))
        return items

    def _end_of(self, line: bytes, count: int) -> bytes:
        """The last `count` bytes; those before are skipped."""
        self._skip(max(0, len(line) - count))
        return line[-count:]

    @abstractmethod
    def _took(self, line: bytes) -> list[Item]:
        """The items that a line, without its end, gives."""
