"""Deadlines, against a list that is searched each time."""

from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluation.deadlines import Deadlines

NEVER = float("inf")


def test_nothing_is_due_where_there_is_no_deadline() -> None:
    deadlines = Deadlines[str]()
    assert deadlines.soonest == NEVER
    assert deadlines.due(1e9) == []


def test_what_has_a_deadline_is_due_from_then_on() -> None:
    deadlines = Deadlines[str]()
    deadlines.put("a", 10)
    assert deadlines.due(9.9) == []
    assert deadlines.due(10) == ["a"]
    assert deadlines.due(11) == ["a"]


def test_a_deadline_that_is_put_off_is_not_due_before() -> None:
    deadlines = Deadlines[str]()
    deadlines.put("a", 10)
    deadlines.put("a", 20)
    assert (deadlines.soonest, deadlines.due(19)) == (20, [])


def test_a_deadline_that_was_taken_away_leaves_the_next() -> None:
    deadlines = Deadlines[str]()
    deadlines.put("a", 10)
    deadlines.put("b", 20)
    deadlines.put("a", None)
    assert (deadlines.soonest, deadlines.due(30)) == (20, ["b"])


def test_what_is_due_comes_in_the_order_in_which_it_got_a_deadline() -> None:
    deadlines = Deadlines[str]()
    for key, at in (("b", 3), ("a", 2), ("c", 1), ("a", 1)):
        deadlines.put(key, at)
    assert deadlines.due(3) == ["b", "a", "c"]
    deadlines.put("b", None)
    deadlines.put("b", 1)
    assert deadlines.due(3) == ["a", "c", "b"]


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 9)), max_size=40))
def test_the_soonest_is_always_the_least_that_is_left(puts: list[tuple[int, int | None]]) -> None:
    deadlines = Deadlines[int]()
    left: list[tuple[int, int]] = []
    for key, at in puts:
        deadlines.put(key, at)
        if at is None:
            left = [pair for pair in left if pair[0] != key]
        elif key in dict(left):
            left = [(k, at if k == key else t) for k, t in left]
        else:
            left.append((key, at))
        assert deadlines.soonest == min((t for _, t in left), default=NEVER)
        for now in range(10):
            assert deadlines.due(now) == [k for k, t in left if t <= now]
