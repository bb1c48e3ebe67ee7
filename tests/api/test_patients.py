"""A patient's course over HTTP: how it counts, what is written down, what is told at baseline."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from monitor.journal import StoreError
from monitor.patient.commands import Reassess
from monitor.session.commands import Refused
from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward

RESPONSE = {"scale": "phq-9", "total": 14, "by": "nurse.a"}


async def treated(ward: SimulatedWard, **changes: Any) -> str:
    """A session with a dose, aborted soon."""
    session = await ward.start(**changes)
    await ward.dose(session)
    await ward.clock.sleep(60)
    await ward.abort(session)
    return session


async def number(ward: SimulatedWard, session: str) -> Any:
    return (await ward.get(f"/sessions/{session}"))["number"]


@virtual_time()
async def test_sessions_with_a_dose_are_counted(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        assert await number(ward, await treated(ward)) == 1
        undosed = await ward.start()
        assert await number(ward, undosed) == 2
        await ward.post(f"/sessions/{undosed}/abort", {"by": "nurse.a", "reason": "no"})
        assert await number(ward, await treated(ward)) == 2
        assert await number(ward, await ward.start(patient="P-018")) == 1


@virtual_time()
async def test_the_last_three_sessions_are_told_until_the_dose(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        sessions = [await treated(ward) for _ in range(4)]
        session = await ward.start()
        history = (await ward.get("/beds/bed-1"))["history"]
        assert [visit["session"] for visit in history] == sessions[1:]
        assert [visit["number"] for visit in history] == [2, 3, 4]
        assert history[0]["needed"][-1] == "aborted: unwell"
        await ward.dose(session)
        assert (await ward.get("/beds/bed-1"))["history"] is None


@virtual_time()
async def test_what_was_before_is_told_after_a_restart_too(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await treated(ward)
        await ward.start()
        before = (await ward.get("/beds/bed-1"))["history"]
    async with simulated_ward(tmp_path) as ward:
        assert (await ward.get("/beds/bed-1"))["history"] == before


@virtual_time()
async def test_of_a_new_patient_nothing_is_told(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        assert (await ward.get("/beds/bed-1"))["history"] is None
        await ward.start()
        assert (await ward.get("/beds/bed-1"))["history"] == []


@virtual_time()
async def test_a_refused_session_leaves_what_is_told_as_it_is(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await treated(ward)
        await ward.start()
        body = {"bed": "bed-1", "patient": "P-2", "regimen": "esketamine-56", "by": "nurse.a"}
        await ward.post("/sessions", body, expect=409)
        assert len((await ward.get("/beds/bed-1"))["history"]) == 1


def test_a_session_starts_though_nobody_can_tell_what_was_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: Any) -> Any:
        raise StoreError("disk gone")

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            monkeypatch.setattr(ward.ward.journal, "of_patient", fail)
            session = await ward.start()
            assert await number(ward, session) is None
            assert (await ward.get("/beds/bed-1"))["history"] is None

    run()


# ── the course ──────────────────────────────────────────────────────────────────────────


@virtual_time()
async def test_a_course_has_its_sessions_and_what_was_written_down(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        sessions = [await treated(ward), await treated(ward)]
        await ward.post("/patients/P-017/responses", RESPONSE, expect=201)
        asked = {"prompt": "urinary", "finding": "none", "by": "nurse.a"}
        await ward.post("/patients/P-017/prompts", asked, expect=201)
        said = {"decision": "continue", "reason": "well", "by": "dr.b"}
        answer = await ward.post("/patients/P-017/reassessments", said, expect=201)
        course = await ward.get("/patients/P-017/course")
        assert course == answer
        assert [visit["session"] for visit in course["sessions"]] == sessions
        assert (course["number"], course["phase"], course["next"]["number"]) == (2, "induction", 3)
        assert course["responses"][0]["last"]["total"] == 14
        found = {prompt["prompt"]: prompt["last"] for prompt in course["prompts"]}
        assert found["urinary"]["finding"] == "none"
        assert course["reassessment"]["last"]["by"] == "dr.b"


@virtual_time()
async def test_a_course_is_the_same_after_a_restart(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await treated(ward)
        before = await ward.post("/patients/P-017/responses", RESPONSE)
    async with simulated_ward(tmp_path) as ward:
        assert await ward.get("/patients/P-017/course") == before
        await ward.post("/patients/P-017/responses", RESPONSE | {"total": 3})
        events = (await ward.get("/events", bed="records"))["items"]
        assert [event["payload"]["total"] for event in events] == [14, 3]


@virtual_time()
async def test_an_entry_can_be_retracted(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        await treated(ward)
        (entry,) = (await ward.post("/patients/P-017/responses", RESPONSE))["entries"]
        body = {"record": entry["id"], "reason": "another patient's", "by": "nurse.a"}
        course = await ward.post("/patients/P-017/retract", body)
        assert (course["entries"], course["responses"][0]["last"]) == ([], None)


@pytest.mark.parametrize("alias", ["a/b", "a/course", "100 % ü", "P?#&=", "<b>", "{x}"])
def test_an_alias_may_be_anything(tmp_path: Path, alias: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await treated(ward, patient=alias)
            path = f"/patients/{quote(alias, safe='')}"
            assert (await ward.get(f"{path}/course"))["patient"] == alias
            answer = await ward.post(f"{path}/responses", RESPONSE)
            assert answer["responses"][0]["last"]["total"] == 14

    run()


UNKNOWN: dict[str, Callable[[SimulatedWard], Any]] = {
    "course": lambda ward: ward.http.get("/api/v1/patients/P-9/course"),
    "response": lambda ward: ward.http.post("/api/v1/patients/P-9/responses", json=RESPONSE),
}


@pytest.mark.parametrize("what", UNKNOWN)
def test_a_patient_nobody_knows_is_not_there(tmp_path: Path, what: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await treated(ward)
            answer = await UNKNOWN[what](ward)
            assert answer.status_code == 404
            assert "no patient P-9" in answer.json()["detail"]

    run()


WRONG: dict[str, tuple[str, dict[str, Any], str]] = {
    "a PHQ-9 of 28": ("responses", RESPONSE | {"total": 28}, "total"),
    "a scale nobody knows": ("responses", RESPONSE | {"scale": "gad-7"}, "scale"),
    "a total in words": ("responses", RESPONSE | {"total": "14"}, "total"),
    "nobody who says it": ("responses", {"scale": "madrs", "total": 3}, "by"),
    "a finding without words": (
        "prompts",
        {"prompt": "misuse", "finding": "", "by": "n"},
        "finding",
    ),
    "a decision without a reason": ("reassessments", {"decision": "stop", "by": "n"}, "reason"),
}


@pytest.mark.parametrize("case", WRONG)
def test_of_a_patient_nothing_wrong_is_written_down(tmp_path: Path, case: str) -> None:
    what, body, at_fault = WRONG[case]

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await treated(ward)
            problem = await ward.post(f"/patients/P-017/{what}", body, expect=422)
            assert [wrong["field"] for wrong in problem["errors"]] == [at_fault]
            assert (await ward.get("/events", bed="records"))["items"] == []

    run()


# ── the clerk ───────────────────────────────────────────────────────────────────────────


def test_while_one_entry_is_not_stored_the_next_is_not_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await treated(ward)
            clerk, journal = ward.ward.record_service, ward.ward.journal
            stuck: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
            command = Reassess("continue", "dr.b", "well")
            with monkeypatch.context() as patched:
                patched.setattr(journal, "append", lambda *_, **__: stuck)
                async with clerk.course("P-017") as desk:
                    desk.command(command, lambda: None)
                with pytest.raises(Refused, match="not stored yet"):
                    async with clerk.course("P-017"):
                        pass
            stuck.set_exception(StoreError("refused"))
            await ward.clock.sleep(0)
            async with clerk.course("P-017") as desk:
                (stored,) = await desk.command(command, lambda: None)
            assert stored.event.n == 1

    run()


ODD_TIMES = [
    ("0999-01-05T09:40:00Z", "the year 999"),
    ("9999-12-31T23:59:59Z", "the year 9999"),
    (1767605000, "write it as"),
    ("1767605000", "write it as"),
    ("2026-01-05", "write it as"),
    ("2026-01-05T09:40:00", "timezone"),
]


@pytest.mark.parametrize(("at", "says"), ODD_TIMES)
@pytest.mark.parametrize("path", ["responses", "prompts", "reassessments"])
def test_an_odd_time_is_refused_and_nothing_guessed(
    tmp_path: Path, path: str, at: Any, says: str
) -> None:
    bodies: dict[str, dict[str, Any]] = {
        "responses": RESPONSE,
        "prompts": {"prompt": "urinary", "finding": "none", "by": "nurse.a"},
        "reassessments": {"decision": "continue", "reason": "helps", "by": "dr.b"},
    }

    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            await treated(ward)
            answer = await ward.http.post(
                f"/api/v1/patients/P-017/{path}", json=bodies[path] | {"at": at}
            )
            assert answer.status_code == 422
            assert [wrong["field"] for wrong in answer.json()["errors"]] == ["at"]
            assert says in answer.json()["detail"]

    run()


@virtual_time()
async def test_an_alias_is_one_however_its_accents_were_typed(tmp_path: Path) -> None:
    composed, decomposed = "Zo\u00eb-1", "Zoe\u0308-1"
    async with simulated_ward(tmp_path) as ward:
        await treated(ward, patient=decomposed)
        session = await ward.start(patient=composed)
        assert await number(ward, session) == 2
        for alias in (composed, decomposed):
            course = await ward.get(f"/patients/{quote(alias)}/course")
            assert course["patient"] == composed


@pytest.mark.parametrize("alias", ["P" * 60_000, "P\u202e71", "P\x00"])
def test_an_alias_that_nobody_has_is_refused_or_not_found(tmp_path: Path, alias: str) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            answer = await ward.http.get(f"/api/v1/patients/{quote(alias)}/course")
            assert answer.status_code == 422
            body = {"bed": "bed-1", "age": 44, "regimen": "esketamine-84", "by": "nurse.a"}
            answer = await ward.http.post("/api/v1/sessions", json=body | {"patient": alias})
            assert [wrong["field"] for wrong in answer.json()["errors"]] == ["patient"]

    run()
