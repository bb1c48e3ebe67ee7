"""Ends a test that computes without end: each of its phases has so much processor time.

What other programs take of the machine does not count, so that a busy one fails no test. A
test that waits without end is pytest-timeout's (`timeout` in pyproject.toml). Both end a test
within one of its phases, where it is this test's failure; in between it would be the run's.
"""

import signal
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest

from tests.lengths import length

MOST_S: Final = length(400.0, 3600.0)
"""More than the five minutes in which hypothesis makes a failure it found shorter."""

AGAIN_S: Final = 1.0
"""After so long it is ended again, should something have swallowed the first time."""


@contextmanager
def limited(most_s: float) -> Iterator[None]:
    """Fail what is done within after `most_s` seconds of this process's time."""

    def end(_signal: int, _frame: object) -> None:
        pytest.fail(f"more than {most_s:g} s of processor time")

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, most_s, AGAIN_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _limited() -> Generator[None, Any, Any]:
    with limited(MOST_S):
        return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_setup() -> Generator[None, Any, Any]:
    """Limit the fixtures."""
    return (yield from _limited())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call() -> Generator[None, Any, Any]:
    """Limit the test."""
    return (yield from _limited())


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, Any, Any]:
    """Limit the fixtures' ends."""
    return (yield from _limited())
