"""What a driver declares about its kind of device. No device is named here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from drivers.codec import Codec, Ranges
from drivers.readings import Flag, Vital

SPOT_CHECK_S: Final = 30.0
"""A vital whose value may be shown for longer is measured now and then, not streamed."""

Option = str | int | bool
Options = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set; `parity` is N, E or O."""

    baud: int = 9600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    def __str__(self) -> str:
        return f"{self.baud} {self.data_bits}{self.parity}{self.stop_bits}"

    @property
    def bytes_per_s(self) -> float:
        """What the line carries at most: a byte is its bits, a start bit and the stop bits."""
        return self.baud / (1 + self.data_bits + (self.parity != "N") + self.stop_bits)


@dataclass(frozen=True, slots=True)
class Dialect:
    """One way in which a kind of device speaks.

    `make` gives its codec, and that codec's good frames are how the dialect is recognised.
    """

    name: str
    make: Callable[[Options], Codec]
    line: LineSettings = field(default_factory=LineSettings)


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of device.

    `ranges` says which vitals it gives, and what values of each it can print. The first of
    `dialects` is the usual one; a device finds its own out when none is given.
    `silent_after_s` is how long a living device may say nothing valid, whatever its dialect,
    and `stale_after_s` how long each vital's value may be shown as the present one. One that
    `has_pleth` sends the waveform of the pulse, and is found out when it is frozen.
    `options` holds the values each option may take, its default first.
    """

    name: str
    title: str
    ranges: Ranges
    flags: frozenset[Flag]
    silent_after_s: float
    stale_after_s: Mapping[Vital, float]
    dialects: tuple[Dialect, ...]
    can_measure: bool = False
    has_pleth: bool = False
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)

    @property
    def vitals(self) -> frozenset[Vital]:
        """What it gives."""
        return frozenset(self.ranges)

    @property
    def gives_pressure(self) -> bool:
        """Whether it measures blood pressures; `can_measure` says that it does when asked."""
        return Vital.SYS in self.ranges

    @property
    def streams(self) -> bool:
        """Whether it gives a vital all the time, as an oximeter does."""
        return any(age_s <= SPOT_CHECK_S for age_s in self.stale_after_s.values())

    def whole(self, options: Options) -> Options:
        """`options`, and the defaults of the others."""
        return {name: values[0] for name, values in self.options.items()} | dict(options)
