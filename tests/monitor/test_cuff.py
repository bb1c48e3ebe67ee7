"""When a bed's cuff has to be looked at again."""

import pytest

from drivers.clock import Instant
from monitor.cuff import Cuff
from monitor.hearing import Hearing
from tests.monitor.builders import CUFF, START

NEVER = float("inf")


@pytest.mark.parametrize(
    ("asked_at", "confirm_at", "now", "turn"),
    [
        (None, None, 110, NEVER),
        (None, 150, 110, 150),
        (None, 150, 150, NEVER),
        (100, None, 110, 160),
        (100, None, 160, 400),
        (100, None, 399, 400),
        (100, None, 400, NEVER),
        (100, 150, 110, 150),
        (100, 150, 155, 160),
    ],
)
def test_the_next_turn_is_the_first_of_those_to_come(
    asked_at: float | None, confirm_at: float | None, now: float, turn: float
) -> None:
    cuff = Cuff(Hearing(CUFF), asked_at=asked_at)
    assert cuff.next_turn(Instant(START.wall, now), confirm_at) == turn


@pytest.mark.parametrize(
    ("asked_at", "pending", "overdue_at"),
    [(None, False, NEVER), (100, False, NEVER), (100, True, 300)],
)
def test_an_answer_is_awaited_for_200_s(
    asked_at: float | None, pending: bool, overdue_at: float
) -> None:
    assert Cuff(Hearing(CUFF), asked_at=asked_at, pending=pending).overdue_at == overdue_at
