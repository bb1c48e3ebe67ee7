"""The bed and the specification written a second time agree, whatever happens."""

import random

import pytest

from tests.lengths import length
from tests.model.scenarios import ModelRunner, Scenario, scenario
from tests.model.tables import CRITERIA, RULES, TECHNICAL

BLOCKS = length(1, 20)
SCENARIOS = length(300, 2500)


def shortest(whole: Scenario) -> Scenario:
    """`whole` without every step that is not needed for them to disagree."""
    for size in (8, 4, 2, 1):
        place = 0
        while place < len(whole.steps):
            steps = (*whole.steps[:place], *whole.steps[place + size :])
            shorter = Scenario(whole.least_s, whole.regimen, steps)
            if ModelRunner(shorter).run() is None:
                place += 1
            else:
                whole = shorter
    return whole


NEVER_HELD = Scenario(
    300,
    "esketamine-56",
    (
        (1, "start", ()),
        (600, "observe", ((("temperature", 38.1),), 0)),
        (3600, "oximeter", (None, 36, ("artefact",))),
    ),
)
"""A device speaks at the very instant at which an observation is as old as it may be."""


OF_ONE_MINUTE = Scenario(
    0,
    "esketamine-56",
    (
        (4, "start", ()),
        (1, "dose", (28.0, 0)),
        (17, "score", ("cadss", 0, 0)),
        (9, "dose", (28.0, 30.25)),
    ),
)
"""A second device is recorded after the score and typed for before the first: all in a minute."""


@pytest.mark.parametrize("found", [NEVER_HELD, OF_ONE_MINUTE])
def test_where_they_once_disagreed_they_agree(found: Scenario) -> None:
    assert ModelRunner(found).run() is None


@pytest.mark.slow
@pytest.mark.parametrize("block", range(BLOCKS))
def test_bed_and_model_agree(block: int) -> None:
    reached: set[str] = set()
    first = length(block * SCENARIOS, random.randrange(10**9))
    for seed in range(first, first + SCENARIOS):
        whole = scenario(seed)
        runner = ModelRunner(whole)
        if runner.run() is not None:
            short = shortest(whole)
            pytest.fail(f"scenario {seed}\n{short}\n{ModelRunner(short).run()}", pytrace=False)
        reached |= runner.reached
    assert reached >= REACHED
    assert any(state.endswith(" latched") for state in reached)


REACHED = {
    *(f"{rule} active" for rule in (*RULES, *TECHNICAL)),
    *("baseline", "dosing", "observing", "ready", "aborted"),
    *(f"{name} {met}" for name in CRITERIA for met in (True, False)),
}
"""What every block of scenarios has to come to at least once, lest they agree on nothing."""
