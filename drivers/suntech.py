"""SunTech OEM blood pressure modules (Advantage family): frames, and the course of a measurement.

Theory of operation. The module speaks when spoken to. Answers carry no hint of what they
answer, so their meaning depends on what is under way: `feed` only cuts frames out of the
bytes and turns them into events, and `handle_deadline` gives events and expired waits, one at
a time, to the table `TRANSITIONS`. What the table has no row for, late and repeated answers
included, is ignored. A cuff under way always ends in a Measurement or a MeasurementFailed.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from drivers.codec import CannotMeasure, ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.nibp import LINK_LOST, NibpCodec, failed
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Item,
    Measurement,
    MeasurementFailed,
    Vital,
)

FRAME_START: Final = 0x3E
FRAME_LENGTHS: Final = frozenset({4, 5, 24})
BUSY_LIMIT_S: Final = 30.0
TRIES: Final = 4


def command(*body: int) -> bytes:
    """A host frame: 3A, `body`, and the byte that brings the sum to 0 modulo 256."""
    return bytes((0x3A, *body, -(0x3A + sum(body)) & 0xFF))


GET_PRESSURE: Final = command(0x79, 0x05, 0x00)
GET_DATA: Final = command(0x79, 0x03, 0x00)
ABORT: Final = command(0x79, 0x01, 0x00)


@dataclass(frozen=True, slots=True)
class Patient:
    """How a patient mode starts, and how long hosts wait for its end."""

    start: bytes
    limit_s: float


PATIENTS: Final = {
    "adult": Patient(command(0x20), 140.0),
    "paediatric": Patient(command(0x87), 100.0),
    "neonate": Patient(command(0x28), 85.0),
}

RANGES: Final = {
    Vital.SYS: ValueRange(40, 260),
    Vital.DIA: ValueRange(20, 200),
    Vital.MAP: ValueRange(26, 220),
    Vital.PULSE: ValueRange(30, 220),
}
"""What the module prints for an adult, the widest of its modes; unverified."""

CUFF_RANGE_MMHG: Final = ValueRange(0, 300)
EMPTY_CUFF_MMHG: Final = 10

ERRORS: Final[Mapping[int, tuple[Flag, str]]] = {
    1: (Flag.MEASUREMENT_FAILED, "weak or no oscillations: check the cuff's place and size"),
    2: (Flag.ARTEFACT, "movement: keep the arm still"),
    3: (Flag.MEASUREMENT_FAILED, "a value out of the module's range"),
    4: (Flag.MEASUREMENT_FAILED, "took longer than the module allows"),
    85: (Flag.MEASUREMENT_FAILED, "air blocked: check the hose for kinks"),
    86: (Flag.MEASUREMENT_FAILED, "aborted"),
    87: (Flag.CUFF_LEAK, "does not inflate: check the cuff and the hose for leaks"),
    88: (Flag.MEASUREMENT_FAILED, "stopped by the module's safety timer"),
    89: (Flag.MEASUREMENT_FAILED, "cuff over-pressure: was the cuff pressed on?"),
    **dict.fromkeys(range(90, 100), (Flag.DEVICE_FAULT, "hardware fault: have it serviced")),
}


class State(Enum):
    """What the module is believed to be doing."""

    IDLE = auto()
    STARTING = auto()
    WAITING = auto()
    RESTARTING = auto()
    MEASURING = auto()
    FETCHING = auto()
    ABORTING = auto()
    SETTLING = auto()


class Event(Enum):
    """What can happen: an answer, the end of a wait, or a request of our own."""

    DONE = auto()
    OK = auto()
    BUSY = auto()
    ABORTED = auto()
    ERROR = auto()
    UNDEFINED = auto()
    UNRECOGNISED = auto()
    ASLEEP = auto()
    INCOMPLETE = auto()
    PRESSURE = auto()
    DATA = auto()
    POLL_DUE = auto()
    TIMEOUT = auto()
    MEASURE = auto()
    ABORT = auto()


LETTERS: Final = {
    ord("K"): Event.DONE,
    ord("O"): Event.OK,
    ord("B"): Event.BUSY,
    ord("A"): Event.ABORTED,
    ord("E"): Event.ERROR,
    ord("N"): Event.UNDEFINED,
    ord("D"): Event.UNRECOGNISED,
    ord("S"): Event.ASLEEP,
    ord("T"): Event.INCOMPLETE,
}

REFUSALS: Final = {
    Event.ERROR: "the module reports an error",
    Event.UNDEFINED: "the module does not know the command: is it of the Advantage family?",
    Event.UNRECOGNISED: "the module did not understand: check the cable",
    Event.ASLEEP: "the module is asleep: wake it",
    Event.INCOMPLETE: "the module missed a part of the command: check the cable",
}

WAIT_S: Final[Mapping[State, float]] = {
    State.IDLE: 2.0,
    State.STARTING: 2.0,
    State.WAITING: 1.0,
    State.RESTARTING: 2.0,
    State.MEASURING: 0.5,
    State.FETCHING: 1.0,
    State.ABORTING: 1.0,
    State.SETTLING: 2.0,
}
"""How long each state lasts before POLL_DUE happens to it: the time to the next question."""


@dataclass(frozen=True, slots=True)
class BpData:
    """The module's 24-byte result as it stands; pressures in mmHg, rate per minute."""

    systolic: int
    diastolic: int
    beats: int
    status: int
    test_codes: bytes
    heart_rate: int
    mean: int
    error: int

    @classmethod
    def of(cls, frame: bytes) -> "BpData":
        """The result in a whole frame."""
        return cls(
            systolic=frame[2] | frame[3] << 8,
            diastolic=frame[4] | frame[5] << 8,
            beats=frame[6],
            status=frame[7],
            test_codes=frame[8:16],
            heart_rate=frame[16],
            mean=frame[18] | frame[19] << 8,
            error=frame[20],
        )

    @property
    def is_new(self) -> bool:
        """Whether this is a reading not given before."""
        return self.status == 1


