"""Pauses between tries."""

import random

import pytest

from drivers.backoff import Backoff


def pauses(backoff: Backoff, count: int = 6) -> list[float]:
    return [backoff.next_s() for _ in range(count)]


def test_pauses_double_up_to_the_last() -> None:
    assert pauses(Backoff(0.5, 5)) == [0.5, 1, 2, 4, 5, 5]


def test_what_worked_starts_over() -> None:
    backoff = Backoff(0.5, 5)
    pauses(backoff)
    backoff.reset()
    assert pauses(backoff, 2) == [0.5, 1]


@pytest.mark.parametrize(
    ("jitter", "least_s", "low_s"), [(0.5, 0, 2), (1, 0.5, 0.5), (0.5, 1, 2.5)]
)
def test_jitter_is_the_part_left_to_chance(jitter: float, least_s: float, low_s: float) -> None:
    drawn = pauses(Backoff(4, 4, jitter, least_s=least_s, rng=random.Random(1)), 500)
    assert low_s <= min(drawn) < low_s + 0.1
    assert 3.9 < max(drawn) <= 4


def test_one_longer_pause_may_be_asked_for() -> None:
    backoff = Backoff(0.5, 5)
    backoff.bound_s = 60
    assert pauses(backoff, 2) == [60, 5]
