"""Philips IntelliVue bedside monitor: silent until a host associates with it, and read only.

`IntelliVue` is how it behaves, the messages below how it speaks. Its cuff measures every minute by
itself. What it assumes where the protocol page is silent is in `docs/simulators.md`.
"""

import struct
from collections.abc import Iterable
from datetime import datetime, timedelta

from simulators.cuff import CUFF_LEAK, AutomaticCuff
from simulators.device_model import Datagrams, DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
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

DEMO, UNDATED = "demo", "pressure-undated"

_WAVE_HZ, _WAVE_SAMPLES = 125, 32
_PATIENCE_S = 10.0
_RESP_PER_MIN = 14
_CLOCK_START = datetime(2026, 1, 1)  # noqa: DTZ001 - the monitor knows no zone

_INVALID, _QUESTIONABLE, _DEMO, _MEASURING = 0x8000, 0x4000, 0x0400, 0x0020
_PERCENT, _PER_MIN, _MMHG, _CELSIUS = 0x0220, 0x0AA0, 0x0F20, 0x17A0
_NUMERICS, _WAVES, _ALARMS = 0x06, 0x09, 0x36
_POLL, _POLL_ON = 0x0C16, 0xF13B
MDS = b"\x00\x21\x00\x00\x00\x00"


class IntelliVue:
    """The monitor, with a sensor on the patient's finger and a cuff on the arm."""

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._sampled = SampledSource(source)
        self._faults = faults
        self._cuff = AutomaticCuff(source, faults)
        self._pulse = PulseWave(_WAVE_HZ, 1)
        self._wave = PacketStream(_WAVE_HZ, _WAVE_SAMPLES, started=False)
        self._wave_poll = self._wave_invoke = 0
        self._received = b""
        self._held = Vitals()
        self._associated = self._created = False
        self._heard_s = 0.0

    @property
    def next_due_s(self) -> float | None:
        """When the next part of the wave is complete, or the association is given up."""
        if not self._associated:
            return None
        given_up_s = self._heard_s + _PATIENCE_S
        return min(given_up_s, self._wave.next_due_s or given_up_s)

    def advance(self, now_s: float) -> list[Message]:
        """The wave up to `now_s`, and the end of an association that is not used."""
        until_s = min(now_s, self._heard_s + _PATIENCE_S)
        messages = self._wave.advance(until_s, self._pleth)
        if self._associated and now_s >= self._heard_s + _PATIENCE_S:
            self._dissociate(until_s)
            messages.append(Message(until_s, framed(ABORT)))
        return messages

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """What it answers to the frames that `data` completes."""
        now_s = round(now_s, 2)
        *frames, self._received = (self._received + data).split(b"\xc1")
        self._received = self._received[-2000:]
        messages = []
        for frame in frames:
            message = unframed(frame)
            if message:
                messages += [framed(each) for each in self._answers(message, now_s)]
        return [Message(now_s, data) for data in messages]

    def _dissociate(self, now_s: float) -> None:
        self._associated = self._created = False
        self._wave.start(now_s, now_s)

    def _answers(self, message: bytes, now_s: float) -> list[bytes]:
        kind = message[0]
        if kind == 0x0D:
            if self._associated:
                self._dissociate(now_s)
                return [ABORT]
            self._associated, self._heard_s = True, now_s
            return [ACCEPT, self._create(now_s)]
        if kind == 0x09 and self._associated:
            self._dissociate(now_s)
            return [RELEASED]
        if kind != 0xE1 or not self._associated or len(message) < 14:
            return []
        operation, _, invoke, command = struct.unpack_from(">4H", message, 4)
        if operation == 2:
            self._created |= command == 1 and invoke == 1
        elif operation == 1 and self._created:
            self._heard_s = now_s
            return self._asked(invoke, command, message[14:], now_s)
        return []

    def _asked(self, invoke: int, command: int, body: bytes, now_s: float) -> list[bytes]:
        if command == 5:
            return [remote(2, invoke, 5, MDS + b"\0\0\0\0")]
        if command != 7 or len(body) < 22:
            return []
        action, _, number, _, type_, group = struct.unpack_from(">6H", body, 10)
        if action == _POLL_ON and type_ == _WAVES and len(body) >= 34:
            (for_,) = struct.unpack_from(">I", body, 30)
            self._wave_poll, self._wave_invoke = number, invoke
            self._wave.start(now_s, now_s + for_ / 8000)
            return []
        if action != _POLL:
            return []
        objects = {_NUMERICS: self._numerics, _ALARMS: self._alarms}.get(type_)
        if objects is None:
            return []
        first, *rest = objects(now_s)
        poll = (invoke, number, type_, group)
        if not rest:
            return [self._reply(2, now_s, poll, [first])]
        return [self._reply(5, now_s, poll, [first]), self._reply(2, now_s, poll, rest)]

    def _create(self, at_s: float) -> bytes:
        event = MDS + struct.pack(">IHH", round(at_s * 8000), 0x0D06, 0)
        return remote(1, 1, 1, event)

    def _reply(
        self, operation: int, at_s: float, poll: tuple[int, int, int, int], objects: list[bytes]
    ) -> bytes:
        invoke, number, type_, group = poll
        action = _POLL_ON if type_ == _WAVES else _POLL
        head = struct.pack(">H", number)
        if action == _POLL_ON:
            head += struct.pack(">H", self._wave.sent & 0xFFFF)
        head += (
            struct.pack(">I", round(at_s * 8000)) + bcd(at_s) + struct.pack(">3H", 1, type_, group)
        )
        context = struct.pack(">H", 0) + listed(objects)
        body = head + listed([context])
        result = MDS + struct.pack(">HH", action, len(body)) + body
        return remote(operation, invoke, 7, result)

    # What it measures.

    def _sensed(self, at_s: float) -> Vitals:
        if not self._faults.active(FROZEN, at_s):
            self._held = sense(self._sampled, self._faults, at_s)
        return self._held

    def _numerics(self, at_s: float) -> list[bytes]:
        vitals = self._sensed(at_s)
        demo = _DEMO if self._faults.active(DEMO, at_s) else 0
        state = demo | (_QUESTIONABLE if self._faults.active(ARTEFACT, at_s) else 0)
        there = vitals.spo2_pct is not None
        oximetry = [
            (0x21, 0x4BB8, vitals.spo2_pct, _PERCENT, 0),
            (0x22, 0x4822, vitals.pulse_per_min, _PER_MIN, 0),
            (0x23, 0x4BB0, vitals.perfusion if there else None, 0x0200, -3),
        ]
        if self._faults.active(CABLE_OUT, at_s):
            oximetry = []
        objects = [
            observed(handle, bcd(at_s), (0x0950, numeric(id_, value, unit, state, exponent)))
            for handle, id_, value, unit, exponent in oximetry
        ]
        objects.append(
            observed(0x31, bcd(at_s), (0x0950, numeric(0x500A, _RESP_PER_MIN, _PER_MIN, demo, 0)))
        )
        objects.append(
            observed(0x41, bcd(at_s), (0x0950, numeric(0x4B48, 36.8, _CELSIUS, demo, -1)))
        )
        return [*objects, self._pressures(at_s, demo)]

    def _pressures(self, at_s: float, state: int) -> bytes:
        state |= _MEASURING if self._cuff.measuring(at_s) else 0
        vitals, ended_s = self._cuff.vitals, self._cuff.ended_s
        parts = {0x4A05: vitals.sys_mmhg, 0x4A06: vitals.dia_mmhg, 0x4A07: vitals.map_mmhg}
        compound = listed([numeric(id_, mmhg, _MMHG, state, 0) for id_, mmhg in parts.items()])
        dated = ended_s is not None and not self._faults.active(UNDATED, at_s)
        return observed(0x51, bcd(ended_s or 0.0) if dated else b"", (0x094B, compound))

    def _pleth(self, at_s: float) -> bytes:
        frozen = self._faults.active(FROZEN, at_s)
        vitals = sense(self._sampled, self._faults, at_s)
        samples = b""
        for _ in range(_WAVE_SAMPLES):
            self._pulse.advance(vitals, frozen=frozen)
            samples += struct.pack(">H", round(self._pulse.level * 4000))
        state = 0 if frozen or vitals.spo2_pct is not None else _INVALID
        value = struct.pack(">3H", 0x4BB4, state, len(samples)) + samples
        poll = (self._wave_invoke, self._wave_poll, _WAVES, 0x0803)
        ends_s = at_s + _WAVE_SAMPLES / _WAVE_HZ
        return framed(self._reply(2, ends_s, poll, [observed(0x24, b"", (0x096E, value))]))

    def _alarms(self, at_s: float) -> list[bytes]:
        vitals = self._sensed(at_s)
        patient = (
            ["** SpO2 niedrig"] if vitals.spo2_pct is not None and vitals.spo2_pct < 90 else []
        )
        technical = ["SpO2 Sensor fehlt"] if self._faults.active(CABLE_OUT, at_s) else []
        lists = (
            (0x0902, listed([alarm(text) for text in patient])),
            (0x0904, listed([alarm(text) for text in technical])),
        )
        return [observed(0x01, b"", *lists)]


