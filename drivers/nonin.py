"""Nonin pulse oximeters (OEM III, Xpod, WristOx2 3150, 9560, desk oximeters): five dialects.

Theory of operation. The oximeter sends 75 frames of 5 bytes a second; 25 frames, the first
marked by a SYNC bit, are a packet of 125 bytes. The codec holds its buffer so that a packet
should begin at its head, and judges 25 frames at a time with slices:

* all good, and the firmware revision where it was in the packet before: it is a packet;
* one frame damaged, or the revision another one, and 125 bytes on the next packet begins:
  nothing was lost or added in between, so the good frames are where they seem to be (after a
  loss the first frame must be good, or any byte could be taken for the head of a packet);
* anything else: bytes were lost or added. A data byte is known by its position alone (one
  frame off, a heart rate would be read as SpO2), so the packet is given up and the search
  goes on from the next byte that can begin one.

The revision matters when a stalled host has lost very many bytes: two ends of different
packets can then join to 25 good frames with one SYNC.

A Measurement leaves with the packet's last byte rather than with its third frame, 0.3 s
earlier, because only then is it known whether the finger was on the sensor throughout.

Reported are the 4-beat averages of bytes 1 to 3: they go missing at once when the finger
comes off, while the display values (-D) repeat the last reading for 10 s; 8-beat averages
come later, and single-beat values jump.

WristOx2 and 9560 are silent until a data format is set. They are asked first who they are, and
their answers come before the stream: by these the two are told from each other, and from an
oximeter that sends the same frames unasked. A desk oximeter's lines are in `drivers.nonin_desk`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from drivers.codec import Codec, ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.nonin_desk import DeskCodec
from drivers.oximetry import StatusBit, StatusTable
from drivers.readings import Flag, Identity, Item, Measurement, Quality, Vital, Waveform

FRAME: Final = 5
FRAMES: Final = 25
PACKET: Final = FRAME * FRAMES
FRAME_RATE_HZ: Final = 75.0
FIRMWARE: Final = 3
FIRMWARE_AT: Final = FIRMWARE * FRAME + 3

SNSD: Final = 0x40
ARTF: Final = 0x20
OOT: Final = 0x10
SNSA: Final = 0x08
PERFUSION: Final = 0x06
GREEN: Final = 0x02
RED: Final = 0x04
YELLOW: Final = 0x06

NO_SPO2: Final = 127
NO_PULSE: Final = 511
RANGES: Final = {Vital.SPO2: ValueRange(0, 100), Vital.PULSE: ValueRange(18, 321)}
"""What the device prints; the pulse's range is unverified."""

RED_PULSE: Final = 0x100
BATTERY_LOW: Final = 0x200
STATUS: Final = StatusTable(
    StatusBit(SNSD, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "sensor disconnected"),
    StatusBit(SNSA, Flag.SENSOR_OFF, Quality.REJECTED, "finger off the sensor"),
    StatusBit(OOT, Flag.NO_PULSE, Quality.POOR, "no good pulse for a while"),
    StatusBit(ARTF, Flag.ARTEFACT, Quality.POOR, "artefact"),
    StatusBit(RED_PULSE, Flag.LOW_PERFUSION, Quality.POOR, "low perfusion"),
    StatusBit(BATTERY_LOW, Flag.LOW_BATTERY),
)
"""The STATUS byte, and above it what the packet as a whole shows."""

PERFUSION_HOLD_PACKETS: Final = 10
"""A pulse's perfusion colour holds until the next pulse: 3.3 s reach down to 18/min."""

SEARCH: Final = 2 * PACKET
"""How far one look for the next packet goes: it bounds what a byte can cost."""


