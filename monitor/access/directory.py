"""Everybody and everything that may act, as it is stored, and who a credential stands for.

Pure: no database, no clock, no hashing. A credential is known by its hash alone.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from unicodedata import normalize

from monitor.access.names import same_name


class Role(StrEnum):
    """What somebody is; `api.permissions` says what each may do."""

    VIEWER = "viewer"
    NURSE = "nurse"
    CLINICIAN = "clinician"
    ADMIN = "admin"

    @property
    def with_article(self) -> str:
        """As it is said of somebody: a nurse, an admin."""
        return f"an {self}" if self is Role.ADMIN else f"a {self}"


@dataclass(frozen=True, slots=True)
class Account:
    """A person. `pin_hash` is None where only the password opens a station."""

    name: str
    role: Role
    password_hash: str
    pin_hash: str | None
    since: datetime
    disabled_at: datetime | None = None

    @property
    def is_active(self) -> bool:
        """Whether the person may act at all."""
        return self.disabled_at is None


@dataclass(frozen=True, slots=True)
class Token:
    """A machine's credential."""

    name: str
    hash: str
    role: Role
    since: datetime
    until: datetime
    revoked_at: datetime | None = None

    def is_over(self, now: datetime) -> bool:
        """Whether it stands for nobody any more."""
        return self.revoked_at is not None or self.until <= now


@dataclass(frozen=True, slots=True)
class Stay:
    """That `account` has signed in, or is known at a station, until then."""

    account: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks. `name` is None for a station at which nobody is signed in: it only shows."""

    name: str | None
    role: Role

    def is_called(self, said: str) -> bool:
        """Whether that is the name, as it stands in the records."""
        return normalize("NFC", said.strip()) == self.name


class What(StrEnum):
    """What the access log tells of."""

    SIGNED_IN = "signed-in"
    """With a password."""
    OPENED = "opened"
    """A station, with a PIN."""
    LOCKED = "locked"
    SIGNED_OUT = "signed-out"
    WRONG = "wrong"
    """A password or PIN, under this name."""
    LOOKED = "looked"
    """At a patient's record."""
    DID = "did"
    DENIED = "denied"
    """What the role may not do, or what was in another's name."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the access log. `about` is the path of the request, `address` whence it came."""

    at: datetime
    who: str
    what: What
    about: str
    address: str


@dataclass(frozen=True, slots=True)
class Directory:
    """Everybody who may act. `sign_ins` and `stations` are by the hash of their credential."""

    accounts: tuple[Account, ...] = ()
    tokens: tuple[Token, ...] = ()
    sign_ins: Mapping[str, Stay] = field(default_factory=dict)
    stations: Mapping[str, tuple[Stay, ...]] = field(default_factory=dict)

    @property
    def has_users(self) -> bool:
        """Whether anybody was ever added: from then on nobody acts without signing in."""
        return bool(self.accounts)

    def account(self, name: str) -> Account | None:
        """The person of that name, in whatever letters."""
        return next((a for a in self.accounts if same_name(a.name) == same_name(name)), None)

    def token(self, name: str) -> Token | None:
        """The token of that name."""
        return next((t for t in self.tokens if same_name(t.name) == same_name(name)), None)

    def machine(self, hash_: str, now: datetime) -> Principal | None:
        """Who presents the token with that hash."""
        for token in self.tokens:
            if token.hash == hash_ and not token.is_over(now):
                return Principal(token.name, token.role)
        return None

    def person(self, hash_: str, now: datetime) -> Principal | None:
        """Who is signed in under that hash."""
        stay = self.sign_ins.get(hash_)
        account = None if stay is None or now >= stay.until else self.account(stay.account)
        if account is None or not account.is_active:
            return None
        return Principal(account.name, account.role)

    def people_at(self, hash_: str, now: datetime) -> tuple[Account, ...]:
        """Who has signed in with a password at the station with that hash, by name."""
        found = (self.account(s.account) for s in self.stations.get(hash_, ()) if now < s.until)
        return tuple(sorted((a for a in found if a and a.is_active), key=lambda a: a.name))

    def station(self, hash_: str, now: datetime) -> Principal | None:
        """The station with that hash, with nobody signed in."""
        return Principal(None, Role.VIEWER) if self.people_at(hash_, now) else None
