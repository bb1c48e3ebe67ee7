"""Berry PM6750 board: an oximeter and a cuff on one port, silent until told to stream.

`Berry` is how it behaves, the frames below how it speaks. What it assumes where the protocol
page is silent is in `docs/simulators.md`.
"""

from simulators.command_buffer import CommandBuffer
from simulators.cuff import ADULT, CUFF_LEAK, Inflation, inflate
from simulators.device_model import DeviceModel, Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
    CABLE_OUT,
    FINGER_OFF,
    LOW_PERFUSION,
    NO_PULSE,
    BeatAverages,
    Numbers,
    Onset,
    PulseWave,
    SampledSource,
    pulse_rate,
    sense,
)
from simulators.streaming import PacketStream
from simulators.vitals import Vitals, VitalsSource

CUFF_ARTEFACT = "cuff-artefact"
CUFF_WEAK = "cuff-weak"

SAMPLES_PER_S = 50
_NIBP_EVERY_SAMPLES = 25
_BEATS_NEEDED = 4
_HELD_S, _TOO_LONG_S = 10.0, 15.0
_RATE_PER_MIN = (20, 254)

_GOOD, _OFF, _NO_FINGER, _SEARCHING, _SEARCHED_TOO_LONG = range(5)
_NO_SPO2, _NO_RATE = 127, 255

_DONE, _MEASURING, _STOPPED, _OVER_PRESSURE, _LEAK = range(5)
_INTERFERENCE, _NO_RESULT = 7, 8
ENDINGS = {CUFF_LEAK: _LEAK, CUFF_ARTEFACT: _INTERFERENCE, CUFF_WEAK: _NO_RESULT}
"""What a measurement ends with when a fault is there at its start, the first one first."""


class Berry:
    """The board with a sensor on the patient's finger and a cuff on the arm.

    Time runs in samples of the wave, whether or not that is sent.
    """

    def __init__(self, source: VitalsSource, faults: Faults, dialect: str, seed: int) -> None:
        self._source = source
        self._sampled = SampledSource(source)
        self._faults = faults
        self._stream = PacketStream(SAMPLES_PER_S)
        self._commands = CommandBuffer(0x55, _length)
        self._pulse = PulseWave(SAMPLES_PER_S, 1)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._lost = Onset()
        self._spo2_on = self._wave_on = False
        self._inflation: Inflation | None = None
        self._ending = _DONE
        self._last_word: bytes | None = None

    @property
    def next_due_s(self) -> float | None:
        """When the next sample is complete; `None` while nothing is to be sent."""
        is_silent = not (self._spo2_on or self._wave_on or self._inflation or self._last_word)
        return None if is_silent else self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The frames up to `now_s`."""
        messages = self._stream.advance(now_s, self._sample)
        return [message for message in messages if message.data]

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Switch a stream, start or stop the cuff; nothing is answered."""
        self._commands.drop_stalled(now_s)
        for command in self._commands.receive(data, now_s):
            if len(command) == _COMMAND_BYTES and command == frame(command[3], command[4]):
                self._told(command[3], command[4], now_s)
        return []

    def _told(self, type_: int, value: int, now_s: float) -> None:
        match type_, value:
            case 0x03, 0 | 1:
                self._spo2_on = bool(value)
            case 0xFE, 0 | 1:
                self._wave_on = bool(value)
            case 0x02, 1 if self._inflation is None:
                self._start(now_s)
            case 0x02, 0 if self._inflation is not None:
                self._inflation = None
                self._last_word = nibp(_STOPPED)

    def _sample(self, at_s: float) -> bytes:
        vitals = sense(self._sampled, self._faults, at_s)
        self._pulse.advance(vitals)
        status, numbers = self._sensed(at_s, vitals)
        data = b""
        if self._wave_on:
            data += frame(0xFE, round(self._pulse.level * 100))
        if self._spo2_on and self._stream.sent % SAMPLES_PER_S == SAMPLES_PER_S - 1:
            spo2 = _NO_SPO2 if numbers.spo2 is None else numbers.spo2
            rate = _NO_RATE if numbers.rate is None else numbers.rate
            data += frame(0x04, status, spo2, rate)
        return data + self._cuff(at_s)

    def _sensed(self, at_s: float, vitals: Vitals) -> tuple[int, Numbers]:
        """The status of SpO2 and its numbers; motion leaves the last ones for a while."""
        off = {CABLE_OUT: _OFF, FINGER_OFF: _NO_FINGER}
        for fault, status in off.items():
            if self._faults.active(fault, at_s):
                self._averages.clear()
                self._lost.update(False, at_s)
                return status, Numbers()
        motion = self._faults.active(ARTEFACT, at_s)
        if pulse_rate(vitals) is None:
            self._averages.clear()
        elif self._pulse.beat and not motion:
            self._averages.add(vitals)
        numbers = self._averages.over(_BEATS_NEEDED)
        self._lost.update(motion or len(self._averages) < _BEATS_NEEDED, at_s)
        if not self._lost.holds:
            return _GOOD, numbers
        if motion and self._lost.held_for(_HELD_S, at_s):
            self._averages.clear()
        too_long = self._lost.held_for(_TOO_LONG_S, at_s)
        return _SEARCHED_TOO_LONG if too_long else _SEARCHING, self._averages.over(_BEATS_NEEDED)

    def _start(self, now_s: float) -> None:
        vitals = self._source.at(now_s)
        there = [code for fault, code in ENDINGS.items() if self._faults.active(fault, now_s)]
        weak = [] if vitals.sys_mmhg is not None else [_NO_RESULT]
        self._ending = next(iter(there + weak), _DONE)
        self._inflation = inflate(now_s, ADULT, vitals, leaks=self._ending == _LEAK)

    def _cuff(self, at_s: float) -> bytes:
        """What is said of the cuff, every half second; how it ended is said once."""
        inflation = self._inflation
        if inflation is not None and at_s >= inflation.ends_s:
            self._inflation = None
            values = inflation.vitals if self._ending == _DONE else Vitals()
            self._last_word = nibp(self._ending, 0, values)
        if self._stream.sent % _NIBP_EVERY_SAMPLES:
            return b""
        if self._last_word is not None:
            word, self._last_word = self._last_word, None
            return word
        if self._inflation is None:
            return b""
        return nibp(_MEASURING, self._inflation.cuff_mmhg(max(at_s, self._inflation.began_s)))


