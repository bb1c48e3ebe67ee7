"""What is to be checked when, and what counts as done."""

from datetime import datetime, timedelta
from itertools import count

import pytest

from drivers.clock import rfc3339
from monitor.session.commands import InfusionAction
from monitor.session.events import Event
from monitor.session.regimen import CheckKind, PlannedChecks, Regimen
from monitor.session.schedule import CheckState, PlannedCheck, Schedule, next_change, planned_checks
from monitor.session.session import Session
from tests.monitor.builders import REGIMENS, START

T0 = START.wall
DOSED = T0 + timedelta(minutes=10)


def at(minutes: float) -> datetime:
    """So many minutes after the dose."""
    return DOSED + timedelta(minutes=minutes)


NUMBERS = count(1)


def event(type_: str, when: datetime, **payload: object) -> Event:
    n = next(NUMBERS)
    return Event(f"e-{n}", "bed-1", n, "s-1", type_, None, when, payload)


def session(regimen: str | Regimen = "esketamine-84", *, dosed: bool = True) -> Session:
    chosen = REGIMENS[regimen] if isinstance(regimen, str) else regimen
    started = event(
        "session.started",
        T0,
        patient="P",
        age=44,
        weight_kg=70.0,
        regimen=chosen.model_dump(mode="json"),
        medicines=[],
        rules={},
        by="n",
    )
    begun = Session.begin(started)
    return given(begun, 0, 84) if dosed and not chosen.is_infusion else begun


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


def counted(of: Session, *minutes: float, resp: float | None = 14) -> Session:
    for after in minutes:
        data = {"resp": resp, "oxygen": False, "by": "n", "at": rfc3339(at(after))}
        of = of.evolve(event("observation.recorded", at(after), **data))
    return of


def infused(of: Session, action: InfusionAction, minutes: float) -> Session:
    done = {"start": "started", "pause": "paused", "resume": "resumed", "end": "ended"}
    return of.evolve(event(f"infusion.{done[action.value]}", at(minutes), by="n"))


def due(of: Session, check: CheckKind, now_min: float = 0) -> list[float]:
    """When the checks are due, in minutes after the dose."""
    planned = planned_checks(of, at(now_min))
    return [(p.due_at - DOSED) / timedelta(minutes=1) for p in planned if p.check is check]


def one(of: Session, check: CheckKind, due_min: float, now_min: float) -> PlannedCheck:
    planned = planned_checks(of, at(now_min))
    return next(p for p in planned if p.check is check and p.due_at == at(due_min))


BASELINE = -10.0

FORMER = REGIMENS["esketamine-84"].model_copy(
    update={
        "edition": 1,
        "check_late_most_min": None,
        "check": tuple(
            check.model_copy(update={"then_every_min": None})
            for check in REGIMENS["esketamine-84"].check
        ),
    }
)
"""As sessions were recorded before a check could be missed."""


@pytest.mark.parametrize("regimen", ["esketamine-28", "esketamine-56", "esketamine-84"])
@pytest.mark.parametrize(
    ("check", "minutes"),
    [
        (CheckKind.PRESSURE, [20, 40, 60, 90, 120, 150]),
        (CheckKind.MOAAS, [15, 30, 45, 60, 75, 90, 120]),
        (CheckKind.CADSS, [40, 90, 120, 150]),
        (CheckKind.RESP, [40, 90]),
    ],
)
def test_a_nasal_dose_is_followed_as_the_table_says(
    regimen: str, check: CheckKind, minutes: list[float]
) -> None:
    assert due(session(regimen), check) == [BASELINE, *minutes]


@pytest.mark.parametrize(
    ("check", "minutes"),
    [
        (CheckKind.PRESSURE, [*range(5, 41, 5), 55, 70, 85, 100, 130, 160, 190]),
        (CheckKind.MOAAS, [10, 20, 30, 40, 55, 70, 85, 100, 115, 130, 160]),
        (CheckKind.CADSS, [40, 80, 120, 160, 190]),
        (CheckKind.RESP, [10, 20, 30, 40, 80, 120]),
    ],
)
def test_an_infusion_is_followed_as_the_table_says(check: CheckKind, minutes: list[float]) -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = infused(ran, InfusionAction.END, 40)
    assert due(ran, check) == [BASELINE, *minutes]


