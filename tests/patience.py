"""How long tests wait, and what a busy machine is given on top.

A wait ends when what it waits for has come: `HOPELESS_S` only ends one that never would. A
promise about time ("an alarm within so many seconds") is held to the second on a machine that
is free, and `stretched` where others use it: none of our processes gets a core of its own there.
"""

import os
from pathlib import Path
from typing import Final

HOPELESS_S: Final = 240.0


def slowdown() -> float:
    """How many times as long everything takes because others use this machine; at least 1.

    It is the load for each core, where this run's own workers count as free cores.
    """
    average, *_, entities, _ = Path("/proc/loadavg").read_text().split()
    load = max(float(average), float(entities.partition("/")[0]))
    own = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return max(1.0, load / max(own, len(os.sched_getaffinity(0))))


def stretched(seconds: float) -> float:
    """`seconds` as they are promised, on this machine as busy as it is."""
    return seconds * slowdown()
