"""Taking an alarm from the board: by a named person, one at a time, nothing lost."""

from dataclasses import replace

import pytest
from playwright.async_api import Page, expect

from tests.browser.beds import BedAt
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = (
        ward.bed("bed-1")
        .well(90, 70, (130, 84), 3)
        .dosed(40, "P-017")
        .alarming("spo2.low", "SpO2 90 %: under 93")
    )
    ward.put(bed)
    return bed


async def opened(page: Page) -> None:
    await page.locator(".strip-alarm").press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()


async def sign(page: Page, who: str, note: str = "") -> None:
    await page.get_by_label("Who").fill(who)
    await page.get_by_label("Note").fill(note)
    await page.get_by_role("button", name="Acknowledge", exact=True).click()


async def test_enter_on_an_alarm_asks_who(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await opened(page)
    await expect(page.get_by_label("Who")).to_be_focused()


async def test_acknowledging_sends_who_and_note(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await opened(page)
    await sign(page, "M. Rossi", "repositioned")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    alarm = bed.alarms[0]["id"]
    assert ward.acknowledged == [{"alarm": alarm, "by": "M. Rossi", "note": "repositioned"}]


async def test_the_strip_then_says_who_has_it(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await opened(page)
    await sign(page, "M. Rossi")
    await expect(page.locator(".strip.acknowledged")).to_contain_text("with M. Rossi")


async def test_who_is_remembered(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await opened(page)
    await sign(page, "M. Rossi")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    ward.say_alarm(bed.alarming("pulse.high", "Pulse 130/min", priority="high"))
    await expect(page.locator(".strip.high")).to_be_visible()
    await opened(page)
    await expect(page.get_by_label("Who")).to_have_value("M. Rossi")


@pytest.mark.parametrize("who", ["", "   "])
async def test_nobody_cannot_acknowledge(ward: Ward, bed: BedAt, open_page: Open, who: str) -> None:
    page = await open_page()
    await opened(page)
    await sign(page, who)
    assert await page.get_by_label("Who").evaluate("field => !field.checkValidity()")
    await expect(page.get_by_role("dialog")).to_be_visible()
    assert ward.acknowledged == []


async def test_a_refusal_is_shown_and_nothing_typed_is_lost(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.refusal = {"status": 409, "title": "Already ended", "detail": "the alarm ended at 14:31"}
    page = await open_page()
    await opened(page)
    await sign(page, "M. Rossi", "repositioned")
    await expect(page.locator(".failure")).to_contain_text(
        "Already ended: the alarm ended at 14:31"
    )
    await expect(page.get_by_label("Note")).to_have_value("repositioned")
    await expect(page.locator(".strip.acknowledged")).to_have_count(0)


async def test_after_a_failure_it_can_be_sent_again(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    ward.cut()
    await sign(page, "M. Rossi", "repositioned")
    await expect(page.locator(".failure")).to_contain_text("Not acknowledged at 14:32")
    ward.mend()
    await page.get_by_role("button", name="Acknowledge", exact=True).click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert len(ward.acknowledged) == 1


async def test_several_alarms_are_listed_and_taken_one_by_one(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    two = bed.alarming("pulse.high", "Pulse 130/min", priority="low")
    ward.put(two)
    page = await open_page()
    await page.get_by_role("button", name="+1 more").click()
    entries = page.get_by_role("dialog").get_by_role("listitem")
    await expect(entries).to_have_count(2)
    await entries.filter(has_text="Pulse").get_by_role("button").click()
    await sign(page, "M. Rossi")
    await expect(entries.filter(has_text="Pulse")).to_contain_text("with M. Rossi")
    await expect(entries.filter(has_text="SpO2").get_by_role("button")).to_be_visible()
    assert [taken["alarm"] for taken in ward.acknowledged] == [two.alarms[1]["id"]]


async def test_an_alarm_that_ends_meanwhile_keeps_what_was_typed(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    await page.get_by_label("Note").fill("half a sen")
    ended = {**bed.alarms[0], "state": "ended", "ended_at": bed.ago(0)}
    calm = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.say_event(calm, "alarm", "alarm.ended", {"alarm": ended})
    await expect(page.locator(".strip")).to_have_text("No alarms")
    await expect(page.get_by_role("dialog")).to_contain_text("over")
    await expect(page.get_by_label("Note")).to_have_value("half a sen")


async def test_escape_closes_and_gives_the_focus_back(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await expect(page.locator(".strip-alarm")).to_be_focused()
    assert ward.acknowledged == []


async def test_an_alarm_opens_at_once_after_the_dialog_was_closed(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    await page.evaluate(
        "document.querySelector('dialog').close(); document.querySelector('.strip-alarm').click()"
    )
    await expect(page.get_by_role("dialog")).to_be_visible()


async def test_there_is_no_acknowledge_all(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.alarming("a", "Two").alarming("b", "Three"))
    page = await open_page()
    await page.get_by_role("button", name="+2 more").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button")).to_have_text(["Close"] + ["Acknowledge …"] * 3)


async def test_an_acknowledgement_can_be_undone_by_name(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    await sign(page, "M. Rossi")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await opened(page)
    await page.get_by_role("button", name="Undo …").click()
    await page.get_by_label("Note").fill("the wrong bed")
    await page.get_by_role("button", name="Undo", exact=True).click()
    await expect(page.locator(".strip.waiting")).to_be_visible()
    alarm = bed.alarms[0]["id"]
    assert ward.given_back == [{"alarm": alarm, "by": "M. Rossi", "note": "the wrong bed"}]


async def test_the_end_of_an_acknowledged_alarm_is_acknowledged_by_itself(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    over = bed.alarms[0] | {
        "state": "latched",
        "condition_ended_at": "2026-01-05T14:31:00.000Z",
        "acknowledged": True,
        "acknowledged_by": "J. Klein",
    }
    ward.put(replace(bed, alarms=(over,)))
    page = await open_page()
    strip = page.locator(".strip.acknowledged")
    await expect(strip).to_contain_text("Over since 14:31, not yet seen")
    await opened(page)
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Undo …")).to_have_count(0)
    await sign(page, "M. Rossi", "looked in")
    await expect(dialog).to_have_count(0)
    assert ward.acknowledged == [{"alarm": over["id"], "by": "M. Rossi", "note": "looked in"}]


async def test_what_another_takes_meanwhile_is_not_undone_by_the_same_press(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await opened(page)
    await page.get_by_label("Who").fill("M. Rossi")
    taken = {**bed.alarms[0], "acknowledged": True, "acknowledged_by": "J. Klein"}
    ward.say_alarm(replace(bed, alarms=(taken,)), "alarm.acknowledged")
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("with J. Klein")
    await expect(dialog.get_by_role("button")).to_have_text(["Close", "Undo …"])
