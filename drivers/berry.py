"""Berry PM6750 board: SpO2 with its wave and blood pressure on one port.

Theory of operation. Frames have a checksum, and say by their type what they are about. The board
is silent until each stream is switched on, and again after it lost its power; so SpO2 and its
wave are switched on when a link opens and whenever no SpO2 came for a while, one command at a
time with a pause behind it.

A measurement of the pressure is followed in the table `TRANSITIONS`. While it lasts the board
says so, and its pressures are zero; what else it says of a pressure, before that or again
afterwards, is an old measurement's. A measurement that somebody begins otherwise is followed and
reported as well.
"""

from collections import deque
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Final

from drivers.codec import ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.nibp import LINK_LOST, NibpCodec, failed
from drivers.oximetry import Status, StatusBit, StatusTable
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Identity,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Vital,
    Waveform,
)

HEAD: Final = b"\x55\xaa"
ECG, NIBP, SPO2, TEMPERATURE, QRS = 0x02, 0x03, 0x04, 0x05, 0x30
FIRMWARE, HARDWARE, WAVE = 0xFC, 0xFD, 0xFE
LENGTHS: Final[Mapping[int, frozenset[int]]] = {
    ECG: frozenset({8}),
    NIBP: frozenset({8}),
    SPO2: frozenset({6}),
    TEMPERATURE: frozenset({6, 8}),
    QRS: frozenset({3, 4}),
    FIRMWARE: frozenset(range(4, 33)),
    HARDWARE: frozenset(range(4, 33)),
    WAVE: frozenset({4}),
}
"""What the length byte of a frame may be by its type: it counts itself, type, data, checksum."""

WAVE_RATE_HZ: Final = 50.0
WAVE_SAMPLES: Final = 17
"""A third of a second of the wave goes into one `Waveform`."""

PAUSE_S: Final = 0.05
"""Between two commands."""

SWITCHED_ON_AGAIN_S: Final = 1.5
LIMIT_S: Final = 180.0
"""No measurement takes longer; unverified."""

TRIES: Final = 4

NO_SPO2: Final = frozenset({0, 127})
NO_PULSE: Final = frozenset({0, 255})
RANGES: Final = {
    Vital.SPO2: ValueRange(1, 100),
    Vital.PULSE: ValueRange(20, 250),
    Vital.SYS: ValueRange(40, 255),
    Vital.DIA: ValueRange(20, 200),
    Vital.MAP: ValueRange(26, 220),
}
"""What the board prints; unverified."""

CUFF_RANGE_MMHG: Final = ValueRange(0, 320)


def command(type_: int, data: int) -> bytes:
    """A command: head, length, type, one byte of data, checksum."""
    body = bytes((0x04, type_, data))
    return HEAD + body + bytes((~sum(body) & 0xFF,))


SWITCH_ON: Final = (command(0x03, 0x01), command(0xFE, 0x01))
START: Final = command(0x02, 0x01)
STOP: Final = command(0x02, 0x00)

STATUS: Final = StatusTable(
    StatusBit(1 << 1, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "sensor off the board"),
    StatusBit(1 << 2, Flag.SENSOR_OFF, Quality.REJECTED, "no finger"),
    StatusBit(1 << 3, Flag.NO_PULSE, Quality.POOR, "searching for the pulse"),
    StatusBit(1 << 4, Flag.NO_PULSE, Quality.POOR, "searched too long for a pulse"),
)
"""The status of SpO2, a number n as the bit 1 << n."""

KNOWN_STATUS: Final = range(5)
UNKNOWN: Final = Status(frozenset(), Quality.POOR, "the board says a status that is not known")

MEASURING, DONE = 1, 0
FAILURES: Final[Mapping[int, tuple[Flag, str]]] = {
    2: (Flag.MEASUREMENT_FAILED, "stopped"),
    3: (Flag.MEASUREMENT_FAILED, "cuff over-pressure: was the cuff pressed on?"),
    4: (Flag.CUFF_LEAK, "does not inflate: check the cuff for a loose fit and the hose for leaks"),
    5: (Flag.MEASUREMENT_FAILED, "took longer than the board allows"),
    6: (Flag.MEASUREMENT_FAILED, "the board reports an error"),
    7: (Flag.ARTEFACT, "interference: keep the arm still"),
    8: (Flag.MEASUREMENT_FAILED, "no result: check the cuff's place and size"),
    9: (Flag.MEASUREMENT_FAILED, "the board began anew during the measurement"),
    10: (Flag.MEASUREMENT_FAILED, "the board began anew during the measurement"),
}
"""The codes of a measurement that gives nothing."""

PATIENTS: Final = {
    1: "measured as a child's",
    2: "measured as a newborn's",
    3: "measured in a patient mode that is not known",
}
"""Patient modes other than an adult's."""


class State(Enum):
    """What the cuff is believed to be doing."""

    IDLE = auto()
    STARTING = auto()
    MEASURING = auto()
    STOPPING = auto()


class Event(Enum):
    """What can happen: what the board says of the cuff, the end of a wait, a request."""

    PRESSURE = auto()
    OVER = auto()
    WAITED = auto()
    TIMEOUT = auto()
    MEASURE = auto()
    ABORT = auto()


