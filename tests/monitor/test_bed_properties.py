"""What holds at a bed whatever happens there, in any order."""

import json
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from alerts.lifecycle import ENDINGS, Alarm, State
from drivers.clock import Instant, parse_rfc3339
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
    Report,
    Vital,
    Waveform,
)
from monitor.bed import Bed, Outcome
from monitor.commands import (
    Abort,
    Acknowledge,
    AddNote,
    Close,
    Command,
    ConfirmEscort,
    ControlInfusion,
    GiveDose,
    InfusionAction,
    MeasurePressure,
    RecordScore,
    Refused,
    StartSession,
)
from monitor.events import Event
from monitor.session import Phase
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START

Step = Callable[[Bed, Instant], Outcome]

NEWS2 = ("news2", "news2-single")

values = st.sampled_from([None, 30, 39, 49, 70, 85, 87, 88, 89, 92, 93, 94, 97, 99, 121, 141])
qualities = st.sampled_from([Quality.GOOD, Quality.GOOD, Quality.POOR, Quality.REJECTED])
flags = st.frozensets(st.sampled_from(sorted(OXIMETER.kind.flags)), max_size=2)
commands: st.SearchStrategy[Command] = st.one_of(
    st.builds(
        GiveDose, st.just("esketamine"), st.sampled_from([28.0, 84.0]), st.none(), st.just("n")
    ),
    st.builds(
        RecordScore,
        st.just("cadss"),
        st.sampled_from([0, 4, 5, 29, 31, 93]),
        st.none(),
        st.just("n"),
    ),
    st.builds(RecordScore, st.just("moaas"), st.integers(0, 6), st.none(), st.just("n")),
    st.builds(ControlInfusion, st.sampled_from(InfusionAction), st.just("n")),
    st.just(AddNote("calm", "n")),
    st.just(ConfirmEscort("n")),
    st.just(MeasurePressure("n")),
    st.just(Acknowledge("unknown", "n")),
    st.just(Close("n", True)),
)


def stored(events: Iterable[Event]) -> list[Event]:
    """The events as a journal gives them back."""
    return [
        replace(
            event,
            at=parse_rfc3339(event.at.isoformat(timespec="milliseconds")),
            payload=json.loads(json.dumps(dict(event.payload))),
        )
        for event in events
    ]


def durable(bed: Bed) -> dict[str, Any]:
    """Everything of a bed that has to survive a restart."""
    cuffs = bed._cuffs.values()
    return {
        "n": bed.n,
        "session": bed.session,
        "alarms": bed.engine.alarms,
        "announced": bed._announced,
        "cuffs": [(c.failures, c.failure, c.failed_at) for c in cuffs],
        "recorded": {name: value.value for name, value in bed._recorded.items()},
    }


