"""The monitoring form of a session: filled from what was recorded, with where each value is from.

Pure, and never sent by Postdose: a person checks it and sends it. `fields` lists the fields in the
form's order; those of what was measured are in `vital_signs`, of what was seen in `findings`, of
what was given in `doses`.
"""

from monitor.patient.form.form import MonitoringForm, monitoring_form
from monitor.patient.form.page import CONTENT_POLICY, form_lines, form_page

__all__ = [
    "CONTENT_POLICY",
    "MonitoringForm",
    "form_lines",
    "form_page",
    "monitoring_form",
]
