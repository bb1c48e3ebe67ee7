"""What oximeters share."""

import pytest

from simulators.faults import Fault, Faults
from simulators.oximetry import (
    CABLE_OUT,
    FINGER_OFF,
    LOW_PERFUSION,
    BeatAverages,
    Numbers,
    Onset,
    PulseWave,
    SampledSource,
    sense,
    status_bits,
)
from simulators.patient import Patient, Profile
from simulators.vitals import Vitals
from tests.simulators.steady import steady


@pytest.mark.parametrize("fault", [FINGER_OFF, CABLE_OUT])
def test_without_a_finger_nothing_reaches_the_sensor(fault: str) -> None:
    faults = Faults(steady(), [Fault(fault)])
    assert sense(steady(), faults, 1.0) == Vitals(perfusion=0.0)


def test_low_perfusion_leaves_the_values() -> None:
    sensed = sense(steady(97, 72), Faults(steady(), [Fault(LOW_PERFUSION)]), 1.0)
    assert (sensed.spo2_pct, sensed.pulse_per_min) == (97, 72)
    assert 0 < sensed.perfusion < 0.06


def test_a_sampled_source_changes_three_times_a_second() -> None:
    patient = Patient(Profile(), 3)
    sampled = SampledSource(patient)
    times = (0.0, 0.1, 0.3, 0.4, 0.6, 0.7, 0.9, 1.1)
    thirds = (0, 0, 0, 1, 1, 2, 2, 3)
    assert [sampled.at(t_s) for t_s in times] == [patient.at(third / 3) for third in thirds]


def test_a_beat_is_marked_for_so_many_frames() -> None:
    wave, marked, beats = PulseWave(60, 6), 0, 0
    for _ in range(60 * 60):
        wave.advance(Vitals(97.0, 90.0))
        marked, beats = marked + wave.marked, beats + wave.beat
    assert beats == pytest.approx(90, abs=1)
    assert marked == pytest.approx(6 * beats, abs=6)


def test_without_a_pulse_the_wave_is_flat() -> None:
    wave = PulseWave(60, 6)
    wave.advance(Vitals())
    assert (wave.beat, wave.marked, wave.level) == (False, False, 0.5)


def test_averages_want_all_their_beats() -> None:
    averages = BeatAverages((30, 250))
    for spo2 in (90.0, 94.0, 98.0):
        averages.add(Vitals(spo2, 70.0))
    assert averages.over(2) == Numbers(96, 70)
    assert averages.over(4) == Numbers()


@pytest.mark.parametrize(("pulse", "shown"), [(10.0, 30), (300.0, 250)])
def test_a_rate_is_kept_within_the_device_s_limits(pulse: float, shown: int) -> None:
    averages = BeatAverages((30, 250))
    averages.add(Vitals(97.0, pulse))
    assert averages.over(1).rate == shown


def test_a_value_missing_at_one_beat_is_missing_in_the_mean() -> None:
    averages = BeatAverages((30, 250))
    averages.add(Vitals(97.0, 70.0))
    averages.add(Vitals(None, 70.0))
    assert averages.over(2) == Numbers(None, 70)


def test_an_onset_is_counted_from_the_first_update_that_holds() -> None:
    onset = Onset()
    for at_s in (5.0, 6.0):
        onset.update(True, at_s)
    assert (onset.held_for(2.0, 6.9), onset.held_for(2.0, 7.0)) == (False, True)
    onset.update(False, 8.0)
    assert not onset.holds
    assert not onset.held_for(0.0, 8.0)


def test_status_bits_are_those_of_the_conditions_that_hold() -> None:
    assert status_bits({"a": 0x01, "b": 0x10, "c": 0x80}, {"a", "c", "not in the table"}) == 0x81
