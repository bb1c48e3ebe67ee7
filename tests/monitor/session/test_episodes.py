"""Respiratory depression: what is a sign of it, and when it was over."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from alerts.rules.model import Kind, Priority
from monitor.session.coverage import Coverage, Span
from monitor.session.episodes import Episode, recovered_by, respiratory_depression
from monitor.session.history import AlarmOccurrence
from monitor.session.records import Observation
from monitor.session.regimen import DischargeLimits
from monitor.session.session import Session
from tests.monitor.session.test_schedule import NUMBERS, at, given, scored, session

LIMITS = DischargeLimits()


def alarm(raised: float, over: float | None, rule: str = "spo2.low") -> AlarmOccurrence:
    over_at = None if over is None else at(over)
    return AlarmOccurrence(
        f"{rule}-{raised}",
        rule,
        Kind.PHYSIOLOGICAL,
        Priority.MEDIUM,
        "SpO2 90 %",
        at(raised),
        over_at,
    )


def observed(of: Session, minute: float, **seen: float | bool) -> Session:
    record = Observation(id=f"o-{minute}", at=at(minute), by="n", **seen)  # type: ignore[arg-type]
    places = {**of.places, record.id: next(NUMBERS)}
    return replace(of, observations=(*of.observations, record), places=places)


def readings(*spans: tuple[float, float], under: Iterable[tuple[float, float]] = ()) -> Coverage:
    return Coverage(
        ("oximeter",),
        tuple(Span(at(start), at(end), 90, 100) for start, end in spans),
        tuple((at(start), at(end)) for start, end in under),
    )


ALL = readings((0, 120))


def found(
    of: Session, *alarms: AlarmOccurrence, coverage: Coverage = ALL, until: float = 120
) -> Episode:
    return respiratory_depression(of, alarms, recovered_by(coverage, LIMITS, at(until)))


def minutes(episode: Episode) -> tuple[float | None, float | None]:
    """From when to when after the dose."""
    times = (episode.onset_at, episode.over_at)
    onset, over = (None if t is None else (t - at(0)) / timedelta(minutes=1) for t in times)
    return onset, over


DOSED = given(session(dosed=False), 0, 84)


@pytest.mark.parametrize("rule", ["spo2.low", "spo2.very-low"])
def test_a_low_saturation_is_over_after_fifteen_minutes(rule: str) -> None:
    low = alarm(20, 22, rule)
    assert minutes(found(DOSED, low, coverage=readings((0, 120), under=[(19, 22)]))) == (20, 37)


@pytest.mark.parametrize("rule", ["spo2.falling", "news2.high", "pulse.low", "resp.low"])
def test_other_alarms_are_no_sign_of_it(rule: str) -> None:
    assert found(DOSED, alarm(20, 22, rule)).onset_at is None


def test_a_low_moaas_is_no_sign_of_it() -> None:
    assert found(scored(DOSED, 20, scale="moaas", total=1)).onset_at is None


def test_an_alarm_that_began_before_the_dose_and_went_on_is_named_so() -> None:
    episode = found(DOSED, alarm(-5, 2), coverage=readings((0, 120), under=[(0, 2)]))
    assert (minutes(episode), episode.began_before) == ((-5, 17), True)
    assert found(DOSED, alarm(-5, -1)).onset_at is None


def test_an_active_alarm_is_not_over() -> None:
    assert found(DOSED, alarm(20, None)).is_open


def test_it_is_over_after_the_last_time() -> None:
    low = readings((0, 120), under=[(19, 22), (40, 42)])
    assert minutes(found(DOSED, alarm(20, 22), alarm(41, 42), coverage=low)) == (20, 57)


@pytest.mark.parametrize(("under_s", "over"), [(29, 35), (30, 45.5)])
def test_half_a_minute_under_the_limit_begins_the_time_anew(under_s: float, over: float) -> None:
    dip = (30, 30 + under_s / 60)
    episode = found(DOSED, alarm(20, 20.1), coverage=readings((0, 120), under=[dip]))
    assert minutes(episode)[1] == pytest.approx(over, abs=1)


@pytest.mark.parametrize(("gap_min", "over"), [(5, 35), (6, 38)])
def test_two_thirds_of_the_time_have_to_be_seen(gap_min: float, over: float) -> None:
    coverage = readings((0, 22), (22 + gap_min, 120))
    assert minutes(found(DOSED, alarm(20, 20.1), coverage=coverage))[1] == over


def test_without_readings_it_is_not_seen_to_be_over() -> None:
    assert found(DOSED, alarm(20, 22), coverage=readings((0, 22))).is_open


@pytest.mark.parametrize(("rate", "is_sign"), [(8, True), (8.1, False), (12, False)])
def test_a_rate_of_eight_is_a_sign(rate: float, is_sign: bool) -> None:
    assert (found(observed(DOSED, 20, resp=rate)).onset_at is not None) is is_sign


@pytest.mark.parametrize(("rate", "over"), [(11.9, None), (12, 50)])
def test_a_low_rate_is_over_with_a_rate_of_twelve(rate: float, over: float | None) -> None:
    of = observed(observed(DOSED, 20, resp=8), 50, resp=rate)
    assert minutes(found(of)) == (20, over)


def test_a_rate_that_rose_soon_waits_for_the_saturation() -> None:
    assert minutes(found(observed(observed(DOSED, 20, resp=7), 22, resp=14))) == (20, 35)


def test_a_low_rate_before_the_dose_is_no_sign() -> None:
    assert found(observed(DOSED, -5, resp=7)).onset_at is None


def test_oxygen_newly_started_is_a_sign_until_it_is_taken_away() -> None:
    on = observed(observed(DOSED, -5, oxygen=False), 20, oxygen=True)
    assert (minutes(found(on)), found(on).worst) == ((20, None), "oxygen started")
    off = observed(on, 40, oxygen=False)
    assert minutes(found(off)) == (20, 55)
    assert found(observed(off, 60, oxygen=True)).is_open


def test_oxygen_given_before_the_dose_is_not_newly_started() -> None:
    on = observed(observed(DOSED, -5, oxygen=True), 20, oxygen=True)
    assert found(observed(on, 30, resp=14)).onset_at is None


def litres(*flows: tuple[float, float | bool]) -> Session:
    """Oxygen at each minute: so much, or whether it was given."""
    of = DOSED
    for minute, flow in flows:
        is_flow = not isinstance(flow, bool)
        given = {"oxygen": flow > 0, "oxygen_flow": flow} if is_flow else {"oxygen": flow}
        of = observed(of, minute, **given)
    return of


@pytest.mark.parametrize(
    ("flows", "onset_and_end"),
    [
        ([(-5, 2.0), (20, 4.0)], (20, None)),
        ([(-5, 2.0), (20, 4.0), (30, 3.0)], (20, None)),
        ([(-5, 2.0), (20, 4.0), (30, 2.0)], (20, 45)),
        ([(-5, 2.0), (20, 4.0), (30, 1.0)], (20, 45)),
        ([(-5, 2.0), (20, 4.0), (30, False)], (20, 45)),
        ([(-5, 2.0), (20, 4.0), (25, 6.0), (30, 4.0)], (20, None)),
        ([(-5, 2.0), (20, 4.0), (30, 2.0), (40, 3.0)], (20, None)),
        ([(-5, 2.0), (20, True), (30, 4.0)], (30, None)),
        ([(-5, 2.0), (20, 2.0), (30, 1.0), (40, 2.0), (50, False), (60, 2.0)], (None, None)),
        ([(-5, 2.0), (20, 4.0), (30, 1.0), (40, 2.0)], (20, 45)),
        ([(-9, 2.0), (-5, True), (20, 2.0)], (None, None)),
        ([(-5, True), (20, 4.0)], (20, None)),
        ([(-5, True), (20, 4.0), (30, False)], (20, 45)),
        ([(-5, True), (20, False), (30, True)], (None, None)),
        ([(20, True), (30, 4.0), (40, 6.0)], (20, None)),
        ([(20, 2.0), (40, False)], (20, 55)),
    ],
)
def test_oxygen_that_is_increased_is_a_sign_until_it_is_no_more_than_before(
    flows: list[tuple[float, float | bool]], onset_and_end: tuple[float | None, float | None]
) -> None:
    assert minutes(found(litres(*flows))) == onset_and_end


def test_oxygen_that_was_given_before_is_said_to_be_increased() -> None:
    assert found(litres((-5, 2.0), (20, 4.0))).worst == "oxygen increased"
    assert found(litres((20, 2.0), (30, 4.0))).worst == "oxygen started"


def test_every_sign_is_named() -> None:
    of = observed(DOSED, 20, resp=7, oxygen=True)
    episode = found(of, alarm(19, 22))
    assert episode.worst == "SpO2 90 %, 7 breaths/min, oxygen started"
    assert [type(sign).__name__ for sign in episode.seen] == ["AlarmOccurrence", "Observation"]


def test_without_a_dose_there_is_none() -> None:
    assert found(session(dosed=False), alarm(20, None)) == Episode(())


def test_what_has_not_had_its_time_yet_is_not_over() -> None:
    assert found(DOSED, alarm(20, 22), until=34.9).is_open


def test_it_recovers_at_the_next_minute() -> None:
    when: datetime | None = recovered_by(readings((0, 120)), LIMITS, at(120))(at(3))
    assert when == at(18)
