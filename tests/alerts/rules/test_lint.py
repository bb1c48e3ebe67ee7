"""What a rule set may have wrong though it can be used."""

from collections.abc import Collection
from pathlib import Path

import pytest

from alerts.rules.lint import Finding, Severity, lint_rules
from alerts.rules.loader import read_rules, shipped
from alerts.rules.vocabulary import RANGES
from drivers.readings import Vital

HEAD = 'name = "site"\nversion = "1"\n'
FAULT, WARNING, NOTE = Severity.FAULT, Severity.WARNING, Severity.NOTE


def rule(named: str = "r.one", /, **keys: object) -> str:
    """A rule as TOML; text values are written with their quotes."""
    base: dict[str, object] = {"id": f'"{named}"', "priority": '"medium"', "text": '"t"'}
    lines = "".join(f"{key} = {value}\n" for key, value in (base | keys).items())
    return f'[[rule]]\n{lines}source = "s"\n'


def spo2(named: str = "r.one", /, **keys: object) -> str:
    return rule(named, **{"signal": '"spo2"', "below": 90} | keys)


class Checked:
    def __init__(self, folder: Path) -> None:
        self.file = folder / "site.toml"

    def __call__(self, text: str, given: Collection[str] | None = None) -> list[Finding]:
        self.file.write_text(text)
        return lint_rules(read_rules(str(self.file)), given)


@pytest.fixture
def checked(tmp_path: Path) -> Checked:
    return Checked(tmp_path)


@pytest.mark.parametrize("name", shipped())
def test_the_set_that_ships_has_nothing_to_find(name: str) -> None:
    assert lint_rules(read_rules(name), {"spo2", "pulse", "sys", "dia", "map"}) == []


def test_a_sound_set_has_nothing_to_find(checked: Checked) -> None:
    assert checked(HEAD + spo2()) == []


# ── faults of the file ──────────────────────────────────────────────────────────────────


def test_every_wrong_rule_is_a_fault_with_its_line(checked: Checked) -> None:
    found = checked(HEAD + spo2("a", below='"x"') + spo2("b") + spo2("c", belwo=3))
    assert [finding.level for finding in found] == [FAULT, FAULT]
    assert [finding.message for finding in found] == [
        f"{checked.file}:8: rule a: below = 'x' is not a number",
        f"{checked.file}:23: rule c: unknown key belwo; did you mean below?",
    ]


def test_the_same_id_twice_is_a_fault(checked: Checked) -> None:
    [found] = checked(HEAD + spo2() + spo2(below=85))
    assert found == Finding(
        FAULT, f"{checked.file}:11: rule r.one: is there twice; rename or remove one"
    )


def test_a_file_that_is_not_there_is_a_fault() -> None:
    [found] = lint_rules(read_rules("/nowhere/site.toml"))
    assert found.level is FAULT
    assert "/nowhere/site.toml" in found.message


# ── rules that never fire ───────────────────────────────────────────────────────────────

ANY, ALL = "any_of", "all_of"


def limits(*parts: str) -> str:
    """`spo2 above 90` and so on, as a list of conditions."""
    words = (part.split() for part in parts)
    return "[" + ", ".join(f'{{signal = "{s}", {how} = {n}}}' for s, how, n in words) + "]"


