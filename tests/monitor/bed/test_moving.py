"""A session that is moved goes on at the other bed, and that bed is the same after a restart."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.alarm.lifecycle import State
from drivers.readings import CuffPhase, CuffState
from monitor.bed import view
from monitor.bed.effects import StopMeasurement
from monitor.bed.input_codec import dump, load
from monitor.session.arrival import Arrival
from monitor.session.commands import (
    AddNote,
    InhibitNibp,
    MoveIn,
    MoveOut,
    Refused,
    RetractRecord,
    SetAlarmLimit,
)
from monitor.session.history import SessionHistory
from monitor.session.moving import MOVED_IN, MOVED_OUT
from tests.monitor.builders import CUFF, OXIMETER, Bedside, bed

MOVE = MoveOut("bed-2", "nurse.b", "oxygen at the wall")


def ill() -> Bedside:
    """With an acknowledged alarm, one that is latched, one that sounds, a limit, a stopped cuff."""
    side = bed().with_session().with_baseline().dosed()
    side.asks(SetAlarmLimit("pulse.high", None, 130, "dr.b", "runner", "nurse.a"))
    side.measured(120, 78).spo2(85, for_s=12).spo2(96, for_s=10).typed(185, 100)
    side.acknowledged("pressure.severe").asks(InhibitNibp("nurse.a", "a line"))
    return side.wait(5).scored(cadss=31)


def empty(id: str, like: Bedside, *, connected: bool = True) -> Bedside:
    """A free bed at which as much time has passed, and many things before."""
    side = Bedside((OXIMETER, CUFF), connected=connected, id=id)
    side.now = like.now.plus(-30)
    return side.spo2(None, for_s=30)


def moved(side: Bedside, to: Bedside) -> tuple[Bedside, Bedside]:
    """Both beds, once the session has gone from the one to the other; what is asked is recorded."""
    side.asks(replace(MOVE, to=to.bed.id))
    departed = side.bed.departed
    assert departed is not None
    to.before_move = [e for e in (*side.before_move, *side.events) if e.session == "s-1"]
    arrival = Arrival.from_events(to.before_move)
    assert arrival is not None
    assert arrival.session == departed.arrival.session
    as_they_were = {alarm.id: replace(alarm, bed="") for alarm in arrival.alarms}
    for alarm in departed.arrival.alarms:
        assert as_they_were[alarm.id] == replace(alarm, bed="")
    to.bed.expect(arrival)
    command = load(dump(departed.command))
    assert command == departed.command
    to.now = side.now
    return side, to.asks(command)


def patients(side: Bedside) -> dict[str, Any]:
    """The open alarms of the patient, as they are apart from where."""
    alarms = side.bed.alarm_engine.open_alarms()
    return {
        alarm.rule: replace(alarm, bed="", text="", text_at=None, unverified_since=None)
        for alarm in alarms
        if not alarm.rule.startswith("tech.")
    }


def test_what_is_known_of_the_patient_goes_on_there() -> None:
    side = ill()
    session, alarms = side.session, patients(side)
    limits, unmet = side.bed.alarm_engine.effective_rules, side.unmet()
    old, new = moved(side, empty("bed-2", side))
    assert {"pressure.severe", "spo2.very-low", "dissociation.marked"} <= alarms.keys()
    assert alarms["spo2.very-low"].state is State.LATCHED
    assert alarms["pressure.severe"].acknowledged_by == "nurse.a"
    assert patients(new) == alarms
    assert {alarm.bed for alarm in new.bed.alarm_engine.open_alarms()} == {"bed-2"}
    (move,) = new.session.moves
    assert (move.from_, move.to, move.by, move.reason) == (
        "bed-1",
        "bed-2",
        "nurse.b",
        "oxygen at the wall",
    )
    went = replace(new.session, bed="bed-1", moves=(), n_before=0, moved_place=0)
    assert went == session
    assert new.bed.alarm_engine.effective_rules == limits
    assert new.bed.state.inhibited == "a line"
    assert new.unmet() == unmet
    # The bed that was left is free, and nothing of the patient is shown or sounds there.
    assert old.bed.session is None
    assert old.bed.state.inhibited is None
    assert patients(old) == {}
    assert {e.payload["reason"] for e in old.events if e.type == "alarm.ended"} >= {
        "session moved to bed-2"
    }
    assert "sys" not in old.bed.vitals.values
    assert old.rebuilt().bed.session is None
    assert old.left_out == []


def test_no_value_of_the_bed_before_is_shown_or_ends_an_alarm() -> None:
    side = ill().spo2(85, for_s=12)
    before = side.bed.readiness.spo2_before(side.now)
    _, new = moved(side, empty("bed-2", side, connected=False))
    assert "sys" not in new.bed.vitals.values
    assert "spo2" not in new.bed.vitals.values
    assert view.vitals(new.bed, new.now)["sys"]["at"] is None
    assert new.alarm("spo2.very-low").unverified_since == new.now.wall
    assert new.alarm("pressure.severe").unverified_since == new.now.wall
    assert new.bed.readiness.spo2_before(new.now) == (*before, (0.0, None))
    # What was put on record elsewhere stands, and correcting it brings no value back.
    typed = next(p for p in new.session.pressures if p.sys == 185)
    new.asks(RetractRecord(typed.id, "nurse.a", "the wrong patient"))
    assert "sys" not in new.bed.vitals.values
    assert new.session.pressures
    assert new.alarm("spo2.very-low").is_open
    new.typed(125, 80)
    assert new.bed.vitals.values["sys"].value == 125


def test_what_was_measured_at_the_free_bed_is_not_the_patients() -> None:
    """Also within the seconds in which it is not stale, and as the past of what falls."""
    side = ill().spo2(85, for_s=12)
    free = empty("bed-2", side).spo2(99, for_s=30)
    assert free.bed.vitals.values["spo2"].value == 99
    side.spo2(85, for_s=30)
    _, new = moved(side, free)
    assert "spo2" not in new.bed.vitals.values
    assert view.vitals(new.bed, new.now)["spo2"]["value"] is None
    assert new.alarm("spo2.very-low").unverified_since == new.now.wall
    leaving = new.bed.readiness.discharge_criteria(new.now)
    assert [c.met for c in leaving if c.name == "spo2"] == [False]
    new.spo2(94, for_s=20)
    assert "spo2.falling" not in patients(new)


def test_pressure_is_measured_on_arrival_where_a_cuff_can() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(2)
    _, new = moved(side, empty("bed-2", side))
    assert new.last("pressure.requested").payload["why"] == "moved"
    new.measured(121, 79)
    assert new.bed.vitals.values["sys"].value == 121
    stopped, without = ill(), bed().with_session().with_baseline().dosed()
    for side, to in (
        (stopped, empty("bed-2", stopped)),
        (without, empty("bed-2", without, connected=False)),
    ):
        _, new = moved(side, to)
        assert not [e for e in new.events if e.type == "pressure.requested" and e.session == "s-1"]


@pytest.mark.parametrize("again", [False, True], ids=["once", "there and back"])
def test_a_restart_finds_the_session_where_it_is(again: bool) -> None:
    side = ill()
    old, new = moved(side, empty("bed-2", side))
    new.wait(20).typed(150, 90).asks(AddNote("moved", "nurse.b"))
    if again:
        old, new = moved(new.wait(5), old)
        new.wait(20).typed(150, 90).scored(moaas=4)
    known, alarms, past = new.session, patients(new), new.bed.readiness._past_alarms
    new.rebuilt()
    assert new.left_out == []
    assert new.session == known
    assert patients(new) == alarms
    assert new.bed.readiness._past_alarms == past
    assert new.bed.vitals.values["sys"].value == 150
    came = next(place for place, e in enumerate(new.events) if e.type == MOVED_IN)
    since = new.events if again else new.events[came:]
    of_session = [*new.before_move, *(e for e in since if e not in new.before_move)]
    history = SessionHistory.from_events(e for e in of_session if e.session == "s-1")
    assert history is not None
    assert history.session == known


def test_places_go_on_from_those_of_the_bed_before() -> None:
    """The fresh bed has few events: what is recorded there is still of after the dose."""
    side = ill()
    baseline = side.session.baseline
    before = max(side.session.places.values())
    _, new = moved(side, empty("bed-2", side))
    new.typed(150, 90, at=new.session.first_dose_at)
    assert new.session.baseline == baseline
    assert new.last("pressure.measured").n < before
    assert new.session.places[new.last("pressure.measured").id] > before


def test_an_alarm_rises_when_it_would_have_at_the_bed_before() -> None:
    side = bed().with_session().with_baseline().dosed().spo2(85, for_s=20)
    began = side.alarm("spo2.very-low").raised_at
    _, new = moved(side, empty("bed-2", side))
    tracked = new.bed.alarm_engine._find(new.alarm("spo2.very-low").id)
    assert tracked is not None
    assert tracked.raised_mono == new.now.past(began).mono
    assert new.alarm("spo2.very-low").escalated is False
    new.spo2(85, for_s=180)
    assert new.alarm("spo2.very-low").escalated is True


def test_a_reading_that_runs_is_stopped_and_is_nobodys() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(2).measure()
    old, new = moved(side, empty("bed-2", side))
    assert old.last(MOVED_OUT).payload["cuffs"] == ["cuff"]
    before = len(new.session.pressures)
    old.measured(160, 100)
    assert old.last("pressure.measured").session is None
    assert len(new.session.pressures) == before
    assert not old.bed.nibp.devices["cuff"].state.pending


def test_its_cuff_is_told_to_stop() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(2).measure()
    assert side.bed.handle(MOVE, side.now).effects == [StopMeasurement("cuff")]
    by_its_own_button = bed().with_session().with_baseline()
    by_its_own_button.says("cuff", CuffState(CuffPhase.MEASURING, 120))
    outcome = by_its_own_button.bed.handle(MOVE, by_its_own_button.now)
    assert outcome.effects == [StopMeasurement("cuff")]


def test_a_clock_that_is_set_moves_what_was_at_the_bed_before() -> None:
    side = ill().wall_steps(600)
    _, new = moved(side, empty("bed-2", side))
    was = new.session
    new.wall_steps(-300).wait(2)
    assert new.session.here_since == was.here_since - timedelta(seconds=300)
    assert new.session.first_dose_at is not None
    assert was.first_dose_at is not None
    assert new.session.first_dose_at == was.first_dose_at - timedelta(seconds=300)
    assert new.rebuilt().session.moves == new.session.moves


def test_what_was_there_before_is_missing_and_the_bed_says_so() -> None:
    side = ill()
    _, new = moved(side, empty("bed-2", side))
    new.before_move = new.before_move[:-1]
    new.rebuilt()
    assert new.bed.session is None
    assert "what was recorded at bed-1 before is not there" in new.left_out[0]


def test_what_is_refused_changes_nothing() -> None:
    side = ill()
    before = side.bed.event_number
    with pytest.raises(Refused, match="is at bed-1 already"):
        side.asks(MoveOut("bed-1", "nurse.a"))
    with pytest.raises(Refused, match="no session comes to bed-3"):
        empty("bed-3", side).asks(MoveIn("s-1", "bed-1", 4, "nurse.a", None, {}, (), None))
    with pytest.raises(Refused, match="occupied by P-017"):
        side.asks(MoveIn("s-1", "bed-2", 4, "nurse.a", None, {}, (), None))
    with pytest.raises(Refused, match="no open session"):
        empty("bed-3", side).asks(MOVE)
    assert side.bed.event_number == before
