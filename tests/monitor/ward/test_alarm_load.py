"""How many alarms a bed had within the window."""

from datetime import UTC, datetime, timedelta

from monitor.bed.view import ALARM_LOAD_WINDOW
from monitor.ward.alarm_load import AlarmLoad

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


def before(**ago: float) -> datetime:
    return NOW - timedelta(**ago)


def test_the_window_is_the_two_hours_that_its_name_on_the_interface_says() -> None:
    assert timedelta(minutes=120) == ALARM_LOAD_WINDOW


def test_a_bed_without_alarms_has_no_load() -> None:
    assert AlarmLoad().count(NOW) == 0


def test_every_onset_within_the_window_counts() -> None:
    load = AlarmLoad([before(minutes=119), before(minutes=30)])
    load.add(before(minutes=1))
    assert load.count(NOW) == 3


def test_an_onset_counts_until_the_window_is_past() -> None:
    load = AlarmLoad([NOW])
    assert load.count(NOW + ALARM_LOAD_WINDOW) == 1
    assert load.count(NOW + ALARM_LOAD_WINDOW + timedelta(milliseconds=1)) == 0


def test_what_is_past_is_forgotten_also_when_nobody_asks() -> None:
    load = AlarmLoad([before(hours=3), before(minutes=121), before(minutes=10)])
    load.add(NOW)
    assert load.count(before(hours=2)) == 2
