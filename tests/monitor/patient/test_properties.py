"""What is made of a session's events holds for whatever happened in it, in any order."""

import json
from datetime import UTC, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.bed.bed import Bed
from monitor.bed.inputs import Tick
from monitor.patient.commands import (
    ConfirmForm,
    FillForm,
    FormCommand,
    ReopenForm,
    SendForm,
    about_form,
)
from monitor.patient.csv_export import csv_table
from monitor.patient.form.form import monitoring_form
from monitor.patient.form.page import form_page
from monitor.patient.treatment_course import treatment_course
from monitor.session.commands import (
    Abort,
    AssignmentAction,
    AssignNurse,
    ClearanceScope,
    Close,
    Command,
    ControlInfusion,
    CorrectSession,
    Deviation,
    GiveDose,
    InfusionAction,
    RecordClearance,
    RecordObservation,
    RecordPreparation,
    RecordPressure,
    RecordScore,
    RecordSymptom,
    Refused,
    RetractRecord,
    StartSession,
)
from monitor.session.history import SessionHistory
from tests.lengths import length
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START
from tests.monitor.sessions import covered, later

DEVIATION = Deviation("why")
REASON = st.sampled_from([None, "why"])
GIVEN = st.sampled_from(["esketamine-84", "ketamine-iv"])
Wish = Command | str | float
"""A command, which of the records to correct or retract, or for how many seconds to wait."""

WISHES: st.SearchStrategy[Wish] = st.one_of(
    st.sampled_from([1.0, 45.0, 400.0, 2000.0, 5000.0]),
    st.sampled_from(["retract", "correct", "clock back", "clock on"]),
    st.builds(
        GiveDose,
        st.sampled_from(["esketamine", "ketamine"]),
        st.sampled_from([28.0, 10.0]),
        st.just("n"),
        lot=st.sampled_from([None, "A1"]),
        given=st.just(True),
        deviation=st.just(DEVIATION),
    ),
    st.builds(
        ControlInfusion,
        st.sampled_from(InfusionAction),
        st.just("n"),
        given=st.just(True),
        deviation=st.just(DEVIATION),
    ),
    st.builds(RecordScore, st.just("cadss"), st.sampled_from([0, 4, 31]), st.none(), st.just("n")),
    st.builds(RecordScore, st.just("moaas"), st.integers(0, 5), st.none(), st.just("n")),
    st.builds(
        RecordSymptom, st.sampled_from(["seizure", "nausea"]), st.integers(0, 3), st.just("n")
    ),
    st.builds(RecordObservation, st.just("n"), resp=st.sampled_from([5.0, 14.0])),
    st.builds(RecordPressure, st.sampled_from([120.0, 190.0]), st.just(80.0), st.just("n")),
    st.builds(
        RecordClearance,
        st.sampled_from(ClearanceScope),
        st.just("dr.b"),
        st.just("why"),
        st.just("n"),
    ),
    st.just(RecordPreparation(("opioid",), True, "n")),
    st.builds(
        CorrectSession,
        st.just("n"),
        st.just("why"),
        st.sampled_from([None, 17, 70]),
        st.sampled_from([None, 60.0]),
        st.sampled_from([None, REGIMENS["esketamine-56"], REGIMENS["ketamine-iv"]]),
        st.sampled_from([None, 30.0]),
    ),
    st.builds(AssignNurse, st.sampled_from(AssignmentAction), st.sampled_from(["n", "m"])),
)
ENDINGS: st.SearchStrategy[Command | None] = st.sampled_from(
    [None, Abort("n", "why"), Close("n", True, "dr.b", "why")]
)
ON_THE_FORM: st.SearchStrategy[FormCommand] = st.one_of(
    st.builds(
        ConfirmForm,
        st.sampled_from(["n", "m"]),
        st.none() | st.integers(-10, 300).map(lambda m: START.wall + timedelta(minutes=m)),
        REASON,
    ),
    st.builds(FillForm, st.just("medicines"), st.just(("x",)), st.just("n"), reason=REASON),
    st.builds(FillForm, st.just("intervention"), st.booleans(), st.just("n"), reason=REASON),
    st.builds(FillForm, st.just("first_treatment"), st.booleans(), st.just("n"), reason=REASON),
    st.builds(SendForm, st.just("n"), st.none(), REASON),
    st.just(ReopenForm("n", "why")),
)


def lived(regimen: str, wishes: list[Wish], ending: Command | None) -> SessionHistory:
    """The history of a session in which these were wished for, and done where possible."""
    bed, now = Bed("bed-1", (OXIMETER, CUFF), DEFAULT), START
    start = StartSession("s-1", "P", 44, 71.0, REGIMENS[regimen], None, "n")
    events = bed.handle(start, now).events
    for wish in [*wishes, ending]:
        if isinstance(wish, float):
            now = now.plus(wish)
            events += bed.handle(Tick(), now).events
            continue
        assert bed.session is not None
        command: Wish | None = wish
        if isinstance(wish, str):
            records = list(bed.session.records())
            if wish.startswith("clock"):
                by = timedelta(hours=-1 if wish.endswith("back") else 1)
                now = type(now)(now.wall + by, now.mono)
            elif records and wish == "retract":
                command = RetractRecord(records[0].id, "m", "wrong")
            elif records:
                command = RecordScore("cadss", 7, None, "m", corrects=records[-1].id)
        if command is None or isinstance(command, str | float):
            continue
        try:
            events += bed.handle(command, now).events
        except Refused:
            continue
    found = SessionHistory.from_events(events)
    assert found is not None
    return found


@settings(max_examples=length(100, 3000), deadline=None)
@given(GIVEN, st.lists(WISHES, max_size=14), ENDINGS, st.lists(ON_THE_FORM, max_size=4))
def test_papers_are_made_of_any_session(
    regimen: str, wishes: list[Wish], ending: Command | None, commands: list[FormCommand]
) -> None:
    history = lived(regimen, wishes, ending)
    for command in commands:
        made = monitoring_form(history, covered(history), history.events[-1].at, UTC)
        try:
            history = later(history, about_form(made, command))
        except Refused:
            continue
    now = history.events[-1].at
    made = monitoring_form(history, covered(history), now, UTC)
    json.dumps(made.as_json(), allow_nan=False)
    for field in made.fields:
        assert (field.value is None) or field.sources, field.name
        assert field.text
    dosed = history.session.first_dose_at is not None
    assert (made.due_on is not None) is (dosed and regimen == "esketamine-84")
    assert (made.state == "complete") <= (dosed and not history.session.is_open)
    assert made.session in form_page(made, now, UTC)
    assert csv_table(history, {}).startswith("at,minute,kind")
    found = treatment_course([history], [], now, UTC)
    json.dumps(found.as_json(), allow_nan=False)
    assert (found.as_json()["number"] == 1) is dosed
