"""A session as interfaces show it: each field once, with what the documentation says of it. Pure.

The API declares these classes as they stand, and those of `monitor.session` for what is on
record. A field that is added here is built in `monitor.bed.view`. No rules of the session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Final

from monitor.session import (
    AbortOutcome,
    CheckKind,
    CheckState,
    Correction,
    Criterion,
    Phase,
    Preparation,
)
from monitor.session.alarm_path import AlarmPath
from monitor.session.attendance import Attendance
from monitor.session.moving import Move
from monitor.session.records import (
    Clearance,
    Dose,
    DosingStop,
    News2,
    News2Scale,
    Observation,
    PatientLimit,
    Pressure,
    Score,
    SessionCorrection,
    Symptom,
)
from monitor.session.shown import Shown, Time, documented, one_of, sent_as

CHARTED_RULES: Final = ("spo2", "sys")
"""The signals whose limits are drawn."""

SessionState = Annotated[str, one_of(Phase)]


@dataclass(frozen=True, slots=True)
class InfusionPause(Shown):
    """A pause of the infusion."""

    from_: Annotated[Time, documented("When it began.", "2026-01-05T09:10:00.000Z")]
    to: Annotated[
        Time | None, documented("When it ended; null while it lasts.", "2026-01-05T09:15:00.000Z")
    ]


@dataclass(frozen=True, slots=True)
class Infusion(Shown):
    """The infusion, where the regimen has one."""

    started_at: Annotated[Time, documented("When it started.", "2026-01-05T09:00:00.000Z")]
    ended_at: Annotated[
        Time | None, documented("When it ended; null until then.", "2026-01-05T09:45:00.000Z")
    ]
    running: Annotated[bool, documented("Whether it is running now.", False)]
    pauses: Annotated[Sequence[InfusionPause], documented("When it was paused.")]
    planned_min: Annotated[float | None, documented("How long it is planned to run, in min.", 40)]
    holds_mg: Annotated[
        float | None,
        documented("How much it holds, in mg, where a person said so; null as planned.", 35.5),
    ]
    lot: Annotated[str | None, documented("The lot number.", "K77")]


@dataclass(frozen=True, slots=True)
class ScheduledCheck(Shown):
    """One check of the schedule."""

    check: Annotated[CheckKind, sent_as(str), documented("What is to be done.", "pressure")]
    due_at: Annotated[Time, documented("When it is due.", "2026-01-05T09:40:00.000Z")]
    state: Annotated[CheckState, one_of(CheckState), documented("How it stands.", "due")]
    done_at: Annotated[Time | None, documented("When it was done.", "2026-01-05T09:41:00.000Z")]


@dataclass(frozen=True, slots=True)
class LimitLine(Shown):
    """A rule's limit, as a line to draw beside a trend."""

    vital: Annotated[str, one_of(CHARTED_RULES), documented("The vital whose limit it is.", "spo2")]
    value: Annotated[float, documented("The limit, in the vital's unit.", 88)]
    priority: Annotated[
        str, one_of(("high", "medium")), documented("Of the alarm beyond it.", "high")
    ]
    label: Annotated[str, documented("What to write at the line.", "very-low 88")]


