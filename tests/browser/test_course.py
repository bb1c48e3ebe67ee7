"""The session drawn on one axis."""

import pytest
from playwright.async_api import Locator, expect

from tests.browser.beds import BedAt
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    """Sixty minutes after the last of three doses, with five minutes of SpO2 missing."""
    return (
        ward.bed("bed-1")
        .well(97, 70, (130, 84), 3)
        .dosed(60, "P-017", late=("cadss+40", "pressure+60"))
        .measured((80, 120, 80), (40, 140, 88), (3, 130, 84))
        .trending((70, 97), (30, 96), (25, None), (20, 97), (0.1, 97))
    )


async def course(open_page: Open) -> Locator:
    place = (await open_page()).locator(".tile .course")
    await expect(place.locator(".trend polyline").first).to_be_attached()
    return place


async def middle(place: Locator) -> float:
    x: float = await place.evaluate(
        "e => { const box = e.getBoundingClientRect(); return box.left + box.width / 2; }"
    )
    return x


async def test_each_dose_is_marked(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    await expect((await course(open_page)).locator(".dose")).to_have_count(3)


async def test_each_pressure_is_drawn_with_two_heads(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    place = await course(open_page)
    await expect(place.locator(".pressure-bar")).to_have_count(3)
    await expect(place.locator(".pressure-head")).to_have_count(6)


async def test_a_gap_in_spo2_stays_a_gap(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    await expect((await course(open_page)).locator(".trend polyline")).to_have_count(2)


async def test_new_values_lengthen_the_line(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    place = await course(open_page)
    line = place.locator(".trend polyline").last
    before = await line.get_attribute("points") or ""
    ward.say_vitals(bed.reads("spo2", 92, at_min=-0.01))
    await expect(line).not_to_have_attribute("points", before)
    assert len((await line.get_attribute("points") or "").split()) == len(before.split()) + 1


@pytest.mark.parametrize(
    ("state", "title"),
    [("overdue", "CADSS overdue"), ("due", "Pressure due"), ("upcoming", "Pressure upcoming")],
)
async def test_checks_are_drawn_by_their_state(
    ward: Ward, bed: BedAt, open_page: Open, state: str, title: str
) -> None:
    ward.put(bed)
    place = await course(open_page)
    dots = place.locator(f".mark:has(> .check.{state})")
    assert any(title in text for text in await dots.locator("title").all_text_contents())


async def test_checks_due_together_are_one_dot_as_pressing_as_the_worst(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    titles = (
        await (await course(open_page)).locator(".mark:has(> .check) title").all_text_contents()
    )
    assert sum("(14:12)" in title for title in titles) == 1


async def test_alarms_lie_on_the_bar_from_raised_to_ended(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ended = {"state": "ended", "ended_at": bed.ago(15)}
    ward.put(bed.alarming("a", "One", since_min=30, **ended))
    place = await course(open_page)
    span = place.locator(".span.medium")
    await expect(span).to_have_count(1)
    box, track = await span.bounding_box(), await place.locator(".track").bounding_box()
    assert box is not None
    assert track is not None
    assert box["width"] / track["width"] == pytest.approx(15 / 140, abs=0.01)


async def test_minute_0_is_the_last_dose(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    place = await course(open_page)
    tick = await middle(place.locator(".tick", has_text="0").first)
    assert tick == pytest.approx(await middle(place.locator(".dose").last), abs=1.5)


async def test_the_rules_limits_and_the_baseline_are_drawn(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["session"]["limits"] = [
        {"vital": "spo2", "value": 88, "priority": "high"},
        {"vital": "sys", "value": 160, "priority": "medium"},
    ]
    place = await course(open_page)
    heights = await place.locator(".limit.high, .limit.medium, .baseline").evaluate_all(
        "lines => lines.map(line => line.getBoundingClientRect().top)"
    )
    assert heights == sorted(heights)
    assert len(set(heights)) == 3


async def test_a_course_that_cannot_be_fetched_says_so(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.trends.clear()
    page = await open_page()
    await expect(page.locator(".course figcaption")).to_contain_text("trend not available")


async def test_the_picture_of_a_bed_is_zoomed_and_moved_and_its_gaps_are_drawn(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["session"]["limits"] = [
        {"vital": "sys", "value": 180, "priority": "medium", "label": "severe 180"},
        {"vital": "sys", "value": 180, "priority": "high", "label": "crisis 180"},
    ]
    page = await open_page("#/bed/bed-1")
    place = page.locator(".picture")
    await expect(place.locator(".gap")).to_have_count(1)
    await expect(place.locator(".gap title")).to_have_text("no SpO2 from 14:07 to 14:12")
    await expect(place.locator(".limit-label")).to_have_text(["severe, crisis 180", "baseline 120"])
    await expect(place.locator(".tick")).to_have_text(["0", "30", "60", "90", "120"])
    whole = await middle(place.locator(".dose").last)

    await place.get_by_role("button", name="Closer").click()
    await place.locator(".picture-place").focus()
    async with page.expect_request(lambda asked: "points=600&from=" in asked.url):
        for key in ("+", "ArrowLeft", "ArrowLeft"):
            await page.keyboard.press(key)
    await expect(place.locator(".zoomed")).to_be_visible()
    await expect(place.get_by_role("status")).to_contain_text(" to ")
    ticks = [int(text) for text in await place.locator(".tick").all_text_contents()]
    assert ticks == list(range(ticks[0], ticks[-1] + 1, 10))
    assert ticks[-1] - ticks[0] < 70
    await place.locator(".picture-place").hover()
    await page.mouse.wheel(0, -100)
    assert await middle(place.locator(".dose").last) != whole
    for _ in range(4):
        await page.mouse.wheel(0, 100)
    await expect(place.locator(".zoomed")).to_have_count(0)
    assert await middle(place.locator(".dose").last) == pytest.approx(whole, abs=1)
