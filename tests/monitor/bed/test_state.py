"""What a bed's events fold into, whoever decided them."""

from typing import Any

import pytest

from drivers.registry import DeviceSpec
from monitor.bed.state import BedState, NibpState
from monitor.session.events import Event
from tests.monitor.builders import CUFF, OXIMETER, REGIMENS, START

CUFF_2 = DeviceSpec("cuff-2", "suntech", "memory://cuff-2")


def event(type_: str, payload: dict[str, Any], after_s: float = 0.0) -> Event:
    at = START.plus(after_s).wall
    return Event(f"{type_}-{after_s}", "bed-1", 1, "s-1", type_, None, at, payload)


def started() -> Event:
    payload = {
        "patient": "P-017",
        "age": 44,
        "weight_kg": 71,
        "regimen": REGIMENS["esketamine-84"].model_dump(mode="json"),
        "medicines": [],
        "escort_planned": True,
        "number": 1,
        "rules": {},
        "by": "nurse.a",
    }
    return event("session.started", payload)


def folded(*events: Event, state: BedState | None = None) -> BedState:
    state = state or BedState([OXIMETER, CUFF, CUFF_2])
    for each in events:
        state.evolve(each, START.mono)
    return state


def nibp(*events: tuple[str, dict[str, Any]]) -> NibpState:
    of = NibpState()
    for type_, payload in events:
        of.evolve(event(type_, payload), 100.0)
    return of


FAILED = ("pressure.failed", {"reason": "weak pulse"})
REQUESTED = ("pressure.requested", {"why": "schedule"})
MEASURED = ("pressure.measured", {"sys": 120, "dia": 80})
STOPPED = ("nibp.inhibited", {"reason": "a line in that arm"})


# ── one NIBP device ─────────────────────────────────────────────────────────────────────


def test_a_request_is_pending_from_when_it_was_decided() -> None:
    of = nibp(REQUESTED)
    assert (of.pending, of.requested_mono) == (True, 100.0)


@pytest.mark.parametrize("result", [FAILED, MEASURED])
def test_any_result_answers_a_request(result: tuple[str, dict[str, Any]]) -> None:
    assert not nibp(REQUESTED, result).pending


@pytest.mark.parametrize(
    ("results", "failures"),
    [
        ([FAILED], 1),
        ([FAILED, FAILED], 2),
        ([FAILED, MEASURED], 0),
        ([FAILED, MEASURED, FAILED], 1),
    ],
)
def test_failures_are_counted_from_the_last_values(
    results: list[tuple[str, dict[str, Any]]], failures: int
) -> None:
    assert nibp(*results).failures == failures


def test_it_is_a_technical_condition_from_the_second_failure_on() -> None:
    assert nibp(FAILED).conditions == {}
    assert nibp(FAILED, FAILED).conditions == {"cuff-failed": "weak pulse"}


def test_a_measurement_that_a_nurse_stopped_is_no_failure() -> None:
    of = nibp(REQUESTED, STOPPED, FAILED)
    assert (of.pending, of.failures, of.failed_at) == (False, 0, None)


def test_it_is_inhibited_until_it_is_enabled() -> None:
    assert nibp(STOPPED).inhibited == "a line in that arm"
    assert nibp(STOPPED, ("nibp.enabled", {})).inhibited is None


# ── the bed ─────────────────────────────────────────────────────────────────────────────


def test_a_session_is_open_until_it_ends_and_stays_known() -> None:
    state = folded(started())
    assert state.open_session is state.session
    assert (state.session_id, state.minutes(START)) == ("s-1", None)
    folded(event("session.aborted", {"by": "nurse.a", "reason": "no"}), state=state)
    assert state.session is not None
    assert (state.open_session, state.session_id, state.continuous) == (None, None, ())


def test_minutes_count_from_the_first_dose() -> None:
    dose = {"product": "esketamine", "mg": 28, "lot": None, "by": "nurse.a"}
    at = {"at": START.wall.isoformat()}
    state = folded(started(), event("dose.given", dose | at))
    assert state.minutes(START.plus(90)) == 1.5


def test_a_pressure_is_of_its_device_alone() -> None:
    state = folded(event("pressure.requested", {"device": "cuff-2", "why": "by-hand"}))
    assert [of.pending for of in state.nibp.values()] == [False, True]


def test_events_of_a_device_that_is_no_longer_here_change_nothing() -> None:
    state = folded(event("pressure.requested", {"device": "cuff-9", "why": "by-hand"}))
    assert not any(of.pending for of in state.nibp.values())


def test_what_was_announced_last_of_a_device_stands() -> None:
    up = event("device.connected", {"device": "cuff", "model": None})
    state = folded(up)
    assert state.announced == {"oximeter": False, "cuff": True, "cuff-2": False}
    assert not folded(event("device.disconnected", {"device": "cuff"}), state=state).announced[
        "cuff"
    ]


def test_the_session_s_end_enables_every_cuff() -> None:
    stopped = [
        event("nibp.inhibited", {"device": of, "reason": "why"}) for of in ("cuff", "cuff-2")
    ]
    state = folded(started(), *stopped)
    assert state.inhibited == "why"
    folded(event("session.aborted", {"by": "nurse.a", "reason": "no"}), state=state)
    assert [of.inhibited for of in state.nibp.values()] == [None, None]


def test_only_the_cuff_that_the_bed_starts_makes_it_inhibited() -> None:
    assert folded(event("nibp.inhibited", {"device": "cuff-2", "reason": "why"})).inhibited is None


def test_a_clock_that_is_set_moves_when_a_cuff_failed() -> None:
    failed = event("pressure.failed", {"device": "cuff", "reason": "weak pulse"})
    state = folded(failed, event("clock.stepped", {"by_s": 60.0}))
    assert state.nibp["cuff"].failed_at == START.plus(60).wall


def test_a_request_does_not_outlive_its_process() -> None:
    state = folded(event("pressure.requested", {"device": "cuff", "why": "by-hand"}))
    state.drop_requests()
    assert (state.nibp["cuff"].pending, state.nibp["cuff"].requested_mono) == (False, START.mono)


def test_the_record_of_one_session_says_nothing_of_the_next() -> None:
    score = {"scale": "cadss", "total": 31, "items": None, "by": "nurse.a"}
    state = folded(started(), event("score.recorded", score | {"at": START.wall.isoformat()}))
    assert "cadss" in state.update_charted(START)
    assert state.charted.values["cadss"].value == 31
    folded(event("session.aborted", {"by": "nurse.a", "reason": "no"}), state=state)
    assert state.charted.values == {}
    assert state.update_charted(START) == set()


def test_the_sound_is_paused_until_it_is_resumed() -> None:
    until = START.plus(120).wall.isoformat()
    paused = event("alarm.audio-paused", {"by": "nurse.a", "until": until, "priority": "high"})
    state = folded(paused)
    assert state.audio_pause is not None
    assert state.audio_pause.ends == START.mono + 120
    assert folded(event("alarm.audio-resumed", {"reason": "why"}), state=state).audio_pause is None
