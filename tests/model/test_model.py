"""The bed and the specification written a second time agree, whatever happens."""

import random

import pytest

from tests.lengths import length
from tests.model.stories import Story, Telling, story
from tests.model.tables import CRITERIA, RULES, TECHNICAL

BLOCKS = length(4, 20)
STORIES = length(500, 2500)


def shortest(told: Story) -> Story:
    """`told` without every step that is not needed for them to disagree."""
    for size in (8, 4, 2, 1):
        place = 0
        while place < len(told.steps):
            steps = (*told.steps[:place], *told.steps[place + size :])
            shorter = Story(told.least_s, told.regimen, steps)
            if Telling(shorter).tell() is None:
                place += 1
            else:
                told = shorter
    return told


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_bed_and_model_agree(block: int) -> None:
    reached: set[str] = set()
    first = length(block * STORIES, random.randrange(10**9))
    for seed in range(first, first + STORIES):
        told = story(seed)
        telling = Telling(told)
        if telling.tell() is not None:
            short = shortest(told)
            pytest.fail(f"story {seed}\n{short}\n{Telling(short).tell()}", pytrace=False)
        reached |= telling.reached
    assert reached >= REACHED
    assert any(state.endswith(" latched") for state in reached)


REACHED = {
    *(f"{rule} active" for rule in (*RULES, *TECHNICAL)),
    *("baseline", "dosing", "observing", "ready"),
    *(f"{name} {met}" for name in CRITERIA for met in (True, False)),
}
"""What every block of stories has to come to at least once, lest they agree on nothing."""
