"""The dose from the page of a bed of a real daemon: what it waits for, devices, the infusion."""

from datetime import datetime, timedelta

import pytest
from playwright.async_api import expect

from tests.browser.bedside import FASTED, Bedside

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def test_the_gate_says_what_is_lacking_and_leads_there(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("dose")
    await expect(bedside.waits).to_contain_text("Give 28 mg: waits for")
    await expect(bedside.criterion("MOAA/S")).to_have_class("unmet")
    await expect(bedside.criterion("MOAA/S")).to_contain_text("not scored yet")
    await bedside.criterion("MOAA/S").get_by_role("button").click()
    await expect(bedside.page.get_by_role("dialog", name="MOAA/S")).to_be_visible()


async def test_a_device_is_given_with_its_lot(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    await bedside.opens("dose")
    await expect(bedside.sheet).to_contain_text("device 1 of 2, 5 minutes apart")
    await bedside.sheet.get_by_label("Lot number").fill("KJG2A1")
    await expect(bedside.main).to_have_text("Give 28 mg")
    await bedside.stores("esketamine 28 mg")
    (dose,) = bedside.session["doses"]
    assert (dose["mg"], dose["lot"], dose["by"]) == (28, "KJG2A1", "M. Rossi")
    assert dose["deviation"] is None
    await expect(bedside.main).to_have_text("Go on with MOAA/S")


async def test_the_next_device_has_a_clock_and_a_new_moaas(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    bedside.does("doses", product="esketamine", mg=28, lot="KJG2A1")
    await bedside.opens("dose")
    await expect(bedside.sheet.get_by_role("timer")).to_contain_text("The next device opens at")
    await expect(bedside.waits).to_have_text("Give 28 mg: waits for MOAA/S 5, Five minutes apart")
    await bedside.sheet.get_by_role("button", name="As before: KJG2A1").click()
    await expect(bedside.sheet.get_by_label("Lot number")).to_have_value("KJG2A1")


async def test_a_gate_that_opens_with_time_opens_on_the_page(bedside: Bedside) -> None:
    bedside.starts("quick")
    bedside.is_prepared(food_2h=True)
    bedside.does("doses", product="esketamine", mg=28)
    await bedside.opens("dose")
    bedside.does("scores", scale="moaas", total=5)
    await bedside.stores("esketamine 28 mg")
    assert bedside.session["given_mg"] == 56
    await bedside.outcome.get_by_role("button", name="Another").click()
    await expect(bedside.waits).to_have_text("Nothing more is to be given")


async def test_what_changed_meanwhile_is_refused_with_the_reason(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    await bedside.opens("dose")
    await expect(bedside.main).to_have_text("Give 28 mg")
    await bedside.page.route("**/api/v1/beds/bed-1", lambda route: route.abort())
    bedside.does("scores", scale="moaas", total=4)
    await bedside.main.click()
    await expect(bedside.sheet.locator(".failure")).to_contain_text("4 is under 5")
    assert bedside.session["doses"] == []


async def test_what_was_given_already_is_recorded_with_why(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("dose")
    await bedside.sheet.get_by_role("button", name="Given already").click()
    await expect(bedside.waits).to_have_text("Store: why it was given missing")
    await bedside.sheet.get_by_label("Amount").fill("56")
    await bedside.sheet.get_by_label("Why it was given").fill("two devices at once")
    await expect(bedside.main).to_have_text("Record 56 mg as given")
    await bedside.stores("esketamine 56 mg")
    (dose,) = bedside.session["doses"]
    assert dose["deviation"]["reason"] == "two devices at once"
    assert {"moaas", "device"} <= set(dose["deviation"]["unmet"])


async def test_a_dose_is_corrected_and_keeps_its_time(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    await bedside.opens("dose")
    await bedside.sheet.get_by_label("Lot number").fill("KJG2A1")
    await bedside.main.click()
    await bedside.outcome.get_by_role("button", name="Correct").click()
    was = bedside.session["doses"][0]
    await bedside.sheet.get_by_label("Lot number").fill("KJG2A7")
    await expect(bedside.main).to_have_text("Store 28 mg")
    await bedside.stores("esketamine 28 mg")
    (dose,) = bedside.session["doses"]
    assert (dose["lot"], dose["at"]) == ("KJG2A7", was["at"])


async def test_a_clinician_clears_item_by_item(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED | {"food_2h": False})
    await bedside.opens("dose")
    await expect(bedside.waits).to_have_text("Give 28 mg: waits for Food, fluids, nasal sprays")
    await bedside.sheet.get_by_role("button", name="A clinician clears").click()
    await bedside.sheet.get_by_label("Food, fluids").check()
    await bedside.sheet.get_by_label("Clinician").fill("dr.b")
    await expect(bedside.waits).to_have_text("Clear: the reason missing")
    await bedside.sheet.get_by_label("Reason").fill("a biscuit an hour ago")
    await bedside.stores("Food, fluids, nasal sprays cleared by dr.b")
    await bedside.outcome.get_by_role("button", name="Back to the dose").click()
    await expect(bedside.criterion("Food")).to_have_class("passed")
    await expect(bedside.criterion("Food")).to_contain_text("cleared by dr.b")
    await expect(bedside.main).to_have_text("Give 28 mg")


async def test_an_infusion_is_started_paused_resumed_and_ended(bedside: Bedside) -> None:
    bedside.starts("ketamine-iv", weight_kg=70)
    bedside.is_prepared()
    await bedside.opens("dose")
    await bedside.sheet.get_by_label("Lot number").fill("K77")
    await bedside.stores("infusion started")
    assert bedside.session["infusion"]["lot"] == "K77"
    for choice, done in (("Pause", "paused"), ("Resume", "resumed"), ("End", "ended")):
        if choice == "Resume":
            bedside.does("scores", scale="moaas", total=5)
        await bedside.opens("dose")
        await bedside.chooses(f"{choice} the infusion")
        await expect(bedside.main).to_have_text(f"{choice} the infusion")
        await bedside.stores(f"infusion {done}")
    infusion = bedside.session["infusion"]
    assert infusion["ended_at"]
    assert len(infusion["pauses"]) == 1


async def test_a_resumption_waits_for_a_new_moaas_and_a_pause_for_nothing(
    bedside: Bedside,
) -> None:
    bedside.starts("ketamine-iv", weight_kg=70)
    bedside.is_prepared()
    bedside.does("infusion", action="start")
    bedside.does("scores", scale="moaas", total=3)
    await bedside.opens("dose")
    await bedside.chooses("Pause the infusion")
    await bedside.stores("infusion paused")
    await bedside.opens("dose")
    await bedside.chooses("Resume the infusion")
    await expect(bedside.waits).to_contain_text("Resume the infusion: waits for MOAA/S 5")


async def test_a_typed_time_is_taken_for_what_it_was(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("dose")
    await bedside.sheet.get_by_role("button", name="Given already").click()
    await bedside.sheet.get_by_label("Why it was given").fill("before the session was started")
    await bedside.sheet.get_by_label("At, as").fill("25:00")
    await expect(bedside.waits).to_have_text("Store: a time as 14:05 missing")
    now = datetime.fromisoformat(bedside.site.get("/status")["now"])
    then = now.replace(second=0, microsecond=0) - timedelta(hours=2)
    await bedside.sheet.get_by_label("At, as").fill(f"{then:%H:%M}")
    await bedside.stores("esketamine 28 mg")
    assert datetime.fromisoformat(bedside.session["doses"][0]["at"]) == then


async def test_what_was_typed_as_given_is_not_sent_once_it_is_not_given(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    await bedside.opens("dose")
    await bedside.sheet.get_by_role("button", name="Given already").click()
    await bedside.sheet.get_by_label("Why it was given").fill("urgent")
    then = datetime.fromisoformat(bedside.site.get("/status")["now"]) - timedelta(hours=2)
    await bedside.sheet.get_by_label("At, as").fill(f"{then:%H:%M}")
    await bedside.sheet.get_by_role("button", name="Not given yet").click()
    await bedside.stores("esketamine 28 mg")
    (dose,) = bedside.session["doses"]
    assert dose["deviation"] is None
    assert dose["at"] > bedside.session["started_at"]


async def test_the_reason_of_an_end_is_stored_whatever_was_touched_before(
    bedside: Bedside,
) -> None:
    bedside.starts("ketamine-iv", weight_kg=70)
    bedside.is_prepared()
    for action in ("start", "pause"):
        bedside.does("infusion", action=action)
    await bedside.opens("dose")
    await bedside.chooses("Resume the infusion")
    await bedside.sheet.get_by_role("button", name="Done already").click()
    await bedside.chooses("End the infusion")
    await expect(bedside.main).to_have_text("End the infusion")
    await bedside.sheet.get_by_label("Why").fill("nausea")
    await bedside.stores("infusion ended")
    (ended,) = bedside.site.get(f"/events?type=infusion.ended&session={bedside.id}")["items"]
    assert ended["payload"]["reason"] == "nausea"


async def test_dosing_is_stopped_with_why_and_the_page_says_so(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    bedside.does("doses", product="esketamine", mg=28)
    await bedside.opens("dose")
    await bedside.sheet.get_by_role("button", name="Give no more").click()
    await expect(bedside.waits).to_have_text("Stop dosing: say why")
    await bedside.sheet.get_by_label("Why no more").fill("vomited")
    await expect(bedside.main).to_have_text("Stop after 28 of 56 mg")
    await bedside.stores("dosing stopped: vomited")
    (stop,) = bedside.session["dosing_stops"]
    assert (stop["reason"], stop["by"]) == ("vomited", "M. Rossi")
    assert bedside.session["state"] == "observing"
    stopped = bedside.page.locator(".course-panel .stopped")
    await expect(stopped).to_have_text("Dosing stopped after 28 of 56 mg: vomited")
    await bedside.opens("dose")
    await expect(bedside.waits).to_have_text("Dosing is stopped after 28 of 56 mg: vomited")
    await expect(bedside.sheet.get_by_role("button", name="Give no more")).to_have_count(0)


async def test_the_reason_of_a_stop_is_corrected(bedside: Bedside) -> None:
    bedside.starts()
    bedside.is_prepared(**FASTED)
    bedside.does("doses", product="esketamine", mg=28)
    bedside.does("dosing-stop", reason="vomited")
    await bedside.opens()
    await bedside.records.get_by_role("button", name="dosing stopped: vomited").click()
    await bedside.sheet.get_by_role("button", name="Correct it").click()
    await expect(bedside.sheet.get_by_label("Why no more")).to_have_value("vomited")
    await bedside.sheet.get_by_label("Why no more").fill("did not want more")
    await bedside.stores("dosing stopped: did not want more")
    assert [stop["reason"] for stop in bedside.session["dosing_stops"]] == ["did not want more"]
    await expect(bedside.records.locator(".corrections")).to_contain_text(
        "vomited corrected by M. Rossi"
    )


async def test_before_the_first_device_there_is_nothing_to_stop(bedside: Bedside) -> None:
    bedside.starts()
    await bedside.opens("dose")
    await expect(bedside.sheet.get_by_role("button", name="Give no more")).to_have_count(0)
    await bedside.opens("stop")
    await expect(bedside.waits).to_have_text("Nothing is given yet: end the session early instead")
