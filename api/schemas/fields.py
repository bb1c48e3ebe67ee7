"""Types of fields that several schemas share, each with its limits, description and example.

What belongs to one resource stands in that resource's module.
"""

import re
from datetime import date
from typing import Annotated, Any, Final, TypeVar

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, Field, StringConstraints
from pydantic_core import PydanticCustomError

from monitor.session import record_fields


def described(
    description: str, *examples: Any, default: Any = ..., alias: str | None = None
) -> Any:
    """A field of a schema; without an example when the schema that it refers to has them."""
    return Field(default, description=description, examples=list(examples) or None, alias=alias)


PersonName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=64),
    record_fields.without_controls(),
]
FreeText = record_fields.FreeText
ShortText = record_fields.ShortText
Medicines = Annotated[tuple[ShortText, ...], Field(max_length=100)]

By = Annotated[PersonName, described("Who does it.", "nurse.a")]
Clinician = Annotated[PersonName, described("The clinician who is responsible.", "dr.b")]
_DATE_TIME: Final = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d.*")
T = TypeVar("T", bound=date)
FIRST_YEAR: Final = 1900
LAST_YEAR: Final = 2999


def _written(at: Any) -> Any:
    if not isinstance(at, str) or _DATE_TIME.fullmatch(at) is None:
        raise PydanticCustomError("time", "is no time: write it as 2026-01-05T09:40:00Z")
    return at


def _within_years(at: T) -> T:
    if not FIRST_YEAR <= at.year <= LAST_YEAR:
        raise PydanticCustomError(
            "year", "is in the year {year}, and no session is", {"year": at.year}
        )
    return at


Instant = Annotated[AwareDatetime, BeforeValidator(_written), AfterValidator(_within_years)]
"""When something was: RFC 3339 text with an offset. Of a bare number the unit would be guessed."""

At = Annotated[
    Instant | None,
    described("When it was, with an offset; now when left out.", "2026-01-05T09:40:00Z"),
]
_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")


def _written_day(day: Any) -> Any:
    if not isinstance(day, str) or _DATE.fullmatch(day) is None:
        raise PydanticCustomError("day", "is no day: write it as 2026-01-05")
    return day


Day = Annotated[date, BeforeValidator(_written_day), AfterValidator(_within_years)]
"""A day, as text."""

RecordId = Annotated[
    ShortText,
    described("The `id` of a record of this session.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10"),
]
Corrects = Annotated[
    ShortText | None,
    described(
        "The `id` of the record that this one takes the place of.",
        "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10",
    ),
]
