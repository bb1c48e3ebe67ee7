"""The monitoring form of a session: what each field says, where from, and what is missing."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from monitor.patient.commands import (
    ConfirmForm,
    FillForm,
    FormCommand,
    ReopenForm,
    SendForm,
    about_form,
)
from monitor.patient.form.form import MonitoringForm, monitoring_form
from monitor.patient.form.page import form_page
from monitor.patient.form.provenance import Field
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    AssignmentAction,
    AssignNurse,
    ClearanceScope,
    GiveDose,
    InfusionAction,
    Override,
    RecordClearance,
    RecordPreparation,
    RecordScore,
    RecordSymptom,
    Refused,
    RetractRecord,
    StartSession,
)
from monitor.session.coverage import Coverage, Span
from monitor.session.history import SessionHistory
from tests.monitor.builders import REGIMENS, START, Bedside, bed
from tests.monitor.sessions import (
    closed,
    covered,
    field,
    form_of,
    given,
    history,
    infusion,
    later,
    pressed,
    scored,
    treated,
)
from tests.monitor.sessions import told as events_of


@pytest.fixture(scope="module")
def whole() -> SessionHistory:
    """A session without anything amiss."""
    return history(treated())


@pytest.fixture(scope="module")
def unlabelled() -> SessionHistory:
    """A session whose doses have no lot number."""
    return history(treated(lot=None))


def at(minutes: float) -> datetime:
    """So many minutes after the start of the first day's session."""
    return START.wall + timedelta(minutes=minutes)


def brief(
    *happened: tuple[float, str, Any], day: float = 0, regimen: str = "esketamine-84"
) -> SessionHistory:
    """A session in which only this happened, in minutes from its start."""
    found = SessionHistory.from_events(events_of(1, day, *happened, regimen=regimen))
    assert found is not None
    return found


def told(change: Callable[[Bedside], object], minutes: float = 30) -> MonitoringForm:
    """The form of a session still open, after a dose, a change and some time."""
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed()
    side.minutes(10)
    change(side)
    side.minutes(minutes)
    return form_of(history(side))


# ── a whole session ─────────────────────────────────────────────────────────────────────

WORDS = {
    "treatment_date": "2026-01-05, first dose 08:01+00:00",
    "medicines": "none",
    "doses": "lot A123; 84 mg in all",
    "acceptable_before": "yes",
    "pressures": "before the dose: 132/84 at 08:00+00:00 (1 min before); at 40 min: 132/84",
    "minutes_monitored": "140 min: 08:01+00:00 to",
    "ready_at": "proposed",
    "acceptable_after": "yes",
    "oximetry": "lowest 91 %, no gap",
    "sedation": "yes: MOAA/S 3; from 08:21+00:00 (20 min), over 08:51+00:00 (50 min)",
    "dissociation": "yes: CADSS 31; from 08:21+00:00 (20 min), over 08:51+00:00 (50 min)",
    "respiratory_depression": "no",
    "serious_events": "none",
    "watched_by": "nurse.a from 08:00+00:00",
    "discharge": "No driving or operating machinery for 24 hours",
    "signed_by": "session ended by nurse.a",
}


@pytest.mark.parametrize("name", WORDS)
def test_a_field_says_what_was_so(whole: SessionHistory, name: str) -> None:
    assert WORDS[name] in field(form_of(whole), name).text


def test_every_value_says_where_it_is_from(whole: SessionHistory) -> None:
    for one in form_of(whole).fields:
        assert (one.value is None) != bool(one.sources), one.name


def test_what_the_session_cannot_know_is_missing(whole: SessionHistory) -> None:
    assert form_of(whole).missing == (
        "whether this was the first treatment: it is not known",
        "setting: outpatient or inpatient",
        "when the patient could have left: a person confirms it",
        "intervention needed: a person says yes or no",
    )


def test_the_form_is_due_seven_days_after_the_treatment(whole: SessionHistory) -> None:
    made = form_of(whole, START.wall + timedelta(days=9))
    assert str(made.due_on) == "2026-01-12"
    assert made.days_left == -2


def test_a_day_is_one_of_the_sites_time_zone(whole: SessionHistory) -> None:
    made = monitoring_form(whole, covered(whole), START.wall, ZoneInfo("Pacific/Honolulu"))
    assert str(made.treated_on) == "2026-01-04"
    assert "22:01-10:00" in field(made, "treatment_date").text


def test_an_end_is_not_before_its_beginning_when_the_clock_is_put_back() -> None:
    night = brief(given(10), closed(60), day=293 - 7.5 / 24)
    made = monitoring_form(night, covered(night), night.events[-1].at, ZoneInfo("Europe/Berlin"))
    text = field(made, "minutes_monitored").text
    assert text == "50 min: 02:40+02:00 to 02:30+01:00"


def test_what_is_of_another_day_has_its_date() -> None:
    night = brief(given(10), closed(60), day=15.5 / 24)
    text = field(form_of(night), "minutes_monitored").text
    assert text == "50 min: 23:40+00:00 to 2026-01-06 00:30+00:00"


def test_minutes_are_whole_ones_that_have_passed() -> None:
    found = brief(
        pressed(9.01, 120),
        given(10),
        scored(29.99, "moaas", 3),
        pressed(50.99, 130),
        closed(129.99),
    )
    made = form_of(found, coverage=Coverage(("oximeter",), (Span(at(10), at(128.01), 91, 9),)))
    assert field(made, "minutes_monitored").value == 119
    assert "(19 min)" in field(made, "sedation").text
    assert "(0 min before)" in field(made, "pressures").text
    assert field(made, "pressures").value["off_min"] == 0
    assert "1 gap, 1 min in all" in field(made, "oximetry").text


def test_could_have_left_is_proposed_with_its_evidence(whole: SessionHistory) -> None:
    ready = field(form_of(whole), "ready_at")
    assert ready.value["state"] == "proposed"
    unmet = {c["name"] for c in ready.value["criteria"] if not c["met"]}
    assert unmet <= {"window-over", "discharge-checks", "escort"}
    assert "spo2" in {c["name"] for c in ready.value["criteria"]}


