"""What SpO2 was: what is known of its last minutes, and until when that stands."""

import random

import pytest

from monitor.session.spo2_trace import KEPT_S, Spo2Trace


def trace(*turns: tuple[float, float | None]) -> Spo2Trace:
    made = Spo2Trace()
    for at, value in turns:
        made.take(value, at)
    return made


def test_a_value_holds_until_the_next_or_its_loss() -> None:
    seen = trace((0, 97), (10, 95), (20, None))
    assert [seen.at(t) for t in (-1, 0, 9.9, 10, 20, 30)] == [None, 97, 97, 95, None, None]


def test_taking_the_same_value_changes_nothing() -> None:
    seen = trace((0, 97))
    assert not seen.take(97, 5)
    assert seen.take(None, 6)
    assert not seen.take(None, 7)


def test_what_is_longer_ago_than_an_hour_is_dropped() -> None:
    seen = trace(*((float(t), 90 + t % 5) for t in range(0, 9000, 10)))
    assert len(seen._turns) <= KEPT_S / 10 + 2
    assert seen.at(8990 - KEPT_S) is not None


def test_gaps_are_not_seen() -> None:
    seen = trace((0, 97), (10, None), (15, 96))
    assert seen.seen_s(0, 20) == 15
    assert seen.seen_s(5, 12) == 5


def test_a_gap_neither_breaks_a_low_stretch_nor_adds_to_it() -> None:
    seen = trace((0, 93), (10, None), (60, 92), (75, 94), (80, 93))
    assert seen.longest_under_s(94, 0, 85) == 25
    assert seen.longest_under_s(94, 70, 85) == 5


def random_trace(rng: random.Random) -> Spo2Trace:
    made, at = Spo2Trace(), 0.0
    for _ in range(rng.randint(1, 12)):
        made.take(rng.choice([None, 92.0, 93.0, 95.0, 97.0]), at)
        at += rng.choice([1.0, 7.0, 20.0, 40.0])
    made.take(97.0, at)
    return made


@pytest.mark.parametrize("seed", range(60))
def test_the_turns_are_when_it_turns(seed: int) -> None:
    """Second by second, as if the value now stayed."""
    seen = random_trace(random.Random(seed))
    now = seen._turns[-1][0] + 3
    seen_from = seen.seen_from(60, 100, now)
    over_from = seen.not_under_from(94, 30, 100, now)
    for second in range(200):
        at = now + second
        if abs(at - seen_from) > 1e-6:
            assert (seen.seen_s(at - 100, at) >= 60) is (at > seen_from)
        if abs(at - over_from) > 1e-6:
            assert (seen.longest_under_s(94, at - 100, at) < 30) is (at > over_from)


def test_how_long_it_has_been_low() -> None:
    seen = trace((0, 97), (10, 93), (30, None), (50, 92))
    assert seen.under_since_s(94, 55) == 25
    assert seen.under_since_s(92, 55) == 0