ABORTED: Final = failed("aborted", 86)


class SunTechCodec(NibpCodec):
    """One module, asked for its cuff pressure when nothing else is under way.

    With `listen` it never sends, and gives what another host's questions bring: for a line
    that is driven by somebody else, and for captures.
    """

    def __init__(self, patient: str = "adult", *, listen: bool = False) -> None:
        super().__init__(RANGES)
        self._patient = PATIENTS[patient]
        self._listen = listen
        self._events: deque[tuple[Event, bytes]] = deque()
        self._items: list[Item] = []
        self._state = State.IDLE
        self._now_s = 0.0
        self._wait_until_s = 0.0
        self._limit_s: float | None = None
        self._tries = 0
        self._why_aborted = ABORTED

    @property
    def state(self) -> State:
        """What the module is believed to be doing."""
        return self._state

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._events.clear()
        if not self._listen:
            self._now_s = now_s
            self._enter(State.IDLE)
            self._ask(GET_PRESSURE)

    def closed(self) -> list[Item]:
        was_idle = self._state is State.IDLE
        self._state, self._limit_s, self.deadline_s = State.IDLE, None, None
        return [] if was_idle else [LINK_LOST]

    def measure(self, now_s: float) -> list[Item]:
        return self._request(Event.MEASURE, now_s)

    def abort(self, now_s: float) -> list[Item]:
        return self._request(Event.ABORT, now_s)

    def feed(self, data: bytes) -> list[Item]:
        self._buffer += data
        frames = self._cut()
        if self._listen:
            return [item for frame in frames for item in self._overheard(frame)]
        if frames:
            self._events += [(event, frame) for frame in frames if (event := _event(frame))]
            self.deadline_s = self._now_s
        return []

    def handle_deadline(self, now_s: float) -> list[Item]:
        if self._listen:
            return []
        self._now_s = now_s
        while self._events:
            self._dispatch(*self._events.popleft())
        if self._limit_s is not None and now_s >= self._limit_s:
            self._limit_s = None
            self._dispatch(Event.TIMEOUT)
        if now_s >= self._wait_until_s:
            self._wait_until_s = now_s + WAIT_S[self._state]
            self._dispatch(Event.POLL_DUE)
        limits = (self._wait_until_s, self._limit_s)
        self.deadline_s = min(limit for limit in limits if limit is not None)
        items, self._items = self._items, []
        return items

    def _request(self, request: Event, now_s: float) -> list[Item]:
        if self._listen:
            raise CannotMeasure("this cuff is only listened to: its option `listen` is set")
        self._events.append((request, b""))
        return self.handle_deadline(now_s)

    def _dispatch(self, event: Event, frame: bytes = b"") -> None:
        if row := TRANSITIONS.get((self._state, event)):
            state, action = row
            if state is not self._state:
                self._enter(state)
            action(self, event, frame)

    def _enter(self, state: State) -> None:
        self._state = state
        self._tries = 0
        self._wait_until_s = self._now_s + WAIT_S[state]

    # What TRANSITIONS can do.

    def _nothing(self, _event: Event, _frame: bytes) -> None:
        pass

    def _poll(self, _event: Event, _frame: bytes) -> None:
        self._ask(GET_PRESSURE)

    def _pressure(self, _event: Event, frame: bytes) -> None:
        phase = CuffPhase.IDLE if self._state is State.IDLE else CuffPhase.MEASURING
        self._items.append(CuffState(phase, self._cuff_mmhg(frame)))

    def _begin(self, _event: Event, _frame: bytes) -> None:
        self._limit_s = self._now_s + BUSY_LIMIT_S
        self._ask(self._patient.start)

    def _start(self, _event: Event, _frame: bytes) -> None:
        self._ask(self._patient.start)

    def _start_again(self, _event: Event, _frame: bytes) -> None:
        self._ask_again(self._patient.start)

    def _inflate(self, _event: Event, _frame: bytes) -> None:
        self._limit_s = self._now_s + self._patient.limit_s
        self._items.append(CuffState(CuffPhase.MEASURING))

    def _fetch(self, _event: Event, _frame: bytes) -> None:
        self._limit_s = None
        self._ask(GET_DATA)

    def _fetch_again(self, _event: Event, _frame: bytes) -> None:
        self._ask_again(GET_DATA)

    def _result(self, _event: Event, frame: bytes) -> None:
        self._end(self._outcome(BpData.of(frame)))

    def _abort(self, event: Event, _frame: bytes) -> None:
        over_time = failed(f"no end after {self._patient.limit_s:.0f} s; aborted")
        self._why_aborted = over_time if event is Event.TIMEOUT else ABORTED
        self._limit_s = None
        self._ask(ABORT)

    def _abort_again(self, _event: Event, _frame: bytes) -> None:
        self._ask_again(ABORT)

    def _aborted(self, _event: Event, _frame: bytes) -> None:
        self._end(self._why_aborted)

    def _not_now(self, _event: Event, _frame: bytes) -> None:
        self._items.append(failed("another measurement is being aborted: ask again"))

    def _refused(self, event: Event, _frame: bytes) -> None:
        self._end(failed(REFUSALS[event]))

    def _still_busy(self, _event: Event, _frame: bytes) -> None:
        self._end(failed(f"busy for {BUSY_LIMIT_S:.0f} s: is somebody else measuring?"))

    def _ask(self, question: bytes) -> None:
        self._out += question

    def _ask_again(self, question: bytes) -> None:
        self._tries += 1
        if self._tries < TRIES:
            self._ask(question)
        else:
            self._end(failed("the module does not answer: check its cable and power"))

    def _end(self, outcome: Item) -> None:
        self._limit_s = None
        self._enter(State.IDLE)
        self._items.append(outcome)
        self._ask(GET_PRESSURE)

    # What frames say.

    def _cut(self) -> list[bytes]:
        """The good frames in the buffer; what is left may yet become one."""
        buffer, frames, at = self._buffer, [], 0
        while (start := buffer.find(FRAME_START, at)) >= 0:
            self._skip(start - at)
            at = start
            if at + 2 > len(buffer):
                break
            length = buffer[at + 1]
            if length not in FRAME_LENGTHS:
                self._skip(1)
                at += 1
                continue
            if at + length > len(buffer):
                break
            frame = bytes(buffer[at : at + length])
            if sum(frame) & 0xFF:
                self.stats.damaged["bad-frame"] += 1
                at += 1
            else:
                self.stats.frames += 1
                frames.append(frame)
                at += length
        else:
            self._skip(len(buffer) - at)
            at = len(buffer)
        del buffer[:at]
        return frames

    def _cuff_mmhg(self, frame: bytes) -> int | None:
        pressure = frame[2] | frame[3] << 8
        if pressure in CUFF_RANGE_MMHG:
            return pressure
        self.stats.rejected["cuff-out-of-range"] += 1
        return None

    def _outcome(self, data: BpData) -> Measurement | MeasurementFailed:
        if data.error:
            flag, reason = ERRORS.get(data.error, (Flag.MEASUREMENT_FAILED, "unknown error"))
            return MeasurementFailed(flag, reason, data.error)
        if not data.is_new:
            return failed("the module gave an earlier reading again: measure once more")
        pressures = (
            (Vital.SYS, data.systolic),
            (Vital.DIA, data.diastolic),
            (Vital.MAP, data.mean),
        )
        readings = self._upside_down(pressures)
        if readings is None:
            readings = tuple(self._reading(vital, value) for vital, value in pressures)
        return Measurement((*readings, self._reading(Vital.PULSE, data.heart_rate)))

    def _overheard(self, frame: bytes) -> list[Item]:
        event = _event(frame)
        if event is Event.PRESSURE:
            pressure = self._cuff_mmhg(frame)
            phase = CuffPhase.MEASURING if (pressure or 0) > EMPTY_CUFF_MMHG else CuffPhase.IDLE
            return [CuffState(phase, pressure)]
        if event is Event.DATA:
            data = BpData.of(frame)
            return [self._outcome(data)] if data.error or data.is_new else []
        return []


