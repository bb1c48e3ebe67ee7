"""Path and query parameters: those that several routes take, and that no others are taken."""

from collections.abc import Iterator
from typing import Annotated, Final

from fastapi import Path, Query, Request
from fastapi.dependencies.models import Dependant

from api.problems import ProblemError
from api.schemas import FieldError
from api.schemas.fields import Day, ShortText
from monitor.session.record_fields import without_controls

MAX_SEQ: Final = 2**63 - 1
"""No journal has more events."""

Name = Annotated[str, without_controls()]
"""What something is called: with a control character it is nobody's, and no database takes it."""

BedId = Annotated[Name, Path(description="Id of a bed.", examples=["bed-1"])]
SessionId = Annotated[
    Name, Path(description="Id of a session.", examples=["0b5c3d7e52c14be59a0e6d2f4f0d1c77"])
]
AlarmId = Annotated[
    Name, Path(description="Id of an alarm.", examples=["b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9"])
]
PatientAlias = Annotated[
    ShortText, Path(description="The patient's alias, URL-encoded.", examples=["P-017"])
]

After = Annotated[
    int, Query(ge=0, le=MAX_SEQ, description="Only what is past this `seq`.", examples=[1041])
]
Before = Annotated[
    int | None,
    Query(ge=0, le=MAX_SEQ, description="Only what is before this `seq`.", examples=[1041]),
]
Limit = Annotated[
    int, Query(ge=1, le=500, description="How many at most on this page.", examples=[100])
]
OfBed = Annotated[Name | None, Query(description="Only of this bed.", examples=["bed-1"])]
OfSession = Annotated[
    Name | None,
    Query(description="Only of this session.", examples=["0b5c3d7e52c14be59a0e6d2f4f0d1c77"]),
]
OfPatient = Annotated[
    ShortText | None, Query(description="Only of this patient.", examples=["P-017"])
]
OfDay = Annotated[
    Day | None,
    Query(description="Only what began on this day, in the site's zone.", examples=["2026-01-05"]),
]


async def refuse_unknown_parameters(request: Request) -> None:
    """A misspelt query parameter is refused, not ignored. Raises `ProblemError`."""
    if not request.query_params:
        return
    known = list(_query_parameters(request.scope["route"].dependant))
    unknown = [name for name in request.query_params if name not in known]
    if unknown:
        there_are = ", ".join(known) or "none"
        message = f"no such query parameter; there are: {there_are}"
        errors = tuple(FieldError(field=name, message=message) for name in unknown)
        raise ProblemError(422, f"{', '.join(unknown)}: {message}", errors)


def _query_parameters(dependant: Dependant) -> Iterator[str]:
    yield from (field.alias for field in dependant.query_params)
    for needed in dependant.dependencies:
        yield from _query_parameters(needed)
