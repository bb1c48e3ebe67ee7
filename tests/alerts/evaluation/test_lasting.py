"""What an alarm says while it lasts: the latest value, and what to do before and while dosing."""

import pytest

from alerts.alarm.lifecycle import Alarm
from alerts.rules.loader import RuleError, parse
from alerts.rules.model import Kind
from tests.alerts.engine_fixtures import DEFAULT, FORMER, BedEngine

LOW, VERY_LOW, ELEVATED = "spo2.low", "spo2.very-low", "pressure.elevated"


def low() -> BedEngine:
    """A medium alarm on 90 %, raised at second 30."""
    return BedEngine().hold(30, spo2=90)


# ── the latest value ────────────────────────────────────────────────────────────────────


def test_a_text_is_made_anew_of_a_better_value_once_it_is_old() -> None:
    seen = low().wait(1).see(spo2=92)
    assert seen.alarm(LOW).text == "SpO2 90 %: under 93 for 30 s"
    seen.wait(28.9)
    assert seen.alarm(LOW).text == "SpO2 90 %: under 93 for 30 s"
    seen.wait(0.1)
    assert seen.alarm(LOW).text == "SpO2 92 %: under 93 for 30 s (worst 90)"
    assert (seen.changes[-1].type, seen.changes[-1].reason) == ("alarm.updated", "other values")
    assert seen.alarm(LOW).values == {"spo2": 92}
    assert seen.alarm(LOW).text_at == seen.now.wall


def test_a_value_that_went_and_came_back_is_no_news() -> None:
    seen = low().wait(1).see(spo2=92).wait(1).see(spo2=90)
    n = len(seen.changes)
    seen.wait(120)
    assert seen.changes[n:] == []


def test_a_value_that_comes_late_is_told_at_once() -> None:
    seen = low().wait(31).see(spo2=92)
    assert seen.alarm(LOW).text.startswith("SpO2 92 %")


def test_a_worse_value_is_told_at_once() -> None:
    assert low().wait(1).see(spo2=89).alarm(LOW).text.startswith("SpO2 89 %")


def test_a_score_s_text_has_the_last_score() -> None:
    seen = BedEngine().see(cadss=33).wait(60).see(cadss=9)
    assert seen.alarm("dissociation.present").text == "CADSS 9: dissociation present (worst 33)"


def test_a_text_is_not_made_of_values_that_would_end_the_alarm() -> None:
    seen = BedEngine().hold(40, spo2=85).see(spo2=97)
    assert seen.alarm(VERY_LOW).text == "SpO2 85 %: under 88 for 10 s"
    assert seen.wait(5).see(spo2=97).alarm(VERY_LOW).text == "SpO2 85 %: under 88 for 10 s"


def test_a_text_whose_data_are_lost_stays() -> None:
    seen = BedEngine().see(sys=190, dia=80).wait(60).lose("dia", "sys").wait(600)
    assert seen.alarm("pressure.severe").text == "Pressure 190/80: 180/110 or more"


def test_a_restart_forgets_no_text_s_age() -> None:
    seen = low().wait(1).see(spo2=92).restart().wait(28.9)
    assert seen.alarm(LOW).text.startswith("SpO2 90 %")
    assert seen.wait(0.1).alarm(LOW).text.startswith("SpO2 92 %")
    assert Alarm.from_json(seen.alarm(LOW).as_json()) == seen.alarm(LOW)


def test_under_a_set_that_says_nothing_of_it_a_text_is_of_what_raised_the_alarm() -> None:
    seen = BedEngine(FORMER).hold(30, spo2=90).wait(1).hold(120, spo2=91)
    assert seen.alarm(LOW).text.startswith("SpO2 90 %")
    assert "text_at" not in seen.alarm(LOW).as_json()


# ── what to do ──────────────────────────────────────────────────────────────────────────


def test_before_the_first_dose_nothing_is_called_expected() -> None:
    seen = BedEngine().see(cadss=6, consciousness=4, sys=150, dia=80).wait(61).see(sys=151, dia=80)
    for rule in ("dissociation.present", "sedation.present", ELEVATED):
        assert "xpected" not in seen.alarm(rule).guidance.replace("Not expected", "")
    after = seen.dosing(True)
    assert after.alarm("dissociation.present").guidance.startswith("An expected effect")
    assert after.changes[-1].reason == "other guidance"
    assert after.alarm(ELEVATED).guidance.startswith("Expected to some degree")


def test_while_a_drug_is_given_a_high_alarm_says_to_stop_or_hold_it() -> None:
    of_patient = (rule for rule in DEFAULT.rules if rule.kind is Kind.PHYSIOLOGICAL)
    high = [rule for rule in of_patient if rule.priority.label == "high"]
    assert high
    for rule in high:
        assert (rule.guidance_while_dosing or "").startswith(("Stop the drug", "Stop or hold"))
    seen = BedEngine(minutes=5).hold(10, spo2=85)
    assert seen.alarm(VERY_LOW).guidance == "Open the airway, give oxygen, call for help."
    assert seen.dosing(True).alarm(VERY_LOW).guidance.startswith("Stop or hold the drug.")
    assert seen.dosing(False).alarm(VERY_LOW).guidance.startswith("Open the airway")
    assert BedEngine().dosing(True).hold(10, spo2=85).alarm(VERY_LOW).guidance.startswith("Stop")


# ── NEWS2 ───────────────────────────────────────────────────────────────────────────────


def test_news2_names_its_signs_and_whether_it_is_partial() -> None:
    seen = BedEngine()
    seen.words = {"signs": "SpO2 3, pulse 2", "partial": " (partial)"}
    assert seen.see(news2=5).alarm("news2.raised").text == "NEWS2 5 (partial): SpO2 3, pulse 2"
    assert BedEngine().see(news2=7).alarm("news2.high").text == "NEWS2 7: –"


# ── as it is written ────────────────────────────────────────────────────────────────────

HEAD = 'name = "s"\nversion = "1"\n'
RULE = '[[rule]]\nid = "a"\n{}\npriority = "low"\ntext = "x"\nsource = "s"\n'


def test_a_set_renews_texts_as_the_one_that_it_extends() -> None:
    assert DEFAULT.renew_text_after_s == 30
    assert parse(HEAD + 'extends = "default"\n', "s").renew_text_after_s == 30
    mine = parse(HEAD + 'extends = "default"\n[text]\nrenew_after_s = 60\n', "s")
    assert mine.renew_text_after_s == 60
    assert parse(HEAD + RULE.format('signal = "spo2"\nbelow = 9'), "s").renew_text_after_s is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "[text]\nrenew_after_s = 4\n", "renew_after_s = 4 is not a time from 5 to 3600 s"),
        (
            HEAD + RULE.format('technical = "no-pulse"\nguidance_before_dose = "x"'),
            "guidance_before_dose is not for technical rules",
        ),
    ],
)
def test_what_it_cannot_be_is_refused(text: str, says: str) -> None:
    with pytest.raises(RuleError) as refused:
        parse(text, "s")
    assert says in str(refused.value)
