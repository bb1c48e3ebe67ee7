"""Opening the journal's database: addresses, connection settings, and what is refused.

Everything that can be wrong before the first query is found here and told in one line
that says how to mend it.
"""

import fcntl
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from monitor.journal.schema import REVISIONS

SQLITE_PRAGMAS: Final = {
    "journal_mode": ("WAL", "wal"),
    "synchronous": ("FULL", 2),
    "foreign_keys": ("ON", 1),
    "busy_timeout": ("5000", 5000),
    "journal_size_limit": ("8388608", 8388608),
}
"""Each pragma's setting, and what SQLite answers when it took."""

POSTGRESQL_SETTINGS: Final = {"fsync": "on", "synchronous_commit": "on"}
CONNECT_ARGS: Final = {
    "connect_timeout": 5,
    "tcp_user_timeout": 10_000,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "application_name": "postdose",
}


SECRETS: Final = frozenset({"password", "passfile", "sslpassword"})
"""Parameters of a connection that are for nobody's eyes."""


class StoreError(Exception):
    """The journal's database cannot be used; the text says why and how to mend it."""


class UnavailableError(StoreError):
    """The database cannot be reached or opened now, and may be there again by itself."""


class HeldError(StoreError):
    """Another process, or one that the server has not missed yet, writes the journal."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where a journal is. `path` is None for a server."""

    url: sa.URL
    path: Path | None

    def __str__(self) -> str:
        return str(self.path) if self.path else without_password(self.url)


def without_password(url: sa.URL) -> str:
    """`url` as it may be shown: a password may stand in its query as well."""
    query = {name: "***" if name in SECRETS else value for name, value in url.query.items()}
    return url.set(query=query).render_as_string(hide_password=True)


def parse_store_url(url: str) -> Address:
    """The address that `url` names.

    `sqlite:///var/lib/postdose/postdose.db` is an absolute path; a name without a directory,
    `sqlite:///postdose.db`, is a file in the working directory. `postgresql://` uses
    psycopg. Raises `StoreError`.
    """
    scheme, colon, rest = url.partition(":")
    if scheme == "sqlite" and colon:
        name = rest.lstrip("/")
        path = Path("/" + name if "/" in name else name)
        if path.name in ("", ":memory:"):
            raise StoreError(f"store url {url!r} names no file: write sqlite:///path/postdose.db")
        return Address(sa.URL.create("sqlite", database=str(path)), path)
    if scheme in ("postgresql", "postgresql+psycopg"):
        try:
            parsed = sa.make_url(url)
        except (sa.exc.ArgumentError, ValueError):
            raise StoreError(
                f"store url of {scheme} cannot be read: write postgresql://user@host:5432/name"
            ) from None
        return Address(parsed.set(drivername="postgresql+psycopg"), None)
    raise StoreError(
        f"store url of {scheme!r} is neither sqlite:///path nor postgresql://host/name"
    )


NOT_FOR_LONG: Final = (
    "starting up",
    "shutting down",
    "recovery",
    "not yet accepting",
    "too many",
    "slots",
)
"""What a PostgreSQL server says that refuses a connection only for now."""


def explained(address: Address, error: Exception) -> StoreError:
    """`error` of the database driver, as ours.

    A server that answers and does not let us in (password, name of the database) is not
    unavailable, but another than was meant.
    """
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    text = " ".join(str(cause).split()) or type(cause).__name__
    mend = (
        "check that the file and its directory are writable and the disk is not full"
        if address.path
        else "check that the server runs and that its address and password are right"
    )
    refused = address.path is None and "FATAL" in text
    is_for_good = refused and not any(passing in text for passing in NOT_FOR_LONG)
    said = f"journal {address}: {text}; {mend}"
    return StoreError(said) if is_for_good else UnavailableError(said)


def create_file(path: Path) -> None:
    """Make sure that the database's file exists, for its owner's eyes only.

    Raises `StoreError`: a directory is never created, a missing one is a wrong path or an
    unmounted disk. Raises `UnavailableError` where the file cannot be opened.
    """
    if not path.parent.is_dir():
        raise StoreError(
            f"journal {path}: directory {path.parent} is not there; "
            f"create it (mkdir -p {path.parent}) or correct store.url"
        )
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
    except OSError as error:
        raise UnavailableError(
            f"journal {path}: {error.strerror}; let the daemon's user write it, "
            "or correct store.url"
        ) from None


