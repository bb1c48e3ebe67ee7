"""Ready to leave: every criterion at both sides of its limit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from alerts.alarm.lifecycle import Alarm, State
from alerts.rules.model import Kind, Priority
from drivers.clock import Instant
from monitor.session import decide
from monitor.session.commands import (
    ClearanceScope,
    InfusionAction,
    InhibitNibp,
    RecordPressure,
    Refused,
    SetAlarmLimit,
)
from monitor.session.criterion import Criterion
from monitor.session.discharge import (
    DischargeEvidence,
    discharge_criteria,
    next_change_s,
)
from monitor.session.events import Draft
from monitor.session.records import Clearance
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState, PlannedCheck, planned_checks
from monitor.session.session import SPILL, Phase, Session
from monitor.session.spo2_trace import Spo2Trace
from tests.monitor.builders import REGIMENS, Bedside, bed
from tests.monitor.session.test_episodes import observed
from tests.monitor.session.test_schedule import (
    FORMER,
    at,
    counted,
    given,
    infused,
    measured,
    scored,
    session,
)
from tests.monitor.sessions import treated

ALARM = Alarm(
    id="a",
    bed="bed-1",
    session="s-1",
    rule="pulse.high",
    device=None,
    kind=Kind.PHYSIOLOGICAL,
    priority=Priority.MEDIUM,
    latching=False,
    text="Pulse 130/min",
    guidance="",
    values={},
    raised_at=at(0),
    notified_at=at(0),
    recipients=("nurse",),
)


def recovered(*, sys: float = 125, dia: float = 80) -> Session:
    """A session of which every criterion is met two hours after the dose."""
    base = scored(session(dosed=False), -5, scale="cadss", total=2)
    base = scored(given(measured(base, -5), 0, 84), 15, 30, 45, 60, 75, 90, 118)
    base = scored(base, 40, 90, scale="cadss", total=0)
    base = counted(base, -5, 40, 90)
    base = measured(measured(base, 20, 40, 60, 90), 119, sys=sys, dia=dia)
    return replace(base, escort=True)


def found(
    of: Session,
    now_min: float = 120,
    *,
    spo2: float | None = 97,
    spo2_held_min: float = 15,
    alarms: Iterable[Alarm] = (),
    planned: Iterable[PlannedCheck] | None = None,
    pressure_fresh: bool = True,
) -> dict[str, Criterion]:
    outlook = DischargeEvidence(
        spo2=spo2,
        spo2_held_min=spo2_held_min,
        spo2_trace=seen_for(spo2, spo2_held_min),
        open_alarms=alarms,
        schedule=planned_checks(of, at(now_min)) if planned is None else planned,
        pressure_fresh=pressure_fresh,
    )
    return {c.name: c for c in discharge_criteria(of, outlook, at(now_min))}


def turn_min(of: Session, now_min: float, *, spo2: float | None, held_min: float) -> float:
    trace = seen_for(spo2, held_min)
    evidence = DischargeEvidence(spo2, held_min, (), (), True, trace)
    return next_change_s(of, evidence, at(now_min)) / 60


def seen_for(spo2: float | None, minutes: float) -> Spo2Trace:
    """That value for so many minutes, until second 0."""
    trace = Spo2Trace()
    trace.take(spo2, -60 * minutes)
    return trace


def former(of: Session) -> Session:
    """As it was judged before the third edition."""
    return replace(of, regimen=of.regimen.model_copy(update={"edition": 2}))


def decision(sys: float, dia: float) -> Clearance:
    """A clinician's, on that pressure before leaving."""
    scope = ClearanceScope.PRESSURE_AT_DISCHARGE
    return Clearance(
        id="d", at=at(110), scope=scope, clinician="dr.b", reason="known", sys=sys, dia=dia
    )


def unmet(found: dict[str, Criterion]) -> set[str]:
    return {name for name, criterion in found.items() if not criterion.met}


def test_a_recovered_patient_meets_every_criterion() -> None:
    assert unmet(found(recovered())) == set()


def test_every_criterion_says_why() -> None:
    assert all(c.why for c in [*found(recovered()).values(), *found(session()).values()])


@pytest.mark.parametrize(("now_min", "met"), [(119.99, False), (120, True)])
def test_the_window_is_two_hours(now_min: float, met: bool) -> None:
    assert found(recovered(), now_min)["window-over"].met is met


def test_the_window_says_how_long_it_lasts() -> None:
    assert found(recovered(), 73)["window-over"].why == "47 min left"


