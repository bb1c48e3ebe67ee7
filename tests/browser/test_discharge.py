"""The end of a session from the page of a bed of a real daemon."""

import pytest
from playwright.async_api import expect

from tests.browser.bedside import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AGAINST = {"clinician": "dr.b", "reason": "needs oxygen"}


def dosed(bedside: Bedside, regimen: str = "esketamine-56") -> str:
    session = bedside.starts(regimen)
    bedside.site.dose(session)
    return session


def well(bedside: Bedside) -> None:
    """A patient of the quick regimen whom only the escort keeps."""
    bedside.starts("quick")
    bedside.is_prepared(food_2h=True)
    bedside.does("doses", product="esketamine", mg=56, given=True, deviation={"reason": "quick"})

    def over() -> bool:
        unmet = {one["name"]: one["why"] for one in bedside.session["criteria"] if not one["met"]}
        return "window-over" not in unmet

    bedside.site.until(over)
    for _ in range(2):
        bedside.does("pressures", sys=124, dia=78)
    bedside.does("scores", scale="moaas", total=5)
    bedside.does("scores", scale="cadss", total=0)
    bedside.site.until(
        lambda: [one["name"] for one in bedside.session["criteria"] if not one["met"]] == ["escort"]
    )


async def test_it_says_what_leaving_waits_for_and_leads_there(bedside: Bedside) -> None:
    dosed(bedside)
    await bedside.opens("discharge")
    await expect(bedside.waits).to_have_text("Discharge: ask for suicidal thoughts")
    await bedside.chooses("none")
    await expect(bedside.waits).to_contain_text("Discharge: waits for Window over")
    await expect(bedside.criterion("Window over")).to_contain_text("120 min left")
    told = f"For the patient: {bedside.session['discharge_text']}"
    await expect(bedside.sheet.locator(".told")).to_have_text(told)
    await bedside.criterion("Last checks").get_by_role("button", name="MOAA/S").click()
    await expect(bedside.page.get_by_role("dialog", name="MOAA/S")).to_be_visible()


async def test_a_ready_patient_is_discharged(bedside: Bedside) -> None:
    well(bedside)
    session = bedside.id
    await bedside.opens()
    await bedside.due.click()
    await bedside.chooses("none")
    await expect(bedside.waits).to_have_text("Discharge: waits for Escort confirmed")
    await bedside.sheet.get_by_role("button", name="Escort is here").click()
    await expect(bedside.criterion("Escort")).to_have_class("met")
    await bedside.stores("discharged")
    closed = bedside.site.get(f"/sessions/{session}")
    assert (closed["state"], closed["ended_by"]) == ("closed", "M. Rossi")
    assert (closed["escort"], closed["against_criteria"]) == (True, None)
    for paper, title in (("Report", "Session"), ("Monitoring form", "monitoring")):
        async with bedside.page.context.expect_page() as opened:
            await bedside.sheet.get_by_role("link", name=paper).click()
        page = await opened.value
        await expect(page.locator("h1").first).to_contain_text(title, ignore_case=True)
        await page.close()
    await bedside.main.click()
    await expect(bedside.page.locator(".head")).to_contain_text("No patient")


async def test_a_concern_is_a_clinicians_to_decide(bedside: Bedside) -> None:
    well(bedside)
    bedside.does("escort")
    await bedside.opens("discharge")
    await bedside.chooses("a concern")
    await expect(bedside.waits).to_have_text("Discharge: a concern, a clinician decides")


async def test_against_the_criteria_takes_a_clinician_and_a_reason(bedside: Bedside) -> None:
    session = dosed(bedside)
    await bedside.opens("discharge")
    await bedside.chooses("none")
    await bedside.sheet.get_by_role("button", name="Against the criteria").click()
    await expect(bedside.waits).to_have_text(
        "Discharge against the criteria: the clinician, the reason missing"
    )
    await bedside.decides("dr.b", "to ward 3", why="Why the clinician")
    await bedside.stores("discharged against the criteria")
    closed = bedside.site.get(f"/sessions/{session}")
    assert closed["against_criteria"] == {"clinician": "dr.b", "reason": "to ward 3"}


async def test_before_the_dose_the_reason_ends_it(bedside: Bedside) -> None:
    session = bedside.starts()
    await bedside.opens("abort")
    await expect(bedside.waits).to_have_text("End the session early: the reason missing")
    await bedside.sheet.get_by_label("Why", exact=True).fill("changed her mind")
    await bedside.stores("ended early")
    assert bedside.site.get(f"/sessions/{session}")["reason"] == "changed her mind"


async def test_after_it_an_outcome_and_a_clinician_are_asked_for(bedside: Bedside) -> None:
    session = dosed(bedside)
    await bedside.opens("abort")
    await expect(bedside.waits).to_have_text(
        "End the session early: the outcome, the reason, the clinician and why missing"
    )
    await bedside.chooses("withdrew")
    await bedside.sheet.get_by_label("Why", exact=True).fill("wants to go home")
    await bedside.decides("dr.b", "walks safely", why="Why the clinician")
    await bedside.stores("ended early: withdrew")
    aborted = bedside.site.get(f"/sessions/{session}")
    assert (aborted["outcome"], aborted["state"]) == ("withdrew", "aborted")


async def test_a_transfer_is_completed_and_the_patient_leaves(bedside: Bedside) -> None:
    session = dosed(bedside)
    bedside.does("scores", scale="cadss", total=31)
    await bedside.opens("abort")
    await bedside.chooses("transferred")
    await bedside.stores("ended early: transferred")
    await bedside.main.click()
    await expect(bedside.page.get_by_role("dialog", name="Complete the abort")).to_be_visible()
    await bedside.sheet.get_by_label("Why", exact=True).fill("SpO2 falls")
    await bedside.sheet.get_by_label("Where to").fill("emergency department")
    await bedside.decides(**AGAINST, why="Why the clinician")
    await bedside.stores("the abort completed")
    await expect(bedside.main).to_have_text("Go on with The patient has left")
    await bedside.main.click()
    await bedside.stores("the patient has left")
    gone = bedside.site.get(f"/sessions/{session}")
    assert (gone["against_criteria"], gone["to_be_completed"]) == (AGAINST, [])
    assert gone["destination"] == "emergency department"
    assert gone["patient_left_at"]


async def test_what_an_abort_needs_the_daemon_says(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("abort")
    await bedside.sheet.get_by_label("Why", exact=True).fill("changed her mind")
    await expect(bedside.main).to_have_text("End the session early")
    bedside.does("scores", scale="cadss", total=31)
    await expect(bedside.waits).to_have_text(
        "End the session early: the outcome, the clinician and why missing"
    )
    refused = bedside.site.ask(f"/sessions/{bedside.id}/abort", reason="changed her mind")
    assert "dissociation.marked is open" in refused.json()["detail"]
    assert bedside.session["state"] == "baseline"
