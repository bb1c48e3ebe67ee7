"""One rule at one device: its verdict, the alarm of its onset, and the rise of its priority."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from alerts.alarm.lifecycle import Alarm, AlarmChange, State
from alerts.alarm.tracked_alarm import TrackedAlarm
from alerts.evaluation.conditions import Value, Verdict
from alerts.evaluation.context import DOSING, MINUTE, EvaluationContext
from alerts.evaluation.rule_instance import RuleInstance
from alerts.evaluation.timers import ConditionChange
from alerts.rules.loader import load_rules
from alerts.rules.model import Priority
from drivers.clock import Instant
from tests.alerts.engine_fixtures import FORMER

NOW = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 1000.0)
DEFAULT = load_rules("default").rules
RULES = {rule.id: rule for rule in DEFAULT}
SENSOR_OFF = ("sensor-off", "oximeter")


def instance(rule: str, device: str | None = None) -> RuleInstance:
    return RuleInstance(RULES[rule], device, 0, ("nurse",))


def context(values: Mapping[str, float] | None = None, **others: Any) -> EvaluationContext:
    """What can be seen in a session: `values` that were taken at `NOW`."""
    seen = {name: Value(value, NOW.mono) for name, value in (values or {}).items()}
    nothing: dict[str, Any] = {
        "bed": "bed-1",
        "event_number": 7,
        "session": "s-1",
        "values": seen,
        "baseline": {},
        "conditions": {},
        "unknown_conditions": frozenset(),
        "minutes": None,
    }
    return EvaluationContext(**nothing | others)


def respond(
    to: RuleInstance, change: ConditionChange, seen: EvaluationContext, now: Instant = NOW
) -> list[AlarmChange]:
    """What the change does, and have the instance go on from there."""
    changes = to.respond(change, seen, DEFAULT, now)
    for one in changes:
        tracked = to.tracked or TrackedAlarm(one.alarm)
        tracked.follow(one, now)
        to.track(tracked)
    return changes


def raised(of: RuleInstance, seen: EvaluationContext) -> Alarm:
    """The alarm of an onset."""
    of.evaluate(seen, NOW)
    [change] = respond(of, ConditionChange.ONSET, seen)
    return change.alarm


# ── verdict ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("spo2", "verdict"),
    [(87, Verdict.MET), (88, Verdict.NEAR), (89, Verdict.CLEAR), (None, Verdict.UNKNOWN)],
)
def test_a_rule_of_a_signal_goes_by_its_value(spo2: float | None, verdict: Verdict) -> None:
    seen = context({} if spo2 is None else {"spo2": spo2})
    assert instance("spo2.very-low").verdict(seen) is verdict


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        (context(conditions={SENSOR_OFF: "no finger"}), Verdict.MET),
        (context(unknown_conditions={SENSOR_OFF}), Verdict.UNKNOWN),
        (context(), Verdict.CLEAR),
        (context(conditions={("sensor-off", "other"): "no finger"}), Verdict.CLEAR),
    ],
    ids=["present", "unknown", "absent", "at another device"],
)
def test_a_technical_rule_goes_by_its_condition_at_its_device(
    seen: EvaluationContext, verdict: Verdict
) -> None:
    assert instance("tech.sensor-off", "oximeter").verdict(seen) is verdict


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [(None, Verdict.UNKNOWN), (119.9, Verdict.UNKNOWN), (120, Verdict.MET)],
)
def test_a_rule_that_begins_after_the_dose_says_nothing_before(
    minutes: float | None, verdict: Verdict
) -> None:
    seen = context({"cadss": 6}, minutes=300, minutes_since_last=minutes)
    assert instance("dissociation.prolonged").verdict(seen) is verdict


@pytest.mark.parametrize(
    ("minutes", "verdict"),
    [(None, Verdict.UNKNOWN), (119.9, Verdict.UNKNOWN), (120, Verdict.MET)],
)
def test_another_begins_after_the_first_dose(minutes: float | None, verdict: Verdict) -> None:
    former = next(rule for rule in FORMER.rules if rule.id == "dissociation.prolonged")
    seen = context({"cadss": 6}, minutes=minutes, minutes_since_last=1)
    assert RuleInstance(former, None, 0, ("nurse",)).verdict(seen) is verdict


def test_a_rule_depends_on_its_signals_its_condition_the_minute_and_the_dosing() -> None:
    assert instance("pressure.rise").depends_on == ("sys", "dia")
    assert instance("pressure.severe").depends_on == ("sys", "dia", DOSING)
    assert instance("dissociation.prolonged").depends_on == ("cadss", MINUTE)
    assert instance("tech.sensor-off", "oximeter").depends_on == (SENSOR_OFF,)


# ── onset ───────────────────────────────────────────────────────────────────────────────


def test_an_onset_raises_an_alarm_of_the_rule() -> None:
    alarm = raised(instance("spo2.very-low"), context({"spo2": 85, "pulse": 70}))
    assert (alarm.rule, alarm.device, alarm.bed, alarm.session) == (
        *("spo2.very-low", None, "bed-1", "s-1"),
    )
    assert (alarm.priority, alarm.latching, alarm.recipients) == (Priority.HIGH, True, ("nurse",))
    assert (alarm.text, alarm.values) == ("SpO2 85 %: under 88 for 10 s", {"spo2": 85})
    assert (alarm.raised_at, alarm.notified_at) == (NOW.wall, NOW.wall)


def test_an_alarm_is_known_by_bed_event_rule_device_and_time() -> None:
    """Fixed: the alarms of a session that is replayed have the ids they had."""
    alarm = raised(instance("spo2.very-low"), context({"spo2": 85}))
    assert alarm.id == "a086580a-0fdf-53c5-b2df-5295238227dd"


def test_an_alarm_shows_what_met_the_condition_where_that_is_gone() -> None:
    rule = instance("pressure.crisis")
    rule.evaluate(context({"sys": 190, "dia": 95, "symptom.headache": 3}), NOW)
    [change] = respond(rule, ConditionChange.ONSET, context({"dia": 90}))
    assert change.alarm.text == "Pressure 190/90 with severe headache: emergency care now"


def test_an_onset_within_a_minute_raises_the_same_alarm_again() -> None:
    rule, seen = instance("dissociation.present"), context({"cadss": 6})
    first = raised(rule, seen)
    respond(rule, ConditionChange.OFFSET, seen)
    [again] = respond(rule, ConditionChange.ONSET, seen, NOW.plus(60))
    assert (again.type, again.alarm.id, again.alarm.count) == ("alarm.re-raised", first.id, 2)
    respond(rule, ConditionChange.OFFSET, seen, NOW.plus(70))
    [new] = respond(rule, ConditionChange.ONSET, seen, NOW.plus(131))
    assert (new.type, new.alarm.count) == ("alarm.raised", 1)


def test_a_technical_alarm_names_the_rules_it_leaves_without_data() -> None:
    asked: list[object] = []

    def lost(at: tuple[str, str | None]) -> set[str]:
        asked.append(at)
        return {"spo2", "pulse"}

    seen = context(conditions={SENSOR_OFF: "no finger"}, signals_lost=lost)
    alarm = raised(instance("tech.sensor-off", "oximeter"), seen)
    assert alarm.text == "oximeter: no finger. Blind: SpO2 and pulse"
    assert alarm.rules_without_data == (
        *("spo2.low", "spo2.very-low", "spo2.falling"),
        *("pulse.high", "pulse.low", "pulse.extreme"),
    )
    assert asked == [SENSOR_OFF]


def test_a_technical_alarm_that_takes_no_signal_away_names_no_rule() -> None:
    seen = context(conditions={("low-battery", "oximeter"): "low"}, signals_lost=lambda _: {"spo2"})
    assert raised(instance("tech.low-battery", "oximeter"), seen).rules_without_data == ()


# ── afterwards ──────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("change", "type_", "reason"),
    [
        (ConditionChange.OFFSET, "alarm.condition-ended", "condition ended"),
        (ConditionChange.DATA_LOST, "alarm.unverified", "its data stopped"),
        (ConditionChange.DATA_RESTORED, "alarm.verified", None),
    ],
)
def test_a_change_of_the_condition_is_one_of_the_alarm(
    change: ConditionChange, type_: str, reason: str | None
) -> None:
    rule, seen = instance("spo2.very-low"), context({"spo2": 85})
    raised(rule, seen)
    assert [(c.type, c.reason) for c in respond(rule, change, seen)] == [(type_, reason)]


def test_a_rule_goes_on_from_the_alarm_it_is_given() -> None:
    rule = instance("spo2.very-low")
    alarm = raised(instance("spo2.very-low"), context({"spo2": 85}))
    rule.track(TrackedAlarm(replace(alarm, unverified_since=NOW.wall)))
    assert (rule.timer.raised, rule.timer.data_lost) == (True, True)
    rule.track(TrackedAlarm(replace(alarm, state=State.LATCHED)))
    assert (rule.timer.raised, rule.timer.data_lost) == (False, False)


def test_a_rule_that_restarts_is_the_set_s_own_again() -> None:
    rule = instance("spo2.very-low")
    rule.timer.rule = replace(rule.rule, for_s=0.0)
    seen = context({"spo2": 85})
    assert rule.evaluate(seen, NOW) == [ConditionChange.ONSET]
    rule.restart()
    assert rule.evaluate(seen, NOW) == []


# ── priority ────────────────────────────────────────────────────────────────────────────

LOST = context(conditions={SENSOR_OFF: "no finger"}, signals_lost=lambda _: {"spo2"})


def sensor_off() -> RuleInstance:
    """A low alarm, raised at `NOW`, that becomes medium after 30 s of a session."""
    rule = instance("tech.sensor-off", "oximeter")
    for now in (NOW.plus(-rule.rule.for_s), NOW):
        for change in rule.evaluate(LOST, now):
            respond(rule, change, LOST)
    return rule


def test_a_priority_rises_when_the_condition_has_lasted() -> None:
    rule = sensor_off()
    assert rule.priority_rises_at("s-1") == NOW.mono + 30
    assert rule.raise_priority(LOST, DEFAULT, NOW.plus(29.9)) == []
    [change] = rule.raise_priority(LOST, DEFAULT, NOW.plus(30))
    assert (change.type, change.alarm.priority) == ("alarm.priority-raised", Priority.MEDIUM)
    assert change.reason == "still there after 30 s"
    assert change.alarm.rules_without_data == ("spo2.low", "spo2.very-low", "spo2.falling")


def test_a_priority_rises_in_a_session_alone() -> None:
    rule = sensor_off()
    assert rule.priority_rises_at(None) is None
    assert rule.raise_priority(replace(LOST, session=None), DEFAULT, NOW.plus(600)) == []


def test_a_priority_rises_once() -> None:
    rule = sensor_off()
    assert rule.tracked is not None
    rule.tracked.alarm = replace(rule.tracked.alarm, priority=Priority.MEDIUM)
    assert rule.priority_rises_at("s-1") is None


def test_what_has_ended_or_never_was_becomes_no_more_urgent() -> None:
    assert instance("tech.sensor-off", "oximeter").priority_rises_at("s-1") is None
    rule = sensor_off()
    respond(rule, ConditionChange.OFFSET, context(), NOW.plus(10))
    assert rule.priority_rises_at("s-1") is None


def test_a_rule_is_due_at_the_sooner_of_its_timer_and_its_priority() -> None:
    rule = sensor_off()
    assert rule.due_at("s-1") == NOW.mono + 30
    assert rule.due_at(None) is None
    rule.evaluate(context(), NOW.plus(10))
    assert rule.due_at("s-1") == NOW.mono + 10 + rule.rule.clear_for_s
    rule.evaluate(LOST, NOW.plus(11))
    rule.evaluate(context(), NOW.plus(29))
    assert rule.due_at("s-1") == NOW.mono + 30


def test_a_rule_whose_priority_stays_is_due_by_its_timer() -> None:
    rule = instance("spo2.very-low")
    assert rule.due_at("s-1") is None
    rule.evaluate(context({"spo2": 85}), NOW)
    assert rule.due_at("s-1") == NOW.mono + 10
