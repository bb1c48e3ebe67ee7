"""The engine: loss of data, recurrence, people, priority, sessions, and how little it evaluates."""

from collections.abc import Callable

import pytest

from alerts.alarm.lifecycle import State
from alerts.evaluation import rule_instance
from alerts.evaluation.conditions import Verdict, judge
from alerts.rules.loader import parse
from alerts.rules.model import Priority, RuleSet
from tests.alerts.engine_fixtures import DEFAULT, FORMER, START, BedEngine

LOW, MEDIUM = Priority.LOW, Priority.MEDIUM


def very_low(rules: RuleSet = DEFAULT, **session: str | None) -> BedEngine:
    return BedEngine(rules, **session).hold(10, spo2=85)  # type: ignore[arg-type]


# ── loss of data ────────────────────────────────────────────────────────────────────────


def test_data_lost_on_the_way_to_an_alarm_raises_it_all_the_same() -> None:
    seen = BedEngine().hold(3, spo2=85).lose("spo2").wait(7)
    assert seen.history("spo2.very-low") == ["raised", "unverified"]


def test_data_lost_on_the_way_to_an_alarm_raises_nothing_before_its_delay() -> None:
    assert BedEngine().hold(3, spo2=85).lose("spo2").wait(6.9).history("spo2.very-low") == []


def test_data_lost_for_hours_ends_no_alarm() -> None:
    seen = very_low().lose("spo2").wait(7200)
    assert seen.history("spo2.very-low") == ["raised", "unverified"]
    assert seen.alarm("spo2.very-low").state is State.ACTIVE


def test_data_lost_on_the_way_to_normal_ends_nothing() -> None:
    seen = very_low().wait(1).hold(3, spo2=95).wait(1).lose("spo2").wait(600)
    assert seen.history("spo2.very-low") == ["raised", "unverified"]


def test_data_lost_on_the_way_to_normal_start_the_clear_time_anew() -> None:
    seen = very_low().wait(1).hold(4, spo2=95).lose("spo2").wait(10).hold(4, spo2=95)
    assert seen.history("spo2.very-low") == ["raised", "unverified", "verified"]
    assert seen.wait(1).see(spo2=95).history("spo2.very-low")[-1] == "condition-ended"


def test_a_single_good_value_does_not_hold_for_the_clear_time_by_itself() -> None:
    assert very_low().wait(1).see(spo2=99).wait(600).history("spo2.very-low") == ["raised"]


def test_an_alarm_whose_data_come_back_bad_is_verified() -> None:
    seen = very_low().lose("spo2").wait(60).see(spo2=84)
    assert seen.history("spo2.very-low") == ["raised", "unverified", "verified"]


def test_data_that_never_came_raise_no_physiological_alarm() -> None:
    assert BedEngine().wait(3600).changes == []


def test_one_lost_signal_of_two_leaves_a_rule_of_both_without_verdict() -> None:
    seen = BedEngine().see(sys=185, dia=80).wait(60).lose("dia").see(sys=150)
    assert seen.alarm("pressure.severe").state is State.ACTIVE


def test_another_evaluation_of_the_same_pressure_confirms_nothing() -> None:
    seen = BedEngine().see(sys=150, dia=80).wait(30).start_session("s-1")
    assert seen.history("pressure.elevated") == []


def test_a_restart_does_not_say_again_that_data_are_lost() -> None:
    seen = very_low().lose("spo2").wait(60).restart()
    assert seen.history("spo2.very-low") == ["raised", "unverified"]
    assert seen.see(spo2=84).history("spo2.very-low")[2:] == ["verified"]


EITHER = parse(
    """
    name = "site"
    version = "1"
    [[rule]]
    id = "either"
    any_of = [{ signal = "spo2", below = 88 }, { signal = "pulse", above = 140 }]
    clear_for_s = 5
    priority = "high"
    text = "{spo2} {pulse}"
    source = "site"
    """,
    "site.toml",
)