class AnyOrder(RuleBasedStateMachine):
    """Reports, commands, silence, time and restarts, in whatever order."""

    def __init__(self) -> None:
        super().__init__()
        self.bed = Bed("bed-1", (OXIMETER, CUFF), DEFAULT)
        self.now = START
        self.events: list[Event] = []
        self.steps: list[tuple[Step, Instant]] = []
        self.sessions = 0
        self.wall_went_back = False
        self.was_open: dict[str, Alarm] = {}
        self.new: list[Event] = []
        self.fresh: set[str] = set()
        self.restarted = False

    def do(self, step: Step, *fresh: str) -> None:
        """Take a step in which the named signals were measured."""
        self.was_open = {alarm.id: alarm for alarm in self.bed.engine.open_alarms()}
        self.fresh = set(fresh)
        self.steps.append((step, self.now))
        outcome = step(self.bed, self.now)
        self.new = outcome.events
        self.events += outcome.events

    def say(self, device: str, item: Item | LinkChanged, *fresh: str) -> None:
        self.do(lambda bed, now: bed.take(Report(device, now, item)), *fresh)

    # ── what can happen ─────────────────────────────────────────────────────────────────

    @initialize(connected=st.booleans(), regimen=st.sampled_from(sorted(REGIMENS)))
    def begin(self, connected: bool, regimen: str) -> None:
        self.regimen = REGIMENS[regimen]
        if connected:
            self.say("oximeter", LinkChanged(LinkState.UP))
            self.say("cuff", LinkChanged(LinkState.UP))
            self.start()

    @rule(seconds=st.sampled_from([0.1, 1, 1, 3, 5.001, 11, 31, 61, 300, 1860]))
    def time_passes(self, seconds: float) -> None:
        self.now = self.now.plus(seconds)
        self.do(lambda bed, now: bed.tick(now))

    @rule(spo2=values, pulse=values, quality=qualities, flags=flags)
    def oximeter_measures(
        self, spo2: float | None, pulse: float | None, quality: Quality, flags: frozenset[Flag]
    ) -> None:
        readings = (Reading(Vital.SPO2, spo2, quality), Reading(Vital.PULSE, pulse, quality))
        usable = [reading.vital.value for reading in readings if reading.usable]
        self.say("oximeter", Measurement(readings, flags), *usable)

    @rule(spo2=st.sampled_from([84, 97]), seconds=st.sampled_from([6, 12, 35]))
    def oximeter_keeps_measuring(self, spo2: float, seconds: int) -> None:
        for _ in range(seconds):
            self.now = self.now.plus(1)
            readings = (Reading(Vital.SPO2, spo2), Reading(Vital.PULSE, 70))
            self.say("oximeter", Measurement(readings), "spo2", "pulse")
            self.each_alarm_that_is_gone_says_why()

    @rule(sys=st.sampled_from([85, 120, 145, 178, 185]), dia=st.sampled_from([60, 80, 95, 112]))
    def cuff_measures(self, sys: float, dia: float) -> None:
        readings = (Reading(Vital.SYS, sys), Reading(Vital.DIA, dia), Reading(Vital.PULSE, 70))
        self.say("cuff", Measurement(readings), "sys", "dia", "pulse", *NEWS2)

    @rule(flag=st.sampled_from(sorted(CUFF.kind.flags)))
    def cuff_fails(self, flag: Flag) -> None:
        self.say("cuff", MeasurementFailed(flag, "weak pulse", 1))

    @rule(phase=st.sampled_from(CuffPhase))
    def cuff_says_what_it_does(self, phase: CuffPhase) -> None:
        self.say("cuff", CuffState(phase, 90))

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
        self.do(lambda bed, now: bed.site(trouble, reason, now))

    @rule(by_s=st.sampled_from([-7200.0, -1.0, 1.0, 7200.0]))
    def wall_clock_is_set(self, by_s: float) -> None:
        self.wall_went_back |= by_s < 0
        self.now = Instant(self.now.plus(by_s).wall, self.now.mono)

    @precondition(lambda self: self.bed.session is None or not self.bed.session.is_open)
    @rule()
    def start(self) -> None:
        self.sessions += 1
        command = StartSession(f"s-{self.sessions}", "P", 44, 70.0, self.regimen, (), "n")
        self.do(lambda bed, now: bed.command(command, now))

    @rule(command=commands)
    def person_asks(self, command: Command) -> None:
        before, kept = durable(self.bed), len(self.events)
        fresh = {command.scale, *NEWS2} if isinstance(command, RecordScore) else set(NEWS2)
        try:
            self.do(lambda bed, now: bed.command(command, now), *fresh)
        except Refused:
            self.new = []
            after = durable(self.bed)
            stepped = [e for e in self.bed._outcome.events if e.type == "clock.stepped"]
            assert len(self.events) == kept
            assert stepped or after == before

    @precondition(lambda self: self.bed.engine.open_alarms())
    @rule(data=st.data(), by=st.sampled_from(["n", "m"]))
    def person_takes_an_alarm(self, data: st.DataObject, by: str) -> None:
        alarm = data.draw(st.sampled_from([a.id for a in self.bed.engine.open_alarms()]))
        self.person_asks(Acknowledge(alarm, by))

    @rule(ending=st.sampled_from([Abort("n", "why"), Close("n", False, "dr.b", "why")]))
    def session_ends(self, ending: Command) -> None:
        self.person_asks(ending)

    @rule()
    def daemon_restarts(self) -> None:
        self.do(lambda bed, now: bed.tick(now))
        before = durable(self.bed)
        self.bed = Bed("bed-1", (OXIMETER, CUFF), DEFAULT)
        self.bed.restore(stored(self.events), before["n"], self.now)
        assert durable(self.bed) == before
        self.restarted = True
        self.was_open, self.new = {}, []

    # ── what always holds ───────────────────────────────────────────────────────────────

    @invariant()
    def events_are_numbered_without_gaps_and_named_apart(self) -> None:
        assert [event.n for event in self.events] == [*range(1, len(self.events) + 1)]
        assert len({event.id for event in self.events}) == len(self.events)

    @invariant()
    def events_run_forward_unless_the_wall_clock_does_not(self) -> None:
        times = [event.at for event in self.events]
        assert self.wall_went_back or times == sorted(times)

    @invariant()
    def each_alarm_that_is_gone_says_why(self) -> None:
        open_now = {alarm.id for alarm in self.bed.engine.open_alarms()}
        ended = {e.subject: e for e in self.new if e.type in ENDINGS}
        for gone in self.was_open.keys() - open_now:
            assert ended[gone].payload["reason"]
        for alarm_id, event in ended.items():
            reason = event.payload["reason"]
            latched = (was := self.was_open.get(str(alarm_id))) and was.state is State.LATCHED
            assert not latched or reason.startswith(("acknowledged by", "session "))
            if reason == "condition ended" and event.payload["alarm"]["kind"] != "technical":
                assert self.fresh & event.payload["alarm"]["values"].keys()

    @invariant()
    def an_alarm_moves_towards_normal_on_fresh_values_alone(self) -> None:
        for event in self.new:
            if event.type == "alarm.condition-ended":
                assert self.fresh & event.payload["alarm"]["values"].keys()

    @invariant()
    def what_is_too_old_is_called_stale(self) -> None:
        for shown in self.bed.shown(self.now):
            promise_s = self.bed.hearing[shown.device].spec.kind.stale_after_s[shown.vital]
            old = shown.at is None or self.now.mono - shown.at.mono > promise_s
            assert shown.stale or not old

    @invariant()
    def ready_is_said_only_when_every_criterion_is_met(self) -> None:
        if any(event.type == "session.ready" for event in self.new):
            assert all(criterion.met for criterion in self.bed.criteria(self.now))

    @invariant()
    def a_patient_who_left_has_no_alarm_about_the_body(self) -> None:
        session = self.bed.session
        if session is None or session.phase in (Phase.CLOSED, Phase.ABORTED):
            kinds = {alarm.kind.value for alarm in self.bed.engine.open_alarms()}
            assert kinds <= {"technical"}

    def teardown(self) -> None:
        """The same inputs give the same events."""
        if self.restarted:
            return
        again = Bed("bed-1", (OXIMETER, CUFF), DEFAULT)
        events: list[Event] = []
        for step, now in self.steps:
            try:
                events += step(again, now).events
            except Refused:
                continue
        assert events == self.events


TestAnyOrder = AnyOrder.TestCase
TestAnyOrder.settings = settings(max_examples=60, stateful_step_count=40)
