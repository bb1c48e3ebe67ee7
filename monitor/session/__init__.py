"""A session as an aggregate: what people may ask for, what follows, and what it amounts to.

One session is one dose at one bed. Commands are decided here (`decide`, `decide_records`),
events are folded here (`Session.evolve`), and what a session calls for is worked out from
it: when checks are due (`due_times`), how they stand and when they are overdue (`schedule`),
the pre-dose criteria (`predose`), the criteria for leaving (`discharge`), which clearances hold
(`clearance`). Doses, times and limits are data: `regimens/`; the tolerance after which a check
is overdue is `schedule.TOLERANCE`. Former names in a journal are read by `upcast`.

Pure: `now` is an argument. No device, no rule set's evaluation, no bed, no I/O.
"""

from monitor.session import (
    commands,
    decide,
    decide_abort,
    decide_administration,
    decide_limits,
    episodes,
    record_fields,
    records,
    shown,
    signals,
    upcast,
)
from monitor.session.clearance import Situation, situation
from monitor.session.commands import (
    Abort,
    AbortOutcome,
    Acknowledge,
    AssignmentAction,
    ChooseNews2Scale,
    ClearanceScope,
    Close,
    Command,
    Confirmation,
    ConfirmEscort,
    ControlInfusion,
    Deviation,
    EnableNibp,
    GiveDose,
    InfusionAction,
    InhibitNibp,
    MeasurePressure,
    Override,
    PauseAudio,
    RecordClearance,
    RecordObservation,
    RecordPatientLeft,
    RecordPreparation,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    SessionCommand,
    SetAlarmLimit,
    StartSession,
    Unacknowledge,
)
from monitor.session.coverage import GAP, Coverage, Span, Stretch
from monitor.session.criterion import Criterion
from monitor.session.decide import NOT_CLINICAL
from monitor.session.decide_abort import DISCHARGE_TEXT
from monitor.session.decide_records import CLOCK_TOLERANCE
from monitor.session.discharge import (
    DischargeEvidence,
    SustainedSpo2,
    discharge_criteria,
    next_change_s,
    spo2_least,
)
from monitor.session.episodes import Episode
from monitor.session.events import Draft, Event, Stored, happened_at
from monitor.session.history import HISTORY_TYPES, AlarmOccurrence, SessionHistory, by_session
from monitor.session.infusion_delay import infusion_delays
from monitor.session.jurisdiction import Jurisdiction, jurisdictions
from monitor.session.predose import (
    PredoseEvidence,
    is_expecting,
    predose_criteria,
)
from monitor.session.preparation import Preparation
from monitor.session.pressure_age import stale_at
from monitor.session.records import (
    BY_HAND,
    Clearance,
    Correction,
    Dose,
    Observation,
    Pressure,
    Record,
    Score,
    Symptom,
)
from monitor.session.regimen import CheckKind, CoursePhase, Regimen, RegimenError, Regimens
from monitor.session.schedule import CHECK_NAMES, CheckState, PlannedCheck, Schedule, planned_checks
from monitor.session.session import (
    SESSION_ENDINGS,
    Infusion,
    Phase,
    Session,
    is_after_dose,
    is_session_end,
)
from monitor.session.signals import SERIOUS_SYMPTOMS, ChartedSignals, wakefulness
from monitor.session.spo2_trace import Spo2Trace

__all__ = [
    "BY_HAND",
    "CHECK_NAMES",
    "CLOCK_TOLERANCE",
    "DISCHARGE_TEXT",
    "GAP",
    "HISTORY_TYPES",
    "NOT_CLINICAL",
    "SERIOUS_SYMPTOMS",
    "SESSION_ENDINGS",
    "Abort",
    "AbortOutcome",
    "Acknowledge",
    "AlarmOccurrence",
    "AssignmentAction",
    "ChartedSignals",
    "CheckKind",
    "CheckState",
    "ChooseNews2Scale",
    "Clearance",
    "ClearanceScope",
    "Close",
    "Command",
    "ConfirmEscort",
    "Confirmation",
    "ControlInfusion",
    "Correction",
    "CoursePhase",
    "Coverage",
    "Criterion",
    "Deviation",
    "DischargeEvidence",
    "Dose",
    "Draft",
    "EnableNibp",
    "Episode",
    "Event",
    "GiveDose",
    "Infusion",
    "InfusionAction",
    "InhibitNibp",
    "Jurisdiction",
    "MeasurePressure",
    "Observation",
    "Override",
    "PauseAudio",
    "Phase",
    "PlannedCheck",
    "PredoseEvidence",
    "Preparation",
    "Pressure",
    "Record",
    "RecordClearance",
    "RecordObservation",
    "RecordPatientLeft",
    "RecordPreparation",
    "RecordScore",
    "RecordSymptom",
    "Refusal",
    "Refused",
    "Regimen",
    "RegimenError",
    "Regimens",
    "Schedule",
    "Score",
    "Session",
    "SessionCommand",
    "SessionHistory",
    "SetAlarmLimit",
    "Situation",
    "Span",
    "Spo2Trace",
    "StartSession",
    "Stored",
    "Stretch",
    "SustainedSpo2",
    "Symptom",
    "Unacknowledge",
    "by_session",
    "commands",
    "decide",
    "decide_abort",
    "decide_administration",
    "decide_limits",
    "discharge_criteria",
    "episodes",
    "happened_at",
    "infusion_delays",
    "is_after_dose",
    "is_expecting",
    "is_session_end",
    "jurisdictions",
    "next_change_s",
    "planned_checks",
    "predose_criteria",
    "record_fields",
    "records",
    "shown",
    "signals",
    "situation",
    "spo2_least",
    "stale_at",
    "upcast",
    "wakefulness",
]
