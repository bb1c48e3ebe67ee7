"""Notes, who watches, the cuff, and putting right what is on record, at a bed of a real daemon."""

import pytest
from playwright.async_api import Route, expect

from tests.browser.bedside import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_note(bedside: Bedside) -> None:
    session = bedside.starts()
    await bedside.opens("note")
    await bedside.sheet.get_by_label("Note").fill("sleeping,\neasily <b>woken</b>")
    await bedside.stores("sleeping")
    (event,) = bedside.site.get(f"/events?type=note.added&session={session}")["items"]
    assert event["payload"] == {"text": "sleeping,\neasily <b>woken</b>", "by": "M. Rossi"}


async def test_a_bed_is_taken_over_and_handed_over(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("nurse")
    await expect(bedside.sheet).to_contain_text("nurse.a watches")
    await expect(bedside.main).to_have_text("Take over the bed")
    await bedside.stores("you watch this bed")
    assert bedside.session["nurse"] == "M. Rossi"
    await bedside.outcome.get_by_role("button", name="Change it").click()
    await expect(bedside.waits).to_have_text("Touch whether you hand over or leave")
    await bedside.chooses("hand over")
    await bedside.sheet.get_by_label("To whom").fill("J. Klein")
    await bedside.stores("offered to J. Klein")
    assert bedside.session["handing_to"] == "J. Klein"
    await expect(bedside.page.locator(".head")).to_contain_text("handing over to J. Klein")


async def test_who_is_there_as_well_joins_and_leaves(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("nurse", who="dr.b")
    there = bedside.sheet.get_by_role("list", name="At the bed")
    await expect(there).to_contain_text("nurse.a watches, since")
    await bedside.chooses("be there as well")
    await bedside.stores("you are at this bed as well")
    assert bedside.session["nurse"] == "nurse.a"
    present = [one["by"] for one in bedside.session["attendance"] if one["role"] == "present"]
    assert present == ["dr.b"]
    await expect(bedside.page.locator(".head")).to_contain_text("with nurse.a, and dr.b")
    await bedside.outcome.get_by_role("button", name="Change it").click()
    await expect(there).to_contain_text("dr.b is there as well, since")
    await bedside.chooses("leave")
    await expect(bedside.main).to_have_text("Leave the bed")
    await bedside.stores("you have left this bed")
    assert bedside.session["nurse"] == "nurse.a"
    assert all(one["to"] for one in bedside.session["attendance"] if one["by"] == "dr.b")


async def test_the_cuff_is_stopped_with_why_and_allowed_again(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("cuff")
    await expect(bedside.waits).to_have_text("Stop the cuff: say why")
    await bedside.sheet.get_by_label("Why").fill("a line in that arm")
    await bedside.stores("the cuff is stopped, a line in that arm")
    await bedside.opens("pressure")
    await expect(bedside.waits).to_have_text("Measure now: the cuff is stopped, a line in that arm")
    await bedside.opens("cuff")
    await bedside.stores("the cuff may be started")
    assert bedside.site.get("/beds/bed-1")["cuff"]["inhibited"] is None


async def test_the_cuff_is_started_now_or_not_at_all(bedside: Bedside) -> None:
    bedside.starts()
    bedside.site.until(lambda: bedside.site.get("/beds/bed-1")["cuff"]["phase"] == "idle")
    await bedside.opens("pressure")
    asked: list[str] = []

    async def lose(route: Route) -> None:
        asked.append(route.request.url)
        await route.abort()

    await bedside.page.route("**/beds/bed-1/pressure", lose)
    await bedside.main.click()
    await expect(bedside.sheet.locator(".failure")).to_contain_text("the daemon does not answer")
    await bedside.page.unroute("**/beds/bed-1/pressure")
    await bedside.stores("cuff started")
    assert len(asked) == 1


async def test_any_record_is_corrected_from_the_list(bedside: Bedside) -> None:
    bedside.starts()
    for total in (22, 12):
        bedside.does("scores", scale="cadss", total=total)
    first, _ = bedside.session["scores"]
    await bedside.opens()
    await bedside.records.get_by_role("button", name="CADSS 22").click()
    await bedside.sheet.get_by_role("button", name="Correct it").click()
    await expect(bedside.sheet.get_by_label("Total")).to_have_value("22")
    await bedside.sheet.get_by_label("Total").fill("21")
    await bedside.stores("CADSS 21")
    corrected = bedside.session["scores"][0]
    assert (corrected["total"], corrected["at"]) == (21, first["at"])
    await expect(bedside.records.locator(".corrections")).to_contain_text(
        "CADSS 22 corrected by M. Rossi"
    )


async def test_any_record_is_retracted_with_why(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("symptoms", symptom="nausea", grade=2)
    await bedside.opens()
    await bedside.records.get_by_role("button", name="nausea, moderate").click()
    await expect(bedside.waits).to_have_text("Retract it: say why")
    await bedside.sheet.get_by_label("Why").fill("was another patient's")
    await bedside.stores("nausea, moderate retracted")
    assert bedside.session["symptoms"] == []
    await expect(bedside.records.locator(".corrections")).to_contain_text("was another patient's")


async def test_what_the_cuff_measured_is_only_retracted(bedside: Bedside) -> None:
    bedside.starts()
    bedside.site.ask("/beds/bed-1/pressure")
    cuff = bedside.site.until(
        lambda: [one for one in bedside.session["pressures"] if one["device"] == "cuff"]
    )[0]
    await bedside.opens(f"record/{cuff['id']}")
    await expect(bedside.sheet).to_contain_text("It cannot be corrected")
    await expect(bedside.sheet.get_by_role("button", name="Correct it")).to_have_count(0)


async def test_a_record_that_was_put_right_meanwhile_says_so(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("scores", scale="cadss", total=22)
    was = bedside.session["scores"][0]["id"]
    await bedside.opens(f"cadss/{was}")
    await expect(bedside.main).to_have_text("Store CADSS 22")
    bedside.does("scores", scale="cadss", total=21, corrects=was)
    await expect(bedside.waits).to_have_text("This record has been corrected or retracted")


async def test_a_correction_is_not_mixed_with_a_new_score(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("scores", scale="cadss", total=22)
    await bedside.opens(f"cadss/{bedside.session['scores'][0]['id']}")
    await bedside.sheet.get_by_label("Total").fill("21")
    await bedside.page.keyboard.press("Escape")
    await bedside.page.get_by_role("button", name="CADSS", exact=True).click()
    await expect(bedside.sheet.get_by_label("Total")).to_have_value("")
