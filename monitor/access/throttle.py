"""How often a password or a PIN may be wrong before the next try has to wait. Pure.

Tries are counted by the person from one place, by the address, and by the person: guessing at one
name is slowed down soon, guessing at many from one machine later and for seconds only, since a
nurses' station is one machine, and the person who mistypes on the ward does not wait for one who
guesses elsewhere, until that is a flood. At a station that knows the person only that person's
own tries there count, so that nobody keeps them out of it.
"""

from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

FREE: Final = {"person-at": 5, "address": 100, "person": 50}
"""How many wrong tries are free, by what they are counted by."""

FIRST_WAIT_S: Final = 5.0
LONGEST_WAIT_S: Final = {"person-at": 300.0, "address": 5.0, "person": 300.0}
"""The wait, and how long it may grow, twice as long each time."""

FORGOTTEN_S: Final = 900.0
"""After so long without a wrong try they are forgotten."""

MOST: Final = 3000
"""So many counts are kept, the latest; each is of a try that took its time."""

Key = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Try:
    """Who is meant, and from which address; `station` is one that knows this person, if any."""

    person: str
    address: str
    station: str | None = None

    @property
    def own(self) -> Key:
        """The person's own tries at this place."""
        return "person-at", self.person, self.station or self.address

    @property
    def counts(self) -> tuple[Key, ...]:
        """What it is counted by."""
        if self.station is not None:
            return (self.own,)
        return self.own, ("address", self.address), ("person", self.person)


class Throttle:
    """The wrong tries of the last while. `now_s` is monotonic."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[Key, tuple[int, float]] = OrderedDict()

    def wait_s(self, tried: Try, now_s: float) -> float:
        """How long the next try has to wait; 0 for none."""
        return max(0.0, *(self._wait_of(key, now_s) for key in tried.counts))

    def _wait_of(self, key: Key, now_s: float) -> float:
        count, last_s = self._count(key, now_s)
        over = count - FREE[key[0]]
        if over < 0:
            return 0.0
        wait_s = min(LONGEST_WAIT_S[key[0]], FIRST_WAIT_S * 2.0 ** min(over, 10))
        return last_s + wait_s - now_s

    def _count(self, key: Key, now_s: float) -> tuple[int, float]:
        count, last_s = self._wrong.get(key, (0, now_s))
        return (count, last_s) if now_s - last_s < FORGOTTEN_S else (0, now_s)

    def note_wrong(self, tried: Try, now_s: float) -> None:
        """It was wrong."""
        for key in tried.counts:
            count, _ = self._count(key, now_s)
            self._wrong[key] = (count + 1, now_s)
            self._wrong.move_to_end(key)
        while len(self._wrong) > MOST:
            self._wrong.popitem(last=False)

    def note_right(self, tried: Try) -> None:
        """It was right: the person's own mistakes are forgotten."""
        self._wrong.pop(tried.own, None)
