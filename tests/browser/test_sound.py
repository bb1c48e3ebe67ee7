"""What the board sounds like: pulses counted at the browser's own audio."""

from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import BedAt
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

COUNT_PULSES = """
const count = (n) => (document.documentElement.dataset.pulses = n);
let pulses = 0;
const start = AudioScheduledSourceNode.prototype.start;
AudioScheduledSourceNode.prototype.start = function (...when) {
  count((pulses += 1));
  return start.apply(this, when);
};
"""


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


async def listening(open_page: Open) -> Page:
    page = await open_page(script=COUNT_PULSES)
    await page.get_by_role("button", name="Sound off: turn on").click()
    await expect(page.get_by_role("button", name="Sound on")).to_be_visible()
    await expect(page.locator(".live.up")).to_be_visible()
    return page


async def expect_pulses(page: Page, number: int) -> None:
    await expect(page.locator("html")).to_have_attribute("data-pulses", str(number))


async def expect_silence(page: Page) -> None:
    await expect(page.locator("html:not([data-pulses])")).to_be_attached()


async def test_sound_is_off_until_a_click_and_says_so(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed.alarming("a", "One", priority="high"))
    page = await open_page(script=COUNT_PULSES)
    await expect(page.get_by_role("button", name="Sound off: turn on")).to_be_visible()
    await expect(page.locator(".strip.high")).to_be_visible()
    await expect_silence(page)


@pytest.mark.parametrize(("priority", "number"), [("high", 10), ("medium", 3), ("low", 1)])
async def test_a_priority_is_heard_as_its_number_of_pulses(
    ward: Ward, bed: BedAt, open_page: Open, priority: str, number: int
) -> None:
    page = await listening(open_page)
    ward.say_alarm(bed.alarming("a", "One", priority=priority))
    await expect_pulses(page, number)


async def test_a_technical_alarm_is_heard(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await listening(open_page)
    ward.say_alarm(bed.alarming("a", "One", kind="technical"))
    await expect_pulses(page, 3)


@pytest.mark.parametrize(
    "how",
    [{"kind": "advisory"}, {"acknowledged": True, "acknowledged_by": "M. Rossi"}],
    ids=["advisory", "acknowledged"],
)
async def test_what_needs_nobody_is_not_heard(
    ward: Ward, bed: BedAt, open_page: Open, how: dict[str, Any]
) -> None:
    page = await listening(open_page)
    ward.say_alarm(bed.alarming("a", "Quiet one", priority="high", **how))
    await expect(page.locator(".strip")).to_contain_text("Quiet one")
    await expect_silence(page)


async def test_a_worse_alarm_does_not_wait_for_its_turn(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await listening(open_page)
    low = bed.alarming("a", "One", priority="low")
    ward.say_alarm(low)
    await expect_pulses(page, 1)
    ward.say_alarm(low.alarming("b", "Two", priority="high"))
    await expect_pulses(page, 11)


async def test_a_board_that_lost_the_stream_is_heard(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await listening(open_page)
    ward.cut()
    await expect_pulses(page, 3)


async def test_sound_can_be_turned_off_again(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await listening(open_page)
    await page.get_by_role("button", name="Sound on").click()
    await expect(page.get_by_role("button", name="Sound off: turn on")).to_be_visible()
    ward.say_alarm(bed.alarming("a", "One", priority="high"))
    await expect(page.locator(".strip.high")).to_be_visible()
    await expect_silence(page)


# ── pausing it ──────────────────────────────────────────────────────────────────────────


async def test_a_quieted_bed_is_not_heard_and_says_for_how_long(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    quiet = bed.quieted(100)
    ward.put(quiet)
    page = await listening(open_page)
    ward.say_alarm(quiet.alarming("a", "One", priority="high"))
    await expect(page.locator(".strip.high")).to_contain_text("sound paused, 1:")
    await expect_silence(page)


async def test_another_bed_is_heard_all_the_same(ward: Ward, bed: BedAt, open_page: Open) -> None:
    other = ward.bed("bed-2").well(97, 70, (130, 84), 3).dosed(40, "P-018")
    ward.put(bed.quieted(100).alarming("a", "One", priority="high"), other)
    page = await listening(open_page)
    ward.say_alarm(other.alarming("b", "Two", priority="low"))
    await expect_pulses(page, 1)


async def test_a_pause_that_is_over_is_heard(ward: Ward, bed: BedAt, open_page: Open) -> None:
    loud = bed.alarming("a", "One", priority="high")
    ward.put(loud.quieted(100))
    page = await listening(open_page)
    await expect(page.locator(".strip.high")).to_contain_text("sound paused")
    soon = replace(loud, now=ward.now).quieted(2)
    payload = {"until": soon.audio["paused_until"], "by": "M. Rossi"}
    ward.say_event(soon, "alarm", "alarm.audio-paused", payload)
    await expect_pulses(page, 10)


async def test_a_pause_that_ends_early_is_heard_at_once(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    loud = bed.alarming("a", "One", priority="high")
    ward.put(loud.quieted(100))
    page = await listening(open_page)
    await expect(page.locator(".strip.high")).to_contain_text("sound paused")
    ward.say_event(loud, "alarm", "alarm.audio-resumed", {"reason": "another alarm"})
    await expect_pulses(page, 10)


async def test_a_named_person_pauses_the_sound_from_the_bed_page(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed.alarming("a", "One", priority="low"))
    page = await open_page("#/bed/bed-1")
    await page.get_by_role("button", name="Pause sound …").click()
    await page.get_by_label("Who").fill("M. Rossi")
    await page.get_by_role("button", name="Pause sound for 2 min").click()
    await expect(page.locator(".side")).to_contain_text("left · M. Rossi")
    await expect(page.get_by_role("button", name="Pause sound")).to_have_count(0)
    assert ward.beds["bed-1"]["audio"]["by"] == "M. Rossi"


async def test_a_refused_pause_says_why(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.alarming("a", "One", priority="low"))
    ward.refusal = {"status": 409, "title": "Conflict", "detail": "nothing to be heard"}
    page = await open_page("#/bed/bed-1")
    await page.get_by_role("button", name="Pause sound …").click()
    await page.get_by_label("Who").fill("M. Rossi")
    await page.get_by_role("button", name="Pause sound for 2 min").click()
    await expect(page.locator(".failure")).to_contain_text("Not paused at")


async def test_where_nothing_sounds_there_is_nothing_to_pause(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed.alarming("a", "Quiet one", kind="advisory"))
    page = await open_page("#/bed/bed-1")
    await expect(page.locator(".side")).to_contain_text("Quiet one")
    await expect(page.get_by_role("button", name="Pause sound")).to_have_count(0)
