"""The inputs of a bed: everything that its decisions follow from. Pure.

What devices report, conditions of the daemon itself, time passing, and commands. Each is
handed to `Bed.handle` with its instant; their JSON form is `monitor.bed.input_codec`. A bed that
is restored is given what was `SeenBefore`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from drivers.clock import Instant, parse_rfc3339
from drivers.readings import Item, LinkChanged
from monitor.session import SPO2_KEPT_S, Command, Event

_LATE: Final = timedelta(minutes=1)
"""Inputs are stored some ten seconds late; none that is missing was given earlier than this."""


@dataclass(frozen=True, slots=True)
class DeviceInput:
    """An item that a device reported, or a change of its link."""

    device: str
    item: Item | LinkChanged


@dataclass(frozen=True, slots=True)
class SiteCondition:
    """A technical condition of the daemon: its reason while it lasts, None when it is over."""

    trouble: str
    reason: str | None


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed."""


Input = DeviceInput | SiteCondition | Tick | Command


@dataclass(frozen=True, slots=True)
class TimedInput:
    """An input, and when the bed was given it."""

    at: Instant
    input: Input


@dataclass(frozen=True, slots=True)
class SeenBefore:
    """SpO2 as it was seen before a restart, for a bed that is restored.

    `until` is when the last stored input was given, by the wall clock as it was set then, and
    `set_at` when that was last set before, None where it was not. `spo2` are the values, oldest
    first, each with how many seconds before `until` it came; None from when there was none.
    `mono` is `until` by the monotonic clock of the restart, None where that began anew since.
    """

    until: datetime
    set_at: datetime | None
    spo2: tuple[tuple[float, float | None], ...]
    mono: float | None = None

    def by_the_clock_of_then(self, now: Instant) -> datetime | None:
        """What the wall clock would show `now` had nobody set it since; None for not known."""
        return None if self.mono is None else self.until + timedelta(seconds=now.mono - self.mono)

    def is_before_clock_step(self, events: Iterable[Event]) -> bool:
        """Whether the wall clock may have been set after `until`, by the bed's stored `events`.

        How long ago anything was seen then, nobody can say.
        """
        steps = [event for event in events if event.type == "clock.stepped"]
        if not steps or steps[-1].at == self.set_at:
            return False
        at = steps[-1].at
        was = at - timedelta(seconds=steps[-1].payload["by_s"])
        return self.until < at + timedelta(seconds=SPO2_KEPT_S) or was - _LATE <= self.until <= was

    def as_json(self) -> dict[str, Any]:
        """As plain JSON data."""
        return {
            "until": self.until.isoformat(),
            "set_at": None if self.set_at is None else self.set_at.isoformat(),
            "spo2": [[ago_s, value] for ago_s, value in self.spo2],
            "mono": self.mono,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SeenBefore":
        """What `as_json` wrote."""
        set_at = data["set_at"]
        return cls(
            parse_rfc3339(data["until"]),
            None if set_at is None else parse_rfc3339(set_at),
            tuple((ago_s, value) for ago_s, value in data["spo2"]),
            data.get("mono"),
        )
