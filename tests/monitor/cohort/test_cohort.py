"""A simulated cohort through the real core, and what is made of it."""

from collections import Counter
from dataclasses import replace
from itertools import pairwise
from math import inf
from random import Random
from xml.etree import ElementTree

import pytest

from alerts.rules.loader import load_rules
from drivers.readings import CuffPhase, CuffState, MeasurementFailed
from monitor.cohort.devices import CUFF_FAILS, CUFF_S, Cuff, Oximeter, VitalSigns
from monitor.cohort.picture import MINUTES, PANELS, bands, picture
from monitor.cohort.report import report
from monitor.cohort.run import CohortError, run_cohort, simulate_session, watch_all
from monitor.cohort.stay import NotedAlarm, SimulatedSession
from monitor.cohort.summary import summary
from monitor.session.regimen import Regimens
from simulators.faults import Fault
from simulators.oximetry import ARTEFACT, FINGER_OFF
from simulators.population import EFFECTS, Person, draw
from simulators.vital_trends import vital_trends
from tests.once import once

RULES = load_rules("default")
REGIMENS = Regimens.shipped().by_name
SEED = 7


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return draw("esketamine-84", 24, SEED)


@pytest.fixture(scope="module")
def stays(people: list[Person], tmp_path_factory: pytest.TempPathFactory) -> list[SimulatedSession]:
    regimen = REGIMENS["esketamine-84"]
    return once(tmp_path_factory, "stays", lambda: watch_all(people, regimen, RULES, processes=1))


# ── through the core ────────────────────────────────────────────────────────────────────


def test_every_regimen_that_ships_has_an_effect() -> None:
    assert EFFECTS.keys() == REGIMENS.keys()


def test_everybody_is_dosed_and_goes_home(stays: list[SimulatedSession]) -> None:
    assert {one.end for one in stays} == {"closed"}
    assert all(one.left_min is not None and one.left_min >= 120 for one in stays)


def test_the_number_of_processes_changes_nothing(
    people: list[Person], stays: list[SimulatedSession]
) -> None:
    shared = watch_all(people[:12], REGIMENS["esketamine-84"], RULES, processes=2)
    assert shared == stays[:12]


def test_every_check_of_the_schedule_is_done_in_time(stays: list[SimulatedSession]) -> None:
    assert [
        heard.rule for one in stays for heard in one.alarms if heard.rule == "check.overdue"
    ] == []
    for one in stays:
        scored = {
            scale: [at for of, at, _ in one.scores if of == scale] for scale in ("cadss", "moaas")
        }
        for scale, minutes in (("cadss", (40, 90)), ("moaas", (15, 30, 45, 60, 75, 90, 120))):
            for minute in minutes:
                assert any(minute - 5 <= at <= minute + 5 for at in scored[scale]), (scale, minute)


def test_most_are_ready_at_90_minutes_and_next_to_all_at_120(stays: list[SimulatedSession]) -> None:
    assert sum(one.unmet[90] == () for one in stays) >= 0.85 * len(stays)
    assert sum(one.unmet[120] == () for one in stays) >= 0.9 * len(stays)


def test_the_bed_sees_what_the_patient_has(
    people: list[Person], stays: list[SimulatedSession]
) -> None:
    for person, one in zip(people, stays, strict=True):
        assert person.profile.drug is not None
        baseline = person.profile.baseline
        assert one.baseline["sys"] == pytest.approx(baseline.sys_mmhg, abs=5)
        # While a pressure alarm lasts, one within half a gap before does the check at 40.
        at, sys, _ = min(one.pressures, key=lambda pressure: abs(pressure[0] - 40))
        assert 30 <= at <= 46
        rise = person.profile.drug.sys_rise_mmhg
        assert sys == pytest.approx(baseline.sys_mmhg + rise, abs=5 + 0.1 * abs(rise))


def test_a_severe_pressure_is_alarmed_and_acted_on(people: list[Person]) -> None:
    drug = replace(people[0].profile.drug, sys_rise_mmhg=75.0)  # type: ignore[type-var]
    severe = replace(people[0], profile=replace(people[0].profile, drug=drug))
    found = simulate_session(severe, REGIMENS["esketamine-84"], RULES)
    assert NotedAlarm("pressure.severe", "physiological", "high", acted=True) in found.alarms


def test_a_pressure_over_the_gate_is_measured_again_and_decided_on(people: list[Person]) -> None:
    high = replace(people[0].profile.baseline, sys_mmhg=150.0)
    found = simulate_session(
        replace(people[0], profile=replace(people[0].profile, baseline=high)),
        REGIMENS["esketamine-84"],
        RULES,
    )
    before = [at for at, _, _ in found.pressures if at < 0]
    assert found.left_min is not None
    assert len(before) >= 2


