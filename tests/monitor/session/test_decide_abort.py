"""What an abort asks for, what may follow later, and when the patient has left."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from alerts.alarm import Alarm
from alerts.rules import Kind, Priority
from monitor.bed import view
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Override,
    RecordPatientLeft,
    Refusal,
    Refused,
)
from monitor.session.decide_abort import DISCHARGE_TEXT, abort, patient_left
from monitor.session.session import Phase, Session
from tests.alerts.alarm.example_alarm import ALARM
from tests.monitor.builders import REGIMENS, bed
from tests.monitor.sessions import field, form_of, history

AGAINST = Override("dr.b", "wants to go home")
WHOLE = Abort("nurse.a", "feels unwell", AbortOutcome.WITHDREW, None, AGAINST)
TRANSFER = Abort("nurse.a", None, AbortOutcome.TRANSFERRED)
HIGH = replace(ALARM, kind=Kind.PHYSIOLOGICAL, priority=Priority.HIGH)


def undosed() -> Session:
    return bed().with_session().session


def dosed() -> Session:
    return bed().with_session().dosed(28).session


def decided(session: Session, command: Abort, *alarms: Alarm) -> Any:
    ((type_, payload),) = abort(session, command, alarms)
    assert type_ == "session.aborted"
    return payload


def test_an_abort_is_free_before_the_first_dose() -> None:
    payload = decided(undosed(), Abort("nurse.a", "went home"))
    assert payload == {
        "by": "nurse.a",
        "reason": "went home",
        "outcome": None,
        "destination": None,
        "against_criteria": None,
        "discharge_text": None,
        "to_be_completed": [],
        "patient_left": True,
    }


@pytest.mark.parametrize(
    "alarm",
    [
        replace(HIGH, priority=Priority.LOW),
        replace(HIGH, kind=Kind.TECHNICAL),
        replace(HIGH, kind=Kind.ADVISORY, priority=Priority.LOW),
    ],
)
def test_what_is_no_alarm_of_the_patient_holds_nobody(alarm: Alarm) -> None:
    assert decided(undosed(), Abort("nurse.a", "went home"), alarm)["patient_left"]


GUARDED: list[tuple[Callable[[], Session], tuple[Alarm, ...], str]] = [
    (dosed, (), "a dose has been given"),
    (undosed, (HIGH,), f"{HIGH.rule} is open"),
    (undosed, (replace(HIGH, priority=Priority.MEDIUM),), f"{HIGH.rule} is open"),
]


@pytest.mark.parametrize(("session", "alarms", "why"), GUARDED)
@pytest.mark.parametrize(
    ("command", "field", "lacks"),
    [
        (Abort("nurse.a", "unwell"), "outcome", "against_criteria"),
        (replace(WHOLE, outcome=None), "outcome", "transferred, withdrew or other"),
        (replace(WHOLE, against_criteria=None), "against_criteria", "clinician and reason"),
        (replace(WHOLE, against_criteria=None, reason=None), "reason", "reason, against_criteria"),
    ],
)
def test_otherwise_it_is_refused_with_what_it_lacks(
    session: Callable[[], Session],
    alarms: tuple[Alarm, ...],
    why: str,
    command: Abort,
    field: str,
    lacks: str,
) -> None:
    with pytest.raises(Refused) as refused:
        abort(session(), command, alarms)
    assert (refused.value.kind, refused.value.field) == (Refusal.CONFLICT, field)
    assert why in str(refused.value)
    assert lacks in str(refused.value)


@pytest.mark.parametrize("session", [undosed, dosed])
def test_every_abort_but_a_transfer_has_a_reason(session: Callable[[], Session]) -> None:
    with pytest.raises(Refused, match="say why") as refused:
        abort(session(), replace(WHOLE, reason=None), ())
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "reason")


def test_with_a_clinician_it_carries_what_the_patient_is_told() -> None:
    payload = decided(dosed(), replace(WHOLE, destination="home"))
    assert payload["outcome"] == "withdrew"
    assert payload["against_criteria"] == {"clinician": "dr.b", "reason": "wants to go home"}
    assert payload["destination"] == "home"
    assert payload["discharge_text"] == DISCHARGE_TEXT
    assert payload["to_be_completed"] == []


def test_what_the_patient_is_told_is_one_text_wherever_it_stands() -> None:
    for words in ("24 hours", "machinery", "restful sleep"):
        assert words in DISCHARGE_TEXT
    side = bed().with_session().dosed().minutes(1)
    shown = view.session(side.bed, side.now)
    assert shown is not None
    assert shown.discharge_text == DISCHARGE_TEXT
    side.closed(against=("dr.b", "asks to go"))
    assert side.last("session.closed").payload["discharge_text"] == DISCHARGE_TEXT
    assert DISCHARGE_TEXT in field(form_of(history(side)), "discharge").text


def test_the_patient_stays_while_an_alarm_of_theirs_is_open() -> None:
    assert decided(dosed(), WHOLE)["patient_left"]
    assert not decided(dosed(), WHOLE, HIGH)["patient_left"]


@pytest.mark.parametrize(
    ("session", "alarms", "lacking"),
    [
        (undosed, (), ["reason", "destination"]),
        (undosed, (HIGH,), ["reason", "against_criteria", "destination"]),
        (dosed, (), ["reason", "against_criteria", "destination"]),
    ],
)
def test_a_transfer_is_never_refused_and_names_what_is_to_be_completed(
    session: Callable[[], Session], alarms: tuple[Alarm, ...], lacking: list[str]
) -> None:
    assert decided(session(), TRANSFER, *alarms)["to_be_completed"] == lacking


def test_a_session_of_a_former_edition_is_aborted_as_it_was() -> None:
    former = REGIMENS["esketamine-84"].model_copy(update={"edition": 2})
    session = replace(dosed(), regimen=former)
    assert decided(session, Abort("nurse.a", "x"), HIGH) == {"by": "nurse.a", "reason": "x"}


# ── what follows later ──────────────────────────────────────────────────────────────────


def transferred() -> Session:
    return bed().with_session().dosed(28).asks(TRANSFER).session


def test_what_a_transfer_lacks_is_completed_bit_by_bit() -> None:
    side = bed().with_session().dosed(28).asks(TRANSFER)
    assert list(side.session.to_be_completed) == ["reason", "against_criteria", "destination"]
    side.asks(Abort("nurse.b", "unwell", destination="ward 3"))
    assert list(side.session.to_be_completed) == ["against_criteria"]
    side.asks(Abort("nurse.b", None, against_criteria=AGAINST))
    session = side.session
    assert not session.to_be_completed
    assert (session.reason, session.destination, session.outcome) == (
        "unwell",
        "ward 3",
        "transferred",
    )
    assert session.against_criteria == {"clinician": "dr.b", "reason": "wants to go home"}
    assert session.ended_by == "nurse.a"
    assert side.types().count("session.aborted") == 1


def test_what_is_on_record_is_not_replaced() -> None:
    session = replace(transferred(), destination="ward 3")
    with pytest.raises(Refused, match="destination is on record already") as refused:
        abort(session, Abort("nurse.b", "unwell", destination="ward 4"), ())
    assert (refused.value.kind, refused.value.field) == (Refusal.CONFLICT, "destination")


def test_a_second_abort_that_adds_nothing_is_told_what_is_to_be_completed() -> None:
    with pytest.raises(Refused, match="to be completed: reason, against_criteria"):
        abort(transferred(), TRANSFER, ())


# ── leaving ─────────────────────────────────────────────────────────────────────────────


def held() -> Session:
    """Aborted at ten minutes, with the patient still there at twenty."""
    side = bed().with_session().minutes(9).spo2(85, for_s=60)
    return side.asks(WHOLE).minutes(10).session


def left(session: Session, at: datetime | None = None, destination: str | None = None) -> Any:
    side = bed().minutes(20)
    return patient_left(session, RecordPatientLeft("nurse.b", at, destination), side.now)


def test_a_person_says_when_the_patient_left_and_where_to() -> None:
    session = held()
    assert session.aborted_at is not None
    at = session.aborted_at + timedelta(minutes=3)
    ((type_, payload),) = left(session, at, "ward 3")
    assert (type_, payload["by"], payload["destination"]) == ("patient.left", "nurse.b", "ward 3")
    assert datetime.fromisoformat(payload["at"]) == at


def test_without_a_destination_that_of_the_abort_stands() -> None:
    ((_, payload),) = left(replace(held(), destination="ward 3"))
    assert payload["destination"] == "ward 3"


def test_nobody_leaves_before_the_abort() -> None:
    session = held()
    assert session.aborted_at is not None
    with pytest.raises(Refused, match="before the session was aborted") as refused:
        left(session, session.aborted_at - timedelta(seconds=1))
    assert (refused.value.kind, refused.value.field) == (Refusal.INVALID, "at")
    with pytest.raises(Refused, match="not come yet"):
        left(session, session.aborted_at + timedelta(hours=1))


def test_a_session_that_goes_on_is_closed_or_aborted_first() -> None:
    session = replace(undosed(), phase=Phase.READY)
    with pytest.raises(Refused, match="close or abort first") as refused:
        left(session)
    assert refused.value.kind is Refusal.CONFLICT
