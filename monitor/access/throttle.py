"""How often a password or a PIN may be wrong before the next try has to wait. Pure.

Tries are counted by the person from one address, by the address, and by the person: guessing at one
is slowed down soon, guessing at many from one machine later, and the person who mistypes on the
ward does not wait for one who guesses elsewhere, until that is a flood.
"""

from collections import OrderedDict
from typing import Final

FREE: Final = {"person-at": 5, "address": 20, "person": 50}
"""How many wrong tries are free, by what they are counted by."""

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = 300.0
FORGOTTEN_S: Final = 900.0
"""After so long without a wrong try they are forgotten."""

MOST: Final = 3000
"""So many counts are kept, the latest; each is of a try that took its time."""

Key = tuple[str, ...]


class Throttle:
    """The wrong tries of the last while. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def wait_s(self, person: str, address: str, now_s: float) -> float:
        """How long the next try has to wait; 0 for none."""
        waits = (self._wait_of(key, now_s) for key in _keys(person, address))
        return max(0.0, *waits)

    def _wait_of(self, key: Key, now_s: float) -> float:
        count, last_s = self._count(key, now_s)
        over = count - FREE[key[0]]
        if over < 0:
            return 0.0
        return last_s + min(LONGEST_WAIT_S, FIRST_WAIT_S * 2.0 ** min(over, 10)) - now_s

    def _count(self, key: Key, now_s: float) -> tuple[int, float]:
        count, last_s = self._wrong.get(key, (0, now_s))
        return (count, last_s) if now_s - last_s < FORGOTTEN_S else (0, now_s)

    def note_wrong(self, person: str, address: str, now_s: float) -> None:
        """It was wrong."""
        for key in _keys(person, address):
            count, _ = self._count(key, now_s)
            self._wrong[key] = (count + 1, now_s)
            self._wrong.move_to_end(key)
        while len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def note_right(self, person: str, address: str) -> None:
        """It was right: the person's own mistakes are forgotten."""
        self._wrong.pop(("person-at", person, address), None)


def _keys(person: str, address: str) -> tuple[Key, ...]:
    return ("person-at", person, address), ("address", address), ("person", person)
