"""What is retained of a session is as short after a long record as before."""

import json
from dataclasses import fields
from typing import Any

import pytest

from monitor.bed import view
from monitor.bed.session_view import Session
from monitor.mqtt.session_state import CHECKS_KEPT, RECORDS, WHY_LONGEST, retained
from tests.monitor.builders import bed
from tests.monitor.sessions import treated

CONTRACT = (
    "id", "bed", "patient", "regimen", "state", "started_at", "first_dose_at", "last_dose_at",
    "window_ends_at", "ready", "criteria", "schedule",
)  # fmt: skip
"""The fields that every subscriber may rely on."""


def shown() -> dict[str, Any]:
    """A session with a bit of everything, as the HTTP interface shows it."""
    side = treated(ended=False)
    session = view.session(side.bed, side.now)
    assert session is not None
    pause = {"from_": "2026-01-05T09:10:00.000Z", "to": None}
    as_sent: dict[str, Any] = json.loads(json.dumps(session.as_json()))
    return as_sent | {
        "infusion": {"running": False, "lot": "K77", "pauses": [pause]},
        "reason": "x" * 2000,
        "corrections": [{"id": "c-1"}],
    }


def length(session: dict[str, Any]) -> int:
    return len(json.dumps(retained(session)).encode())


def test_it_keeps_what_subscribers_rely_on() -> None:
    session = shown()
    assert {name: retained(session)[name] for name in CONTRACT} == {
        name: session[name] for name in CONTRACT
    }


def test_it_leaves_the_record_to_http() -> None:
    state = retained(shown())
    assert not RECORDS & state.keys()
    assert state["infusion"] == {"running": False, "lot": "K77"}


def test_no_record_that_is_left_out_is_misnamed() -> None:
    assert {field.name for field in fields(Session)} >= RECORDS


@pytest.mark.parametrize(
    "name", [name for name, value in shown().items() if isinstance(value, list)]
)
def test_no_list_makes_it_long_however_long_it_is(name: str) -> None:
    session = shown()
    bounded_by_the_rules = {"limits", "gate", "criteria", "to_be_completed", "abort_needs"}
    if name not in bounded_by_the_rules:
        session[name] = (session[name] or ["x"]) * 1000
    assert length(session) < 20_000


def test_long_reasons_and_schedules_are_cut_to_what_is_newest() -> None:
    session = shown()
    session["criteria"] = [{"name": "contraindications", "why": "x" * 9000}]
    last = session["schedule"][-1]
    session["schedule"] = session["schedule"] * 100
    state = retained(session)
    assert state["criteria"][0]["why"] == "x" * WHY_LONGEST + "…"
    assert (len(state["schedule"]), state["schedule"][-1]) == (CHECKS_KEPT, last)


def test_even_with_every_reason_at_its_longest_it_is_bounded() -> None:
    session = shown()
    session["schedule"] = session["schedule"] * 100
    for name in ("gate", "criteria"):
        session[name] = [each | {"why": "ü" * 9000} for each in session[name]]
    state = json.dumps(retained(session), ensure_ascii=False, separators=(",", ":"))
    assert len(state.encode()) < 30_000


def test_a_session_that_has_only_begun_is_retained_as_well() -> None:
    side = bed().with_session()
    session = view.session(side.bed, side.now)
    assert session is not None
    assert retained(session.as_json())["state"] == "baseline"
