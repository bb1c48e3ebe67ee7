"""Several pages of one browser: they share one stream, so that there is room for what they ask."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import Browser, BrowserContext, Page, expect

from tests.browser.beds import BedAt
from tests.browser.bedside import Bedside
from tests.browser.conftest import Open, profile
from tests.browser.test_live import OWN_STREAM, is_live
from tests.browser.ward import Server, Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

LOADS = "performance.getEntriesByType('resource').map((each) => [each.name, each.transferSize])"

PAGES = 7
"""One more than a browser has connections to a host over HTTP/1.1."""


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


@asynccontextmanager
async def opened(context: BrowserContext, url: str, count: int) -> AsyncIterator[list[Page]]:
    """So many pages of one browser, each live."""
    pages = [await context.new_page() for _ in range(count)]
    for page in pages:
        await page.goto(url)
    for page in pages:
        await expect(page.locator(".live.up")).to_be_visible()
    yield pages
    for page in pages:
        await page.close()


async def test_seven_pages_are_live_and_the_seventh_acknowledges(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("scores", scale="cadss", total=31)
    url = f"http://127.0.0.1:{bedside.site.port}/"
    async with opened(bedside.page.context, url, PAGES) as pages:
        await pages[-1].locator(".strip-alarm").click()
        dialog = pages[-1].get_by_role("dialog")
        await dialog.get_by_label("Who").fill("M. Rossi")
        await dialog.get_by_role("button", name="Acknowledge", exact=True).click()
        for page in pages:
            await expect(page.locator(".strip-state")).to_contain_text("with M. Rossi")
        assert bedside.site.get("/status")["displays"] == 1


async def test_the_pages_stay_live_when_the_first_is_closed(
    chromium: Browser, server: Server, ward: Ward, bed: BedAt
) -> None:
    server.ward = ward
    context = await profile(chromium)
    async with opened(context, server.url, 3) as (first, *others):
        await first.close()
        ward.say_vitals(bed.reads("spo2", 91))
        for page in others:
            await expect(page.locator(".numeral.spo2 .value")).to_have_text("91")
            await is_live(page)
        assert ward.status()["displays"] == 1
    await context.close()
    ward.cut()


async def test_all_pages_are_lost_and_come_back_together(
    chromium: Browser, server: Server, ward: Ward, bed: BedAt
) -> None:
    server.ward = ward
    context = await profile(chromium)
    async with opened(context, server.url, 3) as pages:
        ward.cut()
        for page in pages:
            await expect(page.locator(".banner.not-live")).to_be_visible()
        ward.put(bed.reads("spo2", 90))
        ward.mend()
        for page in pages:
            await is_live(page)
            await expect(page.locator(".numeral.spo2 .value")).to_have_text("90")
        assert ward.status()["displays"] == 1
    await context.close()
    ward.cut()


@pytest.mark.parametrize(
    "script",
    [OWN_STREAM, "window.SharedWorker = class { port = { postMessage() {} }; };"],
    ids=["a browser without", "one that does not answer"],
)
async def test_without_a_shared_stream_a_page_has_its_own(
    ward: Ward, bed: BedAt, open_page: Open, script: str
) -> None:
    page = await open_page(script=script)
    await is_live(page)
    ward.say_vitals(bed.reads("spo2", 91))
    await expect(page.locator(".numeral.spo2 .value")).to_have_text("91")


async def test_a_reload_asks_for_no_file_of_the_page_again(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens()
    await bedside.page.reload()
    await expect(bedside.page.locator(".bed-page")).to_be_visible()
    loads = await bedside.page.evaluate(LOADS)
    assert any(url.endswith("/board.js") for url, _ in loads)
    assert [url for url, size in loads if "/api/" not in url and size > 0] == []