def test_the_newest_value_of_a_rule_of_two_signals_tells_how_long_it_was_clear() -> None:
    seen = BedEngine(EITHER).see(pulse=70).see(spo2=85).wait(1).hold(4, spo2=95)
    assert seen.history("either") == ["raised"]
    assert seen.wait(1).see(spo2=95).history("either") == ["raised", "ended"]


# ── confirmation ────────────────────────────────────────────────────────────────────────


def confirming(after_s: int, *more_s: int) -> RuleSet:
    """A set whose rules each ask for a second pressure after so many seconds."""
    tables = (
        f"""
        [[rule]]
        id = "after-{seconds}"
        signal = "sys"
        below = 90
        confirm_after_s = {seconds}
        confirm_within_s = 240
        priority = "medium"
        text = "{{sys}}"
        source = "site"
        """
        for seconds in (after_s, *more_s)
    )
    return parse('name = "site"\nversion = "1"\n' + "".join(tables), "site.toml")


def test_of_two_confirmations_that_are_wanted_the_sooner_counts() -> None:
    for rules in (confirming(60, 90), confirming(90, 60)):
        seen = BedEngine(rules).see(sys=85)
        assert seen.engine.confirm_at == START.mono + 60


# ── rules that begin after the dose ─────────────────────────────────────────────────────


def after(minutes: int) -> RuleSet:
    """A set of one rule, on CADSS over 4, that begins so many minutes after the dose."""
    return parse(
        f"""
        name = "site"
        version = "1"
        [[rule]]
        id = "late"
        signal = "cadss"
        above = 4
        after_min = {minutes}
        priority = "medium"
        text = "CADSS {{value}}"
        source = "site"
        """,
        "site.toml",
    )


@pytest.mark.parametrize("minutes", [0, 1, 120])
def test_a_rule_that_begins_after_the_dose_waits_for_it(minutes: int) -> None:
    seen = BedEngine(after(minutes)).see(cadss=6)
    assert seen.history("late") == []
    if minutes:
        assert seen.at_minute(minutes - 0.1).history("late") == []
    assert seen.at_minute(minutes).history("late") == ["raised"]


def test_an_alarm_for_which_it_is_too_early_by_a_corrected_dose_is_unverified() -> None:
    seen = BedEngine(after(120), minutes=120).see(cadss=6).at_minute(100)
    assert seen.history("late") == ["raised", "unverified"]
    assert seen.at_minute(120).history("late")[2:] == ["verified"]


# ── recurrence ──────────────────────────────────────────────────────────────────────────


def test_an_alarm_raised_again_within_a_minute_is_the_same_and_counted() -> None:
    seen = BedEngine().see(cadss=6).wait(10).see(cadss=2).wait(60).see(cadss=7)
    assert seen.history("dissociation.present") == ["raised", "ended", "re-raised"]
    assert seen.alarm("dissociation.present").count == 2


def test_an_alarm_raised_again_later_is_a_new_one() -> None:
    seen = BedEngine().see(cadss=6).wait(10).see(cadss=2).wait(60.1).see(cadss=7)
    assert seen.history("dissociation.present") == ["raised", "ended", "raised"]
    assert len({c.alarm.id for c in seen.changes if c.alarm.rule == "dissociation.present"}) == 2


@pytest.mark.parametrize("step_s", [-7200, 7200])
def test_a_wall_clock_that_is_set_does_not_change_what_is_the_same(step_s: float) -> None:
    seen = BedEngine().see(cadss=6).wait(10).see(cadss=2).step_wall(step_s).wait(59).see(cadss=7)
    assert seen.history("dissociation.present")[-1] == "re-raised"
    seen.see(cadss=2).step_wall(step_s).wait(61).see(cadss=7)
    assert seen.history("dissociation.present")[-1] == "raised"


