"""A recording run again through the same core, and held against what was decided. Pure.

A recording is a row of starts and of what was given after each. From a start, an empty bed
takes up its stored events as the live one did, so that a restart in the middle of a session
is run again like the rest of it. Where some of what was given is lost, nothing is claimed
until the next start.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from drivers.clock import Instant
from monitor.bed import Bed, Input, RecordingStart, TimedInput, event_id
from monitor.session import Arrival, Event, MoveIn, Refused, moving, upcast


@dataclass(frozen=True, slots=True)
class MissingInputs:
    """What the bed was given from here on is not known."""


RecordingItem = RecordingStart | TimedInput | MissingInputs

BeforeMove = Callable[[str, str, int], Sequence[Event]]
"""The events of a session up to when it left a bed, by its id, that bed and the event's number."""


def not_moved(*_: object) -> Sequence[Event]:
    """Of a session that was at one bed."""
    return ()


def before_last_move(events: Sequence[Event], before_move: BeforeMove) -> Sequence[Event]:
    """What was before the last of a bed's `events` with which a session was moved there, if any."""
    if (moved := moving.last_move(events)) is None:
        return ()
    return before_move(str(moved.session), moved.payload["from"], moved.payload["from_n"])


def expect(bed: Bed, given: Input, before_move: BeforeMove) -> None:
    """Have `bed` know the session that `given` moves there."""
    if isinstance(given, MoveIn):
        came = before_move(given.session, given.from_bed, given.from_n)
        bed.expect(Arrival.from_events(came))


@dataclass(frozen=True, slots=True)
class Difference:
    """The first event that was decided differently, as text; None where there was none."""

    n: int
    recorded: str | None
    replayed: str


@dataclass(frozen=True, slots=True)
class Gap:
    """Recorded events that cannot be compared, and between which instants.

    `since` is when the last thing that is known was given, `until` the next start, None for
    the end of the recording.
    """

    since: datetime | None
    until: datetime | None
    first_n: int
    last_n: int

    @property
    def events(self) -> int:
        """How many there are."""
        return self.last_n - self.first_n + 1


@dataclass(slots=True)
class ReplayResult:
    """What came of running a recording again: events that are the same, and what is not.

    `version` is of the Postdose that recorded.
    """

    same: list[Event] = field(default_factory=list)
    difference: Difference | None = None
    gaps: list[Gap] = field(default_factory=list)
    version: str | None = None


def as_recorded(event: Event) -> str:
    """All of an event but its place in the journal, byte for byte."""
    data = {**event.as_json(), "n": event.n, "subject": event.subject}
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def replay(
    bed_id: str,
    recording: Iterable[RecordingItem],
    recorded: Mapping[int, Event],
    before_move: BeforeMove = not_moved,
) -> ReplayResult:
    """Run `recording` again as far as the events in `recorded`, by their number, go.

    Those before the recording's start are taken up from them, and what was before a session was
    moved to the bed from `before_move`. Stops at the first difference.
    """
    run = _Run(bed_id, recorded, before_move)
    for piece in recording:
        run.take(piece)
        if run.is_over:
            break
    run.end()
    return run.found


class _Run:
    def __init__(self, bed_id: str, recorded: Mapping[int, Event], before_move: BeforeMove) -> None:
        self.found = ReplayResult()
        self._before_move = before_move
        self._bed_id = bed_id
        self._recorded = recorded
        self._last_n: Final = max(recorded, default=0)
        self._bed: Bed | None = None
        self._n = 0
        self._at: Instant | None = None

    @property
    def is_over(self) -> bool:
        return self.found.difference is not None or self._n >= self._last_n

    def take(self, piece: RecordingItem) -> None:
        match piece:
            case RecordingStart():
                self._start(piece)
            case MissingInputs():
                self._bed = None
            case TimedInput() if self._bed is not None:
                self._at = piece.at
                self._give(self._bed, piece)

    def end(self) -> None:
        if self.found.difference is None:
            self._miss(self._last_n, None)

    def _start(self, opening: RecordingStart) -> None:
        if self.found.version is None:
            self._n = opening.last_n
        self._miss(opening.last_n, opening.at)
        self.found.version = opening.version
        self._bed = None
        numbers = range(opening.first_n, opening.last_n + 1)
        earlier = [self._recorded[n] for n in numbers if n in self._recorded]
        if len(earlier) == len(numbers):
            self._bed = Bed(self._bed_id, opening.devices, opening.rules, opening.least_s)
            self._bed.restore(
                earlier,
                opening.last_n,
                opening.at,
                opening.seen_before,
                began_anew=opening.began_anew,
                before_move=before_last_move(earlier, self._before_move),
            )

    def _miss(self, last_n: int, until: Instant | None) -> None:
        if last_n > self._n:
            since = None if self._at is None else self._at.wall
            end = None if until is None else until.wall
            self.found.gaps.append(Gap(since, end, self._n + 1, last_n))
            self._n = last_n

    def _give(self, bed: Bed, given: TimedInput) -> None:
        try:
            expect(bed, given.input, self._before_move)
            events = bed.handle(given.input, given.at).events
        except Refused:
            return
        except Exception as error:
            self._compare(self._n + 1, None, f"{type(error).__name__}: {error}")
            return
        for event in map(self._with_recorded_id, events):
            if self.is_over:
                return
            self._compare(event.n, event, as_recorded(event))

    def _with_recorded_id(self, event: Event) -> Event:
        """An id is made from the event's type: from the former name where that was recorded."""
        before = self._recorded.get(event.n)
        types = upcast.stored_types({event.type})
        ids = {event_id(event.bed, event.n, type_, event.at) for type_ in types}
        return event if before is None or before.id not in ids else replace(event, id=before.id)

    def _compare(self, n: int, event: Event | None, again: str) -> None:
        before = self._recorded.get(n)
        was = None if before is None else as_recorded(before)
        self._n = n
        if event is None or was != again:
            self.found.difference = Difference(n, was, again)
        else:
            self.found.same.append(event)
