"""A real patient's numerics, byte by byte through a real port, and the alarms they must give.

What must be raised is read from the same file here, minute by minute, from the table of rules
alone: every delay of the rules is shorter than a minute, so that the value of a minute decides
what is raised and what has ended by its end.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import pytest

from alerts.alarm.lifecycle import ALARM_ENDINGS
from drivers.clock import parse_rfc3339
from tests.endtoend.site import Site, simulated
from tests.endtoend.waiting import elapsed_s, until
from tests.patience import slowdown

pytestmark = pytest.mark.slow

RECORD: Final = Path(__file__).parents[1] / "data" / "mimic_s00001.csv"
SPEED: Final = 50
LATE: Final = 1.0
"""How many minutes an alarm may seem early or late: its delay, and a busy machine's."""

GAPS: Final = {"tech.no-pulse", "tech.signal-missing", "tech.sensor-off"}

PULSE_FALLS_BELOW_50: Final = (range(1354, 1363), range(1425, 1429))
GAPS_OF_ONE_AND_THREE_MINUTES: Final = (range(1162, 1167), range(274, 282))
SPO2_DOWN_TO_94: Final = (range(1182, 1195),)


@dataclass(frozen=True)
class Minute:
    """One row; None is what the monitor did not give."""

    spo2: float | None
    pulse: float | None


@dataclass(frozen=True)
class Limits:
    """A rule, as the table has it: met and clear for a value, given the minute before's."""

    signal: str
    met: Callable[[float, float], bool]
    clear: Callable[[float, float], bool]


DEFAULT: Final[Mapping[str, Limits]] = {
    "spo2.low": Limits("spo2", lambda now, _: now < 93, lambda now, _: now >= 94),
    "spo2.very-low": Limits("spo2", lambda now, _: now < 88, lambda now, _: now >= 89),
    "spo2.falling": Limits("spo2", lambda now, was: was - now >= 4, lambda now, was: was - now < 4),
    "pulse.high": Limits("pulse", lambda now, _: now > 120, lambda now, _: now <= 117),
    "pulse.low": Limits("pulse", lambda now, _: now < 50, lambda now, _: now >= 52),
    "pulse.extreme": Limits(
        "pulse", lambda now, _: now > 140 or now < 40, lambda now, _: 43 <= now <= 137
    ),
}

TIGHT: Final[Mapping[str, Limits]] = {
    **DEFAULT,
    "spo2.low": Limits("spo2", lambda now, _: now < 96, lambda now, _: now >= 96),
    "spo2.falling": Limits("spo2", lambda now, was: was - now >= 2, lambda now, was: was - now < 2),
    "pulse.high": Limits("pulse", lambda now, _: now > 60, lambda now, _: now <= 59),
}

TIGHT_FILE: Final = """
name = "tight"
version = "1"
extends = "default"

[[rule]]
id = "spo2.low"
signal = "spo2"
below = 96
for_s = 30
clear_for_s = 10
priority = "medium"
text = "SpO2 {value}"
guidance = "Look."
source = "test"

[[rule]]
id = "spo2.falling"
signal = "spo2"
fall_of = 2
within_s = 60
for_s = 5
clear_for_s = 10
priority = "medium"
text = "SpO2 {value}"
guidance = "Look."
source = "test"

[[rule]]
id = "pulse.high"
signal = "pulse"
above = 60
for_s = 30
clear_margin = 1
clear_for_s = 10
priority = "medium"
text = "Pulse {value}"
guidance = "Look."
source = "test"
"""


# ── the file, read by hand ──────────────────────────────────────────────────────────────


def cut(stretches: Sequence[range], into: Path) -> list[Minute]:
    """Write these minutes of the record, one after the other, and give what they hold."""
    with RECORD.open(newline="") as file:
        rows = {int(row["minute"]): row for row in csv.DictReader(file)}
    chosen = [rows[minute] for stretch in stretches for minute in stretch]
    with into.open("w", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(chosen[0]))
        writer.writeheader()
        writer.writerows({**row, "minute": n} for n, row in enumerate(chosen))
    return [
        Minute(float(row["spo2_pct"] or 0) or None, float(row["pulse_bpm"] or 0) or None)
        for row in chosen
    ]


def expected(minutes: Sequence[Minute], rules: Mapping[str, Limits]) -> list[tuple[str, int, int]]:
    """Every alarm of `rules`: its rule, and the minutes in which it is raised and ends."""
    found = []
    for name, limits in rules.items():
        raised: int | None = None
        before: float | None = None
        for n, minute in enumerate(minutes):
            value: float | None = getattr(minute, limits.signal)
            if value is None:
                before = None
                continue
            was = value if before is None else before
            before = value
            if raised is None and limits.met(value, was):
                raised = n
            elif raised is not None and limits.clear(value, was):
                found.append((name, raised, n))
                raised = None
        assert raised is None, f"choose minutes in which {name} ends"
    return sorted(found)


