"""Being the one writer of a journal on a server: the lock, and a holder of it that is dead.

The lock lives as long as its connection. A network that was cut leaves the server with a
connection whose other end is gone; it is found by short keepalives, and ended at once when it
is known to be this writer's own, or that of a process of this machine that is no more.
"""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Self
from uuid import uuid4

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import OperationalError

from drivers.clock import boot_id
from monitor.journal.database import Address, HeldError

WRITER_LOCK: Final = 0x506F7374646F7365
"""The PostgreSQL advisory lock that the one writer of a journal holds."""

WRITER_LOCK_WAIT_S: Final = 3
LOCK_NOT_AVAILABLE: Final = "55P03"

LIVENESS: Final = {
    "tcp_keepalives_idle": 5,
    "tcp_keepalives_interval": 2,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 10_000,
}
"""Has the server end the connection of a writer whose machine does not answer for 11 s."""

_HOLDER: Final = sa.text(
    "SELECT a.pid, a.application_name, a.client_addr::text, a.backend_start::text"
    " FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
    " WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1"
    " AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    " AND l.classid::bigint = :high AND l.objid::bigint = :low"
)

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class WriterName:
    """Who writes, as its connection's `application_name` says it.

    The process by the machine's boot, the namespace of its pid, its pid and its start in
    clock ticks since the boot; `own` differs from writer to writer in one process.
    """

    boot: str
    namespace: str
    pid: str
    start: str
    own: str = field(default_factory=lambda: uuid4().hex[:6])

    @classmethod
    def of_this_process(cls) -> Self:
        """The name of a new writer."""
        return cls(*_machine(), str(os.getpid()), _started(str(os.getpid())) or "")

    @classmethod
    def parse(cls, text: str) -> Self | None:
        """What `str` wrote; None for another program's name."""
        first, *rest = (text or "").split(" ")
        return cls(*rest) if first == "postdose" and len(rest) == 5 else None

    def __str__(self) -> str:
        return f"postdose {self.boot} {self.namespace} {self.pid} {self.start} {self.own}"

    @property
    def is_dead(self) -> bool:
        """Whether it was a process beside this one, and has ended; False when nobody knows."""
        is_beside = self.boot != "" and (self.boot, self.namespace) == _machine()
        return is_beside and _started(self.pid) != self.start


def lock_server(address: Address, connection: sa.Connection, name: WriterName) -> None:
    """Become the one writer of the journal on this server, for as long as `connection` lives.

    Waits a little for a connection to go that is on its way out. Raises `HeldError` when
    another has the lock.
    """
    connection.execute(sa.select(sa.func.set_config("application_name", str(name), False)))
    for setting, value in LIVENESS.items():
        connection.exec_driver_sql(f"SET {setting} = {value}")
    if connection.execute(sa.select(sa.func.pg_try_advisory_lock(WRITER_LOCK))).scalar():
        return
    holder = _holder(connection)
    if holder is not None and _is_ours_and_gone(holder, name):
        log.warning("journal.own-connection-ended", server_process=holder.pid)
        connection.execute(sa.select(sa.func.pg_terminate_backend(holder.pid)))
    try:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{WRITER_LOCK_WAIT_S}s'")
        connection.execute(sa.select(sa.func.pg_advisory_lock(WRITER_LOCK)))
    except OperationalError as error:
        if getattr(error.orig, "sqlstate", None) != LOCK_NOT_AVAILABLE:
            raise
        raise HeldError(
            f"journal {address}: another Postdose is writing it{_named(holder)}; "
            "stop that one first"
        ) from None


def _holder(connection: sa.Connection) -> Any:
    parts = {"high": WRITER_LOCK >> 32, "low": WRITER_LOCK & 0xFFFFFFFF}
    return connection.execute(_HOLDER, parts).one_or_none()


def _is_ours_and_gone(holder: Any, name: WriterName) -> bool:
    """Whether the holder is a connection that `name` gave up, or of a process that ended."""
    other = WriterName.parse(holder.application_name)
    return other is not None and (other == name or other.is_dead)


def _named(holder: Any) -> str:
    if holder is None:
        return ""
    return (
        f" (process {holder.pid} of the server, connected from {holder.client_addr or 'there'}"
        f" since {holder.backend_start})"
    )


def _machine() -> tuple[str, str]:
    boot = (boot_id() or "").replace("-", "")
    return boot[:12], str(Path("/proc/self/ns/pid").stat().st_ino)


def _started(pid: str) -> str | None:
    """When that process began, in clock ticks since the boot; None when it has ended."""
    try:
        state, *_, start = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[:20]
    except OSError:
        return None
    return None if state in "ZX" else start
