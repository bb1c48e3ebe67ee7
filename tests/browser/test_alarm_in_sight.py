"""Which alarm is in sight, and in what form: what is now, what somebody has, what is over."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.browser.beds import BedAt, Json
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CLEAR = "rgba(0, 0, 0, 0)"
LONG = "Look at what was given and found at this bed, and record again what is missing. Ask."


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    return (
        ward.bed("bed-1")
        .well(85, 70, (172, 104), 3)
        .dosed(40, "P-017")
        .measured((60, 120, 80), (3, 172, 104))
    )


async def test_a_new_alarm_comes_first_and_the_graver_one_that_somebody_has_stays_in_sight(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    taken: Json = {
        "acknowledged": True,
        "acknowledged_by": "M. Rossi",
        "acknowledged_at": bed.ago(2),
    }
    ward.put(
        bed.alarming("pressure.severe", "172/104", priority="high", values={"sys": 172}, **taken)
        .alarming("cadss.marked", "CADSS 31", priority="low", guidance=LONG, values={"cadss": 31})
        .alarming("spo2.low", "SpO2 85 %", values={"spo2": 85}, rules_without_data=["resp.low"])
    )
    page = await open_page()
    strip = page.locator(".strip")
    await expect(strip.locator(".strip-text")).to_contain_text("SpO2 85 %")
    await expect(strip.get_by_role("button", name="+2 more")).to_contain_text("high, with M. Rossi")
    await expect(page.locator(".tile.high.acknowledged")).to_be_visible()

    spo2, pulse, pressure = (
        page.locator(f".numeral.{name}") for name in ("spo2", "pulse", "pressure")
    )
    await expect(spo2.locator(".label")).to_contain_text("medium alarm")
    await expect(spo2.locator(".value")).not_to_have_css("background-color", CLEAR)
    await expect(pressure.locator(".label")).to_contain_text("high alarm")
    await expect(pressure.locator(".value")).to_have_css("background-color", CLEAR)
    await expect(pulse.locator(".label")).to_have_text("Pulse /min")

    await page.get_by_role("button", name="+2 more").click()
    entries = page.get_by_role("dialog").get_by_role("listitem")
    await expect(entries.locator("b")).to_have_text(["SpO2 85 %", "CADSS 31", "172/104"])
    await expect(entries.get_by_text("resp.low")).to_be_hidden()
    await entries.get_by_text("For the technician").click()
    await expect(entries.get_by_text("resp.low")).to_be_visible()


async def test_what_is_over_says_so_first_and_has_no_ground(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    over: Json = {"state": "latched", "condition_ended_at": "2026-01-05T14:31:00.000Z"}
    ward.put(bed.alarming("spo2.low", "SpO2 85 %", priority="high", values={"spo2": 85}, **over))
    page = await open_page()
    text = page.locator(".strip.high .strip-text")
    await expect(text).to_have_text("high:  Over since 14:31, not yet seen: SpO2 85 %")
    strip = page.locator(".strip.high")
    await expect(strip).to_have_css("background-color", CLEAR)
    assert await strip.evaluate("e => e.getAnimations().length") == 0
    await expect(page.locator(".alarmed")).to_have_count(0)
    two = ward.bed("bed-2").well(85, 70, (130, 84), 3).dosed(5, "P-018")
    ward.put(two.alarming("spo2.low", "SpO2 85 %", priority="high"))
    await page.reload()
    await expect(page.locator(".tile h2")).to_have_text(["2", "1"])
    ward.put(two)
    ward.say_alarm(bed.alarming("pulse.high", "Pulse 130/min", priority="low"))
    await expect(text).to_have_count(0)


@pytest.mark.parametrize("size", [(390, 844), (1600, 940)])
async def test_no_text_that_matters_is_cut(
    ward: Ward, bed: BedAt, open_page: Open, size: tuple[int, int]
) -> None:
    late = replace(bed).without_finger(42).dosed(41, "P-017", late=("cadss+40", "pressure+40"))
    blind = late.reads("spo2", None, reason="the finger is out of the sensor, or it is off")
    ward.put(blind.alarming("a", LONG, guidance=LONG, escalated=True))
    page = await open_page(size=size)
    places = page.locator(".strip-text, .strip-guidance, .strip-state, .next, .clock, .below span")
    await expect(page.locator(".strip-guidance")).to_have_text(LONG)
    cut = await places.evaluate_all(
        """places => places.filter(e => {
          const box = e.getBoundingClientRect();
          const own = e.closest(".tile").getBoundingClientRect();
          return e.scrollWidth > e.clientWidth + 1 && getComputedStyle(e).display !== "inline"
            || e.scrollHeight > e.clientHeight + 1 && getComputedStyle(e).display !== "inline"
            || box.right > own.right || box.bottom > own.bottom;
        }).map(e => e.className)"""
    )
    assert cut == []


async def test_a_name_gives_way_to_the_alarm_and_turns_nothing_around(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    """A long name, one of the other direction, on the small tiles of a full wall."""
    for n in range(2, 25):
        ward.put(ward.bed(f"bed-{n}").well(85, 70, (130, 84), 3).dosed(5, f"P-{n}"))

    async def has(by: str) -> str:
        taken: Json = {"acknowledged": True, "acknowledged_by": by, "acknowledged_at": bed.ago(2)}
        ward.put(bed.alarming("spo2.low", "SpO2 85 %: under 90", priority="high", **taken))
        page = await open_page(size=(1920, 1080))
        alarm = page.locator(".strip.high .strip-alarm")
        room = """e => e.querySelector(".strip-text").clientWidth / e.clientWidth"""
        assert await alarm.evaluate(room) >= 0.4
        return (await alarm.locator(".strip-state span").all_inner_texts())[0]

    assert await has("Wilhelmina-Alexandra van der Westerlaken-Oosterhuis") == (
        "with Wilhelmina-Alexan… · 2 min"
    )
    assert await has("ليلى حداد") == "with \u2068ليلى حداد\u2069 · 2 min"
