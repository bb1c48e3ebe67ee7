"""The rules that ship: limits, delays, priorities, as the clinical table has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest

from alerts.alarm.lifecycle import Alarm, State
from alerts.rules.model import Kind, Priority, Rule
from alerts.rules.vocabulary import SITE_CONDITIONS
from tests.alerts.engine_fixtures import DEFAULT, BedEngine

HIGH, MEDIUM, LOW = Priority.HIGH, Priority.MEDIUM, Priority.LOW
BODY, ADVISORY = Kind.PHYSIOLOGICAL, Kind.ADVISORY
Seen = Mapping[str, float]


@dataclass(frozen=True)
class Row:
    """A rule at its limit: `met` raises it after `for_s`, `not_met` never does."""

    rule: str
    met: Seen
    not_met: Seen
    for_s: float
    priority: Priority
    kind: Kind = BODY
    latching: bool = False
    baseline: Seen = field(default_factory=dict)
    minutes: float = 60
    since_last: float = 55

    def __str__(self) -> str:
        return f"{self.rule}-{'-'.join(f'{name}={value:g}' for name, value in self.met.items())}"


CRISIS_FINDINGS = [
    ("symptom.chest-pain", 1, 0),
    ("symptom.breathlessness", 1, 0),
    ("symptom.headache", 3, 2),
    ("symptom.visual-change", 1, 0),
    ("symptom.seizure", 1, 0),
    ("symptom.loss-of-consciousness", 1, 0),
    ("symptom.double-vision", 1, 0),
    ("symptom.focal-deficit", 1, 0),
    ("consciousness", 3, 4),
]
NO_EVENT: Seen = dict.fromkeys(
    ("symptom.seizure", "symptom.loss-of-consciousness", "symptom.focal-deficit"), 0
)
SEVERE: Seen = {"sys": 180, "dia": 80}

AT_ONCE_OR_SUSTAINED = [
    Row(
        "pressure.severe", {"sys": 180, "dia": 80}, {"sys": 179, "dia": 80}, 0, HIGH, latching=True
    ),
    Row("pressure.severe", {"sys": 140, "dia": 110}, {"sys": 140, "dia": 109}, 0, HIGH, BODY, True),
    *(
        Row(
            "pressure.crisis",
            {**SEVERE, name: met},
            {**SEVERE, name: not_met},
            0,
            HIGH,
            latching=True,
        )
        for name, met, not_met in CRISIS_FINDINGS
    ),
    *(
        Row(
            "pressure.crisis",
            {**met, "symptom.chest-pain": 1},
            {**not_met, "symptom.chest-pain": 1},
            0,
            HIGH,
            latching=True,
        )
        for met, not_met in (
            ({"sys": 180, "dia": 80}, {"sys": 179, "dia": 80}),
            ({"sys": 140, "dia": 110}, {"sys": 140, "dia": 109}),
        )
    ),
    Row("news2.high", {"news2": 7}, {"news2": 6}, 0, HIGH),
    Row(
        "news2.raised", {"news2": 5, "news2-single": 2}, {"news2": 4, "news2-single": 2}, 0, MEDIUM
    ),
    Row(
        "news2.raised", {"news2": 3, "news2-single": 3}, {"news2": 3, "news2-single": 2}, 0, MEDIUM
    ),
    Row("spo2.low", {"spo2": 92}, {"spo2": 93}, 30, MEDIUM),
    Row("spo2.very-low", {"spo2": 87}, {"spo2": 88}, 10, HIGH, latching=True),
    Row("pulse.high", {"pulse": 121}, {"pulse": 120}, 30, MEDIUM),
    Row("pulse.low", {"pulse": 49}, {"pulse": 50}, 30, MEDIUM),
    Row("pulse.extreme", {"pulse": 141}, {"pulse": 140}, 10, HIGH, latching=True),
    Row("pulse.extreme", {"pulse": 39}, {"pulse": 40}, 10, HIGH, latching=True),
    Row("dissociation.present", {"cadss": 5}, {"cadss": 4}, 0, LOW, ADVISORY),
    Row("dissociation.marked", {"cadss": 30}, {"cadss": 29}, 0, MEDIUM, baseline={"cadss": 10}),
    Row("dissociation.marked", {"cadss": 27}, {"cadss": 26}, 0, MEDIUM, baseline={"cadss": 2}),
    Row("dissociation.prolonged", {"cadss": 5}, {"cadss": 4}, 0, MEDIUM, since_last=120),
    Row(
        "dissociation.prolonged",
        {"cadss": 9},
        {"cadss": 8},
        0,
        MEDIUM,
        baseline={"cadss": 8},
        since_last=120,
    ),
    *(
        Row("event.serious", {**NO_EVENT, name: 1}, NO_EVENT, 0, HIGH, latching=True)
        for name in NO_EVENT
    ),
    Row("resp.low", {"resp": 11}, {"resp": 12}, 0, LOW),
    Row("resp.very-low", {"resp": 8}, {"resp": 9}, 0, HIGH, latching=True),
    Row("resp.high", {"resp": 25}, {"resp": 24}, 0, MEDIUM),
    Row("sedation.present", {"consciousness": 4}, {"consciousness": 5}, 0, LOW, ADVISORY),
    Row("sedation.present", {"consciousness": 3}, {"consciousness": 2}, 0, LOW, ADVISORY),
    Row("sedation.deep", {"consciousness": 2}, {"consciousness": 3}, 0, MEDIUM),
    Row("sedation.deep", {"consciousness": 2}, {"consciousness": 1}, 0, MEDIUM),
    *(
        Row(
            "sedation.unresponsive",
            {"consciousness": value},
            {"consciousness": 2},
            0,
            HIGH,
            latching=True,
        )
        for value in (1, 0)
    ),
]
at_the_limit = pytest.mark.parametrize("row", AT_ONCE_OR_SUSTAINED, ids=str)

CONFIRMED = [
    Row("pressure.elevated", {"sys": 141, "dia": 70}, {"sys": 140, "dia": 70}, 60, LOW),
    Row("pressure.elevated", {"sys": 120, "dia": 91}, {"sys": 120, "dia": 90}, 60, LOW),
    *(
        Row("pressure.rise", met, not_met, 60, MEDIUM, baseline={"sys": 90, "dia": 60})
        for met, not_met in (
            ({"sys": 130, "dia": 70}, {"sys": 129, "dia": 70}),
            ({"sys": 110, "dia": 85}, {"sys": 110, "dia": 84}),
        )
    ),
    Row("pressure.low", {"sys": 90, "dia": 60}, {"sys": 91, "dia": 60}, 60, MEDIUM),
]
with_confirmation = pytest.mark.parametrize("row", CONFIRMED, ids=str)


def watched(row: Row) -> BedEngine:
    seen = BedEngine(baseline=row.baseline, minutes=row.minutes)
    seen.minutes_since_last = row.since_last
    return seen


@at_the_limit
def test_a_value_at_its_limit_raises_when_it_has_held_for_the_delay(row: Row) -> None:
    assert watched(row).hold(row.for_s, **row.met).history(row.rule) == ["raised"]


@at_the_limit
def test_a_value_that_has_not_held_for_the_delay_raises_nothing(row: Row) -> None:
    seen = watched(row)
    if row.for_s:
        seen.hold(row.for_s - 0.001, **row.met)
    assert seen.history(row.rule) == []


@at_the_limit
def test_a_value_on_the_other_side_of_the_limit_raises_nothing(row: Row) -> None:
    assert watched(row).hold(row.for_s + 60, **row.not_met).history(row.rule) == []


@at_the_limit
def test_a_value_that_goes_back_before_the_delay_starts_it_anew(row: Row) -> None:
    if row.for_s:
        seen = watched(row).hold(row.for_s - 1, **row.met).wait(0.5).see(**row.not_met)
        assert seen.hold(row.for_s - 1, **row.met).history(row.rule) == []


@at_the_limit
def test_the_alarm_is_as_urgent_as_the_table_says(row: Row) -> None:
    alarm = watched(row).hold(row.for_s, **row.met).alarm(row.rule)
    assert (alarm.kind, alarm.priority) == (row.kind, row.priority)


@at_the_limit
def test_the_alarm_waits_for_a_person_if_it_is_latching(row: Row) -> None:
    normal = {"sys": 120, "dia": 70, "spo2": 98, "pulse": 70, "cadss": 0, "resp": 14}
    normal["consciousness"] = 5
    seen = watched(row).hold(row.for_s, **row.met)
    seen.wait(1).hold(60, **{name: normal.get(name, 0) for name in row.met})
    ended = State.LATCHED if row.latching else State.ENDED
    assert seen.alarm(row.rule).state is ended


@with_confirmation
def test_a_first_pressure_over_the_limit_raises_nothing_yet(row: Row) -> None:
    assert watched(row).see(**row.met).wait(59).history(row.rule) == []


@with_confirmation
def test_a_second_measurement_is_wanted_a_minute_after_the_first(row: Row) -> None:
    seen = watched(row).see(**row.met)
    assert seen.engine.confirm_at == seen.now.mono + row.for_s


@with_confirmation
def test_a_pressure_on_the_other_side_wants_no_second_one(row: Row) -> None:
    assert watched(row).see(**row.not_met).engine.confirm_at is None


@with_confirmation
def test_a_second_pressure_that_meets_the_rule_raises(row: Row) -> None:
    seen = watched(row).see(**row.met).wait(95).see(**row.met)
    assert seen.history(row.rule) == ["raised"]
    assert seen.alarm(row.rule).priority is row.priority


@with_confirmation
def test_a_second_pressure_that_does_not_meet_it_raises_nothing(row: Row) -> None:
    seen = watched(row).see(**row.met).wait(95).see(**row.not_met).wait(600)
    assert seen.history(row.rule) == []


@with_confirmation
def test_a_first_pressure_is_believed_when_the_second_failed(row: Row) -> None:
    assert watched(row).see(**row.met).wait(95).failed_confirmation().history(row.rule) == [
        "raised"
    ]


@with_confirmation
def test_a_first_pressure_is_believed_when_no_second_has_come_in_180_s(row: Row) -> None:
    seen = watched(row).see(**row.met).wait(179.9)
    assert seen.history(row.rule) == []
    assert seen.wait(0.1).history(row.rule) == ["raised"]


def test_a_confirmation_that_failed_raises_nothing_where_nothing_waits() -> None:
    assert BedEngine().see(sys=120, dia=80).failed_confirmation().changes == []


def test_a_fall_of_four_points_within_a_minute_raises() -> None:
    seen = BedEngine().hold(10, spo2=99).wait(1).hold(5, spo2=95)
    assert seen.history("spo2.falling") == ["raised"]


def test_a_fall_of_three_points_raises_nothing() -> None:
    assert BedEngine().hold(10, spo2=99).wait(1).hold(50, spo2=96).history("spo2.falling") == []


def test_a_fall_that_lasted_under_five_seconds_raises_nothing() -> None:
    seen = BedEngine().hold(10, spo2=99).wait(1).hold(4, spo2=95).wait(0.9).see(spo2=97)
    assert seen.wait(60).history("spo2.falling") == []


def test_a_fall_from_a_value_over_a_minute_ago_raises_nothing() -> None:
    seen = BedEngine().see(spo2=99).wait(1).hold(60, spo2=97).wait(1).hold(5, spo2=95)
    assert seen.history("spo2.falling") == []


def test_dissociation_before_two_hours_is_not_prolonged() -> None:
    seen = BedEngine(minutes=300, since_last=119).see(cadss=20)
    assert seen.history("dissociation.prolonged") == []


def test_dissociation_scored_before_becomes_prolonged_at_two_hours() -> None:
    seen = BedEngine(since_last=119).see(cadss=20).wait(60).at_minute(130, since_last=120)
    assert seen.history("dissociation.prolonged") == ["raised"]


def test_a_rise_from_a_baseline_nobody_took_is_not_claimed() -> None:
    seen = BedEngine().see(sys=139, dia=89).wait(95).see(sys=139, dia=89)
    assert seen.history("pressure.rise") == []


def test_marked_dissociation_ends_though_nobody_took_a_baseline() -> None:
    seen = BedEngine().see(cadss=31).wait(900).see(cadss=3)
    assert seen.history("dissociation.marked") == ["raised", "ended"]


HYSTERESIS = [
    ("spo2.low", 30, {"spo2": 92}, {"spo2": 93}, {"spo2": 94}, 10),
    ("spo2.very-low", 10, {"spo2": 87}, {"spo2": 88}, {"spo2": 89}, 5),
    ("pulse.high", 30, {"pulse": 121}, {"pulse": 118}, {"pulse": 117}, 10),
    ("pulse.low", 30, {"pulse": 49}, {"pulse": 51}, {"pulse": 52}, 10),
    ("pulse.extreme", 10, {"pulse": 141}, {"pulse": 138}, {"pulse": 137}, 10),
    ("pulse.extreme", 10, {"pulse": 39}, {"pulse": 42}, {"pulse": 43}, 10),
]
with_hysteresis = pytest.mark.parametrize(
    ("rule", "for_s", "met", "near", "clear", "clear_for_s"),
    HYSTERESIS,
    ids=[f"{rule}-{next(iter(met.values()))}" for rule, _, met, *_ in HYSTERESIS],
)


@with_hysteresis
def test_a_value_within_the_margin_ends_nothing(
    rule: str, for_s: float, met: Seen, near: Seen, clear: Seen, clear_for_s: float
) -> None:
    seen = BedEngine().hold(for_s, **met).wait(1).hold(120, **near)
    assert seen.history(rule) == ["raised"]


@with_hysteresis
def test_a_value_beyond_the_margin_ends_the_alarm_when_it_has_held(
    rule: str, for_s: float, met: Seen, near: Seen, clear: Seen, clear_for_s: float
) -> None:
    seen = BedEngine().hold(for_s, **met).wait(1).hold(clear_for_s - 1, **clear)
    assert seen.history(rule) == ["raised"]
    assert len(seen.wait(1).see(**clear).history(rule)) == 2


@with_hysteresis
def test_a_value_within_the_margin_starts_the_clear_time_anew(
    rule: str, for_s: float, met: Seen, near: Seen, clear: Seen, clear_for_s: float
) -> None:
    seen = BedEngine().hold(for_s, **met).wait(1).hold(clear_for_s - 1, **clear).wait(0.5)
    assert seen.see(**near).hold(clear_for_s - 1, **clear).history(rule) == ["raised"]


@dataclass(frozen=True)
class Technical:
    """A technical condition that alarms after `for_s`, and whether its priority rises."""

    rule: str
    device: str | None
    for_s: float
    worsens: bool = True
    anytime: bool = False
    priority: Priority = LOW
    named: str = ""
    worsens_after_s: float = 30

    @property
    def condition(self) -> str:
        return self.named or self.rule.removeprefix("tech.")


TECHNICAL = [
    Technical("tech.sensor-off", "oximeter", 5),
    Technical("tech.sensor-disconnected", "oximeter", 5),
    Technical("tech.no-pulse", "oximeter", 10),
    Technical("tech.frozen", "oximeter", 0, worsens=False, priority=MEDIUM),
    Technical("tech.artefact", "oximeter", 30, worsens=False),
    Technical("tech.low-perfusion", "oximeter", 60, worsens=False),
    Technical("tech.low-battery", "oximeter", 10, worsens=False, anytime=True),
    Technical("tech.signal-missing", "oximeter", 15),
    Technical("tech.signal-missing", None, 15),
    Technical("tech.cuff-failed", "cuff", 0),
    Technical("tech.device-fault", "cuff", 0, anytime=True),
    Technical("tech.device-silent", "oximeter", 0, anytime=True),
    Technical("tech.link-lost", "cuff", 2, anytime=True),
    Technical("tech.journal-failing", None, 2, worsens=False, anytime=True, priority=MEDIUM),
    Technical("tech.journal-growing", None, 60, worsens=False, anytime=True),
    Technical("tech.events-lost", None, 0, worsens=False, anytime=True, priority=HIGH),
    Technical("tech.broker-unreachable", None, 60, anytime=True),
    Technical("tech.nibp-inhibited", None, 900, worsens=False),
    Technical("tech.oximeters-differ", None, 30, worsens=False, priority=MEDIUM),
    *(
        Technical("check.overdue", check, 0, named="check-overdue", worsens_after_s=600)
        for check in ("pressure", "cadss", "moaas", "resp")
    ),
    *(
        Technical(f"infusion.{what}", None, 0, named=f"infusion-{what}", worsens_after_s=600)
        for what in ("overrun", "paused")
    ),
    Technical("watch.nobody", None, 60, named="nobody-watching", worsens_after_s=120),
    Technical("tech.bed-failing", None, 2, worsens=False, anytime=True, priority=MEDIUM),
    Technical("tech.alarm-path-test", None, 0, worsens=False, priority=HIGH),
    Technical("tech.alarm-unseen", None, 0, worsens=False, priority=MEDIUM),
    Technical("tech.users-missing", None, 2, worsens=False, anytime=True, priority=MEDIUM),
    Technical("tech.record-unreadable", None, 0, worsens=False, anytime=True, priority=HIGH),
    Technical("tech.bed-not-configured", None, 0, worsens=False, anytime=True, priority=HIGH),
]
for_each_condition = pytest.mark.parametrize(
    "row", TECHNICAL, ids=[f"{row.rule}-{row.device or 'bed'}" for row in TECHNICAL]
)


TABLE = {
    "pressure.elevated": (LOW, False),
    "pressure.rise": (MEDIUM, False),
    "pressure.severe": (HIGH, True),
    "pressure.crisis": (HIGH, True),
    "pressure.low": (MEDIUM, False),
    "spo2.low": (MEDIUM, False),
    "spo2.very-low": (HIGH, True),
    "spo2.falling": (MEDIUM, False),
    "pulse.high": (MEDIUM, False),
    "pulse.low": (MEDIUM, False),
    "pulse.extreme": (HIGH, True),
    "dissociation.present": (LOW, False),
    "dissociation.marked": (MEDIUM, False),
    "dissociation.prolonged": (MEDIUM, False),
    "sedation.present": (LOW, False),
    "sedation.deep": (MEDIUM, False),
    "sedation.unresponsive": (HIGH, True),
    "event.serious": (HIGH, True),
    "resp.low": (LOW, False),
    "resp.very-low": (HIGH, True),
    "resp.high": (MEDIUM, False),
    "news2.high": (HIGH, False),
    "news2.raised": (MEDIUM, False),
    "check.overdue": (LOW, False),
    "infusion.overrun": (LOW, False),
    "infusion.paused": (LOW, False),
    "watch.nobody": (LOW, False),
}
"""The clinical table: each rule's priority, and whether it waits for a person."""


