"""The slow tests come first in every worker's share, and none is lost."""

from typing import cast

import pytest

from tests.order import slow_first


class Item:
    def __init__(self, name: str) -> None:
        self.name = name

    def get_closest_marker(self, _name: str) -> bool:
        return self.name.isupper()


def ordered(names: str, workers: int) -> str:
    items = cast(list[pytest.Item], [Item(name) for name in names])
    return "".join(item.name for item in slow_first(items, workers))


@pytest.mark.parametrize(
    ("names", "workers", "order"),
    [
        ("aBcDe", 1, "BDace"),
        ("abcdABCD", 2, "ACabBDcd"),
        ("abcdefA", 2, "Aabcdef"),
        ("ABC", 2, "ABC"),
        ("ABCa", 8, "ABCa"),
        ("abc", 2, "abc"),
        ("", 4, ""),
    ],
)
def test_each_share_starts_with_its_part_of_the_slow(names: str, workers: int, order: str) -> None:
    assert ordered(names, workers) == order
