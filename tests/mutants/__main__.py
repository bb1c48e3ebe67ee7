"""Makes one mutant at a time and says whether the tests kill it: see `tests.mutants`."""

import argparse
import ast
import importlib.util
import json
import os
import signal
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Any, Final

import fastapi
import hypothesis
import numpy as np
import pydantic
import pytest
import pytest_asyncio

from tests.mutants import covered
from tests.mutants.operators import Mutant, mutants_of

MODULES: Final = tuple(
    sorted(
        str(path.relative_to(covered.ROOT))
        for pattern in ("alerts/**/[a-z]*.py", "monitor/session/[a-z]*.py", "monitor/bed/[a-z]*.py")
        for path in covered.ROOT.glob(pattern)
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
    *("-q", "--no-header", "--tb=no", "-p", "no:cacheprovider", "-p", "no:randomly"),
    *("-p", "no:xdist", "-p", "no:tests.limits", "--timeout=0", "-p", "no:terminalreporter"),
    *("-W", "ignore::pytest.PytestAssertRewriteWarning"),
)
FIRST: Final = 25
"""So many of the most particular tests run first; few mutants outlive them."""

PAGE: Final = covered.ROOT / "docs" / "explanation" / "mutants.md"
KEPT: Final = covered.ROOT / ".mutants"

PRELOADED: Final[tuple[ModuleType, ...]] = (fastapi, hypothesis, np, pydantic, pytest_asyncio)
"""Imported once, so that no process made for a mutant has to."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of a mutant."""

    module: str
    name: str
    killed: bool
    by: str


class _Loader(SourceFileLoader):
    """Loads a module from a syntax tree."""

    def __init__(self, module: str, tree: ast.Module) -> None:
        path = covered.ROOT / module
        super().__init__(module.removesuffix(".py").replace("/", "."), str(path))
        self._tree = tree

    def get_code(self, fullname: str) -> CodeType:
        code: CodeType = compile(self._tree, self.path, "exec")
        return code


class _Finder(MetaPathFinder):
    """Finds one module, mutated."""

    def __init__(self, loader: _Loader) -> None:
        self._loader = loader

    def find_spec(self, fullname: str, path: object, target: object = None) -> ModuleSpec | None:
        loader = self._loader
        if fullname != loader.name:
            return None
        return importlib.util.spec_from_file_location(fullname, loader.path, loader=loader)


def judge(
    module: str, tree: ast.Module, mutant: Mutant, tests: Sequence[str], most_s: float
) -> int:
    """In a process of its own: 0 when the mutant survives the tests, else not."""
    signal.setitimer(signal.ITIMER_REAL, most_s)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    os.dup2(1, 2)
    mutant.apply()
    sys.meta_path.insert(0, _Finder(_Loader(module, tree)))
    hypothesis.settings.register_profile("mutants", database=None, derandomize=True)
    hypothesis.settings.load_profile("mutants")
    for chosen in (tests[:FIRST], tests[FIRST:]):
        if chosen and (status := pytest.main([*chosen, "-x", *OPTIONS])):
            return int(status)
    return 0


def verdicts(
    todo: Iterable[tuple[str, ast.Module, Mutant, list[str]]], jobs: int, most_s: float
) -> Iterator[Verdict]:
    """What becomes of each mutant, `jobs` at a time, as it becomes known."""
    running: dict[int, tuple[str, Mutant]] = {}
    waiting = iter(todo)
    while True:
        while len(running) < jobs and (task := next(waiting, None)) is not None:
            module, tree, mutant, tests = task
            if not tests:
                yield Verdict(module, mutant.name, killed=False, by="no test runs it")
                continue
            pid = os.fork()
            if pid == 0:
                try:
                    os._exit(judge(module, tree, mutant, tests, most_s))
                except BaseException:
                    os._exit(70)
            running[pid] = module, mutant
        if not running:
            return
        pid, status = os.wait()
        module, mutant = running.pop(pid)
        code = os.waitstatus_to_exitcode(status)
        by = {1: "a test", -signal.SIGALRM: "too slow"}.get(code, f"it does not start ({code})")
        yield Verdict(module, mutant.name, killed=code != 0, by=by if code else "nothing")


def _coverage(*, again: bool) -> covered.Coverage:
    """Kept from the last time, unless `again`; found in a process of its own."""
    path = KEPT / "coverage.json"
    if again or not path.exists():
        pid = os.fork()
        if pid == 0:
            covered.save(covered.look_on(TESTS, MODULES, OPTIONS), path)
            os._exit(0)
        if os.waitpid(pid, 0)[1]:
            raise SystemExit("the tests have to pass first")
    return covered.load(path)


def _known() -> dict[tuple[str, str], Verdict]:
    path = KEPT / "verdicts.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    found = [Verdict(**json.loads(line)) for line in lines]
    return {(verdict.module, verdict.name): verdict for verdict in found}


def _keep(verdict: Verdict) -> None:
    with (KEPT / "verdicts.jsonl").open("a") as kept:
        data: dict[str, Any] = {name: getattr(verdict, name) for name in Verdict.__slots__}
        kept.write(json.dumps(data, ensure_ascii=False) + "\n")


def _todo(
    modules: Iterable[str], coverage: covered.Coverage, skip: Iterable[tuple[str, str]]
) -> Iterator[tuple[str, ast.Module, Mutant, list[str]]]:
    done = set(skip)
    for module in modules:
        source = (covered.ROOT / module).read_text()
        tree = ast.parse(source)
        for mutant in mutants_of(source, tree):
            if (module, mutant.name) in done:
                continue
            in_function = not mutant.name.startswith("module |")
            tests = coverage.tests_of(module, mutant.lines) if in_function else []
            yield module, tree, mutant, tests or coverage.tests_of_module(module)


def _report(modules: Iterable[str]) -> int:
    """Print what is known; the number of survivors that its page does not name."""
    known = _known()
    page = PAGE.read_text() if PAGE.exists() else ""
    made = killed = unnamed = 0
    for module in modules:
        source = (covered.ROOT / module).read_text()
        found = [known.get((module, s.name)) for s in mutants_of(source, ast.parse(source))]
        mine = [verdict for verdict in found if verdict is not None]
        dead = sum(verdict.killed for verdict in mine)
        made, killed = made + len(mine), killed + dead
        print(f"{module:28} {dead:5} of {len(mine):5} killed, {len(found) - len(mine)} to go")
        for verdict in mine:
            if not verdict.killed:
                is_named = verdict.name.replace("|", "\\|") in page
                unnamed += not is_named
                print(f"    {'named ' if is_named else ''}{verdict.name}  [{verdict.by}]")
    share = 100 * killed / made if made else 0.0
    print(f"{killed} of {made} killed: {share:.1f} %; {unnamed} survivors not named in {PAGE.name}")
    return unnamed


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("module", nargs="*", default=MODULES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--most-s", type=float, default=180.0, help="slower than this is killed")
    parser.add_argument("--list", action="store_true", help="what is known, and no more")
    parser.add_argument("--survivors", action="store_true", help="those that survived, again")
    parser.add_argument("--afresh", action="store_true", help="forget everything first")
    args = parser.parse_args()
    os.chdir(covered.ROOT)
    os.nice(10)
    KEPT.mkdir(exist_ok=True)
    if args.afresh:
        (KEPT / "verdicts.jsonl").unlink(missing_ok=True)
    if not args.list:
        coverage = _coverage(again=args.afresh or args.survivors)
        skip = [key for key, known in _known().items() if known.killed or not args.survivors]
        for verdict in verdicts(_todo(args.module, coverage, skip), args.jobs, args.most_s):
            _keep(verdict)
            if not verdict.killed:
                print(f"survives: {verdict.module} | {verdict.name}  [{verdict.by}]", flush=True)
    return 1 if _report(args.module) else 0


if __name__ == "__main__":
    sys.exit(main())