def test_before_the_dose_only_the_baseline_is_planned() -> None:
    assert due(session(dosed=False), CheckKind.PRESSURE) == [BASELINE, BASELINE + 30]
    assert due(session(FORMER, dosed=False), CheckKind.PRESSURE) == [BASELINE]


def test_before_the_dose_a_baseline_that_has_grown_old_is_due_again() -> None:
    waiting = measured(session(dosed=False), -5, 3)
    assert due(waiting, CheckKind.PRESSURE, 4) == [BASELINE, 33]
    assert one(waiting, CheckKind.PRESSURE, 33, 39).state is CheckState.OVERDUE
    again = measured(waiting, 40)
    assert due(again, CheckKind.PRESSURE, 40) == [BASELINE, 70]
    assert due(given(again, 41, 84), CheckKind.PRESSURE, 41)[:2] == [BASELINE, 61]


def test_an_overdue_check_that_fell_on_the_next_dose_is_of_the_first() -> None:
    plan = Schedule.for_session(given(measured(session(), 5), 20, 28), at(26))
    assert plan.overdue[CheckKind.PRESSURE] == "pressure was due 20 min after the first dose"


def test_the_checks_count_from_the_last_administration() -> None:
    twice = given(given(session(dosed=False), 0, 28), 5, 28)
    assert due(twice, CheckKind.CADSS) == [BASELINE, 45, 95, 125, 155]


def test_an_infusion_that_ended_early_drops_the_checks_it_was_to_have() -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = infused(ran, InfusionAction.END, 17)
    assert due(ran, CheckKind.PRESSURE)[:5] == [BASELINE, 5, 10, 15, 32]


PAUSE, RESUME, END = InfusionAction.PAUSE, InfusionAction.RESUME, InfusionAction.END


def running(regimen: str | Regimen = "ketamine-iv") -> Session:
    return infused(session(regimen), InfusionAction.START, 0)


def in_infusion(of: Session, check: CheckKind, now_min: float) -> list[float]:
    """When the checks after baseline are due, while an infusion has not ended."""
    return due(of, check, now_min)[1:]


def test_while_an_infusion_runs_its_checks_reach_to_its_planned_end() -> None:
    for now_min in (0, 17, 39.9):
        assert in_infusion(running(), CheckKind.PRESSURE, now_min) == [*range(5, 41, 5)]
        assert in_infusion(running(), CheckKind.MOAAS, now_min) == [10, 20, 30, 40]


def test_an_infusion_that_overruns_has_the_next_check_planned() -> None:
    assert in_infusion(running(), CheckKind.PRESSURE, 40)[-1] == 45
    assert in_infusion(running(), CheckKind.PRESSURE, 44.9)[-1] == 45
    assert in_infusion(running(), CheckKind.PRESSURE, 45)[-1] == 50
    assert in_infusion(running(), CheckKind.PRESSURE, 63)[-3:] == [55, 60, 65]


def test_the_planned_end_moves_as_long_as_a_pause_lasts() -> None:
    paused = infused(running(), PAUSE, 12)
    assert in_infusion(paused, CheckKind.PRESSURE, 12)[-1] == 40
    assert in_infusion(paused, CheckKind.PRESSURE, 16)[-1] == 40
    assert in_infusion(paused, CheckKind.PRESSURE, 17)[-1] == 45
    resumed = infused(paused, RESUME, 22)
    assert in_infusion(resumed, CheckKind.PRESSURE, 30) == [*range(5, 51, 5)]
    again = infused(infused(resumed, PAUSE, 30), RESUME, 35)
    assert in_infusion(again, CheckKind.PRESSURE, 40) == [*range(5, 56, 5)]


def test_a_pause_is_no_pause_of_the_checks() -> None:
    paused = infused(running(), PAUSE, 12)
    assert one(paused, CheckKind.PRESSURE, 15, 16).state is CheckState.DUE


def test_after_an_infusion_the_checks_count_from_its_end_whenever_that_was() -> None:
    ran = infused(infused(infused(running(), PAUSE, 10), RESUME, 20), END, 50)
    assert due(ran, CheckKind.CADSS, 50) == [BASELINE, 50, 90, 130, 170, 200]
    assert due(ran, CheckKind.PRESSURE, 50)[10:] == [50, 65, 80, 95, 110, 140, 170, 200]


