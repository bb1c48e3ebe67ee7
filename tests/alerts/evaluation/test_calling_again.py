"""An acknowledged alarm that calls again: because it is worse, or because it is still there."""

from dataclasses import replace

import pytest

from alerts.alarm import audio_pause
from alerts.alarm.lifecycle import Alarm, State
from alerts.evaluation.worsening import is_worse, worst_of
from alerts.rules.loader import RuleError, parse
from alerts.rules.model import Priority
from tests.alerts.engine_fixtures import DEFAULT, FORMER, START, BedEngine

VERY_LOW, MARKED, SEVERE = "spo2.very-low", "dissociation.marked", "pressure.severe"
RULES = {rule.id: rule for rule in DEFAULT.rules}


def taken(rule: str = VERY_LOW, **values: float) -> BedEngine:
    """An alarm on these values, acknowledged when it was raised."""
    return BedEngine().hold(10, **(values or {"spo2": 85})).acknowledge(rule)


# ── worse ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "raised_by", "not_yet", "worse"),
    [
        (SEVERE, {"sys": 185, "dia": 80}, {"sys": 194, "dia": 84}, {"sys": 195, "dia": 80}),
        (SEVERE, {"sys": 185, "dia": 80}, {"sys": 194, "dia": 84}, {"sys": 185, "dia": 85}),
        (VERY_LOW, {"spo2": 85}, {"spo2": 83}, {"spo2": 82}),
        ("pulse.extreme", {"pulse": 145}, {"pulse": 159}, {"pulse": 160}),
        ("pulse.extreme", {"pulse": 39}, {"pulse": 25}, {"pulse": 24}),
        ("pulse.extreme", {"pulse": 145}, {"pulse": 141}, {"pulse": 39}),
        ("sedation.unresponsive", {"consciousness": 1}, {"consciousness": 1}, {"consciousness": 0}),
        ("sedation.present", {"consciousness": 4}, {"consciousness": 4}, {"consciousness": 3}),
        (MARKED, {"cadss": 31}, {"cadss": 45}, {"cadss": 46}),
        ("resp.very-low", {"resp": 8}, {"resp": 6}, {"resp": 5}),
        ("resp.high", {"resp": 25}, {"resp": 27}, {"resp": 28}),
        ("news2.high", {"news2": 7}, {"news2": 8}, {"news2": 9}),
        ("news2.raised", {"news2": 5}, {"news2": 6, "news2-single": 3}, {"news2": 7}),
    ],
)
def test_it_calls_again_when_it_is_worse_than_acknowledged_by_so_much(
    rule: str, raised_by: dict[str, float], not_yet: dict[str, float], worse: dict[str, float]
) -> None:
    seen = taken(rule, **raised_by).wait(1).see(**not_yet)
    assert seen.alarm(rule).acknowledged
    assert seen.wait(1).see(**worse).history(rule)[-1] == "called-again"
    assert not seen.alarm(rule).acknowledged
    assert seen.changes[-1].alarm.rule != rule or seen.changes[-1].reason is not None


def test_it_calls_again_however_slowly_it_gets_worse() -> None:
    seen = taken()
    for spo2 in (84, 83, 82):
        seen.wait(30).see(spo2=spo2)
    assert seen.history(VERY_LOW) == ["raised", "acknowledged", "called-again"]


def test_an_acknowledgement_covers_the_worst_before_it_and_not_the_present_alone() -> None:
    seen = BedEngine().hold(10, spo2=80).wait(1).see(spo2=86).acknowledge(VERY_LOW)
    assert seen.wait(1).see(spo2=78).alarm(VERY_LOW).acknowledged
    assert not seen.wait(1).see(spo2=77).alarm(VERY_LOW).acknowledged


def test_a_second_acknowledgement_covers_what_was_seen_since_it_called_again() -> None:
    seen = taken(spo2=70).wait(1).see(spo2=87).wait(600).acknowledge(VERY_LOW)
    assert seen.alarm(VERY_LOW).worst_since_call == {"spo2": 87}
    assert seen.wait(1).see(spo2=84).history(VERY_LOW)[-2:] == ["acknowledged", "called-again"]
    assert seen.alarm(VERY_LOW).worst == {"spo2": 70}


def test_its_text_has_the_latest_value_and_the_worst_beside_it() -> None:
    seen = BedEngine().see(sys=200, dia=111)
    assert seen.alarm(SEVERE).text == "Pressure 200/111: 180/110 or more"
    seen.acknowledge(SEVERE).wait(300).see(sys=190, dia=116)
    assert seen.alarm(SEVERE).text == "Pressure 190/116: 180/110 or more (worst 200/116)"
    assert seen.alarm(SEVERE).values == {"sys": 190, "dia": 116}


