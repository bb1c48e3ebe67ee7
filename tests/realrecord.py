"""A real patient's 24 hours through the core, and the page that explains every alarm of it.

python -m tests.realrecord          # writes docs/explanation/real-record.md again
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from alerts.rules.loader import load_rules
from alerts.rules.model import RuleSet
from drivers.clock import Instant
from drivers.readings import (
    CuffPhase,
    CuffState,
    Item,
    LinkChanged,
    LinkState,
    Measurement,
    Reading,
    Vital,
)
from drivers.registry import DeviceSpec
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.inputs import DeviceInput, Tick
from monitor.replay.what_if import Onset, by_rule, onsets
from monitor.session.commands import RecordScore, StartSession
from monitor.session.events import Event
from monitor.session.regimen import Regimens
from simulators.numerics import NumericsRecord, load_numerics

ROOT: Final = Path(__file__).parents[1]
FILE: Final = ROOT / "tests" / "data" / "mimic_s00001.csv"
PAGE: Final = ROOT / "docs" / "explanation" / "real-record.md"
START: Final = Instant(datetime(2026, 1, 5, 8, 0, tzinfo=UTC), 0.0)
MINUTE_S: Final = 60
BEFORE_MIN: Final = 6
"""How many minutes before an alarm, and its own, are shown for it."""


# ── the record, through the core ────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Played:
    """What the bed decided, and the record it was given."""

    record: NumericsRecord
    rules: RuleSet
    events: Sequence[Event]


def play(record: NumericsRecord | None = None, rules: RuleSet | None = None) -> Played:
    """The record through a bed with a session, second by second."""
    record = record or load_numerics(FILE)
    rules = rules or load_rules("default")
    bed = Bed(
        "bed-1",
        [
            DeviceSpec("oximeter", "nonin", "memory://o"),
            DeviceSpec("cuff", "suntech", "memory://c"),
        ],
        rules,
    )
    events: list[Event] = []
    for outcome in _outcomes(bed, record):
        events += outcome.events
    return Played(record, rules, events)


def _outcomes(bed: Bed, record: NumericsRecord) -> Iterator[Result]:
    def said(device: str, item: Item | LinkChanged, now: Instant) -> Result:
        return bed.handle(DeviceInput(device, item), now)

    regimen = Regimens.shipped().by_name["esketamine-56"]
    yield said("oximeter", LinkChanged(LinkState.UP), START)
    yield said("cuff", CuffState(CuffPhase.IDLE), START)
    yield bed.handle(StartSession("s-1", "s00001", None, None, regimen, (), "nurse.a"), START)
    for scale, total in (("cadss", 0), ("moaas", 5)):
        yield bed.handle(RecordScore(scale, total, None, "nurse.a"), START)
    pressures = _pressures(record)
    for second in range((max(record.rows) + 1) * MINUTE_S):
        now = START.plus(second)
        row = record.rows.get(second // MINUTE_S)
        if row is not None:
            vitals = ((Vital.SPO2, row.spo2_pct), (Vital.PULSE, row.pulse_per_min))
            yield said("oximeter", Measurement(tuple(Reading(*each) for each in vitals)), now)
        if second % MINUTE_S == 0 and (pressure := pressures.get(second // MINUTE_S)):
            yield said("cuff", pressure, now)
        yield bed.handle(Tick(), now)


def _pressures(record: NumericsRecord) -> dict[int, Measurement]:
    """The pressures by the minute of each; a record holds one until another comes."""
    found: dict[int, Measurement] = {}
    before: object = None
    for minute, row in sorted(record.rows.items()):
        values = (row.sys_mmhg, row.dia_mmhg, row.map_mmhg)
        if None not in values and values != before:
            vitals = zip((Vital.SYS, Vital.DIA, Vital.MAP), values, strict=True)
            found[minute] = Measurement(tuple(Reading(vital, value) for vital, value in vitals))
        before = values
    return found


# ── the page ────────────────────────────────────────────────────────────────────────────

HEAD: Final = """
# A real record

24 hours of one real intensive-care patient ([one row a minute](../../tests/data/README.md)) through
the core, second by second, without ports and database, by the clock of the record: every alarm,
with the values that caused it. A session is opened at the start, with the scores of a person who is
awake. No dose is given, so that no rule compares with a baseline. Each row's values hold for its
minute. A pressure counts as measured in the minute in which it changes. No measurement can be
requested, so a pressure that meets a rule is confirmed by the next one in the record, and the alarm
is raised after four minutes when there is none.

`python -m tests.realrecord` writes this page; a test compares it with the core.
"""


def page(played: Played) -> str:
    """The whole page."""
    found = by_rule(onsets(played.events, []))
    hours = (max(played.record.rows) + 1) / 60
    lines = [HEAD.lstrip(), "| rule | raised | in alarm |", "| --- | ---: | ---: |"]
    lines += [
        f"| {rule} | {len(own)} | {sum(o.lasted_s for o in own) / 60:.0f} min |"
        for rule, own in found.items()
    ]
    total = sum(map(len, found.values()))
    lines += [
        "",
        f"{total} alarms in {hours:.0f} hours, {total / hours:.1f} an hour. No other rule of the",
        f"{played.rules.name} set raised any.",
        "",
    ]
    for rule, own in found.items():
        lines += [
            f"## {rule}",
            "",
            "| minute | for | alarm text | the record, minute by minute |",
            "| ---: | ---: | --- | --- |",
        ]
        lines += [_row(onset, played.record) for onset in own]
        lines += [""]
    return "\n".join(lines[:-1]) + "\n"


def _row(onset: Onset, record: NumericsRecord) -> str:
    minute = (onset.at - START.wall).total_seconds() / MINUTE_S
    lasted = f"{onset.lasted_s / MINUTE_S:.1f} min"
    return f"| {minute:.1f} | {lasted} | {onset.text} | {_causes(onset, int(minute), record)} |"


def _causes(onset: Onset, minute: int, record: NumericsRecord) -> str:
    """What the record held in the minutes before the alarm, and in its own."""
    shown = range(max(0, minute - BEFORE_MIN), minute + 1)
    if onset.rule.startswith("pressure."):
        pressures = _pressures(record)
        taken = [(m, pressures[m].readings) for m in shown if m in pressures]
        return ", ".join(f"{m}: {sys.value:.0f}/{dia.value:.0f}" for m, (sys, dia, _) in taken)
    return ", ".join(f"{m}: {_oximetry(onset, record, m)}" for m in shown[-4:])


def _oximetry(onset: Onset, record: NumericsRecord, minute: int) -> str:
    row = record.rows.get(minute)
    spo2, pulse = (None, None) if row is None else (row.spo2_pct, row.pulse_per_min)
    values = {"spo2": spo2, "pulse": pulse}
    name = onset.rule.split(".")[0]
    wanted = [values[name]] if name in values else [spo2, pulse]
    if all(value is None for value in wanted):
        return "nothing"
    return " and ".join("none" if value is None else f"{value:g}" for value in wanted)


if __name__ == "__main__":
    PAGE.write_text(page(play()), encoding="utf-8")
