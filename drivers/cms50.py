"""Contec CMS50 pulse oximeters, and others that speak as they do: three dialects.

Theory of operation. The oximeter sends 60 to 100 packets a second without a checksum. The first
byte of a packet can be told from all others, so a packet is believed when it has its length
exactly: when the next one begins right behind it. A byte lost or added costs the packet it falls
into, a first byte that is damaged the packet before as well; any other change passes. That is
why a report, a third of a second, is what its packets agree on: the most frequent value of each
vital, and the flags that two of them showed.

Bytes at the wrong line settings can look like packets now and then, so that nothing is counted
or reported before `LOCK` of them came right behind each other, and again after a gap of more
than two packets.

The 5-byte dialects stream by themselves. The 9-byte one is silent until it is told to start, and
falls silent again when it is not told to go on.
"""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil
from typing import Final

from drivers.codec import Codec, ValueRange
from drivers.driver import Dialect, Driver, LineSettings, Options
from drivers.oximetry import StatusBit, StatusTable
from drivers.readings import Flag, Item, Measurement, Quality, Vital, Waveform

REPORTS_PER_S: Final = 3
LOCK: Final = 5
GAP_PACKETS: Final = 2

NO_SPO2: Final = frozenset({0, 127})
NO_PULSE: Final = frozenset({0, 255})
NO_PERFUSION: Final = frozenset({0, 0xFFFF})
RANGES: Final = {
    Vital.SPO2: ValueRange(0, 100),
    Vital.PULSE: ValueRange(30, 250),
    Vital.PERFUSION: ValueRange(0, 20),
}
"""What the device prints; unverified."""

START: Final = bytes.fromhex("7D 81 A1 80 80 80 80 80 80")
KEEP_ALIVE: Final = bytes.fromhex("7D 81 AF 80 80 80 80 80 80")
KEEP_ALIVE_S: Final = 4.0
"""The page says every few seconds."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one packet says; `status` has its bits where its dialect's table expects them."""

    status: int
    pleth: int
    values: Mapping[Vital, float | None]


@dataclass(frozen=True, slots=True)
class Layout:
    """How a dialect's packets look: a byte of class `first`, then `length` - 1 of class `rest`.

    `is_told` that the device sends only while it is told to.
    """

    first: bytes
    rest: bytes
    length: int
    rate_hz: float
    status: StatusTable
    read: Callable[[bytes], Sample]
    is_told: bool = False

    @property
    def packet(self) -> re.Pattern[bytes]:
        """Finds a packet with another right behind it."""
        rest = b"%b{%d}" % (self.rest, self.length - 1)
        return re.compile(self.first + rest + b"(?=" + self.first + b")", re.DOTALL)

    @property
    def tail(self) -> re.Pattern[bytes]:
        """Finds at the end what may yet become a packet."""
        return re.compile(self.first + b"%b{0,%d}\\Z" % (self.rest, self.length - 1), re.DOTALL)


class Cms50Codec(Codec):
    """Packets of one oximeter, laid out as its dialect does."""

    def __init__(self, layout: Layout) -> None:
        super().__init__(RANGES)
        self._layout = layout
        self._packet = layout.packet
        self._tail = layout.tail
        self._per_report = ceil(layout.rate_hz / REPORTS_PER_S)
        self._restart()

    def opened(self, now_s: float) -> None:
        super().opened(now_s)
        self._restart()
        if self._layout.is_told:
            self._out += START
            self.deadline_s = now_s + KEEP_ALIVE_S

    def handle_deadline(self, now_s: float) -> list[Item]:
        if self.deadline_s is not None and now_s >= self.deadline_s:
            self._out += KEEP_ALIVE
            self.deadline_s = now_s + KEEP_ALIVE_S
        return []

    def feed(self, data: bytes) -> list[Item]:
        buffer = self._buffer
        buffer += data
        items: list[Item] = []
        at = 0
        for found in self._packet.finditer(buffer):
            items += self._lost(found.start() - at)
            items += self._took(found[0])
            at = found.end()
        tail = self._tail.search(buffer, at)
        end = tail.start() if tail else len(buffer)
        items += self._lost(end - at)
        del buffer[:end]
        return items

    def _restart(self) -> None:
        self._in_a_row = 0
        self._gap = 0
        self._samples: list[Sample] = []
        self._wave: list[int] = []

    def _lost(self, count: int) -> list[Item]:
        """Bytes between two packets, or a part of them; the wave so far ends there."""
        if not count:
            return []
        self._skip(count)
        is_locked = self._in_a_row == LOCK
        if is_locked and not self._gap:
            self.stats.damaged["bad-frame"] += 1
        self._gap += count
        if not is_locked or self._gap > GAP_PACKETS * self._layout.length:
            self._in_a_row = 0
        return self._end_wave()

    def _took(self, packet: bytes) -> list[Item]:
        self._gap = 0
        self._in_a_row = min(self._in_a_row + 1, LOCK)
        if self._in_a_row < LOCK:
            return []
        self.stats.frames += 1
        sample = self._layout.read(packet)
        self._wave.append(sample.pleth)
        self._samples.append(sample)
        return self._report() if len(self._samples) == self._per_report else []

    def _report(self) -> list[Item]:
        samples = self._samples
        found = self._layout.status.judge(_seen_twice([sample.status for sample in samples]))
        readings = tuple(
            self._reading(vital, most_frequent(values), found.quality, found.reason)
            for vital, values in (
                (vital, [sample.values[vital] for sample in samples]) for vital in samples[0].values
            )
        )
        samples.clear()
        return [Measurement(readings, found.flags), *self._end_wave()]

    def _end_wave(self) -> list[Item]:
        if not self._wave:
            return []
        wave = Waveform("pleth", self._layout.rate_hz, tuple(self._wave))
        self._wave.clear()
        return [wave]


