"""Faults as they are written and when they are there."""

import math

import pytest

from simulators.devices import check_fault_name
from simulators.errors import SimulationError
from simulators.faults import Fault, Faults, parse_fault
from simulators.patient import Patient, Profile


@pytest.mark.parametrize(
    ("spec", "fault"),
    [
        ("finger-off", Fault("finger-off", 0.0, math.inf)),
        ("finger-off@120", Fault("finger-off", 120.0, math.inf)),
        ("finger-off@120+30", Fault("finger-off", 120.0, 30.0)),
        ("noise@0.5+2.25", Fault("noise", 0.5, 2.25)),
        ("garble:0.1@5", Fault("garble", 5.0, math.inf, 0.1)),
        ("drop:1", Fault("drop", rate=1.0)),
    ],
)
def test_a_spec_is_name_start_and_duration(spec: str, fault: Fault) -> None:
    assert parse_fault(spec) == fault


@pytest.mark.parametrize("spec", ["drop:0", "drop:1.5"])
def test_a_rate_is_a_share(spec: str) -> None:
    with pytest.raises(SimulationError, match="a share of the messages"):
        parse_fault(spec)


@pytest.mark.parametrize("spec", ["", "finger-off@", "finger-off@1+", "finger-off+3", "noise@-1"])
def test_a_bad_spec_says_how_to_write_one(spec: str) -> None:
    with pytest.raises(SimulationError, match="finger-off@120\\+30"):
        parse_fault(spec)


def test_a_near_miss_is_told_the_name() -> None:
    with pytest.raises(SimulationError, match="did you mean finger-off"):
        check_fault_name("fingeroff")


def test_a_far_miss_is_told_all_names() -> None:
    with pytest.raises(SimulationError, match="use one of finger-off, cable-out"):
        check_fault_name("xyz")


def test_a_scripted_fault_counts_from_the_dose() -> None:
    patient = Patient(Profile())
    faults = Faults(patient, [Fault("silent", 60.0, 10.0)])
    assert not faults.active("silent", 65.0)
    patient.dose(100.0)
    assert [faults.active("silent", t) for t in (159.0, 160.0, 169.0, 170.0)] == [
        False, True, True, False,
    ]  # fmt: skip


def test_a_scripted_fault_counts_from_the_start_without_a_drug() -> None:
    faults = Faults(Patient(Profile(drug=None)), [Fault("silent", 60.0, 10.0)])
    assert faults.active("silent", 65.0)


def test_an_added_fault_counts_from_the_start() -> None:
    faults = Faults(Patient(Profile()))
    faults.inject(Fault("silent", 5.0, 1.0))
    assert [faults.active("silent", t) for t in (4.0, 5.0, 6.0)] == [False, True, False]
