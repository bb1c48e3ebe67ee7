"""What is said of each thing put on record: every field once, and with it what interfaces need.

A field declared here is in the command that a person gives, in the event that follows, in
the record made of it, and in what the API takes and shows. Its type says what a request may
hold, its description (with the unit, for a number that has one) and its examples what the
documentation shows. A field that may be left out has a default and goes by keyword: what was
stored before there was the field is read with that default.

No field stands here that only one of command and record has.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Final

from pydantic import Field, GetPydanticSchema, StringConstraints
from pydantic_core import core_schema

FreeText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
ShortText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=100)]


def _one_of(words: Sequence[str]) -> GetPydanticSchema:
    """A request holds one of these words; elsewhere it is any text."""
    return GetPydanticSchema(lambda _, __: core_schema.literal_schema(list(words)))


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


@dataclass(frozen=True)
class SymptomFields:
    """What is said of a symptom: at which of `alerts.rules.GRADES` it was found."""

    __slots__ = ()

    name: Annotated[
        ShortText,
        Field(validation_alias="symptom", description="Which symptom.", examples=["nausea"]),
    ]
    grade: Annotated[
        int,
        Field(
            strict=True,
            ge=0,
            le=3,
            description="0 none or over, 1 mild, 2 moderate, 3 severe.",
            examples=[2],
        ),
    ]
    note: Annotated[
        FreeText | None, Field(description="What was noted.", examples=["after turning"])
    ] = field(default=None, kw_only=True)
    serious: Annotated[
        bool | None,
        Field(description="Whether it is serious, as an adverse event is.", examples=[False]),
    ] = field(default=None, kw_only=True)


CONSCIOUSNESS: Final = ("alert", "confusion", "voice", "pain", "unresponsive")
"""ACVPU, as NEWS2 asks for it."""


@dataclass(frozen=True)
class ObservationFields:
    """What NEWS2 asks beside the devices; None is what was not observed."""

    __slots__ = ()

    resp: Annotated[
        float | None, Field(strict=True, description="Breaths, in /min.", examples=[14])
    ] = field(default=None, kw_only=True)
    temperature: Annotated[
        float | None, Field(strict=True, description="Temperature, in °C.", examples=[36.6])
    ] = field(default=None, kw_only=True)
    oxygen: Annotated[
        bool | None, Field(description="Whether oxygen is given.", examples=[False])
    ] = field(default=None, kw_only=True)
    consciousness: Annotated[
        Annotated[str, _one_of(CONSCIOUSNESS)] | None,
        Field(description="ACVPU, in words.", examples=["alert"]),
    ] = field(default=None, kw_only=True)


@dataclass(frozen=True)
class PressureFields:
    """What is said of a blood pressure, by a person or by the cuff."""

    __slots__ = ()

    sys: Annotated[float, Field(strict=True, description="Systolic, in mmHg.", examples=[132])]
    dia: Annotated[float, Field(strict=True, description="Diastolic, in mmHg.", examples=[84])]
    pulse: Annotated[
        float | None, Field(strict=True, description="Pulse, in /min.", examples=[72])
    ] = field(default=None, kw_only=True)


def said(what: Any, declaration: type[Any]) -> dict[str, Any]:
    """What `what`, a command or a record, says in the fields of `declaration`, in their order."""
    return {each.name: getattr(what, each.name) for each in fields(declaration)}
