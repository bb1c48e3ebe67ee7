"""What a bed was given is written down and read back to the last digit."""

import json
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.rules.loader import load_rules
from drivers.readings import Item, LinkChanged, Measurement, Reading, Vital, Waveform
from monitor.bed import bed
from monitor.bed.bed import Bed
from monitor.bed.effects import Result
from monitor.bed.input_codec import RecordingStart, dump, load
from monitor.bed.inputs import DeviceInput, Input, SeenBefore, SiteCondition, Tick
from monitor.session.commands import Command
from monitor.session.regimen import Regimen
from tests.lengths import length
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START

st.register_type_strategy(Regimen, st.sampled_from(list(REGIMENS.values())))

INSTANTS = st.datetimes(timezones=st.just(UTC))
ITEMS = tuple(cls for cls in (*get_args(Item), LinkChanged) if cls is not Waveform)


def anything(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any `cls`: numbers of both kinds, instants in UTC, no NaN, which is not even itself.

    What a request is held to does not bind it.
    """
    number = st.floats(allow_nan=False) | st.integers()
    st.register_type_strategy(float, number)
    plain = {name: st.from_type(hint) for name, hint in get_type_hints(cls).items()}
    return st.builds(cls, **plain | ({"at": st.none() | INSTANTS} if "at" in plain else {}))


def same(a: Input, b: Input) -> bool:
    """Equal, and written alike: 97 is not 97.0."""
    return a == b and dump(a) == dump(b)


@pytest.mark.parametrize("cls", get_args(Command), ids=lambda cls: cls.__name__)
@settings(max_examples=length(30, 1000))
@given(data=st.data())
def test_every_command_comes_back_as_it_was(cls: type[Any], data: st.DataObject) -> None:
    command = data.draw(anything(cls))
    assert same(load(dump(command)), command)


@pytest.mark.parametrize("cls", ITEMS, ids=lambda cls: cls.__name__)
@settings(max_examples=length(30, 1000))
@given(data=st.data())
def test_every_item_of_a_device_comes_back_as_it_was(cls: type[Any], data: st.DataObject) -> None:
    said = DeviceInput("oximeter", data.draw(anything(cls)))
    assert load(dump(said)) == said


@pytest.mark.parametrize(
    "what", [Tick(), SiteCondition("bed-failing", "why"), SiteCondition("bed-failing", None)]
)
def test_the_rest_comes_back_as_it_was(what: Input) -> None:
    assert load(dump(what)) == what


def test_of_a_wave_it_is_kept_that_it_came() -> None:
    said = DeviceInput("oximeter", Waveform("pleth", 75.0, (1, 2, 3)))
    assert load(dump(said)) == DeviceInput("oximeter", Waveform("pleth", 75.0, ()))


def test_whole_numbers_stay_whole_whatever_was_written_before() -> None:
    def text(value: float) -> str:
        return dump(DeviceInput("oximeter", Measurement((Reading(Vital.SPO2, value),))))

    assert json.loads(text(97.0))["readings"][0]["value"] == 97
    assert "97.0" in text(97.0)
    assert "97.0" not in text(97)


def test_a_bed_takes_what_was_read_back_as_what_was_written() -> None:
    item = Measurement((Reading(Vital.SPO2, 97),))
    written, read = (Bed("bed-1", (OXIMETER, CUFF), DEFAULT) for _ in range(2))
    given = DeviceInput("oximeter", item)
    events = written.handle(given, START).events
    assert events
    assert read.handle(load(dump(given)), START).events == events


def test_there_is_no_way_into_a_bed_that_is_not_recorded() -> None:
    ways_in = {
        name
        for name, method in vars(Bed).items()
        if callable(method)
        and not name.startswith("_")
        and get_type_hints(method, vars(bed)).get("return") is Result
    }
    assert ways_in == {"handle"}


def test_an_opening_comes_back_with_its_devices_and_its_rules(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('name = "base"\nversion = "2"\nextends = "default"\n')
    (tmp_path / "site.toml").write_text('name = "site"\nversion = "1"\nextends = "base.toml"\n')
    rules = load_rules(str(tmp_path / "site.toml"))
    seen = SeenBefore(START.wall, None, ((12.5, 97), (0.0, None)))
    opening = RecordingStart(START, (OXIMETER, CUFF), 0.5, rules, 3, 7, seen_before=seen)
    kept = json.loads(json.dumps(opening.as_json()))
    (tmp_path / "base.toml").unlink()
    assert RecordingStart.from_json(START, kept) == opening
    del kept["seen_before"]
    assert RecordingStart.from_json(START, kept) == replace(opening, seen_before=None)


def test_a_measurement_of_now_is_written_as_it_was_before_devices_said_when() -> None:
    text = dump(DeviceInput("cuff", Measurement((Reading(Vital.SYS, 120),))))
    assert "age_s" not in text
    assert '"age_s":40' in dump(DeviceInput("cuff", Measurement((), age_s=40)))
