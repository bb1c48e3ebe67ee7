"""`python -m tests.reliability [--times 20] [--at-once 1]`: break a ward, and write what is lost.

With fewer times than usual it only prints.
"""

import argparse
import statistics
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from tests import measured
from tests.reliability.faults import FAULTS, Fault, Outcome, attempt

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "reliability.md"
TIMES: Final = 20

HEAD: Final = (
    "fault", "times", "notes answered", "of these lost", "refused", "gaps in the journal",
    "well after s, median", "longest",
)  # fmt: skip


def main() -> None:
    """Try every fault as often as the arguments say."""
    parser = argparse.ArgumentParser(prog="python -m tests.reliability", description=__doc__)
    parser.add_argument("--times", type=int, default=TIMES, help="how often each fault is tried")
    parser.add_argument("--at-once", type=int, default=1, help="how many tries at the same time")
    given = parser.parse_args()
    times = given.times
    machine, rows = f"{measured.machine()}; {given.at_once} at once", []
    print(machine, flush=True)
    for name, fault in FAULTS.items():
        with ThreadPoolExecutor(given.at_once) as pool:
            outcomes = list(pool.map(_tried, [fault] * times))
        rows.append([name, *_seen(outcomes)])
        print(*rows[-1], sep=" | ", flush=True)
    seen = measured.table(HEAD, rows)
    print(seen)
    if times >= TIMES:
        measured.write(DOCUMENT, "reliability", [machine, seen])


def _tried(fault: Fault) -> Outcome:
    with tempfile.TemporaryDirectory() as folder:
        return attempt(fault, Path(folder))


def _seen(outcomes: list[Outcome]) -> list[str]:
    well = [one.well_after_s for one in outcomes]
    sums = (
        sum(one.answered for one in outcomes),
        sum(one.lost for one in outcomes),
        sum(one.refused for one in outcomes),
        sum(one.gaps for one in outcomes),
    )
    counts = [str(count) for count in (len(outcomes), *sums)]
    return [*counts, f"{statistics.median(well):.1f}", f"{max(well):.1f}"]


if __name__ == "__main__":
    main()
