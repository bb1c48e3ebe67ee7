"""A skip is allowed on a developer's machine and is a failure where nothing may be missing."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]

ROOT = Path(__file__).parents[1]

SKIPS = {
    "in the test": 'import pytest\ndef test_it(): pytest.skip("no broker here")',
    "by mark": 'import pytest\n@pytest.mark.skip(reason="no broker here")\ndef test_it(): ...',
    "of the module": 'import pytest\npytest.skip("no broker here", allow_module_level=True)',
}

Run = Callable[[str, str], pytest.RunResult]


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Run:
    def run_pytest(source: str, require: str) -> pytest.RunResult:
        monkeypatch.setenv("PYTHONPATH", str(ROOT))
        monkeypatch.setenv("POSTDOSE_REQUIRE", require)
        pytester.makepyfile(test_it=source)
        return pytester.run(sys.executable, "-m", "pytest", "-p", "tests.skips")

    return run_pytest


@pytest.mark.parametrize("source", SKIPS.values(), ids=list(SKIPS))
def test_a_skip_is_a_skip(run: Run, source: str) -> None:
    assert run(source, "").parseoutcomes() == {"skipped": 1}


@pytest.mark.parametrize("source", SKIPS.values(), ids=list(SKIPS))
def test_a_skip_fails_with_its_reason_when_everything_is_required(run: Run, source: str) -> None:
    result = run(source, "all")
    assert result.ret != 0
    result.stdout.fnmatch_lines("*POSTDOSE_REQUIRE=all, yet: *no broker here*")


def test_an_expected_failure_is_no_skip(run: Run) -> None:
    result = run("import pytest\n@pytest.mark.xfail\ndef test_it(): assert False", "all")
    assert result.parseoutcomes() == {"xfailed": 1}