def gaps(minutes: Sequence[Minute]) -> list[tuple[int, int]]:
    """First minute without all values, and first minute with them again."""
    missing = [minute.spo2 is None or minute.pulse is None for minute in minutes]
    edges = [n for n in range(1, len(missing)) if missing[n] != missing[n - 1]]
    return list(zip(edges[::2], edges[1::2], strict=True))


# ── the file, played ────────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Alarm:
    """An alarm as the journal has it; times in minutes after the record's start."""

    rule: str
    raised: float
    ended: float


def played(folder: Path, stretches: Sequence[range], rules: str = "default") -> Iterator[Alarm]:
    """The alarms of a session during which these minutes are played."""
    record = folder / "record.csv"
    minutes = cut(stretches, record)
    clinic = Site(folder, None, str(folder / "oximeter"), str(folder / "no-cuff"))
    with clinic.config.open("a") as file:
        file.write(f'[rules]\nset = "{rules}"\n')
    speed = SPEED / slowdown()
    with clinic.daemon(speed):
        session = clinic.start()
        clinic.post(f"/sessions/{session}/scores", scale="cadss", total=0)
        options = ("--pty", str(folder / "oximeter"), "--speed", f"{speed:g}")
        with simulated("nonin", "--record", str(record), *options):
            began = parse_rfc3339(clinic.get("/status")["now"])
            end_s = elapsed_s() + len(minutes) * 60 / speed
            until(lambda: elapsed_s() >= end_s)
            events = clinic.get(f"/events?limit=500&session={session}")["items"]
    yield from _alarms(events, began, len(minutes))


OVER = {"alarm.condition-ended", *ALARM_ENDINGS}


def _alarms(events: Sequence[Any], began: datetime, length: int) -> Iterator[Alarm]:
    raised: dict[str, float] = {}
    for event in events:
        if (alarm := event["payload"].get("alarm")) is None:
            continue
        minute = (parse_rfc3339(event["at"]) - began) / timedelta(minutes=1)
        if event["type"] in ("alarm.raised", "alarm.re-raised"):
            raised[alarm["id"]] = minute
        elif event["type"] in OVER and alarm["id"] in raised:
            yield Alarm(alarm["rule"], raised.pop(alarm["id"]), minute)


def agree(alarms: Sequence[Alarm], wanted: Sequence[tuple[str, int, int]]) -> bool:
    """Whether these alarms are the wanted ones, none missing and none more."""
    if [alarm.rule for alarm in alarms] != [rule for rule, _, _ in wanted]:
        return False
    return all(
        start - LATE < alarm.raised < start + 1 + LATE and end - LATE < alarm.ended < end + 1 + LATE
        for alarm, (_, start, end) in zip(alarms, wanted, strict=True)
    )


@pytest.mark.parametrize(
    ("stretches", "rules", "at_least"),
    [
        (PULSE_FALLS_BELOW_50, DEFAULT, {"pulse.low"}),
        (GAPS_OF_ONE_AND_THREE_MINUTES, DEFAULT, set()),
        (SPO2_DOWN_TO_94, TIGHT, {"spo2.low", "spo2.falling", "pulse.high"}),
    ],
    ids=["pulse-falls-below-50", "gaps", "tight-rules"],
)
def test_a_real_patient_raises_what_the_table_says(
    tmp_path: Path,
    stretches: Sequence[range],
    rules: Mapping[str, Limits],
    at_least: set[str],
) -> None:
    minutes = cut(stretches, tmp_path / "read.csv")
    wanted = expected(minutes, rules)
    assert {rule for rule, _, _ in wanted} == at_least
    if rules is TIGHT:
        (tmp_path / "tight.toml").write_text(TIGHT_FILE)
    alarms = list(played(tmp_path, stretches, "tight.toml" if rules is TIGHT else "default"))

    judged = sorted((a for a in alarms if a.rule in rules), key=lambda a: (a.rule, a.raised))
    assert agree(judged, wanted), (judged, wanted)

    blind = sorted((a for a in alarms if a.rule in GAPS and a.raised > 0), key=lambda a: a.raised)
    missing = [("", *gap) for gap in gaps(minutes)]
    assert agree([Alarm("", a.raised, a.ended) for a in blind], missing), (blind, missing)

    for rule in {alarm.rule for alarm in alarms}:
        times = sorted(alarm.raised for alarm in alarms if alarm.rule == rule)
        assert all(b - a >= 1 for a, b in pairwise(times)), alarms
