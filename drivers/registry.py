"""The devices that Postdose knows, and what a site says about each of its own.

A new device is its own files, its import and one line here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from drivers import berry, cms50, datex_s5, intellivue, masimo, nellcor, nonin, suntech, un300c
from drivers.dialects import AnyDialect
from drivers.driver import Dialect, Driver, Option
from drivers.links import check_url

DRIVERS: Final[Mapping[str, Driver]] = MappingProxyType(
    {
        driver.name: driver
        for driver in (
            nonin.DRIVER,
            suntech.DRIVER,
            cms50.DRIVER,
            masimo.DRIVER,
            nellcor.DRIVER,
            un300c.DRIVER,
            berry.DRIVER,
            datex_s5.DRIVER,
            intellivue.DRIVER,
        )
    }
)


class SpecError(ValueError):
    """A device is described wrongly; the message says what is allowed instead."""


@dataclass(frozen=True, slots=True)
class DeviceSpec:
    """One device of a site: what it is called, which driver speaks to it, and where.

    `url` is a tty's path, `socket://host:port`, `rfc2217://host:port`, `udp://host:port` or
    `memory://name`.
    `dialect` is found out when None. Raises `SpecError` when any part cannot be.
    """

    id: str
    driver: str
    url: str
    dialect: str | None = None
    options: Mapping[str, Option] = field(default_factory=dict)

    def __post_init__(self) -> None:
        try:
            check_url(self.url)
        except ValueError as fault:
            raise SpecError(f"{self.id}: {fault}") from fault
        self._one_of("driver", self.driver, tuple(DRIVERS))
        if self.dialect is not None:
            known = tuple(dialect.name for dialect in self.kind.dialects)
            self._one_of(f"{self.driver} dialect", self.dialect, known)
        for name, value in self.options.items():
            self._one_of(f"{self.driver} option", name, tuple(self.kind.options))
            self._one_of(f"value for {name}", value, self.kind.options[name])

    @property
    def kind(self) -> Driver:
        """The driver that the spec names."""
        return DRIVERS[self.driver]

    @property
    def dialects(self) -> tuple[Dialect, ...]:
        """The one dialect that it speaks, or all that it may."""
        all_ = self.kind.dialects
        return tuple(dialect for dialect in all_ if self.dialect in {None, dialect.name})

    def codec(self) -> AnyDialect:
        """A new codec as the spec asks for it."""
        return AnyDialect(self.dialects, self.kind.whole(self.options))

    def _one_of(self, what: str, given: Option, known: tuple[Option, ...]) -> None:
        if given not in known:
            there_are = ", ".join(map(str, known)) or "none"
            raise SpecError(f"{self.id}: no {what} {given!r}; there are: {there_are}")
