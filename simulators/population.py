"""A population: patients drawn from a seed, each with their own response to a dose.

Drawn so that a thousand of them on 84 mg of esketamine show what the US prescribing
information of the nasal spray and later reports say of the real ones; `targets` holds them
against it. Baselines, spreads and correlations that those do not give are ours. A smaller
dose has an effect smaller in proportion.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from simulators.errors import SimulationError
from simulators.faults import Fault
from simulators.oximetry import ARTEFACT, FINGER_OFF
from simulators.patient import Baseline, Drug, Episode, Noise, Patient, Profile
from simulators.vital_trends import Floats

OLD: Final = 65
"""From this age on pressure rises more often [label]."""

OLD_SHARE: Final = 0.15

NOISE: Final = Noise(sys_mmhg=4.0, dia_mmhg=3.0)


@dataclass(frozen=True, slots=True)
class Effect:
    """A regimen's effect, as a multiple of that of 84 mg of esketamine."""

    pressure: float = 1.0
    dissociation: float = 1.0
    sedation: float = 1.0
    pressure_shape: float = 2.3
    only_old: bool = False


EFFECTS: Final[Mapping[str, Effect]] = {
    "esketamine-84": Effect(),
    "esketamine-56": Effect(56 / 84, 56 / 84, 56 / 84),
    "esketamine-28": Effect(28 / 84, 28 / 84, 28 / 84, only_old=True),
    "ketamine-iv": Effect(1.42, 2.0, 1.2, 4.0),
}
"""The regimens a population can be given, by their shipped names."""


ADVERSE_EVENTS: Final[Mapping[str, float]] = {
    "dizziness": 0.15,
    "nausea": 0.14,
    "vertigo": 0.11,
    "numbness": 0.09,
    "headache": 0.08,
    "anxiety": 0.07,
    "vomiting": 0.04,
    "visual-change": 0.02,
}
"""The share of patients with each adverse event after 84 mg, in any one session: about half of
what the label counts over some weeks of them; headache and visual change are ours."""


@dataclass(frozen=True, slots=True)
class AdverseEvent:
    """A symptom of that grade, 1 mild to 3 severe, in minutes after the dose."""

    name: str
    grade: int
    from_min: float
    for_min: float


@dataclass(frozen=True, slots=True)
class Person:
    """One of a population. `faults` happen to the finger; times are seconds after the dose.

    A finger that slips out stays out until somebody puts it back.
    """

    name: str
    seed: int
    age: int
    weight_kg: float
    profile: Profile
    faults: tuple[Fault, ...]
    adverse_events: tuple[AdverseEvent, ...]

    def patient(self) -> Patient:
        """This person for a simulated device, before the dose."""
        return Patient(self.profile, self.seed)


def draw(regimen: str, patients: int, seed: int) -> list[Person]:
    """`patients` people given `regimen`; the first of them do not depend on how many.

    Raises `SimulationError` for a regimen that is not in `EFFECTS`, or no patients.
    """
    if regimen not in EFFECTS:
        raise SimulationError(f"no effect of {regimen} is known: use one of {', '.join(EFFECTS)}")
    if patients < 1:
        raise SimulationError(f"a population has 1 patient or more, not {patients}")
    of_normals, of_uniforms = np.random.SeedSequence(seed).spawn(2)
    normals = np.random.default_rng(of_normals).standard_normal((patients, 16))
    uniforms = np.random.default_rng(of_uniforms).random((patients, _UNIFORMS))
    effect = EFFECTS[regimen]
    return [_person(n, seed, effect, normals[n], uniforms[n]) for n in range(patients)]