def _event(frame: bytes) -> Event | None:
    """What a good frame answers; None for a letter that nothing is known of."""
    return {5: Event.PRESSURE, 24: Event.DATA}.get(len(frame)) or LETTERS.get(frame[2])


_C = SunTechCodec
Action = Callable[[SunTechCodec, Event, bytes], None]

TRANSITIONS: Final[Mapping[tuple[State, Event], tuple[State, Action]]] = {
    (State.IDLE, Event.PRESSURE): (State.IDLE, _C._pressure),
    (State.IDLE, Event.POLL_DUE): (State.IDLE, _C._poll),
    (State.IDLE, Event.MEASURE): (State.STARTING, _C._begin),
    (State.IDLE, Event.ABORT): (State.IDLE, _C._abort),
    # The module may have missed the start, or its answer was lost: ask once more, and then
    # "busy" means that it is measuring.
    (State.STARTING, Event.OK): (State.MEASURING, _C._inflate),
    (State.STARTING, Event.BUSY): (State.WAITING, _C._nothing),
    (State.STARTING, Event.POLL_DUE): (State.RESTARTING, _C._start),
    (State.STARTING, Event.TIMEOUT): (State.IDLE, _C._still_busy),
    (State.STARTING, Event.ABORT): (State.ABORTING, _C._abort),
    **{(State.STARTING, refusal): (State.IDLE, _C._refused) for refusal in REFUSALS},
    (State.WAITING, Event.POLL_DUE): (State.STARTING, _C._start),
    (State.WAITING, Event.TIMEOUT): (State.IDLE, _C._still_busy),
    (State.WAITING, Event.ABORT): (State.ABORTING, _C._abort),
    (State.RESTARTING, Event.OK): (State.MEASURING, _C._inflate),
    (State.RESTARTING, Event.BUSY): (State.MEASURING, _C._inflate),
    (State.RESTARTING, Event.POLL_DUE): (State.RESTARTING, _C._start_again),
    (State.RESTARTING, Event.ABORT): (State.ABORTING, _C._abort),
    **{(State.RESTARTING, refusal): (State.IDLE, _C._refused) for refusal in REFUSALS},
    # A poll that was garbled on the way is answered by a refusal; only the next one matters.
    (State.MEASURING, Event.PRESSURE): (State.MEASURING, _C._pressure),
    (State.MEASURING, Event.POLL_DUE): (State.MEASURING, _C._poll),
    (State.MEASURING, Event.DONE): (State.FETCHING, _C._fetch),
    (State.MEASURING, Event.ERROR): (State.FETCHING, _C._fetch),
    (State.MEASURING, Event.ASLEEP): (State.IDLE, _C._refused),
    (State.MEASURING, Event.TIMEOUT): (State.ABORTING, _C._abort),
    (State.MEASURING, Event.ABORT): (State.ABORTING, _C._abort),
    (State.FETCHING, Event.DATA): (State.IDLE, _C._result),
    (State.FETCHING, Event.POLL_DUE): (State.FETCHING, _C._fetch_again),
    (State.FETCHING, Event.ASLEEP): (State.IDLE, _C._refused),
    (State.FETCHING, Event.ABORT): (State.ABORTING, _C._abort),
    # A, then K if a measurement ran; A alone if not.
    (State.ABORTING, Event.ABORTED): (State.SETTLING, _C._nothing),
    (State.ABORTING, Event.POLL_DUE): (State.ABORTING, _C._abort_again),
    (State.ABORTING, Event.MEASURE): (State.ABORTING, _C._not_now),
    (State.SETTLING, Event.DONE): (State.IDLE, _C._aborted),
    (State.SETTLING, Event.POLL_DUE): (State.IDLE, _C._aborted),
    (State.SETTLING, Event.MEASURE): (State.SETTLING, _C._not_now),
}
"""What each event does in each state, and the state it leads to; no row, nothing."""


def _make(options: Options) -> SunTechCodec:
    return SunTechCodec(str(options["patient"]), listen=bool(options["listen"]))


DRIVER: Final = Driver(
    name="suntech",
    title="SunTech OEM blood pressure modules (Advantage family)",
    ranges=RANGES,
    flags=frozenset({Flag.MEASUREMENT_FAILED} | {flag for flag, _ in ERRORS.values()}),
    silent_after_s=8.0,
    stale_after_s={Vital.SYS: 2400.0, Vital.DIA: 2400.0, Vital.MAP: 2400.0, Vital.PULSE: 60.0},
    dialects=(Dialect("advantage", _make, LineSettings(baud=9600)),),
    can_measure=True,
    options={"patient": tuple(PATIENTS), "listen": (False, True)},
)
