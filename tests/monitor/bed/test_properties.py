"""What holds at a bed whatever happens there, in any order."""

import copy
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, get_args

import pytest
from hypothesis import settings
from hypothesis.stateful import invariant

from alerts.alarm.lifecycle import (
    ALARM_ENDINGS,
    ALARM_ONSETS,
    ALARM_SOUNDINGS,
    CALLED_AGAIN,
    Alarm,
    State,
)
from alerts.evaluation.conditions import Verdict, judge
from alerts.evaluation.patient_limits import limit_of
from alerts.evaluation.worsening import is_worse
from alerts.rules.model import Kind, Rule
from drivers.clock import STEP_S, Instant
from monitor.bed import view
from monitor.bed.bed import Bed
from monitor.bed.input_codec import dump, load
from monitor.bed.inputs import Input
from monitor.bed.nibp import APART_S, PRESSURES
from monitor.replay.what_if import interventions_in
from monitor.session.commands import Close, Command, Refused
from monitor.session.events import Event
from monitor.session.reopening import is_session_end
from monitor.session.schedule import planned_checks
from monitor.session.session import Phase, Session
from tests.lengths import length
from tests.monitor.bed_commands import ASKED
from tests.monitor.bed_state_machine import BedStateMachine, empty, stored
from tests.monitor.builders import DEFAULT, START

LIVE: Final = {"spo2", "no-respiratory-depression"}
"""The criteria, and the conditions for a dose, that need what a device says now.

Respiratory depression is over where SpO2 is as leaving asks.
"""

RECORDED: Final = {
    "dose.given",
    "dosing.stopped",
    "score.recorded",
    "symptom.recorded",
    "observation.recorded",
    "pressure.measured",
}
"""The events that put a record on record which can be corrected."""

BLIND: Final = {
    "tech.link-lost",
    "tech.device-silent",
    "tech.signal-missing",
    "tech.sensor-off",
    "tech.sensor-disconnected",
    "tech.no-pulse",
}
"""The alarms that say that SpO2 is missing."""

BLIND_S: Final = 17.0
"""The longest delay of one of these, and a second or two for looking."""

NEAR_S: Final = 0.01
"""What comes of counting in milliseconds."""


def durable(bed: Bed) -> dict[str, Any]:
    """Everything of a bed that has to survive a restart."""
    cuffs = bed.state.nibp.values()
    pause = bed.state.audio_pause
    return {
        "n": bed.event_number,
        "session": bed.session,
        "alarms": bed.alarm_engine.alarms,
        "rules": bed.alarm_engine.effective_rules,
        "pause": None if pause is None else (pause.by, pause.until, pause.priority),
        "announced": bed.state.announced,
        "cuffs": [(c.failures, c.failure, c.failed_at, c.inhibited) for c in cuffs],
        "recorded": {name: value.value for name, value in bed.state.charted.values.items()},
    }


def by_id(alarms: Iterable[Alarm]) -> dict[str, Alarm]:
    return {alarm.id: alarm for alarm in alarms}


def runs(session: Session | None) -> bool:
    """Whether an infusion has not ended: its plan is made anew only once a minute."""
    return session is not None and not (session.infusion is None or session.infusion.ended_at)


def visible(bed: Bed, now: Instant) -> dict[str, Any]:
    """What people see of a bed that does not depend on what a device says now."""
    shown = view.session(bed, now)
    session = {} if shown is None else shown.as_json()
    left_out = set(LIVE)
    if runs(bed.session):
        del session["schedule"]
        left_out.add("no-check-overdue")
    for name in ("criteria", "gate"):
        session[name] = [each for each in session.get(name, ()) if each["name"] not in left_out]
    pressures = [v for v in bed.vitals.views(now) if v.vital in PRESSURES and v.value is not None]
    return {
        "session": session,
        "alarms": view.alarms(bed),
        "audio": view.audio_pause(bed).as_json(),
        "pressures": [(v.vital, v.value, v.device, v.stale) for v in pressures],
    }


