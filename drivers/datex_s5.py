"""GE bedside monitors with an S/5 Computer Interface: SpO2, pulse, respiration, cuff and pleth.

Theory of operation. The monitor sends nothing until it is asked. Displayed values, the time of the
last cuff measurement, the pleth and the alarm texts are asked for when a link opens; each of the
first three is asked for again when it stops, as after a pause of the line. A monitor that does not
know a request says nothing to it.

No command starts the cuff, and its pressures stand in every record until the next ones. A new
measurement is one whose time changed; where the monitor does not say the time, one whose end was
seen: the bit *measuring* that goes out, or *older than 60 s* that does. Records are in
`datex_s5_record`, what the numbers mean is here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from drivers.codec import ValueRange
from drivers.datex_s5_record import (
    ALARM,
    AUXILIARY,
    DISPLAYED,
    LONGEST_FRAME,
    PHYSIOLOGICAL,
    PLETH,
    STATUS,
    WAVEFORM,
    Displayed,
    Group,
    Record,
    alarm_texts,
    auxiliary_time,
    displayed,
    read,
    request,
    samples,
)
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.nibp import NibpCodec, failed
from drivers.oximetry import StatusBit, StatusTable
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
    Vital,
    Waveform,
)

FLAG: Final = b"\x7e"

VALUES_EVERY_S: Final = 5
"""The least interval of displayed values that the manual allows."""

WAVE_RATE_HZ: Final = 100.0

RANGES: Final = {
    Vital.SPO2: ValueRange(0, 100),
    Vital.PULSE: ValueRange(10, 350),
    Vital.PERFUSION: ValueRange(0, 100),
    Vital.RESP: ValueRange(0, 200),
    Vital.SYS: ValueRange(20, 300),
    Vital.DIA: ValueRange(10, 300),
    Vital.MAP: ValueRange(10, 300),
}
"""What the monitor prints; unverified."""

OLDEST_S: Final = 2400
"""A pressure that is found when the link opens, and is older, is stale whoever's it is."""

MEASURING, CALIBRATING, OLD = 1 << 5, 1 << 7, 1 << 8
"""Bits of the cuff's label; 3, 4 and 6 are auto, stat and stasis, which change no value."""

NOT_MEASURED: Final = "SpO2 is not measured: is its sensor plugged in?"
_ASYSTOLE, _NO_SPO2 = 1 << 2, 1 << 30
CONDITIONS: Final = StatusTable(
    StatusBit(_NO_SPO2, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, NOT_MEASURED),
    StatusBit(_ASYSTOLE, Flag.NO_PULSE, Quality.POOR, "the monitor says asystole"),
)
"""The status of the ECG, and of SpO2 as a bit of our own where it is not measured."""

PLETH_AS_HEART_RATE: Final = 6
"""The source of the heart rate that is SpO2 itself."""

DISPLAYED_REQUEST: Final = request(
    PHYSIOLOGICAL, bytes((DISPLAYED, VALUES_EVERY_S, 0, 0, 0, 0, 0, 0, 0))
)
AUXILIARY_REQUEST: Final = request(
    PHYSIOLOGICAL, bytes((AUXILIARY, VALUES_EVERY_S, 0, 0, 0, 0, 0, 0, 0))
)
PLETH_REQUEST: Final = request(WAVEFORM, bytes((0, 0, 0, 0, PLETH, *b"\xff" * 7)) + bytes(20))
ALARM_REQUEST: Final = request(ALARM, bytes((2, 0)) + bytes(10))

SILENT_S: Final[Mapping[bytes, float]] = {
    DISPLAYED_REQUEST + AUXILIARY_REQUEST + ALARM_REQUEST: 8.0,
    PLETH_REQUEST: 4.0,
}
"""What is asked for at once, and again when none of it came for so long."""

_VALUES, _WAVE = SILENT_S

NOT_DATED: Final = failed("the monitor ended a measurement and says no pressure that is new")
NO_PRESSURE: Final = failed("the monitor ended a measurement without pressures: see its screen")


@dataclass(frozen=True, slots=True)
class Cuff:
    """What a record says of the cuff: whether it measures, and the last pressures."""

    measuring: bool
    old: bool
    pressures: Group


