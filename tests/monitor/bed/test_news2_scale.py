"""A clinician chooses NEWS2's scale 2, and SpO2's limits for rules, the dose and leaving follow."""

import pytest

from monitor.session.commands import ChooseNews2Scale, Refusal, Refused, SetAlarmLimit
from monitor.session.discharge import spo2_least
from tests.monitor.builders import REGIMENS, Bedside, bed


def scale(number: int) -> ChooseNews2Scale:
    return ChooseNews2Scale(number, "dr.b", "COPD", "nurse.a")


def dosed() -> Bedside:
    return bed().with_session().with_baseline().dosed().wait(1)


def limit(value: float | None, rule: str = "spo2.low") -> SetAlarmLimit:
    return SetAlarmLimit(rule, "spo2", value, "dr.b", "88.5 at home", "nurse.a")


def low_limits(side: Bedside) -> dict[str, float]:
    return {rule: value for (rule, _, _), value in side.session.patient_limits().items()}


def points(side: Bedside) -> int:
    return side.session.news2[-1].points["spo2"]


def test_spo2_is_scored_anew_at_once() -> None:
    side = dosed().spo2(91, for_s=5).scored(moaas=5)
    assert (points(side), side.session.news2[-1].scale) == (3, 1)
    side.asks(scale(2))
    assert (points(side), side.session.news2[-1].scale) == (0, 2)
    assert side.session.news2_scales[-1].clinician == "dr.b"


def test_a_score_on_scale_1_says_nothing_of_a_scale() -> None:
    side = dosed().scored(moaas=5)
    assert "scale" not in side.last("news2.scored").payload
    assert side.asks(scale(2)).last("news2.scored").payload["scale"] == 2


def test_oxygen_counts_however_long_ago_it_was_recorded() -> None:
    side = dosed().asks(scale(2)).observed(oxygen=True).spo2(98, for_s=5).minutes(61)
    side.scored(moaas=5)
    assert "oxygen" in side.session.news2[-1].missing
    assert points(side) == 3


def test_its_alarm_follows() -> None:
    side = dosed().spo2(91, for_s=5).observed(resp=22, temperature=35.5).scored(moaas=5)
    assert "news2.raised" in side.open_rules()
    assert "news2.raised" not in side.asks(scale(2)).wait(15).open_rules()


def test_the_limits_of_the_rules_follow() -> None:
    side = dosed().asks(scale(2)).spo2(88, for_s=60)
    assert not {"spo2.low", "spo2.very-low"} & side.open_rules()
    side.spo2(87, for_s=40)
    assert {"spo2.low", "spo2.very-low"} & side.open_rules() == {"spo2.low"}
    assert "spo2.very-low" in side.spo2(83, for_s=15).open_rules()
    assert low_limits(side) == {"spo2.low": 88, "spo2.very-low": 84}
    assert {one.reason for one in side.session.limits} == {"NEWS2 scale 2: COPD"}


def test_leaving_and_the_dose_follow() -> None:
    side = bed().with_session().prepared().with_baseline().spo2(90, for_s=5).asks(scale(2)).wait(1)
    (found,) = (c for c in side.bed.readiness.predose_criteria(side.now) if c.name == "spo2")
    assert found.met
    side.dosed().spo2(90, for_s=16 * 60)
    assert spo2_least(side.session) == 88
    assert side.criterion("spo2").met


def test_a_limit_that_was_set_for_this_patient_stays() -> None:
    side = dosed().asks(limit(89)).asks(scale(2))
    assert low_limits(side) == {"spo2.low": 89, "spo2.very-low": 84}
    assert low_limits(side.asks(scale(1))) == {"spo2.low": 89}


def test_scale_1_takes_the_limits_back() -> None:
    side = dosed().asks(scale(2)).spo2(91, for_s=60).asks(scale(1))
    assert low_limits(side) == {}
    assert "spo2.low" in side.wait(31).open_rules()
    assert points(side) == 3


def test_a_restart_keeps_it() -> None:
    side = dosed().asks(scale(2)).rebuilt().talks("oximeter").plugged("oximeter")
    side.spo2(90, for_s=60).scored(moaas=5)
    assert points(side) == 0
    assert "spo2.low" not in side.open_rules()


def test_the_next_patient_is_scored_on_scale_1() -> None:
    side = dosed().asks(scale(2)).aborted().with_session(id="s-2").spo2(91, for_s=5)
    assert points(side.scored(moaas=5)) == 3


@pytest.mark.parametrize(
    ("number", "kind"), [(3, Refusal.INVALID), (0, Refusal.INVALID), (1, Refusal.CONFLICT)]
)
def test_what_cannot_be_chosen_is_refused(number: int, kind: Refusal) -> None:
    side = dosed()
    with pytest.raises(Refused) as refused:
        side.asks(scale(number))
    assert (refused.value.kind, refused.value.field) == (kind, "scale")
    assert side.session.news2_scales == ()


def test_a_former_session_leaves_by_its_regimen_s_own_limit() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(regimen=former).asks(limit(90))
    assert spo2_least(side.session) == former.discharge.spo2_least
