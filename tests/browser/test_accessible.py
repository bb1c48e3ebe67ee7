"""Every view and every sheet against WCAG 2.2 AA, day and night, and how large targets are."""

import hashlib
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import six_beds
from tests.browser.bedside import Bedside
from tests.browser.test_wall import WALL, fill
from tests.browser.ward import Server, Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

VENDOR = Path(__file__).parent / "vendor"
AXE = (VENDOR / "axe.min.js").read_text()

SHEETS = (
    "preparation dose stop clear moaas cadss pressure observation symptom note cuff nurse correct "
    "limits discharge abort"
).split()

FIND = """async () => {
  const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
  const { violations } = await axe.run(document, {
    runOnly: { type: "tag", values: tags },
    rules: { "target-size": { enabled: true } },
    resultTypes: ["violations"],
  });
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
    `${id} ${target}: ${failureSummary.replaceAll(/\\s+/g, " ")}`));
}"""

DRAWN = "new Promise(drawn => requestAnimationFrame(() => requestAnimationFrame(drawn)))"

SMALL = """() => {
  const main = ".main, .sheet button, .now-bar button, dialog .main, .zoom button";
  return [...document.querySelectorAll("button, summary, input, a[href], select")]
    .filter(e => e.checkVisibility() && !e.closest("[inert]"))
    .map(e => [e, e.getBoundingClientRect()])
    .filter(([e, box]) => box.width && box.height && !e.matches("[type=radio], [type=checkbox]"))
    .filter(([e, box]) => Math.min(box.height, box.width) < (e.matches(main) ? 44 : 24) - 0.5)
    .map(([e, box]) => `${e.className} ${e.textContent.trim()} ${box.width} x ${box.height}`);
}"""


async def faults(page: Page, where: str) -> list[str]:
    """What is wrong with the page as it stands, in both themes."""
    found = [f"{where}: {small}" for small in await page.evaluate(SMALL)]
    for theme in ("night", "day"):
        await page.evaluate("theme => document.documentElement.dataset.theme = theme", theme)
        found += [f"{where}, {theme}: {fault}" for fault in await page.evaluate(FIND)]
    return found


async def go(page: Page, url: str) -> None:
    await page.goto("about:blank")
    await page.goto(url)
    await page.evaluate(AXE)


@pytest.mark.timeout(600)
async def test_no_view_and_no_sheet_has_a_barrier(
    server: Server, ward: Ward, bedside: Bedside
) -> None:
    digest = (VENDOR / "SHA256SUMS").read_text().split()[0]
    assert hashlib.sha256(AXE.encode()).hexdigest() == digest
    page = bedside.page
    await page.emulate_media(reduced_motion="reduce")
    server.ward = ward
    wrong: list[str] = []
    await go(page, server.url)
    await expect(page.locator(".first")).to_be_visible()
    wrong += await faults(page, "first start")
    ward.put(*six_beds(ward.now))
    over: dict[str, Any] = {"state": "latched", "condition_ended_at": six_beds(ward.now)[0].ago(1)}
    ward.put(six_beds(ward.now)[5].alarming("spo2.low", "SpO2 91 %", priority="high", **over))
    for where, tile, size in (("", ".tile", (1600, 940)), ("#/bed/bed-4", ".bed", (390, 844))):
        await page.set_viewport_size({"width": size[0], "height": size[1]})
        await go(page, server.url + where)
        await expect(page.locator(tile).first).to_be_visible()
        wrong += await faults(page, where or "board")
    await page.locator(".strip-alarm").click()
    wrong += await faults(page, "alarms")
    fill(ward, 24)
    await page.set_viewport_size({"width": WALL[0], "height": WALL[1]})
    await go(page, server.url + "?kiosk")
    await expect(page.locator(".wall .tile")).to_have_count(24)
    wrong += await faults(page, "wall")
    ward.cut()
    await expect(page.locator(".not-live")).to_be_visible()
    wrong += await faults(page, "not live")

    await bedside.opens("start")
    await page.evaluate(AXE)
    wrong += await faults(page, "start")
    bedside.starts("ketamine-iv", weight_kg=70)
    titles: set[str] = set()
    for sheet in SHEETS:
        await page.evaluate("sheet => { location.hash = `#/bed/bed-1/${sheet}`; }", sheet)
        await expect(bedside.sheet).to_be_visible()
        await page.evaluate(DRAWN)
        titles.add(await bedside.sheet.locator("h2").first.inner_text())
        wrong += await faults(page, sheet)
    assert len(titles) == len(SHEETS)
    assert wrong == []
