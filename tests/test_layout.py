"""The shape of the code: who may import whom, and one word in four places for a device."""

import ast
import importlib
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from drivers.registry import DRIVERS

ROOT = Path(__file__).parents[1]
PACKAGES = ("monitor", "drivers", "alerts", "api", "simulators")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lint_imports(root: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-logo", "--no-cache"],
        cwd=root,
        env={"NO_COLOR": "1", "COLUMNS": "200", "PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_the_import_contracts_hold() -> None:
    result = lint_imports(ROOT)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.parametrize(
    ("module", "line", "contract"),
    [
        ("drivers/registry.py", "import alerts", "Imports between packages go one way"),
        ("monitor/bed/bed.py", "import monitor.ward", "Imports between the rooms of monitor"),
        ("monitor/misplaced.py", "", "Imports between the rooms of monitor"),
        ("alerts/rules/model.py", "import alerts.alarm", "Imports between the rooms of alerts"),
        ("monitor/ward/ward.py", "import api", "Only the composition root knows the API"),
        ("api/__init__.py", "import monitor.daemon", "Nothing imports the composition root"),
        ("api/__init__.py", "import drivers.links", "The API reaches no port"),
        ("drivers/device.py", "import drivers.links.tcp", "Links are imported from their room"),
        ("simulators/patient.py", "import drivers.nonin", "Simulators stand alone"),
        ("monitor/ward/ward.py", "import simulators", "Only the commands use simulators"),
        ("alerts/rules/model.py", "import sqlalchemy", "Drivers and alerts know no web"),
        ("monitor/bed/bed.py", "import asyncio", "The functional core does no I/O"),
    ],
)
def test_a_forbidden_import_breaks_its_contract(
    copy: Path, module: str, line: str, contract: str
) -> None:
    with (copy / module).open("a") as file:
        file.write(f"\n{line}\n")
    result = lint_imports(copy)
    assert result.returncode == 1, result.stdout + result.stderr
    broken = [row for row in result.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(contract in row for row in broken), result.stdout


ROOMS = sorted(
    ".".join(init.parent.relative_to(ROOT).parts)
    for package in PACKAGES
    for init in (ROOT / package).glob("*/**/__init__.py")
    if "migrations" not in init.parts
)
ALONE = {
    "monitor.journal.migrate": "needs Alembic, which only a start and `db upgrade` want",
    "monitor.mqtt.embedded_broker": "needs amqtt, which only the demo wants",
}
"""Modules that are imported by themselves, because their room must not need what they need."""


def imports_from_inside(module: Path) -> list[str]:
    """What `module` imports from the inside of a room that is not its own."""
    own = ".".join(module.relative_to(ROOT).parent.parts)
    inside = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom) or node.module is None:
            continue
        room = next(
            (room for room in reversed(ROOMS) if f"{node.module}.".startswith(f"{room}.")), ""
        )
        if not room or f"{own}.".startswith(f"{room}.") or node.module in ALONE:
            continue
        public = importlib.import_module(room).__all__
        wanted = [alias.name for alias in node.names if alias.name not in public]
        wanted = [name for name in wanted if f"{room}.{name}" not in ALONE]
        if node.module.removeprefix(f"{room}.") in public:
            continue
        if node.module != room or wanted:
            inside.append(f"{module.relative_to(ROOT)}:{node.lineno} {node.module} {wanted}")
    return inside


def test_a_room_is_used_through_its_door() -> None:
    """What a room does not export with `__all__`, name or module, is private to it."""
    modules = (path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
    assert [each for module in modules for each in imports_from_inside(module)] == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_says_what_may_be_used(room: str) -> None:
    opened = importlib.import_module(room)
    assert opened.__all__
    assert [name for name in opened.__all__ if not hasattr(opened, name)] == []


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize(
    "place",
    [
        "drivers/{}.py",
        "simulators/devices/{}.py",
        "tests/drivers/test_{}.py",
        "docs/devices/{}.md",
    ],
)
def test_a_device_is_found_by_its_name(driver: str, place: str) -> None:
    name = driver.replace("-", "_") if place.endswith(".py") else driver
    assert (ROOT / place.format(name)).is_file()


@pytest.mark.parametrize(
    "requirement", PROJECT["project"]["dependencies"] + PROJECT["dependency-groups"]["dev"]
)
def test_the_lock_pins_what_the_project_asks_for(requirement: str) -> None:
    wanted = Requirement(requirement)
    pins = dict(
        line.split(" ")[0].split("==")
        for line in (ROOT / "requirements.lock").read_text().splitlines()
        if "==" in line.split(" ")[0]
    )
    assert pins[wanted.name] in wanted.specifier


def test_the_lock_names_no_host_and_no_path() -> None:
    lock = (ROOT / "requirements.lock").read_text()
    assert "://" not in lock
    assert "--index" not in lock
    assert "--find-links" not in lock


@pytest.mark.parametrize("package", PACKAGES)
def test_every_module_says_what_it_is_for(package: str) -> None:
    for module in (ROOT / package).rglob("*.py"):
        assert module.read_text().startswith(('"""', 'r"""')), module
