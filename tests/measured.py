"""What a run measured, put into a page of the documentation: tables in Markdown."""

import platform
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Final

import psutil

END: Final = "<!-- end of what is measured -->"


def machine() -> str:
    """What was measured on."""
    info = Path("/proc/cpuinfo").read_text()
    model = re.search(r"^model name\s*:\s*(.*)$", info, re.MULTILINE)
    load = psutil.getloadavg()[0]
    return (
        f"{model.group(1) if model else platform.machine()}, "
        f"{psutil.cpu_count()} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, "
        f"{platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}; load average {load:.1f} at the start"
    )


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of that head and those rows."""
    cells = [list(head), ["---"] * len(head), *map(list, rows)]
    widths = [max(len(row[place]) for row in cells) for place in range(len(head))]
    cells[1] = ["-" * width for width in widths]
    lines = [
        " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        for row in cells
    ]
    return "\n".join(f"| {line} |" for line in lines)


def write(document: Path, target: str, parts: Sequence[str]) -> None:
    """Put `parts` in the document, in place of what `make target` measured before."""
    begin = f"<!-- measured: written by make {target} -->"
    before, _, rest = document.read_text().partition(begin)
    after = rest.partition(END)[2]
    document.write_text("\n\n".join([f"{before}{begin}", *parts, f"{END}{after}"]))
