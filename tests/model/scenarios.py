"""Random scenarios, and running one on the bed and on the model at once."""

import random
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, Final

from drivers.clock import parse_rfc3339
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Item,
    LinkChanged,
    LinkState,
    Measurement,
    MeasurementFailed,
    Reading,
    Vital,
)
from monitor.bed.bed import Bed
from monitor.bed.effects import Result, StartMeasurement
from monitor.bed.inputs import DeviceInput, SiteCondition, Tick
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Acknowledge,
    AssignmentAction,
    AssignNurse,
    ClearanceScope,
    Close,
    Command,
    Confirmation,
    ConfirmEscort,
    ControlInfusion,
    CorrectSession,
    Deviation,
    EnableNibp,
    GiveDose,
    InfusionAction,
    InhibitNibp,
    Override,
    ProveAlarmPath,
    RecordClearance,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refused,
    ReopenSession,
    RetractRecord,
    StartSession,
    StopDosing,
    Unacknowledge,
)
from tests.model.model import Model, Visit
from tests.model.tables import AS_MOAAS
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START

Step = tuple[float, str, tuple[Any, ...]]
"""Seconds that pass, then what happens, and with what."""


@dataclass(frozen=True)
class Scenario:
    """What happens at a bed. Its promises are at least `least_s` long, and far steps can be too."""

    least_s: float
    regimen: str
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        lines = (f"    {dt:6g} s  {name}{args}" for dt, name, args in self.steps)
        return "\n".join([f"{self.regimen}, promises of at least {self.least_s:g} s:", *lines])


DEVIATION: Final = Deviation("the pre-dose criteria are asked apart")


