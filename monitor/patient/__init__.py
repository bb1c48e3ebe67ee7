"""What outlasts a session: a patient's records, treatment course, monitoring forms, report, export.

Patients' records are a stream of their own beside the beds' streams. Nothing here touches a
device or raises an alarm.
"""

from monitor.patient import commands
from monitor.patient.commands import RECORDS_STREAM
from monitor.patient.csv_export import csv_table, session_export
from monitor.patient.day_sheet import day_sheet
from monitor.patient.printed_page import NoPdfError, as_pdf
from monitor.patient.repository import FormState, PriorSessions, SessionRepository
from monitor.patient.service import PatientRecordService

__all__ = [
    "RECORDS_STREAM",
    "FormState",
    "NoPdfError",
    "PatientRecordService",
    "PriorSessions",
    "SessionRepository",
    "as_pdf",
    "commands",
    "csv_table",
    "day_sheet",
    "session_export",
]