def test_the_window_counts_from_the_last_administration() -> None:
    twice = given(given(session(dosed=False), 0, 28), 10, 28)
    assert not found(twice, 129.9)["window-over"].met
    assert found(twice, 130)["window-over"].met


@pytest.mark.parametrize(
    ("steps", "now_min", "why"),
    [
        ((), 500, "no dose yet"),
        ((InfusionAction.START,), 500, "the infusion has not ended"),
        ((InfusionAction.START, InfusionAction.PAUSE), 500, "the infusion has not ended"),
        ((InfusionAction.START, InfusionAction.END), 119, "1 min left"),
    ],
)
def test_the_window_of_an_infusion_counts_from_its_end(
    steps: tuple[InfusionAction, ...], now_min: float, why: str
) -> None:
    ran = session("ketamine-iv")
    for step in steps:
        ran = infused(ran, step, 0)
    window = found(ran, now_min)["window-over"]
    assert (window.met, window.why) == (False, why)


def test_an_infusion_that_was_only_recorded_as_a_dose_opens_no_way_out() -> None:
    window = found(given(session("ketamine-iv"), 0, 35), 500)["window-over"]
    assert (window.met, window.why) == (False, "the infusion has not been recorded")


def test_a_dose_record_beside_an_infusion_moves_no_window() -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = given(infused(ran, InfusionAction.END, 40), 60, 10)
    assert not found(ran, 159.9)["window-over"].met
    assert found(ran, 160)["window-over"].met


def test_a_dose_after_the_infusion_moves_the_window_of_sessions_recorded_before() -> None:
    former = REGIMENS["ketamine-iv"].model_copy(update={"edition": 1, "check_late_most_min": None})
    ran = infused(session(former), InfusionAction.START, 0)
    ran = given(infused(ran, InfusionAction.END, 40), 60, 10)
    assert not found(ran, 179)["window-over"].met


@pytest.mark.parametrize(
    ("sys", "dia", "unmet_criteria"),
    [
        (140, 80, set()),
        (141, 80, {"pressure-near-baseline"}),
        (91, 60, set()),
        (90, 60, {"pressure-near-baseline"}),
        (120, 99, set()),
        (120, 100, {"pressure-near-baseline"}),
        (120, 109, {"pressure-near-baseline"}),
        (120, 110, {"pressure-near-baseline", "pressure-not-severe"}),
        (180, 80, {"pressure-near-baseline", "pressure-not-severe"}),
    ],
)
def test_the_last_pressure_is_near_the_baseline(
    sys: float, dia: float, unmet_criteria: set[str]
) -> None:
    assert unmet(found(recovered(sys=sys, dia=dia))) == unmet_criteria


def test_a_pressure_of_160_is_too_high_even_near_a_high_baseline() -> None:
    high = measured(given(measured(session(dosed=False), -5, sys=150), 0, 84), 90)
    assert found(measured(high, 119, sys=159))["pressure-near-baseline"].met
    assert not found(measured(high, 119, sys=160))["pressure-near-baseline"].met


def test_the_last_but_one_pressure_must_not_be_severe_either() -> None:
    severe = measured(measured(recovered(), 119.2, sys=180), 119.5)
    assert unmet(found(severe)) == {"pressure-not-severe"}
    assert unmet(found(measured(severe, 119.8))) == set()


def test_one_pressure_since_the_dose_is_not_two() -> None:
    once = measured(given(measured(session(dosed=False), -5), 0, 84), 40)
    assert found(once)["pressure-not-severe"].why == "1 of 2 pressures since the dose"


def test_a_pressure_that_is_too_old_meets_nothing() -> None:
    assert unmet(found(recovered(), pressure_fresh=False)) == {"pressure-near-baseline"}


@pytest.mark.parametrize(
    ("sys", "dia", "met"),
    [(170, 99, True), (171, 99, False), (170, 100, False), (100, 60, True), (99, 60, False)],
)
def test_a_clearance_covers_lower_pressures_that_are_not_too_low(
    sys: float, dia: float, met: bool
) -> None:
    cleared = decision(170, 99)
    of = former(replace(recovered(sys=sys, dia=dia), clearances=(cleared,)))
    assert found(of)["pressure-near-baseline"].met is met


def test_a_clearance_of_a_low_pressure_covers_no_lower_one() -> None:
    low = decision(90, 60)
    for sys, met in ((90, True), (89, False)):
        of = former(replace(recovered(sys=sys, dia=60), clearances=(low,)))
        assert found(of)["pressure-near-baseline"].met is met