def _person(n: int, seed: int, effect: Effect, z: Floats, u: Floats) -> Person:
    """One of them from normal draws `z` and uniform draws `u`.

    Medians and spreads are what meets `targets`; a deeper sedation comes with more
    dissociation, a higher systolic rise with a higher diastolic one.
    """
    old = effect.only_old or u[0] < OLD_SHARE
    age = OLD + min(20.0, 4.5 * abs(z[0])) if old else _within(44.0 + 13.0 * z[0], 18.0, OLD - 1)
    sys = _within(118.0 + 0.3 * (age - 45.0) + 10.0 * z[1], 92.0, 148.0 if old else 138.0)
    dia = _within(73.0 + 0.4 * (sys - 120.0) + 5.5 * z[2], 55.0, min(88.0, sys - 25.0))
    sys_rise = min((1.65 if old else 1.0) * (13.0 * np.exp(0.85 * z[3]) - 5.0), 60.0)
    dia_rise = min(9.35 * np.exp(0.78 * z[3] + 0.56 * z[4]) - 4.0, 36.0)
    depth = effect.sedation * 0.57 * np.exp(0.77 * z[5])
    cadss = effect.dissociation * 7.3 * np.exp(0.35 * z[5] + 0.85 * z[6])
    drug = Drug(
        peak_min=_within(40.0 + 3.0 * z[7], 30.0, 50.0),
        sys_rise_mmhg=float(effect.pressure * sys_rise),
        dia_rise_mmhg=float(effect.pressure * dia_rise),
        pulse_rise_per_min=float(effect.pressure * 5.0 * np.exp(0.6 * z[8])),
        spo2_fall_pct=float(min(2.0, 0.5 * depth)),
        cadss_peak=float(min(92.0, cadss)),
        moaas_lowest=float(max(0.0, 5.0 - depth)),
        pressure_shape=effect.pressure_shape,
        mind_shape=6.0,
    )
    baseline = Baseline(
        sys_mmhg=sys,
        dia_mmhg=dia,
        pulse_per_min=_within(72.0 + 8.0 * z[9], 56.0, 96.0),
        spo2_pct=_within(97.4 + 0.9 * z[10], 95.4, 99.5),
    )
    profile = Profile(baseline, drug, NOISE, tuple(_desaturation(float(depth), z, u)))
    seed_of = int(seed * 1_000_003 + n)
    weight_kg = round(_within(80.0 + 16.0 * z[11], 45.0, 140.0), 1)
    return Person(
        f"P-{n + 1:04}",
        seed_of,
        int(age),
        weight_kg,
        profile,
        _faults(u),
        tuple(_adverse_events(effect, u)),
    )


def _within(value: float, least: float, most: float) -> float:
    return float(min(max(value, least), most))


def _desaturation(depth: float, z: Floats, u: Floats) -> list[Episode]:
    """Few desaturate, around the peak, more of them the deeper they are sedated."""
    if u[1] >= 0.01 + 0.03 * min(depth, 5.0):
        return []
    to, from_min, for_min = 91.5 - 3.0 * abs(z[12]), 36.0 + 8.0 * z[13], 1.5 + 3.0 * u[2]
    return [Episode("spo2_pct", _within(to, 78.0, 92.0), _within(from_min, 8.0, 80.0), for_min)]


def _faults(u: Floats) -> tuple[Fault, ...]:
    """Three in ten move their hand for a while; one in eight loses the sensor."""
    faults = []
    if u[3] < 0.3:
        faults.append(Fault(ARTEFACT, 60.0 * (2.0 + 110.0 * u[4]), 10.0 + 80.0 * u[5]))
    if u[6] < 0.125:
        faults.append(Fault(FINGER_OFF, 60.0 * (2.0 + 110.0 * u[7])))
    return tuple(faults)


_ADVERSE_EVENTS_AT: Final = 8
_UNIFORMS: Final = _ADVERSE_EVENTS_AT + 3 * len(ADVERSE_EVENTS)


def _adverse_events(effect: Effect, u: Floats) -> Iterator[AdverseEvent]:
    drawn = u[_ADVERSE_EVENTS_AT:].reshape(-1, 3)
    for (name, share), (occurs, when, how) in zip(ADVERSE_EVENTS.items(), drawn, strict=True):
        if occurs < share * min(1.5, effect.dissociation):
            grade = 1 if how < 0.65 else 2 if how < 0.95 else 3
            yield AdverseEvent(name, grade, float(6.0 + 40.0 * when), float(10.0 + 50.0 * how))
