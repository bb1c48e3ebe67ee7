"""Judges the mutants of the core and says which survive: see `tests.mutants`."""

import argparse
import ast
import os
import sys
from collections.abc import Callable, Collection, Iterator
from tempfile import TemporaryDirectory

from tests.mutants import covered, imported, swapped
from tests.mutants.known import Known, report
from tests.mutants.operators import mutants_of
from tests.mutants.verdicts import Task, Verdict, verdicts


def tasks(
    modules: Collection[str], coverage: covered.Coverage, skip: Callable[[str, str], bool]
) -> Iterator[Task]:
    """Every mutant of `modules` but those that `skip` says."""
    for module in modules:
        source = (covered.ROOT / module).read_text()
        tree = ast.parse(source)
        for mutant in mutants_of(source, tree):
            if skip(module, mutant.name):
                continue
            in_function = not mutant.name.startswith("module |")
            tests = coverage.tests_of(module, mutant.lines) if in_function else []
            tests = tests or coverage.tests_of_module(module)
            yield Task(module, tree, mutant, {test: coverage.seconds[test] for test in tests})


def judge_all(modules: Collection[str], known: Known, jobs: int, *, survivors: bool) -> None:
    """Judge what has no verdict yet, and with `survivors` again what survived."""
    coverage = covered.look(known.folder / "coverage.json")
    before = {key for key, verdict in known.verdicts.items() if verdict.killed or not survivors}

    def keep(verdict: Verdict) -> None:
        known.keep(verdict)
        if not verdict.killed:
            print(f"survives: {verdict.module} | {verdict.name}  [{verdict.by}]", flush=True)

    pid = os.fork()
    if pid == 0:
        try:
            todo = tasks(modules, coverage, lambda *key: key in before)
            swapped.judge_all(todo, jobs, coverage.collected, keep)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)
    judged = before | set(known.since())
    for verdict in verdicts(
        tasks(modules, coverage, lambda *key: key in judged), jobs, imported.judge
    ):
        keep(verdict)


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("module", nargs="*", default=covered.MODULES)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--list", action="store_true", help="what is known, and no more")
    parser.add_argument("--survivors", action="store_true", help="those that survived, again")
    parser.add_argument("--afresh", action="store_true", help="forget everything first")
    args = parser.parse_args()
    os.chdir(covered.ROOT)
    os.nice(10)
    known = Known(covered.ROOT / ".mutants", afresh=args.afresh)
    if not args.list:
        with TemporaryDirectory() as temporary:
            os.environ["PYTEST_DEBUG_TEMPROOT"] = temporary
            judge_all(args.module, known, args.jobs, survivors=args.survivors)
    return 1 if report(args.module, known) else 0


if __name__ == "__main__":
    sys.exit(main())
