"""What one bed's core costs: hours of readings, the whole default set, and no I/O at all."""

from collections.abc import Iterator
from dataclasses import dataclass
from time import process_time
from typing import Final

from drivers.clock import Instant
from drivers.readings import CuffPhase, CuffState, Measurement, Reading, Vital
from monitor.bed.bed import Bed
from monitor.bed.inputs import DeviceInput, Tick, TimedInput
from simulators.patient import Patient, Profile
from tests.monitor.builders import Bedside, bed

HOURS: Final = (1, 2, 4)
RATE: Final = 3
"""Readings a second, as an oximeter's packets come."""

RUNS: Final = 5
"""The least of so many is the cost: whatever else the machine does only adds to it."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds for `hours` of one bed.

    For what its devices said, for ticks, and for holding each value against one limit:
    the least that anything could do.
    """

    hours: int
    reports: int
    take_s: float
    tick_s: float
    floor_s: float


def measure(hours: int) -> Cost:
    """What `hours` after the dose cost a bed whose oximeter and cuff talk all the time."""
    begin = _dosed().now
    patient = Patient(Profile(), 7, dose_at_s=0.0)
    seconds = range(hours * 3600)
    said = [report for second in seconds for report in _second(begin, patient, second)]
    took_s, ticked_s = min((_run(_dosed().bed, said) for _ in range(RUNS)), key=sum)
    return Cost(hours, len(said), took_s, ticked_s, min(_floor_s(said) for _ in range(RUNS)))


_IDLE: Final = DeviceInput("cuff", CuffState(CuffPhase.IDLE, 0))


def _dosed() -> Bedside:
    return bed().with_session().with_baseline().prepared().dosed()


def _second(begin: Instant, patient: Patient, second: int) -> Iterator[TimedInput]:
    for n in range(RATE):
        at_s = second + (n + 1) / RATE
        truth = patient.at(at_s)
        spo2, pulse = truth.spo2_pct or 0.0, truth.pulse_per_min or 0.0
        readings = (Reading(Vital.SPO2, round(spo2)), Reading(Vital.PULSE, round(pulse)))
        yield TimedInput(begin.plus(at_s), DeviceInput("oximeter", Measurement(readings)))
    yield TimedInput(begin.plus(second + 1), _IDLE)


def _run(core: Bed, said: list[TimedInput]) -> tuple[float, float]:
    seconds = [(said[n : n + RATE + 1], said[n + RATE].at) for n in range(0, len(said), RATE + 1)]
    ticks = [(at, at.plus(0.2)) for _, at in seconds]
    tick = Tick()
    began_s = process_time()
    ticked_s = 0.0
    for (reports, _), times in zip(seconds, ticks, strict=True):
        for report in reports:
            core.handle(report.input, report.at)
        before_s = process_time()
        for at in times:
            core.handle(tick, at)
        ticked_s += process_time() - before_s
    return process_time() - began_s - ticked_s, ticked_s


def _floor_s(said: list[TimedInput]) -> float:
    began_s = process_time()
    low = 0
    for report in said:
        if isinstance(report.input, DeviceInput) and isinstance(report.input.item, Measurement):
            for reading in report.input.item.readings:
                if reading.value is not None and reading.value < 88:
                    low += 1
    return process_time() - began_s
