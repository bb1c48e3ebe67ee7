"""An engine whose signals, troubles and time a test sets by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime

from alerts.alarm.lifecycle import Alarm, AlarmChange
from alerts.evaluation.conditions import Value
from alerts.evaluation.context import MINUTE, ConditionAt, EvaluationContext, Signal
from alerts.evaluation.engine import AlarmEngine
from alerts.rules.loader import load_rules
from alerts.rules.model import RuleSet
from alerts.rules.technical import BED_CONDITIONS, CHECK_CONDITIONS, SITE_CONDITIONS
from drivers.clock import Instant

START = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 1000.0)
DEFAULT = load_rules("default")

TROUBLES: Mapping[str | None, tuple[str, ...]] = {
    None: tuple(SITE_CONDITIONS | BED_CONDITIONS),
    **dict.fromkeys(("pressure", "cadss", "moaas"), tuple(CHECK_CONDITIONS)),
    "oximeter": (
        *("sensor-off", "sensor-disconnected", "no-pulse", "artefact", "low-perfusion"),
        *("low-battery", "signal-missing", "device-silent", "link-lost"),
    ),
    "cuff": ("cuff-failed", "device-fault", "device-silent", "link-lost"),
}


CALLS_AGAIN = {"escalated", "reminded"}


class Watched:
    """One bed's engine, the scene before it, and everything that came of it."""

    def __init__(
        self,
        rules: RuleSet = DEFAULT,
        *,
        session: str | None = "s-1",
        baseline: Mapping[str, float] | None = None,
        minutes: float | None = None,
    ) -> None:
        self.engine = AlarmEngine(rules, TROUBLES)
        self.now = START
        self.session = session
        self.baseline = baseline or {}
        self.minutes = minutes
        self.changes: list[AlarmChange] = []
        self._values: dict[str, Value] = {}
        self._past: dict[str, list[tuple[float, float]]] = {}
        self._troubles: dict[ConditionAt, str] = {}
        self._unseen: set[ConditionAt] = set()

    def scene(self) -> EvaluationContext:
        return EvaluationContext(
            bed="bed-1",
            event_number=len(self.changes),
            session=self.session,
            values=dict(self._values),
            baseline=self.baseline,
            conditions=self._troubles,
            unknown_conditions=self._unseen,
            minutes=self.minutes,
        )

    def _look(self, *changed: Signal) -> "Watched":
        self.changes += self.engine.evaluate(changed, self.scene(), self.now)
        return self

    def see(self, **values: float) -> "Watched":
        """Every named signal was measured just now."""
        for name, value in values.items():
            past = self._past.setdefault(name, [])
            past.append((self.now.mono, value))
            at = self.now.mono

            def highest(since: float, past: list[tuple[float, float]] = past):  # type: ignore[no-untyped-def]
                return max(value for taken, value in past if taken >= since)

            self._values[name] = Value(value, at, highest)
        return self._look(*values)

    def lose(self, *names: str) -> "Watched":
        """The signals' values have become too old to judge."""
        for name in names:
            del self._values[name]
        return self._look(*names)

    def wait(self, seconds: float) -> "Watched":
        """Time passes in which nothing is measured; the engine is asked when it asked to be."""
        end = self.now.mono + seconds
        while self.engine.next_due <= end:
            due = self.engine.next_due
            if due > self.now.mono:
                self.now = self.now.plus(due - self.now.mono)
            self._look()
            if self.engine.next_due <= self.now.mono:
                break
        self.now = self.now.plus(end - self.now.mono)
        return self._look()

    def hold(self, seconds: float, **values: float) -> "Watched":
        """The named signals are measured now and every second for so long."""
        self.see(**values)
        for _ in range(int(seconds)):
            self.wait(1).see(**values)
        return self.wait(seconds - int(seconds))

    def trouble(self, name: str, device: str | None, reason: str = "broken") -> "Watched":
        self._troubles[name, device] = reason
        return self._look((name, device))

    def mend(self, name: str, device: str | None) -> "Watched":
        self._troubles.pop((name, device), None)
        self._unseen.discard((name, device))
        return self._look((name, device))

    def cannot_see(self, name: str, device: str | None) -> "Watched":
        self._troubles.pop((name, device), None)
        self._unseen.add((name, device))
        return self._look((name, device))

    def at_minute(self, minutes: float) -> "Watched":
        self.minutes = minutes
        return self._look(MINUTE)

    def start_session(self, session: str) -> "Watched":
        self.session = session
        self.changes += self.engine.evaluate_all(self.scene(), self.now)
        return self

    def step_wall(self, seconds: float) -> "Watched":
        """The wall clock is set; the monotonic one knows nothing of it."""
        self.now = Instant(self.now.plus(seconds).wall, self.now.mono)
        return self

    def acknowledge(self, rule: str, by: str = "nurse.a") -> "Watched":
        self.changes += self.engine.acknowledge(self.alarm(rule).id, by, None, self.now)
        return self

    def undo(self, rule: str, by: str = "nurse.b") -> "Watched":
        alarm = self.alarm(rule).id
        self.changes += self.engine.unacknowledge(
            alarm, by, "the wrong bed", self.session, self.now
        )
        return self

    def restart(self, rules: RuleSet = DEFAULT) -> "Watched":
        """Only what was stored is known: a new engine takes it up, and looks at everything."""
        self.engine = AlarmEngine(rules, TROUBLES)
        for change in self.changes:
            self.engine.apply(change.alarm)
        self.engine.resume(self.now)
        self.changes += self.engine.evaluate_all(self.scene(), self.now)
        return self

    def failed_confirmation(self) -> "Watched":
        self.changes += self.engine.confirmation_failed(self.scene(), self.now)
        return self

    def history(self, rule: str) -> list[str]:
        """What happened to the rule's alarms, in order, but for calling again."""
        types = (c.type.removeprefix("alarm.") for c in self.changes if c.alarm.rule == rule)
        return [type_ for type_ in types if type_ not in CALLS_AGAIN]

    def calls(self, rule: str) -> list[tuple[str, float]]:
        """How the rule's alarms called again, and at which second of the scene."""
        return [
            (type_, (change.alarm.notified_at - START.wall).total_seconds())
            for change in self.changes
            if change.alarm.rule == rule
            and (type_ := change.type.removeprefix("alarm.")) in CALLS_AGAIN
        ]

    def rules_open(self) -> set[str]:
        return {alarm.rule for alarm in self.engine.open_alarms()}

    def alarm(self, rule: str) -> Alarm:
        """The rule's last alarm."""
        return next(c.alarm for c in reversed(self.changes) if c.alarm.rule == rule)
