"""Records over HTTP: what they make of a session, and that refusals store nothing."""

from pathlib import Path
from typing import Any

import pytest

from tests.virtual import virtual_time
from tests.wards import simulated_ward

REFUSED: dict[str, tuple[str, dict[str, Any], int, str]] = {
    "a score off its scale": ("scores", {"scale": "cadss", "total": 93}, 422, "total"),
    "a score below its scale": ("scores", {"scale": "moaas", "total": -1}, 422, "total"),
    "a scale nobody knows": ("scores", {"scale": "gcs", "total": 3}, 422, "scale"),
    "neither total nor items": ("scores", {"scale": "cadss"}, 422, "total"),
    "a dose of a negative amount": ("doses", {"product": "esketamine", "mg": -28}, 422, "mg"),
    "a dose of another product": ("doses", {"product": "ketamine", "mg": 28}, 422, "product"),
    "a dose over the regimen": ("doses", {"product": "esketamine", "mg": 112}, 409, "mg"),
    "a dose from before the session": (
        "doses",
        {"product": "esketamine", "mg": 28, "at": "2020-01-01T00:00:00Z"},
        422,
        "at",
    ),
    "an instant without an offset": (
        "doses",
        {"product": "esketamine", "mg": 28, "at": "2026-01-05T08:00:00"},
        422,
        "at",
    ),
    "an infusion where there is none": ("infusion", {"action": "start"}, 409, "action"),
    "a note without words": ("notes", {"text": ""}, 422, "text"),
    "leaving before anything is met": ("close", {"escort": True}, 409, "against_criteria"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_command_is_refused(case: str, tmp_path: Path) -> None:
    what, body, status, field = REFUSED[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            seq = (await ward.get("/status"))["journal"]["seq"]
            path = f"/sessions/{session}/{what}"
            problem = await ward.post(path, body | {"by": "nurse.a"}, expect=status)
            assert problem["status"] == status
            assert [wrong["field"] for wrong in problem["errors"]] == [field]
            assert (await ward.get("/status"))["journal"]["seq"] == seq

    run()


@virtual_time()
async def test_every_command_needs_somebody(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"scale": "cadss", "total": 3}
        problem = await ward.post(f"/sessions/{session}/scores", body, expect=422)
        assert problem["errors"][0]["field"] == "by"


@virtual_time()
async def test_the_items_of_cadss_make_its_total(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        items = {str(number): 1 for number in range(1, 24)}
        body = {"scale": "cadss", "items": items, "by": "nurse.a"}
        seen = await ward.post(f"/sessions/{session}/scores", body)
        assert seen["scores"][0]["total"] == 23


@virtual_time()
async def test_a_number_is_a_number(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"scale": "moaas", "total": True, "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/scores", body, expect=422)
        assert [wrong["field"] for wrong in problem["errors"]] == ["total"]
