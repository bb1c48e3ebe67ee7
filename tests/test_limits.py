"""A test that computes or waits without end fails, and the run goes on."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]

IMPORTS = "import contextlib, pytest, threading"
COMPUTES = "    while True: sum(range(1000))"
SWALLOWS = "    with contextlib.suppress(BaseException):\n    "
WAITS = "    threading.Event().wait()"

Run = Callable[..., pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run_pytest(source: str, timeout_s: int = 0) -> pytest.RunResult:
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        pytester.makeconftest("from tests import limits\nlimits.MOST_S = 0.3\nlimits.AGAIN_S = 0.3")
        pytester.makepyfile(test_it=f"{IMPORTS}\n{source}\ndef test_other(): pass")
        plugins = ("-p", "tests.limits", "-p", "no:randomly", "-p", "no:asyncio")
        limit = (f"--timeout={timeout_s}", "-o", "timeout_func_only=true")
        options = (*plugins, *limit, "--import-mode=importlib")
        return pytester.run(sys.executable, "-m", "pytest", *options)

    return run_pytest


@pytest.mark.parametrize(
    ("test", "timeout_s", "reason"),
    [
        (COMPUTES, 0, "processor time"),
        (SWALLOWS + COMPUTES + "\n" + COMPUTES, 0, "processor time"),
        (WAITS, 1, "Timeout"),
    ],
    ids=["computes", "swallows", "waits"],
)
def test_a_test_without_an_end_fails_alone(
    run: Run, test: str, timeout_s: int, reason: str
) -> None:
    result = run(f"def test_it():\n{test}", timeout_s)
    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines(f"*{reason}*")


def test_so_does_a_fixture(run: Run) -> None:
    source = f"@pytest.fixture\ndef it():\n{COMPUTES}\ndef test_it(it): pass"
    run(source).assert_outcomes(errors=1, passed=1)


def test_waiting_takes_no_processor_time(run: Run) -> None:
    run("def test_it(): threading.Event().wait(1)").assert_outcomes(passed=2)