NEVER = [
    ({"signal": '"spo2"', "above": 100}, "spo2 > 100 never is: spo2 goes from 0 to 100"),
    ({"signal": '"spo2"', "below": 0}, "spo2 < 0 never is: spo2 goes from 0 to 100"),
    ({"signal": '"cadss"', "at_least": 93}, "cadss ≥ 93 never is: cadss goes from 0 to 92"),
    ({"signal": '"symptom.nausea"', "at_least": 4}, "symptom.nausea goes from 0 to 3"),
    ({"signal": '"moaas"', "at_most": -1}, "moaas goes from 0 to 5"),
    ({"signal": '"temperature"', "above": 45}, "temperature goes from 25 to 45"),
    ({"signal": '"cadss"', "rise_from_baseline": 93}, "cadss goes from 0 to 92"),
    ({"signal": '"spo2"', "fall_of": 101, "within_s": 60}, "spo2 goes from 0 to 100"),
    ({"signal": '"spo2"', "fall_of": 4, "within_s": 0}, "no time to fall in"),
    ({"signal": '"moaas"', "fall_of": 2, "within_s": 1800}, "moaas comes from people"),
    ({"signal": '"pulse"', "rise_from_baseline": 30}, "of sys, dia, cadss, moaas and not of pulse"),
    ({ALL: limits("spo2 above 90", "spo2 below 91")}, "never met together"),
    ({ALL: limits("spo2 at_least 91", "spo2 at_most 90")}, "never met together"),
    ({ALL: limits("sys rise_from_baseline 40", "sys below 70")}, "never met together"),
    ({ALL: limits("temperature above 38", "temperature below 38.1")}, "never met together"),
    ({ALL: limits("perfusion above 0.3", "perfusion below 0.31")}, "never met together"),
    ({"signal": '"spo2"', "below": 90, "for_s": 86400}, "for_s is a day or more"),
    ({"signal": '"spo2"', "below": 90, "after_min": 1440}, "after_min is a day or more"),
]
FIRES: list[dict[str, object]] = [
    {"signal": '"spo2"', "above": 99},
    {"signal": '"spo2"', "below": 1},
    {"signal": '"cadss"', "at_least": 92},
    {"signal": '"symptom.nausea"', "at_least": 3},
    {"signal": '"moaas"', "at_most": 0},
    {"signal": '"temperature"', "above": 44.9},
    {"signal": '"cadss"', "rise_from_baseline": 92},
    {"signal": '"spo2"', "fall_of": 100, "within_s": 1},
    {ALL: limits("spo2 above 89", "spo2 below 91")},
    {ALL: limits("spo2 at_least 90", "spo2 at_most 90")},
    {ALL: limits("sys rise_from_baseline 40", "sys below 71")},
    {ALL: limits("temperature above 38", "temperature below 38.2")},
    {ALL: limits("perfusion above 0.3", "perfusion below 0.32")},
    {"signal": '"spo2"', "below": 90, "for_s": 86399},
    {"signal": '"spo2"', "below": 90, "after_min": 1439},
]


@pytest.mark.parametrize(("keys", "says"), NEVER, ids=[str(row[0]) for row in NEVER])
def test_a_rule_that_can_never_fire_is_a_fault(
    checked: Checked, keys: dict[str, object], says: str
) -> None:
    [found] = checked(HEAD + rule(**keys))
    assert found.level is FAULT
    assert found.message.startswith(f"{checked.file}:3: rule r.one: ")
    assert says in found.message


@pytest.mark.parametrize("keys", FIRES, ids=str)
def test_a_rule_that_can_just_fire_is_sound(checked: Checked, keys: dict[str, object]) -> None:
    assert checked(HEAD + rule(**keys)) == []


def test_a_part_that_never_is_met_is_a_warning(checked: Checked) -> None:
    [found] = checked(HEAD + rule(any_of=limits("spo2 above 100", "spo2 below 90")))
    assert found.level is WARNING
    assert "spo2 > 100 never is" in found.message


@pytest.mark.parametrize(
    "keys",
    [
        {"signal": '"spo2"', "at_least": 0},
        {ALL: limits("sys above 29", "sys below 301")},
        {ANY: limits("spo2 at_least 0", "pulse above 120")},
    ],
    ids=str,
)
def test_a_rule_that_is_always_met_is_a_warning(checked: Checked, keys: dict[str, object]) -> None:
    [found] = checked(HEAD + rule(**keys))
    assert (found.level, "every value" in found.message) == (WARNING, True)


def test_a_rise_of_nothing_is_not_always_met_for_it_needs_a_baseline(checked: Checked) -> None:
    parts = limits("sys at_least 30", "sys rise_from_baseline 0")
    assert checked(HEAD + rule(all_of=parts)) == []


# ── rules that never end ────────────────────────────────────────────────────────────────

ENDLESS = [
    ({"signal": '"spo2"', "below": 93, "clear_margin": 7}, 8),
    ({"signal": '"spo2"', "at_most": 93, "clear_margin": 7}, 8),
    ({"signal": '"moaas"', "above": 1, "clear_margin": 1}, 2),
    ({"signal": '"moaas"', "at_least": 2, "clear_margin": 2}, 3),
    ({"signal": '"spo2"', "fall_of": 4, "within_s": 60, "clear_margin": 4}, 5),
    ({ANY: limits("pulse above 140", "pulse below 40"), "clear_margin": 50}, 51),
]


@pytest.mark.parametrize(("keys", "margin"), ENDLESS, ids=[str(row[0]) for row in ENDLESS])
def test_a_margin_beyond_all_values_is_a_fault(
    checked: Checked, keys: dict[str, object], margin: int
) -> None:
    assert checked(HEAD + rule(**keys)) == []
    [found] = checked(HEAD + rule(**keys | {"clear_margin": margin}))
    assert found.level is FAULT
    assert f"clear_margin = {margin} is beyond all values, so it can never end" in found.message


def test_one_part_of_all_that_can_end_is_enough(checked: Checked) -> None:
    parts = limits("spo2 below 93", "pulse above 100")
    assert checked(HEAD + rule(all_of=parts, clear_margin=20)) == []


# ── rules that add nothing ──────────────────────────────────────────────────────────────

