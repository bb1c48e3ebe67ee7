"""The page on simulators lists what the devices declare."""

from collections.abc import Callable
from pathlib import Path

import pytest

from simulators.tables import devices_table, faults_table

PAGE = (Path(__file__).parents[2] / "docs" / "simulators.md").read_text(encoding="utf-8")


def tables(text: str) -> list[str]:
    """Every table in Markdown `text`."""
    blocks = text.split("\n\n")
    return [block.strip() for block in blocks if block.startswith("| ")]


@pytest.mark.parametrize("table", [devices_table, faults_table])
def test_a_table_of_the_page_is_what_the_devices_declare(table: Callable[[], str]) -> None:
    renew = "python -m simulators devices --renew docs/simulators.md"
    assert table() in tables(PAGE), f"the page is not up to date: {renew}"
