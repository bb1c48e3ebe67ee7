"""What is wrong with a TOML file that does not fit its pydantic model. Pure.

`explain_errors` says it in one line with the mend, for any file of a site. Rule files have
messages of their own, in `alerts.rules.parser`, from the same parts.
"""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from alerts.rules.toml_positions import KeyPath, key_lines, line_at, suggest


def explain_errors(model: type[BaseModel], where: str, text: str, error: ValidationError) -> str:
    """The first thing that is wrong: file, line, key, what, and what to write instead."""
    first = first_error(error)
    place = first["loc"]
    match first["type"]:
        case "extra_forbidden":
            message = f"unknown key; {suggest(place[-1], keys_beside(model, place))}"
        case "missing":
            message = f"is missing; add {place[-1]} = …"
        case "model_type":
            message = f"is a section: write {_heading(place)} and its keys beneath"
        case _:
            message = first["msg"].removeprefix("Value error, ")
    return f"{locate(where, text, place)}: {message}"


def locate(where: str, text: str, place: KeyPath) -> str:
    """`place` as people look it up: the file, the line, and the key by its full name."""
    line = line_at(key_lines(text), place)
    key = ".".join(str(part) for part in place)
    return ": ".join(part for part in (f"{where}:{line}" if line else where, key) if part)


def first_error(error: ValidationError) -> ErrorDetails:
    """The error to tell first. An unknown key is: what is missing is often only misspelt."""
    return min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")


def keys_beside(model: type[BaseModel], place: KeyPath) -> list[str]:
    """The keys that may be written where `place` is, in a file that `model` describes."""
    for part in place[:-1]:
        if isinstance(part, str):
            model = _models_in(model.model_fields[part].annotation)[0]
    return sorted(model.model_fields)


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for inner in get_args(annotation) for model in _models_in(inner)]


def _heading(place: KeyPath) -> str:
    name = ".".join(part for part in place if isinstance(part, str))
    return f"[[{name}]]" if isinstance(place[-1], int) else f"[{name}]"
