"""A fault of a device at one bed of two: what is told, how soon, and whether all is well again.

The ward, the drivers and the simulated devices are the real ones, in virtual time. A session is
open at the bed, so that the device is missed; the cuff is asked to measure all the while.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from simulators.devices import DEVICES
from simulators.faults import Fault
from simulators.line import LINE_FAULTS
from tests.virtual import run_virtually
from tests.wards import SimulatedWard, simulated_ward

WELL_S: Final = 90
FAULTY_S: Final = 180
AGAIN_S: Final = 300
STEP_S: Final = 1.0
CUFFS: Final = ("suntech", "un300c")


@dataclass(frozen=True, slots=True)
class Case:
    """A fault of a device in a dialect."""

    device: str
    dialect: str
    fault: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What came of a case.

    `told` is how many seconds after its beginning each technical alarm was raised, `well_s` how
    many after its end none was open and values were live; None: not within `AGAIN_S`. `beside`
    are the alarms raised at the other bed.
    """

    told: dict[str, float]
    well_s: float | None
    beside: tuple[str, ...]


def cases() -> Iterator[Case]:
    """Every fault that a dialect declares, and every one of a line for each device."""
    for device, model in DEVICES.items():
        for number, (dialect, declared) in enumerate(model.dialects.items()):
            for fault in (*declared.faults, *(LINE_FAULTS if number == 0 else ())):
                yield Case(device, dialect, fault)


def seen(case: Case, folder: Path) -> Seen:
    """Let the fault come and go in a ward whose journal is in `folder`."""
    return run_virtually(_seen(case, folder))


async def _seen(case: Case, folder: Path) -> Seen:
    device = "cuff" if case.device in CUFFS else "oximeter"
    kind = f"{case.device}:{case.dialect}"
    beds = {"bed-1": {device: kind}, "bed-2": {"oximeter": "nonin"}}
    async with simulated_ward(folder, dict.fromkeys(beds, "calm"), devices=beds) as ward:
        await ward.start()
        await _pass(ward, device, WELL_S)
        before = {*await ward.alarms()}
        assert await _is_live(ward, device), f"{case} gives no values"
        began = ward.timeline.now_s()
        fault = Fault(case.fault, began, FAULTY_S)
        ward.devices["bed-1", device].inject_fault(fault)
        told: dict[str, float] = {}
        well_s, beside = None, set[str]()
        for second in range(FAULTY_S + AGAIN_S):
            await _pass(ward, device, STEP_S)
            open_ = {rule for rule in await ward.alarms() if rule.startswith("tech.")} - before
            beside |= {*await ward.alarms("bed-2")}
            if second < FAULTY_S:
                for rule in open_:
                    told.setdefault(rule, round(ward.timeline.now_s() - began))
            elif not open_ and await _is_live(ward, device):
                well_s = second + 1 - FAULTY_S
                break
        return Seen(told, well_s, tuple(sorted(beside)))


async def _pass(ward: SimulatedWard, device: str, for_s: float) -> None:
    """Let time pass; a cuff is asked for a pressure every minute."""
    now_s = ward.timeline.now_s()
    if device == "cuff" and math.floor(now_s / 60) != math.floor((now_s + for_s) / 60):
        await ward.http.post("/api/v1/beds/bed-1/pressure", json={"by": "nurse.a"})
    await ward.clock.sleep(for_s)


async def _is_live(ward: SimulatedWard, device: str) -> bool:
    vitals: dict[str, Any] = (await ward.get("/beds/bed-1"))["vitals"]
    vital = vitals.get("sys" if device == "cuff" else "spo2")
    return vital is not None and not vital["stale"]
