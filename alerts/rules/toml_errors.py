"""Which of pydantic's errors in a TOML file to tell, and which keys a table may have. Pure.

What people read is put together where the file is known: rule files in `alerts.rules.parser`,
settings and regimens in `monitor.toml_errors`.
"""

from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from alerts.rules.toml_positions import KeyPath


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
