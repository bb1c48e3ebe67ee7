"""How a dataclass is shown over interfaces: as JSON, and in the API's documentation.

A class built on `Shown` is itself what the HTTP interface declares for it. Its fields hold
what the core works with; `as_json` is what is sent, and `sent_as` says what that looks like
where it differs. Each field says what it means, with the unit of a number, and an example.
What a request may hold is said in `monitor.session.record_fields`. No I/O, and nothing of
any one class.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from enum import Enum
from types import NoneType
from typing import Annotated, Any, ClassVar, Final

from pydantic import ConfigDict, Field, GetPydanticSchema
from pydantic_core import core_schema

from drivers.clock import rfc3339

Json = dict[str, Any]


def documented(description: str, *examples: Any) -> Any:
    """What the documentation says of a field; without an example where its type has its own."""
    return Field(description=description, examples=list(examples) or None)


def sent_as(form: Any) -> GetPydanticSchema:
    """In JSON it is a `form`."""
    return GetPydanticSchema(lambda _, handler: handler.generate_schema(form))


def one_of(words: Iterable[str]) -> GetPydanticSchema:
    """In JSON it is one of these words."""
    return GetPydanticSchema(lambda _, __: core_schema.literal_schema(list(map(str, words))))


Time = Annotated[datetime, sent_as(str)]
"""An instant; in JSON RFC 3339 in UTC with milliseconds."""


def _sent_name(name: str) -> str:
    """The name of a field in JSON; in Python `from` needs an underscore."""
    return name.removesuffix("_")


@dataclass(frozen=True)
class Shown:
    """A dataclass that is shown. One that would hold something undocumented is a fault."""

    __slots__ = ()
    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(
        extra="forbid",
        alias_generator=_sent_name,
        json_schema_serialization_defaults_required=True,
    )

    def as_json(self) -> Json:
        """It as interfaces show it."""
        return {_sent_name(each.name): _plain(getattr(self, each.name)) for each in fields(self)}


_PLAIN: Final = frozenset({str, int, float, bool, NoneType})


def _plain(value: Any) -> Any:
    if type(value) in _PLAIN:
        return value
    match value:
        case Shown():
            return value.as_json()
        case datetime():
            return rfc3339(value)
        case Enum():
            return value.value
        case Mapping():
            return {key: _plain(each) for key, each in value.items()}
        case list() | tuple():
            return [_plain(each) for each in value]
    return value
