"""A whole session by somebody who only follows the page: what it offers is what there is to do."""

import pytest
from playwright.async_api import expect

from tests.browser.bedside import Bedside
from tests.browser.test_start import answers

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def goes_on(bedside: Bedside, title: str) -> None:
    """Store, and go on with what is offered, which is `title`."""
    await bedside.main.click()
    await expect(bedside.outcome).to_contain_text("Stored")
    await bedside.main.click()
    await expect(bedside.page.get_by_role("dialog", name=title)).to_be_visible()


async def test_from_an_empty_bed_to_an_empty_bed(bedside: Bedside) -> None:
    await bedside.opens()
    await bedside.due.click()
    await bedside.sheet.get_by_label("Patient").fill("P-050")
    await bedside.sheet.get_by_label("Age").fill("40")
    await bedside.chooses("Quick spray", "yes")
    await goes_on(bedside, "Ask before the dose")
    session = bedside.id
    await answers(bedside, ("No food",))
    await goes_on(bedside, "MOAA/S")
    await bedside.chooses("5 Responds readily to the name")
    await bedside.stores("MOAA/S 5")
    await bedside.page.keyboard.press("Escape")
    bedside.does("pressures", sys=124, dia=78)
    await expect(bedside.due).to_have_text("Dose: waits for CADSS")
    await bedside.due.click()
    await bedside.sheet.get_by_role("button", name="Score: CADSS").click()
    await bedside.sheet.get_by_label("Total").fill("0")
    await goes_on(bedside, "Dose")
    await goes_on(bedside, "MOAA/S")
    await bedside.chooses("5 Responds readily to the name")
    await goes_on(bedside, "Dose")
    await bedside.stores("esketamine 28 mg")
    await bedside.page.keyboard.press("Escape")
    await expect(bedside.due).to_have_text("Discharge")
    for _ in range(2):
        bedside.does("pressures", sys=124, dia=78)
    for scale, total in (("moaas", 5), ("cadss", 0)):
        bedside.does("scores", scale=scale, total=total)
    await bedside.due.click()
    await bedside.chooses("none")
    await bedside.sheet.get_by_role("button", name="Escort is here").click()
    await bedside.stores("discharged")
    await bedside.main.click()
    await expect(bedside.due).to_have_text("Start a session")
    closed = bedside.site.get(f"/sessions/{session}")
    assert (closed["state"], closed["against_criteria"]) == ("closed", None)
    assert [dose["deviation"] for dose in closed["doses"]] == [None, None]
