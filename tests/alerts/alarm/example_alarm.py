"""An alarm as the tests of this room take it, and the moment they take it at."""

from datetime import UTC, datetime

from alerts.alarm.lifecycle import Alarm
from alerts.rules.model import Kind, Priority
from drivers.clock import Instant

NOW = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 1000.0)

ALARM = Alarm(
    id="a-1",
    bed="bed-1",
    session="s-1",
    rule="spo2.low",
    device=None,
    kind=Kind.PHYSIOLOGICAL,
    priority=Priority.MEDIUM,
    latching=False,
    text="SpO2 90 %",
    guidance="Look at the patient.",
    values={"spo2": 90.0},
    raised_at=NOW.wall,
    notified_at=NOW.wall,
    recipients=("nurse",),
)
