"""Day and night, contrast, motion."""

import re

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.beds import six_beds
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DAY, NIGHT = "rgb(238, 241, 245)", "rgb(13, 17, 23)"


@pytest.fixture(autouse=True)
def six(ward: Ward) -> None:
    ward.put(*six_beds(ward.now))


def luminance(colour: str) -> float:
    """The relative luminance of an `rgb(…)` colour, as WCAG defines it."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(weight * p for weight, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    """The WCAG contrast ratio of two colours."""
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


async def inks(place: Locator) -> list[tuple[str, str, str]]:
    """Each text there with its colour and the ground it stands on."""
    found: list[tuple[str, str, str]] = await place.evaluate_all(
        """elements => elements.filter(e => e.getClientRects().length).map(e => {
          const ground = (place) => {
            const colour = getComputedStyle(place).backgroundColor;
            return colour === "rgba(0, 0, 0, 0)" ? ground(place.parentElement) : colour;
          };
          return [e.textContent.trim(), getComputedStyle(e).color, ground(e)];
        })"""
    )
    return found


@pytest.mark.parametrize(("scheme", "ground"), [("light", DAY), ("dark", NIGHT)])
async def test_the_page_follows_the_system(open_page: Open, scheme: str, ground: str) -> None:
    page = await open_page(color_scheme=scheme)
    await expect(page.locator("body")).to_have_css("background-color", ground)


async def test_the_theme_can_be_chosen_and_is_kept(open_page: Open) -> None:
    page = await open_page(color_scheme="light")
    await page.get_by_role("button", name="Theme: auto").click()
    await expect(page.locator("body")).to_have_css("background-color", NIGHT)
    await page.reload()
    await expect(page.get_by_role("button", name="Theme: night")).to_be_visible()
    await expect(page.locator("body")).to_have_css("background-color", NIGHT)


TEXTS = (
    ".strip-text, .strip-guidance, .strip-state span, .strip-more, .patient b, .patient span, "
    ".clock b, .clock span, .label, .below span, .scores dt, .scores dd, .next, .nurse, .burden, "
    ".pill, .site, .tools > *, .legal"
)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("texts", "least"), [(TEXTS, 4.5), (".numeral:not(.missing) .value", 7.0)])
async def test_contrast(open_page: Open, scheme: str, texts: str, least: float) -> None:
    page = await open_page(color_scheme=scheme, reduced_motion="reduce")
    await expect(page.locator(".tile")).to_have_count(6)
    found = await inks(page.locator(texts))
    assert len(found) > 10
    assert [ink for ink in found if contrast(ink[1], ink[2]) < least] == []


async def strip(page: Page) -> Locator:
    place = page.locator(".strip.high")
    await expect(place).to_be_visible()
    return place


@pytest.mark.parametrize(("priority", "hertz"), [("high", 2.0), ("medium", 0.6)])
async def test_an_unacknowledged_alarm_flashes_at_its_rate(
    open_page: Open, priority: str, hertz: float
) -> None:
    place = (await open_page()).locator(f".strip.{priority}.waiting")
    period = await place.evaluate("e => e.getAnimations()[0].effect.getTiming().duration")
    assert 1000 / period == pytest.approx(hertz, rel=0.01)


@pytest.mark.parametrize("kind", [".medium.acknowledged", ".low.waiting"])
async def test_acknowledged_and_low_alarms_are_steady(open_page: Open, kind: str) -> None:
    place = (await open_page()).locator(f".strip{kind}")
    assert await place.evaluate("e => e.getAnimations().length") == 0


async def test_reduced_motion_has_a_thick_edge_and_no_flashing(open_page: Open) -> None:
    page = await open_page(reduced_motion="reduce")
    assert await (await strip(page)).evaluate("e => e.getAnimations().length") == 0
    edge = await page.locator(".tile.high").evaluate(
        "e => getComputedStyle(e, '::after').borderTopWidth"
    )
    assert edge == "6px"


async def test_figures_are_tabular_and_the_font_is_our_own(open_page: Open) -> None:
    page = await open_page()
    await expect(page.locator(".tile")).to_have_count(6)
    await expect(page.locator(".value").first).to_have_css("font-variant-numeric", "tabular-nums")
    assert await page.evaluate(
        """document.fonts.ready.then(fonts =>
          [...fonts].some(font => font.family === "Inter" && font.status === "loaded"))"""
    )
