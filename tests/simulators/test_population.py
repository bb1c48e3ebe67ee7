"""A population shows what the label says of the real one."""

from dataclasses import replace

import numpy as np
import pytest

from simulators.errors import SimulationError
from simulators.oximetry import ARTEFACT, FINGER_OFF
from simulators.population import ADVERSE_EVENTS, OLD, Person, draw
from simulators.targets import TARGETS, Target, check_targets, endpoints
from simulators.vital_trends import vital_trends

SEEDS = (1, 2, 3)


@pytest.fixture(scope="module")
def people() -> list[Person]:
    return draw("esketamine-84", 1000, 1)


def mean_rise(people: list[Person], minutes: list[float]) -> list[float]:
    seen = vital_trends(people, np.array([-60.0, *(60.0 * minute for minute in minutes)]))
    rises: list[float] = (seen.sys_mmhg - seen.sys_mmhg[:, :1]).mean(axis=0)[1:].tolist()
    return rises


# ── the targets ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("regimen", TARGETS)
def test_a_thousand_patients_meet_every_target(regimen: str, seed: int) -> None:
    found = check_targets(regimen, endpoints(draw(regimen, 1000, seed)))
    assert len(found) == len(TARGETS[regimen])
    assert [finding for finding in found if not finding.met] == []


@pytest.mark.parametrize("seed", SEEDS)
def test_pressure_peaks_around_40_minutes_and_is_back_by_four_hours(seed: int) -> None:
    minutes = [float(minute) for minute in range(0, 241, 2)]
    rises = mean_rise(draw("esketamine-84", 1000, seed), minutes)
    peak = max(rises)
    assert 35 <= minutes[rises.index(peak)] <= 45
    assert rises[minutes.index(90)] < peak / 2
    assert abs(rises[minutes.index(240)]) < 1.0


def test_dissociation_peaks_around_40_minutes(people: list[Person]) -> None:
    minutes = np.arange(0.0, 121.0)
    mean = vital_trends(people, minutes * 60.0).cadss.mean(axis=0)
    assert 37 <= minutes[mean.argmax()] <= 43


def test_an_infusion_raises_pressure_more_and_lets_go_of_it_sooner(people: list[Person]) -> None:
    nasal, vein = (mean_rise(p, [40, 80]) for p in (people, draw("ketamine-iv", 1000, 1)))
    assert vein[0] > 1.3 * nasal[0]
    assert vein[1] / vein[0] < nasal[1] / nasal[0]


@pytest.mark.parametrize(("regimen", "share"), [("esketamine-56", 2 / 3), ("esketamine-28", 1 / 3)])
def test_a_smaller_dose_does_less_in_proportion(regimen: str, share: float) -> None:
    whole = draw("esketamine-84", 400, 5)
    parts = draw(regimen, 400, 5)
    pairs = [(w, p) for w, p in zip(whole, parts, strict=True) if (w.age >= OLD) == (p.age >= OLD)]
    assert len(pairs) > 30
    for all_of_it, part in pairs:
        assert all_of_it.profile.drug is not None
        assert part.profile.drug is not None
        wanted = share * all_of_it.profile.drug.sys_rise_mmhg
        assert part.profile.drug.sys_rise_mmhg == pytest.approx(wanted)


def test_a_target_that_is_only_about_allows_what_chance_does() -> None:
    target = Target("x", lambda measured: measured.sys_most >= 0, about=10.0)
    finding = target.check(endpoints(draw("esketamine-84", 100, 1)))
    assert (round(finding.low, 1), round(finding.high, 1)) == (2.3, 17.7)


def test_a_target_nobody_is_asked_about_is_not_met() -> None:
    none = TARGETS["esketamine-84"][2].check(
        replace(endpoints(draw("esketamine-84", 5, 1)), age=np.full(5, 30))
    )
    assert (none.found, none.met) == (None, False)


# ── who they are ────────────────────────────────────────────────────────────────────────


def test_the_same_seed_draws_the_same_people() -> None:
    assert draw("ketamine-iv", 20, 3) == draw("ketamine-iv", 20, 3)


def test_another_seed_draws_other_people() -> None:
    assert draw("ketamine-iv", 20, 3) != draw("ketamine-iv", 20, 4)


def test_the_first_patients_do_not_depend_on_how_many_come_after() -> None:
    assert draw("esketamine-84", 500, 3)[:20] == draw("esketamine-84", 20, 3)


def test_no_two_patients_are_alike(people: list[Person]) -> None:
    assert len({person.seed for person in people}) == len(people)
    assert len({person.profile for person in people}) == len(people)


def test_28_mg_are_for_the_old() -> None:
    assert min(person.age for person in draw("esketamine-28", 200, 1)) >= OLD


def test_nobody_comes_with_a_pressure_that_only_a_clinician_lets_pass(people: list[Person]) -> None:
    young = [person.profile.baseline for person in people if person.age < OLD]
    assert max(base.sys_mmhg for base in young) < 140
    assert max(base.dia_mmhg for base in young) < 90


def test_few_desaturate_and_more_of_the_sedated(people: list[Person]) -> None:
    lows = vital_trends(people, np.arange(0.0, 120.0) * 60.0).spo2_pct.min(axis=1)
    deep = np.array(
        [p.profile.drug is not None and p.profile.drug.moaas_lowest < 4 for p in people]
    )
    assert 0.01 < (lows < 93).mean() < 0.06
    assert (lows[deep] < 93).mean() > 2 * (lows[~deep] < 93).mean()


def test_some_hands_move_and_some_fingers_slip(people: list[Person]) -> None:
    names = [fault.name for person in people for fault in person.faults]
    assert names.count(ARTEFACT) == pytest.approx(300, abs=50)
    assert names.count(FINGER_OFF) == pytest.approx(125, abs=35)


def test_adverse_events_are_as_common_as_they_should_be(people: list[Person]) -> None:
    names = [event.name for person in people for event in person.adverse_events]
    for name, share in ADVERSE_EVENTS.items():
        assert names.count(name) == pytest.approx(1000 * share, abs=45)


@pytest.mark.parametrize(
    ("regimen", "patients", "words"),
    [("nothing", 5, "use one of esketamine-84"), ("esketamine-84", 0, "1 patient or more")],
)
def test_what_cannot_be_drawn_is_refused(regimen: str, patients: int, words: str) -> None:
    with pytest.raises(SimulationError, match=words):
        draw(regimen, patients, 1)
