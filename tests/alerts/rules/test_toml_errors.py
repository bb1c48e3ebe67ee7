"""Which of pydantic's errors is told, and which keys a table of a model may have."""

from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts.rules.toml_errors import first_error, keys_beside
from alerts.rules.toml_positions import KeyPath


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid")
    least: int
    inner: "Annotated[tuple[Inner, ...], Field(min_length=1)] | None" = None


class Outer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str
    one: Inner = Inner(least=0)
    maybe: Inner | None = None
    many: tuple[Inner, ...] = ()


@pytest.mark.parametrize(
    ("place", "keys"),
    [
        (("nam",), ["many", "maybe", "name", "one"]),
        (("one", "leas"), ["inner", "least"]),
        (("maybe", "leas"), ["inner", "least"]),
        (("many", 1, "leas"), ["inner", "least"]),
        (("many", 0, "inner", 3, "leas"), ["inner", "least"]),
    ],
)
def test_a_key_can_be_one_of_its_own_table(place: KeyPath, keys: list[str]) -> None:
    assert keys_beside(Outer, place) == keys


def refused(data: dict[str, object]) -> ValidationError:
    with pytest.raises(ValidationError) as error:
        Outer.model_validate(data)
    return error.value


def test_an_unknown_key_is_told_before_what_is_missing() -> None:
    assert first_error(refused({"nam": "a"}))["loc"] == ("nam",)
    assert first_error(refused({"name": 3, "one": {"leas": 3}}))["loc"] == ("one", "leas")


def test_of_errors_of_one_kind_the_first_is_told() -> None:
    assert first_error(refused({"many": [{}]}))["loc"] == ("name",)
