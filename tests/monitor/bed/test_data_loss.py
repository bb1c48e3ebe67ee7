"""A technical alarm says which rules see nothing because of it."""

from drivers.readings import Flag
from drivers.registry import DeviceSpec
from tests.monitor.builders import CUFF, DEFAULT, OXIMETER, Bedside, bed

SPO2 = {"spo2.low", "spo2.very-low", "spo2.falling"}
PULSE = {"pulse.high", "pulse.low", "pulse.extreme"}
PRESSURE = {rule.id for rule in DEFAULT.rules if rule.id.startswith("pressure.")}
SECOND = DeviceSpec("second", "nonin", "memory://second")


def blind(side: Bedside, rule: str) -> set[str]:
    return set(side.alarm(rule).rules_without_data)


def test_an_oximeter_without_a_finger_blinds_its_rules() -> None:
    side = bed().with_session().flagged(Flag.SENSOR_OFF).spo2(None).pulse(None, for_s=12)
    assert blind(side, "tech.sensor-off") == SPO2 | PULSE
    assert side.alarm("tech.sensor-off").text == "oximeter: no finger. Blind: SpO2 and pulse"
    said = side.last("alarm.raised").payload["alarm"]
    assert said["rules_without_data"] == list(side.alarm("tech.sensor-off").rules_without_data)


def test_a_cuff_that_is_gone_blinds_the_pressure_rules() -> None:
    side = bed().with_session().unplugged("cuff", for_s=5)
    assert blind(side, "tech.link-lost") == PRESSURE


def test_without_an_oximeter_a_cuff_that_is_gone_takes_the_pulse_with_it() -> None:
    side = bed(CUFF).with_session().unplugged("cuff", for_s=5)
    assert blind(side, "tech.link-lost") == PRESSURE | PULSE


def test_a_pulse_measured_now_and_then_stands_in_for_no_streamed_one() -> None:
    side = bed().with_session().measured(120, 80).silent("oximeter", for_s=20)
    assert blind(side, "tech.device-silent") == SPO2 | PULSE


def test_what_another_oximeter_gives_is_not_blind() -> None:
    side = bed(OXIMETER, SECOND, CUFF).with_session()
    side.says("second", side._oximetry())
    side.unplugged("oximeter")
    for _ in range(3):
        side.second().says("second", side._oximetry())
    assert blind(side, "tech.link-lost") == set()


def test_a_signal_that_is_missing_blinds_its_own_rules_alone() -> None:
    side = bed().with_session().pulse(None).wait(40)
    assert blind(side, "tech.signal-missing") == PULSE


def test_a_bed_without_an_oximeter_says_what_nobody_judges() -> None:
    side = bed(CUFF).with_session().wait(16)
    assert side.alarm("tech.signal-missing").device is None
    assert blind(side, "tech.signal-missing") == SPO2 | PULSE


def test_what_takes_no_signal_away_blinds_nothing() -> None:
    side = bed().with_session().flagged(Flag.LOW_BATTERY, for_s=12)
    assert blind(side, "tech.low-battery") == set()
    assert side.spo2(85, for_s=12).alarm("spo2.very-low").rules_without_data == ()


def test_what_is_blind_is_looked_at_again_when_the_alarm_worsens() -> None:
    side = bed(OXIMETER, SECOND, CUFF).with_session()
    side.says("second", side._oximetry()).unplugged("oximeter")
    side.second().says("second", side._oximetry()).wait(1)
    assert blind(side, "tech.link-lost") == set()
    side.wait(35)
    assert blind(side, "tech.link-lost") == SPO2 | PULSE
