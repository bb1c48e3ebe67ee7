"""Scores, pressures and symptoms from the page of a bed of a real daemon."""

import pytest
from playwright.async_api import expect

from alerts.rules import SYMPTOMS
from tests.browser.bedside import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_moaas_is_one_touch_and_store(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await expect(bedside.waits).to_have_text("Store: touch how the patient responds")
    await bedside.chooses("4 Lethargic response to the name")
    await expect(bedside.main).to_have_text("Store MOAA/S 4")
    await bedside.stores("MOAA/S 4")
    (score,) = bedside.session["scores"]
    assert (score["scale"], score["total"], score["by"]) == ("moaas", 4, "M. Rossi")


async def test_what_is_due_next_is_one_touch_away(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("preparation", confirmed={"changed": False})
    await bedside.opens("moaas")
    await bedside.chooses("5 Responds readily to the name")
    await bedside.main.click()
    await expect(bedside.main).to_have_text("Go on with CADSS")
    await expect(bedside.main).to_be_focused()
    await bedside.page.keyboard.press("Enter")
    await expect(bedside.page.get_by_role("dialog", name="CADSS")).to_be_visible()


async def test_what_was_just_stored_is_corrected(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("moaas")
    await bedside.chooses("4 Lethargic response to the name")
    await bedside.main.click()
    was = bedside.site.until(lambda: bedside.session["scores"])[0]
    await bedside.outcome.get_by_role("button", name="Correct").click()
    await expect(bedside.sheet.get_by_label("4 Lethargic")).to_be_checked()
    await bedside.chooses("3 Only after the name is called loudly or repeatedly")
    await bedside.stores("MOAA/S 3")
    (score,) = bedside.session["scores"]
    assert (score["total"], score["at"]) == (3, was["at"])
    assert bedside.session["corrections"][0]["was"]["id"] == was["id"]


async def test_cadss_by_its_total(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("cadss")
    for wrong in ("", "93", "-1", "2.5", "x"):
        await bedside.sheet.get_by_label("Total").fill(wrong)
        await expect(bedside.waits).to_have_text("Store: type the total, 0 to 92")
    await bedside.sheet.get_by_label("Total").fill("22")
    await bedside.page.keyboard.press("Enter")
    await bedside.stored("CADSS 22")
    assert bedside.session["scores"][0]["total"] == 22


async def test_cadss_by_item_with_the_keys_alone(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("cadss")
    await bedside.sheet.get_by_role("button", name="By item").press("Enter")
    await bedside.sheet.get_by_label("0", exact=True).first.focus()
    for item in range(23):
        await bedside.page.keyboard.press(str(item % 5))
    await expect(bedside.main).to_have_text("Store CADSS 43")
    await bedside.sheet.locator("input[name=cadss-3]:checked").focus()
    await bedside.page.keyboard.press("ArrowUp")
    await bedside.page.keyboard.press("ArrowRight")
    await expect(bedside.main).to_have_text("Store CADSS 44")
    await bedside.main.press("Enter")
    await bedside.stored("CADSS 44")
    items = bedside.session["scores"][0]["items"]
    assert items == {str(n + 1): n % 5 for n in range(23)} | {"2": 2}


async def test_an_item_left_out_is_waited_for(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("cadss")
    await bedside.sheet.get_by_role("button", name="By item").click()
    await bedside.sheet.locator("input[name=cadss-7]").nth(3).check()
    await expect(bedside.waits).to_have_text("Store: 22 of 23 items to come")


async def test_a_typed_pressure(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("pressure")
    await bedside.sheet.get_by_label("Systolic").fill("132")
    await expect(bedside.waits).to_have_text("Store: type systolic and diastolic")
    await bedside.sheet.get_by_label("Diastolic").fill("84")
    await bedside.stores("132/84")
    typed = [one for one in bedside.session["pressures"] if one["device"] == "by-hand"]
    assert [(one["sys"], one["dia"], one["by"]) for one in typed] == [(132, 84, "M. Rossi")]


async def test_a_hardly_possible_pressure_is_measured_again(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("pressure")
    await bedside.sheet.get_by_label("Systolic").fill("120")
    await bedside.sheet.get_by_label("Diastolic").fill("119")
    await bedside.main.click()
    await expect(bedside.sheet.locator(".failure")).to_contain_text("measure again")
    await expect(bedside.main).to_have_text("Measured again: store 120/119")
    await bedside.stores("120/119")


async def test_a_symptom_in_two_touches(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("symptom")
    await bedside.chooses("nausea")
    await expect(bedside.waits).to_have_text("Store: touch how bad")
    await bedside.chooses("2 moderate")
    await bedside.stores("nausea, moderate")
    (symptom,) = bedside.session["symptoms"]
    assert (symptom["name"], symptom["grade"]) == ("nausea", 2)


async def test_every_symptom_that_the_rules_know_can_be_touched(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("symptom")
    named = await bedside.sheet.locator("input[name=symptom] + b").all_text_contents()
    assert sorted(named) == sorted(name.replace("-", " ") for name in SYMPTOMS)
