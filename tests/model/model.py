"""A bed by the specification: what was put in is kept, and everything is asked of that.

Nothing of the product is imported. Times are seconds since the scenario began. `look` is what
the passing of time, or something new, makes of it all.
"""

import math
from copy import deepcopy
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from tests.model.tables import (
    AGAIN_S,
    ANSWER_S,
    CADSS_SERVES_S,
    CALL_S,
    CHECKS,
    CLEAR,
    CONFIRM_WITHIN_S,
    COUNTED_AGAIN_S,
    CUFF,
    CUFF_PULSE_S,
    EXPLAIN_SILENCE,
    FLAGS,
    FRESH_S,
    GOES_ON_S,
    LATE_MOST_S,
    LEAST_AGE_S,
    LEAVING_EARLY_S,
    LEAVING_FRESH_S,
    LEVELS,
    LONGEST_GAP_S,
    MET,
    MOST_AGE_S,
    NEW_PRESSURE_S,
    NEWS2,
    NEXT_DEVICE_S,
    OBSERVED_S,
    OWN_SIGNS,
    OXIMETER,
    PLANS,
    RENEWED_S,
    RULES,
    SILENT_S,
    STANDS_S,
    STILL_S,
    STREAM_S,
    SYMPTOMS,
    TAKES,
    TECHNICAL,
    TEST_S,
    TOLERANCE_S,
    UNDONE_S,
    UNSEEN,
    WINDOW_S,
    Row,
    Seen,
    Technical,
)

Key = tuple[str, str | None]
Look = tuple[float, float, str]
"""When it was looked, when the newest of what was seen was taken, and what that said."""

TEST_ALARM = ("tech.alarm-path-test", None)
RANK = {"low": 1, "medium": 2, "high": 3}
BY_HAND = "by-hand"


@dataclass
class Alarm:
    """An alarm in its present state, and when that began."""

    priority: str
    raised_at: float
    session: str | None
    latching: bool
    advisory: bool
    state: str = "active"
    count: int = 1
    taken_by: str | None = None
    taken_at: float | None = None
    unverified_since: float | None = None
    ended_at: float | None = None
    over_at: float | None = None
    escalation_level: int = 1
    escalated: bool = False
    notified_at: float = 0
    onset_at: float = 0
    last: dict[str, float] = field(default_factory=dict)
    covered: dict[str, float] = field(default_factory=dict)
    taken_with: str | None = None

    def call_afresh(self, now: float) -> None:
        self.taken_by = self.taken_at = self.taken_with = None
        self.escalation_level, self.escalated, self.notified_at = 1, False, now


Moment = tuple[float, int]
"""A minute of the clock, and a line of the log: what is of one minute is in the log's order."""


@dataclass(frozen=True)
class Clearance:
    """What a clinician let pass, and how things stood then."""

    scope: str
    items: frozenset[str]
    at: float
    moment: Moment
    seen: dict[str, float]
    alarms: frozenset[tuple[Key, float]]


@dataclass
class Visit:
    """A session: every record in it, by the name of the record, and all of them in the `log`.

    It began `second` seconds into a minute.
    """

    id: str
    regimen: str
    started_at: float
    second: float = 0
    log: list[str] = field(default_factory=list)
    nurse: str | None = "n"
    phase: str = "baseline"
    doses: dict[str, tuple[float, float]] = field(default_factory=dict)
    started: float | None = None
    paused: list[tuple[float, float | None]] = field(default_factory=list)
    ended: float | None = None
    pressures: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    scores: dict[str, tuple[float, str, int]] = field(default_factory=dict)
    symptoms: dict[str, tuple[float, str, int]] = field(default_factory=dict)
    observations: dict[str, tuple[float, dict[str, float]]] = field(default_factory=dict)
    points: dict[str, int] = field(default_factory=dict)
    clearances: list[Clearance] = field(default_factory=list)
    is_prepared: bool = False
    prepared_at: float = float("-inf")
    age: int = 44
    scored_at: float = 0
    held: dict[str, float] = field(default_factory=dict)
    escort: bool = False
    outcome: str | None = None
    lacks: set[str] = field(default_factory=set)
    has_left: bool = False
    stops: set[str] = field(default_factory=set)
    graves: list[tuple[float, Moment]] = field(default_factory=list)
    ready_since: float | None = None
    testing_since: float | None = None

    @property
    def first_dose(self) -> float | None:
        times = [at for at, _ in self.doses.values()]
        return min([*times, *([] if self.started is None else [self.started])], default=None)

    @property
    def last_dose(self) -> float | None:
        if self.started is not None and self.ended is None:
            return None
        times = [at for at, _ in self.doses.values()]
        return max([*times, *([] if self.ended is None else [self.ended])], default=None)

    @property
    def is_over(self) -> bool:
        return self.has_left

    def in_order(self, of: str) -> list[Any]:
        """Every record of a kind by its time; those of one time as they were written."""
        return sorted(getattr(self, of).values(), key=lambda record: record[0])

    def write(self, name: str) -> None:
        """The next line of the log, unless that took the place of another line."""
        if name not in self.log:
            self.log.append(name)

    def correct(self, name: str, by: str) -> None:
        self.log[self.log.index(name)] = by

    def withdraw(self, name: str) -> None:
        """What was told of a serious event is remembered, whatever becomes of the record."""
        at, is_grave = 0.0, False
        if name in self.symptoms:
            at, what, grade = self.symptoms[name]
            is_grave = what in SERIOUS and grade > 0
        elif name in self.scores:
            at, scale, total = self.scores[name]
            is_grave = scale == "moaas" and total <= 1
        elif name in self.observations:
            at, seen = self.observations[name]
            is_grave = seen.get("as-moaas", 5) <= 1
        if is_grave:
            self.graves.append((at, self.moment(name, at)))

    def moment(self, name: str, at: float) -> Moment:
        return (at + self.second) // 60, self.log.index(name)

    def given(self) -> list[tuple[float, Moment]]:
        """Every administration: when, and where in the log."""
        times = [(name, at) for name, (at, _) in self.doses.items()]
        if self.started is not None:
            times.append(("start", self.started))
            resumed = [to for _, to in self.paused if to is not None and to != self.ended]
            times += [(f"resume {n}", to) for n, to in enumerate(resumed, start=1)]
        given = [(at, self.moment(name, at)) for name, at in times]
        return sorted(given, key=lambda one: one[1])

    def is_stopped(self) -> bool:
        """Whether no dose was written after a stop of dosing."""
        doses = [line for line, name in enumerate(self.log) if name in self.doses]
        return any(self.log.index(stop) > max(doses, default=-1) for stop in self.stops)

    def first_moment(self) -> Moment | None:
        if self.started is not None:
            return self.moment("start", self.started)
        return self.given()[0][1] if self.doses else None

    def parted(self, of: str) -> tuple[list[Any], list[Any]]:
        """Every record of a kind, in order: of before the first dose, and of after it."""
        before: list[Any] = []
        after: list[Any] = []
        first = self.first_moment()
        if first is None:
            return before, after
        for name, record in sorted(getattr(self, of).items(), key=lambda item: item[1][0]):
            (before if self.moment(name, record[0]) < first else after).append(record)
        return before, after

    def since_last_dose(self, of: str) -> list[Any]:
        """Every record of a kind, in order, of after the last dose, start or resumption."""
        given = [moment for _, moment in self.given()]
        if self.started is not None:
            doses = {self.moment(name, at) for name, (at, _) in self.doses.items()}
            given = [moment for moment in given if moment not in doses]
        if not given:
            return []
        kept = sorted(getattr(self, of).items(), key=lambda item: item[1][0])
        return [each for name, each in kept if self.moment(name, each[0]) >= max(given)]

    def baseline(self) -> dict[str, float]:
        """What was the last before the dose, of what was written before anything was given."""
        found: dict[str, float] = {}
        line = min((line for _, (_, line) in self.given()), default=0)
        late = [self.pressures.get(name) or self.scores.get(name) for name in self.log[line:]]
        for pressure in self.parted("pressures")[0]:
            if not any(pressure is other for other in late):
                found |= {"sys": pressure[1], "dia": pressure[2]}
        for score in self.parted("scores")[0]:
            if not any(score is other for other in late):
                found[score[1]] = score[2]
        return found


