"""Who is here: signing in, a station that locks itself and shows the ward all the same."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.async_api import Browser, Page, expect

from drivers.clock import Clock
from monitor.access import AccessStore, Role, new_account
from monitor.access.admission import pin_hash
from tests.browser.conftest import profile, unexpected
from tests.browser.test_accessible import AXE, faults
from tests.endtoend.processes import running
from tests.patience import HOPELESS_S
from tests.servers import free_port

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PASSWORD = "tulip stairs november"
SITE = '[api]\nport = {port}\n[mqtt]\nenabled = false\n[[beds]]\nid = "bed-1"\n'


MEASURE = """async () => {
  const headers = {"Content-Type": "application/json"};
  const body = JSON.stringify({by: "M. Rossi"});
  return (await fetch("api/v1/beds/bed-1/pressure", {method: "POST", headers, body})).status;
}"""


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    """A daemon with a nurse and a clinician, and with an alarm at its one bed."""
    port = free_port()
    (tmp_path / "site.toml").write_text(SITE.format(port=port))
    store = AccessStore(f"sqlite:///{tmp_path}/postdose.db")
    for name, role in (("M. Rossi", Role.NURSE), ("Dr. Okoye", Role.CLINICIAN)):
        store.add_account(new_account(name, role, PASSWORD, Clock().now().wall))
    store.change_account("M. Rossi", pin_hash=pin_hash("2580"))
    url = f"http://127.0.0.1:{port}/"
    with (
        running("run", "--config", str(tmp_path / "site.toml")) as daemon,
        httpx.Client(
            base_url=f"{url}api/v1",
            headers={"Sec-Fetch-Site": "same-origin"},
            timeout=HOPELESS_S,
            trust_env=False,
        ) as http,
    ):
        daemon.err.wait_for(lambda line: "daemon.started" in line)
        assert "access.open" not in daemon.err.text

        def post(path: str, **body: Any) -> Any:
            return http.post(path, json=body).raise_for_status().json()

        by = {"by": "M. Rossi"}
        post("/access/sign-in", name="M. Rossi", password=PASSWORD)
        start = {"bed": "bed-1", "patient": "P-017", "regimen": "esketamine-56", "age": 44}
        session = post("/sessions", **start, **by)["id"]
        post(f"/sessions/{session}/scores", scale="cadss", total=31, **by)
        yield url


async def signs_in(page: Page, url: str) -> list[str]:
    """From the alarms in brief to the ward; gives the barriers of what is seen."""
    await page.goto(url)
    await expect(page.locator(".sign-in .entry").first).to_contain_text("bed-1")
    await expect(page.locator(".sign-in .alarms")).to_contain_text("CADSS 31")
    assert "P-017" not in await page.content()
    await page.evaluate(AXE)
    found = await faults(page, "sign in")
    await page.get_by_label("Name").fill("m. rossi")
    await page.get_by_label("Password").fill("something else")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".failure")).to_contain_text("do not belong together")
    await page.get_by_label("Password").fill(PASSWORD)
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".tile")).to_contain_text("P-017")
    await expect(page.locator(".live.up")).to_be_visible()
    return found


async def locks_in_a_sheet(page: Page) -> list[str]:
    """In the middle of a note, after two minutes without a touch; the ward is live meanwhile."""
    await page.evaluate("location.hash = '#/bed/bed-1/note'")
    sheet = page.locator(".sheet")
    await expect(sheet.locator(".who-acts")).to_contain_text("by M. Rossi")
    await sheet.locator("textarea").fill("asked for water")
    async with page.expect_response("**/access/lock"):
        await page.evaluate("localStorage.setItem('postdose.touched', Date.now() - 121_000)")
    await expect(page.locator(".lock-bar")).to_contain_text("seen, not answered")
    await expect(page.locator(".strip")).to_contain_text("CADSS 31")
    await expect(page.locator(".live.up")).to_be_visible()
    await expect(sheet.locator("textarea")).to_have_value("asked for water")
    await expect(sheet.locator(".sheet-buttons .main")).to_have_text("Who is here?")
    assert await page.evaluate(MEASURE) == 401
    return await faults(page, "locked")


async def opens_with_a_pin(page: Page) -> list[str]:
    """After a reload too, and with what was typed."""
    sheet = page.locator(".sheet")
    await page.reload()
    await expect(sheet.locator("textarea")).to_have_value("asked for water")
    await sheet.get_by_role("button", name="Who is here?").click()
    dialog = page.get_by_role("dialog", name="Who is here?")
    tile = dialog.get_by_role("button", name="M. Rossi")
    await expect(tile).to_have_attribute("aria-pressed", "true")
    await page.evaluate(AXE)
    found = await faults(page, "who is here")
    for digit in "2580":
        await dialog.get_by_role("button", name=digit, exact=True).click()
    await dialog.get_by_role("button", name="Open").click()
    await expect(dialog).to_have_count(0)
    await sheet.locator(".sheet-buttons .main").click()
    await expect(sheet.locator(".outcome")).to_contain_text("by M. Rossi")
    return found


async def calls_a_clinician(page: Page) -> list[str]:
    """What a clinician decides is decided once they have signed in; then the station is locked."""
    await page.evaluate("location.hash = '#/bed/bed-1/limits'")
    sheet = page.locator(".sheet")
    await expect(sheet).to_contain_text("A clinician decides this, signed in here")
    found = await faults(page, "limits")
    await sheet.get_by_role("button", name="Who is here?").first.click()
    dialog = page.get_by_role("dialog", name="Who is here?")
    await dialog.get_by_role("button", name="Someone else").click()
    await dialog.get_by_label("Name").fill("Dr. Okoye")
    await dialog.get_by_label("Password").fill(PASSWORD)
    await dialog.get_by_role("button", name="Sign in").click()
    await expect(sheet).to_contain_text("Clinician: Dr. Okoye")
    await page.get_by_role("button", name="Dr. Okoye").click()
    await expect(page.locator(".lock-bar")).to_be_visible()
    return found


@pytest.mark.timeout(300)
async def test_a_station_is_opened_locks_itself_and_shows_the_ward_meanwhile(
    chromium: Browser, url: str
) -> None:
    wrong: list[str] = []
    context = await profile(chromium)
    page = await context.new_page()
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.extend(unexpected(message)))
    await page.emulate_media(reduced_motion="reduce")
    wrong += await signs_in(page, url)
    wrong += await locks_in_a_sheet(page)
    wrong += await opens_with_a_pin(page)
    wrong += await calls_a_clinician(page)
    assert wrong == []
    await context.close()


async def test_a_ward_that_lost_its_users_is_shown_and_says_why_nobody_acts(
    chromium: Browser, tmp_path: Path
) -> None:
    port = free_port()
    site = tmp_path / "site.toml"
    site.write_text(SITE.format(port=port))
    store = AccessStore(f"sqlite:///{tmp_path}/postdose.db")
    store.add_account(new_account("M. Rossi", Role.NURSE, PASSWORD, Clock().now().wall))
    (tmp_path / "postdose.db").unlink()
    with running("run", "--config", str(site)) as daemon:
        daemon.err.wait_for(lambda line: "daemon.started" in line)
        assert "access.users-missing" in daemon.err.text
        context = await profile(chromium)
        page = await context.new_page()
        await page.goto(f"http://127.0.0.1:{port}/")
        await expect(page.locator(".tile")).to_contain_text("The users are gone")
        await expect(page.locator(".lock-bar")).to_contain_text("seen, not answered")
        await page.locator(".lock-bar").get_by_role("button", name="Who is here?").click()
        dialog = page.get_by_role("dialog", name="Who is here?")
        await dialog.get_by_label("Name").fill("M. Rossi")
        await dialog.get_by_label("Password").fill(PASSWORD)
        await dialog.get_by_role("button", name="Sign in").click()
        await expect(dialog.locator(".failure")).to_contain_text("postdose user add")
        assert await page.evaluate(MEASURE) == 401
        await context.close()
