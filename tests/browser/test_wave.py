"""The pleth of the bed that is looked at, and what is behind the fold of its devices."""

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import BedAt
from tests.browser.conftest import Open
from tests.browser.test_live import OWN_STREAM, is_live
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PULSE = [40, 60, 110, 200, 180, 120, 90, 70, 60, 50, 45, 40, 40, 40, 40]

INKED = """canvas => {
  const { width, height } = canvas;
  const data = canvas.getContext("2d").getImageData(0, 0, width, height).data;
  const columns = new Set();
  for (let n = 3; n < data.length; n += 4) if (data[n]) columns.add(((n - 3) / 4) % width);
  return Math.round((100 * columns.size) / width);
}"""

UNTIL_DRAWN = f"""async canvas => {{
  while (({INKED})(canvas) <= 10) await new Promise(requestAnimationFrame);
}}"""


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


def say_wave(ward: Ward, bed: str, device: str = "oximeter", rate_hz: float = 75.0) -> None:
    """Three seconds of the device's time at once."""
    wave = {"device": device, "name": "pleth", "rate_hz": rate_hz, "samples": PULSE * 15}
    ward.say("waveform", {"bed": bed, "waves": [wave]})


async def drawn(page: Page) -> int:
    """How much of the sweep's width has ink, in percent."""
    percent: int = await page.locator(".wave canvas").evaluate(INKED)
    return percent


@pytest.mark.parametrize("script", [None, OWN_STREAM], ids=["shared", "own"])
async def test_the_wave_of_the_bed_that_is_looked_at_sweeps_while_it_comes(
    ward: Ward, bed: BedAt, open_page: Open, script: str | None
) -> None:
    page = await open_page(script=script)
    await is_live(page)
    await ward.asked([])
    await page.get_by_role("link", name="Bed 1").click()
    await ward.asked([], ["bed-1"])
    await expect(page.locator(".wave.stale")).to_have_text("no wave")
    say_wave(ward, "bed-2")
    await page.evaluate("document.querySelector('.wave canvas').dataset.heard = 'nothing'")
    assert await drawn(page) == 0
    say_wave(ward, "bed-1")
    await expect(page.locator(".wave.sweeping")).to_have_text("pleth · live")
    await page.locator(".wave canvas").evaluate(UNTIL_DRAWN)
    await expect(page.locator(".wave.stale")).to_contain_text("no wave for 0:0")
    stopped = await drawn(page)
    assert 10 < stopped <= 30, "no more than what came, at the device's own rate"
    await page.evaluate("new Promise(requestAnimationFrame)")
    assert await drawn(page) == stopped

    ward.say_vitals(bed.reads("spo2", 91))
    await expect(page.locator(".numeral.spo2 .value")).to_have_text("91")
    await page.get_by_role("link", name="Back to the ward").click()
    await ward.asked([], ["bed-1"], [])
    await is_live(page)
    ward.say_vitals(bed.reads("spo2", 92))
    await expect(page.locator(".numeral.spo2 .value")).to_have_text("92")


async def test_counters_and_last_bytes_are_behind_a_fold(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    link = {
        "id": "oximeter",
        "link": "down",
        "detail": "/dev/ttyUSB0: no such port",
        "url": "/dev/ttyUSB0",
        "frames": 5400,
        "damaged": {"checksum": 2},
        "rejected": {},
        "bytes_in": 27000,
        "bytes_out": 12,
        "reconnects": 1,
        "last_item_at": bed.ago(1),
        "last_bytes": "01 7f 61 48",
    }
    ward.links = [link]
    ward.put(bed.link_down("oximeter", "not found; is it on?"))
    page = await open_page("#/bed/bed-1")
    panel = page.locator(".devices-panel")
    await expect(panel.locator("li.bad")).to_contain_text("down: not found; is it on?")
    await expect(panel).not_to_contain_text("/dev/ttyUSB0")
    await panel.get_by_text("For the technician").click()
    for words in ("no such port", "checksum 2", "27000, 12", "01 7f 61 48", "5400"):
        await expect(panel.locator(".facts")).to_contain_text(words)
    visits = page.locator(".visits")
    await visits.get_by_text("Sessions at this bed").click()
    await expect(visits).to_contain_text("None")