def test_a_latched_alarm_is_raised_again_however_late() -> None:
    seen = very_low().wait(1).hold(5, spo2=97).wait(3600).hold(10, spo2=85)
    assert seen.history("spo2.very-low") == ["raised", "condition-ended", "re-raised"]


def test_an_alarm_taken_by_a_person_asks_again_when_it_recurs() -> None:
    seen = very_low(FORMER).acknowledge("spo2.very-low").wait(1).hold(5, spo2=97)
    assert seen.alarm("spo2.very-low").state is State.ENDED
    assert not seen.wait(1).hold(10, spo2=85).alarm("spo2.very-low").acknowledged


def test_two_alarms_at_one_wall_time_are_two_alarms() -> None:
    seen = BedEngine().see(cadss=6).wait(1).see(cadss=2).wait(61).step_wall(-62).see(cadss=6)
    ids = [c.alarm.id for c in seen.changes if c.type == "alarm.raised"]
    assert len(ids) == len(set(ids))


# ── acknowledgements ────────────────────────────────────────────────────────────────────


NOT_UNDONE = "its end was acknowledged, and that cannot be undone"


def latched() -> BedEngine:
    return very_low().wait(1).hold(5, spo2=97)


def reset(seconds: float) -> BedEngine:
    """A latched alarm that was acknowledged so many seconds ago, under the former set."""
    seen = very_low(FORMER).wait(1).hold(5, spo2=97)
    return seen.acknowledge("spo2.very-low").wait(seconds)


def quiet_latched() -> BedEngine:
    """An alarm that was acknowledged while it was active, and is over."""
    return very_low().acknowledge("spo2.very-low").wait(1).hold(5, spo2=97)


def why_not(seen: BedEngine, session: str | None = "s-1") -> str | None:
    return seen.engine.why_not_unacknowledged(seen.alarm("spo2.very-low").id, session, seen.now)


def test_taking_a_latched_alarm_resets_it() -> None:
    assert latched().acknowledge("spo2.very-low").history("spo2.very-low") == [
        *("raised", "condition-ended", "acknowledged", "reset")
    ]


def test_a_latched_alarm_comes_back_when_that_is_undone_within_a_minute() -> None:
    seen = reset(60)
    assert why_not(seen) is None
    assert seen.unacknowledge("spo2.very-low").alarm("spo2.very-low").state is State.LATCHED
    assert seen.rules_open() == {"spo2.very-low"}


@pytest.mark.parametrize(("after_s", "session"), [(60.1, "s-1"), (10, "s-2"), (10, None)])
def test_a_latched_alarm_does_not_come_back_later_or_in_another_session(
    after_s: float, session: str | None
) -> None:
    seen = reset(after_s)
    why = why_not(seen, session)
    assert why == "this alarm ended more than 60 s ago, or in another session"
    seen.session = session
    assert seen.unacknowledge("spo2.very-low").rules_open() == set()


def test_a_latched_alarm_comes_back_after_a_restart() -> None:
    seen = reset(20).restart(FORMER)
    assert seen.wait(40).unacknowledge("spo2.very-low").rules_open() == {"spo2.very-low"}


def test_an_acknowledgement_of_what_is_still_so_can_always_be_undone() -> None:
    seen = very_low().acknowledge("spo2.very-low").wait(599).unacknowledge("spo2.very-low")
    assert seen.history("spo2.very-low") == ["raised", "acknowledged", "unacknowledged"]
    assert not seen.alarm("spo2.very-low").acknowledged


def test_undoing_says_who_and_why() -> None:
    change = very_low().acknowledge("spo2.very-low").unacknowledge("spo2.very-low").changes[-1]
    assert (change.by, change.note) == ("nurse.b", "the wrong bed")
    assert change.reason == "acknowledgement undone by nurse.b"