@dataclass(frozen=True, slots=True)
class Packet:
    """A third of a second of one oximeter: 25 frames, of which `damaged` is not to be read.

    `data` are the data bytes by position, 0 to 24. Every value is None where the device
    says it is missing or its frame is damaged. Rates are per minute.
    """

    status: bytes
    pleth: tuple[int, ...]
    data: bytes
    damaged: int | None = None

    def _byte(self, position: int) -> int | None:
        return None if position == self.damaged else self.data[position]

    def _spo2(self, position: int) -> int | None:
        byte = self._byte(position)
        return None if byte is None or byte & 0x7F == NO_SPO2 else byte & 0x7F

    def _rate(self, position: int) -> int | None:
        high, low = self._byte(position), self._byte(position + 1)
        if high is None or low is None:
            return None
        rate = (high & 3) << 7 | low & 0x7F
        return None if rate == NO_PULSE else rate

    @property
    def heart_rate(self) -> int | None:
        """The 4-beat average."""
        return self._rate(0)

    @property
    def spo2(self) -> int | None:
        """The 4-beat average, %."""
        return self._spo2(2)

    @property
    def firmware(self) -> int | None:
        """The firmware's revision."""
        return self._byte(FIRMWARE)

    @property
    def timer(self) -> int | None:
        """The device's count of packets, 14 bits; only where `stat2` is valid."""
        high, low = self._byte(5), self._byte(6)
        return None if high is None or low is None else (high & 0x7F) << 7 | low & 0x7F

    @property
    def stat2(self) -> int | None:
        """Status byte 2, as it stands; reserved in format 2 but for a 9560."""
        return self._byte(7)

    @property
    def smartpoint(self) -> bool:
        """Whether the device rates this value as of high quality, where `stat2` is valid."""
        return bool((self.stat2 or 0) & 0x20)

    @property
    def low_battery(self) -> bool:
        """Whether the battery is low, where `stat2` is valid."""
        return bool((self.stat2 or 0) & 0x01)

    @property
    def spo2_display(self) -> int | None:
        """The 4-beat average for a display, %: the last reading for 10 s with the finger off."""
        return self._spo2(8)

    @property
    def spo2_fast(self) -> int | None:
        """The 4-beat average that follows fast, %."""
        return self._spo2(9)

    @property
    def spo2_beat(self) -> int | None:
        """Of the last beat alone, %."""
        return self._spo2(10)

    @property
    def heart_rate_extended(self) -> int | None:
        """The 8-beat average."""
        return self._rate(13)

    @property
    def spo2_extended(self) -> int | None:
        """The 8-beat average, %."""
        return self._spo2(15)

    @property
    def spo2_extended_display(self) -> int | None:
        """The 8-beat average for a display, %: the last reading for 10 s with the finger off."""
        return self._spo2(16)

    @property
    def heart_rate_display(self) -> int | None:
        """The 4-beat average for a display: the last reading for 10 s with the finger off."""
        return self._rate(19)

    @property
    def heart_rate_extended_display(self) -> int | None:
        """The 8-beat average for a display: the last reading for 10 s with the finger off."""
        return self._rate(21)

    @property
    def reserved(self) -> bytes:
        """The bytes that mean nothing: positions 5, 12, 13, 18, 19, 24 and 25."""
        return bytes(self.data[position] for position in (4, 11, 12, 17, 18, 23, 24))


@dataclass(frozen=True, slots=True)
class _Format:
    """How one data format lays a frame out, from its first byte on.

    `start` finds a byte that can begin a packet: in format 2 the leading 01 and a status
    with bits 7 and SYNC, in format 7 that status alone.
    """

    name: str
    start: re.Pattern[bytes]
    status_at: int

    def damaged(self, raw: bytes) -> list[int]:
        """Where in a packet's 125 bytes frames are not as they should be, 0 to 24.

        Of what cannot be a packet by its SYNC bits alone, no more is looked at.
        """
        status = raw[self.status_at :: FRAME].translate(_SYNC_BITS)
        if status != _SYNC_ONCE:
            unlike = [at for at in range(FRAMES) if status[at] != _SYNC_ONCE[at]]
            if len(unlike) > 1:
                return unlike
        rows = zip(raw[0::FRAME], raw[1::FRAME], raw[2::FRAME], raw[3::FRAME], strict=True)
        sums = bytes([(a + b + c + d) & 0xFF for a, b, c, d in rows])
        if (
            sums == raw[4::FRAME]
            and status == _SYNC_ONCE
            and (not self.status_at or raw[0::FRAME] == _LEADS)
        ):
            return []
        return [
            position
            for position in range(FRAMES)
            if sums[position] != raw[position * FRAME + 4]
            or status[position] != _SYNC_ONCE[position]
            or (self.status_at and raw[position * FRAME] != 1)
        ]

    def begins(self, raw: bytes) -> bool:
        """Whether these 5 bytes are the first frame of a packet."""
        return self.start.match(raw) is not None and sum(raw[:4]) & 0xFF == raw[4]

    def packet(self, raw: bytes, damaged: int | None) -> Packet:
        """What a packet's 125 bytes say."""
        if self.status_at:
            return Packet(raw[1::FRAME], tuple(raw[2::FRAME]), raw[3::FRAME], damaged)
        pleth = tuple(
            [high << 8 | low for high, low in zip(raw[1::FRAME], raw[2::FRAME], strict=True)]
        )
        return Packet(raw[0::FRAME], pleth, raw[3::FRAME], damaged)


