"""When a pressure is stale: by the rhythm in which pressures are due."""

from datetime import UTC, datetime, timedelta

import pytest

from monitor.session.commands import RecordScore
from monitor.session.pressure_age import stale_at
from monitor.session.regimen import Regimen
from tests.monitor.builders import CUFF, OXIMETER, REGIMENS, Bedside, bed

ZERO = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NASAL = (20, 40, 60, 90, 120, 150)
INFUSION = (*range(0, 41, 5), 55, 70, 85, 100, 130)


def age_min(taken: float, due: tuple[int, ...], often: float | None = None) -> float:
    at = ZERO + timedelta(minutes=taken)
    times = [ZERO + timedelta(minutes=minutes) for minutes in due]
    rhythm = None if often is None else timedelta(minutes=often)
    return (stale_at(at, times, rhythm) - at) / timedelta(minutes=1)


@pytest.mark.parametrize(
    ("taken", "due", "often", "age"),
    [
        (20, NASAL, None, 30),
        (22, NASAL, None, 30),
        (40, NASAL, None, 45),
        (38, NASAL, None, 45),
        (60, NASAL, None, 45),
        (55, NASAL, None, 45),
        (150, NASAL, None, 45),
        (10, INFUSION, None, 10),
        (38, INFUSION, None, 22.5),
        (55, INFUSION, None, 22.5),
        (95, INFUSION, None, 45),
        (40, NASAL, 5, 10),
        (40, NASAL, 15, 22.5),
        (10, INFUSION, 15, 10),
        (10, (), None, 45),
        (10, (), 5, 10),
        (10, (0,), None, 45),
    ],
)
def test_it_is_as_old_as_its_rhythm_allows(
    taken: float, due: tuple[int, ...], often: float | None, age: float
) -> None:
    assert age_min(taken, due, often) == age


def test_a_longer_gap_that_begins_in_time_allows_more() -> None:
    assert age_min(36, INFUSION) == 22.5
    assert age_min(24, INFUSION) == 10


def severe(regimen: Regimen | str = "esketamine-84") -> Bedside:
    side = bed().with_session(regimen).dosed().minutes(40).measured(192, 116)
    return side.unplugged("cuff")


def test_a_severe_pressure_whose_cuff_was_unplugged_is_soon_unverified() -> None:
    side = severe().minutes(9)
    assert side.alarm("pressure.severe").unverified_since is None
    assert side.minutes(2).alarm("pressure.severe").unverified_since is not None
    assert side.alarm("pressure.severe").state.value == "active"
    assert side.minutes(60).alarm("pressure.severe").state.value == "active"


def test_in_a_session_that_was_recorded_before_it_is_so_after_40_min() -> None:
    data = REGIMENS["esketamine-84"].as_given()
    del data["pressure_ages_by_rhythm"]
    side = severe(Regimen.model_validate(data)).minutes(38)
    assert side.alarm("pressure.severe").unverified_since is None
    assert side.minutes(3).alarm("pressure.severe").unverified_since is not None


def test_a_rebuilt_bed_judges_by_the_same_age() -> None:
    side = severe().minutes(20)
    was = side.alarm("pressure.severe")
    assert was.unverified_since is not None
    assert "sys" not in side.rebuilt().bed.vitals.values
    assert side.minutes(1).alarm("pressure.severe").unverified_since == (was.unverified_since)


def test_a_correction_of_something_else_makes_no_old_pressure_fresh() -> None:
    side = severe().scored(cadss=3).minutes(20)
    since = side.alarm("pressure.severe").unverified_since
    assert since is not None
    last = side.session.last_score("cadss")
    assert last is not None
    side.asks(RecordScore("cadss", 4, None, "nurse.a", corrects=last.id)).wait(2)
    assert side.alarm("pressure.severe").unverified_since == since


def test_a_correction_of_an_older_pressure_makes_no_stale_one_fresh() -> None:
    side = (
        bed(OXIMETER).with_session().dosed().minutes(35).typed(128, 80).minutes(5).typed(192, 116)
    )
    side.minutes(12)
    since = side.alarm("pressure.severe").unverified_since
    assert since is not None
    side.typed(130, 82, corrects=side.session.pressures[0].id).wait(2)
    assert side.alarm("pressure.severe").unverified_since == since


def test_an_older_pressure_typed_late_makes_no_stale_one_fresh() -> None:
    side = bed(OXIMETER).with_session().dosed().minutes(40).typed(192, 116).minutes(12)
    since = side.alarm("pressure.severe").unverified_since
    assert since is not None
    side.typed(130, 82, at=side.now.wall - timedelta(minutes=30)).wait(2)
    assert side.alarm("pressure.severe").unverified_since == since


def test_a_pressure_typed_late_counts_as_long_as_the_rhythm_allows() -> None:
    side = bed(OXIMETER).with_session().minutes(60)
    side.typed(80, 70, at=side.now.wall - timedelta(seconds=2500))
    assert side.session.news2[-1].points["sys"] == 3
    assert {"pressure.low"} <= side.open_rules()
    assert "news2.raised" not in side.open_rules()


def test_a_stale_pressure_is_not_replaced_by_an_older_one_of_another_rhythm() -> None:
    side = bed(CUFF).with_session("ketamine-iv").measured(118, 85).unplugged("cuff")
    side.minutes(10).infusion("start").minutes(1).typed(139, 109)
    side.minutes(11)
    assert side.alarm("pressure.elevated").unverified_since is not None
    assert side.alarm("pressure.elevated").state.value == "active"
