"""Schemas whose fields are declared in the core: what a request takes, what a response shows.

`RequestFor[DoseFields]` and `RecordOf[DoseFields]` are models with the fields of
`monitor.session.record_fields.DoseFields`; a schema built on one adds only what is its own.
A request is held to the declared limits. A response shows what was stored, within them or
not, and leaves nothing out.
"""

from dataclasses import MISSING, fields
from typing import Any, Generic, TypeVar, get_type_hints

from pydantic import Field, create_model
from pydantic.fields import FieldInfo

from api.schemas.fields import described
from api.schemas.model import Request, Response

Declared = TypeVar("Declared")


class Record(Response):
    """Something put on record."""

    id: str = described("Its id, which a correction names.", "6f1d2c0a-7f0e-5a43-9a51-2f7b8c1d9e10")
    by: str | None = described("Who recorded it; null for what a device gave.", "nurse.a")
    at: str = described("When it was.", "2026-01-05T09:40:00.000Z")


class RequestFor(Request, Generic[Declared]):
    """A request that takes the declared fields, each with its limits and its default."""

    def __class_getitem__(cls, declaration: Any) -> Any:
        """The model with the fields of `declaration`, a dataclass."""
        hints = get_type_hints(declaration, include_extras=True)
        taken: dict[str, Any] = {
            field.name: (hints[field.name], ... if field.default is MISSING else field.default)
            for field in fields(declaration)
        }
        name = f"{cls.__name__}[{declaration.__name__}]"
        return create_model(name, __base__=Request, __module__=__name__, **taken)


class RecordOf(Record, Generic[Declared]):
    """A record that shows the declared fields."""

    def __class_getitem__(cls, declaration: Any) -> Any:
        """The model with the fields of `declaration`, a dataclass."""
        hints = get_type_hints(declaration, include_extras=True)
        plain = get_type_hints(declaration)
        shown: dict[str, Any] = {
            field.name: (plain[field.name], _documented(hints[field.name]))
            for field in fields(declaration)
        }
        name = f"{cls.__name__}[{declaration.__name__}]"
        return create_model(name, __base__=Record, __module__=__name__, **shown)


def _documented(hint: Any) -> Any:
    """A field with the description and the examples of `hint`, and with nothing else of it."""
    said = FieldInfo.from_annotation(hint)
    return Field(description=said.description, examples=said.examples)
