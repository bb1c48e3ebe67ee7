"""What a session was started with is put right: what follows from it, and what is refused."""

from dataclasses import replace
from typing import Any

import pytest

from monitor.session.commands import (
    ClearanceScope,
    CorrectSession,
    GiveDose,
    InfusionAction,
    RecordClearance,
    Refusal,
    Refused,
)
from monitor.session.regimen import PlannedChecks, Regimen
from monitor.session.schedule import PlannedCheck
from monitor.session.session import Phase
from tests.monitor.builders import REGIMENS, Bedside, bed

START_IV, END = InfusionAction.START, InfusionAction.END
IV = REGIMENS["ketamine-iv"]
SPRAY = REGIMENS["esketamine-84"]


def correct(**right: Any) -> CorrectSession:
    return CorrectSession("nurse.b", "mistyped", **right)


def device(side: Bedside, **more: Any) -> Bedside:
    side.scored(moaas=5)
    return side.asks(GiveDose("esketamine", 28, "nurse.a", lot="A1", **more))


def spray(regimen: str = "esketamine-56", devices: int = 0) -> Bedside:
    side = bed().wait(2).with_session(regimen).prepared().with_baseline().minutes(1)
    for n in range(devices):
        device(side.minutes(5 if n else 0))
    return side


def infused(minutes: float) -> Bedside:
    side = bed().wait(2).with_session("ketamine-iv").prepared().with_baseline()
    return side.infusion(START_IV).minutes(minutes)


def refused(side: Bedside, command: CorrectSession) -> Refused:
    before = [*side.events]
    with pytest.raises(Refused) as caught:
        side.asks(command)
    assert side.events == before
    return caught.value


# ── what follows ────────────────────────────────────────────────────────────────────────


def test_both_what_was_and_what_is_are_kept() -> None:
    side = spray().asks(correct(age=54, weight_kg=17.5, regimen=SPRAY))
    (made,) = side.session.session_corrections
    assert made.was == {"age": 44, "weight_kg": 71, "regimen": "esketamine-56"}
    assert made.now == {"age": 54, "weight_kg": 17.5, "regimen": "esketamine-84"}
    assert (made.by, made.reason, made.at) == ("nurse.b", "mistyped", side.now.wall)
    of = side.session
    assert (of.age, of.weight_kg, of.regimen) == (54, 17.5, SPRAY)


def test_what_is_right_already_is_not_among_it() -> None:
    side = spray().asks(correct(age=54, weight_kg=71))
    assert side.session.session_corrections[0].now == {"age": 54}


def test_a_rebuilt_bed_has_it_too() -> None:
    side = spray(devices=2).asks(correct(age=54, regimen=SPRAY))
    assert side.last("session.corrected").payload["now"]["age"] == 54
    before = side.session
    assert side.rebuilt().session == before


def test_it_is_restated_by_a_clock_that_is_set() -> None:
    side = spray().asks(correct(age=54))
    at = side.session.session_corrections[0].at
    side.wall_steps(3600).second()
    assert (side.session.session_corrections[0].at - at).total_seconds() == 3600


def test_the_gate_judges_by_the_right_age() -> None:
    side = spray()
    assert {c.name for c in side.bed.readiness.predose_criteria(side.now) if c.stops} == set()
    side.asks(correct(age=17))
    stops = [c for c in side.bed.readiness.predose_criteria(side.now) if c.stops]
    assert [(c.name, c.why) for c in stops] == [("age", "17 is under 18")]


def test_a_clearance_of_the_age_is_not_of_another_age() -> None:
    side = spray().asks(correct(age=17))
    side.asks(RecordClearance(ClearanceScope.DOSE, "dr.b", "tall", "nurse.a", ("age",)))
    side.second().asks(correct(age=12))
    (age,) = (c for c in side.bed.readiness.predose_criteria(side.now) if c.name == "age")
    assert (age.stops, age.why) == (True, "12 is under 18")


def test_what_is_asked_after_another_regimen_is_a_new_answer_too() -> None:
    side = spray().asks(correct(regimen=SPRAY)).second().prepared(suicidality="concern")
    cleared = RecordClearance(ClearanceScope.DOSE, "dr.b", "seen", "nurse.a", ("suicidality",))
    side.second().asks(cleared).second()

    def stops() -> set[str]:
        return {c.name for c in side.bed.readiness.predose_criteria(side.now) if c.stops}

    assert "suicidality" not in stops()
    side.prepared(suicidality="concern").second()
    assert "suicidality" in stops()
    side.asks(cleared).second().asks(correct(regimen=REGIMENS["esketamine-28"])).second()
    assert "suicidality" in stops()


