"""A patient's course: its sessions in short, what is next, what is to be asked."""

from dataclasses import replace
from datetime import UTC, date, timedelta
from typing import Any

import pytest

from monitor.patient.commands import (
    PatientCommand,
    Reassess,
    RecordLongTermCheck,
    RecordResponse,
    RetractPatientRecord,
    about_patient,
)
from monitor.patient.session_summary import SessionSummary, session_summaries, summarise
from monitor.patient.treatment_course import TreatmentCourse, treatment_course
from monitor.session.commands import Refused
from monitor.session.events import Event
from monitor.session.history import SessionHistory
from tests.monitor.builders import START
from tests.monitor.sessions import (
    aborted,
    closed,
    field,
    form_of,
    given,
    history,
    infusion,
    pressed,
    scored,
    told,
    treated,
    treatments,
    written,
)

FIRST = START.wall.date()


def day(n: int) -> date:
    """The day `n` days after the first session's."""
    return FIRST + timedelta(days=n)


def at(histories: list[SessionHistory], on: float, *entries: Event) -> TreatmentCourse:
    """The course as it is on that day."""
    return treatment_course(histories, entries, START.wall + timedelta(days=on), UTC)


def entry(command: PatientCommand, on: float, n: int = 1) -> Event:
    """What that command writes down on that day."""
    now = START.wall + timedelta(days=on)
    return written(about_patient("P-017", [], command, now), None, now, n)[0]


def of(*happened: Any) -> SessionSummary:
    found = SessionHistory.from_events(told(1, 0, *happened))
    assert found is not None
    return summarise(found, 1, UTC)


# ── a session in short ──────────────────────────────────────────────────────────────────


def test_a_whole_session_in_short() -> None:
    found = summarise(history(treated()), 1, UTC).as_json()
    assert found["rise"] == {"sys": 0.0, "at_min": found["rise"]["at_min"]}
    assert found["cadss"] == {"most": 31, "over_min": 50}
    assert (found["moaas"], found["given_mg"]) == (3, 84)
    assert found["criteria_met_min"] < found["ready_min"] <= found["ended_min"]
    rules = {alarm["rule"]: alarm["priority"] for alarm in found["alarms"]}
    assert rules == {"dissociation.marked": "medium"}


def test_the_rise_is_the_highest_over_the_baseline_and_when() -> None:
    found = of(pressed(1, 120), given(10), pressed(30, 150), pressed(52, 163), pressed(90, 125))
    assert (found.rise, found.rise_at_min) == (43, 42)


def test_minutes_are_whole_ones_that_have_passed() -> None:
    found = of(pressed(1, 120), given(10), pressed(52.99, 163), closed(129.99))
    assert (found.rise_at_min, found.ended_min) == (42, 119)


def test_without_a_baseline_there_is_no_rise() -> None:
    assert of(given(10), pressed(30, 150)).rise is None


def test_cadss_is_over_when_it_stays_over() -> None:
    found = of(
        given(10), scored(50, "cadss", 20), scored(60, "cadss", 3), scored(70, "cadss", 6),
        scored(95, "cadss", 4),
    )  # fmt: skip
    assert (found.cadss, found.cadss_over_min) == (20, 85)


def test_cadss_that_is_not_over_has_no_end() -> None:
    found = of(given(10), scored(50, "cadss", 20))
    assert (found.cadss, found.cadss_over_min) == (20, None)


def test_readiness_that_was_withdrawn_does_not_count() -> None:
    ready: Any = (130.0, "session.ready", {})
    not_ready: Any = (135.0, "session.ready-withdrawn", {"unmet": []})
    assert of(given(10), ready, not_ready).ready_min is None
    assert of(given(10), ready, not_ready, (140.0, "session.ready", {})).ready_min == 130


def test_what_was_out_of_the_ordinary_is_told() -> None:
    override = {"clinician": "dr.b", "reason": "urgent"}
    symptoms = [
        (20.0, "symptom.recorded", {"name": name, "grade": grade, "by": "n"})
        for name, grade in (("nausea", 1), ("nausea", 3), ("nausea", 0), ("headache", 1))
    ]
    found = of(given(10, override=override), *symptoms, closed(60, {**override, "reason": "late"}))
    assert found.interventions == (
        "nausea, severe",
        "dose given past the gate, dr.b: urgent",
        "left against criteria, dr.b: late",
    )