LESS_ADDS_NOTHING: list[tuple[dict[str, object], dict[str, object]]] = [
    ({}, {}),
    ({"below": 85}, {}),
    ({"below": 85, "priority": '"low"'}, {}),
    ({"below": 85, "for_s": 10}, {}),
    ({"below": 85, "kind": '"advisory"'}, {}),
    ({"below": 85}, {"latching": "true"}),
    ({"below": 85, "after_min": 60}, {}),
    ({"below": 85, "after_min": 60}, {"after_min": 30}),
    ({"below": 85, "after_min": 30}, {"after_min": 30}),
    ({"below": 85, "after_min": 0}, {}),
]
ADDS: list[tuple[dict[str, object], dict[str, object]]] = [
    ({"below": 85, "priority": '"high"'}, {}),
    ({"below": 85}, {"for_s": 10}),
    ({"below": 85}, {"kind": '"advisory"'}),
    ({"below": 85, "latching": "true"}, {}),
    ({"below": 85}, {"after_min": 60}),
    ({"below": 85}, {"after_min": 0}),
    ({"below": 85, "after_min": 29}, {"after_min": 30}),
    ({"below": 75, "signal": '"resp"'}, {}),
]


@pytest.mark.parametrize(("less", "more"), LESS_ADDS_NOTHING, ids=str)
def test_a_rule_met_only_with_another_as_loud_and_as_soon_is_a_warning(
    checked: Checked, less: dict[str, object], more: dict[str, object]
) -> None:
    [found] = checked(HEAD + spo2("more", **more) + spo2("less", **less))
    assert found.level is WARNING
    assert found.message.endswith("rule less: adds nothing to rule more")


@pytest.mark.parametrize(("less", "more"), ADDS, ids=str)
def test_a_rule_that_is_louder_or_sooner_adds_something(
    checked: Checked, less: dict[str, object], more: dict[str, object]
) -> None:
    assert checked(HEAD + spo2("more", **more) + spo2("less", **less)) == []


CONFIRMED = {"confirm_after_s": 60, "confirm_within_s": 240}
LATER = {"confirm_after_s": 90, "confirm_within_s": 240}
SOON_OR_LATE = {"confirm_after_s": 60, "confirm_within_s": 300}


@pytest.mark.parametrize(
    ("less", "more", "adds"),
    [
        ({"at_least": 190}, {"at_least": 180}, False),
        ({"above": 180}, {"at_least": 181}, False),
        ({"rise_from_baseline": 50}, {"rise_from_baseline": 40}, False),
        ({"rise_from_baseline": 40}, {"rise_from_baseline": 40}, False),
        ({"rise_from_baseline": 60}, {"at_least": 90}, False),
        ({"rise_from_baseline": 59}, {"at_least": 90}, True),
        ({"fall_of": 40, "within_s": 60}, {"fall_of": 30, "within_s": 90}, False),
        ({"fall_of": 30, "within_s": 60}, {"fall_of": 30, "within_s": 60}, False),
        ({"fall_of": 40, "within_s": 60}, {"fall_of": 30, "within_s": 50}, True),
        ({"at_least": 190, **CONFIRMED}, {"at_least": 180, **CONFIRMED}, False),
        ({"at_least": 190, **LATER}, {"at_least": 180, **CONFIRMED}, False),
        ({"at_least": 190, **CONFIRMED}, {"at_least": 180, **SOON_OR_LATE}, True),
        ({"at_least": 190, **CONFIRMED}, {"at_least": 180, **LATER}, True),
        ({"at_least": 190, **CONFIRMED}, {"at_least": 180}, False),
        ({"at_least": 190}, {"at_least": 180, **CONFIRMED}, True),
        ({"at_least": 190, "for_s": 240}, {"at_least": 180, **CONFIRMED}, False),
        ({"at_least": 190, "for_s": 239}, {"at_least": 180, **CONFIRMED}, True),
    ],
    ids=str,
)
def test_pressures_are_compared_by_what_they_can_be_and_when(
    checked: Checked, less: dict[str, object], more: dict[str, object], adds: bool
) -> None:
    sys = {"signal": '"sys"'}
    found = checked(HEAD + rule("more", **sys | more) + rule("less", **sys | less))
    assert bool(found) is not adds


def test_one_of_many_alternatives_adds_nothing(checked: Checked) -> None:
    many = rule("many", any_of=limits("sys at_least 180", "dia at_least 110"))
    [found] = checked(HEAD + rule("one", signal='"dia"', at_least=120) + many)
    assert "rule one: adds nothing to rule many" in found.message


def test_one_alternative_of_its_own_is_a_use(checked: Checked) -> None:
    many = rule("many", any_of=limits("sys at_least 180", "dia at_least 110"))
    two = rule("two", any_of=limits("sys at_least 190", "dia at_least 100"))
    assert checked(HEAD + many + two) == []


