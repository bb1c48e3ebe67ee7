"""An infusion: when it ran and was paused, and how much of that has passed. Pure."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from monitor.session.baseline import Administration


@dataclass(frozen=True, slots=True)
class Infusion:
    """When an infusion ran; the last of `pauses` has no end while it is paused.

    `places` are those of its start and of each resumption among what was recorded. `holds_mg` is
    how much it holds where a person said so, None for what the session plans.
    """

    started_at: datetime
    ended_at: datetime | None = None
    pauses: tuple[tuple[datetime, datetime | None], ...] = ()
    lot: str | None = None
    places: tuple[int, ...] = ()
    holds_mg: float | None = None

    @property
    def running(self) -> bool:
        """Whether it runs now: false while paused and after its end."""
        return self.ended_at is None and not self.is_paused

    @property
    def is_paused(self) -> bool:
        """Whether it has been stopped for the moment."""
        return bool(self.pauses) and self.pauses[-1][1] is None

    def paused(self, until: datetime) -> timedelta:
        """For how long it was paused before `until`."""
        spans = (min(to or until, until) - max(begun, self.started_at) for begun, to in self.pauses)
        return sum((max(span, timedelta()) for span in spans), timedelta())

    def ran(self, until: datetime) -> timedelta:
        """For how long it has run by its end, or by `until` if that is before."""
        over_at = min(self.ended_at or until, until)
        return max(over_at - self.started_at - self.paused(over_at), timedelta())

    def when_run(self, minutes: float, now: datetime) -> datetime:
        """When it will have run for so long, if it is not paused after `now`."""
        at = self.started_at + timedelta(minutes=minutes)
        for begun, to in self.pauses:
            if begun < at:
                at += (to or max(begun, now)) - begun
        return at

    def shifted(self, by: timedelta) -> "Infusion":
        """The same by a clock that was set."""
        return replace(
            self,
            started_at=self.started_at + by,
            ended_at=None if self.ended_at is None else self.ended_at + by,
            pauses=tuple((at + by, None if to is None else to + by) for at, to in self.pauses),
        )

    @property
    def administrations(self) -> list[Administration]:
        """Its start, and each resumption."""
        resumed = (to for _, to in self.pauses if to is not None)
        return list(map(Administration, (self.started_at, *resumed), self.places))
