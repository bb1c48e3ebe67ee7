"""The lock that is shipped is the part of the whole one that the program needs."""

import re
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest

from monitor import versions
from monitor.cli import check
from monitor.settings import load

ROOT = Path(__file__).parents[2]
OF_FORMER_PYTHONS = {"async-timeout", "dataclasses", "exceptiongroup", "tomli"}


def normal(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def entries(lock: str) -> dict[str, str]:
    """By name and version the hashes of each; on which platforms it is wanted is left out."""
    found = [each for each in re.split(r"(?m)^(?=\S)", lock) if each]
    return {re.split(r"[ ;\\]", each)[0]: re.sub(r"^[^\\]*", "", each) for each in found}


def needed(name: str, extra: str = "") -> set[str]:
    """What a distribution needs, on any platform, and what that needs in turn."""
    found: set[str] = set()
    todo, done = [(name, extra)], set()
    while todo:
        of, with_extra = todo.pop()
        try:
            wanted = requires(of) or []
        except PackageNotFoundError:
            continue
        for each in wanted:
            words, _, marker = each.partition(";")
            only = re.search(r"extra\s*==\s*[\"']([^\"']+)", marker)
            if only is not None and normal(only[1]) != with_extra:
                continue
            parts = re.match(r"([A-Za-z0-9._-]+)(?:\[([^\]]*)\])?", words.strip())
            assert parts is not None
            found.add(normal(parts[1]))
            for item in (parts[2] or "").split(","):
                if (key := (normal(parts[1]), normal(item.strip()))) not in done:
                    done.add(key)
                    todo.append(key)
    return found


def test_the_shipped_lock_has_all_that_the_program_needs_as_the_whole_one_has_it() -> None:
    shipped, whole = entries(versions.locked()), (ROOT / "requirements.lock").read_text()
    assert shipped.items() <= entries(whole).items()
    names = {normal(re.split(r"\[|==", each)[0]) for each in shipped}
    assert names == (needed("postdose") | needed("postdose", "pdf")) - OF_FORMER_PYTHONS


async def test_a_version_that_was_not_tested_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert versions.differing() == []
    monkeypatch.setattr(
        versions, "locked", lambda: "numpy==1.0 ; python_full_version < '3'\nnumpy==1.1\nnone==1\n"
    )
    (found,) = versions.differing()
    assert re.fullmatch(r"numpy \d\S+, not 1\.0 or 1\.1", found)
    config = tmp_path / "site.toml"
    config.write_text('[site]\nid = "c"\n[mqtt]\nenabled = false\n[[beds]]\nid = "bed-1"\n')
    said: list[tuple[str, str]] = []
    await check.check_site(load(config), lambda level, words: said.append((level, words)))
    assert ("warn", f"versions: not tested with {found}; install by the lock") in said
