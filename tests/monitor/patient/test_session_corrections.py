"""An age, a weight or a regimen that was put right, in form, summary, deviations and CSV."""

import csv
import io
from datetime import UTC
from typing import Any

import pytest

from monitor.patient.csv_export import csv_table
from monitor.patient.deviations import deviations
from monitor.patient.session_summary import summarise
from monitor.session.history import SessionHistory
from tests.monitor.builders import REGIMENS
from tests.monitor.sessions import closed, field, form_of, given, infusion, told

Happened = tuple[float, str, dict[str, Any]]


def corrected(at: float, was: dict[str, Any], now: dict[str, Any], **more: Any) -> Happened:
    own = {"was": was, "now": now, "reason": "mistyped", "by": "nurse.b"}
    if (name := now.get("regimen")) is not None:
        own["regimen"] = REGIMENS[name].as_given()
    return at, "session.corrected", {**own, **more}


AGE = corrected(20, {"age": 44}, {"age": 17})
TO_56 = corrected(30, {"regimen": "esketamine-84"}, {"regimen": "esketamine-56"})


def of(*happened: Happened, regimen: str = "esketamine-84") -> SessionHistory:
    found = SessionHistory.from_events(told(1, 0, *happened, regimen=regimen))
    assert found is not None
    return found


def devices(count: int, at: float = 10) -> list[Happened]:
    return [given(at + 5 * n, 28) for n in range(count)]


def test_the_form_has_both_and_who_says_so() -> None:
    shown = field(form_of(of(*devices(3), AGE, TO_56, closed())), "session_corrections")
    assert shown.text == (
        "age 44 corrected to 17 at 08:20+00:00 (mistyped); "
        "regimen esketamine-84 corrected to esketamine-56 at 08:30+00:00 (mistyped)"
    )
    assert [(each["was"], each["now"]) for each in shown.value] == [
        ({"age": 44}, {"age": 17}),
        ({"regimen": "esketamine-84"}, {"regimen": "esketamine-56"}),
    ]
    assert [(source.by, source.id) for source in shown.sources] == [
        ("nurse.b", shown.value[0]["id"]),
        ("nurse.b", shown.value[1]["id"]),
    ]


def test_without_one_the_form_says_none() -> None:
    shown = field(form_of(of(*devices(3), closed())), "session_corrections")
    assert (shown.text, shown.value) == ("none", [])


def test_the_form_is_of_what_is_right() -> None:
    form = form_of(of(*devices(2), TO_56, closed()))
    assert form.regimen == "esketamine-56"
    assert field(form, "doses").value["planned_mg"] == 56
    assert field(form, "deviations").text == "none"


def test_what_was_given_over_the_right_plan_is_a_deviation() -> None:
    assert [*deviations(of(*devices(3), TO_56, closed()))] == [
        "84 mg given, and 56 mg planned as corrected"
    ]


def test_what_is_lacking_of_the_right_plan_is_a_deviation() -> None:
    up = corrected(30, {"regimen": "esketamine-56"}, {"regimen": "esketamine-84"})
    observing: Happened = (40, "session.observing", {})
    found = of(*devices(2), up, observing, closed(), regimen="esketamine-56")
    assert [*deviations(found)] == ["incomplete: 56 mg of 84 mg given"]


@pytest.mark.parametrize(
    ("at", "expected"), [(20, ["given at the age of 17, as corrected: 18 at least"]), (5, [])]
)
def test_an_age_that_was_too_low_is_one_when_it_turned_out_after_the_dose(
    at: float, expected: list[str]
) -> None:
    age = corrected(at, {"age": 44}, {"age": 17})
    assert [*deviations(of(*devices(3), age, closed()))] == expected


def test_a_first_dose_is_held_against_the_right_age() -> None:
    age = corrected(20, {"age": 44}, {"age": 70})
    found = [*deviations(of(*devices(2), age, closed(), regimen="esketamine-56"), is_first=True)]
    assert found == ["56 mg as the first treatment: 28 mg at most"]


def test_an_infusion_is_held_against_the_right_weight() -> None:
    weight = corrected(
        30, {"weight_kg": 71, "infusion_mg": 35.5}, {"weight_kg": 60, "infusion_mg": 35.5}
    )
    ran = [infusion(10, "started"), infusion(50, "ended")]
    found = of(*ran, weight, closed(), regimen="ketamine-iv")
    assert [*deviations(found)] == ["35.5 mg given, and 30 mg planned as corrected"]
    doses = field(form_of(found), "doses")
    assert (doses.value["given_mg"], doses.value["planned_mg"]) == (35.5, 30)
    words = field(form_of(found), "session_corrections").text
    assert "weight 71 kg corrected to 60 kg, infusion 35.5 mg as it was" in words


def test_a_summary_names_it() -> None:
    found = summarise(of(*devices(3), AGE, closed()), 1, UTC).as_json()
    assert found["corrections"] == ["age 44 corrected to 17: mistyped"]


def test_what_was_not_given_is_named_so() -> None:
    age = corrected(20, {"age": None}, {"age": 17})
    assert summarise(of(*devices(3), age), 1, UTC).corrections == (
        "age not given corrected to 17: mistyped",
    )


def test_csv_has_a_row_for_it() -> None:
    found = of(*devices(3), AGE, closed())
    rows = [*csv.DictReader(io.StringIO(csv_table(found, {})))]
    (row,) = (row for row in rows if row["name"] == "corrected")
    assert (row["kind"], row["by"], row["minute"]) == ("session", "nurse.b", "10.0")
    assert row["note"] == "age 44 corrected to 17: mistyped"
