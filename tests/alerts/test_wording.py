"""What an alarm says."""

import pytest

from alerts.lifecycle import Alarm
from alerts.wording import render
from tests.alerts.scenes import DEFAULT, Watched


@pytest.mark.parametrize(
    ("seen", "rule", "text"),
    [
        (
            Watched().hold(10, spo2=85),
            "spo2.very-low",
            "SpO2 85 %: under 88 for 10 s",
        ),
        (
            Watched(baseline={"sys": 110, "dia": 80}).see(sys=185, dia=85),
            "pressure.severe",
            "Pressure 185/85: 180/110 or more",
        ),
        (
            Watched(baseline={"sys": 100, "dia": 70})
            .see(sys=141, dia=65)
            .wait(60)
            .see(sys=141, dia=65),
            "pressure.rise",
            "Pressure 141/65: up +41/-5 from baseline",
        ),
        (
            Watched().trouble("link-lost", "cuff", "no such port").wait(2),
            "tech.link-lost",
            "cuff: not connected: no such port",
        ),
        (
            Watched().trouble("signal-missing", None, "no device here gives spo2").wait(15),
            "tech.signal-missing",
            "bed: no device here gives spo2. Blind: nothing",
        ),
        (
            Watched()
            .see(
                **{"symptom.headache": 3, "symptom.chest-pain": 1, "symptom.nausea": 2, "moaas": 3}
            )
            .see(sys=185, dia=85),
            "pressure.crisis",
            "Pressure 185/85 with mild chest pain, severe headache, MOAA/S 3: emergency care now",
        ),
        (
            Watched().see(**{"news2": 6, "news2-single": 3}),
            "news2.raised",
            "NEWS2 6, 3 for one sign",
        ),
    ],
)
def test_an_alarm_says_what_was_seen(seen: Watched, rule: str, text: str) -> None:
    assert seen.alarm(rule).text == text


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
    rule = next(rule for rule in DEFAULT.rules if rule.id == "tech.sensor-off")
    text = render(rule, {}, {}, "oximeter", gone=gone)
    assert text == f"oximeter: no finger. Blind: {words}"


def test_an_alarm_whose_value_was_lost_on_the_way_names_the_last_that_met_it() -> None:
    alarm = Watched().hold(3, spo2=85).lose("spo2").wait(7).alarm("spo2.very-low")
    assert alarm.text == "SpO2 85 %: under 88 for 10 s"
    assert alarm.values == {"spo2": 85}


def test_an_alarm_keeps_the_values_its_rule_looked_at() -> None:
    alarm: Alarm = Watched().see(sys=185, dia=85, pulse=70).alarm("pressure.severe")
    assert alarm.values == {"sys": 185, "dia": 85}


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.id)
def test_no_text_leaves_a_brace(rule: object) -> None:
    assert "{" not in render(rule, {}, {})  # type: ignore[arg-type]