WAIT_S: Final[Mapping[State, float]] = {
    State.STARTING: 3.0,
    State.MEASURING: 5.0,
    State.STOPPING: 1.0,
}
"""How long each state lasts without a word about the cuff before WAITED happens to it."""


UNANSWERED: Final = failed("the board says nothing of a measurement: check its cable and power")


class BerryCodec(NibpCodec):
    """One board, whose SpO2 streams and whose cuff is started when asked."""

    def __init__(self) -> None:
        super().__init__(RANGES)
        self._commands: deque[bytes] = deque()
        self._items: list[Item] = []
        self._wave: list[int] = []
        self._flags: frozenset[Flag] = frozenset()
        self._nibp = bytes(5)
        self._state = State.IDLE
        self._now_s = 0.0
        self._send_at_s = 0.0
        self._is_streaming = False
        self._stream_until_s = 0.0
        self._wait_until_s: float | None = None
        self._limit_s: float | None = None
        self._tries = 0
        self._why_stopped = failed("aborted")

    @property
    def state(self) -> State:
        """What the cuff is believed to be doing."""
        return self._state

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._items.clear()
        self._wave.clear()
        self._commands.clear()
        self._commands += SWITCH_ON
        self._is_streaming = False
        self._send_at_s = now_s
        self._stream_until_s = now_s + SWITCHED_ON_AGAIN_S
        self._enter(State.IDLE)
        self.handle_deadline(now_s)

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
        self._buffer += data
        buffer, at = self._buffer, 0
        while (start := buffer.find(HEAD, at)) >= 0:
            self._lost(start - at)
            at = start
            if at + 4 > len(buffer):
                break
            length, type_ = buffer[at + 2], buffer[at + 3]
            if length not in LENGTHS.get(type_, ()):
                self._lost(1)
                at += 1
                continue
            end = at + 2 + length
            if end > len(buffer):
                break
            if sum(buffer[at + 2 : end]) & 0xFF != 0xFF:
                self.stats.damaged["bad-frame"] += 1
                self._end_wave()
                at += 1
            else:
                self.stats.frames += 1
                self._took(type_, bytes(buffer[at + 4 : end - 1]))
                at = end
        else:
            end = len(buffer) - buffer.endswith(HEAD[:1])
            self._lost(end - at)
            at = end
        del buffer[:at]
        return self._taken()

    def handle_deadline(self, now_s: float) -> list[Item]:
        self._now_s = now_s
        if self._limit_s is not None and now_s >= self._limit_s:
            self._limit_s = None
            self._dispatch(Event.TIMEOUT)
        if self._wait_until_s is not None and now_s >= self._wait_until_s:
            self._wait_until_s = None
            self._dispatch(Event.WAITED)
        if self._wait_until_s is None and self._state in WAIT_S:
            self._wait_until_s = now_s + WAIT_S[self._state]
        if self._is_streaming or now_s >= self._stream_until_s:
            if not self._is_streaming:
                self._commands += SWITCH_ON
            self._is_streaming = False
            self._stream_until_s = now_s + SWITCHED_ON_AGAIN_S
        if self._commands and now_s >= self._send_at_s:
            self._out += self._commands.popleft()
            self._send_at_s = now_s + PAUSE_S
        due = [self._stream_until_s, self._wait_until_s, self._limit_s]
        if self._commands:
            due.append(self._send_at_s)
        self.deadline_s = min(each for each in due if each is not None)
        return self._taken()

    def _taken(self) -> list[Item]:
        items, self._items = self._items, []
        return items

    def _dispatch(self, event: Event) -> None:
        if row := TRANSITIONS.get((self._state, event)):
            state, action = row
            if state is not self._state:
                self._enter(state)
            action(self)

    def _enter(self, state: State) -> None:
        """A new state; how long it lasts is counted from the owner's next call on."""
        self._state = state
        self._tries = 0
        self._wait_until_s = None

    # What frames say.

    def _lost(self, count: int) -> None:
        if count:
            self._skip(count)
            self._end_wave()

    def _took(self, type_: int, data: bytes) -> None:
        match type_:
            case 0xFE:
                self._wave.append(data[0])
                if len(self._wave) == WAVE_SAMPLES:
                    self._end_wave()
            case 0x04:
                self._oximetry(*data)
            case 0x03:
                self._nibp = data
                self._dispatch(Event.PRESSURE if _code(data) == MEASURING else Event.OVER)
            case 0xFC:
                text = data.decode("ascii", "replace").strip("\0 ")
                self._items.append(Identity("Berry PM6750", firmware=text))
            case _:
                pass

    def _end_wave(self) -> None:
        if self._wave:
            self._items.append(Waveform("pleth", WAVE_RATE_HZ, tuple(self._wave)))
            self._wave.clear()

    def _oximetry(self, status: int, spo2: int, pulse: int) -> None:
        self._is_streaming = True
        found = STATUS.judge(1 << status) if status in KNOWN_STATUS else UNKNOWN
        self._flags = found.flags
        values = (
            (Vital.SPO2, None if spo2 in NO_SPO2 else spo2),
            (Vital.PULSE, None if pulse in NO_PULSE else pulse),
        )
        readings = (self._reading(*each, found.quality, found.reason) for each in values)
        self._items.append(Measurement(tuple(readings), found.flags))

    def _outcome(self) -> Measurement | MeasurementFailed:
        code = _code(self._nibp)
        if code != DONE:
            flag, reason = FAILURES.get(code, (Flag.MEASUREMENT_FAILED, "unknown error"))
            return MeasurementFailed(flag, reason, code)
        _, _, systolic, mean, diastolic = self._nibp
        if not systolic or not diastolic:
            return failed("the board gave no pressures")
        pressures = ((Vital.SYS, systolic), (Vital.DIA, diastolic), (Vital.MAP, mean or None))
        if (upside_down := self._upside_down(pressures)) is not None:
            return Measurement(upside_down, self._flags)
        mode = PATIENTS.get(self._nibp[0] & 3)
        quality = Quality.POOR if mode else Quality.GOOD
        readings = (self._reading(*each, quality, mode) for each in pressures)
        return Measurement(tuple(readings), self._flags)

    # What TRANSITIONS can do.

    def _shows(self) -> None:
        self._wait_until_s = None
        self._limit_s = self._limit_s or self._now_s + LIMIT_S
        pressure = 2 * self._nibp[1]
        shown = pressure if pressure in CUFF_RANGE_MMHG else None
        self._items.append(CuffState(CuffPhase.MEASURING, shown))

    def _begin(self) -> None:
        self._limit_s = self._now_s + LIMIT_S
        self._commands.append(START)

    def _begin_again(self) -> None:
        code = _code(self._nibp)
        self._tell_again(START, self._outcome() if code in FAILURES else UNANSWERED)

    def _ends(self) -> None:
        self._end(self._outcome())

    def _gives_up(self) -> None:
        self._commands.append(STOP)
        self._end(UNANSWERED)

    def _over_time(self) -> None:
        self._stop(f"no end after {LIMIT_S:.0f} s; stopped")

    def _abort(self) -> None:
        self._stop("aborted")

    def _stop(self, why: str) -> None:
        self._why_stopped = failed(why)
        self._limit_s = None
        self._commands.append(STOP)

    def _stop_again(self) -> None:
        self._tell_again(STOP, self._why_stopped)

    def _stopped(self) -> None:
        self._end(self._why_stopped)

    def _not_now(self) -> None:
        self._items.append(failed("another measurement is being stopped: ask again"))

    def _tell_again(self, what: bytes, outcome: Item) -> None:
        self._tries += 1
        if self._tries < TRIES:
            self._commands.append(what)
        else:
            self._end(outcome)

    def _end(self, outcome: Item) -> None:
        self._limit_s = None
        self._enter(State.IDLE)
        self._items.append(outcome)


