"""A session on two sheets of paper: its course as a picture, and what was given, done and said.

Pure. `report` chooses and words what is printed, `picture` draws the course, `page` puts both on
paper. The monitoring form is another thing: `monitor.patient.form`.
"""

from monitor.patient.report.page import CONTENT_POLICY, report_page
from monitor.patient.report.report import SessionReport, session_report

__all__ = ["CONTENT_POLICY", "SessionReport", "report_page", "session_report"]