HEAD = b"\x55\xaa"
_COMMAND_BYTES = 6


def frame(type_: int, *data: int) -> bytes:
    """Head, length, type, data and the complement of their sum but the head's."""
    body = bytes([3 + len(data), type_, *data])
    return HEAD + body + bytes([~sum(body) & 0xFF])


def nibp(code: int, cuff_mmhg: int = 0, vitals: Vitals | None = None) -> bytes:
    """A frame about the cuff of an adult; 0 for pressures that are not there."""
    of = vitals or Vitals()
    pressures = (min(round(mmhg or 0), 255) for mmhg in (of.sys_mmhg, of.map_mmhg, of.dia_mmhg))
    return frame(0x03, code << 2, cuff_mmhg // 2, *pressures)


def _length(command: bytes) -> int:
    """Bytes of the command that begins so; a head alone that is none is passed over."""
    return _COMMAND_BYTES if command[:2] in (HEAD, HEAD[:1]) else 1


MODEL = DeviceModel(
    title="Berry PM6750 board: pulse oximeter and cuff",
    role="oximeter",
    dialects={
        "pm6750": Dialect(
            LineSettings(115_200),
            frozenset({"spo2_pct", "pulse_per_min", "sys_mmhg", "dia_mmhg", "map_mmhg"}),
            {
                FINGER_OFF: "status 2; everything missing",
                CABLE_OUT: "status 1; everything missing",
                ARTEFACT: "status 3 with the last numbers for 10 s, 4 after 15 s",
                LOW_PERFUSION: "a small wave",
                NO_PULSE: "status 3, after 15 s 4; everything missing",
                CUFF_LEAK: "code 4 after 20 s",
                CUFF_ARTEFACT: "code 7",
                CUFF_WEAK: "code 8",
            },
        )
    },
    make=Berry,
)
