"""What another rule set would have made of a session."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from alerts.rules.loader import parse
from alerts.rules.model import RuleSet
from monitor.replay.what_if import (
    Comparison,
    Onset,
    acts_in,
    by_rule,
    compare,
    effects,
    interventions_in,
    onsets,
    pairs,
    under,
)
from monitor.session.commands import Abort, Close, Command, RecordScore, Refused
from monitor.session.events import Event
from monitor.session.reopening import SESSION_ENDINGS
from tests.monitor.builders import DEFAULT, START, Bedside
from tests.monitor.replay.test_replay import recorded

AT = START.wall


def other(**spo2_low: object) -> RuleSet:
    """The default set with another delay or limit for spo2.low."""
    rule = {"signal": '"spo2"', "below": 93, "for_s": 30, "clear_margin": 1, "clear_for_s": 10}
    keys = "\n".join(f"{key} = {value}" for key, value in (rule | spo2_low).items())
    return parse(
        f'name = "other"\nversion = "1"\nextends = "default"\n[[rule]]\nid = "spo2.low"\n{keys}\n'
        'priority = "medium"\ntext = "SpO2 {value}"\nguidance = "Look."\nsource = "test"\n',
        "other",
    )


def desaturates(side: Bedside) -> None:
    side.with_session().dosed().spo2(97, for_s=60).spo2(91, for_s=90).spo2(97, for_s=60)
    side.spo2(90, for_s=45).spo2(97, for_s=60).aborted()


def judged(rules: RuleSet, live: Callable[[Bedside], object] = desaturates) -> Comparison:
    tape, events = recorded(live)
    own = [event for event in events.values() if event.session == "s-1"]
    return compare("s-1", own, under(rules, "bed-1", "s-1", tape, events))


def low(onsets: tuple[Onset, ...]) -> list[Onset]:
    return by_rule(onsets).get("spo2.low", [])


def test_the_same_rules_make_the_same_alarms() -> None:
    found = judged(DEFAULT)
    assert len(low(found.recorded)) == 2
    assert found.other == found.recorded


def test_a_shorter_delay_raises_by_as_much_earlier() -> None:
    found = judged(other(for_s=10))
    changes = [p.later_s for p in pairs(found.recorded, found.other) if p.onset.rule == "spo2.low"]
    assert changes == [-20, -20]


def test_a_longer_delay_raises_later_or_not_at_all() -> None:
    found = judged(other(for_s=60))
    changes = [p.later_s for p in pairs(found.recorded, found.other) if p.onset.rule == "spo2.low"]
    assert changes == [30, None]


def test_a_higher_limit_raises_more() -> None:
    found = judged(other(below=98, for_s=5))
    assert len(low(found.other)) >= 1
    assert low(found.other)[0].at < low(found.recorded)[0].at


def test_the_session_ends_when_it_ended_whatever_the_other_rules_say() -> None:
    def closes(side: Bedside) -> None:
        side.with_session().dosed().spo2(97, for_s=60)
        side.closed(against=("dr.b", "why")).second().with_session(id="s-2").spo2(80, for_s=60)

    tape, events = recorded(closes)
    own = under(other(below=98, for_s=1), "bed-1", "s-1", tape, events)
    assert own[-1].type == "session.closed"
    assert own[-1].at == next(e.at for e in events.values() if e.type == "session.closed")


@pytest.mark.parametrize("ask", [Close("nurse.a", True), Abort("nurse.a", "wants to go home")])
@pytest.mark.parametrize("rules", [DEFAULT, other(below=70)])
def test_who_was_not_let_go_when_it_was_recorded_stays(ask: Command, rules: RuleSet) -> None:
    def asks_too_early(side: Bedside) -> None:
        side.with_session().dosed().spo2(91, for_s=60)
        with pytest.raises(Refused):
            side.asks(ask)
        side.second().spo2(80, for_s=60).aborted()

    tape, events = recorded(asks_too_early)
    own = under(rules, "bed-1", "s-1", tape, events)
    ended = [e for e in events.values() if e.type in SESSION_ENDINGS]
    assert [(e.type, e.at) for e in own if e.type in SESSION_ENDINGS] == [
        (e.type, e.at) for e in ended
    ]


def test_an_abort_that_was_free_when_it_was_recorded_is_made_all_the_same() -> None:
    def goes(side: Bedside) -> None:
        side.with_session().spo2(97, for_s=60).asks(Abort("nurse.a", "wants to go home"))

    tape, events = recorded(goes)
    own = under(other(below=98, clear_margin=0, for_s=1), "bed-1", "s-1", tape, events)
    assert [e.type for e in own if e.type in SESSION_ENDINGS] == [
        *("session.aborted", "patient.left")
    ]


def test_an_acknowledgement_goes_to_the_alarm_of_the_same_rule() -> None:
    def acknowledges(side: Bedside) -> None:
        side.with_session().dosed().spo2(80, for_s=30).acknowledged("spo2.very-low").aborted()

    tape, events = recorded(acknowledges)
    own = under(other(for_s=5), "bed-1", "s-1", tape, events)
    taken = [event for event in own if event.type == "alarm.acknowledged"]
    assert [event.payload["alarm"]["rule"] for event in taken] == [
        *("spo2.very-low", "spo2.low"),
    ]


def test_a_pause_of_the_sound_is_run_again_as_what_a_person_did() -> None:
    def pauses(side: Bedside) -> None:
        side.with_session().dosed().spo2(80, for_s=30).quieted().aborted()

    tape, events = recorded(pauses)
    own = under(other(for_s=5), "bed-1", "s-1", tape, events)
    assert "alarm.audio-paused" in [event.type for event in own]


def test_an_alarm_that_a_person_has_reset_is_needed_no_longer() -> None:
    side = Bedside().with_session().dosed().spo2(80, for_s=30).quieted().spo2(97, for_s=30)
    side.acknowledged("spo2.very-low").wait(30).aborted().with_session(id="s-2")
    assert side.types("alarm.reset") == ["alarm.reset"]
    assert interventions_in(side.events)[0].type == "session.started"
    assert interventions_in(side.events)[0].session == "s-2"


def test_a_correction_goes_to_the_same_record_however_it_is_numbered() -> None:
    def corrects(side: Bedside) -> None:
        side.with_session().dosed().spo2(91, for_s=90).scored(cadss=31)
        wrong = side.last("score.recorded").id
        side.asks(RecordScore("cadss", 3, None, "nurse.a", corrects=wrong)).wait(20).aborted()

    tape, events = recorded(corrects)
    own = under(other(for_s=300), "bed-1", "s-1", tape, events)
    ended = {
        (event.payload["alarm"]["rule"], event.payload["reason"])
        for event in own
        if event.type == "alarm.ended"
    }
    assert ("dissociation.marked", "condition ended") in ended
    assert {e.id for e in own} != {e.id for e in events.values() if e.session == "s-1"}


def test_no_measurement_is_invented_and_none_is_missed() -> None:
    calm = DEFAULT.texts[0].replace("above = 140", "above = 115")
    found = judged(parse(calm, "calm"), lambda side: side.with_session().minutes(12).aborted())
    assert "pressure.elevated" in by_rule(found.other)
    assert "tech.cuff-failed" not in by_rule(found.other)


# ── onsets, true and paired ─────────────────────────────────────────────────────────────


def at(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


def happened(type_: str, second: float, rule: str = "spo2.low", alarm_id: str = "a") -> Event:
    alarm = {"rule": rule, "device": None, "text": "low"}
    payload = {"alarm": alarm} if type_.startswith("alarm.") else {"by": "nurse.a"}
    return Event(f"{second}", "bed-1", 1, "s-1", type_, alarm_id, at(second), payload)


def onset(start: float, end: float, rule: str = "spo2.low", *, true: bool = False) -> Onset:
    return Onset(rule, None, at(start), at(end), "low", true)


def test_an_onset_lasts_until_its_condition_is_over() -> None:
    events = [
        happened("alarm.raised", 0),
        happened("alarm.condition-ended", 20),
        happened("alarm.re-raised", 30),
        happened("alarm.ended", 45),
        happened("alarm.raised", 50, alarm_id="b"),
        happened("session.aborted", 59),
    ]
    assert [o.lasted_s for o in onsets(events, [])] == [20, 15, 9]


@pytest.mark.parametrize(
    ("act", "true"),
    [
        (happened("alarm.acknowledged", 300), True),
        (happened("alarm.acknowledged", 301), False),
        (happened("alarm.acknowledged", 10, rule="pulse.low"), False),
        (happened("note.added", 10), True),
        (happened("note.added", -1), False),
        (happened("score.recorded", 10), False),
    ],
)
def test_an_alarm_that_somebody_acts_on_within_5_minutes_is_a_true_one(
    act: Event, true: bool
) -> None:
    events = [happened("alarm.raised", 0), happened("alarm.ended", 59)]
    assert [o.true for o in onsets(events, acts_in([act]))] == [true]


@pytest.mark.parametrize(("lasted_s", "true"), [(59.9, False), (60, True)])
def test_an_alarm_whose_condition_lasts_a_minute_is_a_true_one(lasted_s: float, true: bool) -> None:
    events = [happened("alarm.raised", 0), happened("alarm.ended", lasted_s)]
    assert [o.true for o in onsets(events, [])] == [true]


def test_alarms_are_paired_when_they_overlap_or_begin_within_a_minute() -> None:
    was = [onset(0, 100), onset(200, 210), onset(500, 510)]
    would = [onset(90, 120), onset(259, 300), onset(700, 710), onset(501, 502, "pulse.low")]
    found = [(p.recorded, p.other) for p in pairs(was, would)]
    assert found == [
        (was[0], would[0]),
        (was[1], would[1]),
        (was[2], None),
        (None, would[3]),
        (None, would[2]),
    ]


def test_the_first_true_alarm_counts_session_by_session() -> None:
    true, untrue = onset(100, 200, true=True), onset(50, 60)
    sessions = [
        Comparison("s-1", (untrue, true), (onset(80, 200, true=True),)),
        Comparison("s-2", (true,), (untrue,)),
        Comparison("s-3", (), (true, untrue)),
    ]
    (effect,) = effects(sessions)
    assert effect.raised == (3, 4)
    assert effect.true == (2, 2)
    assert [*effect.shifts_s] == [-20]
    assert (effect.missed, effect.found) == (1, 1)