def _seen_twice(all_bits: Sequence[int]) -> int:
    once = twice = 0
    for bits in all_bits:
        twice |= once & bits
        once |= bits
    return twice


def most_frequent(values: Sequence[float | None]) -> float | None:
    """The value that came most often; of several the latest."""
    counted = Counter(values)
    most = max(counted.values())
    return next(value for value in reversed(values) if counted[value] == most)


def _or_none(value: int, missing: frozenset[int]) -> int | None:
    return None if value in missing else value


def read_5_bytes(packet: bytes) -> Sample:
    """A 5-byte packet: bytes 1 and 3 are the status, 3 with the pulse's bit 7 among it."""
    pulse = (packet[2] & 0x40) << 1 | packet[3]
    return Sample(
        status=packet[2] << 8 | packet[0],
        pleth=packet[1],
        values={
            Vital.SPO2: _or_none(packet[4], NO_SPO2),
            Vital.PULSE: _or_none(pulse, NO_PULSE),
        },
    )


def read_9_bytes(packet: bytes) -> Sample:
    """A 9-byte packet: byte 2 carries bit 7 of each that follows it."""
    high = packet[1]
    bytes_3_to_9 = (byte & 0x7F | (high >> n & 1) << 7 for n, byte in enumerate(packet[2:]))
    signal, pleth, bar, pulse, spo2, perfusion_low, perfusion_high = bytes_3_to_9
    perfusion = _or_none(perfusion_high << 8 | perfusion_low, NO_PERFUSION)
    is_valid = perfusion is not None and not bar & 0x10
    return Sample(
        status=pleth << 8 & 0x8000 | signal,
        pleth=pleth & 0x7F,
        values={
            Vital.SPO2: _or_none(spo2, NO_SPO2),
            Vital.PULSE: _or_none(pulse, NO_PULSE),
            Vital.PERFUSION: perfusion / 100 if perfusion and is_valid else None,
        },
    )


NO_FINGER: Final = "no finger, or a faulty probe"
NO_PULSE_YET: Final = "searching for the pulse"
NO_PULSE_FOUND: Final = "found no pulse for too long"

CONTEC: Final = Layout(
    first=rb"[\x80-\xff]",
    rest=rb"[\x00-\x7f]",
    length=5,
    rate_hz=60.0,
    status=StatusTable(
        StatusBit(0x1000, Flag.SENSOR_OFF, Quality.REJECTED, NO_FINGER),
        StatusBit(0x0010, Flag.NO_PULSE, Quality.POOR, NO_PULSE_FOUND),
        StatusBit(0x2000, Flag.NO_PULSE, Quality.POOR, NO_PULSE_YET),
    ),
    read=read_5_bytes,
)

BCI: Final = replace(
    CONTEC,
    rate_hz=100.0,
    status=StatusTable(
        StatusBit(0x0020, Flag.SENSOR_DISCONNECTED, Quality.REJECTED, "probe unplugged"),
        StatusBit(0x1000, Flag.SENSOR_OFF, Quality.REJECTED, "no finger"),
        StatusBit(0x0010, Flag.NO_PULSE, Quality.POOR, "no signal"),
        StatusBit(0x2000, Flag.NO_PULSE, Quality.POOR, NO_PULSE_YET),
    ),
)

CONTEC_V7: Final = Layout(
    first=rb"\x01",
    rest=rb"[\x80-\xff]",
    length=9,
    rate_hz=60.0,
    status=StatusTable(
        StatusBit(0x0080, Flag.SENSOR_OFF, Quality.REJECTED, NO_FINGER),
        StatusBit(0x0010, Flag.NO_PULSE, Quality.POOR, NO_PULSE_FOUND),
        StatusBit(0x8000, Flag.NO_PULSE, Quality.POOR, NO_PULSE_YET),
    ),
    read=read_9_bytes,
    is_told=True,
)


def _dialect(name: str, layout: Layout, line: LineSettings) -> Dialect:
    def make(_options: Options) -> Cms50Codec:
        return Cms50Codec(layout)

    return Dialect(name, make, line)


DRIVER: Final = Driver(
    name="cms50",
    title="Contec CMS50, Berry pulse oximeters",
    ranges=RANGES,
    flags=CONTEC.status.flags | BCI.status.flags | CONTEC_V7.status.flags,
    silent_after_s=3.0,
    stale_after_s=dict.fromkeys(RANGES, 5.0),
    has_pleth=True,
    dialects=(
        _dialect("contec", CONTEC, LineSettings(19200, parity="O")),
        _dialect("bci", BCI, LineSettings(115200)),
        _dialect("contec-v7", CONTEC_V7, LineSettings(115200)),
    ),
)
