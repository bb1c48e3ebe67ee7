"""Whatever can happen at a bed, and what is counted beside it to hold the bed against.

`BedStateMachine` has the rules by which hypothesis makes things happen; what has to hold then is
said where it is used.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from alerts.alarm.lifecycle import Alarm
from drivers.clock import STEP_S, Instant, parse_rfc3339
from drivers.readings import (
    CuffPhase,
    CuffState,
    Flag,
    Item,
    LinkChanged,
    LinkState,
    Measurement,
    MeasurementFailed,
    Quality,
    Reading,
    Vital,
    Waveform,
)
from monitor.bed.bed import Bed
from monitor.bed.effects import StartMeasurement
from monitor.bed.inputs import DeviceInput, Input, SiteCondition, Tick, TimedInput
from monitor.session.commands import (
    ChooseNews2Scale,
    Command,
    ControlInfusion,
    GiveDose,
    RecordClearance,
    RecordObservation,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refused,
    RetractRecord,
    SetAlarmLimit,
    StartSession,
)
from monitor.session.events import Event
from tests.monitor import bed_commands as people
from tests.monitor.bed_commands import ASKED
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, START

JUDGED: Final = (
    GiveDose,
    ControlInfusion,
    RecordScore,
    RecordSymptom,
    RecordObservation,
    RecordPressure,
    RetractRecord,
    SetAlarmLimit,
    ChooseNews2Scale,
)
"""The commands by which a person changes what the rules see, or how they see it."""

values = st.sampled_from([None, 30, 39, 49, 70, 85, 87, 88, 89, 92, 93, 94, 97, 99, 121, 141])
qualities = st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.POOR, Quality.REJECTED])
flags = st.frozensets(st.sampled_from(sorted({*OXIMETER.kind.flags, Flag.FROZEN})), max_size=2)
failures = st.builds(
    MeasurementFailed,
    st.sampled_from(sorted(CUFF.kind.flags)),
    st.just("weak pulse"),
    st.just(1),
)
phases = st.builds(CuffState, st.sampled_from(CuffPhase), st.just(90))


def empty() -> Bed:
    return Bed("bed-1", (OXIMETER, CUFF), DEFAULT)


def stored(events: Iterable[Event]) -> Iterator[Event]:
    """The events as a journal gives them back."""
    for event in events:
        at = parse_rfc3339(event.at.isoformat(timespec="milliseconds"))
        yield replace(event, at=at, payload=json.loads(json.dumps(dict(event.payload))))


class BedStateMachine(RuleBasedStateMachine):
    """Reports, commands, silence, time, clocks that are set, and restarts, in whatever order.

    `new` are the events of the last step, `events` all of them as they are stored; `fresh`
    the signals that were measured in it, or None when a person changed what the rules see.
    `clock_is_news` says that the wall clock was set and the bed has not been told the time
    since. `drift_s` is how far the wall clock may have been moved in steps too small to be noticed.
    `given` is what the bed was given, and when the daemon was started anew.
    """

    def __init__(self) -> None:
        super().__init__()
        self.now = START
        self.bed = empty()
        self.bed.restore([], 0, self.now)
        self.given: list[TimedInput | Instant] = []
        self.events: list[Event] = []
        self.new: list[Event] = []
        self.measures: list[str] = []
        self.fresh: frozenset[str] | None = frozenset()
        self.was_open: dict[str, Alarm] = {}
        self.asked_at: set[datetime] = set()
        self.ticked_mono = self.now.mono
        self.after_a_second = False
        self.clock_is_news = False
        self.drifts = False
        self.drift_s = 0.0

    # ── a step ──────────────────────────────────────────────────────────────────────────

    def do(self, what: Input, *fresh: str) -> None:
        """Give `what` to the bed, in which the `fresh` signals were measured. May be refused."""
        self.was_open = {alarm.id: alarm for alarm in self.bed.alarm_engine.open_alarms()}
        self.fresh = None if isinstance(what, JUDGED) else frozenset(fresh)
        self.asked_at.add(self.now.in_ms().wall)
        outcome = self.bed.handle(what, self.now)
        self.given.append(TimedInput(self.now, what))
        self.new = outcome.events
        self.measures = [r.device for r in outcome.effects if isinstance(r, StartMeasurement)]
        self.events += stored(outcome.events)
        self.clock_is_news = False
        self.after_a_second = isinstance(what, Tick) and self.now.mono >= self.ticked_mono + 1
        if isinstance(what, Tick):
            self.ticked_mono = self.now.mono
        self.has_done(what)
        self.asked_at.clear()

    def has_done(self, what: Input) -> None:
        """Hold the bed against what has to come of a step."""

    def is_refused(self, command: Command, before: dict[str, Any]) -> None:
        """Hold the bed against what a refusal promises; `before` is what it remembered."""

    def remembered(self) -> dict[str, Any]:
        """What a refused command must leave as it is."""
        return {}

    def has_restarted(self) -> None:
        """The bed is now one that was rebuilt."""

    @property
    def is_occupied(self) -> bool:
        return self.bed.session is not None and self.bed.session.is_open

    # ── devices, time and the daemon ────────────────────────────────────────────────────

    @initialize(drifts=st.sampled_from([False, False, False, True]))
    def have_clocks(self, drifts: bool) -> None:
        self.drifts = drifts

    @initialize(data=st.data(), steps=st.integers(0, 3))
    def begin(self, data: st.DataObject, steps: int) -> None:
        """With nothing, with a session, with its dose begun, or with all but the leaving."""
        if steps > 0:
            self.say("oximeter", LinkChanged(LinkState.UP))
            self.say("cuff", LinkChanged(LinkState.UP))
            self.ask_for(data, StartSession)
        if steps > 1 and self.is_occupied:
            for command in people.whole_dose(self.bed):
                self.ask(command)
                if steps == 2:
                    break
        if steps > 2 and self.is_occupied:
            self.patient_recovers(after_s=751)

    def say(self, device: str, item: Item | LinkChanged, *fresh: str) -> None:
        self.do(DeviceInput(device, item), *fresh)

    @rule(seconds=st.sampled_from([0.1, 1, 1, 3, 5.001, 11, 31, 61, 301.7, 1861, 90_000]))
    def time_passes(self, seconds: float) -> None:
        self.now = self.now.plus(seconds)
        self.do(Tick())

    @rule(spo2=values, pulse=values, quality=qualities, flags=flags)
    def oximeter_measures(
        self, spo2: float | None, pulse: float | None, quality: Quality, flags: frozenset[Flag]
    ) -> None:
        readings = (Reading(Vital.SPO2, spo2, quality), Reading(Vital.PULSE, pulse, quality))
        usable = [reading.vital.value for reading in readings if reading.usable]
        scored = ["news2", "news2-single"] if usable else []
        self.say("oximeter", Measurement(readings, flags), *usable, *scored)

    @rule(spo2=st.sampled_from([84, 91, 97]), seconds=st.sampled_from([6, 12, 35]))
    def oximeter_keeps_measuring(self, spo2: float, seconds: int) -> None:
        self.measure_spo2(spo2, seconds, every_s=1)

    def measure_spo2(self, spo2: float, seconds: int, every_s: int) -> None:
        readings = (Reading(Vital.SPO2, spo2), Reading(Vital.PULSE, 70))
        for _ in range(0, seconds, every_s):
            self.now = self.now.plus(every_s)
            self.say("oximeter", Measurement(readings), "spo2", "pulse", "news2", "news2-single")
            self.do(Tick())

    @rule(sys=st.sampled_from([85, 120, 145, 178, 185]), dia=st.sampled_from([60, 80, 95, 112]))
    def cuff_measures(self, sys: float, dia: float) -> None:
        readings = (Reading(Vital.SYS, sys), Reading(Vital.DIA, dia), Reading(Vital.PULSE, 70))
        self.say("cuff", Measurement(readings), "sys", "dia", "pulse", "news2", "news2-single")

    @rule(item=st.one_of(failures, phases))
    def cuff_says(self, item: Item) -> None:
        self.say("cuff", item)

    @rule()
    def wave_comes(self) -> None:
        self.say("oximeter", Waveform("pleth", 75, (1, 2, 3)))

    @rule(device=st.sampled_from(["oximeter", "cuff"]), state=st.sampled_from(LinkState))
    def link_changes(self, device: str, state: LinkState) -> None:
        self.say(device, LinkChanged(state, None if state is LinkState.UP else "cable"))

    @rule(
        trouble=st.sampled_from(["journal-failing", "broker-unreachable"]),
        reason=st.sampled_from([None, "disk full"]),
    )
    def site_has_a_trouble(self, trouble: str, reason: str | None) -> None:
        self.do(SiteCondition(trouble, reason))

    @precondition(lambda self: not self.clock_is_news)
    @rule(by_s=st.sampled_from([-86_400.0, -612.0, -7.5, 7.5, 612.0, 86_400.0]))
    def wall_clock_is_set(self, by_s: float) -> None:
        self.now = Instant(self.now.plus(by_s).wall, self.now.mono)
        self.clock_is_news = True

    @precondition(lambda self: self.drifts and not self.clock_is_news)
    @rule(by_s=st.sampled_from([-1.1, 1.1]))
    def wall_clock_drifts(self, by_s: float) -> None:
        self.wall_clock_is_set(by_s)
        self.drift_s += STEP_S

    @rule()
    def daemon_restarts(self) -> None:
        self.do(Tick())
        self.bed = self.rebuilt()
        self.given.append(self.now)
        self.was_open, self.new, self.measures = {}, [], []
        self.has_restarted()

    def rebuilt(self) -> Bed:
        """The bed that the stored events give."""
        again = empty()
        again.restore(self.events, self.bed.event_number, self.now)
        return again

    # ── people ──────────────────────────────────────────────────────────────────────────

    @precondition(lambda self: not self.is_occupied)
    @rule(data=st.data())
    def session_starts(self, data: st.DataObject) -> None:
        self.ask_for(data, StartSession)

    @precondition(lambda self: self.is_occupied)
    @rule(data=st.data(), kind=st.sampled_from([None] * 6 + [RecordPreparation, RecordClearance]))
    def somebody_sees_to_the_dose(self, data: st.DataObject, kind: type[Any] | None) -> None:
        self.ask_for(data, kind or people.giving(self.bed))

    @precondition(lambda self: self.is_occupied)
    @rule(data=st.data(), kind=st.sampled_from(people.RECORDS))
    def somebody_records(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @precondition(lambda self: self.is_occupied and any(self.bed.session.records()))
    @rule(data=st.data())
    def somebody_corrects(self, data: st.DataObject) -> None:
        self.ask(data.draw(people.corrections(self.bed, self.now)))

    @precondition(lambda self: self.is_occupied)
    @rule(data=st.data(), kind=st.sampled_from(people.SETTLED))
    def somebody_settles_something(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @precondition(lambda self: self.bed.alarm_engine.open_alarms())
    @rule(data=st.data(), kind=st.sampled_from(people.ALARMS))
    def somebody_answers_an_alarm(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @rule(data=st.data(), kind=st.sampled_from(people.CUFF))
    def somebody_handles_the_cuff(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @rule(data=st.data(), kind=st.sampled_from([k for k in ASKED if k not in people.ENDS]))
    def somebody_asks_out_of_turn(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @precondition(lambda self: self.is_occupied and len(self.bed.session.scores) > 3)
    @rule(data=st.data(), kind=st.sampled_from(people.ENDS))
    def somebody_ends_the_session(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask_for(data, kind)

    @precondition(lambda self: self.is_occupied)
    @rule(after_s=st.sampled_from([0, 751]))
    def patient_recovers(self, after_s: int) -> None:
        self.now = self.now.plus(after_s)
        self.do(Tick())
        for command in people.recovery(self.bed):
            self.ask(command)
        self.measure_spo2(97, 72, every_s=4)

    def ask_for(self, data: st.DataObject, kind: type[Any]) -> None:
        self.ask(data.draw(ASKED[kind](self.bed, self.now)))

    def ask(self, command: Command) -> None:
        """Ask the bed for `command`; the next tick hands over a clock step that was noticed."""
        before, is_first = self.remembered(), self.clock_is_news
        try:
            self.do(command)
        except Refused:
            self.new, self.measures = [], []
            if is_first:
                self.given.append(TimedInput(self.now, command))
                self.do(Tick())
            else:
                self.is_refused(command, before)
