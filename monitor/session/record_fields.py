"""What is said of each thing put on record: every field once, and with it what interfaces need.

A field declared here is in the command that a person gives, in the event that follows, in
the record made of it, and in what the API takes and shows. Its type says what a request may
hold, its description (with the unit, for a number that has one) and its examples what the
documentation shows. A field that may be left out has a default and goes by keyword: what was
stored before there was the field is read with that default.

No field stands here that only one of command and record has.
"""

from dataclasses import dataclass, field, fields
from typing import Annotated, Any

from pydantic import Field, StringConstraints

FreeText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


@dataclass(frozen=True)
class DoseFields:
    """What is said of an administration."""

    __slots__ = ()

    product: Annotated[ShortText, Field(description="What was given.", examples=["esketamine"])]
    mg: Annotated[
        float,
        Field(strict=True, gt=0, le=2000, description="How much, in mg.", examples=[28]),
    ]
    lot: Annotated[ShortText | None, Field(description="The lot number.", examples=["A123"])] = (
        field(default=None, kw_only=True)
    )


def said(what: Any, declaration: type[Any]) -> dict[str, Any]:
    """What `what`, a command or a record, says in the fields of `declaration`, in their order."""
    return {each.name: getattr(what, each.name) for each in fields(declaration)}