def test_a_pressure_says_which_device_and_which_record(whole: SessionHistory) -> None:
    pressures = field(form_of(whole), "pressures")
    assert {source.device for source in pressures.sources} == {"cuff"}
    assert pressures.value["at_40"]["id"] in {source.id for source in pressures.sources}


# ── one thing or another ────────────────────────────────────────────────────────────────


CLASSES = ("benzodiazepine", "sedative", "opioid", "stimulant", "mao-inhibitor")


@pytest.mark.parametrize("name", ["OxyContin", "Suboxone", "sufentanil", "no opioids", "opioid"])
def test_a_class_of_medicines_is_not_told_from_a_name(name: str) -> None:
    side = bed().with_session().with_baseline().dosed()
    side.asks(RecordPreparation((name, "x"), None, "nurse.b"))
    made = form_of(history(side))
    found = field(made, "medicines")
    assert found.value == {
        "taken": True,
        "names": [name, "x"],
        "classes": dict.fromkeys(CLASSES),
    }
    assert found.text.startswith(f"yes: {name}, x; benzodiazepines: not asked; other sedatives")
    assert found.missing == (
        "medicines by class, not asked: benzodiazepines, other sedatives, opioids, "
        "psychostimulants, MAO inhibitors",
    )
    assert found.sources[0].by == "nurse.b"


def test_who_takes_no_medicine_takes_none_of_any_class(whole: SessionHistory) -> None:
    found = field(form_of(whole), "medicines")
    assert found.value["classes"] == dict.fromkeys(CLASSES, False)
    assert found.missing == ()


def test_classes_that_were_asked_at_the_bed_are_told() -> None:
    asked = {"medicine_classes": {"opioid": True, "sedative": False}, "by": "nurse.b"}
    told_of = {**asked, "medicines": None, "escort_planned": None}
    found = field(form_of(brief((5, "preparation.recorded", told_of), given(10))), "medicines")
    assert "opioids: yes" in found.text
    assert "other sedatives: no" in found.text
    assert "MAO inhibitors: not asked" in found.text
    assert "asked by class" in {source.what for source in found.sources}


def test_classes_are_filled_in_afterwards() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(1)
    made = after(
        history(side.closed(against=("dr.b", "asks to go"))),
        FillForm("medicines", ("OxyContin",), "nurse.b", reason="told later"),
        *(FillForm(name, name == "opioid", "nurse.b") for name in CLASSES),
    )
    found = field(made, "medicines")
    assert found.value["classes"] == {name: name == "opioid" for name in CLASSES}
    assert found.missing == ()
    assert [s.by for s in found.sources if s.what == "opioids filled in"] == ["nurse.b"]


def test_medicines_that_nobody_asked_about_are_missing() -> None:
    side = bed().asks(
        StartSession("s-1", "P", 44, 71, REGIMENS["esketamine-56"], None, "nurse.a", number=1)
    )
    found = field(form_of(history(side.with_baseline().dosed(28))), "medicines")
    assert (found.value, bool(found.missing)) == (None, True)


@pytest.mark.parametrize(("number", "first"), [(1, True), (2, False)])
def test_the_first_treatment_is_the_first_session(number: int, first: bool) -> None:
    regimen = REGIMENS["esketamine-56"]
    side = bed().asks(StartSession("s-1", "P", 44, 71, regimen, (), "nurse.a", number=number))
    assert field(form_of(history(side)), "first_treatment").value["first"] is first


def test_a_corrected_dose_shows_both_values() -> None:
    def correct(side: Bedside) -> None:
        dose = side.session.doses[0]
        side.asks(GiveDose("esketamine", 84, "nurse.b", lot="B777", corrects=dose.id))

    doses = field(told(correct), "doses")
    assert "lot B777" in doses.text
    (source,) = doses.sources
    assert source.by == "nurse.b"
    assert [(c.was.by, c.by) for c in source.supersedes] == [("nurse.a", "nurse.b")]


def test_a_twice_corrected_dose_shows_all_three_values() -> None:
    def correct(side: Bedside) -> None:
        for lot in ("B", "C"):
            dose = side.session.doses[0]
            side.asks(GiveDose("esketamine", 84, "nurse.b", lot=lot, corrects=dose.id))

    (source,) = field(told(correct), "doses").sources
    assert [getattr(c.was, "lot", None) for c in source.supersedes] == ["B", "A123"]


def test_each_dose_without_a_lot_number_is_named(unlabelled: SessionHistory) -> None:
    made = form_of(unlabelled)
    assert [words for words in made.missing if "lot" in words] == [
        "lot number of the dose at 08:01+00:00",
        "lot number of the dose at 08:06+00:00",
        "lot number of the dose at 08:11+00:00",
    ]


def test_a_dose_past_the_gate_was_not_acceptable() -> None:
    side = bed().with_session().dosed()
    found = field(form_of(history(side)), "acceptable_before")
    assert found.value["acceptable"] is None
    assert found.text == (
        "not assessed: no pressure in the 30 min before; "
        "given all the same: nothing of this is about the gate"
    )


def test_a_pressure_over_the_limit_is_not_acceptable_without_a_decision() -> None:
    side = bed().with_session().with_baseline(150, 92).dosed(28)
    found = field(form_of(history(side)), "acceptable_before")
    assert found.value["acceptable"] is False
    assert found.text.startswith("no: 150/92 is over 140/90; given all the same: ")
    assert found.missing == ()


def test_a_pressure_that_was_old_or_none_at_the_dose_was_not_assessed() -> None:
    made = [form_of(brief(pressed(at, 120), given(40))) for at in (9.9, 10, 41)]
    found = [field(one, "acceptable_before") for one in made]
    assert [one.value["acceptable"] for one in found] == [None, True, None]
    assert found[0].missing == (
        "vital signs acceptable before the dose: no pressure in the 30 min before",
    )


def test_a_low_systolic_is_not_acceptable() -> None:
    found = [
        field(form_of(brief(pressed(9, sys), given(10))), "acceptable_before") for sys in (90, 91)
    ]
    assert [one.value["acceptable"] for one in found] == [False, True]