def test_what_gets_worse_before_anybody_took_it_is_told_and_does_not_call() -> None:
    seen = BedEngine().hold(10, spo2=85).wait(1).see(spo2=80)
    assert seen.changes[-1].type == "alarm.updated"
    assert seen.alarm(VERY_LOW).text == "SpO2 80 %: under 88 for 10 s"
    assert seen.alarm(VERY_LOW).notified_at == seen.alarm(VERY_LOW).raised_at


def test_a_value_that_is_lost_is_no_worse() -> None:
    seen = taken(SEVERE, sys=185, dia=80).lose("sys").see(dia=84)
    assert seen.alarm(SEVERE).acknowledged
    assert seen.see(dia=85).alarm(SEVERE).values == {"sys": 185, "dia": 85}
    assert not seen.alarm(SEVERE).acknowledged


def test_a_rule_on_both_sides_knows_nothing_worse_between_its_limits() -> None:
    rule = RULES["pulse.extreme"]
    assert worst_of(rule, {"pulse": 60}, {"pulse": 145}) == {"pulse": 145}
    assert worst_of(rule, {"pulse": 39}, {"pulse": 145}) == {"pulse": 39}
    assert worst_of(rule, {"pulse": 39}, {}) == {"pulse": 39}
    assert worst_of(rule, {}, {}) == {}
    assert not is_worse(rule, {"pulse": 60}, {"pulse": 145})
    assert not is_worse(rule, {"pulse": 160}, {})


# ── still there ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("rule", "values", "after_s"),
    [(VERY_LOW, {"spo2": 85}, 600), (MARKED, {"cadss": 31}, 1800)],
)
def test_it_calls_again_when_it_is_still_there_so_long_after(
    rule: str, values: dict[str, float], after_s: float
) -> None:
    seen = taken(rule, **values).wait(after_s - 0.001)
    assert seen.alarm(rule).acknowledged
    assert seen.wait(0.001).history(rule) == ["raised", "acknowledged", "called-again"]
    assert seen.changes[-1].reason == f"still there {after_s:g} s after it was acknowledged"
    assert (seen.alarm(rule).escalation_level, seen.alarm(rule).escalated) == (1, False)
    seen.acknowledge(rule).wait(after_s - 0.001)
    assert seen.alarm(rule).acknowledged
    assert not seen.wait(0.001).alarm(rule).acknowledged


def test_a_technical_alarm_that_is_still_there_says_the_same() -> None:
    seen = BedEngine().condition("sensor-off", "oximeter").wait(36)
    said = seen.acknowledge("tech.sensor-off").alarm("tech.sensor-off")
    again = seen.wait(1800).alarm("tech.sensor-off")
    assert not again.acknowledged
    assert (again.text, again.values) == (said.text, said.values)
    assert {"worst", "worst_since_call"}.isdisjoint(again.as_json())


def test_neither_a_low_alarm_nor_an_advisory_calls_again_by_time() -> None:
    seen = BedEngine().see(cadss=6).condition("low-battery", "oximeter").wait(11)
    for rule in ("dissociation.present", "tech.low-battery"):
        assert seen.acknowledge(rule).wait(7200).alarm(rule).acknowledged


def test_one_whose_data_are_lost_is_still_there() -> None:
    assert not taken().lose("spo2").wait(600).alarm(VERY_LOW).acknowledged


def test_one_that_has_ended_calls_no_more() -> None:
    seen = taken().wait(1).hold(5, spo2=97).wait(7200)
    assert "called-again" not in seen.history(VERY_LOW)


def test_under_a_set_that_says_nothing_of_it_none_calls_again() -> None:
    seen = BedEngine(FORMER).hold(10, spo2=85).acknowledge(VERY_LOW).wait(1).see(spo2=70)
    assert seen.wait(7200).alarm(VERY_LOW).acknowledged
    assert {"worst", "worst_since_call", "called_again_at"}.isdisjoint(
        seen.alarm(VERY_LOW).as_json()
    )


# ── one call ────────────────────────────────────────────────────────────────────────────


def both(apart_s: float) -> tuple[Alarm, Alarm]:
    """Two acknowledged high alarms that call again so long after each other."""
    seen = taken(spo2=85).see(sys=185, dia=80).acknowledge(SEVERE)
    seen.wait(10).see(spo2=82).wait(apart_s).see(sys=195)
    return seen.alarm(VERY_LOW), seen.alarm(SEVERE)


def test_calls_within_a_minute_are_one() -> None:
    first, second = both(60)
    assert first.called_again_at == START.plus(20).wall == second.called_again_at
    assert second.notified_at != second.called_again_at
    assert not second.acknowledged


