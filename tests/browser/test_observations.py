"""The respiratory rate and what is observed with it, from the page of a bed of a real daemon."""

import pytest
from playwright.async_api import expect

from tests.browser.beds import BedAt
from tests.browser.bedside import Bedside
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_rate_that_is_due_is_the_main_button(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("preparation", confirmed={"changed": False})
    bedside.does("scores", scale="moaas", total=5)
    bedside.does("scores", scale="cadss", total=0)
    await bedside.opens()
    await expect(bedside.due).to_have_text("Count the respiratory rate")
    await bedside.due.click()
    await expect(bedside.waits).to_have_text("Store: touch the rate, or what else was observed")
    await bedside.chooses("14")
    await bedside.stores("respiratory rate 14/min")
    (seen,) = bedside.session["observations"]
    assert (seen["resp"], seen["by"]) == (14, "M. Rossi")
    assert (seen["oxygen"], seen["temperature"], seen["consciousness"]) == (None, None, None)
    states = {one["state"] for one in bedside.session["schedule"] if one["check"] == "resp"}
    assert states == {"done"}
    await expect(bedside.page.locator(".now-panel .scores")).to_contain_text("Respiratory rate14")


async def test_everything_that_was_observed_is_stored_at_once(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("observation")
    await bedside.sheet.get_by_label("Respiratory rate, typed").fill("5")
    await bedside.sheet.get_by_label("Temperature").fill("36,6")
    await bedside.chooses("given", "C new confusion")
    await bedside.sheet.get_by_label("Oxygen, l/min").fill("2,5")
    await bedside.stores("respiratory rate 5/min, 36.6 °C, on oxygen, 2.5 l/min, confusion")
    (seen,) = bedside.session["observations"]
    assert (seen["resp"], seen["temperature"]) == (5, 36.6)
    assert (seen["oxygen"], seen["oxygen_flow"], seen["consciousness"]) == (True, 2.5, "confusion")


async def test_one_thing_alone_is_enough(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("observation")
    await bedside.chooses("none")
    await bedside.stores("no oxygen")
    assert bedside.session["observations"][0]["oxygen"] is False


@pytest.mark.parametrize(
    ("field", "wrong", "says"),
    [
        ("Respiratory rate, typed", "81", "a rate from 0 to 80"),
        ("Respiratory rate, typed", "14.5", "a rate from 0 to 80"),
        ("Temperature", "366", "a temperature from 25 to 45 °C"),
        ("Oxygen, l/min", "0", "oxygen of 0.1 to 80 l/min"),
    ],
)
async def test_what_cannot_be_is_not_stored(
    bedside: Bedside, field: str, wrong: str, says: str
) -> None:
    bedside.starts()
    await bedside.opens("observation")
    await bedside.chooses("A alert", "given")
    await bedside.sheet.get_by_label(field).fill(wrong)
    await expect(bedside.waits).to_have_text(f"Store: {says}")


async def test_an_observation_is_corrected(bedside: Bedside) -> None:
    bedside.starts()
    bedside.does("observations", resp=41, oxygen=False)
    was = bedside.session["observations"][0]
    await bedside.opens()
    await bedside.records.get_by_role("button", name="rate 41/min").click()
    await bedside.sheet.get_by_role("button", name="Correct it").click()
    await expect(bedside.sheet.get_by_label("none", exact=True)).to_be_checked()
    await bedside.chooses("14")
    await bedside.stores("respiratory rate 14/min, no oxygen")
    (seen,) = bedside.session["observations"]
    assert (seen["resp"], seen["oxygen"], seen["at"]) == (14, False, was["at"])
    await expect(bedside.page.locator(".corrections")).to_contain_text(
        "respiratory rate 41/min, no oxygen corrected by M. Rossi"
    )


async def test_the_timeline_and_the_next_check_say_it_in_full(ward: Ward, open_page: Open) -> None:
    bed: BedAt = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(38, "P-017")
    assert bed.session is not None
    due = {"check": "resp", "due_at": bed.ago(0), "done_at": None, "state": "due"}
    bed.session["schedule"] = [due]
    ward.put(bed)
    page = await open_page("#/bed/bed-1")
    await expect(page.locator(".bar .due + title")).to_contain_text("Respiratory rate due")
    await expect(page.locator(".course-panel .next")).to_have_text("Respiratory rate +38 due now")