def test_the_set_has_the_clinical_table_s_rules_as_it_has_them() -> None:
    rules = [rule for rule in DEFAULT.rules if not rule.id.startswith("tech.")]
    assert {rule.id: (rule.priority, rule.latching) for rule in rules} == TABLE


def test_no_technical_rule_waits_for_a_person() -> None:
    assert not any(rule.latching for rule in DEFAULT.rules if rule.kind is Kind.TECHNICAL)


def test_a_crisis_is_told_as_soon_as_the_symptom_is_and_not_before() -> None:
    seen = BedEngine().see(sys=190, dia=80)
    assert (seen.history("pressure.severe"), seen.history("pressure.crisis")) == (["raised"], [])
    seen.wait(20).see(**{"symptom.headache": 2})
    assert seen.history("pressure.crisis") == []
    assert seen.see(**{"symptom.headache": 3}).history("pressure.crisis") == ["raised"]


def test_a_crisis_is_not_over_while_nobody_has_looked_for_its_other_findings() -> None:
    seen = BedEngine().see(**SEVERE, **{"symptom.chest-pain": 2}).wait(300)
    seen.see(**{"symptom.chest-pain": 0})
    assert seen.alarm("pressure.crisis").state is State.ACTIVE
    assert seen.see(sys=150, dia=80).alarm("pressure.crisis").state is State.LATCHED


