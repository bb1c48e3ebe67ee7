"""Rule files: what can be written, and how a wrong one is refused."""

import re
from pathlib import Path

import pytest

from alerts.rules.loader import RuleError, from_texts, load_rules, parse, shipped
from alerts.rules.model import AllOf, AnyOf, Comparison, Fall, Kind, Limit, Priority, Rise, RuleSet
from alerts.rules.vocabulary import RANGES, SYMPTOM_SIGNALS, SYMPTOMS, TECHNICAL_CONDITIONS

HEAD = 'name = "site-a"\nversion = "3"\n'


def a_rule(**keys: str) -> str:
    """A rule as TOML; a key given as an empty string is left out."""
    base = {
        "id": '"r.one"',
        "signal": '"spo2"',
        "below": "90",
        "priority": '"high"',
        "text": '"SpO2 {value}"',
        "source": '"default"',
    }
    lines = (f"{key} = {value}" for key, value in (base | keys).items() if value)
    return "[[rule]]\n" + "\n".join(lines) + "\n"


def parsed(text: str) -> RuleSet:
    return parse(text, "site.toml")


def test_the_set_that_ships_is_valid() -> None:
    assert [load_rules(name).name for name in shipped()] == ["default"]


def test_a_rule_is_what_its_table_says() -> None:
    rule = parsed(
        HEAD
        + a_rule(for_s="10", clear_margin="1", clear_for_s="5", latching="true", guidance='"Look."')
    ).rules[0]
    assert rule.condition == Limit("spo2", Comparison.BELOW, 90)
    assert (rule.for_s, rule.clear_margin, rule.clear_for_s) == (10, 1, 5)
    assert (rule.priority, rule.latching, rule.kind) == (Priority.HIGH, True, Kind.PHYSIOLOGICAL)
    assert (rule.guidance, rule.source) == ("Look.", "default")


@pytest.mark.parametrize(
    ("keys", "condition"),
    [
        ({"below": "", "above": "99"}, Limit("spo2", Comparison.ABOVE, 99)),
        ({"below": "", "at_least": "99"}, Limit("spo2", Comparison.AT_LEAST, 99)),
        ({"below": "", "at_most": "80.5"}, Limit("spo2", Comparison.AT_MOST, 80.5)),
        ({"below": "", "rise_from_baseline": "5"}, Rise("spo2", 5)),
        ({"below": "", "fall_of": "4", "within_s": "60"}, Fall("spo2", 4, 60)),
    ],
)
def test_every_kind_of_condition_can_be_written(keys: dict[str, str], condition: object) -> None:
    assert parsed(HEAD + a_rule(**keys)).rules[0].condition == condition


@pytest.mark.parametrize(("form", "condition"), [("any_of", AnyOf), ("all_of", AllOf)])
def test_conditions_can_be_put_together_in_each_other(
    form: str, condition: type[AnyOf] | type[AllOf]
) -> None:
    parts = '[{signal = "sys", above = 3}, {all_of = [{signal = "dia", below = 3}]}]'
    rule = parsed(HEAD + a_rule(signal="", below="", text='"t"', **{form: parts})).rules[0]
    dia = AllOf((Limit("dia", Comparison.BELOW, 3),))
    assert rule.condition == condition((Limit("sys", Comparison.ABOVE, 3), dia))


def test_a_priority_is_read_in_capitals_too() -> None:
    rule = parsed(HEAD + a_rule(priority='"Low"', worsens_to='"HIGH"')).rules[0]
    assert (rule.priority, rule.worsens_to) == (Priority.LOW, Priority.HIGH)


@pytest.mark.parametrize("signal", sorted(RANGES))
def test_a_rule_can_name_every_signal(signal: str) -> None:
    rule = parsed(HEAD + a_rule(signal=f'"{signal}"', below="3")).rules[0]
    assert rule.condition == Limit(signal, Comparison.BELOW, 3)


@pytest.mark.parametrize("name", sorted(TECHNICAL_CONDITIONS))
def test_a_rule_can_name_every_technical_condition(name: str) -> None:
    keys = {"signal": "", "below": "", "text": '"{reason}"', "technical": f'"{name}"'}
    assert parsed(HEAD + a_rule(**keys)).rules[0].technical_condition == name


PAGE = Path(__file__).parents[3] / "docs" / "reference" / "rules.md"
DOCUMENTED = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name", sorted([*TECHNICAL_CONDITIONS, *SYMPTOMS, *(RANGES.keys() - SYMPTOM_SIGNALS.keys())])
)
def test_everything_a_rule_can_name_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENTED


