"""Where the tiles stand, and when they may move."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import BedAt, six_beds
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

MOVE_EVERY_MS = 10_000


@pytest.fixture
def beds(ward: Ward) -> dict[str, BedAt]:
    """Two calm beds: one is due before two."""
    one = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(38, "P-1")
    two = ward.bed("bed-2").well(97, 70, (130, 84), 3).dosed(5, "P-2")
    ward.put(two, one)
    return {"one": one, "two": two}


async def expect_order(page: Page, *beds: str) -> None:
    await expect(page.locator(".tile h2")).to_have_text(list(beds))


async def raise_at_two(ward: Ward, beds: dict[str, BedAt], page: Page) -> None:
    ward.say_alarm(beds["two"].alarming("spo2.low", "SpO2 91 %", priority="high"))
    await expect(page.locator("[data-bed=bed-2] .strip.high")).to_be_visible()


async def test_priority_comes_first_then_what_is_due(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    await expect_order(await open_page(), "4", "6", "1", "2", "3", "5")


async def test_of_calm_beds_the_one_due_next_is_first(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    await expect_order(await open_page(), "1", "2")


async def test_a_bed_with_an_alarm_moves_up(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    page = await open_page(clock=True)
    await expect_order(page, "1", "2")
    await page.clock.fast_forward(MOVE_EVERY_MS)
    await raise_at_two(ward, beds, page)
    await expect_order(page, "2", "1")


async def test_tiles_move_at_most_once_in_10_s(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    page = await open_page(clock=True)
    await expect_order(page, "1", "2")
    await raise_at_two(ward, beds, page)
    await expect_order(page, "1", "2")
    await page.clock.fast_forward(MOVE_EVERY_MS)
    await expect_order(page, "2", "1")


async def test_no_tile_moves_while_the_focus_is_in_one(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    page = await open_page(clock=True)
    await expect_order(page, "1", "2")
    await page.locator("[data-bed=bed-1] h2 a").focus()
    await page.clock.fast_forward(MOVE_EVERY_MS)
    await raise_at_two(ward, beds, page)
    await expect_order(page, "1", "2")
    await page.locator("[data-bed=bed-1] h2 a").blur()
    await expect_order(page, "2", "1")


async def test_no_tile_moves_under_a_pointer_that_is_down(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    page = await open_page(clock=True)
    await expect_order(page, "1", "2")
    await page.clock.fast_forward(MOVE_EVERY_MS)
    await page.locator(".legal").hover()
    await page.mouse.down()
    await raise_at_two(ward, beds, page)
    await expect_order(page, "1", "2")
    await page.mouse.up()
    await expect_order(page, "2", "1")


async def test_a_forgotten_focus_does_not_hold_the_wall_for_good(
    ward: Ward, beds: dict[str, BedAt], open_page: Open
) -> None:
    page = await open_page(clock=True)
    await expect_order(page, "1", "2")
    await page.locator("[data-bed=bed-1] h2 a").focus()
    await raise_at_two(ward, beds, page)
    await page.clock.fast_forward(121_000)
    await expect_order(page, "2", "1")


async def test_the_focus_goes_from_tile_to_tile_as_they_stand(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    page = await open_page()
    await expect_order(page, "4", "6", "1", "2", "3", "5")
    await page.get_by_role("button", name="Theme").focus()
    visited = []
    for _ in range(12):
        await page.keyboard.press("Tab")
        visited.append(
            await page.evaluate("document.activeElement.closest('.tile')?.dataset.bed ?? null")
        )
    assert list(dict.fromkeys(visited))[:5] == ["bed-4", "bed-6", "bed-1", "bed-2", "bed-3"]
