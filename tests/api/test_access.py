"""Signing in and out, and in whose name something is done."""

import asyncio
import sqlite3
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from api.authorization import PERSON, STATION
from drivers.clock import Clock
from monitor.access import Account, Role
from monitor.access.control import WRONG_PINS
from monitor.access.throttle import FREE, Try
from tests.api.people import PASSWORD, PIN, enter, hashes, peopled_ward, unlock
from tests.virtual import virtual_time
from tests.wards import simulated_ward

START = {"bed": "bed-1", "patient": "P-017", "age": 44, "regimen": "esketamine-84"}


def cookie(answer: httpx.Response, name: str) -> str:
    """How the answer sets that cookie."""
    return next(c for c in answer.headers.get_list("set-cookie") if c.startswith(name))


async def who(http: httpx.AsyncClient) -> Any:
    """Who the interface says is signed in."""
    return (await http.get("/api/v1/access")).json()


@virtual_time()
async def test_without_users_anybody_acts_under_any_name(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        assert (await who(ward.http))["sign_in"] == "none"
        await ward.start(by="anybody")
        assert (await enter(ward.http, "nurse.a")).status_code == 409


@virtual_time()
async def test_a_person_signs_in_locks_the_station_opens_it_and_leaves(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        assert (await http.get("/api/v1/beds")).status_code == 401
        assert (await unlock(http, "nurse.a")).status_code == 401
        for name, password in (("nurse.a", "tulip stairs"), ("nurse.x", PASSWORD)):
            answer = await enter(http, name, password)
            assert (answer.status_code, answer.json()["code"]) == (401, "wrong")
            assert answer.json()["detail"] == "this name and password do not belong together"
        entered = await enter(http, "Nurse.A")
        assert entered.json()["person"] == {"name": "nurse.a", "role": "nurse"}
        for name in (PERSON, STATION):
            set_ = cookie(entered, name).lower()
            assert {"httponly", "samesite=strict", "secure", "path=/"} <= set(set_.split("; "))
        assert ("max-age" in cookie(entered, STATION).lower()) is True
        assert ("max-age" in cookie(entered, PERSON).lower()) is False
        person = http.cookies[PERSON]
        locked = (await http.post("/api/v1/access/lock")).json()
        assert (locked["person"], locked["station"], locked["people"]) == (None, True, ["nurse.a"])
        assert (await http.get("/api/v1/beds")).status_code == 200
        answer = await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})
        assert (answer.status_code, answer.json()["code"]) == (401, "sign-in")
        http.cookies.set(PERSON, person)
        assert (
            await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})
        ).status_code == 401
        del http.cookies[PERSON]
        assert (await unlock(http, "nurse.a", "1379")).json()["code"] == "wrong"
        assert (await unlock(http, "nurse.a")).json()["person"]["name"] == "nurse.a"
        assert (await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})).is_success
        left = (await http.post("/api/v1/access/sign-out")).json()
        assert (left["person"], left["station"], left["people"]) == (None, False, [])
        assert (await http.get("/api/v1/beds")).status_code == 401


