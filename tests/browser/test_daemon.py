"""The board on a real daemon: what the devices say, and an alarm taken from the page."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from tests.browser.conftest import profile, unexpected
from tests.endtoend.processes import Process
from tests.endtoend.site import Site, simulated

pytestmark = [
    pytest.mark.browser,
    pytest.mark.asyncio(loop_scope="session"),
]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[tuple[Site, Process]]:
    """A site without a broker, and its running daemon."""
    with (
        simulated("nonin", "--pty", str(tmp_path / "oximeter")) as oximeter,
        simulated("suntech", "--pty", str(tmp_path / "cuff")) as cuff,
    ):
        site = Site(tmp_path, None, oximeter, cuff)
        with site.daemon() as daemon:
            yield site, daemon


@pytest_asyncio.fixture(loop_scope="session")
async def board(chromium: Browser, clinic: tuple[Site, Process]) -> AsyncIterator[Page]:
    complaints: list[str] = []
    context = await profile(chromium)
    page = await context.new_page()
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.extend(unexpected(message)))
    await page.goto(f"http://127.0.0.1:{clinic[0].port}/")
    yield page
    await context.close()
    assert [said for said in complaints if "ERR_" not in said] == []


async def test_a_real_oximeter_is_on_the_board(board: Page) -> None:
    value = board.locator("[data-bed=bed-1] .numeral.spo2 .value")
    await expect(value).to_have_text(re.compile(r"^(9[5-9]|100)$"))


async def test_an_alarm_is_taken_from_the_page(board: Page, clinic: tuple[Site, Process]) -> None:
    site = clinic[0]
    session = site.start()
    site.post(f"/sessions/{session}/scores", scale="cadss", total=31)
    strip = board.locator("[data-bed=bed-1] .strip-alarm")
    await expect(strip).to_contain_text("CADSS 31")
    await strip.press("Enter")
    await board.get_by_label("Who").fill("M. Rossi")
    await board.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(strip).to_contain_text("M. Rossi")
    assert site.alarms()["dissociation.marked"]["acknowledged_by"] == "M. Rossi"


async def test_a_daemon_that_died_is_not_live(board: Page, clinic: tuple[Site, Process]) -> None:
    await expect(board.locator(".live.up")).to_be_visible()
    clinic[1].kill()
    await expect(board.locator(".banner.not-live")).to_be_visible()
