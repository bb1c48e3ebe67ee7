"""Whether an infusion has run over its plan, or been paused, for too long. Pure."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from monitor.session.session import Session

TOLERATED: Final = timedelta(minutes=10)
"""An infusion may run over its plan, and may be paused, for less than this [clinical.md]."""


class InfusionDelay(NamedTuple):
    """A technical condition of the bed, from when it is there, and its reason in words."""

    condition: str
    from_at: datetime
    reason: str


def infusion_delays(session: Session | None, now: datetime) -> Iterator[InfusionDelay]:
    """What is, or will be by time alone, of an infusion that has not ended.

    It stays over its plan while it is paused, since it may be resumed.
    """
    infusion = None if session is None or not session.is_open else session.infusion
    if session is None or infusion is None or infusion.ended_at is not None:
        return
    if (planned_min := session.regimen.infusion_min) is not None:
        over_at = infusion.when_run(planned_min, now)
        from_at = infusion.when_run(planned_min + TOLERATED / timedelta(minutes=1), now)
        reason = f"planned for {planned_min:g} min, over since {over_at:%H:%M} UTC"
        yield InfusionDelay("infusion-overrun", from_at, reason)
    if infusion.is_paused:
        paused_at, _ = infusion.pauses[-1]
        reason = f"since {paused_at:%H:%M} UTC"
        yield InfusionDelay("infusion-paused", paused_at + TOLERATED, reason)
