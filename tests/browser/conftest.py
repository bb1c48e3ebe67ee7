"""Chromium, the ward it looks at, and a page that fails the test by its own errors."""

import contextlib
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Literal

import pytest
import pytest_asyncio
from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Error,
    Page,
    ViewportSize,
    async_playwright,
    expect,
)

from tests.browser.bedside import Bedside, write_regimen
from tests.browser.ward import START, Server, Ward
from tests.endtoend.site import Site, simulated
from tests.patience import HOPELESS_S

CHROMIUM = shutil.which("chromium-headless-shell") or shutil.which("chromium")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
EXPECTED = "the server responded with a status of"
NOWHERE = "about:blank"
Scheme = Literal["dark", "light"]
Motion = Literal["no-preference", "reduce"]
HOPELESS_MS = 1000 * HOPELESS_S
expect.set_options(timeout=HOPELESS_MS)


def unexpected(message: ConsoleMessage) -> list[str]:
    """What the browser itself finds wrong with the page: errors, violations of its policy."""
    wrong = message.type == "error" and EXPECTED not in message.text
    return [message.text] if wrong else []


Open = Callable[..., Awaitable[Page]]


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def chromium() -> AsyncIterator[Browser]:
    if CHROMIUM is None:
        pytest.skip("chromium is not installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM, args=ARGUMENTS, timeout=HOPELESS_MS
        )
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def server() -> AsyncIterator[Server]:
    """What all pages come from, so that the browser fetches and compiles them once."""
    async with Server(Ward()) as server:
        yield server


async def profile(chromium: Browser) -> BrowserContext:
    """A fresh one, which remembers nothing."""
    context = await chromium.new_context(timezone_id="UTC", locale="en-GB", color_scheme="dark")
    context.set_default_timeout(HOPELESS_MS)
    return context


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def used_pages(chromium: Browser) -> AsyncIterator[dict[bool, Page]]:
    """A page for one test after the other, and one with a clock that can be moved.

    To open one costs five times as much as to load the ward into it.
    """
    pages: dict[bool, Page] = {}
    yield pages
    for page in pages.values():
        await page.context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ward() -> Ward:
    return Ward()


async def forget(page: Page) -> None:
    """Leave a used page as a fresh one is."""
    if page.url != NOWHERE:
        await page.unroute_all()
        await page.evaluate("localStorage.clear(); sessionStorage.clear()")
        await page.goto(NOWHERE)
        await page.mouse.move(0, 0)


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(
    chromium: Browser, server: Server, used_pages: dict[bool, Page], ward: Ward
) -> AsyncIterator[Open]:
    """Opens the ward's page, with nothing remembered.

    With `clock` the test can move the browser's time forward; `script` runs before the page. A
    second page is in a profile of its own.
    """
    complaints: list[str] = []
    pages: list[Page] = []
    scripts = contextlib.AsyncExitStack()

    def thrown(error: Error) -> None:
        complaints.append(str(error))

    def logged(message: ConsoleMessage) -> None:
        complaints.extend(unexpected(message))

    async def open_(
        fragment: str = "",
        *,
        size: tuple[int, int] = (1600, 940),
        clock: bool = False,
        script: str | None = None,
        color_scheme: Scheme = "dark",
        reduced_motion: Motion = "no-preference",
    ) -> Page:
        if pages or clock not in used_pages:
            page = await (await profile(chromium)).new_page()
        else:
            page = used_pages[clock]
        if not pages:
            used_pages[clock] = page
        pages.append(page)
        await page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
        await page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.on("pageerror", thrown)
        page.on("console", logged)
        if clock:
            await page.clock.install(time=START)
        if script:
            await scripts.enter_async_context(await page.add_init_script(script))
        await page.goto(server.url + fragment)
        return page

    server.ward = ward
    yield open_
    await scripts.aclose()
    for page in used_pages.values():
        await forget(page)
    for page in pages:
        page.remove_listener("pageerror", thrown)
        page.remove_listener("console", logged)
        if page not in used_pages.values():
            await page.context.close()
    ward.cut()
    assert complaints == []


@pytest.fixture(scope="session")
def real_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site without a broker, whose daemon runs for all tests that work at a bed."""
    folder = tmp_path_factory.mktemp("bedside")
    with (
        simulated("nonin", "--pty", str(folder / "oximeter")) as oximeter,
        simulated("suntech", "--pty", str(folder / "cuff"), "--speed", "10") as cuff,
    ):
        site = Site(folder, None, oximeter, cuff)
        write_regimen(site, folder)
        site.config.write_text(site.config.read_text() + '[[beds]]\nid = "bed-2"\n')
        with site.daemon():
            yield site


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def work_page(chromium: Browser) -> AsyncIterator[Page]:
    """A page in which one test after the other works at a bed."""
    context = await profile(chromium)
    yield await context.new_page()
    await context.close()


@pytest_asyncio.fixture(loop_scope="session")
async def bedside(work_page: Page, real_site: Site) -> AsyncIterator[Bedside]:
    """The bed with nobody in it; whoever is there at the end is brought away."""
    complaints: list[str] = []

    def thrown(error: Error) -> None:
        complaints.append(str(error))

    def logged(message: ConsoleMessage) -> None:
        complaints.extend(unexpected(message))

    await work_page.set_viewport_size(ViewportSize(width=1600, height=940))
    work_page.on("pageerror", thrown)
    work_page.on("console", logged)
    yield Bedside(real_site, work_page)
    await forget(work_page)
    work_page.remove_listener("pageerror", thrown)
    work_page.remove_listener("console", logged)
    for bed in ("bed-1", "bed-2"):
        session = real_site.get(f"/beds/{bed}")["session"]
        if session and session["ended_at"] is None:
            if session["state"] == "aborted":
                real_site.post(f"/sessions/{session['id']}/left")
            else:
                real_site.abort(session["id"])
    assert [said for said in complaints if "ERR_" not in said] == []