@dataclass(frozen=True)
class Ending:
    """A close, an abort or a leaving: when, and how things stood just before."""

    at: float
    visit: Visit
    alarms: dict[Key, Alarm]
    cuff_pulse: dict[str, tuple[float, float]]
    stopped: bool
    left_at: float


ENDED: tuple[str, ...] = ("phase", "escort", "outcome", "lacks", "has_left")


class Model:
    """One bed with an oximeter and a cuff; `least_s` as the bed's."""

    def __init__(self, least_s: float) -> None:
        self.least_s = least_s
        self.visit: Visit | None = None
        self.ending: Ending | None = None
        self.alarms: dict[Key, Alarm] = {}
        self.looks: dict[Key, list[Look]] = {}
        self.spo2: list[tuple[float, float]] = []
        self.pulse: list[tuple[float, float]] = []
        self.cuff_pulse: dict[str, tuple[float, float]] = {}
        self.flags: set[str] | None = None
        self.link = dict.fromkeys((OXIMETER, CUFF), "connecting")
        self.up_since: dict[str, float] = {}
        self.heard_at: dict[str, float] = {}
        self.lost: dict[str, float | None] = {OXIMETER: None, CUFF: None}
        self.silent: set[str] = set()
        self.site: set[str] = set()
        self.left_at = float("-inf")
        self.asked_at: float | None = None
        self.failures = 0
        self.stopped = False
        self.failed_now = False
        self.planned: list[tuple[str, float, str]] = []
        self.is_new_pressure = False
        self.needs_no_second = (False, float("inf"))
        self.when_met: dict[str, dict[str, float]] = {}
        self.values: dict[str, dict[str, float]] = {}

    # ── what is put in ──────────────────────────────────────────────────────────────────

    def hear(self, device: str, now: float) -> None:
        self.heard_at[device] = now
        self.lost.pop(device, None)
        self.silent.discard(device)

    def oximeter(
        self, spo2: float | None, pulse: float | None, flags: set[str], now: float
    ) -> None:
        self.hear(OXIMETER, now)
        self.flags = flags
        if spo2 is not None:
            self.spo2.append((now, spo2))
        if pulse is not None:
            self.pulse.append((now, pulse))
        if self.visit is not None and not self.visit.is_over:
            given = {name for name, it in (("spo2", spo2), ("pulse", pulse)) if it is not None}
            if given & self.visit.held.keys() and now - self.visit.scored_at >= RENEWED_S:
                self.score_news2(now)

    def cuff_says(self, now: float) -> None:
        self.hear(CUFF, now)

    def cuff_measures(self, record: str, sys: float, dia: float, pulse: float, now: float) -> None:
        self.hear(CUFF, now)
        self.cuff_pulse[record] = now, pulse
        self.asked_at, self.failures = None, 0
        self.pressure(record, sys, dia, now, now)

    def cuff_fails(self) -> None:
        """A failure may be said in the device's absence, and tells nothing of its presence."""
        self.asked_at = None
        if not self.stopped:
            self.failures += 1
        self.failed_now = self.failures > 1

    def pressure(self, record: str, sys: float, dia: float, at: float, now: float) -> None:
        if self.visit is not None and not self.visit.is_over:
            self.visit.pressures[record] = (at, sys, dia)
            self.visit.write(record)
            self.is_new_pressure |= self.visit.in_order("pressures")[-1] == (at, sys, dia)
            self.score_news2(now)

    def link_changes(self, device: str, state: str, now: float) -> None:
        if state == "up":
            self.up_since[device] = now
        else:
            self.listen(device, now)
            if device in self.silent:
                self.lost.pop(device, None)
            elif self.lost.get(device) is None:
                self.lost[device] = now
        if device in self.lost and self.lost[device] is None:
            self.lost[device] = now
        self.link[device] = state

    def asked(self, now: float) -> None:
        self._miss_answer(now)
        self.asked_at = now

    def _miss_answer(self, now: float) -> None:
        if self.asked_at is not None and now - self.asked_at > ANSWER_S:
            self.cuff_fails()

    def start(self, session: str, regimen: str, now: float) -> None:
        self.visit = Visit(session, regimen, now)
        self.ending = None

    def score(self, record: str, scale: str, total: int, at: float, now: float) -> None:
        assert self.visit is not None
        self.visit.scores[record] = (at, scale, total)
        self.visit.write(record)
        self.score_news2(now)

    def observe(self, record: str, seen: dict[str, float], at: float, now: float) -> None:
        assert self.visit is not None
        self.visit.observations[record] = (at, seen)
        self.visit.write(record)
        self.score_news2(now)

    def retract(self, record: str, now: float) -> None:
        assert self.visit is not None
        self.visit.withdraw(record)
        for kept in ("doses", "pressures", "scores", "symptoms", "observations"):
            getattr(self.visit, kept).pop(record, None)
        self.cuff_pulse.pop(record, None)
        if record in self.visit.stops:
            self.visit.stops.remove(record)
            self.dosed()
        if self.visit.first_dose is None and self.visit.phase != "aborted":
            self.visit.phase = "baseline"
        self.score_news2(now)

    def dosed(self) -> None:
        assert self.visit is not None
        if self.visit.phase != "aborted":
            self.visit.phase = "dosing"

    def correct(self, age: int, regimen: str | None, now: float) -> None:
        """Of the same product; one that plans more lets dosing go on, if it still can."""
        visit = self.visit
        assert visit is not None
        visit.age = age
        if regimen in (None, visit.regimen):
            return
        visit.regimen = regimen
        visit.prepared_at = now
        given, planned = sum(mg for _, mg in visit.doses.values()), PLANS[regimen].planned_mg
        last = visit.last_dose
        is_more = planned is not None and given < planned
        is_late = last is not None and now - last > NEXT_DEVICE_S
        if visit.phase in ("observing", "ready") and is_more and not is_late:
            visit.phase = "dosing"

    def abort(self, outcome: str | None, said: set[str], now: float) -> None:
        """Aborted with an outcome, and what else was said; or what an abort lacks is completed."""
        visit = self.visit
        if visit is None or visit.phase == "closed":
            return
        if visit.phase == "aborted":
            is_asked = visit.lacks or not visit.has_left
            if is_asked and (outcome is None or visit.outcome in (None, outcome)):
                visit.lacks -= said
                visit.outcome = visit.outcome or outcome
            return
        is_grave = bool(self._grave())
        wanted = {"reason"}
        if is_grave or visit.first_dose is not None:
            wanted |= {"outcome", "clinician"}
        if outcome == "transferred":
            wanted.add("destination")
        elif wanted - said:
            return
        self._ends(now)
        visit.outcome, visit.lacks, visit.phase = outcome, wanted - said, "aborted"
        if not is_grave:
            self._leave("aborted", now)

    def left(self, destination: bool, now: float) -> None:
        if self.visit is None or self.visit.phase != "aborted" or self.visit.has_left:
            return
        self._ends(now)
        self.visit.lacks -= {"destination"} if destination else set()
        self._leave("aborted", now)

    def close(self, now: float) -> None:
        self._ends(now)
        self._leave("closed", now)

    def _ends(self, now: float) -> None:
        assert self.visit is not None
        own = (self.visit, self.alarms, self.cuff_pulse)
        self.ending = Ending(now, *deepcopy(own), self.stopped, self.left_at)

    def reopen(self, now: float) -> None:
        """The last end within a minute is as if it had not been; what was to last lasts anew."""
        visit, ending = self.visit, self.ending
        if visit is None or ending is None or now - ending.at > UNDONE_S:
            return
        self.ending = None
        was_over = visit.is_over
        for name in ENDED:
            setattr(visit, name, getattr(ending.visit, name))
        if not was_over:
            return
        visit.nurse = ending.visit.nurse
        self.cuff_pulse, self.stopped = ending.cuff_pulse, ending.stopped
        self.left_at = ending.left_at
        for key in ending.alarms:
            if not self._always(key):
                self.alarms[key] = ending.alarms[key]

    def prove(self, now: float) -> None:
        """A test alarm is raised, unless a graver one waits to be taken."""
        visit = self.visit
        waits = [a for a in self.alarms.values() if a.state != "ended" and a.taken_by is None]
        if visit is None or visit.is_over or any(RANK[a.priority] > 1 for a in waits):
            return
        if visit.testing_since is None:
            visit.testing_since = now

    def _leave(self, phase: str, now: float) -> None:
        assert self.visit is not None
        self.visit.phase = phase
        self.visit.has_left = True
        self.left_at = now
        self.cuff_pulse.clear()
        self.stopped = False
        for key, alarm in self.alarms.items():
            if not self._always(key) and alarm.state != "ended":
                alarm.state, alarm.ended_at, alarm.unverified_since = "ended", now, None
        for key in self.looks:
            if not self._always(key):
                self.looks[key] = []

    def acknowledge(self, key: Key, by: str, now: float) -> None:
        alarm = self.alarms[key]
        if alarm.state == "ended" or (alarm.taken_by is not None and alarm.state == "active"):
            return
        alarm.taken_by, alarm.taken_at = by, now
        for rule in TAKES.get(key[0], ()):
            less = self.alarms.get((rule, None))
            if less is not None and less.state == "active" and less.taken_by is None:
                less.taken_by, less.taken_at, less.taken_with = by, now, key[0]
        if alarm.state == "latched":
            alarm.state, alarm.ended_at = "ended", now
        if key == TEST_ALARM and self.visit is not None:
            self.visit.testing_since = None

    def undo(self, key: Key, now: float) -> None:
        alarm = self.alarms[key]
        assert alarm.state != "ended", "what has ended cannot be undone"
        alarm.call_afresh(now)
        for less in self.alarms.values():
            if less.taken_with == key[0] and less.state == "active":
                less.call_afresh(now)

    # ── what is seen ────────────────────────────────────────────────────────────────────

    def spo2_now(self, now: float) -> float | None:
        if not self.spo2 or now - self.spo2[-1][0] > max(STREAM_S, self.least_s):
            return None
        return self.spo2[-1][1]

    def _pulse(self, now: float) -> tuple[float, float] | None:
        if self.pulse and now - self.pulse[-1][0] <= max(STREAM_S, self.least_s):
            return self.pulse[-1]
        since = self.pulse[-1][0] if self.pulse else float("-inf")
        at, pulse = max(self.cuff_pulse.values(), default=(float("-inf"), 0.0))
        is_fresh = now - at <= max(CUFF_PULSE_S, self.least_s)
        return (at, pulse) if is_fresh and at >= since else None

    def _pressure_now(self, now: float) -> tuple[float, float, float] | None:
        """The last one of this session, if it is recent enough to say anything."""
        if self.visit is None or self.visit.is_over or not self.visit.pressures:
            return None
        last: tuple[float, float, float] = self.visit.in_order("pressures")[-1]
        age = max(self._pressure_age(last[0]), self.least_s)
        if self.is_new_pressure:
            age = max(age, NEW_PRESSURE_S)
        return last if now - last[0] <= age else None

    def _pressure_age(self, taken: float) -> float:
        """One and a half times the longer of the gap after it and the gap in force."""
        active = {
            alarm.priority
            for (rule, _), alarm in self.alarms.items()
            if rule.startswith("pressure.") and alarm.state == "active"
        }
        often = 900 if active == {"low"} else 300 if active else MOST_AGE_S
        due = sorted({at for kind, at, _ in self.planned if kind == "pressure"})
        ends = [*due[1:], float("inf")]
        gaps = [
            min(end - at, GOES_ON_S, often) if end != float("inf") else min(GOES_ON_S, often)
            for at, end in zip(due, ends, strict=True)
        ]
        after = [(end - 300, gap) for end, gap in zip(ends, gaps, strict=True) if end - 300 > taken]
        for until, gap in after:
            age = min(max(1.5 * max(after[0][1], gap), LEAST_AGE_S), MOST_AGE_S)
            if taken + age <= until:
                return age
        return MOST_AGE_S

    def seen(self, now: float) -> tuple[Seen, dict[str, float]]:
        """What can be judged, and when it was taken."""
        seen: Seen = {}
        taken: dict[str, float] = {}
        if (spo2 := self.spo2_now(now)) is not None:
            at = self.spo2[-1][0]
            seen["spo2"], taken["spo2"] = spo2, at
            seen["spo2-fall"] = max(v for t, v in reversed(self.spo2[-80:]) if t >= at - 60) - spo2
        if (pulse := self._pulse(now)) is not None:
            taken["pulse"], seen["pulse"] = pulse
        visit = self.visit
        if visit is None or visit.is_over:
            return seen, taken
        if (pressure := self._pressure_now(now)) is not None:
            at, seen["sys"], seen["dia"] = pressure
            taken["sys"] = taken["dia"] = at
        seen |= dict.fromkeys(SYMPTOMS, 0)
        for _, name, grade in visit.in_order("symptoms"):
            seen[f"symptom.{name}"] = grade
        for _, scale, total in visit.in_order("scores"):
            seen[scale] = total
        if (consciousness := self._consciousness()) is not None:
            seen["consciousness"] = consciousness
        for _, observed in visit.in_order("observations"):
            seen |= {name: observed[name] for name in ("resp",) if name in observed}
        if visit.points:
            seen["news2"] = sum(visit.points.values())
            seen["news2-single"] = max(visit.points.values())
        for name, was in visit.baseline().items():
            if name in seen:
                seen[f"{name}-rise"] = seen[name] - was
        return seen, taken

    def _consciousness(self) -> float | None:
        """As MOAA/S, by whatever record: the worst of the last minutes before the latest."""
        said = self._wakefulness()
        latest = max((at for at, _ in said), default=0)
        return min((value for at, value in said if at >= latest - STANDS_S), default=None)

    def _wakefulness(self) -> list[tuple[float, int]]:
        """All that was said of it, as MOAA/S, and when."""
        visit = self.visit
        assert visit is not None
        said = [(at, total) for at, scale, total in visit.in_order("scores") if scale == "moaas"]
        return said + self._told_otherwise()

    def _told_otherwise(self) -> list[tuple[float, int]]:
        """What was said of it but by MOAA/S."""
        visit = self.visit
        assert visit is not None
        said: list[tuple[float, int]] = []
        for at, observed in visit.in_order("observations"):
            if "as-moaas" in observed:
                said.append((at, int(observed["as-moaas"])))
        for at, name, grade in visit.in_order("symptoms"):
            if name == "loss-of-consciousness" and grade > 0:
                said.append((at, 0))
        return said

    def _is_told(self) -> bool:
        """Whether every sign with the most points is consciousness, or had its own alarm."""
        assert self.visit is not None
        points = self.visit.points
        signs = [sign for sign, own in points.items() if own == max(points.values())]
        return all(
            sign == "alert"
            or any(
                alarm.ended_at is None or alarm.ended_at >= self.visit.scored_at
                for rule in OWN_SIGNS.get(sign, ())
                if (alarm := self.alarms.get((rule, None))) is not None
            )
            for sign in signs
        )

    def score_news2(self, now: float) -> None:
        """The points of what is present; what is missing keeps those of its latest record."""
        visit = self.visit
        assert visit is not None
        known: dict[str, float] = {}
        observed = visit.in_order("observations")
        for _, seen in observed:
            known |= {k: v for k, v in seen.items() if k in NEWS2 and k != "alert"}
        said = self._said_of_alertness()
        if said:
            latest = max(said)[0]
            known["alert"] = all(alert for at, alert in said if at >= latest - STANDS_S)
        for _, sys, _ in visit.in_order("pressures"):
            known["sys"] = sys
        if (spo2 := self.spo2_now(now)) is not None:
            known["spo2"] = spo2
        if (pulse := self._pulse(now)) is not None:
            known["pulse"] = pulse[1]
        of_devices = {n: p for n, p in visit.points.items() if n in ("spo2", "pulse")}
        visit.scored_at = now
        visit.points = of_devices | {name: NEWS2[name](value) for name, value in known.items()}
        if self.is_new_pressure and self._pressure_now(now) is not None:
            visit.held.pop("sys", None)

    def _said_of_alertness(self) -> list[tuple[float, bool]]:
        """All that says whether the patient was alert, confusion too, and when."""
        assert self.visit is not None
        said = [
            (at, bool(seen["alert"]))
            for at, seen in self.visit.in_order("observations")
            if "alert" in seen
        ]
        return said + [(at, value >= 4) for at, value in self._wakefulness()]

    def outdate_news2(self, now: float) -> None:
        """What a score is made of is held from when it is no longer current; no points change.

        What it was scored of is judged by the plan that there is with the record.
        """
        visit = self.visit
        if visit is None or visit.is_over:
            return
        outdated = visit.points.keys() - self._current_parameters(now)
        if visit.scored_at == now:
            visit.held = {name: since for name, since in visit.held.items() if name in outdated}
        for name in outdated:
            visit.held.setdefault(name, now)

    def _current_parameters(self, now: float) -> set[str]:
        visit = self.visit
        assert visit is not None
        current = {
            name
            for at, seen in visit.in_order("observations")
            if now - at <= OBSERVED_S
            for name in seen.keys() & NEWS2.keys()
        }
        said = self._said_of_alertness()
        current -= {"alert"}
        if said and now - max(said)[0] <= OBSERVED_S:
            current.add("alert")
        if self.spo2_now(now) is not None:
            current.add("spo2")
        if self._pulse(now) is not None:
            current.add("pulse")
        if self._pressure_now(now) is not None:
            current.add("sys")
        return current

    # ── what troubles the bed ───────────────────────────────────────────────────────────

    def listen(self, device: str, now: float) -> None:
        """Silent is what is connected and says nothing."""
        if self.link[device] == "up":
            since = max(self.up_since[device], self.heard_at.get(device, float("-inf")))
            if now - since >= max(SILENT_S[device], self.least_s):
                self.silent.add(device)
                self.lost.pop(device, None)

    def troubles(self, now: float) -> dict[Key, str]:
        """What is said of each trouble; one that is not named is not there."""
        said = self._troubles_of_devices(now)
        if self.visit is not None and not self.visit.is_over:
            promise = max(STREAM_S, self.least_s)
            missing = any(not v or now - v[-1][0] > promise for v in (self.spo2, self.pulse))
            explained = (self.flags or set()) & EXPLAIN_SILENCE
            if missing and not explained and self._is_heard(OXIMETER):
                said["signal-missing", OXIMETER] = MET
            if self.visit.nurse is None:
                said["nobody-watching", None] = MET
            said |= {(trouble, None): MET for trouble in self._late_infusion(now)}
            since = self.visit.started_at if self.visit.first_dose is None else float("-inf")
            late = {k for k, due, state in self.planned if state == "overdue" and due > since}
            said |= {("check-overdue", kind): MET for kind in late}
            if self.visit.testing_since is not None:
                said["alarm-path-test", None] = MET
        if self.stopped:
            said["nibp-inhibited", None] = MET
        return said | {(trouble, None): MET for trouble in self.site}

    def _late_infusion(self, now: float) -> list[str]:
        """Ten minutes are tolerated over the plan, and in a pause."""
        visit = self.visit
        assert visit is not None
        if visit.started is None or visit.ended is not None:
            return []
        pauses = [(begun, now if to is None else to) for begun, to in visit.paused]
        ran = now - visit.started - sum(to - begun for begun, to in pauses)
        planned = PLANS[visit.regimen].infusion_min or 0
        late = ["infusion-overrun"] if ran >= 60 * (planned + 10) else []
        if self._is_paused() and now - visit.paused[-1][0] >= 600:
            late.append("infusion-paused")
        return late

    def _is_heard(self, device: str) -> bool:
        return device not in self.silent and device not in self.lost

    def _troubles_of_devices(self, now: float) -> dict[Key, str]:
        """A device that is not heard says nothing of its other troubles."""
        said: dict[Key, str] = {}
        for device, own in ((OXIMETER, (*FLAGS, "signal-missing")), (CUFF, ("cuff-failed",))):
            if device in self.silent:
                said["device-silent", device] = MET
            elif device in self.lost:
                since = self.lost[device]
                if now - (now if since is None else since) >= self.least_s:
                    said["link-lost", device] = MET
            if not self._is_heard(device):
                said |= {(name, device): UNSEEN for name in own}
        if self._is_heard(OXIMETER):
            if self.flags is None:
                said |= {(name, OXIMETER): UNSEEN for name in FLAGS}
            said |= {(name, OXIMETER): MET for name in self.flags or ()}
        is_away = ("device-silent", CUFF) in said or ("link-lost", CUFF) in said
        if self.failures > 1 and not is_away:
            said["cuff-failed", CUFF] = MET
        return said

    # ── what becomes of it ──────────────────────────────────────────────────────────────

    def look(self, now: float) -> None:
        for device in (OXIMETER, CUFF):
            self.listen(device, now)
        self._miss_answer(now)
        tested = None if self.visit is None else self.visit.testing_since
        if self.visit is not None and tested is not None and now - tested >= TEST_S:
            self.visit.testing_since = None
        self.planned = [] if self.visit is None else self.schedule(now)
        in_session = self.visit is not None and not self.visit.is_over
        seen, _ = self.seen(now)
        if in_session:
            self._judge(now)
            if "sys" in seen and self._pressure_now(now) is None:
                self._judge(now)  # an alarm has made pressures old sooner
        troubles = self.troubles(now)
        for rule, technical in TECHNICAL.items():
            if in_session or technical.always:
                for place in technical.at:
                    word = troubles.get((technical.trouble, place), CLEAR)
                    self._follow((rule, place), now, word, now)
        self.failed_now = self.is_new_pressure = False
        if in_session:
            self._hold_against_acknowledgements(seen, now)
        self._worsen(now)
        self._call_further(now)

    def _judge(self, now: float) -> None:
        assert self.visit is not None
        seen, taken = self.seen(now)
        last = self.visit.last_dose
        self.needs_no_second = self._is_typed(), seen.get("sys", float("inf"))
        for rule, row in RULES.items():
            early = row.from_min and (last is None or now - last < 60 * row.from_min)
            seen["told"] = self._is_told()
            word = UNSEEN if early else row.judge(seen)
            if word == MET:
                self.when_met[rule] = {name: seen[name] for name in row.worse if name in seen}
            own = {name: seen[name] for name in row.worse if name in seen}
            self.values[rule] = {**self.when_met.get(rule, {}), **own}
            at = max((taken[name] for name in row.looks_at if name in taken), default=0.0)
            self._follow((rule, None), at, word, now)

    def _always(self, key: Key) -> bool:
        return key[0] in TECHNICAL and TECHNICAL[key[0]].always

    def _follow(self, key: Key, taken: float, word: str, now: float) -> None:
        """Put what was seen to what was seen before, and raise or end the alarm."""
        looks = self.looks.setdefault(key, [])
        alarm = self.alarms.get(key)
        if alarm is not None and alarm.state == "active":
            if word == UNSEEN and alarm.unverified_since is None:
                alarm.unverified_since = now
            if word != UNSEEN:
                alarm.unverified_since = None
            if word != CLEAR:
                looks.clear()
                return
            looks.append((now, taken, word))
            clear_for_s = self._row(key).clear_for_s
            if taken - looks[0][1] >= clear_for_s:
                looks.clear()
                self._condition_ends(alarm, now)
            return
        if word in (CLEAR, "near"):
            looks.clear()
            return
        if word == MET or looks:
            looks.append((now, taken, word))
        if looks and self._is_time(key, looks, now):
            looks.clear()
            self._raise(key, now)
            self._take_with_a_graver_one(key, now)
            if word == UNSEEN:
                self.alarms[key].unverified_since = now

    def _is_typed(self) -> bool:
        """Whether the pressure that counts was typed by a person."""
        assert self.visit is not None
        if self.visit.is_over or not self.visit.pressures:
            return False
        by_time = sorted(self.visit.pressures.items(), key=lambda record: record[1][0])
        return by_time[-1][0] not in self.cuff_pulse

    def _is_time(self, key: Key, looks: list[Look], now: float) -> bool:
        first_at, first_taken, _ = looks[0]
        is_typed, sys = self.needs_no_second
        row = RULES.get(key[0])
        is_met = row is not None and row.confirmed and looks[-1][2] == MET
        if row is not None and is_met and (is_typed or sys < row.at_once_under):
            return True
        if key[0] in RULES and RULES[key[0]].confirmed:
            second = any(word == MET and taken > first_taken for _, taken, word in looks)
            return second or self.failed_now or now - first_at >= CONFIRM_WITHIN_S
        return now - first_at >= self._row(key).for_s

    def _row(self, key: Key) -> Row | Technical:
        return RULES.get(key[0]) or TECHNICAL[key[0]]

    def _condition_ends(self, alarm: Alarm, now: float) -> None:
        alarm.unverified_since = None
        alarm.over_at = now
        if alarm.latching:
            alarm.state = "latched"
        else:
            alarm.state, alarm.ended_at = "ended", now

    def _raise(self, key: Key, now: float) -> None:
        row = self._row(key)
        session = None if self.visit is None or self.visit.is_over else self.visit.id
        last = self.alarms.get(key)
        values = self.values.get(key[0], {})
        is_same = last is not None and (
            last.state == "latched"
            or (
                last.session == session
                and last.ended_at is not None
                and now - last.ended_at <= AGAIN_S
            )
        )
        if last is None or not is_same:
            self.alarms[key] = Alarm(
                row.priority,
                now,
                session,
                latching=isinstance(row, Row) and row.latching,
                advisory=isinstance(row, Row) and row.advisory,
                notified_at=now,
                onset_at=now,
                last=values,
                covered=values,
            )
            return
        is_more_urgent = RANK[row.priority] > RANK[last.priority]
        if last.state == "ended" or is_more_urgent:
            last.priority = row.priority
        last.last = values
        if last.taken_by is None:
            last.covered = _worst(key[0], values, last.covered)
        elif (
            is_more_urgent
            or now - (last.ended_at or last.over_at or now) > AGAIN_S
            or _is_worse(key[0], values, last.covered)
        ):
            last.call_afresh(now)
            last.covered = values
        last.state, last.ended_at, last.onset_at = "active", None, now
        last.over_at = None
        last.count += 1

    def _take_with_a_graver_one(self, key: Key, now: float) -> None:
        """Who has the graver alarm has this one too: the values are of both, and no worse."""
        alarm = self.alarms[key]
        seen = self.seen(now)[0] | {"told": False}
        for graver, less_grave in TAKES.items():
            held = self.alarms.get((graver, None))
            if key[0] not in less_grave or held is None or alarm.taken_by is not None:
                continue
            is_had = held.state == "active" and held.taken_by is not None
            is_worse = _is_worse(graver, self.values.get(key[0], {}), held.covered)
            if is_had and RULES[graver].judge(seen) == MET and not is_worse:
                alarm.taken_by, alarm.taken_at = held.taken_by, held.taken_at
                alarm.taken_with = graver

    def _hold_against_acknowledgements(self, seen: Seen, now: float) -> None:
        """What is worse than a person took calls again, and what nobody took grows worse."""
        for rule, row in RULES.items():
            alarm = self.alarms.get((rule, None))
            if alarm is None or alarm.state != "active":
                continue
            alarm.last = alarm.last | {name: seen[name] for name in row.worse if name in seen}
            if alarm.taken_by is None:
                alarm.covered = _worst(rule, alarm.last, alarm.covered)
            elif _is_worse(rule, alarm.last, alarm.covered):
                alarm.call_afresh(now)
                alarm.covered = alarm.last

    def _worsen(self, now: float) -> None:
        """What is required and has been gone for long is of medium priority."""
        if self.visit is None or self.visit.is_over:
            return
        for (rule, _), alarm in self.alarms.items():
            after_s = TECHNICAL[rule].worse_after_s if rule in TECHNICAL else None
            if after_s is None or alarm.state != "active" or alarm.priority != "low":
                continue
            if now - alarm.onset_at >= after_s:
                alarm.priority, alarm.notified_at = "medium", now
                if alarm.taken_by is not None:
                    alarm.call_afresh(now)

    def _call_further(self, now: float) -> None:
        for alarm in self.alarms.values():
            if alarm.state == "ended" or alarm.advisory:
                continue
            if alarm.taken_at is not None:
                still_s = STILL_S.get(alarm.priority, float("inf"))
                if alarm.state == "active" and now - alarm.taken_at >= still_s:
                    alarm.call_afresh(now)
                    alarm.covered = alarm.last
                continue
            if now - alarm.notified_at >= CALL_S.get(alarm.priority, float("inf")):
                alarm.escalation_level = min(alarm.escalation_level + 1, LEVELS)
                alarm.escalated, alarm.notified_at = True, now

    # ── what is due ─────────────────────────────────────────────────────────────────────

    def window_ends(self) -> float | None:
        """By the plan while an infusion runs; pauses put that off."""
        visit = self.visit
        assert visit is not None
        if (dosed := visit.last_dose) is not None:
            return dosed + WINDOW_S
        if visit.started is None:
            return None
        planned = PLANS[visit.regimen].infusion_min or 0
        paused = sum(to - begun for begun, to in visit.paused if to is not None)
        return visit.started + 60 * planned + paused + WINDOW_S

    def _due_times(self, kind: str, now: float) -> list[tuple[float, float, bool, float]]:
        """When a kind of check is due after the dose, since what, whether only if over 4, and how
        long the gap is after it.
        """
        visit = self.visit
        assert visit is not None
        plan = PLANS[visit.regimen]
        due: list[tuple[float, float, bool, float]] = []
        starts: list[float] = []
        after, over_4 = plan.after_dose.get(kind, ()), plan.over_4.get(kind, ())
        put_off: list[float] = []
        if visit.started is not None:
            after = plan.after_infusion.get(kind, ())
            planned_end = self._planned_end(now)
            if (every := plan.during.get(kind)) is not None:
                until = visit.ended
                if until is None:
                    until = planned_end if now < planned_end else now + 60 * every
                at = visit.started + 60 * every
                while at <= until:
                    due.append((at, visit.started, False, 60 * every))
                    at += 60 * every
            elif visit.ended is None or visit.ended > planned_end:
                starts.append(planned_end)
            if visit.ended is not None:
                starts.append(visit.ended)
            put_off = starts[1:]
        else:
            starts = sorted(at for at, _ in visit.doses.values())
            put_off = self._put_off(kind, starts, [60 * minute for minute in after])
        ends = visit.last_dose
        minutes = sorted((*after, *over_4))
        for start, until in zip(starts, [*put_off, float("inf")], strict=False):
            goes_on = kind != "resp" and start == ends
            last_gap = GOES_ON_S if goes_on else 2 * LATE_MOST_S
            gaps = [60 * (b - a) for a, b in pairwise(minutes)] + [last_gap]
            for minute, gap in zip(minutes, gaps, strict=True):
                at = start + 60 * minute
                if at <= until:
                    due.append((at, start, minute in over_4, gap))
        if kind != "resp" and ends is not None:
            last = max([at for at, *_ in due if at >= ends], default=ends)
            at = last + GOES_ON_S
            while at <= now:
                due.append((at, ends, bool(over_4), GOES_ON_S))
                at += GOES_ON_S
            due.append((at, ends, bool(over_4), GOES_ON_S))
        return sorted(due)

    def _put_off(self, kind: str, given: list[float], after: list[float]) -> list[float]:
        """Until when each device but the last plans: none leaves a gap that is far too long."""
        longest = LONGEST_GAP_S[kind] + TOLERANCE_S
        seen, ends = min(given, default=0.0), []
        for one, other in pairwise(given):
            kept = [one + s for s in after if one + s <= other]
            end = other
            if other + after[0] > max([seen, *kept]) + longest:
                end = other + after[0]
                kept = [one + s for s in after if one + s <= end]
            seen = max([seen, *kept])
            ends.append(end)
        return ends

    def _planned_end(self, now: float) -> float:
        """When the infusion will have run for so long as planned."""
        visit = self.visit
        assert visit is not None
        assert visit.started is not None
        at = visit.started + 60 * (PLANS[visit.regimen].infusion_min or 0)
        for begun, to in visit.paused:
            if begun < at:
                at += (to if to is not None else max(begun, now)) - begun
        return at

    def _times(self, kind: str) -> list[float]:
        visit = self.visit
        assert visit is not None
        if kind == "pressure":
            return [at for at, _, _ in visit.in_order("pressures")]
        if kind == "resp":
            return [at for at, _ in self._rates()]
        return [at for at, scale, _ in visit.in_order("scores") if scale == kind]

    def _times_before(self, kind: str) -> list[float]:
        assert self.visit is not None
        if kind == "pressure":
            return [at for at, _, _ in self.visit.parted("pressures")[0]]
        if kind == "resp":
            seen = self.visit.parted("observations")[0]
            return [at for at, each in seen if each.get("resp") is not None]
        return [at for at, scale, _ in self.visit.parted("scores")[0] if scale == kind]

    def _rates(self) -> list[tuple[float, float]]:
        assert self.visit is not None
        seen = [(at, each.get("resp")) for at, each in self.visit.in_order("observations")]
        return [(at, rate) for at, rate in seen if rate is not None]

    def _is_over(self, kind: str, at: float) -> bool:
        """Whether the last score since the dose and before `at` was over 4 and over baseline."""
        visit = self.visit
        assert visit is not None
        totals = [
            total for when, scale, total in visit.parted("scores")[1] if scale == kind and when < at
        ]
        return not totals or totals[-1] > max(4, visit.baseline().get(kind, 0))

    def schedule(self, now: float) -> list[tuple[str, float, str]]:
        """Each check: its kind, when it is due and how it stands."""
        visit = self.visit
        assert visit is not None
        planned = []
        for kind in CHECKS:
            taken = self._times(kind)
            first_dose = visit.first_dose
            end_of_baseline = now
            if first_dose is not None:
                end_of_baseline = max(self._times_before(kind), default=float("-inf"))
            begun = visit.started_at if first_dose is None else min(visit.started_at, first_dose)
            spans = [(begun, begun - TOLERANCE_S, end_of_baseline)]
            if first_dose is None and kind != "resp":
                seen = max([visit.started_at, *(at for at in taken if at <= now)])
                again = seen + GOES_ON_S
                spans.append((again, again - GOES_ON_S / 4, again + LATE_MOST_S))
            wanted: list[float] = []
            counted_from = float("-inf")
            for due, start, only_if_over, gap in self._due_times(kind, now):
                before = wanted[-1] if wanted else begun
                if start > counted_from and due - before < TOLERANCE_S:
                    continue
                half = (due - max(before, start)) / 2
                if not only_if_over or self._is_over(kind, due - min(half, TOLERANCE_S)):
                    late = max(TOLERANCE_S, min(gap / 2, LATE_MOST_S))
                    wanted.append(due)
                    spans.append((due, due - half, due + late))
                    counted_from = start
            planned += self._stand(kind, spans, taken, now)
            if kind == "resp":
                planned += self._stand(kind, self._counts_again(spans), taken, now)
        return sorted(planned, key=lambda check: (check[1], check[0]))

    def _counts_again(
        self, spans: list[tuple[float, float, float]]
    ) -> list[tuple[float, float, float]]:
        """What a rate that is too slow or too fast asks for, where nothing planned serves."""
        visit = self.visit
        assert visit is not None
        is_infused = visit.started is not None and visit.ended is None
        found: dict[float, tuple[float, float, float]] = {}
        for at, rate in self._rates():
            if 12 <= rate < 25:
                continue
            if is_infused and visit.started is not None and at >= visit.started:
                continue  # it is counted every ten minutes
            by = at + COUNTED_AGAIN_S
            if not any(since > at and due <= by for due, since, _ in spans):
                by -= 0.001 if by in [due for due, _, _ in spans] else 0
                found.setdefault(by, (by, at + 0.001, by + LATE_MOST_S))
        return sorted(found.values())

    def _stand(
        self, kind: str, spans: list[tuple[float, float, float]], taken: list[float], now: float
    ) -> list[tuple[str, float, str]]:
        """How each check stands: every record does the first that it can, and ends those before."""
        stands: dict[float, str] = {}
        for at in taken:
            for due, since, until in spans:
                if due not in stands and since <= at <= until:
                    stands[due] = "done"
                    passed = due
                    break
            else:
                passed = at
            for due, _, _ in spans:
                if due <= passed and due not in stands:
                    stands[due] = "missed"
        for due, _, _ in spans:
            if due not in stands:
                late = "due" if now <= due + TOLERANCE_S else "overdue"
                stands[due] = "upcoming" if now < due else late
        return [(kind, due, state) for due, state in stands.items()]

    # ── whether the patient may be dosed, and may leave ─────────────────────────────────

    def gate(self, now: float) -> dict[str, bool]:
        """What the next administration waits for, by name: whether it may go on."""
        visit = self.visit
        assert visit is not None
        if visit.phase == "aborted":
            return {}
        is_first = visit.first_dose is None
        is_infusion = PLANS[visit.regimen].infusion_min is not None
        if not is_first and (not self._is_paused() if is_infusion else visit.phase != "dosing"):
            return {}
        given = visit.given()
        last = max(at for at, _ in given) if given else float("-inf")
        found = {
            "pressure": self._is_fit_pressure(now, 600 if is_infusion else 1800),
            "spo2": (self.spo2_now(now) or 0) >= 93,
            "moaas": self._is_scored("moaas", now, 5, given[-1][1] if given else (-1, -1)),
            "no-alarm": not self._grave(),
            "no-emergency": not any(
                key[0] in CLOSED_WHILE and self.alarms[key].state == "active"
                for key, _ in self._grave()
            ),
        }
        if is_first:
            found |= {
                "cadss": self._is_scored("cadss", now, 0),
                "age": visit.age >= 18,
                **dict.fromkeys(("contraindications", "suicidality"), visit.is_prepared),
            }
            if not is_infusion:
                found["fasting"] = visit.is_prepared
        elif visit.doses and visit.started is None:
            found["interval"] = now - last >= 300
        return {
            name: is_fit or self._is_cleared("dose", name, now) for name, is_fit in found.items()
        }

    def _is_paused(self) -> bool:
        visit = self.visit
        assert visit is not None
        return visit.ended is None and bool(visit.paused) and visit.paused[-1][1] is None

    def _is_fit_pressure(self, now: float, fresh_s: float) -> bool:
        assert self.visit is not None
        pressures = self.visit.in_order("pressures")
        if not pressures:
            return False
        at, sys, dia = pressures[-1]
        return bool(now - at <= fresh_s and 90 < sys <= 140 and dia <= 90)

    def _is_scored(self, of: str, now: float, least: float, since: Moment = (-1, -1)) -> bool:
        """Whether the last score after `since` is of the last half hour, and enough."""
        visit = self.visit
        assert visit is not None
        mine = sorted(
            (at, n)
            for name, (at, scale, n) in visit.scores.items()
            if scale == of and visit.moment(name, at) > since
        )
        if not mine or now - mine[-1][0] > 1800:
            return False
        worst = [mine[-1][1]]
        if of == "moaas":
            worst += [n for at, n in self._told_otherwise() if at >= mine[-1][0] - STANDS_S]
        return bool(min(worst) >= least)

    def _grave(self) -> set[tuple[Key, float]]:
        """The patient's open alarms of medium or high priority, and since when they are."""
        return {
            (key, alarm.raised_at)
            for key, alarm in self.alarms.items()
            if key[0] in RULES
            and alarm.state != "ended"
            and not alarm.advisory
            and alarm.priority != "low"
        }

    def _values(self, now: float) -> dict[str, float]:
        """What a clinician sees."""
        assert self.visit is not None
        seen: dict[str, float] = {}
        if (spo2 := self.spo2_now(now)) is not None:
            seen["spo2"] = spo2
        for _, sys, dia in self.visit.in_order("pressures"):
            seen |= {"sys": sys, "dia": dia}
        for _, scale, total in self.visit.in_order("scores"):
            seen[scale] = total
        return seen

    def clear(self, scope: str, items: tuple[str, ...], now: float) -> None:
        assert self.visit is not None
        seen, alarms = self._values(now), frozenset(self._grave())
        name = f"clearance {len(self.visit.clearances)}"
        self.visit.write(name)
        moment = self.visit.moment(name, now)
        self.visit.clearances.append(Clearance(scope, frozenset(items), now, moment, seen, alarms))

    def _is_cleared(self, scope: str, name: str, now: float) -> bool:
        assert self.visit is not None
        values, grave = self._values(now), self._grave()
        for clearance in self.visit.clearances:
            if clearance.scope != scope or name not in clearance.items:
                continue
            if now - clearance.at > 1800 or not grave <= clearance.alarms:
                continue
            if any(clearance.moment < then and at <= now for at, then in self.visit.given()):
                continue
            if self._is_other_now(name, clearance.at):
                continue
            if not any(
                _has_worsened(signal, clearance.seen, then)
                for signal in JUDGED.get(name, ())
                for then in (*self._values_since(signal, clearance.at), values)
            ):
                return True
        return False

    def _is_other_now(self, name: str, then: float) -> bool:
        """Whether an alarm was raised, an answer given or an event told since."""
        assert self.visit is not None
        raised = any(
            alarm.raised_at > then and not alarm.advisory and alarm.priority != "low"
            for (rule, _), alarm in self.alarms.items()
            if rule in RULES
        )
        if name in ("contraindications", "suicidality", "fasting"):
            return raised or self.visit.prepared_at > then
        return raised or (name == "no-serious-event" and self._had_serious_event(then))

    def _values_since(self, signal: str, then: float) -> list[dict[str, float]]:
        assert self.visit is not None
        if signal in ("sys", "dia"):
            return [
                {"sys": sys, "dia": dia}
                for at, sys, dia in self.visit.in_order("pressures")
                if at > then
            ]
        if signal == "moaas":
            return [{"moaas": n} for at, n in self._wakefulness() if at > then]
        return [
            {scale: total}
            for at, scale, total in self.visit.in_order("scores")
            if scale == signal and at > then
        ]

    def _spo2_is_steady(self, now: float) -> bool:
        """Live, seen for ten of the last fifteen minutes, and never low for half a minute."""
        if self.spo2_now(now) is None:
            return False
        promise = max(STREAM_S, self.least_s)
        seen = low = longest = 0.0
        for (at, value), (following, _) in pairwise([*self.spo2, (now, 0.0)]):
            lasts = min(following, at + promise) - max(at, now - 900, self.left_at)
            if lasts <= 0:
                continue
            seen += lasts
            low = low + lasts if value < 94 else 0.0
            longest = max(longest, low)
        return seen >= 600 and longest < 30

    def _is_awake_since(self) -> bool:
        """Whether nothing told of less than awake, from shortly before the last MOAA/S on."""
        assert self.visit is not None
        mine = [at for at, scale, _ in self.visit.in_order("scores") if scale == "moaas"]
        return all(n >= 5 for at, n in self._told_otherwise() if at >= mine[-1] - STANDS_S)

    def _had_serious_event(self, after: float = float("-inf")) -> bool:
        visit = self.visit
        assert visit is not None
        told = [at for at, name, grade in visit.parted("symptoms")[1] if name in SERIOUS and grade]
        told += [at for at, of, n in visit.parted("scores")[1] if of == "moaas" and n <= 1]
        for at, seen in visit.parted("observations")[1]:
            told += [at] if seen.get("as-moaas", 5) <= 1 else []
        if (first := visit.first_moment()) is not None:
            told += [at for at, moment in visit.graves if moment >= first]
        return any(at > after for at in told)

    def criteria(self, now: float) -> dict[str, bool]:
        """What leaving waits for."""
        visit = self.visit
        assert visit is not None
        baseline = visit.baseline()
        is_infusion = PLANS[visit.regimen].infusion_min is not None
        given = visit.ended is not None if is_infusion else bool(visit.doses)
        ends = self.window_ends()
        since = visit.since_last_dose("pressures")[-2:]
        open_alarms = {
            rule: alarm
            for (rule, _), alarm in self.alarms.items()
            if rule in RULES and alarm.state != "ended" and not alarm.advisory
        }

        cadss = [(at, total) for at, of, total in visit.in_order("scores") if of == "cadss"]
        cadss_serves = (
            bool(cadss)
            and visit.last_dose is not None
            and cadss[-1][1] <= 4
            and cadss[-1][0] >= visit.last_dose + CADSS_SERVES_S
        )

        def scored(scale: str, least: float, most: float) -> bool:
            mine = [(at, total) for at, of, total in visit.in_order("scores") if of == scale]
            given = [(at, n) for at, of, n in visit.since_last_dose("scores") if of == scale]
            if not given or mine[-1] != given[-1]:
                return False
            if now - mine[-1][0] > FRESH_S and not (scale == "cadss" and cadss_serves):
                return False
            total: int = mine[-1][1]
            return least <= total <= most

        def is_done(kind: str) -> bool:
            at = max(self._times(kind), default=float("-inf"))
            is_late = ends is not None and at >= ends - LEAVING_EARLY_S
            return (is_late and now - at <= LEAVING_FRESH_S) or (kind == "cadss" and cadss_serves)

        leaving = False
        if self._pressure_now(now) is not None:
            _, sys, dia = visit.in_order("pressures")[-1]
            near = "sys" in baseline and sys - baseline["sys"] <= 20
            leaving = 90 < sys < 160 and dia < 100 and near
        found = {
            "window-over": given and ends is not None and now >= ends,
            "discharge-checks": all(map(is_done, PLANS[visit.regimen].before_leaving)),
            "pressure-not-severe": len(since) == 2
            and all(sys < 180 and dia < 110 for _, sys, dia in since),
            "pressure-near-baseline": leaving,
            "spo2": self._spo2_is_steady(now),
            "cadss": scored("cadss", 0, max(4, baseline.get("cadss", 0))),
            "moaas": scored("moaas", 5, 5) and self._is_awake_since(),
            "no-respiratory-depression": self._breathes(now),
            "no-alarm": not any(a.priority != "low" for a in open_alarms.values()),
            "no-check-overdue": all(state != "overdue" for _, _, state in self.planned),
            "no-serious-event": not self._had_serious_event(),
            "escort": visit.escort,
        }
        return {
            name: is_met or self._is_cleared("leaving", name, now) for name, is_met in found.items()
        }

    def _breathes(self, now: float) -> bool:
        """Whether nothing since the dose depressed breathing, or has been over for 15 minutes."""
        visit = self.visit
        assert visit is not None
        if (first := visit.first_dose) is None:
            return False
        signs = [
            alarm.raised_at
            for (rule, _), alarm in self.alarms.items()
            if rule in ("spo2.low", "spo2.very-low")
            and (alarm.raised_at >= first or (alarm.over_at or alarm.ended_at or now) > first)
        ]
        is_slow = is_given = False
        before, after = visit.parted("observations")
        usual = 0.0
        for _, seen in before:
            usual = self._litres(seen, usual)
        for at, seen in after:
            rate, litres = seen.get("resp"), self._litres(seen, math.nan)
            if rate is not None and rate <= 8:
                is_slow, slow_at = True, at
                signs.append(at)
            elif is_slow and rate is not None and rate >= 12 and at > slow_at:
                is_slow = False
            if "oxygen" not in seen:
                continue
            if litres > (0 if math.isnan(usual) else usual) or (math.isnan(litres) and usual == 0):
                signs += [] if is_given else [at]
                is_given = True
            elif is_given and not math.isnan(litres):
                is_given = False
                signs.append(at)
        if not signs:
            return True
        is_low = any(
            alarm.state == "active" and rule in ("spo2.low", "spo2.very-low")
            for (rule, _), alarm in self.alarms.items()
        )
        since_sign = now - max(signs)
        return (
            self._spo2_is_steady(now) and since_sign >= 900 and not (is_low or is_slow or is_given)
        )

    @staticmethod
    def _litres(seen: dict[str, float], known: float) -> float:
        """How much oxygen is given, not a number where some is and nobody said how much.

        What was `known` before still is, where it was some.
        """
        if "oxygen" not in seen:
            return known
        if not seen["oxygen"]:
            return 0.0
        return seen.get("oxygen_flow", known or math.nan)

    def progress(self, now: float) -> None:
        """Where the session is now."""
        visit = self.visit
        if visit is None or visit.is_over:
            return
        if visit.phase == "dosing":
            plan = PLANS[visit.regimen]
            last = visit.last_dose
            if plan.infusion_min is not None:
                is_over = visit.ended is not None
            else:
                given = sum(mg for _, mg in visit.doses.values())
                is_all = plan.planned_mg is not None and given >= plan.planned_mg
                is_over = is_all or (last is not None and now - last > NEXT_DEVICE_S)
                is_over = is_over or visit.is_stopped()
            if is_over:
                visit.phase = "observing"
        if visit.phase in ("observing", "ready"):
            visit.phase = "ready" if all(self.criteria(now).values()) else "observing"
        if visit.phase != "ready":
            visit.ready_since = None
        elif visit.ready_since is None:
            visit.ready_since = now


