"""What requests and responses hold: a module of the name of the router that uses it.

No logic and no I/O. `problems`, `model`, `fields` and `declared` are what the others share.
Everything that is sent or taken over HTTP is declared here, or for what is put on record in
`monitor.session.record_fields`, with a description and an example of each field, and with
the unit of each number that has one.
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
