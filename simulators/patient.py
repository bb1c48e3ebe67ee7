"""A patient after esketamine or ketamine: vital signs as a pure function of time.

Holds no clock and draws no random numbers in sequence: the noise of a moment is computed
from the seed and the moment, so any sampling of one patient sees the same patient.

Effect of the drug. Every change follows `(t/p)^a * exp(a * (1 - t/p))`: nothing at the
dose, all of it at the peak `p` (40 min), then gone again, the faster the larger `a`.
Blood pressure (a = 2) is down to 40 % of its rise at 90 min and 6 % at 150; dissociation
and sedation (a = 5) are down to 11 % at 90. Peak and decay: US prescribing information
of esketamine nasal spray; the shape itself is ours. `vital_trends` is the same for many
patients and moments at once.
"""

import math
import zlib
from dataclasses import dataclass, field
from functools import lru_cache

from simulators.vitals import Vitals

_SAME_SESSION_S = 3600.0


@dataclass(frozen=True, slots=True)
class Baseline:
    """The patient before the dose."""

    sys_mmhg: float = 118.0
    dia_mmhg: float = 74.0
    pulse_per_min: float = 68.0
    spo2_pct: float = 97.5
    perfusion: float = 0.6


@dataclass(frozen=True, slots=True)
class Drug:
    """What the dose does at its peak: changes from baseline, and the two scores.

    The shapes are the `a` above: of pressure and pulse, and of everything else.
    """

    peak_min: float = 40.0
    sys_rise_mmhg: float = 14.0
    dia_rise_mmhg: float = 8.0
    pulse_rise_per_min: float = 5.0
    spo2_fall_pct: float = 0.0
    cadss_peak: float = 3.0
    moaas_lowest: float = 5.0
    pressure_shape: float = 2.0
    mind_shape: float = 5.0


NO_DRUG = Drug(sys_rise_mmhg=0.0, dia_rise_mmhg=0.0, pulse_rise_per_min=0.0, cadss_peak=0.0)


@dataclass(frozen=True, slots=True)
class Noise:
    """How far each vital sign wanders from its trend, at most, either way."""

    sys_mmhg: float = 3.0
    dia_mmhg: float = 2.0
    pulse_per_min: float = 4.0
    spo2_pct: float = 0.8
    perfusion: float = 0.1


NOISE_PERIOD_S = {
    "sys_mmhg": 240.0,
    "dia_mmhg": 240.0,
    "pulse_per_min": 20.0,
    "spo2_pct": 45.0,
    "perfusion": 30.0,
}


@dataclass(frozen=True, slots=True)
class Episode:
    """A vital sign that goes to `to`, stays there and comes back.

    It leaves its trend at `from_min`, arrives `ramp_min` later, stays until `for_min` after
    it began and is back `ramp_min` after that.
    """

    signal: str
    to: float
    from_min: float
    for_min: float
    ramp_min: float = 1.0

    def weight(self, minute: float) -> float:
        """0 outside the episode, 1 in its middle, smooth between."""
        into = (minute - self.from_min) / self.ramp_min
        out = (self.from_min + self.for_min + self.ramp_min - minute) / self.ramp_min
        return _smooth(max(0.0, min(1.0, into, out)))


@dataclass(frozen=True, slots=True)
class Profile:
    """Everything that makes one patient; without a drug the script begins at the start."""

    baseline: Baseline = field(default_factory=Baseline)
    drug: Drug | None = field(default_factory=Drug)
    noise: Noise = field(default_factory=Noise)
    episodes: tuple[Episode, ...] = ()


