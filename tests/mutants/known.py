"""What is known of the mutants so far, and the page that says why some survive."""

import ast
import json
import re
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from tests.mutants.covered import ROOT
from tests.mutants.operators import mutants_of
from tests.mutants.verdicts import Verdict

PAGE: Final = ROOT / "docs" / "explanation" / "mutants.md"

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
    def verdicts(self) -> dict[tuple[str, str], Verdict]:
        """The last one on each mutant, by module and name."""
        return self._of(self._lines())

    def since(self) -> dict[tuple[str, str], Verdict]:
        """Those kept since this was made."""
        return self._of(self._lines()[self._lines_before :])

    def _of(self, lines: Iterable[str]) -> dict[tuple[str, str], Verdict]:
        found = [Verdict(**json.loads(line)) for line in lines]
        return {(verdict.module, verdict.name): verdict for verdict in found}

    def keep(self, verdict: Verdict) -> None:
        data: dict[str, Any] = {name: getattr(verdict, name) for name in Verdict.__slots__}
        with self._file.open("a") as kept:
            kept.write(json.dumps(data, ensure_ascii=False) + "\n")


def report(modules: Iterable[str], known: Known) -> int:
    """Print the page's tables, and what the page lacks; the number of survivors it lacks."""
    verdicts = known.verdicts
    made = killed = to_go = 0
    survivors: list[Verdict] = []
    for package, group in groupby(modules, lambda module: module.partition("/")[0]):
        print(f"\n## {package}\n\n| module | mutants | killed |\n| --- | ---: | ---: |")
        for module in group:
            source = (ROOT / module).read_text()
            found = [verdicts.get((module, m.name)) for m in mutants_of(source, ast.parse(source))]
            mine = [verdict for verdict in found if verdict is not None]
            alive = [verdict for verdict in mine if not verdict.killed]
            survivors += alive
            made, killed = made + len(mine), killed + len(mine) - len(alive)
            to_go += len(found) - len(mine)
            if mine:
                print(f"| `{module}` | {len(mine):,} | {len(mine) - len(alive):,} |")
    named = _named()
    unnamed = [survivor for survivor in survivors if _key(survivor) not in named]
    for module, each in groupby(unnamed, lambda survivor: survivor.module):
        print(f"\n### `{module}`, not on the page\n")
        print("| mutant | why it may survive |\n| --- | --- |")
        for survivor in each:
            print(f"| `{_key(survivor)[1]}` | {survivor.by} |")
    gone = named - {_key(survivor) for survivor in survivors}
    for module, name in sorted(key for key in gone if key[0] in modules):
        print(f"\non the page, but does not survive: {module}: {name}")
    share = 100 * killed / made if made else 0.0
    print(f"\n{killed:,} of {made:,} killed: {share:.1f} %; {to_go:,} to go;", end=" ")
    print(f"{len(unnamed)} survivors not on {PAGE.name}")
    return len(unnamed)


def _key(verdict: Verdict) -> tuple[str, str]:
    """The module and the name as the page writes it."""
    return verdict.module, verdict.name.replace("|", "\\|")


def _named() -> set[tuple[str, str]]:
    """The survivors that the page lists."""
    found, module = set(), ""
    for line in PAGE.read_text().splitlines():
        if line.startswith("#"):
            module = line.strip("#` ")
        found |= {(module, name) for name in _NAMED.findall(line)}
    return found
