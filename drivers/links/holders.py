"""Which processes have a port open, as far as this user may know. Nothing is opened here."""

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

PROC: Final = Path("/proc")


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """A process that has a port open."""

    pid: int
    name: str


def held_by(device: str) -> list[Holder]:
    """Who has the tty `device` open, by pid.

    One's own processes are known by their open files, those of other users by their lock on the
    port, which everybody may read. One of another user that took none is not seen.
    """
    pids = {*_by_files(os.path.realpath(device)), *_by_locks(device)}
    return sorted(Holder(pid, _name(pid)) for pid in pids)


def _by_files(path: str) -> Iterator[int]:
    for process in PROC.iterdir():
        if process.name.isdecimal():
            with suppress(OSError):
                if any(_leads_to(file, path) for file in (process / "fd").iterdir()):
                    yield int(process.name)


def _leads_to(file: Path, path: str) -> bool:
    with suppress(OSError):
        return os.readlink(file) == path
    return False


def _by_locks(device: str) -> Iterator[int]:
    """Lines are `3: FLOCK  ADVISORY  WRITE 22625 00:1a:9 0 EOF`: pid, and major:minor:inode."""
    with suppress(OSError):
        tty = os.stat(device)
        file = f"{os.major(tty.st_dev):02x}:{os.minor(tty.st_dev):02x}:{tty.st_ino}"
        for line in (PROC / "locks").read_text().splitlines():
            words = line.split()
            if file in words and (pid := words[words.index(file) - 1]).isdecimal() and int(pid):
                yield int(pid)


def _name(pid: int) -> str:
    with suppress(OSError):
        return (PROC / str(pid) / "comm").read_text().strip()
    return "unknown"