# ── messages ────────────────────────────────────────────────────────────────────────────

ACCEPT = bytes([0x0E, 0x06, 0x05, 0x04, 0x13, 0x01, 0x00, 0x16])
RELEASED = bytes([0x0A, 0x00])
ABORT = bytes([0x19, 0x03, 0x11, 0x01, 0x03])


def bcd(at_s: float) -> bytes:
    """The monitor's clock in eight bytes."""
    clock = _CLOCK_START + timedelta(milliseconds=10 * round(at_s * 100))
    return bytes.fromhex(f"{clock:%Y%m%d%H%M%S}{clock.microsecond // 10_000:02}")


def listed(parts: Iterable[bytes]) -> bytes:
    """Count, length and the parts."""
    whole = [*parts]
    return struct.pack(">HH", len(whole), sum(map(len, whole))) + b"".join(whole)


def observed(handle: int, at: bytes, *attributes: tuple[int, bytes]) -> bytes:
    """An object with its attributes, and its time where it has one."""
    all_ = [*attributes, *([(0x0990, at)] if at else [])]
    return struct.pack(">H", handle) + listed(
        struct.pack(">HH", id_, len(value)) + value for id_, value in all_
    )


def numeric(id_: int, value: float | None, unit: int, state: int, exponent: int) -> bytes:
    """A value with so many digits behind the point; `None` is no number and invalid."""
    if value is None:
        return struct.pack(">3H", id_, state | _INVALID, unit) + b"\x00\x7f\xff\xff"
    mantissa = round(value * 10.0**-exponent)
    number = struct.pack(">b", exponent) + mantissa.to_bytes(3, "big", signed=True)
    return struct.pack(">3H", id_, state, unit) + number


