"""What is wrong with a TOML file that does not fit its model, in one line with the mend. Pure."""

from typing import Any

from pydantic import BaseModel, ValidationError

from alerts.rules import KeyPath, key_lines, line_at, suggest


def explain_errors(model: type[BaseModel], where: str, text: str, error: ValidationError) -> str:
    """The first thing that is wrong: file, line, key, what, and what to write instead.

    An unknown key comes first: what is missing is often only misspelt.
    """
    first = min(error.errors(), key=lambda found: found["type"] != "extra_forbidden")
    place = first["loc"]
    match first["type"]:
        case "extra_forbidden":
            message = f"unknown key; {suggest(place[-1], _keys_beside(model, place))}"
        case "missing":
            message = f"is missing; add {place[-1]} = …"
        case "model_type":
            message = f"is a section: write {_heading(place)} and its keys beneath"
        case _:
            message = first["msg"].removeprefix("Value error, ")
    return f"{at(where, text, place)}: {message}"


def at(where: str, text: str, place: KeyPath) -> str:
    """`place` as people look it up: the file, the line, and the key by its full name."""
    line = line_at(key_lines(text), place)
    key = ".".join(str(part) for part in place)
    return ": ".join(part for part in (f"{where}:{line}" if line else where, key) if part)


def _heading(place: KeyPath) -> str:
    name = ".".join(part for part in place if isinstance(part, str))
    return f"[[{name}]]" if isinstance(place[-1], int) else f"[{name}]"


def _keys_beside(model: Any, place: KeyPath) -> list[str]:
    for part in place[:-1]:
        if isinstance(part, str):
            model = _model_in(model.model_fields[part].annotation)
    return sorted(model.model_fields)


def _model_in(annotation: Any) -> Any:
    inner = getattr(annotation, "__args__", None)
    return inner[0] if inner else annotation
