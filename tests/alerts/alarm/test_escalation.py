"""An alarm that nobody takes calls again: when, whom, and how a site writes it down."""

from dataclasses import replace
from typing import Any

import pytest

from alerts.alarm.escalation import call_again, first_recipients, next_call_at
from alerts.alarm.lifecycle import Alarm, State
from alerts.alarm.tracked_alarm import TrackedAlarm
from alerts.rules.loader import RuleError, load_rules, parse
from alerts.rules.model import Escalation, Kind, Priority, RuleSet
from tests.alerts.alarm.example_alarm import ALARM, NOW
from tests.alerts.engine_fixtures import DEFAULT, FORMER, BedEngine

HEAD = 'name = "site-a"\nversion = "3"\nextends = "default"\n'
HIGH, MEDIUM = "spo2.very-low", "dissociation.marked"


def site(text: str) -> RuleSet:
    return parse(HEAD + text, "site.toml")


def high(rules: RuleSet = DEFAULT) -> BedEngine:
    """A high alarm, raised at second 10."""
    return BedEngine(rules).hold(10, spo2=85)


def medium(rules: RuleSet = DEFAULT) -> BedEngine:
    """A medium alarm, raised at second 0."""
    return BedEngine(rules).see(cadss=31)


# ── one alarm ───────────────────────────────────────────────────────────────────────────

LEVELS = Escalation(("nurse", "boss"), high_after_s=20, medium_after_s=50)


def called(alarm: Alarm, seconds_ago: float = 0.0) -> TrackedAlarm:
    """`alarm`, which called for a person so many seconds before `NOW`."""
    return TrackedAlarm(alarm, notified_mono=NOW.mono - seconds_ago)


def test_a_new_alarm_calls_the_first_level() -> None:
    assert first_recipients(LEVELS) == ("nurse",)


@pytest.mark.parametrize(
    ("alarm", "after_s"),
    [
        (ALARM, 50),
        (replace(ALARM, priority=Priority.HIGH), 20),
        (replace(ALARM, state=State.LATCHED), 50),
        (replace(ALARM, priority=Priority.LOW), None),
        (replace(ALARM, kind=Kind.ADVISORY), None),
        (replace(ALARM, acknowledged_by="nurse.a"), None),
        (replace(ALARM, state=State.ENDED), None),
    ],
    ids=["medium", "high", "latched", "low", "advisory", "acknowledged", "ended"],
)
def test_an_alarm_calls_again_so_long_after_it_called(alarm: Alarm, after_s: float | None) -> None:
    at = None if after_s is None else NOW.mono - 7 + after_s
    assert next_call_at(called(alarm, 7), LEVELS) == at


@pytest.mark.parametrize(
    ("recipients", "type_", "then"),
    [
        (("nurse",), "alarm.escalated", ("nurse", "boss")),
        (("nurse", "boss"), "alarm.reminded", ("nurse", "boss")),
        (("nurse", "boss", "third"), "alarm.reminded", ("nurse", "boss", "third")),
        ((), "alarm.escalated", ("nurse", "boss")),
    ],
    ids=["first level", "last level", "a level that is no more", "stored before levels"],
)
def test_a_call_goes_to_one_level_more_or_reminds(
    recipients: tuple[str, ...], type_: str, then: tuple[str, ...]
) -> None:
    [change] = call_again(called(replace(ALARM, recipients=recipients), 50), LEVELS, NOW)
    assert (change.type, change.alarm.recipients) == (type_, then)
    assert change.alarm.notified_at == NOW.wall
    assert change.reason == "not acknowledged for 50 s"


# ── as time passes ──────────────────────────────────────────────────────────────────────


def test_a_high_alarm_goes_further_every_minute_and_then_reminds() -> None:
    assert high().wait(241).calls(HIGH) == [
        ("escalated", 70),
        ("escalated", 130),
        ("reminded", 190),
        ("reminded", 250),
    ]


def test_a_medium_alarm_goes_further_every_three_minutes() -> None:
    seen = medium().wait(541)
    assert seen.calls(MEDIUM) == [("escalated", 180), ("escalated", 360), ("reminded", 540)]


def test_nothing_goes_further_before_its_time() -> None:
    seen = high().wait(59.9)
    assert seen.calls(HIGH) == []
    assert not seen.alarm(HIGH).escalated


def test_each_step_calls_one_level_more() -> None:
    seen = high()
    assert (seen.alarm(HIGH).escalation_level, seen.alarm(HIGH).recipients) == (1, ("nurse",))
    assert seen.wait(60).alarm(HIGH).recipients == ("nurse", "charge-nurse")
    assert seen.wait(60).alarm(HIGH).recipients == ("nurse", "charge-nurse", "clinician")
    assert (seen.alarm(HIGH).escalation_level, seen.alarm(HIGH).escalated) == (3, True)


