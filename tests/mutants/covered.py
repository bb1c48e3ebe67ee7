"""Which tests run which lines of the core, found by running them all once while looking on."""

import hashlib
import json
import os
import sys
from collections import defaultdict
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import CodeType, FrameType
from typing import Any, Final

import hypothesis
import pytest

ROOT: Final = Path(__file__).resolve().parents[2]
MODULES: Final = tuple(
    sorted(
        str(path.relative_to(ROOT))
        for pattern in ("alerts/**/[a-z]*.py", "monitor/session/[a-z]*.py", "monitor/bed/[a-z]*.py")
        for path in ROOT.glob(pattern)
    )
)
TESTS: Final = (
    "tests/alerts",
    "tests/monitor/session",
    "tests/monitor/bed",
    "tests/monitor/patient/test_treatment_course.py",
    "tests/monitor/patient/test_form.py",
    "tests/monitor/cli/test_rules_table.py",
    "tests/model/test_model.py::test_bed_and_model_agree[0]",
)
OPTIONS: Final = (
    *("-q", "-s", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("-p", "no:xdist", "-p", "no:tests.limits", "--timeout=0", "-p", "no:terminalreporter"),
    *("--assert=plain", "--hypothesis-profile=mutants"),
)

hypothesis.settings.register_profile(
    "mutants",
    deadline=None,
    derandomize=True,
    phases=(hypothesis.Phase.explicit, hypothesis.Phase.generate, hypothesis.Phase.target),
)
"""As `make test` searches; what fails is not made shorter."""

COLLECTION: Final = "collection"
"""Stands for a test where it is the import of the tests that runs a line."""


@dataclass
class Coverage:
    """By test: the processor time it takes, in seconds, and the lines it runs as `module:line`.

    `of` says of which core and which files of tests.
    """

    of: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)

    @cached_property
    def _tests(self) -> dict[str, set[str]]:
        """By line and by module."""
        found = defaultdict(set)
        for test, ran in self.lines.items():
            for line in ran if test != COLLECTION else ():
                found[line].add(test)
                found[line.partition(":")[0]].add(test)
        return found

    @cached_property
    def collected(self) -> set[str]:
        """The lines that run while the tests are collected."""
        return set(self.lines[COLLECTION])

    def tests_of(self, module: str, lines: Iterable[int]) -> list[str]:
        """The tests that run any of `lines`, the most particular first; slow ones last."""
        every = (self._tests.get(f"{module}:{line}", set()) for line in lines)
        return sorted(set().union(*every), key=self._rank)

    def tests_of_module(self, module: str) -> list[str]:
        """The tests that run anything of `module`."""
        return sorted(self._tests.get(module, ()), key=self._rank)

    def _rank(self, test: str) -> tuple[bool, int, str]:
        return self.seconds[test] > 1.0, len(self.lines[test]), test


class _LooksOn:
    """A pytest plugin that notes the lines each test runs."""

    def __init__(self, coverage: Coverage, known: Iterable[str]) -> None:
        self._coverage: Final = coverage
        self._known: Final = set(known)
        self._names: Final = {str(ROOT / module): module for module in MODULES}
        self._left: dict[int, tuple[CodeType, set[int]]] = {}

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Note a call, and the lines of it unless all of them are known."""
        code = frame.f_code
        if code.co_filename not in self._names:
            return None
        if id(code) not in self._left:  # a code object's hash is slow
            self._left[id(code)] = code, _lines(code)
        _, left = self._left[id(code)]

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            left.discard(frame.f_lineno)
            return line

        return line(frame, event, arg) if left else None

    def look_on(self) -> None:
        self._left = {}
        sys.settrace(self._trace)

    def _look_away(self, test: str) -> None:
        sys.settrace(None)
        ran = {
            f"{self._names[code.co_filename]}:{line}"
            for code, left in self._left.values()
            for line in _lines(code) - left
        }
        self._coverage.lines[test] = sorted(ran)

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Leave out the tests of files that are as they were."""
        self._look_away(COLLECTION)
        items[:] = [item for item in items if _file(item.nodeid) not in self._known]

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        before = os.times().user
        self.look_on()
        try:
            return (yield)
        finally:
            self._look_away(item.nodeid)
            self._coverage.seconds[item.nodeid] = os.times().user - before


def _lines(code: CodeType) -> set[int]:
    return {line for *_, line in code.co_lines() if line is not None}


def look_on(before: Coverage) -> Coverage:
    """Run the tests of every file that changed since `before`; all of them if the core did.

    Raises `SystemExit` when one fails: it would kill every mutant.
    """
    now = _files()
    core = all(before.of.get(module) == now[module] for module in MODULES)
    known = {file for file in now if core and before.of.get(file) == now[file]}
    kept = [test for test in before.seconds if _file(test) in known]
    coverage = Coverage(
        now,
        {test: before.seconds[test] for test in kept},
        {test: before.lines[test] for test in kept},
    )
    plugin = _LooksOn(coverage, known)
    plugin.look_on()
    status = pytest.main([*TESTS, *OPTIONS], plugins=[plugin])
    if status not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}:
        raise SystemExit(f"the tests have to pass first (pytest ended with {status})")
    return coverage


def _file(test: str) -> str:
    return test.partition("::")[0]


def _files() -> dict[str, str]:
    """The core's modules and all files of tests, with what each holds, in short."""
    tests = (str(path.relative_to(ROOT)) for path in ROOT.glob("tests/**/test_*.py"))
    return {
        file: hashlib.sha256((ROOT / file).read_bytes()).hexdigest()[:16]
        for file in (*MODULES, *tests)
    }


def look(path: Path) -> Coverage:
    """The coverage of what there is now; kept in `path`, and found by a process of its own."""
    kept = Coverage(**json.loads(path.read_text())) if path.exists() else Coverage()
    if kept.of == _files():
        return kept
    pid = os.fork()
    if pid == 0:
        found = look_on(kept)
        kept_now = {"of": found.of, "seconds": found.seconds, "lines": found.lines}
        path.write_text(json.dumps(kept_now))
        os._exit(0)
    if os.waitpid(pid, 0)[1]:
        raise SystemExit("the tests have to pass first")
    return Coverage(**json.loads(path.read_text()))
