"""A ward at full flow in front of a measured program: alarm latency, processor time, memory.

One thread writes every oximeter's bytes when they are due and reads what the broker sends in
between, so both ends of an alarm are timed by one clock.
"""

import contextlib
import gc
import json
import select
import socket
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Final

from tests.bench import systems
from tests.bench.oximeters import LOW, WELL, Oximeters
from tests.bench.systems import RULE, TOPIC, Running
from tests.bench.wire import Message, Station
from tests.servers import Mosquitto

SETTLE_S: Final = 3.0
WARM_UP: Final = 10
ARRIVES_S: Final = 10.0
PAUSE_S: Final = (0.03, 0.06)
"""From one alarm that is provoked to the next, at random: they come one at a time."""


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: `alarms` one at a time, then `calm_s` without any.

    `writes` is 1 for whole packets and 25 for single frames.
    """

    system: str
    beds: int
    writes: int
    alarms: int
    calm_s: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What came of a case.

    `latencies_s` is empty when no alarm was asked for; `core` is the share of one core,
    `core_streaming` the same with a reader of the live stream, None where there is none.
    """

    case: Case
    latencies_s: tuple[float, ...]
    core: float | None
    core_streaming: float | None
    peak_mib: float
    missed: int

    def percentile_ms(self, percent: int) -> float:
        """The latency that so many of a hundred alarms did not exceed."""
        return quantiles(self.latencies_s, n=100, method="inclusive")[percent - 1] * 1000


def measure(case: Case) -> Figures:
    """The figures of `case`. Starts a broker and the program, and ends both."""
    system = systems.SYSTEMS[case.system]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postdose-bench-")))
        broker = stack.enter_context(Mosquitto(folder))
        oximeters = stack.enter_context(Oximeters(case.beds, case.writes))
        station = stack.enter_context(Station(broker.port, TOPIC))
        pool = stack.enter_context(ThreadPoolExecutor(1))
        trial = Trial()
        flow = Flow(oximeters, station, trial)
        starting = pool.submit(stack.enter_context, system(oximeters.urls, broker.port, folder))
        flow.run(until=starting.done)
        program = starting.result()
        flow.run_for(SETTLE_S)
        oximeters.missed = 0
        if case.alarms:
            trial.wanted = WARM_UP + case.alarms
            flow.run(until=lambda: trial.is_over)
        core, core_streaming = _calm(flow, program, case.calm_s)
        return Figures(
            case,
            tuple(trial.latencies_s[WARM_UP:]),
            core,
            core_streaming,
            program.peak_mib,
            oximeters.missed,
        )


def _calm(flow: "Flow", program: Running, calm_s: float) -> tuple[float | None, float | None]:
    if not calm_s:
        return None, None
    flow.run_for(1.0)
    core = flow.share_of_core(program, calm_s)
    if program.port is None:
        return core, None
    with systems.open_stream(program.port) as stream:
        flow.streams = [stream]
        flow.run_for(1.0)
        core_streaming = flow.share_of_core(program, calm_s)
        flow.streams = []
    return core, core_streaming


@dataclass(slots=True)
class Trial:
    """Alarms at beds that take turns, `PAUSE_S` apart whether or not the last has arrived.

    A bed is taken again only once its last alarm is known to have ended.
    """

    wanted: int = 0
    latencies_s: list[float] = field(default_factory=list)
    _random: Random = field(default_factory=lambda: Random(75))
    _begun: int = 0
    _next_s: float = 0.0
    _low: set[int] = field(default_factory=set)
    _crossed_s: dict[int, float] = field(default_factory=dict)
    _open: set[int] = field(default_factory=set)

    @property
    def is_over(self) -> bool:
        """Whether every alarm has arrived, and ended."""
        return len(self.latencies_s) >= self.wanted and not self._open

    def spo2(self, bed: int, now_s: float) -> int:
        """What the packet that `bed` begins now should say."""
        if now_s - min(self._crossed_s.values(), default=now_s) > ARRIVES_S:
            raise RuntimeError("an alarm did not arrive")
        if self._begun >= self.wanted or now_s < self._next_s or bed in self._open:
            return WELL
        self._begun += 1
        self._next_s = now_s + self._random.uniform(*PAUSE_S)
        self._low.add(bed)
        self._open.add(bed)
        return LOW

    def completes(self, bed: int, now_s: float) -> None:
        """`bed` is about to write the last byte of a packet."""
        if bed in self._low:
            self._low.remove(bed)
            self._crossed_s[bed] = now_s

    def hear(self, message: Message) -> None:
        """Take what the broker sent."""
        alarm = json.loads(message.payload or "{}")
        if alarm.get("rule") != RULE:
            return
        bed = int(message.topic.split("/")[2].removeprefix("bed-")) - 1
        if alarm["state"] == "ended":
            self._open.discard(bed)
        elif bed in self._crossed_s:
            self.latencies_s.append(message.at_s - self._crossed_s.pop(bed))


class Flow:
    """Writes each piece when it is due, and reads the station and the streams in between."""

    def __init__(self, oximeters: Oximeters, station: Station, trial: Trial) -> None:
        self.streams: list[socket.socket] = []
        self._oximeters = oximeters
        self._station = station
        self._trial = trial
        self._due_s = perf_counter()

    def run_for(self, seconds: float) -> None:
        """Let it flow for so long."""
        end_s = perf_counter() + seconds
        self.run(until=lambda: perf_counter() >= end_s)

    def share_of_core(self, program: Running, seconds: float) -> float:
        """The share of one core that `program` takes over so long."""
        began_s, had_s = perf_counter(), program.processor_s
        self.run_for(seconds)
        return (program.processor_s - had_s) / (perf_counter() - began_s)

    def run(self, until: Callable[[], bool]) -> None:
        """Let it flow until that is so; it is asked after every piece."""
        with _without_gc():
            while not until():
                while (left_s := self._due_s - perf_counter()) > 0:
                    self._read(left_s)
                self._write()

    def _write(self) -> None:
        bed, piece = self._oximeters.next()
        now_s = perf_counter()
        if piece == 0:
            self._oximeters.begin(bed, self._trial.spo2(bed, now_s))
        if piece == self._oximeters.writes - 1:
            self._trial.completes(bed, perf_counter())
        self._oximeters.write()
        self._due_s += self._oximeters.every_s

    def _read(self, left_s: float) -> None:
        ready, _, _ = select.select([self._station.socket, *self.streams], [], [], left_s)
        for readable in ready:
            if readable is self._station.socket:
                for message in self._station.read():
                    self._trial.hear(message)
            else:
                readable.recv(1 << 16)


@contextlib.contextmanager
def _without_gc() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
