"""An engine whose signals, technical conditions and time a test sets by hand."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from alerts.alarm.lifecycle import Alarm, AlarmChange
from alerts.evaluation.conditions import Value
from alerts.evaluation.context import DOSING, MINUTE, ConditionAt, EvaluationContext, Signal
from alerts.evaluation.engine import AlarmEngine
from alerts.rules.loader import load_rules
from alerts.rules.model import RuleSet
from alerts.rules.vocabulary import BED_CONDITIONS, CHECK_CONDITIONS, SITE_CONDITIONS
from drivers.clock import Instant

START = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 1000.0)
DEFAULT = load_rules("default")
FORMER = load_rules(str(Path(__file__).parents[1] / "data" / "default-2.toml"))
"""The default set as it shipped before alarms called again after their acknowledgement."""

TECHNICAL_CONDITIONS: Mapping[str | None, tuple[str, ...]] = {
    None: tuple(SITE_CONDITIONS | BED_CONDITIONS),
    **dict.fromkeys(("pressure", "cadss", "moaas", "resp"), tuple(CHECK_CONDITIONS)),
    "oximeter": (
        *("sensor-off", "sensor-disconnected", "no-pulse", "frozen", "artefact", "low-perfusion"),
        *("low-battery", "signal-missing", "device-silent", "link-lost"),
    ),
    "cuff": ("cuff-failed", "device-fault", "device-silent", "link-lost"),
}


CALLS_AGAIN = {"escalated", "reminded"}


class BedEngine:
    """One bed's engine, what it can see, and everything that came of it."""

    def __init__(
        self,
        rules: RuleSet = DEFAULT,
        *,
        session: str | None = "s-1",
        baseline: Mapping[str, float] | None = None,
        minutes: float | None = None,
        since_last: float | None = None,
    ) -> None:
        self.engine = AlarmEngine(rules, TECHNICAL_CONDITIONS)
        self.now = START
        self.session = session
        self.baseline = baseline or {}
        self.minutes = minutes
        self.minutes_since_last = since_last
        self.is_dosing = False
        self.is_told = False
        self.words: Mapping[str, str] = {}
        self.changes: list[AlarmChange] = []
        self._values: dict[str, Value] = {}
        self._past: dict[str, list[tuple[float, float]]] = {}
        self._conditions: dict[ConditionAt, str] = {}
        self._unknown: set[ConditionAt] = set()

    def context(self) -> EvaluationContext:
        return EvaluationContext(
            bed="bed-1",
            event_number=len(self.changes),
            session=self.session,
            values=dict(self._values),
            baseline=self.baseline,
            conditions=self._conditions,
            unknown_conditions=self._unknown,
            minutes=self.minutes,
            is_dosing=self.is_dosing,
            minutes_since_last=self.minutes_since_last,
            words=self.words,
        )

    def _evaluate(self, *changed: Signal) -> "BedEngine":
        self.changes += self.engine.evaluate(changed, self.context(), self.now)
        return self

    def see(self, **values: float) -> "BedEngine":
        """Every named signal was measured just now."""
        return self._take(values, by_hand=False)

    def typed(self, **values: float) -> "BedEngine":
        """Every named signal was typed by a person just now."""
        return self._take(values, by_hand=True)

    def _take(self, values: Mapping[str, float], *, by_hand: bool) -> "BedEngine":
        for name, value in values.items():
            past = self._past.setdefault(name, [])
            past.append((self.now.mono, value))
            at = self.now.mono

            def highest(since: float, past: list[tuple[float, float]] = past):  # type: ignore[no-untyped-def]
                return max(value for taken, value in past if taken >= since)

            self._values[name] = Value(value, at, highest, by_hand, lambda: self.is_told)
        return self._evaluate(*values)

    def lose(self, *names: str) -> "BedEngine":
        """The signals' values have become too old to judge."""
        for name in names:
            del self._values[name]
        return self._evaluate(*names)

    def wait(self, seconds: float) -> "BedEngine":
        """Time passes in which nothing is measured; the engine is asked when it asked to be."""
        end = self.now.mono + seconds
        while self.engine.next_due <= end:
            due = self.engine.next_due
            if due > self.now.mono:
                self.now = self.now.plus(due - self.now.mono)
            self._evaluate()
            if self.engine.next_due <= self.now.mono:
                break
        self.now = self.now.plus(end - self.now.mono)
        return self._evaluate()

    def hold(self, seconds: float, **values: float) -> "BedEngine":
        """The named signals are measured now and every second for so long."""
        self.see(**values)
        for _ in range(int(seconds)):
            self.wait(1).see(**values)
        return self.wait(seconds - int(seconds))

    def condition(self, name: str, device: str | None, reason: str = "broken") -> "BedEngine":
        self._conditions[name, device] = reason
        return self._evaluate((name, device))

    def condition_over(self, name: str, device: str | None) -> "BedEngine":
        self._conditions.pop((name, device), None)
        self._unknown.discard((name, device))
        return self._evaluate((name, device))

    def condition_unknown(self, name: str, device: str | None) -> "BedEngine":
        self._conditions.pop((name, device), None)
        self._unknown.add((name, device))
        return self._evaluate((name, device))

    def at_minute(self, minutes: float, since_last: float | None = None) -> "BedEngine":
        self.minutes, self.minutes_since_last = minutes, since_last
        return self._evaluate(MINUTE)

    def dosing(self, is_dosing: bool) -> "BedEngine":
        """A drug is being given, or no longer; the first dose was given a minute ago at least."""
        self.is_dosing, self.minutes = is_dosing, self.minutes or 1.0
        return self._evaluate(DOSING)

    def start_session(self, session: str) -> "BedEngine":
        self.session = session
        self.changes += self.engine.evaluate_all(self.context(), self.now)
        return self

    def step_wall(self, seconds: float) -> "BedEngine":
        """The wall clock is set; the monotonic one knows nothing of it."""
        self.now = Instant(self.now.plus(seconds).wall, self.now.mono)
        return self

    def acknowledge(self, rule: str, by: str = "nurse.a") -> "BedEngine":
        self.changes += self.engine.acknowledge(self.alarm(rule).id, by, None, self.now)
        return self

    def unacknowledge(self, rule: str, by: str = "nurse.b") -> "BedEngine":
        alarm = self.alarm(rule).id
        self.changes += self.engine.unacknowledge(
            alarm, by, "the wrong bed", self.session, self.now
        )
        return self

    def restart(self, rules: RuleSet = DEFAULT) -> "BedEngine":
        """Only what was stored is known: a new engine takes it up, and evaluates everything."""
        self.engine = AlarmEngine(rules, TECHNICAL_CONDITIONS)
        for change in self.changes:
            self.engine.apply(change.alarm)
        self.engine.resume(self.now)
        self.changes += self.engine.evaluate_all(self.context(), self.now)
        return self

    def failed_confirmation(self) -> "BedEngine":
        self.changes += self.engine.confirmation_failed(self.context(), self.now)
        return self

    def history(self, rule: str) -> list[str]:
        """What happened to the rule's alarms, in order, but for calls and new values."""
        types = (c.type.removeprefix("alarm.") for c in self.changes if c.alarm.rule == rule)
        return [type_ for type_ in types if type_ not in {*CALLS_AGAIN, "updated"}]

    def calls(self, rule: str) -> list[tuple[str, float]]:
        """How the rule's alarms called again, and at which second since the start."""
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
