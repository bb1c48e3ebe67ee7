"""What several tests look at is computed once for the whole run, whichever worker needs it first.

A fixture of a module is computed by every worker that has one of its tests.
"""

import fcntl
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

T = TypeVar("T")


def once(factory: pytest.TempPathFactory, name: str, compute: Callable[[], T]) -> T:
    """What `compute` gives, which can be pickled; another worker's when it has it already.

    `name` is unique in the run. Who comes while it is computed waits for it.
    """
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    stored = folder / f"{name}.pickle"
    with Path(f"{stored}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not stored.exists():
            stored.write_bytes(pickle.dumps(compute()))
    found: T = pickle.loads(stored.read_bytes())
    return found
