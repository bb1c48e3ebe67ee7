"""One simulated patient's stay: from the session's start to the door, through the real core.

Time is a loop in steps of the oximeter's readings. The bed is told of the time less often
than in life; what it does by the clock alone then comes up to `TICK_S` late.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Final

from alerts.alarm import ALARM_SOUNDINGS, Alarm, State
from alerts.rules import RuleSet
from drivers.clock import Instant
from drivers.readings import Item, LinkChanged, LinkState
from drivers.registry import DeviceSpec
from monitor.bed import Bed, DeviceInput, Input, Result, Tick
from monitor.cohort.devices import READING_S, Cuff, Oximeter, VitalSigns
from monitor.cohort.nurse import AGAIN_MIN, Nurse, Task, needs_intervention
from monitor.cohort.stay import CHECKED_MIN, NotedAlarm, SimulatedSession, note_session
from monitor.session import (
    NOT_CLINICAL,
    Abort,
    AbortOutcome,
    Acknowledge,
    CheckKind,
    ClearanceScope,
    Close,
    Command,
    Confirmation,
    ConfirmEscort,
    ControlInfusion,
    Criterion,
    Deviation,
    GiveDose,
    InfusionAction,
    MeasurePressure,
    Override,
    RecordClearance,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordScore,
    RecordSymptom,
    Refused,
    Regimen,
    Session,
    StartSession,
    commands,
    record_fields,
)
from simulators.population import Person

TICK_S: Final = 30
MINUTE_S: Final = 60
"""How often the bed is told the time, and the nurse looks."""

PREPARES_S: Final = 120.0
"""When the nurse has asked what is asked before the dose, after the session's start [ours]."""

SETTLES_S: Final = (360.0, 720.0)
"""When the nurse would give the dose, after the session's start [ours]."""

TRIES_AGAIN_S: Final = 120.0
DECIDES_S: Final = 900.0
GIVES_UP_S: Final = 3600.0
"""How soon she tries again when the dose may not be given, when a clinician decides on a
pressure that is still high, and when she sends the patient home, after the start [ours]."""

ACVPU: Final = ("unresponsive", "pain", "voice", "voice", "alert", "alert")
"""The consciousness that goes with each MOAA/S."""

DEEP: Final = 2
"""A patient who is this hard to wake is noticed by who is in the room, and scored at once."""

LOOKS_MIN: Final = 40.0
ESCORT_MIN: Final = 100.0
LATEST_MIN: Final = 300.0
"""From when on the nurse looks at what keeps the patient, when the escort has come, and when
a clinician decides about those who are still not ready [ours]."""

START: Final = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 0.0)
BY: Final = "nurse"
OXIMETER: Final = DeviceSpec("oximeter", "nonin", "memory://oximeter")
CUFF: Final = DeviceSpec("cuff", "suntech", "memory://cuff")

Looked = RecordScore | RecordSymptom | RecordObservation | commands.RecordPressure
"""What she puts on record of what she found."""


