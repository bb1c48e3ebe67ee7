"""Regimens: those that ship, and how a site's own is refused."""

from pathlib import Path

import pytest

from drivers.readings import Vital
from monitor.regimen import Regimen, RegimenError, Regimens, parse
from tests.monitor.builders import REGIMENS

OWN = """
name = "low"
title = "Low dose"
product = "ketamine"
route = "oral"
total_mg = 50
window_min = 120
"""


@pytest.mark.parametrize(
    ("name", "product", "mg"),
    [
        ("esketamine-28", "esketamine", 28),
        ("esketamine-56", "esketamine", 56),
        ("esketamine-84", "esketamine", 84),
        ("ketamine-iv", "ketamine", 35),
    ],
)
def test_the_regimens_that_ship(name: str, product: str, mg: float) -> None:
    regimen = REGIMENS[name]
    assert (regimen.product, regimen.planned_mg(70)) == (product, mg)
    assert regimen.window_min == 120
    assert regimen.continuous == (Vital.SPO2, Vital.PULSE)


def test_no_other_regimen_ships() -> None:
    assert len(REGIMENS) == 4


def test_a_dose_by_weight_is_not_known_without_it() -> None:
    assert REGIMENS["ketamine-iv"].planned_mg(None) is None


def test_a_regimen_stored_with_a_session_is_the_same_regimen() -> None:
    for regimen in REGIMENS.values():
        assert Regimen.model_validate(regimen.model_dump(mode="json")) == regimen


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("x = ", "not TOML"),
        (OWN.replace("window_min = 120", ""), "window_min"),
        (OWN.replace("total_mg = 50", ""), "exactly one of total_mg and mg_per_kg"),
        (OWN + "mg_per_kg = 1\n", "exactly one of total_mg and mg_per_kg"),
        (OWN.replace("50", "-50"), "total_mg"),
        (OWN.replace("oral", "dermal"), "route"),
        (OWN + "windw = 3\n", "windw"),
        (OWN + 'continuous = ["spo3"]\n', "continuous.0"),
        (OWN + '[[check]]\nof = "urine"\n', "check.0.of"),
        (OWN + '[[check]]\nof = "cadss"\nafter_dose_min = [-5]\n', "check.0.after_dose_min.0"),
    ],
)
def test_a_wrong_regimen_is_refused_by_file_and_key(text: str, says: str) -> None:
    with pytest.raises(RegimenError) as refused:
        parse(text, "own.toml")
    assert str(refused.value).startswith("own.toml: ")
    assert says in str(refused.value)


def test_a_site_s_own_regimen_joins_or_replaces_ours(tmp_path: Path) -> None:
    (tmp_path / "low.toml").write_text(OWN)
    (tmp_path / "ours.toml").write_text(OWN.replace('"low"', '"esketamine-28"'))
    both = Regimens.shipped().with_files([tmp_path / "low.toml", tmp_path / "ours.toml"]).by_name
    assert both.keys() == {*REGIMENS, "low"}
    assert both["esketamine-28"].product == "ketamine"


def test_a_regimen_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RegimenError, match="readable file"):
        Regimens.shipped().with_files([tmp_path / "none.toml"])
