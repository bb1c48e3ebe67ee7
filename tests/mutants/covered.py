"""Which tests run which lines of the core, found by running them all once while looking on."""

import json
import sys
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Coverage:
    """By test: how long it takes, and the lines it runs as `module:line`."""

    seconds: dict[str, float] = field(default_factory=dict)
    lines: dict[str, list[str]] = field(default_factory=dict)

    def tests_of(self, module: str, lines: Iterable[int]) -> list[str]:
        """The tests that run any of `lines`, the most particular first; slow ones last."""
        wanted = {f"{module}:{line}" for line in lines}
        mine = [test for test, ran in self.lines.items() if not wanted.isdisjoint(ran)]
        return sorted(mine, key=self._rank)

    def tests_of_module(self, module: str) -> list[str]:
        """The tests that run anything of `module`."""
        start = f"{module}:"
        mine = [t for t, ran in self.lines.items() if any(line.startswith(start) for line in ran)]
        return sorted(mine, key=self._rank)

    def _rank(self, test: str) -> tuple[bool, int]:
        return self.seconds[test] > 1.0, len(self.lines[test])


class _LooksOn:
    """A pytest plugin that notes the lines each test runs."""

    def __init__(self, modules: Iterable[str]) -> None:
        self.coverage = Coverage()
        self._names = {str(ROOT / module): module for module in modules}
        self._ran: set[str] = set()

    def _trace(self, frame: FrameType, event: str, arg: Any) -> Any:
        name = self._names.get(frame.f_code.co_filename)
        if name is None:
            return None
        ran = self._ran

        def line(frame: FrameType, event: str, arg: Any) -> Any:
            ran.add(f"{name}:{frame.f_lineno}")
            return line

        ran.add(f"{name}:{frame.f_lineno}")
        return line

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._ran = set()
        sys.settrace(self._trace)
        try:
            return (yield)
        finally:
            sys.settrace(None)
            self.coverage.lines[item.nodeid] = sorted(self._ran)
            self.coverage.seconds.setdefault(item.nodeid, 0.0)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        seconds = self.coverage.seconds
        seconds[report.nodeid] = seconds.get(report.nodeid, 0.0) + report.duration


def look_on(tests: Iterable[str], modules: Iterable[str], options: Iterable[str]) -> Coverage:
    """Run the `tests` once. Raises `SystemExit` when one fails: it would kill every mutant."""
    plugin = _LooksOn(modules)
    status = pytest.main([*tests, *options], plugins=[plugin])
    if status != pytest.ExitCode.OK:
        raise SystemExit(f"the tests have to pass first (pytest ended with {status})")
    return plugin.coverage


def save(coverage: Coverage, to: Path) -> None:
    to.write_text(json.dumps({"seconds": coverage.seconds, "lines": coverage.lines}))


def load(path: Path) -> Coverage:
    return Coverage(**json.loads(path.read_text()))
