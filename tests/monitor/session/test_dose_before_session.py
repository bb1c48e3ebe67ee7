"""What was given before the session was opened, or in another order than it is recorded in."""

from datetime import datetime, timedelta

import pytest

from monitor.patient.deviations import deviations
from monitor.session.commands import (
    ControlInfusion,
    Deviation,
    GiveDose,
    InfusionAction,
    RecordScore,
    Refusal,
    Refused,
)
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState
from tests.monitor.builders import OXIMETER, REGIMENS, Bedside, bed
from tests.monitor.sessions import field, form_of, history

WHY = Deviation("the tablet was down")


def ago(side: Bedside, minutes: float) -> datetime:
    return side.now.wall - timedelta(minutes=minutes)


def told(side: Bedside, at: datetime, mg: float = 84, why: Deviation | None = WHY) -> Bedside:
    """The nurse records what was given at that time."""
    return side.asks(GiveDose("esketamine", mg, "nurse.a", at, given=True, deviation=why))


def opened_late(minutes: float = 25, mg: float = 84) -> Bedside:
    """A session that was opened so long after the dose."""
    side = bed(OXIMETER).minutes(1).with_session().wait(5)
    return told(side, ago(side, minutes), mg)


def test_a_dose_from_before_the_session_starts_window_and_schedule() -> None:
    side = opened_late()
    at = ago(side, 25)
    assert (side.session.first_dose_at, side.session.last_dose_at) == (at, at)
    assert side.session.window_ends_at == at + timedelta(minutes=120)
    due = {
        each.due_at: each.state
        for each in side.bed.readiness.planned_checks(side.now)
        if each.check is CheckKind.PRESSURE
    }
    assert [(each - at) // timedelta(minutes=1) for each in due] == [0, 20, 40, 60, 90, 120, 150]
    assert [*due.values()][:3] == [CheckState.OVERDUE, CheckState.DUE, CheckState.UPCOMING]
    overdue = side.bed.readiness.schedule.overdue[CheckKind.PRESSURE]
    assert overdue == "pressure was due before the first dose"


def test_the_first_record_makes_its_baseline_missed() -> None:
    side = opened_late().typed(128, 80)
    states = [
        each.state
        for each in side.bed.readiness.planned_checks(side.now)
        if each.check is CheckKind.PRESSURE
    ]
    assert states[:2] == [CheckState.MISSED, CheckState.DONE]


def test_it_has_no_baseline_and_says_so() -> None:
    side = opened_late().typed(128, 80).wait(10)
    assert side.session.baseline == {}
    assert "no baseline to hold it against" in side.criterion("pressure-near-baseline").why
    said = [*deviations(history(side))]
    assert said[0] == "the first dose was given 24 min before the session was opened, " + (
        "without a baseline"
    )
    assert said[-1] == "given all the same: the tablet was down"


def test_it_is_named_by_the_dose_itself() -> None:
    payload = opened_late().last("dose.given").payload
    assert payload["deviation"]["reason"] == "the tablet was down"
    assert "before-session" in payload["deviation"]["unmet"]


def test_the_minutes_of_the_form_count_from_it() -> None:
    side = opened_late().minutes(10).closed(against=("dr.b", "wants to go"))
    assert field(form_of(history(side)), "minutes_monitored").value == 35


def test_the_session_is_the_same_after_a_restart() -> None:
    side = opened_late()
    was = side.session
    assert side.rebuilt().session == was


@pytest.mark.parametrize(("hours", "is_taken"), [(24, True), (24.1, False)])
def test_it_is_taken_up_to_a_day_back(hours: float, *, is_taken: bool) -> None:
    if is_taken:
        assert opened_late(60 * hours).session.first_dose_at is not None
        return
    with pytest.raises(Refused, match="up to 24 h ago") as refused:
        opened_late(60 * hours)
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "at")


def test_it_is_never_of_the_future() -> None:
    with pytest.raises(Refused, match="has not come yet"):
        opened_late(-2)


