"""What counts as before the dose, and that the baseline never moves once it is given."""

from datetime import datetime, timedelta

import pytest

from monitor.session.commands import (
    ClearanceScope,
    Command,
    RecordClearance,
    RecordObservation,
    RecordScore,
    RetractRecord,
)
from monitor.session.criterion import Criterion
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState
from tests.monitor.builders import OXIMETER, Bedside, bed


def minute(side: Bedside, after_s: float = 0) -> datetime:
    """The time as it is typed by the minute, so many seconds later."""
    return side.now.wall.replace(second=0) + timedelta(seconds=after_s)


def at_second(side: Bedside, second: int) -> Bedside:
    """Time passes until the clock shows that second."""
    return side.wait((second - side.now.wall.second) % 60)


def fit() -> Bedside:
    """A patient with a baseline, twenty seconds into a later minute."""
    side = bed(OXIMETER).with_session().typed(120, 78).scored(cadss=0, moaas=5)
    return at_second(side.minutes(2), 20)


def dosed() -> Bedside:
    """Two pressures and a score, and the dose a while after them."""
    side = bed(OXIMETER).with_session().typed(118, 76).minutes(3).typed(124, 80)
    return side.scored(cadss=3, moaas=5).minutes(2).dosed()


def before(side: Bedside, minutes: float) -> datetime:
    assert side.session.first_dose_at is not None
    return side.session.first_dose_at - timedelta(minutes=minutes)


def score(scale: str, total: int, at: datetime | None = None) -> Command:
    return RecordScore(scale, total, None, "nurse.a", at)


def gate(side: Bedside) -> dict[str, Criterion]:
    return {each.name: each for each in side.bed.readiness.predose_criteria(side.now)}


# ── the baseline never moves ────────────────────────────────────────────────────────────


def test_what_is_recorded_after_the_dose_is_no_baseline_whatever_its_time() -> None:
    side = dosed()
    was = dict(side.session.baseline)
    side.wait(5).typed(160, 95, at=before(side, 1)).asks(score("cadss", 20, before(side, 1)))
    assert side.session.baseline == was == {"sys": 124, "dia": 80, "cadss": 3, "moaas": 5}


def test_an_older_pressure_recorded_late_ends_no_rise() -> None:
    side = dosed().wait(60).typed(170, 90)
    assert side.story("pressure.rise") == ["raised"]
    side.wait(5).typed(165, 90, at=before(side, 1)).wait(30)
    assert side.story("pressure.rise") == ["raised"]


def test_a_baseline_that_was_mistyped_follows_its_correction() -> None:
    side = bed(OXIMETER).with_session().typed(164, 80).minutes(2).dosed().minutes(1)
    side.typed(146, 80, corrects=side.session.pressures[0].id)
    assert side.session.baseline == {"sys": 146, "dia": 80}


def test_a_baseline_corrected_twice_follows_the_second_correction() -> None:
    side = bed(OXIMETER).with_session().typed(164, 80).minutes(2).dosed().minutes(1)
    for systolic in (146, 147):
        side.typed(systolic, 80, corrects=side.session.pressures[0].id)
    assert side.session.baseline["sys"] == 147


def test_a_baseline_withdrawn_leaves_the_one_on_record_before_it() -> None:
    side = dosed().wait(5)
    side.typed(160, 95, at=before(side, 1))
    newest = next(p for p in side.session.pressures if p.sys == 124)
    side.asks(RetractRecord(newest.id, "nurse.a", "of another patient"))
    assert (side.session.baseline["sys"], side.session.baseline["dia"]) == (118, 76)


def test_a_later_record_corrected_to_before_the_dose_is_no_baseline() -> None:
    side = dosed().minutes(20).typed(150, 90)
    late = side.session.pressures[-1].id
    side.typed(150, 90, corrects=late, at=before(side, 1))
    assert side.session.baseline["sys"] == 124


def test_a_dose_withdrawn_leaves_the_baseline_to_the_next_one() -> None:
    side = dosed().minutes(2)
    side.asks(RetractRecord(side.session.doses[0].id, "nurse.a", "not given"))
    assert side.session.baseline == {}
    side.typed(130, 84).minutes(2).dosed()
    assert side.session.baseline["sys"] == 130


def test_the_baseline_is_the_same_after_a_restart() -> None:
    side = dosed().wait(5)
    side.typed(160, 95, at=before(side, 1))
    was = side.session
    assert side.rebuilt().session == was


# ── in the dose's own minute ────────────────────────────────────────────────────────────


