"""What another rule set would have made of a recorded session. Pure.

The recording is run again under the other rules. People did what they did: an
acknowledgement goes to the alarm of the same rule and device, if there is one by then, and
the session ends when it ended. A measurement that only the other rules would have asked for
was never made, and none is invented.
"""

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Final

from alerts.alarm import ALARM_ENDINGS, ALARM_ONSETS, ALARM_REOPENED, State
from alerts.evaluation import Key
from alerts.rules import RuleSet
from drivers.clock import Instant
from monitor.bed import Bed, Input, RecordingStart, Result, StartMeasurement, TimedInput
from monitor.replay.replay import (
    BeforeMove,
    MissingInputs,
    RecordingItem,
    before_last_move,
    expect,
    not_moved,
)
from monitor.session import (
    MOVED_OUT,
    OPENINGS,
    REOPENED,
    SESSION_ENDINGS,
    Abort,
    AbortOutcome,
    Close,
    Event,
    Override,
    RecordPatientLeft,
    Refused,
    is_session_end,
    leaves_bed,
)

TRUE_S: Final = 60.0
"""An alarm whose condition lasted so long was a true one [default]."""

ACTED_WITHIN: Final = timedelta(minutes=5)
"""So was one that a person acted on within this [default]."""

ACTS: Final = frozenset(
    {"note.added", "symptom.recorded", "infusion.paused", "infusion.ended", "pressure.requested"}
)
"""What a person does about an alarm, besides acknowledging it; a score is routine."""

LEFT: Final = "the patient left when it was recorded"
"""Why a session ends that these rules would have kept open."""

SAME_WITHIN: Final = timedelta(seconds=60)
"""Alarms of one rule that begin this close, or overlap, are the same one, earlier or later."""


# ── under other rules ───────────────────────────────────────────────────────────────────


def under(
    rules: RuleSet,
    bed_id: str,
    session: str,
    recording: Iterable[RecordingItem],
    recorded: Mapping[int, Event],
    before_move: BeforeMove = not_moved,
) -> list[Event]:
    """The events of `session` if the bed had judged by `rules`."""
    run = _Run(rules, bed_id, recorded, before_move)
    for piece in recording:
        run.take(piece)
        if run.has_ended(session):
            break
    return [event for event in run.history if event.session == session]


