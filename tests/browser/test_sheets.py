"""A sheet of a bed's page: its place, its keys, what it keeps, and what becomes of what is sent."""

import pytest
from playwright.async_api import Route, ViewportSize, expect

from tests.browser.bedside import Bedside
from tests.browser.conftest import Scheme
from tests.browser.test_look import contrast, inks

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.parametrize("width", [390, 1024, 1600])
async def test_the_alarm_strip_stays_on_top_and_can_be_touched(
    bedside: Bedside, width: int
) -> None:
    bedside.starts()
    bedside.does("scores", scale="cadss", total=31)
    await bedside.page.set_viewport_size(ViewportSize(width=width, height=844))
    await bedside.opens("moaas")
    strip = bedside.page.locator(".strip-alarm")
    await expect(strip).to_contain_text("CADSS 31")
    over, under = await strip.bounding_box(), await bedside.sheet.bounding_box()
    assert over is not None
    assert under is not None
    assert over["y"] + over["height"] <= under["y"] + 1
    assert under["y"] + under["height"] <= 844
    await strip.click()
    await expect(bedside.page.get_by_role("dialog", name="Bed 1")).to_be_visible()


async def test_the_main_button_is_what_is_due(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("preparation", confirmed={"changed": False})
    await bedside.opens()
    await bedside.due.click()
    await expect(bedside.page.get_by_role("dialog", name="MOAA/S")).to_be_visible()


async def test_escape_closes_with_nothing_lost_and_gives_the_focus_back(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens()
    await bedside.page.get_by_role("button", name="CADSS", exact=True).press("Enter")
    await bedside.sheet.get_by_label("Total").fill("22")
    await bedside.page.keyboard.press("Escape")
    await expect(bedside.sheet).to_have_count(0)
    await expect(bedside.page.get_by_role("button", name="CADSS", exact=True)).to_be_focused()
    await bedside.page.reload()
    await bedside.page.get_by_role("button", name="CADSS", exact=True).click()
    await expect(bedside.sheet.get_by_label("Total")).to_have_value("22")


async def test_what_was_typed_for_one_patient_is_not_there_for_the_next(bedside: Bedside) -> None:
    first = bedside.starts()
    await bedside.opens("cadss")
    await bedside.sheet.get_by_label("Total").fill("22")
    bedside.site.abort(first)
    bedside.starts(patient="P-018")
    await expect(bedside.sheet).to_contain_text("P-018")
    await expect(bedside.sheet.get_by_label("Total")).to_have_value("")


async def test_back_closes_the_sheet(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens()
    await bedside.page.get_by_role("button", name="CADSS", exact=True).click()
    await expect(bedside.sheet).to_be_visible()
    await bedside.page.go_back()
    await expect(bedside.sheet).to_have_count(0)
    await expect(bedside.page.locator(".bed-page")).to_be_visible()


async def test_tab_stays_in_the_sheet(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("symptom")
    seen = set()
    for key in ["Tab"] * 12 + ["Shift+Tab"] * 12:
        await bedside.page.keyboard.press(key)
        seen.add(
            await bedside.page.evaluate(
                "[!!document.activeElement.closest('.sheet'), document.activeElement.name]"
                ".join(' ')"
            )
        )
    assert {where.split()[0] for where in seen} == {"true"}
    assert {"true symptom", "true grade"} <= seen


async def test_nobody_stores_without_a_name(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas", who=None)
    await bedside.page.keyboard.press("Tab")
    await bedside.chooses("5 Responds readily to the name")
    await expect(bedside.waits).to_have_text("Store MOAA/S 5: say who you are")
    await bedside.sheet.get_by_label("Who").fill("J. Klein")
    await bedside.stores("by J. Klein")
    assert bedside.session["scores"][0]["by"] == "J. Klein"


SHEETS = (
    "moaas",
    "cadss",
    "pressure",
    "observation",
    "symptom",
    "preparation",
    "dose",
    "clear",
    "note",
    "nurse",
    "cuff",
    "discharge",
    "abort",
    "left",
    "stop",
    "correct",
    "limits",
)
TEXTS = ".sheet :is(h2, p, b, legend, button, label > span, .choice span, .muted)"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_contrast(bedside: Bedside, scheme: Scheme) -> None:
    bedside.starts()
    await bedside.page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for sheet in ("moaas", "preparation", "dose"):
        await bedside.opens(sheet)
        await expect(bedside.sheet.locator(".choice, .gate li").first).to_be_visible()
        found = await inks(bedside.page.locator(TEXTS))
        assert len(found) > 5
        assert [ink for ink in found if contrast(ink[1], ink[2]) < 4.5] == []


@pytest.mark.parametrize("sheet", SHEETS)
async def test_targets_are_large(bedside: Bedside, sheet: str) -> None:
    bedside.starts()
    await bedside.page.set_viewport_size(ViewportSize(width=390, height=844))
    await bedside.opens(sheet)
    small = await bedside.sheet.locator("button, .choice, input").evaluate_all(
        """all => all.map(one => [one.textContent || one.name, one.getBoundingClientRect()])
          .filter(([, box]) => box.height < 41.9 || box.width < 41.9)"""
    )
    assert small == []


async def test_reduced_motion_has_none(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.page.emulate_media(reduced_motion="reduce")
    await bedside.opens("moaas")
    assert await bedside.sheet.evaluate("e => e.getAnimations().length") == 0


async def scored(bedside: Bedside, total: int = 4) -> None:
    await bedside.page.keyboard.press("Tab")
    await bedside.page.keyboard.press("Tab")
    await bedside.page.keyboard.press(str(total))
    await bedside.main.click()


async def test_without_a_line_it_is_not_sent_yet_and_then_sent_with_its_time(
    bedside: Bedside,
) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet: MOAA/S 4")
    assert bedside.session["scores"] == []
    back = bedside.site.get("/status")["now"]
    await bedside.has_the_line_back()
    await bedside.stored("MOAA/S 4")
    (score,) = bedside.session["scores"]
    assert score["at"] < back


async def test_what_arrived_although_the_answer_was_lost_is_there_once(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line(after_storing=True)
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet")
    assert len(bedside.session["scores"]) == 1
    await bedside.has_the_line_back()
    await bedside.stored("MOAA/S 4")
    assert len(bedside.session["scores"]) == 1


async def test_what_others_stored_meanwhile_is_not_taken_for_it(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet: MOAA/S 4")
    bedside.does("scores", scale="moaas", total=5)
    bedside.does("pressures", sys=124, dia=78)
    await bedside.has_the_line_back()
    await bedside.stored("MOAA/S 4")
    await bedside.outcome.get_by_role("button", name="Correct").click()
    await expect(bedside.sheet.get_by_label("4 Lethargic")).to_be_checked()


async def test_what_was_not_sent_outlasts_a_reload(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet")
    await bedside.page.reload()
    await expect(bedside.outcome).to_contain_text("Not sent yet")
    await bedside.page.keyboard.press("Escape")
    await expect(bedside.page.locator(".unstored")).to_contain_text("Not sent yet: MOAA/S 4")
    await bedside.has_the_line_back()
    await expect(bedside.page.locator(".unstored")).to_have_count(0)
    assert [score["total"] for score in bedside.session["scores"]] == [4]


async def test_what_is_not_to_be_sent_is_not_and_can_be_changed(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await bedside.outcome.get_by_role("button", name="Do not send it").click()
    await bedside.has_the_line_back()
    await scored(bedside, 3)
    await bedside.stored("MOAA/S 3")
    assert [score["total"] for score in bedside.session["scores"]] == [3]


async def test_what_the_daemon_refuses_meanwhile_says_why(bedside: Bedside) -> None:
    session = bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet")
    bedside.site.abort(session)
    await bedside.has_the_line_back()
    await expect(bedside.sheet.locator(".failure")).to_contain_text("has ended")
    await bedside.page.keyboard.press("Escape")
    unstored = bedside.page.locator(".unstored")
    await expect(unstored).to_contain_text("Not stored: MOAA/S 4")
    await unstored.get_by_role("button", name="Seen").click()
    await expect(unstored).to_have_count(0)


async def test_the_board_says_what_is_not_stored_and_at_which_bed(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.loses_the_line()
    await scored(bedside)
    await expect(bedside.outcome).to_contain_text("Not sent yet")
    await bedside.page.keyboard.press("Escape")
    await bedside.page.get_by_role("link", name="Back to the ward").click()
    banner = bedside.page.locator(".banner.unstored")
    await expect(banner).to_contain_text("Not stored yet: MOAA/S 4")
    await expect(banner).to_contain_text("At bed 1")
    await bedside.has_the_line_back()
    await expect(banner).to_have_count(0)


@pytest.mark.parametrize(
    ("status", "said", "shown"),
    [(503, "cannot be stored now", "Not sent yet"), (500, "a fault in Postdose", "Not stored")],
)
async def test_what_cannot_be_stored_now_is_sent_again_and_a_fault_is_said(
    bedside: Bedside, status: int, said: str, shown: str
) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    answer = {"title": "Wrong", "detail": said, "status": status}

    async def fail(route: Route) -> None:
        await route.fulfill(status=status, json=answer)

    await bedside.page.route("**/scores", fail)
    await scored(bedside)
    await expect(bedside.sheet).to_contain_text(shown)
    await expect(bedside.sheet).to_contain_text(said, ignore_case=True)
    await bedside.page.unroute("**/scores")
    await (bedside.stores if status == 500 else bedside.stored)("MOAA/S 4")
    assert len(bedside.session["scores"]) == 1