class AnyOrder(BedStateMachine):
    """What has to hold after each step, and between steps."""

    def __init__(self) -> None:
        super().__init__()
        self.met_since: dict[str, float] = {}
        self.blind_since: float | None = None
        self.called: dict[str, float] = {}
        self.taken: dict[str, int] = {}
        self.quiet_until = 0.0
        self.started = 0.0
        self.asked = float("-inf")
        self.criteria_met = False

    # ── what is counted beside the bed ──────────────────────────────────────────────────

    def has_done(self, what: Input) -> None:
        for event in self.new:
            self.count(event)
        for holds in AFTER_EACH_STEP:
            holds(self)
        if isinstance(what, Close):
            assert self.criteria_met or what.clinician

    def count(self, event: Event) -> None:
        mono = self.now.mono
        if event.type == "session.started":
            self.started = mono
        if event.type == "session.started" or is_session_end(event.type, event.payload):
            self.met_since.clear()
            self.blind_since = None
        if event.type == "alarm.audio-paused":
            until = datetime.fromisoformat(event.payload["until"])
            self.quiet_until = mono + (until - event.at).total_seconds()
        if event.subject is not None:
            alarm = Alarm.from_json(event.payload["alarm"])
            if alarm.notified_at == event.at:
                self.called[alarm.id] = mono
            is_start = event.type in ALARM_ONSETS and alarm.taken_with is not None
            if event.type == "alarm.acknowledged" or is_start:
                self.taken[alarm.id] = alarm.priority

    def has_restarted(self) -> None:
        """Delays begin anew; those of calls do where the clocks have drifted apart.

        What the journal chooses of the events gives all that the bed itself has decided.
        """
        chosen = empty()
        chosen.restore(interventions_in(self.events), self.bed.event_number, self.now)
        ours, theirs = durable(self.bed), durable(chosen)
        assert by_id(chosen.alarm_engine.open_alarms()) == by_id(
            self.bed.alarm_engine.open_alarms()
        )
        for name in ("n", "session", "rules", "pause"):
            assert theirs[name] == ours[name], name
        assert chosen.state.nibp["cuff"].inhibited == self.bed.state.nibp["cuff"].inhibited
        self.met_since.clear()
        self.blind_since = None
        if self.drift_s:
            self.called = dict.fromkeys(self.called, self.now.mono)
            self.quiet_until = self.now.mono + 120

    def verdict(self, of: Rule) -> Verdict:
        """What a rule about the patient says of what is known now."""
        session = self.bed.session
        minutes = self.bed.state.minutes(self.now) or 0.0
        if session is None or (of.after_min is not None and minutes < of.after_min):
            return Verdict.UNKNOWN
        since_last, after = self.bed.state.minutes_since_last(self.now), of.after_last_dose_min
        if after is not None and (since_last is None or since_last < after):
            return Verdict.UNKNOWN
        known = self.bed.alarms._values(session)
        return judge(of.condition, known, session.baseline, of.clear_margin)

    def about_the_patient(self) -> list[Rule]:
        return (
            [r for r in self.bed.alarm_engine.effective_rules if r.technical_condition is None]
            if self.is_occupied
            else []
        )

    def alarm_of(self, rule: Rule) -> Alarm | None:
        return self.bed.alarm_engine.alarms.get((rule.id, None))

    # ── events ──────────────────────────────────────────────────────────────────────────

    def events_say_when_they_were_decided(self) -> None:
        """So they run forward by a clock that does."""
        assert {event.at for event in self.new} <= self.asked_at

    def events_are_numbered_without_gaps(self) -> None:
        before = len(self.events) - len(self.new)
        assert [e.n for e in self.new] == [*range(before + 1, len(self.events) + 1)]
        assert self.bed.event_number == len(self.events)

    # ── alarms ──────────────────────────────────────────────────────────────────────────

    def what_meets_a_rule_raises_its_alarm_in_time(self) -> None:
        """Within the rule's own delay plus one second (invariant 1)."""
        for rule in self.about_the_patient():
            verdict = self.verdict(rule)
            if verdict in (Verdict.CLEAR, Verdict.NEAR):
                self.met_since.pop(rule.id, None)
            elif verdict is Verdict.MET:
                self.met_since.setdefault(rule.id, self.now.mono)
            for_s = rule.for_s if rule.confirm_after_s is None else rule.confirm_within_s
            if self.now.mono - self.met_since.get(rule.id, self.now.mono) > for_s + 1:
                alarm = self.alarm_of(rule)
                assert alarm is not None, rule.id
                assert alarm.state is State.ACTIVE, rule.id

    def an_alarm_that_nothing_can_verify_says_so(self) -> None:
        for rule in self.about_the_patient():
            alarm = self.alarm_of(rule)
            if alarm is not None and alarm.state is State.ACTIVE:
                blind = self.verdict(rule) is Verdict.UNKNOWN
                assert (alarm.unverified_since is not None) is blind, rule.id

    def an_alarm_that_is_gone_says_why(self) -> None:
        """A latched one waits for a person, or for the session's end (invariant 2)."""
        open_now = {alarm.id for alarm in self.bed.alarm_engine.open_alarms()}
        ended = {e.subject: e for e in self.new if e.type in ALARM_ENDINGS}
        for gone in self.was_open.keys() - open_now:
            assert ended[gone].payload["reason"]
        for alarm_id, event in ended.items():
            was = self.was_open.get(str(alarm_id))
            if was is not None and was.state is State.LATCHED:
                assert event.payload["reason"].startswith(
                    ("acknowledged by", "session ", "patient left")
                )

    def an_alarm_moves_towards_normal_on_fresh_values_alone(self) -> None:
        """Or when a person puts right what its rule sees, or sets its limit (invariant 2)."""
        for event in self.new:
            alarm = event.payload.get("alarm", {})
            is_over = event.type == "alarm.condition-ended" or (
                event.type == "alarm.ended" and event.payload["reason"] == "condition ended"
            )
            if is_over and alarm["kind"] != "technical" and self.fresh is not None:
                assert self.fresh & alarm["values"].keys(), (event.type, alarm["rule"])

    def an_acknowledgement_covers_nothing_worse(self) -> None:
        """What comes again, or more urgently, waits for a person again."""
        for event in self.new:
            if event.type in ALARM_SOUNDINGS and event.payload["alarm"]["acknowledged"]:
                self.is_raised_again_and_no_worse(event)
        for alarm in self.bed.alarm_engine.open_alarms():
            if alarm.acknowledged:
                assert alarm.priority <= self.taken[alarm.id]

    def is_raised_again_and_no_worse(self, event: Event) -> None:
        alarm = Alarm.from_json(event.payload["alarm"])
        rules = {rule.id: rule for rule in DEFAULT.rules}
        if alarm.taken_with is not None:
            graver = self.bed.alarm_engine.find(alarm.taken_with)
            assert graver is not None
            assert alarm.rule in rules[graver.rule].takes
            return
        assert event.type == "alarm.re-raised"
        assert not is_worse(rules[alarm.rule], alarm.values, alarm.worst_since_call)

    def an_acknowledgement_that_is_taken_back_leaves_the_alarm_to_a_person(self) -> None:
        for event in self.new:
            if event.type == "alarm.unacknowledged":
                alarm = Alarm.from_json(event.payload["alarm"])
                assert alarm.is_open
                assert not alarm.acknowledged

    def what_nobody_takes_calls_again_in_time(self) -> None:
        for alarm in self.bed.alarm_engine.open_alarms():
            after_s = DEFAULT.escalation.after_s(alarm.kind, alarm.priority)
            if after_s is not None and not alarm.acknowledged:
                assert self.now.mono - self.called[alarm.id] < after_s + NEAR_S

    def a_pause_ends_at_its_time_and_for_what_is_new(self) -> None:
        """It is 120 s at most, and never quiets what came after it and is as urgent."""
        pause = self.bed.state.audio_pause
        if pause is None:
            return
        assert self.now.mono < self.quiet_until + NEAR_S
        assert any(not alarm.acknowledged for alarm in self.bed.alarm_engine.open_alarms())
        for event in reversed(self.new):
            if event.type == "alarm.audio-paused":
                break
            if event.type not in ALARM_SOUNDINGS or event.payload["alarm"]["acknowledged"]:
                continue
            alarm = Alarm.from_json(event.payload["alarm"])
            is_heard = event.type != CALLED_AGAIN or alarm.called_again_at == alarm.notified_at
            if is_heard and alarm.kind is not Kind.ADVISORY:
                assert alarm.priority < pause.priority

    def who_sees_nothing_says_so(self) -> None:
        """SpO2 that stops coming in a session is an alarm of its own (invariant 5)."""
        spo2 = next(shown for shown in self.bed.vitals.views(self.now) if shown.vital == "spo2")
        if not self.is_occupied or not spo2.stale:
            self.blind_since = None
            return
        if self.blind_since is None:
            self.blind_since = self.now.mono
        if self.now.mono - self.blind_since > BLIND_S:
            assert BLIND & {alarm.rule for alarm in self.bed.alarm_engine.open_alarms()}

    def without_a_patient_no_alarm_is_about_one(self) -> None:
        if not self.is_occupied:
            kinds = {alarm.kind for alarm in self.bed.alarm_engine.open_alarms()}
            assert kinds <= {Kind.TECHNICAL}

    # ── the session ─────────────────────────────────────────────────────────────────────

    def ready_means_that_no_criterion_stops_it(self) -> None:
        """It is withdrawn within a second when one is not, and at once with an event.

        Held against them at the same whole millisecond as the bed itself holds it.
        """
        session = self.bed.session
        was_looked_at = bool(self.new) or self.after_a_second
        if session is not None and session.phase is Phase.READY and was_looked_at:
            assert [
                c for c in self.bed.readiness.discharge_criteria(self.now.in_ms()) if c.stops
            ] == []

    def a_record_stands_until_it_is_corrected_or_withdrawn(self) -> None:
        session = self.bed.session
        if session is None or not self.new:
            return
        mine = [event for event in self.events if event.session == session.id]
        made = {event.id for event in mine if event.type in RECORDED}
        gone = {event.payload.get("corrects") or event.payload.get("record") for event in mine}
        assert {record.id for record in session.records()} == made - gone
        assert {correction.was.id for correction in session.corrections} == gone - {None}

    def a_clock_that_is_set_moves_the_session_along(self) -> None:
        """What has passed of it is what has passed, but for steps too small to be noticed."""
        if self.is_occupied and self.bed.session is not None:
            passed = (self.now.wall - self.bed.session.started_at).total_seconds()
            assert abs(passed - (self.now.mono - self.started)) <= self.drift_s + NEAR_S

    def rules_judge_by_the_limits_set_for_this_patient(self) -> None:
        """And by the set's own for everything, and everybody, else."""
        session = self.bed.session
        own = session.patient_limits() if self.is_occupied and session is not None else {}
        for rule, of_set in zip(self.bed.alarm_engine.effective_rules, DEFAULT.rules, strict=True):
            limits = {key[1:]: limit for key, limit in own.items() if key[0] == rule.id}
            assert limits or rule is of_set
            for (signal, which), limit in limits.items():
                assert limit_of(rule, signal, which) == (signal, limit)

    # ── the cuff ────────────────────────────────────────────────────────────────────────

    def the_cuff_is_started_only_where_it_may_be(self) -> None:
        """Not while it is stopped, and by itself not twice within a minute."""
        for event in self.new:
            if event.type != "pressure.requested":
                continue
            assert self.bed.state.nibp["cuff"].inhibited is None
            if event.payload["why"] != "by-hand":
                assert self.now.mono - self.asked > APART_S - NEAR_S
            self.asked = self.now.mono
        requested = [e for e in self.new if e.type == "pressure.requested"]
        assert len(self.measures) == len(requested)

    def a_pressure_is_followed_up_for_an_alarm_of_this_patient(self) -> None:
        for event in self.new:
            if event.type == "pressure.requested" and event.payload["why"] == "follow-up":
                rules = {
                    e.payload["alarm"]["rule"].partition(".")[0]
                    for e in self.events
                    if e.subject is not None and e.session == event.session
                }
                assert "pressure" in rules

    # ── refusals ────────────────────────────────────────────────────────────────────────

    def remembered(self) -> dict[str, Any]:
        criteria = (
            self.bed.readiness.discharge_criteria(self.now, escort=True) if self.is_occupied else []
        )
        self.criteria_met = not any(criterion.stops for criterion in criteria)
        return durable(self.bed) | view.bed(self.bed, self.now, simulated=False).as_json()

    def is_refused(self, command: Command, before: dict[str, Any]) -> None:
        """A refused command changes nothing, and nothing later."""
        assert self.remembered() == before
        assert not self.bed.pending.events

    # ── between steps ───────────────────────────────────────────────────────────────────

    @invariant()
    def what_is_too_old_is_called_stale(self) -> None:
        """Within its device's promise (invariant 5)."""
        for shown in self.bed.vitals.views(self.now):
            device = self.bed.technical.devices.get(shown.device)
            promise_s = 2400.0 if device is None else device.spec.kind.stale_after_s[shown.vital]
            old = shown.at is None or self.now.mono - shown.at.mono > promise_s
            assert shown.stale or not old

    @invariant()
    def the_checks_are_those_of_now(self) -> None:
        """A plan that is kept says what a new one would, but for an infusion that runs."""
        session = self.bed.session
        if session is not None and not runs(session):
            assert self.bed.readiness.planned_checks(self.now) == planned_checks(
                session, self.now.wall
            )

    @invariant()
    def a_bed_that_is_rebuilt_is_the_bed_that_was(self) -> None:
        """Of what must survive a restart, and of what people see (invariants 3 and 4)."""
        if self.clock_is_news:
            return
        again, was = self.rebuilt(), self.bed
        back_s = (self.events[-1].at - self.now.wall).total_seconds() if self.events else 0.0
        if back_s > STEP_S:
            # Small steps back have added up to one that a restart notices: the same bed says so.
            was = copy.deepcopy(self.bed)
            was.emit("clock.stepped", {"by_s": round(-back_s, 3)}, self.now.in_ms())
        assert durable(again) == durable(was)
        if not self.drift_s:
            assert visible(again, self.now) == visible(was, self.now)
        paused, was_paused = again.state.audio_pause, was.state.audio_pause
        if paused is not None and was_paused is not None:
            assert abs(paused.ends - was_paused.ends) <= STEP_S

    def teardown(self) -> None:
        """The same inputs give the same events, read from a recording and looked at by nobody.

        What was refused is not given, so that it changes nothing afterwards either.
        """
        again = empty()
        again.restore([], 0, START)
        events: list[Event] = []
        for given in self.given:
            if isinstance(given, Instant):
                n, again = again.event_number, empty()
                again.restore(stored(events), n, given)
                continue
            try:
                events += again.handle(load(dump(given.input)), given.at).events
            except Refused:
                continue
        assert [*stored(events)] == self.events
        assert len({event.id for event in self.events}) == len(self.events)


