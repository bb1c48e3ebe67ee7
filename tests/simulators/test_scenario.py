"""The scenarios that ship keep their promises; a wrong file says what is wrong."""

import math
from pathlib import Path

import pytest

from simulators.devices import build
from simulators.errors import SimulationError
from simulators.line import UNPLUGGED
from simulators.oximetry import FINGER_OFF
from simulators.scenario import load_scenario, parse_scenario, scenarios
from simulators.vitals import Vitals

SEEDS = range(8)
NAMES = [
    "calm", "cuff-leak", "desaturation", "dissociation", "hypertension", "sensor-off",
    "severe-hypertension", "unplugged",
]  # fmt: skip


def trend(name: str, seed: int, step_s: float = 1.0) -> dict[float, Vitals]:
    """Three hours of a patient, by seconds after the dose, from 10 minutes before it."""
    patient = load_scenario(name).patient(seed, dose_at_s=0.0)
    count = int((3 * 3600 + 600) / step_s)
    return {t: patient.at(t) for t in (n * step_s - 600 for n in range(count))}


def known(value: float | None) -> float:
    assert value is not None
    return value


def longest_s(trend: dict[float, Vitals], limit: float) -> int:
    """The longest time in seconds with SpO2 under `limit`."""
    longest = now = 0
    for vitals in trend.values():
        now = now + 1 if known(vitals.spo2_pct) < limit else 0
        longest = max(longest, now)
    return longest


def test_all_that_ship_are_listed_with_a_line_each() -> None:
    assert list(scenarios()) == NAMES
    assert all(text and "\n" not in text for text in scenarios().values())


@pytest.mark.parametrize("seed", SEEDS)
def test_calm_meets_no_rule(seed: int) -> None:
    vitals = trend("calm", seed, 5.0)
    resting = vitals[-600.0]
    for now in vitals.values():
        assert 111 <= known(now.sys_mmhg) < min(140, known(resting.sys_mmhg) + 40)
        assert known(now.dia_mmhg) < min(90, known(resting.dia_mmhg) + 25)
        assert 51 <= known(now.pulse_per_min) <= 90
        assert known(now.spo2_pct) >= 96
        assert (known(now.cadss) <= 4, now.moaas) == (True, 5)


@pytest.mark.parametrize("seed", SEEDS)
def test_hypertension_rises_40_over_baseline_to_165_to_178(seed: int) -> None:
    vitals = trend("hypertension", seed, 10.0)
    peak = known(vitals[2400.0].sys_mmhg)
    assert peak - known(vitals[-300.0].sys_mmhg) >= 40
    assert max(known(now.sys_mmhg) for now in vitals.values()) <= 178
    assert peak >= 165


@pytest.mark.parametrize("seed", SEEDS)
def test_severe_hypertension_is_over_180_at_40_minutes(seed: int) -> None:
    vitals = trend("severe-hypertension", seed, 60.0)
    assert known(vitals[2400.0].sys_mmhg) >= 180
    assert known(vitals[-300.0].sys_mmhg) < 140


@pytest.mark.parametrize("seed", SEEDS)
def test_desaturation_is_under_88_for_minutes_and_recovers(seed: int) -> None:
    vitals = trend("desaturation", seed)
    assert 120 < longest_s(vitals, 88) < 300
    assert min(known(now.spo2_pct) for now in vitals.values()) == pytest.approx(84, abs=1)
    assert known(vitals[30 * 60.0].spo2_pct) >= 96


def test_the_oximeter_shows_the_desaturation() -> None:
    scenario = load_scenario("desaturation")
    line = build("nonin", scenario.patient(1, dose_at_s=0.0))
    stream = line.advance(27 * 60.0)[-75 * 375 :]
    saturations = [stream[at + 13] for at in range(0, len(stream), 125)]
    assert all(80 <= saturation < 88 for saturation in saturations)


@pytest.mark.parametrize("seed", SEEDS)
def test_dissociation_is_marked_at_the_peak_and_over_by_two_hours(seed: int) -> None:
    vitals = trend("dissociation", seed, 60.0)
    assert known(vitals[2400.0].cadss) >= 30
    assert vitals[2400.0].moaas == 3
    assert known(vitals[7200.0].cadss) <= 4