def test_a_latching_alarm_that_was_given_back_waits_for_a_person_again() -> None:
    seen = (
        very_low()
        .acknowledge("spo2.very-low")
        .unacknowledge("spo2.very-low")
        .wait(1)
        .hold(5, spo2=97)
    )
    assert seen.alarm("spo2.very-low").state is State.LATCHED


def test_an_acknowledged_alarm_that_latches_waits_for_a_second_acknowledgement() -> None:
    seen = quiet_latched()
    assert seen.history("spo2.very-low") == ["raised", "acknowledged", "condition-ended"]
    assert seen.alarm("spo2.very-low").acknowledged_by == "nurse.a"
    seen.acknowledge("spo2.very-low", "nurse.c")
    assert seen.history("spo2.very-low")[3:] == ["acknowledged", "reset"]
    assert seen.rules_open() == set()


def test_until_then_it_is_quiet() -> None:
    assert quiet_latched().wait(3600).calls("spo2.very-low") == []


def test_until_then_its_first_acknowledgement_can_be_undone() -> None:
    seen = quiet_latched().unacknowledge("spo2.very-low").wait(60)
    assert seen.alarm("spo2.very-low").state is State.LATCHED
    assert [type_ for type_, _ in seen.calls("spo2.very-low")] == ["escalated"]


@pytest.mark.parametrize(("later_s", "keeps"), [(49, True), (61, False)])
@pytest.mark.parametrize("restarted", [False, True])
def test_one_that_recurs_keeps_its_acknowledgement_for_a_minute_of_its_end(
    later_s: float, keeps: bool, restarted: bool
) -> None:
    seen = quiet_latched()
    if restarted:
        seen.restart()
    seen.wait(later_s).see(spo2=85).wait(10)
    assert seen.history("spo2.very-low")[-1] == "re-raised"
    assert seen.alarm("spo2.very-low").acknowledged is keeps


@pytest.mark.parametrize(
    ("seen", "why"),
    [
        (very_low, "this alarm is not acknowledged"),
        (latched, "this alarm is not acknowledged"),
        (
            lambda: very_low(FORMER).acknowledge("spo2.very-low").wait(1).hold(5, spo2=97),
            "this alarm has ended",
        ),
        (lambda: latched().acknowledge("spo2.very-low"), NOT_UNDONE),
        (lambda: quiet_latched().acknowledge("spo2.very-low", "nurse.c"), NOT_UNDONE),
    ],
    ids=["active", "latched", "ended", "reset", "reset-separately"],
)
def test_what_cannot_be_undone_says_why(seen: Callable[[], BedEngine], why: str) -> None:
    before = seen()
    assert why_not(before) == why
    changes = len(before.changes)
    assert len(before.unacknowledge("spo2.very-low").changes) == changes


def test_an_unknown_alarm_cannot_be_taken_or_undone() -> None:
    engine = BedEngine().engine
    assert engine.acknowledge("a-1", "nurse.a", None, START) == []
    assert engine.why_not_unacknowledged("a-1", "s-1", START) == "no such alarm here"


# ── priority ────────────────────────────────────────────────────────────────────────────


def test_what_began_before_the_session_is_medium_once_the_session_needs_it() -> None:
    seen = BedEngine(session=None).condition("link-lost", "oximeter").wait(600)
    assert seen.alarm("tech.link-lost").priority is LOW
    assert seen.start_session("s-1").alarm("tech.link-lost").priority is MEDIUM


def test_an_alarm_that_grew_worse_starts_low_when_it_recurs() -> None:
    seen = (
        BedEngine()
        .condition("link-lost", "cuff")
        .wait(32)
        .condition_over("link-lost", "cuff")
        .wait(3)
    )
    seen.condition("link-lost", "cuff").wait(2)
    assert seen.history("tech.link-lost")[-1] == "re-raised"
    assert seen.alarm("tech.link-lost").priority is LOW


