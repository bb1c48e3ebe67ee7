"""A bed with a patient, an oximeter and a cuff, in words.

    bed().with_session().dosed().spo2(85, for_s=12).raised("spo2.very-low")

Time passes second by second: the oximeter says what it measures, the cuff answers 35 s
after it is asked, and the bed is told that time has passed.
"""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Self

from alerts.alarm.lifecycle import Alarm
from alerts.rules.loader import load_rules
from alerts.rules.model import RuleSet
from drivers.clock import Instant
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
from drivers.registry import DeviceSpec
from monitor.bed.bed import Bed
from monitor.bed.effects import Result, StartMeasurement
from monitor.bed.inputs import DeviceInput, Tick
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Acknowledge,
    Close,
    Command,
    Confirmation,
    ConfirmEscort,
    ControlInfusion,
    Deviation,
    GiveDose,
    InfusionAction,
    MeasurePressure,
    Override,
    PauseAudio,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    StartSession,
    Unacknowledge,
)
from monitor.session.criterion import Criterion
from monitor.session.events import Event
from monitor.session.record_fields import MEDICINE_CLASSES
from monitor.session.regimen import Regimen, Regimens
from monitor.session.session import Phase, Session

START = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 5000.0)
OXIMETER = DeviceSpec("oximeter", "nonin", "memory://oximeter")
CUFF = DeviceSpec("cuff", "suntech", "memory://cuff")
DEFAULT = load_rules("default")
REGIMENS = Regimens.shipped().by_name
MINUTE_S = 60.0
CUFF_S = 35
OVERRIDE = Override("dr.b", "nothing of this is about the gate")
DEVIATION = Deviation("nothing of this is about the gate")


