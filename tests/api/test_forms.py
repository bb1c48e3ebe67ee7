"""Forms and exports over HTTP: what is given out, what is written down, and what is refused."""

import asyncio
import csv
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from monitor.journal import Journal, StoreError
from monitor.patient.form.page import CONTENT_POLICY
from monitor.patient.report import CONTENT_POLICY as REPORT_POLICY
from tests.virtual import virtual_clock, virtual_time
from tests.wards import GIVEN, SimulatedWard, simulated_ward

AGAINST = {"clinician": "dr.b", "reason": "to the ward"}
CLOSE = {"by": "nurse.a", "escort": True, "against_criteria": AGAINST}


async def ended(ward: SimulatedWard, minutes: float = 1, **changes: Any) -> str:
    """A session with a dose that ended so many minutes after it."""
    session = await ward.start(**changes)
    await ward.clock.sleep(60)
    await ward.dose(session)
    await ward.clock.sleep(60 * minutes)
    await ward.post(f"/sessions/{session}/close", CLOSE)
    return session


def named(form: Any, name: str) -> Any:
    return next(field for field in form["fields"] if field["name"] == name)


@virtual_time()
async def test_a_form_is_made_of_the_session(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward, minutes=10, medicines=["opioid"])
        form = await ward.get(f"/sessions/{session}/export", format="form")
        assert named(form, "minutes_monitored")["value"] == 10
        assert named(form, "medicines")["value"]["names"] == ["opioid"]
        assert named(form, "medicines")["value"]["classes"]["opioid"] is None
        oximetry = named(form, "oximetry")
        assert oximetry["value"]["continuous"] is True
        assert oximetry["value"]["lowest"] > 90
        assert [source["device"] for source in oximetry["sources"]] == ["oximeter"]