class ModelRunner:
    """Runs a scenario on the bed and on the model."""

    def __init__(self, scenario: Scenario) -> None:
        self.bed = Bed("bed-1", (OXIMETER, CUFF), DEFAULT, scenario.least_s)
        self.model = Model(scenario.least_s)
        self.scenario = scenario
        self.t = 0.0
        self.sessions = 0
        self.cuff_talks = True
        self.reached: set[str] = set()

    @property
    def visit(self) -> Visit:
        assert self.model.visit is not None
        return self.model.visit

    @property
    def is_open(self) -> bool:
        return self.model.visit is not None and not self.visit.is_over

    def run(self) -> str | None:
        """The first thing they disagree on, in words; None when there is none."""
        for number, (dt, name, args) in enumerate(self.scenario.steps):
            self._tick(dt)
            said = self._differ()
            if said is None:
                getattr(self, f"_{name}")(*args)
                self.model.look(self.t)
                self._tick(0)
                said = self._differ_in_alarms()
            if said is not None:
                return f"step {number + 1}, {self.t:g} s, {name}{args}: {said}"
        self._tick(1.0)
        said = self._differ()
        return None if said is None else f"at the end, {self.t:g} s: {said}"

    def _tick(self, dt: float) -> None:
        """A second tick at one time takes what the first made of it."""
        self.t += dt
        self._did(self.bed.handle(Tick(), START.plus(self.t)))
        self.model.look(self.t)
        self.model.progress(self.t)
        self.model.outdate_news2(self.t)

    # ── what happens ────────────────────────────────────────────────────────────────────

    def _did(self, outcome: Result, then: Callable[[str], None] = lambda _: None) -> None:
        """`then` is what the model makes of it, with the record that came of it, if one did.

        After that the model learns whether the cuff was asked for anything.
        """
        records = (event.id for event in outcome.events if event.type in _RECORDS)
        then(next(records, ""))
        if any(isinstance(request, StartMeasurement) for request in outcome.effects):
            self.model.asked(self.t)

    def _says(
        self, device: str, item: Item | LinkChanged, then: Callable[[str], None] = lambda _: None
    ) -> None:
        self._did(self.bed.handle(DeviceInput(device, item), START.plus(self.t)), then)

    def _asks(self, command: Command, then: Callable[[str], None]) -> None:
        """`then` is what the model makes of it, unless the bed refuses."""
        try:
            outcome = self.bed.handle(command, START.plus(self.t))
        except Refused:
            return
        self._did(outcome, then)
        self._did(self.bed.handle(Tick(), START.plus(self.t)))

    def _wait(self) -> None:
        pass

    def _oximeter(self, spo2: float | None, pulse: float | None, flags: Iterable[str]) -> None:
        readings = (Reading(Vital.SPO2, spo2), Reading(Vital.PULSE, pulse))
        self.model.oximeter(spo2, pulse, set(flags), self.t)
        self._says("oximeter", Measurement(readings, frozenset(map(Flag, flags))))
        if self.cuff_talks:
            self._cuff_idle()

    def _hold(
        self, spo2: float, pulse: float, flags: Iterable[str], every_s: float, times: int
    ) -> None:
        """The oximeter goes on saying the same."""
        self._oximeter(spo2, pulse, flags)
        for _ in range(times):
            self._tick(0)
            self.t += every_s
            self._tick(0)
            self._tick(0)
            self._oximeter(spo2, pulse, flags)

    def _cuff_idle(self) -> None:
        self.model.cuff_says(self.t)
        self._says("cuff", CuffState(CuffPhase.IDLE, 0))

    def _cuff(self, sys: float, dia: float, pulse: float) -> None:
        if not self.is_open:
            return
        values = ((Vital.SYS, sys), (Vital.DIA, dia), (Vital.PULSE, pulse))
        measurement = Measurement(tuple(Reading(*value) for value in values))

        def then(record: str) -> None:
            self.model.cuff_measures(record, sys, dia, pulse, self.t)

        self._says("cuff", measurement, then)
        self._did(self.bed.handle(Tick(), START.plus(self.t)))

    def _cuff_fails(self) -> None:
        self.model.cuff_fails()
        self._says("cuff", MeasurementFailed(Flag.MEASUREMENT_FAILED, "weak pulse", 1))

    def _cuff_talking(self, talks: bool) -> None:
        self.cuff_talks = talks

    def _link(self, device: str, state: str) -> None:
        self.model.link_changes(device, state, self.t)
        self._says(device, LinkChanged(LinkState(state), None if state == "up" else "cable"))

    def _site(self, trouble: str, is_there: bool) -> None:
        (self.model.site.add if is_there else self.model.site.discard)(trouble)
        reason = "broken" if is_there else None
        self._did(self.bed.handle(SiteCondition(trouble, reason), START.plus(self.t)))

    def _start(self) -> None:
        session = f"s-{self.sessions + 1}"
        regimen = REGIMENS[self.scenario.regimen]
        command = StartSession(session, "P", 44, 71, regimen, (), "n", True)

        def then(_: str) -> None:
            self.sessions += 1
            self.model.start(session, self.scenario.regimen, self.t)

        self._asks(command, then)

    def _taken_for(self, at: float) -> float:
        """A time of before the session but in its first minute is taken for its beginning."""
        began = self.visit.started_at if self.is_open else at
        return max(at, began) if at // 60 == began // 60 else at

    def _dose(self, mg: float, back_s: float) -> None:
        if REGIMENS[self.scenario.regimen].is_infusion:
            return
        typed = self.t - back_s
        at = self._taken_for(typed)
        command = GiveDose(
            "esketamine", mg, "n", START.plus(typed).wall, given=True, deviation=DEVIATION
        )

        def then(record: str) -> None:
            self.visit.doses[record] = (at, mg)
            self.visit.write(record)
            self.model.dosed()

        self._asks(command, then)

    def _stop_dosing(self) -> None:
        def then(record: str) -> None:
            self.visit.write(record)
            self.visit.stops.add(record)

        self._asks(StopDosing("vomited", "n"), then)

    def _infusion(self, action: str) -> None:
        def then(_: str) -> None:
            visit, now = self.visit, self.t
            if action in ("start", "resume"):
                visit.write(action if action == "start" else f"resume {len(visit.paused)}")
            if action == "start":
                visit.started = now
                self.model.dosed()
                return
            if action == "pause":
                visit.paused.append((now, None))
            elif visit.paused and visit.paused[-1][1] is None:
                visit.paused[-1] = visit.paused[-1][0], now
            if action == "end":
                visit.ended = now

        past: dict[str, Any] = (
            {"given": True, "deviation": DEVIATION} if action in ("start", "resume") else {}
        )
        self._asks(ControlInfusion(InfusionAction(action), "n", **past), then)

    def _score(self, scale: str, total: int, back_s: float) -> None:
        typed = self.t - back_s
        at = self._taken_for(typed)
        command = RecordScore(scale, total, None, "n", START.plus(typed).wall)
        self._asks(command, lambda record: self.model.score(record, scale, total, at, self.t))

    def _symptom(self, name: str, grade: int, back_s: float) -> None:
        typed = self.t - back_s
        at = self._taken_for(typed)

        def then(record: str) -> None:
            self.visit.symptoms[record] = (at, name, grade)
            self.visit.write(record)

        self._asks(RecordSymptom(name, grade, "n", at=START.plus(typed).wall), then)

    def _observe(self, seen: tuple[tuple[str, Any], ...], back_s: float) -> None:
        typed = self.t - back_s
        at = self._taken_for(typed)
        given = dict(seen)
        command = RecordObservation("n", **given, at=START.plus(typed).wall)
        if "oxygen_flow" in given:
            given["oxygen"] = given["oxygen_flow"] > 0
        if (acvpu := given.pop("consciousness", None)) is not None:
            given["alert"] = acvpu == "alert"
            if acvpu in AS_MOAAS:
                given["as-moaas"] = AS_MOAAS[acvpu]
        self._asks(command, lambda record: self.model.observe(record, given, at, self.t))

    def _typed(self, sys: float, dia: float, back_s: float) -> None:
        typed = self.t - back_s
        at = self._taken_for(typed)
        command = RecordPressure(sys, dia, "n", at=START.plus(typed).wall)
        self._asks(command, lambda record: self.model.pressure(record, sys, dia, at, self.t))

    def _nth_record(self, nth: int) -> Any:
        records = [*self.bed.session.records()] if self.is_open and self.bed.session else []
        return records[nth % len(records)] if records else None

    def _retract(self, nth: int) -> None:
        if (record := self._nth_record(nth)) is not None:
            command = RetractRecord(record.id, "n", "wrong bed")
            self._asks(command, lambda _: self.model.retract(record.id, self.t))

    def _correct_score(self, nth: int, total: int) -> None:
        if not self.is_open or not self.visit.scores:
            return
        names = [*self.visit.scores]
        name = names[nth % len(names)]
        at, scale, _ = self.visit.scores[name]

        def then(record: str) -> None:
            self.visit.withdraw(name)
            del self.visit.scores[name]
            self.visit.correct(name, record)
            self.model.score(record, scale, total, at, self.t)

        self._asks(RecordScore(scale, total, None, "n", corrects=name), then)

    def _correct_pressure(self, nth: int, sys: float, dia: float) -> None:
        mine = (
            [n for n in self.visit.pressures if n not in self.model.cuff_pulse]
            if self.is_open
            else []
        )
        if not mine:
            return
        name = mine[nth % len(mine)]
        at, _, _ = self.visit.pressures[name]

        def then(record: str) -> None:
            del self.visit.pressures[name]
            self.visit.correct(name, record)
            self.model.pressure(record, sys, dia, at, self.t)

        self._asks(RecordPressure(sys, dia, "n", corrects=name), then)

    def _correct_dose(self, back_s: float) -> None:
        if not self.is_open or not self.visit.doses:
            return
        name = [*self.visit.doses][-1]
        was_at, mg = self.visit.doses[name]
        typed = was_at - back_s
        at = self._taken_for(typed)

        def then(record: str) -> None:
            del self.visit.doses[name]
            self.visit.correct(name, record)
            self.visit.doses[record] = (min(at, self.t), mg)
            self.model.dosed()

        self._asks(GiveDose("esketamine", mg, "n", START.plus(typed).wall, corrects=name), then)

    def _clear(self, scope: str, items: tuple[str, ...]) -> None:
        command = RecordClearance(ClearanceScope(scope), "dr.b", "known for long", "n", items)
        self._asks(command, lambda _: self.model.clear(scope, items, self.t))

    def _prepare(self) -> None:
        if not self.is_open:
            return
        gate = REGIMENS[self.visit.regimen].gate
        command = RecordPreparation(
            None,
            True,
            "n",
            Confirmation(changed=False),
            contraindications=dict.fromkeys(gate.contraindications, "no"),
            suicidality="none",
            fasting=dict.fromkeys(gate.fasting, True),
        )

        def then(_: str) -> None:
            self.visit.is_prepared, self.visit.prepared_at = True, self.t

        self._asks(command, then)

    def _correct(self, age: int, regimen: str | None) -> None:
        right = None if regimen is None else REGIMENS[regimen]
        command = CorrectSession("n", "mistyped", age, regimen=right)
        self._asks(command, lambda _: self.model.correct(age, regimen, self.t))

    def _acknowledge(self, nth: int, by: str) -> None:
        keys = sorted((k for k, a in self.model.alarms.items() if a.state != "ended"), key=str)
        if keys:
            key = keys[nth % len(keys)]
            command = Acknowledge(self.bed.alarm_engine.alarms[key].id, by)
            self._asks(command, lambda _: self.model.acknowledge(key, by, self.t))

    def _undo(self, nth: int) -> None:
        keys = sorted((k for k, a in self.model.alarms.items() if a.taken_by), key=str)
        if keys:
            key = keys[nth % len(keys)]
            command = Unacknowledge(self.bed.alarm_engine.alarms[key].id, "m")
            self._asks(command, lambda _: self.model.undo(key, self.t))

    def _watch(self, action: str) -> None:
        def then(_: str) -> None:
            self.visit.nurse = "n" if action == "take-over" else None

        self._asks(AssignNurse(AssignmentAction(action), "n"), then)

    def _stop_cuff(self) -> None:
        def then(_: str) -> None:
            self.model.stopped = True

        self._asks(InhibitNibp("n", "a line in that arm"), then)

    def _allow_cuff(self) -> None:
        def then(_: str) -> None:
            self.model.stopped = False

        self._asks(EnableNibp("n"), then)

    def _escort(self) -> None:
        def then(_: str) -> None:
            self.visit.escort = True

        self._asks(ConfirmEscort("n"), then)

    def _close(self, against: bool) -> None:
        who = ("dr.b", "asks to go") if against else (None, None)
        self._asks(Close("n", False, *who), lambda _: self.model.close(self.t))

    def _abort(self, outcome: str | None, said: tuple[str, ...]) -> None:
        command = Abort(
            "n",
            "unwell" if "reason" in said else None,
            None if outcome is None else AbortOutcome(outcome),
            "ward 3" if "destination" in said else None,
            Override("dr.b", "unwell") if "clinician" in said else None,
        )
        self.model.abort(outcome, {*said, *(["outcome"] if outcome else [])}, self.t)
        self._asks(command, lambda _: None)

    def _left(self, destination: bool) -> None:
        self.model.left(destination, self.t)
        command = RecordPatientLeft("n", destination="ward 3" if destination else None)
        self._asks(command, lambda _: None)

    def _reopen(self) -> None:
        self.model.reopen(self.t)
        self._asks(ReopenSession("n"), lambda _: None)

    def _prove(self) -> None:
        self.model.prove(self.t)
        self._asks(ProveAlarmPath("n"), lambda _: None)

    # ── what is asked of both ───────────────────────────────────────────────────────────

    def _differ(self) -> str | None:
        return (
            self._differ_in_alarms()
            or self._differ_in_abort()
            or (self._differ_in_session() if self.is_open else None)
        )

    def _differ_in_abort(self) -> str | None:
        session = self.bed.session
        if session is None or self.model.visit is None:
            return None
        visit = self.visit
        lacks = {"clinician" if of == "against_criteria" else of for of in session.to_be_completed}
        said = {"open": session.is_open, "outcome": session.outcome, "lacks": lacks}
        expected = {"open": not visit.is_over, "outcome": visit.outcome, "lacks": visit.lacks}
        return _difference(said, expected)

    def _differ_in_alarms(self) -> str | None:
        said = {
            (a.rule, a.device): (
                a.state.value,
                a.priority.label,
                a.acknowledged_by,
                _seconds(a.unverified_since),
                _seconds(a.raised_at),
                a.count,
                a.escalation_level,
                a.escalated,
            )
            for a in self.bed.alarm_engine.alarms.values()
            if a.is_open
        }
        expected = {
            key: (
                a.state,
                a.priority,
                a.taken_by,
                a.unverified_since,
                a.raised_at,
                a.count,
                a.escalation_level,
                a.escalated,
            )
            for key, a in self.model.alarms.items()
            if a.state != "ended"
        }
        self.reached |= {f"{rule} {of[0]}" for (rule, _), of in expected.items()}
        return _difference(said, expected)

    def _differ_in_session(self) -> str | None:
        now, session = START.plus(self.t), self.bed.session
        assert session is not None
        expected = {self.visit.phase}
        if self.visit.ready_since == self.t:
            expected.add("observing")
        if session.phase.value not in expected:
            return f"the session is {session.phase.value}, and the model says {self.visit.phase}"
        planned = {
            (p.check.value, (p.due_at - START.wall).total_seconds()): p.state.value
            for p in self.bed.readiness.planned_checks(now)
            if p.state.value != "upcoming"
        }
        expected_plan = {
            (kind, due): state for kind, due, state in self.model.planned if state != "upcoming"
        }
        criteria = {c.name: not c.stops for c in self.bed.readiness.discharge_criteria(now)}
        self.reached |= {self.visit.phase, *(f"{name} {met}" for name, met in criteria.items())}
        gate = {c.name: not c.stops for c in self.bed.readiness.predose_criteria(now) if c.required}
        expected_gate = self.model.gate(self.t)
        return (
            _difference(planned, expected_plan)
            or _difference(criteria, self.model.criteria(self.t))
            or _difference(gate, expected_gate)
            or self._differ_in_news2()
        )

    def _differ_in_news2(self) -> str | None:
        """Which points are current, and which are held and since when."""
        assert self.bed.session is not None
        scored = self.bed.session.news2[-1] if self.bed.session.news2 else None
        said: dict[str, tuple[int, float | None]] = {}
        if scored is not None:
            since = {n: _seconds(parse_rfc3339(at)) for n, at in (scored.held_since or {}).items()}
            said = {n: (own, since[n]) for n, own in scored.held.items()}
            said |= {n: (own, None) for n, own in scored.points.items()}
        points, held = self.visit.points, self.visit.held
        return _difference(said, {n: (own, held.get(n)) for n, own in points.items()})


