"""Consciousness by whatever record, serious events, and what one alarm tells for another."""

import csv
import io
from collections.abc import Callable
from datetime import timedelta

import pytest

from drivers.clock import parse_rfc3339, rfc3339
from monitor.patient.csv_export import csv_table
from monitor.session.commands import (
    ClearanceScope,
    RecordClearance,
    RecordScore,
    RecordSymptom,
    RetractRecord,
)
from monitor.session.history import SessionHistory
from monitor.session.records import Record
from monitor.session.signals import consciousness_of
from tests.monitor.builders import REGIMENS, START, Bedside, bed


def dosed() -> Bedside:
    return bed().with_session().dosed()


def consciousness(side: Bedside) -> float | None:
    found = consciousness_of(side.session)
    return None if found is None else found[0]


# ── consciousness ───────────────────────────────────────────────────────────────────────


def test_of_nothing_recorded_nothing_is_known() -> None:
    assert consciousness(bed().with_session().symptom("nausea").observed(resp=14)) is None


@pytest.mark.parametrize(
    ("word", "as_moaas", "rule"),
    [
        ("alert", 5, None),
        ("voice", 3, "sedation.present"),
        ("pain", 1, "sedation.unresponsive"),
        ("unresponsive", 0, "sedation.unresponsive"),
    ],
)
def test_acvpu_counts_as_moaas(word: str, as_moaas: int, rule: str | None) -> None:
    side = bed().with_session().observed(consciousness=word)
    assert consciousness(side) == as_moaas
    assert {r for r in side.open_rules() if r.startswith("sedation.")} == {rule} - {None}


def test_confusion_says_nothing_of_it() -> None:
    assert consciousness(bed().with_session().observed(consciousness="confusion")) is None


def test_a_loss_of_consciousness_counts_as_0_and_its_end_as_nothing() -> None:
    side = dosed().minutes(10).symptom("loss-of-consciousness")
    assert consciousness(side) == 0
    assert "sedation.unresponsive" in side.open_rules()
    assert consciousness(side.minutes(6).symptom("loss-of-consciousness", 0)) == 0
    assert consciousness(side.scored(moaas=5)) == 5


@pytest.mark.parametrize(("after_s", "found"), [(300, 1), (301, 5)])
def test_the_worst_within_five_minutes_stands(after_s: float, found: int) -> None:
    side = dosed().minutes(10).observed(consciousness="pain")
    assert consciousness(side.wait(after_s).scored(moaas=5)) == found


def test_what_was_withdrawn_counts_no_more() -> None:
    side = dosed().minutes(10).scored(moaas=5).observed(consciousness="pain")
    side.asks(RetractRecord(side.session.observations[-1].id, "nurse.a", "another patient"))
    assert consciousness(side) == 5
    assert "sedation.unresponsive" in side.open_rules()


def test_a_record_of_an_earlier_time_takes_its_place_among_them() -> None:
    side = dosed().minutes(20).scored(moaas=5)
    early = side.now.wall - timedelta(minutes=9)
    assert consciousness(side.asks(RecordScore("moaas", 2, None, "n", early))) == 5


def test_reduced_consciousness_told_another_way_makes_a_crisis() -> None:
    side = dosed().minutes(10).observed(consciousness="voice").typed(185, 85)
    assert "pressure.crisis" in side.open_rules()


# ── serious events ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["seizure", "loss-of-consciousness", "focal-deficit"])
def test_a_serious_event_lasts_until_somebody_says_that_it_is_over(name: str) -> None:
    side = dosed().symptom(name).minutes(40).symptom("nausea", 0)
    assert side.alarm("event.serious").state.value == "active"
    side.asks(RecordSymptom(name, 0, "nurse.b"))
    assert side.alarm("event.serious").state.value == "latched"


def retracted(side: Bedside, record: Record) -> Bedside:
    return side.asks(RetractRecord(record.id, "nurse.b", "another patient"))


SERIOUS: dict[str, tuple[Callable[[Bedside], object], str]] = {
    "a seizure": (lambda side: side.symptom("seizure", 3), "seizure"),
    "a focal deficit": (lambda side: side.symptom("focal-deficit"), "focal deficit"),
    "MOAA/S 1": (lambda side: side.scored(moaas=1), "MOAA/S 1"),
    "unresponsive": (
        lambda side: side.observed(consciousness="unresponsive"),
        "loss of consciousness",
    ),
}


def newest(side: Bedside) -> Record:
    return max(side.session.records(), key=lambda record: side.session.places[record.id])


@pytest.mark.parametrize(("told", "words"), SERIOUS.values(), ids=SERIOUS)
def test_a_serious_event_withdrawn_leaves_leaving_to_a_clinician(
    told: Callable[[Bedside], object], words: str
) -> None:
    side = dosed().minutes(10)
    told(side)
    retracted(side.minutes(2), newest(side))
    found = side.criterion("no-serious-event")
    assert found.why == f"{words}, retracted at 08:12 UTC by nurse.b: another patient"
    assert found.stops
    items = ("no-serious-event",)
    leaving = ClearanceScope.LEAVING
    side.asks(RecordClearance(leaving, "dr.b", "it was bed 2", "nurse.a", items))
    assert side.criterion("no-serious-event").cleared_by == "dr.b"