class _Run:
    def __init__(
        self,
        rules: RuleSet,
        bed_id: str,
        recorded: Mapping[int, Event],
        before_move: BeforeMove,
    ) -> None:
        self.history: list[Event] = []
        self._before_move = before_move
        self._rules = rules
        self._bed_id = bed_id
        self._recorded = recorded
        self._alarms = {
            event.subject: (event.payload["alarm"]["rule"], event.payload["alarm"]["device"])
            for event in recorded.values()
            if event.subject is not None
        }
        self._records = {event.id: event for event in recorded.values()}
        ends = [event for event in recorded.values() if event.type in SESSION_ENDINGS]
        self._ended_at = {end.at for end in ends}
        self._left_at = {end.at for end in ends if is_session_end(end.type, end.payload)}
        self._bed: Bed | None = None
        last = recorded[max(recorded)] if recorded else None
        self._moved_at = last.at if last is not None and last.type == MOVED_OUT else None

    def has_ended(self, session: str) -> bool:
        last = self.history[-1] if self.history else None
        if last is not None and last.at == self._moved_at:
            return self._bed is not None and self._bed.session is None
        found = None if self._bed is None else self._bed.session
        return found is not None and found.id == session and not found.is_open

    def take(self, piece: RecordingItem) -> None:
        match piece:
            case RecordingStart():
                self._start(piece)
            case TimedInput() if self._bed is not None:
                self._give(self._bed, piece)
            case TimedInput() | MissingInputs():
                pass

    def _start(self, opening: RecordingStart) -> None:
        if self._bed is None:
            numbers = range(opening.first_n, opening.last_n + 1)
            self.history = [self._recorded[n] for n in numbers if n in self._recorded]
        last_n = opening.last_n if self._bed is None else self._bed.event_number
        self._bed = Bed(self._bed_id, opening.devices, self._rules, opening.least_s)
        earlier = interventions_in(self.history)
        self._bed.restore(
            earlier,
            last_n,
            opening.at,
            opening.seen_before,
            began_anew=opening.began_anew,
            before_move=before_last_move(earlier, self._before_move),
        )

    def _give(self, bed: Bed, given: TimedInput) -> None:
        what = self._meant(bed, given.input)
        if isinstance(what, Close | Abort):
            self._end(bed, what, given.at)
        elif what is not None:
            expect(bed, what, self._before_move)
            with suppress(Refused):
                self._follow(bed, bed.handle(what, given.at))

    def _end(self, bed: Bed, what: Close | Abort, at: Instant) -> None:
        """As it ended when it was recorded; a request that was refused then is none here either."""
        wall = at.in_ms().wall
        if wall not in self._ended_at:
            return
        try:
            self._follow(bed, bed.handle(what, at))
        except Refused:
            against = Override(what.by, LEFT)
            forced = Abort(what.by, LEFT, AbortOutcome.OTHER, against_criteria=against)
            self._follow(bed, bed.handle(forced, at))
        if wall in self._left_at and bed.session is not None and bed.session.is_open:
            self._follow(bed, bed.handle(RecordPatientLeft(what.by), at))

    def _follow(self, bed: Bed, outcome: Result) -> None:
        self.history += outcome.events
        if any(isinstance(request, StartMeasurement) for request in outcome.effects):
            bed.state.drop_requests()

    def _meant(self, bed: Bed, what: Input) -> Input | None:
        """`what` with the names that things have here; None when it names what is not here."""
        command: Any = what
        for name, here in (
            ("alarm", self._alarm),
            ("record", self._record),
            ("corrects", self._record),
        ):
            recorded_id = getattr(command, name, None)
            if recorded_id is not None:
                found = here(bed, recorded_id)
                if found is None:
                    return None
                command = replace(command, **{name: found})
        meant: Input = command
        return meant

    def _alarm(self, bed: Bed, recorded_id: str) -> str | None:
        """The alarm of that one's rule and device."""
        key: Key | None = self._alarms.get(recorded_id)
        alarm = None if key is None else bed.alarm_engine.alarms.get(key)
        return None if alarm is None else alarm.id

    def _record(self, _: Bed, recorded_id: str) -> str | None:
        """What was recorded here in that one's stead."""
        was = self._records.get(recorded_id)
        same = (e.id for e in self.history if was and (e.type, e.at) == (was.type, was.at))
        return next(same, None)


def interventions_in(history: Sequence[Event]) -> Sequence[Event]:
    """Those of a bed's events that its state follows from, as the journal chooses them."""
    first = len(history)
    stopped = before = len(history)
    open_since: dict[str | None, int] = {}
    for place, event in enumerate(history):
        if event.type in OPENINGS:
            first = place
        elif event.type == "nibp.inhibited":
            stopped = min(stopped, place)
        elif leaves_bed(event.type, event.payload):
            stopped, before = len(history), stopped
        elif event.type == REOPENED and event.payload["was_ended"]:
            stopped = min(stopped, before)
        elif event.type in ALARM_ENDINGS:
            open_since.pop(event.subject, None)
        elif event.subject is not None:
            open_since.setdefault(event.subject, place)
    return history[min([first, stopped, *open_since.values()]) :]


# ── what the alarms come to ─────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Onset:
    """One time that an alarm was raised, and until when its condition lasted."""

    rule: str
    device: str | None
    at: datetime
    until: datetime
    text: str
    true: bool = False

    @property
    def lasted_s(self) -> float:
        """How long its condition lasted."""
        return (self.until - self.at).total_seconds()


def onsets(events: Iterable[Event], acts: Sequence[tuple[str | None, datetime]]) -> list[Onset]:
    """Each raise among a session's `events`, in order; `acts` are those of `acts_in`."""
    found: list[Onset] = []
    active: dict[str | None, int] = {}
    ended: dict[str | None, int] = {}
    end: datetime | None = None
    for event in events:
        end = event.at
        if event.type in ALARM_ONSETS:
            alarm = event.payload["alarm"]
            active[event.subject] = len(found)
            found.append(Onset(alarm["rule"], alarm["device"], event.at, event.at, alarm["text"]))
        elif event.type in ("alarm.condition-ended", "alarm.ended"):
            place = active.pop(event.subject, None)
            if place is not None:
                found[place] = replace(found[place], until=event.at)
                ended[event.subject] = place
        elif event.type == ALARM_REOPENED and event.subject in ended:
            goes_on = event.payload["alarm"]["state"] == State.ACTIVE
            active |= {event.subject: ended[event.subject]} if goes_on else {}
    for place in active.values():
        assert end is not None
        found[place] = replace(found[place], until=end)
    return [replace(onset, true=_is_true(onset, acts)) for onset in found]


