"""Age, weight and regimen of a session put right from the page of a bed of a real daemon."""

import pytest
from playwright.async_api import expect

from tests.browser.bedside import FASTED, Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_both_values_are_shown(bedside: Bedside) -> None:
    bedside.starts(age=94)
    await bedside.opens()
    await bedside.page.get_by_role("button", name="Correct", exact=True).click()
    await expect(bedside.waits).to_have_text("Correct: change what is wrong")
    await bedside.sheet.get_by_label("Age, years").fill("49")
    await expect(bedside.waits).to_have_text("Correct: why missing")
    await bedside.sheet.get_by_label("Why").fill("mistyped")
    await expect(bedside.main).to_have_text("Correct age 94 to 49")
    await bedside.stores("age 94 to 49")
    (corrected,) = bedside.session["session_corrections"]
    assert (corrected["was"], corrected["now"]) == ({"age": 94}, {"age": 49})
    assert (corrected["reason"], corrected["by"]) == ("mistyped", "M. Rossi")
    on_record = bedside.records.locator(".corrections")
    await expect(on_record).to_contain_text("age 94 to 49 corrected by M. Rossi")
    await expect(on_record).to_contain_text("mistyped")


async def test_after_a_dose_only_the_same_product_is_offered(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    await bedside.opens("correct")
    regimens = bedside.sheet.locator("input[name=regimen] + b")
    await expect(regimens.filter(has_text="Ketamine IV")).to_have_count(1)
    bedside.does("doses", product="esketamine", mg=28)
    await expect(regimens.filter(has_text="Ketamine IV")).to_have_count(0)
    await bedside.chooses("Esketamine 84 mg")
    await bedside.sheet.get_by_label("Why").fill("56 was picked")
    await bedside.stores("regimen esketamine-56 to esketamine-84")
    assert bedside.session["regimen"] == "esketamine-84"


async def test_a_running_infusion_asks_what_it_holds(bedside: Bedside) -> None:
    bedside.starts("ketamine-iv", weight_kg=27)
    bedside.does("infusion", action="start", given=True, deviation={"reason": "urgent"})
    await bedside.opens("correct")
    await expect(bedside.sheet.get_by_label("The infusion holds")).to_have_count(0)
    await bedside.sheet.get_by_label("Weight, kg").fill("71")
    await bedside.sheet.get_by_label("Why").fill("mistyped")
    await expect(bedside.waits).to_have_text("Correct: how much the infusion holds missing")
    await bedside.sheet.get_by_label("The infusion holds").fill("35,5")
    await bedside.stores("weight 27 kg to 71 kg")
    assert bedside.session["weight_kg"] == 71
    assert bedside.session["infusion"]["holds_mg"] == 35.5


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("Age, years", "131", "an age from 0 to 130"),
        ("Age, years", "", "an age from 0 to 130"),
        ("Weight, kg", "7", "a weight from 20 to 400 kg"),
    ],
)
async def test_what_cannot_be_is_not_stored(
    bedside: Bedside, field: str, wrong: str, says: str
) -> None:
    bedside.starts()
    await bedside.opens("correct")
    await bedside.sheet.get_by_label(field).fill(wrong)
    await expect(bedside.waits).to_have_text(f"Correct: {says}")
