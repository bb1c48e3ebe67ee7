"""Path and query parameters that several routes take, each with a description and an example."""

from typing import Annotated, Final

from fastapi import Path, Query

MAX_SEQ: Final = 2**63 - 1
"""No journal has more events."""

BedId = Annotated[str, Path(description="Id of a bed.", examples=["bed-1"])]
SessionId = Annotated[
    str, Path(description="Id of a session.", examples=["0b5c3d7e52c14be59a0e6d2f4f0d1c77"])
]
AlarmId = Annotated[
    str, Path(description="Id of an alarm.", examples=["b1a3c2d4-e5f6-5071-8293-a4b5c6d7e8f9"])
]
PatientAlias = Annotated[
    str, Path(description="The patient's alias, URL-encoded.", examples=["P-017"])
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
OfBed = Annotated[str | None, Query(description="Only of this bed.", examples=["bed-1"])]
OfSession = Annotated[
    str | None,
    Query(description="Only of this session.", examples=["0b5c3d7e52c14be59a0e6d2f4f0d1c77"]),
]