_RECORDS = {
    "dose.given",
    "dosing.stopped",
    "score.recorded",
    "symptom.recorded",
    "observation.recorded",
    "pressure.measured",
}


def _seconds(at: Any) -> float | None:
    return None if at is None else (at - START.wall).total_seconds()


def _difference(said: dict[Any, Any], expected: dict[Any, Any]) -> str | None:
    for key in said.keys() | expected.keys():
        if said.get(key) != expected.get(key):
            return f"{key} is {said.get(key)}, and the model says {expected.get(key)}"
    return None


# ── random scenarios ────────────────────────────────────────────────────────────────────

SPO2: Final = (86, 87, 88, 89, 91, 92, 93, 94, 95, 97, 98)
PULSE: Final = (
    *(36, 37, 39, 40, 42, 43, 49, 50, 51, 52, 72, 90, 91, 110),
    *(117, 118, 120, 121, 123, 130, 131, 137, 138, 140, 141),
)
SYS: Final = (
    79,
    80,
    85,
    89,
    90,
    91,
    100,
    101,
    111,
    120,
    139,
    140,
    141,
    159,
    160,
    165,
    179,
    180,
    219,
    220,
)
DIA: Final = (60, 78, 84, 89, 90, 91, 99, 100, 102, 103, 109, 110)
CADSS: Final = (0, 4, 5, 24, 25, 29, 30, 31)
SYMPTOMS: Final = (
    *("chest-pain", "breathlessness", "headache", "visual-change", "seizure"),
    *("loss-of-consciousness", "nausea", "double-vision", "focal-deficit"),
)
BACK_S: Final = (0, 0, 0, 0.25, 30.25, 600.25, 2500.25)
NEAR_S: Final = (1, 1, 1.5, 2.5, 3, 5, 5.5, 8, 10, 15, 30, 31, 59.5, 60, 61, 180, 240, 299, 600)
FAR_S: Final = (1, 60, 61, 120, 180, 300, 301, 600, 900, 1199, 1200, 1800, 3600)
FAR_LEAST_S: Final = 300


