"""One bed's page."""

from dataclasses import replace

import pytest
from playwright.async_api import expect

from tests.browser.beds import BedAt, Json, six_beds
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture(autouse=True)
def six(ward: Ward) -> None:
    ward.put(*six_beds(ward.now))


async def test_a_beds_name_leads_to_its_page_and_back(open_page: Open) -> None:
    page = await open_page()
    await page.get_by_role("link", name="Bed 4").click()
    await expect(page.locator("main.bed .value").first).to_have_text("85")
    await page.get_by_role("link", name="Back to the ward").click()
    await expect(page.locator(".tile")).to_have_count(6)


async def test_ready_to_leave_is_a_list_with_reasons(open_page: Open) -> None:
    page = await open_page("#/bed/bed-1")
    criteria = page.locator(".criteria li")
    await expect(criteria).to_have_count(10)
    await expect(criteria.filter(has_text="Escort")).to_contain_text("ask and confirm")
    await expect(criteria.filter(has_text="Escort")).to_have_class("unmet")


async def test_an_alarm_is_acknowledged_from_the_bed_page(ward: Ward, open_page: Open) -> None:
    page = await open_page("#/bed/bed-4")
    await page.locator(".side .entry.high").get_by_role("button").click()
    await page.get_by_label("Who").fill("M. Rossi")
    await page.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(page.locator(".side .entry.high")).to_contain_text("with M. Rossi")
    assert len(ward.acknowledged) == 1


async def test_news2_says_what_it_holds_and_since_when(ward: Ward, open_page: Open) -> None:
    at = BedAt("bed-1", ward.now)
    bed = at.dosed(30, "P-031")
    scored = {
        "at": at.ago(20),
        "total": 1,
        "points": {"temperature": 1},
        "missing": ["resp", "spo2", "pulse"],
        "held": {"spo2": 3, "pulse": 0},
        "held_since": {"spo2": at.ago(15), "pulse": at.ago(10)},
        "scale": 1,
    }
    assert bed.session is not None
    ward.put(replace(bed, session={**bed.session, "news2": scored}))
    page = await open_page("#/bed/bed-1")
    await expect(page.locator(".findings")).to_contain_text(
        "NEWS2 4 at 14:12 "
        "partial: without respiratory rate, SpO2 3 held since 14:17, pulse 0 held since 14:22"
    )


async def test_the_course_has_scales(open_page: Open) -> None:
    page = await open_page("#/bed/bed-1")
    await expect(page.locator(".course.large .scale.spo2")).to_have_text(["85", "90", "95", "100"])


async def test_before_the_dose_the_last_sessions_are_told_newest_first(
    ward: Ward, open_page: Open
) -> None:
    high = [{"rule": "pressure.severe", "priority": "high", "count": 1}]
    bad: Json = {
        "ready_min": None,
        "cadss": {"most": 40, "over_min": None},
        "alarms": high,
        "needed": ["nausea, severe", "left against criteria, dr.b: <b>late</b>"],
    }
    ward.put(BedAt("bed-1", ward.now).before_dose("P-031").with_history({}, bad))
    page = await open_page("#/bed/bed-1")
    lines = page.locator(".history li")
    await expect(lines).to_have_count(2)
    await expect(lines.nth(0)).to_contain_text("CADSS 40, not seen to be over")
    await expect(lines.nth(0)).to_contain_text("closed at 130 min, not ready")
    await expect(lines.nth(0)).to_contain_text("high: pressure.severe")
    await expect(lines.nth(0)).to_contain_text("dr.b: <b>late</b>")
    await expect(lines.nth(1)).to_contain_text("systolic +22 at 41 min")
    await expect(lines.nth(1)).to_contain_text("CADSS 12, over at 75 min")


@pytest.mark.parametrize("history", [None, ()])
async def test_a_patient_without_earlier_sessions_has_no_list_of_them(
    ward: Ward, open_page: Open, history: tuple[Json, ...] | None
) -> None:
    ward.put(replace(BedAt("bed-1", ward.now).before_dose("P-031"), history=history))
    page = await open_page("#/bed/bed-1")
    await expect(page.locator(".criteria")).to_be_visible()
    await expect(page.locator(".history")).to_have_count(0)


async def test_a_phone_shows_the_alarms_before_the_picture(open_page: Open) -> None:
    page = await open_page("#/bed/bed-4", size=(390, 844))
    tops = {
        name: await page.locator(f".{name}").evaluate("e => e.getBoundingClientRect().top")
        for name in ("now-panel", "now-bar", "alarms-panel", "course-panel", "devices-panel")
    }
    assert sorted(tops, key=lambda name: tops[name]) == list(tops)
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_a_monitor_says_to_press_start_on_it_and_what_it_shows(
    ward: Ward, open_page: Open
) -> None:
    monitor = {"id": "monitor", "link": "up", "silent": False, "reason": None}
    monitor |= {"title": "Monitor", "can_measure": False, "gives_pressure": True}
    monitor |= {"messages": ["HF zu hoch", "SpO2 niedrig"]}
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3)
    bed = bed.dosed(61, "P-017", late=("pressure+60",)).scored(cadss=2, moaas=5)
    ward.put(replace(bed, devices=(monitor,)))
    page = await open_page("#/bed/bed-1")
    shows = "up; it shows HF zu hoch, SpO2 niedrig"
    await expect(page.locator(".devices li")).to_contain_text(shows)
    await page.get_by_role("button", name="Press start on the monitor").click()
    await expect(page.get_by_role("dialog")).to_contain_text("Press start on the monitor, or type")
