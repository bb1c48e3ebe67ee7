"""The audio pause of a bed: how long it is quiet, and what ends that early."""

from datetime import timedelta
from typing import Any

import pytest

from drivers.clock import Instant
from monitor.bed import view
from monitor.session.commands import Refusal, Refused
from tests.monitor.builders import Bedside, bed


def quiet(for_s: float = 120) -> Bedside:
    """A medium alarm is to be heard, and was quieted just now."""
    return marked().quieted(for_s)


def marked() -> Bedside:
    return bed().with_session().with_baseline().scored(cadss=31)


def severe(side: Bedside) -> Bedside:
    """A high alarm comes."""
    return side.measured(190, 115)


def is_paused(side: Bedside) -> bool:
    return view.audio_pause(side.bed).paused_until is not None


def resumed(side: Bedside) -> list[str]:
    """Why each pause that is over ended."""
    return [e.payload["reason"] for e in side.events if e.type == "alarm.audio-resumed"]


# ── how long ────────────────────────────────────────────────────────────────────────────


def test_a_pause_says_who_until_when_and_over_what() -> None:
    side = quiet(60)
    event = side.last("alarm.audio-paused")
    until = side.now.wall + timedelta(seconds=60)
    assert view.audio_pause(side.bed).by == event.payload["by"] == "nurse.a"
    assert view.audio_pause(side.bed).as_json()["paused_until"] == event.payload["until"]
    assert event.payload["until"] == until.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    assert (event.payload["priority"], event.subject, event.session) == ("medium", None, "s-1")


@pytest.mark.parametrize("for_s", [1, 60, 120])
def test_a_pause_ends_at_its_time(for_s: float) -> None:
    side = quiet(for_s).tick(for_s - 0.1)
    assert is_paused(side)
    side.tick(0.1)
    assert not is_paused(side)
    assert resumed(side) == ["its time is over"]


@pytest.mark.parametrize("for_s", [0, -1, 120.1, 3600, float("inf"), float("nan")])
def test_there_is_no_pause_of_another_length(for_s: float) -> None:
    with pytest.raises(Refused, match="for_s is 1 to 120") as refused:
        quiet(for_s)
    assert refused.value.kind is Refusal.INVALID


def test_pausing_again_counts_from_that_press() -> None:
    side = quiet().wait(30).quieted().wait(119)
    assert is_paused(side)
    assert not is_paused(side.wait(1))


def test_a_shorter_pause_replaces_a_longer_one() -> None:
    assert not is_paused(quiet().tick(1).quieted(10).tick(10))


def test_where_nothing_sounds_there_is_nothing_to_quiet() -> None:
    side = bed().with_session().with_baseline().scored(cadss=6)
    assert side.open_rules() == {"dissociation.present"}
    with pytest.raises(Refused, match="no alarm that is to be heard") as refused:
        side.quieted()
    assert refused.value.kind is Refusal.CONFLICT
    with pytest.raises(Refused):
        marked().acknowledged("dissociation.marked").quieted()


# ── what ends it early ──────────────────────────────────────────────────────────────────


def test_a_more_urgent_alarm_ends_it() -> None:
    side = severe(quiet())
    assert resumed(side) == ["pressure.severe raised, high"]
    assert not is_paused(side)


def test_another_alarm_as_urgent_ends_it() -> None:
    side = quiet().scored(moaas=2)
    assert resumed(side) == ["sedation.deep raised, medium"]


def test_a_less_urgent_alarm_is_quieted_too() -> None:
    side = severe(bed().with_session().with_baseline()).quieted().scored(cadss=31)
    assert {"dissociation.marked", "pressure.severe"} <= side.open_rules()
    assert is_paused(side)


def test_a_lesser_alarm_that_was_acknowledged_with_a_graver_one_ends_nothing() -> None:
    side = severe(marked().wait(1)).acknowledged("pressure.severe").quieted().wait(20)
    side.measured(190, 115)
    raised = side.last("alarm.raised").payload
    assert side.story("pressure.elevated") == ["raised"]
    assert raised["alarm"]["taken_with"] == side.alarm("pressure.severe").id
    assert raised["reason"] == "acknowledged by nurse.a with pressure.severe"
    assert is_paused(side)


