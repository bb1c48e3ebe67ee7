"""A clinician's limits for one patient, and what else is on record, at a bed of a real daemon."""

import pytest
from playwright.async_api import expect

from tests.browser.bedside import Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_a_limit_is_set_and_taken_back(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens()
    await bedside.page.get_by_role("button", name="Limits").click()
    await expect(bedside.waits).to_have_text("Set: which limit, the clinician, the reason missing")
    await bedside.sheet.get_by_label("Which").select_option("SpO2 < 93 (spo2.low)")
    await bedside.decides("dr.b", "91 % at home")
    for wrong in ("", "69", "x"):
        await bedside.sheet.get_by_label("Limit (").fill(wrong)
        await expect(bedside.waits).to_have_text("Set: a limit from 70 to 100 missing")
    await bedside.sheet.get_by_label("Limit (").fill("90")
    await bedside.stores("spo2.low: 90, dr.b")
    (own,) = bedside.session["patient_limits"]
    assert (own["rule"], own["limit"], own["was"]) == ("spo2.low", 90, 93)
    await bedside.outcome.get_by_role("button", name="Another").click()
    await expect(bedside.sheet.get_by_role("option", name="SpO2 < 90")).to_have_count(1)
    assert (own["clinician"], own["reason"], own["by"]) == ("dr.b", "91 % at home", "M. Rossi")
    found = bedside.page.locator(".findings")
    await expect(found).to_contain_text("spo2.low: spo2 90 for this patient, not 93")
    await bedside.opens("limits")
    await bedside.sheet.get_by_label("Which").select_option("SpO2 < 90 (spo2.low)")
    await bedside.decides("dr.b", "home value was wrong")
    await bedside.stores("spo2.low: the rule's own limit")
    assert bedside.session["patient_limits"][-1]["limit"] is None


async def test_one_of_several_limits_of_a_rule_is_set(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("limits")
    options = bedside.sheet.get_by_label("Which").locator("option")
    pulse = options.filter(has_text="pulse >").filter(has_text="(pulse.extreme)")
    await bedside.sheet.get_by_label("Which").select_option(await pulse.get_attribute("value"))
    await bedside.sheet.get_by_label("Limit (").fill("150")
    await bedside.decides("dr.b", "pacemaker study")
    await bedside.stores("pulse.extreme: 150")
    (own,) = bedside.session["patient_limits"]
    assert (own["rule"], own["comparison"], own["limit"]) == ("pulse.extreme", "above", 150)


async def test_the_scale_of_news2_is_chosen(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("limits")
    await bedside.chooses("NEWS2 on scale 2, SpO2 of 88 to 92 % wanted")
    await bedside.decides("dr.b", "hypercapnic COPD")
    await bedside.stores("NEWS2 on scale 2, dr.b")
    assert [one["scale"] for one in bedside.session["news2_scales"]] == [2]
    assert {one["rule"]: one["limit"] for one in bedside.session["patient_limits"]} == {
        "spo2.low": 88,
        "spo2.very-low": 84,
    }


async def test_notes_and_the_steps_of_an_infusion_are_on_record(bedside: Bedside) -> None:
    bedside.starts("ketamine-iv", weight_kg=70)
    bedside.does("notes", text="sleeping, easily woken")
    bedside.does("infusion", action="start", given=True, deviation={"reason": "urgent"})
    bedside.does("infusion", action="pause")
    await bedside.opens()
    await expect(bedside.records).to_contain_text("note: sleeping, easily woken")
    await expect(bedside.records).to_contain_text("infusion started")
    await expect(bedside.records).to_contain_text("infusion paused")
    await expect(bedside.records).not_to_contain_text("infusion resumed")
    await expect(bedside.records.get_by_role("button", name="note:")).to_have_count(0)
    bedside.does("notes", text="awake again")
    await expect(bedside.records).to_contain_text("note: awake again")