def test_dissociation_is_planned_while_an_infusion_runs_and_moves_with_its_pauses() -> None:
    assert due(running(), CheckKind.CADSS, 10) == [BASELINE, 40, 80, 120, 160]
    paused = infused(running(), PAUSE, 12)
    assert due(paused, CheckKind.CADSS, 20) == [BASELINE, 48, 88, 128, 168]
    resumed = infused(paused, RESUME, 22)
    assert due(resumed, CheckKind.CADSS, 30) == [BASELINE, 50, 90, 130, 170]


def test_an_infusion_whose_end_nobody_records_has_its_score_overdue() -> None:
    assert one(running(), CheckKind.CADSS, 40, 46).state is CheckState.OVERDUE
    ended = infused(running(), END, 60)
    assert one(ended, CheckKind.CADSS, 40, 61).state is CheckState.OVERDUE
    assert due(ended, CheckKind.CADSS, 61) == [BASELINE, 40, 60, 100, 140, 180, 210]


def test_one_score_serves_the_planned_end_and_the_end_just_after_it() -> None:
    ended = infused(running(), END, 42)
    assert due(ended, CheckKind.CADSS, 42) == [BASELINE, 40, 82, 122, 162, 192]


def test_an_infusion_that_ends_in_a_pause_has_no_check_after_its_end() -> None:
    ran = infused(infused(running(), PAUSE, 12), END, 18)
    assert due(ran, CheckKind.PRESSURE, 60)[:5] == [BASELINE, 5, 10, 15, 33]


LISTED = REGIMENS["ketamine-iv"].model_copy(
    update={"check": (PlannedChecks(of=CheckKind.PRESSURE, after_dose_min=(5, 10, 20, 40)),)}
)


@pytest.mark.parametrize(
    ("turns", "now_min", "minutes"),
    [
        ([], 0, [5, 10, 20, 40]),
        ([(PAUSE, 12)], 12, [5, 10, 20, 40]),
        ([(PAUSE, 12)], 15, [5, 10, 23, 43]),
        ([(PAUSE, 10)], 15, [5, 10, 25, 45]),
        ([(PAUSE, 12), (RESUME, 18)], 30, [5, 10, 26, 46]),
        ([(PAUSE, 12), (RESUME, 18), (PAUSE, 30), (RESUME, 33)], 33, [5, 10, 26, 49]),
        ([(PAUSE, 12), (RESUME, 18), (END, 44)], 60, [5, 10, 26]),
        ([(PAUSE, 12), (RESUME, 18), (END, 46)], 60, [5, 10, 26, 46]),
    ],
)
def test_checks_listed_for_an_infusion_count_the_minutes_it_ran(
    turns: list[tuple[InfusionAction, float]], now_min: float, minutes: list[float]
) -> None:
    ran = running(LISTED)
    for action, when in turns:
        ran = infused(ran, action, when)
    assert due(ran, CheckKind.PRESSURE, now_min) == minutes


@pytest.mark.parametrize("late_min", [5, 9, 14, 15])
def test_a_second_device_that_is_late_moves_every_check(late_min: float) -> None:
    twice = given(given(session(dosed=False), 0, 28), late_min, 28)
    assert due(twice, CheckKind.PRESSURE) == [
        BASELINE,
        *(late_min + minutes for minutes in (20, 40, 60, 90, 120, 150)),
    ]


@pytest.mark.parametrize(
    ("devices", "check", "minutes"),
    [
        ([5, 10], CheckKind.PRESSURE, [30, 50]),
        ([7.5, 15], CheckKind.PRESSURE, [35, 55]),
        ([8, 16], CheckKind.PRESSURE, [28, 36, 56]),
        ([19, 35], CheckKind.PRESSURE, [20, 55, 75]),
        ([14, 28, 42], CheckKind.MOAAS, [29, 57, 72]),
        ([7.5, 15], CheckKind.CADSS, [55, 105]),
        ([8, 16], CheckKind.CADSS, [48, 56, 106]),
    ],
)
def test_further_devices_put_no_check_off_beyond_the_regimen_s_longest_gap(
    devices: list[float], check: CheckKind, minutes: list[float]
) -> None:
    dosed = given(session(dosed=False), 0, 28)
    for when in devices:
        dosed = given(dosed, when, 28)
    assert due(dosed, check, devices[-1])[1 : len(minutes) + 1] == minutes