def _observation(rng: random.Random) -> tuple[tuple[str, Any], ...]:
    every = {
        "resp": rng.choice((8, 9, 11, 12, 20, 21, 24, 25)),
        "temperature": rng.choice((35.0, 35.1, 36.0, 36.1, 38.0, 38.1, 39.0, 39.1)),
        "oxygen": rng.random() < 0.5,
        "oxygen_flow": rng.choice((0.0, 2.0, 2.0, 4.0)),
        "consciousness": rng.choice(("alert", "voice", "confusion", "pain", "unresponsive")),
    }
    return tuple((k, v) for k, v in every.items() if rng.random() < 0.5) or (("resp", 12),)


def _pressure(rng: random.Random) -> tuple[float, float]:
    sys = rng.choice(SYS)
    return sys, min(rng.choice(DIA), sys - 10)


CLEARABLE: Final = (
    *(("dose", (name,)) for name in ("pressure", "spo2", "moaas", "no-alarm", "interval")),
    ("dose", ("contraindications", "suicidality", "fasting")),
    ("dose", ("contraindications", "suicidality")),
    ("dose", ("no-emergency",)),
    *(("leaving", (name,)) for name in ("pressure-near-baseline", "no-serious-event", "spo2")),
)

_FLAGS: Final = sorted(flag.value for flag in (*OXIMETER.kind.flags, Flag.FROZEN))

