"""The one error of the simulators, and what to say about a name that is not known."""

import difflib
from collections.abc import Sequence


class SimulationError(Exception):
    """What was asked of the simulators cannot be done; the message says what to do instead."""


def suggest(name: str, known: Sequence[str]) -> str:
    """The name that was probably meant, or all that are known."""
    near = difflib.get_close_matches(name, known, 1)
    return f"did you mean {near[0]}?" if near else f"use one of {', '.join(known)}"
