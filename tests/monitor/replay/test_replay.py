"""A recording run again gives the same events, and what was changed in it is found."""

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from enum import Enum
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from alerts.rules.model import Rule, RuleSet
from drivers.clock import Instant
from drivers.readings import Item, LinkChanged, Measurement, Reading, Vital
from drivers.registry import DeviceSpec
from monitor.bed import view
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.input_codec import RecordingStart, dump
from monitor.bed.inputs import DeviceInput, Input, Tick, TimedInput
from monitor.journal import InputBlock, StartBlock
from monitor.journal.chunk_codec import RECORDING_START, Chunk, part_in, start_in
from monitor.journal.sample_buffer import SampleBuffer
from monitor.replay.replay import MissingInputs, RecordingItem, replay
from monitor.replay.report import recording_items
from monitor.session.events import Event
from monitor.session.session import Session
from tests.lengths import length
from tests.monitor.bed_state_machine import BedStateMachine, stored
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, START, Bedside


class Tape:
    """A recording as the journal keeps it."""

    def __init__(self, bed: str = "bed-1") -> None:
        self.chunks: list[Chunk] = []
        self._bed = bed
        self._recorder = SampleBuffer(self.chunks.append)

    def open(self, at: Instant, last_n: int) -> None:
        opening = RecordingStart(at, (OXIMETER, CUFF), 0.0, DEFAULT, 1, last_n)
        self._recorder.open(self._bed, at, opening.as_json())

    def add(self, at: Instant, what: Input, session: str | None = None) -> None:
        self._recorder.add_input(self._bed, session, at, dump(what))

    def pieces(self) -> list[RecordingItem]:
        self._recorder.flush()
        return list(recording_items(map(read, self.chunks)))


def read(chunk: Chunk) -> StartBlock | InputBlock:
    return start_in(chunk) if chunk.kind == RECORDING_START else part_in(chunk)


class Taped:
    """A bed that is recorded."""

    def __init__(self, bed: Bed, tape: Tape) -> None:
        self.bed = bed
        self._tape = tape

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bed, name)

    def handle(self, given: Input, now: Instant) -> Result:
        try:
            return self.bed.handle(given, now)
        finally:
            session = self.bed.session
            open_id = session.id if session is not None and session.is_open else None
            self._tape.add(now, given, open_id)


def state(of: Any) -> Any:
    """Everything that `of` holds, as data that can be compared, but for what never changes."""
    match of:
        case RuleSet() | Rule() | DeviceSpec() | Session():
            return id(of)
        case dict():
            return {key: state(value) for key, value in of.items()}
        case list() | tuple() | deque():
            return [state(value) for value in of]
    if type(of).__module__.startswith(("alerts.", "monitor.")) and not isinstance(of, Enum):
        names = vars(of) if hasattr(of, "__dict__") else type(of).__slots__
        return {name: state(getattr(of, name)) for name in names}
    return of


def by_number(events: Iterable[Event]) -> dict[int, Event]:
    return {event.n: event for event in stored(events)}


class AnyOrderAgain(BedStateMachine):
    """Whatever happens in whatever order, and however finely: it happens again the same."""

    def __init__(self) -> None:
        super().__init__()
        self.tape = Tape()
        self.tape.open(START, 0)

    def do(self, what: Input, *fresh: str) -> None:
        try:
            super().do(what, *fresh)
        finally:
            session = self.bed.session
            open_id = session.id if session is not None and session.is_open else None
            self.tape.add(self.now, what, open_id)

    @rule(seconds=st.floats(0, 1))
    def an_odd_moment_passes(self, seconds: float) -> None:
        self.time_passes(seconds)

    @rule(seconds=st.sampled_from([0.2, 61, 300, 1860]))
    def somebody_looks(self, seconds: float) -> None:
        """Nobody records that: it must change nothing."""
        self.now = self.now.plus(seconds)
        before = state(self.bed)
        view.bed(self.bed, self.now, simulated=False)
        assert state(self.bed) == before

    @rule()
    def daemon_restarts(self) -> None:
        super().daemon_restarts()
        self.tape.open(self.now, self.bed.event_number)

    def teardown(self) -> None:
        again = replay("bed-1", self.tape.pieces(), by_number(self.events))
        assert again.difference is None
        assert again.gaps == []
        assert len(again.same) == len(self.events)


