"""A clinician gives a rule another limit, for one patient in one session."""

from dataclasses import replace

import pytest

from monitor.bed import view
from monitor.session.commands import Refusal, Refused, SetAlarmLimit
from tests.monitor.builders import REGIMENS, Bedside, bed


def dosed() -> Bedside:
    return bed().with_session().with_baseline().dosed().wait(1)


def limit(value: float | None, rule: str = "spo2.low", signal: str | None = None) -> SetAlarmLimit:
    return SetAlarmLimit(rule, signal, value, "dr.b", "COPD", "nurse.a")


def test_a_wider_limit_keeps_the_alarm_quiet_until_it_is_passed() -> None:
    side = dosed().asks(limit(90)).spo2(91, for_s=60)
    assert "spo2.low" not in side.open_rules()
    side.spo2(89, for_s=40)
    assert "under 90" in side.alarm("spo2.low").text
    assert "limit set for this patient" in side.alarm("spo2.low").text


def test_a_narrower_limit_counts_for_the_present_value() -> None:
    side = dosed().spo2(94, for_s=5).asks(limit(95)).wait(31)
    assert "spo2.low" in side.open_rules()


def test_an_open_alarm_ends_when_its_limit_is_widened() -> None:
    side = dosed().spo2(92, for_s=40)
    assert "spo2.low" in side.open_rules()
    side.asks(limit(90)).wait(15)
    assert "spo2.low" not in side.open_rules()


def test_it_is_kept_with_who_why_and_what_it_was() -> None:
    side = dosed().asks(limit(90)).asks(limit(91))
    first, second = side.session.limits
    assert (first.was, first.limit, first.clinician, first.reason, first.by) == (
        93,
        90,
        "dr.b",
        "COPD",
        "nurse.a",
    )
    assert (second.was, second.limit) == (90, 91)
    drawn = view.session(side.bed, side.now)
    assert drawn is not None
    assert 91 in {line.value for line in drawn.limits}
    assert drawn.patient_limits[-1].limit == 91


def test_both_limits_of_a_pressure_can_be_set() -> None:
    side = dosed().asks(limit(200, "pressure.severe", "sys"))
    side.asks(limit(120, "pressure.severe", "dia")).measured(190, 115)
    assert "pressure.severe" not in side.open_rules()
    side.measured(190, 121)
    assert side.alarm("pressure.severe").text.count("set for this patient") == 1


def extreme(value: float | None, comparison: str | None = "above") -> SetAlarmLimit:
    return replace(limit(value, "pulse.extreme"), comparison=comparison)


def test_each_of_two_limits_of_one_signal_can_be_set_and_had_again() -> None:
    side = dosed().asks(extreme(160)).asks(extreme(35, "below"))
    side.pulse(150, for_s=20)
    assert "pulse.extreme" not in side.open_rules()
    side.pulse(38, for_s=20)
    assert "pulse.extreme" not in side.open_rules()
    side.pulse(165, for_s=20)
    assert "limit set for this patient: pulse > 160" in side.alarm("pulse.extreme").text
    side.asks(extreme(None))
    assert side.session.patient_limits() == {("pulse.extreme", "pulse", "below"): 35}
    assert [(one.comparison, one.was) for one in side.session.limits] == [
        *(("above", 140), ("below", 40), ("above", 160))
    ]


def test_a_restart_keeps_which_of_two_limits_it_was() -> None:
    side = dosed().asks(extreme(160)).rebuilt().talks("oximeter")
    side.plugged("oximeter").pulse(150, for_s=60)
    assert "pulse.extreme" not in side.open_rules()


def test_a_session_recorded_before_takes_any_limit_that_can_be_measured() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    side = bed().with_session(regimen=former).asks(limit(60))
    assert [one.limit for one in side.session.limits] == [60]


def test_the_set_s_own_limit_comes_back_on_request_and_with_the_next_patient() -> None:
    side = dosed().asks(limit(90)).spo2(92, for_s=40)
    assert "spo2.low" not in side.open_rules()
    side.asks(limit(None)).wait(31)
    assert "spo2.low" in side.open_rules()
    side.asks(limit(90)).aborted().with_session(id="s-2").wait(40)
    assert "spo2.low" in side.open_rules()


def test_a_restart_keeps_it() -> None:
    side = dosed().asks(limit(90)).rebuilt().talks("oximeter")
    side.plugged("oximeter").spo2(91, for_s=60)
    assert "spo2.low" not in side.open_rules()


@pytest.mark.parametrize(
    ("command", "kind", "field", "words"),
    [
        (limit(90, "spo2.lo"), Refusal.INVALID, "rule", "spo2.low"),
        (limit(90, "tech.sensor-off"), Refusal.INVALID, "signal", "has no limit"),
        (limit(200, "pressure.severe"), Refusal.INVALID, "signal", "say which"),
        (limit(120), Refusal.INVALID, "limit", "under 100"),
        (limit(60), Refusal.INVALID, "limit", "70 or more"),
        (limit(60, "pressure.severe", "sys"), Refusal.INVALID, "limit", "110 or more"),
        (extreme(150, None), Refusal.INVALID, "comparison", "above 140, below 40"),
        (extreme(150, "at_most"), Refusal.INVALID, "comparison", "above 140, below 40"),
        (limit(None), Refusal.CONFLICT, "limit", "its own limit"),
    ],
)
def test_a_limit_that_cannot_be_is_refused(
    command: SetAlarmLimit, kind: Refusal, field: str, words: str
) -> None:
    side = dosed()
    with pytest.raises(Refused, match=words) as refused:
        side.asks(command)
    assert (refused.value.kind, refused.value.field) == (kind, field)
    assert side.session.limits == ()
