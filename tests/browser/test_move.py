"""A patient is moved to another bed: the page offers what is free, and leads there."""

import re

import pytest
from playwright.async_api import expect

from tests.browser.bedside import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_session_is_moved_to_a_free_bed_and_the_page_goes_there(bedside: Bedside) -> None:
    site = bedside.site
    session = bedside.starts(patient="P-051")
    other = str(
        site.post("/sessions", bed="bed-2", patient="P-052", regimen="esketamine-56", age=50)["id"]
    )
    await bedside.opens()
    await bedside.page.get_by_role("button", name="Move", exact=True).click()
    await expect(bedside.waits).to_have_text("Move: no other bed is free")
    site.abort(other)
    await expect(bedside.waits).to_have_text("Move: the bed missing")
    await bedside.chooses("2")
    await bedside.sheet.get_by_label("Why").fill("oxygen at the wall")
    await expect(bedside.main).to_have_text("Move to bed 2")
    await bedside.stores("P-051 is at bed 2")
    await expect(bedside.main).to_have_text("Go to bed 2")
    await bedside.main.click()
    await expect(bedside.page).to_have_url(re.compile("#/bed/bed-2$"))
    await expect(bedside.page.locator(".head")).to_contain_text("P-051")
    await expect(bedside.page.locator(".middle")).to_contain_text("Moved here from bed-1")
    moved = site.get("/beds/bed-2")["session"]
    assert (moved["id"], moved["moves"][0]["reason"]) == (session, "oxygen at the wall")
    assert site.get("/beds/bed-1")["session"] is None
    await bedside.opens()
    await expect(bedside.page.locator(".head")).to_contain_text("No patient")
