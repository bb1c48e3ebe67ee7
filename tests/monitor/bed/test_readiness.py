"""When readiness has to be judged, and what the criteria are held against."""

from dataclasses import replace

import pytest

from alerts.evaluation import AlarmEngine
from drivers.clock import Instant
from drivers.readings import Reading, Vital
from monitor.bed.readiness import DOSING_S, MINUTE_S, Readiness
from monitor.bed.state import BedState
from monitor.bed.technical import possible_conditions
from monitor.bed.vitals import Vitals
from monitor.session.commands import SetAlarmLimit
from monitor.session.session import Phase, Session
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START, Bedside, bed


class Patient:
    """Readiness, and what it is judged from."""

    def __init__(self, session: Session | None = None) -> None:
        devices = (OXIMETER, CUFF)
        self.state = BedState(devices)
        self.state.session = self.state.open_session = session
        self.vitals = Vitals(devices, {})
        engine = AlarmEngine(DEFAULT, possible_conditions(devices))
        self.readiness = Readiness(self.state, self.vitals, engine)

    def spo2(self, percent: float | None, after_s: float = 0.0) -> bool:
        at = START.plus(after_s)
        changed = self.vitals.take("oximeter", [Reading(Vital.SPO2, percent)], at)
        return self.readiness.update_vitals({*changed}, at)

    def criterion(self, name: str, after_s: float = 0.0) -> str:
        criteria = self.readiness.discharge_criteria(START.plus(after_s))
        return next(criterion.why for criterion in criteria if criterion.name == name)


def undosed() -> Session:
    return bed().with_session().session


def dosed(edition: int = 3) -> Session:
    regimen = REGIMENS["esketamine-84"].model_copy(update={"edition": edition})
    return bed().with_session(regimen).dosed().tick(1).session


# ── SpO2 that is sustained ──────────────────────────────────────────────────────────────


def test_spo2_is_sustained_from_when_it_was_high_enough() -> None:
    patient = Patient(dosed(edition=2))
    assert patient.spo2(97)
    assert not patient.spo2(96, after_s=4)
    assert patient.criterion("spo2", after_s=4.9).endswith("for 0 of 15 min")
    patient.spo2(97, after_s=300)
    assert patient.criterion("spo2", after_s=300).endswith("for 5 of 15 min")


@pytest.mark.parametrize("percent", [80, None])
def test_a_low_or_missing_spo2_begins_it_anew(percent: float | None) -> None:
    patient = Patient(dosed(edition=2))
    patient.spo2(97)
    assert patient.spo2(percent, after_s=300)
    assert patient.spo2(97, after_s=401)
    assert patient.criterion("spo2", after_s=401).endswith("for 0 of 15 min")


def test_it_begins_anew_with_a_session() -> None:
    patient = Patient(dosed(edition=2))
    patient.spo2(97)
    patient.spo2(97, after_s=299)
    patient.readiness.start_session(START.plus(300))
    assert patient.criterion("spo2", after_s=300).endswith("for 0 of 15 min")


def test_it_is_judged_by_what_was_seen_before_the_session_as_well() -> None:
    patient = Patient(dosed())
    patient.spo2(97)
    patient.spo2(97, after_s=599)
    assert patient.criterion("spo2", after_s=599) == "97 %, seen for 9 of 10 min"
    patient.readiness.start_session(START.plus(600))
    assert patient.criterion("spo2", after_s=600) == "97 %"


# ── when it is judged ───────────────────────────────────────────────────────────────────


def test_a_spo2_that_stays_high_enough_needs_no_judgement() -> None:
    patient = Patient(dosed(edition=2))
    patient.spo2(97)
    patient.readiness.next_judgement = START.mono + 50
    assert not patient.spo2(99, after_s=1)
    assert patient.readiness.next_judgement == START.mono + 50


def test_a_spo2_that_falls_under_the_patients_own_limit_is_judged_at_once() -> None:
    patient = Patient(dosed())
    patient.spo2(90)
    limit = SetAlarmLimit("spo2.low", "spo2", 88, "dr.b", "88 at home", "nurse.a")
    patient.state.open_session = bed().with_session().dosed().asks(limit).session
    assert not patient.spo2(89, after_s=4)
    assert patient.spo2(87, after_s=8)
    assert patient.readiness.next_judgement == START.plus(8).mono


def test_a_new_pressure_is_judged_at_once() -> None:
    patient = Patient(dosed())
    assert patient.readiness.update_vitals({Vital.SYS}, START.plus(7))
    assert patient.readiness.next_judgement == START.plus(7).mono


def test_while_doses_are_given_it_is_judged_every_second() -> None:
    patient = Patient(replace(dosed(), phase=Phase.DOSING))
    assert patient.state.session is not None
    assert patient.readiness.progress(patient.state.session, START.plus(5)) != []
    assert patient.readiness.next_judgement == START.plus(5).mono + DOSING_S


def test_with_nothing_to_come_it_is_judged_every_minute() -> None:
    patient = Patient(undosed())
    assert patient.state.session is not None
    assert patient.readiness.progress(patient.state.session, START.plus(5)) == []
    assert patient.readiness.next_judgement == START.plus(5).mono + MINUTE_S


def test_it_is_judged_when_spo2_has_been_sustained_long_enough() -> None:
    patient = Patient(dosed(edition=2))
    patient.spo2(97)
    patient.spo2(97, after_s=890)
    assert patient.state.session is not None
    session = replace(patient.state.session, phase=Phase.OBSERVING)
    patient.readiness.progress(session, START.plus(890))
    assert patient.readiness.next_judgement == pytest.approx(START.plus(900).mono)


# ── checks ──────────────────────────────────────────────────────────────────────────────


def test_the_plan_is_made_anew_only_when_it_no_longer_stands() -> None:
    patient = Patient(dosed())
    assert patient.readiness.update_schedule(START.plus(2))
    kept = patient.readiness.schedule
    assert not patient.readiness.update_schedule(START.plus(3))
    assert patient.readiness.planned_checks(START.plus(3)) is kept.checks
    assert patient.readiness.update_schedule(Instant(kept.until, START.mono + 4000))
    assert patient.readiness.next_judgement == START.mono + 4000


def test_asking_for_the_checks_changes_nothing() -> None:
    patient = Patient(dosed())
    before = patient.readiness.schedule
    assert patient.readiness.planned_checks(START.plus(2)) != []
    assert patient.readiness.schedule is before


def test_without_a_session_nothing_is_planned() -> None:
    assert Patient().readiness.planned_checks(START) == []
    assert not Patient().readiness.update_schedule(START)


# ── criteria ────────────────────────────────────────────────────────────────────────────


def test_there_are_conditions_for_the_first_dose_until_it_is_given() -> None:
    assert Patient().readiness.predose_criteria(START) == []
    assert Patient(undosed()).readiness.predose_criteria(START) != []
    assert Patient(dosed()).readiness.predose_criteria(START) == []


def test_an_escort_may_be_supposed() -> None:
    readiness = Patient(dosed()).readiness

    def met(escort: bool | None) -> bool:
        criteria = readiness.discharge_criteria(START, escort=escort)
        return next(criterion.met for criterion in criteria if criterion.name == "escort")

    assert (met(None), met(True), met(False)) == (False, True, False)


def test_an_open_alarm_is_evidence() -> None:
    side: Bedside = bed().with_session().spo2(80, for_s=12)
    assert "no-respiratory-depression" in side.unmet()
