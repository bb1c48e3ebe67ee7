"""The page of a bed of a real daemon, as a nurse works with it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from playwright.async_api import Locator, Page, Route, expect

from tests.endtoend.site import Site

QUICK: Final = """
name = "quick"
title = "Quick spray"
product = "esketamine"
route = "nasal"
total_mg = 56
device_mg = 28
devices_apart_min = 0.05
window_min = 0.02
[[check]]
of = "pressure"
baseline = true
at_discharge = true
[[check]]
of = "moaas"
baseline = true
at_discharge = true
[gate]
fasting = ["food_2h"]
[discharge]
spo2_held_min = 0.05
spo2_seen_min = 0
"""
"""A regimen whose window is over in a second, so that a whole session fits a test."""

ANSWERS: Final[dict[str, Any]] = {
    "medicines": dict.fromkeys(
        ("benzodiazepine", "sedative", "opioid", "stimulant", "mao-inhibitor"), False
    ),
    "escort_planned": True,
    "contraindications": dict.fromkeys(
        (
            "aneurysmal-disease",
            "av-malformation",
            "intracerebral-haemorrhage",
            "hypersensitivity",
        ),
        "no",
    ),
    "cautions": [],
    "confirmed": {"changed": False},
    "suicidality": "none",
}
"""What is asked before the dose, beside the fasting."""


FASTED: Final = {"food_2h": True, "liquid_30min": True, "nasal_1h": True}
"""What a patient of the label's regimens kept to."""


def write_regimen(site: Site, folder: Path) -> None:
    """Have the site know `QUICK`."""
    (folder / "quick.toml").write_text(QUICK)
    site.config.write_text(site.config.read_text() + '[regimens]\nfiles = ["quick.toml"]\n')


@dataclass
class Bedside:
    """One bed of a site, and a page that shows it."""

    site: Site
    page: Page

    @property
    def id(self) -> str:
        return str(self.session["id"])

    @property
    def session(self) -> Any:
        return self.site.get("/beds/bed-1")["session"]

    @property
    def sheet(self) -> Locator:
        return self.page.locator(".sheet")

    @property
    def main(self) -> Locator:
        """The sheet's main button."""
        return self.sheet.locator(".sheet-buttons .main")

    @property
    def waits(self) -> Locator:
        """What stands in the place of the main button."""
        return self.sheet.locator(".waits")

    @property
    def outcome(self) -> Locator:
        return self.sheet.locator(".outcome")

    @property
    def due(self) -> Locator:
        """The main button of the bed's page."""
        return self.page.locator(".now-bar .main")

    @property
    def records(self) -> Locator:
        return self.page.locator(".records")

    def criterion(self, name: str) -> Locator:
        return self.sheet.locator(".gate li").filter(has_text=name)

    def starts(self, regimen: str = "esketamine-56", **session: Any) -> str:
        """Start a session at the bed, not on the page."""
        body = {"bed": "bed-1", "patient": "P-017", "regimen": regimen, "age": 44} | session
        return str(self.site.post("/sessions", **body)["id"])

    def does(self, what: str, **body: Any) -> Any:
        return self.site.post(f"/sessions/{self.id}/{what}", **body)

    def is_prepared(self, **fasting: bool) -> None:
        """Everything asked, scored and measured before the first dose."""
        self.does("preparation", **ANSWERS, fasting=fasting)
        self.does("pressures", sys=124, dia=78)
        self.does("scores", scale="cadss", total=0)
        self.does("scores", scale="moaas", total=5)
        self.does("observations", resp=14)
        self.site.until(self.has_spo2)

    def has_spo2(self) -> bool:
        """Whether the oximeter's value is live for the gate, which it is not while it starts."""
        return any(item["name"] == "spo2" and item["met"] for item in self.session["gate"])

    async def opens(self, sheet: str = "", who: str | None = "M. Rossi") -> None:
        """Go to the bed's page, or to a sheet of it."""
        port = self.site.port
        name = f"localStorage.setItem('postdose.who', {who!r})" if who else "0"
        await self.page.goto(f"http://127.0.0.1:{port}/icon.svg")
        await self.page.evaluate(name)
        await self.page.goto(f"http://127.0.0.1:{port}/#/bed/bed-1/{sheet}".rstrip("/"))
        await expect(self.page.locator(".bed-page")).to_be_visible()
        if sheet:
            await expect(self.sheet).to_be_visible()

    async def chooses(self, *labels: str) -> None:
        for label in labels:
            await self.sheet.get_by_label(label, exact=True).check()

    async def decides(self, clinician: str, reason: str, *, why: str = "Reason") -> None:
        """A clinician's name and reason."""
        await self.sheet.get_by_label("Clinician", exact=True).fill(clinician)
        await self.sheet.get_by_label(why).fill(reason)

    async def stored(self, words: str) -> None:
        await expect(self.outcome).to_contain_text("Stored")
        await expect(self.outcome).to_contain_text(words)

    async def stores(self, words: str) -> None:
        """Press the main button, and be told that `words` are stored."""
        await self.main.click()
        await self.stored(words)

    async def loses_the_line(self, *, after_storing: bool = False) -> None:
        """Nothing that is sent arrives, or nothing of what is answered."""

        async def lose(route: Route) -> None:
            if after_storing:
                await route.fetch()
            await route.abort()

        await self.page.route("**/api/v1/sessions/**", lose)

    async def has_the_line_back(self) -> None:
        await self.page.unroute_all(behavior="wait")
