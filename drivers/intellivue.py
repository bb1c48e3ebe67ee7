"""Philips IntelliVue bedside monitors, by RS-232 or LAN: SpO2, pulse, respiration, cuff and pleth.

Theory of operation. The host asks for an association, answers the monitor's MDS-Create, and polls:
numerics every second, which also keeps the association alive, alarms every few, and the pleth by
one poll that goes on by itself and is renewed. When no answer comes for a while, or the monitor
ends the association, it is asked for again. An answer to a poll, whenever it was asked, shows that
an association is there.

No command starts the cuff, and its pressures come again with every poll. A new measurement is one
whose time stamp changed; where there is none, one whose end was seen. The messages are in
`intellivue_message`, what the numbers mean is here.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from drivers import slip
from drivers.codec import ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.intellivue_message import (
    ABORTED,
    ACCEPTED,
    ALARM_MONITOR,
    ALARMS,
    ASSOCIATION_REQUEST,
    CONFIRMED_EVENT,
    DATA,
    END,
    ERROR,
    INVOKE,
    LINKED,
    LONGEST_FRAME,
    MDS_CREATE,
    NUMERIC,
    OBSERVED_VALUES,
    REFUSED,
    RELEASED,
    RESULT,
    START,
    WAVE,
    Damaged,
    Numeric,
    Observed,
    Reader,
    choose_wave,
    created,
    framed,
    lone,
    poll,
    reply,
    unframed,
)
from drivers.nibp import NibpCodec, failed
from drivers.readings import (
    CuffPhase,
    CuffState,
    DeviceMessages,
    Flag,
    Identity,
    Item,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)

POLL_EVERY_S: Final = 1.0
ALARMS_EVERY: Final = 4
"""Every so many polls of numerics the alarms are polled too."""

WAVE_FOR_S: Final = 600
RENEWED_AFTER_S: Final = 540.0
ASK_AGAIN_S: Final = 4.0
"""An association that is not answered, or brings nothing, is asked for again."""

WAVE_RATE_HZ: Final = 125.0
"""Of the pleth; unverified."""

OLDEST_S: Final = 2400.0
"""A pressure that is found when the link opens, and is older, is stale whoever's it is."""

SPO2, PULSE, PERFUSION, RESP, PLETH = 0x4BB8, 0x4822, 0x4BB0, 0x500A, 0x4BB4
SYS, DIA, MAP, CUFF_PULSE = 0x4A05, 0x4A06, 0x4A07, 0xF0E5
VITALS: Final = {
    SPO2: Vital.SPO2,
    PULSE: Vital.PULSE,
    PERFUSION: Vital.PERFUSION,
    RESP: Vital.RESP,
}
PRESSURES: Final = {SYS: Vital.SYS, DIA: Vital.DIA, MAP: Vital.MAP}
"""What the physio ids mean; the cuff's own pulse is left to what streams one."""

UNITS: Final = {
    SPO2: 0x0220,
    PULSE: 0x0AA0,
    RESP: 0x0AA0,
    SYS: 0x0F20,
    DIA: 0x0F20,
    MAP: 0x0F20,
}
"""The unit that each must be in: %, /min and mmHg."""

RANGES: Final = {
    Vital.SPO2: ValueRange(0, 100),
    Vital.PULSE: ValueRange(10, 350),
    Vital.PERFUSION: ValueRange(0, 100),
    Vital.RESP: ValueRange(0, 200),
    Vital.SYS: ValueRange(10, 320),
    Vital.DIA: ValueRange(5, 320),
    Vital.MAP: ValueRange(5, 320),
}
"""What the monitor prints; unverified."""

MISSING: Final = 0x8000 | 0x2000
"""State bits invalid and unavailable."""

MEASURING: Final = 0x0020
STATES: Final = (
    (0x0800, Quality.REJECTED, "the monitor is in its test mode"),
    (0x0400, Quality.REJECTED, "the monitor shows a demonstration"),
    (0x4000, Quality.POOR, "the monitor finds it questionable"),
    (0x1000, Quality.POOR, "is being calibrated"),
)
"""What the other bits make of a value, the worst first."""

NO_PRESSURE: Final = failed("the monitor ended a measurement without pressures: see its screen")


@dataclass(frozen=True, slots=True)
class Step:
    """What is sent next, and when; `name` is what the association has come to."""

    name: str
    at_s: float


ASKING, POLLING = "asking", "polling"


@dataclass(frozen=True, slots=True)
class Framing:
    """What a message is between, what is inside, and how one is sent; without a start it is all."""

    start: bytes
    end: bytes
    message: Callable[[bytes], bytes | None]
    frame: Callable[[bytes], bytes]


def _of_datagram(inside: bytes) -> bytes | None:
    return lone(slip.unwrap(inside))