@pytest.mark.parametrize("name", NAMES)
def test_every_scenario_is_quiet_again_at_two_hours(name: str) -> None:
    vitals = trend(name, 1, 60.0)
    assert known(vitals[7200.0].sys_mmhg) - known(vitals[-300.0].sys_mmhg) <= 20
    assert known(vitals[7200.0].spo2_pct) >= 94
    assert vitals[7200.0].moaas == 5


@pytest.mark.parametrize(
    ("name", "role", "fault_name"),
    [
        ("sensor-off", "oximeter", FINGER_OFF),
        ("cuff-leak", "cuff", "cuff-leak"),
        ("unplugged", "oximeter", UNPLUGGED),
    ],
)
def test_the_others_have_their_fault_for_a_while(name: str, role: str, fault_name: str) -> None:
    (fault,) = load_scenario(name).faults_for(role)
    assert fault.name == fault_name
    assert 60 < fault.for_s < math.inf


def test_a_fault_for_one_role_spares_the_other() -> None:
    assert load_scenario("unplugged").faults_for("cuff") == []


def test_a_cuff_leak_fails_a_measurement_with_87() -> None:
    scenario = load_scenario("cuff-leak")
    patient = scenario.patient(0, dose_at_s=0.0)
    cuff = build("suntech", patient, scripted=scenario.faults_for("cuff"))
    cuff.receive(bytes.fromhex("3A 20 A6"), 20 * 60.0)
    cuff.advance(22 * 60.0)
    assert cuff.receive(bytes.fromhex("3A 79 03 00 4A"), 22 * 60.0)[20] == 87


def test_a_dose_comes_a_minute_after_the_start_when_the_file_does_not_say() -> None:
    assert load_scenario("calm").dose_at_s == 60.0


def test_a_file_of_one_s_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('\ufeffdescription = "mine"\ndose_at_s = 5\n[drug]\ncadss_peak = 9\n')
    mine = load_scenario(file)
    assert (mine.name, mine.dose_at_s) == ("mine", 5.0)
    assert mine.profile.drug is not None
    assert mine.profile.drug.cadss_peak == 9.0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[drug]\n", "mine: needs description"),
        ("description = 3\n", "description must be a text, not 3"),
        ('description = ""\ndosed_at_s = 3\n', "'dosed_at_s' is not known: did you mean dose_at_s"),
        ('description = ""\n[drugs]\n', "'drugs' is not known: did you mean drug"),
        ('description = ""\ndrug = 3\n', r"\[drug\] must be a table"),
        ('description = ""\n[drug]\nsys_rise = 3\n', r"\[drug\] .*did you mean sys_rise_mmhg"),
        ('description = ""\n[drug]\npeak_min = 0\n', "peak_min must be above 0"),
        ('description = ""\n[drug]\nmind_shape = -1\n', "mind_shape must be above 0"),
        ('description = ""\n[baseline]\nsys_mmhg = true\n', "sys_mmhg must be a number, not True"),
        ('description = ""\n[episode]\nto = 3\n', r"must be written as \[\[episode\]\]"),
        ('description = ""\n[[episode]]\nsignal = "spo2_pct"\n', "needs to, from_min, for_min"),
        (
            'description = ""\n[[episode]]\nsignal="spo2"\nto=1\nfrom_min=1\nfor_min=1\n',
            "signal 'spo2' is not known: did you mean spo2_pct",
        ),
        (
            'description = ""\n[[fault]]\nname="finger"\nfrom_min=1\nfor_min=1\n',
            "no fault is called 'finger'",
        ),
        (
            'description = ""\n[[fault]]\nname="noise"\ndevice="x"\nfrom_min=1\nfor_min=1\n',
            "device 'x' is not known: use one of oximeter, cuff",
        ),
        ("description = \n", "no valid TOML: .*line 1"),
    ],
)
def test_a_wrong_file_is_told_its_name_the_key_and_a_correction(text: str, message: str) -> None:
    with pytest.raises(SimulationError, match=f"^mine: .*{message.removeprefix('mine: ')}"):
        parse_scenario(text, "mine")


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(SimulationError, match=r"no scenario is called clam: use one of calm, cuff"):
        load_scenario("clam")


def test_a_missing_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(SimulationError, match=r"none\.toml: cannot be read"):
        load_scenario(tmp_path / "none.toml")
