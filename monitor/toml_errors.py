"""What is wrong with a TOML file that does not fit its model, in one line with the mend. Pure."""

from pydantic import BaseModel, ValidationError

from alerts.rules import KeyPath, first_error, key_lines, keys_beside, line_at, suggest


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
    return f"{at(where, text, place)}: {message}"


def at(where: str, text: str, place: KeyPath) -> str:
    """`place` as people look it up: the file, the line, and the key by its full name."""
    line = line_at(key_lines(text), place)
    key = ".".join(str(part) for part in place)
    return ": ".join(part for part in (f"{where}:{line}" if line else where, key) if part)


def _heading(place: KeyPath) -> str:
    name = ".".join(part for part in place if isinstance(part, str))
    return f"[[{name}]]" if isinstance(place[-1], int) else f"[{name}]"
