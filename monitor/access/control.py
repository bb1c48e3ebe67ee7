"""Who asks, for the running daemon: signing in and out, and what a credential stands for.

What is stored is read again at most once a second, when somebody asks. While the database does not
answer what was read last holds, so that nobody who watches is signed out by it.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Final, TypeVar

import structlog

from drivers.clock import Clock
from monitor.access import credentials
from monitor.access.directory import Account, Directory, Principal, Role, Stay
from monitor.access.log import AccessLog
from monitor.access.names import same_name
from monitor.access.store import AccessStore, read_directory
from monitor.access.throttle import Throttle
from monitor.access.words import AccessError, ThrottledError, WrongError
from monitor.journal import Journal, StoreError

R = TypeVar("R")

FRESH_S: Final = 1.0
"""What was read so long ago is read again."""

WAIT_S: Final = 0.5
"""How long a request waits for that, in real time, before it goes by what was read last."""

SIGN_IN_FOR: Final = timedelta(hours=12)
STATION_FOR: Final = timedelta(days=90)
"""How long a station knows a person who signed in there with a password."""

WRONG_PINS: Final = 5
"""After so many wrong PINs in a row the station asks for the password again."""

MOST_WAITING: Final = 8
"""How many may wait for their password to be checked: that is slow on purpose, one at a time."""

NONE_YET: Final = "there are no users yet: postdose user add NAME --role …"
MISSING: Final = (
    "this site has had users, and its database has none: put a backup back (postdose db restore), "
    "or add them anew (postdose user add NAME --role …); where nobody is to sign in any more, "
    "postdose user forget-all"
)
UNREADABLE: Final = (
    "the database with the users cannot be read now: look at it, and at what postdose check says"
)
"""Why nobody can act for now."""

ONLOOKER: Final = Principal(None, Role.VIEWER)

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """Somebody has signed in: who, and the credentials that their browser is to keep.

    `station` is None where it keeps the one it has.
    """

    principal: Principal
    person: str
    station: str | None


class AccessControl:
    """Who may act in one daemon. Whoever is asked for raises `StoreError` when nobody can tell.

    Where no users are known everybody acts, but not where there have been some (the store's
    mark, or `needs_users`), nor where `others_reach` the daemon. What remains then is to look:
    on this machine at the ward, for others at the alarms in brief.
    """

    def __init__(
        self,
        journal: Journal,
        store: AccessStore,
        clock: Clock,
        *,
        others_reach: bool = False,
        needs_users: bool = False,
    ) -> None:
        self._journal = journal
        self._store = store
        self._clock = clock
        self.log = AccessLog(store, clock)
        self._others_reach = others_reach
        self._needs_users = needs_users
        self._are_gone = False
        self._directory: Directory | None = None
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None
        self._throttle = Throttle()
        self._wrong_pins: dict[tuple[str, str], int] = {}
        self._checking = asyncio.Lock()
        self._waiting = 0

    # ── who there is ────────────────────────────────────────────────────────────────────

    @property
    def is_open(self) -> bool:
        """Whether anybody acts under any name, since there are no users."""
        return not self._known.has_users and not (self.needs_users or self._others_reach)

    @property
    def has_no_users(self) -> bool:
        """Whether it is known that there are none."""
        return self._directory is not None and not self._directory.has_users

    @property
    def needs_users(self) -> bool:
        """Whether nobody acts without users: there have been some, or the site says so."""
        return self._needs_users or self._store.mark.is_set

    @property
    def closed_because(self) -> str | None:
        """Why nobody can sign in; None where somebody can.

        Who was signed in before the users were gone goes on.
        """
        if self._are_gone:
            return MISSING
        if self._known.has_users:
            return None
        return UNREADABLE if self._directory is None and not self.is_open else NONE_YET

    def gone(self) -> str | None:
        """That the database has no users any more; None where it has. Waits for nothing."""
        if self._are_gone:
            self.glance()
        return MISSING if self._are_gone else None

    async def read(self) -> None:
        """Know what is stored, however long that takes; without a database nothing is known."""
        await self._read()

    async def look(self) -> None:
        """See to it that what is stored is known as it was a second ago, or waited for."""
        if self._is_stale:
            await asyncio.wait({self._read()}, timeout=WAIT_S)

    def glance(self) -> None:
        """As `look`, waiting for nothing: what was stored is known a little later."""
        if self._is_stale:
            self._read()

    @property
    def _is_stale(self) -> bool:
        return self._read_at is None or self._clock.now().mono - self._read_at >= FRESH_S

    def _read(self) -> asyncio.Task[None]:
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read_now(), name="access")
        return self._reading

    async def _read_now(self) -> None:
        self._read_at = self._clock.now().mono
        try:
            read = await self._journal.run_in_reader(self._look_up)
        except StoreError as error:
            _log.debug("access.not-read", reason=str(error))
            return
        self._are_gone = not read.has_users and (self._known.has_users or self.needs_users)
        if read.has_users or not self._known.has_users:
            self._directory = read  # users are disabled, never deleted: none is a lost database

    def _look_up(self) -> Directory:
        """What is stored now; that there are users is kept outside the database too."""
        read = self._journal.query_sync(read_directory)
        if read.has_users and not self._known.has_users:
            try:
                self._store.mark.set()
            except OSError as error:
                _log.warning("access.not-marked", reason=str(error))
        return read

    @property
    def _onlooker(self) -> Principal | None:
        """Whoever looks on this machine while nobody can sign in, nor ever could."""
        is_closed = not (self._known.has_users or self.is_open or self._others_reach)
        return ONLOOKER if is_closed else None

    def machine(self, token: str) -> Principal | None:
        """Who presents that token, by what was read last."""
        found = self._known.machine(credentials.fingerprint(token), self._clock.now().wall)
        return found or self._onlooker

    def person(self, secret: str) -> Principal | None:
        """Who is signed in with that credential."""
        return self._known.person(credentials.fingerprint(secret), self._clock.now().wall)

    def station(self, secret: str) -> Principal | None:
        """The station with that credential; while nobody can sign in, any on this machine."""
        found = self._known.station(credentials.fingerprint(secret), self._clock.now().wall)
        return found or self._onlooker

    def people_at(self, station: str) -> list[str]:
        """Who may open that station with a PIN, by name."""
        now = self._clock.now().wall
        people = self._known.people_at(credentials.fingerprint(station), now)
        return [account.name for account in people if account.pin_hash is not None]

    @property
    def _known(self) -> Directory:
        return self._directory or Directory()

    # ── signing in and out ──────────────────────────────────────────────────────────────

    async def sign_in(
        self, name: str, password: str, address: str, station: str | None
    ) -> SignedIn:
        """Sign a person in with a password, at the station with that credential or a new one.

        Raises `AccessError`, which does not say what was wrong, or `ThrottledError`.
        """
        await self.look()
        account = self._known.account(name)
        stored = account.password_hash if account is not None and account.is_active else None
        person = same_name(name)
        await self._check(stored, password, person, address)
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
        people = self._known.people_at(hash_, self._clock.now().wall)
        account = next((a for a in people if same_name(a.name) == same_name(name)), None)
        if account is None or account.pin_hash is None:
            raise AccessError(f"{name}: sign in with your password here first")
        try:
            await self._check(account.pin_hash, pin, f"pin {account.name}", address)
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

    async def _check(self, stored: str | None, secret: str, person: str, address: str) -> None:
        """Raises `AccessError` when it is wrong, and `ThrottledError` before it is checked."""
        wait_s = self._throttle.wait_s(person, address, self._clock.now().mono)
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
            self._throttle.note_wrong(person, address, self._clock.now().mono)
            raise WrongError("this name and password do not belong together")
        self._throttle.note_right(person, address)

    async def _change(self, work: Callable[[], R]) -> R:
        """Do it in the database, and know it at once."""
        done = await asyncio.to_thread(work)
        if self._reading is not None and not self._reading.done():
            await asyncio.wait({self._reading})
        await self._read()
        return done
