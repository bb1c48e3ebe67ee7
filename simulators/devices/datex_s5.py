"""GE bedside monitor with an S/5 Computer Interface: silent until asked, and read only.

`DatexS5` is how it behaves, the records below how it speaks. Its cuff measures every minute by
itself. What it assumes where the protocol page is silent is in `docs/simulators.md`.
"""

import struct
from collections.abc import Callable, Iterable

from simulators.cuff import CUFF_LEAK, AutomaticCuff
from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    CABLE_OUT,
    FINGER_OFF,
    FROZEN,
    LOW_PERFUSION,
    NO_PULSE,
    PulseWave,
    SampledSource,
    sense,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

ASYSTOLE = "asystole"
UNDATED = "pressure-undated"

_FOR_EVER = float("inf")
_LEAST_INTERVAL_S = 5
_WAVE_HZ, _WAVE_SAMPLES = 100, 50
_OLD_S = 60.0
CLOCK_START = 1_767_225_600
"""The monitor's clock at second 0: the year 2026 begins."""

_PERFUSION_PCT = 10.0
_RESP_PER_MIN = 14

_ECG_SOURCE_PLETH = 6 << 3
_AUTO, _MEASURING, _OLD = 1 << 3, 1 << 5, 1 << 8
_THERE, _ACTIVE, _ASYSTOLE = 1 << 0, 1 << 1, 1 << 2
_NONE = -32767


class _Periodic:
    """A record that is sent at an interval, until it is stopped."""

    def __init__(self) -> None:
        self.stream = PacketStream(1, _LEAST_INTERVAL_S, started=False)
        self._every_s = _LEAST_INTERVAL_S

    def run(self, every_s: int, now_s: float) -> None:
        """Send every `every_s` from now on, and on where that is so already; 0 stops it."""
        if every_s and every_s != self._every_s:
            self._every_s = every_s
            self.stream = PacketStream(1, every_s, started=False)
        self.stream.start(now_s, _FOR_EVER if every_s else now_s)

    def due(self, at_s: float, make: Callable[[float], bytes]) -> list[Message]:
        """The record that is due at `at_s`, if it is, as it is then."""
        if self.stream.next_due_s != at_s:
            return []
        return self.stream.advance(at_s, lambda _: make(at_s))


