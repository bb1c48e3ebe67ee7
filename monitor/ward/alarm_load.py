"""How many alarms a bed had lately: how much it asks of those who watch it. Pure."""

from collections import deque
from collections.abc import Iterable
from datetime import datetime

from monitor.bed.view import ALARM_LOAD_WINDOW


class AlarmLoad:
    """The onsets of a bed's alarms within `ALARM_LOAD_WINDOW`, given oldest first."""

    def __init__(self, onsets: Iterable[datetime] = ()) -> None:
        self._onsets = deque(onsets)

    def add(self, onset: datetime) -> None:
        """An alarm was raised, or raised again."""
        self._onsets.append(onset)
        self._forget(onset)

    def count(self, now: datetime) -> int:
        """How many there were up to `now`."""
        self._forget(now)
        return len(self._onsets)

    def _forget(self, now: datetime) -> None:
        while self._onsets and now - self._onsets[0] > ALARM_LOAD_WINDOW:
            self._onsets.popleft()