@pytest.mark.parametrize(("sys", "met"), [(140, True), (141, False), (100, True), (99, False)])
def test_formerly_a_pressure_far_under_the_baseline_kept_the_patient(sys: float, met: bool) -> None:
    assert found(former(recovered(sys=sys)))["pressure-near-baseline"].met is met


def test_without_a_baseline_no_pressure_is_near_it() -> None:
    assert "no baseline" in found(measured(session(), 90, 119))["pressure-near-baseline"].why


@pytest.mark.parametrize(
    ("spo2", "held_min", "met"), [(97, 15, True), (97, 14.9, False), (None, 15, False)]
)
def test_saturation_formerly_had_to_hold_for_a_quarter_of_an_hour(
    spo2: float | None, held_min: float, met: bool
) -> None:
    assert found(former(recovered()), spo2=spo2, spo2_held_min=held_min)["spo2"].met is met


@pytest.mark.parametrize(
    ("spo2", "seen_min", "met"), [(97, 10, True), (97, 9.9, False), (None, 15, False)]
)
def test_saturation_has_been_seen_for_ten_minutes_and_is_live(
    spo2: float | None, seen_min: float, met: bool
) -> None:
    assert found(recovered(), spo2=spo2, spo2_held_min=seen_min)["spo2"].met is met


@pytest.mark.parametrize(
    ("scale", "total", "met"),
    [("cadss", 4, True), ("cadss", 5, False), ("moaas", 5, True), ("moaas", 4, False)],
)
def test_the_last_score_is_at_its_limit(scale: str, total: int, met: bool) -> None:
    assert found(scored(recovered(), 119, scale=scale, total=total))[scale].met is met


@pytest.mark.parametrize(("total", "met"), [(9, True), (10, False)])
def test_dissociation_may_be_back_to_what_it_was_before(total: int, met: bool) -> None:
    base = given(scored(session(dosed=False), -5, scale="cadss", total=9), 0, 84)
    assert found(scored(base, 119, scale="cadss", total=total))["cadss"].met is met


@pytest.mark.parametrize("scale", ["cadss", "moaas"])
def test_a_score_from_before_the_dose_meets_nothing(scale: str) -> None:
    total = {"cadss": 0, "moaas": 5}[scale]
    base = given(scored(session(dosed=False), -5, scale=scale, total=total), 0, 84)
    assert found(base)[scale].why == "not scored since the dose"


@pytest.mark.parametrize(("spo2", "met"), [(88, False), (89, True)])
def test_the_patient_s_own_limit_of_spo2_is_that_of_leaving(spo2: float, met: bool) -> None:
    own = SetAlarmLimit("spo2.low", "spo2", 88.5, "dr.b", "COPD", "nurse.a")
    side = bed().with_session().dosed().asks(own).spo2(spo2, for_s=16 * 60)
    assert side.criterion("spo2").met is met
    assert side.criterion("no-respiratory-depression").met is met


@pytest.mark.parametrize(("baseline", "is_held"), [(6, False), (5, True)])
def test_dissociation_back_at_its_baseline_is_held_by_no_alarm(
    baseline: int, is_held: bool
) -> None:
    side = bed().with_session().with_baseline().scored(cadss=baseline).dosed(28)
    side.minutes(121).scored(cadss=6)
    assert side.criterion("cadss").met is not is_held
    assert ("dissociation.prolonged" in side.open_rules()) is is_held


@pytest.mark.parametrize(("now_min", "met"), [(178, True), (178.1, False)])
def test_a_score_says_something_for_an_hour(now_min: float, met: bool) -> None:
    assert found(recovered(), now_min, planned=())["moaas"].met is met


def test_a_score_recorded_late_does_not_hide_a_newer_one() -> None:
    late = scored(scored(recovered(), 119, scale="cadss", total=30), 100, scale="cadss", total=0)
    assert not found(late)["cadss"].met


@pytest.mark.parametrize("state", [State.ACTIVE, State.LATCHED])
@pytest.mark.parametrize("priority", [Priority.MEDIUM, Priority.HIGH])
def test_an_open_alarm_about_the_body_keeps_the_patient(state: State, priority: Priority) -> None:
    alarm = replace(ALARM, state=state, priority=priority)
    assert unmet(found(recovered(), alarms=[alarm])) == {"no-alarm"}


