"""One rule over time: from verdicts to onsets and offsets.

A timer knows delays, confirmation and hysteresis, and nothing of alarms, values or devices.
Time is monotonic seconds and always an argument.
"""

from dataclasses import dataclass
from enum import Enum

from alerts.evaluation.conditions import Verdict
from alerts.rules import Rule


class ConditionChange(Enum):
    """What can become of a rule's condition."""

    ONSET = "onset"
    OFFSET = "offset"
    DATA_LOST = "data-lost"
    DATA_RESTORED = "data-restored"


@dataclass(slots=True)
class ConditionTimer:
    """How far one rule has come towards raising its alarm, or towards ending it.

    While `raised` is false, `since` is when the condition was first met in the present
    run; while it is true, `since` is when the first clear value of the present run was
    taken. Loss of data never ends a run towards an alarm and always ends one towards
    normal, and a run towards normal is as long as the values that were taken in it: time
    in which nothing was measured does not count. `confirmed` says whether the value that raised
    it last needed no second one, or had one.
    """

    rule: Rule
    raised: bool = False
    data_lost: bool = False
    since: float | None = None
    first_taken_at: float = 0.0
    failed: bool = False
    confirmed: bool = False

    def evaluate(
        self, verdict: Verdict, taken_at: float, now: float, *, at_once: bool = False
    ) -> list[ConditionChange]:
        """Take the verdict on values of which the newest was taken at `taken_at`.

        `at_once` is of values that need no confirmation.
        """
        return (
            self._while_raised(verdict, taken_at)
            if self.raised
            else self._while_quiet(verdict, taken_at, now, at_once=at_once)
        )

    def _while_quiet(
        self, verdict: Verdict, taken_at: float, now: float, *, at_once: bool
    ) -> list[ConditionChange]:
        if verdict in (Verdict.NEAR, Verdict.CLEAR):
            self.since = None
            return []
        if verdict is Verdict.MET and self.since is None:
            self.since = now
            self.first_taken_at = taken_at
            self.failed = False
        second = verdict is Verdict.MET and taken_at > self.first_taken_at
        self.confirmed = self.rule.confirm_after_s is None or at_once or second
        if self.since is None or not self._is_due(now):
            return []
        self.raised = True
        self.since = None
        self.data_lost = verdict is Verdict.UNKNOWN
        return (
            [ConditionChange.ONSET, ConditionChange.DATA_LOST]
            if self.data_lost
            else [ConditionChange.ONSET]
        )

    def _is_due(self, now: float) -> bool:
        assert self.since is not None
        if self.rule.confirm_after_s is None:
            return now - self.since >= self.rule.for_s
        return self.confirmed or self.failed or now - self.since >= self.rule.confirm_within_s

    def _while_raised(self, verdict: Verdict, taken_at: float) -> list[ConditionChange]:
        if verdict is Verdict.UNKNOWN:
            self.since = None
            if self.data_lost:
                return []
            self.data_lost = True
            return [ConditionChange.DATA_LOST]
        changes = [ConditionChange.DATA_RESTORED] if self.data_lost else []
        self.data_lost = False
        if verdict is not Verdict.CLEAR:
            self.since = None
            return changes
        if self.since is None:
            self.since = taken_at
        if taken_at - self.since >= self.rule.clear_for_s:
            self.raised = False
            self.since = None
            changes.append(ConditionChange.OFFSET)
        return changes

    def confirmation_failed(self) -> None:
        """The second measurement gave nothing: the first one has to be believed."""
        self.failed = True

    @property
    def confirm_at(self) -> float | None:
        """When a second measurement is wanted, None when none is."""
        if self.raised or self.since is None or self.rule.confirm_after_s is None:
            return None
        return self.since + self.rule.confirm_after_s

    @property
    def due_at(self) -> float | None:
        """When the rule has to be evaluated even if no value changes."""
        if self.since is None:
            return None
        if self.raised:
            return self.since + self.rule.clear_for_s
        if self.rule.confirm_after_s is not None:
            return self.since + self.rule.confirm_within_s
        return self.since + self.rule.for_s