def acts_in(events: Iterable[Event]) -> list[tuple[str | None, datetime]]:
    """When people acted, each with the rule whose alarm they took, None for other acts."""
    found: list[tuple[str | None, datetime]] = []
    for event in events:
        if event.type == "alarm.acknowledged":
            found.append((event.payload["alarm"]["rule"], event.at))
        elif event.type in ACTS and event.payload.get("by") is not None:
            found.append((None, event.at))
    return found


def _is_true(onset: Onset, acts: Iterable[tuple[str | None, datetime]]) -> bool:
    return onset.lasted_s >= TRUE_S or any(
        rule in (None, onset.rule) and timedelta() <= at - onset.at <= ACTED_WITHIN
        for rule, at in acts
    )


@dataclass(frozen=True, slots=True)
class Pair:
    """The same alarm as it was and as it would have been; None where it is missing."""

    recorded: Onset | None
    other: Onset | None

    @property
    def onset(self) -> Onset:
        """The one that is there."""
        found = self.recorded or self.other
        assert found is not None
        return found

    @property
    def later_s(self) -> float | None:
        """How much later it would have come, None where one is missing."""
        if self.recorded is None or self.other is None:
            return None
        return (self.other.at - self.recorded.at).total_seconds()


def pairs(recorded: Sequence[Onset], other: Sequence[Onset]) -> list[Pair]:
    """Which alarm of the one is which of the other, in the order of time."""
    left = list(other)
    found = []
    for onset in recorded:
        same = next((o for o in left if _is_same(onset, o)), None)
        if same is not None:
            left.remove(same)
        found.append(Pair(onset, same))
    found += [Pair(None, onset) for onset in left]
    return sorted(found, key=lambda pair: pair.onset.at)


def _is_same(a: Onset, b: Onset) -> bool:
    if (a.rule, a.device) != (b.rule, b.device):
        return False
    return abs(a.at - b.at) <= SAME_WITHIN or (a.at <= b.until and b.at <= a.until)


@dataclass(frozen=True, slots=True)
class Comparison:
    """One session as it was recorded and as it would have been, each alarm in order."""

    session: str
    recorded: tuple[Onset, ...]
    other: tuple[Onset, ...]


def compare(session: str, recorded: Sequence[Event], other: Sequence[Event]) -> Comparison:
    """The alarms among the recorded events and among those under other rules.

    What people did is known from the recorded ones alone.
    """
    acts = acts_in(recorded)
    return Comparison(session, tuple(onsets(recorded, acts)), tuple(onsets(other, acts)))


def by_rule(onsets: Iterable[Onset]) -> dict[str, list[Onset]]:
    """The onsets of each rule, in order."""
    ordered = sorted(onsets, key=lambda onset: onset.rule)
    return {rule: list(own) for rule, own in groupby(ordered, key=lambda onset: onset.rule)}


@dataclass(frozen=True, slots=True)
class Effect:
    """What another set would have done to one rule's alarms over several sessions.

    Of the sessions in which either has a true alarm: `shifts_s` is how much later the first
    one came where both have one; `missed` is in how many only the recorded one has, `found`
    in how many only the other.
    """

    rule: str
    raised: tuple[int, int]
    true: tuple[int, int]
    shifts_s: tuple[float, ...]
    missed: int
    found: int


def effects(sessions: Sequence[Comparison]) -> list[Effect]:
    """The effect on each rule that raised anything, by its name."""
    rules = sorted({o.rule for each in sessions for o in (*each.recorded, *each.other)})
    return [_effect(rule, sessions) for rule in rules]


def _effect(rule: str, sessions: Sequence[Comparison]) -> Effect:
    both = [
        ([o for o in each.recorded if o.rule == rule], [o for o in each.other if o.rule == rule])
        for each in sessions
    ]
    firsts = [
        (next((o for o in was if o.true), None), next((o for o in other if o.true), None))
        for was, other in both
    ]
    return Effect(
        rule,
        raised=(sum(len(was) for was, _ in both), sum(len(other) for _, other in both)),
        true=(
            sum(o.true for was, _ in both for o in was),
            sum(o.true for _, other in both for o in other),
        ),
        shifts_s=tuple((b.at - a.at).total_seconds() for a, b in firsts if a and b),
        missed=sum(a is not None and b is None for a, b in firsts),
        found=sum(a is None and b is not None for a, b in firsts),
    )