def test_a_clearance_says_what_it_opened_and_needs_no_pressure() -> None:
    by = {"clinician": "dr.b", "reason": "as at home", "by": "n"}
    none: dict[str, Any] = {"scope": "dose", "sys": None, "dia": None, "seen": {}, "alarms": []}
    named = {**none, "items": ["pressure", "no-alarm"], **by}
    former = {"scope": "predose-pressure", "sys": 148, "dia": 92, **by}
    found = of((5.0, "clearance.recorded", named), (6.0, "clearance.recorded", former), given(10))
    assert found.interventions == (
        "pressure, no alarm cleared, dr.b: as at home",
        "pressure 148/92 decided on, dr.b: as at home",
    )


def device(at: float, mg: float = 28, **more: Any) -> Any:
    return given(at, mg, **more)


DEVIATIONS: dict[str, tuple[tuple[Any, ...], str, list[str]]] = {
    "as planned": ((device(10), device(15), closed()), "esketamine-56", []),
    "at the last moment": ((device(10), device(19.9), closed()), "esketamine-56", []),
    "a device late": (
        (device(10), device(61.5), closed(200)), "esketamine-56", ["device 2 was 46 min late"],
    ),
    "a device early": (
        (device(10), device(12), closed()),
        "esketamine-56",
        ["device 2 came 2 min after the one before: 5 planned"],
    ),
    "incomplete": ((device(10), closed()), "esketamine-56", ["incomplete: 28 mg of 56 mg given"]),
    "incomplete and aborted": (
        (device(10), aborted(30)), "esketamine-56", ["incomplete: 28 mg of 56 mg given"],
    ),
    "not all given yet": ((device(10),), "esketamine-56", []),
    "a batch": (
        (device(10, 56), closed()),
        "esketamine-56",
        ["56 mg in one record: devices of 28 mg come one at a time"],
    ),
    "a part of a device": (
        (device(10, 20), closed()),
        "esketamine-28",
        ["20 mg of a device of 28 mg", "incomplete: 20 mg of 28 mg given"],
    ),
    "84 mg the first time": (
        (device(10), device(15), device(20), closed()),
        "esketamine-84",
        ["84 mg as the first treatment: 56 mg at most"],
    ),
    "against the criteria": (
        (device(10, deviation={"reason": "given at home"}), closed()),
        "esketamine-28",
        ["given all the same: given at home"],
    ),
    "an infusion that was stopped": (
        (infusion(5, "started"), infusion(15, "ended"), closed()),
        "ketamine-iv",
        ["incomplete: 8.875 mg of 35.5 mg given"],
    ),
    "another dose on record beside an infusion": (
        (infusion(5, "started"), given(6, 20), infusion(45, "ended"), closed()),
        "ketamine-iv",
        ["a dose of 20 mg is on record beside the 35.5 mg that ran in"],
    ),
    "without a dose": ((aborted(),), "esketamine-56", []),
}  # fmt: skip


@pytest.mark.parametrize("case", DEVIATIONS)
def test_a_session_says_how_it_differed_from_its_regimen(case: str) -> None:
    happened, regimen, expected = DEVIATIONS[case]
    found = SessionHistory.from_events(told(1, 0, *happened, regimen=regimen))
    assert found is not None
    assert list(summarise(found, 1, UTC).deviations) == expected
    if found.session.first_dose_at is not None:
        named = field(form_of(found), "deviations")
        assert named.value == [words for words in expected if "first treatment" not in words]


def test_84_mg_is_too_much_only_the_first_time() -> None:
    found = SessionHistory.from_events(told(1, 0, device(10), device(15), device(20), closed()))
    assert found is not None
    assert summarise(found, 2, UTC).deviations == summarise(found, None, UTC).deviations == ()


def test_the_first_treatment_from_an_age_on_has_less() -> None:
    events = told(1, 0, device(10), device(15), closed(), regimen="esketamine-56")
    started = replace(events[0], payload={**events[0].payload, "age": 65})
    found = SessionHistory.from_events([started, *events[1:]])
    assert found is not None
    assert summarise(found, 1, UTC).deviations == ("56 mg as the first treatment: 28 mg at most",)


