"""What the board sounds like: pulses counted at the browser's own audio."""

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
