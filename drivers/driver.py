"""What a driver declares about its kind of device. No device is named here."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from drivers.codec import Codec
from drivers.readings import Flag, Vital

Option = str | int | bool
Options = Mapping[str, Option]


@dataclass(frozen=True, slots=True)
class LineSettings:
    """How a serial line is set; `parity` is N, E or O."""

    baud: int = 9600
    data_bits: int = 8
    parity: str = "N"
    stop_bits: int = 1

    @property
    def bytes_per_s(self) -> float:
        """What the line carries at most: a byte is its bits, a start bit and the stop bits."""
        return self.baud / (1 + self.data_bits + (self.parity != "N") + self.stop_bits)


@dataclass(frozen=True, slots=True)
class Driver:
    """One kind of device.

    `silent_after_s` is how long a living device may say nothing valid; `stale_after_s` how
    long each vital's value may be shown as the present one. The first of `dialects` is the
    usual one; a device finds its own out when none is given. `options` holds the values
    each option may take, its default first.
    """

    name: str
    title: str
    vitals: frozenset[Vital]
    flags: frozenset[Flag]
    silent_after_s: float
    stale_after_s: Mapping[Vital, float]
    make: Callable[[str | None, Options], Codec]
    line: LineSettings = field(default_factory=LineSettings)
    dialects: tuple[str, ...] = ()
    can_measure: bool = False
    options: Mapping[str, tuple[Option, ...]] = field(default_factory=dict)

    def codec(self, dialect: str | None = None, options: Options | None = None) -> Codec:
        """A codec with `options`, the others at their defaults."""
        defaults = {name: values[0] for name, values in self.options.items()}
        return self.make(dialect, defaults | dict(options or {}))