def _code(nibp: bytes) -> int:
    return nibp[0] >> 2 & 0x0F


_C = BerryCodec
Action = Callable[[BerryCodec], None]

TRANSITIONS: Final[Mapping[tuple[State, Event], tuple[State, Action]]] = {
    (State.IDLE, Event.PRESSURE): (State.MEASURING, _C._shows),
    (State.IDLE, Event.MEASURE): (State.STARTING, _C._begin),
    (State.IDLE, Event.ABORT): (State.IDLE, _C._abort),
    (State.STARTING, Event.PRESSURE): (State.MEASURING, _C._shows),
    (State.STARTING, Event.WAITED): (State.STARTING, _C._begin_again),
    (State.STARTING, Event.ABORT): (State.STOPPING, _C._abort),
    (State.MEASURING, Event.PRESSURE): (State.MEASURING, _C._shows),
    (State.MEASURING, Event.OVER): (State.IDLE, _C._ends),
    (State.MEASURING, Event.WAITED): (State.IDLE, _C._gives_up),
    (State.MEASURING, Event.TIMEOUT): (State.STOPPING, _C._over_time),
    (State.MEASURING, Event.ABORT): (State.STOPPING, _C._abort),
    (State.STOPPING, Event.OVER): (State.IDLE, _C._stopped),
    (State.STOPPING, Event.WAITED): (State.STOPPING, _C._stop_again),
    (State.STOPPING, Event.MEASURE): (State.STOPPING, _C._not_now),
}
"""What each event does in each state, and the state it leads to; no row, nothing."""


def _make(_options: Options) -> BerryCodec:
    return BerryCodec()


DRIVER: Final = Driver(
    name="berry",
    title="Berry PM6750 boards: pulse oximeter and cuff",
    ranges=RANGES,
    flags=STATUS.flags | {Flag.MEASUREMENT_FAILED} | {flag for flag, _ in FAILURES.values()},
    silent_after_s=4.0,
    stale_after_s={
        Vital.SPO2: 5.0,
        Vital.PULSE: 5.0,
        Vital.SYS: 2400.0,
        Vital.DIA: 2400.0,
        Vital.MAP: 2400.0,
    },
    has_pleth=True,
    dialects=(Dialect("pm6750", _make, LineSettings(115_200)),),
    can_measure=True,
)
