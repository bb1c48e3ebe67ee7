"""A real patient's day raises what its page says, and nothing flaps."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from alerts.rules.loader import parse
from monitor.replay.what_if import onsets
from simulators.numerics import NumericsRecord, load_numerics
from tests.once import once
from tests.realrecord import FILE, PAGE, Played, page, play

MINUTE_S = 60

NERVOUS = """
name = "nervous"
version = "1"
[[rule]]
id = "pulse.low"
signal = "pulse"
below = 59
clear_margin = 1
clear_for_s = 10
priority = "medium"
text = "Pulse {value}"
guidance = "Look."
source = "test"
"""


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return once(tmp_path_factory, "day", play)


@pytest.fixture(scope="module")
def nervous_night() -> Played:
    """The last hours under a rule that has no delay, which raises again and again."""
    last = range(1160, 1440)
    minutes = load_numerics(FILE).rows
    record = NumericsRecord({minute - last[0]: minutes[minute] for minute in last})
    return play(record, parse(NERVOUS, "nervous"))


def alarms(played: Played, type_: str) -> Iterator[tuple[Any, Any]]:
    for event in played.events:
        if event.type == f"alarm.{type_}":
            yield event, event.payload["alarm"]


def test_the_page_says_what_the_core_does(day: Played) -> None:
    assert PAGE.read_text(encoding="utf-8") == page(day), "python -m tests.realrecord writes it"


def test_every_alarm_of_a_vital_has_its_cause_in_the_record(day: Played) -> None:
    for _, alarm in alarms(day, "raised"):
        if alarm["kind"] != "technical":
            assert alarm["values"]


def test_no_rule_raises_twice_in_a_minute(day: Played) -> None:
    found = onsets(day.events, [])
    for rule in {(onset.rule, onset.device) for onset in found}:
        times = [onset.at for onset in found if (onset.rule, onset.device) == rule]
        assert all((b - a).total_seconds() >= MINUTE_S for a, b in pairwise(times)), rule


def test_what_comes_again_within_a_minute_is_counted_on_the_same_alarm(
    nervous_night: Played,
) -> None:
    ended_at = {alarm["id"]: event.at for event, alarm in alarms(nervous_night, "ended")}
    again = list(alarms(nervous_night, "re-raised"))
    assert again
    assert {alarm["count"] for _, alarm in again} > {2}
    for event, alarm in alarms(nervous_night, "raised"):
        close = [
            (event.at - at).total_seconds()
            for id_, at in ended_at.items()
            if id_ != alarm["id"] and at <= event.at
        ]
        assert min(close, default=MINUTE_S + 1) > MINUTE_S
