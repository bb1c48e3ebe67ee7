"""Which value is shown, which is judged, and when it is too old for either."""

from collections.abc import Iterable
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.readings import Quality, Reading, Vital
from monitor.bed.vitals import History, Vitals, VitalView
from monitor.session import BY_HAND
from tests.monitor.builders import CUFF, OXIMETER, START

CONTINUOUS = (Vital.SPO2, Vital.PULSE)


def vitals(least_s: float = 0.0) -> Vitals:
    return Vitals([CUFF, OXIMETER], {"spo2": [60.0]}, least_s)


def shown(of: Vitals, vital: Vital, after_s: float) -> VitalView:
    return next(s for s in of.views(START.plus(after_s)) if s.vital is vital)


def take(of: Vitals, after_s: float, device: str = "oximeter", **values: float | None) -> set[str]:
    """The device reads the values; the signals a rule has to look at."""
    readings = [Reading(Vital(name), value) for name, value in values.items()]
    return of.take(device, readings, START.plus(after_s))


def judged(of: Vitals) -> dict[str, float]:
    return {name: value.value for name, value in of.values.items()}


def test_a_vital_that_never_came_is_shown_as_missing_and_stale() -> None:
    never = shown(vitals(), Vital.SPO2, 0)
    assert (never.value, never.at, never.stale, never.device) == (None, None, True, "oximeter")


def test_a_value_is_shown_with_its_unit_time_and_device() -> None:
    of = vitals()
    take(of, 1, spo2=97)
    now = shown(of, Vital.SPO2, 2)
    assert (now.value, now.unit, now.device, now.stale) == (97, "%", "oximeter", False)
    assert now.at == START.plus(1)


@pytest.mark.parametrize(("after_s", "stale"), [(5.0, False), (5.01, True)])
def test_a_value_is_stale_when_it_is_older_than_its_promise(after_s: float, stale: bool) -> None:
    of = vitals()
    take(of, 0, spo2=97)
    assert shown(of, Vital.SPO2, after_s).stale is stale
    assert of.expire(START.plus(after_s)) == ({"spo2"} if stale else set())
    assert ("spo2" in of.values) is not stale


def test_a_value_that_the_device_has_no_more_is_shown_as_missing_at_once() -> None:
    of = vitals()
    take(of, 0, spo2=97)
    take(of, 1, spo2=None)
    gone = shown(of, Vital.SPO2, 1)
    assert (gone.value, gone.missing_since, gone.at) == (None, START.plus(1), START)


def test_a_rejected_value_is_shown_by_its_reason_and_not_judged() -> None:
    of = vitals()
    of.take("oximeter", [Reading(Vital.SPO2, 200, Quality.REJECTED, "out of range")], START)
    bad = shown(of, Vital.SPO2, 0)
    assert (bad.value, bad.quality, bad.reason) == (None, Quality.REJECTED, "out of range")
    assert judged(of) == {}


def test_no_older_pressure_stands_in_for_the_newest_when_it_is_stale() -> None:
    of = vitals()
    take(of, 0, "cuff", sys=118, dia=85)
    take(of, 660, BY_HAND, sys=139, dia=109)
    typed_at = START.plus(660).wall

    def stale_at(taken: datetime) -> datetime:
        return taken + timedelta(minutes=10 if taken == typed_at else 45)

    assert of.age_pressures(stale_at, START.plus(1261)) == {"sys", "dia"}
    assert judged(of) == {}


def test_a_value_that_did_not_change_is_not_looked_at_again() -> None:
    of = vitals()
    assert take(of, 0, pulse=70) == {"pulse"}
    assert take(of, 1, pulse=70) == set()
    assert take(of, 2, pulse=71) == {"pulse"}


def test_a_value_held_against_its_past_is_looked_at_when_the_past_has_moved() -> None:
    of = vitals()
    take(of, 1, spo2=97)
    assert take(of, 2, spo2=95) == {"spo2"}
    assert take(of, 61, spo2=95) == set()
    assert take(of, 62, spo2=95) == {"spo2"}


def test_with_several_pasts_a_value_is_looked_at_while_any_may_move() -> None:
    of = Vitals([CUFF, OXIMETER], {"spo2": [10.0, 60.0]})
    take(of, 1, spo2=97)
    take(of, 2, spo2=95)
    assert take(of, 12, spo2=95) == {"spo2"}
    take(of, 62, spo2=95)
    assert take(of, 63, spo2=95) == set()


