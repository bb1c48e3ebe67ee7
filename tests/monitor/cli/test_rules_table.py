"""The printed rule set."""

import io

import pytest
from rich.console import Console

from alerts.rules.model import Kind
from monitor.cli.app import WIDE
from monitor.cli.rules_table import escalation, tables
from tests.alerts.engine_fixtures import DEFAULT


def printed() -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=1000)
    for table in tables(DEFAULT):
        console.print(table)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_it_fits_a_sheet_of_a4_across() -> None:
    assert max(map(len, printed())) <= WIDE


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.id)
def test_every_rule_is_whole_on_one_line_with_what_to_do(rule) -> None:  # type: ignore[no-untyped-def]
    [row] = [line for line in printed() if line.split()[:1] == [rule.id]]
    assert rule.guidance.split()[0] in row


def test_the_rules_are_told_apart_by_their_kind() -> None:
    heads = [line.split(":")[0] for line in printed() if ": rules default, version" in line]
    assert len(heads) == len(Kind)
    assert "without a sound" in heads[1]


@pytest.mark.parametrize(
    "words",
    [
        "any chest pain",
        "severe headache",
        "SpO2 ≥ 94",
        "systolic > 140 or diastolic > 90",
        "from 120 min after",
        "low; medium",
        "after 10 min",
        "twice, 60 s",
        "by a person",
    ],
)
def test_it_is_in_a_nurse_s_words(words: str) -> None:
    assert any(words in line for line in printed())


def test_it_says_whom_an_alarm_calls_that_nobody_takes() -> None:
    assert escalation(DEFAULT) == (
        "An alarm that nobody takes calls nurse, then charge-nurse, then clinician: "
        "high after 60 s each, medium after 3 min."
    )
