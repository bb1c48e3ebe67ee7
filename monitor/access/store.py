"""Who may act, in the journal's database: read as a whole, changed in one transaction each.

It blocks. It may be used beside a running daemon, which sees a change within a second.
"""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

import sqlalchemy as sa

from drivers.clock import parse_rfc3339, rfc3339
from monitor.access.directory import (
    Account,
    Directory,
    Entry,
    Role,
    Stay,
    Token,
    What,
    same_name,
)
from monitor.access.words import AccessError
from monitor.journal import StoreError, database, schema

R = TypeVar("R")


def read_directory(connection: sa.Connection) -> Directory:
    """Everybody who may act, as it is stored now."""
    stations: dict[str, list[Stay]] = defaultdict(list)
    for row in connection.execute(sa.select(schema.station)).mappings():
        stations[row["hash"]].append(_stay(row))
    return Directory(
        accounts=tuple(_accounts(connection)),
        tokens=tuple(_tokens(connection)),
        sign_ins={
            row["hash"]: _stay(row)
            for row in connection.execute(sa.select(schema.sign_in)).mappings()
        },
        stations={hash_: tuple(stays) for hash_, stays in stations.items()},
    )


def _accounts(connection: sa.Connection) -> list[Account]:
    rows = connection.execute(sa.select(schema.account).order_by(schema.account.c.name))
    return [Account(**_read(row)) for row in rows.mappings()]


def _tokens(connection: sa.Connection) -> list[Token]:
    rows = connection.execute(sa.select(schema.token).order_by(schema.token.c.name))
    return [Token(**_read(row)) for row in rows.mappings()]


def _stay(row: Any) -> Stay:
    return Stay(row["account"], parse_rfc3339(row["until"]))


def _read(row: Any) -> dict[str, Any]:
    times = {
        name: parse_rfc3339(row[name])
        for name in ("since", "until", "disabled_at", "revoked_at")
        if row.get(name) is not None
    }
    return dict(row) | {"role": Role(row["role"])} | times


def _written(kept: Account | Token | Entry) -> dict[str, Any]:
    return {
        name: rfc3339(value) if isinstance(value, datetime) else value
        for name, value in asdict(kept).items()
    }