def test_spo2_that_was_not_there_at_the_dose_was_not_assessed(whole: SessionHistory) -> None:
    first = whole.session.first_dose_at
    assert first is not None
    late = Coverage(("oximeter",), (Span(first + timedelta(seconds=61), first, 91, 1),))
    found = field(form_of(whole, coverage=late), "acceptable_before")
    assert found.text == "not assessed: no SpO2 at the dose"


def test_spo2_that_was_low_at_the_dose_was_not_acceptable() -> None:
    side = bed().with_session().prepared().with_baseline().spo2(85, for_s=40).dosed(28)
    found = field(form_of(history(side)), "acceptable_before")
    assert found.value["acceptable"] is False
    assert "SpO2 85 %" in found.text


def test_a_corrected_first_dose_keeps_what_was_decided_of_it() -> None:
    side = bed().with_session().dosed(28)
    side.dosed(28, override=None, corrects=side.session.doses[0].id, lot="B777")
    found = field(form_of(history(side)), "acceptable_before")
    assert "given all the same: nothing of this is about the gate" in found.text


@pytest.mark.parametrize(("at", "acceptable"), [(134.9, None), (135, True)])
def test_a_pressure_long_before_leaving_says_nothing_of_it(at: float, acceptable: bool) -> None:
    found = field(form_of(brief(given(10), pressed(at, 120), closed(150))), "acceptable_after")
    assert found.value["acceptable"] is acceptable


def test_without_spo2_at_the_end_leaving_was_not_assessed(whole: SessionHistory) -> None:
    span = covered(whole).spans[0]
    cut = replace(span, end=span.end - timedelta(seconds=61))
    found = field(form_of(whole, coverage=Coverage(("oximeter",), (cut,))), "acceptable_after")
    assert found.text == "not assessed: no SpO2 on leaving"


def test_what_was_unmet_makes_leaving_not_acceptable() -> None:
    why = {"name": "pressure-near-baseline", "met": False, "why": "170/80, +50 from baseline"}
    end = closed(150)
    end[2]["criteria"].append(why)
    found = field(form_of(brief(given(10), pressed(149, 170), end)), "acceptable_after")
    assert found.text == "no: pressure near baseline: 170/80, +50 from baseline"


# ── what nobody looked for ──────────────────────────────────────────────────────────────

MOAAS_MIN = (15, 30, 45, 60, 75, 90)


def scores(*minutes: float, total: int = 5, scale: str = "moaas") -> SessionHistory:
    """A dose 10 min into the session, and scores so long after it."""
    found = [scored(10 + at, scale, total) for at in minutes]
    return brief(scored(5, scale, 5 if scale == "moaas" else 0), given(10), *found, closed(118))


