"""Which displays are there, and which high alarm none of them has shown."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from alerts.alarm import Alarm
from alerts.alarm.lifecycle import State
from alerts.rules import Kind, Priority
from monitor.ward.displays import (
    LAPSE_S,
    MOST,
    UNSEEN_AFTER_S,
    Display,
    Displays,
    DisplaySound,
    NotADisplay,
)

NOW = datetime(2026, 1, 5, 10, 0, tzinfo=UTC)
HIGH = Alarm(
    id="a-1",
    bed="bed-1",
    session="s-1",
    rule="spo2.very-low",
    device=None,
    kind=Kind.PHYSIOLOGICAL,
    priority=Priority.HIGH,
    latching=True,
    text="SpO2 85 %",
    guidance="",
    values={},
    raised_at=NOW,
    notified_at=NOW,
    recipients=("nurse",),
)
DESK = Display("d-1", "s-1", "Desk", None, DisplaySound.ON, visible=True)


def there(*displays: Display, expected: bool = False) -> Displays:
    found = Displays(expected=expected)
    for display in displays:
        found.stream_opened(display.stream)
        found.announce(display, 0.0)
    return found


def showing(*alarms: Alarm, display: Display = DESK) -> Display:
    return replace(display, shown=frozenset((alarm.id, alarm.count) for alarm in alarms))


def late(
    displays: Displays, alarms: Iterable[Alarm], after_s: float = UNSEEN_AFTER_S
) -> str | None:
    """What is unseen `after_s` after the alarms were first there."""
    alarms = [*alarms]
    assert displays.unseen_at("bed-1", alarms, 100.0) is None
    return displays.unseen_at("bed-1", alarms, 100.0 + after_s)


# ── who is there ────────────────────────────────────────────────────────────────────────


def test_a_display_is_there_until_its_last_stream_ends() -> None:
    displays = there(DESK)
    displays.stream_opened(DESK.stream)
    displays.stream_closed(DESK.stream)
    assert displays.present(1.0) == [DESK]
    displays.stream_closed(DESK.stream)
    assert displays.present(1.0) == []


def test_one_that_hears_no_stream_is_none() -> None:
    with pytest.raises(NotADisplay):
        Displays().announce(DESK, 0.0)


def test_one_that_has_said_nothing_for_long_is_gone_as_is_one_that_left() -> None:
    displays = there(DESK, wall := replace(DESK, id="d-2", station="Wall"))
    displays.announce(DESK, LAPSE_S)
    assert displays.present(LAPSE_S + 0.1) == [DESK]
    displays.leave(DESK.id)
    assert displays.present(LAPSE_S + 0.1) == []
    displays.announce(wall, 2 * LAPSE_S)
    assert displays.present(2 * LAPSE_S) == [wall]


def test_there_are_never_more_than_that() -> None:
    displays = there(*(replace(DESK, id=f"d-{n}") for n in range(MOST)))
    displays.announce(replace(DESK, id="d-3"), 1.0)
    with pytest.raises(NotADisplay):
        displays.announce(replace(DESK, id="another"), 1.0)


def test_a_hidden_one_shows_no_bed_and_one_for_a_bed_no_other() -> None:
    assert DESK.shows("bed-1")
    assert not replace(DESK, visible=False).shows("bed-1")
    assert not replace(DESK, beds=frozenset({"bed-2"})).shows("bed-1")
    assert replace(DESK, beds=frozenset({"bed-2"})).shows("bed-2")


# ── what nobody was shown ───────────────────────────────────────────────────────────────


def test_a_high_alarm_that_no_display_shows_is_late_after_ten_seconds() -> None:
    assert late(there(DESK), [HIGH], UNSEEN_AFTER_S - 0.1) is None
    assert late(there(DESK), [HIGH]) == "SpO2 85 %"


def test_shown_once_it_is_seen_even_if_the_display_is_gone_since() -> None:
    displays = there(DESK)
    assert late(displays, [HIGH]) == "SpO2 85 %"
    displays.announce(showing(HIGH), 111.0)
    displays.stream_closed(DESK.stream)
    assert displays.unseen_at("bed-1", [HIGH], 112.0) is None
    assert displays.unseen_at("bed-1", [HIGH], 200.0) is None


def test_what_a_hidden_page_says_that_it_shows_nobody_has_seen() -> None:
    hidden = replace(showing(HIGH), visible=False)
    assert late(there(hidden), [HIGH]) == "SpO2 85 %"


def test_raised_again_it_is_to_be_shown_again() -> None:
    displays = there(showing(HIGH))
    assert late(displays, [HIGH]) is None
    assert late(displays, [replace(HIGH, count=2)]) == "SpO2 85 %"


@pytest.mark.parametrize(
    "change",
    [
        {"kind": Kind.TECHNICAL},
        {"priority": Priority.MEDIUM},
        {"acknowledged_by": "nurse.a"},
        {"state": State.ENDED},
    ],
    ids=str,
)
def test_what_is_no_matter_of_seconds_or_was_taken_is_never_late(change: dict[str, object]) -> None:
    assert late(there(DESK), [replace(HIGH, **change)]) is None  # type: ignore[arg-type]


def test_each_alarm_has_its_own_ten_seconds_and_the_words_stay_those_of_the_first() -> None:
    displays, other = there(DESK), replace(HIGH, id="a-2", text="Pulse 150")
    displays.unseen_at("bed-1", [HIGH], 100.0)
    displays.announce(showing(HIGH), 108.0)
    assert displays.unseen_at("bed-1", [HIGH, other], 108.0) is None
    assert displays.unseen_at("bed-1", [HIGH, other], 111.0) is None
    assert displays.unseen_at("bed-1", [HIGH, other], 118.0) == "Pulse 150"
    changed = replace(other, text="Pulse 152")
    assert displays.unseen_at("bed-1", [HIGH, changed], 119.0) == "Pulse 150"


def test_nothing_is_late_where_no_display_has_ever_been_unless_the_site_has_some() -> None:
    assert late(there(), [HIGH]) is None
    assert late(there(expected=True), [HIGH]) == "SpO2 85 %"


def test_a_fast_clock_gives_a_screen_the_same_time() -> None:
    displays = Displays(expected=True, speed=60)
    assert late(displays, [HIGH], 60 * UNSEEN_AFTER_S - 1) is None
    assert displays.unseen_at("bed-1", [HIGH], 100.0 + 60 * UNSEEN_AFTER_S) == "SpO2 85 %"


def test_what_was_shown_is_kept_in_mind_while_the_alarm_is_open() -> None:
    displays = there(showing(HIGH))
    displays.forget([HIGH])
    assert displays.has_shown(HIGH)
    displays.forget([replace(HIGH, state=State.ENDED)])
    assert not displays.has_shown(HIGH)


def test_taken_where_it_was_shown_it_is_known_where_and_whether_it_sounded() -> None:
    sounding = replace(showing(HIGH), sounding=frozenset({(HIGH.id, HIGH.count)}))
    displays = there(sounding, replace(DESK, id="d-2", station="Wall"))
    displays.announce(DESK, 1.0)
    assert displays.taken_at("d-1", HIGH, 2.0) == ("Desk", True)
    assert displays.taken_at("d-2", HIGH, 2.0) is None
    assert displays.taken_at("d-1", replace(HIGH, count=2), 2.0) is None
    displays.leave("d-1")
    assert displays.taken_at("d-1", HIGH, 2.0) is None
