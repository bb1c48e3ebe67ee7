"""What a device says, in one vocabulary for all devices.

A codec turns bytes into the items below; a device stamps each with its name and the
instant it arrived and hands it on as a `DeviceReport`. Nothing here knows a protocol, a
rule or a patient.
"""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from drivers.clock import Instant


class Vital(StrEnum):
    """The vital signs that Postdose knows, by the names used on every interface."""

    SPO2 = "spo2"
    PULSE = "pulse"
    SYS = "sys"
    DIA = "dia"
    MAP = "map"
    PERFUSION = "perfusion"
    RESP = "resp"


UNITS: Final = {
    Vital.SPO2: "%",
    Vital.PULSE: "/min",
    Vital.SYS: "mm[Hg]",
    Vital.DIA: "mm[Hg]",
    Vital.MAP: "mm[Hg]",
    Vital.PERFUSION: "%",
    Vital.RESP: "/min",
}
"""The unit of each vital, in UCUM."""


class Quality(StrEnum):
    """How far a value may be trusted.

    A `POOR` value is shown and judged, and marked; a `REJECTED` one is kept with its
    reason and never judged.
    """

    GOOD = "good"
    POOR = "poor"
    REJECTED = "rejected"


class Flag(StrEnum):
    """What a device says about itself or its sensor, apart from any value.

    `FROZEN` no device says: it is seen from outside.
    """

    SENSOR_OFF = "sensor-off"
    SENSOR_DISCONNECTED = "sensor-disconnected"
    NO_PULSE = "no-pulse"
    ARTEFACT = "artefact"
    LOW_PERFUSION = "low-perfusion"
    LOW_BATTERY = "low-battery"
    CUFF_LEAK = "cuff-leak"
    MEASUREMENT_FAILED = "measurement-failed"
    DEVICE_FAULT = "device-fault"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Reading:
    """One value of one vital. `value` is None when the device says it has none."""

    vital: Vital
    value: float | None
    quality: Quality = Quality.GOOD
    reason: str | None = None

    @property
    def usable(self) -> bool:
        """Whether a rule may judge this value."""
        return self.value is not None and self.quality is not Quality.REJECTED


@dataclass(frozen=True, slots=True)
class Measurement:
    """Values that belong together, and every flag that holds as they were taken.

    `flags` is the device's whole state, not a change: a flag that is absent is off. `age_s` is how
    many seconds before it was said this was measured, by the device's own clock; None for now.
    """

    readings: tuple[Reading, ...]
    flags: frozenset[Flag] = frozenset()
    age_s: float | None = field(default=None, metadata={"added": True})

    @property
    def has_pressure(self) -> bool:
        """Whether it is what a cuff measured, or could not."""
        return any(reading.vital is Vital.SYS for reading in self.readings)


@dataclass(frozen=True, slots=True)
class Waveform:
    """Consecutive samples of a wave, oldest first, `rate_hz` apart, in device units."""

    name: str
    rate_hz: float
    samples: tuple[int, ...]


class CuffPhase(StrEnum):
    """What a cuff is doing."""

    IDLE = "idle"
    MEASURING = "measuring"


@dataclass(frozen=True, slots=True)
class CuffState:
    """A cuff's phase and the pressure in it now, in mmHg, if known."""

    phase: CuffPhase
    pressure_mmhg: int | None = None


@dataclass(frozen=True, slots=True)
class MeasurementFailed:
    """A measurement that was asked for and gave no values.

    `code` is the device's own error code where it gave one.
    """

    flag: Flag
    reason: str
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the device says it is."""

    model: str
    serial: str | None = None
    firmware: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceMessages:
    """The texts that the device shows now, its most urgent first; empty when it shows none.

    They are in the language that the device is set to: to be shown, never to be matched on.
    """

    texts: tuple[str, ...]


Item = Measurement | Waveform | CuffState | MeasurementFailed | Identity | DeviceMessages
"""What a codec can make of bytes. Damaged bytes are counted by the codec, not reported."""


class LinkState(StrEnum):
    """Whether there is a byte stream to the device."""

    CONNECTING = "connecting"
    UP = "up"
    DOWN = "down"


@dataclass(frozen=True, slots=True)
class LinkChanged:
    """The link's new state; `reason` says why it is not up, in words that help mend it.

    `plain` says it to a nurse, without paths and commands; None where `reason` is all there is.
    """

    state: LinkState
    reason: str | None = None
    plain: str | None = None


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """An item or a link change, with the device it came from and when it arrived."""

    device: str
    at: Instant
    item: Item | LinkChanged
