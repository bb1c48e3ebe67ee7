"""Unimed UN300C blood pressure module: frames, and the course of a measurement.

Theory of operation. The module streams its cuff pressure while it measures, without a checksum,
and says 999 at the end; its state and the last result it gives when asked, with one. A frame is
an event for the table `TRANSITIONS`, and so is a wait that expired; what the table has no row for
is ignored. What counts as a result is decided by state and message, never by the pressures: a
line about an error may carry those of the measurement before.

Nothing answers a start. That the module measures is known from its stream, or from a state that
says so; until then an old result is not taken for a new one. A measurement that somebody begins
at the module is followed, and reported, in the same way.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from drivers.codec import ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.nibp import LINK_LOST, NibpCodec, failed
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Vital,
)

CERTAIN: Final = 3
"""So many frames in a row, or one with a checksum, show that this is the device."""

LONGEST_BODY: Final = 60
LIMIT_S: Final = 180.0
"""No measurement takes longer; unverified."""

TRIES: Final = 4

RANGES: Final = {
    Vital.SYS: ValueRange(40, 260),
    Vital.DIA: ValueRange(20, 200),
    Vital.MAP: ValueRange(26, 220),
    Vital.PULSE: ValueRange(30, 250),
}
"""What the module prints; unverified."""

CUFF_RANGE_MMHG: Final = ValueRange(0, 320)

NO_ERROR: Final = frozenset({0, 3})
ERRORS: Final[Mapping[int, tuple[Flag, str]]] = {
    2: (Flag.MEASUREMENT_FAILED, "the module does not know the command"),
    6: (Flag.CUFF_LEAK, "does not inflate: check the cuff for a loose fit and the hose for leaks"),
    7: (Flag.CUFF_LEAK, "leaks: check the cuff and the hose"),
    8: (Flag.MEASUREMENT_FAILED, "air does not pass: check the hose for kinks"),
    9: (Flag.MEASUREMENT_FAILED, "few oscillations, or too long: check the cuff's place and size"),
    10: (Flag.MEASUREMENT_FAILED, "a value out of the module's range"),
    11: (Flag.ARTEFACT, "movement: keep the arm still"),
    12: (Flag.MEASUREMENT_FAILED, "cuff over-pressure: was the cuff pressed on?"),
    13: (Flag.ARTEFACT, "signal saturated by movement: keep the arm still"),
    14: (Flag.CUFF_LEAK, "leak test failed: check the cuff and the hose"),
    15: (Flag.DEVICE_FAULT, "system fault: have it serviced"),
}
WRONG_CUFF: Final = {
    1: "neonatal cuff in adult mode",
    2: "adult cuff in neonatal mode",
}

STANDBY, FAILED, CYCLE = 1, 2, 6
OVER: Final = frozenset({STANDBY, FAILED, CYCLE})
"""The module's states in which no measurement is under way; 6 waits for the next of a cycle."""

_RESULT: Final = re.compile(
    rb"S(\d);A\d;C\d\d;M(\d\d);P(\d{3}|---)(\d{3}|---)(\d{3}|---);R(\d{3}|---);T[\d -]*;;"
)
_PRESSURE: Final = re.compile(rb"(\d{3})C(\d)S(\d)")
_CHECKED: Final = re.compile(rb"(.*;;)([0-9A-Fa-f]{2})", re.DOTALL)
_END: Final = b"999"


class State(Enum):
    """What the module is believed to be doing."""

    IDLE = auto()
    STARTING = auto()
    MEASURING = auto()
    FETCHING = auto()
    ABORTING = auto()


class Event(Enum):
    """What can happen: a frame, the end of a wait, or a request of our own."""

    PRESSURE = auto()
    END = auto()
    BUSY = auto()
    RESULT = auto()
    OTHER = auto()
    POLL_DUE = auto()
    TIMEOUT = auto()
    MEASURE = auto()
    ABORT = auto()


WAIT_S: Final[Mapping[State, float]] = {
    State.IDLE: 2.0,
    State.STARTING: 3.0,
    State.MEASURING: 3.0,
    State.FETCHING: 1.0,
    State.ABORTING: 1.0,
}
"""How long each state lasts without a frame before POLL_DUE happens to it."""


