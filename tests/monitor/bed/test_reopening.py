"""A close, an abort or a leaving is taken back within a minute, and the session goes on."""

from dataclasses import replace

import pytest

from alerts.rules import Kind
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    InhibitNibp,
    Override,
    Refused,
    ReopenSession,
    SetAlarmLimit,
)
from monitor.session.history import SessionHistory
from monitor.session.session import Phase
from tests.monitor.builders import Bedside, bed

AGAINST = ("dr.b", "transferred")
REOPEN = ReopenSession("nurse.b")


def ill() -> Bedside:
    """With an acknowledged alarm, one that is latched, a limit and a stopped cuff."""
    side = bed().with_session().with_baseline().dosed()
    side.asks(SetAlarmLimit("pulse.high", None, 130, "dr.b", "runner", "nurse.a"))
    side.measured(120, 78).spo2(85, for_s=12).spo2(96, for_s=10).typed(185, 100)
    side.acknowledged("pressure.severe").asks(InhibitNibp("nurse.a", "a line"))
    return side.wait(5)


def known(side: Bedside) -> dict[str, object]:
    """What is known of the session and its alarms, apart from when it was asked."""
    alarms = side.bed.alarm_engine.open_alarms()
    return {
        "session": replace(side.session, ending=None),
        "alarms": {
            alarm.id: replace(alarm, text="", text_at=None)
            for alarm in alarms
            if alarm.kind is Kind.PHYSIOLOGICAL
        },
        "limits": side.bed.alarm_engine.effective_rules,
        "inhibited": side.bed.state.inhibited,
        "charted": side.bed.state.charted.values.keys(),
        "pressure": side.bed.vitals.values["sys"].value,
    }


@pytest.mark.parametrize("is_rebuilt", [False, True], ids=["live", "restarted between"])
def test_it_goes_on_as_if_it_had_not_ended(is_rebuilt: bool) -> None:
    side = ill()
    before = known(side)
    side.closed(against=AGAINST)
    assert side.open_rules() == set()
    side.rebuilt() if is_rebuilt else side.wait(10)
    side.asks(REOPEN)
    after = known(side)
    if is_rebuilt:
        assert after.pop("limits") == side.bed.alarm_engine.effective_rules
        del before["limits"]
    assert after == before
    assert side.last("session.reopened").payload == {
        "by": "nurse.b",
        "undoes": "session.closed",
        "was_ended": True,
    }
    assert side.rebuilt().session == side.session
    assert before["alarms"].keys() == known(side)["alarms"].keys()  # type: ignore[attr-defined]


def test_leaving_asks_for_no_more_than_it_did() -> None:
    side = bed().with_session().with_baseline().dosed().minutes(16)
    before = side.unmet()
    assert "spo2" not in before
    side.closed(against=AGAINST).wait(50).asks(REOPEN)
    assert side.unmet() == before


def test_a_minute_later_it_stays_ended() -> None:
    side = bed().with_session().dosed().closed(against=AGAINST).wait(61)
    with pytest.raises(Refused, match="more than a minute ago"):
        side.asks(REOPEN)
    with pytest.raises(Refused, match="no end of a session"):
        bed().with_session().asks(REOPEN)


ABORT = Abort("nurse.a", "unwell", AbortOutcome.OTHER, None, Override("dr.b", "unwell"))


def aborted() -> Bedside:
    """With the patient still there, as an alarm is open."""
    side = bed().with_session().with_baseline().dosed().spo2(85, for_s=45).asks(ABORT)
    assert (side.session.phase, side.session.is_open) == (Phase.ABORTED, True)
    return side


def test_the_leaving_after_an_abort_is_taken_back_and_then_the_abort() -> None:
    side = aborted()
    attendance = side.session.attendance
    side.wait(10).left().wait(10).asks(REOPEN)
    assert (side.session.phase, side.session.is_open) == (Phase.ABORTED, True)
    assert side.session.attendance == attendance
    assert "spo2.low" in side.open_rules()
    side.asks(REOPEN)
    assert (side.session.phase, side.session.reason) == (Phase.OBSERVING, None)
    assert side.last("session.reopened").payload["was_ended"] is False


def test_a_clock_that_was_set_meanwhile_moves_what_was() -> None:
    side = aborted().wait(10).wall_steps(3600).wait(1).asks(REOPEN)
    assert (side.session.phase, side.session.aborted_at) == (Phase.OBSERVING, None)


@pytest.mark.parametrize("step_s", [-3600, 3600])
def test_once_it_ended_a_clock_that_was_set_leaves_it_so(step_s: float) -> None:
    side = bed().with_session().dosed().closed(against=AGAINST).wait(10).wall_steps(step_s).wait(1)
    with pytest.raises(Refused, match="the clock was set since"):
        side.asks(REOPEN)


def test_an_end_that_was_taken_back_is_none_of_its_history() -> None:
    side = bed().with_session().dosed().closed(against=AGAINST).wait(10).asks(REOPEN)
    history = SessionHistory.from_events(e for e in side.events if e.session == "s-1")
    assert history is not None
    assert (history.end, history.last("session.closed")) == (None, None)
    assert history.last("session.reopened") is not None