class Bedside:
    """A bed, its patient, and everything that was decided."""

    def __init__(
        self,
        devices: Iterable[DeviceSpec] = (OXIMETER, CUFF),
        *,
        connected: bool = True,
        least_s: float = 0.0,
        id: str = "bed-1",
    ) -> None:
        self.devices = tuple(devices)
        self.before_move: list[Event] = []
        self.bed = Bed(id, self.devices, DEFAULT, least_s)
        self.now = START
        self.events: list[Event] = []
        self.requests: list[str] = []
        self.saturation: float | None = 97
        self.heart_rate: float | None = 72
        self.flags: frozenset[Flag] = frozenset()
        self.pressure: tuple[float, float] | None = (120, 78)
        self.talking = {spec.id for spec in self.devices}
        self._answers_in_s: int | None = None
        for spec in self.devices if connected else ():
            self.link(spec.id, LinkState.UP)

    # ── time ────────────────────────────────────────────────────────────────────────────

    def did(self, outcome: Result) -> Self:
        self.events += outcome.events
        for request in outcome.effects:
            if isinstance(request, StartMeasurement):
                self.requests.append(request.device)
                self._answers_in_s = CUFF_S
            else:
                self._answers_in_s = None
        return self

    def says(self, device: str, item: Item) -> Self:
        return self.did(self.bed.handle(DeviceInput(device, item), self.now))

    def link(self, device: str, state: LinkState, reason: str | None = None) -> Self:
        return self.did(self.bed.handle(DeviceInput(device, LinkChanged(state, reason)), self.now))

    def second(self) -> Self:
        """One second passes, and every device that talks says what it has to."""
        self.now = self.now.plus(1)
        if "oximeter" in self.talking:
            self.says("oximeter", self._oximetry())
        if "cuff" in self.talking:
            self._cuff_turn()
        return self.did(self.bed.handle(Tick(), self.now))

    def wait(self, seconds: float) -> Self:
        for _ in range(round(seconds)):
            self.second()
        return self

    def minutes(self, minutes: float) -> Self:
        return self.wait(minutes * MINUTE_S)

    def until(self, condition: Callable[[Self], bool], within_s: float = 3600) -> Self:
        """Time passes until `condition` holds; fails when it does not in `within_s`."""
        for _ in range(round(within_s)):
            if condition(self):
                return self
            self.second()
        raise AssertionError(f"not within {within_s} s")

    def tick(self, seconds: float) -> Self:
        """Time passes and nobody says anything."""
        self.now = self.now.plus(seconds)
        return self.did(self.bed.handle(Tick(), self.now))

    def wall_steps(self, seconds: float) -> Self:
        """Somebody sets the wall clock."""
        self.now = Instant(self.now.plus(seconds).wall, self.now.mono)
        return self

    def _oximetry(self) -> Measurement:
        vitals = ((Vital.SPO2, self.saturation), (Vital.PULSE, self.heart_rate))
        return Measurement(tuple(Reading(vital, value) for vital, value in vitals), self.flags)

    def _cuff_turn(self) -> None:
        if self._answers_in_s is None:
            self.says("cuff", CuffState(CuffPhase.IDLE, 0))
            return
        self._answers_in_s -= 1
        if self._answers_in_s > 0:
            self.says("cuff", CuffState(CuffPhase.MEASURING, 120))
            return
        self._answers_in_s = None
        if self.pressure is None:
            failed = MeasurementFailed(Flag.MEASUREMENT_FAILED, "weak pulse", 1)
            self.says("cuff", failed)
        else:
            self.measured(*self.pressure)

    def measured(self, sys: float, dia: float) -> Self:
        """The cuff gives a pressure now."""
        vitals = ((Vital.SYS, sys), (Vital.DIA, dia), (Vital.MAP, round((sys + 2 * dia) / 3)))
        readings = (Reading(vital, value) for vital, value in vitals)
        return self.says("cuff", Measurement((*readings, Reading(Vital.PULSE, 72))))

    # ── people ──────────────────────────────────────────────────────────────────────────

    def asks(self, command: Command) -> Self:
        return self.did(self.bed.handle(command, self.now))

    def with_session(self, regimen: Regimen | str = "esketamine-84", id: str = "s-1") -> Self:
        chosen = REGIMENS[regimen] if isinstance(regimen, str) else regimen
        return self.asks(StartSession(id, "P-017", 44, 71, chosen, (), "nurse.a"))

    def with_baseline(self, sys: float = 120, dia: float = 78) -> Self:
        self.pressure = (sys, dia)
        self.until(lambda side: bool(side.session.pressures))
        return self.scored(cadss=0, moaas=5)

    def dosed(
        self,
        mg: float = 84,
        at: datetime | None = None,
        *,
        override: Override | None = OVERRIDE,
        lot: str = "A123",
        corrects: str | None = None,
    ) -> Self:
        """Given past the pre-dose criteria; without `override` they decide."""
        past: dict[str, Any] = {} if override is None else {"given": True, "deviation": DEVIATION}
        command = GiveDose("esketamine", mg, "nurse.a", at, override, corrects, lot=lot)
        return self.asks(replace(command, **past))

    def scored(self, **totals: int) -> Self:
        for scale, total in totals.items():
            self.asks(RecordScore(scale, total, None, "nurse.a"))
        return self

    def infusion(
        self,
        action: InfusionAction,
        at: datetime | None = None,
        *,
        override: Override | None = OVERRIDE,
    ) -> Self:
        past: dict[str, Any] = {} if override is None else {"given": True, "deviation": DEVIATION}
        return self.asks(replace(ControlInfusion(action, "nurse.a", at, override), **past))

    def symptom(self, name: str, grade: int = 1) -> Self:
        return self.asks(RecordSymptom(name, grade, "nurse.a"))

    def typed(self, sys: float, dia: float, **more: Any) -> Self:
        """A person measures a pressure and types it in."""
        return self.asks(RecordPressure(sys, dia, "nurse.a", **more))

    def observed(self, **seen: Any) -> Self:
        return self.asks(RecordObservation("nurse.a", **seen))

    def prepared(self, **answers: Any) -> Self:
        """All is asked, and nothing stands against a dose, but for the `answers`."""
        gate = self.session.regimen.gate
        calm = RecordPreparation(
            (),
            True,
            "nurse.a",
            Confirmation(changed=False),
            medicine_classes=dict.fromkeys(MEDICINE_CLASSES, False),
            contraindications=dict.fromkeys(gate.contraindications, "no"),
            cautions=(),
            suicidality="none",
            fasting=dict.fromkeys(gate.fasting, True),
        )
        return self.asks(replace(calm, **answers))

    def escorted(self) -> Self:
        return self.asks(ConfirmEscort("nurse.a"))

    def closed(self, *, escort: bool = True, against: tuple[str, str] | None = None) -> Self:
        clinician, reason = against or (None, None)
        return self.asks(Close("nurse.a", escort, clinician, reason, "none"))

    def aborted(self) -> Self:
        """Aborted by a clinician, and the patient is gone."""
        against = Override("dr.b", "as the patient wants")
        self.asks(Abort("nurse.a", "patient went home", AbortOutcome.WITHDREW, None, against))
        return self.left() if self.session.is_open else self

    def left(self, **more: Any) -> Self:
        return self.asks(RecordPatientLeft("nurse.a", **more))

    def acknowledged(self, rule: str, by: str = "nurse.a") -> Self:
        return self.asks(Acknowledge(self.alarm(rule).id, by))

    def given_back(self, rule: str, by: str = "nurse.b") -> Self:
        return self.asks(Unacknowledge(self.alarm(rule).id, by, "the wrong bed"))

    def quieted(self, for_s: float = 120, by: str = "nurse.a") -> Self:
        return self.asks(PauseAudio(by, for_s))

    def measure(self) -> Self:
        return self.asks(MeasurePressure("nurse.a"))

    # ── the patient and the devices ─────────────────────────────────────────────────────

    def spo2(self, percent: float | None, *, for_s: float = 0) -> Self:
        self.saturation = percent
        return self.wait(for_s)

    def pulse(self, rate: float | None, *, for_s: float = 0) -> Self:
        self.heart_rate = rate
        return self.wait(for_s)

    def flagged(self, *flags: Flag, for_s: float = 0) -> Self:
        self.flags = frozenset(flags)
        return self.wait(for_s)

    def silent(self, device: str, *, for_s: float = 0) -> Self:
        self.talking.discard(device)
        return self.wait(for_s)

    def talks(self, device: str, *, for_s: float = 0) -> Self:
        self.talking.add(device)
        return self.wait(for_s)

    def unplugged(self, device: str, *, for_s: float = 0) -> Self:
        self.talking.discard(device)
        return self.link(device, LinkState.DOWN, "no such port").wait(for_s)

    def plugged(self, device: str, *, for_s: float = 0) -> Self:
        self.talking.add(device)
        return self.link(device, LinkState.UP).wait(for_s)

    # ── what came of it ─────────────────────────────────────────────────────────────────

    @property
    def session(self) -> Session:
        assert self.bed.session is not None
        return self.bed.session

    def phase(self) -> Phase:
        return self.session.phase

    def since_dose_min(self) -> float:
        """Minutes since the first administration, by the wall clock."""
        assert self.session.first_dose_at is not None
        return (self.now.wall - self.session.first_dose_at).total_seconds() / 60

    def latest(self, scale: str) -> int:
        """The latest total on the scale."""
        score = self.session.last_score(scale)
        assert score is not None
        return score.total

    def types(self, prefix: str = "") -> list[str]:
        return [event.type for event in self.events if event.type.startswith(prefix)]

    def last(self, type_: str) -> Event:
        return next(event for event in reversed(self.events) if event.type == type_)

    def story(self, rule: str) -> list[str]:
        """What happened to the rule's alarms, in order, but for calling again."""
        return [
            event.type.removeprefix("alarm.")
            for event in self.events
            if "alarm" in event.payload
            and event.payload["alarm"]["rule"] == rule
            and event.type not in ("alarm.escalated", "alarm.reminded")
        ]

    def open_rules(self) -> set[str]:
        return {alarm.rule for alarm in self.bed.alarm_engine.open_alarms()}

    def alarm(self, rule: str) -> Alarm:
        """The rule's alarm, open or last."""
        return next(a for a in self.bed.alarm_engine.alarms.values() if a.rule == rule)

    def criterion(self, name: str) -> Criterion:
        return next(c for c in self.bed.readiness.discharge_criteria(self.now) if c.name == name)

    def unmet(self) -> set[str]:
        return {c.name for c in self.bed.readiness.discharge_criteria(self.now) if not c.met}

    def rebuilt(
        self, devices: Iterable[DeviceSpec] | None = None, rules: RuleSet = DEFAULT
    ) -> Self:
        """The same bed after a restart: everything but its events is gone."""
        self.bed = Bed(self.bed.id, self.devices if devices is None else tuple(devices), rules)
        last_n = self.events[-1].n if self.events else 0
        self.left_out = self.bed.restore(
            self.events, last_n, self.now, before_move=self.before_move
        )
        self._answers_in_s = None
        return self


def bed(*devices: DeviceSpec) -> Bedside:
    """An empty bed with an oximeter and a cuff, or with the given devices, all connected."""
    return Bedside(devices or (OXIMETER, CUFF))