@pytest.mark.parametrize(
    "alarm",
    [
        replace(ALARM, priority=Priority.LOW),
        replace(ALARM, kind=Kind.TECHNICAL, rule="tech.link-lost"),
        replace(ALARM, kind=Kind.ADVISORY, priority=Priority.LOW),
    ],
    ids=["low", "technical", "advisory"],
)
def test_other_alarms_do_not_and_it_says_whose_are_meant(alarm: Alarm) -> None:
    told = found(recovered(), alarms=[alarm])
    assert unmet(told) == set()
    assert told["no-alarm"].why == "none of the patient's is open"


def test_of_several_alarms_the_first_is_told() -> None:
    low = replace(ALARM, rule="spo2.low", text="SpO2 90 %")
    lower = replace(low, text="SpO2 86 %")
    told = found(recovered(), alarms=[lower, low])
    assert told["no-alarm"].why == told["no-respiratory-depression"].why == "SpO2 86 %"


@pytest.mark.parametrize(("escort", "why"), [(True, "confirmed"), (False, "ask and confirm")])
def test_the_escort_is_confirmed_or_to_be_asked_for(escort: bool, why: str) -> None:
    assert found(replace(recovered(), escort=escort))["escort"].why == why


@pytest.mark.parametrize(
    ("now_min", "why"),
    [(118.5, "2 min left"), (119.99, "1 min left"), (120, "over"), (120.01, "over")],
)
def test_the_minutes_left_are_rounded_up(now_min: float, why: str) -> None:
    assert found(recovered(), now_min)["window-over"].why == why


def test_a_score_in_the_moment_of_the_dose_is_one_since_the_dose() -> None:
    of = scored(session(), 0, scale="cadss", total=2)
    assert found(of, 30)["cadss"] == Criterion("cadss", True, "2")


def test_a_regimen_may_ask_for_no_dissociation_at_all() -> None:
    limits = REGIMENS["esketamine-84"].discharge.model_copy(update={"cadss_most": 0})
    none_left = REGIMENS["esketamine-84"].model_copy(update={"discharge": limits})
    met = [
        found(scored(session(none_left), 10, scale="cadss", total=total), 20)["cadss"].met
        for total in (0, 1)
    ]
    assert met == [True, False]


def test_a_saturation_alarm_is_respiratory_depression() -> None:
    alarm = replace(ALARM, rule="spo2.low", priority=Priority.LOW)
    assert unmet(found(recovered(), alarms=[alarm])) == {"no-respiratory-depression"}


def test_a_saturation_alarm_that_ended_keeps_the_patient_for_fifteen_minutes() -> None:
    ended = replace(
        ALARM, rule="spo2.low", state=State.ENDED, raised_at=at(104), condition_ended_at=at(104.5)
    )

    def criterion(now_min: float, held_min: float) -> Criterion:
        trace = seen_for(97, held_min)
        evidence = DischargeEvidence(97, held_min, (), (), True, trace, past_alarms=[ended])
        return next(
            c
            for c in discharge_criteria(recovered(), evidence, at(now_min))
            if c.name == "no-respiratory-depression"
        )

    assert criterion(118.9, 14.9) == Criterion("no-respiratory-depression", False, "Pulse 130/min")
    assert criterion(120, 15).met


def test_a_low_rate_keeps_the_patient_until_a_later_one_is_safe() -> None:
    slow = observed(recovered(), 95, resp=8)
    assert not found(slow)["no-respiratory-depression"].met
    assert found(observed(slow, 105, resp=12))["no-respiratory-depression"].met


def test_oxygen_that_was_started_keeps_the_patient_until_it_is_away_for_fifteen_minutes() -> None:
    given_oxygen = observed(recovered(), 60, oxygen=True)
    away = observed(given_oxygen, 105.5, oxygen=False)
    assert not found(given_oxygen)["no-respiratory-depression"].met
    assert not found(away, 120)["no-respiratory-depression"].met
    assert found(away, 120.5)["no-respiratory-depression"].met
    assert turn_min(away, 120.2, spo2=97, held_min=20) == pytest.approx(0.3)


def test_another_alarm_of_breathing_is_no_respiratory_depression() -> None:
    falling = replace(ALARM, rule="spo2.falling", priority=Priority.LOW)
    assert unmet(found(recovered(), alarms=[falling])) == set()


def test_sessions_recorded_before_go_by_their_open_alarms() -> None:
    falling = replace(ALARM, rule="spo2.falling", text="SpO2 down by 5")
    former = observed(given(session(FORMER, dosed=False), 0, 84), 60, resp=8)
    shown = found(former, alarms=[falling])["no-respiratory-depression"]
    assert (shown.met, shown.why) == (False, "SpO2 down by 5")
    assert found(former)["no-respiratory-depression"] == Criterion(
        "no-respiratory-depression", True, "none open"
    )


