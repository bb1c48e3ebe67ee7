"""The alarm displays of a ward: which are there, what each shows, and what none has shown. Pure.

A display is a page that says so and hears the live stream. It says what it has painted and what
it sounds; when its stream is gone, or it has said nothing for long, it is gone. Nothing of this is
stored: what a bed decides follows from the condition that it is told of, which is recorded.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final

from alerts.alarm import Alarm
from alerts.rules import Kind, Priority

UNSEEN: Final = "alarm-unseen"
"""The technical condition of a bed with a high alarm that no display has shown in time."""

UNSEEN_AFTER_S: Final = 10.0
"""How long the displays have to show an alarm, in real seconds."""

LAPSE_S: Final = 30.0
"""A display that has said nothing for so long, in real seconds, is gone."""

MOST: Final = 256
"""So many displays may be there at once."""

Call = tuple[str, int]
"""An alarm as it was raised: its id, and how often by then."""


class DisplaySound(StrEnum):
    """Whether a display can be heard: not while its browser blocks it, or it is muted."""

    ON = "on"
    BLOCKED = "blocked"
    MUTED = "muted"


@dataclass(frozen=True, slots=True)
class Display:
    """What one display says of itself.

    `stream` names the live stream that it hears, `station` is what people call it, `beds` are
    those that it is for, None for all. While it is not `visible` it shows and sounds nothing.
    `shown` are the alarms that it has painted, `sounding` those that it sounds.
    """

    id: str
    stream: str
    station: str
    beds: frozenset[str] | None
    sound: DisplaySound
    visible: bool
    shown: frozenset[Call] = frozenset()
    sounding: frozenset[Call] = frozenset()

    def shows(self, bed: str) -> bool:
        """Whether whoever looks at it sees that bed."""
        return self.visible and (self.beds is None or bed in self.beds)

    def as_json(self) -> dict[str, Any]:
        """The display as interfaces show it."""
        return {
            "id": self.id,
            "station": self.station,
            "beds": None if self.beds is None else sorted(self.beds),
            "sound": self.sound.value,
            "visible": self.visible,
            "shown": sorted(id_ for id_, _ in self.shown),
            "sounding": sorted(id_ for id_, _ in self.sounding),
        }


class NotADisplay(Exception):
    """It hears no live stream, or there are too many; the message says which."""


@dataclass(slots=True)
class _Bed:
    """When each alarm was first found unshown, in monotonic seconds, and what was said of it."""

    since: Mapping[Call, float] = field(default_factory=dict)
    said: tuple[Call, str] | None = None


class Displays:
    """The displays of one ward, by `announce`, and what they have shown.

    Where displays are `expected`, by the site's settings or because one has been there, a bed is
    told of a high alarm that none shows. `speed` is the clock's: screens are as fast as they are.
    """

    def __init__(self, *, expected: bool = False, speed: float = 1.0) -> None:
        self.expected = expected
        self._real_s = max(1.0, speed)
        self._streams: Counter[str] = Counter()
        self._there: dict[str, tuple[Display, float]] = {}
        self._shown: dict[Call, dict[str, bool]] = {}
        self._beds: dict[str, _Bed] = {}

    def stream_opened(self, stream: str) -> None:
        """A live stream of that name opened; there may be two of it while one takes over."""
        self._streams[stream] += 1

    def stream_closed(self, stream: str) -> None:
        """One ended: with the last of that name its displays are gone."""
        self._streams[stream] -= 1
        if not self._streams[stream]:
            del self._streams[stream]
            self._there = {
                id_: kept for id_, kept in self._there.items() if kept[0].stream != stream
            }

    def announce(self, display: Display, mono: float) -> None:
        """Take what a display says at `mono`, in monotonic seconds. Raises `NotADisplay`."""
        if not self._streams[display.stream]:
            raise NotADisplay("no live stream of that name is open: open it first")
        if display.id not in self._there and len(self.present(mono)) >= MOST:
            raise NotADisplay(f"there are {MOST} displays already")
        self.expected = True
        self._there[display.id] = display, mono
        for call in display.shown if display.visible else ():
            sounded = self._shown.setdefault(call, {})
            sounded[display.id] = sounded.get(display.id, False) or call in display.sounding

    def leave(self, display: str) -> None:
        """A display says that it is closed."""
        self._there.pop(display, None)

    def present(self, mono: float) -> list[Display]:
        """The displays that are there at `mono`, in the order in which they came."""
        oldest = mono - LAPSE_S * self._real_s
        self._there = {id_: kept for id_, kept in self._there.items() if kept[1] >= oldest}
        return [display for display, _ in self._there.values()]

    def has_shown(self, alarm: Alarm) -> bool:
        """Whether a display has shown the alarm since it was last raised."""
        return _call(alarm) in self._shown

    def taken_at(self, display: str, alarm: Alarm, mono: float) -> tuple[str, bool] | None:
        """The station of a display that has shown the alarm and is there; whether it sounded it.

        None where it has not.
        """
        there = next((one for one in self.present(mono) if one.id == display), None)
        sounded = self._shown.get(_call(alarm), {}).get(display)
        return None if there is None or sounded is None else (there.station, sounded)

    def unseen_at(self, bed: str, alarms: Iterable[Alarm], mono: float) -> str | None:
        """What of the bed's `alarms` no display has shown in time, in words; None for nothing.

        One that somebody has taken has been seen, on whatever it was.
        """
        every = [alarm for alarm in alarms if alarm.is_open]
        known = self._beds.setdefault(bed, _Bed())
        waiting = {_call(alarm): alarm for alarm in self._unshown(every)}
        known.since = {call: known.since.get(call, mono) for call in waiting}
        late_from = mono - UNSEEN_AFTER_S * self._real_s
        late = [call for call, since in known.since.items() if since <= late_from]
        if known.said is None or known.said[0] not in late:
            known.said = (late[0], waiting[late[0]].text) if late else None
        return None if known.said is None else known.said[1]

    def _unshown(self, alarms: Iterable[Alarm]) -> Iterator[Alarm]:
        for alarm in alarms if self.expected else ():
            is_grave = alarm.kind is Kind.PHYSIOLOGICAL and alarm.priority is Priority.HIGH
            if is_grave and not alarm.acknowledged and not self.has_shown(alarm):
                yield alarm

    def forget(self, alarms: Iterable[Alarm]) -> None:
        """Keep in mind what was shown of these alarms alone."""
        if self._shown:
            still = {_call(alarm) for alarm in alarms if alarm.is_open}
            self._shown = {call: by for call, by in self._shown.items() if call in still}


def _call(alarm: Alarm) -> Call:
    return alarm.id, alarm.count