@pytest.mark.parametrize("given", [False, True])
def test_it_takes_that_it_was_given_and_why(*, given: bool) -> None:
    side = bed().minutes(1).with_session().wait(5)
    with pytest.raises(Refused, match="recorded with given and a deviation") as refused:
        side.asks(GiveDose("esketamine", 28, "nurse.a", ago(side, 25), given=given))
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "at")


def test_its_lot_is_corrected_without_more_words() -> None:
    side = opened_late()
    dose = side.session.doses[0]
    side.asks(GiveDose("esketamine", 84, "nurse.a", corrects=dose.id, lot="B7"))
    assert (side.session.doses[0].lot, side.session.first_dose_at) == ("B7", dose.at)


def test_an_infusion_that_runs_already_is_taken() -> None:
    side = bed().minutes(1).with_session("ketamine-iv").wait(5)
    at = ago(side, 25)
    start = ControlInfusion(InfusionAction.START, "nurse.a", at, given=True, deviation=WHY)
    assert side.asks(start).session.first_dose_at == at
    assert "before-session" in side.last("infusion.started").payload["deviation"]["unmet"]


def test_a_former_session_takes_none() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().minutes(1).with_session(former).wait(5)
    with pytest.raises(Refused, match=r"before the session began$"):
        told(side, ago(side, 25))


def test_what_is_typed_by_the_minute_of_the_beginning_is_of_the_session() -> None:
    side = bed().wait(20).with_session().wait(10)
    minute = side.now.wall.replace(second=0)
    side.asks(RecordScore("moaas", 5, None, "nurse.a", minute))
    assert side.session.scores[0].at == side.session.started_at


# ── in another order ────────────────────────────────────────────────────────────────────


def test_a_device_that_was_forgotten_moves_the_first_dose_and_not_the_window() -> None:
    side = bed().with_session().with_baseline().minutes(10).dosed(28)
    last = side.session.last_dose_at
    told(side, ago(side, 5), 28)
    assert side.since_dose_min() == 5
    assert side.session.last_dose_at == last
    assert "dose-order" in side.last("dose.given").payload["deviation"]["unmet"]


def test_what_was_recorded_after_the_later_device_is_no_baseline_of_the_forgotten_one() -> None:
    side = bed(OXIMETER).with_session().typed(120, 78).minutes(10).dosed(28)
    side.typed(150, 90, at=ago(side, 6))
    assert told(side, ago(side, 5), 28).session.baseline == {"sys": 120, "dia": 78}


def test_a_device_before_the_last_one_takes_that_it_was_given_and_why() -> None:
    side = bed().with_session().with_baseline().minutes(10).dosed(28)
    with pytest.raises(Refused, match="dose-order") as refused:
        told(side, ago(side, 5), 28, None)
    assert refused.value.field == "deviation"


def test_a_device_before_the_last_one_is_refused_while_it_is_not_given() -> None:
    side = bed().with_session().with_baseline().minutes(10).dosed(28)
    with pytest.raises(Refused, match="before the dose already recorded"):
        side.asks(GiveDose("esketamine", 28, "nurse.a", ago(side, 5)))


# ── whose alarms and readings they are ──────────────────────────────────────────────────


def after_another_patient() -> Bedside:
    """The patient before had a low SpO2 a while ago; this one had a dose before that."""
    side = bed().with_session(id="s-0").spo2(90, for_s=40).spo2(97, for_s=60)
    assert side.story("spo2.low") == ["raised", "ended"]
    side.closed(against=("dr.b", "wants to go")).wait(30).with_session(id="s-1").wait(5)
    return told(side, ago(side, 10))


def test_an_alarm_of_the_patient_before_is_none_of_this_one() -> None:
    assert after_another_patient().criterion("no-respiratory-depression").why == "none seen"


def test_the_readings_of_the_patient_before_are_none_of_this_one() -> None:
    assert "seen for 0 of 10 min" in after_another_patient().criterion("spo2").why
