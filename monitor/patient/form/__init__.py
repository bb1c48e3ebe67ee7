"""The monitoring form of a session: filled from what was recorded, with where each value is from.

Pure, and never sent by Postdose: a person checks it and sends it.
"""

from monitor.patient.form.form import MonitoringForm, monitoring_form
from monitor.patient.form.page import CONTENT_POLICY, form_lines, form_page
from monitor.patient.form.provenance import MEDICINE_CLASSES

__all__ = [
    "CONTENT_POLICY",
    "MEDICINE_CLASSES",
    "MonitoringForm",
    "form_lines",
    "form_page",
    "monitoring_form",
]