@pytest.mark.parametrize("total", [5, 2])
def test_a_serious_event_corrected_to_none_leaves_leaving_to_a_clinician(total: int) -> None:
    side = dosed().minutes(10).scored(moaas=1)
    for corrected in (0, total):
        was = side.session.scores[0].id
        side.wait(20).asks(RecordScore("moaas", corrected, None, "nurse.b", corrects=was))
    assert side.criterion("no-serious-event").why == "MOAA/S 0, corrected at 08:10 UTC by nurse.b"


def test_a_seizure_corrected_to_before_the_dose_leaves_leaving_to_a_clinician() -> None:
    side = bed().with_session().minutes(5).dosed().minutes(10).symptom("seizure")
    was = side.session.symptoms[0].id
    side.asks(RecordSymptom("seizure", 1, "nurse.b", at=START.plus(60).wall, corrects=was))
    assert side.criterion("no-serious-event").why == "seizure, corrected at 08:15 UTC by nurse.b"


def test_a_seizure_corrected_to_another_grade_is_a_seizure() -> None:
    side = dosed().minutes(10).symptom("seizure")
    was = side.session.symptoms[0].id
    side.asks(RecordSymptom("seizure", 2, "nurse.b", corrects=was))
    assert side.criterion("no-serious-event").why == "seizure"


def test_what_was_withdrawn_from_before_the_dose_is_none_of_leaving() -> None:
    side = bed().with_session().symptom("seizure").minutes(2).dosed().minutes(2)
    assert retracted(side, side.session.symptoms[0]).criterion("no-serious-event").met


def test_a_nausea_that_was_withdrawn_is_no_serious_event() -> None:
    side = dosed().minutes(10).symptom("nausea")
    assert retracted(side, side.session.symptoms[0]).criterion("no-serious-event").met


def test_a_clearance_of_another_event_lapses_with_a_later_one_that_was_withdrawn() -> None:
    side = dosed().minutes(10).scored(moaas=1)
    leaving, items = ClearanceScope.LEAVING, ("no-serious-event",)
    side.asks(RecordClearance(leaving, "dr.b", "seen", "nurse.a", items)).minutes(1)
    assert side.criterion("no-serious-event").cleared_by == "dr.b"
    side.scored(moaas=1)
    assert retracted(side, side.session.scores[-1]).criterion("no-serious-event").cleared_by is None


def test_a_withdrawn_event_is_still_of_after_the_dose_when_the_clock_is_set() -> None:
    side = dosed().minutes(10).symptom("seizure")
    retracted(side, side.session.symptoms[0]).wall_steps(7200).wait(1)
    assert not side.criterion("no-serious-event").met


# ── pressures ───────────────────────────────────────────────────────────────────────────


def test_a_typed_pressure_alarms_at_once_and_a_measured_one_waits() -> None:
    assert "pressure.elevated" in bed().with_session().typed(145, 80).open_rules()
    assert "pressure.elevated" not in bed().with_session().measured(145, 80).open_rules()


# ── NEWS2 ───────────────────────────────────────────────────────────────────────────────


def test_a_single_3_raises_no_news2_where_its_sign_has_an_alarm_of_its_own() -> None:
    side = dosed().observed(resp=8)
    assert "resp.very-low" in side.open_rules()
    assert "news2.raised" not in side.open_rules()


def test_a_single_3_for_consciousness_raises_none() -> None:
    assert "news2.raised" not in dosed().scored(moaas=2).open_rules()


def test_a_single_3_without_an_alarm_of_its_own_raises_one_that_names_it() -> None:
    side = dosed().observed(temperature=35.0)
    assert "temperature 3" in side.alarm("news2.raised").text
    assert "(partial)" in side.alarm("news2.raised").text


@pytest.mark.parametrize(
    ("told", "edition", "points"),
    [
        (lambda side: side.symptom("loss-of-consciousness"), 3, 3),
        (lambda side: side.observed(consciousness="voice").minutes(1).scored(moaas=5), 3, 3),
        (lambda side: side.observed(consciousness="confusion").minutes(1).scored(moaas=5), 3, 3),
        (lambda side: side.observed(consciousness="voice").minutes(6).scored(moaas=5), 3, 0),
        (lambda side: side.scored(moaas=4), 3, 0),
        (lambda side: side.scored(moaas=3), 3, 3),
        (lambda side: side.symptom("loss-of-consciousness"), 2, 0),
        (lambda side: side.observed(consciousness="voice").minutes(1).scored(moaas=5), 2, 0),
    ],
)
def test_news2_takes_the_worst_that_was_told_of_consciousness(
    told: Callable[[Bedside], object], edition: int, points: int
) -> None:
    regimen = REGIMENS["esketamine-84"].model_copy(update={"edition": edition})
    side = bed().with_session(regimen).minutes(1).dosed().minutes(10).scored(moaas=5).minutes(10)
    told(side)
    assert side.typed(120, 80).session.news2[-1].points["alert"] == points