class DatexS5Codec(NibpCodec):
    """One monitor, asked for its displayed values and its pleth."""

    def __init__(self) -> None:
        super().__init__(RANGES)
        self._forget()

    def _forget(self) -> None:
        self._items: list[Item] = []
        self._heard: set[bytes] = set()
        self._ask_at_s: dict[bytes, float] = {}
        self._is_identified = False
        self._had_wave = False
        self._flags: frozenset[Flag] = frozenset()
        self._cuff: Cuff | None = None
        self._ended = 0
        self._dated_at: int | None = None
        self._taken_at: int | None = None

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._forget()
        self._ask_at_s = dict.fromkeys(SILENT_S, now_s)
        self.handle_deadline(now_s)

    def closed(self) -> list[Item]:
        self.deadline_s = None
        return []

    def handle_deadline(self, now_s: float) -> list[Item]:
        for what, silent_s in SILENT_S.items():
            if what not in self._heard and now_s >= self._ask_at_s[what]:
                self._out += what
                self._heard.add(what)
            if what in self._heard:
                self._ask_at_s[what] = now_s + silent_s
        self._heard.clear()
        self.deadline_s = min(self._ask_at_s.values())
        return []

    def feed(self, data: bytes) -> list[Item]:
        self._buffer += data
        if FLAG not in data and len(self._buffer) <= LONGEST_FRAME:
            return []
        *frames, rest = self._buffer.split(FLAG)
        for frame in frames:
            self._took(bytes(frame))
        if len(rest) > LONGEST_FRAME:
            self._skip(len(rest) - LONGEST_FRAME)
            rest = rest[-LONGEST_FRAME:]
        self._buffer = bytearray(rest)
        items, self._items = self._items, []
        return items

    # What frames say.

    def _took(self, frame: bytes) -> None:
        if not frame:
            return
        record = read(frame)
        if record is None:
            self.stats.damaged["bad-frame"] += 1
            return
        self.stats.frames += 1
        if not self._is_identified:
            self._is_identified = True
            said = f"interface level {record.level}"
            self._items.append(Identity("GE S/5 Computer Interface", firmware=said))
        for type_, data in record.parts:
            take = _TAKE.get((record.main, type_))
            if take is None:
                self.stats.damaged["unknown-subrecord"] += 1
            elif not take(self, record, data):
                self.stats.damaged["short-subrecord"] += 1

    def _take_auxiliary(self, record: Record, data: bytes) -> bool:
        time = auxiliary_time(data)
        if time is None:
            return False
        self._dated_at = time or None
        return True

    def _take_alarms(self, _record: Record, data: bytes) -> bool:
        texts = alarm_texts(data)
        if texts is None:
            return False
        self._items.append(DeviceMessages(texts))
        return True

    def _take_pleth(self, _record: Record, data: bytes) -> bool:
        wave = samples(data)
        if wave is None:
            return False
        self._heard.add(_WAVE)
        if wave.has_gap and self._had_wave:
            self.stats.damaged["pleth-gap"] += 1
        self._had_wave = True
        if wave.values:
            self._items.append(Waveform("pleth", WAVE_RATE_HZ, wave.values))
        return True

    def _take_displayed(self, record: Record, data: bytes) -> bool:
        values = displayed(data)
        if values is None:
            return False
        if values.is_basic:
            self._heard.add(_VALUES)
            self._items.append(self._monitored(values))
            self._take_cuff(values, record.sent_at)
        return True

    def _monitored(self, values: Displayed) -> Measurement:
        """What is displayed but for the cuff; the ECG gives the pulse and breaths that lack."""
        spo2, ecg, co2 = values.spo2, values.ecg, values.co2
        bits = ecg.status & _ASYSTOLE if ecg.is_active else 0
        found = CONDITIONS.judge(bits | (0 if spo2.is_active else _NO_SPO2))
        heart = CONDITIONS.judge(bits)
        pulse, judged = spo2.value(1), found
        if (pulse is None or not spo2.is_active) and ecg.is_active:
            is_own = ecg.status >> 3 & 0xF != PLETH_AS_HEART_RATE
            pulse, judged = (ecg.value(0), heart) if is_own else (pulse, found)
        breaths = co2.value(2) if co2.is_active else None
        if breaths is None and ecg.is_active:
            breaths = ecg.value(4)
        self._flags = found.flags
        return Measurement(
            (
                self._reading(Vital.SPO2, spo2.value(0, 100), found.quality, found.reason),
                self._reading(Vital.PULSE, pulse, judged.quality, judged.reason),
                self._reading(Vital.PERFUSION, spo2.value(2, 100), found.quality, found.reason),
                self._reading(Vital.RESP, breaths),
            ),
            found.flags,
        )

    # The cuff.

    def _take_cuff(self, values: Displayed, sent_at: int) -> None:
        label = values.nibp.label
        now = Cuff(bool(label & MEASURING), bool(label & OLD), values.nibp)
        before, self._cuff = self._cuff, now
        if now.measuring:
            self._items.append(CuffState(CuffPhase.MEASURING))
            self._ended = 0
            return
        if before is not None and before.measuring:
            self._items.append(CuffState(CuffPhase.IDLE))
            self._ended = 1
        if self._dated_at is not None:
            self._dated(now, sent_at)
        elif before is not None and (before.measuring or (before.old and not now.old)):
            self._ended = 0
            self._items.append(NOT_DATED if now.old else self._pressure(now.pressures))

    def _dated(self, now: Cuff, sent_at: int) -> None:
        """A record of a monitor that says when it measured last.

        The time may come a record later than the end of the measurement.
        """
        assert self._dated_at is not None
        if self._dated_at != self._taken_at:
            age_s = sent_at - self._dated_at
            is_found = self._taken_at is None
            self._taken_at, self._ended = self._dated_at, 0
            if not is_found or 0 <= age_s <= OLDEST_S:
                self._items.append(self._pressure(now.pressures, max(0, age_s)))
        elif self._ended > 1:
            self._ended = 0
            self._items.append(NO_PRESSURE)
        elif self._ended:
            self._ended += 1

    def _pressure(
        self, group: Group, age_s: float | None = None
    ) -> Measurement | MeasurementFailed:
        """The cuff's pressures; its pulse is left to what streams one."""
        values = [
            (vital, group.value(n, 100))
            for n, vital in enumerate((Vital.SYS, Vital.DIA, Vital.MAP))
        ]
        if values[0][1] is None or values[1][1] is None:
            return NO_PRESSURE
        if (upside_down := self._upside_down(values)) is not None:
            return Measurement(upside_down, self._flags, age_s)
        if group.label & CALIBRATING:
            known = [(vital, value) for vital, value in values if value is not None]
            readings = [
                self._rejected(*each, "calibrating", "is being calibrated") for each in known
            ]
        else:
            readings = [self._reading(*each) for each in values]
        return Measurement(tuple(readings), self._flags, age_s)


