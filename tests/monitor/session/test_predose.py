"""What every administration waits for, what opens it, and what was given all the same."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from monitor.patient.deviations import deviations
from monitor.session.commands import (
    ClearanceScope,
    Close,
    Confirmation,
    Deviation,
    GiveDose,
    InfusionAction,
    RecordClearance,
    RecordPreparation,
    Refusal,
    Refused,
    SetAlarmLimit,
    StartSession,
)
from monitor.session.criterion import Criterion, as_json
from monitor.session.records import Dose
from tests.monitor.builders import OXIMETER, REGIMENS, Bedside, bed
from tests.monitor.sessions import history

DEVICE_MG = 28


def criteria(side: Bedside) -> dict[str, Criterion]:
    return {each.name: each for each in side.bed.readiness.predose_criteria(side.now)}


def stops(side: Bedside) -> set[str]:
    return {name for name, each in criteria(side).items() if each.stops}


def prepared(regimen: str = "esketamine-84") -> Bedside:
    """A patient of whom all is asked and measured, in the minute of the dose."""
    return bed().with_session(regimen).with_baseline().prepared()


def device(side: Bedside, **more: Any) -> Bedside:
    """The next device, or what the pre-dose criteria say against it."""
    return side.dosed(DEVICE_MG, override=None, **more)


def cleared(side: Bedside, *items: str) -> Bedside:
    scope = ClearanceScope.DOSE
    return side.asks(RecordClearance(scope, "dr.b", "known hypertension", "nurse.a", items))


def given(side: Bedside, mg: float = DEVICE_MG, why: str | None = "it was urgent") -> Bedside:
    deviation = None if why is None else Deviation(why)
    command = GiveDose("esketamine", mg, "nurse.a", lot="A1", given=True, deviation=deviation)
    return side.asks(command)


def test_a_patient_who_is_fit_and_asked_is_given_the_device() -> None:
    side = prepared()
    assert stops(side) == set()
    device(side)
    payload = side.last("dose.given").payload
    assert (payload["unmet"], payload["deviation"]) == ([], None)


# ── values, not their presence ──────────────────────────────────────────────────────────

UNFIT: dict[str, tuple[Callable[[Bedside], object], str, str]] = {
    "over 140": (lambda side: side.typed(141, 80), "pressure", "141/80 is over 140/90"),
    "over 90": (lambda side: side.typed(130, 91), "pressure", "130/91 is over 140/90"),
    "not over 90": (lambda side: side.typed(90, 60), "pressure", "90/60: systolic not over 90"),
    "an old pressure": (
        lambda side: side.silent("cuff").minutes(31).scored(cadss=0, moaas=5),
        "pressure",
        "31 min old",
    ),
    "SpO2 under 93": (lambda side: side.spo2(92, for_s=1), "spo2", "92 % is under 93"),
    "no SpO2": (lambda side: side.silent("oximeter", for_s=10), "spo2", "no SpO2 now"),
    "sedated": (lambda side: side.scored(moaas=4), "moaas", "4 is under 5"),
    "old scores": (lambda side: side.minutes(31).typed(120, 80), "moaas", "31 min ago"),
    "an old CADSS": (lambda side: side.minutes(31).typed(120, 80), "cadss", "31 min ago"),
    "an alarm": (lambda side: side.pulse(130, for_s=35), "no-alarm", "Pulse 130/min"),
}


@pytest.mark.parametrize("unfit", UNFIT)
def test_a_value_that_is_not_fit_stops_the_dose(unfit: str) -> None:
    change, name, why = UNFIT[unfit]
    side = prepared()
    change(side)
    assert name in stops(side)
    assert why in criteria(side)[name].why
    with pytest.raises(Refused, match=name) as refused:
        device(side)
    assert refused.value.kind is Refusal.CONFLICT
    assert side.types("dose.") == []


@pytest.mark.parametrize(
    "change",
    [
        lambda side: side.typed(140, 90),
        lambda side: side.typed(91, 60),
        lambda side: side.spo2(93, for_s=1),
        lambda side: side.scored(cadss=90),
    ],
    ids=["140/90", "91/60", "SpO2 93", "CADSS is a remark"],
)
def test_a_value_at_its_limit_is_fit(change: Callable[[Bedside], Bedside]) -> None:
    side = change(prepared())
    assert {"pressure", "spo2", "moaas", "cadss"}.isdisjoint(stops(side))


def test_a_whole_list_of_unfit_values_gives_no_dose() -> None:
    """SpO2 80 %, pulse 150, pressure 72/40, CADSS 90, MOAA/S 0, and what they alarm."""
    side = bed().with_session().prepared().spo2(80).pulse(150).scored(cadss=90, moaas=0)
    side.typed(72, 40).wait(20)
    assert stops(side) >= {"pressure", "spo2", "moaas", "no-alarm", "no-emergency"}
    with pytest.raises(Refused, match="not ready for the dose"):
        device(side)
    assert {"pressure", "spo2"} <= {
        c["name"] for c in given(side).last("dose.given").payload["unmet"]
    }


def test_the_patient_s_own_spo2_limit_is_the_limit() -> None:
    side = prepared().asks(SetAlarmLimit("spo2.low", "spo2", 88.5, "dr.b", "COPD", "nurse.a"))
    side.spo2(90, for_s=61)
    assert "spo2" not in stops(side)


# ── what is asked ───────────────────────────────────────────────────────────────────────

ASKED: dict[str, tuple[dict[str, Any], str, str]] = {
    "not asked": ({"contraindications": None}, "contraindications", "ask for aneurysmal disease"),
    "one not asked": (
        {"contraindications": {"aneurysmal-disease": "no", "hypersensitivity": "no"}},
        "contraindications",
        "ask for av malformation, intracerebral haemorrhage",
    ),
    "one present": (
        {"contraindications": {"hypersensitivity": "yes"}},
        "contraindications",
        "hypersensitivity: yes",
    ),
    "not confirmed": ({"confirmed": None}, "contraindications", "go through them"),
    "suicidality not asked": ({"suicidality": None}, "suicidality", "ask for suicidal thoughts"),
    "a concern": ({"suicidality": "concern"}, "suicidality", "a clinician decides"),
    "fasting not asked": ({"fasting": None}, "fasting", "ask for food 2h"),
    "has eaten": ({"fasting": {"food_2h": False}}, "fasting", "not kept to: food 2h"),
}


@pytest.mark.parametrize("case", ASKED)
def test_what_was_not_asked_or_stands_against_it_stops_the_dose(case: str) -> None:
    answers, name, why = ASKED[case]
    side = bed().with_session().with_baseline().prepared(**answers)
    assert stops(side) == {name}
    assert why in criteria(side)[name].why
    device(cleared(side, name))
    assert side.last("dose.given").payload["unmet"][0]["cleared_by"] == "dr.b"


@pytest.mark.parametrize(("age", "why"), [(None, "not given"), (17, "17 is under 18"), (18, "18")])
def test_the_patient_is_of_age(age: int | None, why: str) -> None:
    start = StartSession("s", "P", age, 70, REGIMENS["esketamine-84"], (), "nurse.a")
    assert criteria(bed().asks(start))["age"].why == why


def test_remarks_stop_nothing() -> None:
    remarks = {"cautions": ("pregnancy",), "escort_planned": False, "medicine_classes": None}
    side = bed().with_session().with_baseline(120).wait(1).typed(100, 70)
    side.wait(1).typed(121, 80).prepared(**remarks)
    unmet = {name for name, each in criteria(side).items() if not each.met}
    assert unmet == {"cautions", "escort-planned", "medicines", "baseline-steady"}
    device(side)


def test_an_answer_leaves_the_others_as_they_are() -> None:
    side = prepared().asks(
        RecordPreparation(None, None, "nurse.b", contraindications={"hypersensitivity": "yes"})
    )
    said = side.session.preparation
    assert said.contraindications is not None
    assert said.contraindications["hypersensitivity"] == "yes"
    assert said.contraindications["av-malformation"] == "no"
    assert (said.suicidality, side.session.escort_planned) == ("none", True)


def test_who_went_through_it_is_kept() -> None:
    side = bed().with_session()
    side.asks(RecordPreparation(None, None, "nurse.b", Confirmation(changed=True)))
    confirmed = side.session.preparation.confirmed
    assert confirmed is not None
    assert (confirmed["by"], confirmed["changed"]) == ("nurse.b", True)


@pytest.mark.parametrize(
    ("answers", "field"),
    [
        ({"contraindications": {"hypersensitivty": "no"}}, "contraindications"),
        ({"cautions": ("pregnant",)}, "cautions"),
        ({"fasting": {"food": True}}, "fasting"),
        ({"medicine_classes": {"opiate": True}}, "medicines"),
    ],
)
def test_what_the_regimen_does_not_ask_is_refused(answers: dict[str, Any], field: str) -> None:
    with pytest.raises(Refused, match="asks for no") as refused:
        bed().with_session().asks(RecordPreparation(None, None, "nurse.a", **answers))
    assert refused.value.field == field


# ── further devices ─────────────────────────────────────────────────────────────────────


def test_the_second_device_waits_five_minutes_and_for_a_new_moaas() -> None:
    side = device(prepared())
    assert stops(side) == {"interval", "moaas"}
    with pytest.raises(Refused, match="interval"):
        device(side)
    side.minutes(4.9).scored(moaas=5)
    assert stops(side) == {"interval"}
    assert criteria(side)["interval"].why == "wait 1 min more"
    device(side.minutes(0.1))
    assert len(side.session.doses) == 2


@pytest.mark.parametrize("at_s", [None, 0, -1], ids=["now", "same second", "second before"])
def test_the_same_device_told_twice_in_a_second_is_stored_once_unless_it_is_a_deviation(
    at_s: float | None,
) -> None:
    """Also of a regimen whose devices need not be apart: MOAA/S is scored between two."""
    close = REGIMENS["esketamine-84"].model_copy(update={"devices_apart_min": 0})
    for regimen in ("esketamine-84", close):
        side = bed().with_session(regimen).with_baseline().prepared().wait(5)
        first = GiveDose("esketamine", DEVICE_MG, "nurse.a", lot="A1")
        at = None if at_s is None else side.now.plus(at_s).wall
        side.asks(first)
        for again in (replace(first, at=at), replace(first, at=at, given=True)):
            with pytest.raises(Refused):
                side.asks(again)
        side.asks(replace(first, at=at, given=True, deviation=Deviation("two at once")))
        assert len(side.session.doses) == 2


def test_the_second_device_waits_for_the_values_as_well() -> None:
    side = device(prepared()).minutes(5).scored(moaas=5).typed(150, 80)
    assert stops(side) == {"pressure"}


def test_after_the_last_device_nothing_is_asked() -> None:
    side = prepared()
    for _ in range(3):
        device(side.scored(moaas=5)).minutes(5)
    assert criteria(side) == {}
    with pytest.raises(Refused, match="more is over regimen"):
        device(side.scored(moaas=5))


def test_an_infusion_and_its_resumption_are_administrations() -> None:
    side = prepared("ketamine-iv").minutes(11)
    assert stops(side) == {"pressure"}
    side.typed(120, 80).infusion(InfusionAction.START, override=None)
    assert criteria(side) == {}
    side.minutes(10).infusion(InfusionAction.PAUSE, override=None)
    assert "moaas" in stops(side)
    with pytest.raises(Refused, match="moaas"):
        side.infusion(InfusionAction.RESUME, override=None)
    side.typed(120, 80).scored(moaas=5).infusion(InfusionAction.RESUME, override=None)
    side.infusion(InfusionAction.END, override=None)


# ── clearances ──────────────────────────────────────────────────────────────────────────


def high() -> Bedside:
    return prepared().typed(150, 80)


def test_a_clearance_opens_what_it_names() -> None:
    side = cleared(high(), "pressure")
    found = criteria(side)["pressure"]
    assert (found.met, found.cleared_by, found.stops) == (False, "dr.b", False)
    assert "known hypertension" in found.why
    device(side)
    decision = side.session.clearances[0]
    assert (decision.items, decision.alarms) == (["pressure"], [])
    assert decision.seen is not None
    assert decision.seen["sys"] == 150


def test_what_a_clinician_may_clear_is_said() -> None:
    side = high().scored(moaas=4)
    assert {each.name for each in criteria(side).values() if each.clearable} == {
        "pressure",
        "moaas",
    }
    cleared(side, "pressure")
    assert {name for name, each in criteria(side).items() if each.clearable} == {"moaas"}


def test_an_emergency_and_a_remark_are_not_to_be_cleared() -> None:
    found = criteria(prepared().prepared(cautions=("pregnancy",)).typed(185, 80))
    assert not found["no-emergency"].met
    assert not found["cautions"].met
    assert not found["no-emergency"].clearable
    assert not found["cautions"].clearable
    assert found["pressure"].clearable


def test_an_event_keeps_no_word_of_what_may_be_cleared() -> None:
    (kept,) = as_json([criteria(high())["pressure"]], edition=3)
    assert list(kept) == ["name", "met", "why", "required", "cleared_by"]


def test_a_clearance_opens_nothing_else() -> None:
    side = cleared(high().scored(moaas=4), "pressure")
    assert stops(side) == {"moaas"}


LAPSES: dict[str, Callable[[Bedside], object]] = {
    "half an hour": lambda side: side.minutes(30.1).typed(150, 80).scored(cadss=0, moaas=5),
    "10 mmHg more": lambda side: side.typed(160, 80),
    "5 mmHg more": lambda side: side.typed(150, 85).typed(150, 91),
    "a low pressure": lambda side: side.typed(80, 50),
    "another alarm": lambda side: side.pulse(130, for_s=35),
    "an administration": lambda side: given(side).minutes(5).scored(moaas=5).typed(150, 80),
}


@pytest.mark.parametrize("lapse", LAPSES)
def test_a_clearance_lapses(lapse: str) -> None:
    side = cleared(high(), "pressure")
    LAPSES[lapse](side)
    assert "pressure" in stops(side)


HOLDS: dict[str, Callable[[Bedside], object]] = {
    "just half an hour": lambda side: side.minutes(29.9),
    "9 mmHg more": lambda side: side.typed(159, 84),
    "less": lambda side: side.typed(141, 70),
}


@pytest.mark.parametrize("still", HOLDS)
def test_a_clearance_holds(still: str) -> None:
    side = cleared(high(), "pressure")
    HOLDS[still](side)
    assert "pressure" not in stops(side)


def test_an_alarm_raised_after_the_doses_time_and_over_by_now_lapses_no_clearance() -> None:
    side = cleared(high(), "pressure")
    given_at = side.now.wall
    side.minutes(1).pulse(130, for_s=35).pulse(70, for_s=60)
    gate = side.bed.readiness.predose_criteria_of(side.session, side.now)
    assert {c.name for c in gate(side.now.wall) if c.stops} == {"pressure"}
    assert {c.name for c in gate(given_at) if c.stops} == set()


def test_a_clearance_of_a_missing_value_covers_no_value() -> None:
    side = bed(OXIMETER).with_session().prepared().scored(cadss=0, moaas=5).wait(1)
    cleared(side, "pressure")
    assert "pressure" not in stops(side)
    side.typed(150, 80)
    assert "pressure" in stops(side)


@pytest.mark.parametrize(
    ("change", "items", "says"),
    [
        (lambda side: side.typed(185, 80), ("no-emergency",), "nobody clears that"),
        (lambda side: side, ("pressure",), "pressure is met"),
        (lambda side: side, ("presure",), "no criterion presure"),
        (lambda side: side, (), "name the criteria"),
        (lambda side: side, ("cautions",), "no criterion cautions"),
    ],
)
def test_a_clearance_that_cannot_be(
    change: Callable[[Bedside], object], items: Iterable[str], says: str
) -> None:
    side = prepared()
    change(side)
    with pytest.raises(Refused, match=says):
        cleared(side, *items)


def test_nothing_opens_the_gate_in_an_emergency() -> None:
    side = prepared().typed(185, 80)
    cleared(side, "pressure", "no-alarm")
    assert stops(side) == {"no-emergency"}
    with pytest.raises(Refused, match="no-emergency"):
        device(side)


GRAVEST: dict[str, Callable[[Bedside], object]] = {
    "pressure.severe": lambda side: side.typed(180, 80),
    "pressure.crisis": lambda side: side.symptom("chest-pain").typed(180, 80),
    "event.serious": lambda side: side.symptom("seizure"),
    "sedation.unresponsive": lambda side: side.scored(moaas=1),
    "spo2.very-low": lambda side: side.spo2(87, for_s=11),
    "resp.very-low": lambda side: side.observed(resp=8),
}


@pytest.mark.parametrize("rule", GRAVEST)
@pytest.mark.parametrize("is_first", [True, False], ids=["first device", "second device"])
def test_none_of_the_gravest_alarms_lets_a_device_be_given(rule: str, is_first: bool) -> None:
    side = prepared() if is_first else device(prepared()).minutes(5).scored(moaas=5).typed(120, 80)
    assert stops(side) == set()
    GRAVEST[rule](side)
    assert rule in side.open_rules()
    cleared(side, *stops(side) - {"no-emergency"})
    assert stops(side) == {"no-emergency"}
    with pytest.raises(Refused, match="no-emergency"):
        device(side)
    assert set(REGIMENS["esketamine-84"].gate.closed_while) == GRAVEST.keys()


def test_an_alarm_of_a_device_holds_no_dose_and_it_says_whose_are_meant() -> None:
    side = prepared().unplugged("cuff").minutes(2)
    assert side.alarm("tech.link-lost").priority.label == "medium"
    found = criteria(side)["no-alarm"]
    assert (found.met, found.why) == (True, "none of the patient's is open")


# ── what was given all the same ─────────────────────────────────────────────────────────


def test_what_was_given_is_taken_with_its_reason_and_what_it_was_against() -> None:
    side = given(bed().with_session())
    [dose] = side.session.doses
    assert dose.deviation is not None
    assert dose.deviation["reason"] == "it was urgent"
    assert {"pressure", "spo2", "moaas", "contraindications"} <= {*dose.deviation["unmet"]}


def test_what_was_given_against_the_criteria_needs_a_reason() -> None:
    with pytest.raises(Refused, match="say in deviation why") as refused:
        given(bed().with_session(), why=None)
    assert refused.value.field == "deviation"
    assert given(prepared(), why=None).session.doses[0].deviation is None


def test_a_deviation_is_of_what_was_given() -> None:
    command = GiveDose("esketamine", 28, "nurse.a", deviation=Deviation("why not"))
    with pytest.raises(Refused, match="say given"):
        prepared().asks(command)


@pytest.mark.parametrize(("mg", "name"), [(84, "device"), (14, "device"), (112, "planned-dose")])
def test_what_is_not_one_device_of_the_regimen_is_a_deviation(mg: float, name: str) -> None:
    side = prepared()
    with pytest.raises(Refused):
        side.dosed(mg, override=None)
    dose: Dose = given(side, mg).session.doses[0]
    assert dose.deviation is not None
    assert name in dose.deviation["unmet"]


def test_the_values_of_its_time_are_judged() -> None:
    """Given four minutes ago, when all was well, and recorded while SpO2 is low."""
    side = prepared().minutes(5)
    then = side.now.wall - timedelta(minutes=4)
    device(side.spo2(90, for_s=5), at=then)
    assert side.session.doses[0].at == then


def test_a_dose_corrected_in_its_lot_keeps_its_deviation() -> None:
    side = given(bed().with_session()).minutes(1)
    [dose] = side.session.doses
    device(side, lot="B2", corrects=dose.id)
    [now] = side.session.doses
    assert (now.lot, now.deviation) == ("B2", dose.deviation)


def test_a_dose_corrected_to_another_time_is_judged_there() -> None:
    side = device(prepared().minutes(5)).minutes(1)
    [dose] = side.session.doses
    early = side.session.started_at
    with pytest.raises(Refused, match="not ready"):
        device(side, at=early, corrects=dose.id)
    assert side.session.doses == (dose,)


# ── leaving ─────────────────────────────────────────────────────────────────────────────


def test_a_clearance_for_leaving_opens_what_it_names_until_it_lapses() -> None:
    side = prepared()
    device(side).minutes(30).typed(155, 80)
    scope = ClearanceScope.LEAVING
    side.asks(RecordClearance(scope, "dr.b", "usual", "nurse.a", ("pressure-near-baseline",)))
    assert side.criterion("pressure-near-baseline").cleared_by == "dr.b"
    side.typed(166, 80)
    assert side.criterion("pressure-near-baseline").stops


@pytest.mark.parametrize("name", ["window-over", "discharge-checks", "no-check-overdue", "escort"])
def test_what_is_yet_to_be_done_is_not_cleared_for_leaving(name: str) -> None:
    side = device(prepared()).minutes(22)
    assert side.criterion(name).stops
    cleared = RecordClearance(ClearanceScope.LEAVING, "dr.b", "usual", "nurse.a", (name,))
    with pytest.raises(Refused, match=f"nobody clears {name}"):
        side.asks(cleared)
    assert side.criterion(name).stops
    assert not side.criterion(name).clearable


def test_after_a_serious_event_a_clinician_clears_leaving() -> None:
    side = device(prepared()).minutes(10).symptom("seizure").symptom("seizure", 0)
    assert side.criterion("no-serious-event").why == "seizure"
    assert side.criterion("no-serious-event").stops


def test_after_loss_of_consciousness_as_well() -> None:
    side = device(prepared()).minutes(10).scored(moaas=1).minutes(10).scored(moaas=5)
    assert side.criterion("no-serious-event").why == "MOAA/S 1"


def test_nobody_leaves_without_being_asked_for_suicidal_thoughts() -> None:
    side = device(prepared())
    with pytest.raises(Refused, match=r"suicidality \(ask for suicidal thoughts\)"):
        side.asks(Close("nurse.a", escort=True))
    with pytest.raises(Refused, match=r"suicidality \(a concern\)"):
        side.asks(Close("nurse.a", escort=True, suicidality="concern"))


# ── at the administration's own time ────────────────────────────────────────────────────


def test_an_alarm_that_was_open_at_the_time_of_the_dose_stops_it() -> None:
    side = prepared().minutes(1).spo2(90, for_s=40)
    at = side.now.wall
    side.minutes(1).spo2(97, for_s=60).minutes(1)
    assert "no-alarm" not in stops(side)
    with pytest.raises(Refused, match="no-alarm"):
        device(side, at=at)


def test_an_alarm_that_was_active_at_the_time_of_the_dose_is_an_emergency() -> None:
    side = prepared().minutes(1).typed(185, 80)
    at = side.now.wall
    side.wait(60).typed(120, 80).wait(1).typed(121, 80).minutes(1)
    assert criteria(side)["no-emergency"].met
    side.dosed(DEVICE_MG, at)
    assert "no-emergency" in side.last("dose.given").payload["deviation"]["unmet"]


# ── given otherwise ─────────────────────────────────────────────────────────────────────


def test_another_product_that_was_given_is_taken_and_counts_for_the_window_alone() -> None:
    side = prepared()
    wrong = GiveDose("ketamine", 50, "nurse.a", given=True, deviation=Deviation("mixed up"))
    side.asks(wrong)
    assert side.last("dose.given").payload["deviation"]["unmet"] == ["product"]
    assert side.session.given_mg == 0
    assert side.session.window_ends_at == side.now.wall + timedelta(minutes=120)
    said = [*deviations(history(side))]
    assert "ketamine 50 mg given: the regimen's product is esketamine" in said


def test_another_product_that_is_to_be_given_is_refused() -> None:
    with pytest.raises(Refused, match="gives esketamine") as refused:
        prepared().asks(GiveDose("ketamine", 50, "nurse.a"))
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "product")


def test_a_dose_corrected_to_another_product_is_judged_anew() -> None:
    side = device(prepared())
    dose = side.session.doses[0]
    wrong = GiveDose("ketamine", dose.mg, "nurse.a", corrects=dose.id, given=True)
    with pytest.raises(Refused, match="product"):
        side.asks(wrong)


@pytest.mark.parametrize("action", [InfusionAction.PAUSE, InfusionAction.END])
def test_a_pause_or_an_end_typed_by_the_minute_of_the_start_is_taken(
    action: InfusionAction,
) -> None:
    side = prepared("ketamine-iv").minutes(1)
    side.wait(80 - side.now.wall.second).infusion(InfusionAction.START).wait(10)
    begun = side.session.first_dose_at
    side.infusion(action, side.now.wall.replace(second=0))
    infusion = side.session.infusion
    assert infusion is not None
    assert begun in (infusion.ended_at, *(at for at, _ in infusion.pauses))