@virtual_time()
async def test_nothing_is_stored_that_could_be_presented(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        await enter(http, "nurse.a")
        kept = (tmp_path / "postdose.db").read_bytes()
        kept += (tmp_path / "postdose.db-wal").read_bytes()
        secrets = [PASSWORD, http.cookies[PERSON], http.cookies[STATION], *people.tokens.values()]
        assert [secret for secret in secrets if secret.encode() in kept] == []
        assert b"$argon2id$" in kept


@virtual_time()
async def test_guessing_is_slowed_down(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        for _ in range(FREE["person-at"]):
            assert (await enter(http, "nurse.a", "wrong wrong")).status_code == 401
        answer = await enter(http, "nurse.a")
        assert answer.status_code == 429
        await people.ward.clock.sleep(float(answer.headers["Retry-After"]) + 1)
        assert (await enter(http, "nurse.a")).status_code == 200


@virtual_time()
async def test_one_who_guesses_at_a_station_keeps_nobody_there_out(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        other = people.client()
        for n in range(FREE["address"] + 1):
            name = "nurse.a" if n < FREE["person-at"] else f"nobody-{n}"
            people.control._throttle.note_wrong(Try(name, "127.0.0.1"), 0)
        people.control._throttle.note_wrong(Try("x", "127.0.0.1"), people.ward.clock.now().mono)
        assert (await enter(other, "dr.b")).headers["Retry-After"] == "5"
        assert (await enter(http, "nurse.a")).status_code == 200
        await people.ward.clock.sleep(5)
        assert (await enter(other, "dr.b")).status_code == 200


@virtual_time()
async def test_after_some_wrong_pins_the_password_is_asked_for(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        await http.post("/api/v1/access/lock")
        answers = [await unlock(http, "nurse.a", "1379") for _ in range(WRONG_PINS)]
        assert "sign in with your password" in answers[-1].json()["detail"]
        await people.ward.clock.sleep(60)
        assert (await unlock(http, "nurse.a", PIN)).status_code == 401
        assert (await who(http))["people"] == []


@virtual_time()
async def test_who_is_disabled_is_out_at_once_everywhere(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people:
        nurse, wall = people.at_station("nurse.a"), people.machine("wall")
        assert (await nurse.get("/api/v1/beds")).is_success
        assert (await wall.get("/api/v1/beds")).is_success
        streams = [asyncio.ensure_future(c.get("/api/v1/stream")) for c in (nurse, wall)]
        await people.ward.clock.sleep(4)
        assert [stream.done() for stream in streams] == [False, False]
        now = people.ward.clock.now().wall
        people.store.change_account("nurse.a", ends_sign_ins=True, disabled_at=now.isoformat())
        people.store.revoke_token("wall", now)
        await people.ward.clock.sleep(3)
        assert [stream.done() for stream in streams] == [True, True]
        for http in (nurse, wall):
            assert (await http.get("/api/v1/beds")).status_code == 401
        assert (await enter(nurse, "nurse.a")).status_code == 401


@virtual_time()
async def test_what_is_over_opens_nothing(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people:
        nurse, wall = people.at_station("nurse.a"), people.machine("wall")
        began, source = people.ward.clock.now().wall, asyncio.get_running_loop().time
        people.control._clock = Clock(source=source, start=began + timedelta(hours=13))
        assert (await who(nurse))["person"] is None
        assert (await nurse.get("/api/v1/beds")).is_success
        assert (await wall.get("/api/v1/beds")).is_success
        people.control._clock = Clock(source=source, start=began + timedelta(days=91))
        assert (await nurse.get("/api/v1/beds")).status_code == 401
        assert (await wall.get("/api/v1/beds")).status_code == 401


@virtual_time()
async def test_a_thing_is_done_in_the_name_of_who_is_signed_in(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people:
        nurse, gateway = people.at_station("nurse.a"), people.machine("gateway")
        for http, name in ((nurse, "nurse.b"), (gateway, "nurse.a")):
            answer = await http.post("/api/v1/sessions", json=START | {"by": name})
            assert answer.status_code == 403
            assert [wrong["field"] for wrong in answer.json()["errors"]] == ["by"]
        answer = await nurse.post("/api/v1/sessions", json=START | {"by": " nurse.a "})
        assert answer.is_success
        path = f"/api/v1/sessions/{answer.json()['id']}"
        note = {"text": "calm", "by": "gateway"}
        assert (await gateway.post(f"{path}/notes", json=note)).is_success


@virtual_time()
async def test_a_bed_is_handed_over_to_somebody_who_is_there(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        began = await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})
        path = f"/api/v1/sessions/{began.json()['id']}/assignment"
        by = {"by": "nurse.a"}
        assert (await http.post(path, json=by | {"action": "take-over"})).is_success
        gone = people.ward.clock.now().wall.isoformat()
        since = people.ward.clock.now().wall
        people.store.add_account(Account("nurse.z", Role.NURSE, *hashes(), since))
        people.store.change_account("nurse.z", disabled_at=gone)
        await people.ward.clock.sleep(2)
        for nobody in ("nurse.x", "visitor", "technician", "gateway", "nurse.z"):
            answer = await http.post(path, json=by | {"action": "hand-over", "to": nobody})
            assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "to")
            assert answer.json()["detail"].endswith("who can take over; there is dr.b")
        answer = await http.post(path, json=by | {"action": "hand-over", "to": "Dr.B"})
        assert answer.json()["handing_to"] == "dr.b"


@virtual_time()
async def test_a_clinicians_decision_is_taken_from_a_clinician_alone(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people:
        nurse, doctor = people.at_station("nurse.a"), people.at_station("dr.b")
        started = await nurse.post("/api/v1/sessions", json=START | {"by": "nurse.a"})
        path = f"/api/v1/sessions/{started.json()['id']}"

        def abort(by: str, clinician: str) -> Any:
            against = {"clinician": clinician, "reason": "enough"}
            return {"by": by, "reason": "enough", "outcome": "other", "against_criteria": against}

        limit = {"rule": "spo2.low", "limit": 88, "reason": "COPD"}
        for http, by, clinician in (
            (nurse, "nurse.a", "dr.b"),
            (nurse, "nurse.a", "nurse.a"),
            (doctor, "dr.b", "dr.c"),
        ):
            answer = await http.post(f"{path}/abort", json=abort(by, clinician))
            assert answer.status_code == 403
            assert [wrong["field"] for wrong in answer.json()["errors"]] == [
                "against_criteria.clinician"
            ]
            body = limit | {"by": by, "clinician": clinician}
            assert (await http.post(f"{path}/alarm-limits", json=body)).status_code == 403
        body = limit | {"by": "dr.b", "clinician": "dr.b"}
        assert (await doctor.post(f"{path}/alarm-limits", json=body)).is_success
        plain = {"by": "nurse.a", "reason": "withdrew", "against_criteria": None}
        assert (await nurse.post(f"{path}/abort", json=plain)).is_success


@virtual_time()
async def test_no_other_page_acts_with_a_persons_cookies(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        start = START | {"by": "nurse.a"}
        host = {"Host": "localhost"}
        del http.headers["Sec-Fetch-Site"]
        foreign: tuple[dict[str, str], ...] = (
            {},
            {"Sec-Fetch-Site": "cross-site"},
            {"Sec-Fetch-Site": "same-site"},
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
        )
        for headers in foreign:
            answer = await http.post("/api/v1/sessions", json=start, headers=host | headers)
            assert answer.status_code == 403
            assert "another page" in answer.json()["detail"]
        own = {"Origin": "https://localhost"}
        assert (await http.post("/api/v1/sessions", json=start, headers=host | own)).is_success


@virtual_time()
async def test_alarms_are_seen_where_nobody_is_signed_in(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        doctor = people.at_station("dr.b")
        started = await doctor.post("/api/v1/sessions", json=START | {"by": "dr.b"})
        score = {"scale": "cadss", "total": 31, "by": "dr.b"}
        path = f"/api/v1/sessions/{started.json()['id']}/scores"
        assert (await doctor.post(path, json=score)).is_success
        answer = await http.get("/api/v1/alarms/brief")
        assert answer.is_success
        assert {alarm["bed"] for alarm in answer.json()["items"]} == {"bed-1"}
        assert "CADSS" in answer.text
        assert "P-017" not in answer.text
        assert started.json()["id"] not in answer.text


@virtual_time()
async def test_a_database_that_is_gone_signs_nobody_out(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        assert (await http.get("/api/v1/beds")).is_success
        await people.ward.clock.sleep(30)
        people.ward.ward.journal._reading.dispose()
        (tmp_path / "postdose.db").rename(tmp_path / "elsewhere.db")
        assert (await http.get("/api/v1/beds")).is_success
        (tmp_path / "elsewhere.db").rename(tmp_path / "postdose.db")


def lose_users(folder: Path) -> None:
    """Empty the tables of the users behind everybody's back."""
    with sqlite3.connect(folder / "postdose.db") as database:
        for table in ("account", "token", "station", "sign_in"):
            database.execute(f"DELETE FROM {table}")


@virtual_time()
async def test_a_database_without_the_users_it_had_opens_no_door(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        await people.control.read()
        lose_users(tmp_path)
        people.restart()
        await people.control.read()
        assert (await http.get("/api/v1/beds")).is_success
        found = await who(http)
        assert (found["sign_in"], found["person"], found["station"]) == ("needed", None, True)
        for client in (http, people.machine("gateway"), people.client(Authorization="Bearer x")):
            answer = await client.post("/api/v1/sessions", json=START | {"by": "anybody"})
            assert answer.status_code == 401
            assert "postdose user add" in answer.json()["detail"]
        entered = await enter(http, "nurse.a")
        assert (entered.status_code, "db restore" in entered.json()["detail"]) == (409, True)
        await people.ward.clock.sleep(4)
        alarm = (await people.ward.alarms("bed-1"))["tech.users-missing"]
        assert alarm["priority"] == "medium"
        people.restart(others_reach=True)
        answer = await http.get("/api/v1/beds")
        assert (answer.status_code, "db restore" in answer.json()["detail"]) == (401, True)
        assert (await http.get("/api/v1/alarms/brief")).is_success
        since = people.ward.clock.now().wall
        people.store.add_account(Account("nurse.a", Role.NURSE, *hashes(), since))
        await people.ward.clock.sleep(2)
        assert (await enter(http, "nurse.a")).is_success
        assert (await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})).is_success
        await people.ward.clock.sleep(10)
        assert "tech.users-missing" not in await people.ward.alarms("bed-1")


@virtual_time()
async def test_users_that_are_gone_while_the_daemon_runs_go_on_and_it_is_said(
    tmp_path: Path,
) -> None:
    async with peopled_ward(tmp_path) as people, people.at_station("nurse.a") as http:
        people.restart()
        assert (await http.get("/api/v1/beds")).is_success
        people.store.forget_all()
        await people.ward.clock.sleep(4)
        assert (await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})).is_success
        assert (await people.client().get("/api/v1/beds")).status_code == 401
        await people.ward.clock.sleep(4)
        assert "tech.users-missing" in await people.ward.alarms("bed-1")
        assert (await enter(http, "nurse.a")).status_code == 409
        people.restart()
        assert (await who(http))["sign_in"] == "none"
        people.restart(needs_users=True)
        assert (await who(http))["sign_in"] == "needed"


@virtual_time()
async def test_who_signed_in_looked_did_or_was_refused_is_written_down(tmp_path: Path) -> None:
    async with peopled_ward(tmp_path) as people, people.client() as http:
        began = people.ward.clock.now().wall
        await unlock(http, "nurse.a")
        await enter(http, "nurse.a", "wrong wrong")
        await enter(http, "nurse.a")
        answer = await http.post("/api/v1/sessions", json=START | {"by": "nurse.a"})
        path = f"/api/v1/sessions/{answer.json()['id']}"
        await http.post(f"{path}/notes", json={"text": "calm", "by": "nurse.b"})
        await http.get("/api/v1/beds")
        await http.post("/api/v1/access/lock")
        for _ in range(2):
            await http.get(path)
        await unlock(http, "nurse.a")
        await http.get(f"/api/v1/events?session={answer.json()['id']}&limit=1")
        await http.post("/api/v1/access/sign-out")
        await people.ward.clock.sleep(3)
        found = people.store.entries(began)
        access = "/api/v1/access"
        assert [(one.who, one.what.value, one.about) for one in found] == [
            ("nurse.a", "wrong", f"{access}/sign-in"),
            ("nurse.a", "signed-in", f"{access}/sign-in"),
            ("nurse.a", "did", "/api/v1/sessions"),
            ("nurse.a", "denied", f"{path}/notes"),
            ("nurse.a", "locked", f"{access}/lock"),
            ("(a station)", "looked", path),
            ("nurse.a", "opened", f"{access}/unlock"),
            ("nurse.a", "looked", f"/api/v1/events&session={answer.json()['id']}"),
            ("nurse.a", "signed-out", f"{access}/sign-out"),
        ]
        assert {one.address for one in found} == {"127.0.0.1"}
        assert people.store.entries(began, "Nurse.A") == [e for e in found if e.who == "nurse.a"]
