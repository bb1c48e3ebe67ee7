"""What a first dose waited for in sessions recorded before values were judged."""

from collections.abc import Callable
from typing import Self

import pytest

from monitor.session.commands import (
    ClearanceScope,
    GiveDose,
    InfusionAction,
    Override,
    RecordClearance,
    RecordPreparation,
    Refusal,
    Refused,
    StartSession,
)
from monitor.session.regimen import Regimen
from monitor.session.session import Phase
from tests.monitor import builders
from tests.monitor.builders import START, Bedside

PRE_DOSE = ClearanceScope.PREDOSE_PRESSURE


REGIMENS = {
    name: regimen.model_copy(
        update={
            "edition": 2,
            "gate": regimen.gate.model_copy(update={"pressure_fresh_min": 30}),
        }
    )
    for name, regimen in builders.REGIMENS.items()
}


class FormerBedside(Bedside):
    def with_session(self, regimen: Regimen | str = "esketamine-84", id: str = "s-1") -> Self:
        return super().with_session(REGIMENS[str(regimen)], id)


def bed() -> Bedside:
    return FormerBedside()


def ready() -> Bedside:
    return bed().with_session().with_baseline().prepared()


def unmet(side: Bedside) -> set[str]:
    return {c.name for c in side.bed.readiness.predose_criteria(side.now) if not c.met}


def said(side: Bedside, name: str) -> str:
    return next(c.why for c in side.bed.readiness.predose_criteria(side.now) if c.name == name)


def test_a_whole_baseline_opens_the_gate() -> None:
    side = ready()
    assert unmet(side) == set()
    side.dosed(override=None)
    assert side.phase() is Phase.OBSERVING
    assert side.last("dose.given").payload["override"] is None


@pytest.mark.parametrize(
    ("medicines", "escort", "words"),
    [
        (None, None, ("ask for sedatives, opioids", "ask who takes the patient home")),
        ((), False, ("none", "nobody yet")),
        (("benzodiazepine", "opioid"), True, ("benzodiazepine, opioid", "planned")),
    ],
)
def test_the_gate_says_what_was_asked_and_answered(
    medicines: tuple[str, ...] | None, escort: bool | None, words: tuple[str, str]
) -> None:
    esketamine = REGIMENS["esketamine-84"]
    side = bed().asks(StartSession("s-1", "P", 44, 71, esketamine, medicines, "n", escort))
    medicines_said, escort_said = words
    assert said(side, "medicines").startswith(medicines_said)
    assert said(side, "escort-planned") == escort_said


def test_the_gate_says_the_latest_score() -> None:
    side = bed().with_session().scored(cadss=3).wait(1).scored(cadss=2)
    assert (said(side, "baseline-cadss"), said(side, "baseline-moaas")) == ("2", "not scored yet")


def test_a_pressure_that_nobody_took_is_neither_fresh_nor_acceptable() -> None:
    assert {"baseline-pressure", "pressure-acceptable"} <= unmet(bed().with_session())


@pytest.mark.parametrize(
    ("minutes", "why"), [(30, "120/80"), (31, "120/80 is 31 min old: measure again")]
)
def test_the_gate_says_how_old_the_pressure_is(minutes: float, why: str) -> None:
    side = bed().with_session().silent("cuff").typed(120, 80).minutes(minutes)
    assert said(side, "baseline-pressure") == why


LACKS: dict[str, tuple[Callable[[Bedside], Bedside], str]] = {
    "a pressure": (lambda side: side.scored(cadss=0, moaas=5).prepared(), "baseline-pressure"),
    "a CADSS": (lambda side: side.typed(120, 80).scored(moaas=5), "baseline-cadss"),
    "a MOAA/S": (lambda side: side.typed(120, 80).scored(cadss=0), "baseline-moaas"),
    "an SpO2": (
        lambda side: side.with_baseline().silent("oximeter", for_s=30),
        "baseline-spo2",
    ),
}


@pytest.mark.parametrize("lack", LACKS)
def test_without_it_a_dose_is_refused_and_with_a_reason_given(lack: str) -> None:
    prepare, name = LACKS[lack]
    side = bed().with_session()
    side.talks("oximeter", for_s=2)
    prepare(side)
    with pytest.raises(Refused, match=name) as refused:
        side.dosed(override=None)
    assert (refused.value.kind, refused.value.field) == (Refusal.CONFLICT, "override")
    assert side.types("dose.") == []
    side.dosed(override=Override("dr.b", "in a hurry"))
    given = side.last("dose.given").payload
    assert given["override"] == {"clinician": "dr.b", "reason": "in a hurry"}
    assert name in {condition["name"] for condition in given["unmet"]}
    assert side.session.doses[0].override == given["override"]


@pytest.mark.parametrize(("minutes", "is_fresh"), [(29.5, True), (30.5, False)])
def test_a_baseline_pressure_counts_for_30_minutes(minutes: float, is_fresh: bool) -> None:
    side = bed().with_session().with_baseline()
    since = (side.now.wall - side.session.pressures[-1].at).total_seconds() / 60
    side.minutes(minutes - since)
    assert ("baseline-pressure" in unmet(side)) is not is_fresh


