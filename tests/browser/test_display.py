"""The page as an alarm display: what it says it has painted, and whether it can be heard."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.async_api import Request, Response, expect

from tests.browser.beds import BedAt
from tests.browser.bedside import Bedside
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BLOCKED_AFTER_A_RELOAD = """
let touched = !performance.getEntriesByType("navigation")[0].type.startsWith("reload");
for (const kind of ["pointerdown", "keydown"])
  addEventListener(kind, () => (touched = true), { capture: true });
const { resume } = AudioContext.prototype;
const { get } = Object.getOwnPropertyDescriptor(BaseAudioContext.prototype, "state");
Object.defineProperty(BaseAudioContext.prototype, "state", {
  get() { return touched ? get.call(this) : "suspended"; },
});
AudioContext.prototype.resume = function () {
  return touched ? resume.call(this) : new Promise(() => {});
};
"""


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


Says = Callable[[Request], bool]


def says(sound: str, **sounds: bool) -> Says:
    """A page that says whether it sounds, and that of each alarm that it shows."""

    def is_so(request: Request) -> bool:
        body: Any = request.post_data_json if request.url.endswith("/displays") else None
        shown = {alarm["id"]: alarm["sounds"] for alarm in body["alarms"]} if body else None
        return bool(body) and body["sound"] == sound and shown == sounds

    return is_so


def shows_one(response: Response) -> bool:
    """The daemon has heard that an alarm is painted."""
    body: Any = response.request.post_data_json if response.url.endswith("/displays") else None
    return response.ok and bool(body) and len(body["alarms"]) == 1


async def test_a_page_says_which_alarms_are_in_sight_and_which_it_sounds(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    other = ward.bed("bed-2").well(97, 70, (130, 84), 3).dosed(40, "P-018")
    ward.put(
        bed.alarming("a", "One", priority="high", id="high"),
        other.alarming("b", "Under the edge of the screen", id="medium"),
    )
    page = await open_page("?station=Desk", size=(390, 560))
    await expect(page.locator(".live.up")).to_be_visible()
    async with page.expect_request(says("on", high=True)):
        await page.get_by_role("button", name="Sound off: turn on").click()
    async with page.expect_request(says("on", medium=False)):
        await page.locator("[data-bed=bed-2] .strip").scroll_into_view_if_needed()
        await page.mouse.wheel(0, 2000)
    (announced,) = ward.announced.values()
    assert (announced["station"], announced["beds"], announced["visible"]) == ("Desk", None, True)


async def test_a_page_is_told_who_else_shows_a_bed(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    page = await open_page("?station=Desk#/bed/bed-1")
    panel = page.locator(".displays-panel")
    await expect(panel).to_contain_text("Desk, this one")
    await expect(panel).to_contain_text("No other screen shows this bed")
    await expect(panel).to_contain_text("No screen sounds this bed's alarms")
    await expect(page.locator(".only-here")).to_have_text("no other screen shows this")
    other = await open_page("?station=Wall")
    await other.get_by_role("button", name="Sound off: turn on").click()
    await expect(other.locator(".only-here")).to_have_count(0)
    ward.say_status()
    await expect(panel).to_contain_text("Wall")
    await expect(panel).not_to_contain_text("No")


async def test_sound_that_was_on_asks_for_a_touch_after_a_reload(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page(script=BLOCKED_AFTER_A_RELOAD)
    await page.get_by_role("button", name="Sound off: turn on").click()
    await expect(page.get_by_role("button", name="Sound on")).to_be_visible()
    async with page.expect_request(says("blocked")):
        await page.reload()
    await expect(page.get_by_role("button", name="SOUND OFF: touch")).to_be_visible()
    async with page.expect_request(says("on")):
        await page.locator(".legal").click()
    await expect(page.get_by_role("button", name="SOUND OFF: touch")).to_have_count(0)
    await page.get_by_role("button", name="Sound on").click()
    async with page.expect_request(says("muted")):
        await page.reload()
    await expect(page.get_by_role("button", name="SOUND OFF: touch")).to_have_count(0)


async def test_a_test_alarm_that_a_person_takes_on_the_page_proves_the_path(
    bedside: Bedside,
) -> None:
    bedside.starts()
    await bedside.opens("alarmpath")
    page = bedside.page
    await page.get_by_role("button", name="Sound off: turn on").click()
    await expect(bedside.sheet).to_contain_text("So far: alarm path not proved")
    async with page.expect_response(shows_one):
        await bedside.stores("test alarm raised")
    strip = page.locator(".strip.high.test")
    await expect(strip).to_contain_text("TEST of the alarm path")
    await expect(page.locator(".counts .pill")).to_have_count(0)
    await strip.get_by_role("button").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(page.locator(".alarm-path")).to_contain_text("Alarm path proved")
    await expect(strip).to_have_count(0)
    found = bedside.session["alarm_path"]
    assert (found["by"], found["sounded"], found["why_not"]) == ("M. Rossi", True, None)
    assert await page.evaluate("localStorage.getItem('postdose.station')") == found["station"]
