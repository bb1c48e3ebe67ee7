"""What an alarm says."""

from collections.abc import Callable

import pytest

from alerts.alarm.alarm_text import render
from alerts.alarm.lifecycle import Alarm
from tests.alerts.engine_fixtures import DEFAULT, BedEngine

RULES = {rule.id: rule for rule in DEFAULT.rules}


@pytest.mark.parametrize(
    ("seen", "rule", "text"),
    [
        (
            lambda: BedEngine().hold(10, spo2=85),
            "spo2.very-low",
            "SpO2 85 %: under 88 for 10 s",
        ),
        (
            lambda: BedEngine(baseline={"sys": 110, "dia": 80}).see(sys=185, dia=85),
            "pressure.severe",
            "Pressure 185/85: 180/110 or more",
        ),
        (
            lambda: (
                BedEngine(baseline={"sys": 100, "dia": 70})
                .see(sys=141, dia=65)
                .wait(60)
                .see(sys=141, dia=65)
            ),
            "pressure.rise",
            "Pressure 141/65: up +41/-5 from baseline",
        ),
        (
            lambda: BedEngine().condition("link-lost", "cuff", "no such port").wait(2),
            "tech.link-lost",
            "cuff: not connected: no such port",
        ),
        (
            lambda: (
                BedEngine().condition("signal-missing", None, "no device here gives spo2").wait(15)
            ),
            "tech.signal-missing",
            "bed: no device here gives spo2. Blind: nothing",
        ),
        (
            lambda: (
                BedEngine()
                .see(
                    **{
                        "symptom.headache": 3,
                        "symptom.chest-pain": 1,
                        "symptom.nausea": 2,
                        "consciousness": 3,
                    }
                )
                .see(sys=185, dia=85)
            ),
            "pressure.crisis",
            "Pressure 185/85 with mild chest pain, severe headache, consciousness 3 of 5: "
            "emergency care now",
        ),
        (
            lambda: BedEngine().see(**{"news2": 6, "news2-single": 3}),
            "news2.raised",
            "NEWS2 6: –",
        ),
    ],
)
def test_an_alarm_says_what_was_seen(seen: Callable[[], BedEngine], rule: str, text: str) -> None:
    assert seen().alarm(rule).text == text


@pytest.mark.parametrize(
    ("gone", "words"),
    [
        ((), "nothing"),
        (("sys", "dia"), "pressure"),
        (("spo2", "pulse"), "SpO2 and pulse"),
        (("resp", "spo2", "sys", "pulse"), "breathing, SpO2, pressure and pulse"),
    ],
)
def test_what_nobody_gives_is_said_in_words(gone: tuple[str, ...], words: str) -> None:
    text = render(RULES["tech.sensor-off"], {}, {}, "oximeter", signals_lost=gone)
    assert text == f"oximeter: no finger. Blind: {words}"


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ({"symptom.headache": 3, "symptom.chest-pain": 0, "consciousness": 5}, "severe headache"),
        ({"symptom.chest-pain": 1, "symptom.visual-change": 2}, "mild chest pain, moderate visual"),
        ({"consciousness": 4}, "consciousness 4 of 5"),
        ({"consciousness": 0}, "consciousness 0 of 5"),
        ({"consciousness": 5}, "–"),
        ({}, "–"),
    ],
)
def test_of_findings_those_are_named_that_there_are(found: dict[str, float], words: str) -> None:
    text = render(RULES["pressure.crisis"], {"sys": 185, "dia": 85, **found}, {})
    assert text.startswith(f"Pressure 185/85 with {words}")


def test_a_value_that_nobody_knows_is_a_dash() -> None:
    text = render(RULES["pressure.severe"], {"sys": 185}, {})
    assert text == "Pressure 185/–: 180/110 or more"


def test_an_alarm_whose_value_was_lost_on_the_way_names_the_last_that_met_it() -> None:
    alarm = BedEngine().hold(3, spo2=85).lose("spo2").wait(7).alarm("spo2.very-low")
    assert alarm.text == "SpO2 85 %: under 88 for 10 s"
    assert alarm.values == {"spo2": 85}


def test_an_alarm_keeps_the_values_its_rule_looked_at() -> None:
    alarm: Alarm = BedEngine().see(sys=185, dia=85, pulse=70).alarm("pressure.severe")
    assert alarm.values == {"sys": 185, "dia": 85}


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.id)
def test_no_text_leaves_a_brace(rule: object) -> None:
    assert "{" not in render(rule, {}, {})  # type: ignore[arg-type]
