"""What people put on record: symptoms, observations, pressures by hand, and corrections."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from monitor.bed.effects import StopMeasurement
from monitor.session import signals as observations
from monitor.session.commands import (
    AssignmentAction,
    AssignNurse,
    Command,
    EnableNibp,
    GiveDose,
    InhibitNibp,
    MeasurePressure,
    RecordObservation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    RetractRecord,
)
from monitor.session.records import BY_HAND
from tests.monitor.builders import DEFAULT, DEVIATION, OXIMETER, REGIMENS, START, Bedside, bed


def dosed() -> Bedside:
    return bed().with_session().with_baseline().dosed().wait(1)


# ── symptoms ────────────────────────────────────────────────────────────────────────────


def test_a_symptom_is_kept_with_who_and_when() -> None:
    side = dosed().asks(RecordSymptom("nausea", 2, "nurse.b", note="after turning"))
    kept = side.session.symptoms[0]
    assert (kept.name, kept.grade, kept.by, kept.note) == (
        "nausea",
        2,
        "nurse.b",
        "after turning",
    )
    assert kept.at == side.now.wall


@pytest.mark.parametrize(("flow", "oxygen"), [(0.0, False), (2.0, True)])
def test_how_much_oxygen_is_given_says_whether_it_is(flow: float, oxygen: bool) -> None:
    side = bed().with_session().observed(oxygen_flow=flow)
    seen = side.last("observation.recorded").payload
    assert (seen["oxygen"], seen["oxygen_flow"]) == (oxygen, flow)


def test_an_event_names_a_flow_only_where_it_was_said() -> None:
    side = bed().with_session().observed(oxygen=True)
    assert "oxygen_flow" not in side.last("observation.recorded").payload
    assert side.session.observations[-1].oxygen_flow is None


@pytest.mark.parametrize(
    ("command", "field", "words"),
    [
        (RecordSymptom("itching", 1, "n"), "symptom", "a symptom is one of anxiety"),
        (RecordSymptom("nausea", 4, "n"), "grade", "3 severe"),
        (RecordSymptom("nausea", -1, "n"), "grade", "0 none"),
        (RecordObservation("n"), None, "at least one"),
        (RecordObservation("n", resp=200), "resp", "200 cannot be: 0 to 80 can"),
        (RecordObservation("n", temperature=3.65), "temperature", "cannot be"),
        (RecordObservation("n", oxygen_flow=-1), "oxygen_flow", "0, or 0.1 to 80 can"),
        (RecordObservation("n", oxygen_flow=1e-320), "oxygen_flow", "0, or 0.1 to 80 can"),
        (RecordObservation("n", oxygen_flow=81), "oxygen_flow", "81 l/min cannot be: 0, or"),
        (RecordObservation("n", oxygen=False, oxygen_flow=2), "oxygen_flow", "say one of them"),
        (RecordObservation("n", oxygen=True, oxygen_flow=0), "oxygen_flow", "say one of them"),
        (RecordObservation("n", consciousness="awake"), "consciousness", "alert, confusion"),
        (RecordPressure(400, 80, "n"), "sys", "400 cannot be"),
        (RecordPressure(301, 80, "n"), "sys", "301 cannot be: 30 to 300 can"),
        (RecordPressure(120, 5, "n"), "dia", "5 cannot be"),
        (RecordPressure(120, 9, "n"), "dia", "9 cannot be: 10 to 200 can"),
        (RecordPressure(80, 80, "n"), "dia", "is not under the systolic"),
        (RecordPressure(80, 120, "n"), "dia", "is not under the systolic"),
        (RecordPressure(120, 80, "n", pulse=0), "pulse", "0 cannot be"),
    ],
)
def test_what_cannot_be_is_refused(command: Command, field: str | None, words: str) -> None:
    side = dosed()
    with pytest.raises(Refused, match=words) as refused:
        side.asks(command)
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, field)


@pytest.mark.parametrize(("sys", "dia"), [(300, 200), (30, 10)])
def test_the_most_and_the_least_that_can_be_is_taken(sys: float, dia: float) -> None:
    last = dosed().typed(sys, dia).session.last_pressure
    assert last is not None
    assert (last.sys, last.dia) == (sys, dia)


SYMPTOMS_OF_CRISIS = [
    ("chest-pain", 1),
    ("breathlessness", 1),
    ("headache", 3),
    ("visual-change", 1),
    ("seizure", 1),
    ("loss-of-consciousness", 1),
]


@pytest.mark.parametrize(("name", "grade"), SYMPTOMS_OF_CRISIS)
def test_a_severe_pressure_with_a_symptom_is_a_crisis(name: str, grade: int) -> None:
    side = dosed().measured(185, 100)
    assert "pressure.crisis" not in side.open_rules()
    side.symptom(name, grade - 1)
    assert "pressure.crisis" not in side.open_rules()
    side.symptom(name, grade)
    crisis = side.alarm("pressure.crisis")
    assert (crisis.priority.label, crisis.latching) == ("high", True)


def test_the_symptom_may_come_before_the_pressure() -> None:
    side = dosed().symptom("chest-pain").minutes(5).measured(185, 100)
    assert {"pressure.crisis", "pressure.severe"} <= side.open_rules()


# ── pressures by hand ───────────────────────────────────────────────────────────────────


def test_a_pressure_by_hand_is_marked_and_counts() -> None:
    side = dosed().typed(184, 96, pulse=80)
    taken = side.session.pressures[-1]
    assert (taken.device, taken.by, taken.sys, taken.pulse) == (BY_HAND, "nurse.a", 184, 80)
    assert "pressure.severe" in side.open_rules()
    shown = {vital.vital.value: vital for vital in side.bed.vitals.views(side.now)}
    assert (shown["sys"].value, shown["sys"].device) == (184, BY_HAND)


def test_of_cuff_and_hand_the_newest_counts() -> None:
    side = dosed().typed(150, 80).wait(60).measured(120, 70)
    shown = {vital.vital.value: vital.value for vital in side.bed.vitals.views(side.now)}
    assert shown["sys"] == 120
    side.wait(60).typed(152, 82)
    shown = {vital.vital.value: vital.value for vital in side.bed.vitals.views(side.now)}
    assert shown["sys"] == 152


def test_a_pressure_by_hand_does_a_check_that_is_due() -> None:
    side = dosed().asks(InhibitNibp("nurse.a", "line")).minutes(41)
    assert "check.overdue" in side.open_rules()
    side.typed(120, 80).wait(1)
    overdue = [a for a in side.bed.alarm_engine.open_alarms() if a.device == "pressure"]
    assert overdue == []


def test_a_bed_without_a_cuff_shows_a_pressure_only_once_there_is_one() -> None:
    from tests.monitor.builders import OXIMETER

    side = bed(OXIMETER).with_session()
    assert "sys" not in {vital.vital.value for vital in side.bed.vitals.views(side.now)}
    side.typed(120, 80)
    assert "sys" in {vital.vital.value for vital in side.bed.vitals.views(side.now)}


# ── NEWS2 ───────────────────────────────────────────────────────────────────────────────


def test_a_pressure_makes_a_news2_that_says_what_it_lacks() -> None:
    side = dosed()
    scored = side.session.news2[-1]
    assert scored.total == 0
    assert set(scored.missing) == {"resp", "oxygen", "temperature"}


def test_a_whole_observation_makes_a_whole_news2() -> None:
    side = dosed().observed(resp=22, temperature=38.4, oxygen=True, consciousness="alert")
    scored = side.session.news2[-1]
    assert (scored.total, scored.single, scored.partial) == (2 + 1 + 2, 2, False)
    assert "news2.raised" in side.open_rules()


def test_consciousness_is_the_last_that_was_observed() -> None:
    side = dosed().scored(moaas=3)
    assert side.session.news2[-1].points["alert"] == 3
    side.minutes(6).observed(consciousness="alert")
    assert side.session.news2[-1].points["alert"] == 0
    side.wait(1).scored(moaas=4)
    assert side.session.news2[-1].points["alert"] == 0


def test_what_was_observed_last_is_what_the_rules_see() -> None:
    side = dosed().observed(resp=9, temperature=39.1).wait(1).observed(resp=8, oxygen=True)
    seen = observations.signals_of(side.session)
    assert (seen["resp"][0], seen["temperature"][0]) == (8, 39.1)


def test_what_nobody_observed_the_rules_do_not_see() -> None:
    seen = observations.signals_of(dosed().observed(oxygen=True).session)
    assert not {"resp", "temperature"} & seen.keys()


def test_an_observation_says_nothing_of_an_hour_later() -> None:
    side = dosed().observed(resp=9, temperature=36.5, oxygen=False).minutes(61).typed(120, 80)
    assert "resp" in side.session.news2[-1].missing


def test_an_observation_says_something_of_now_for_an_hour() -> None:
    side = dosed().observed(resp=9)
    taken = side.session.observations[-1].at
    side.tick(3600 - (side.now.wall - taken).total_seconds()).typed(120, 80)
    assert "resp" not in side.session.news2[-1].missing
    side.tick(0.001).typed(121, 80)
    assert "resp" in side.session.news2[-1].missing


def test_a_news2_without_a_point_is_nought_to_the_rules() -> None:
    side = dosed().spo2(98, for_s=3).pulse(70, for_s=3).typed(120, 80)
    seen = observations.signals_of(side.session)
    assert (seen["news2"][0], seen["news2-single"][0]) == (0, 0)


def test_a_symptom_that_nobody_recorded_is_absent() -> None:
    side = dosed()
    seen = observations.signals_of(side.session)
    assert seen["symptom.nausea"] == (0, side.session.started_at)


def test_a_parameter_that_goes_missing_keeps_its_points_for_the_rules() -> None:
    side = dosed().spo2(90, for_s=3).pulse(135, for_s=3).measured(95, 60)
    assert side.session.news2[-1].total == 3 + 3 + 2
    assert "news2.high" in side.open_rules()
    side.silent("oximeter", for_s=120).typed(120, 80)
    scored = side.session.news2[-1]
    assert (scored.total, dict(scored.held)) == (0, {"spo2": 3, "pulse": 3})
    assert "news2.raised" in side.open_rules()


def test_a_rule_on_a_score_ends_when_it_was_normal_for_its_clear_time() -> None:
    slow = [
        replace(rule, clear_for_s=60.0) if rule.id == "dissociation.marked" else rule
        for rule in DEFAULT.rules
    ]
    side = bed().rebuilt(rules=replace(DEFAULT, rules=tuple(slow))).with_session()
    side.scored(cadss=40).minutes(5).scored(cadss=2).minutes(5)
    assert "dissociation.marked" in side.open_rules()
    side.scored(cadss=2)
    assert "dissociation.marked" not in side.open_rules()


def test_a_correction_is_of_what_was_recorded() -> None:
    side = dosed().scored(cadss=40)
    side.asks(RecordSymptom("nausea", 2, "n"))
    score, symptom = side.session.scores[-1].id, side.session.symptoms[-1].id
    with pytest.raises(Refused, match="of cadss; correct that") as refused:
        side.asks(RecordScore("moaas", 5, None, "n", corrects=score))
    assert refused.value.field == "scale"
    with pytest.raises(Refused, match="of nausea; correct that") as refused:
        side.asks(RecordSymptom("headache", 1, "n", corrects=symptom))
    assert refused.value.field == "symptom"


def test_what_was_withdrawn_keeps_no_points() -> None:
    side = dosed().observed(temperature=35.0)
    assert "news2.raised" in side.open_rules()
    side.asks(RetractRecord(side.session.observations[-1].id, "nurse.a", "another patient"))
    side.wait(1).scored(moaas=5)
    assert "temperature" not in side.session.news2[-1].held
    assert "news2.raised" not in side.open_rules()


def test_a_withdrawn_score_is_out_of_news2_at_once() -> None:
    side = dosed().scored(moaas=2)
    assert side.session.news2[-1].points["alert"] == 3
    side.asks(RetractRecord(side.session.scores[-1].id, "nurse.a", "another patient"))
    assert side.session.news2[-1].points.get("alert") != 3
    assert side.session.news2[-1].held.get("alert") != 3


def test_news2_of_nothing_at_all_is_not_known() -> None:
    side = bed().with_session().observed(temperature=35.0)
    assert "news2.raised" in side.open_rules()
    side.asks(RetractRecord(side.session.observations[-1].id, "nurse.a", "another patient"))
    assert (side.session.news2[-1].points, side.session.news2[-1].held) == ({}, {})
    assert "news2" not in observations.signals_of(side.session)
    assert side.alarm("news2.raised").unverified_since is not None


def test_news2_of_nothing_that_is_fresh_holds_what_stands() -> None:
    side = dosed().observed(temperature=35.0).minutes(61)
    side.silent("oximeter", for_s=120).scored(cadss=0)
    scored = side.session.news2[-1]
    assert (scored.total, scored.single, scored.held["temperature"]) == (0, 0, 3)
    assert "news2.raised" in side.open_rules()


# ── corrections ─────────────────────────────────────────────────────────────────────────


def corrects(side: Bedside, **changes: Any) -> Bedside:
    """Correct the last score on CADSS."""
    last = side.session.last_score("cadss")
    assert last is not None
    fields: dict[str, Any] = {"total": 3, "corrects": last.id, **changes}
    return side.asks(
        RecordScore("cadss", fields["total"], None, "nurse.b", None, fields["corrects"])
    )


def test_a_correction_takes_the_place_of_what_it_corrects() -> None:
    side = dosed().scored(cadss=31)
    wrong, at = side.session.scores[-1].id, side.now.wall
    assert "dissociation.marked" in side.open_rules()
    corrects(side.minutes(2))
    assert [score.total for score in side.session.scores if score.scale == "cadss"] == [0, 3]
    assert side.session.scores[-1].at == at
    correction = side.session.corrections[-1]
    assert (correction.was.id, correction.by) == (wrong, "nurse.b")
    assert correction.now == side.session.scores[-1].id
    assert "dissociation.marked" not in side.open_rules()
    assert side.last("score.recorded").payload["was"]["total"] == 31


def test_a_correction_is_corrected_by_naming_it_and_not_what_it_corrected() -> None:
    side = dosed().scored(cadss=31)
    first = side.session.scores[-1].id
    corrects(side)
    with pytest.raises(Refused, match=f"correct {side.session.scores[-1].id}") as refused:
        corrects(side, corrects=first)
    assert refused.value.kind is Refusal.CONFLICT
    corrects(side, total=13)
    assert side.latest("cadss") == 13


def test_only_a_record_of_its_kind_is_corrected() -> None:
    side = dosed().typed(120, 80).observed(resp=14)
    with pytest.raises(Refused, match="is a pressure"):
        corrects(side, corrects=side.session.pressures[-1].id)
    with pytest.raises(Refused, match="is an observation"):
        corrects(side, corrects=side.session.observations[-1].id)
    with pytest.raises(Refused, match="no record nothing"):
        corrects(side, corrects="nothing")


def test_what_the_cuff_measured_is_not_rewritten_but_may_be_withdrawn() -> None:
    side = dosed().wait(60).measured(190, 115)
    measured = side.session.pressures[-1]
    with pytest.raises(Refused, match="retract it"):
        side.asks(RecordPressure(120, 80, "n", corrects=measured.id))
    side.asks(RetractRecord(measured.id, "nurse.a", "moved the arm"))
    assert [pressure.sys for pressure in side.session.pressures] == [120]
    shown = {vital.vital.value: vital.value for vital in side.bed.vitals.views(side.now)}
    assert shown["sys"] == 120
    assert side.session.corrections[-1].reason == "moved the arm"
    with pytest.raises(Refused, match="retracted already: enter it anew"):
        side.asks(RetractRecord(measured.id, "nurse.a", "again"))


def test_a_severe_pressure_that_was_a_slip_of_the_pen_latches_when_put_right() -> None:
    side = dosed().typed(210, 80)
    slip = side.session.pressures[-1].id
    side.wait(5).asks(RecordPressure(120, 80, "nurse.a", corrects=slip))
    assert side.alarm("pressure.severe").state.value == "latched"


def test_a_corrected_dose_moves_the_window() -> None:
    side = dosed().minutes(10)
    dose = side.session.doses[0]
    earlier = START.plus(60).wall
    side.asks(
        replace(
            GiveDose("esketamine", 56, "nurse.a", earlier, lot="B2", corrects=dose.id),
            given=True,
            deviation=DEVIATION,
        )
    )
    assert [(d.mg, d.lot, d.at) for d in side.session.doses] == [(56, "B2", earlier)]
    assert side.session.first_dose_at == earlier


def test_a_corrected_dose_is_still_no_more_than_planned() -> None:
    side = dosed()
    with pytest.raises(Refused, match="over regimen"):
        side.asks(GiveDose("esketamine", 112, "n", lot="B", corrects=side.session.doses[0].id))


def test_a_withdrawn_only_dose_is_a_session_before_its_dose() -> None:
    side = dosed()
    side.asks(RetractRecord(side.session.doses[0].id, "nurse.a", "other patient"))
    assert side.phase().value == "baseline"
    assert side.session.first_dose_at is None


def test_what_counts_from_the_dose_is_unverified_once_the_dose_is_withdrawn() -> None:
    side = dosed().minutes(121).scored(cadss=6)
    assert side.alarm("dissociation.prolonged").unverified_since is None
    side.asks(RetractRecord(side.session.doses[0].id, "nurse.a", "other patient"))
    assert side.alarm("dissociation.prolonged").unverified_since == side.now.wall


def test_withdrawing_a_score_leaves_the_session_where_it_was() -> None:
    side = dosed().wait(1).scored(cadss=3)
    assert side.phase().value == "observing"
    side.asks(RetractRecord(side.session.scores[-1].id, "nurse.a", "other patient"))
    assert side.phase().value == "observing"


def test_a_baseline_recorded_late_counted_formerly() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(former).wait(60)
    before = side.now.wall
    side.wait(60).dosed().wait(60)
    side.asks(RecordScore("cadss", 7, None, "n", before)).typed(118, 76, at=before)
    assert side.session.baseline == {"sys": 118, "dia": 76, "cadss": 7}


def test_corrections_survive_a_restart() -> None:
    side = dosed().typed(190, 80)
    side.asks(RecordPressure(121, 81, "n", corrects=side.session.pressures[-1].id)).scored(cadss=9)
    corrects(side)
    before = (side.session, side.bed.state.charted.values.keys(), side.bed.vitals.views(side.now))
    side.rebuilt()
    assert side.session == before[0]
    assert side.bed.state.charted.values.keys() == before[1]
    shown = {vital.vital.value: vital.value for vital in side.bed.vitals.views(side.now)}
    assert (shown["sys"], shown["dia"]) == (121, 81)


# ── the cuff, stopped by a nurse ────────────────────────────────────────────────────────


def test_a_stopped_cuff_is_started_by_nobody_until_it_is_allowed() -> None:
    side = dosed().asks(InhibitNibp("nurse.a", "line in that arm"))
    asked = len(side.requests)
    side.minutes(30)
    assert len(side.requests) == asked
    with pytest.raises(Refused, match="line in that arm"):
        side.asks(MeasurePressure("nurse.a"))
    side.asks(EnableNibp("nurse.a")).wait(2)
    assert len(side.requests) == asked + 1


def test_stopping_the_cuff_ends_the_measurement_under_way() -> None:
    side = dosed().measure()
    outcome = side.bed.handle(InhibitNibp("nurse.a", "pain"), side.now)
    assert outcome.effects == [StopMeasurement("cuff")]


def test_a_stopped_cuff_reminds() -> None:
    side = dosed().asks(InhibitNibp("nurse.a", "line in that arm")).minutes(14)
    assert "tech.nibp-inhibited" not in side.open_rules()
    side.minutes(2)
    assert "line in that arm" in side.alarm("tech.nibp-inhibited").text
    side.asks(EnableNibp("nurse.a")).wait(1)
    assert "tech.nibp-inhibited" not in side.open_rules()


def test_stopping_is_for_one_patient() -> None:
    side = dosed().asks(InhibitNibp("nurse.a", "line")).aborted().with_session(id="s-2").wait(120)
    assert side.session.pressures != ()


@pytest.mark.parametrize("command", [InhibitNibp("n", "again"), EnableNibp("n")])
def test_the_cuff_is_stopped_once_and_allowed_once(command: Command) -> None:
    side = dosed()
    if isinstance(command, InhibitNibp):
        side.asks(command)
    with pytest.raises(Refused, match="stopped"):
        side.asks(command)


def test_a_restart_forgets_no_stopped_cuff() -> None:
    side = dosed().asks(InhibitNibp("nurse.a", "line")).rebuilt()
    with pytest.raises(Refused, match="line"):
        side.asks(MeasurePressure("nurse.a"))


# ── who watches ─────────────────────────────────────────────────────────────────────────


def watch(action: str, by: str, to: str | None = None) -> AssignNurse:
    return AssignNurse(AssignmentAction(action), by, to)


def test_who_starts_a_session_watches_it() -> None:
    assert dosed().session.nurse == "nurse.a"


def test_a_bed_is_handed_over_when_the_other_takes_it() -> None:
    side = dosed().asks(watch("hand-over", "nurse.a", "nurse.b"))
    assert (side.session.nurse, side.session.handover_to) == ("nurse.a", "nurse.b")
    side.asks(watch("take-over", "nurse.b"))
    assert (side.session.nurse, side.session.handover_to) == ("nurse.b", None)
    assert side.last("nurse.assigned").payload == {"by": "nurse.b", "from": "nurse.a"}


def test_a_bed_that_nobody_watches_alarms_until_somebody_does() -> None:
    side = dosed().asks(watch("leave", "nurse.a")).wait(30)
    assert "watch.nobody" not in side.open_rules()
    side.wait(40)
    assert "watch.nobody" in side.open_rules()
    side.asks(watch("take-over", "nurse.c")).wait(2)
    assert "watch.nobody" not in side.open_rules()


def test_only_who_watches_hands_over_or_leaves() -> None:
    side = dosed()
    for action in ("hand-over", "leave"):
        with pytest.raises(Refused, match=r"nurse\.a watches this bed"):
            side.asks(watch(action, "nurse.z", "nurse.y"))
    with pytest.raises(Refused, match="to whom"):
        side.asks(watch("hand-over", "nurse.a"))
    assert side.asks(watch("take-over", "nurse.a")).types("nurse.") == []


# ── checks ──────────────────────────────────────────────────────────────────────────────


def test_each_overdue_check_alarms_and_worsens_and_ends_when_done() -> None:
    side = dosed().observed(resp=14).minutes(19)
    assert "check.overdue" not in side.open_rules()
    side.minutes(2)
    overdue = [a for a in side.bed.alarm_engine.open_alarms() if a.rule == "check.overdue"]
    assert [(a.device, a.priority.label) for a in overdue] == [("moaas", "low")]
    assert "MOAA/S was due 15 min after the first dose" in overdue[0].text
    side.minutes(11)
    overdue = [a for a in side.bed.alarm_engine.open_alarms() if a.rule == "check.overdue"]
    assert [(a.device, a.priority.label) for a in overdue] == [("moaas", "medium")]
    side.scored(moaas=5).wait(1)
    assert "check.overdue" not in side.open_rules()


@pytest.mark.parametrize(
    ("edition", "after_min", "text"),
    [
        (3, 25, "MOAA/S was due 15 min after the last dose"),
        (3, 0, "MOAA/S was due 15 min after the first dose"),
        (2, 25, "MOAA/S was due 25 min after the first dose"),
    ],
)
def test_an_overdue_check_counts_from_the_dose_that_the_page_counts_from(
    edition: int, after_min: int, text: str
) -> None:
    """A last device that came after the check was due leaves it with the first one."""
    former = REGIMENS["esketamine-56"].model_copy(update={"edition": edition})
    side = bed().with_session(former).with_baseline().observed(resp=14).dosed(28)
    side.minutes(10 if after_min else 21).dosed(28).minutes(after_min).wait(2)
    assert side.alarm("check.overdue").device == "moaas"
    assert side.alarm("check.overdue").text == text


def test_a_check_that_was_missed_before_the_dose_says_so() -> None:
    side = bed().with_session().minutes(6).dosed().wait(2)
    texts = {
        a.device: a.text for a in side.bed.alarm_engine.open_alarms() if a.rule == "check.overdue"
    }
    assert texts["cadss"] == "CADSS was due before the first dose"


def test_before_the_dose_the_gate_asks_and_no_alarm_does() -> None:
    side = bed().with_session().minutes(30)
    assert "check.overdue" not in side.open_rules()


def overdue(side: Bedside) -> dict[str | None, str]:
    found = (a for a in side.bed.alarm_engine.open_alarms() if a.rule == "check.overdue")
    return {alarm.device: alarm.text for alarm in found}


def test_a_baseline_that_has_grown_old_before_the_dose_alarms() -> None:
    side = bed(OXIMETER).with_session().typed(120, 78).scored(cadss=0, moaas=5).minutes(34)
    assert overdue(side) == {}
    assert overdue(side.minutes(2)) == {
        "pressure": "pressure is due again before the first dose",
        "moaas": "MOAA/S is due again before the first dose",
        "cadss": "CADSS is due again before the first dose",
    }
    assert "pressure" not in overdue(side.typed(121, 78).wait(2))


def test_who_stays_past_the_last_check_is_looked_at_or_it_alarms() -> None:
    side = bed(OXIMETER).with_session().typed(120, 78).scored(cadss=0, moaas=5).observed(resp=14)
    side.dosed().minutes(90).observed(resp=14).minutes(29)
    side.typed(120, 78).scored(cadss=0, moaas=5).minutes(35)
    assert overdue(side) == {}
    assert overdue(side.minutes(2)) == {
        "pressure": "pressure was due 150 min after the first dose",
        "moaas": "MOAA/S was due 150 min after the first dose",
    }
    assert {a.priority.label for a in side.bed.alarm_engine.open_alarms()} == {"low"}
    side.minutes(10)
    assert {a.priority.label for a in side.bed.alarm_engine.open_alarms()} == {"medium"}


def test_no_alarm_waits_because_somebody_looked_when_a_check_became_overdue() -> None:
    def overdue_at(*, looked_at: bool) -> datetime:
        side = dosed().minutes(19)
        while "check.overdue" not in side.open_rules():
            if looked_at:
                side.bed.readiness.planned_checks(side.now.plus(0.9))
            side.second()
        return side.now.wall

    assert overdue_at(looked_at=True) == overdue_at(looked_at=False)
