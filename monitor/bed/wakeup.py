"""When the passing of time alone may next change anything at a bed. Pure."""

from alerts.evaluation import AlarmEngine
from drivers.clock import Instant
from monitor.bed.alarms import BedAlarms
from monitor.bed.nibp import NibpScheduler
from monitor.bed.readiness import Readiness
from monitor.bed.state import BedState
from monitor.bed.technical import TechnicalConditions
from monitor.bed.timeline import AT_ONCE
from monitor.bed.vitals import Vitals


class Wakeup:
    """The next instant at which a tick may have anything to do, by the clock that is sooner.

    It may be too early, never too late: whatever makes anything due sooner has to `reset` it,
    or `bring_forward` it.
    """

    def __init__(
        self,
        state: BedState,
        vitals: Vitals,
        technical: TechnicalConditions,
        engine: AlarmEngine,
        alarms: BedAlarms,
        readiness: Readiness,
        nibp: NibpScheduler,
    ) -> None:
        self._at = AT_ONCE
        self._state = state
        self._vitals = vitals
        self._technical = technical
        self._engine = engine
        self._alarms = alarms
        self._readiness = readiness
        self._nibp = nibp

    def is_due(self, now: Instant) -> bool:
        """Whether a tick at `now` may have anything to do."""
        if now.is_before(self._at):
            return False
        if self._at is not AT_ONCE:
            self.compute(now)
        return not now.is_before(self._at)

    def reset(self) -> None:
        """Anything may have changed: the next tick is due."""
        self._at = AT_ONCE

    def bring_forward(self, mono: float) -> None:
        """Something is due at `mono`, in monotonic seconds."""
        if mono < self._at.mono:
            self._at = Instant(self._at.wall, mono)

    def compute(self, now: Instant) -> None:
        """Determine the instant anew at `now`, when nothing is left to be done."""
        mono = min(
            self._engine.next_due,
            self._vitals.expires_at,
            self._technical.due_at(now),
            self._nibp.overdue_at,
        )
        wall = min(self._readiness.schedule.until, self._technical.session_due_at)
        if self._state.audio_pause is not None:
            mono = min(mono, self._state.audio_pause.ends)
        if self._state.open_session is not None:
            mono = min(mono, self._readiness.next_judgement, self._nibp.next_plan)
            wall = min(wall, self._alarms.next_held_at(now))
            if (next_minute_at := self._alarms.next_minute_at) is not None:
                wall = min(wall, next_minute_at)
        self._at = Instant(wall, mono)