def test_every_rule_of_the_set_is_in_these_tables() -> None:
    tabled = {row.rule for row in [*AT_ONCE_OR_SUSTAINED, *CONFIRMED]}
    tabled |= {row.rule for row in TECHNICAL} | {"spo2.falling"}
    assert {rule.id for rule in DEFAULT.rules} == tabled


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.id)
def test_every_rule_says_what_to_do_and_where_it_comes_from(rule: object) -> None:
    assert rule.guidance  # type: ignore[attr-defined]
    assert rule.source  # type: ignore[attr-defined]


@for_each_condition
def test_a_technical_condition_is_an_alarm_after_its_delay(row: Technical) -> None:
    seen = BedEngine().condition(row.condition, row.device)
    if row.for_s:
        assert seen.wait(row.for_s - 0.001).history(row.rule) == []
    alarm = seen.wait(0.001).alarm(row.rule)
    assert (alarm.kind, alarm.priority, alarm.device) == (
        Kind.TECHNICAL,
        row.priority,
        row.device,
    )


@for_each_condition
def test_a_technical_condition_that_lasts_in_a_session_becomes_medium(row: Technical) -> None:
    seen = (
        BedEngine().condition(row.condition, row.device).wait(row.for_s + row.worsens_after_s - 0.1)
    )
    assert seen.alarm(row.rule).priority is row.priority
    worse = MEDIUM if row.worsens else row.priority
    assert seen.wait(0.1).alarm(row.rule).priority is worse


