"""Repeated requests: one command, one response."""

import asyncio
from pathlib import Path

import pytest

from tests.virtual import virtual_time
from tests.wards import DOSE, simulated_ward


@virtual_time()
async def test_the_same_idempotency_key_does_a_thing_once(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/api/v1/sessions/{session}/doses"
        body = DOSE
        headers = {"Idempotency-Key": "one"}
        first = await ward.http.post(path, json=body, headers=headers)
        again = await ward.http.post(path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len((await ward.get(f"/sessions/{session}"))["doses"]) == 1


@virtual_time()
async def test_an_idempotency_key_is_for_one_request(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        path = f"/api/v1/sessions/{session}/notes"
        headers = {"Idempotency-Key": "one"}
        await ward.http.post(path, json={"text": "a", "by": "nurse.a"}, headers=headers)
        other = await ward.http.post(path, json={"text": "b", "by": "nurse.a"}, headers=headers)
        assert other.status_code == 422
        assert "another request" in other.json()["detail"]


@virtual_time()
async def test_an_idempotency_key_survives_a_restart(tmp_path: Path) -> None:
    body = {"text": "woke up", "by": "nurse.a"}
    headers = {"Idempotency-Key": "one"}
    async with simulated_ward(tmp_path) as ward:
        path = f"/api/v1/sessions/{await ward.start()}/notes"
        await ward.http.post(path, json=body, headers=headers)
    async with simulated_ward(tmp_path) as ward:
        again = await ward.http.post(path, json=body, headers=headers)
        assert again.headers["Idempotent-Replayed"] == "true"
        notes = await ward.get("/events", type="note.added")
        assert len(notes["items"]) == 1


@virtual_time()
async def test_a_repeated_end_of_a_session_gets_the_same_answer(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        path = f"/api/v1/sessions/{await ward.start()}/abort"
        body = {"by": "nurse.a", "reason": "unwell"}
        headers = {"Idempotency-Key": "one"}
        first = await ward.http.post(path, json=body, headers=headers)
        again = await ward.http.post(path, json=body, headers=headers)
        assert (first.status_code, again.status_code) == (200, 200)
        assert first.json() == again.json()


def test_a_request_that_is_still_under_way_is_told_by_its_code(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    @virtual_time()
    async def run() -> None:
        async with simulated_ward(tmp_path) as ward:
            path = f"/api/v1/sessions/{await ward.start()}/notes"
            headers, body = {"Idempotency-Key": "one"}, {"text": "a", "by": "nurse.a"}
            begun, goes_on = asyncio.Event(), asyncio.Event()

            async def find_receipt(_: str) -> None:
                begun.set()
                await goes_on.wait()

            with monkeypatch.context() as patched:
                patched.setattr(ward.ward.journal, "find_receipt", find_receipt)
                first = asyncio.create_task(ward.http.post(path, json=body, headers=headers))
                await begun.wait()
                again = await ward.http.post(path, json=body, headers=headers)
                goes_on.set()
                assert (await first).status_code == 200
            assert (again.status_code, again.json()["code"]) == (409, "under-way")
            other = await ward.http.post(path, json={"by": "nurse.a"})
            assert (other.status_code, other.json()["code"]) == (422, None)

    run()
