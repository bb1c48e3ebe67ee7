"""Simulated stays with everything that came of them, for whoever reads them a second time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import pytest

from alerts.rules.loader import load_rules
from alerts.rules.model import RuleSet
from drivers.clock import Instant
from drivers.readings import Measurement, Vital
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.inputs import DeviceInput, Input, Tick
from monitor.cohort.bedside import CUFF, OXIMETER, START
from monitor.cohort.run import NURSES
from monitor.session.events import Event
from monitor.session.regimen import Regimens
from simulators.population import draw
from tests.monitor.cohort.checker import Claim, Turn
from tests.monitor.patient.reader import Sample
from tests.once import once

RULES: Final = load_rules("default")
REGIMENS: Final = Regimens.shipped().by_name
CLAIMS_S: Final = 60
"""How often the plan is asked for."""


@dataclass(frozen=True)
class Stay:
    """What came of one: the turns of the bed, the session's events, the readings of SpO2."""

    turns: Sequence[Turn]
    events: Sequence[Event]
    samples: Sequence[Sample]


class WatchedBed(Bed):
    """A bed that keeps what came of its inputs."""

    def __init__(self, rules: RuleSet) -> None:
        super().__init__("bed-1", (OXIMETER, CUFF), rules)
        self.turns: list[Turn] = []
        self.samples: list[Sample] = []

    def handle(self, given: Input, now: Instant) -> Result:
        result = super().handle(given, now)
        at_s, is_tick = now.mono - START.mono, isinstance(given, Tick)
        if isinstance(given, DeviceInput) and isinstance(given.item, Measurement):
            self.samples += [
                (at_s, each.value) for each in given.item.readings
                if each.vital is Vital.SPO2 and each.usable and each.value is not None
            ]  # fmt: skip
        if result.events or is_tick:
            claims = self._claims(now) if is_tick and at_s % CLAIMS_S == 0 else None
            self.turns.append(Turn(at_s, is_tick, result.events, claims))
        return result

    def _claims(self, now: Instant) -> list[Claim]:
        return [
            (
                check.check.value,
                round((check.due_at - START.wall).total_seconds(), 3),
                check.state.value,
                None if check.done_at is None else (check.done_at - START.wall).total_seconds(),
            )
            for check in self.readiness.planned_checks(now)
        ]


def watched(regimen: str, nurse: str, seed: int, patients: int) -> list[Stay]:
    """The stays of those patients with that nurse."""
    found = []
    for person in draw(regimen, patients, seed):
        side = NURSES[nurse](person, REGIMENS[regimen], RULES)
        side.bed = bed = WatchedBed(RULES)
        side.run()
        events = [e for turn in bed.turns for e in turn.events if e.session is not None]
        found.append(Stay(bed.turns, events, bed.samples))
    return found


def forgetful_stays(factory: pytest.TempPathFactory) -> list[Stay]:
    """Stays with the forgetful nurse in which everything happens that she does."""
    return once(factory, "forgetful", lambda: watched("esketamine-84", "forgetful", 1, 14))
