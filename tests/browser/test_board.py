"""What a tile says, and what it never says."""

import re
from dataclasses import replace
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.beds import BedAt, six_beds
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    """A calm bed 40 minutes after the last dose."""
    return (
        ward.bed("bed-1")
        .well(97, 70, (130, 84), 3)
        .dosed(40, "P-017")
        .measured((60, 120, 80), (20, 140, 88), (3, 130, 84))
        .scored(cadss=12, moaas=4)
    )


def tile(page: Page, bed: str = "bed-1") -> Locator:
    return page.locator(f"[data-bed={bed}]")


def numeral(page: Page, vital: str) -> Locator:
    return tile(page).locator(f".numeral.{vital}")


async def style(place: Locator, name: str) -> str:
    value: str = await place.evaluate(
        "(element, name) => getComputedStyle(element).getPropertyValue(name)", name
    )
    return value


async def test_the_strip_says_what_is_wrong_what_to_do_and_since_when(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(
        bed.alarming(
            "spo2.low", "SpO2 91 %: under 93", since_min=3, guidance="Ask for deep breaths."
        )
    )
    strip = tile(await open_page()).locator(".strip")
    await expect(strip).to_contain_text("SpO2 91 %: under 93")
    await expect(strip).to_contain_text("Ask for deep breaths.")
    await expect(strip).to_contain_text("since 14:29 · 3 min")


@pytest.mark.parametrize("priority", ["high", "medium", "low"])
async def test_the_strip_has_the_priority_as_colour_and_as_a_word(
    ward: Ward, bed: BedAt, open_page: Open, priority: str
) -> None:
    ward.put(bed.alarming("rule", "Something", priority=priority))
    strip = tile(await open_page()).locator(".strip")
    await expect(strip).to_have_class(re.compile(rf"\b{priority}\b"))
    await expect(strip).to_contain_text(f"{priority}:")


async def test_without_an_alarm_the_strip_has_no_colour(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    strip = tile(await open_page()).locator(".strip")
    await expect(strip).to_have_text("No alarms")
    assert await style(strip, "background-color") == "rgba(0, 0, 0, 0)"


async def test_an_advisory_is_told_without_colour(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.alarming("dissociation.present", "CADSS 12", kind="advisory", priority="low"))
    page = await open_page()
    strip = tile(page).locator(".strip")
    await expect(strip).to_contain_text("CADSS 12")
    assert await style(strip, "background-color") == "rgba(0, 0, 0, 0)"
    await expect(page.locator(".counts .pill")).to_have_count(0)


async def test_the_worst_alarm_is_on_the_strip_and_the_rest_is_counted(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(
        bed.alarming("a", "Low one", priority="low")
        .alarming("b", "High one", priority="high")
        .alarming("c", "Medium one")
    )
    strip = tile(await open_page()).locator(".strip")
    await expect(strip.locator(".strip-text")).to_contain_text("High one")
    await expect(strip.get_by_role("button", name="+2 more")).to_be_visible()


async def test_an_acknowledged_alarm_says_who_has_it(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(
        bed.alarming(
            "a", "One", acknowledged=True, acknowledged_by="M. Rossi", acknowledged_at=bed.ago(2)
        )
    )
    await expect(tile(await open_page()).locator(".strip")).to_contain_text("with M. Rossi · 2 min")


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"state": "latched"}, "Over, not yet seen"),
        (
            {"state": "latched", "condition_ended_at": "2026-01-05T14:31:00.000Z"},
            "Over since 14:31, not yet seen",
        ),
        ({"escalated": True}, "escalated"),
        ({"unverified_since": "2026-01-05T14:31:00.000Z"}, "unverified since 14:31"),
    ],
)
async def test_the_strip_tells_what_became_of_an_alarm(
    ward: Ward, bed: BedAt, open_page: Open, more: dict[str, Any], words: str
) -> None:
    ward.put(bed.alarming("a", "One", **more))
    await expect(tile(await open_page()).locator(".strip")).to_contain_text(words)