@for_each_condition
def test_without_a_session_only_what_is_always_needed_alarms(row: Technical) -> None:
    seen = BedEngine(session=None).condition(row.condition, row.device).wait(600)
    assert seen.history(row.rule) == (["raised"] if row.anytime else [])


@for_each_condition
def test_a_technical_condition_that_is_over_ends_its_alarm(row: Technical) -> None:
    seen = BedEngine().condition(row.condition, row.device).wait(row.for_s + 1)
    seen.condition_over(row.condition, row.device).wait(60)
    assert seen.history(row.rule)[-1] == "ended"


@for_each_condition
def test_a_technical_condition_that_is_unknown_is_not_over(row: Technical) -> None:
    if row.condition not in ("link-lost", "device-silent") and row.device is not None:
        seen = BedEngine().condition(row.condition, row.device).wait(row.for_s)
        seen.condition_unknown(row.condition, row.device).wait(3600)
        assert seen.alarm(row.rule).state is State.ACTIVE
        assert seen.alarm(row.rule).unverified_since is not None


# ── pressures that need no second one, and those that have none ─────────────────────────


@with_confirmation
def test_a_typed_pressure_alarms_at_once(row: Row) -> None:
    assert watched(row).typed(**row.met).history(row.rule) == ["raised"]


def test_a_systolic_under_80_alarms_at_once() -> None:
    assert BedEngine().see(sys=80, dia=50).history("pressure.low") == []
    alarm = BedEngine().see(sys=79, dia=50).alarm("pressure.low")
    assert alarm.text == "Pressure 79/50: systolic 90 or less"