def test_another_regimen_asks_for_what_it_asks_for() -> None:
    side = spray()
    side.asks(correct(regimen=IV))
    names = {c.name for c in side.bed.readiness.predose_criteria(side.now)}
    assert "fasting" not in names
    assert side.session.regimen.is_infusion
    side.infusion(START_IV)
    assert side.session.window_ends_at is not None


def test_a_regimen_by_weight_plans_by_the_right_weight() -> None:
    side = bed().wait(2).with_session("ketamine-iv").asks(correct(weight_kg=80.0))
    assert side.session.regimen.planned_mg(side.session.weight_kg) == 40


# ── after a dose ────────────────────────────────────────────────────────────────────────


def test_what_was_left_for_84_mg_is_given_after_56() -> None:
    side = spray(devices=2)
    assert side.phase() is Phase.OBSERVING
    side.minutes(4).asks(correct(regimen=SPRAY))
    assert side.types("session.")[-2:] == ["session.corrected", "session.dosing"]
    assert side.phase() is Phase.DOSING
    unmet = [c.name for c in side.bed.readiness.predose_criteria(side.now) if c.stops]
    assert unmet == ["moaas", "interval"]
    device(side.minutes(1))
    assert (side.session.given_mg, side.phase()) == (84, Phase.OBSERVING)
    assert side.session.doses[-1].deviation is None


def test_the_time_for_another_device_is_over_a_quarter_of_an_hour_after_the_last() -> None:
    side = spray(devices=2).minutes(16).asks(correct(regimen=SPRAY))
    assert side.phase() is Phase.OBSERVING
    assert "session.dosing" not in side.types()


def test_dosing_is_over_when_no_more_is_planned() -> None:
    side = spray("esketamine-84", devices=2)
    assert side.phase() is Phase.DOSING
    side.asks(correct(regimen=REGIMENS["esketamine-56"])).second()
    assert side.phase() is Phase.OBSERVING


def test_a_ready_patient_stays_ready_when_the_age_is_put_right() -> None:
    side = bed().with_session(SPRAY.model_copy(update={"window_min": 20})).prepared()
    side.with_baseline().dosed().minutes(10).measured(120, 78).minutes(6).scored(
        cadss=0, moaas=5
    ).measured(120, 78)
    side.observed(resp=14).escorted().until(lambda s: s.phase() is Phase.READY)
    side.asks(correct(age=54)).second()
    assert side.phase() is Phase.READY


def test_the_window_is_that_of_the_right_regimen() -> None:
    longer = SPRAY.model_copy(update={"name": "longer", "window_min": 150})
    side = spray(devices=2)
    was = side.session.window_ends_at
    side.asks(correct(regimen=longer))
    now = side.session.window_ends_at
    assert was is not None
    assert now is not None
    assert (now - was).total_seconds() == 1800


def other_checks() -> Regimen:
    """MOAA/S and pressure at other times, and no CADSS."""
    checks = (
        PlannedChecks.model_validate({"of": "pressure", "after_dose_min": [50, 100]}),
        PlannedChecks.model_validate({"of": "moaas", "after_dose_min": [10, 25, 35, 80]}),
    )
    return SPRAY.model_copy(update={"name": "other", "check": checks})


def rows(side: Bedside, kind: str) -> list[tuple[float, str]]:
    last = side.session.last_dose_at
    assert last is not None
    found: list[PlannedCheck] = side.bed.readiness.planned_checks(side.now)
    return [
        ((row.due_at - last).total_seconds() / 60, row.state.value)
        for row in found
        if row.check.value == kind and row.due_at > last
    ]


def test_what_was_done_missed_or_overdue_stays_so_under_another_plan() -> None:
    side = spray(devices=1).minutes(31).scored(moaas=5).minutes(7)
    before = {kind: rows(side, kind) for kind in ("moaas", "pressure", "cadss")}
    assert before["moaas"][:3] == [(15, "missed"), (30, "done"), (45, "upcoming")]
    side.asks(correct(regimen=other_checks()))
    assert rows(side, "moaas")[:3] == [(15, "missed"), (30, "done"), (80, "upcoming")]
    assert rows(side, "pressure")[:2] == [before["pressure"][0], (50, "upcoming")]
    assert rows(side, "cadss") == []
    side.minutes(3)
    assert rows(side.rebuilt(), "moaas")[:3] == [(15, "missed"), (30, "done"), (80, "upcoming")]