def test_a_call_after_more_than_a_minute_is_another() -> None:
    first, second = both(60.001)
    assert second.called_again_at == second.notified_at != first.called_again_at


def test_a_third_is_not_of_the_first_call_because_a_second_was() -> None:
    seen = taken(spo2=85).see(sys=185, dia=80, consciousness=1).acknowledge(SEVERE)
    seen.acknowledge("sedation.unresponsive").wait(1).see(spo2=82).wait(50).see(sys=195)
    third = seen.wait(50).see(consciousness=0).alarm("sedation.unresponsive")
    assert third.called_again_at == third.notified_at


def test_a_more_urgent_one_is_a_call_of_its_own() -> None:
    seen = taken(MARKED, cadss=31).see(sys=185, dia=80).acknowledge(SEVERE)
    seen.wait(1).see(cadss=46).wait(1).see(sys=195)
    assert seen.alarm(SEVERE).called_again_at == seen.now.wall
    less = taken(SEVERE, sys=185, dia=80).see(cadss=31).acknowledge(MARKED)
    less.wait(1).see(sys=195).wait(1).see(cadss=46)
    assert less.alarm(MARKED).called_again_at == less.alarm(SEVERE).called_again_at


def test_a_call_ends_an_audio_pause_and_what_is_part_of_it_ends_no_other() -> None:
    pause = audio_pause.AudioPause("nurse.a", START.wall, START.mono, Priority.HIGH)
    seen = taken(spo2=85).see(sys=185, dia=80).acknowledge(SEVERE).wait(1)
    n = len(seen.changes)
    called = seen.see(spo2=82).changes[n:]
    assert audio_pause.interruption_reason(pause, called) == "spo2.very-low called-again, high"
    n = len(seen.changes)
    seen.wait(5).see(sys=195)
    joined = [change for change in seen.changes[n:] if change.alarm.rule == SEVERE]
    assert [change.type for change in joined] == ["alarm.called-again"]
    assert audio_pause.interruption_reason(pause, joined) is None


# ── raised again ────────────────────────────────────────────────────────────────────────


def raised_again(spo2: float, after_s: float = 30) -> BedEngine:
    """A taken alarm on 85 % that ended, and came back on another value."""
    return taken().wait(1).hold(5, spo2=97).wait(after_s - 10).hold(10, spo2=spo2)


def test_one_that_is_raised_again_within_a_minute_keeps_its_acknowledgement() -> None:
    seen = raised_again(83)
    assert seen.history(VERY_LOW)[-1] == "re-raised"
    assert seen.alarm(VERY_LOW).acknowledged_by == "nurse.a"
    assert seen.alarm(VERY_LOW).worst == {"spo2": 83}
    assert seen.alarm(VERY_LOW).worst_since_call == {"spo2": 85}


def test_one_that_is_raised_again_and_worse_calls() -> None:
    alarm = raised_again(82).alarm(VERY_LOW)
    assert (alarm.acknowledged, alarm.count) == (False, 2)
    assert alarm.worst_since_call == {"spo2": 82}


def test_one_that_is_raised_after_more_than_a_minute_is_another() -> None:
    assert not raised_again(85, after_s=71).alarm(VERY_LOW).acknowledged


def test_one_that_nobody_took_goes_on_with_the_worst_it_had() -> None:
    seen = BedEngine().hold(10, spo2=80).wait(1).hold(5, spo2=97).wait(1).hold(10, spo2=86)
    alarm = seen.alarm(VERY_LOW)
    assert (alarm.state, alarm.count, alarm.acknowledged) == (State.ACTIVE, 2, False)
    assert (alarm.worst, alarm.worst_since_call) == ({"spo2": 80}, {"spo2": 80})
    assert alarm.text == "SpO2 86 %: under 88 for 10 s (worst 80)"


def test_a_technical_alarm_that_flaps_stays_acknowledged() -> None:
    seen = BedEngine().condition("sensor-off", "oximeter").wait(5).acknowledge("tech.sensor-off")
    seen.condition_over("sensor-off", "oximeter").wait(3).condition("sensor-off", "oximeter")
    assert seen.wait(5).alarm("tech.sensor-off").acknowledged
    assert not seen.wait(30).alarm("tech.sensor-off").acknowledged


# ── after a restart ─────────────────────────────────────────────────────────────────────


