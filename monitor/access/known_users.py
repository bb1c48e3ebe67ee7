"""Who there is, as the running daemon knows it, and what a credential stands for.

What is stored is read again at most once a second, when somebody asks. While the database does not
answer what was read last holds, so that nobody who watches is signed out by it; and where it has
lost its users nobody acts in their place.
"""

import asyncio
from collections.abc import Container
from typing import Final

import structlog

from drivers.clock import Clock
from monitor.access import credentials
from monitor.access.directory import Account, Directory, Principal, Role
from monitor.access.store import AccessStore, read_directory
from monitor.journal import Journal, StoreError

FRESH_S: Final = 1.0
"""What was read so long ago is read again."""

WAIT_S: Final = 0.5
"""How long a request waits for that, in real time, before it goes by what was read last."""

NONE_YET: Final = "there are no users yet: postdose user add NAME --role …"
MISSING: Final = (
    "people sign in here, and the database has no users: put a backup back (postdose db restore), "
    "or add them (postdose user add NAME --role …); where nobody is to sign in any more, "
    "postdose user forget-all"
)
UNREADABLE: Final = (
    "the database with the users cannot be read now: look at it, and at what postdose check says"
)
"""Why nobody can act for now."""

ONLOOKER: Final = Principal(None, Role.VIEWER)

_log = structlog.get_logger(__name__)


class KnownUsers:
    """Who may act in one daemon.

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
        self._others_reach = others_reach
        self._needs_users = needs_users
        self._are_gone = False
        self._directory: Directory | None = None
        self._read_at: float | None = None
        self._reading: asyncio.Task[None] | None = None

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
        people = self._people_at(station)
        return [account.name for account in people if account.pin_hash is not None]

    def _people_at(self, station: str) -> tuple[Account, ...]:
        now = self._clock.now().wall
        return self._known.people_at(credentials.fingerprint(station), now)

    def person_named(self, name: str, roles: Container[Role]) -> str | None:
        """The name, as it is kept, of the person so called who may act in one of those roles."""
        account = self._known.account(name)
        return account.name if account is not None and account.name in self.names(roles) else None

    def names(self, roles: Container[Role]) -> list[str]:
        """Who may act in one of those roles."""
        accounts = self._known.accounts
        return [one.name for one in accounts if one.is_active and one.role in roles]

    @property
    def _known(self) -> Directory:
        return self._directory or Directory()
