"""The tables of devices and faults, in Markdown: as the command prints them and the docs have them.

Made from what the devices declare, and from nothing else.
"""

from collections.abc import Iterable, Sequence

from simulators.devices import DEVICES, fault_names
from simulators.line import LINE_FAULTS


def devices_table() -> str:
    """Every device and dialect: its role, its line settings and the vital signs that it says."""
    rows = [
        (name, model.title, model.role, key, str(dialect.line), ", ".join(sorted(dialect.vitals)))
        for name, model in DEVICES.items()
        for key, dialect in model.dialects.items()
    ]
    return _markdown(("device", "is a", "role", "dialect", "line", "vital signs"), rows)


def faults_table() -> str:
    """Every fault: which devices can show it, and what is then on the wire."""
    rows = [
        (fault, who, effect)
        for fault in fault_names()
        for who, effect in (*_declared(fault), *_of_the_line(fault))
    ]
    return _markdown(("fault", "device", "on the wire"), rows)


def renewed(page: str) -> str:
    """Markdown `page` with both tables as the devices declare them now, each found by its head."""
    tables = {_head(table): table for table in (devices_table(), faults_table())}
    return "\n\n".join(tables.get(_head(block), block) for block in page.split("\n\n"))


def _head(block: str) -> str:
    return block.partition("\n")[0]


def _declared(fault: str) -> Iterable[tuple[str, str]]:
    for name, model in DEVICES.items():
        by_effect: dict[str, list[str]] = {}
        for key, dialect in model.dialects.items():
            if fault in dialect.faults:
                by_effect.setdefault(dialect.faults[fault], []).append(key)
        for effect, keys in by_effect.items():
            every = len(keys) == len(model.dialects)
            yield name if every else f"{name} {', '.join(keys)}", effect


def _of_the_line(fault: str) -> Iterable[tuple[str, str]]:
    if fault in LINE_FAULTS:
        yield "every", LINE_FAULTS[fault]


def _markdown(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
