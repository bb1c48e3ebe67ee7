"""Chromium, the ward it looks at, and a page that fails the test by its own errors."""

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Page, async_playwright

from tests.browser.ward import START, Server, Ward

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
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest_asyncio.fixture(loop_scope="session")
async def ward() -> Ward:
    return Ward()


@pytest_asyncio.fixture(loop_scope="session")
async def open_page(chromium: Browser, ward: Ward) -> AsyncIterator[Open]:
    """Opens the ward's page in a fresh profile.

    With `clock` the test can move the browser's time forward; `script` runs before the page.
    """
    complaints: list[str] = []
    contexts: list[BrowserContext] = []

    async def open_(
        fragment: str = "",
        *,
        size: tuple[int, int] = (1600, 940),
        clock: bool = False,
        script: str | None = None,
        **options: Any,
    ) -> Page:
        width, height = size
        defaults = {"color_scheme": "dark", "timezone_id": "UTC", "locale": "en-GB"}
        context = await chromium.new_context(
            viewport={"width": width, "height": height}, **(defaults | options)
        )
        contexts.append(context)
        context.set_default_timeout(8000)
        page = await context.new_page()
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.extend(unexpected(message)))
        if clock:
            await page.clock.install(time=START)
        if script:
            await page.add_init_script(script)
        await page.goto(server.url + fragment)
        return page

    async with Server(ward) as server:
        yield open_
        for context in contexts:
            await context.close()
    assert complaints == []
