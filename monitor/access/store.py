"""Who may act, in the journal's database: read as a whole, changed in one transaction each.

It blocks. It may be used beside a running daemon, which sees a change within a second.
"""

import contextlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import datetime
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
)
from monitor.access.mark import UsersMark
from monitor.access.names import same_name, skeleton
from monitor.access.words import AccessError
from monitor.journal import StoreError, database, schema

R = TypeVar("R")


class AbsentError(StoreError):
    """There is no database yet."""


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
        self.mark = UsersMark(self._address.path)

    def read(self) -> Directory:
        """Everybody who may act; raises `AbsentError` where there is no database yet."""
        return self._within(read_directory, writing=False)

    def add_account(self, account: Account) -> bool:
        """Add a person, and say whether it is the first; makes the database where there is none.

        Raises `AccessError` where the name is taken.
        """
        if self._address.path is not None:
            database.create_file(self._address.path)

        def change(connection: sa.Connection) -> bool:
            directory = read_directory(connection)
            _refuse_taken(directory, account.name)
            connection.execute(sa.insert(schema.account), [_written(account)])
            self.mark.set()
            return not directory.has_users

        return self._change(change, creates=True)

    def forget_all(self) -> None:
        """Delete every person, token, station and sign-in: the site is as without users."""

        def change(connection: sa.Connection) -> None:
            for table in (schema.account, schema.token, schema.station, schema.sign_in):
                connection.execute(sa.delete(table))

        with contextlib.suppress(AbsentError):
            self._change(change)
        try:
            self.mark.clear()
        except OSError as error:
            raise database.explained(self._address, error) from error

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
        """Add a machine's token, in place of one of that name that is over.

        Raises `AccessError` where the name is taken, or without users.
        """

        def change(connection: sa.Connection) -> None:
            directory = read_directory(connection)
            if not directory.has_users:
                raise AccessError("without users nobody needs a token: first postdose user add")
            before = directory.token(token.name)
            if before is not None and before.is_over(token.since):
                connection.execute(
                    sa.delete(schema.token).where(schema.token.c.name == before.name)
                )
            _refuse_taken(read_directory(connection), token.name)
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

        return self._within(read, writing=False)

    @staticmethod
    def _forget_at(connection: sa.Connection, hash_: str, account: str | None) -> None:
        table = schema.station
        where = [table.c.hash == hash_]
        where += [] if account is None else [table.c.account == account]
        connection.execute(sa.delete(table).where(*where))

    def _change(self, work: Callable[[sa.Connection], R], *, creates: bool = False) -> R:
        """Work in one transaction; with `creates`, in tables that are made first if need be."""
        return self._within(work, writing=True, creates=creates)

    def _within(
        self, work: Callable[[sa.Connection], R], *, writing: bool, creates: bool = False
    ) -> R:
        from monitor.journal.migrate import upgrade_engine

        self._refuse_absent()
        engine = database.engine_for(self._address, writing=writing)
        try:
            with engine.begin() as connection:
                found = database.revision(connection)
            if not found and creates:
                upgrade_engine(self._address, engine)
            elif found is None:
                raise self._absent()
            else:
                database.refuse_other_revisions(self._address, found)
            with engine.begin() as connection:
                return work(connection)
        except (sa.exc.SQLAlchemyError, OSError) as error:
            raise database.explained(self._address, error) from error
        finally:
            engine.dispose()

    def _refuse_absent(self) -> None:
        path = self._address.path
        if path is None:
            return
        try:
            path.stat()
        except FileNotFoundError as error:
            if path.parent.is_dir():
                raise self._absent() from None
            raise database.explained(self._address, error) from error
        except OSError as error:
            raise database.explained(self._address, error) from error

    def _absent(self) -> AbsentError:
        return AbsentError(f"journal {self._address} is not there; correct store.url")


def _stored(hash_: str, stay: Stay) -> dict[str, Any]:
    return {"hash": hash_, "account": stay.account, "until": rfc3339(stay.until)}


def _refuse_taken(directory: Directory, name: str) -> None:
    """Raises `AccessError` where somebody or something has that name, or one that looks like it."""
    taken = [(one.name, "a user") for one in directory.accounts]
    taken += [(one.name, "a token") for one in directory.tokens]
    for other, what in taken:
        if skeleton(other) == skeleton(name):
            is_it = same_name(other) == same_name(name)
            said = f"{name} is" if is_it else f"{name} looks like {other}, which is"
            raise AccessError(f"{said} {what} already: a name stands for one in the records")