@pytest.mark.parametrize("typed", [False, True], ids=["stamped", "typed"])
def test_a_score_in_the_minute_of_the_dose_and_recorded_before_it_is_of_before(
    *, typed: bool
) -> None:
    side = at_second(bed(OXIMETER).with_session().minutes(5), 20)
    side.asks(score("cadss", 12, minute(side) if typed else None))
    side.asks(score("moaas", 3)).typed(150, 85).wait(10).dosed(at=minute(side)).wait(5)
    assert side.session.baseline == {"cadss": 12, "moaas": 3, "sys": 150, "dia": 85}
    whys = {name: side.criterion(name).why for name in ("cadss", "moaas")}
    assert whys == dict.fromkeys(whys, "not scored since the dose")
    assert side.criterion("pressure-not-severe").why == "0 of 2 pressures since the dose"


def test_what_is_recorded_after_the_dose_in_its_minute_is_of_after() -> None:
    side = at_second(bed(OXIMETER).with_session().minutes(5), 20).dosed().wait(10)
    side.asks(score("cadss", 12, minute(side))).asks(score("moaas", 1, minute(side)))
    assert side.session.baseline == {}
    assert side.criterion("cadss").why == "12"
    assert side.criterion("no-serious-event").why == "MOAA/S 1"


def test_unconsciousness_in_the_minute_before_the_dose_is_no_event_of_the_dose() -> None:
    side = at_second(bed(OXIMETER).with_session().minutes(5), 20)
    side.asks(RecordObservation("nurse.a", consciousness="unresponsive"))
    side.wait(10).dosed(at=minute(side))
    assert side.criterion("no-serious-event").met


def test_a_score_in_the_minute_of_the_dose_does_the_baseline_check() -> None:
    side = at_second(bed(OXIMETER).with_session().minutes(5), 20).scored(moaas=5, cadss=0)
    side.observed(resp=14).typed(120, 80).wait(10).dosed(at=minute(side))
    planned = side.bed.readiness.planned_checks(side.now)
    assert [c.state for c in planned if c.due_at == side.session.started_at] == (
        [CheckState.DONE] * len(CheckKind)
    )


def test_a_score_after_the_dose_in_its_minute_does_no_baseline_check() -> None:
    side = at_second(bed(OXIMETER).with_session().minutes(5), 20).dosed().wait(10)
    side.asks(score("moaas", 5, minute(side)))
    baseline = next(
        each
        for each in side.bed.readiness.planned_checks(side.now)
        if each.check is CheckKind.MOAAS
    )
    assert baseline.state is CheckState.MISSED


def test_the_gate_judges_what_was_recorded_in_the_minute_of_the_dose() -> None:
    side = at_second(bed(OXIMETER).with_session().wait(60).prepared(), 20)
    side.typed(120, 80).scored(cadss=0, moaas=5).wait(10)
    side.dosed(28, minute(side), override=None)
    assert side.last("dose.given").payload["unmet"] == []


def test_the_gate_is_shut_by_what_was_found_in_the_minute_of_the_dose() -> None:
    side = at_second(bed(OXIMETER).with_session().wait(60).prepared(), 0).scored(cadss=0, moaas=5)
    side.typed(120, 80).wait(20).typed(150, 80).wait(10).dosed(28, minute(side))
    unmet = [each["name"] for each in side.last("dose.given").payload["unmet"]]
    assert "pressure" in unmet


def test_a_score_typed_in_the_minute_of_the_device_before_counts_for_the_next() -> None:
    side = fit().dosed(28).wait(10)
    side.asks(score("moaas", 5, minute(side))).minutes(5)
    assert gate(side)["moaas"].met


def test_a_score_of_the_minute_before_the_device_is_not_of_after_it() -> None:
    side = fit().scored(moaas=5).wait(10)
    side.dosed(28, minute(side)).minutes(5)
    assert gate(side)["moaas"].why == "not scored since the last administration"


def test_a_clearance_in_the_minute_of_the_dose_is_used_up_by_it() -> None:
    side = fit().typed(145, 85)
    dose = ClearanceScope.DOSE
    side.asks(RecordClearance(dose, "dr.b", "known hypertension", "nurse.a", ("pressure",)))
    side.wait(5).dosed(28, minute(side)).minutes(1)
    unmet = {each["name"]: each for each in side.last("dose.given").payload["unmet"]}
    assert unmet["pressure"]["cleared_by"] == "dr.b"
    assert gate(side)["pressure"].cleared_by is None