@virtual_time()
async def test_a_form_that_is_confirmed_and_sent_is_not_due_any_more(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        (due,) = (await ward.get("/forms"))["items"]
        assert (due["session"], due["state"], due["days_left"]) == (session, "draft", 7)
        confirmed = await ward.post(f"/sessions/{session}/form/confirm", {"by": "nurse.a"})
        assert named(confirmed, "ready_at")["value"]["state"] == "confirmed"
        problem = await ward.post(f"/sessions/{session}/form/sent", {"by": "nurse.a"}, expect=409)
        assert "lot number" in problem["detail"]
        sent = {"by": "nurse.a", "how": "portal", "reason": "no lot was noted"}
        assert (await ward.post(f"/sessions/{session}/form/sent", sent))["state"] == "sent"
        assert (await ward.get("/forms"))["items"] == []
        assert len((await ward.get("/forms", state="sent"))["items"]) == 1
        await ward.post(
            f"/sessions/{session}/form/reopen", {"by": "nurse.a", "reason": "lot found"}
        )
        assert len((await ward.get("/forms"))["items"]) == 1


@virtual_time()
async def test_an_end_that_is_taken_back_takes_back_what_its_form_said(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        path = f"/sessions/{session}/form"
        answer = {"field": "intervention", "value": False, "by": "nurse.a"}
        await ward.post(f"{path}/fill", answer)
        await ward.post(f"{path}/confirm", {"by": "nurse.a"})
        await ward.post(f"{path}/sent", {"by": "nurse.a", "reason": "no lot was noted"})
        await ward.post(f"/sessions/{session}/reopen", {"by": "nurse.a"})
        seizure = {"symptom": "seizure", "grade": 3, "by": "nurse.a"}
        await ward.post(f"/sessions/{session}/symptoms", seizure)
        await ward.post(f"/sessions/{session}/close", CLOSE)
        assert (await ward.get("/forms", state="sent"))["items"] == []
        (due,) = (await ward.get("/forms"))["items"]
        assert due["state"] == "draft"
        form = await ward.get(f"/sessions/{session}/export", format="form")
        assert named(form, "intervention")["value"] is None
        assert named(form, "ready_at")["value"]["state"] != "confirmed"


@virtual_time()
async def test_what_was_left_out_is_filled_in(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        dose = (await ward.get(f"/sessions/{session}"))["doses"][0]["id"]
        path = f"/sessions/{session}/form/fill"
        lot = {"field": "lot", "record": dose, "value": "A1", "by": "nurse.b"}
        form = await ward.post(path, lot)
        assert named(form, "doses")["value"]["doses"][0]["lot"] == "A1"
        first = {"field": "first_treatment", "value": False, "reason": "moved", "by": "nurse.b"}
        form = await ward.post(path, first)
        assert named(form, "first_treatment")["value"]["first"] is False


@virtual_time()
async def test_what_was_written_on_a_form_survives_a_restart(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        before = await ward.post(f"/sessions/{session}/form/confirm", {"by": "nurse.a"})
    async with simulated_ward(tmp_path) as ward:
        after = await ward.get(f"/sessions/{session}/export")
        assert named(after, "ready_at") == named(before, "ready_at")
        sent = {"by": "nurse.a", "reason": "late"}
        await ward.post(f"/sessions/{session}/form/sent", sent)
        events = (await ward.get("/events", bed="records"))["items"]
        assert [event["type"] for event in events] == ["form.confirmed", "form.sent"]
        assert {event["session"] for event in events} == {session}


@virtual_time()
async def test_of_two_who_confirm_at_once_one_is_told_of_the_other(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        path = f"/api/v1/sessions/{session}/form/confirm"
        answers = await asyncio.gather(
            *(ward.http.post(path, json={"by": who}) for who in ("nurse.a", "nurse.b"))
        )
        assert sorted(answer.status_code for answer in answers) == [200, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert "has confirmed this already" in refused.json()["detail"]
        assert len((await ward.get("/events", bed="records"))["items"]) == 1


@virtual_time()
async def test_a_repeated_confirmation_gets_the_same_answer(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        path = f"/api/v1/sessions/{await ended(ward)}/form/confirm"
        headers = {"Idempotency-Key": "one"}
        first = await ward.http.post(path, json={"by": "nurse.a"}, headers=headers)
        again = await ward.http.post(path, json={"by": "nurse.a"}, headers=headers)
        assert first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true"


@contextmanager
def unreadable(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing can be read from the journal."""

    async def fail(*_: Any, **__: Any) -> Any:
        raise StoreError("journal: disk gone; mend it")

    with monkeypatch.context() as patched:
        for name in ("events", "of_patient", "of_sessions"):
            patched.setattr(journal, name, fail)
        yield


def test_a_journal_that_cannot_be_read_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ended(ward)
            with unreadable(ward.ward.journal, monkeypatch):
                path = f"/sessions/{session}/form/confirm"
                problem = await ward.post(path, {"by": "nurse.a"}, expect=503)
                assert "disk gone" in problem["detail"]
            await ward.post(f"/sessions/{session}/form/confirm", {"by": "nurse.a"})

    run()


@pytest.mark.parametrize("what", ["confirm", "sent"])
def test_a_form_of_no_session_is_not_there(tmp_path: Path, what: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            problem = await ward.post(
                f"/sessions/nothing/form/{what}", {"by": "nurse.a"}, expect=404
            )
            assert "no session nothing" in problem["detail"]

    run()


@virtual_time()
async def test_a_session_without_a_dose_has_no_form_in_any_list(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.abort(session)
        assert (await ward.get("/forms", state="all"))["items"] == []


@virtual_time()
async def test_an_aborted_session_with_a_dose_is_due(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.dose(session)
        await ward.abort(session)
        assert [form["session"] for form in (await ward.get("/forms"))["items"]] == [session]


@virtual_time()
async def test_an_infusion_has_a_record_and_is_in_no_list_of_forms(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start(regimen="ketamine-iv")
        start = {"by": "nurse.a", "action": "start", **GIVEN}
        await ward.post(f"/sessions/{session}/infusion", start)
        await ward.clock.sleep(60)
        await ward.abort(session)
        for state in ("due", "all"):
            assert (await ward.get("/forms", state=state))["items"] == []
        form = await ward.get(f"/sessions/{session}/export", format="form")
        assert (form["kind"], form["due_on"]) == ("session-record", None)
        problem = await ward.post(f"/sessions/{session}/form/sent", {"by": "n"}, expect=409)
        assert "no form is sent for Ketamine IV" in problem["detail"]


@virtual_time()
async def test_a_form_tells_of_another_session_on_that_day(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, clock=virtual_clock()) as ward:
        first, second = [await ended(ward, minutes=1) for _ in range(2)]
        await ended(ward, minutes=1, patient="P-018")
        for form in (
            await ward.get(f"/sessions/{first}/export", format="form"),
            await ward.post(f"/sessions/{second}/form/confirm", {"by": "nurse.a"}),
        ):
            assert named(form, "deviations")["value"][0] == "2 sessions on this day"


@virtual_time()
async def test_a_page_of_forms_asks_once_for_the_sessions_of_its_days(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, clock=virtual_clock()) as ward:
        journal, asked = ward.ward.journal, []

        def counted(name: str) -> None:
            ask = getattr(journal, name)

            async def count(*args: Any) -> Any:
                asked.append(name)
                return await ask(*args)

            setattr(journal, name, count)

        for name in ("of_patients", "of_sessions"):
            counted(name)
        counts = []
        for number in range(3):
            await ended(ward, minutes=1, patient=f"P-{number}")
            asked.clear()
            forms = (await ward.get("/forms"))["items"]
            assert len(forms) == number + 1
            counts.append([asked.count(name) for name in ("of_patients", "of_sessions")])
        assert counts[0] == counts[1] == counts[2]
        assert counts[0][0] == 1


@virtual_time()
async def test_an_inpatients_form_is_not_due(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward, minutes=1)
        setting = {"field": "setting", "value": "inpatient", "by": "nurse.b"}
        form = await ward.post(f"/sessions/{session}/form/fill", setting)
        assert form["why_none_sent"] == "no form is sent for an inpatient"
        assert (await ward.get("/forms"))["items"] == []


@virtual_time()
async def test_forms_come_in_pages_oldest_due_first(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        sessions = [await ended(ward) for _ in range(3)]
        first = await ward.get("/forms", limit=2)
        rest = await ward.get("/forms", limit=2, after=first["next"])
        pages = [[form["session"] for form in page["items"]] for page in (first, rest)]
        assert pages == [sessions[:2], sessions[2:]]
        assert rest["next"] is None


# ── given out ───────────────────────────────────────────────────────────────────────────


@virtual_time()
async def test_json_has_the_session_its_events_and_its_form(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        await ward.post(f"/sessions/{session}/form/confirm", {"by": "nurse.a"})
        found = await ward.get(f"/sessions/{session}/export", format="json")
        assert found["session"] == await ward.get(f"/sessions/{session}")
        assert found["form"] == await ward.get(f"/sessions/{session}/export", format="form")
        types = [event["type"] for event in found["events"]]
        assert (types[0], types[-1]) == ("session.started", "form.confirmed")


@virtual_time()
async def test_csv_has_a_row_for_each_record_and_each_minute(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(60)
        await ward.dose(session)
        await ward.score(session, "cadss", 31)
        for note in ("=1+1", "calm; =1+1;@x", "calm\n-1", "2 + 2; fine"):
            await ward.post(f"/sessions/{session}/notes", {"text": note, "by": "nurse.a"})
        await ward.clock.sleep(300)
        await ward.post(f"/sessions/{session}/close", CLOSE)
        answer = await ward.http.get(f"/api/v1/sessions/{session}/export?format=csv")
        assert answer.headers["content-type"].startswith("text/csv")
        rows = list(csv.DictReader(io.StringIO(answer.text)))
        assert [row["value"] for row in rows if row["name"] == "cadss"] == ["31"]
        assert len([row for row in rows if (row["kind"], row["name"]) == ("vital", "spo2")]) == 6
        assert [row["note"] for row in rows if row["kind"] == "note"] == [
            "'=1+1",
            "calm;' =1+1;'@x",
            "calm\n'-1",
            "2 + 2; fine",
        ]
        assert [row["at"] for row in rows] == sorted(row["at"] for row in rows)
        (dose,) = [row for row in rows if row["kind"] == "dose"]
        assert (dose["value"], dose["unit"], dose["minute"]) == ("28.0", "mg", "0.0")


@virtual_time()
async def test_the_page_brings_its_own_policy(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward, patient="P<b>")
        answer = await ward.http.get(f"/api/v1/sessions/{session}/export?format=form&page=html")
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.headers["content-security-policy"].startswith(CONTENT_POLICY)
        assert "P&lt;b&gt;" in answer.text
        assert "SIMULATED TIME" in answer.text


@virtual_time()
async def test_a_report_is_a_page_and_a_pdf(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ended(ward)
        path = f"/api/v1/sessions/{session}/export?format=report"
        page = await ward.http.get(path)
        assert page.headers["content-type"].startswith("text/html")
        assert page.headers["content-security-policy"].startswith(REPORT_POLICY)
        assert page.text.count('fill="#0b6f8f"/>') > 1
        pdf = await ward.http.get(f"{path}&page=pdf")
        if pdf.status_code == 501:
            pytest.skip(pdf.json()["detail"])
        assert pdf.headers["content-type"] == "application/pdf"
        assert pdf.content.startswith(b"%PDF-")


@pytest.mark.parametrize("wanted", ["form", "report", "json", "csv"])
def test_a_session_that_is_not_there_is_not_given_out(tmp_path: Path, wanted: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            answer = await ward.http.get(f"/api/v1/sessions/nothing/export?format={wanted}")
            assert answer.status_code == 404

    run()
