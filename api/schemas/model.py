"""What every schema is built on: how strictly a request is read and a response checked."""

from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from api.schemas.fields import described

T = TypeVar("T")


class Request(BaseModel):
    """The body of a command; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class Response(BaseModel):
    """A part of a response. One that would hold something undocumented is a fault."""

    model_config = ConfigDict(extra="forbid")


class Page(Response, Generic[T]):
    """A page of a list."""

    items: list[T] = described("What is on this page, in the order of the list.")
    next: int | None = described(
        "What to give as `after` (`before` for sessions) for the next page; null on the last.",
        1041,
        default=None,
    )

    @classmethod
    def model_parametrized_name(cls, params: tuple[Any, ...]) -> str:
        """What the OpenAPI document calls a page of these."""
        return f"{params[0].__name__}Page"