SERIAL: Final = Framing(bytes((START,)), bytes((END,)), unframed, framed)
LAN: Final = Framing(b"", slip.END, _of_datagram, slip.wrap)


class IntelliVueCodec(NibpCodec):
    """One monitor, asked for an association and then polled."""

    def __init__(self, framing: Framing) -> None:
        super().__init__(RANGES)
        self._framing = framing
        self._forget()

    def _forget(self) -> None:
        self._items: list[Item] = []
        self._step = Step(ASKING, 0.0)
        self._polls = self._invoked = self._answered = 0
        self._context = b"\0\x02"
        self._heard = False
        self._silent_at_s = 0.0
        self._renew_at_s = 0.0
        self._is_identified = False
        self._numerics: dict[int, Numeric] = {}
        self._texts: list[str] = []
        self._taken_at: datetime | None = None
        self._is_measuring = False

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._forget()
        self._step = Step(ASKING, now_s)
        self.handle_deadline(now_s)

    def closed(self) -> list[Item]:
        self.deadline_s = None
        return []

    def handle_deadline(self, now_s: float) -> list[Item]:
        if self._heard:
            self._heard = False
            self._silent_at_s = now_s + ASK_AGAIN_S
        if self._step.name == POLLING and now_s >= self._silent_at_s:
            self._step = Step(ASKING, now_s)
        if now_s >= self._step.at_s:
            if self._step.name == ASKING:
                self._send(ASSOCIATION_REQUEST)
                self._step = Step(ASKING, now_s + ASK_AGAIN_S)
            else:
                self._poll(now_s)
                self._step = Step(POLLING, now_s + POLL_EVERY_S)
        self.deadline_s = self._step.at_s
        return []

    def _poll(self, now_s: float) -> None:
        self._send(poll(self._next(), NUMERIC, OBSERVED_VALUES))
        self._polls = (self._polls + 1) % ALARMS_EVERY
        if self._polls == 1:
            self._send(poll(self._next(), ALARM_MONITOR, ALARMS))
        if now_s >= self._renew_at_s:
            self._renew_at_s = now_s + RENEWED_AFTER_S
            self._send(choose_wave(self._next(), PLETH))
            self._send(poll(self._next(), WAVE, OBSERVED_VALUES, WAVE_FOR_S))

    def _next(self) -> int:
        """The next request's invoke id."""
        self._invoked = self._invoked % 0x7FFF + 1
        return self._invoked

    def _send(self, message: bytes) -> None:
        """Send `message`, in the presentation context that the monitor uses."""
        if message[0] == DATA:
            message = message[:2] + self._context + message[4:]
        self._out += self._framing.frame(message)

    def feed(self, data: bytes) -> list[Item]:
        self._buffer += data
        start, end = self._framing.start, self._framing.end
        if end not in data and len(self._buffer) <= LONGEST_FRAME:
            return []
        *frames, rest = self._buffer.split(end)
        for frame in filter(None, frames):
            at = frame.rfind(start) + 1 if start else 0
            if at > 1:
                self._skip(at - 1)
            message = self._framing.message(bytes(frame[at:]))
            if message is None:
                self.stats.damaged["bad-frame"] += 1
            else:
                self.stats.frames += 1
                self._took(message)
        self._skip(max(0, len(rest) - LONGEST_FRAME))
        self._buffer = bytearray(rest[-LONGEST_FRAME:])
        items, self._items = self._items, []
        return items

    # What messages say.

    def _took(self, message: bytes) -> None:
        if message[:1] == bytes((DATA,)):
            try:
                self._data(message)
            except Damaged:
                self.stats.damaged["short-message"] += 1
            return
        kind = message[0] if message else 0
        if kind in (REFUSED, ABORTED, RELEASED):
            self._step = Step(ASKING, self._step.at_s)
        elif kind != ACCEPTED:
            self.stats.damaged["unknown-message"] += 1

    def _data(self, message: bytes) -> None:
        head = Reader(message)
        head.bytes(2)
        self._context = head.bytes(2)
        operation, data = head.u16(), head.bytes(head.u16())
        if operation == INVOKE and data[2:4] == CONFIRMED_EVENT.to_bytes(2, "big"):
            self._event(data)
        elif operation in (RESULT, LINKED):
            self._result(operation, data)
        elif operation == ERROR:
            self.stats.damaged["refused-request"] += 1
        else:
            self.stats.damaged["unknown-message"] += 1

    def _event(self, data: bytes) -> None:
        if data[16:18] != MDS_CREATE.to_bytes(2, "big"):
            self.stats.damaged["unknown-message"] += 1
            return
        self._send(created(data[6:], data[:2]))
        self._renew_at_s = 0.0
        self._associated()

    def _associated(self) -> None:
        self._heard = True
        if self._step.name != POLLING:
            self._step = Step(POLLING, 0.0)
        if not self._is_identified:
            self._is_identified = True
            self._items.append(Identity("Philips IntelliVue"))

    def _result(self, operation: int, data: bytes) -> None:
        answer = reply(operation, data)
        if answer is None or answer.goes_on is not (answer.type == WAVE):
            return
        self._associated()
        if answer.type == NUMERIC and answer.invoke != self._answered:
            self._answered = answer.invoke
            self._numerics.clear()
        for each in answer.objects:
            if answer.type == NUMERIC:
                self._take_numerics(each, answer.at)
            elif answer.type == WAVE:
                self._take_samples(each)
            elif answer.type == ALARM_MONITOR:
                self._texts += each.texts or ()
            else:
                self.stats.damaged["unknown-object"] += 1
        if answer.is_last and answer.type == NUMERIC:
            self._items.append(self._monitored())
            self._numerics.clear()
        if answer.is_last and answer.type == ALARM_MONITOR:
            self._items.append(DeviceMessages(tuple(dict.fromkeys(self._texts))))
            self._texts.clear()

    def _take_samples(self, of: Observed) -> None:
        for physio, state, samples in of.samples:
            if physio != PLETH:
                self.stats.damaged["unknown-wave"] += 1
            elif samples and not state & MISSING:
                self._items.append(Waveform("pleth", WAVE_RATE_HZ, samples))

    def _take_numerics(self, of: Observed, now: datetime | None) -> None:
        if any(each.physio in PRESSURES for each in of.numerics):
            self._take_cuff(of, now)
            return
        for each in of.numerics:
            if each.physio not in VITALS:
                self.stats.damaged["unknown-numeric"] += each.physio != CUFF_PULSE
            elif each.physio in self._numerics:
                self.stats.damaged["second-numeric"] += 1
            else:
                self._numerics[each.physio] = each

    def _monitored(self) -> Measurement:
        """What all parts of an answer said; what none did is missing."""
        return Measurement(
            tuple(self._judged(vital, self._numerics.get(id_)) for id_, vital in VITALS.items())
        )

    def _judged(self, vital: Vital, of: Numeric | None) -> Reading:
        if of is None or of.state & MISSING or of.value is None:
            return Reading(vital, None)
        if of.unit != UNITS.get(of.physio, of.unit):
            return self._rejected(vital, of.value, "other-unit", "in another unit")
        for bit, quality, reason in STATES:
            if of.state & bit and quality is Quality.REJECTED:
                return self._rejected(vital, of.value, "not-a-patient", reason)
            if of.state & bit:
                return self._reading(vital, of.value, quality, reason)
        return self._reading(vital, of.value)

    # The cuff.

    def _take_cuff(self, of: Observed, now: datetime | None) -> None:
        was, self._is_measuring = self._is_measuring, any(n.state & MEASURING for n in of.numerics)
        if self._is_measuring:
            self._items.append(CuffState(CuffPhase.MEASURING))
            return
        if was:
            self._items.append(CuffState(CuffPhase.IDLE))
        if of.at is None:
            if was:
                self._items.append(self._pressure(of, None))
        elif of.at != self._taken_at:
            age_s = None if now is None else (now - of.at).total_seconds()
            is_found = self._taken_at is None and not was
            self._taken_at = of.at
            if not is_found or (age_s is not None and 0 <= age_s <= OLDEST_S):
                self._items.append(self._pressure(of, None if age_s is None else max(0.0, age_s)))
        elif was:
            self._items.append(NO_PRESSURE)

    def _pressure(self, of: Observed, age_s: float | None) -> Measurement | MeasurementFailed:
        by_id = {each.physio: each for each in of.numerics}
        readings = tuple(self._judged(vital, by_id.get(id_)) for id_, vital in PRESSURES.items())
        values = [(reading.vital, reading.value) for reading in readings]
        if values[0][1] is None or values[1][1] is None:
            return NO_PRESSURE
        return Measurement(self._upside_down(values) or readings, age_s=age_s)


def _dialect(name: str, framing: Framing, line: LineSettings) -> Dialect:
    def make(_options: Options) -> IntelliVueCodec:
        return IntelliVueCodec(framing)

    return Dialect(name, make, line)


DRIVER: Final = Driver(
    name="intellivue",
    title="Philips IntelliVue bedside monitors (MP, MX)",
    ranges=RANGES,
    flags=frozenset({Flag.MEASUREMENT_FAILED}),
    silent_after_s=9.0,
    stale_after_s={
        Vital.SPO2: 10.0,
        Vital.PULSE: 10.0,
        Vital.PERFUSION: 10.0,
        Vital.RESP: 10.0,
        Vital.SYS: 2400.0,
        Vital.DIA: 2400.0,
        Vital.MAP: 2400.0,
    },
    dialects=(
        _dialect("rs232", SERIAL, LineSettings(115_200)),
        _dialect("lan", LAN, LineSettings(230_400)),
    ),
    has_pleth=True,
)
