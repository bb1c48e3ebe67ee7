"""Acknowledging the graver of two alarms of one signal acknowledges the lesser."""

from pathlib import Path

import pytest

from alerts.alarm.lifecycle import Alarm, State
from alerts.rules.lint import Severity, lint_rules
from alerts.rules.loader import RuleError, parse, read_rules
from alerts.rules.model import Kind
from tests.alerts.engine_fixtures import DEFAULT, FORMER, BedEngine

LOW, VERY_LOW = "spo2.low", "spo2.very-low"
RULES = {rule.id: rule for rule in DEFAULT.rules}


def both(seen: BedEngine | None = None) -> BedEngine:
    """Both alarms on SpO2, raised."""
    return (seen or BedEngine()).hold(30, spo2=85)


def test_taking_the_graver_takes_the_lesser() -> None:
    seen = both().acknowledge(VERY_LOW)
    graver, lesser = seen.alarm(VERY_LOW), seen.alarm(LOW)
    assert (lesser.acknowledged_by, lesser.taken_with) == ("nurse.a", graver.id)
    assert graver.taken_with is None
    assert seen.changes[-1].reason == "acknowledged by nurse.a with spo2.very-low"
    assert Alarm.from_json(lesser.as_json()) == lesser


def test_taking_the_lesser_leaves_the_graver() -> None:
    seen = both().acknowledge(LOW)
    assert not seen.alarm(VERY_LOW).acknowledged
    assert "taken_with" not in seen.alarm(LOW).as_json()


def test_both_are_given_back_together() -> None:
    seen = both().acknowledge(VERY_LOW).unacknowledge(VERY_LOW)
    for rule in (VERY_LOW, LOW):
        assert seen.history(rule) == ["raised", "acknowledged", "unacknowledged"]
    assert seen.alarm(LOW).taken_with is None


def test_the_lesser_can_be_given_back_alone() -> None:
    seen = both().acknowledge(VERY_LOW).unacknowledge(LOW)
    assert seen.alarm(VERY_LOW).acknowledged
    assert not seen.alarm(LOW).acknowledged
    assert seen.acknowledge(LOW).unacknowledge(VERY_LOW).alarm(LOW).acknowledged


RISE, SEVERE = "pressure.rise", "pressure.severe"


def taken_before(**baseline: float) -> BedEngine:
    """A severe pressure was acknowledged before a second value could confirm the lesser alarms."""
    seen = BedEngine(baseline=baseline or {"sys": 120, "dia": 78}).see(sys=190, dia=115)
    assert seen.rules_open() == {SEVERE}
    return seen.wait(20).acknowledge(SEVERE)


def test_a_lesser_one_raised_later_from_the_same_reading_starts_acknowledged() -> None:
    seen = taken_before().failed_confirmation()
    graver, lesser = seen.alarm(SEVERE), seen.alarm(RISE)
    assert seen.history(RISE) == ["raised"]
    assert (lesser.acknowledged_by, lesser.taken_with) == ("nurse.a", graver.id)
    assert lesser.acknowledged_at == graver.acknowledged_at
    raised = next(c for c in seen.changes if c.type == "alarm.raised" and c.alarm.rule == RISE)
    assert raised.alarm == lesser
    assert raised.reason == "acknowledged by nurse.a with pressure.severe"


def test_so_does_one_that_the_second_reading_confirms() -> None:
    seen = taken_before().wait(40).see(sys=188, dia=114)
    assert seen.alarm(RISE).taken_with == seen.alarm(SEVERE).id


def test_one_that_is_worse_calls() -> None:
    seen = taken_before().wait(40).see(sys=200, dia=115)
    assert not seen.alarm(RISE).acknowledged
    assert not seen.alarm(SEVERE).acknowledged


def test_one_that_is_raised_when_the_graver_is_no_longer_met_calls() -> None:
    assert not taken_before().wait(40).see(sys=175, dia=105).alarm(RISE).acknowledged


def test_one_that_is_raised_while_nobody_has_the_graver_calls() -> None:
    seen = taken_before().unacknowledge(SEVERE).failed_confirmation()
    assert not seen.alarm(RISE).acknowledged


@pytest.mark.parametrize("restarted", [False, True])
def test_one_that_started_acknowledged_calls_again_by_when_that_was(restarted: bool) -> None:
    seen = taken_before().wait(40).failed_confirmation()
    if restarted:
        seen.restart()
    raised = seen.now
    seen.wait(1800 - 40 - 1)
    assert RISE not in {c.alarm.rule for c in seen.changes if c.type == "alarm.called-again"}
    seen.wait(1)
    assert RISE in {c.alarm.rule for c in seen.changes if c.type == "alarm.called-again"}
    assert (seen.now.wall - raised.wall).total_seconds() == 1760


def test_one_that_started_acknowledged_is_given_back_with_the_graver() -> None:
    seen = taken_before().failed_confirmation().unacknowledge(SEVERE)
    assert not seen.alarm(RISE).acknowledged


