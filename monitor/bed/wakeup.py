"""When the passing of time alone may next change anything at a bed, but for its rules. Pure.

The rules have their own deadlines: `AlarmEngine.next_due`.
"""

from drivers.clock import Instant
from monitor.bed.alarms import BedAlarms
from monitor.bed.nibp import NibpScheduler
from monitor.bed.readiness import Readiness
from monitor.bed.state import BedState
from monitor.bed.technical import TechnicalConditions
from monitor.bed.timeline import AT_ONCE
from monitor.bed.vitals import Vitals


class Wakeup:
    """The next instant at which a tick has anything to do, by the clock that is sooner."""

    def __init__(
        self,
        state: BedState,
        vitals: Vitals,
        technical: TechnicalConditions,
        readiness: Readiness,
        nibp: NibpScheduler,
        alarms: BedAlarms,
    ) -> None:
        self._at = AT_ONCE
        self._state = state
        self._vitals = vitals
        self._technical = technical
        self._readiness = readiness
        self._nibp = nibp
        self._alarms = alarms

    def reset(self) -> None:
        """Something changed: the next tick looks at everything."""
        self._at = AT_ONCE

    def is_due(self, now: Instant) -> bool:
        """Whether a tick at `now` may have anything to do."""
        if self._at is not AT_ONCE and not now.is_before(self._at):
            self.compute(now)
        return not now.is_before(self._at)

    def compute(self, now: Instant) -> None:
        """Determine the instant after a tick at `now` that decided nothing."""
        mono = min(self._vitals.expires_at, self._technical.due_at(now), self._nibp.overdue_at)
        wall = self._readiness.schedule.until
        if self._state.audio_pause is not None:
            mono = min(mono, self._state.audio_pause.ends)
        if self._state.open_session is not None:
            mono = min(mono, self._readiness.next_judgement, self._nibp.next_plan)
            if (next_minute_at := self._alarms.next_minute_at) is not None:
                wall = min(wall, next_minute_at)
        self._at = Instant(wall, mono)
