"""Where in a TOML text each key stands, and which key was probably meant. Pure.

`tomllib` gives values without their places. This reads a text that `tomllib` has accepted
once more, and takes note of the lines alone.
"""

import re
import tomllib
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import Final

KeyPath = tuple[str | int, ...]
"""A key's way from the top: table and key names, and the numbers of list elements from 0."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_DOT: Final = re.compile(r"[ \t]*\.[ \t]*")
_KEY: Final = re.compile(r"""[A-Za-z0-9_-]+|"(?:\\.|[^"\\])*"|'[^']*'""")
_SCALAR: Final = re.compile(
    r'''"""(?:\\.|[^\\])*?"{3,5}|\'{3}.*?\'{3,5}|"(?:\\.|[^"\\])*"|'[^']*'|[^,\]}\r\n#]+''',
    re.DOTALL,
)


def key_lines(text: str) -> Mapping[KeyPath, int]:
    """The line, from 1, of every key, table and list element in the valid TOML `text`."""
    return _Reader(text).read()


def line_at(found: Mapping[KeyPath, int], place: Iterable[str | int]) -> int | None:
    """The line of `place`, or of the nearest that is written of what leads to it."""
    steps = tuple(place)
    ways = (steps[:n] for n in range(len(steps), 0, -1))
    return next((found[way] for way in ways if way in found), None)


def suggest(word: object, known: Iterable[str]) -> str:
    """Words that say which of `known` may be meant by `word`, or which there are."""
    names = sorted(known)
    close = get_close_matches(str(word), names, n=1)
    return f"did you mean {close[0]}?" if close else f"there are: {', '.join(names)}"


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._lines: dict[KeyPath, int] = {}
        self._last: dict[KeyPath, int] = {}

    def read(self) -> Mapping[KeyPath, int]:
        table: KeyPath = ()
        while self._skip(_BLANK):
            if self._take("["):
                of_list = self._take("[")
                table = self._header(of_list)
                self._at = self._text.index("]]" if of_list else "]", self._at) + 1 + of_list
            else:
                self._pair(table)
        return self._lines

    def _header(self, of_list: bool) -> KeyPath:
        self._skip(_BLANK)
        line = self._line
        *outer, name = self._keys()
        place: KeyPath = ()
        for key in outer:
            place = self._inside((*place, key))
        place = (*place, name)
        self._lines.setdefault(place, line)
        if not of_list:
            return self._inside(place)
        self._last[place] = self._last.get(place, -1) + 1
        self._lines[self._inside(place)] = line
        return self._inside(place)

    def _inside(self, place: KeyPath) -> KeyPath:
        """`place`, and where it is a list of tables the last one so far."""
        return (*place, self._last[place]) if place in self._last else place

    def _pair(self, table: KeyPath) -> None:
        line = self._line
        place = table
        for key in self._keys():
            place = (*place, key)
            self._lines.setdefault(place, line)
        self._at = self._text.index("=", self._at) + 1
        self._value(place)

    def _keys(self) -> list[str]:
        keys = [self._key()]
        while dot := _DOT.match(self._text, self._at):
            self._at = dot.end()
            keys.append(self._key())
        return keys

    def _key(self) -> str:
        written = self._match(_KEY)
        return next(iter(tomllib.loads(f"{written} = 0"))) if written[0] in "\"'" else written

    def _value(self, place: KeyPath) -> None:
        self._skip(_BLANK)
        self._lines.setdefault(place, self._line)
        if self._take("["):
            self._list(place)
        elif self._take("{"):
            while self._skip(_BLANK) and not self._take("}"):
                self._pair(place)
                self._skip(_BLANK)
                self._take(",")
        else:
            self._match(_SCALAR)

    def _list(self, place: KeyPath) -> None:
        n = 0
        while self._skip(_BLANK) and not self._take("]"):
            self._value((*place, n))
            n += 1
            self._skip(_BLANK)
            self._take(",")

    def _match(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, "not TOML"
        self._at = found.end()
        return found.group()

    def _skip(self, pattern: re.Pattern[str]) -> bool:
        """Skip what matches; whether there is anything after it."""
        self._match(pattern)
        return self._at < len(self._text)

    def _take(self, sign: str) -> bool:
        if not self._text.startswith(sign, self._at):
            return False
        self._at += len(sign)
        return True

    @property
    def _line(self) -> int:
        return self._text.count("\n", 0, self._at) + 1
