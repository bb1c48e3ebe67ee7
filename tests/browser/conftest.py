"""Chromium, the ward it looks at, and a page that fails the test by its own errors."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

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

from tests.browser.ward import START, Server, Ward
from tests.patience import HOPELESS_S

CHROMIUM = shutil.which("chromium")
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
LOOKS = {"color_scheme": "dark", "timezone_id": "UTC", "locale": "en-GB"}
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


async def profile(chromium: Browser, **options: Any) -> BrowserContext:
    """A fresh one, which remembers nothing."""
    context = await chromium.new_context(**(LOOKS | options))
    context.set_default_timeout(HOPELESS_MS)
    return context


@pytest_asyncio.fixture(loop_scope="session", scope="session")
async def used_page(chromium: Browser) -> AsyncIterator[Page]:
    """A page for one test after the other: to open one costs as much as to load the ward."""
    context = await profile(chromium)
    yield await context.new_page()
    await context.close()


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
    chromium: Browser, server: Server, used_page: Page, ward: Ward
) -> AsyncIterator[Open]:
    """Opens the ward's page, with nothing remembered.

    With `clock` the test can move the browser's time forward; `script` runs before the page.
    What no page can be rid of again, those two and `options`, is done to one in a fresh profile.
    """
    complaints: list[str] = []
    pages: list[Page] = []

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
        **options: Any,
    ) -> Page:
        if pages or clock or script or options:
            page = await (await profile(chromium, **options)).new_page()
        else:
            page = used_page
        pages.append(page)
        await page.set_viewport_size(ViewportSize(width=size[0], height=size[1]))
        page.on("pageerror", thrown)
        page.on("console", logged)
        if clock:
            await page.clock.install(time=START)
        if script:
            await page.add_init_script(script)
        await page.goto(server.url + fragment)
        return page

    server.ward = ward
    yield open_
    await forget(used_page)
    for page in pages:
        page.remove_listener("pageerror", thrown)
        page.remove_listener("console", logged)
        if page is not used_page:
            await page.context.close()
    ward.cut()
    assert complaints == []