_SYNC_BITS: Final = bytes(status & 0x81 for status in range(256))
_SYNC_ONCE: Final = b"\x81" + b"\x80" * (FRAMES - 1)
_LEADS: Final = b"\x01" * FRAMES
_SYNC_STATUS: Final = b"[" + b"".join(b"\\x%02x" % s for s in range(0x81, 0x100, 2)) + b"]"

FORMATS: Final[Mapping[str, _Format]] = {
    "2": _Format("2", re.compile(rb"\x01" + _SYNC_STATUS), status_at=1),
    "7": _Format("7", re.compile(_SYNC_STATUS), status_at=0),
}


class NoninCodec(Codec):
    """Packets of one oximeter, in the data format that `dialect` names.

    `model` "9560" has no SNSD bit, has STAT2 in format 2 as well, and is told its format
    when the link opens, because it is silent until then.
    """

    def __init__(self, dialect: str, model: str = "oem") -> None:
        super().__init__(RANGES)
        self._format = FORMATS[dialect]
        self._is_9560 = model == "9560"
        self._has_stat2 = dialect == "7" or self._is_9560
        self._firmware: int | None = None
        self._is_lost = True
        self._perfusion = 0
        self._perfusion_age = 0

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._is_lost = True
        self._perfusion = 0
        if self._is_9560:
            self._out += set_format(int(self._format.name))

    def feed(self, data: bytes) -> list[Item]:
        buffer = self._buffer
        buffer += data
        items: list[Item] = []
        at = 0
        while len(buffer) - at >= PACKET:
            raw = bytes(buffer[at : at + PACKET])
            damaged = self._format.damaged(raw)
            firmware = raw[FIRMWARE_AT]
            is_packet = len(damaged) <= 1 and not (self._is_lost and 0 in damaged)
            if is_packet and (damaged or self._firmware not in {None, firmware}):
                after = bytes(buffer[at + PACKET : at + PACKET + FRAME])
                if len(after) < FRAME:
                    break
                is_packet = self._format.begins(after)
            if is_packet:
                items += self._packet(raw, damaged[0] if damaged else None)
                at += PACKET
            else:
                at = self._next_start(at)
        if at:
            del buffer[:at]
        return items

    def _packet(self, raw: bytes, damaged: int | None) -> list[Item]:
        if damaged != FIRMWARE:
            self._firmware = raw[FIRMWARE_AT]
        self._is_lost = False
        self.stats.frames += FRAMES
        if damaged is not None:
            self.stats.frames -= 1
            self.stats.damaged["bad-frame"] += 1
        return self._items(self._format.packet(raw, damaged))

    def _next_start(self, at: int) -> int:
        """Where after `at`, and no further than `SEARCH`, a packet may begin."""
        buffer = self._buffer
        limit = min(len(buffer), at + SEARCH)
        start = limit - 1
        for match in self._format.start.finditer(buffer, at + 1, limit):
            frame = bytes(buffer[match.start() : match.start() + FRAME])
            if len(frame) < FRAME or self._format.begins(frame):
                start = match.start()
                break
        if not self._is_lost:
            self._is_lost = True
            self.stats.damaged["lost-packet"] += 1
        self._skip(start - at)
        return start

    def _items(self, packet: Packet) -> list[Item]:
        lost = packet.damaged
        status = packet.status if lost is None else packet.status[:lost] + packet.status[lost + 1 :]
        seen = 0
        for byte in set(status):
            seen |= byte
        if self._is_9560:
            seen &= ~SNSD
        self._follow_perfusion(status.translate(None, _COLOURLESS))
        if self._perfusion == RED:
            seen |= RED_PULSE
        if packet.low_battery and self._has_stat2:
            seen |= BATTERY_LOW
        found = STATUS.judge(seen)
        readings = []
        if lost != 2:
            readings.append(self._reading(Vital.SPO2, packet.spo2, found.quality, found.reason))
        if lost not in {0, 1}:
            rate = packet.heart_rate
            readings.append(self._reading(Vital.PULSE, rate, found.quality, found.reason))
        items: list[Item] = [Measurement(tuple(readings), found.flags)]
        waves = (packet.pleth,) if lost is None else (packet.pleth[:lost], packet.pleth[lost + 1 :])
        items += [Waveform("pleth", FRAME_RATE_HZ, samples) for samples in waves if samples]
        return items

    def _follow_perfusion(self, coloured: bytes) -> None:
        if coloured:
            self._perfusion, self._perfusion_age = coloured[-1] & PERFUSION, 0
        elif self._perfusion_age < PERFUSION_HOLD_PACKETS:
            self._perfusion_age += 1
        else:
            self._perfusion = 0


