"""A session as an aggregate: what people may ask for, what follows, and what it amounts to.

One session is one dose at one bed. Commands are decided here (`decide`, `decide_records`),
events are folded here (`Session.evolve`), and what a session calls for is worked out from
it: when checks are due (`due_times`), how they stand and when they are overdue (`schedule`),
the pre-dose criteria (`predose`), the criteria for leaving (`discharge`). Doses, times and
limits are data: `regimens/`. Former names in a journal are read by `upcast`.

Pure: `now` is an argument. No device, no rule set's evaluation, no bed, no I/O.
"""

from monitor.session import commands, decide, episodes, record_fields, signals, upcast
from monitor.session.commands import (
    Abort,
    Acknowledge,
    AssignmentAction,
    ClearanceScope,
    Close,
    Command,
    ConfirmEscort,
    ControlInfusion,
    EnableNibp,
    GiveDose,
    InfusionAction,
    InhibitNibp,
    MeasurePressure,
    Override,
    PauseAudio,
    RecordClearance,
    RecordObservation,
    RecordScore,
    RecordSymptom,
    Refusal,
    Refused,
    SessionCommand,
    SetAlarmLimit,
    StartSession,
    Unacknowledge,
)
from monitor.session.coverage import GAP, Coverage, Span
from monitor.session.decide import NOT_CLINICAL
from monitor.session.decide_records import CLOCK_TOLERANCE
from monitor.session.discharge import (
    Criterion,
    DischargeEvidence,
    SustainedSpo2,
    discharge_criteria,
    next_change_s,
)
from monitor.session.episodes import Episode
from monitor.session.events import Draft, Event, Stored, happened_at
from monitor.session.history import HISTORY_TYPES, AlarmOccurrence, SessionHistory, by_session
from monitor.session.predose import ADVISORY_CRITERIA, predose_criteria, required_criteria
from monitor.session.pressure_age import stale_at
from monitor.session.records import (
    BY_HAND,
    Correction,
    Dose,
    Observation,
    Pressure,
    Record,
    Score,
    Symptom,
)
from monitor.session.regimen import CheckKind, CoursePhase, Regimen, RegimenError, Regimens
from monitor.session.schedule import CheckState, PlannedCheck, Schedule, planned_checks
from monitor.session.session import SESSION_ENDINGS, Infusion, Phase, Session
from monitor.session.signals import ChartedSignals

__all__ = [
    "ADVISORY_CRITERIA",
    "BY_HAND",
    "CLOCK_TOLERANCE",
    "GAP",
    "HISTORY_TYPES",
    "NOT_CLINICAL",
    "SESSION_ENDINGS",
    "Abort",
    "Acknowledge",
    "AlarmOccurrence",
    "AssignmentAction",
    "ChartedSignals",
    "CheckKind",
    "CheckState",
    "ClearanceScope",
    "Close",
    "Command",
    "ConfirmEscort",
    "ControlInfusion",
    "Correction",
    "CoursePhase",
    "Coverage",
    "Criterion",
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
    "MeasurePressure",
    "Observation",
    "Override",
    "PauseAudio",
    "Phase",
    "PlannedCheck",
    "Pressure",
    "Record",
    "RecordClearance",
    "RecordObservation",
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
    "Span",
    "StartSession",
    "Stored",
    "SustainedSpo2",
    "Symptom",
    "Unacknowledge",
    "by_session",
    "commands",
    "decide",
    "discharge_criteria",
    "episodes",
    "happened_at",
    "next_change_s",
    "planned_checks",
    "predose_criteria",
    "record_fields",
    "required_criteria",
    "signals",
    "stale_at",
    "upcast",
]
