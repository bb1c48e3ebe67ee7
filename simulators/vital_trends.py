"""Trends: the vital signs of many patients at many moments, what `Patient.at` says, in arrays.

For whole populations and whole sessions, where asking moment by moment would take as long
as everything that is done with the answer.
"""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from simulators.patient import NO_DRUG, NOISE_PERIOD_S, Episode, Profile

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class PatientSample(Protocol):
    """One patient of a sample: a profile, and the seed of its noise."""

    @property
    def profile(self) -> Profile: ...
    @property
    def seed(self) -> int: ...


@dataclass(frozen=True, slots=True, eq=False)
class VitalTrends:
    """The vital signs and scores of patients (rows) over time (columns)."""

    spo2_pct: Floats
    pulse_per_min: Floats
    sys_mmhg: Floats
    dia_mmhg: Floats
    cadss: Ints
    moaas: Ints


def vital_trends(
    patients: Sequence[PatientSample], t_s: Floats, dose_at_s: float | None = 0.0
) -> VitalTrends:
    """What each of `patients` shows at each of `t_s`, dosed at `dose_at_s` or not at all."""
    since_min = np.zeros_like(t_s) if dose_at_s is None else (t_s - dose_at_s) / 60.0
    dosed = since_min > 0.0
    minutes = np.where(dosed, since_min, 0.0)
    drugs = [patient.profile.drug or NO_DRUG for patient in patients]
    bases = [patient.profile.baseline for patient in patients]

    def drug(name: str) -> Floats:
        return np.array([[getattr(each, name)] for each in drugs], dtype=float)

    peaks = minutes / drug("peak_min")
    effect = peaks * np.exp(1.0 - peaks)
    pressure, mind = effect ** drug("pressure_shape"), effect ** drug("mind_shape")

    def signal(name: str, change: Floats) -> Floats:
        trend = np.array([[getattr(base, name)] for base in bases]) + change
        amplitude = np.array([[getattr(each.profile.noise, name)] for each in patients])
        for row, patient in enumerate(patients):
            for episode in patient.profile.episodes:
                if episode.signal == name and dose_at_s is not None:
                    weight = np.where(t_s >= dose_at_s, _weight(since_min, episode), 0.0)
                    trend[row] += (episode.to - trend[row]) * weight
        return trend + amplitude * _noise([each.seed for each in patients], name, t_s)

    sys = signal("sys_mmhg", drug("sys_rise_mmhg") * pressure)
    dia = signal("dia_mmhg", drug("dia_rise_mmhg") * pressure)
    return VitalTrends(
        spo2_pct=np.clip(signal("spo2_pct", -drug("spo2_fall_pct") * mind), 0.0, 100.0),
        pulse_per_min=np.maximum(
            signal("pulse_per_min", drug("pulse_rise_per_min") * pressure), 0.0
        ),
        sys_mmhg=sys,
        dia_mmhg=np.minimum(dia, sys - 10.0),
        cadss=np.rint(drug("cadss_peak") * mind).astype(np.int64),
        moaas=np.rint(5.0 - (5.0 - drug("moaas_lowest")) * mind).astype(np.int64),
    )


def _weight(minutes: Floats, episode: Episode) -> Floats:
    into = (minutes - episode.from_min) / episode.ramp_min
    out = (episode.from_min + episode.for_min + episode.ramp_min - minutes) / episode.ramp_min
    return _smooth(np.clip(np.minimum(into, out), 0.0, 1.0))


def _smooth(x: Floats) -> Floats:
    return x * x * (3.0 - 2.0 * x)


_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_MASK = (1 << 64) - 1


def _noise(seeds: Sequence[int], name: str, t_s: Floats) -> Floats:
    keys = [(seed * int(_GOLDEN) + zlib.crc32(name.encode())) & _MASK for seed in seeds]
    key = np.array([[k] for k in keys], dtype=np.uint64)
    x = t_s / NOISE_PERIOD_S[name]
    return 0.6 * _octave(key, x) + 0.4 * _octave(key ^ np.uint64(0x5DEECE66D), 4.0 * x)


def _octave(key: NDArray[np.uint64], x: Floats) -> Floats:
    step = np.floor(x)
    place = step.astype(np.int64).astype(np.uint64)
    here, there = _hash(key + place * _GOLDEN), _hash(key + (place + np.uint64(1)) * _GOLDEN)
    return here + (there - here) * _smooth(x - step)


def _hash(z: NDArray[np.uint64]) -> Floats:
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((z ^ (z >> np.uint64(31))) >> np.uint64(11)) / float(1 << 52) - 1.0
