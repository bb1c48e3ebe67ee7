"""The patient as a pure function of time."""

import random

import pytest

from simulators.patient import Drug, Episode, Noise, Patient, Profile, noise

STILL = Noise(0.0, 0.0, 0.0, 0.0, 0.0)
MINUTE = 60.0
DRUG = Drug(sys_rise_mmhg=40.0, cadss_peak=30.0, moaas_lowest=3.0)


def patient(**profile: object) -> Patient:
    return Patient(Profile(noise=STILL, drug=DRUG, **profile), dose_at_s=0.0)  # type: ignore[arg-type]


def test_without_a_dose_nothing_rises() -> None:
    undosed = Patient(Profile(noise=STILL))
    assert {undosed.at(minute * MINUTE) for minute in range(240)} == {undosed.at(0.0)}


def test_pressure_peaks_40_minutes_after_the_dose() -> None:
    trend = {minute: patient().at(minute * MINUTE).sys_mmhg for minute in range(240)}
    assert max(trend, key=lambda minute: trend[minute] or 0) == 40
    assert trend[40] == pytest.approx(118 + 40)


@pytest.mark.parametrize(("minute", "share"), [(90, 0.5), (240, 0.02)])
def test_pressure_is_back_between_one_and_a_half_and_four_hours(minute: int, share: float) -> None:
    sys_mmhg = patient().at(minute * MINUTE).sys_mmhg
    assert sys_mmhg is not None
    assert sys_mmhg - 118 < 40 * share


def test_dissociation_is_over_30_at_its_peak_and_gone_by_90_minutes() -> None:
    assert patient().at(40 * MINUTE).cadss == 30
    assert (patient().at(90 * MINUTE).cadss or 0) <= 4


def test_sedation_is_deepest_at_the_peak_and_gone_by_90_minutes() -> None:
    assert patient().at(40 * MINUTE).moaas == 3
    assert patient().at(90 * MINUTE).moaas == 5


def test_a_dose_can_be_given_at_any_time() -> None:
    late = Patient(Profile(noise=STILL, drug=DRUG))
    late.dose(1000.0)
    assert late.at(999.0) == late.at(0.0)
    assert late.at(1000.0 + 40 * MINUTE).cadss == 30


def test_a_dose_before_the_planned_one_replaces_it() -> None:
    early = Patient(Profile(), dose_at_s=600.0)
    early.dose(100.0)
    assert early.script_s(700.0) == 600.0


def test_a_further_device_within_the_session_starts_nothing_new() -> None:
    given = Patient(Profile(), dose_at_s=0.0)
    given.dose(300.0)
    assert given.script_s(600.0) == 600.0


def test_the_next_session_s_dose_starts_again() -> None:
    given = Patient(Profile(), dose_at_s=0.0)
    given.dose(5 * 3600.0)
    assert given.script_s(5 * 3600.0 + 60.0) == 60.0


def test_an_episode_goes_there_stays_and_comes_back() -> None:
    episode = Episode("spo2_pct", to=84.0, from_min=20.0, for_min=4.0)
    trend = patient(episodes=(episode,))
    assert [trend.at(m * MINUTE).spo2_pct for m in (19, 20, 21, 23, 24, 25)] == [
        97.5, 97.5, 84.0, 84.0, 84.0, 97.5,
    ]  # fmt: skip


def test_a_patient_is_the_same_in_whatever_order_it_is_asked() -> None:
    times = [minute * 7.3 for minute in range(500)]
    forwards = [Patient(Profile(), 5, dose_at_s=60.0).at(t) for t in times]
    shuffled = random.Random(1).sample(times, len(times))
    asked = Patient(Profile(), 5, dose_at_s=60.0)
    backwards = {t: asked.at(t) for t in shuffled}
    assert forwards == [backwards[t] for t in times]


def test_seeds_make_different_patients() -> None:
    assert Patient(Profile(), 1).at(100.0) != Patient(Profile(), 2).at(100.0)


def test_noise_stays_within_one() -> None:
    values = [noise(3, "spo2_pct", step / 10) for step in range(20_000)]
    assert -1 <= min(values) < -0.7
    assert 0.7 < max(values) <= 1


def test_noise_moves_little_in_little_time() -> None:
    steps = [noise(3, "a", x / 100) - noise(3, "a", (x - 1) / 100) for x in range(1, 5000)]
    assert max(map(abs, steps)) < 0.15


def test_noise_of_two_signals_is_not_the_same() -> None:
    assert noise(3, "sys_mmhg", 1.5) != noise(3, "dia_mmhg", 1.5)


def test_diastolic_stays_under_systolic() -> None:
    odd = Patient(
        Profile(noise=STILL, episodes=(Episode("sys_mmhg", 60.0, 0.0, 9.0),)), dose_at_s=0
    )
    vitals = odd.at(5 * MINUTE)
    assert vitals.dia_mmhg == 50.0