WRONG = [
    ("not toml", "not TOML", "x = "),
    ("no name", "name", 'version = "1"\n' + a_rule()),
    ("no version", "version", 'name = "a"\n' + a_rule()),
    ("no rules", "has no rule", HEAD),
    ("unknown top key", "unknown key rules", HEAD + "rules = 1\n"),
    ("rule not a table", "[[rule]]", HEAD + "rule = 3\n"),
    ("extends not a name", "extends", HEAD + "extends = 3\n"),
    ("extends nothing", "nowhere", HEAD + 'extends = "nowhere"\n'),
    ("rule without id", "no id", HEAD + a_rule(id="")),
    ("rule with an empty id", "no id", HEAD + a_rule(id='""')),
    ("rule whose id is no text", "no id", HEAD + a_rule(id="3")),
    ("rule twice", "rule r.one: is there twice", HEAD + a_rule() + a_rule()),
]
WRONG_RULE = [
    ({"belwo": "3"}, "belwo"),
    ({"signal": ""}, "exactly one of signal"),
    ({"technical": '"no-pulse"'}, "exactly one of signal"),
    ({"signal": '"spo3"'}, "spo3"),
    ({"signal": "[1]"}, "not measured"),
    ({"below": ""}, "exactly one limit"),
    ({"above": "3"}, "exactly one limit"),
    ({"below": '"low"'}, "below = 'low' is not a number"),
    ({"below": "nan"}, "below = nan is not a number"),
    ({"below": "true"}, "below = True is not a number"),
    ({"below": "", "fall_of": "4"}, "within_s"),
    ({"within_s": "4"}, "within_s"),
    ({"for_s": "-1"}, "for_s = -1 is under 0"),
    ({"for_s": "inf"}, "for_s = inf is not a number"),
    ({"priority": ""}, "priority is one of high, medium, low"),
    ({"priority": '"urgent"'}, "priority is one of"),
    ({"latching": '"yes"'}, "latching is true or false"),
    ({"kind": '"technical"'}, "does not fit its condition"),
    ({"kind": '"soft"'}, "kind is one of physiological, technical, advisory"),
    ({"text": ""}, "text is missing"),
    ({"text": "3"}, "text = 3 is no text"),
    ({"guidance": "true"}, "guidance = True is no text"),
    ({"source": ""}, "source is missing"),
    ({"text": '"{who}"'}, "{who} is not known"),
    ({"text": '"{symptom.headache}"'}, "{symptom.headache} is not known"),
    ({"text": '"{}"'}, "{} is not known"),
    ({"text": '"{value"'}, "text"),
    ({"text": '"{value:.0f}"'}, "nothing after the name"),
    ({"text": '"{value!r}"'}, "nothing after the name"),
    ({"text": '"{value.real}"'}, "is not known"),
    ({"in_session": "false"}, "in_session"),
    ({"confirm_after_s": "60", "confirm_within_s": "240"}, "for pressures alone"),
    ({"signal": '"sys"', "confirm_after_s": "60"}, "confirm_within_s"),
    (
        {"signal": '"sys"', "confirm_after_s": "60", "confirm_within_s": "60"},
        "confirm_within_s must be over confirm_after_s",
    ),
    ({"signal": '"sys"', "confirm_after_s": "60", "for_s": "5"}, "both for_s and confirm"),
    ({"differ_by": "4"}, "differ_by goes with technical = 'oximeters-differ'"),
    ({"worsens_to": '"medium"'}, "worsens_to must be over priority high"),
    ({"worsens_to": '"high"'}, "worsens_to must be over priority high"),
    ({"signal": "", "below": "", "technical": '"gremlins"'}, "gremlins"),
    ({"signal": "", "below": "", "technical": "[]"}, "is not known"),
    ({"signal": "", "technical": '"no-pulse"'}, "technical stands alone; remove below"),
    (
        {"signal": "", "above": "3", "technical": '"no-pulse"'},
        "technical stands alone; remove above",
    ),
    (
        {"signal": "", "below": "", "text": '"t"', "technical": '"no-pulse"', "after_min": "3"},
        "after_min",
    ),
    ({"signal": "", "below": "", "any_of": "[]"}, "any_of takes a list"),
    ({"signal": "", "below": "", "any_of": '[{signal = "sys", above = 3}, 3]'}, "any_of takes a"),
    (
        {"signal": "", "below": "", "any_of": '[{technical = "no-pulse"}]'},
        "technical stands alone, not inside any_of",
    ),
    ({"signal": "", "any_of": '[{signal = "sys", above = 3}]'}, "below belongs inside any_of"),
    (
        {"signal": "", "above": "3", "any_of": '[{signal = "sys", above = 3}]'},
        "above belongs inside any_of",
    ),
    (
        {"signal": "", "below": "", "all_of": '[{signal = "sys", above = 3, for_s = 3}]'},
        "unknown key for_s",
    ),
    (
        {
            "signal": "",
            "below": "",
            "any_of": '[{signal = "sys", above = 3}, {signal = "dia", above = 3}]',
        },
        "{value} needs a rule of one signal",
    ),
]


