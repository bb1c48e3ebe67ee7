"""What is to be checked when, and what counts as done."""

from datetime import datetime, timedelta

import pytest

from drivers.clock import rfc3339
from monitor.commands import InfusionAction
from monitor.events import Event
from monitor.regimen import CheckOf
from monitor.schedule import CheckState, Planned, schedule
from monitor.session import Session
from tests.monitor.builders import REGIMENS, START

T0 = START.wall
DOSED = T0 + timedelta(minutes=10)


def at(minutes: float) -> datetime:
    """So many minutes after the dose."""
    return DOSED + timedelta(minutes=minutes)


def event(type_: str, when: datetime, **payload: object) -> Event:
    return Event("e", "bed-1", 1, "s-1", type_, None, when, payload)


def session(regimen: str = "esketamine-84", *, dosed: bool = True) -> Session:
    started = event(
        "session.started",
        T0,
        patient="P",
        age=44,
        weight_kg=70.0,
        regimen=REGIMENS[regimen].model_dump(mode="json"),
        medicines=[],
        rules={},
        by="n",
    )
    begun = Session.begin(started)
    return given(begun, 0, 84) if dosed and regimen != "ketamine-iv" else begun


def given(of: Session, minutes: float, mg: float) -> Session:
    when = at(minutes)
    return of.evolve(
        event("dose.given", when, product="esketamine", mg=mg, lot=None, by="n", at=rfc3339(when))
    )


def scored(of: Session, *minutes: float, scale: str = "moaas", total: int = 5) -> Session:
    for after in minutes:
        data = {"scale": scale, "total": total, "by": "n", "at": rfc3339(at(after))}
        of = of.evolve(event("score.recorded", at(after), **data))
    return of


def measured(of: Session, *minutes: float, sys: float = 120, dia: float = 80) -> Session:
    for after in minutes:
        data = {"sys": sys, "dia": dia, "map": 93, "pulse": 70, "device": "cuff"}
        of = of.evolve(event("pressure.measured", at(after), **data))
    return of


def infused(of: Session, action: InfusionAction, minutes: float) -> Session:
    done = {"start": "started", "pause": "paused", "resume": "resumed", "end": "ended"}
    return of.evolve(event(f"infusion.{done[action.value]}", at(minutes), by="n"))


def due(of: Session, check: CheckOf) -> list[float]:
    """When the checks are due, in minutes after the dose."""
    planned = schedule(of, at(0))
    return [(p.due_at - DOSED) / timedelta(minutes=1) for p in planned if p.check is check]


def one(of: Session, check: CheckOf, due_min: float, now_min: float) -> Planned:
    planned = schedule(of, at(now_min))
    return next(p for p in planned if p.check is check and p.due_at == at(due_min))


BASELINE = -10.0


@pytest.mark.parametrize("regimen", ["esketamine-28", "esketamine-56", "esketamine-84"])
@pytest.mark.parametrize(
    ("check", "minutes"),
    [
        (CheckOf.PRESSURE, [20, 40, 60, 90, 120]),
        (CheckOf.MOAAS, [15, 30, 45, 60, 75, 90, 120]),
        (CheckOf.CADSS, [40, 90]),
    ],
)
def test_a_nasal_dose_is_followed_as_the_table_says(
    regimen: str, check: CheckOf, minutes: list[float]
) -> None:
    assert due(session(regimen), check) == [BASELINE, *minutes]


@pytest.mark.parametrize(
    ("check", "minutes"),
    [
        (CheckOf.PRESSURE, [*range(5, 41, 5), 55, 70, 85, 100, 130, 160]),
        (CheckOf.MOAAS, [10, 20, 30, 40, 55, 70, 85, 100, 115, 130, 160]),
        (CheckOf.CADSS, [40, 80, 120, 160]),
    ],
)
def test_an_infusion_is_followed_as_the_table_says(check: CheckOf, minutes: list[float]) -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = infused(ran, InfusionAction.END, 40)
    assert due(ran, check) == [BASELINE, *minutes]


def test_before_the_dose_only_the_baseline_is_planned() -> None:
    assert due(session(dosed=False), CheckOf.PRESSURE) == [BASELINE]


def test_the_checks_count_from_the_last_administration() -> None:
    twice = given(given(session(dosed=False), 0, 28), 5, 28)
    assert due(twice, CheckOf.CADSS) == [BASELINE, 45, 95]


def test_an_infusion_that_ended_early_drops_the_checks_it_was_to_have() -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = infused(ran, InfusionAction.END, 17)
    assert due(ran, CheckOf.PRESSURE)[:5] == [BASELINE, 5, 10, 15, 32]


@pytest.mark.parametrize(
    ("now_min", "state"),
    [
        (19.99, CheckState.UPCOMING),
        (20, CheckState.DUE),
        (25, CheckState.DUE),
        (25.01, CheckState.OVERDUE),
    ],
)
def test_a_check_is_due_at_its_time_and_overdue_after_its_tolerance(
    now_min: float, state: CheckState
) -> None:
    assert one(session(), CheckOf.PRESSURE, 20, now_min).state is state


@pytest.mark.parametrize(("taken_min", "done"), [(14.9, False), (15, True), (24, True), (39, True)])
def test_a_check_is_done_from_its_tolerance_on(taken_min: float, done: bool) -> None:
    planned = one(measured(session(), taken_min), CheckOf.PRESSURE, 20, 50)
    assert (planned.state is CheckState.DONE) is done
    assert planned.done_at == (at(taken_min) if done else None)


def test_a_check_done_early_does_not_do_the_next_one() -> None:
    ran = measured(infused(session("ketamine-iv"), InfusionAction.START, 0), 5)
    assert one(ran, CheckOf.PRESSURE, 5, 8).state is CheckState.DONE
    assert one(ran, CheckOf.PRESSURE, 10, 8).state is CheckState.UPCOMING


def test_one_late_check_makes_up_for_those_that_were_missed() -> None:
    late = scored(session(), 46)
    assert [one(late, CheckOf.MOAAS, m, 47).state for m in (15, 30, 45)] == [CheckState.DONE] * 3
    assert one(late, CheckOf.MOAAS, 60, 61).state is CheckState.DUE


def test_a_score_on_another_scale_does_no_check() -> None:
    other = scored(session(), 20, scale="cadss", total=3)
    assert one(other, CheckOf.MOAAS, 15, 21).state is CheckState.OVERDUE


def test_scores_recorded_out_of_order_do_their_own_checks() -> None:
    mixed = scored(session(), 31, 16)
    assert one(mixed, CheckOf.MOAAS, 15, 32).done_at == at(16)


def test_the_checks_come_in_the_order_they_are_due() -> None:
    times = [p.due_at for p in schedule(session(), at(0))]
    assert times == sorted(times)
