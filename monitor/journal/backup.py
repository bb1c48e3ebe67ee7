"""A copy of a journal in a file, made while a daemon writes it, and put back in its place.

A server's journal is backed up and restored with the server's own tools.
"""

import os
import shutil
import sqlite3
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa

from monitor.journal.database import (
    Address,
    StoreError,
    engine_for,
    explained,
    lock_file,
    parse_store_url,
    revision,
)
from monitor.journal.schema import REVISIONS
from monitor.journal.store_files import SUFFIXES


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put in place: its schema, and where the journal is that was there before."""

    schema: str
    set_aside: Path | None


def back_up(url: str, to: Path) -> None:
    """Copy the journal at `url`, as it is at one moment, into the new file `to`.

    What is there under that name is whole: until then it ends in `.part`. Raises `StoreError`.
    """
    address, path = _in_a_file(url, "pg_dump --format=custom")
    _check_is_journal(address)
    if to.exists():
        raise StoreError(f"backup {to} is there already; name another file")
    try:
        part = _part_of(to)
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as source:
            source.execute("VACUUM INTO ?", (str(part),))
        _put(part, to)
    except (OSError, sqlite3.Error) as error:
        raise StoreError(f"backup {to}: {error}; name a directory with room for it") from error


def restore(url: str, backup: Path, now: datetime) -> Restored:
    """Put `backup` in the place of the journal at `url`, which no daemon may be writing.

    The journal that is there is set aside, and the head beside it stays: the next start says
    which events the backup does not have. Raises `StoreError`.
    """
    _, path = _in_a_file(url, "pg_restore")
    schema = _check_is_journal(parse_store_url(f"sqlite:///{backup.absolute()}"))
    if not path.parent.is_dir():
        raise StoreError(f"journal {path}: directory {path.parent} is not there; create it")
    lock = lock_file(path)
    try:
        part = _part_of(path)
        shutil.copyfile(backup, part)
        aside = _set_aside(path, now)
        _put(part, path)
    except OSError as error:
        raise StoreError(
            f"journal {path}: {error.strerror}; mend that and restore again: nothing is lost"
        ) from error
    finally:
        os.close(lock)
    return Restored(schema, aside)


def _in_a_file(url: str, tool: str) -> tuple[Address, Path]:
    address = parse_store_url(url)
    if address.path is None:
        raise StoreError(f"journal {address} is on a server: use {tool}")
    return address, address.path


def _check_is_journal(address: Address) -> str:
    """The schema of the journal at `address`. Raises `StoreError` where there is none."""
    if address.path is None or not address.path.is_file():
        raise StoreError(f"journal {address} is not there; correct its name")
    engine = engine_for(address, writing=False)
    try:
        with engine.connect() as connection:
            found = revision(connection)
    except (sa.exc.SQLAlchemyError, OSError) as error:
        raise explained(address, error) from error
    finally:
        engine.dispose()
    if found not in REVISIONS:
        raise StoreError(f"journal {address} is none that this program knows: schema {found}")
    return found


def _part_of(to: Path) -> Path:
    """An empty file beside `to`, for its owner's eyes only. Raises `OSError`."""
    part = Path(f"{to}.part")
    part.unlink(missing_ok=True)
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    return part


def _put(part: Path, to: Path) -> None:
    """Give `part` its name once it is on the disk."""
    _sync(part)
    part.rename(to)
    _sync(to.parent)


def _sync(name: Path) -> None:
    descriptor = os.open(name, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _set_aside(path: Path, now: datetime) -> Path | None:
    if not path.exists():
        return None
    aside = Path(f"{path}.before-{now:%Y%m%dT%H%M%SZ}")
    for end in SUFFIXES:
        with suppress(FileNotFoundError):
            Path(f"{path}{end}").rename(f"{aside}{end}")
    return aside
