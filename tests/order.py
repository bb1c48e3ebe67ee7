"""Starts the longest tests first, so that none is still running when all others are done.

xdist's `worksteal` gives each worker an equal, consecutive share of the tests to begin with;
each share starts with its part of the tests marked `slow`.
"""

import os

import pytest


def slow_first(items: list[pytest.Item], workers: int) -> list[pytest.Item]:
    """The same items with the slow ones at the start of each worker's share."""
    slow = [item for item in items if item.get_closest_marker("slow")]
    quick = [item for item in items if not item.get_closest_marker("slow")]
    ordered: list[pytest.Item] = []
    for left in range(workers, 0, -1):
        size = (len(items) - len(ordered)) // left
        mine = slow[::left][:size]
        slow = [item for item in slow if item not in mine]
        rest = size - len(mine)
        ordered += mine + quick[:rest]
        del quick[:rest]
    return ordered


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put every worker's share in order; all of them see the same items."""
    items[:] = slow_first(items, int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")))