@pytest.mark.parametrize(
    "change", ["rise_from_baseline = 40", "fall_of = 40, within_s = 60"], ids=["rise", "fall"]
)
def test_a_change_with_a_limit_beside_it_adds_nothing_to_the_change(
    checked: Checked, change: str
) -> None:
    changed = f'{{signal = "sys", {change}}}'
    both = f'[{changed}, {{signal = "sys", below = 170}}]'
    [found] = checked(HEAD + rule("one", any_of=f"[{changed}]") + rule("both", all_of=both))
    assert "rule both: adds nothing to rule one" in found.message


def test_a_combination_with_another_signal_has_a_use_of_its_own(checked: Checked) -> None:
    both = rule("both", all_of=limits("spo2 below 85", "pulse above 120"))
    assert checked(HEAD + spo2("more") + both) == []


def test_a_technical_rule_with_the_same_condition_adds_nothing(checked: Checked) -> None:
    link = {"technical": '"link-lost"', "in_session": "false"}
    [found] = checked(HEAD + rule("first", **link) + rule("second", **link, for_s=9))
    assert "rule second: adds nothing to rule first" in found.message
    [found] = checked(HEAD + rule("first", technical='"link-lost"') + rule("second", **link))
    assert "rule first: adds nothing to rule second" in found.message


def test_of_two_technical_rules_the_one_that_grows_louder_adds_something(checked: Checked) -> None:
    link = {"technical": '"link-lost"'}
    worse = {"worsens_to": '"high"', "worsens_after_s": 30}
    [found] = checked(HEAD + rule("first", **link) + rule("second", **link, **worse))
    assert "rule first: adds nothing to rule second" in found.message


# ── a set over another ──────────────────────────────────────────────────────────────────

OVER = HEAD + 'extends = "default"\n'


def test_a_rule_in_the_place_of_another_is_noted(checked: Checked) -> None:
    [found] = checked(OVER + spo2("spo2.very-low", priority='"high"', for_s=10, latching="true"))
    assert found == Finding(
        NOTE, f"{checked.file}:4: rule spo2.very-low: replaces spo2 < 88 of default"
    )


def test_a_rule_that_leaves_one_of_the_other_set_nothing_is_a_warning(checked: Checked) -> None:
    found = checked(OVER + spo2("all", below=95, priority='"high"', latching="true"))
    assert {finding.level for finding in found} == {WARNING}
    says = [finding.message.split("rule all: ")[1] for finding in found]
    assert "leaves rule spo2.low nothing to add" in says
    assert "leaves rule spo2.very-low nothing to add" in says


def test_what_the_other_set_has_too_much_of_is_not_said_again(
    checked: Checked, tmp_path: Path
) -> None:
    other = tmp_path / "other.toml"
    other.write_text(HEAD + spo2("more") + spo2("less", below=85))
    assert len(lint_rules(read_rules(str(other)))) == 1
    assert checked(HEAD + 'extends = "other.toml"\n' + rule(signal='"pulse"', above=120)) == []


# ── a site's devices ────────────────────────────────────────────────────────────────────


def test_a_vital_that_no_device_gives_is_a_warning(checked: Checked) -> None:
    assert checked(HEAD + spo2(), {"spo2"}) == []
    [found] = checked(HEAD + spo2(), {"sys", "dia"})
    assert found.level is WARNING
    assert "no device here gives spo2, so it can never fire" in found.message


def test_a_fall_of_what_people_count_needs_a_device(checked: Checked) -> None:
    falling = HEAD + rule("r.one", signal='"resp"', fall_of=5, within_s=60)
    assert checked(falling, set(Vital)) == []
    [found] = checked(falling, set(Vital) - {Vital.RESP})
    assert "no device here gives resp" in found.message


def test_a_clear_time_of_a_day_never_ends(checked: Checked) -> None:
    [found] = checked(HEAD + spo2(clear_for_s=86_400))
    assert (found.level, "can never end" in found.message) == (FAULT, True)
    assert checked(HEAD + spo2(clear_for_s=86_399)) == []


def test_a_rule_that_can_fire_without_the_missing_vital_is_sound(checked: Checked) -> None:
    assert checked(HEAD + rule(any_of=limits("spo2 below 90", "resp below 8")), set()) == []


@pytest.mark.parametrize(
    "signal", ["sys", "dia", "resp", "temperature", "cadss", "moaas", "news2", "symptom.headache"]
)
def test_what_people_enter_needs_no_device(checked: Checked, signal: str) -> None:
    low = RANGES[signal][0]
    assert checked(HEAD + rule(signal=f'"{signal}"', at_most=low), set()) == []
