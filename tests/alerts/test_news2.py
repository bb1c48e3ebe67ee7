"""NEWS2 at both sides of every boundary of its chart, and with anything missing."""

from itertools import combinations

import pytest

from alerts.news2 import PARAMETERS, News2, Observation, news2

CHART = [
    ("resp", 0, 8, 3),
    ("resp", 9, 11, 1),
    ("resp", 12, 20, 0),
    ("resp", 21, 24, 2),
    ("resp", 25, 80, 3),
    ("spo2", 0, 91, 3),
    ("spo2", 92, 93, 2),
    ("spo2", 94, 95, 1),
    ("spo2", 96, 100, 0),
    ("sys", 30, 90, 3),
    ("sys", 91, 100, 2),
    ("sys", 101, 110, 1),
    ("sys", 111, 219, 0),
    ("sys", 220, 300, 3),
    ("pulse", 18, 40, 3),
    ("pulse", 41, 50, 1),
    ("pulse", 51, 90, 0),
    ("pulse", 91, 110, 1),
    ("pulse", 111, 130, 2),
    ("pulse", 131, 321, 3),
    ("temperature", 25.0, 35.0, 3),
    ("temperature", 35.1, 36.0, 1),
    ("temperature", 36.1, 38.0, 0),
    ("temperature", 38.1, 39.0, 1),
    ("temperature", 39.1, 45.0, 2),
]

WELL = Observation(resp=16, spo2=97, oxygen=False, sys=120, pulse=70, alert=True, temperature=36.8)
POORLY = Observation(
    resp=26, spo2=90, oxygen=True, sys=85, pulse=135, alert=False, temperature=39.5
)
POORLY_POINTS = {
    "resp": 3,
    "spo2": 3,
    "oxygen": 2,
    "sys": 3,
    "pulse": 3,
    "alert": 3,
    "temperature": 2,
}


def scored(**seen: float) -> News2:
    found = news2(Observation(**seen))  # type: ignore[arg-type]
    assert found is not None
    return found


@pytest.mark.parametrize(("name", "low", "high", "points"), CHART)
def test_each_band_has_its_points_from_its_lowest_to_its_highest_value(
    name: str, low: float, high: float, points: int
) -> None:
    step = 0.1 if name == "temperature" else 1
    values = [low + step * n for n in range(round((high - low) / step) + 1)]
    assert {scored(**{name: round(value, 1)}).points[name] for value in values} == {points}


@pytest.mark.parametrize(
    ("name", "value", "points"),
    [
        ("spo2", 91.4, 3),
        ("spo2", 91.5, 2),
        ("sys", 90.5, 2),
        ("sys", 90.49, 3),
        ("pulse", 130.5, 3),
        ("resp", 8.5, 1),
        ("temperature", 35.04, 3),
        ("temperature", 35.05, 1),
        ("temperature", 36.05, 0),
        ("temperature", 38.04, 0),
        ("temperature", 38.05, 1),
        ("temperature", 39.05, 2),
    ],
)
def test_a_value_between_two_bands_is_rounded_as_it_is_charted(
    name: str, value: float, points: int
) -> None:
    assert scored(**{name: value}).points == {name: points}


SCALE_2 = [
    (70, 83, 3, 3),
    (84, 85, 2, 2),
    (86, 87, 1, 1),
    (88, 92, 0, 0),
    (93, 94, 0, 1),
    (95, 96, 0, 2),
    (97, 100, 0, 3),
]


@pytest.mark.parametrize(("low", "high", "on_air", "on_oxygen"), SCALE_2)
def test_scale_2_has_points_for_too_much_oxygen(
    low: int, high: int, on_air: int, on_oxygen: int
) -> None:
    for spo2 in range(low, high + 1):
        for oxygen, points in ((False, on_air), (True, on_oxygen)):
            seen = Observation(spo2=spo2, oxygen=oxygen, spo2_scale=2)
            assert news2(seen) == News2(
                points + 2 * oxygen,
                max(points, 2 * oxygen),
                {"spo2": points, "oxygen": 2 * oxygen},
                tuple(name for name in PARAMETERS if name not in ("spo2", "oxygen")),
            )


@pytest.mark.parametrize(
    ("now", "before", "points"),
    [(None, True, 3), (None, False, 0), (None, None, 0), (False, True, 0), (True, False, 3)],
)
def test_on_scale_2_oxygen_is_what_was_last_said(
    now: bool | None, before: bool | None, points: int
) -> None:
    seen = Observation(spo2=98, oxygen=now, spo2_scale=2, last_oxygen=before)
    found = news2(seen)
    assert found is not None
    assert found.points["spo2"] == points


@pytest.mark.parametrize(("oxygen", "points"), [(True, 2), (False, 0)])
def test_oxygen_has_two_points(oxygen: bool, points: int) -> None:
    assert scored(oxygen=oxygen).total == points


@pytest.mark.parametrize(("alert", "points"), [(True, 0), (False, 3)])
def test_whoever_is_not_alert_has_three_points(alert: bool, points: int) -> None:
    assert scored(alert=alert).total == points


def test_nothing_seen_is_no_score() -> None:
    assert news2(Observation()) is None


def test_a_whole_score_is_not_partial() -> None:
    assert news2(WELL) == News2(0, 0, dict.fromkeys(PARAMETERS, 0), ())
    assert not scored(**{name: getattr(WELL, name) for name in PARAMETERS}).partial


def test_the_total_goes_to_its_end_short_of_a_parameter_that_has_two() -> None:
    assert news2(POORLY) == News2(19, 3, POORLY_POINTS, ())


@pytest.mark.parametrize("count", range(1, len(PARAMETERS)))
def test_what_is_missing_is_named_and_counts_nothing(count: int) -> None:
    for present in combinations(PARAMETERS, count):
        score = scored(**{name: getattr(POORLY, name) for name in present})
        assert score.points == {name: POORLY_POINTS[name] for name in present}
        assert score.total == sum(POORLY_POINTS[name] for name in present)
        assert score.single == max(POORLY_POINTS[name] for name in present)
        assert score.missing == tuple(name for name in PARAMETERS if name not in present)
        assert score.partial
