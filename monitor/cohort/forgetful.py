"""A forgetful nurse at a bedside: what she leaves out, does late, and does against the criteria.

Nothing here is a figure from a source: she is to bring the bed into situations that the
diligent one never does. What she does by chance she draws from a sequence of her own.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from random import Random
from typing import Final

from alerts.alarm import Alarm
from alerts.rules import SCORES, RuleSet
from drivers.readings import Vital
from monitor.cohort.bedside import BY, ESCORT_MIN, LATEST_MIN, START, Bedside, Looked
from monitor.cohort.nurse import CHECK_S, Nurse, Task, task_of
from monitor.session import (
    AbortOutcome,
    CheckKind,
    CheckState,
    ClearanceScope,
    Close,
    ConfirmEscort,
    ControlInfusion,
    Criterion,
    Deviation,
    EnableNibp,
    InfusionAction,
    InhibitNibp,
    PlannedCheck,
    RecordClearance,
    RecordScore,
    Regimen,
    commands,
)
from simulators.population import Person

FORGETS: Final = 1 / 3
"""The share of checks that she does not do when they are due."""

MISSES_ALARM: Final = 0.2
SEES_TO_ALARM: Final = 0.6
SLOWER: Final = 4.0
CHECK_LATEST_S: Final = 1800.0
"""The share of calls that she does not hear, and of overdue checks called for that she then does;
how much longer she takes than the diligent one; and when she does a check at the latest."""

WRITES_S: Final = 1200.0
AS_IT_WAS, ROUNDED, UNDATED = "as-it-was", "rounded", "undated"
DATED: Final = {AS_IT_WAS: 5, ROUNDED: 2, UNDATED: 3}
ROUND_S: Final = 300.0
"""She writes up what she found so much later at the most, at once, and gives the time of each
so often as it was, back to the last five minutes, or not at all."""

GIVES_AGAINST: Final = 0.2
GIVEN_BEFORE_S: Final = 400.0
LEAVES_INCOMPLETE: Final = 0.1
NEXT_DEVICE_S: Final = (300.0, 1300.0)
"""How often she gives whatever the criteria say, and how long before she records it; how often no
further device follows; when it does otherwise."""

PAUSES: Final = 0.4
ENDS_LATE: Final = 0.5
PAUSE_S: Final = (60.0, 1200.0)
LATE_S: Final = (120.0, 1500.0)
"""How often an infusion is paused, and ended late, and for how long."""

STOPS_CUFF: Final = 0.2
STOPPED_S: Final = (600.0, 4500.0)
BY_HAND_S: Final = (240.0, 1800.0)
"""How often the cuff must not be started, for how long, and how often she measures meanwhile."""

ABORTS: Final = 0.12
CLOSES: Final = 0.18
ENDS_S: Final = (300.0, 12_000.0)
"""How often a session is aborted, or closed against criteria, and when, after its start."""

LOOKS: Final = 0.15
CLEARS: Final = 0.2
TRIES_MIN: Final = 100.0
"""How often in a minute she looks whether the patient may leave, how often a clinician then
clears what stands against it, and from when she tries."""


class ForgetfulNurse(Nurse):
    """One nurse at one bed, who forgets and comes late."""

    def __init__(self, random: Random, whim: Random) -> None:
        super().__init__(random)
        self._whim = whim
        self._seen: set[tuple[CheckKind, datetime]] = set()

    def hears(self, alarm: Alarm, t_s: float) -> None:
        if self._whim.random() >= MISSES_ALARM:
            super().hears(alarm, t_s)

    def sees_due(self, planned: Iterable[PlannedCheck], t_s: float) -> None:
        """She decides on each check once."""
        for item in planned:
            is_due = item.state in (CheckState.DUE, CheckState.OVERDUE)
            if not is_due or item.check is CheckKind.PRESSURE or self._has_seen(item):
                continue
            if self._whim.random() >= FORGETS:
                after_s = min(self._soon(CHECK_S), CHECK_LATEST_S)
                self.decides(task_of(item.check), t_s + after_s, item.check.value)

    def _has_seen(self, item: PlannedCheck) -> bool:
        known = (item.check, item.due_at) in self._seen
        self._seen.add((item.check, item.due_at))
        return known

    def _soon(self, median_s: float) -> float:
        return SLOWER * super()._soon(median_s)


class ForgetfulBedside(Bedside):
    """A bedside with a forgetful nurse; `notes` is what she has found and not written up."""

    def __init__(self, person: Person, regimen: Regimen, rules: RuleSet) -> None:
        super().__init__(person, regimen, rules)
        self.whim = Random(f"forgetful {person.seed}")
        self.nurse = ForgetfulNurse(self.random, self.whim)
        self.notes: list[tuple[float, Looked]] = []
        self.tasks |= {
            Task.WRITE_UP: self.write_up,
            Task.PAUSE_INFUSION: self.pause_infusion,
            Task.RESUME_INFUSION: self.resume_infusion,
            Task.STOP_CUFF: self.stop_cuff,
            Task.ALLOW_CUFF: self.allow_cuff,
            Task.MEASURE_BY_HAND: self.measure_by_hand,
            Task.ABORT: self.abort,
            Task.CLOSE: self.close,
        }
        self._decide_the_end()
        if self.whim.random() < STOPS_CUFF:
            self.nurse.decides(Task.STOP_CUFF, self.whim.uniform(60.0, STOPPED_S[1]))

    def _decide_the_end(self) -> None:
        end = self.whim.random()
        if end < ABORTS + CLOSES:
            task = Task.ABORT if end < ABORTS else Task.CLOSE
            self.nurse.decides(task, self.whim.uniform(*ENDS_S))

    # ── what she records ────────────────────────────────────────────────────────────────

    def _record(self, looked: Looked) -> None:
        if not self.notes:
            self.nurse.decides(Task.WRITE_UP, self.t_s + self.whim.uniform(0.0, WRITES_S))
        self.notes.append((self.t_s, looked))

    def write_up(self, _: str) -> None:
        """All that she has noted, at this moment."""
        notes, self.notes = self.notes, []
        for at_s, looked in notes:
            (dated,) = self.whim.choices([*DATED], [*DATED.values()])
            when_s = {AS_IT_WAS: at_s, ROUNDED: at_s - at_s % ROUND_S}.get(dated)
            at = None if when_s is None else START.plus(when_s).wall
            self._ask(replace(looked, at=at))

    def take_alarm(self, id_: str) -> None:
        """She acknowledges it; an overdue score she then may do."""
        super().take_alarm(id_)
        alarm = self.bed.alarm_engine.find(id_)
        if alarm is None or not alarm.is_open or alarm.device not in (*SCORES, CheckKind.RESP):
            return
        if self.whim.random() < SEES_TO_ALARM:
            self.tasks[task_of(CheckKind(alarm.device))](alarm.device)

    # ── what she gives ──────────────────────────────────────────────────────────────────

    def dose(self, what: str) -> None:
        """A score that she forgot is made up for when the dose is refused."""
        is_first = self.session.first_dose_at is None
        if is_first and self.session.last_score("cadss") is None and self.whim.random() < 0.5:
            self._ask(RecordScore("cadss", self.course.total("cadss", self.t_s), None, BY))
        super().dose(what)

    def _give(self, at: datetime | None = None, deviation: Deviation | None = None) -> bool:
        if self.whim.random() < GIVES_AGAINST:
            before_s = self.whim.choice([0.0, self.whim.uniform(0.0, GIVEN_BEFORE_S)])
            at = START.plus(max(0.0, self.t_s - before_s)).wall
            deviation = Deviation("the patient was waiting")
        return super()._give(at, deviation)

    def _await_device(self) -> None:
        if self.whim.random() < LEAVES_INCOMPLETE:
            self._begins()
        else:
            self.nurse.decides(Task.DOSE, self.t_s + self.whim.uniform(*NEXT_DEVICE_S))

    def _give_up(self) -> None:
        if self.session.doses:
            self._begins()
        else:
            super()._give_up()

    def _begins(self) -> None:
        super()._begins()
        minutes = self.regimen.infusion_min
        if minutes is not None and self.whim.random() < PAUSES:
            self.nurse.decides(
                Task.PAUSE_INFUSION, self.t_s + self.whim.uniform(60.0, 60.0 * minutes)
            )

    def pause_infusion(self, _: str) -> None:
        if self._ask(ControlInfusion(InfusionAction.PAUSE, BY)):
            self.nurse.decides(Task.RESUME_INFUSION, self.t_s + self.whim.uniform(*PAUSE_S))

    def resume_infusion(self, _: str) -> None:
        """With a new score or without one, and then against the criteria."""
        if self.whim.random() < 0.5:
            self._ask(RecordScore("moaas", self.course.total("moaas", self.t_s), None, BY))
        if not self._ask(ControlInfusion(InfusionAction.RESUME, BY)):
            why = Deviation("resumed without a score")
            self._ask(ControlInfusion(InfusionAction.RESUME, BY, given=True, deviation=why))

    def end_infusion(self, what: str) -> None:
        """On time, or once more a while later."""
        if what == "" and self.whim.random() < ENDS_LATE:
            self.nurse.decides(Task.END_INFUSION, self.t_s + self.whim.uniform(*LATE_S), "late")
        else:
            super().end_infusion(what)

    # ── the cuff ────────────────────────────────────────────────────────────────────────

    def stop_cuff(self, _: str) -> None:
        if self._ask(InhibitNibp(BY, "a line in that arm")):
            self.nurse.decides(Task.ALLOW_CUFF, self.t_s + self.whim.uniform(*STOPPED_S))
            self.nurse.decides(Task.MEASURE_BY_HAND, self.t_s + self.whim.uniform(*BY_HAND_S))

    def allow_cuff(self, _: str) -> None:
        self._ask(EnableNibp(BY))

    def measure_by_hand(self, _: str) -> None:
        """For as long as the cuff is stopped, now and then."""
        if self.bed.state.inhibited is None:
            return
        seen = {each.vital: each.value for each in self.course.pressure(self.t_s).readings}
        sys, dia = seen[Vital.SYS], seen[Vital.DIA]
        assert sys is not None
        assert dia is not None
        self._record(commands.RecordPressure(sys, dia, BY))
        self.nurse.decides(Task.MEASURE_BY_HAND, self.t_s + self.whim.uniform(*BY_HAND_S))

    # ── how it ends ─────────────────────────────────────────────────────────────────────

    def abort(self, _: str) -> None:
        self._abort("the patient did not want to stay", AbortOutcome.WITHDREW)

    def close(self, _: str) -> None:
        """As if all were well, and then against the criteria."""
        if not self._ask(Close(BY, escort=True, suicidality="none")):
            self._close_against("the patient did not want to stay")

    def _leave(self, unmet: list[Criterion], of_patient: list[Criterion]) -> None:
        if self.minute >= LATEST_MIN:
            self._close_against("as far as it gets")
        if self.whim.random() >= LOOKS:
            return
        if self.minute >= ESCORT_MIN and not self.session.escort:
            self._ask(ConfirmEscort(BY))
        if self.minute >= TRIES_MIN:
            self.nurse.sees_unmet(unmet, self.t_s)
            if unmet and self.whim.random() < CLEARS:
                self._clear(of_patient or unmet)
            self.write_up("")
            self._ask(Close(BY, escort=True, suicidality="none"))

    def _clear(self, unmet: list[Criterion]) -> None:
        """A clinician clears each, as far as that can be cleared."""
        for criterion in unmet:
            why, items = "as usual for this patient", (criterion.name,)
            self._ask(RecordClearance(ClearanceScope.LEAVING, "clinician", why, BY, items))