def test_an_overdue_check_keeps_the_patient() -> None:
    late = [p for p in planned_checks(session(), at(50)) if p.state is CheckState.OVERDUE]
    overdue = found(recovered(), planned=late)["no-check-overdue"]
    assert (overdue.met, overdue.why) == (
        False,
        "overdue: CADSS, MOAA/S, pressure, respiratory rate",
    )


def test_nobody_leaves_alone() -> None:
    assert unmet(found(replace(recovered(), escort=False))) == {"escort"}


@pytest.mark.parametrize(("seen_min", "met"), [(5, True), (4.9, False)])
def test_a_regimen_that_looks_at_five_minutes_asks_for_no_more(seen_min: float, met: bool) -> None:
    of = recovered()
    limits = of.regimen.discharge.model_copy(update={"spo2_held_min": 5})
    short = replace(of, regimen=of.regimen.model_copy(update={"discharge": limits}))
    assert found(short, spo2_held_min=seen_min)["spo2"].met is met


# ── at the bed ──────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Moment:
    """How the session stood at one point of its story, and what was not met then."""

    phase: Phase
    unmet: set[str]


@pytest.fixture(scope="module")
def story() -> dict[str, Moment]:
    """A patient who is scored as planned, recovers, dips once, and leaves."""
    side = bed().wait(2).with_session().wait(1).with_baseline().dosed()
    dosed = side.now.mono
    moments: dict[str, Moment] = {}

    def note(name: str) -> None:
        moments[name] = Moment(side.phase(), side.unmet())

    scores = [(m, "moaas", 5) for m in (15, 30, 45, 60, 75, 90, 118)]
    for minute, scale, total in sorted([*scores, (40, "cadss", 20), (90, "cadss", 2)]):
        side.wait(dosed + minute * 60 - side.now.mono).scored(**{scale: total})
        side.observed(resp=14)
    side.escorted().wait(dosed + 120 * 60 - 1 - side.now.mono)
    note("the window is not over")
    side.wait(60)
    note("the window is over")
    side.spo2(95, for_s=90).spo2(93, for_s=32)
    note("saturation fell")
    side.spo2(98, for_s=10 * 60).measure().scored(moaas=5).spo2(98, for_s=4.4 * 60)
    note("saturation held for a while")
    side.until(lambda side: side.phase() is Phase.READY, within_s=60)
    note("saturation held")
    side.silent("oximeter", for_s=7)
    note("the oximeter fell silent")
    side.talks("oximeter").scored(cadss=1).wait(10 * 60).measure().scored(moaas=5).wait(5.1 * 60)
    note("the oximeter talked again")
    side.closed(escort=True)
    note("closed")
    assert side.session.against_criteria is None
    assert side.session.escort
    return moments


def test_a_patient_who_is_ready_leaves_on_the_nurse_s_word(story: dict[str, Moment]) -> None:
    assert story["closed"].phase is Phase.CLOSED


@pytest.mark.parametrize(
    ("moment", "phase", "unmet"),
    [
        ("the window is not over", Phase.OBSERVING, {"window-over", "discharge-checks"}),
        ("the window is over", Phase.READY, set()),
        ("saturation fell", Phase.OBSERVING, {"spo2"}),
        ("saturation held for a while", Phase.OBSERVING, {"spo2"}),
        ("saturation held", Phase.READY, set()),
        ("the oximeter fell silent", Phase.OBSERVING, {"spo2"}),
        ("the oximeter talked again", Phase.READY, set()),
    ],
)
def test_ready_is_said_and_taken_back_as_the_criteria_stand(
    story: dict[str, Moment], moment: str, phase: Phase, unmet: set[str]
) -> None:
    assert story[moment] == Moment(phase, unmet)


@pytest.mark.parametrize("step_s", [3 * 3600, -3 * 3600])
def test_a_wall_clock_that_is_set_does_not_move_the_window(step_s: float) -> None:
    side = bed().wait(2).with_session().wait(1).with_baseline().dosed().minutes(5)
    side.wall_steps(step_s).wait(2)
    assert "window-over" in side.unmet()
    assert side.criterion("window-over").why == "115 min left"


# ── when time alone may change a criterion ──────────────────────────────────────────────


