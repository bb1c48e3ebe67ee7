"""The report as one HTML file that prints on two sheets. Pure."""

from datetime import datetime, tzinfo
from typing import Final

from monitor.patient.printed_page import PrintedPage
from monitor.patient.report.report import SessionReport
from monitor.patient.wording import local_time

_PAGE: Final = PrintedPage("monitor.patient.report")
CONTENT_POLICY: Final = _PAGE.content_policy


def report_page(
    report: SessionReport, now: datetime, zone: tzinfo | None, *, simulated: bool = False
) -> str:
    """The page; its times are in `zone`, None for this machine's."""
    made = local_time(now, None, zone)
    return _PAGE.render(report=report, made=made, simulated=simulated)
