"""Requests whose fields are declared in the core.

`RequestFor[DoseFields]` is a model with the fields of `monitor.session.record_fields.DoseFields`;
a request built on it adds only what is its own. What a response shows needs no schema here:
the core's own classes, built on `monitor.session.shown.Shown`, are what the API declares.
"""

from dataclasses import MISSING, Field, fields
from typing import Annotated, Any, Generic, TypeVar, get_type_hints

import pydantic

from api.schemas.model import Request
from monitor.session.record_fields import Asked

Declared = TypeVar("Declared")


class RequestFor(Request, Generic[Declared]):
    """A request that takes the declared fields, each with its limits and its default."""

    def __class_getitem__(cls, declaration: Any) -> Any:
        """The model with the fields of `declaration`, a dataclass."""
        hints = get_type_hints(declaration, include_extras=True)
        taken: dict[str, Any] = {
            field.name: _taken(field, hints[field.name]) for field in fields(declaration)
        }
        name = f"{cls.__name__}[{declaration.__name__}]"
        return pydantic.create_model(name, __base__=Request, __module__=__name__, **taken)


def _taken(field: Field[Any], hint: Any) -> tuple[Any, Any]:
    """What a request holds in that field, documented, and its default; `...` for none."""
    said = hint.__metadata__
    asked = next((each for each in said if isinstance(each, Asked)), Asked(hint.__origin__))
    default = asked.default if field.default is MISSING else field.default
    return Annotated[asked.type, *said, pydantic.Field(validation_alias=asked.alias)], default