@pytest.mark.parametrize(
    ("now_min", "spo2", "held_min", "in_min"),
    [
        (119, 97, 20, 1),  # the window ends
        (119, 97, 9.5, 0.5),  # SpO2 has been seen long enough
        (119, 97, 10, 1),
        (119, None, 9.5, 1),  # nobody knows SpO2
        (120, 97, 20, 0),
        (120.01, 97, 20, 12.99),  # MOAA/S of minute 118 is old for leaving
        (133.5, 97, 20, 0.5),  # the pressure of minute 119 is old for leaving
        (134.5, 97, 20, 15.5),  # CADSS of minute 90 is an hour old
        (150, 97, 20, 0),
        (151, 97, 20, 27),  # MOAA/S of minute 118 is too old
        (179, 97, 20, float("inf")),
    ],
)
def test_the_next_turn_is_the_first_of_those_to_come(
    now_min: float, spo2: float | None, held_min: float, in_min: float
) -> None:
    assert turn_min(recovered(), now_min, spo2=spo2, held_min=held_min) == pytest.approx(in_min)


def test_without_a_dose_only_the_baseline_scores_can_grow_old() -> None:
    of = scored(session(dosed=False), -5, scale="cadss", total=2)
    assert turn_min(of, 0, spo2=None, held_min=0) == 55


def nearly_ready() -> Bedside:
    """A patient who is ready but for the last minutes of SpO2, and the checks before leaving."""
    side = bed().with_session().with_baseline().dosed()
    return side.minutes(116).spo2(93, for_s=40).escorted()


def ready_side() -> Bedside:
    side = nearly_ready().spo2(97).minutes(6).scored(cadss=0, moaas=5).observed(resp=14)
    return side.until(lambda side: side.phase() is Phase.READY)


def test_ready_is_said_in_the_second_in_which_no_low_half_minute_is_left() -> None:
    """The last value under 94 % holds for one second more."""
    side = nearly_ready()
    low_until = side.now.plus(1)
    side.spo2(97).minutes(6).scored(cadss=0, moaas=5).observed(resp=14)
    side.until(lambda side: side.phase() is Phase.READY)
    assert side.now == low_until.plus(15 * 60 - 30 + 1)


def test_ready_is_taken_back_in_the_second_in_which_saturation_was_low_for_half_a_minute() -> None:
    side = ready_side().spo2(95, for_s=90)
    assert side.spo2(93, for_s=30).phase() is Phase.READY
    assert side.wait(1).phase() is Phase.OBSERVING
    assert side.unmet() == {"spo2"}


def test_ready_is_taken_back_in_the_second_in_which_a_check_is_too_old() -> None:
    side = ready_side().measure()
    scored_at = side.session.scores[-1].at
    side.until(lambda side: side.phase() is Phase.OBSERVING)
    assert (side.now.wall - scored_at).total_seconds() == 901
    assert side.unmet() == {"discharge-checks"}


def without_last_checks() -> Bedside:
    """Calm to the end, but for the checks before leaving: MOAA/S at 90, a pressure at 91."""
    side = bed().with_session().with_baseline().dosed().escorted()
    side.minutes(90).scored(cadss=0, moaas=5).observed(resp=14).minutes(1)
    return side.asks(InhibitNibp("nurse.a", "infusion in that arm")).minutes(29)


def test_nobody_is_ready_on_the_checks_of_half_an_hour_ago() -> None:
    side = without_last_checks().minutes(2)
    assert side.phase() is Phase.OBSERVING
    assert side.unmet() == {"discharge-checks"}
    with pytest.raises(Refused, match=r"discharge-checks \(pressure, MOAA/S: now\)"):
        side.closed(escort=True)
    side.asks(RecordPressure(124, 80, "nurse.a")).scored(moaas=5).wait(2)
    assert side.phase() is Phase.READY


@pytest.mark.parametrize(
    ("of", "at_min", "now_min", "is_met"),
    [
        (CheckKind.MOAAS, 114.9, 120, False),
        (CheckKind.MOAAS, 115, 120, True),
        (CheckKind.MOAAS, 115, 130, True),
        (CheckKind.MOAAS, 115, 130.1, False),
        (CheckKind.PRESSURE, 114.9, 120, False),
        (CheckKind.PRESSURE, 115, 120, True),
        (CheckKind.PRESSURE, 185, 199, True),
    ],
)
def test_a_check_before_leaving_is_late_and_fresh(
    of: CheckKind, at_min: float, now_min: float, is_met: bool
) -> None:
    base = scored(given(measured(session(dosed=False), -5), 0, 84), 90, scale="cadss", total=0)
    if of is CheckKind.MOAAS:
        seen = measured(scored(base, at_min), now_min)
    else:
        seen = scored(measured(base, at_min), now_min)
    assert found(seen, now_min)["discharge-checks"].met is is_met