MAKERS: Final[dict[str, tuple[int, Callable[[random.Random], tuple[Any, ...]]]]] = {
    "wait": (6, lambda r: ()),
    "oximeter": (
        8,
        lambda r: (
            r.choice((*SPO2, None)),
            r.choice((*PULSE, None)),
            tuple(sorted(r.sample(_FLAGS, r.choice((0, 0, 1, 1, 2))))),
        ),
    ),
    "cuff": (10, lambda r: (*_pressure(r), r.choice(PULSE))),
    "cuff_fails": (3, lambda r: ()),
    "cuff_talking": (1, lambda r: (r.random() < 0.6,)),
    "link": (2, lambda r: (r.choice(("oximeter", "cuff")), r.choice(("up", "up", "down")))),
    "site": (
        1,
        lambda r: (
            r.choice(("journal-failing", "broker-unreachable", "alarm-unseen")),
            r.random() < 0.6,
        ),
    ),
    "start": (2, lambda r: ()),
    "dose": (3, lambda r: (r.choice((28.0, 28.0, 84.0)), r.choice(BACK_S))),
    "stop_dosing": (1, lambda r: ()),
    "infusion": (3, lambda r: (r.choice(("start", "pause", "resume", "end")),)),
    "score": (
        8,
        lambda r: (
            *r.choice([("cadss", c) for c in CADSS] + [("moaas", m) for m in range(6)]),
            r.choice(BACK_S),
        ),
    ),
    "symptom": (3, lambda r: (r.choice(SYMPTOMS), r.randrange(4), r.choice(BACK_S))),
    "observe": (5, lambda r: (_observation(r), r.choice(BACK_S))),
    "typed": (4, lambda r: (*_pressure(r), r.choice(BACK_S))),
    "retract": (2, lambda r: (r.randrange(20),)),
    "correct_score": (1, lambda r: (r.randrange(20), r.randrange(6))),
    "correct_pressure": (1, lambda r: (r.randrange(20), *_pressure(r))),
    "correct_dose": (1, lambda r: (r.choice((-60, 30.25, 600.25)),)),
    "clear": (3, lambda r: r.choice(CLEARABLE)),
    "prepare": (1, lambda r: ()),
    "acknowledge": (6, lambda r: (r.randrange(20), r.choice(("n", "m")))),
    "undo": (2, lambda r: (r.randrange(20),)),
    "watch": (1, lambda r: (r.choice(("take-over", "leave")),)),
    "stop_cuff": (1, lambda r: ()),
    "allow_cuff": (1, lambda r: ()),
    "escort": (1, lambda r: ()),
    "close": (1, lambda r: (r.random() < 0.3,)),
    "abort": (
        2,
        lambda r: (
            r.choice((None, "transferred", "withdrew", "other")),
            tuple(of for of in ("reason", "clinician", "destination") if r.random() < 0.7),
        ),
    ),
    "left": (1, lambda r: (r.random() < 0.5,)),
    "prove": (2, lambda r: ()),
}
_NAMES: Final = tuple(MAKERS)
_WEIGHTS: Final = tuple(weight for weight, _ in MAKERS.values())