def test_a_check_that_was_done_early_stays_done() -> None:
    side = spray(devices=1).minutes(39).scored(cadss=2).asks(correct(regimen=other_checks()))
    assert rows(side, "cadss") == [(40, "done")]
    side.wall_steps(600).second()
    assert rows(side, "cadss") == [(40, "done")]


def test_the_same_plan_needs_no_end() -> None:
    side = spray(devices=2).asks(correct(regimen=SPRAY))
    assert "checks_until" not in side.last("session.corrected").payload
    assert side.session.former_regimens == ()


# ── an infusion ─────────────────────────────────────────────────────────────────────────


def test_what_an_infusion_holds_is_asked_when_its_plan_changes() -> None:
    side = infused(10)
    why = refused(side, correct(weight_kg=100.0))
    assert (why.kind, why.field) == (Refusal.INVALID, "infusion_mg")
    assert "(35.5 as planned before, 50 as corrected)" in str(why)
    side.asks(correct(weight_kg=100.0, infusion_mg=35.5)).minutes(30).infusion(END)
    assert side.session.given_mg == pytest.approx(35.5)
    (made,) = side.session.session_corrections
    assert made.was == {"weight_kg": 71, "infusion_mg": 35.5}
    assert made.now == {"weight_kg": 100, "infusion_mg": 35.5}


def test_what_ran_in_is_of_what_the_infusion_holds() -> None:
    side = infused(20).asks(correct(weight_kg=100.0, infusion_mg=50.0))
    assert side.session.session_corrections[0].was == {"weight_kg": 71, "infusion_mg": 35.5}
    assert side.session.ran_in_mg(side.now.wall) == pytest.approx(25)
    side.wall_steps(600).second().minutes(20).infusion(END)
    assert side.session.given_mg == pytest.approx(50)


def test_an_age_that_is_put_right_says_nothing_of_an_infusion() -> None:
    side = infused(5).asks(correct(age=54))
    assert side.session.infusion is not None
    assert side.session.infusion.holds_mg is None


# ── what is refused ─────────────────────────────────────────────────────────────────────

BY_WEIGHT = SPRAY.model_copy(update={"total_mg": None, "mg_per_kg": 1.2, "name": "by weight"})
REFUSED: dict[str, tuple[CorrectSession, Refusal, str | None, str]] = {
    "nothing": (correct(), Refusal.INVALID, "age", "one of age, weight_kg, regimen"),
    "what is so already": (correct(age=44), Refusal.CONFLICT, None, "on record already"),
    "no weight": (correct(weight_kg=0.0), Refusal.INVALID, "weight_kg", "more than 0 kg"),
    "an endless weight": (correct(weight_kg=float("inf")), Refusal.INVALID, "weight_kg", "0 kg"),
    "another route": (correct(regimen=IV), Refusal.CONFLICT, "regimen", "esketamine (nasal)"),
    "another product": (
        correct(regimen=SPRAY.model_copy(update={"name": "x", "product": "ketamine"})),
        Refusal.CONFLICT,
        "regimen",
        "has been given",
    ),
    "a former edition": (
        correct(regimen=SPRAY.model_copy(update={"edition": 2})),
        Refusal.CONFLICT,
        "regimen",
        "an earlier version",
    ),
    "an infusion where none is": (
        correct(age=45, infusion_mg=35.5),
        Refusal.INVALID,
        "infusion_mg",
        "no infusion has started",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_is(case: str) -> None:
    command, kind, field, words = REFUSED[case]
    why = refused(spray(devices=1), command)
    assert (why.kind, why.field) == (kind, field)
    assert words in str(why)


def test_a_regimen_by_weight_needs_the_weight() -> None:
    side = bed().wait(2)
    side.with_session(SPRAY)
    side.bed.state.session = replace(side.session, weight_kg=None)
    side.bed.state.open_session = side.bed.state.session
    assert refused(side, correct(regimen=BY_WEIGHT)).field == "weight_kg"
    side.asks(correct(regimen=BY_WEIGHT, weight_kg=70.0))
    assert side.session.weight_kg == 70


def test_an_infusion_is_not_taken_for_a_bolus() -> None:
    bolus = IV.model_copy(update={"name": "bolus", "infusion_min": None})
    why = refused(infused(5), correct(regimen=bolus, infusion_mg=35.5))
    assert "ketamine (intravenous, as an infusion)" in str(why)


@pytest.mark.parametrize("mg", [0.0, float("nan"), float("inf")])
def test_an_infusion_holds_something(mg: float) -> None:
    assert refused(infused(5), correct(infusion_mg=mg)).field == "infusion_mg"


def test_an_ended_session_stays_as_it_was() -> None:
    assert "no open session" in str(refused(spray().aborted(), correct(age=54)))