def test_a_finger_that_slipped_is_put_back_soon_and_the_blind_time_counted(
    people: list[Person],
) -> None:
    slipped = replace(people[0], faults=(Fault(FINGER_OFF, 1800.0),))
    found = simulate_session(slipped, REGIMENS["esketamine-84"], RULES)
    assert len(found.blind_s) == 1
    assert 5 < found.blind_s[0] < 600
    assert NotedAlarm("tech.sensor-off", "technical", "low", acted=True) in found.alarms


def test_an_infusion_is_run_and_watched() -> None:
    regimen = REGIMENS["ketamine-iv"]
    found = [simulate_session(person, regimen, RULES) for person in draw("ketamine-iv", 2, SEED)]
    for one in found:
        assert one.end == "closed"
        assert one.left_min is not None
        assert one.left_min >= 160
        during = [at for at, _, _ in one.pressures if 0 < at <= 41]
        assert len(during) >= 8
        assert max(later - earlier for earlier, later in pairwise(during)) <= 7


# ── devices ─────────────────────────────────────────────────────────────────────────────


def test_an_artefact_is_flagged_and_its_values_kept(people: list[Person]) -> None:
    course = VitalSigns(people[0], None, 100.0)
    oximeter = Oximeter([Fault(ARTEFACT, 20.0, 10.0)])
    flagged = [bool(oximeter.reads(course, 5.0 * n, 10.0).flags) for n in range(12)]
    assert [n for n, is_flagged in enumerate(flagged) if is_flagged] == [6, 7]
    assert oximeter.blind_s == []


def test_a_finger_stays_out_until_it_is_put_back(people: list[Person]) -> None:
    course = VitalSigns(people[0], None, 100.0)
    oximeter = Oximeter([Fault(FINGER_OFF, 20.0)])
    seen = []
    for n in range(12):
        if n == 9:
            oximeter.put_back()
        seen.append(oximeter.reads(course, 5.0 * n, 0.0).readings[0].usable)
    assert [n for n, usable in enumerate(seen) if not usable] == [4, 5, 6, 7, 8]
    assert oximeter.blind_s == [30.0]


def test_a_cuff_takes_its_time_and_answers_once(people: list[Person]) -> None:
    course, cuff = VitalSigns(people[0], None, 100.0), Cuff(Random(1))
    assert cuff.state == CuffState(CuffPhase.IDLE)
    assert cuff.answers(course, 0.0) is None
    cuff.starts(0.0)
    assert cuff.state == CuffState(CuffPhase.MEASURING)
    assert cuff.answers(course, CUFF_S[0] - 1.0) is None
    assert cuff.answers(course, 45.0) == course.pressure(45.0)
    assert cuff.state == CuffState(CuffPhase.IDLE)
    assert cuff.answers(course, 50.0) is None


def test_some_measurements_give_nothing(people: list[Person]) -> None:
    course, cuff = VitalSigns(people[0], None, 100.0), Cuff(Random(1))
    answers = []
    for _ in range(1000):
        cuff.starts(0.0)
        answers.append(cuff.answers(course, 60.0))
    failed = sum(isinstance(answer, MeasurementFailed) for answer in answers)
    assert failed == pytest.approx(1000 * CUFF_FAILS, abs=15)


# ── what it comes to ────────────────────────────────────────────────────────────────────

CALM = SimulatedSession(
    age=40,
    baseline={"sys": 120.0, "dia": 75.0},
    pressures=[(-10.0, 120.0, 75.0), (20.0, 128.0, 80.0), (40.0, 130.0, 82.0), (90.0, 122.0, 76.0)],
    scores=[("cadss", 40.0, 12), ("cadss", 91.0, 0), ("moaas", 45.0, 4)],
    ready_min=91.0,
    unmet={90: (), 120: ()},
    hours=2.0,
    left_min=125.0,
    end="closed",
)
HIGH = SimulatedSession(
    age=70,
    baseline={"sys": 130.0, "dia": 80.0},
    pressures=[(40.0, 185.0, 111.0), (97.0, 200.0, 120.0)],
    scores=[("cadss", 40.0, 0), ("moaas", 45.0, 0)],
    ready_min=None,
    unmet={90: ("no-alarm",), 120: ("no-alarm", "spo2")},
    alarms=[
        NotedAlarm("pressure.severe", "physiological", "high", acted=True),
        NotedAlarm("tech.artefact", "technical", "low", acted=False),
        NotedAlarm("tech.artefact", "technical", "low", acted=True),
    ],
    called_again=2,
    blind_s=[20.0, 100.0],
    hours=3.0,
    left_min=180.0,
    end="against-criteria",
    checks=Counter(done=3, missed=1, upcoming=2),
)
SENT_HOME = SimulatedSession(age=50, hours=1.0, end="aborted")