def test_an_end_that_is_recorded_late_turns_nothing_that_was_done_or_missed() -> None:
    ran = scored(running(), 57)
    assert one(ran, CheckKind.MOAAS, 50, 58).state is CheckState.MISSED
    assert one(infused(ran, END, 52), CheckKind.MOAAS, 50, 60).state is CheckState.MISSED
    ran = scored(running(), 50, scale="cadss")
    assert one(ran, CheckKind.CADSS, 40, 51).state is CheckState.DONE
    ended = infused(ran, END, 49)
    assert one(ended, CheckKind.CADSS, 40, 51).state is CheckState.DONE
    assert one(ended, CheckKind.CADSS, 49, 51).state is CheckState.DUE


def test_a_further_device_never_ends_a_check_that_was_due() -> None:
    late = given(given(session(dosed=False), 0, 28), 46, 28)
    assert due(late, CheckKind.PRESSURE, 46) == [BASELINE, 20, 40, 66, 86, 106, 136, 166, 196]
    assert due(late, CheckKind.MOAAS, 46)[:5] == [BASELINE, 15, 30, 45, 61]
    assert one(late, CheckKind.MOAAS, 15, 47).state is CheckState.OVERDUE


def test_a_check_done_for_the_first_device_does_not_do_the_second_one_s() -> None:
    first = scored(given(session(dosed=False), 0, 28), 15)
    assert one(first, CheckKind.MOAAS, 15, 16).state is CheckState.DONE
    assert one(given(first, 18, 28), CheckKind.MOAAS, 33, 20).state is CheckState.UPCOMING


ODD_END = REGIMENS["ketamine-iv"].model_copy(
    update={
        "infusion_min": 42,
        "check": (PlannedChecks(of=CheckKind.PRESSURE, in_infusion_every_min=5),),
    }
)


@pytest.mark.parametrize(
    "ran",
    [
        running(ODD_END),
        infused(running(ODD_END), PAUSE, 12),
        infused(infused(running(ODD_END), PAUSE, 12), RESUME, 14.5),
        infused(running(LISTED), PAUSE, 12),
        infused(running(), END, 40),
        session(),
    ],
    ids=["overruns", "paused", "resumed", "listed", "ended", "nasal"],
)
def test_a_plan_stands_until_its_next_change(ran: Session) -> None:
    ran = measured(ran, *range(1, 41, 3))
    kept, until = planned_checks(ran, at(0)), at(0)
    for now_min in range(130):
        for now in (at(now_min), at(now_min + 0.5)):
            if now >= until:
                kept = planned_checks(ran, now)
                until = next_change(ran, kept, now)
            fresh = [item for item in planned_checks(ran, now) if item.due_at <= now]
            assert [item for item in kept if item.due_at <= now] == fresh


def test_past_the_last_check_the_schedule_goes_on() -> None:
    stays = session()
    assert due(stays, CheckKind.PRESSURE, 199)[-4:] == [120, 150, 180, 210]
    assert due(stays, CheckKind.MOAAS, 199)[-4:] == [120, 150, 180, 210]
    assert one(measured(stays, 120), CheckKind.PRESSURE, 150, 156).state is CheckState.OVERDUE
    assert due(session(FORMER), CheckKind.PRESSURE, 199)[-1] == 120


@pytest.mark.parametrize(
    ("baseline", "total", "wanted"), [(0, 5, True), (0, 4, False), (6, 6, False), (6, 7, True)]
)
def test_dissociation_is_scored_on_while_it_is_over_four_and_its_baseline(
    baseline: int, total: int, wanted: bool
) -> None:
    seen = scored(session(dosed=False), -5, scale="cadss", total=baseline)
    seen = scored(given(seen, 0, 84), 120, scale="cadss", total=total)
    assert (150 in due(seen, CheckKind.CADSS, 140)) is wanted


def test_without_a_session_nothing_changes_by_itself() -> None:
    assert next_change(None, [], at(0)) > at(1e6)


# ── at discharge, and only when it is needed ────────────────────────────────────────────

LEAVING = REGIMENS["esketamine-84"].model_copy(
    update={
        "window_min": 150,
        "check": (PlannedChecks(of=CheckKind.PRESSURE, after_dose_min=(20,), at_discharge=True),),
    }
)


FORMERLY_LEAVING = LEAVING.model_copy(update={"edition": 1, "check_late_most_min": None})


