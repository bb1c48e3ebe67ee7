"""What is known of the mutants so far, and the page that says why some survive."""

import ast
import json
import re
from collections.abc import Collection, Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from tests.mutants.covered import ROOT
from tests.mutants.operators import mutants_of
from tests.mutants.verdicts import Verdict

PAGE: Final = ROOT / "docs" / "explanation" / "mutants.md"

_HEAD: Final = """| module | mutants | killed | survived | not run |
| --- | ---: | ---: | ---: | ---: |"""
_Key = tuple[str, str]
_NAMED: Final = re.compile(r"`([^`]+ \\\| .+? → .+?)`(?=<br>| \|)")


class Known:
    """The verdicts so far, kept in a folder."""

    def __init__(self, folder: Path, *, afresh: bool) -> None:
        self.folder: Final = folder
        self._file: Final = folder / "verdicts.jsonl"
        folder.mkdir(exist_ok=True)
        if afresh:
            self._file.unlink(missing_ok=True)
        self._lines_before: Final = len(self._lines())

    def _lines(self) -> list[str]:
        return self._file.read_text().splitlines() if self._file.exists() else []

    @property
    def verdicts(self) -> dict[_Key, Verdict]:
        """The last one on each mutant, by module and name."""
        return self._of(self._lines())

    def since(self) -> dict[_Key, Verdict]:
        """Those kept since this was made."""
        return self._of(self._lines()[self._lines_before :])

    def _of(self, lines: Iterable[str]) -> dict[_Key, Verdict]:
        found = [Verdict(**json.loads(line)) for line in lines]
        return {(verdict.module, verdict.name): verdict for verdict in found}

    def keep(self, verdict: Verdict) -> None:
        data: dict[str, Any] = {name: getattr(verdict, name) for name in Verdict.__slots__}
        with self._file.open("a") as kept:
            kept.write(json.dumps(data, ensure_ascii=False) + "\n")


def report(modules: Collection[str], known: Known) -> int:
    """Print the page's tables, and what the page lacks; the number of survivors it lacks."""
    verdicts = known.verdicts
    killed: set[_Key] = set()
    alive: dict[_Key, Verdict] = {}
    to_go: set[_Key] = set()
    for package, group in groupby(modules, lambda module: module.partition("/")[0]):
        print(f"\n## {package}\n\n{_HEAD}")
        for module in group:
            source = (ROOT / module).read_text()
            names = {mutant.name for mutant in mutants_of(source, ast.parse(source))}
            found = {name: verdicts.get((module, name)) for name in names}
            dead = {(module, name) for name, it in found.items() if it and it.killed}
            living = {(module, name): it for name, it in found.items() if it and not it.killed}
            left = len(names) - len(dead) - len(living)
            if names:
                print(f"| `{module}` | {len(names)} | {len(dead)} | {len(living)} | {left} |")
            killed |= dead
            alive |= living
            to_go |= {(module, name) for name, it in found.items() if it is None}
    named = {key for key in _named() if key[0] in modules}
    unnamed = sorted(alive.keys() - named)
    for module, each in groupby(unnamed, lambda key: key[0]):
        print(f"\n### `{module}`, not on the page\n")
        print("| mutant | why it may survive |\n| --- | --- |")
        for key in each:
            print(f"| `{_escaped(key[1])}` | {alive[key].by} |")
    for module, name in sorted(named - alive.keys() - to_go):
        print(f"\non the page, but killed or gone: {module} | {name}")
    made = len(killed) + len(alive)
    share = 100 * len(killed) / made if made else 0.0
    print(f"\n{len(killed):,} of {made:,} killed: {share:.1f} %; {len(to_go):,} to go;", end=" ")
    print(f"{len(unnamed)} survivors not on {PAGE.name}")
    return len(unnamed)


def _escaped(name: str) -> str:
    """The name of a mutant as the page writes it, in a cell of a table."""
    return name.replace("|", "\\|")


def _named() -> set[_Key]:
    """The survivors that the page lists, by module and name."""
    found, module = set(), ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            module = line.strip("#` ")
        found |= {(module, name.replace("\\|", "|")) for name in _NAMED.findall(line)}
    return found