def test_a_summary_counts_what_was_found() -> None:
    found = summary("esketamine-84", [CALM, HIGH, SENT_HOME])
    shown = {finding.name: finding.found for finding in found.findings}
    assert shown == {
        "up 40 systolic or 25 diastolic": 50.0,
        "up 40 systolic, under 65": 0.0,
        "up 40 systolic, 65 and over": 100.0,
        "up 25 diastolic": 50.0,
        "180 systolic or more": 50.0,
        "110 diastolic or more": 50.0,
        "CADSS over 4": 50.0,
        "of these, gone by 90 min": 100.0,
        "MOAA/S under 5": 100.0,
        "loss of consciousness": 50.0,
        "ready but for the window, 90 min": 50.0,
        "ready but for the window, 120 min": 50.0,
    }
    assert (found.patients, found.hours) == (3, 6.0)
    assert found.ends == {"aborted": 1, "against-criteria": 1, "closed": 1}
    assert found.ready_min == {5: 91.0, 50: 91.0, 90: inf, 95: inf}
    assert found.kept == {"no-alarm": 1, "spo2": 1}
    assert found.rises[1] == (40, 32.5, 19.0)
    assert (found.blind_longest_s, found.blind_patients, found.blind_min) == (100.0, 1, 2.0)


def test_what_was_found_after_90_minutes_does_not_count_as_a_rise_within_them() -> None:
    late = replace(CALM, pressures=[*CALM.pressures, (96.0, 190.0, 112.0)])
    found = {f.name: f.found for f in summary("esketamine-84", [late]).findings}
    assert found["180 systolic or more"] == 0.0
    assert found["up 40 systolic or 25 diastolic"] == 0.0


def test_who_was_dosed_without_a_baseline_shows_no_rise() -> None:
    blind = replace(HIGH, baseline={})
    found = summary("esketamine-84", [CALM, blind])
    assert {f.name: f.found for f in found.findings}["up 40 systolic, under 65"] == 0.0
    assert found.rises[1] == (40, 10.0, 7.0)
    assert found.kept == {"no-alarm": 1, "spo2": 1}


def test_the_burden_is_counted_by_rule_and_hour_most_urgent_first() -> None:
    found = summary("esketamine-56", [CALM, HIGH, SENT_HOME])
    assert [(b.rule, b.alarms, b.per_hour, b.acted) for b in found.burden] == [
        ("pressure.severe", 1, 1 / 6, 1),
        ("tech.artefact", 2, 2 / 6, 1),
    ]


def test_a_regimen_without_figures_of_its_own_is_held_against_none() -> None:
    assert summary("esketamine-56", [CALM]).findings == ()


def test_the_report_says_it_in_words() -> None:
    text = report(summary("esketamine-84", [CALM, HIGH, SENT_HOME]))
    rows = {" ".join(line.split()) for line in text.splitlines()}
    assert {
        "How 6 patient-hours ended: 1 aborted, 1 against-criteria, 1 closed.",
        "CADSS over 4 61.0 to 75.0 % 50.0 % MISSED",
        "of these, gone by 90 min 50 % or more 100.0 %",
        "40 +32.5 +19.0",
        "Kept at 120 min: no-alarm 1, spo2 1.",
        "Of 4 checks that fell due: 75.0% done, 25.0% missed.",
        "tech.artefact low 2 0.333 50%",
        "all high 1 0.167 100%",
    } <= rows
    assert "5 % by 91, 50 % by 91, 90 % never, 95 % never" in text
    assert "nobody had taken called again 2 times" in text
    assert "1 of 3 patients were without a saturation for a while: 2 min in all, 100 s" in text


def test_a_small_cohort_is_never_a_failure() -> None:
    text, missed = run_cohort("esketamine-84", 1, 1, "default", None)
    assert "MISSED" in text
    assert missed == []


def test_a_regimen_nobody_knows_is_refused() -> None:
    with pytest.raises(CohortError, match="use one of esketamine-84"):
        run_cohort("tea", 5, 1, "default", None)


# ── the picture ─────────────────────────────────────────────────────────────────────────


def test_nine_in_ten_lie_in_the_band_and_the_mean_moves_as_the_drug_does() -> None:
    people = draw("esketamine-84", 300, 1)
    found = bands(people)
    sys = vital_trends(people, MINUTES * 60.0).sys_mmhg
    band = found["sys_mmhg"]
    assert ((sys >= band.low) & (sys <= band.high)).mean() == pytest.approx(0.9, abs=0.01)
    assert 34 <= MINUTES[band.mean.argmax()] <= 46
    assert 34 <= MINUTES[found["cadss"].mean.argmax()] <= 46
    assert 34 <= MINUTES[found["moaas"].mean.argmin()] <= 46


@pytest.mark.parametrize("regimen", ["esketamine-84", "ketamine-iv"])
def test_the_picture_is_whole_and_everything_lies_inside(regimen: str) -> None:
    root = ElementTree.fromstring(picture(draw(regimen, 200, 1), "mean & band"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == "mean & band"
    _, _, width, height = map(float, root.attrib["viewBox"].split())
    drawn = [*root.iter(f"{space}polygon"), *root.iter(f"{space}polyline")]
    assert len(drawn) == 2 * len(PANELS)
    for shape in drawn:
        for pair in shape.attrib["points"].split():
            x, y = map(float, pair.split(","))
            assert 0 < x < width
            assert 0 < y < height