def test_a_step_says_for_how_long_nobody_came() -> None:
    seen = high().wait(60)
    assert seen.changes[-1].reason == "not acknowledged for 60 s"


def test_an_advisory_and_a_low_alarm_go_no_further() -> None:
    seen = BedEngine().see(cadss=6).condition("low-battery", "oximeter").wait(7200)
    assert seen.rules_open() == {"dissociation.present", "tech.low-battery"}
    assert all(seen.calls(rule) == [] for rule in seen.rules_open())


def test_an_alarm_without_data_goes_further() -> None:
    seen = high().lose("spo2").wait(60)
    assert seen.calls(HIGH) == [("escalated", 70)]
    assert seen.alarm(HIGH).unverified_since is not None


def test_a_latched_alarm_goes_further() -> None:
    seen = high().wait(1).hold(5, spo2=97).wait(60)
    assert seen.alarm(HIGH).state is State.LATCHED
    assert [type_ for type_, _ in seen.calls(HIGH)] == ["escalated"]


def test_an_alarm_that_ended_goes_no_further() -> None:
    assert medium().wait(10).see(cadss=0).wait(7200).calls(MEDIUM) == []


def test_an_alarm_that_ended_with_its_session_goes_no_further() -> None:
    seen = high()
    seen.changes += seen.engine.end_session(seen.now, "session closed")
    assert seen.wait(7200).calls(HIGH) == []


# ── people ──────────────────────────────────────────────────────────────────────────────


def test_an_alarm_that_somebody_took_goes_no_further() -> None:
    assert high(FORMER).acknowledge(HIGH).wait(7200).calls(HIGH) == []
    assert high().acknowledge(HIGH).wait(599).calls(HIGH) == []


def test_an_alarm_given_back_counts_from_then_on() -> None:
    seen = high().wait(61).acknowledge(HIGH).wait(600).unacknowledge(HIGH)
    assert (seen.alarm(HIGH).escalation_level, seen.alarm(HIGH).escalated) == (1, False)
    assert seen.wait(60).calls(HIGH)[1:] == [("escalated", 10 + 61 + 600 + 60)]


def test_an_acknowledged_alarm_that_recurs_counts_from_then_on() -> None:
    seen = medium(FORMER).wait(181).acknowledge(MEDIUM).see(cadss=0).wait(30).see(cadss=33)
    assert seen.alarm(MEDIUM).escalation_level == 1
    assert seen.wait(180).calls(MEDIUM)[1:] == [("escalated", 181 + 30 + 180)]


def test_recurring_does_not_put_off_what_nobody_has_taken() -> None:
    seen = high()
    for _ in range(4):
        seen.wait(1).hold(5, spo2=97).wait(1).hold(10, spo2=85)
    assert seen.calls(HIGH)[0] == ("escalated", 70)


def test_an_alarm_that_grows_worse_counts_from_then_on() -> None:
    seen = BedEngine().condition("link-lost", "cuff").wait(3).acknowledge("tech.link-lost").wait(29)
    assert seen.alarm("tech.link-lost").priority is Priority.MEDIUM
    assert seen.wait(180).calls("tech.link-lost") == [("escalated", 2 + 30 + 180)]


@pytest.mark.parametrize("step_s", [-7200, 7200])
def test_a_wall_clock_that_is_set_puts_nothing_off(step_s: float) -> None:
    seen = high().step_wall(step_s).wait(59)
    assert seen.calls(HIGH) == []
    assert [type_ for type_, _ in seen.wait(1).calls(HIGH)] == ["escalated"]


# ── a restart ───────────────────────────────────────────────────────────────────────────


def test_a_restart_goes_on_counting() -> None:
    seen = high().wait(40).restart()
    assert seen.wait(19).calls(HIGH) == []
    assert seen.wait(1).calls(HIGH) == [("escalated", 70)]


def test_a_restart_goes_on_from_the_level_reached() -> None:
    seen = high().wait(60).restart()
    assert seen.wait(59).calls(HIGH) == [("escalated", 70)]
    assert seen.wait(1).alarm(HIGH).escalation_level == 3


def test_a_long_restart_leaves_out_no_level() -> None:
    seen = high()
    seen.now = seen.now.plus(3600)
    seen.restart()
    assert seen.calls(HIGH) == [("escalated", 3610)]
    assert seen.alarm(HIGH).recipients == ("nurse", "charge-nurse")


