"""Waiting for what other processes do: look again and again, up to a deadline."""

import threading
from collections.abc import Callable
from typing import Any, Final

from drivers.clock import Clock
from tests.patience import HOPELESS_S

LOOK_S: Final = 0.1

_clock = Clock()


def elapsed_s() -> float:
    """Real seconds since some moment before the test."""
    return _clock.now().mono


def until(
    met: Callable[[], Any],
    within_s: float = HOPELESS_S,
    otherwise: Callable[[], Any] = lambda: None,
) -> Any:
    """Ask until `met` gives something true; a failure says what `otherwise` gives."""
    deadline = elapsed_s() + within_s
    while not (found := met()):
        assert elapsed_s() < deadline, f"not within {within_s:g} s: {otherwise()}"
        threading.Event().wait(LOOK_S)
    return found
