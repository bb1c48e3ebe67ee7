"""Types of fields that several schemas share, each with its limits, description and example.

What belongs to one resource stands in that resource's module.
"""

from typing import Annotated, Any

from pydantic import AwareDatetime, Field, StringConstraints

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
At = Annotated[
    AwareDatetime | None,
    described("When it was, with an offset; now when left out.", "2026-01-05T09:40:00Z"),
]
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
