"""Repeated requests: one command, one response."""

from pathlib import Path

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
