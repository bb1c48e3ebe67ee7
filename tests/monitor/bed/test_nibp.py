"""When a bed's cuff has to be looked at again."""

import pytest

from drivers.clock import Instant
from drivers.readings import LinkState, Measurement, Quality, Reading, Vital
from monitor.bed.device_status import DeviceStatus
from monitor.bed.nibp import NibpScheduler
from monitor.session.regimen import CheckKind
from monitor.session.schedule import CheckState, PlannedCheck
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
    cuff = NibpScheduler(DeviceStatus(CUFF), asked_at=asked_at)
    assert cuff.next_change(Instant(START.wall, now), confirm_at) == turn


@pytest.mark.parametrize(
    ("asked_at", "pending", "overdue_at"),
    [(None, False, NEVER), (100, False, NEVER), (100, True, 300)],
)
def test_an_answer_is_awaited_for_200_s(
    asked_at: float | None, pending: bool, overdue_at: float
) -> None:
    assert (
        NibpScheduler(DeviceStatus(CUFF), asked_at=asked_at, pending=pending).overdue_at
        == overdue_at
    )


def test_of_several_reasons_the_first_is_told() -> None:
    sys = Reading(Vital.SYS, None, Quality.REJECTED, "arm moved")
    dia = Reading(Vital.DIA, None, Quality.REJECTED, "weak pulse")
    _, payload = NibpScheduler(DeviceStatus(CUFF)).answer(Measurement((sys, dia)))
    assert payload["reason"] == "arm moved"


@pytest.mark.parametrize(("after_s", "why"), [(-1, None), (0, None), (1, "schedule")])
def test_a_pressure_is_not_wanted_again_that_was_due_when_the_cuff_gave_up(
    after_s: float, why: str | None
) -> None:
    hearing = DeviceStatus(CUFF)
    hearing.link_changed(LinkState.UP, None, START)
    hearing.receive(Measurement(()), START)
    cuff = NibpScheduler(hearing, failures=2, failed_at=START.wall)
    due = PlannedCheck(CheckKind.PRESSURE, START.plus(after_s).wall, CheckState.DUE)
    assert cuff.wanted(START, confirm_at=None, follow_up=False, planned=[due]) == why
