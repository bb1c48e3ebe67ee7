"""Names of an earlier version become today's; `tests/simulation` reads a journal of it."""

import re
from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pytest

from alerts.alarm import Alarm
from alerts.rules import RuleError, from_texts, load_rules
from drivers.readings import Item, LinkChanged
from monitor.bed.input_codec import load
from monitor.bed.inputs import SiteCondition, Tick
from monitor.session import ClearanceScope, Command, Event, RecordClearance, upcast
from tests.monitor.builders import START
from tests.monitor.session.test_discharge import ALARM

ROOT = Path(__file__).parents[3]


def event(type_: str, subject: str | None = None, **payload: Any) -> Event:
    return Event("id", "bed-1", 7, "s", type_, subject, START.wall, payload)


# ── events ──────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("former", "today"), upcast.EVENT_TYPES.items())
def test_an_event_has_its_type_of_today(former: str, today: str) -> None:
    assert upcast.event(event(former, by="n")) == event(today, by="n")
    assert upcast.event(event(today, by="n")) == event(today, by="n")
    assert upcast.stored_types([today, "note.added"]) >= {former, today, "note.added"}
    assert upcast.stored_types([former]) == set()


def test_the_alarm_in_an_event_has_its_fields_of_today() -> None:
    today = event("alarm.raised", "a", alarm=ALARM.as_json(), reason=None)
    names = {new: old for old, new in upcast.ALARM_FIELDS.items()}
    alarm = {names.get(name, name): value for name, value in ALARM.as_json().items()}
    former = event("alarm.raised", "a", alarm=alarm, reason=None)
    assert former != today
    assert upcast.event(former) == upcast.event(today) == today


def test_a_clearance_has_a_scope_and_what_else_is_about_something_keeps_it() -> None:
    assert upcast.event(event("decision.recorded", about="x")) == event(
        "clearance.recorded", scope="x"
    )
    assert upcast.event(event("note.added", about="x")) == event("note.added", about="x")


@pytest.mark.parametrize(
    ("former", "today"),
    [
        ("tech.link-lost reprioritised, medium", "tech.link-lost priority-raised, medium"),
        ("spo2.low escalated, medium", "spo2.low escalated, medium"),
        ("its time is over", "its time is over"),
        ("nothing is left to be heard", "nothing is left to be heard"),
    ],
)
def test_a_pause_that_an_alarm_ended_names_its_change(former: str, today: str) -> None:
    told = upcast.event(event(upcast.AUDIO_RESUMED, reason=former))
    assert told == event(upcast.AUDIO_RESUMED, reason=today)


# ── what a bed was given ────────────────────────────────────────────────────────────────

RECORDED = """
Abort by reason
Acknowledge alarm by note
AddNote text by
AssignNurse action by to
Close by escort clinician reason
ConfirmEscort by
ControlInfusion action by at override reason
CuffState phase pressure_mmhg
EnableNibp by
GiveDose product mg lot by at override corrects
Identity model serial firmware
InhibitNibp by reason
LinkChanged state reason
Measurement readings flags
MeasurementFailed flag reason code
MeasurePressure by
PauseAudio by for_s
RecordClearance scope clinician reason by
RecordObservation by resp temperature oxygen consciousness at corrects
RecordPreparation medicines escort_planned by
RecordPressure sys dia by pulse at corrects
RecordScore scale total items by at corrects
RecordSymptom name grade by note serious at corrects
RetractRecord record by reason
SetAlarmLimit rule signal limit clinician reason by
SiteCondition trouble reason
StartSession id patient age weight_kg regimen medicines by escort_planned number
Tick
Unacknowledge alarm by note
Waveform name rate_hz samples
"""


def kinds() -> dict[str, set[str]]:
    classes: tuple[Any, ...] = (*get_args(Command), *get_args(Item), LinkChanged)
    return {
        cls.__name__: {field.name for field in fields(cls)}
        for cls in (*classes, SiteCondition, Tick)
    }


