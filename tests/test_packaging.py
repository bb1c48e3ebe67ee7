"""The wheel holds everything and runs where there is no checkout."""

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tarfile
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path

import pytest

from tests.patience import HOPELESS_S

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
PACKAGES = ("monitor", "drivers", "alerts", "api", "simulators")


@pytest.fixture(scope="session")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an sdist of the checkout and a wheel made from that sdist, offline."""
    folder = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT],
        check=True,
        capture_output=True,
    )
    return folder


@pytest.fixture(scope="session")
def wheel(dist: Path) -> Path:
    (wheel,) = dist.glob("*.whl")
    return wheel


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bin folder of a new environment that holds the wheel.

    The dependencies are those of the running environment, seen through a path file; a path
    file inside a folder that is itself named by one is not read, so the checkout stays unseen.
    """
    env = tmp_path_factory.mktemp("installed") / "env"
    subprocess.run([sys.executable, "-m", "venv", env], check=True)
    subprocess.run(
        [env / "bin/python", "-m", "pip", "install", "--no-index", "--no-deps", "--quiet", wheel],
        check=True,
    )
    (site_packages,) = env.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return env / "bin"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working folder outside the checkout, with nothing in the environment that leads to it."""
    for name in ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_wheel_holds_every_file_of_the_packages(wheel: Path) -> None:
    present = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert present - set(zipfile.ZipFile(wheel).namelist()) == set()


@pytest.mark.parametrize(
    "pattern",
    [
        "alerts/sets/default.toml",
        "monitor/requirements.lock",
        "monitor/session/regimens/esketamine-84.toml",
        "monitor/journal/migrations/versions/*.py",
        "api/static/index.html",
        "simulators/data/scenarios/calm.toml",
        *(f"{package}/py.typed" for package in PACKAGES),
    ],
)
def test_the_wheel_holds_the_data_that_the_code_reads(wheel: Path, pattern: str) -> None:
    assert any(fnmatch(name, pattern) for name in zipfile.ZipFile(wheel).namelist())


def test_the_wheel_holds_nothing_but_the_packages(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert tops == {*PACKAGES, f"{PROJECT['name']}-{PROJECT['version']}.dist-info"}


@pytest.mark.parametrize(
    "name", ["tests/conftest.py", "requirements.lock", "Makefile", ".ci/venv", "LICENSE"]
)
def test_the_sdist_can_be_developed_from(dist: Path, name: str) -> None:
    (sdist,) = dist.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        assert f"{PROJECT['name']}-{PROJECT['version']}/{name}" in archive.getnames()


def run(installed: Path, *arguments: str) -> str:
    return subprocess.run(
        [installed / "postdose", *arguments], check=True, capture_output=True, text=True
    ).stdout


@pytest.mark.usefixtures("elsewhere")
def test_the_installed_code_is_the_wheels(installed: Path) -> None:
    where = subprocess.run(
        [installed / "python", "-c", "import monitor; print(monitor.__file__)"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert Path(where).is_relative_to(installed.parent)


def test_a_project_of_others_tests_against_the_simulators(installed: Path, elsewhere: Path) -> None:
    copied = shutil.copytree(ROOT / "docs/examples/device-tests", elsewhere / "theirs")
    done = subprocess.run(
        [installed / "python", "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=copied,
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "6 passed" in done.stdout


@pytest.mark.usefixtures("elsewhere")
def test_the_installed_command_says_its_version(installed: Path) -> None:
    assert PROJECT["version"] in run(installed, "--version")


@pytest.mark.usefixtures("elsewhere")
def test_the_installed_demo_explains_itself(installed: Path) -> None:
    assert "--beds" in run(installed, "demo", "--help")


async def test_an_installed_simulator_serves_a_pty_until_interrupted(
    installed: Path, elsewhere: Path
) -> None:
    pty = elsewhere / "oximeter"
    process = await asyncio.create_subprocess_exec(
        installed / "postdose", "simulate", "nonin", "--pty", str(pty),
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    assert process.stdout is not None
    try:
        async with asyncio.timeout(HOPELESS_S):
            assert json.loads(await process.stdout.readline()) == {
                "device": "nonin",
                "url": str(pty),
            }
            assert pty.is_char_device()
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert not os.path.lexists(pty)
