"""Signing in and out at the running daemon."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

from drivers.clock import Clock
from monitor.access import credentials
from monitor.access.directory import Account, Principal, Stay
from monitor.access.known_users import KnownUsers
from monitor.access.log import AccessLog
from monitor.access.names import same_name
from monitor.access.store import AccessStore
from monitor.access.throttle import Throttle, Try
from monitor.access.words import AccessError, ThrottledError, WrongError
from monitor.journal import Journal

R = TypeVar("R")

SIGN_IN_FOR: Final = timedelta(hours=12)
STATION_FOR: Final = timedelta(days=90)
"""How long a station knows a person who signed in there with a password."""

WRONG_PINS: Final = 5
"""After so many wrong PINs in a row the station asks for the password again."""

MOST_WAITING: Final = 8
"""How many may wait for their password to be checked: that is slow on purpose, one at a time."""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody has signed in: who, and the credentials that their browser is to keep.

    `station` is None where it keeps the one it has.
    """

    principal: Principal
    person: str
    station: str | None


class AccessControl(KnownUsers):
    """Who may act in one daemon, and signing in and out; that raises `StoreError`."""

    def __init__(
        self,
        journal: Journal,
        store: AccessStore,
        clock: Clock,
        *,
        others_reach: bool = False,
        needs_users: bool = False,
    ) -> None:
        super().__init__(journal, store, clock, others_reach=others_reach, needs_users=needs_users)
        self.log = AccessLog(store, clock)
        self._throttle = Throttle()
        self._wrong_pins: dict[tuple[str, str], int] = {}
        self._checking = asyncio.Lock()
        self._waiting = 0

    async def sign_in(
        self, name: str, password: str, address: str, station: str | None
    ) -> SignedIn:
        """Sign a person in with a password, at the station with that credential or a new one.

        Raises `AccessError`, which does not say what was wrong, or `ThrottledError`.
        """
        await self.look()
        account = self._known.account(name)
        stored = account.password_hash if account is not None and account.is_active else None
        known_at = None
        if station is not None and account in self._people_at(station):
            known_at = credentials.fingerprint(station)
        await self._check(stored, password, Try(same_name(name), address, known_at))
        if account is None or stored is None:
            raise AccessError("this name and password do not belong together")
        kept = station if station is not None and self.station(station) else None
        at = kept or credentials.new_secret()
        secret = await self._keep(account, at)
        self._wrong_pins.pop((credentials.fingerprint(at), account.name), None)
        principal = Principal(account.name, account.role)
        return SignedIn(principal, secret, None if kept else at)

    async def unlock(self, name: str, pin: str, address: str, station: str | None) -> SignedIn:
        """Sign a person in with a PIN, at a station that knows them.

        Raises `AccessError` or `ThrottledError`; after `WRONG_PINS` the station knows them no more.
        """
        await self.look()
        hash_ = "" if station is None else credentials.fingerprint(station)
        people = () if station is None else self._people_at(station)
        account = next((a for a in people if same_name(a.name) == same_name(name)), None)
        if account is None or account.pin_hash is None:
            raise AccessError(f"{name}: sign in with your password here first")
        try:
            await self._check(account.pin_hash, pin, Try(f"pin {account.name}", address, hash_))
        except WrongError:
            key = (hash_, account.name)
            self._wrong_pins[key] = self._wrong_pins.get(key, 0) + 1
            if self._wrong_pins[key] < WRONG_PINS:
                raise WrongError("this is not your PIN") from None
            del self._wrong_pins[key]
            await self._change(lambda: self._store.forget_station(hash_, account.name))
            raise WrongError("too many wrong PINs: sign in with your password") from None
        self._wrong_pins.pop((hash_, account.name), None)
        return SignedIn(
            Principal(account.name, account.role), await self._keep(account, None), None
        )

    async def end_sign_in(self, person: str) -> None:
        """Whoever is signed in with that credential is so no more, at once."""
        hash_ = credentials.fingerprint(person)
        await self._change(lambda: self._store.end_sign_in(hash_))

    async def forget_station(self, station: str) -> None:
        """The station with that credential knows nobody any more, and shows nothing."""
        hash_ = credentials.fingerprint(station)
        await self._change(lambda: self._store.forget_station(hash_))

    async def _keep(self, account: Account, station: str | None) -> str:
        secret, now = credentials.new_secret(), self._clock.now().wall
        hash_ = credentials.fingerprint(secret)
        stay = Stay(account.name, now + SIGN_IN_FOR)
        at = (
            None
            if station is None
            else (credentials.fingerprint(station), Stay(account.name, now + STATION_FOR))
        )
        await self._change(lambda: self._store.keep_sign_in(hash_, stay, at, now))
        return secret

    async def _check(self, stored: str | None, secret: str, tried: Try) -> None:
        """Raises `AccessError` when it is wrong, and `ThrottledError` before it is checked."""
        wait_s = self._throttle.wait_s(tried, self._clock.now().mono)
        if wait_s > 0:
            raise ThrottledError(max(1.0, wait_s))
        if self._waiting >= MOST_WAITING:
            raise ThrottledError(1.0)
        self._waiting += 1
        try:
            async with self._checking:
                is_right = await asyncio.to_thread(credentials.matches, stored, secret)
        finally:
            self._waiting -= 1
        if not is_right:
            self._throttle.note_wrong(tried, self._clock.now().mono)
            raise WrongError("this name and password do not belong together")
        self._throttle.note_right(tried)

    async def _change(self, work: Callable[[], R]) -> R:
        """Do it in the database, and know it at once."""
        done = await asyncio.to_thread(work)
        if self._reading is not None and not self._reading.done():
            await asyncio.wait({self._reading})
        await self._read()
        return done