TestAnyOrderAgain = pytest.mark.slow(AnyOrderAgain.TestCase)
TestAnyOrderAgain.settings = settings(max_examples=length(12, 600), stateful_step_count=40)


# ── what is different, and what is lost ─────────────────────────────────────────────────


def recorded(live: Callable[[Bedside], object]) -> tuple[list[RecordingItem], dict[int, Event]]:
    """A bedside that `live` plays with, on tape."""
    tape = Tape()
    side = Bedside(connected=False)
    tape.open(side.now, 0)
    side.bed = Taped(side.bed, tape)  # type: ignore[assignment]
    for device in ("oximeter", "cuff"):
        side.plugged(device)
    live(side)
    return tape.pieces(), by_number(side.events)


def desaturates(side: Bedside) -> None:
    side.with_session().dosed().spo2(97, for_s=60).spo2(84, for_s=60).spo2(97, for_s=60)
    side.acknowledged("spo2.very-low")


def changed(
    pieces: Sequence[RecordingItem], change: Callable[[Reading], Reading]
) -> list[RecordingItem]:
    """The recording with its last reading under 90 % changed."""
    found = list(pieces)
    for place in range(len(found) - 1, -1, -1):
        match found[place]:
            case TimedInput(at, DeviceInput(device, Measurement((first, *others), flags))) if (
                first.value is not None and first.vital is Vital.SPO2 and first.value < 90
            ):
                item: Item | LinkChanged = Measurement((change(first), *others), flags)
                found[place] = TimedInput(at, DeviceInput(device, item))
                return found
    raise AssertionError("no such reading")


def test_a_recording_gives_the_same_again() -> None:
    tape, events = recorded(desaturates)
    again = replay("bed-1", tape, events)
    assert (again.difference, again.gaps) == (None, [])
    assert [event.id for event in again.same] == [event.id for event in events.values()]


def test_one_reading_that_was_changed_makes_a_difference() -> None:
    tape, events = recorded(desaturates)
    tampered = changed(tape, lambda reading: replace(reading, value=91))
    found = replay("bed-1", tampered, events).difference
    assert found is not None
    assert events[found.n].type.startswith("alarm.")
    assert found.recorded != found.replayed


@pytest.mark.parametrize(
    "change", [{"id": "x"}, {"session": "x"}, {"subject": "x"}, {"payload": {}}]
)
def test_one_event_that_was_changed_makes_a_difference(change: dict[str, Any]) -> None:
    tape, events = recorded(desaturates)
    n = next(n for n, event in events.items() if event.type == "alarm.raised")
    found = replay("bed-1", tape, events | {n: replace(events[n], **change)}).difference
    assert found is not None
    assert found.n == n


def test_an_event_that_nobody_recorded_makes_a_difference() -> None:
    tape, events = recorded(desaturates)
    n = next(n for n, event in events.items() if event.type == "alarm.raised")
    found = replay("bed-1", tape, {k: v for k, v in events.items() if k != n}).difference
    assert found is not None
    assert (found.n, found.recorded) == (n, None)


def test_where_something_is_lost_nothing_is_claimed_until_the_next_start() -> None:
    tape, events = recorded(desaturates)
    raised = next(n for n, event in events.items() if event.type == "alarm.raised")
    place = next(
        i
        for i, p in enumerate(tape)
        if isinstance(p, TimedInput) and p.at.wall >= events[raised].at
    )
    again = replay("bed-1", [*tape[:place], MissingInputs(), *tape[place + 1 :]], events)
    assert again.difference is None
    assert [(u.first_n, u.last_n) for u in again.gaps] == [(raised, max(events))]


def test_chunks_that_are_missing_or_of_another_start_are_lost() -> None:
    tape = Tape()
    tape.open(START, 0)
    for second in range(35):
        tape.add(START.plus(second), Tick())
    assert MissingInputs() not in tape.pieces()
    start, first, _, *later = tape.chunks
    found = list(recording_items(map(read, [start, first, *later])))
    assert found[12:] == [MissingInputs()] * len(later)


def test_a_core_that_fails_again_is_a_difference_and_no_crash() -> None:
    tape, events = recorded(desaturates)
    unknown = TimedInput(
        START.plus(1),
        DeviceInput("nobody", LinkChanged(Bedside().bed.technical.devices["cuff"].link)),
    )
    found = replay("bed-1", [*tape[:9], unknown, *tape[9:]], events).difference
    assert found is not None
    assert "KeyError" in found.replayed