@with_confirmation
def test_one_that_no_second_one_confirmed_says_so_until_one_does(row: Row) -> None:
    seen = watched(row).see(**row.met).wait(180)
    assert seen.alarm(row.rule).text.endswith(" (unconfirmed)")
    assert seen.alarm(row.rule).is_unconfirmed
    restarted = seen.restart().wait(120)
    assert restarted.alarm(row.rule).text.endswith(" (unconfirmed)")
    assert Alarm.from_json(restarted.alarm(row.rule).as_json()) == restarted.alarm(row.rule)
    confirmed = restarted.see(**row.met).alarm(row.rule)
    assert not confirmed.is_unconfirmed
    assert "unconfirmed" not in confirmed.text


@with_confirmation
def test_one_whose_second_failed_is_unconfirmed_and_one_that_was_confirmed_is_not(row: Row) -> None:
    seen = watched(row).see(**row.met).wait(95).failed_confirmation()
    assert seen.alarm(row.rule).text.endswith(" (unconfirmed)")
    confirmed = watched(row).see(**row.met).wait(95).see(**row.met).alarm(row.rule)
    assert (confirmed.is_unconfirmed, "unconfirmed" in confirmed.text) == (False, False)
    assert "is_unconfirmed" not in confirmed.as_json()


# ── what other alarms tell ──────────────────────────────────────────────────────────────


