"""How far the log of events has got, when the broker takes some beds' events and not others'.

Pure. An event that is refused holds back the later ones of its bed, and of no other bed.
"""

from collections.abc import Callable, Iterable

from monitor.session import Stored


class LogProgress:
    """What was taken of the events, which are begun in the order of their `seq`.

    `taken` says how far each bed is, which may be further than `acknowledged`; `taken_before`
    says it of earlier runs. `refused` is the first refused event of each bed.
    """

    def __init__(self, acknowledged: int, taken_before: Callable[[str], int]) -> None:
        self.taken: dict[str, int] = {}
        self._taken_before = taken_before
        self.refused: dict[str, Stored] = {}
        self._passed = acknowledged
        self._open: dict[int, str] = {}
        self._done: set[int] = set()

    @property
    def acknowledged(self) -> int:
        """The `seq` up to which everything was taken."""
        return min([self._passed, *(first.seq - 1 for first in self.refused.values())])

    def begin(self, stored: Stored) -> bool:
        """The next event; False when it is not to be sent: it was, or its bed is refused."""
        bed = stored.event.bed
        self._open[stored.seq] = bed
        if bed not in self.refused and stored.seq > self._taken(bed):
            return True
        self._finish(stored.seq)
        return False

    def took(self, stored: Stored) -> None:
        """The broker has it."""
        self._finish(stored.seq)

    def refuse(self, stored: Stored) -> None:
        """The broker does not take it; it comes again, and what follows it at its bed."""
        first = self.refused.setdefault(stored.event.bed, stored)
        if stored.seq < first.seq:
            self.refused[stored.event.bed] = stored
        self._finish(stored.seq)

    def took_again(self, firsts: Iterable[Stored]) -> None:
        """The broker took those first refused events: begin again after `acknowledged`."""
        self._passed = self.acknowledged
        self._open.clear()
        self._done.clear()
        for first in firsts:
            bed = first.event.bed
            if self.refused[bed] is first:
                self.taken[bed] = self.refused.pop(bed).seq

    def _finish(self, seq: int) -> None:
        self._done.add(seq)
        while self._open and (first := next(iter(self._open))) in self._done:
            self._done.remove(first)
            bed = self._open.pop(first)
            self._passed = first
            if bed not in self.refused or first < self.refused[bed].seq:
                self.taken[bed] = max(first, self._taken(bed))

    def _taken(self, bed: str) -> int:
        return self.taken.get(bed, self._taken_before(bed))