@pytest.mark.parametrize(
    ("sys", "dia", "is_over"), [(140, 90, False), (141, 90, True), (140, 91, True)]
)
def test_over_140_90_a_clinician_decides_first(sys: int, dia: int, is_over: bool) -> None:
    side = bed().with_session().with_baseline(sys, dia)
    assert ("pressure-acceptable" in unmet(side)) is is_over
    if is_over:
        with pytest.raises(Refused, match="a clinician decides"):
            side.dosed(override=None)
        side.asks(RecordClearance(PRE_DOSE, "dr.b", "known hypertension", "nurse.a"))
        side.dosed(override=None)
        decided = side.session.clearances[0]
        assert (decided.clinician, decided.by, decided.sys) == ("dr.b", "nurse.a", sys)


def test_a_decision_covers_no_higher_pressure_than_it_was_about() -> None:
    side = bed().with_session().with_baseline(150, 88)
    side.asks(RecordClearance(PRE_DOSE, "dr.b", "known hypertension", "nurse.a"))
    assert "pressure-acceptable" not in unmet(side)
    side.typed(148, 88)
    assert "pressure-acceptable" not in unmet(side)
    side.typed(155, 88)
    assert "pressure-acceptable" in unmet(side)


def test_there_is_nothing_to_decide_without_a_pressure_or_after_the_dose() -> None:
    decide = RecordClearance(PRE_DOSE, "dr.b", "known", "nurse.a")
    with pytest.raises(Refused, match="measure first"):
        bed().with_session().asks(decide)
    with pytest.raises(Refused, match="has been given"):
        ready().dosed().asks(decide)
    with pytest.raises(Refused, match="no dose has been given"):
        ready().asks(
            RecordClearance(
                ClearanceScope.PRESSURE_AT_DISCHARGE, "dr.b", "usual for her", "nurse.a"
            )
        )


def test_what_was_not_asked_is_named_and_stops_nothing() -> None:
    side = bed()
    start = StartSession("s", "P", 44, 70.0, REGIMENS["esketamine-84"], None, "nurse.a")
    side.asks(start).with_baseline()
    assert unmet(side) == {"medicines", "escort-planned"}
    side.dosed(override=None)
    named = {condition["name"] for condition in side.last("dose.given").payload["unmet"]}
    assert named == {"medicines", "escort-planned"}


def test_what_was_asked_is_kept_and_may_be_asked_again() -> None:
    side = bed().with_session()
    side.asks(RecordPreparation(("opioid",), None, "nurse.a")).asks(
        RecordPreparation(None, True, "nurse.a")
    )
    assert (side.session.medicines, side.session.escort_planned) == (("opioid",), True)
    with pytest.raises(Refused, match="give medicines or escort_planned"):
        side.asks(RecordPreparation(None, None, "nurse.a"))


def test_an_infusion_waits_at_the_same_gate() -> None:
    side = bed().with_session("ketamine-iv")
    with pytest.raises(Refused, match="baseline-pressure"):
        side.infusion(InfusionAction.START, override=None)
    side.with_baseline().infusion(InfusionAction.START, override=None)
    assert side.phase() is Phase.DOSING


def test_the_gate_is_for_the_first_dose_alone() -> None:
    side = ready().dosed(28, override=None).silent("oximeter", for_s=60)
    side.dosed(28, override=None)
    assert len(side.session.doses) == 2
    assert side.bed.readiness.predose_criteria(side.now) == []


@pytest.mark.parametrize(
    ("age", "number", "regimen", "is_met"),
    [
        (64, 1, "esketamine-56", True),
        (65, 1, "esketamine-56", False),
        (65, 1, "esketamine-28", True),
        (65, 2, "esketamine-56", True),
        (None, 1, "esketamine-56", True),
    ],
)
def test_from_65_on_the_first_dose_is_28_mg(
    age: int | None, number: int, regimen: str, is_met: bool
) -> None:
    side = bed()
    side.asks(
        StartSession("s", "P", age, 70.0, REGIMENS[regimen], (), "nurse.a", True, number)
    ).with_baseline()
    assert ("starting-dose" not in unmet(side)) is is_met
    criteria = side.bed.readiness.predose_criteria(side.now)
    assert [c.required for c in criteria if c.name == "starting-dose"] == [False]
    side.asks(GiveDose("esketamine", 28, "nurse.a", lot="A"))


def test_a_first_dose_corrected_to_another_time_waits_at_the_gate_of_then() -> None:
    side = bed().with_session().minutes(5).with_baseline().dosed(override=None)
    at, first = START.plus(60).wall, side.session.doses[0].id
    with pytest.raises(Refused, match="baseline-cadss"):
        side.dosed(at=at, override=None, corrects=first)
    why = Override("dr.b", "written late")
    side.silent("oximeter", for_s=60).dosed(at=at, override=why, corrects=first)
    unmet = {condition["name"] for condition in side.last("dose.given").payload["unmet"]}
    assert {"baseline-cadss", "baseline-moaas"} <= unmet
    assert "baseline-spo2" not in unmet
    assert side.session.doses[0].override == {"clinician": "dr.b", "reason": "written late"}


def test_a_first_dose_corrected_in_its_lot_keeps_who_opened_the_gate() -> None:
    side = bed().with_session().dosed(28, override=Override("dr.b", "in a hurry")).minutes(60)
    side.dosed(28, override=None, lot="B2", corrects=side.session.doses[0].id)
    [dose] = side.session.doses
    assert (dose.lot, dose.override) == ("B2", {"clinician": "dr.b", "reason": "in a hurry"})


def test_a_later_dose_can_be_corrected_without_the_gate() -> None:
    side = ready().dosed(28, override=None).minutes(5).dosed(28, override=None).minutes(60)
    side.dosed(28, override=None, lot="B2", corrects=side.session.doses[1].id)
    assert [dose.lot for dose in side.session.doses][1] == "B2"
