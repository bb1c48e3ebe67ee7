"""The start of a session, and what is asked before the dose, at a bed of a real daemon."""

from typing import Any

import pytest
from playwright.async_api import Locator, expect

from monitor.session.record_fields import MEDICINE_CLASSES
from tests.browser.bedside import ANSWERS, Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def describes(bedside: Bedside, **fields: str) -> None:
    for label, value in fields.items():
        await bedside.sheet.get_by_label(label).fill(value)


async def test_an_empty_bed_says_so_and_starts_a_session(bedside: Bedside) -> None:
    await bedside.opens()
    await expect(bedside.page.locator(".head")).to_contain_text("No patient")
    await bedside.page.get_by_role("button", name="Start a session").click()
    await expect(bedside.waits).to_contain_text("the patient, the age, the regimen")
    await describes(bedside, Patient="P-044", Age="52")
    await bedside.chooses("Esketamine 56 mg")
    await expect(bedside.waits).to_have_text("Start: the escort missing")
    await bedside.chooses("yes")
    await bedside.stores("P-044, Esketamine 56 mg")
    session = bedside.session
    assert (session["patient"], session["age"], session["by"]) == ("P-044", 52, "M. Rossi")
    assert (session["escort_planned"], session["weight_kg"]) == (True, None)
    await bedside.main.click()
    await expect(bedside.page.get_by_role("dialog", name="Ask before the dose")).to_be_visible()


async def test_a_regimen_by_weight_asks_for_the_weight(bedside: Bedside) -> None:
    await bedside.opens("start")
    await describes(bedside, Patient="P-045", Age="30")
    await bedside.chooses("no", "Ketamine IV")
    await expect(bedside.waits).to_have_text("Start: the weight missing")
    await describes(bedside, Weight="71,5")
    await bedside.stores("P-045")
    assert bedside.session["weight_kg"] == 71.5


async def test_a_known_patient_is_told_with_the_last_sessions(bedside: Bedside) -> None:
    session = bedside.starts(patient="P-046")
    bedside.site.dose(session)
    bedside.site.abort(session)
    await bedside.opens("start")
    await describes(bedside, Patient="P-046")
    told = bedside.sheet.locator(".told")
    await expect(told).to_contain_text("This is session 2")
    await expect(told.locator(".history li")).to_contain_text("28 mg")


async def test_a_bed_that_was_taken_meanwhile_says_by_whom(bedside: Bedside) -> None:
    await bedside.opens("start")
    bedside.starts(patient="P-047")
    await expect(bedside.waits).to_have_text("Start: P-047 is at this bed")


async def test_nothing_is_answered_before_it_was_asked(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("preparation")
    await expect(group(bedside, "Hypersensitivity")).to_be_visible()
    await expect(bedside.sheet.locator("input:checked")).to_have_count(0)
    await expect(bedside.waits).to_contain_text("aneurysmal disease")


def group(bedside: Bedside, legend: str) -> Locator:
    return bedside.sheet.get_by_role("group", name=legend)


FASTS = ("No food", "No fluids", "No nasal spray")


async def answers(bedside: Bedside, fasts: tuple[str, ...] = FASTS) -> None:
    for name in ("Aneurysmal disease", "AV malformation", "Intracerebral", "Hypersensitivity"):
        await group(bedside, name).get_by_label("no", exact=True).check()
    await group(bedside, "Suicidal thoughts").get_by_label("none").check()
    for fast in fasts:
        await group(bedside, fast).get_by_label("kept to", exact=True).check()
    await group(bedside, "Medicines").get_by_label("opioid").check()
    await group(bedside, "Cautions").get_by_label("none").check()
    await group(bedside, "take the patient home").get_by_label("yes").check()
    await group(bedside, "first treatment").get_by_label("no", exact=True).check()
    await expect(bedside.waits).to_have_text("Store: whether anything has changed to ask")
    await group(bedside, "gone through").get_by_label("nothing has changed").check()


def unmet(session: Any) -> set[str]:
    return {one["name"] for one in session["gate"] if one["required"] and not one["met"]}


async def test_what_was_asked_is_stored_and_the_gate_follows(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("preparation")
    await answers(bedside)
    await bedside.sheet.get_by_label("Their names").fill("oxycodone, ")
    await bedside.stores("what was asked before the dose")
    session = bedside.session
    said = session["preparation"]
    assert said["contraindications"] == ANSWERS["contraindications"]
    assert said["medicine_classes"] == {name: name == "opioid" for name in MEDICINE_CLASSES}
    assert session["medicines"] == ["oxycodone"]
    assert (said["cautions"], said["first_treatment"]) == ([], False)
    assert said["confirmed"]["by"] == "M. Rossi"
    assert unmet(session) & {"contraindications", "suicidality", "fasting"} == set()


async def test_what_was_asked_can_be_put_right(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("preparation")
    await answers(bedside)
    await bedside.main.click()
    await bedside.outcome.get_by_role("button", name="Correct").click()
    await group(bedside, "Suicidal thoughts").get_by_label("a concern").check()
    await bedside.stores("what was asked")
    assert "suicidality" in unmet(bedside.session)


async def test_a_regimen_without_fasting_asks_for_none(bedside: Bedside) -> None:
    bedside.starts("ketamine-iv", weight_kg=70)
    await bedside.opens("preparation")
    await expect(group(bedside, "Hypersensitivity")).to_be_visible()
    await expect(group(bedside, "No food")).to_have_count(0)