SEDATION: dict[str, tuple[SessionHistory, bool | None, str]] = {
    "every check made": (scores(*MOAAS_MIN), False, "no"),
    "some missed": (
        scores(45, 60, 75, 90), False, "no; not assessed at +15, +30 (missed)",
    ),
    "the last not made": (
        scores(15, 30, 45, 60), False, "no; not assessed at +75, +90 (not made)",
    ),
    "all missed": (
        scores(107), None, "not assessed at +15, +30, +45, +60, +75, +90 (missed)"
    ),
    "none made": (
        scores(), None, "not assessed at +15, +30, +45, +60, +75, +90 (not made)"
    ),
    "seen when all were missed": (
        scores(107, total=3),
        True,
        "yes: MOAA/S 3; from 09:57+00:00 (107 min), not seen to be over; "
        "not assessed at +15, +30, +45, +60, +75, +90 (missed)",
    ),
    "left before any was due": (brief(given(10), closed(12)), None, "not assessed"),
    "looked at and left before any was due": (
        brief(given(10), scored(11, "moaas", 5), closed(12)), False, "no",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", SEDATION)
def test_a_no_needs_that_somebody_looked(case: str) -> None:
    of, occurred, text = SEDATION[case]
    found = field(form_of(of), "sedation")
    assert (found.value["occurred"], found.text) == (occurred, text)
    assert found.sources
    assert bool(found.missing) is (occurred is not False)


def test_dissociation_needs_its_own_checks() -> None:
    found = field(form_of(scores(40, total=0, scale="cadss")), "dissociation")
    assert (found.value["occurred"], found.text) == (False, "no; not assessed at +90 (not made)")
    assert [check["minute"] for check in found.value["unmade"]] == [90]


def test_the_checks_that_nobody_made_are_named() -> None:
    made = form_of(brief(scored(1, "moaas", 5), given(10), scored(40, "moaas", 5), closed(52)))
    found = field(made, "unmade_checks")
    assert found.text == (
        "pressure at baseline, +20 (not made); MOAA/S at +15 (missed); CADSS at baseline (not made)"
        "; respiratory rate at baseline (not made)"
    )
    assert {(check["check"], check["minute"], check["state"]) for check in found.value} == {
        ("pressure", None, "not made"),
        ("pressure", 20, "not made"),
        ("cadss", None, "not made"),
        ("resp", None, "not made"),
        ("moaas", 15, "missed"),
    }


def test_an_overdue_check_may_still_be_made() -> None:
    found = field(form_of(brief(given(10), pressed(51, 120), scored(51, "cadss", 0))), "sedation")
    assert found.text == "not assessed at +15, +30 (overdue)"


def test_a_clinicians_decision_makes_a_pressure_acceptable() -> None:
    side = bed().with_session().with_baseline(150, 92).prepared()
    scope, items = ClearanceScope.DOSE, ("pressure",)
    side.asks(RecordClearance(scope, "dr.b", "known hypertension", "nurse.a", items))
    side.dosed(28, override=None)
    found = field(form_of(history(side)), "acceptable_before")
    assert found.value["acceptable"] is True
    assert "dr.b cleared pressure: known hypertension" in found.text


def test_a_pressure_far_from_40_minutes_says_so() -> None:
    side = bed().with_session().with_baseline()
    side.pressure = None
    side.minutes(1).dosed().minutes(12).typed(140, 80)
    found = field(form_of(history(side)), "pressures")
    assert found.value["off_min"] == -28
    assert found.missing == ("pressure at 40 min: the nearest is 28 min away",)


def test_without_any_pressure_none_is_made_up() -> None:
    side = bed().with_session()
    side.pressure = None
    found = field(form_of(history(side.dosed())), "pressures")
    assert (found.value, found.sources, len(found.missing)) == (None, (), 3)


GAPS = {
    "none": ((), True),
    "a minute": (((20, 21),), True),
    "three minutes": (((20, 23),), False),
}


@pytest.mark.parametrize("case", GAPS)
def test_oximetry_is_continuous_without_a_longer_gap(whole: SessionHistory, case: str) -> None:
    gaps, continuous = GAPS[case]
    found = field(form_of(whole, coverage=covered(whole, *gaps)), "oximetry")
    assert found.value["continuous"] is continuous


def test_oximetry_that_began_late_and_ended_early_has_two_gaps(whole: SessionHistory) -> None:
    first, ended = whole.session.first_dose_at, whole.session.ended_at
    assert first is not None
    assert ended is not None
    span = Span(first + timedelta(minutes=5), ended - timedelta(minutes=7), 91, 100)
    found = field(form_of(whole, coverage=Coverage(("oximeter",), (span,))), "oximetry")
    assert "2 gaps, 12 min in all" in found.text


def test_oximetry_that_never_was_is_missing(whole: SessionHistory) -> None:
    found = field(form_of(whole, coverage=Coverage()), "oximetry")
    assert found.missing == ("pulse oximetry: no reading since the first dose",)


def test_sedation_that_was_not_scored_is_missing_and_not_absent() -> None:
    found = field(told(lambda side: None), "sedation")
    assert (found.value["occurred"], bool(found.missing)) == (None, True)


def test_dissociation_that_is_not_over_says_so() -> None:
    found = field(told(lambda side: side.scored(cadss=12)), "dissociation")
    assert found.value["over_at"] is None
    assert found.missing == ("dissociation: when it was over",)


def test_sedation_that_came_again_is_over_after_the_last_time() -> None:
    def come_and_go(side: Bedside) -> None:
        for moaas in (3, 5, 4, 5):
            side.scored(moaas=moaas).minutes(5)

    found = field(told(come_and_go), "sedation")
    assert found.text == (
        "yes: MOAA/S 3; from 08:11+00:00 (10 min), over 08:26+00:00 (25 min); "
        "not assessed at +45 (overdue)"
    )


def test_respiratory_depression_is_seen_by_its_alarms() -> None:
    made = told(lambda side: side.spo2(85, for_s=40).spo2(97))
    found = field(made, "respiratory_depression")
    assert found.value["onset_at"] < found.value["over_at"]
    assert "SpO2 85 %" in found.value["worst"]
    assert all(source.id for source in found.sources)


def test_respiratory_depression_at_the_end_was_not_seen_to_be_over() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(5)
    side.spo2(85, for_s=40).closed(against=("dr.b", "to the ward"))
    found = field(form_of(history(side)), "respiratory_depression")
    assert (found.value["occurred"], found.value["over_at"]) == (True, None)


def test_without_oximetry_respiratory_depression_was_not_assessed(whole: SessionHistory) -> None:
    found = field(form_of(whole, coverage=Coverage()), "respiratory_depression")
    assert (found.value["occurred"], found.text) == (None, "not assessed")
    assert found.missing == ("respiratory depression: no SpO2 since the first dose",)


def test_a_no_to_respiratory_depression_names_the_time_without_spo2(whole: SessionHistory) -> None:
    found = field(form_of(whole, coverage=covered(whole, (20, 23))), "respiratory_depression")
    assert (found.value["occurred"], found.text) == (
        False, "no; not assessed for 3 min without SpO2"
    )  # fmt: skip


def test_sedation_and_news2_are_no_respiratory_depression() -> None:
    made = told(lambda side: side.observed(resp=24, oxygen=False).scored(moaas=1), minutes=1)
    assert field(made, "respiratory_depression").text == "no"


def test_a_low_rate_is_respiratory_depression_until_a_safe_one() -> None:
    def slow(side: Bedside) -> None:
        side.observed(resp=7).minutes(20).observed(resp=12)

    found = field(told(slow), "respiratory_depression")
    assert found.text == (
        "yes: 7 breaths/min; from 08:11+00:00 (10 min), over 08:31+00:00 (30 min)"
    )


BREATHING: dict[str, Callable[[Bedside], object]] = {
    "MOAA/S 3 at 95 %": lambda side: side.spo2(95).scored(moaas=3),
    "80 % throughout": lambda side: side.spo2(80, for_s=40),
    "80 % and over": lambda side: side.spo2(80, for_s=40).spo2(97, for_s=16 * 60),
    "a rate of 8": lambda side: side.observed(resp=8),
    "a rate of 8 and of 12": lambda side: side.observed(resp=8).minutes(16).observed(resp=12),
    "oxygen": lambda side: side.observed(oxygen=True),
}


@pytest.mark.parametrize("case", BREATHING)
def test_form_and_leaving_say_the_same_of_breathing(case: str) -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(15)
    BREATHING[case](side)
    criterion = side.criterion("no-respiratory-depression")
    made = form_of(history(side.closed(against=("dr.b", "to the ward"))))
    value = field(made, "respiratory_depression").value
    assert value["occurred"] is (case != "MOAA/S 3 at 95 %")
    assert criterion.met is (not value["occurred"] or value["over_at"] is not None)


def test_respiratory_depression_that_began_before_the_dose_is_named_so() -> None:
    side = bed().with_session().prepared().with_baseline().spo2(85, for_s=40).dosed(28)
    found = field(form_of(history(side.wait(60))), "respiratory_depression")
    assert found.value["began_before"] is True
    assert ", before the first dose" in found.text


@pytest.mark.parametrize(
    ("consciousness", "occurred"), [("alert", None), ("confusion", None), ("voice", True)]
)
def test_who_is_alert_was_not_scored_for_sedation(
    consciousness: str, occurred: bool | None
) -> None:
    of = told(lambda side: side.observed(consciousness=consciousness), minutes=1)
    assert field(of, "sedation").value["occurred"] is occurred


SERIOUS: dict[str, tuple[Callable[[Bedside], object], bool]] = {
    "marked as serious": (
        lambda side: side.asks(RecordSymptom("vomiting", 3, "nurse.a", serious=True)),
        True,
    ),
    "a seizure": (lambda side: side.symptom("seizure", 3), True),
    "a loss of consciousness": (lambda side: side.symptom("loss-of-consciousness", 1), True),
    "no answer to pain": (lambda side: side.scored(moaas=0), True),
    "a symptom like others": (lambda side: side.symptom("vomiting", 3), False),
    "no seizure": (lambda side: side.symptom("seizure", 0), False),
}


@pytest.mark.parametrize("case", SERIOUS)
def test_what_is_serious(case: str) -> None:
    change, serious = SERIOUS[case]
    found = field(told(change, minutes=1), "serious_events")
    assert bool(found.value) is serious
    assert found.sources


def test_who_watched_is_told_in_turns() -> None:
    def change_over(side: Bedside) -> None:
        side.asks(AssignNurse(AssignmentAction.TAKE_OVER, "nurse.b")).minutes(10)
        side.asks(AssignNurse(AssignmentAction.LEAVE, "nurse.b"))

    found = field(told(change_over), "watched_by")
    assert (
        found.text == "nurse.a from 08:00+00:00; nurse.b from 08:11+00:00; nobody from 08:21+00:00"
    )


def test_an_aborted_session_has_a_form_that_lacks_what_nobody_judged() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(9)
    made = form_of(history(side.aborted()))
    assert field(made, "minutes_monitored").value == 9
    assert field(made, "acceptable_after").missing
    assert not field(made, "discharge").missing
    assert field(made, "discharge").text == (
        "No driving or operating machinery for 24 hours and until after a restful sleep. "
        "session aborted: patient went home, withdrew, dr.b: as the patient wants"
    )


def test_a_session_aborted_before_anything_was_told_lacks_that_too() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(former).with_baseline().minutes(1).dosed().minutes(9)
    made = form_of(history(side.aborted()))
    assert field(made, "minutes_monitored").value == 9
    assert [
        name for name in ("acceptable_after", "discharge") if not field(made, name).missing
    ] == []


def test_what_a_transfer_lacks_is_on_the_form_until_it_is_completed() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(9)
    side.asks(Abort("nurse.a", None, AbortOutcome.TRANSFERRED))
    made = form_of(history(side))
    assert field(made, "discharge").missing == (
        "reason of the abort: to be completed",
        "against criteria of the abort: to be completed",
        "destination of the abort: to be completed",
    )
    side.asks(Abort("nurse.b", "unwell", None, "ward 3", Override("dr.b", "needs oxygen")))
    found = field(form_of(history(side)), "discharge")
    assert found.missing == ()
    assert "unwell, transferred, to ward 3, dr.b: needs oxygen" in found.text


def test_the_form_counts_until_the_patient_has_left() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(9)
    side.spo2(85, for_s=12).asks(Abort("nurse.a", None, AbortOutcome.TRANSFERRED))
    made = form_of(history(side))
    assert made.is_open
    assert field(made, "minutes_monitored").missing
    made = form_of(history(side.minutes(20).left()))
    assert not made.is_open
    assert field(made, "minutes_monitored").value == 29
    signed = field(made, "signed_by").value
    assert signed is not None
    assert signed["session_ended"] == "nurse.a"


def test_leaving_against_criteria_is_said() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(9)
    made = form_of(history(side.closed(against=("dr.b", "to the ward"))))
    assert "left against criteria, dr.b: to the ward" in field(made, "acceptable_after").text
    assert field(made, "ready_at").text == "not before leaving, proposed"


def test_an_infusion_is_told_from_start_to_end() -> None:
    side = bed().with_session("ketamine-iv").with_baseline().infusion(InfusionAction.START)
    side.minutes(40).infusion(InfusionAction.END)
    doses = field(form_of(history(side)), "doses")
    assert doses.text == (
        "ketamine infusion 08:00+00:00 to 08:40+00:00, ran 40 of 40 min: "
        "35.5 mg ran in of 35.5 mg planned, lot –"
    )
    assert len(doses.sources) == 2
    assert doses.missing == ("lot number of the infusion",)


def infused(*more: tuple[float, str, Any]) -> SessionHistory:
    """An infusion that was stopped after a quarter, and a session of two hours."""
    return brief(
        infusion(5, "started"), *more, infusion(15, "ended"), closed(140), regimen="ketamine-iv"
    )


def test_an_infusion_that_was_stopped_counts_what_ran_in() -> None:
    doses = field(form_of(infused(given(6, 35.5, product="ketamine", lot="K7"))), "doses")
    assert doses.value["given_mg"] == 8.875
    assert doses.value["doses"] == []
    assert (doses.value["infusion"]["lot"], doses.missing) == ("K7", ())
    assert "ran 10 of 40 min: 8.875 mg ran in of 35.5 mg planned, lot K7" in doses.text


def test_the_lot_of_an_infusion_is_its_own() -> None:
    of = brief(infusion(5, "started", lot="K8"), infusion(45, "ended"), closed(165), regimen=IV)
    assert field(form_of(of), "doses").value["infusion"]["lot"] == "K8"
    record = field(form_of(infused()), "doses").value["infusion"]["record"]
    made = after(infused(), FillForm("lot", "K9", "nurse.b", record=record))
    assert field(made, "doses").value["infusion"]["lot"] == "K9"
    assert field(made, "doses").sources[-1].by == "nurse.b"


def test_a_lot_that_is_noted_late_moves_no_window() -> None:
    late = infused(given(60, 35.5, product="ketamine", lot="K7")).session
    assert (late.last_dose_at, late.window_ends_at) == (at(15), at(135))
    early = brief(given(1, 35.5, product="ketamine"), infusion(5, "started"), regimen=IV).session
    assert early.first_dose_at == at(5)


def test_an_infusion_has_a_session_record_and_no_form() -> None:
    made = form_of(infused())
    assert (made.due_on, made.days_left, made.state) == (None, None, "draft")
    assert made.summary()["kind"] == "session-record"
    assert "no form is sent for Ketamine IV" in str(refused(infused(), SendForm("n", reason="why")))
    text = printed(made)
    assert "<h1>Session record</h1>" in text
    assert "signs it and sends it" not in text


@pytest.mark.parametrize(("setting", "due"), [("outpatient", "2026-01-12"), ("inpatient", None)])
def test_a_form_is_for_outpatients(whole: SessionHistory, setting: str, due: str | None) -> None:
    made = after(whole, FillForm("setting", setting, "nurse.b"))
    assert made.summary()["due_on"] == due
    assert field(made, "setting").value == setting
    assert "setting: outpatient or inpatient" not in made.missing


def test_the_pressure_at_40_minutes_is_of_the_time_an_infusion_ran() -> None:
    side = bed().with_session("ketamine-iv").with_baseline().infusion(InfusionAction.START)
    side.minutes(20).infusion(InfusionAction.PAUSE).minutes(5).infusion(InfusionAction.RESUME)
    side.minutes(20).measured(150, 90).infusion(InfusionAction.END).minutes(40).measured(120, 80)
    pressures = field(form_of(history(side)), "pressures")
    assert (pressures.value["at_40"]["sys"], pressures.value["off_min"]) == (150, 0)


def test_a_session_without_a_dose_has_no_form_due() -> None:
    made = form_of(history(bed().with_session().aborted()))
    assert (made.due_on, made.days_left, made.state) == (None, None, "draft")
    assert made.missing == ("no dose was given: no form is due",)


def test_a_clock_that_was_set_moves_everything_alike(whole: SessionHistory) -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed()
    side.minutes(9).spo2(85, for_s=40).spo2(97, for_s=60).wall_steps(3600).minutes(5)
    made = form_of(history(side))
    assert "first dose 09:01+00:00" in field(made, "treatment_date").text
    assert "from 09:10+00:00 (9 min)" in field(made, "respiratory_depression").text


# ── what a person says afterwards ───────────────────────────────────────────────────────


def after(whole: SessionHistory, *commands: FormCommand) -> MonitoringForm:
    """The form after `commands`."""
    for command in commands:
        whole = later(whole, about_form(form_of(whole), command))
    return form_of(whole)


def refused(whole: SessionHistory, *commands: FormCommand) -> Refused:
    """Why the last of `commands` is refused."""
    for command in commands[:-1]:
        whole = later(whole, about_form(form_of(whole), command))
    with pytest.raises(Refused) as error:
        about_form(form_of(whole), commands[-1])
    return error.value


CONFIRMED = ConfirmForm("nurse.a")
NEW = FillForm("first_treatment", True, "nurse.a")
OUT = FillForm("setting", "outpatient", "nurse.a")
ENROLLED = FillForm("enrolled", True, "nurse.a")
NOT_NEEDED = FillForm("intervention", False, "nurse.a")
IV = "ketamine-iv"


def test_what_is_proposed_can_be_confirmed(whole: SessionHistory) -> None:
    ready = field(after(whole, CONFIRMED), "ready_at")
    assert (ready.value["state"], ready.missing) == ("confirmed", ())
    assert ready.sources[-1].by == "nurse.a"


def test_what_is_proposed_can_be_changed_with_a_reason(whole: SessionHistory) -> None:
    at = START.wall + timedelta(minutes=110)
    ready = field(after(whole, ConfirmForm("dr.b", at, "unsteady")), "ready_at")
    assert ready.value["state"] == "changed"
    assert ready.value["at"] == "2026-01-05T09:50:00.000Z"
    assert ready.value["proposed"] != ready.value["at"]
    assert "unsteady" in ready.text


def test_a_form_is_complete_when_nothing_is_missing(whole: SessionHistory) -> None:
    made = after(whole, CONFIRMED, NEW, OUT, ENROLLED, NOT_NEEDED)
    assert (made.state, made.missing) == ("complete", ())


def test_a_sent_form_says_by_whom_and_is_not_due(whole: SessionHistory) -> None:
    made = after(whole, CONFIRMED, NEW, OUT, ENROLLED, NOT_NEEDED, SendForm("nurse.b", "fax"))
    assert (made.state, made.days_left) == ("sent", None)
    assert made.sent is not None
    assert made.sent["by"] == "nurse.b"
    assert "marked as sent by nurse.b" in field(made, "signed_by").text


def test_an_incomplete_form_is_sent_with_a_reason(whole: SessionHistory) -> None:
    made = after(whole, SendForm("nurse.b", reason="the patient moved away"))
    assert made.sent is not None
    assert len(made.sent["missing"]) == 4


def test_a_form_that_was_not_sent_after_all_is_due_again(whole: SessionHistory) -> None:
    sent = SendForm("nurse.b", reason="late")
    made = after(whole, sent, ReopenForm("nurse.b", "wrong patient"))
    assert (made.state, made.days_left) == ("draft", 5)


def test_a_lot_that_was_left_out_is_filled_in(unlabelled: SessionHistory) -> None:
    dose = unlabelled.session.doses[0].id
    made = after(unlabelled, FillForm("lot", "A9", "nurse.b", record=dose))
    doses = field(made, "doses")
    assert doses.value["doses"][0]["lot"] == "A9"
    assert (doses.sources[-1].by, len(doses.missing)) == ("nurse.b", 2)


def test_medicines_and_first_treatment_are_filled_in(whole: SessionHistory) -> None:
    said = FillForm("medicines", ("codeine",), "nurse.b", reason="told later")
    made = after(whole, said, FillForm("first_treatment", False, "nurse.b"))
    assert field(made, "medicines").value["names"] == ["codeine"]
    assert field(made, "first_treatment").text == "no"


@pytest.mark.parametrize(
    ("needed", "reason", "text"),
    [
        (True, "oxygen for 20 min", "yes: oxygen for 20 min"),
        (True, None, "yes"),
        (False, None, "no"),
    ],
)
def test_whether_an_intervention_was_needed_is_said_by_a_person(
    whole: SessionHistory, needed: bool, reason: str | None, text: str
) -> None:
    before = field(form_of(whole), "intervention")
    assert (before.value, before.text) == (None, "not assessed")
    said = FillForm("intervention", needed, "nurse.b", reason=reason)
    found = field(after(whole, said), "intervention")
    assert (found.value, found.text, found.missing) == (needed, text, ())
    assert [source.by for source in found.sources] == ["nurse.b"]


def test_another_answer_on_an_intervention_needs_a_reason(whole: SessionHistory) -> None:
    assert refused(whole, NOT_NEEDED, replace(NOT_NEEDED, value=True)).field == "reason"
    again = FillForm("intervention", True, "nurse.b", reason="oxygen, noted late")
    found = field(after(whole, NOT_NEEDED, again), "intervention")
    assert found.text == "yes: oxygen, noted late"
    assert [source.what for source in found.sources] == ["filled in", "filled in, before: no"]


def test_enrolled_is_asked_at_the_first_treatment(whole: SessionHistory) -> None:
    assert not field(form_of(whole), "enrolled").missing
    first = field(after(whole, NEW), "enrolled")
    assert (first.text, first.missing) == ("not asked", ("enrolled in the programme: yes or no",))
    said = field(after(whole, NEW, ENROLLED), "enrolled")
    assert (said.value, said.text, said.missing) == (True, "yes", ())
    assert not field(after(whole, replace(NEW, value=False)), "enrolled").missing


@pytest.mark.parametrize("regimen", ["esketamine-84", IV])
def test_enrolled_is_asked_where_a_form_is_sent(regimen: str) -> None:
    drug = [given(10)] if regimen != IV else [infusion(10, "started"), infusion(50, "ended")]
    found = after(brief(*drug, closed(), regimen=regimen), NEW)
    assert bool(field(found, "enrolled").missing) is (regimen != IV)
    inpatient = after(brief(*drug, closed(), regimen=regimen), NEW, replace(OUT, value="inpatient"))
    assert not field(inpatient, "enrolled").missing


@pytest.mark.parametrize("first", [True, False])
def test_the_first_treatment_is_as_it_was_said_before_the_dose(first: bool) -> None:
    asked = {"medicines": None, "escort_planned": None, "first_treatment": first, "by": "nurse.c"}
    found = form_of(brief((5, "preparation.recorded", asked), given(10), closed()))
    said = field(found, "first_treatment")
    assert said.value["first"] is first
    assert [source.by for source in said.sources] == ["nurse.c"]
    assert found.answers[("first_treatment", None)] is first


def test_a_first_treatment_that_is_filled_in_keeps_what_was_said_before_the_dose() -> None:
    asked = {"medicines": None, "escort_planned": None, "first_treatment": True, "by": "nurse.c"}
    told = brief((5, "preparation.recorded", asked), given(10), closed())
    said = after(told, FillForm("first_treatment", False, "nurse.b", reason="moved here"))
    found = field(said, "first_treatment")
    assert found.value["first"] is False
    assert [(source.what, source.by) for source in found.sources] == [
        ("filled in", "nurse.b"),
        ("filled in, before: yes", "nurse.c"),
    ]


def test_what_was_filled_in_before_stays_in_sight(unlabelled: SessionHistory) -> None:
    dose = unlabelled.session.doses[0].id
    made = after(
        unlabelled,
        FillForm("lot", "A9", "nurse.b", record=dose),
        FillForm("lot", "A7", "nurse.c", record=dose, reason="misread"),
        FillForm("lot", "A6", "nurse.d", record=dose, reason="misread again"),
        FillForm("medicines", ("codeine",), "nurse.b", reason="told later"),
        FillForm("medicines", (), "nurse.c", reason="mixed up"),
        FillForm("first_treatment", False, "nurse.b"),
        FillForm("first_treatment", True, "nurse.b", reason="asked"),
    )
    said = [source.what for source in field(made, "doses").sources]
    assert [what.partition(", before: ")[2] for what in said[-3:]] == ["", "A7 (misread)", "A9"]
    said = [source.what for source in field(made, "medicines").sources]
    assert said[:3] == ["asked", "asked, before: codeine (told later)", "asked, before: none"]
    assert [source.what for source in field(made, "first_treatment").sources][-2:] == [
        "filled in",
        "filled in, before: no",
    ]


def test_a_minute_that_was_confirmed_before_stays_in_sight(whole: SessionHistory) -> None:
    at = START.wall + timedelta(minutes=110)
    never = ConfirmForm("nurse.c", None, "never well")
    made = after(whole, CONFIRMED, ConfirmForm("dr.b", at, "unsteady"), never)
    said = [source.what for source in field(made, "ready_at").sources[-2:]]
    assert said[0].endswith(", before: 09:50+00:00 (unsteady)")
    assert ", before: 0" in said[1]


def test_a_minute_before_a_later_dose_is_not_proposed() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed(28).minutes(8)
    side.scored(cadss=0, moaas=5).observed(resp=14).measured(120, 78).spo2(
        98, for_s=16 * 60
    ).measured(121, 78)
    side.scored(cadss=0, moaas=5).wait(1)
    assert side.session.criteria_met_at is not None
    ready = field(form_of(history(side.dosed(28).minutes(1))), "ready_at")
    assert (ready.value["at"], ready.value["criteria"]) == (None, [])


def test_the_same_again_changes_nothing(whole: SessionHistory) -> None:
    done = later(whole, about_form(form_of(whole), CONFIRMED))
    assert about_form(form_of(done), CONFIRMED) == []


EARLY, LATE = START.wall, START.wall + timedelta(hours=9)
REFUSED: dict[str, tuple[tuple[FormCommand, ...], str | None, str]] = {
    "another time without a reason": (
        (ConfirmForm("n", START.wall + timedelta(minutes=99)),),
        "reason",
        "differs",
    ),
    "a time before the dose": ((ConfirmForm("n", EARLY, "why"),), "ready_at", "first dose"),
    "a time after the end": ((ConfirmForm("n", LATE, "why"),), "ready_at", "session's end"),
    "a second person": ((CONFIRMED, ConfirmForm("nurse.b")), "reason", "nurse.a has confirmed"),
    "something missing": ((SendForm("n"),), "reason", "the form lacks: whether this was"),
    "a form sent already": (
        (SendForm("nurse.b", reason="late"), SendForm("n", reason="late")),
        None,
        "nurse.b marked it",
    ),
    "a form confirmed after it was sent": (
        (SendForm("nurse.b", reason="late"), CONFIRMED),
        None,
        "reopen it first",
    ),
    "a form that was not sent": ((ReopenForm("n", "why"),), None, "not marked as sent"),
    "a lot of no dose": ((FillForm("lot", "A1", "n", record="x"),), "record", "a lot is of a dose"),
    "a lot without a dose": ((FillForm("lot", "A1", "n"),), "record", "a lot is of a dose"),
    "a field nobody fills": ((FillForm("weather", "A1", "n"),), "field", "field is one of"),
    "a list for a lot": ((FillForm("lot", ("A1",), "n"),), "value", "a lot number"),
    "another setting": ((FillForm("setting", "home", "n"),), "value", "outpatient or inpatient"),
    "words for medicines": ((FillForm("medicines", "A1", "n"),), "value", "a list of names"),
    "medicines replaced without a reason": (
        (FillForm("medicines", ("x",), "n"),),
        "reason",
        "is there already",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_form_refuses(whole: SessionHistory, case: str) -> None:
    commands, at_fault, words = REFUSED[case]
    error = refused(whole, *commands)
    assert error.field == at_fault
    assert words in str(error)


@pytest.mark.parametrize("command", [CONFIRMED, NEW, SendForm("n", reason="why")])
def test_nothing_is_written_on_the_form_of_an_open_session(command: FormCommand) -> None:
    side = bed().with_session().dosed()
    assert "still open" in str(refused(history(side), command))


def test_a_session_without_a_dose_has_no_form_to_write_on() -> None:
    side = bed().with_session().aborted()
    assert "no dose" in str(refused(history(side), CONFIRMED))


# ── printed ─────────────────────────────────────────────────────────────────────────────

EVIL = '<script>alert("1")</script>'


def printed(made: MonitoringForm) -> str:
    return form_page(made, START.wall, UTC)


def test_whatever_people_wrote_is_escaped() -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1)
    side.asks(GiveDose("esketamine", 28, EVIL, lot=EVIL)).minutes(5)
    side.asks(RecordSymptom("seizure", 3, EVIL, note=EVIL)).typed(150, 80)
    side.asks(RetractRecord(side.session.pressures[-1].id, EVIL, EVIL))
    side.closed(against=(EVIL, EVIL))
    text = printed(form_of(history(side)))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") >= 6


def test_the_page_names_what_is_missing_and_what_it_is_not(whole: SessionHistory) -> None:
    text = printed(form_of(whole))
    assert "<li>when the patient could have left: a person confirms it</li>" in text
    assert "due by 2026-01-12 (7 days left)" in text
    assert "Not a certified medical device" in " ".join(text.split())


def test_a_complete_page_has_no_box_of_what_is_missing(whole: SessionHistory) -> None:
    text = printed(after(whole, CONFIRMED, NEW, OUT, ENROLLED, NOT_NEEDED))
    assert 'class="missing"' not in text
    assert ">complete<" in text


def test_the_page_needs_nothing_from_elsewhere(whole: SessionHistory) -> None:
    text = printed(form_of(whole))
    assert [word for word in ("src=", "href=", "url(", "<script", "@import") if word in text] == []


def test_a_page_in_simulated_time_says_so(whole: SessionHistory) -> None:
    assert "SIMULATED TIME" in form_page(form_of(whole), START.wall, UTC, simulated=True)
    assert "SIMULATED TIME" not in printed(form_of(whole))


def test_a_score_of_before_is_not_dated_by_the_session(whole: SessionHistory) -> None:
    side = bed().with_session().prepared().with_baseline().minutes(1).dosed().minutes(5)
    at = side.now.wall - timedelta(minutes=3)
    side.asks(RecordScore("moaas", 4, None, "nurse.a", at))
    (source,) = field(form_of(history(side)), "sedation").sources
    assert source.written_at is not None
    assert source.written_at - source.at == timedelta(minutes=3)


def test_a_field_is_found_by_its_name(whole: SessionHistory) -> None:
    names = [one.name for one in form_of(whole).fields]
    assert len(names) == len(set(names)) == 24


def test_a_fields_json_has_its_sources(whole: SessionHistory) -> None:
    found: Field = field(form_of(whole), "pressures")
    shown = found.as_json()
    assert shown["sources"][0]["device"] == "cuff"
    assert shown["sources"][0]["at"].endswith("Z")


def test_a_pause_of_the_sound_is_no_alarm_of_the_session() -> None:
    side = treated(ended=False).spo2(85, for_s=15).quieted().wait(1)
    assert side.types("alarm.audio") == ["alarm.audio-paused"]
    found = history(side.acknowledged("spo2.very-low").closed(against=("dr.b", "tired")))
    assert "spo2.very-low" in {span.rule for span in found.alarms()}
    assert "SpO2" in field(form_of(found), "respiratory_depression").text


def test_a_pressure_far_from_the_baseline_is_remarked_on_whenever_it_was_recorded() -> None:
    made = [
        form_of(brief(pressed(8, before), pressed(9, 120), given(12), pressed(10, late)))
        for before, late in ((139, 101), (140, 120), (120, 100))
    ]
    texts = [field(one, "acceptable_before").text for one in made]
    assert ["20 mmHg or more from the baseline of 120" in text for text in texts] == [
        False,
        True,
        True,
    ]