@pytest.mark.parametrize(("says", "text"), [row[1:] for row in WRONG], ids=[r[0] for r in WRONG])
def test_a_wrong_file_is_refused_by_name(says: str, text: str) -> None:
    with pytest.raises(RuleError) as refused:
        parsed(text)
    assert "site.toml" in str(refused.value) or "nowhere" in str(refused.value)
    assert says in str(refused.value)


@pytest.mark.parametrize(("keys", "says"), WRONG_RULE, ids=[row[1] for row in WRONG_RULE])
def test_a_wrong_rule_is_refused_by_file_rule_and_key(keys: dict[str, str], says: str) -> None:
    with pytest.raises(RuleError) as refused:
        parsed(HEAD + a_rule(**keys))
    assert str(refused.value).startswith("site.toml:")
    assert ": rule r.one: " in str(refused.value)
    assert says in str(refused.value)


PLACES = [
    (3, HEAD + "rules = 1\n" + a_rule()),
    (2, 'name = "a"\nversion = 1\n' + a_rule()),
    (3, HEAD + "rule = 3\n"),
    (5, HEAD + a_rule(signal='"spo3"')),
    (6, HEAD + a_rule(below='"x"')),
    (6, HEAD + a_rule(below='"""\n\nx"""')),
    (3, HEAD + a_rule(text="")),
    (10, HEAD + a_rule(technical='"no-pulse"')),
    (6, HEAD + a_rule(above="3")),
    (9, HEAD + a_rule(signal="", above="3", technical='"no-pulse"')),
    (9, HEAD + a_rule(signal="", above="3", any_of='[{signal = "sys", above = 3}]')),
    (12, HEAD + a_rule() + a_rule(id='"r.two"', signal='"spo3"')),
    (10, HEAD + a_rule(signal="", below="", any_of="""[
        {signal = "sys", above = 3},
        {signal = "dia", above = "x"},
    ]""")),
    (9, HEAD + a_rule(signal="", below="", any_of="""[
        {signal = "sys", above = 3, belwo = 3},
    ]""")),
]  # fmt: skip


@pytest.mark.parametrize(("line", "text"), PLACES)
def test_a_fault_names_its_line(line: int, text: str) -> None:
    with pytest.raises(RuleError, match=rf"^site\.toml:{line}: "):
        parsed(text)


@pytest.mark.parametrize(
    ("keys", "known"),
    [
        ({"belwo": "3"}, "below"),
        ({"signal": '"spo3"'}, "spo2"),
        ({"signal": '"chest-pain"'}, "symptom.chest-pain"),
        ({"signal": "", "below": "", "technical": '"link-down"'}, "link-lost"),
        ({"text": '"{vlaue}"'}, "value"),
    ],
)
def test_a_slip_is_answered_with_what_was_meant(keys: dict[str, str], known: str) -> None:
    with pytest.raises(RuleError, match=rf"did you mean {known}\?"):
        parsed(HEAD + a_rule(**keys))


def test_of_several_faults_the_first_is_told() -> None:
    wrong = HEAD + a_rule(signal='"spo3"') + a_rule(id='"r.two"', below='"x"')
    with pytest.raises(RuleError, match=r"^site\.toml:5: rule r\.one: "):
        parsed(wrong)


def test_of_several_faults_of_a_rule_the_unknown_key_is_told() -> None:
    with pytest.raises(RuleError, match=r"^site\.toml:9: rule r\.one: unknown key belwo"):
        parsed(HEAD + a_rule(below="", priority='"urgent"', belwo="3"))


def test_of_a_file_s_faults_those_of_its_head_come_first() -> None:
    with pytest.raises(RuleError, match=r"^site\.toml:1: name = 3 is no text; write name = "):
        parsed(HEAD.replace('"site-a"', "3") + a_rule(signal='"spo3"'))


def test_an_unknown_key_of_an_inner_condition_is_answered_with_those_it_can_have() -> None:
    inner = '[{signal = "sys", abuv = 3}]'
    with pytest.raises(RuleError, match=r"unknown key abuv; did you mean above\?"):
        parsed(HEAD + a_rule(signal="", below="", any_of=inner))


# ── extends ─────────────────────────────────────────────────────────────────────────────