def test_a_clock_set_back_before_a_restart_counts_from_the_restart() -> None:
    seen = high().step_wall(-7200).restart()
    assert seen.wait(59.9).calls(HIGH) == []
    assert [type_ for type_, _ in seen.wait(0.1).calls(HIGH)] == ["escalated"]


def test_levels_that_were_taken_away_call_nobody_new() -> None:
    seen = high().wait(60).restart(site('[escalation]\nlevels = ["nurse"]\n'))
    assert [type_ for type_, _ in seen.wait(60).calls(HIGH)] == ["escalated", "reminded"]


# ── as a site writes it ─────────────────────────────────────────────────────────────────


def test_a_site_says_who_and_after_how_long() -> None:
    seen = high(site('[escalation]\nlevels = ["ward", "boss"]\nhigh_after_s = 20\n')).wait(41)
    assert seen.calls(HIGH) == [("escalated", 30), ("reminded", 50)]
    assert seen.alarm(HIGH).recipients == ("ward", "boss")


def test_with_one_level_the_alarm_is_repeated_and_flagged() -> None:
    seen = high(site('[escalation]\nlevels = ["nurse"]\n')).wait(60)
    assert seen.calls(HIGH) == [("reminded", 70)]
    assert (seen.alarm(HIGH).escalated, seen.alarm(HIGH).escalation_level) == (True, 1)


def test_the_set_that_ships_has_the_clinical_defaults() -> None:
    assert load_rules("default").escalation == Escalation(
        ("nurse", "charge-nurse", "clinician"), 60, 180, 600, 1800, True, True
    )


def test_a_set_has_what_it_leaves_out_from_the_one_it_extends() -> None:
    assert site("[escalation]\nmedium_after_s = 300\n").escalation == Escalation(
        ("nurse", "charge-nurse", "clinician"), 60, 300, 600, 1800, True, True
    )
    assert site("").escalation == load_rules("default").escalation


@pytest.mark.parametrize(
    ("text", "escalation"),
    [
        ("high_after_s = 5\nmedium_after_s = 3600", {"high_after_s": 5, "medium_after_s": 3600}),
        ("high_after_s = 180", {"high_after_s": 180}),
        ("medium_after_s = 60", {"medium_after_s": 60}),
        ('levels = ["n"]', {"levels": ("n",)}),
        (f'levels = ["{"n" * 64}"]', {"levels": ("n" * 64,)}),
    ],
)
def test_a_site_may_go_as_far_as(text: str, escalation: dict[str, Any]) -> None:
    assert site(f"[escalation]\n{text}\n").escalation == replace(DEFAULT.escalation, **escalation)


@pytest.mark.parametrize(
    ("priority", "kind", "after_s"),
    [
        (Priority.HIGH, Kind.PHYSIOLOGICAL, 60),
        (Priority.MEDIUM, Kind.PHYSIOLOGICAL, 180),
        (Priority.LOW, Kind.PHYSIOLOGICAL, None),
        (Priority.HIGH, Kind.TECHNICAL, 60),
        (Priority.MEDIUM, Kind.TECHNICAL, 180),
        (Priority.LOW, Kind.TECHNICAL, None),
        (Priority.HIGH, Kind.ADVISORY, None),
        (Priority.MEDIUM, Kind.ADVISORY, None),
    ],
)
def test_how_long_each_has(priority: Priority, kind: Kind, after_s: float | None) -> None:
    assert Escalation().after_s(kind, priority) == after_s


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("levels = []", "levels is a list of names"),
        ('levels = "nurse"', "levels is a list of names"),
        ("levels = [3]", "levels is a list of names"),
        ('levels = ["nurse", 3]', "levels is a list of names"),
        ('levels = [""]', "levels is a list of names"),
        (f'levels = ["{"n" * 65}"]', "levels is a list of names"),
        ('levels = ["nurse", "nurse"]', "names somebody twice"),
        ("high_after_s = 4.9", "high_after_s = 4.9 is not a time from 5 to 3600 s"),
        ("medium_after_s = 3601", "is not a time"),
        ("high_after_s = true", "is not a time"),
        ('high_after_s = "60"', "is not a time"),
        ("medium_after_s = nan", "is not a time"),
        ("high_after_s = 181", "high_after_s = 181 is over medium_after_s = 180"),
        ("low_after_s = 60", "unknown key low_after_s; did you mean"),
    ],
)
def test_nonsense_is_refused_by_file_and_key(text: str, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        site(f"[escalation]\n{text}\n")
    assert str(refused.value).startswith("site.toml:5: escalation")
    assert says in str(refused.value)


def test_what_is_no_table_is_refused() -> None:
    with pytest.raises(RuleError, match=r"\[escalation\]"):
        site("escalation = 3\n")
