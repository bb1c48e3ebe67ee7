"""What requests and responses hold: a module of the name of the router that uses it.

No logic and no I/O. `problems`, `model`, `fields` and `declared` are what the others share.
Everything that is sent or taken over HTTP is declared with a description and an example of each
field, and with the unit of each number that has one: here, or in the core, where it is declared
for everybody. What is put on record is in `monitor.session.record_fields` (of a dose: product,
mg, lot) and `monitor.session.records`. A session and a bed as they are seen are in
`monitor.bed.session_view` and `monitor.bed.bed_view`, and filled in `monitor.bed.view`.
"""

from api.schemas import (
    access,
    alarms,
    beds,
    displays,
    doses,
    events,
    fields,
    forms,
    patients,
    records,
    regimens,
    rules,
    sessions,
    status,
    waveforms,
)
from api.schemas.model import Page, Request, Response
from api.schemas.problems import FieldError, Problem

__all__ = [
    "FieldError",
    "Page",
    "Problem",
    "Request",
    "Response",
    "access",
    "alarms",
    "beds",
    "displays",
    "doses",
    "events",
    "fields",
    "forms",
    "patients",
    "records",
    "regimens",
    "rules",
    "sessions",
    "status",
    "waveforms",
]