def test_an_advisory_ends_nothing() -> None:
    side = quiet().scored(moaas=4)
    assert "sedation.present" in side.open_rules()
    assert is_paused(side)


def test_what_was_quieted_and_comes_again_ends_it() -> None:
    side = severe(marked()).quieted(60).measured(120, 80)
    assert is_paused(side)
    assert resumed(severe(side.tick(10))) == ["pressure.severe re-raised, high"]


def test_what_grows_worse_ends_it() -> None:
    side = bed().with_session().with_baseline().unplugged("cuff", for_s=5).quieted()
    assert side.last("alarm.audio-paused").payload["priority"] == "low"
    side.wait(31)
    assert resumed(side) == ["tech.link-lost priority-raised, medium"]


def test_what_goes_further_ends_it() -> None:
    side = severe(marked()).quieted().tick(59)
    assert is_paused(side)
    assert resumed(side.wait(1)) == ["pressure.severe escalated, high"]


def test_a_reminder_ends_nothing() -> None:
    side = severe(marked()).tick(60).tick(60).quieted().tick(60)
    assert side.types().count("alarm.reminded") == 1
    assert is_paused(side)


def test_when_nothing_is_left_to_be_heard_it_is_over() -> None:
    side = quiet().acknowledged("dissociation.marked")
    assert resumed(side) == ["nothing is left to be heard"]
    assert resumed(quiet().scored(cadss=0)) == ["nothing is left to be heard"]


def test_it_ends_with_the_session() -> None:
    side = quiet().aborted()
    assert resumed(side) == ["patient left"]
    assert side.last("alarm.audio-resumed").session == "s-1"


@pytest.mark.parametrize("step_s", [-7200, -3, 3, 7200])
def test_it_ends_when_the_clock_is_set(step_s: float) -> None:
    side = quiet().wall_steps(step_s).tick(0.5)
    assert resumed(side) == ["the clock was set"]


@pytest.mark.parametrize("step_s", [-2, 2])
def test_a_clock_that_is_put_right_by_two_seconds_ends_nothing(step_s: float) -> None:
    assert is_paused(quiet().wall_steps(step_s).tick(0.5))


def test_pausing_acknowledges_nothing_and_stops_no_escalation() -> None:
    side = severe(marked()).quieted(120)
    assert not any(alarm.acknowledged for alarm in side.bed.alarm_engine.open_alarms())
    assert side.tick(60).alarm("pressure.severe").escalated


# ── without a session, and after a restart ──────────────────────────────────────────────


def test_a_bed_without_a_session_can_be_quieted() -> None:
    side = bed().unplugged("cuff", for_s=5).quieted()
    assert is_paused(side)
    assert side.last("alarm.audio-paused").session is None
    assert resumed(side.wait(120)) == ["its time is over"]


@pytest.mark.parametrize("away_s", [0, 30])
def test_a_restart_keeps_its_end(away_s: float) -> None:
    side = quiet()
    shown = view.audio_pause(side.bed)
    side.now = side.now.plus(away_s)
    side.rebuilt().tick(0)
    assert view.audio_pause(side.bed) == shown
    assert is_paused(side.tick(119 - away_s))
    assert not is_paused(side.wait(1))


def test_a_restart_after_its_end_says_that_it_is_over() -> None:
    side = quiet()
    side.now = side.now.plus(600)
    assert not is_paused(side.rebuilt().tick(0))
    assert len(resumed(side)) == 1


def test_a_clock_set_back_while_away_makes_no_longer_pause() -> None:
    side = quiet()
    side.now = Instant(side.now.wall - timedelta(hours=2), side.now.mono)
    assert resumed(side.rebuilt().tick(0)) == ["the clock was set"]


def test_a_bed_that_was_never_quieted_says_so() -> None:
    nothing: dict[str, Any] = {"paused_until": None, "by": None}
    assert view.audio_pause(marked().bed).as_json() == nothing
    assert view.empty("bed-1", simulated=False).as_json()["audio"] == nothing