_C = DatexS5Codec
_TAKE: Final[Mapping[tuple[int, int], Callable[[DatexS5Codec, Record, bytes], bool]]] = {
    (PHYSIOLOGICAL, DISPLAYED): _C._take_displayed,
    (PHYSIOLOGICAL, AUXILIARY): _C._take_auxiliary,
    (WAVEFORM, PLETH): _C._take_pleth,
    (ALARM, STATUS): _C._take_alarms,
}
"""What takes each kind of subrecord, by main type and its own."""


def _make(_options: Options) -> DatexS5Codec:
    return DatexS5Codec()


DRIVER: Final = Driver(
    name="datex-s5",
    title="GE bedside monitors with an S/5 Computer Interface (CARESCAPE B, B40, S/5)",
    ranges=RANGES,
    flags=CONDITIONS.flags | {Flag.MEASUREMENT_FAILED},
    silent_after_s=12.0,
    stale_after_s={
        Vital.SPO2: 15.0,
        Vital.PULSE: 15.0,
        Vital.PERFUSION: 15.0,
        Vital.RESP: 15.0,
        Vital.SYS: 2400.0,
        Vital.DIA: 2400.0,
        Vital.MAP: 2400.0,
    },
    dialects=(
        Dialect("19200", _make, LineSettings(19_200, parity="E")),
        Dialect("115200", _make, LineSettings(115_200, parity="E")),
    ),
    has_pleth=True,
)