def test_a_check_at_discharge_is_no_row_of_the_schedule() -> None:
    assert due(session(LEAVING), CheckKind.PRESSURE) == [20]


def test_formerly_a_check_at_discharge_was_due_when_the_window_ended() -> None:
    assert due(session(FORMERLY_LEAVING), CheckKind.PRESSURE) == [20, 150]
    assert due(given(session(FORMERLY_LEAVING), 10, 28), CheckKind.PRESSURE) == [30, 160]
    assert due(session(FORMER), CheckKind.PRESSURE).count(120) == 1


def test_what_falls_on_the_next_dose_keeps_its_time() -> None:
    twice = given(session(), 20, 28)
    assert due(twice, CheckKind.PRESSURE)[:3] == [BASELINE, 20, 40]


def test_formerly_every_check_counted_from_the_last_dose() -> None:
    twice = given(session(FORMER), 45, 28)
    assert due(twice, CheckKind.PRESSURE)[:3] == [BASELINE, 65, 85]


@pytest.mark.parametrize(
    ("scores", "wanted"),
    [
        ([], True),
        ([(-5, 4)], True),
        ([(-5, 5)], True),
        ([(40, 30)], True),
        ([(40, 30), (90, 5)], True),
        ([(40, 30), (90, 4)], False),
        ([(90, 4), (40, 30)], False),
        ([(90, 5), (100, 4)], False),
        ([(90, 4), (114.9, 5)], True),
        ([(90, 5), (115, 2)], True),
    ],
)
def test_the_last_cadss_is_asked_for_only_if_the_one_before_was_over_four(
    scores: list[tuple[float, int]], wanted: bool
) -> None:
    seen = session()
    for minutes, total in scores:
        seen = scored(seen, minutes, scale="cadss", total=total)
    assert (120 in due(seen, CheckKind.CADSS)) is wanted


def test_the_last_cadss_is_done_by_the_score_that_is_low_again() -> None:
    seen = scored(session(), 90, scale="cadss", total=9)
    seen = scored(seen, 118, scale="cadss", total=2)
    assert one(seen, CheckKind.CADSS, 120, 121).done_at == at(118)


def test_while_an_infusion_may_be_paused_the_plan_is_looked_at_each_minute() -> None:
    running = infused(session("ketamine-iv"), InfusionAction.START, 0)
    assert next_change(running, [], at(7)) == at(8)
    ended = infused(running, InfusionAction.END, 40)
    assert next_change(ended, [], at(41)) > at(1e6)


def test_a_check_that_is_not_wanted_takes_no_later_one_with_it() -> None:
    entries = (
        PlannedChecks(of=CheckKind.CADSS, after_dose_min=(60,), only_if_over=4),
        PlannedChecks(of=CheckKind.CADSS, after_dose_min=(120,)),
    )
    regimen = LEAVING.model_copy(update={"check": entries})
    assert due(scored(session(regimen), 50, scale="cadss", total=2), CheckKind.CADSS) == [120]


def test_a_check_that_another_entry_wants_anyway_is_wanted() -> None:
    both = (
        PlannedChecks(of=CheckKind.CADSS, after_dose_min=(120,)),
        PlannedChecks(of=CheckKind.CADSS, after_dose_min=(120,), only_if_over=4),
    )
    for entries in (both, both[::-1]):
        regimen = LEAVING.model_copy(update={"check": entries})
        for total in (2, 12):
            of = scored(session(regimen), 90, scale="cadss", total=total)
            assert due(of, CheckKind.CADSS) == [120]


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
    assert one(session(), CheckKind.PRESSURE, 20, now_min).state is state


@pytest.mark.parametrize(
    ("taken_min", "done"), [(9.9, False), (10, True), (24, True), (30, True), (30.1, False)]
)
def test_a_check_is_done_by_a_record_within_half_the_gap_to_its_neighbours(
    taken_min: float, done: bool
) -> None:
    planned = one(measured(session(), taken_min), CheckKind.PRESSURE, 20, 50)
    assert (planned.state is CheckState.DONE) is done
    assert planned.done_at == (at(taken_min) if done else None)


