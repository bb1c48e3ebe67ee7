"""A ward whose people sign in, with a client for each of them."""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Final, cast

import httpx
from argon2 import PasswordHasher
from fastapi import FastAPI

from api import create_app
from api.authorization import PERSON, STATION
from monitor.access import AccessControl, AccessStore, Account, Role, new_token
from monitor.access.credentials import fingerprint, new_secret
from monitor.access.directory import Stay
from monitor.ward import Ward
from tests.wards import SimulatedWard, simulated_ward

PASSWORD: Final = "tulip stairs november"
PIN: Final = "2580"
PEOPLE: Final = {
    "visitor": Role.VIEWER,
    "nurse.a": Role.NURSE,
    "dr.b": Role.CLINICIAN,
    "technician": Role.ADMIN,
}
OWN_PAGE: Final = {"Sec-Fetch-Site": "same-origin"}


@cache
def hashes() -> tuple[str, str]:
    """Of the password and the PIN; not as slow as they are on purpose."""
    quick = PasswordHasher(time_cost=1, memory_cost=64, parallelism=1)
    return quick.hash(PASSWORD), quick.hash(PIN)


class _Present:
    """Stands in an application, which is dear to make, for what it answers for now."""

    def become(self, other: object) -> None:
        self.__dict__["_other"] = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_other"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self.__dict__["_other"], name, value)


@cache
def _application() -> tuple[FastAPI, _Present, _Present]:
    ward, control = _Present(), _Present()
    ward.become(SimpleNamespace(bed_runners={}))
    app = create_app(
        cast(Ward, ward), version="test", control=cast(AccessControl, control), encrypted=True
    )
    return app, ward, control


@dataclass
class People:
    """The ward, who may act in it, and its application."""

    ward: SimulatedWard
    store: AccessStore
    control: AccessControl
    app: FastAPI
    tokens: dict[str, str] = field(default_factory=dict)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A browser of its own, or a machine, with those headers."""
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(
            transport=transport, base_url="https://localhost", headers=OWN_PAGE | headers
        )

    def restart(self, **settings: bool) -> None:
        """Have a daemon that was started anew answer from now on, about who may act."""
        self.control = AccessControl(
            self.ward.ward.journal, self.store, self.ward.clock, **settings
        )
        self.ward.ward.users_missing = self.control.gone
        _application()[2].become(self.control)

    def machine(self, name: str) -> httpx.AsyncClient:
        """A machine with its token."""
        return self.client(Authorization=f"Bearer {self.tokens[name]}")

    def at_station(self, name: str) -> httpx.AsyncClient:
        """A browser at which that person has signed in, as if with the password."""
        now = self.ward.clock.now().wall
        person, station = Stay(name, now + timedelta(hours=12)), Stay(name, now + timedelta(90))
        secrets = {PERSON: new_secret(), STATION: new_secret()}
        at = (fingerprint(secrets[STATION]), station)
        self.store.keep_sign_in(fingerprint(secrets[PERSON]), person, at, now)
        http = self.client()
        http.cookies.update(secrets)
        return http


async def enter(http: httpx.AsyncClient, name: str, password: str = PASSWORD) -> httpx.Response:
    """The answer to a sign-in."""
    body = {"name": name, "password": password}
    return await http.post("/api/v1/access/sign-in", json=body)


async def unlock(http: httpx.AsyncClient, name: str, pin: str = PIN) -> httpx.Response:
    """The answer to a PIN."""
    return await http.post("/api/v1/access/unlock", json={"name": name, "pin": pin})


@contextlib.asynccontextmanager
async def peopled_ward(folder: Path) -> AsyncIterator[People]:
    """A ward with one person of each role, and a machine that reads and one that records."""
    async with simulated_ward(folder) as ward:
        store = AccessStore(f"sqlite:///{folder}/postdose.db")
        since = datetime(2026, 1, 5, tzinfo=UTC)
        for name, role in PEOPLE.items():
            store.add_account(Account(name, role, *hashes(), since))
        tokens = {}
        for name, role in (("wall", Role.VIEWER), ("gateway", Role.NURSE)):
            token, tokens[name] = new_token(name, role, "90d", ward.clock.now().wall)
            store.add_token(token)
        control = AccessControl(ward.ward.journal, store, ward.clock)
        app, of_ward, of_control = _application()
        of_ward.become(ward.ward)
        of_control.become(control)
        yield People(ward, store, control, app, tokens)