SERIOUS = ("seizure", "loss-of-consciousness", "focal-deficit")
CLOSED_WHILE = (
    "pressure.severe",
    "pressure.crisis",
    "event.serious",
    "sedation.unresponsive",
    "spo2.very-low",
    "resp.very-low",
)
JUDGED = {
    "pressure": ("sys", "dia"),
    "pressure-near-baseline": ("sys", "dia"),
    "spo2": ("spo2",),
    "moaas": ("moaas",),
    "cadss": ("cadss",),
}


def _has_worsened(signal: str, then: dict[str, float], now: dict[str, float]) -> bool:
    """Whether the signal is so much worse that a clinician has to look again."""
    if signal not in then or signal not in now:
        return (signal in then) != (signal in now)
    more = now[signal] - then[signal]
    if signal == "sys":
        return more <= -10 if now[signal] <= 90 else more >= 10
    return {"dia": more >= 5, "spo2": more <= -3, "moaas": more <= -1, "cadss": more >= 15}[signal]


def _amount(rule: str, name: str, value: float, than: float) -> float:
    """By how much it is worse."""
    rises = RULES[rule].worse[name] > 0
    if rule == "pulse.extreme":
        if 40 <= value <= 140:
            return float("-inf")
        rises = value > 140
    return value - than if rises else than - value


def _worst(rule: str, values: dict[str, float], before: dict[str, float]) -> dict[str, float]:
    worse = {n: v for n, v in values.items() if n in before and _amount(rule, n, v, before[n]) > 0}
    return values | before | worse


def _is_worse(rule: str, values: dict[str, float], than: dict[str, float]) -> bool:
    worse = RULES[rule].worse if rule in RULES else {}
    return any(
        n in values and n in than and _amount(rule, n, values[n], than[n]) >= abs(by)
        for n, by in worse.items()
    )
