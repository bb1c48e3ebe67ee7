"""Nonin desk oximeter: a line of text a second, and its name at power-on.

Part of the device `nonin`. It listens to nothing.
"""

from simulators.device_model import Dialect, LineSettings, Message
from simulators.faults import Faults
from simulators.oximetry import (
    ARTEFACT,
    CABLE_OUT,
    FINGER_OFF,
    NO_PULSE,
    BeatAverages,
    Onset,
    pulse_rate,
    sense,
)
from simulators.streaming import PacketStream
from simulators.vitals import VitalsSource

FAST_AVERAGING = "fast-averaging"
EVENT_MARK = "event-mark"

_SECONDS_NEEDED = 4
_HELD_S = 10.0
_RATE_PER_MIN = (18, 300)
_HEADER = "NONIN 8600 PULSE OXIMETER"


class DeskNonin:
    """The oximeter on a patient's finger, sending a line every second."""

    def __init__(self, source: VitalsSource, faults: Faults) -> None:
        self._source = source
        self._faults = faults
        self._stream = PacketStream(1)
        self._averages = BeatAverages(_RATE_PER_MIN)
        self._motion = Onset()

    @property
    def next_due_s(self) -> float | None:
        """When the next line is complete."""
        return self._stream.next_due_s

    def advance(self, now_s: float) -> list[Message]:
        """The lines completed up to `now_s`; the header comes with the first."""
        return self._stream.advance(now_s, self._printed)

    def receive(self, data: bytes, now_s: float) -> list[Message]:
        """Nothing: it has no commands."""
        return []

    def _printed(self, at_s: float) -> bytes:
        header = "" if self._stream.sent else f"{_HEADER}\r\n"
        return f"{header}{self._line(at_s)}\r\n".encode("ascii")

    def _line(self, at_s: float) -> str:
        vitals = sense(self._source, self._faults, at_s)
        motion = self._faults.active(ARTEFACT, at_s)
        self._motion.update(motion, at_s)
        if pulse_rate(vitals) is None or self._motion.held_for(_HELD_S, at_s):
            self._averages.clear()
        elif not motion:
            self._averages.add(vitals)
        numbers = self._averages.over(_SECONDS_NEEDED)
        spo2, rate = (
            "---" if number is None else f"{number:03d}" for number in (numbers.spo2, numbers.rate)
        )
        fast = " F" if self._faults.active(FAST_AVERAGING, at_s) else ""
        mark = " *" if self._faults.active(EVENT_MARK, at_s) else ""
        return f"SPO2={spo2} HR={rate}{fast}{mark}"


DESK = Dialect(
    LineSettings(9600),
    frozenset({"spo2_pct", "pulse_per_min"}),
    {
        FINGER_OFF: "dashes",
        CABLE_OUT: "dashes",
        NO_PULSE: "dashes",
        ARTEFACT: "the last numbers for 10 s, then dashes",
        FAST_AVERAGING: "F behind the numbers",
        EVENT_MARK: "`*` behind the numbers",
    },
)