class AccessStore:
    """Who may act, in the database at `url`. Every method raises `StoreError`."""

    def __init__(self, url: str) -> None:
        self._address = database.parse_store_url(url)

    def create(self) -> None:
        """Make the database where there is none yet."""
        from monitor.journal.migrate import upgrade_engine

        if self._address.path is not None:
            database.create_file(self._address.path)
        self._within(lambda engine, found: None if found else upgrade_engine(self._address, engine))

    def read(self) -> Directory:
        """Everybody who may act; raises `StoreError` where there is no database yet."""
        return self._change(read_directory)

    def add_account(self, account: Account) -> None:
        """Add a person. Raises `AccessError` where the name is taken."""

        def change(connection: sa.Connection) -> None:
            _refuse_taken(read_directory(connection), account.name)
            connection.execute(sa.insert(schema.account), [_written(account)])

        self._change(change)

    def change_account(self, name: str, *, ends_sign_ins: bool = False, **values: Any) -> Account:
        """Change what is stored of a person, and give it; may end where they are signed in.

        Raises `AccessError` where there is none of that name.
        """

        def change(connection: sa.Connection) -> Account:
            account = read_directory(connection).account(name)
            if account is None:
                raise AccessError(f"no user {name}; postdose user list lists them")
            where = schema.account.c.name == account.name
            connection.execute(sa.update(schema.account).where(where).values(**values))
            if ends_sign_ins:
                for table in (schema.sign_in, schema.station):
                    connection.execute(sa.delete(table).where(table.c.account == account.name))
            return account

        return self._change(change)

    def add_token(self, token: Token) -> None:
        """Add a machine's token. Raises `AccessError` where the name is taken, or without users."""

        def change(connection: sa.Connection) -> None:
            directory = read_directory(connection)
            if not directory.has_users:
                raise AccessError("without users nobody needs a token: first postdose user add")
            _refuse_taken(directory, token.name)
            connection.execute(sa.insert(schema.token), [_written(token)])

        self._change(change)

    def revoke_token(self, name: str, now: datetime) -> None:
        """Let a token stand for nobody from now on. Raises `AccessError`."""

        def change(connection: sa.Connection) -> None:
            token = read_directory(connection).token(name)
            if token is None or token.revoked_at is not None:
                raise AccessError(f"no token {name} is in force; postdose token list lists them")
            where = schema.token.c.name == token.name
            values = {"revoked_at": rfc3339(now)}
            connection.execute(sa.update(schema.token).where(where).values(values))

        self._change(change)

    def keep_sign_in(
        self, hash_: str, stay: Stay, station: tuple[str, Stay] | None, now: datetime
    ) -> None:
        """A person has signed in; with `station`, at that one, which knows them from now on."""

        def change(connection: sa.Connection) -> None:
            for table in (schema.sign_in, schema.station):
                connection.execute(sa.delete(table).where(table.c.until <= rfc3339(now)))
            connection.execute(sa.insert(schema.sign_in), [_stored(hash_, stay)])
            if station is not None:
                self._forget_at(connection, station[0], stay.account)
                connection.execute(sa.insert(schema.station), [_stored(*station)])

        self._change(change)

    def end_sign_in(self, hash_: str) -> None:
        """Whoever has signed in so is not signed in any more."""
        where = schema.sign_in.c.hash == hash_
        self._change(lambda connection: connection.execute(sa.delete(schema.sign_in).where(where)))

    def forget_station(self, hash_: str, account: str | None = None) -> None:
        """Have a station know nobody any more, or not that person."""
        self._change(lambda connection: self._forget_at(connection, hash_, account))

    def keep_entries(self, entries: Sequence[Entry]) -> None:
        """Write down who did what."""
        rows = [_written(entry) for entry in entries]
        self._change(lambda connection: connection.execute(sa.insert(schema.access_log), rows))

    def entries(self, since: datetime, who: str | None = None) -> list[Entry]:
        """Who did what since then, in order; of that person or machine alone where one is named."""

        def read(connection: sa.Connection) -> list[Entry]:
            table = schema.access_log
            columns = [column for column in table.c if column is not table.c.id]
            where = [table.c.at >= rfc3339(since)]
            found = connection.execute(sa.select(*columns).where(*where).order_by(table.c.id))
            rows = (dict(row) for row in found.mappings())
            read = (
                Entry(**row | {"at": parse_rfc3339(row["at"]), "what": What(row["what"])})
                for row in rows
            )
            return [one for one in read if who is None or same_name(one.who) == same_name(who)]

        return self._change(read)

    @staticmethod
    def _forget_at(connection: sa.Connection, hash_: str, account: str | None) -> None:
        table = schema.station
        where = [table.c.hash == hash_]
        where += [] if account is None else [table.c.account == account]
        connection.execute(sa.delete(table).where(*where))

    def _change(self, work: Callable[[sa.Connection], R]) -> R:
        def change(engine: sa.Engine, found: str | None) -> R:
            if found is None:
                raise self._absent()
            database.refuse_other_revisions(self._address, found)
            with engine.begin() as connection:
                return work(connection)

        return self._within(change)

    def _absent(self) -> StoreError:
        return StoreError(f"journal {self._address} is not there; correct store.url")

    def _within(self, work: Callable[[sa.Engine, str | None], R]) -> R:
        """Work with an engine, and the schema that is there, if any."""
        path = self._address.path
        if path is not None and not Path(path).exists():
            raise self._absent()
        engine = database.engine_for(self._address, writing=True)
        try:
            with engine.begin() as connection:
                found = database.revision(connection)
            return work(engine, found)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise database.explained(self._address, error) from error
        finally:
            engine.dispose()


def _stored(hash_: str, stay: Stay) -> dict[str, Any]:
    return {"hash": hash_, "account": stay.account, "until": rfc3339(stay.until)}


def _refuse_taken(directory: Directory, name: str) -> None:
    taken: Sequence[tuple[str, object]] = (
        ("a user", directory.account(name)),
        ("a token", directory.token(name)),
    )
    for what, found in taken:
        if found is not None:
            raise AccessError(f"{name} is {what} already: a name stands for one in the records")