@pytest.mark.parametrize(
    ("scores", "is_met"),
    [
        ([(74.9, 0)], False),
        ([(75, 4)], True),
        ([(75, 5)], False),
        ([(75, 0), (100, 5)], False),
        ([(75, 0), (100, 5), (110, 4)], True),
        ([(116, 9)], True),  # looked at late enough; what was seen is another criterion
        ([], False),
    ],
)
def test_dissociation_seen_to_be_over_from_75_minutes_on_serves_until_it_is_back(
    scores: list[tuple[float, int]], is_met: bool
) -> None:
    seen = measured(scored(given(measured(session(dosed=False), -5), 0, 84), 118), 119)
    for at_min, total in scores:
        seen = scored(seen, at_min, scale="cadss", total=total)
    assert found(seen, 121)["discharge-checks"].met is is_met


def test_a_low_cadss_that_serves_does_not_grow_old() -> None:
    seen = scored(session(), 80, scale="cadss", total=3)
    assert found(seen, 200)["cadss"].met
    assert not found(scored(session(), 74, scale="cadss", total=3), 200)["cadss"].met


def test_before_the_end_of_the_window_the_checks_are_not_yet_to_be_done() -> None:
    criterion = found(session(), 60)["discharge-checks"]
    assert not criterion.met
    assert criterion.why == "pressure, MOAA/S, CADSS: from 5 min before the window's end"


def test_sessions_recorded_before_there_were_discharge_checks_have_none() -> None:
    assert "discharge-checks" not in found(session(FORMER))


# ── what becomes of the session ─────────────────────────────────────────────────────────

WELL = [Criterion(name, True, "well") for name in ("window-over", "spo2", "escort")]
MET, UNMET = "session.criteria-met", "session.criteria-unmet"
READY, WITHDRAWN = "session.ready", "session.ready-withdrawn"


def drafts(of: Session, now_min: float, *unmet: str) -> list[Draft]:
    shown = [Criterion(c.name, c.name not in unmet, c.why) for c in WELL]
    return decide.progress(of, lambda: shown, Instant(at(now_min), 0.0))


@pytest.mark.parametrize(
    ("phase", "criteria_met", "now_min", "unmet", "follows"),
    [
        (Phase.OBSERVING, False, 60, ["spo2"], []),
        (Phase.OBSERVING, False, 60, ["window-over", "spo2"], []),
        (Phase.OBSERVING, False, 60, ["window-over"], [MET]),
        (Phase.OBSERVING, False, 60, ["window-over", "escort"], [MET]),
        (Phase.OBSERVING, True, 60, ["window-over"], []),
        (Phase.OBSERVING, True, 119.9, ["window-over"], []),
        (Phase.OBSERVING, True, 120, [], [READY]),
        (Phase.OBSERVING, True, 120, ["escort"], []),
        (Phase.OBSERVING, False, 120, [], [MET, READY]),
        (Phase.READY, True, 121, [], []),
        (Phase.OBSERVING, True, 60, ["window-over", "spo2"], [UNMET]),
        (Phase.OBSERVING, True, 60, ["window-over", "escort"], []),
        (Phase.READY, True, 121, ["spo2"], [UNMET, WITHDRAWN]),
        (Phase.READY, True, 121, ["escort"], [WITHDRAWN]),
        (Phase.READY, True, 60, ["window-over"], [WITHDRAWN]),
        (Phase.BASELINE, False, 60, [], []),
        (Phase.CLOSED, True, 121, ["spo2"], []),
    ],
)
def test_what_the_criteria_make_of_the_session(
    phase: Phase, criteria_met: bool, now_min: float, unmet: list[str], follows: list[str]
) -> None:
    of = replace(recovered(), phase=phase, criteria_met_at=at(50) if criteria_met else None)
    assert [type_ for type_, _ in drafts(of, now_min, *unmet)] == follows


def test_without_a_known_end_of_the_window_the_criteria_are_asked() -> None:
    of = replace(recovered(), phase=Phase.OBSERVING, criteria_met_at=at(50), doses=())
    assert [type_ for type_, _ in drafts(of, 60)] == [READY]


