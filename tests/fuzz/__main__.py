"""`python -m tests.fuzz [--seconds 30] [--seed N] [DRIVER …]`: fuzz the codecs, keep the corpus.

What reaches something new is kept, and so is what breaks a codec: exit status 1 where one did.
"""

import argparse
import os
import random
import sys
from concurrent.futures import ProcessPoolExecutor
from typing import Final

from drivers.registry import DRIVERS
from tests.drivers.examples import Case, cases
from tests.fuzz.search import Found, keep, search

SECONDS: Final = 30.0


def main() -> int:
    """Search each dialect, say what came of it, and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("drivers", nargs="*", metavar="DRIVER", help="only these; all if not given")
    parser.add_argument("--seconds", type=float, default=SECONDS, help="how long for each dialect")
    parser.add_argument("--seed", type=int, help="search where that run searched")
    given = parser.parse_args()
    if unknown := {*given.drivers} - DRIVERS.keys():
        parser.error(f"no driver {', '.join(sorted(unknown))}; there are {', '.join(DRIVERS)}")
    seed = random.randrange(10**6) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    names = [str(case) for case in cases() if case.driver.name in (given.drivers or DRIVERS)]
    faults = 0
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        found = pool.map(_search, names, [given.seconds] * len(names), [seed] * len(names))
        for name, one in zip(names, found, strict=True):
            print(f"{name}: {one.tried} inputs, {len(one.new)} reach something new", flush=True)
            for data in one.new:
                keep(_case(name), data)
            if one.fault is not None:
                faults += 1
                print(f"WRONG: {one.why}\n  kept as {keep(_case(name), one.fault)}", flush=True)
    return 1 if faults else 0


def _case(name: str) -> Case:
    return next(case for case in cases() if str(case) == name)


def _search(name: str, seconds: float, seed: int) -> Found:
    return search(_case(name), seconds=seconds, seed=seed)


if __name__ == "__main__":
    sys.exit(main())