def test_two_sessions_on_one_day_are_told() -> None:
    found = at(treatments(0, 0.3, 3), 4)
    assert [visit.as_json()["deviations"][:1] for visit in found.sessions[:2]] == [
        ["2 sessions on this day"], ["2 sessions on this day"],
    ]  # fmt: skip
    assert not [words for words in found.sessions[2].as_json()["deviations"] if "day" in words]
    assert "session 2: 2 sessions on this day" in list(found.remarks())


def test_a_course_tells_the_deviations_of_its_sessions() -> None:
    events = told(2, 3, device(10), closed(), regimen="esketamine-56")
    second = SessionHistory.from_events(events)
    assert second is not None
    remarks = list(at([*treatments(0), second], 4).remarks())
    assert "session 2: incomplete: 28 mg of 56 mg given" in remarks


INDUCTION: dict[str, tuple[tuple[float, ...], float, bool]] = {
    "all of it": ((0, 3, 7, 10, 14, 17, 21, 24), 29, False),
    "one missing": ((0, 3, 7, 10, 14, 17, 21), 29, True),
    "not over yet": ((0, 3), 27, False),
}


@pytest.mark.parametrize("case", INDUCTION)
def test_an_induction_that_was_missed_is_told(case: str) -> None:
    days, today, is_missed = INDUCTION[case]
    remarks = list(at(treatments(*days), today).remarks())
    expected = f"induction: {len(days)} of 8 sessions in weeks 1 to 4"
    assert (expected in remarks) is is_missed


def test_an_induction_that_was_stopped_was_not_missed() -> None:
    stop = entry(Reassess("stop", "dr.b", "no response"), 10)
    assert not [w for w in at(treatments(0, 3), 40, stop).remarks() if w.startswith("induction")]


def test_checks_that_nobody_made_are_told() -> None:
    found = of(
        pressed(1, 120), scored(2, "moaas", 5), scored(2, "cadss", 0), given(10),
        scored(40, "moaas", 5), pressed(33, 120), closed(52),
    )  # fmt: skip
    untold = ("MOAA/S at +15 (missed)", "respiratory rate at baseline (not made)")
    assert found.not_assessed == untold
    assert found.as_json()["not_assessed"] == [*untold]


def test_a_session_without_a_dose_has_no_checks_to_tell() -> None:
    assert of(aborted(100)).not_assessed == ()


def test_a_calm_session_needed_nothing() -> None:
    assert of(given(10), closed()).interventions == ()