class DatexS5:
    """The monitor, with a sensor on the patient's finger and a cuff on the arm."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._sampled = SampledSource(source)
        self._faults = faults
        self._cuff = AutomaticCuff(source, faults)
        self._pulse = PulseWave(_WAVE_HZ, 1)
        self._received = b""
        self._classes = 0
        self._values = _Periodic()
        self._times = _Periodic()
        self._wave = PacketStream(_WAVE_HZ, _WAVE_SAMPLES, started=False)
        self._last_single_s = -_FOR_EVER
        self._reports_alarms = False
        self._shown: tuple[tuple[str, int], ...] = ()
        self._held = Vitals()
        self._sent = 0

    @property
    def next_due_s(self) -> float | None:
        """When the next record is due; `None` while nothing was asked for."""
        streams = (self._values.stream, self._times.stream, self._wave)
        due = [each.next_due_s for each in streams]
        return min((at_s for at_s in due if at_s is not None), default=None)

    def advance(self, now_s: float) -> list[Message]:
        """The records up to `now_s`, in the order of their times."""
        messages: list[Message] = []
        while (due_s := self.next_due_s) is not None and due_s <= now_s:
            if self._wave.next_due_s == due_s:
                messages += self._wave.advance(due_s, self._pleth)
            messages += self._times.due(due_s, self._auxiliary)
            values = self._values.due(due_s, self._displayed)
            messages += values + (self._changed_alarms(due_s) if values else [])
        return messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """What it sends at once to the requests that `data` completes."""
        *frames, self._received = (self._received + data).split(b"\x7e")
        self._received = self._received[-2000:]
        messages: list[Message] = []
        for frame in frames:
            body = unframed(frame)
            if body is not None and len(body) > 40 and body[18] == 0:
                main = struct.unpack_from("<h", body, 14)[0]
                messages += self._asked(main, body[40:], now_s)
        return messages

    def _asked(self, main: int, request: bytes, now_s: float) -> list[Message]:
        match main:
            case 0 if len(request) >= 9:
                return self._asked_values(request, now_s)
            case 1 if len(request) >= 12:
                (stop,) = struct.unpack_from("<h", request)
                wanted = request[4:12].split(b"\xff")[0]
                self._wave.start(now_s, now_s if stop or 8 not in wanted else _FOR_EVER)
            case 4 if len(request) >= 2:
                (command,) = struct.unpack_from("<h", request)
                self._reports_alarms = command == 2 or (self._reports_alarms and command != 3)
                if command in (0, 2):
                    return [Message(now_s, self._alarms(now_s))]
        return []

    def _asked_values(self, request: bytes, now_s: float) -> list[Message]:
        kind, every_s, classes = struct.unpack_from("<BhI", request)
        if kind not in (1, 4) or 0 < every_s < _LEAST_INTERVAL_S:
            return []
        make = self._displayed if kind == 1 else self._auxiliary
        if every_s < 0:
            if now_s - self._last_single_s < _LEAST_INTERVAL_S:
                return []
            self._last_single_s = now_s
            return [Message(now_s, make(now_s))]
        periodic = self._values if kind == 1 else self._times
        periodic.run(every_s, now_s)
        self._classes = classes if kind == 1 else self._classes
        return []

    # What it measures.

    def _sensed(self, at_s: float) -> Vitals:
        if not self._faults.active(FROZEN, at_s):
            self._held = sense(self._sampled, self._faults, at_s)
        return self._held

    def _displayed(self, at_s: float) -> bytes:
        vitals = self._sensed(at_s)
        asystole = self._faults.active(ASYSTOLE, at_s)
        status = _THERE | _ACTIVE | (_ASYSTOLE if asystole else _ECG_SOURCE_PLETH)
        rate = 0 if asystole else vitals.pulse_per_min
        unplugged = self._faults.active(CABLE_OUT, at_s)
        there = vitals.spo2_pct is not None
        perfusion = vitals.perfusion * _PERFUSION_PCT if there else None
        measuring = self._cuff.measuring(at_s)
        ended_s = self._cuff.ended_s
        label = _AUTO | (_MEASURING if measuring else 0)
        label |= _OLD if ended_s is not None and at_s - ended_s > _OLD_S else 0
        cuff = self._cuff.vitals
        groups = {
            4: group(status, 0, [(rate, 1), *[(None, 1)] * 3, (_RESP_PER_MIN, 1)]),
            76: group(
                _THERE | _ACTIVE,
                label,
                [
                    (cuff.sys_mmhg, 100),
                    (cuff.dia_mmhg, 100),
                    (cuff.map_mmhg, 100),
                    (cuff.pulse_per_min, 1),
                ],
            ),
            122: group(
                _THERE if unplugged else _THERE | _ACTIVE,
                0,
                [(vitals.spo2_pct, 100), (vitals.pulse_per_min, 1), (perfusion, 100), (None, 1)],
            ),
            136: group(0, 0, [(None, 1)] * 4),
        }
        parts = [] if self._classes & 1 else [(1, physiological(at_s, 0, groups))]
        more = [class_ for class_ in (1, 2, 3) if self._classes & 1 << class_]
        parts += [(1, physiological(at_s, class_, {})) for class_ in more]
        return self._record(at_s, 0, parts)

    def _auxiliary(self, at_s: float) -> bytes:
        self._cuff.measuring(at_s)
        ended_s = self._cuff.ended_s
        dated = ended_s is not None and not self._faults.active(UNDATED, at_s)
        time = CLOCK_START + int(ended_s or 0) if dated else 0
        return self._record(at_s, 0, [(4, struct.pack("<I110x", time))])

    def _pleth(self, at_s: float) -> bytes:
        first = self._wave.sent == 0
        frozen = self._faults.active(FROZEN, at_s)
        vitals = sense(self._sampled, self._faults, at_s)
        there = frozen or vitals.spo2_pct is not None
        samples = []
        for _ in range(_WAVE_SAMPLES):
            self._pulse.advance(vitals, frozen=frozen)
            samples.append(round((self._pulse.level - 0.5) * 2000) if there else _NONE)
        head = struct.pack("<hHH", len(samples), first, 0)
        wave = head + struct.pack(f"<{len(samples)}h", *samples)
        return self._record(at_s + _WAVE_SAMPLES / _WAVE_HZ, 1, [(8, wave)])

    # What it says of alarms.

    def _alarm_texts(self, at_s: float) -> tuple[tuple[str, int], ...]:
        vitals = self._sensed(at_s)
        found = []
        if self._faults.active(ASYSTOLE, at_s):
            found.append(("ASYSTOLIE", 3))
        if vitals.spo2_pct is not None and vitals.spo2_pct < 90:
            found.append(("SpO2 niedrig", 2))
        if self._faults.active(CABLE_OUT, at_s):
            found.append(("Kein SpO2-F\xfchler", 1))
        return tuple(found)

    def _alarms(self, at_s: float) -> bytes:
        before, self._shown = self._shown, self._alarm_texts(at_s)
        return self._record(at_s, 4, [(1, alarm_status(self._shown, before))])

    def _changed_alarms(self, at_s: float) -> list[Message]:
        if not self._reports_alarms or self._alarm_texts(at_s) == self._shown:
            return []
        return [Message(at_s, self._alarms(at_s))]

    def _record(self, at_s: float, main: int, parts: Iterable[tuple[int, bytes]]) -> bytes:
        self._sent += 1
        return record(self._sent % 256, CLOCK_START + int(at_s), main, [*parts])


DRI_LEVEL = 11


def group(status: int, label: int, values: Iterable[tuple[float | None, int]]) -> bytes:
    """Status, label, and each value by how many there are in its unit; `None` is invalid."""
    raw = [_NONE if value is None else round(value * per) for value, per in values]
    return struct.pack(f"<IH{len(raw)}h", status, label, *raw)


def physiological(at_s: float, class_: int, groups: dict[int, bytes]) -> bytes:
    """The 278 bytes of one class of displayed values, with `groups` at their offsets."""
    data = bytearray(struct.pack("<I", CLOCK_START + int(at_s)) + struct.pack("<h", _NONE) * 135)
    for at, values in groups.items():
        data[at : at + len(values)] = values
    return bytes(data) + struct.pack("<BBH", 0, 0, class_ << 8)


def alarm_status(shown: tuple[tuple[str, int], ...], before: tuple[tuple[str, int], ...]) -> bytes:
    """The five lines of alarms by text and colour, each with whether it changed."""
    data = struct.pack("<hHhhH", 0, 1, 0, 0, 0)
    for n in range(5):
        text, colour = shown[n] if n < len(shown) else ("", 0)
        old_text, old_colour = before[n] if n < len(before) else ("", 0)
        line = text.encode("latin-1").ljust(80, b"\0")
        data += line + struct.pack("<HHH12x", text != old_text, colour, colour != old_colour)
    return data + bytes(10)


def record(number: int, sent_at: int, main: int, parts: list[tuple[int, bytes]]) -> bytes:
    """A frame with the subrecords `parts`, by type."""
    data, table = b"", b""
    for type_, body in parts:
        table += struct.pack("<hB", len(data), type_)
        data += body
    if len(parts) < 8:
        table += struct.pack("<hB", 0, 0xFF)
    head = struct.pack("<hBBHI4xh", 40 + len(data), number, DRI_LEVEL, 1, sent_at, main)
    return framed(head + table.ljust(24, b"\0") + data)


def framed(body: bytes) -> bytes:
    """`body` and its checksum, escaped, between flags."""
    whole = body + bytes([sum(body) % 256])
    return b"\x7e" + whole.replace(b"}", b"}]").replace(b"~", b"}^") + b"\x7e"


def unframed(frame: bytes) -> bytes | None:
    """The record of a frame without its flags; `None` when it is damaged."""
    whole = frame.replace(b"}^", b"~").replace(b"}]", b"}")
    if len(whole) < 3 or sum(whole[:-1]) % 256 != whole[-1]:
        return None
    return whole[:-1] if struct.unpack_from("<h", whole)[0] == len(whole) - 1 else None


_FAULTS = {
    FINGER_OFF: "SpO2, pulse and pleth invalid",
    CABLE_OUT: "SpO2 not active; invalid; an alarm text",
    LOW_PERFUSION: "an amplitude of 0.3 %, small wave",
    NO_PULSE: "SpO2, pulse and pleth invalid",
    FROZEN: "flat wave with the last numbers, and nothing says so",
    CUFF_LEAK: "no pressures after 20 s",
    ASYSTOLE: "the ECG's bit, heart rate 0, an alarm text",
    UNDATED: "the time of the last pressure is 0",
}
_VITALS = frozenset({"spo2_pct", "pulse_per_min", "perfusion", "sys_mmhg", "dia_mmhg", "map_mmhg"})

MODEL = DeviceModel(
    title="GE bedside monitor with an S/5 Computer Interface",
    role="oximeter",
    dialects={"19200": Dialect(LineSettings(19_200, parity="E"), _VITALS, _FAULTS)},
    make=DatexS5,
)
