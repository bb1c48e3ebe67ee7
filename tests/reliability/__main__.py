"""`python -m tests.reliability [--times 20]`: break a ward, see what is lost, write the table.

With fewer times than usual it only prints.
"""

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Final

from tests import measured
from tests.reliability.faults import FAULTS, Outcome, attempt

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
    times = parser.parse_args().times
    machine, rows = measured.machine(), []
    print(machine, flush=True)
    for name, fault in FAULTS.items():
        outcomes = []
        for _ in range(times):
            with tempfile.TemporaryDirectory() as folder:
                outcomes.append(attempt(fault, Path(folder)))
        rows.append([name, *_seen(outcomes)])
        print(*rows[-1], sep=" | ", flush=True)
    seen = measured.table(HEAD, rows)
    print(seen)
    if times >= TIMES:
        measured.write(DOCUMENT, "reliability", [machine, seen])


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
