"""Judges a mutant by swapping its function under tests that are collected already: the fast way.

It fits a mutant that changes only what a function does. What has run while the tests were
collected (a table is filled, a rule set loaded) cannot be taken back: such lines do not fit.
"""

import gc
import inspect
import os
import signal
from collections import defaultdict
from collections.abc import Callable, Iterable
from types import CodeType, FunctionType
from typing import Final

import pytest

from tests.mutants import covered
from tests.mutants.verdicts import KILLED, SURVIVED, UNDECIDED, Task, Verdict, verdicts

SLACK_S: Final = 5.0
"""With so much more processor time than it is known to need, a test does not end any more."""

_Functions = dict[tuple[str, CodeType], list[FunctionType]]


class Swapping:
    """A pytest plugin that judges mutants where otherwise the collected tests would run."""

    def __init__(
        self, tasks: Iterable[Task], jobs: int, collected: set[str], keep: Callable[[Verdict], None]
    ) -> None:
        self._tasks: Final = tasks
        self._jobs: Final = jobs
        self._collected: Final = collected
        self._keep: Final = keep
        self._items: dict[str, pytest.Item] = {}
        self._functions: _Functions = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Judge each mutant in a copy of this process, in which no test has run yet."""
        self._items = {item.nodeid: item for item in session.items}
        self._functions = _functions()
        gc.freeze()
        for verdict in verdicts(self._tasks, self._jobs, self._judge):
            self._keep(verdict)
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """End with the first failure."""
        if report.failed:
            os._exit(KILLED)

    def _judge(self, task: Task) -> int:
        if any(f"{task.module}:{line}" in self._collected for line in task.mutant.lines):
            return UNDECIDED
        path = str(covered.ROOT / task.module)
        original = compile(task.tree, path, "exec")
        task.mutant.apply()
        swaps = [
            (function, after)
            for before, after in changed_functions(original, compile(task.tree, path, "exec"))
            for function in self._functions.get((path, before), ())
        ]
        if not swaps:
            return UNDECIDED
        for function, after in swaps:
            function.__code__ = after
        items = [self._items[test] for test in task.tests if test in self._items]
        for item, following in zip(items, [*items[1:], None], strict=True):
            signal.setitimer(signal.ITIMER_PROF, SLACK_S + task.tests[item.nodeid])
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        return SURVIVED


def changed_functions(before: CodeType, after: CodeType) -> list[tuple[CodeType, CodeType]]:
    """Every function that differs between two versions of a module, nested ones too.

    Empty when anything else differs, such as a default or a class attribute: a function cannot
    be swapped for that.
    """
    found = []
    inside = list(zip(_inside(before), _inside(after), strict=False))
    if before.co_flags & inspect.CO_NEWLOCALS:
        if before.co_freevars == after.co_freevars:
            found.append((before, after))
    elif _outside(before) != _outside(after):
        return []
    for old, new in inside:
        if old != new:
            found += changed_functions(old, new)
    return found


def _inside(code: CodeType) -> list[CodeType]:
    return [constant for constant in code.co_consts if isinstance(constant, CodeType)]


def _outside(code: CodeType) -> CodeType:
    """`code` without the places of its lines and what is inside its functions and classes."""
    consts = tuple(None if isinstance(each, CodeType) else each for each in code.co_consts)
    return code.replace(co_consts=consts, co_linetable=b"")


def _functions() -> _Functions:
    """All functions there are, by where they were written."""
    found = defaultdict(list)
    for each in gc.get_objects():
        if isinstance(each, FunctionType):
            found[each.__code__.co_filename, each.__code__].append(each)
    return dict(found)


def judge_all(
    tasks: Iterable[Task], jobs: int, collected: set[str], keep: Callable[[Verdict], None]
) -> None:
    """Give `keep` the verdict on each mutant that can be swapped."""
    plugin = Swapping(tasks, jobs, collected, keep)
    pytest.main([*covered.TESTS, *covered.OPTIONS], plugins=[plugin])
