"""What a forgetful nurse decides, and what comes of her stays."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import pytest

from monitor.cohort.forgetful import CHECK_LATEST_S, FORGETS, SLOWER, ForgetfulNurse
from monitor.cohort.nurse import CHECK_S, Task
from monitor.cohort.run import CohortError, run_cohort, watch_all
from monitor.session.events import Event
from monitor.session.regimen import CheckKind, Regimens
from monitor.session.schedule import CheckState, PlannedCheck
from simulators.population import draw
from tests.monitor.cohort.stays import RULES, Stay, forgetful_stays, watched

AT = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
FOREVER_S = 1e9


@pytest.fixture
def nurse() -> ForgetfulNurse:
    return ForgetfulNurse(Random(1), Random(2))


def due(n: int, check: CheckKind = CheckKind.CADSS) -> PlannedCheck:
    return PlannedCheck(check, AT + timedelta(minutes=n), CheckState.DUE)


def test_she_forgets_a_third_of_the_checks_and_comes_late_to_the_others(
    nurse: ForgetfulNurse,
) -> None:
    nurse.sees_due([due(n) for n in range(3000)], 0.0)
    soon = list(nurse.due(SLOWER * CHECK_S))
    done = [*soon, *nurse.due(CHECK_LATEST_S)]
    assert len(done) == pytest.approx(3000 * (1 - FORGETS), abs=100)
    assert len(soon) == pytest.approx(len(done) / 2, abs=100)
    assert {*done} == {(Task.SCORE, "cadss")}
    assert list(nurse.due(FOREVER_S)) == []


def test_she_decides_on_a_check_once(nurse: ForgetfulNurse) -> None:
    for minute in range(100):
        nurse.sees_due([due(0)], minute * 60.0)
    assert len(list(nurse.due(FOREVER_S))) <= 1


def test_pressures_are_the_cuffs(nurse: ForgetfulNurse) -> None:
    nurse.sees_due([due(n, CheckKind.PRESSURE) for n in range(100)], 0.0)
    assert list(nurse.due(FOREVER_S)) == []


# ── her stays ───────────────────────────────────────────────────────────────────────────


@pytest.fixture(scope="module")
def stays(tmp_path_factory: pytest.TempPathFactory) -> list[Stay]:
    return forgetful_stays(tmp_path_factory)


@pytest.fixture
def events(stays: list[Stay]) -> list[Event]:
    return [event for one in stays for event in one.events]


def said_at(event: Event) -> datetime:
    return datetime.fromisoformat(event.payload["at"])


def test_she_writes_several_scores_at_one_moment_and_dates_some_back(events: list[Event]) -> None:
    scores = [event for event in events if event.type == "score.recorded"]
    written = Counter((event.session, event.at) for event in scores)
    assert max(written.values()) >= 3
    assert any(said_at(event) == event.at for event in scores)
    assert any(said_at(event) < event.at - timedelta(minutes=5) for event in scores)


def test_she_gives_devices_late_and_against_the_criteria(events: list[Event]) -> None:
    given = [event for event in events if event.type == "dose.given"]
    assert any(event.payload["deviation"] for event in given)
    assert any(not event.payload["deviation"] for event in given)
    times = sorted((event.session, said_at(event)) for event in given)
    apart = [b - a for (of, a), (same, b) in pairwise(times) if of == same]
    assert max(apart) > timedelta(minutes=15)


def test_some_sessions_end_early(events: list[Event]) -> None:
    assert any(event.type == "session.aborted" for event in events)
    closed = [event for event in events if event.type == "session.closed"]
    assert {bool(event.payload["against_criteria"]) for event in closed} == {True, False}


def test_checks_are_missed_and_called_for(stays: list[Stay], events: list[Event]) -> None:
    states = Counter(claim[2] for one in stays for turn in one.turns for claim in turn.claims or ())
    assert states["missed"]
    assert states["overdue"]
    raised = [event for event in events if event.type == "alarm.raised"]
    assert any(event.payload["alarm"]["rule"] == "check.overdue" for event in raised)


def test_an_infusion_is_paused_and_ended_late() -> None:
    found = [e for one in watched("ketamine-iv", "forgetful", 2, 3) for e in one.events]
    began = {e.session: said_at(e) for e in found if e.type == "infusion.started"}
    ended = {e.session: said_at(e) for e in found if e.type == "infusion.ended"}
    assert any(event.type == "infusion.paused" for event in found)
    assert max(ended[of] - began[of] for of in ended) > timedelta(minutes=42)


# ── in a cohort ─────────────────────────────────────────────────────────────────────────


def test_a_cohort_has_the_nurse_that_was_asked_for() -> None:
    diligent, _ = run_cohort("esketamine-84", 2, 1, "default", None)
    assert run_cohort("esketamine-84", 2, 1, "default", None, "diligent")[0] == diligent
    forgetful, missed = run_cohort("esketamine-84", 2, 1, "default", None, "forgetful")
    assert forgetful.startswith("2 patients, esketamine-84, seed 1, forgetful nurse, rules default")
    assert "100.0% done" in diligent
    assert "missed" in forgetful
    assert missed == []


def test_the_same_seed_gives_the_same_stays() -> None:
    people, regimen = draw("esketamine-84", 2, 2), Regimens.shipped().by_name["esketamine-84"]
    once, again = (watch_all(people, regimen, RULES, 1, "forgetful") for _ in range(2))
    assert once == again


def test_a_nurse_nobody_knows_is_refused() -> None:
    with pytest.raises(CohortError, match="use one of diligent, forgetful"):
        run_cohort("esketamine-84", 5, 1, "default", None, "tired")