async def test_numbers_stand_in_their_vitals_colours(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    page = await open_page()
    for vital, text in (("spo2", "97"), ("pulse", "70"), ("pressure", "130/84")):
        await expect(numeral(page, vital).locator(".value")).to_have_text(text)
    colours = {await style(numeral(page, v).locator(".value"), "color") for v in ("spo2", "pulse")}
    assert colours == {"rgb(86, 199, 232)", "rgb(125, 220, 138)"}


async def test_a_missing_vital_is_hatched_with_its_reason_and_how_long(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed.without_finger(42))
    place = numeral(await open_page(), "spo2")
    await expect(place.locator(".value")).to_have_text("– –")
    await expect(place).to_contain_text("no finger")
    await expect(place).to_contain_text(re.compile(r"for 0:4\d"))
    assert "repeating-linear-gradient" in await style(place.locator(".value"), "background-image")


@pytest.mark.parametrize(
    "how",
    [
        {"stale": True},
        {"quality": "rejected"},
        {"at_min": 0.5},
    ],
    ids=["stale", "rejected", "too old, whatever the server says"],
)
async def test_a_value_not_to_be_trusted_is_no_number(
    ward: Ward, bed: BedAt, open_page: Open, how: dict[str, Any]
) -> None:
    ward.put(bed.reads("spo2", 97, **how))
    place = numeral(await open_page(), "spo2")
    await expect(place.locator(".value")).to_have_text("– –")
    await expect(place).not_to_contain_text("97")


async def test_a_poor_value_is_marked(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.reads("spo2", 94, quality="poor", reason="low perfusion"))
    place = numeral(await open_page(), "spo2")
    await expect(place.locator(".value")).to_have_text("94")
    await expect(place).to_contain_text("low perfusion")


async def test_a_device_without_a_link_is_named_as_the_reason(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    down = bed.link_down("oximeter", "no such port").reads("spo2", 97, at_min=2, stale=True)
    ward.put(down)
    await expect(numeral(await open_page(), "spo2")).to_contain_text("not connected")


async def test_pressure_is_held_against_the_baseline(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    below = numeral(await open_page(), "pressure").locator(".below")
    await expect(below).to_contain_text("+10/+4 from baseline")
    await expect(below).to_contain_text("3 min ago")


async def test_a_measurement_under_way_shows_the_cuffs_pressure(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["cuff"] = {"phase": "measuring", "pressure_mmhg": 142}
    await expect(numeral(await open_page(), "pressure")).to_contain_text("cuff at 142")


async def test_the_window_counts_down(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    await expect(tile(await open_page()).locator(".clock")).to_have_text("1:20left of window")


async def test_a_window_that_is_over_says_what_is_not_met(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    over = bed.dosed(125, "P-017")
    assert over.session is not None
    for criterion in over.session["criteria"]:
        criterion["met"] = criterion["name"] != "escort"
    ward.put(over)
    clock = tile(await open_page()).locator(".clock")
    await expect(clock).to_have_text("Not readyask and confirm")


async def test_ready_is_said_with_its_criteria(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.dosed(121, "P-017").ready())
    strip = tile(await open_page()).locator(".strip")
    await expect(strip).to_contain_text("Ready to leave · 10 of 10 criteria met")
    await expect(strip).to_contain_text("No driving for 24 h and until after a restful sleep.")


async def test_an_alarm_comes_before_ready(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.dosed(121, "P-017").ready().alarming("a", "One", priority="low"))
    strip = tile(await open_page()).locator(".strip")
    await expect(strip).to_contain_text("One")
    await expect(strip).not_to_contain_text("Ready")


@pytest.mark.parametrize(
    ("minutes", "late", "words"),
    [
        (12, (), "MOAA/S +15 in 3 min"),
        (41, ("cadss+40",), "CADSS +40 due now"),
        (47, ("cadss+40",), "CADSS +40 overdue 7 min"),
        (57.5, (), "Pressure, MOAA/S +60 in 3 min"),
        (88.5, (), "3 checks +90 in 2 min"),
    ],
)
async def test_the_foot_says_the_next_check(
    ward: Ward,
    bed: BedAt,
    open_page: Open,
    minutes: float,
    late: tuple[str, ...],
    words: str,
) -> None:
    ward.put(bed.dosed(minutes, "P-017", late=late))
    await expect(tile(await open_page()).locator(".next")).to_have_text(words)


async def test_a_check_of_between_two_doses_is_not_called_the_baseline(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    dosed = bed.dosed(20, "P-017")
    assert dosed.session is not None
    check = {"check": "moaas", "due_at": bed.ago(26), "state": "overdue"}
    ward.put(replace(dosed, session=dosed.session | {"schedule": [check]}))
    await expect(tile(await open_page()).locator(".next")).to_have_text("MOAA/S overdue 26 min")


async def test_the_foot_counts_the_beds_alarms(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["alarms_120min"] = 3
    await expect(tile(await open_page()).locator(".burden")).to_have_text("3 alarms / 120 min")


async def test_a_session_before_its_dose_says_so(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.before_dose("P-017"))
    await expect(tile(await open_page()).locator(".clock")).to_have_text("Baselinebefore the dose")


async def test_a_bed_whose_session_is_closed_is_free(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["session"] |= {"state": "closed", "ended_at": bed.ago(5)}
    page = await open_page()
    await expect(tile(page).locator(".patient")).to_have_text("freelast P-017, closed at 14:27")
    await expect(tile(page).locator(".course")).to_have_count(0)


async def test_a_bed_that_an_aborted_patient_has_not_left_is_not_free(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["session"] |= {"state": "aborted", "to_be_completed": ["destination"]}
    found = tile(await open_page())
    await expect(found.locator(".clock")).to_have_text("Abortedthe patient has not left yet")
    await expect(found.locator(".patient")).to_contain_text("P-017")


async def test_a_bed_without_a_session_shows_its_devices(ward: Ward, open_page: Open) -> None:
    ward.put(ward.bed("bed-1").reads("spo2", 97).link_down("cuff", "connection refused"))
    page = await open_page()
    await expect(tile(page)).to_contain_text("No session")
    await expect(tile(page).locator(".devices")).to_contain_text("down: connection refused")
    await expect(tile(page)).to_contain_text("postdose check --config site.toml")


async def test_a_bed_whose_software_restarts_is_not_shown_as_watched(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed)
    ward.beds["bed-1"]["failing"] = "restarting"
    page = await open_page()
    await expect(tile(page).locator(".strip")).to_contain_text("This bed is not being watched")
    value = numeral(page, "spo2").locator(".value")
    await expect(value).to_have_css("text-decoration-line", "line-through")


async def test_an_infusion_says_how_far_it_is(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed.infused(22, "P-044"))
    await expect(tile(await open_page()).locator(".clock")).to_contain_text(
        "infusion, 22 of 40 min"
    )


async def test_the_worst_alarm_is_announced_to_those_who_hear_the_page(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.put(bed.alarming("a", "Medium one").alarming("b", "High one", priority="high"))
    status = (await open_page()).get_by_role("status")
    await expect(status).to_have_text("bed-1, high: High one")


async def test_text_from_the_server_is_only_ever_text(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    trap = "<b>x</b><img src=nowhere>"
    ward.put(bed.dosed(10, trap).alarming("a", trap, guidance=trap))
    page = await open_page()
    await expect(tile(page).locator(".patient b")).to_have_text(trap)
    await expect(tile(page).locator(".strip-text")).to_contain_text(trap)
    await expect(page.locator("img")).to_have_count(0)


async def test_the_head_counts_alarms_by_priority(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    pills = (await open_page()).locator(".counts .pill")
    await expect(pills).to_have_text(["1 high", "4 medium · 2 acknowledged", "2 low"])


async def test_the_head_says_site_displays_and_time(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    head = (await open_page()).locator(".head")
    await expect(head).to_contain_text("clinic-1 · 6 beds, 6 in session")
    await expect(head).to_contain_text("1 display")
    await expect(head.locator("time")).to_have_text("14:32")


async def test_the_page_says_that_it_is_no_medical_device(ward: Ward, open_page: Open) -> None:
    await expect((await open_page()).locator(".legal")).to_contain_text(
        "Not a certified medical device"
    )


async def test_a_ward_without_beds_says_what_mends_it(ward: Ward, open_page: Open) -> None:
    main = (await open_page()).locator("main")
    await expect(main).to_contain_text("No beds are configured")
    await expect(main).to_contain_text("postdose check --config site.toml")


async def test_a_page_that_never_heard_the_daemon_says_how_to_start_it(
    ward: Ward, open_page: Open
) -> None:
    ward.cut()
    main = (await open_page()).locator("main")
    await expect(main).to_contain_text("No word from the daemon")
    await expect(main).to_contain_text("postdose run --config site.toml")


async def test_nothing_moves_when_a_number_grows(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.put(bed)
    page = await open_page()
    places = tile(page).locator(".numeral, .scores, .course, footer")
    boxes = "elements => elements.map(e => JSON.stringify(e.getBoundingClientRect()))"
    await expect(numeral(page, "spo2").locator(".value")).to_have_text("97")
    before = await places.evaluate_all(boxes)
    ward.say_vitals(bed.well(100, 108, (172, 104), 0))
    await expect(numeral(page, "spo2").locator(".value")).to_have_text("100")
    assert await places.evaluate_all(boxes) == before


async def test_all_strips_are_equally_high_and_the_numbers_line_up(
    ward: Ward, open_page: Open
) -> None:
    ward.put(*six_beds(ward.now))
    page = await open_page()
    await expect(page.locator(".tile")).to_have_count(6)
    offsets = await page.locator(".tile").evaluate_all(
        """tiles => tiles.map(tile => [".strip", ".numeral.spo2", ".numeral.pressure", ".course"]
          .map(name => {
            const box = tile.querySelector(name).getBoundingClientRect();
            const own = tile.getBoundingClientRect();
            return [box.left - own.left, box.top - own.top, box.height].map(Math.round).join();
          }).join(" "))"""
    )
    assert len(set(offsets)) == 1


@pytest.mark.parametrize(
    ("size", "columns"), [((390, 844), 1), ((820, 1180), 2), ((1600, 940), 3), ((2560, 1440), 5)]
)
async def test_columns_follow_the_screen_and_nothing_sticks_out(
    ward: Ward, open_page: Open, size: tuple[int, int], columns: int
) -> None:
    ward.put(*six_beds(ward.now))
    page = await open_page(size=size)
    await expect(page.locator(".tile")).to_have_count(6)
    lefts = await page.locator(".tile").evaluate_all(
        "tiles => tiles.map(tile => tile.getBoundingClientRect().left)"
    )
    assert len(set(lefts)) == columns
    assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth")


async def test_four_beds_stand_two_by_two(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now)[:4])
    page = await open_page()
    await expect(page.locator(".tile")).to_have_count(4)
    corners = await page.locator(".tile").evaluate_all(
        "tiles => tiles.map(tile => tile.offsetLeft + ' ' + tile.offsetTop)"
    )
    assert len({corner.split()[0] for corner in corners}) == 2
    assert len({corner.split()[1] for corner in corners}) == 2


async def test_six_beds_fit_a_wall(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    page = await open_page()
    await expect(page.locator(".tile")).to_have_count(6)
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight")


async def test_no_text_is_smaller_than_12_px(ward: Ward, open_page: Open) -> None:
    ward.put(*six_beds(ward.now))
    page = await open_page(size=(390, 844))
    await expect(page.locator(".tile")).to_have_count(6)
    smallest = await page.evaluate(
        """Math.min(...[...document.querySelectorAll("#page *")]
          .filter(e => [...e.childNodes].some(n => n.nodeType === 3 && n.data.trim()))
          .filter(e => e.tagName !== "SUB" && e.tagName !== "title")
          .map(e => parseFloat(getComputedStyle(e).fontSize)))"""
    )
    assert smallest >= 12
