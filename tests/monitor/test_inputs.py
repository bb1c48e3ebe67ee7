"""What a bed was given is written down and read back to the last digit."""

import json
from datetime import UTC
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.ruleset import load
from drivers.readings import Item, LinkChanged, Measurement, Reading, Report, Vital, Waveform
from monitor import bed
from monitor.bed import Bed
from monitor.commands import Command
from monitor.inputs import Given, Opening, Said, Site, Tick, What, give, text_of, what_in
from monitor.outcome import Outcome
from monitor.regimen import Regimen
from tests.lengths import length
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, REGIMENS, START

st.register_type_strategy(Regimen, st.sampled_from(list(REGIMENS.values())))

INSTANTS = st.datetimes(timezones=st.just(UTC))
ITEMS = tuple(cls for cls in (*get_args(Item), LinkChanged) if cls is not Waveform)


def anything(cls: type[Any]) -> st.SearchStrategy[Any]:
    """Any `cls`: numbers of both kinds, instants in UTC, no NaN, which is not even itself."""
    number = st.floats(allow_nan=False) | st.integers()
    st.register_type_strategy(float, number)
    return st.builds(cls, **({"at": st.none() | INSTANTS} if "at" in cls.__annotations__ else {}))


def same(a: What, b: What) -> bool:
    """Equal, and written alike: 97 is not 97.0."""
    return a == b and text_of(a) == text_of(b)


@pytest.mark.parametrize("cls", get_args(Command), ids=lambda cls: cls.__name__)
@settings(max_examples=length(30, 1000))
@given(data=st.data())
def test_every_command_comes_back_as_it_was(cls: type[Any], data: st.DataObject) -> None:
    command = data.draw(anything(cls))
    assert same(what_in(text_of(command)), command)


@pytest.mark.parametrize("cls", ITEMS, ids=lambda cls: cls.__name__)
@settings(max_examples=length(30, 1000))
@given(data=st.data())
def test_every_item_of_a_device_comes_back_as_it_was(cls: type[Any], data: st.DataObject) -> None:
    said = Said("oximeter", data.draw(anything(cls)))
    assert what_in(text_of(said)) == said


@pytest.mark.parametrize("what", [Tick(), Site("bed-failing", "why"), Site("bed-failing", None)])
def test_the_rest_comes_back_as_it_was(what: What) -> None:
    assert what_in(text_of(what)) == what


def test_of_a_wave_it_is_kept_that_it_came() -> None:
    said = Said("oximeter", Waveform("pleth", 75.0, (1, 2, 3)))
    assert what_in(text_of(said)) == Said("oximeter", Waveform("pleth", 75.0, ()))


def test_whole_numbers_stay_whole_whatever_was_written_before() -> None:
    def text(value: float) -> str:
        return text_of(Said("oximeter", Measurement((Reading(Vital.SPO2, value),))))

    assert json.loads(text(97.0))["readings"][0]["value"] == 97
    assert "97.0" in text(97.0)
    assert "97.0" not in text(97)


def test_a_bed_takes_what_it_is_given_as_if_it_were_called() -> None:
    item = Measurement((Reading(Vital.SPO2, 97),))
    called, was_given = (Bed("bed-1", (OXIMETER, CUFF), DEFAULT) for _ in range(2))
    events = called.take(Report("oximeter", START, item)).events
    assert events
    assert give(was_given, Given(START, Said("oximeter", item))).events == events


def test_there_is_no_way_into_a_bed_that_is_not_recorded() -> None:
    ways_in = {
        name
        for name, method in vars(Bed).items()
        if callable(method)
        and not name.startswith("_")
        and get_type_hints(method, vars(bed)).get("return") is Outcome
    }
    assert ways_in == {"take", "site", "tick", "command"}


def test_an_opening_comes_back_with_its_devices_and_its_rules(tmp_path: Path) -> None:
    (tmp_path / "base.toml").write_text('name = "base"\nversion = "2"\nextends = "default"\n')
    (tmp_path / "site.toml").write_text('name = "site"\nversion = "1"\nextends = "base.toml"\n')
    rules = load(str(tmp_path / "site.toml"))
    opening = Opening(START, (OXIMETER, CUFF), 0.5, rules, 3, 7)
    kept = json.loads(json.dumps(opening.as_json()))
    (tmp_path / "base.toml").unlink()
    assert Opening.from_json(START, kept) == opening