@pytest.mark.parametrize(
    ("taken_min", "state"),
    [(134.9, CheckState.DONE), (135, CheckState.DONE), (135.1, CheckState.MISSED)],
)
def test_a_check_is_done_at_most_a_quarter_of_an_hour_late(
    taken_min: float, state: CheckState
) -> None:
    sparse = session(SPARSE)
    assert one(measured(sparse, taken_min), CheckKind.PRESSURE, 120, 140).state is state


SPARSE = REGIMENS["esketamine-84"].model_copy(
    update={"check": (PlannedChecks(of=CheckKind.PRESSURE, after_dose_min=(60, 120)),)}
)


@pytest.mark.parametrize("taken_min", [6.9, 7.5])
def test_in_an_infusion_a_check_five_minutes_late_is_still_done(taken_min: float) -> None:
    ran = measured(infused(session("ketamine-iv"), InfusionAction.START, 0), taken_min)
    assert one(ran, CheckKind.PRESSURE, 5, 8).state is CheckState.DONE
    assert one(ran, CheckKind.PRESSURE, 10, 8).state is CheckState.UPCOMING


def test_a_record_from_before_the_dose_does_no_check_after_it() -> None:
    seen = given(scored(session(dosed=False), -1), 0, 84)
    assert one(seen, CheckKind.MOAAS, 15, 16).state is CheckState.DUE


def test_what_nobody_looked_for_is_missed_once_somebody_looks() -> None:
    undone = session()
    assert [one(undone, CheckKind.MOAAS, m, 47).state for m in (15, 30, 45)] == [
        CheckState.OVERDUE,
        CheckState.OVERDUE,
        CheckState.DUE,
    ]
    late = scored(undone, 46)
    assert [one(late, CheckKind.MOAAS, m, 47).state for m in (BASELINE, 15, 30, 45)] == [
        *[CheckState.MISSED] * 3,
        CheckState.DONE,
    ]
    assert one(late, CheckKind.MOAAS, 60, 61).state is CheckState.DUE


def test_one_score_after_three_hours_does_one_check_of_all() -> None:
    late = scored(session(), 181)
    states = [
        check.state for check in planned_checks(late, at(182)) if check.check is CheckKind.MOAAS
    ]
    assert states.count(CheckState.DONE) == 1
    assert states.count(CheckState.MISSED) == 9
    assert CheckState.OVERDUE not in states


def test_a_record_outside_the_span_of_the_latest_check_leaves_that_missed_too() -> None:
    assert (
        one(measured(session(SPARSE), 100), CheckKind.PRESSURE, 60, 101).state is CheckState.MISSED
    )
    assert one(measured(session(SPARSE), 85), CheckKind.PRESSURE, 120, 101).state is (
        CheckState.UPCOMING
    )


def test_what_was_charted_late_counts_from_its_own_time() -> None:
    late = scored(scored(session(), 46), 16)
    assert one(late, CheckKind.MOAAS, 15, 47).done_at == at(16)


def test_formerly_one_late_check_made_up_for_those_that_were_missed() -> None:
    late = scored(session(FORMER), 46)
    assert [one(late, CheckKind.MOAAS, m, 47).state for m in (15, 30, 45)] == [CheckState.DONE] * 3
    assert one(late, CheckKind.MOAAS, 60, 61).state is CheckState.DUE
    early = measured(session(FORMER), 14.9)
    assert one(early, CheckKind.PRESSURE, 20, 21).state is CheckState.DUE


def test_a_score_on_another_scale_does_no_check() -> None:
    other = scored(session(), 20, scale="cadss", total=3)
    assert one(other, CheckKind.MOAAS, 15, 21).state is CheckState.OVERDUE


def test_scores_recorded_out_of_order_do_their_own_checks() -> None:
    mixed = scored(session(), 31, 16)
    assert one(mixed, CheckKind.MOAAS, 15, 32).done_at == at(16)


def test_the_checks_come_in_the_order_they_are_due() -> None:
    times = [p.due_at for p in planned_checks(session(), at(0))]
    assert times == sorted(times)


# ── the respiratory rate ────────────────────────────────────────────────────────────────


def test_a_rate_does_its_check_and_another_observation_does_not() -> None:
    counted_at = one(counted(session(), 41), CheckKind.RESP, 40, 46)
    assert (counted_at.state, counted_at.done_at) == (CheckState.DONE, at(41))
    without = one(counted(session(), 41, resp=None), CheckKind.RESP, 40, 46)
    assert without.state is CheckState.OVERDUE
    assert one(counted(session(), 90), CheckKind.RESP, 40, 91).state is CheckState.MISSED


