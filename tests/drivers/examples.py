"""What a driver's test module offers the conformance suite: `EXAMPLES`, one a dialect by name."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module

from drivers.codec import Codec
from drivers.driver import Dialect, Driver, Option
from drivers.registry import DRIVERS


@dataclass(frozen=True, slots=True)
class Example:
    """What a device of one dialect sends, written from its protocol page.

    `frames` are of a healthy patient, in order, with some ten reports of values or more; where
    several make one report, values change between reports and never within one.
    `missing` are streams that say of every value that there is none, each in a way that the
    page knows. `impossible` is one with a value that no such device prints, None where every
    value that fits its field can be. `lasts_s` is how long `frames` take to arrive, None when
    the device is asked. `is_checked` is False where one report is one frame and nothing guards its
    digits: one that became another digit is then a wrong value, and nothing else ever is.
    """

    frames: tuple[bytes, ...]
    missing: tuple[bytes, ...]
    impossible: bytes | None
    lasts_s: float | None = None
    is_checked: bool = True
    options: Mapping[str, Option] = field(default_factory=dict)

    @property
    def stream(self) -> bytes:
        """All frames, as they come."""
        return b"".join(self.frames)


@dataclass(frozen=True, slots=True)
class Case:
    """A dialect of a driver, and its example."""

    driver: Driver
    dialect: Dialect
    example: Example = field(repr=False)

    def __str__(self) -> str:
        return f"{self.driver.name}-{self.dialect.name}"


def opened(case: Case) -> Codec:
    """A codec of that dialect on a new link."""
    codec = case.dialect.make(case.driver.whole(case.example.options))
    codec.opened(0.0)
    return codec


def cases() -> list[Case]:
    """Every dialect of every registered driver; a dialect without an example is an error."""
    return [
        Case(driver, dialect, _examples(driver.name)[dialect.name])
        for driver in DRIVERS.values()
        for dialect in driver.dialects
    ]


def _examples(driver: str) -> Mapping[str, Example]:
    examples: Mapping[str, Example] = import_module(
        f"tests.drivers.test_{driver.replace('-', '_')}"
    ).EXAMPLES
    return examples
