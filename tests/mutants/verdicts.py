"""Judges mutants, each in a process of its own, some at a time."""

import ast
import os
import resource
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from tests.mutants.operators import Mutant

SURVIVED: Final = 0
KILLED: Final = 1
UNDECIDED: Final = 75
"""This way of judging does not fit the mutant."""

IMPORT_S: Final = 20.0
"""More processor time than the import of everything takes."""

MOST_BYTES: Final = 2 << 30
"""A mutant that fills memory without end fails there."""

FIRST: Final = 25
"""So many of the most particular tests run first; few mutants outlive them."""


@dataclass(frozen=True, slots=True)
class Task:
    """A mutant of `module`, found in `tree`, and the tests that may kill it, best first.

    `tests` has the most processor time, in seconds, that each is known to need.
    """

    module: str
    tree: ast.Module
    mutant: Mutant
    tests: dict[str, float]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant."""

    module: str
    name: str
    killed: bool
    by: str


def verdicts(tasks: Iterable[Task], jobs: int, judge: Callable[[Task], int]) -> Iterator[Verdict]:
    """What becomes of each mutant, as it becomes known; nothing of those left undecided.

    `judge` runs in a process of its own and gives `SURVIVED`, `UNDECIDED` or, for a mutant that
    is killed, another number.
    """
    running: dict[int, Task] = {}
    waiting = iter(tasks)
    while True:
        while len(running) < jobs and (task := next(waiting, None)) is not None:
            if task.tests:
                running[_fork(judge, task)] = task
            else:
                yield Verdict(task.module, task.mutant.name, killed=False, by="no test runs it")
        if not running:
            return
        pid, status = os.wait()
        task = running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        if code != UNDECIDED:
            yield Verdict(task.module, task.mutant.name, killed=code != SURVIVED, by=_by(code))


def _by(code: int) -> str:
    slow = dict.fromkeys((-signal.SIGALRM, -signal.SIGPROF), "too slow")
    known = {SURVIVED: "nothing", KILLED: "a test"} | slow
    return known.get(code, f"it does not start ({code})")


def _fork(judge: Callable[[Task], int], task: Task) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        most_s = IMPORT_S + sum(task.tests.values())
        signal.setitimer(signal.ITIMER_PROF, most_s)
        signal.setitimer(signal.ITIMER_REAL, 30 * most_s)
        resource.setrlimit(resource.RLIMIT_DATA, (MOST_BYTES, MOST_BYTES))
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.dup2(1, 2)
        os._exit(judge(task))
    except BaseException:
        os._exit(70)
