"""What the bed's page tells of the session: every event, and what became of every alarm."""

import pytest
from playwright.async_api import expect

from tests.browser.beds import BedAt, Json
from tests.browser.conftest import Open
from tests.browser.ward import Ward

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


@pytest.fixture
def bed(ward: Ward) -> BedAt:
    bed = ward.bed("bed-1").well(97, 70, (130, 84), 3).dosed(40, "P-017")
    ward.put(bed)
    return bed


def happened(ward: Ward, bed: BedAt, ago_min: float, kind: str, **payload: object) -> None:
    """Something that was stored so long ago."""
    assert bed.session is not None
    ward.seq += 1
    ward.events.append(
        {
            "seq": ward.seq,
            "id": f"event-{ward.seq}",
            "bed": bed.id,
            "session": bed.session["id"],
            "type": kind,
            "at": bed.ago(ago_min),
            "payload": payload,
        }
    )


async def test_events_with_who_and_note_and_each_alarm_with_what_became_of_it(
    ward: Ward, bed: BedAt, open_page: Open
) -> None:
    alarm: Json = bed.alarming("spo2.low", "SpO2 91 %: under 93", priority="high").alarms[0]
    escalated = alarm | {"recipients": ["nurse", "clinician"]}
    happened(ward, bed, 60, "session.started", by="M. Rossi", title="Esketamine 84 mg")
    happened(ward, bed, 50, "dose.given", by="M. Rossi", product="esketamine", mg=28)
    happened(ward, bed, 30, "alarm.raised", alarm=alarm, reason=None)
    happened(ward, bed, 29, "alarm.updated", alarm=alarm, reason="worse")
    happened(ward, bed, 28, "alarm.escalated", alarm=escalated, reason="not acknowledged")
    happened(ward, bed, 27, "alarm.acknowledged", alarm=escalated, by="J. Klein", note="woken")
    happened(ward, bed, 25, "alarm.condition-ended", alarm=escalated)
    happened(ward, bed, 22, "alarm.acknowledged", alarm=escalated, by="M. Rossi", note=None)
    happened(ward, bed, 22, "alarm.reset", alarm=escalated, by="M. Rossi", note=None)
    happened(ward, bed, 20, "something.new", by="M. Rossi", reason="<b>why</b>")
    page = await open_page("#/bed/bed-1")
    alarms, events = (
        page.locator(".happened").filter(has_text=name)
        for name in ("Alarms of the session", "What happened")
    )
    await expect(alarms.get_by_role("listitem")).to_have_count(1)
    for what in (
        "SpO2 91 %: under 93",
        "raised14:02",
        "notified14:02 nurse, 14:04 clinician",
        "taken14:05 J. Klein, woken; 14:10 M. Rossi",
        "over14:07",
        "ended14:10 M. Rossi",
    ):
        await expect(alarms.get_by_role("listitem")).to_contain_text(what)

    lines = events.get_by_role("listitem")
    await expect(lines).to_have_count(9)
    await expect(lines.nth(0)).to_have_text("14:12Something new<b>why</b>M. Rossi")
    await expect(lines.nth(4)).to_have_text("14:05Acknowledged: SpO2 91 %: under 93wokenJ. Klein")
    await expect(lines.last).to_contain_text("Session started: Esketamine 84 mg")

    for n in range(2):
        ward.say_event(bed, "session", "note.added", {"text": f"note {n}", "by": "J. Klein"})
    await expect(lines.nth(0)).to_have_text("14:32Notenote 1J. Klein")
    await expect(lines).to_have_count(10)
    await events.get_by_role("button", name="All 11").click()
    await expect(lines).to_have_count(11)
