"""Every driver hears the simulated device of its name, whose dialect it is not told.

Both were written from the protocol page, neither from the other.
"""

from collections.abc import Iterator

import pytest

from drivers.dialects import AnyDialect
from drivers.readings import Item, Measurement, Quality, Vital
from drivers.registry import DRIVERS
from simulators.devices import DEVICES, build
from simulators.faults import Fault
from simulators.line import SimulatedLine
from simulators.vitals import Vitals
from tests.simulators.steady import Steady

WELL = Vitals(96, 71, sys_mmhg=121, dia_mmhg=77, map_mmhg=92, perfusion=0.6)
SAYS = {
    "spo2_pct": (Vital.SPO2, 96),
    "pulse_per_min": (Vital.PULSE, 71),
    "sys_mmhg": (Vital.SYS, 121),
    "dia_mmhg": (Vital.DIA, 77),
    "map_mmhg": (Vital.MAP, 92),
}
"""Each vital sign of `WELL`, as its driver gives it; how a perfusion is scaled is the device's."""

CASES = [(name, dialect) for name in DRIVERS for dialect in DEVICES[name].dialects]
UNTOLD = {("cms50", "bci")}
"""Dialects that only their line tells from another of the device."""


def talked(name: str, dialect: str, line: SimulatedLine, until_s: float) -> Iterator[list[Item]]:
    """What a driver on the line hears every tenth of a second; one that can measure does at 5 s."""
    driver = DRIVERS[name]
    codec = AnyDialect(driver.dialects, driver.whole({}))
    while str(codec.line) != str(DEVICES[name].dialects[dialect].line):
        assert codec.try_next_line()
    codec.opened(0.0)
    for tenth in range(int(until_s * 10)):
        now_s = tenth / 10
        told = codec.data_to_send()
        items = codec.feed(line.receive(told, now_s) + line.advance(now_s))
        if codec.deadline_s is not None:
            items += codec.handle_deadline(now_s)
        if driver.can_measure and tenth == 50:
            items += codec.measure(now_s)
        yield items
    assert codec.dialect == dialect


@pytest.mark.parametrize(("name", "dialect"), [case for case in CASES if case not in UNTOLD])
def test_a_driver_hears_its_simulated_device(name: str, dialect: str) -> None:
    line = build(name, Steady(WELL), dialect=dialect)
    got: dict[Vital, float | None] = {}
    for items in talked(name, dialect, line, 60.0):
        for item in items:
            if isinstance(item, Measurement):
                got |= {r.vital: r.value for r in item.readings if r.quality is Quality.GOOD}
    said = DEVICES[name].dialects[dialect].vitals & SAYS.keys()
    wanted = dict(SAYS[each] for each in said)
    assert {vital: got.get(vital) for vital in wanted} == wanted


@pytest.mark.parametrize(("name", "dialect"), [case for case in CASES if case not in UNTOLD])
def test_no_fault_of_a_simulated_device_shows_a_value_that_is_not_the_patients(
    name: str, dialect: str
) -> None:
    for fault in DEVICES[name].dialects[dialect].faults:
        line = build(name, Steady(WELL), dialect=dialect, scripted=[Fault(fault, 3.0)])
        for items in talked(name, dialect, line, 40.0):
            readings = [r for item in items if isinstance(item, Measurement) for r in item.readings]
            for reading in readings:
                if reading.usable and reading.vital in dict(SAYS.values()):
                    assert reading.value == dict(SAYS.values())[reading.vital], fault