def test_a_pressure_that_did_not_change_is_another_measurement() -> None:
    of = vitals()
    take(of, 0, "cuff", sys=120)
    assert take(of, 60, "cuff", sys=120) == {"sys"}


def test_the_oximeter_s_pulse_comes_before_the_cuff_s() -> None:
    of = vitals()
    take(of, 0, pulse=70)
    take(of, 1, "cuff", pulse=90)
    assert judged(of)["pulse"] == 70


def test_a_newer_pulse_of_the_cuff_takes_over_when_the_oximeter_stops() -> None:
    of = vitals()
    take(of, 0, pulse=130)
    take(of, 1, "cuff", pulse=90)
    assert of.expire(START.plus(6)) == {"pulse"}
    assert judged(of)["pulse"] == 90
    assert shown(of, Vital.PULSE, 6).device == "cuff"


def test_an_older_pulse_of_the_cuff_does_not() -> None:
    of = vitals()
    take(of, 0, "cuff", pulse=90)
    take(of, 1, pulse=130)
    of.expire(START.plus(7))
    assert judged(of) == {}
    assert (shown(of, Vital.PULSE, 7).value, shown(of, Vital.PULSE, 7).stale) == (130, True)


def test_what_was_measured_once_can_be_forgotten() -> None:
    of = vitals()
    take(of, 0, spo2=97, pulse=70)
    take(of, 1, "cuff", sys=120, pulse=80)
    of.clear_spot_checks(START.plus(2))
    assert judged(of) == {"spo2": 97, "pulse": 70}
    assert shown(of, Vital.SYS, 2).at is None


def test_a_fast_clock_stretches_every_promise() -> None:
    of = vitals(least_s=30)
    take(of, 0, spo2=97)
    assert not shown(of, Vital.SPO2, 30).stale
    assert shown(of, Vital.SPO2, 31).stale


def test_the_fastest_clock_makes_no_stream_a_measurement_now_and_then() -> None:
    assert vitals(least_s=300).not_provided(CONTINUOUS) == []


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        ({"spo2": 97.0, "pulse": 70.0}, []),
        ({"spo2": 97.0}, [Vital.PULSE]),
        ({}, [Vital.SPO2, Vital.PULSE]),
    ],
)
def test_a_missing_vital_is_named(values: dict[str, float], missing: list[Vital]) -> None:
    of = vitals()
    of.take("oximeter", [Reading(Vital(name), value) for name, value in values.items()], START)
    assert of.missing("oximeter", CONTINUOUS, START) == missing


def test_a_cuff_streams_nothing_that_could_be_missing() -> None:
    assert vitals().missing("cuff", CONTINUOUS, START) == []


@pytest.mark.parametrize(
    ("devices", "nobody"), [([CUFF, OXIMETER], []), ([CUFF], [Vital.SPO2, Vital.PULSE])]
)
def test_a_vital_that_nobody_streams_is_named(devices: list[object], nobody: list[Vital]) -> None:
    assert Vitals(devices, {}).not_provided(CONTINUOUS) == nobody  # type: ignore[arg-type]


# ── history ─────────────────────────────────────────────────────────────────────────────

steps = st.lists(st.tuples(st.integers(0, 20), st.integers(70, 100)), min_size=1, max_size=60)


def timed(steps: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    at, found = 0, []
    for wait, value in steps:
        at += wait
        found.append((at, value))
    return found


@given(steps, st.integers(0, 60))
def test_the_highest_value_is_the_highest(steps: list[tuple[int, int]], within_s: int) -> None:
    history = History(60)
    past = timed(steps)
    for at, value in past:
        history.add(at, value)
    now = past[-1][0]
    wanted = max(value for at, value in past if at >= now - within_s)
    assert history.highest(now - within_s) == wanted


def test_a_history_keeps_no_more_than_its_window_needs() -> None:
    history = History(60)
    for at in range(10_000):
        history.add(at, 100 - at % 7)
    assert len(history._falling) <= 61


def test_an_empty_past_has_no_highest() -> None:
    with pytest.raises(ValueError, match="no value since"):
        History(60).highest(0)