def test_a_single_3_that_another_alarm_tells_raises_none_by_itself() -> None:
    seen = BedEngine()
    seen.is_told = True
    assert seen.see(**{"news2": 3, "news2-single": 3}).history("news2.raised") == []
    seen.is_told = False
    assert seen.see(**{"news2-single": 3}).history("news2.raised") == ["raised"]
    seen.is_told = True
    assert seen.wait(60).see(**{"news2-single": 3}).history("news2.raised") == ["raised"]
    assert seen.see(**{"news2-single": 2}).history("news2.raised") == ["raised", "ended"]


def test_a_total_of_5_is_raised_whatever_else_tells_it() -> None:
    seen = BedEngine()
    seen.is_told = True
    assert seen.see(**{"news2": 5, "news2-single": 3}).history("news2.raised") == ["raised"]


@pytest.mark.parametrize("rule", DEFAULT.rules, ids=lambda rule: rule.id)
def test_what_a_nurse_reads_has_no_path_and_no_command(rule: Rule) -> None:
    told = (rule.text, rule.guidance, rule.guidance_before_dose, rule.guidance_while_dosing)
    for text in filter(None, told):
        assert re.search(r"`|://|/dev|\bport\b|postdose [a-z]", text) is None
    is_of_machine = rule.technical_condition in SITE_CONDITIONS - {"bed-failing"}
    assert not (is_of_machine and "{reason}" in rule.text)