def test_every_kind_and_field_of_a_recording_is_still_read() -> None:
    """One that is missing was renamed: it needs its line in the tables of `upcast`."""
    today = kinds()
    for line in RECORDED.split("\n")[1:-1]:
        kind, *names = line.split()
        assert today[kind] >= set(names), kind


def test_a_former_kind_of_input_is_a_kind_of_today() -> None:
    assert set(upcast.INPUTS.values()) <= kinds().keys()
    assert upcast.INPUTS.keys().isdisjoint(kinds())


def test_a_former_input_is_read() -> None:
    former = '{"is":"Decide","about":"pre-dose-pressure","clinician":"d","reason":"r","by":"n"}'
    assert load(former) == RecordClearance(ClearanceScope.PREDOSE_PRESSURE, "d", "r", "n")
    assert load('{"is":"Site","trouble":"bed-failing","reason":"x"}') == SiteCondition(
        "bed-failing", "x"
    )


# ── rules ───────────────────────────────────────────────────────────────────────────────

FORMER_RULES = """
name = "site-a"
version = "3"
extends = "base"
[[rule]]
id = "spo2.low"
signal = "spo2"
below = 91
priority = "medium"
text = "SpO2 {value} %"
source = "site"
"""
FORMER_BASE = """
name = "base"
version = "1"
[[rule]]
id = "tech.cuff-stopped"
technical = "cuff-stopped"
priority = "low"
text = "the cuff is stopped ({reason})"
source = "default"
"""


def test_a_recorded_set_is_read_under_the_ids_and_the_hash_that_it_had() -> None:
    texts = (FORMER_RULES, FORMER_BASE)
    found = from_texts(texts, "recorded", upcast.TECHNICAL_CONDITIONS)
    assert [(rule.id, rule.technical_condition) for rule in found.rules] == [
        ("tech.cuff-stopped", "nibp-inhibited"),
        ("spo2.low", None),
    ]
    todays = [text.replace('= "cuff-stopped"', '= "nibp-inhibited"') for text in texts]
    assert found.texts == texts
    assert found.hash != from_texts(todays, "today").hash


def test_a_file_of_today_names_a_condition_as_it_is_called_today() -> None:
    with pytest.raises(RuleError, match="cuff-stopped"):
        from_texts([FORMER_BASE], "site.toml")


def test_an_alarm_goes_on_under_the_id_that_its_rule_has_in_the_set() -> None:
    former: Alarm = replace(ALARM, rule="tech.cuff-stopped")
    default = load_rules("default")
    recorded = from_texts([FORMER_BASE], "recorded", upcast.TECHNICAL_CONDITIONS)
    neither = replace(default, rules=default.rules[:1])
    assert upcast.alarm(former, default).rule == "tech.nibp-inhibited"
    assert upcast.alarm(former, recorded) == former
    assert upcast.alarm(former, neither) == former
    assert upcast.alarm(ALARM, default) == ALARM


# ── nowhere else ────────────────────────────────────────────────────────────────────────

FORMER = [
    *map(re.escape, upcast.EVENT_TYPES),
    *(re.escape(t.removeprefix("alarm.")) for t in upcast.EVENT_TYPES if t.startswith("alarm.")),
    *upcast.TECHNICAL_CONDITIONS,
    *map(re.escape, upcast.RULE_IDS),
    *("called_at", "could_leave(_at|_min)?", r"alarm\.(blind|level)"),
    *(r"\{session\}/(decisions|limits|watch)", r"/acknowledgement"),
]


SUFFIXES = (".py", ".js", ".css", ".html", ".toml")


def sources() -> Iterator[Path]:
    for package in ("alerts", "api", "drivers", "monitor", "simulators"):
        for path in (ROOT / package).rglob("*"):
            if path.suffix in SUFFIXES and "vendor" not in path.parts:
                yield path


def test_a_former_name_stands_in_the_tables_and_nowhere_else() -> None:
    pattern = re.compile(rf"(?<![\w.-])({'|'.join(FORMER)})(?![\w-])")
    named = {path for path in sources() if pattern.search(path.read_text(encoding="utf-8"))}
    assert named == {Path(upcast.__file__)}
