"""What people are told of a TOML file that does not fit its model."""

import tomllib
from typing import Annotated

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from alerts.rules.toml_errors import explain_errors, first_error, keys_beside
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


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('name = "a"\n\nnam = "b"', "a.toml:3: nam: unknown key; did you mean name?"),
        (
            'name = "a"\n[one]\nleast = 1\nleas = 2',
            "a.toml:4: one.leas: unknown key; did you mean least?",
        ),
        ('name = "a"\n[one]\n', "a.toml:2: one.least: is missing; add least = …"),
        ("", "a.toml: name: is missing; add name = …"),
        (
            'name = "a"\none = 3',
            "a.toml:2: one: is a section: write [one] and its keys beneath",
        ),
        (
            'name = "a"\nmany = [3]',
            "a.toml:2: many.0: is a section: write [[many]] and its keys beneath",
        ),
        ("name = 3", "a.toml:1: name: Input should be a valid string"),
    ],
)
def test_an_error_names_file_line_key_and_what_to_write(text: str, says: str) -> None:
    assert explain_errors(Outer, "a.toml", text, refused(tomllib.loads(text))) == says
