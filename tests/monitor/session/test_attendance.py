"""Who was at the bedside, for how long, and when nobody was assigned."""

from datetime import datetime

import pytest

from monitor.session import attendance
from monitor.session.commands import AssignmentAction, AssignNurse, Refused
from tests.monitor.builders import START, Bedside, bed

TAKE_OVER, HAND_OVER, LEAVE, JOIN = AssignmentAction


def watched() -> Bedside:
    return bed().with_session()


def does(side: Bedside, action: AssignmentAction, by: str, to: str | None = None) -> Bedside:
    return side.asks(AssignNurse(action, by, to))


def spans(side: Bedside) -> list[tuple[str, str, float, float | None]]:
    """Who, in which role, from which minute of the session to which."""

    def minute(at: datetime) -> float:
        return (at - side.session.started_at).total_seconds() / 60

    return [
        (s.by, s.role, minute(s.from_), None if s.to is None else minute(s.to))
        for s in side.session.attendance
    ]


def minutes(side: Bedside) -> dict[str, int]:
    return attendance.minutes_by_person(side.session.attendance, side.now.wall)


def gaps(side: Bedside) -> list[tuple[float, float]]:
    since = side.session.started_at
    found = attendance.unassigned(side.session.attendance, since, side.now.wall)
    return [((a - since).total_seconds() / 60, (b - since).total_seconds() / 60) for a, b in found]


def test_who_starts_a_session_is_assigned() -> None:
    assert spans(watched().minutes(3)) == [("nurse.a", "assigned", 0, None)]


def test_a_handover_counts_when_it_is_taken() -> None:
    side = does(watched().minutes(10), HAND_OVER, "nurse.a", "nurse.b").minutes(2)
    assert spans(side) == [("nurse.a", "assigned", 0, None)]
    does(side, TAKE_OVER, "nurse.b").minutes(5)
    assert spans(side) == [("nurse.a", "assigned", 0, 12), ("nurse.b", "assigned", 12, None)]
    assert gaps(side) == []


def test_while_nobody_is_assigned_is_a_gap() -> None:
    side = does(watched().minutes(4), LEAVE, "nurse.a").minutes(7)
    assert gaps(side) == [(4, 11)]
    does(side, TAKE_OVER, "nurse.b").minutes(1)
    assert gaps(side) == [(4, 11)]
    does(side, LEAVE, "nurse.b").minutes(2)
    assert gaps(side) == [(4, 11), (12, 14)]


def test_who_joins_is_there_and_not_assigned() -> None:
    side = does(watched().minutes(4), JOIN, "dr.b").minutes(3)
    assert spans(side)[1] == ("dr.b", "present", 4, None)
    assert side.session.nurse == "nurse.a"
    does(side, LEAVE, "dr.b").minutes(1)
    assert spans(side)[1] == ("dr.b", "present", 4, 7)
    assert side.session.nurse == "nurse.a"
    assert gaps(side) == []


def test_who_is_there_joins_no_more() -> None:
    side = does(watched(), JOIN, "dr.b")
    before = len(side.events)
    does(does(side, JOIN, "dr.b"), JOIN, "nurse.a")
    assert side.types()[before:] == []


def test_who_joined_and_takes_over_is_counted_once() -> None:
    side = does(watched().minutes(4), JOIN, "nurse.b").minutes(3)
    does(side, TAKE_OVER, "nurse.b").minutes(5)
    assert spans(side)[1:] == [("nurse.b", "present", 4, 7), ("nurse.b", "assigned", 7, None)]
    assert minutes(side) == {"nurse.a": 7, "nurse.b": 8}


def test_who_is_there_without_being_assigned_leaves_a_gap() -> None:
    side = does(does(watched(), JOIN, "dr.b").minutes(2), LEAVE, "nurse.a").minutes(3)
    assert gaps(side) == [(2, 5)]
    assert minutes(side) == {"nurse.a": 2, "dr.b": 5}


def test_minutes_are_added_up_before_they_are_cut() -> None:
    side = watched().wait(100)
    does(does(side, TAKE_OVER, "nurse.b").wait(50), TAKE_OVER, "nurse.a").wait(40)
    assert minutes(side) == {"nurse.a": 2, "nurse.b": 0}


def test_who_is_not_there_cannot_leave() -> None:
    with pytest.raises(Refused, match="watches this bed"):
        does(watched(), LEAVE, "dr.b")


def test_with_the_session_s_end_everybody_goes() -> None:
    side = does(watched().minutes(4), JOIN, "dr.b").minutes(2).aborted()
    side.wait(60)
    assert [to for _, _, _, to in spans(side)] == [6, 6]


def test_who_came_after_the_patient_left_was_there_for_no_minute() -> None:
    span = attendance.Attendance("dr.b", "present", START.plus(120).wall)
    (ended,) = attendance.ended((span,), START.plus(60).wall)
    assert (ended.to, ended.lasted(START.plus(600).wall).total_seconds()) == (span.from_, 0)


def test_a_clock_that_is_set_and_a_restart_change_nothing_of_it() -> None:
    side = does(watched().minutes(4), JOIN, "dr.b").minutes(2)
    before = spans(side)
    side.wall_steps(3600).second()
    assert spans(side) == before
    assert spans(side.rebuilt()) == before
