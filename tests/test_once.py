"""What is computed once for a run."""

import pytest

from tests.once import once


def test_what_was_computed_is_not_computed_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    computed: list[str] = []

    def compute() -> list[str]:
        computed.append("again")
        return [*computed, "of a test of its own"]

    first = once(tmp_path_factory, "test-once", compute)
    second = once(tmp_path_factory, "test-once", compute)
    assert first == second == ["again", "of a test of its own"]
    assert computed == ["again"]


def test_what_cannot_be_computed_is_computed_by_the_next(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    def fail() -> int:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        once(tmp_path_factory, "test-once-failed", fail)
    assert once(tmp_path_factory, "test-once-failed", lambda: 3) == 3
