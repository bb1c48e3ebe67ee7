"""The arrays say what the patients say."""

from dataclasses import dataclass

import numpy as np
import pytest

from simulators.patient import Baseline, Drug, Episode, Noise, Patient, Profile
from simulators.vital_trends import vital_trends

DOSED_AT_S = 600.0
TIMES = np.arange(0.0, 3 * 3600.0, 37.0)

SIGNALS = ("spo2_pct", "pulse_per_min", "sys_mmhg", "dia_mmhg")


@dataclass(frozen=True)
class PatientSample:
    profile: Profile
    seed: int


PEOPLE = (
    PatientSample(Profile(), 0),
    PatientSample(
        Profile(
            Baseline(sys_mmhg=95.0, dia_mmhg=88.0),
            Drug(peak_min=33.0, sys_rise_mmhg=-9.0, cadss_peak=41.0, moaas_lowest=0.4),
            Noise(sys_mmhg=6.0),
            (
                Episode("spo2_pct", 84.0, 20.0, 4.0),
                Episode("spo2_pct", 88.0, 23.0, 3.0),
                Episode("pulse_per_min", 120.0, 5.0, 9.0, 2.0),
            ),
        ),
        2**40 + 7,
    ),
    PatientSample(Profile(drug=Drug(pressure_shape=4.0, mind_shape=6.5, spo2_fall_pct=2.0)), 3),
)


@pytest.mark.parametrize("dosed_at_s", [None, DOSED_AT_S])
def test_arrays_and_moments_agree(dosed_at_s: float | None) -> None:
    seen = vital_trends(PEOPLE, TIMES, dosed_at_s)
    for row, somebody in enumerate(PEOPLE):
        patient = Patient(somebody.profile, somebody.seed)
        if dosed_at_s is not None:
            patient.dose(dosed_at_s)
        moments = [patient.at(float(t_s)) for t_s in TIMES]
        for name in SIGNALS:
            wanted = [getattr(moment, name) for moment in moments]
            assert getattr(seen, name)[row] == pytest.approx(wanted, abs=1e-9), name
        assert seen.cadss[row].tolist() == [moment.cadss for moment in moments]
        assert seen.moaas[row].tolist() == [moment.moaas for moment in moments]
