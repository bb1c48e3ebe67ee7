"""Live or not: what the stream changes, and what the page says when it has lost it."""

import re

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.beds import BedAt
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


async def is_live(page: Page) -> None:
    await expect(page.locator(".live")).to_have_text("live since 14:32")


async def test_new_vitals_are_shown(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await is_live(page)
    ward.say_vitals(bed.reads("spo2", 91))
    await expect(page.locator(".numeral.spo2 .value")).to_have_text("91")


async def test_an_alarm_is_shown_from_the_event_alone(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    alarming = bed.alarming("spo2.low", "SpO2 91 %: under 93")
    event = {"bed": "bed-1", "payload": {"alarm": alarming.alarms[-1]}}
    await page.route("**/api/v1/beds/bed-1", lambda route: route.fulfill(status=503))
    ward.say("alarm", event, 1041)
    await expect(page.locator(".strip.medium")).to_contain_text("SpO2 91 %")


OWN_STREAM = "delete window.SharedWorker;"

MARK_WHAT_IS_HEARD = (
    f"""
{OWN_STREAM}"""
    """
const add = EventSource.prototype.addEventListener;
EventSource.prototype.addEventListener = function (name, take) {
  add.call(this, name, (event) => {
    take(event);
    document.documentElement.classList.add(name);
  });
};
"""
)


@pytest.mark.parametrize("late", ["**/api/v1/beds", "**/api/v1/beds/bed-1"])
async def test_an_alarm_is_not_undone_by_an_answer_from_before_it(
    ward: Ward, bed: BedAt, open_page: Open, late: str
) -> None:
    page = await open_page(script=MARK_WHAT_IS_HEARD)
    await is_live(page)
    alarming = bed.alarming("spo2.low", "SpO2 91 %: under 93")

    async def answer_late(route: Route) -> None:
        before = await route.fetch()
        ward.say_alarm(alarming)
        await expect(page.locator("html.alarm")).to_be_attached()
        await route.fulfill(response=before)

    await page.route(late, answer_late, times=1)
    if late.endswith("beds"):
        ward.cut()
        ward.mend()
    else:
        ward.say_event(bed, "session", "note.added")
    await expect(page.locator(".strip.medium")).to_contain_text("SpO2 91 %")
    await is_live(page)
    await expect(page.locator(".strip.medium")).to_contain_text("SpO2 91 %")


async def test_vitals_are_not_undone_by_an_answer_from_before_them(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page(script=MARK_WHAT_IS_HEARD)
    await is_live(page)

    async def answer_late(route: Route) -> None:
        before = await route.fetch()
        ward.say_vitals(bed.scored(cadss=31).reads("spo2", 91))
        await expect(page.locator("html.vitals")).to_be_attached()
        await route.fulfill(response=before)

    await page.route("**/api/v1/beds/bed-1", answer_late, times=1)
    ward.say_event(bed.scored(cadss=31), "session", "score.recorded")
    await expect(page.locator(".scores")).to_contain_text("31")
    await expect(page.locator(".numeral.spo2 .value")).to_have_text("91")


async def test_a_check_that_falls_due_is_fetched_without_an_event(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page(clock=True)
    await is_live(page)
    late = bed.dosed(47, "P-017", late=("cadss+40",))
    for spo2 in range(90, 97):
        await page.clock.fast_forward(9_000)
        ward.say_vitals(late.reads("spo2", spo2, at_min=-2))
        await expect(page.locator(".numeral.spo2 .value")).to_have_text(str(spo2))
    await expect(page.locator(".next.overdue")).to_be_visible()


async def test_an_ended_alarm_leaves_the_strip(ward: Ward, bed: BedAt, open_page: Open) -> None:
    alarming = bed.alarming("spo2.low", "SpO2 91 %: under 93")
    ward.put(alarming)
    page = await open_page()
    await expect(page.locator(".strip.medium")).to_be_visible()
    ward.say_event(
        bed, "alarm", "alarm.ended", {"alarm": {**alarming.alarms[-1], "state": "ended"}}
    )
    await expect(page.locator(".strip")).to_have_text("No alarms")


async def test_an_event_of_a_session_fetches_its_bed(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    ward.say_event(bed.scored(cadss=31), "session", "score.recorded")
    await expect(page.locator(".scores")).to_contain_text("31")


async def test_a_lost_stream_is_said_loudly(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page()
    await is_live(page)
    ward.cut()
    await expect(page.locator(".banner.not-live")).to_contain_text("NOT LIVE since 14:32")
    await expect(page.locator(".live")).to_have_text("not live since 14:32")


async def test_nothing_keeps_its_colour_without_a_stream(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    ward.cut()
    await expect(page.locator(".tile")).to_have_css("filter", "grayscale(1)")
    value = page.locator(".numeral.spo2 .value")
    await expect(value).to_have_css("text-decoration-line", "line-through")
    await expect(page.locator(".numeral.spo2")).not_to_contain_text("live")


async def test_a_silent_stream_is_not_live(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page(clock=True)
    await is_live(page)
    ward.up = False
    await page.clock.fast_forward(16_000)
    await expect(page.locator(".banner.not-live")).to_contain_text("the stream went silent")


async def test_a_stream_that_speaks_stays_live(ward: Ward, bed: BedAt, open_page: Open) -> None:
    page = await open_page(clock=True)
    await is_live(page)
    for spo2 in (96, 95):
        await page.clock.fast_forward(10_000)
        ward.say_vitals(bed.reads("spo2", spo2, at_min=-1))
        await expect(page.locator(".numeral.spo2 .value")).to_have_text(str(spo2))
    await is_live(page)


async def test_a_stream_that_comes_back_brings_what_was_missed(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    ward.cut()
    await expect(page.locator(".banner.not-live")).to_be_visible()
    ward.put(bed.reads("spo2", 90).alarming("spo2.low", "SpO2 90 %"))
    ward.mend()
    await is_live(page)
    await expect(page.locator(".strip.medium")).to_contain_text("SpO2 90 %")
    await expect(page.locator(".banner.not-live")).to_have_count(0)


async def test_an_unreachable_broker_is_said_with_what_waits(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    ward.mqtt |= {"connected": False, "waiting": 12}
    ward.say_status()
    banner = page.locator(".banner.broker")
    await expect(banner).to_contain_text("Broker unreachable since 14:32")
    await expect(banner).to_contain_text("12 events waiting")


async def test_a_broker_that_refuses_something_is_said_while_it_is_connected(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page()
    await is_live(page)
    ward.mqtt |= {"waiting": 12, "reason": "broker refuses postdose/clinic-1/bed-1/event"}
    ward.say_status()
    banner = page.locator(".banner.broker")
    await expect(banner).to_contain_text("Not everything reaches the broker")
    await expect(banner).to_contain_text("12 events waiting")
    await expect(banner).not_to_contain_text("unreachable")


async def test_a_ward_without_a_broker_is_not_told_that_it_is_gone(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    ward.mqtt |= {"configured": False, "connected": False}
    page = await open_page()
    await is_live(page)
    await expect(page.locator(".banner")).to_have_count(0)


async def test_a_failing_journal_is_said(ward: Ward, bed: BedAt, open_page: Open) -> None:
    ward.failing_since = bed.ago(1)
    page = await open_page()
    await expect(page.locator(".banner.journal")).to_contain_text(
        "Events are not being stored since 14:31"
    )


async def test_time_is_the_servers_not_the_browsers(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    script = "const now = Date.now; Date.now = () => now() + 9e9;"
    page = await open_page(script=script)
    await is_live(page)
    await expect(page.locator(".head time")).to_have_text("14:32")
    await expect(page.locator(".clock")).to_contain_text("1:20")


async def test_time_goes_on_between_words_of_the_server(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    page = await open_page(clock=True)
    await is_live(page)
    await page.clock.fast_forward(14_000)
    ward.put(bed)
    await expect(page.locator(".numeral.pressure .below")).to_contain_text("3 min ago")


MINUTES_A_SECOND = """async () => {
  const minute = () => {
    const [hours, minutes] = document.querySelector(".head time").textContent.split(":");
    return 60 * hours + Number(minutes);
  };
  const since = performance.now(), first = minute();
  while (performance.now() - since < 5000) await new Promise(requestAnimationFrame);
  return (minute() - first) / ((performance.now() - since) / 1000);
}"""
"""How fast the page's clock runs, over five seconds."""


class TestSimulated:
    """A ward whose clock runs sixty times as fast."""

    @pytest.fixture
    def ward(self) -> Ward:
        return Ward(speed=60)

    async def test_simulated_time_is_said_on_the_page(self, ward: Ward, open_page: Open) -> None:
        page = await open_page()
        await expect(page.locator(".banner.simulated")).to_contain_text("SIMULATED TIME × 60")

    async def test_the_page_keeps_the_wards_pace(self, ward: Ward, open_page: Open) -> None:
        page = await open_page()
        await expect(page.locator(".head time")).to_have_text(re.compile(r"\d\d:\d\d"))
        assert 0.5 <= await page.evaluate(MINUTES_A_SECOND) <= 1.5
