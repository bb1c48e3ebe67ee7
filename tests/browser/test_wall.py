"""A wall: up to 24 beds on one screen, which beds, in which order, by which names."""

from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import six_beds
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WALL = (1920, 1080)
FIVE_METRES_PX = 60
"""A figure of 60 px is 22 mm high on a screen of 43 inches, 15 minutes of arc at five metres."""

STICKS_OUT = """() => {
  const within = (e, place) => {
    const [own, box] = [e.getBoundingClientRect(), place.getBoundingClientRect()];
    return own.right <= box.right + 1 && own.bottom <= box.bottom + 1;
  };
  const main = document.querySelector("main");
  const parts = ".value, .clock b, .strip-text, .strip-state, .patient b, .label, .next";
  return [
    ...[...document.querySelectorAll(".tile")].filter(tile => !within(tile, main)),
    ...[...document.querySelectorAll(".tile")].flatMap(tile =>
      [...tile.querySelectorAll(parts)]
        .filter(e => e.getClientRects().length && !within(e, tile))),
  ].map(e => `${e.className}: ${e.textContent}`);
}"""


def fill(ward: Ward, count: int) -> None:
    six = six_beds(ward.now)
    for n in range(count):
        bed = replace(six[n % 6], id=f"bed-{n + 1}")
        alarms = tuple(a | {"id": f"{a['id']}-{n}", "bed": bed.id} for a in bed.alarms)
        session = bed.session and bed.session | {"id": f"session-{n}", "bed": bed.id}
        ward.put(replace(bed, alarms=alarms, session=session))
    ward.beds["bed-1"]["name"] = "Room 3, the one by the window to the garden"


async def beds(page: Page) -> list[str]:
    tiles = page.locator(".tile")
    return [str(await tile.get_attribute("data-bed")) for tile in await tiles.all()]


@pytest.mark.parametrize("count", [1, 8, 12, 24])
async def test_all_beds_fit_a_wall(ward: Ward, open_page: Open, count: int) -> None:
    fill(ward, count)
    page = await open_page("?kiosk&sort=room", size=WALL)
    await expect(page.locator(".wall .tile")).to_have_count(count)
    assert await beds(page) == [f"bed-{n + 1}" for n in range(count)]
    assert await page.evaluate(STICKS_OUT) == []
    await expect(page.locator(".misfit")).to_have_count(0)
    smallest = await page.locator(".numeral.spo2:not(.missing) .value").evaluate_all(
        "all => Math.min(...all.map(e => parseFloat(getComputedStyle(e).fontSize)))"
    )
    assert smallest >= FIVE_METRES_PX - 4
    name = page.get_by_role("link", name="Room 3, the one by the window to the garden, bed-1")
    assert await name.evaluate("e => e.scrollWidth > e.clientWidth") == (count > 1)


async def test_a_display_shows_the_beds_that_its_address_names_and_says_what_it_cannot(
    ward: Ward, open_page: Open
) -> None:
    fill(ward, 30)
    page = await open_page("?kiosk&beds=bed-2,bed-1,bed-99", size=WALL)
    await expect(page.locator(".tile")).to_have_count(2)
    assert await beds(page) == ["bed-1", "bed-2"], "by urgency"
    await expect(page.locator(".counts .pill")).to_have_text(
        ["1 high", "2 medium · 1 acknowledged", "1 low"]
    )
    await expect(page.get_by_role("alert")).to_contain_text(["No such bed here: bed-99"])
    await page.goto(page.url.split("?")[0] + "?kiosk")
    await expect(page.locator(".misfit")).to_contain_text("30 beds do not fit this screen: scroll")
    await expect(page.locator(".tile")).to_have_count(30)