def test_a_set_that_extends_another_has_its_rules() -> None:
    site = parsed(HEAD + 'extends = "default"\n' + a_rule())
    assert [rule.id for rule in site.rules] == [r.id for r in load_rules("default").rules] + [
        "r.one"
    ]
    assert (site.name, site.version) == ("site-a", "3")


def test_a_rule_of_the_same_id_replaces_the_other_in_its_place() -> None:
    site = parsed(HEAD + 'extends = "default"\n' + a_rule(id='"spo2.low"', below="85"))
    place = [rule.id for rule in load_rules("default").rules].index("spo2.low")
    assert site.rules[place].condition == Limit("spo2", Comparison.BELOW, 85)
    assert len(site.rules) == len(load_rules("default").rules)


def test_a_set_is_known_by_its_text_and_what_it_extends(tmp_path: Path) -> None:
    child, parent = tmp_path / "child.toml", tmp_path / "parent.toml"
    child.write_text(HEAD + 'extends = "parent.toml"\n')
    parent.write_text(HEAD + a_rule())
    before = load_rules(str(child)).hash
    assert load_rules(str(child)).hash == before
    parent.write_text(HEAD + a_rule(below="91"))
    assert load_rules(str(child)).hash != before


def test_a_byte_order_mark_is_no_part_of_a_set(tmp_path: Path) -> None:
    site = tmp_path / "site.toml"
    site.write_text(f"\ufeff{HEAD}{a_rule()}")
    assert load_rules(str(site)).texts == (HEAD + a_rule(),)


def test_what_a_file_extends_is_found_beside_it(tmp_path: Path) -> None:
    (tmp_path / "deep").mkdir()
    (tmp_path / "base.toml").write_text(HEAD + a_rule())
    site = tmp_path / "deep" / "site.toml"
    site.write_text(HEAD + 'extends = "../base.toml"\n')
    assert [rule.id for rule in load_rules(str(site)).rules] == ["r.one"]


def test_each_file_finds_what_it_extends_beside_itself(tmp_path: Path) -> None:
    site, base = tmp_path / "ward" / "site.toml", tmp_path / "clinic" / "base.toml"
    for file in (site, base):
        file.parent.mkdir()
    site.write_text(HEAD + 'extends = "../clinic/clinic.toml"\n')
    (base.parent / "clinic.toml").write_text(HEAD + 'extends = "base.toml"\n')
    base.write_text(HEAD + a_rule())
    assert [rule.id for rule in load_rules(str(site)).rules] == ["r.one"]


@pytest.mark.parametrize(
    ("files", "says"),
    [
        ({"a": "a"}, "a.toml: extends = 'a.toml' leads back to itself"),
        ({"a": "b", "b": "a"}, "b.toml: extends = 'a.toml' leads back to itself"),
        ({"a": "b", "b": "c", "c": "b"}, "c.toml: extends = 'b.toml' leads back to itself"),
    ],
    ids=["itself", "one other", "two others"],
)
def test_a_file_that_leads_back_to_itself_is_refused(
    tmp_path: Path, files: dict[str, str], says: str
) -> None:
    for name, other in files.items():
        (tmp_path / f"{name}.toml").write_text(HEAD + f'extends = "{other}.toml"\n')
    with pytest.raises(RuleError, match=f"^{re.escape(str(tmp_path / says))}"):
        load_rules(str(tmp_path / "a.toml"))


def test_a_set_is_had_again_from_the_texts_that_made_it_up(tmp_path: Path) -> None:
    texts = [
        HEAD + 'extends = "clinic.toml"\n' + a_rule(below="85"),
        HEAD + 'extends = "default"\n[escalation]\nhigh_after_s = 30\n' + a_rule(id='"r.two"'),
    ]
    (tmp_path / "site.toml").write_text(texts[0])
    (tmp_path / "clinic.toml").write_text(texts[1])
    rules = load_rules(str(tmp_path / "site.toml"))
    assert rules.texts == (*texts, *load_rules("default").texts)
    assert from_texts(rules.texts, "the journal") == rules
    assert from_texts(load_rules("default").texts, "the journal") == load_rules("default")


def test_a_set_is_summed_up_by_its_name_its_version_and_how_many_rules_it_has() -> None:
    assert parsed(HEAD + a_rule() + a_rule(id='"r.two"')).summary == "site-a 3, 2 rules"


def test_a_file_that_is_not_there_is_refused_with_the_sets_that_are() -> None:
    with pytest.raises(RuleError, match="default"):
        load_rules("/nowhere/site.toml")


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RuleError, match=r"site\.toml"):
        load_rules(str(tmp_path / "site.toml"))
