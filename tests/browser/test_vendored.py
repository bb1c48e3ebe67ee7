"""The page's files: other people's are what the lock says, and nothing comes from elsewhere."""

import hashlib
import re

import pytest

from api.page import FILES

VENDOR = FILES / "vendor"
OURS = [
    path
    for path in FILES.rglob("*")
    if path.suffix in {".html", ".js", ".css"} and VENDOR not in path.parents
]
SUMS = {
    name: digest
    for digest, name in map(str.split, (VENDOR / "SHA256SUMS").read_text().splitlines())
}


def test_every_vendored_file_has_its_hash() -> None:
    files = {path.name for path in VENDOR.iterdir() if path.suffix in {".js", ".woff2", ".txt"}}
    assert files == set(SUMS)


@pytest.mark.parametrize("name", sorted(SUMS))
def test_a_vendored_file_is_what_was_fetched(name: str) -> None:
    assert hashlib.sha256((VENDOR / name).read_bytes()).hexdigest() == SUMS[name]


def test_every_package_in_the_lock_is_described_and_licensed() -> None:
    lock = [
        line.split()[:2]
        for line in (VENDOR / "packages.lock").read_text().splitlines()
        if not line.startswith("#")
    ]
    described = (VENDOR / "VENDORED.md").read_text()
    for name, version in lock:
        assert f"{name} {version}" in described
        assert (VENDOR / f"LICENSE.{name.lstrip('@').replace('/', '-')}.txt").is_file()


@pytest.mark.parametrize("path", OURS, ids=lambda path: path.name)
def test_our_files_fetch_nothing_from_elsewhere(path: object) -> None:
    text = (FILES / str(path)).read_text()
    assert re.findall(r"""["'(](?:https?:)?//""", text) == []


def test_modules_import_by_relative_path_only() -> None:
    for path in FILES.rglob("*.js"):
        for source in re.findall(r"""(?:from|import)\s*["']([^"']+)["']""", path.read_text()):
            assert source.startswith(("./", "../")), f"{path.name}: {source}"
            assert (path.parent / source).is_file(), f"{path.name}: {source}"
