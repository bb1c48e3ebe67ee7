"""The files of a journal that is one: whether they are still those that were opened, and its head.

A file that was deleted or replaced takes every commit and keeps none. And a database that
lost its end cannot know of it: so the head of the chain stands in a small file beside it.
Nothing here reads or writes the database.
"""

import os
import zlib
from pathlib import Path
from typing import Final, Self

import structlog

from monitor.journal.database import StoreError
from monitor.journal.hash_chain import ChainHead

SUFFIXES: Final = ("", "-wal", "-shm")
"""What SQLite appends to the database's name for the files that make it up."""

log = structlog.get_logger(__name__)


class StoreFiles:
    """The files of the database at `path`, which is open, and where its head is kept."""

    def __init__(self, path: Path) -> None:
        self._opened = {name: _identity(name) for name in (f"{path}{end}" for end in SUFFIXES)}
        self._path = path
        self._head = HeadFile.open(path)

    def check(self) -> None:
        """Raises `StoreError` unless each path names the file that is open."""
        for name, opened in self._opened.items():
            if (found := _identity(name)) != opened:
                happened = "deleted" if found is None else "replaced"
                raise StoreError(
                    f"journal {self._path}: {name} was {happened} while it was open; put the "
                    "file that was there back in its place, or restart Postdose"
                )

    def keep(self, head: ChainHead) -> None:
        """Write `head` down; a failure is logged, since the events themselves are stored."""
        try:
            if not self._head.is_there:
                gone, self._head = self._head, HeadFile.open(self._path)
                gone.close()
            self._head.write(head)
        except OSError as error:
            log.error("journal.head-not-kept", file=self._head.name, reason=str(error))

    def close(self) -> None:
        """Let go of the head's file."""
        self._head.close()


class HeadFile:
    """The file that holds the last event's place and hash, on one line of fixed length."""

    def __init__(self, name: str, descriptor: int) -> None:
        self.name = name
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> Self:
        """The one of the database at `path`, made if need be. Raises `OSError`."""
        name = head_file(path)
        return cls(name, os.open(name, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    @property
    def is_there(self) -> bool:
        """Whether its name still names it."""
        status = os.fstat(self._descriptor)
        return _identity(self.name) == (status.st_dev, status.st_ino)

    def write(self, head: ChainHead) -> None:
        """Write `head`, in one call and without waiting for the disk. Raises `OSError`."""
        os.pwrite(self._descriptor, _line(head), 0)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._descriptor)


def head_file(path: Path) -> str:
    """The name of the file that holds the head of the journal at `path`."""
    return f"{path}.head"


def kept_head(path: Path) -> ChainHead:
    """The head written down for the journal at `path`; `ChainHead()` when there is none.

    One that is damaged is logged, and says nothing.
    """
    try:
        line = Path(head_file(path)).read_bytes()
    except OSError:
        return ChainHead()
    try:
        seq, hash_, _ = line.decode("ascii").split()
        head = ChainHead(int(seq), hash_)
    except ValueError:
        head = None
    if head is None or _line(head) != line:
        if line:
            log.warning("journal.head-damaged", file=head_file(path))
        return ChainHead()
    return head


def _line(head: ChainHead) -> bytes:
    said = f"{head.seq:020d} {head.hash}".encode("ascii")
    return said + b" %08x\n" % zlib.crc32(said)


def _identity(name: str) -> tuple[int, int] | None:
    """Which file `name` names: its device and inode; None for none."""
    try:
        status = os.stat(name)
    except OSError:
        return None
    return status.st_dev, status.st_ino