def test_a_restart_forgets_neither_the_time_nor_the_worst() -> None:
    seen = taken().wait(300).see(spo2=84).restart()
    assert seen.wait(299.9).alarm(VERY_LOW).acknowledged
    assert not seen.wait(0.1).alarm(VERY_LOW).acknowledged
    worse = taken().wait(1).see(spo2=83).restart().wait(1).see(spo2=82)
    assert worse.history(VERY_LOW)[-1] == "called-again"


def test_a_restart_forgets_no_call() -> None:
    seen = taken(spo2=85).see(sys=185, dia=80).acknowledge(SEVERE)
    seen.wait(10).see(spo2=82).restart().wait(50).see(sys=195)
    assert seen.alarm(SEVERE).called_again_at == seen.alarm(VERY_LOW).called_again_at


def test_one_of_a_set_that_knew_no_worse_is_held_against_what_raised_it() -> None:
    seen = BedEngine(FORMER).hold(10, spo2=85).acknowledge(VERY_LOW).restart(DEFAULT)
    assert seen.wait(1).see(spo2=83).alarm(VERY_LOW).acknowledged
    assert not seen.wait(1).see(spo2=82).alarm(VERY_LOW).acknowledged


def test_what_an_alarm_keeps_of_it_is_written_and_read() -> None:
    seen = taken(spo2=85).wait(10).see(spo2=82)
    alarm = seen.alarm(VERY_LOW)
    assert alarm.called_again_at is not None
    assert Alarm.from_json(alarm.as_json()) == alarm
    by = START.plus(1).wall - START.wall
    assert alarm.shifted(by).called_again_at == alarm.called_again_at + by
    assert replace(alarm, worst={}, worst_since_call={}, called_again_at=None).as_json() == {
        name: value
        for name, value in alarm.as_json().items()
        if name not in ("worst", "worst_since_call", "called_again_at")
    }


# ── as it is written ────────────────────────────────────────────────────────────────────

HEAD = 'name = "site"\nversion = "1"\n[[rule]]\nid = "mine"\n'
REST = 'priority = "low"\ntext = "x"\nsource = "site"\n'
ONE, TWO = (
    'signal = "spo2"\nbelow = 90\n',
    'any_of = [{ signal = "sys", above = 9 }, { signal = "dia", above = 9 }]\n',
)


@pytest.mark.parametrize(
    ("condition", "written", "found"),
    [
        (ONE, "worse_by = 3", {"spo2": 3}),
        (ONE, "worse_by = { spo2 = 0.5 }", {"spo2": 0.5}),
        (TWO, "worse_by = { sys = 10 }", {"sys": 10}),
        (ONE, "", {}),
    ],
)
def test_it_is_a_number_or_one_for_each_signal(
    condition: str, written: str, found: dict[str, float]
) -> None:
    assert parse(f"{HEAD}{condition}{written}\n{REST}", "s").rules[0].worse_by == found


@pytest.mark.parametrize(
    ("condition", "written", "says"),
    [
        (ONE, "worse_by = 0", "s:7: rule mine: worse_by = 0 is not a number over 0"),
        (ONE, "worse_by = true", "worse_by = True is not a number over 0"),
        (ONE, "worse_by = inf", "worse_by = inf is not a number over 0"),
        (ONE, 'worse_by = "3"', "worse_by = '3' is not a number over 0"),
        (ONE, "worse_by = { spo2 = -1 }", "worse_by = -1 is not a number over 0"),
        (ONE, "worse_by = {}", "worse_by names no signal; remove it"),
        (ONE, "worse_by = { spo = 3 }", "the rule does not look at spo; did you mean spo2?"),
        (TWO, "worse_by = 10", "worse_by: say of which signal, as in { sys = 10 }"),
        ('technical = "sensor-off"\n', "worse_by = 3", "worse_by is not for technical rules"),
    ],
)
def test_what_it_cannot_be_is_refused(condition: str, written: str, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse(f"{HEAD}{condition}{written}\n{REST}", "s")
    assert says in str(refused.value)


@pytest.mark.parametrize(
    ("written", "says"),
    [
        ("high_again_after_s = 59", "high_again_after_s = 59 is not a time from 60 to 7200 s"),
        ("medium_again_after_s = 7201", "is not a time from 60 to 7200 s"),
        ("high_again_after_s = 1801", "= 1801 is over medium_again_after_s = 1800"),
        ("medium_again_after_s = 599", "high_again_after_s = 600 is over medium_again_after_s"),
        ("keep_acknowledgement_on_reraise = 1", "keep_acknowledgement_on_reraise is true or false"),
    ],
)
def test_times_that_cannot_be_are_refused(written: str, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse(f'name = "s"\nversion = "1"\nextends = "default"\n[escalation]\n{written}\n', "s")
    assert str(refused.value).startswith("s:5: escalation")
    assert says in str(refused.value)
