"""Judges a mutant by importing its module, and everything else, again: the slow way.

It fits every mutant. Nothing here may import the project.
"""

import ast
import importlib.util
import sys
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from types import CodeType, ModuleType
from typing import Final

import fastapi
import hypothesis
import numpy as np
import pydantic
import pytest
import pytest_asyncio

from tests.mutants import covered
from tests.mutants.verdicts import FIRST, SURVIVED, Task

PRELOADED: Final[tuple[ModuleType, ...]] = (fastapi, hypothesis, np, pydantic, pytest_asyncio)
"""Imported once, so that no process made for a mutant has to."""


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


def judge(task: Task) -> int:
    """Run the tests in a session of their own."""
    task.mutant.apply()
    sys.meta_path.insert(0, _Finder(_Loader(task.module, task.tree)))
    tests = list(task.tests)
    for chosen in (tests[:FIRST], tests[FIRST:]):
        if chosen and (status := pytest.main([*chosen, "-x", *covered.OPTIONS])):
            return int(status)
    return SURVIVED
