"""`python -m tests.device_faults [DEVICE …]`: every fault of every device, as a table in the docs.

Exit status 1 where something is not as expected. With devices named it only prints.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests import measured
from tests.device_faults.expected import HARMLESS, wrong
from tests.device_faults.matrix import Case, Seen, cases, seen

DOCUMENT: Final = Path(__file__).parents[2] / "docs" / "devices" / "faults.md"
HEAD: Final = ("device", "dialect", "fault", "told, and after how many s", "well again after s")


def main() -> int:
    """Try the faults, print what came of each, and give the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.device_faults", description=__doc__)
    parser.add_argument("devices", nargs="*", help="only these; all if not given")
    devices = parser.parse_args().devices
    rows, faults = [], 0
    for case in cases():
        if devices and case.device not in devices:
            continue
        with tempfile.TemporaryDirectory() as folder:
            found = seen(case, Path(folder))
        rows.append(row(case, found))
        print(*rows[-1], sep=" | ", flush=True)
        if (why := wrong(case, found)) is not None:
            faults += 1
            print(f"WRONG: {why}", flush=True)
    if not devices and not faults:
        measured.write(DOCUMENT, "device-faults", [measured.table(HEAD, rows)])
    return 1 if faults else 0


def row(case: Case, found: Seen) -> list[str]:
    """A case's row of the table."""
    told = [f"`{rule}` {after_s:.0f}" for rule, after_s in found.told.items()]
    nothing = f"nothing: {HARMLESS.get(case.fault, '')}"
    well = "–" if found.well_s is None else f"{found.well_s:.0f}"
    return [case.device, case.dialect, case.fault, ", ".join(told) or nothing, well]


if __name__ == "__main__":
    sys.exit(main())