def alarm(text: str) -> bytes:
    """An entry of a list of alarms, with its words."""
    words = text.encode("utf-16-be") + b"\0\0"
    info = struct.pack(">HIHH", 1, 0, 0, 0) + struct.pack(">H", len(words)) + words
    head = struct.pack(">4H", 0x4BB8, 1, 0x0401, 0x4000) + MDS
    return head + struct.pack(">HH", 0x0201, len(info)) + info


def remote(operation: int, invoke: int, command: int, body: bytes) -> bytes:
    """A message of the session; a linked result carries that it is the first."""
    inside = struct.pack(">3H", invoke, command, len(body)) + body
    if operation == 5:
        inside = b"\x01\x01" + inside
    return struct.pack(">4H", 0xE100, 2, operation, len(inside)) + inside


def crc(data: bytes) -> bytes:
    """CRC-16/X-25, low byte first."""
    value = 0xFFFF
    for byte in data:
        value = value >> 8 ^ _REMAINDERS[(value ^ byte) % 256]
    return struct.pack("<H", value ^ 0xFFFF)


def _remainder(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (0x8408 if value & 1 else 0)
    return value


_REMAINDERS = [_remainder(byte) for byte in range(256)]


def framed(message: bytes) -> bytes:
    """`message` between start and end, with header and CRC, escaped."""
    data = b"\x11\x01" + struct.pack(">H", len(message)) + message
    data += crc(data)
    for byte in (0x7D, 0xC0, 0xC1):
        data = data.replace(bytes([byte]), bytes([0x7D, byte ^ 0x20]))
    return b"\xc0" + data + b"\xc1"


def unframed(frame: bytes) -> bytes | None:
    """The message of a frame without its end; `None` when it is damaged."""
    inside = frame[frame.rfind(b"\xc0") + 1 :]
    for byte in (0xC0, 0xC1, 0x7D):
        inside = inside.replace(bytes([0x7D, byte ^ 0x20]), bytes([byte]))
    data = inside[:-2]
    if len(data) < 5 or data[:2] != b"\x11\x01" or crc(data) != inside[-2:]:
        return None
    return data[4:] if struct.unpack_from(">H", data, 2)[0] == len(data) - 4 else None


MODEL = DeviceModel(
    title="Philips IntelliVue bedside monitor",
    role="oximeter",
    dialects={
        "rs232": Dialect(
            LineSettings(115_200),
            frozenset(
                {"spo2_pct", "pulse_per_min", "perfusion", "sys_mmhg", "dia_mmhg", "map_mmhg"}
            ),
            {
                FINGER_OFF: "SpO2, pulse and pleth invalid",
                CABLE_OUT: "the objects of SpO2 are gone; a technical alarm's text",
                ARTEFACT: "SpO2 and pulse questionable",
                LOW_PERFUSION: "a perfusion of 0.03, small wave",
                NO_PULSE: "SpO2, pulse and pleth invalid",
                FROZEN: "flat wave with the last numbers, and nothing says so",
                CUFF_LEAK: "no pressures after 20 s",
                DEMO: "every value is marked as a demonstration",
                UNDATED: "pressures without a time stamp",
            },
        )
    },
    make=IntelliVue,
    datagrams=Datagrams(b"\xc1", unframed, framed),
)
