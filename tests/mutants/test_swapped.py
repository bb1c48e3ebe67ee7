"""Which functions a mutant changes, and when nothing but an import would do."""

from types import CodeType

import pytest

from tests.mutants.swapped import changed_functions

BEFORE = """
LIMIT = 90

def lowest(values, most=LIMIT):
    return min(value for value in values if value < most)

class Alarm:
    priority = 1

    @property
    def is_high(self):
        return self.priority == 1

    def sorted(self, alarms):
        return sorted(alarms, key=lambda alarm: alarm.priority)
"""


def compiled(source: str) -> CodeType:
    code: CodeType = compile(source, "alarms.py", "exec")
    return code


def changed(before: str, after: str) -> list[str]:
    mutated = BEFORE.replace(before, after)
    assert mutated != BEFORE
    found = changed_functions(compiled(BEFORE), compiled(mutated))
    return [old.co_qualname for old, _ in found]


@pytest.mark.parametrize(
    ("before", "after", "functions"),
    [
        ("min(", "max(", ["lowest"]),
        ("self.priority == 1", "self.priority != 1", ["Alarm.is_high"]),
        ("value < most", "value <= most", ["lowest", "lowest.<locals>.<genexpr>"]),
        (
            "alarm: alarm.priority",
            "alarm: None",
            ["Alarm.sorted", "Alarm.sorted.<locals>.<lambda>"],
        ),
    ],
)
def test_a_change_within_a_function_is_that_function_s(
    before: str, after: str, functions: list[str]
) -> None:
    assert changed(before, after) == functions


@pytest.mark.parametrize(
    ("before", "after"),
    [("LIMIT = 90", "LIMIT = 91"), ("most=LIMIT", "most=1"), ("priority = 1", "priority = 2")],
)
def test_what_only_an_import_runs_is_no_function_s(before: str, after: str) -> None:
    assert changed(before, after) == []


def test_the_new_code_does_what_the_mutant_does() -> None:
    ((_, after),) = changed_functions(
        compiled("def limit(): return 90"), compiled("def limit(): return 91")
    )

    def limit() -> int:
        return 90

    limit.__code__ = after
    assert limit() == 91
