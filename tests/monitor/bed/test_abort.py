"""A bed whose session is aborted with alarms open: it is watched until the patient has left."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.alarm import State
from monitor.bed import view
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    AddNote,
    AssignmentAction,
    AssignNurse,
    ClearanceScope,
    Close,
    Command,
    ControlInfusion,
    Deviation,
    GiveDose,
    InfusionAction,
    InhibitNibp,
    Override,
    RecordClearance,
    Refused,
    RetractRecord,
    SetAlarmLimit,
)
from monitor.session.session import Phase
from tests.monitor.builders import Bedside, bed

AGAINST = Override("dr.b", "wants to go home")
ABORT = Abort("nurse.a", "feels unwell", AbortOutcome.WITHDREW, None, AGAINST)
RULE = "spo2.very-low"


def aborted() -> Bedside:
    """SpO2 is very low, the session is aborted, and the patient is still there."""
    side = bed().with_session().with_baseline().dosed(28).minutes(10).spo2(85, for_s=12)
    return side.asks(ABORT)


def states(side: Bedside) -> dict[str, State]:
    return {alarm.id: alarm.state for alarm in side.bed.alarm_engine.open_alarms()}


# ── the alarms ──────────────────────────────────────────────────────────────────────────


def test_an_abort_ends_no_alarm_while_one_of_the_patient_is_open() -> None:
    side = bed().with_session().with_baseline().dosed(28).minutes(10).spo2(85, for_s=12)
    before = states(side)
    assert len(before) > 1
    assert states(side.asks(ABORT)) == before
    assert side.phase() is Phase.ABORTED
    assert (side.session.is_open, side.session.ended_at) == (True, None)
    assert side.session.aborted_at == side.now.wall


def test_nobody_taking_it_calls_further() -> None:
    side = aborted().wait(60)
    assert side.alarm(RULE).escalated
    assert "alarm.escalated" in side.types()


def test_a_new_alarm_is_raised() -> None:
    side = aborted().pulse(150, for_s=15)
    assert "pulse.extreme" in side.open_rules()
    assert side.alarm("pulse.extreme").session == "s-1"


def test_it_is_raised_anew_when_it_comes_back() -> None:
    side = aborted().acknowledged(RULE).spo2(98, for_s=10).acknowledged(RULE)
    assert RULE not in side.open_rules()
    side.spo2(84, for_s=70)
    assert side.alarm(RULE).state is State.ACTIVE


def test_it_is_latched_and_reset_as_ever() -> None:
    side = aborted().spo2(98, for_s=10)
    assert side.alarm(RULE).state is State.LATCHED
    assert RULE not in side.acknowledged(RULE).open_rules()
    assert side.session.is_open


def test_without_data_it_is_unverified_and_stays() -> None:
    side = aborted().unplugged("oximeter", for_s=30)
    assert side.alarm(RULE).unverified_since is not None
    assert side.alarm(RULE).state is State.ACTIVE


def test_the_cuff_goes_on() -> None:
    side = aborted().minutes(1)
    requests = len(side.requests)
    assert len(side.minutes(35).requests) > requests


def test_a_latched_alarm_holds_the_patient_as_well() -> None:
    side = bed().with_session().with_baseline().spo2(85, for_s=12).spo2(98, for_s=10)
    assert side.alarm(RULE).state is State.LATCHED
    assert side.asks(ABORT).session.is_open


def test_without_an_alarm_of_the_patient_the_patient_leaves_with_the_abort() -> None:
    side = bed().with_session().with_baseline().dosed(28).minutes(10).asks(ABORT)
    assert not side.session.is_open
    assert side.session.ended_at == side.session.aborted_at == side.now.wall
    assert "patient.left" not in side.types()


# ── until the patient has left ──────────────────────────────────────────────────────────


def test_the_bed_is_occupied_and_says_what_to_do() -> None:
    with pytest.raises(Refused, match=r"is aborted: record with POST .*/s-1/left") as refused:
        aborted().with_session(id="s-2")
    assert refused.value.field == "bed"


def test_leaving_ends_the_session_and_its_alarms() -> None:
    side = aborted().minutes(5)
    at = side.now.wall - timedelta(minutes=1)
    side.left(at=at, destination="emergency department")
    session = side.session
    assert (session.is_open, session.ended_at) == (False, at)
    assert (session.destination, session.outcome) == ("emergency department", "withdrew")
    assert side.open_rules() == set()
    assert side.last("alarm.ended").payload["reason"] == "patient left"
    assert side.with_session(id="s-2").session.id == "s-2"


def test_the_destination_that_was_to_follow_is_said_on_leaving() -> None:
    side = bed().with_session().with_baseline().dosed(28).spo2(85, for_s=12)
    side.asks(Abort("nurse.a", "SpO2", AbortOutcome.TRANSFERRED, None, AGAINST))
    assert list(side.session.to_be_completed) == ["destination"]
    assert list(side.left().session.to_be_completed) == ["destination"]
    side.asks(Abort("nurse.a", None, destination="ward 3"))
    assert not side.session.to_be_completed
    assert side.session.destination == "ward 3"
    assert side.last("session.abort-completed").session == "s-1"
    with pytest.raises(Refused, match="no open session"):
        side.asks(Abort("nurse.a", None, destination="ward 3"))


def test_what_is_found_of_the_patient_is_still_recorded() -> None:
    side = aborted().scored(cadss=31, moaas=3).symptom("nausea", 2).typed(185, 100)
    side.observed(resp=7.0).asks(AddNote("the ambulance is called", "nurse.a"))
    side.asks(AssignNurse(AssignmentAction.TAKE_OVER, "nurse.b"))
    side.asks(SetAlarmLimit("spo2.low", "spo2", 90, "dr.b", "COPD", "nurse.b")).escorted()
    assert {"dissociation.marked", "pressure.severe", "resp.very-low"} <= side.open_rules()
    assert side.session.nurse == "nurse.b"
    assert side.phase() is Phase.ABORTED


REFUSED: list[Command] = [
    GiveDose("esketamine", 28, "nurse.a", lot="A1"),
    ControlInfusion(InfusionAction.START, "nurse.a"),
    Close("nurse.a", True, "dr.b", "why", "none"),
    RecordClearance(ClearanceScope.LEAVING, "dr.b", "why", "nurse.a", ("escort",)),
    RecordClearance(ClearanceScope.DOSE, "dr.b", "why", "nurse.a", ("spo2",)),
]


@pytest.mark.parametrize("command", REFUSED, ids=lambda command: type(command).__name__)
def test_nothing_is_given_cleared_or_closed(command: Command) -> None:
    side = aborted()
    with pytest.raises(Refused, match="the session is aborted: nothing is given"):
        side.asks(command)


def test_what_was_given_before_is_recorded() -> None:
    side = aborted()
    given: Any = {"given": True, "deviation": Deviation("entered late")}
    side.asks(replace(GiveDose("esketamine", 28, "nurse.a", lot="A2"), **given))
    assert (len(side.session.doses), side.phase()) == (2, Phase.ABORTED)


def test_an_infusion_is_paused_and_ended() -> None:
    side = bed().with_session("ketamine-iv").with_baseline().infusion(InfusionAction.START)
    side.minutes(5).spo2(85, for_s=12).asks(ABORT)
    side.asks(ControlInfusion(InfusionAction.PAUSE, "nurse.a"))
    with pytest.raises(Refused, match="aborted"):
        side.asks(ControlInfusion(InfusionAction.RESUME, "nurse.a"))
    side.asks(ControlInfusion(InfusionAction.END, "nurse.a"))
    assert side.session.infusion is not None
    assert side.session.infusion.ended_at == side.now.wall
    assert side.phase() is Phase.ABORTED


def test_a_dose_that_is_withdrawn_leaves_it_aborted() -> None:
    side = aborted()
    (dose,) = side.session.doses
    side.asks(RetractRecord(dose.id, "nurse.a", "was not taken"))
    assert (side.session.doses, side.phase()) == ((), Phase.ABORTED)


def test_it_is_shown_as_aborted_with_its_alarms() -> None:
    side = aborted()
    shown = view.bed(side.bed, side.now, simulated=False).as_json()
    session = shown["session"]
    assert (session["state"], session["ready"]) == ("aborted", False)
    assert (session["ended_at"], session["patient_left_at"]) == (None, None)
    assert (session["gate"], session["criteria"]) == ([], [])
    assert RULE in {alarm["rule"] for alarm in shown["alarms"]}
    side.left()
    gone = view.bed(side.bed, side.now, simulated=False).as_json()["session"]
    assert gone["patient_left_at"] == gone["ended_at"] is not None


# ── restarts and clocks ─────────────────────────────────────────────────────────────────


def test_a_restart_keeps_all_of_it() -> None:
    side = aborted().wait(20)
    session, alarms = side.session, [a.as_json() for a in side.bed.alarm_engine.open_alarms()]
    side.rebuilt()
    assert side.session == session
    assert [a.as_json() for a in side.bed.alarm_engine.open_alarms()] == alarms
    side.wait(45)
    assert side.alarm(RULE).escalated
    assert not side.left().rebuilt().session.is_open
    assert side.open_rules() == set()


def test_a_cuff_that_must_not_start_stays_so_until_the_patient_has_left() -> None:
    side = bed().with_session().with_baseline().spo2(85, for_s=12)
    side.asks(InhibitNibp("nurse.a", "a line in that arm")).asks(ABORT)
    assert side.rebuilt().bed.state.inhibited is not None
    assert side.left().bed.state.inhibited is None


def test_the_time_of_the_abort_follows_the_wall_clock() -> None:
    side = aborted()
    at = side.session.aborted_at
    assert at is not None
    side.wall_steps(3600).second()
    assert side.session.aborted_at == at + timedelta(hours=1)
    assert side.rebuilt().session.aborted_at == at + timedelta(hours=1)