@dataclass(frozen=True, slots=True)
class Session(Shown):
    """A session: what is recorded, what is due, and whether the patient may leave."""

    id: Annotated[str, documented("Its id.", "0b5c3d7e52c14be59a0e6d2f4f0d1c77")]
    bed: Annotated[str, documented("The bed.", "bed-1")]
    patient: Annotated[str, documented("The patient's alias.", "P-017")]
    age: Annotated[int | None, documented("The patient's age, in years.", 44)]
    weight_kg: Annotated[float | None, documented("The patient's weight, in kg.", 71)]
    regimen: Annotated[str, documented("The regimen.", "esketamine-84")]
    title: Annotated[str, documented("The regimen in words.", "Esketamine 84 mg")]
    number: Annotated[
        int | None,
        documented("Which session of the patient's course it is; null when not known.", 3),
    ]
    also_at: Annotated[
        str | None,
        documented(
            "The other bed at which the patient had an open session when this one was started, as "
            "was meant; null for none.",
            "bed-2",
        ),
    ]
    medicines: Annotated[
        Sequence[str] | None,
        documented("What else the patient takes; null while nobody has asked.", ["benzodiazepine"]),
    ]
    escort_planned: Annotated[
        bool | None,
        documented(
            "Whether somebody will take the patient home; null while nobody has asked.", True
        ),
    ]
    preparation: Annotated[Preparation, documented("What was asked before the dose.")]
    moves: Annotated[
        Sequence[Move],
        documented("How the patient was moved from bed to bed, in order; `bed` is the last one."),
    ]
    nurse: Annotated[str | None, documented("Who watches the bed.", "nurse.a")]
    handing_to: Annotated[str | None, documented("To whom the bed is offered.", "nurse.b")]
    attendance: Annotated[
        Sequence[Attendance], documented("Who was at the bedside, in the order they came.")
    ]
    state: Annotated[SessionState, documented("How far it is.", "observing")]
    by: Annotated[str, documented("Who started it.", "nurse.a")]
    rules: Annotated[
        Mapping[str, str],
        documented(
            "The rule set that judges it.", {"name": "default", "version": "1", "hash": "9f2c…"}
        ),
    ]
    started_at: Annotated[Time, documented("When it started.", "2026-01-05T08:40:00.000Z")]
    first_dose_at: Annotated[
        Time | None, documented("When the first dose was given.", "2026-01-05T09:00:00.000Z")
    ]
    last_dose_at: Annotated[
        Time | None, documented("When the last dose was given.", "2026-01-05T09:10:00.000Z")
    ]
    dose_time_doubted_at: Annotated[
        Time | None,
        documented(
            "Since when a person has to confirm the times of what was given, as the machine was "
            "started anew; null where nobody has to.",
            "2026-01-05T10:02:00.000Z",
        ),
    ]
    window_ends_at: Annotated[
        Time | None, documented("When the observation window ends.", "2026-01-05T11:10:00.000Z")
    ]
    window_min: Annotated[float, documented("How long the observation window is, in min.", 120)]
    planned_mg: Annotated[float | None, documented("What the regimen plans, in mg.", 84)]
    given_mg: Annotated[float, documented("What has been given, in mg.", 84)]
    doses: Annotated[Sequence[Dose], documented("The doses, in order.")]
    dosing_stops: Annotated[
        Sequence[DosingStop], documented("Where dosing was stopped before its end, in order.")
    ]
    dosing_stopped: Annotated[
        str | None,
        documented(
            "That dosing is stopped, in words; null while it is not.",
            "stopped after 28 of 84 mg: vomited",
        ),
    ]
    infusion: Annotated[Infusion | None, documented("The infusion, once it has started.")]
    scores: Annotated[Sequence[Score], documented("The assessments, in order.")]
    symptoms: Annotated[Sequence[Symptom], documented("The symptoms, in order.")]
    observations: Annotated[Sequence[Observation], documented("The observations, in order.")]
    pressures: Annotated[Sequence[Pressure], documented("The blood pressures, in order.")]
    clearances: Annotated[Sequence[Clearance], documented("Clinicians' clearances, in order.")]
    patient_limits: Annotated[
        Sequence[PatientLimit], documented("The limits set for this patient, in order.")
    ]
    news2: Annotated[News2 | None, documented("NEWS2 as scored last.")]
    news2_scales: Annotated[
        Sequence[News2Scale], documented("The scales chosen for SpO2, in order; before them 1.")
    ]
    corrections: Annotated[Sequence[Correction], documented("What was put right or withdrawn.")]
    session_corrections: Annotated[
        Sequence[SessionCorrection],
        documented("How age, weight and regimen were put right, in order."),
    ]
    baseline: Annotated[
        Mapping[str, float],
        documented(
            "What was found before the first dose, by signal, in the signal's unit.",
            {"sys": 128, "dia": 82, "cadss": 0},
        ),
    ]
    alarm_path: Annotated[AlarmPath, documented("Whether it is proved that an alarm is seen.")]
    escort: Annotated[
        bool, documented("Whether somebody to take the patient home is confirmed.", False)
    ]
    ready: Annotated[bool, documented("Whether the patient may leave.", False)]
    criteria_met_at: Annotated[
        Time | None,
        documented(
            "Since when, without a break, every criterion but the window is met.",
            "2026-01-05T10:30:00.000Z",
        ),
    ]
    limits: Annotated[Sequence[LimitLine], documented("The limits to draw beside the trends.")]
    gate: Annotated[Sequence[Criterion], documented("What the next administration waits for.")]
    criteria: Annotated[Sequence[Criterion], documented("What leaving waits for.")]
    discharge_text: Annotated[
        str,
        documented(
            "What the patient is told on leaving.",
            "No driving for 24 hours …",
        ),
    ]
    schedule: Annotated[
        Sequence[ScheduledCheck], documented("What is to be checked, in the order it is due.")
    ]
    ended_at: Annotated[
        Time | None,
        documented("When it ended: the patient has left.", "2026-01-05T11:15:00.000Z"),
    ]
    ended_by: Annotated[str | None, documented("Who ended it.", "nurse.a")]
    against_criteria: Annotated[
        Mapping[str, str] | None,
        documented(
            "By whom and why the patient was let go before every criterion was met.",
            {"clinician": "dr.b", "reason": "transferred to ward 3"},
        ),
    ]
    reason: Annotated[str | None, documented("Why it was aborted.", "patient withdrew")]
    aborted_at: Annotated[
        Time | None, documented("When it was aborted.", "2026-01-05T10:02:00.000Z")
    ]
    outcome: Annotated[
        Annotated[str, one_of(AbortOutcome)] | None,
        documented("What became of the patient.", "transferred"),
    ]
    destination: Annotated[str | None, documented("Where the patient went.", "ward 3")]
    abort_needs: Annotated[
        Sequence[str],
        documented(
            "What an abort now has to say, as it is called in `…/abort`, unless the outcome is "
            "`transferred`.",
            ["outcome", "reason", "against_criteria"],
        ),
    ]
    to_be_completed: Annotated[
        Sequence[str],
        documented("What the abort still lacks, as it is called in `…/abort`.", ["destination"]),
    ]
    patient_left_at: Annotated[
        Time | None,
        documented(
            "When the patient left the bed; null while the patient is there.",
            "2026-01-05T10:31:00.000Z",
        ),
    ]