def test_that_its_own_alarm_ended_since_raises_none() -> None:
    side = dosed().spo2(90, for_s=45).observed(temperature=36.8)
    assert side.session.news2[-1].points["spo2"] == 3
    assert "news2.raised" not in side.spo2(98, for_s=120).open_rules()
    assert "spo2.low" not in side.open_rules()


def test_one_that_was_raised_stays_when_its_sign_gets_an_alarm_of_its_own() -> None:
    side = dosed().spo2(90, for_s=10).observed(temperature=36.8)
    assert "spo2.low" not in side.open_rules()
    assert "news2.raised" in side.open_rules()
    assert {"news2.raised", "spo2.low"} <= side.spo2(90, for_s=45).open_rules()


# ── after the last dose ─────────────────────────────────────────────────────────────────


def test_dissociation_is_prolonged_from_the_last_dose_on() -> None:
    side = bed().with_session().dosed(mg=28).minutes(9)
    side.dosed(mg=28).minutes(112).scored(cadss=20)
    assert "dissociation.prolonged" not in side.open_rules()
    assert "dissociation.prolonged" in side.minutes(9).open_rules()


def test_news2_names_what_went_silent_and_holds_its_points() -> None:
    side = dosed().spo2(90, for_s=45).measured(120, 80).observed(temperature=38.5, oxygen=True)
    before, raised = side.session.news2[-1], side.alarm("news2.raised")
    assert "spo2" in before.points
    side.unplugged("oximeter", for_s=60)
    scored = side.session.news2[-1]
    assert "spo2" in scored.missing
    assert (scored.held["spo2"], scored.id, scored.at) == (3, before.id, before.at)
    assert scored.total + sum(scored.held.values()) == before.total + sum(before.held.values())
    since = scored.held_since
    assert since is not None
    assert before.at < parse_rfc3339(since["spo2"]) < side.now.wall
    alarm = side.minutes(2).alarm("news2.raised")
    assert alarm.id == raised.id
    assert "(partial)" in alarm.text
    assert "SpO2 3 held" in alarm.text


def test_the_table_says_what_was_scored_and_what_was_held_since() -> None:
    side = dosed().spo2(90, for_s=45).observed(temperature=38.5, oxygen=True)
    at, total = side.now.wall, side.session.news2[-1].total
    side.unplugged("oximeter").minutes(1)
    since = side.session.news2[-1].held_since
    history = SessionHistory.from_events(side.events)
    assert history is not None
    assert since is not None
    rows = csv.DictReader(io.StringIO(csv_table(history, {})))
    row = next(row for row in rows if row["name"] == "news2" and row["at"] == rfc3339(at))
    assert int(float(row["value"])) == total == 6
    assert row["note"].startswith("partial: without resp, alert; ")
    assert f"; spo2 held since {since['spo2']}" in row["note"]


def test_what_is_held_stays_so_until_it_is_scored_again() -> None:
    side = dosed().spo2(90, for_s=10).observed(temperature=38.5, oxygen=True)
    side.unplugged("oximeter").minutes(5)
    since = side.session.news2[-1].held_since
    side.measured(120, 80).observed(resp=14)
    scored = side.session.news2[-1]
    assert since is not None
    assert scored.held_since is not None
    assert (scored.held["spo2"], scored.held_since["spo2"]) == (3, since["spo2"])
    assert "news2.raised" in side.open_rules()
    side.plugged("oximeter").spo2(98, for_s=75)
    assert side.session.news2[-1].points["spo2"] == 0
    assert "news2.raised" not in side.open_rules()


def test_a_loose_sensor_has_news2_scored_once_a_minute_at_most() -> None:
    side = dosed().observed(temperature=36.8)
    before = len(side.session.news2)
    for _ in range(20):
        side.silent("oximeter", for_s=12).talks("oximeter", for_s=3)
    assert 2 <= len(side.session.news2) - before <= 6


def test_what_was_observed_an_hour_ago_is_held() -> None:
    side = dosed().observed(temperature=38.5)
    assert "temperature" in side.minutes(60).session.news2[-1].points
    scored = side.minutes(2).session.news2[-1]
    assert ("temperature" in scored.missing, scored.held["temperature"]) == (True, 1)


def test_sessions_of_a_former_edition_hold_nothing_between_two_scores() -> None:
    regimen = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(regimen).spo2(90, for_s=45).measured(120, 80)
    before = side.session.news2
    assert side.unplugged("oximeter", for_s=180).session.news2 == before
    assert before[-1].held_since is None