def _hold(rng: random.Random, is_far: bool) -> tuple[Any, ...]:
    spo2 = rng.choice(SPO2) if rng.random() < 0.6 else 97
    pulse = rng.choice(PULSE) if rng.random() < 0.4 else 72
    if is_far:
        return spo2, pulse, (), rng.choice((60, 290, 299.5)), rng.choice((2, 4))
    return spo2, pulse, (), 2.5, rng.choice((2, 4, 5, 13))


def _opening(rng: random.Random, regimen: str) -> list[Step]:
    """A session as most begin: everything connected, a baseline, the dose."""
    steps: list[Step] = [
        (1, "link", ("oximeter", "up")),
        (1, "link", ("cuff", "up")),
        (1, "oximeter", (97, 72, ())),
        (1, "start", ()),
        (1, "cuff", (rng.choice((118, 120, 125, 140)), rng.choice((77, 78, 85)), 72)),
        (1, "score", ("cadss", rng.choice((0, 0, 5)), 0)),
        (1, "score", ("moaas", 5, 0)),
    ]
    if regimen == "ketamine-iv":
        steps.append((1, "infusion", ("start",)))
    else:
        steps.append((1, "dose", (rng.choice((28.0, 84.0)), 0)))
    return steps


def scenario(seed: int) -> Scenario:
    """The scenario of that seed: short, with values at and around every boundary."""
    rng = random.Random(seed)
    is_far = rng.random() < 0.4
    regimen = rng.choice(("esketamine-28", "esketamine-56", "esketamine-84", "ketamine-iv"))
    steps = _opening(rng, regimen) if is_far or rng.random() < 0.9 else []
    if is_far and regimen == "ketamine-iv" and rng.random() < 0.3:
        steps.append((rng.choice((60, 600)), "infusion", ("pause",)))
        steps.append((rng.choice((599, 600, 1201)), "oximeter", (97, 72, ())))
    for _ in range(rng.randrange(3, 11)):
        dt = rng.choice(FAR_S if is_far else NEAR_S) if rng.random() < 0.7 else 1
        if rng.random() < 0.15:
            steps.append((dt, "hold", _hold(rng, is_far)))
            continue
        (name,) = rng.choices(_NAMES, _WEIGHTS)
        steps.append((dt, name, MAKERS[name][1](rng)))
        if name in ("close", "abort", "left") and rng.random() < 0.5:
            steps.append((rng.choice((1, 2.5, 59.5, 60, 61)), "reopen", ()))
    if is_far and rng.random() < 0.3:
        steps += _ending(rng)
    if rng.random() < 0.3:
        devices = None if regimen == "ketamine-iv" else f"esketamine-{rng.choice((28, 56, 84))}"
        correct = (rng.choice((44, 44, 17)), devices)
        steps.insert(rng.randrange(1, len(steps)), (rng.choice((1, 600)), "correct", correct))
    return Scenario(FAR_LEAST_S if is_far else 0, regimen, tuple(steps))


def _ending(rng: random.Random) -> list[Step]:
    """What leads to a patient who may leave, unless something of it is not so."""
    steps: list[Step] = [
        (1, "infusion", ("end",)),
        (rng.choice((6000, 7200, 7260)), "hold", (97, 72, (), 290, 4)),
        (1, "score", ("cadss", rng.choice((0, 4, 5)), 0)),
        (1, "score", ("moaas", 5, 0)),
        (1, "observe", ((("resp", rng.choice((12, 14))),), 0)),
        (1, "escort", ()),
        (1, "cuff", (rng.choice((118, 125, 140)), 78, 72)),
        (61, "cuff", (rng.choice((118, 125, 140)), 78, 72)),
        (1, "hold", (97, 72, (), rng.choice((10, 30, 120)), rng.choice((2, 5)))),
    ]
    return [step for step in steps if rng.random() < 0.95]