INFUSIONS: dict[str, tuple[tuple[Any, ...], float]] = {
    "a quarter": ((infusion(5, "started"), infusion(15, "ended")), 8.875),
    "the whole": ((infusion(5, "started"), infusion(45, "ended")), 35.5),
    "no more than was planned": ((infusion(5, "started"), infusion(55, "ended")), 35.5),
    "without its pauses": (
        (
            infusion(5, "started"), infusion(10, "paused"), infusion(20, "resumed"),
            infusion(25, "ended"),
        ),
        8.875,
    ),
    "paused when it ended": (
        (infusion(5, "started"), infusion(15, "paused"), infusion(60, "ended")), 8.875
    ),
    "still running when the session ended": ((infusion(5, "started"), aborted(15)), 8.875),
    "a dose beside it is not counted twice": (
        (infusion(5, "started"), given(6, 35.5), infusion(15, "ended")), 8.875
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INFUSIONS)
def test_an_infusion_gives_what_ran_in(case: str) -> None:
    happened, given_mg = INFUSIONS[case]
    found = SessionHistory.from_events(told(1, 0, *happened, regimen="ketamine-iv"))
    assert found is not None
    assert summarise(found, 1, UTC).given_mg == given_mg


def test_a_session_without_a_dose_is_not_counted() -> None:
    events = [
        told(1, 0, given(), closed()),
        told(2, 2, aborted()),
        told(3, 4, given(), aborted(60)),
    ]
    histories = [found for one in events if (found := SessionHistory.from_events(one)) is not None]
    assert [one.number for one in session_summaries(histories, UTC)] == [1, None, 2]


# ── where it is, and what is next ───────────────────────────────────────────────────────

NEXT: dict[str, tuple[tuple[float, ...], tuple[int, int]]] = {
    "the second of the first week": ((0,), (1, 6)),
    "after both of the first week": ((0, 3), (7, 13)),
    "after one on the last day of a week": ((0, 6), (7, 13)),
    "after one alone on the last day of a week": ((13,), (0, 0)),
    "in the last week of induction": ((0, 21), (22, 27)),
    "the first weekly one": ((0, 21, 24), (28, 34)),
    "the next weekly one": ((0, 28), (35, 41)),
    "the first of maintenance": ((0, 49), (56, 69)),
    "every week or every two": ((0, 56), (63, 76)),
}


@pytest.mark.parametrize("case", NEXT)
def test_the_next_session_falls(case: str) -> None:
    days, expected = NEXT[case]
    if len(days) == 1 and days[0]:
        days, expected = (0, 7, days[0]), (14, 20)
    found = at(treatments(*days), days[-1]).next
    assert found is not None
    assert (found.start, found.end) == (day(expected[0]), day(expected[1]))


PHASES = {
    0: "induction",
    27: "induction",
    28: "weekly",
    55: "weekly",
    56: "maintenance",
    700: "maintenance",
}


@pytest.mark.parametrize("today", PHASES)
def test_the_phase_is_of_the_week(today: int) -> None:
    found = at(treatments(0), today).as_json()
    assert (found["phase"], found["week"]) == (PHASES[today], today // 7 + 1)


def test_before_the_first_dose_nothing_is_planned() -> None:
    begun = SessionHistory.from_events(told(1, 0))
    assert begun is not None
    found = at([begun], 0).as_json()
    assert (found["number"], found["next"], found["phase"]) == (0, None, None)
    assert found["reassessment"]["due_on"] is None
    assert [one["due_on"] for one in found["responses"]] == ["2026-01-05", "2026-01-05"]


def test_a_regimen_without_phases_plans_nothing() -> None:
    plain = told(1, 0, given(), closed())
    plain[0].payload["regimen"].update(phase=[])
    found = SessionHistory.from_events(plain)
    assert found is not None
    assert at([found], 0).next is None


# ── what is to be asked ─────────────────────────────────────────────────────────────────

REASSESSED: dict[str, tuple[float | None, int]] = {
    "at the end of induction": (None, 28),
    "not before its last week": (20, 28),
    "in its last week": (21, 21 + 90),
    "and every 90 days": (40, 40 + 90),
}


@pytest.mark.parametrize("case", REASSESSED)
def test_the_indication_is_reassessed(case: str) -> None:
    done, due = REASSESSED[case]
    entries = [] if done is None else [entry(Reassess("continue", "dr.b", "well"), done)]
    assert at(treatments(0), 41, *entries).reassess_on == day(due)


def test_a_course_that_was_stopped_has_no_next_session() -> None:
    stop = entry(Reassess("stop", "dr.b", "no response"), 28)
    found = at(treatments(0, 3), 29, stop).as_json()
    assert (found["next"], found["reassessment"]["due_on"]) == (None, None)
    assert found["stopped"]["reason"] == "no response"


def test_a_session_after_a_stop_goes_on_and_is_said() -> None:
    stop = entry(Reassess("stop", "dr.b", "no response"), 28)
    found = at(treatments(0, 30), 31, stop).as_json()
    assert found["stopped"] is None
    assert found["next"] is not None
    assert "session 2 came after it was decided to stop on 2026-02-02" in found["remarks"]


def test_responses_say_how_far_they_have_come() -> None:
    entries = [
        entry(RecordResponse("phq-9", total, "n"), on, on) for total, on in ((19, 0), (9, 25))
    ]
    phq, madrs = at(treatments(0), 26, *entries).as_json()["responses"]
    assert (phq["first"]["total"], phq["last"]["total"], phq["change"]) == (19, 9, -10)
    assert phq["due_on"] == day(28).isoformat()
    assert (madrs["last"], madrs["due_on"]) == (None, FIRST.isoformat())


def test_long_term_questions_come_up_again() -> None:
    asked = entry(RecordLongTermCheck("misuse", "none", "n"), 20)
    found = {one["prompt"]: one for one in at(treatments(0), 21, asked).as_json()["prompts"]}
    assert found["misuse"]["due_on"] == day(50).isoformat()
    assert found["misuse"]["last"]["finding"] == "none"
    assert (found["urinary"]["due_on"], found["urinary"]["last"]) == (day(90).isoformat(), None)


def test_an_entry_counts_for_the_day_it_was_and_not_the_day_it_was_written() -> None:
    late = RecordLongTermCheck("misuse", "none", "n", START.wall + timedelta(days=4))
    found = at(treatments(0), 21, entry(late, 20)).as_json()["prompts"][2]
    assert found["due_on"] == day(34).isoformat()


# ── what is out of step ─────────────────────────────────────────────────────────────────

REMARKS: dict[str, tuple[tuple[float, ...], float, list[str]]] = {
    "as planned": ((0, 3, 7, 10), 11, []),
    "too many in a week": ((0, 2, 4), 5, ["3 sessions in week 1: 2 planned"]),
    "a gap": ((0, 3, 20), 20, ["17 days from session 2 to 3: planned until 2026-01-18"]),
    "overdue": ((0, 3), 14, ["the next session was planned until 2026-01-18"]),
    "not yet overdue": ((0, 3), 13, []),
    "too many in maintenance, after a long time without": (
        (0, 56, 58),
        58,
        [
            "2 sessions in week 9: 1 planned",
            "induction: 1 of 8 sessions in weeks 1 to 4",
            "56 days from session 1 to 2: planned until 2026-01-11",
            "the indication was to be reassessed by 2026-02-02",
        ],
    ),
}


@pytest.mark.parametrize("case", REMARKS)
def test_a_course_says_what_is_out_of_step(case: str) -> None:
    days, today, expected = REMARKS[case]
    assert list(at(treatments(*days), today).remarks()) == expected


# ── what is written down ────────────────────────────────────────────────────────────────

REFUSED: dict[str, tuple[PatientCommand, str]] = {
    "a PHQ-9 of 28": (RecordResponse("phq-9", 28, "n"), "total"),
    "a PHQ-9 under 0": (RecordResponse("phq-9", -1, "n"), "total"),
    "a MADRS of 61": (RecordResponse("madrs", 61, "n"), "total"),
    "another scale": (RecordResponse("gad-7", 3, "n"), "scale"),
    "another question": (RecordLongTermCheck("weather", "fine", "n"), "prompt"),
    "another decision": (Reassess("maybe", "n", "why"), "decision"),
    "a time to come": (RecordResponse("madrs", 1, "n", START.wall + timedelta(hours=1)), "at"),
    "an entry that is not there": (RetractPatientRecord("x", "n", "why"), "record"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_of_a_patient_is_refused(case: str) -> None:
    command, at_fault = REFUSED[case]
    with pytest.raises(Refused) as error:
        about_patient("P-017", [], command, START.wall)
    assert error.value.field == at_fault


@pytest.mark.parametrize(("scale", "total"), [("phq-9", 0), ("phq-9", 27), ("madrs", 60)])
def test_the_ends_of_a_scale_are_on_it(scale: str, total: int) -> None:
    ((_, payload),) = about_patient("P", [], RecordResponse(scale, total, "n"), START.wall)
    assert payload["total"] == total


def test_an_entry_that_was_retracted_counts_no_more_and_not_twice() -> None:
    wrong = entry(RecordResponse("phq-9", 9, "n"), 1)
    ((type_, payload),) = about_patient(
        "P-017", [wrong], RetractPatientRecord(wrong.id, "n", "another's"), START.wall
    )
    assert payload["was"]["total"] == 9
    (gone,) = written([(type_, payload)], None, START.wall, 2)
    assert at(treatments(0), 2, wrong, gone).entries == ()
    with pytest.raises(Refused):
        about_patient(
            "P-017", [wrong, gone], RetractPatientRecord(wrong.id, "n", "again"), START.wall
        )