_COLOURLESS: Final = bytes(status for status in range(256) if not status & PERFUSION)


def set_format(number: int) -> bytes:
    """The command that selects a data format on a WristOx2 or 9560.

    It is answered by 06, accepted, or 15, refused, and heard in the first 5 s of a connection.
    """
    return bytes((0x02, 0x70, 0x02, 0x02, number, 0x03))


GET_TYPE: Final = bytes.fromhex("02 73 00 03")
GET_SERIAL: Final = bytes.fromhex("02 74 02 02 02 03")
TYPES: Final[Mapping[bytes, str]] = {
    bytes.fromhex("18 05 09"): "wristox2",
    bytes.fromhex("9E 09"): "9560",
    bytes.fromhex("93 06"): "9560",
}
"""What a device answers to `GET_TYPE`."""

MODELS: Final = {"wristox2": "Nonin WristOx2", "9560": "Nonin Onyx 9560"}
ANSWERS_BYTES: Final = 64
"""In so many bytes of a link, the first ones, answers are looked for: more than they have."""

_ANSWER: Final = re.compile(
    rb"\x02(?:(\xf3)([\x02-\x08])|(\xf4)\x0a[\x00-\xff]([ -~]{9})\x03)", re.DOTALL
)


class CommandedCodec(NoninCodec):
    """A WristOx2 or 9560, as `model` says: it is asked who it is and told to send format 7.

    The frames of the other one are none of its own.
    """

    def __init__(self, model: str) -> None:
        super().__init__("7", model)
        self._model = model
        self._answers = b""
        self._found: str | None = None
        self._serial: str | None = None

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._answers = b""
        self._found = self._serial = None
        self._out.clear()
        self._out += GET_TYPE + GET_SERIAL + set_format(7)

    def feed(self, data: bytes) -> list[Item]:
        heard = self._hear(data) if len(self._answers) < ANSWERS_BYTES else []
        if self._found not in {None, self._model}:
            self._skip(len(data))
            return heard
        return heard + super().feed(data)

    def _hear(self, data: bytes) -> list[Item]:
        """Take answers: the type, which is a good frame where it is this one's, and the serial."""
        self._answers = (self._answers + data)[:ANSWERS_BYTES]
        if self._found is None and (found := self._type()) is not None:
            self._found = found
            if found != self._model:
                self.stats.damaged["other-dialect"] += 1
                return []
            self.stats.frames += 1
        if self._serial is None and self._found == self._model:
            serials = [found[4] for found in _ANSWER.finditer(self._answers) if found[4]]
            if serials:
                self._serial = serials[0].decode("ascii").strip()
                return [Identity(MODELS[self._model], self._serial or None)]
        return []

    def _type(self) -> str | None:
        """The model that an answer in the link's first bytes names."""
        for found in _ANSWER.finditer(self._answers):
            if found[1]:
                data = self._answers[found.end() : found.end() + found[2][0]]
                ends = self._answers[found.end() + found[2][0] :][:1] == b"\x03"
                named = [model for code, model in TYPES.items() if ends and code in data]
                if named:
                    return named[0]
        return None


def _dialect(name: str) -> Dialect:
    def make(options: Options) -> NoninCodec:
        return NoninCodec(name, model=str(options["model"]))

    return Dialect(name, make, LineSettings(baud=9600))


def _commanded(model: str) -> Dialect:
    def make(_options: Options) -> CommandedCodec:
        return CommandedCodec(model)

    return Dialect(model, make, LineSettings(baud=9600))


def _desk(_options: Options) -> DeskCodec:
    return DeskCodec(RANGES)


DRIVER: Final = Driver(
    name="nonin",
    title="Nonin OEM III, Xpod, WristOx2, 9560, desk pulse oximeters",
    ranges=RANGES,
    flags=STATUS.flags,
    silent_after_s=3.0,
    stale_after_s={Vital.SPO2: 5.0, Vital.PULSE: 5.0},
    has_pleth=True,
    dialects=(
        *(_dialect(name) for name in FORMATS),
        Dialect("desk", _desk, LineSettings(baud=9600)),
        *(_commanded(model) for model in MODELS),
    ),
    options={"model": ("oem", "9560")},
)