class Patient:
    """One patient. `dose_at_s` plans a dose that a `dose` before it replaces."""

    def __init__(self, profile: Profile, seed: int = 0, *, dose_at_s: float | None = None) -> None:
        self.profile = profile
        self.seed = seed
        self._doses_s = [] if dose_at_s is None else [dose_at_s]

    def dose(self, at_s: float) -> None:
        """Give the dose at `at_s`.

        A further device within an hour belongs to the dose already given.
        """
        given = [dose_s for dose_s in self._doses_s if dose_s <= at_s]
        if not given or at_s - given[-1] > _SAME_SESSION_S:
            given.append(at_s)
        self._doses_s = given

    def script_s(self, t_s: float) -> float | None:
        """Seconds since the latest dose at `t_s`; `None` before the first."""
        if self.profile.drug is None:
            return t_s
        given = [dose_s for dose_s in self._doses_s if dose_s <= t_s]
        return t_s - given[-1] if given else None

    def at(self, t_s: float) -> Vitals:
        """The vital signs at `t_s` seconds."""
        script_s = self.script_s(t_s)
        minute = None if script_s is None else script_s / 60.0
        drug = self.profile.drug or NO_DRUG
        peaks = (minute or 0.0) / drug.peak_min
        pressure, mind = _effect(peaks, drug.pressure_shape), _effect(peaks, drug.mind_shape)
        base = self.profile.baseline
        spo2 = self._signal("spo2_pct", base.spo2_pct - drug.spo2_fall_pct * mind, t_s, minute)
        pulse = base.pulse_per_min + drug.pulse_rise_per_min * pressure
        sys = self._signal("sys_mmhg", base.sys_mmhg + drug.sys_rise_mmhg * pressure, t_s, minute)
        dia = self._signal("dia_mmhg", base.dia_mmhg + drug.dia_rise_mmhg * pressure, t_s, minute)
        dia = min(dia, sys - 10.0)
        perfusion = self._signal("perfusion", base.perfusion, t_s, minute)
        return Vitals(
            spo2_pct=min(100.0, max(0.0, spo2)),
            pulse_per_min=max(0.0, self._signal("pulse_per_min", pulse, t_s, minute)),
            sys_mmhg=sys,
            dia_mmhg=dia,
            map_mmhg=dia + (sys - dia) / 3.0,
            perfusion=min(1.0, max(0.0, perfusion)),
            cadss=round(drug.cadss_peak * mind),
            moaas=round(5.0 - (5.0 - drug.moaas_lowest) * mind),
        )

    def _signal(self, name: str, trend: float, t_s: float, minute: float | None) -> float:
        if minute is not None:
            for episode in self.profile.episodes:
                if episode.signal == name:
                    trend += (episode.to - trend) * episode.weight(minute)
        amplitude: float = getattr(self.profile.noise, name)
        return trend + amplitude * noise(self.seed, name, t_s / NOISE_PERIOD_S[name])


def noise(seed: int, name: str, x: float) -> float:
    """Smooth noise in -1 to 1, correlated over about 1 of `x`; pure in all its arguments."""
    key = _key(seed, name)
    return 0.6 * _octave(key, x) + 0.4 * _octave(key ^ 0x5DEECE66D, 4.0 * x)


_MASK = (1 << 64) - 1


@lru_cache(256)
def _key(seed: int, name: str) -> int:
    return (seed * 0x9E3779B97F4A7C15 + zlib.crc32(name.encode())) & _MASK


def _octave(key: int, x: float) -> float:
    step = math.floor(x)
    here, there = _hash(key, step), _hash(key, step + 1)
    return here + (there - here) * _smooth(x - step)


@lru_cache(4096)
def _hash(key: int, step: int) -> float:
    """-1 to 1 from the finaliser of SplitMix64 (Steele, Lea and Flood, 2014)."""
    z = (key + step * 0x9E3779B97F4A7C15) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return ((z ^ (z >> 31)) >> 11) / (1 << 52) - 1.0


def _smooth(x: float) -> float:
    return x * x * (3.0 - 2.0 * x)


def _effect(peaks: float, shape: float) -> float:
    """Share of the drug's effect at `peaks` times the time of its peak."""
    return math.pow(peaks * math.exp(1.0 - peaks), shape)