@pytest.mark.parametrize(
    ("resp", "repeated"), [(8, True), (9, True), (11, True), (12, False), (24, False), (25, True)]
)
def test_a_slow_or_a_fast_rate_asks_for_another_within_a_quarter_of_an_hour(
    resp: float, repeated: bool
) -> None:
    planned = due(counted(session(), 5, resp=resp), CheckKind.RESP)
    assert planned == [BASELINE, *([20] if repeated else []), 40, 90]


@pytest.mark.parametrize(
    ("taken_min", "minutes"),
    [
        (15, [30, 40, 90]),
        (22, [37, 40, 90]),
        (26, [40, 41, 90]),  # this rate does +40 itself
        (42, [40, 57, 90]),
    ],
)
def test_a_repeat_comes_beside_what_is_planned(taken_min: float, minutes: list[float]) -> None:
    assert due(counted(session(), taken_min, resp=10), CheckKind.RESP) == [BASELINE, *minutes]


def test_one_count_serves_a_repeat_and_what_is_planned_beside_it() -> None:
    slow = counted(counted(session(), 19, resp=10), 33)
    assert {one(slow, CheckKind.RESP, due_min, 35).done_at for due_min in (34, 40)} == {at(33)}


def test_a_repeat_that_falls_on_a_check_which_the_rate_did_stays_to_be_done() -> None:
    planned = planned_checks(counted(session(), 25, resp=10), at(26))
    near = [p.state for p in planned if p.check is CheckKind.RESP and p.due_at <= at(40)]
    assert near == [CheckState.MISSED, CheckState.UPCOMING, CheckState.DONE]


def test_a_check_that_is_planned_soon_enough_is_the_repeat() -> None:
    slow = counted(running(), 11, resp=10)
    assert due(slow, CheckKind.RESP) == due(running(), CheckKind.RESP)
    early = counted(running(), 36, resp=10)
    assert due(early, CheckKind.RESP) == due(running(), CheckKind.RESP)
    assert due(infused(early, END, 38), CheckKind.RESP) == [BASELINE, 10, 20, 30, 51, 78, 118]
    assert due(infused(slow, END, 40), CheckKind.RESP) == [BASELINE, 10, 20, 30, 40, 80, 120]


def test_a_repeat_is_overdue_missed_and_done_like_any_check() -> None:
    slow = counted(session(), 42, resp=10)
    assert one(slow, CheckKind.RESP, 57, 56).state is CheckState.UPCOMING
    assert one(slow, CheckKind.RESP, 57, 62.1).state is CheckState.OVERDUE
    assert one(counted(slow, 56), CheckKind.RESP, 57, 58).state is CheckState.DONE
    assert one(counted(slow, 88), CheckKind.RESP, 57, 89).state is CheckState.MISSED


def test_a_repeat_may_be_done_at_once() -> None:
    slow = counted(session(), 42, resp=10)
    assert one(counted(slow, 43), CheckKind.RESP, 57, 44).done_at == at(43)


def test_a_repeat_that_is_slow_again_asks_for_another() -> None:
    slow = counted(session(), 42, 56, resp=10)
    assert due(slow, CheckKind.RESP) == [BASELINE, 40, 57, 71, 90]
    assert one(slow, CheckKind.RESP, 57, 58).done_at == at(56)


def test_a_regimen_that_plans_no_rate_asks_for_no_repeat() -> None:
    assert due(counted(session(SPARSE), 5, resp=10), CheckKind.RESP) == []


def test_after_checks_done_ahead_of_their_time_the_next_ones_are_planned_in_time() -> None:
    """Who stays is watched, although nothing happens between one round and the next."""
    of = counted(scored(measured(given(session(dosed=False), 0, 84), 148), 148), 148)
    of = scored(of, 148, scale="cadss", total=0)
    seen = {
        kind: max(p.due_at for p in planned_checks(of, at(149)) if p.check is kind)
        for kind in (CheckKind.PRESSURE, CheckKind.MOAAS)
    }
    assert set(seen.values()) == {at(150)}
    planned = planned_checks(of, at(149))
    assert next_change(of, planned, at(149)) == at(150)
    assert at(180) in {p.due_at for p in planned_checks(of, at(150))}