def test_who_is_no_longer_ready_is_told_by_what() -> None:
    of = replace(recovered(), phase=Phase.READY, criteria_met_at=at(50))
    [(_, payload), (_, payload_of_ready)] = drafts(of, 121, "spo2", "window-over")
    assert payload == {"unmet": [{"name": "spo2", "why": "well"}]}
    assert {item["name"] for item in payload_of_ready["unmet"]} == {"spo2", "window-over"}


def test_a_session_recorded_before_keeps_the_first_time_the_criteria_were_met() -> None:
    former = given(session(FORMER, dosed=False), 0, 84)
    of = replace(former, phase=Phase.OBSERVING, criteria_met_at=at(50))
    assert drafts(of, 60, "spo2") == []
    assert drafts(of, 119.9) == []
    ready = replace(former, phase=Phase.READY, criteria_met_at=at(50))
    assert [type_ for type_, _ in drafts(ready, 121, "spo2")] == [WITHDRAWN]


def test_a_dose_that_is_put_right_to_a_later_time_begins_the_stretch_anew() -> None:
    of = replace(recovered(), phase=Phase.OBSERVING, criteria_met_at=at(-1))
    assert [type_ for type_, _ in drafts(of, 60, "window-over")] == [MET]


def test_the_criteria_were_met_from_the_last_unbroken_stretch_on() -> None:
    side = treated(ended=False)
    first = side.session.criteria_met_at
    assert first is not None
    side.spo2(85, for_s=40).acknowledged("spo2.very-low")
    assert side.types("session.criteria") == [MET, UNMET]
    fell = side.now.wall
    side.spo2(97, for_s=20).acknowledged("spo2.very-low")
    side.measure().scored(moaas=5, cadss=1).minutes(10).measure().scored(moaas=5)
    side.until(lambda side: side.session.criteria_met_at is not None, within_s=400)
    met = side.session.criteria_met_at
    assert met is not None
    assert met - fell >= timedelta(minutes=14, seconds=50)
    assert side.types("session.criteria") == [MET, UNMET, MET]


def met_at(side: Bedside) -> datetime | None:
    return side.session.criteria_met_at


def test_what_was_seen_before_a_late_device_says_nothing_of_after_it() -> None:
    """The third device of 84 mg comes 46 min late, to a patient who meets every criterion."""
    side = bed().wait(2).with_session().with_baseline().observed(resp=14).dosed(28).minutes(5)
    side.dosed(28).minutes(22).scored(moaas=5, cadss=3).minutes(23).scored(moaas=5, cadss=2)
    side.observed(resp=14).minutes(6)
    assert met_at(side) is not None
    late = side.dosed(28).now.wall
    side.minutes(2)
    assert met_at(side) is None
    values = {"pressure-not-severe", "cadss", "moaas"}
    assert side.unmet() == values | {"window-over", "discharge-checks", "escort"}
    side.minutes(28).scored(moaas=5).minutes(12).scored(moaas=5, cadss=1).observed(resp=14)
    side.until(lambda side: met_at(side) is not None, within_s=300)
    met = met_at(side)
    assert met is not None
    assert met - late >= timedelta(minutes=40)


def test_of_an_infusion_what_was_seen_since_it_was_last_resumed_counts() -> None:
    ran = infused(session("ketamine-iv"), InfusionAction.START, 0)
    ran = infused(scored(ran, 10), InfusionAction.PAUSE, 11)
    assert found(ran, 20)["moaas"].met
    assert not found(infused(ran, InfusionAction.RESUME, 15), 20)["moaas"].met
    former = REGIMENS["ketamine-iv"].model_copy(update={"edition": 2})
    resumed = infused(replace(ran, regimen=former), InfusionAction.RESUME, 15)
    assert found(resumed, 20)["moaas"].met


@pytest.mark.parametrize(
    ("apart_min", "mg", "now_min", "is_over"),
    [
        (5, 28, 15, False),
        (5, 28, 15.01, True),
        (0, 28, 14.9, False),
        (0, 28, 15.01, True),
        (10, 28, 30, False),
        (10, 28, 30.01, True),
        (5, 84 / SPILL, 1, True),
        (5, 83.9, 1, False),
    ],
)
def test_dosing_is_over_with_the_last_device_or_when_none_comes(
    apart_min: float, mg: float, now_min: float, is_over: bool
) -> None:
    regimen = REGIMENS["esketamine-84"].model_copy(update={"devices_apart_min": apart_min})
    of = replace(given(session(regimen, dosed=False), 0, mg), phase=Phase.DOSING)
    assert bool(drafts(of, now_min)) is is_over
