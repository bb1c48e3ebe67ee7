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
    "a pressure with hardly a pulse": ("pressures", {"sys": 120, "dia": 119}, 422, "confirmed"),
    "a pressure too far apart": ("pressures", {"sys": 215, "dia": 64}, 422, "confirmed"),
    "a systolic that no cuff shows": ("pressures", {"sys": 261, "dia": 120}, 422, "confirmed"),
    "a diastolic that no cuff shows": ("pressures", {"sys": 120, "dia": 19}, 422, "confirmed"),
    "a diastolic over its systolic": ("pressures", {"sys": 119, "dia": 120}, 422, "dia"),
    "a pressure that cannot be": (
        "pressures",
        {"sys": 301, "dia": 120, "confirmed": True},
        422,
        "sys",
    ),
    "a confirmation in words": (
        "pressures",
        {"sys": 120, "dia": 119, "confirmed": "yes"},
        422,
        "confirmed",
    ),
    "a note with a NUL": ("notes", {"text": "calm\u0000"}, 422, "text"),
    "a note with an escape": ("notes", {"text": "\u001b[31mcalm"}, 422, "text"),
    "a lot with a line break": (
        "doses",
        {"product": "esketamine", "mg": 28, "lot": "A\n1"},
        422,
        "lot",
    ),
    "a reason with a control character": (
        "retract",
        {"record": "x", "reason": "was\u0085another's"},
        422,
        "reason",
    ),
    "a clinician with a delete": (
        "news2-scale",
        {"scale": 2, "clinician": "dr.b\u007f", "reason": "COPD"},
        422,
        "clinician",
    ),
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


@pytest.mark.parametrize(
    ("sys", "dia", "confirmed"),
    [
        (120, 110, False),
        (210, 60, False),
        (120, 111, True),
        (211, 60, True),
        (120, 119, True),
        (290, 40, True),
        (260, 200, False),
        (40, 20, False),
        (261, 120, True),
        (39, 15, True),
    ],
)
def test_a_pressure_is_taken_that_is_likely_or_was_measured_again(
    sys: float, dia: float, confirmed: bool, tmp_path: Path
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            path = f"/sessions/{await ward.start()}/pressures"
            body = {"sys": sys, "dia": dia, "by": "nurse.a"}
            if confirmed:
                problem = await ward.post(path, body, expect=422)
                assert "measure again" in problem["errors"][0]["message"]
            seen = await ward.post(path, body | {"confirmed": confirmed})
            assert (seen["pressures"][-1]["sys"], seen["pressures"][-1]["dia"]) == (sys, dia)

    run()


@virtual_time()
async def test_a_note_has_lines(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        text = "calm\tnow\r\nasleep: Zoë, 👩‍⚕️"
        await ward.post(f"/sessions/{session}/notes", {"text": text, "by": "nurse.a"})
        events = (await ward.get("/events", limit=500))["items"]
        assert text in [event["payload"].get("text") for event in events]


@virtual_time()
async def test_which_control_character_it_was_is_said(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"text": "calm", "by": "nurse\n.a"}
        problem = await ward.post(f"/sessions/{session}/notes", body, expect=422)
        (wrong,) = problem["errors"]
        assert (wrong["field"], wrong["message"]) == (
            "by",
            "holds the control character U+000A: leave it out",
        )


@virtual_time()
async def test_a_number_is_a_number(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        body = {"scale": "moaas", "total": True, "by": "nurse.a"}
        problem = await ward.post(f"/sessions/{session}/scores", body, expect=422)
        assert [wrong["field"] for wrong in problem["errors"]] == ["total"]


@virtual_time()
async def test_the_limits_that_can_be_set_are_listed_as_they_are_in_force(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/sessions/{session}/alarm-limits"
        dr = {"clinician": "dr.b", "reason": "COPD", "by": "nurse.a"}
        await ward.post(path, {"rule": "spo2.low", "limit": 90, **dr})
        by_rule = {one["rule"]: one for one in (await ward.get(path))["items"]}
        low = by_rule["spo2.low"]
        assert (low["text"], low["limit"], low["least"], low["most"]) == ("SpO2 < 90", 90, 70, 100)
        assert low["comparison"] is None
        unknown = await ward.http.get("/api/v1/sessions/none/alarm-limits")
        assert unknown.status_code == 404