AFTER_EACH_STEP: Final[tuple[Callable[[AnyOrder], None], ...]] = (
    AnyOrder.events_say_when_they_were_decided,
    AnyOrder.events_are_numbered_without_gaps,
    AnyOrder.what_meets_a_rule_raises_its_alarm_in_time,
    AnyOrder.an_alarm_that_nothing_can_verify_says_so,
    AnyOrder.an_alarm_that_is_gone_says_why,
    AnyOrder.an_alarm_moves_towards_normal_on_fresh_values_alone,
    AnyOrder.an_acknowledgement_covers_nothing_worse,
    AnyOrder.an_acknowledgement_that_is_taken_back_leaves_the_alarm_to_a_person,
    AnyOrder.what_nobody_takes_calls_again_in_time,
    AnyOrder.a_pause_ends_at_its_time_and_for_what_is_new,
    AnyOrder.who_sees_nothing_says_so,
    AnyOrder.without_a_patient_no_alarm_is_about_one,
    AnyOrder.ready_means_that_no_criterion_stops_it,
    AnyOrder.a_record_stands_until_it_is_corrected_or_withdrawn,
    AnyOrder.a_clock_that_is_set_moves_the_session_along,
    AnyOrder.rules_judge_by_the_limits_set_for_this_patient,
    AnyOrder.the_cuff_is_started_only_where_it_may_be,
    AnyOrder.a_pressure_is_followed_up_for_an_alarm_of_this_patient,
)

TestAnyOrder = pytest.mark.slow(AnyOrder.TestCase)
TestAnyOrder.settings = settings(
    max_examples=length(12, 800), stateful_step_count=50, deadline=None
)


def test_every_command_is_asked() -> None:
    assert ASKED.keys() == set(get_args(Command))