@dataclass(frozen=True, slots=True)
class Result:
    """A line about the last measurement as it stands; None is missing."""

    state: int
    message: int
    systolic: int | None
    diastolic: int | None
    mean: int | None
    pulse: int | None

    @classmethod
    def of(cls, body: bytes) -> "Result | None":
        """The result in a whole line; None when it is another kind of line."""
        found = _RESULT.fullmatch(body)
        if found is None:
            return None
        state, message, *values = found.groups()
        pressures = (None if value == b"---" else int(value) for value in values)
        return cls(int(state), int(message), *pressures)


@dataclass(frozen=True, slots=True)
class Framing:
    """How a board begins and ends a frame, and what it is told."""

    begin: int
    end: int

    def command(self, code: str) -> bytes:
        """A command by its two digits, with its checksum."""
        body = f"{code};;".encode("ascii")
        return self.framed(body + f"{sum(body) & 0xFF:02X}".encode("ascii"))

    def framed(self, body: bytes) -> bytes:
        """`body` between begin and end."""
        return bytes((self.begin, *body, self.end))


PLAIN: Final = Framing(0x02, 0x03)
WITH_SPO2: Final = Framing(0xFD, 0xFE)


UNANSWERED: Final = failed("the module does not answer: check its cable and power")


class UN300CCodec(NibpCodec):
    """One module, asked for its state when nothing else is under way."""

    def __init__(self, framing: Framing) -> None:
        super().__init__(RANGES)
        self._start = framing.command("01")
        self._manual = framing.command("03")
        self._get_result = framing.command("18")
        self._abort_command = framing.framed(b"X")
        begin, end = (re.escape(bytes((byte,))) for byte in (framing.begin, framing.end))
        body = b"[^%b%b]{0,%d}" % (begin, end, LONGEST_BODY)
        self._frame = re.compile(b"%b(%b)%b" % (begin, body, end), re.DOTALL)
        self._tail = re.compile(b"%b%b\\Z" % (begin, body), re.DOTALL)
        self._items: list[Item] = []
        self._state = State.IDLE
        self._in_a_row = 0
        self._now_s = 0.0
        self._wait_until_s: float | None = None
        self._limit_s: float | None = None
        self._tries = 0
        self._result = Result(STANDBY, 0, None, None, None, None)
        self._cuff = CuffState(CuffPhase.IDLE)
        self._wrong_cuff: str | None = None
        self._why_aborted = failed("aborted")

    @property
    def state(self) -> State:
        """What the module is believed to be doing."""
        return self._state

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._in_a_row = 0
        self._now_s = now_s
        self._enter(State.IDLE)
        self._out += self._manual + self._get_result
        self.deadline_s = now_s

    def closed(self) -> list[Item]:
        was_idle = self._state is State.IDLE
        self._state, self._limit_s, self.deadline_s = State.IDLE, None, None
        return [] if was_idle else [LINK_LOST]

    def measure(self, now_s: float) -> list[Item]:
        return self._request(Event.MEASURE, now_s)

    def abort(self, now_s: float) -> list[Item]:
        return self._request(Event.ABORT, now_s)

    def _request(self, request: Event, now_s: float) -> list[Item]:
        self._now_s = now_s
        self._dispatch(request)
        return self.handle_deadline(now_s)

    def feed(self, data: bytes) -> list[Item]:
        buffer = self._buffer
        buffer += data
        at = 0
        for found in self._frame.finditer(buffer):
            self._lost(bytes(buffer[at : found.start()]))
            self._took(found[1])
            at = found.end()
        tail = self._tail.search(buffer, at)
        end = tail.start() if tail else len(buffer)
        self._lost(bytes(buffer[at:end]))
        del buffer[:end]
        return self._taken()

    def handle_deadline(self, now_s: float) -> list[Item]:
        self._now_s = now_s
        if self._limit_s is not None and now_s >= self._limit_s:
            self._limit_s = None
            self._dispatch(Event.TIMEOUT)
        if self._wait_until_s is not None and now_s >= self._wait_until_s:
            self._wait_until_s = None
            self._dispatch(Event.POLL_DUE)
        wait_until_s = self._wait_until_s or now_s + WAIT_S[self._state]
        self._wait_until_s = wait_until_s
        self.deadline_s = min(wait_until_s, self._limit_s or wait_until_s)
        return self._taken()

    def _taken(self) -> list[Item]:
        items, self._items = self._items, []
        return items

    def _dispatch(self, event: Event) -> None:
        if row := TRANSITIONS.get((self._state, event)):
            state, action = row
            if state is not self._state:
                self._enter(state)
            action(self, event)

    def _enter(self, state: State) -> None:
        """A new state; how long it lasts is counted from the owner's next call on."""
        self._state = state
        self._tries = 0
        self._wait_until_s = None

    # What frames say.

    def _lost(self, between: bytes) -> None:
        self._skip(len(between.translate(None, b"\r\n")))

    def _took(self, body: bytes) -> None:
        event = self._event_of(body)
        if event is None:
            self.stats.damaged["bad-frame"] += 1
            self._in_a_row = max(0, self._in_a_row - 1)
            return
        if self._in_a_row >= CERTAIN:
            self.stats.frames += 1
            self._dispatch(event)

    def _event_of(self, body: bytes) -> Event | None:
        """What a frame says; None when it is damaged."""
        if found := _CHECKED.fullmatch(body):
            if sum(found[1]) & 0xFF != int(found[2], 16):
                return None
            self._in_a_row = CERTAIN
            result = Result.of(found[1])
            if result is None:
                return Event.OTHER
            self._result = result
            return Event.RESULT if result.state in OVER else Event.BUSY
        found = _PRESSURE.fullmatch(body)
        if found is None and body != _END:
            return None
        self._in_a_row = min(self._in_a_row + 1, CERTAIN)
        if found is None:
            return Event.END
        pressure = int(found[1])
        self._cuff = CuffState(
            CuffPhase.MEASURING, pressure if pressure in CUFF_RANGE_MMHG else None
        )
        self._wrong_cuff = WRONG_CUFF.get(int(found[2]))
        return Event.PRESSURE

    def _outcome(self) -> Measurement | MeasurementFailed:
        result = self._result
        if result.state == FAILED or result.message not in NO_ERROR:
            unknown = (Flag.MEASUREMENT_FAILED, "the module reports an error")
            flag, reason = ERRORS.get(result.message, unknown)
            return MeasurementFailed(flag, reason, result.message)
        pressures = (
            (Vital.SYS, result.systolic),
            (Vital.DIA, result.diastolic),
            (Vital.MAP, result.mean),
        )
        if (upside_down := self._upside_down(pressures)) is not None:
            return Measurement(upside_down)
        quality = Quality.POOR if self._wrong_cuff else Quality.GOOD
        return Measurement(
            tuple(
                self._reading(vital, value, quality, self._wrong_cuff)
                for vital, value in (*pressures, (Vital.PULSE, result.pulse))
            )
        )

    # What TRANSITIONS can do.

    def _nothing(self, _event: Event) -> None:
        pass

    def _poll(self, _event: Event) -> None:
        self._out += self._get_result

    def _is_idle(self, _event: Event) -> None:
        self._items.append(CuffState(CuffPhase.IDLE))

    def _inflates(self, event: Event) -> None:
        """It measures, by itself or as it was told."""
        self._limit_s = self._limit_s or self._now_s + LIMIT_S
        self._wrong_cuff = self._wrong_cuff if event is Event.PRESSURE else None
        self._shows(event)

    def _shows(self, event: Event) -> None:
        self._wait_until_s = None
        is_shown = event is Event.PRESSURE
        self._items.append(self._cuff if is_shown else CuffState(CuffPhase.MEASURING))

    def _begin(self, _event: Event) -> None:
        self._limit_s = self._now_s + LIMIT_S
        self._wrong_cuff = None
        self._out += self._start

    def _begin_again(self, _event: Event) -> None:
        outcome = self._outcome() if self._result.state == FAILED else None
        self._ask_again(self._start + self._get_result, outcome)

    def _fetch(self, _event: Event) -> None:
        self._out += self._get_result

    def _fetch_again(self, _event: Event) -> None:
        self._ask_again(self._get_result)

    def _ends(self, _event: Event) -> None:
        self._end(self._outcome())

    def _abort(self, event: Event) -> None:
        is_over_time = event is Event.TIMEOUT
        why = f"no end after {LIMIT_S:.0f} s; aborted" if is_over_time else "aborted"
        self._why_aborted = failed(why)
        self._limit_s = None
        self._out += self._abort_command

    def _abort_again(self, _event: Event) -> None:
        self._ask_again(self._abort_command + self._get_result)

    def _aborted(self, _event: Event) -> None:
        self._end(self._why_aborted)

    def _not_now(self, _event: Event) -> None:
        self._items.append(failed("another measurement is being aborted: ask again"))

    def _ask_again(self, question: bytes, outcome: Item | None = None) -> None:
        self._tries += 1
        if self._tries < TRIES:
            self._out += question
        else:
            self._end(outcome or UNANSWERED)

    def _end(self, outcome: Item) -> None:
        self._limit_s = None
        self._enter(State.IDLE)
        self._items.append(outcome)


