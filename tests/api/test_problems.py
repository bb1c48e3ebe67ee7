"""How errors look."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.virtual import virtual_time
from tests.wards import simulated_ward

JSON = {"Content-Type": "application/json"}


@virtual_time()
async def test_half_a_character_is_refused(tmp_path: Path) -> None:
    whole = {"bed": "bed-1", "patient": "P-017", "regimen": "esketamine-84", "by": "nurse.a"}
    async with simulated_ward(tmp_path) as ward:
        for field in whole:
            body = json.dumps(whole | {field: "\ud800"})
            answer = await ward.http.post("/api/v1/sessions", content=body, headers=JSON)
            assert answer.status_code == 422
            assert [wrong["field"] for wrong in answer.json()["errors"]] == [field]


@virtual_time()
async def test_a_method_that_a_path_does_not_take_is_told_those_that_it_does(
    tmp_path: Path,
) -> None:
    async with simulated_ward(tmp_path) as ward:
        for method, path, allowed in (
            ("GET", "/api/v1/sessions/x/doses", "POST"),
            ("DELETE", "/api/v1/sessions", "GET, POST"),
            ("OPTIONS", "/api/v1/patients/P/017/course", "GET"),
            ("POST", "/healthz", "GET"),
            ("POST", "/", "GET, HEAD"),
        ):
            answer = await ward.http.request(method, path)
            assert (answer.status_code, answer.json()["status"]) == (405, 405), path
            assert answer.headers["Allow"] == allowed
        assert (await ward.http.get("/api/v1/nothing")).status_code == 404


WRONG: dict[str, tuple[str, Any, list[tuple[str, str]]]] = {
    "a class of medicines nobody knows": (
        "preparation",
        {"medicines": {"opioids": True}},
        [("medicines.opioids", "Input should be 'benzodiazepine', 'sedative', 'opioid'")],
    ),
    "an answer on medicines that is none": (
        "preparation",
        {"medicines": {"opioid": "perhaps"}},
        [("medicines.opioid", "give true or false")],
    ),
    "medicines that are neither": (
        "preparation",
        {"medicines": 5},
        [("medicines", "give an object or a list")],
    ),
    "a medicine without a name": (
        "preparation",
        {"medicines": ["codeine", " "]},
        [("medicines.1", "String should have at least 1 character")],
    ),
    "contraindications that are no object": (
        "preparation",
        {"contraindications": ["no"]},
        [("contraindications", "give an object")],
    ),
    "a value that no field takes": (
        "form/fill",
        {"field": "lot", "value": 5.5},
        [("value", "give true or false or text or a list")],
    ),
    "a list of what is no text": (
        "form/fill",
        {"field": "medicines", "value": [5]},
        [("value.0", "give text")],
    ),
    "items by another name": (
        "scores",
        {"scale": "cadss", "items": {"seven": 1}},
        [("items.seven", "")],
    ),
    "two fields": (
        "close",
        {"escort": 5, "against_criteria": {"clinician": "dr.b"}},
        [("escort", "give true or false"), ("against_criteria.reason", "Field required")],
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_field_is_named_as_the_request_names_it(case: str, tmp_path: Path) -> None:
    route, body, expected = WRONG[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            path = f"/sessions/{session}/{route}"
            problem = await ward.post(path, {"by": "nurse.a", **body}, expect=422)
            found = [(wrong["field"], wrong["message"]) for wrong in problem["errors"]]
            assert [field for field, _ in found] == [field for field, _ in expected]
            assert all(
                words in message for (_, message), (_, words) in zip(found, expected, strict=True)
            )

    run()


@virtual_time()
async def test_a_body_that_is_no_json_is_said_to_be_none(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        for content in ("{", "[]", "5"):
            answer = await ward.http.post("/api/v1/sessions", content=content, headers=JSON)
            assert answer.status_code == 422
            assert answer.json()["errors"]


@virtual_time()
async def test_fasting_that_is_not_asked_is_to_be_left_out(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start(regimen="ketamine-iv", weight_kg=71)
        body = {"fasting": {"food_2h": True}, "suicidality": "none", "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/preparation", body, expect=422)
        assert problem["errors"][0]["field"] == "fasting"
        assert "regimen ketamine-iv asks for no fasting: leave fasting out" in problem["detail"]