def test_an_alarm_that_grows_worse_asks_for_a_person_again() -> None:
    seen = BedEngine().condition("link-lost", "cuff").wait(3).acknowledge("tech.link-lost").wait(29)
    assert not seen.alarm("tech.link-lost").acknowledged


def test_the_most_urgent_alarm_comes_first() -> None:
    seen = BedEngine().hold(30, spo2=85).condition("device-silent", "cuff")
    priorities = [alarm.priority for alarm in seen.engine.open_alarms()]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == 3


# ── sessions ────────────────────────────────────────────────────────────────────────────


def test_what_is_bad_already_alarms_when_the_session_starts() -> None:
    seen = BedEngine(session=None).hold(60, spo2=85)
    assert seen.changes == []
    assert "spo2.very-low" in seen.start_session("s-1").wait(10).rules_open()


def test_a_session_that_ends_ends_its_alarms_and_says_so() -> None:
    seen = very_low()
    changes = seen.engine.end_session(seen.now, "session closed")
    assert [(c.type, c.reason) for c in changes if c.alarm.rule == "spo2.very-low"] == [
        ("alarm.ended", "session closed")
    ]


def test_an_alarm_of_the_next_session_is_another() -> None:
    seen = very_low()
    seen.engine.end_session(seen.now, "session closed")
    seen.start_session("s-2").wait(10)
    assert seen.alarm("spo2.very-low").session == "s-2"
    assert seen.alarm("spo2.very-low").count == 1


def test_a_session_that_ends_leaves_nothing_to_evaluate() -> None:
    seen = BedEngine().see(spo2=85, sys=150, dia=80)
    assert seen.engine.next_due == seen.now.mono + 10
    seen.engine.end_session(seen.now, "session closed")
    assert seen.engine.next_due == float("inf")


def test_a_technical_condition_of_a_device_outlasts_the_session() -> None:
    seen = BedEngine().condition("link-lost", "cuff").wait(2)
    assert seen.engine.end_session(seen.now, "session closed") == []


# ── what is evaluated ───────────────────────────────────────────────────────────────────


@pytest.fixture
def judged(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    calls: list[object] = []

    def counting(condition: object, *rest: object) -> Verdict:
        calls.append(condition)
        return judge(condition, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(rule_instance, "judge", counting)
    return calls


def test_a_rule_is_not_evaluated_when_another_signal_changed(judged: list[object]) -> None:
    BedEngine().see(spo2=97)
    assert len(judged) == 3
    assert all("pulse" not in repr(condition) for condition in judged)


def test_the_cost_is_linear_in_the_readings(judged: list[object]) -> None:
    seen = BedEngine()
    for _ in range(10):
        seen.wait(1).see(spo2=97)
    ten = len(judged)
    for _ in range(990):
        seen.wait(1).see(spo2=97)
    assert len(judged) == 100 * ten


def test_nothing_is_evaluated_while_nothing_happens(judged: list[object]) -> None:
    seen = BedEngine().see(spo2=97, pulse=70)
    judged.clear()
    seen.wait(3600)
    assert judged == []


def test_a_rule_on_its_way_asks_to_be_evaluated_in_time() -> None:
    seen = BedEngine().see(spo2=85)
    assert seen.engine.next_due == seen.now.mono + 10


def test_the_same_inputs_give_the_same_changes() -> None:
    def run() -> list[object]:
        seen = BedEngine(baseline={"sys": 100, "dia": 60})
        seen.hold(12, spo2=85, pulse=150).see(sys=190, dia=120).condition("sensor-off", "oximeter")
        return list(seen.wait(60).changes)

    assert run() == run()


def test_of_an_alarm_that_it_does_not_know_it_tells_and_changes_nothing() -> None:
    seen = BedEngine().hold(12, spo2=85)
    assert seen.engine.find("another") is None
    assert seen.engine.acknowledge("another", "nurse.b", None, seen.now) == []
    assert seen.engine.unacknowledge("another", "nurse.b", None, "s-1", seen.now) == []