class Bedside:
    """One patient, their devices, a diligent nurse and the bed; `run` is the whole stay.

    `tasks` says what she does when one of her tasks is due.
    """

    def __init__(self, person: Person, regimen: Regimen, rules: RuleSet) -> None:
        self.person = person
        self.regimen = regimen
        self.random = Random(person.seed)
        self.nurse = Nurse(self.random)
        self.bed = Bed("bed-1", (OXIMETER, CUFF), rules)
        self.stay = SimulatedSession(person.age)
        self.t_s = 0.0
        self.now = START
        self.zero_s: float | None = None
        self.oximeter = Oximeter(person.faults)
        self.cuff = Cuff(self.random)
        self.heard: dict[str, list[int]] = {}
        self.course = VitalSigns(person, None, 2 * GIVES_UP_S)
        self.tasks: dict[Task, Callable[[str], None]] = {
            Task.TAKE_ALARM: self.take_alarm,
            Task.SCORE: self.score,
            Task.OBSERVE: self.observe,
            Task.ASK: self.asks,
            Task.MEASURE: self.measure,
            Task.PREPARE: self.prepare,
            Task.DOSE: self.dose,
            Task.END_INFUSION: self.end_infusion,
        }

    def run(self) -> SimulatedSession:
        for spec in (OXIMETER, CUFF):
            self._say(spec, LinkChanged(LinkState.UP))
        self._say(CUFF, self.cuff.state)
        self._ask(_start(self.person, self.regimen))
        self.nurse.decides(Task.OBSERVE, 60.0)
        self.nurse.decides(Task.PREPARE, PREPARES_S)
        self.nurse.decides(Task.DOSE, self.random.uniform(*SETTLES_S))
        while self.session.is_open:
            self._step()
        self.stay.blind_s = self.oximeter.blind_s
        note_session(self.stay, self.session, self.now, self.t_s, self.zero_s)
        return self.stay

    @property
    def session(self) -> Session:
        assert self.bed.session is not None
        return self.bed.session

    @property
    def minute(self) -> float:
        return -1.0 if self.zero_s is None else (self.t_s - self.zero_s) / 60.0

    def _step(self) -> None:
        self.t_s += READING_S
        self.now = START.plus(self.t_s)
        self._say(OXIMETER, self.oximeter.reads(self.course, self.t_s, self.zero_s))
        if (answer := self.cuff.answers(self.course, self.t_s)) is not None:
            self._say(CUFF, answer)
        for task, what in self.nurse.due(self.t_s):
            self.tasks[task](what)
        if self.t_s % TICK_S == 0:
            self._say(CUFF, self.cuff.state)
            self._handle(Tick())
        if self.t_s % MINUTE_S == 0 and self.session.is_open:
            self._look()

    # ── what the devices say, and what comes of it ──────────────────────────────────────

    def _say(self, spec: DeviceSpec, item: Item | LinkChanged) -> None:
        self._handle(DeviceInput(spec.id, item))

    def _handle(self, given: Input) -> None:
        outcome: Result = self.bed.handle(given, self.now)
        if outcome.effects:
            self.cuff.starts(self.t_s)
        for event in outcome.events:
            if event.type in _CALLS_AGAIN:
                self.stay.called_again += 1
            if event.type in ALARM_SOUNDINGS:
                said = Alarm.from_json(event.payload["alarm"])
                self.heard.setdefault(said.id, []).append(len(self.stay.alarms))
                self.stay.alarms.append(NotedAlarm(said.rule, said.kind.value, said.priority.label))
                self.nurse.hears(said, self.t_s)

    def _ask(self, command: Command) -> bool:
        """Whether the bed took the command."""
        try:
            self._handle(command)
        except Refused:
            return False
        return True

    # ── what the nurse sees ─────────────────────────────────────────────────────────────

    def _look(self) -> None:
        for alarm in self.bed.alarm_engine.open_alarms():
            if alarm.state is State.LATCHED and alarm.acknowledged:
                self._ask(Acknowledge(alarm.id, BY))
        self.nurse.sees_due(self.bed.readiness.planned_checks(self.now), self.t_s)
        last = self.session.last_score("moaas")
        moaas = self.course.total("moaas", self.t_s)
        if last is not None and moaas <= DEEP and moaas < last.total:
            self.nurse.decides(Task.SCORE, self.t_s, "moaas")
        if self.minute >= LOOKS_MIN:
            self._look_at_the_door()

    def _look_at_the_door(self) -> None:
        unmet = [c for c in self.bed.readiness.discharge_criteria(self.now) if not c.met]
        of_patient = [c for c in unmet if c.name not in NOT_CLINICAL]
        if not of_patient and self.stay.ready_min is None:
            self.stay.ready_min = self.minute
        for check, over_min in CHECKED_MIN.items():
            if self.minute >= over_min and check not in self.stay.unmet:
                self.stay.unmet[check] = tuple(c.name for c in of_patient)
        self._leave(unmet, of_patient)

    def _leave(self, unmet: list[Criterion], of_patient: list[Criterion]) -> None:
        """Once a minute: `unmet` keeps the patient here, `of_patient` by how they are."""
        if self.minute >= CHECKED_MIN[90]:
            is_over = all(c.name != "window-over" for c in unmet)
            self.nurse.sees_unmet(unmet if is_over else of_patient, self.t_s)
        if self.minute >= ESCORT_MIN and not self.session.escort:
            self._ask(ConfirmEscort(BY))
        if not unmet and self.minute >= CHECKED_MIN[120]:
            self._ask(Close(BY, escort=True, suicidality="none"))
        elif self.minute >= LATEST_MIN:
            self._close_against("as far as it gets")

    def _close_against(self, reason: str) -> None:
        self._ask(Close(BY, True, "clinician", reason, suicidality="none"))

    # ── what the nurse does ─────────────────────────────────────────────────────────────

    def take_alarm(self, id_: str) -> None:
        alarm = self.bed.alarm_engine.find(id_)
        if alarm is None or not alarm.is_open:
            return
        if needs_intervention(alarm):
            for place in self.heard[id_]:
                self.stay.alarms[place] = replace(self.stay.alarms[place], acted=True)
            self.oximeter.put_back()
            if alarm.rule == "tech.cuff-failed" or alarm.device == CheckKind.PRESSURE:
                self.measure("")
            for scale, prefix in SCORED_BY.items():
                if alarm.rule.startswith(prefix):
                    self.nurse.decides(Task.SCORE, self.t_s + AGAIN_MIN[scale] * 60.0, scale)
        self._ask(Acknowledge(id_, BY))

    def score(self, scale: str) -> None:
        self._record(RecordScore(scale, self.course.total(scale, self.t_s), None, BY))
        self.nurse.scored(scale, self.t_s)

    def observe(self, _: str) -> None:
        """The temperature and the consciousness go with the breaths."""
        self.nurse.observed()
        moaas = self.course.total("moaas", self.t_s)
        resp = max(6, round(self.random.gauss(15.0, 1.5) - 0.8 * (5 - moaas)))
        temperature = round(self.random.gauss(36.6, 0.2), 1)
        self._record(
            RecordObservation(
                BY,
                resp=float(resp),
                temperature=temperature,
                oxygen=False,
                consciousness=ACVPU[moaas],
            )
        )

    def asks(self, complaint: str) -> None:
        name, grade = complaint.split()
        self._record(RecordSymptom(name, int(grade), BY))

    def _record(self, looked: Looked) -> None:
        """Put on record what she found."""
        self._ask(looked)

    def measure(self, _: str) -> None:
        self._ask(MeasurePressure(BY))

    def prepare(self, _: str) -> None:
        self._ask(_all_well(self.regimen))

    def dose(self, _: str) -> None:
        """A device, or the infusion's start; the effect begins with the last of them."""
        self._ask(RecordScore("moaas", self.course.total("moaas", self.t_s), None, BY))
        if self._give():
            return
        criteria = self.bed.readiness.predose_criteria(self.now)
        stops = [criterion.name for criterion in criteria if criterion.stops]
        if "pressure" in stops:
            self._ask(MeasurePressure(BY))
        if self.t_s >= DECIDES_S and (items := [name for name in stops if name in _DECIDED]):
            why = "as usual for this patient"
            self._ask(RecordClearance(ClearanceScope.DOSE, "clinician", why, BY, (*items,)))
        if self.t_s > GIVES_UP_S - TRIES_AGAIN_S:
            self._give_up()
        else:
            self.nurse.decides(Task.DOSE, self.t_s + TRIES_AGAIN_S)

    def _give_up(self) -> None:
        self._abort("not fit for the dose", AbortOutcome.OTHER)

    def _abort(self, reason: str, outcome: AbortOutcome) -> None:
        """A clinician stands for it, and the patient goes."""
        against = Override("clinician", reason)
        self._ask(Abort(BY, reason, outcome, None, against))
        if self.session.is_open:
            self._ask(RecordPatientLeft(BY))

    def _give(self, at: datetime | None = None, deviation: Deviation | None = None) -> bool:
        """Whether it was given; with `deviation` it was whatever the criteria say."""
        regimen, is_given = self.regimen, deviation is not None
        if regimen.is_infusion:
            start = ControlInfusion(
                InfusionAction.START, BY, at, given=is_given, deviation=deviation
            )
            if not self._ask(start):
                return False
            self.nurse.decides(Task.END_INFUSION, self.t_s + (regimen.infusion_min or 0) * 60.0)
            self._begins()
            return True
        planned_mg = regimen.planned_mg(self.person.weight_kg) or 0.0
        mg = regimen.device_mg or planned_mg
        device = GiveDose(
            regimen.product, mg, BY, at, given=is_given, deviation=deviation, lot="L1"
        )
        if not self._ask(device):
            return False
        if self.session.given_mg < planned_mg:
            self._await_device()
        else:
            self._begins()
        return True

    def _await_device(self) -> None:
        self.nurse.decides(Task.DOSE, self.t_s + self.regimen.devices_apart_min * 60.0)

    def _begins(self) -> None:
        self.zero_s = self.t_s
        self.course = VitalSigns(
            self.person, self.zero_s, self.zero_s + 60.0 * LATEST_MIN + GIVES_UP_S
        )
        for said in self.person.adverse_events:
            at_s = self.zero_s + said.from_min * 60.0
            self.nurse.decides(Task.ASK, at_s, f"{said.name} {said.grade}")
            self.nurse.decides(Task.ASK, at_s + said.for_min * 60.0, f"{said.name} 0")

    def end_infusion(self, _: str) -> None:
        self._ask(ControlInfusion(InfusionAction.END, BY))


_DECIDED: Final = frozenset({"pressure", "no-alarm"})
"""What a clinician may clear for a dose here."""

_CALLS_AGAIN: Final = frozenset({"alarm.escalated", "alarm.reminded"})

SCORED_BY: Final = {"cadss": "dissociation.", "moaas": "sedation."}


def _start(person: Person, regimen: Regimen) -> StartSession:
    return StartSession(
        id=person.name,
        patient=person.name,
        age=person.age,
        weight_kg=person.weight_kg,
        regimen=regimen,
        medicines=(),
        by=BY,
        escort_planned=True,
    )


def _all_well(regimen: Regimen) -> RecordPreparation:
    """What is asked before the dose; everybody here is fit for it."""
    gate = regimen.gate
    return RecordPreparation(
        (),
        True,
        BY,
        Confirmation(changed=False),
        medicine_classes=dict.fromkeys(record_fields.MEDICINE_CLASSES, False),
        contraindications=dict.fromkeys(gate.contraindications, "no"),
        cautions=(),
        suicidality="none",
        fasting=dict.fromkeys(gate.fasting, True),
    )