def lock_file(path: Path) -> int:
    """Become the one writer of the file at `path`; the descriptor holds the lock.

    Raises `StoreError` when another process has it, `OSError` where there can be no lock.
    """
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise StoreError(
            f"journal {path}: another Postdose is writing it; stop that one first"
        ) from None
    return descriptor


def engine_for(address: Address, *, writing: bool) -> sa.Engine:
    """An engine whose every connection has the settings that the journal relies on.

    The writer's engine keeps one connection, readers share a few and cannot write. None makes
    a file that is not there. On a disk that nobody can write, readers read what was there when
    they connected.
    """
    if address.path is None:
        return sa.create_engine(
            address.url,
            connect_args=CONNECT_ARGS,
            pool_size=1 if writing else 2,
            pool_pre_ping=not writing,
        )
    path = address.path
    engine = sa.create_engine(
        address.url,
        creator=lambda: _connected(path, writing=writing),
        poolclass=sa.QueuePool,
        pool_size=1 if writing else 2,
    )
    sa.event.listen(engine, "connect", _sqlite_settings(address, writing=writing))
    begin = "BEGIN IMMEDIATE" if writing else "BEGIN"
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _connected(path: Path, *, writing: bool) -> sqlite3.Connection:
    """A connection to the file at `path`.

    Where there is no log beside it and none can be made, SQLite reads only a file of which it
    is told that nobody writes it.
    """
    logged = Path(f"{path}-wal").exists() or os.access(path.parent, os.W_OK)
    how = "mode=rw" if writing or logged else "immutable=1"
    return sqlite3.connect(f"file:{quote(str(path))}?{how}", uri=True, check_same_thread=False)


def _sqlite_settings(address: Address, *, writing: bool) -> Callable[[Any, Any], None]:
    pragmas = SQLITE_PRAGMAS if writing else {"busy_timeout": SQLITE_PRAGMAS["busy_timeout"]}

    def apply(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        for name, (setting, expected) in pragmas.items():
            connection.execute(f"PRAGMA {name} = {setting}")
            (found,) = connection.execute(f"PRAGMA {name}").fetchone()
            if found != expected:
                raise StoreError(
                    f"journal {address}: this file system does not take {name} = {setting} "
                    f"(it stays {found}); keep the journal on a local disk"
                )
        if not writing:
            connection.execute("PRAGMA query_only = ON")

    return apply


def check_server(address: Address, connection: sa.Connection) -> None:
    """Refuse a PostgreSQL server that would say 'committed' before it is.

    Raises `StoreError`.
    """
    for name, expected in POSTGRESQL_SETTINGS.items():
        found = connection.exec_driver_sql(f"SHOW {name}").scalar_one()
        if found != expected and not (name == "synchronous_commit" and found != "off"):
            raise StoreError(
                f"journal {address}: the server runs with {name} = {found} and may lose what it "
                f"confirmed; set {name} = {expected}"
            )
    if connection.exec_driver_sql("SHOW transaction_read_only").scalar_one() == "on":
        raise StoreError(f"journal {address}: the server is read-only; name the primary server")


def revision(connection: sa.Connection) -> str | None:
    """The schema revision in the database: None when it is new, "" when it has no tables yet.

    Raises `StoreError` when the database holds something that is not a journal.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if "alembic_version" in tables:
        return connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar() or ""
    if tables:
        raise StoreError(
            f"store url names a database with other tables ({', '.join(sorted(tables)[:3])}…); "
            "give the journal one of its own"
        )
    return None


def refuse_other_revisions(address: Address, found: str) -> None:
    """Raises `StoreError` unless `found` is the revision that this program works with."""
    if found == REVISIONS[-1]:
        return
    if found in ("", *REVISIONS):
        raise StoreError(
            f"journal {address}: its schema is {found or 'empty'}, this program needs "
            f"{REVISIONS[-1]}; run: postdose db upgrade --config …"
        )
    raise StoreError(
        f"journal {address}: its schema {found} is newer than this program "
        f"({REVISIONS[-1]}); install the Postdose that wrote it"
    )