_C = UN300CCodec
Action = Callable[[UN300CCodec, Event], None]

TRANSITIONS: Final[Mapping[tuple[State, Event], tuple[State, Action]]] = {
    (State.IDLE, Event.PRESSURE): (State.MEASURING, _C._inflates),
    (State.IDLE, Event.BUSY): (State.MEASURING, _C._inflates),
    (State.IDLE, Event.END): (State.FETCHING, _C._fetch),
    (State.IDLE, Event.RESULT): (State.IDLE, _C._is_idle),
    (State.IDLE, Event.POLL_DUE): (State.IDLE, _C._poll),
    (State.IDLE, Event.MEASURE): (State.STARTING, _C._begin),
    (State.IDLE, Event.ABORT): (State.IDLE, _C._abort),
    # A result may be the answer to a question before the start.
    (State.STARTING, Event.PRESSURE): (State.MEASURING, _C._inflates),
    (State.STARTING, Event.BUSY): (State.MEASURING, _C._inflates),
    (State.STARTING, Event.END): (State.FETCHING, _C._fetch),
    (State.STARTING, Event.POLL_DUE): (State.STARTING, _C._begin_again),
    (State.STARTING, Event.ABORT): (State.ABORTING, _C._abort),
    (State.MEASURING, Event.PRESSURE): (State.MEASURING, _C._shows),
    (State.MEASURING, Event.BUSY): (State.MEASURING, _C._shows),
    (State.MEASURING, Event.END): (State.FETCHING, _C._fetch),
    # The 999 was lost.
    (State.MEASURING, Event.RESULT): (State.IDLE, _C._ends),
    (State.MEASURING, Event.POLL_DUE): (State.FETCHING, _C._fetch),
    (State.MEASURING, Event.TIMEOUT): (State.ABORTING, _C._abort),
    (State.MEASURING, Event.ABORT): (State.ABORTING, _C._abort),
    (State.FETCHING, Event.PRESSURE): (State.MEASURING, _C._shows),
    (State.FETCHING, Event.BUSY): (State.MEASURING, _C._shows),
    (State.FETCHING, Event.RESULT): (State.IDLE, _C._ends),
    (State.FETCHING, Event.POLL_DUE): (State.FETCHING, _C._fetch_again),
    (State.FETCHING, Event.ABORT): (State.ABORTING, _C._abort),
    (State.ABORTING, Event.END): (State.IDLE, _C._aborted),
    (State.ABORTING, Event.RESULT): (State.IDLE, _C._aborted),
    (State.ABORTING, Event.POLL_DUE): (State.ABORTING, _C._abort_again),
    (State.ABORTING, Event.MEASURE): (State.ABORTING, _C._not_now),
}
"""What each event does in each state, and the state it leads to; no row, nothing."""


def _dialect(name: str, framing: Framing, line: LineSettings) -> Dialect:
    def make(_options: Options) -> UN300CCodec:
        return UN300CCodec(framing)

    return Dialect(name, make, line)


DRIVER: Final = Driver(
    name="un300c",
    title="Unimed UN300C blood pressure modules",
    ranges=RANGES,
    flags=frozenset({Flag.MEASUREMENT_FAILED} | {flag for flag, _ in ERRORS.values()}),
    silent_after_s=8.0,
    stale_after_s={Vital.SYS: 2400.0, Vital.DIA: 2400.0, Vital.MAP: 2400.0, Vital.PULSE: 60.0},
    dialects=(
        _dialect("nibp", PLAIN, LineSettings(4800)),
        _dialect("spo2-board", WITH_SPO2, LineSettings(19_200)),
    ),
    can_measure=True,
)