def test_one_that_recurs_starts_acknowledged_too() -> None:
    seen = BedEngine(baseline={"sys": 120, "dia": 78}).typed(sys=165, dia=80)
    assert RISE in seen.rules_open()
    seen.wait(1).see(sys=120, dia=80)
    seen.wait(1).see(sys=190, dia=115).wait(5).acknowledge(SEVERE).failed_confirmation()
    assert seen.history(RISE) == ["raised", "ended", "re-raised"]
    assert seen.alarm(RISE).taken_with == seen.alarm(SEVERE).id


def test_one_that_somebody_took_before_is_theirs() -> None:
    seen = both().acknowledge(LOW, "nurse.c").acknowledge(VERY_LOW).unacknowledge(VERY_LOW)
    assert seen.alarm(LOW).acknowledged_by == "nurse.c"


def test_giving_back_survives_a_restart() -> None:
    seen = both().acknowledge(VERY_LOW).restart().unacknowledge(VERY_LOW)
    assert not seen.alarm(LOW).acknowledged


def test_one_that_is_over_and_latched_waits_to_be_seen_by_itself() -> None:
    rules = parse(
        'name = "s"\nversion = "1"\n'
        '[[rule]]\nid = "a"\nsignal = "spo2"\nbelow = 88\ntakes = ["b"]\npriority = "high"\n'
        'text = "x"\nsource = "s"\n'
        '[[rule]]\nid = "b"\nsignal = "spo2"\nbelow = 80\nlatching = true\n'
        'priority = "medium"\ntext = "x"\nsource = "s"\n',
        "s",
    )
    seen = BedEngine(rules).see(spo2=79).wait(1).see(spo2=85).acknowledge("a")
    assert seen.alarm("b").state is State.LATCHED


def test_under_a_set_that_says_nothing_of_it_each_is_taken_by_itself() -> None:
    seen = both(BedEngine(FORMER)).acknowledge(VERY_LOW)
    assert not seen.alarm(LOW).acknowledged


def test_a_technical_or_more_urgent_alarm_is_never_taken_with_another() -> None:
    rules = parse(WRONG, "s")
    seen = BedEngine(rules).condition("sensor-off", "oximeter").condition("journal-failing", None)
    seen.see(spo2=85).acknowledge("a")
    assert not seen.alarm("b").acknowledged
    assert not seen.alarm("c").acknowledged


def rule(id_: str, condition: str, priority: str, more: str = "") -> str:
    return (
        f'[[rule]]\nid = "{id_}"\n{condition}\n{more}\npriority = "{priority}"\n'
        'text = "x"\nsource = "s"\n'
    )


WRONG = (
    'name = "s"\nversion = "1"\n'
    + rule("a", 'signal = "spo2"\nbelow = 90', "medium", 'takes = ["b", "c", "d", "ee"]')
    + rule("b", 'technical = "journal-failing"', "low")
    + rule("c", 'signal = "spo2"\nbelow = 88', "high")
    + rule("d", 'signal = "pulse"\nabove = 120', "low")
)


def test_the_lint_says_what_cannot_be_taken(tmp_path: Path) -> None:
    path = tmp_path / "s.toml"
    path.write_text(WRONG)
    found = lint_rules(read_rules(str(path)))
    faults = [finding.message for finding in found if finding.level is Severity.FAULT]
    assert [fault.split("rule a: ")[1] for fault in faults] == [
        "takes b: a technical alarm is never acknowledged with one of the patient",
        "takes c, which is more urgent",
        "takes d, which looks at nothing that it looks at",
        "takes ee, and there is no such rule; there are: a, b, c, d",
    ]


@pytest.mark.parametrize(
    ("condition", "takes", "says"),
    [
        ('signal = "spo2"\nbelow = 9', '["a"]', "takes: the rule names itself"),
        ('technical = "sensor-off"', '["b"]', "takes is not for technical rules"),
        ('signal = "spo2"\nbelow = 9', '"b"', "takes is a list of ids of rules"),
        ('signal = "spo2"\nbelow = 9', "[]", "takes is a list of ids of rules"),
    ],
)
def test_what_it_cannot_be_is_refused(condition: str, takes: str, says: str) -> None:
    text = 'name = "s"\nversion = "1"\n' + rule("a", condition, "high", f"takes = {takes}")
    with pytest.raises(RuleError) as refused:
        parse(text, "s")
    assert says in str(refused.value)


def test_in_the_set_that_ships_the_graver_takes_the_lesser_of_the_same_signals() -> None:
    taken = {rule.id: rule.takes for rule in DEFAULT.rules if rule.takes}
    assert taken == {
        "spo2.very-low": ("spo2.low",),
        "pressure.severe": ("pressure.elevated", "pressure.rise"),
        "pressure.crisis": ("pressure.elevated", "pressure.rise"),
        "pulse.extreme": ("pulse.high", "pulse.low"),
        "sedation.unresponsive": ("sedation.deep",),
        "news2.high": ("news2.raised",),
        "resp.very-low": ("resp.low",),
    }
    assert all(RULES[less].kind is not Kind.TECHNICAL for ids in taken.values() for less in ids)
