"""What requests and responses hold: a module of the name of the router that uses it.

No logic and no I/O. `problems`, `model`, `fields` and `declared` are what the others share.
Everything that is sent or taken over HTTP is declared here with a description and an example
of each field, and with the unit of each number that has one; or so in the core: what is put on
record in `monitor.session.record_fields` and `monitor.session.records`, a session and a bed as
they are seen in `monitor.bed.session_view` and `monitor.bed.bed_view`.
"""

from api.schemas import (
    alarms,
    beds,
    doses,
    events,
    fields,
    forms,
    patients,
    records,
    sessions,
    status,
)
from api.schemas.model import Page, Request, Response
from api.schemas.problems import FieldError, Problem

__all__ = [
    "FieldError",
    "Page",
    "Problem",
    "Request",
    "Response",
    "alarms",
    "beds",
    "doses",
    "events",
    "fields",
    "forms",
    "patients",
    "records",
    "sessions",
    "status",
]
