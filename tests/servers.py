"""Real servers for tests: Mosquitto and PostgreSQL on free loopback ports.

A test that asks for a program which is not installed is skipped by its name.
"""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Final, Self

import pytest

from tests.patience import HOPELESS_S


def free_port() -> int:
    """A loopback TCP port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def program(name: str, *directories: str) -> str:
    """The path of the program `name`; skips the test when it is not installed."""
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(directories))
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


EVERYTHING: Final = "topic readwrite #"
ALL_BUT_EVENTS: Final = (
    "topic read #",
    "topic write postdose/+/status",
    "topic write postdose/+/+/alarm/+",
    "topic write postdose/+/+/session",
    "topic write postdose/+/+/vitals",
)
"""What a broker lets its clients do, as lines of its access list."""


class Mosquitto:
    """A Mosquitto broker that can be stopped, killed and started again on its port.

    It listens on loopback for anybody, or for those in `users` (name to password), and over
    TLS when given a certificate and a key. It keeps nothing over a stop. With `access` it
    serves only the topics that those lines of an access list allow. `options` are further
    lines of its configuration.
    """

    def __init__(
        self,
        directory: Path,
        *,
        users: dict[str, str] | None = None,
        tls: tuple[Path, Path] | None = None,
        access: Iterable[str] | None = None,
        options: Iterable[str] = (),
    ) -> None:
        self._program = program("mosquitto", "/usr/sbin", "/usr/local/sbin")
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()
        self._config = directory / "mosquitto.conf"
        lines = [
            f"listener {self.port} 127.0.0.1",
            f"allow_anonymous {'false' if users else 'true'}",
            "log_dest stderr",
            "log_type error",
            "log_type warning",
            "log_type information",
            "connection_messages false",
        ]
        if os.geteuid() == 0:
            lines.append("user root")
        if users:
            passwords = directory / "passwords"
            passwords.touch(0o600)
            for name, password in users.items():
                command = [program("mosquitto_passwd"), "-b", str(passwords), name, password]
                subprocess.run(command, check=True, capture_output=True)
            lines.append(f"password_file {passwords}")
        if tls:
            lines += [f"certfile {tls[0]}", f"keyfile {tls[1]}"]
        self._access = directory / "access"
        if access is not None:
            self._access.write_text("\n".join(access) + "\n")
            lines.append(f"acl_file {self._access}")
        self._config.write_text("\n".join([*lines, *options]) + "\n")

    @property
    def url(self) -> str:
        """Where clients find it."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen; returns when it does."""
        process = subprocess.Popen(
            [self._program, "-c", str(self._config)], stderr=subprocess.PIPE, text=True
        )
        assert process.stderr is not None
        log = []
        for line in process.stderr:
            log.append(line)
            if " running" in line:
                break
        else:
            process.wait(HOPELESS_S)
            pytest.fail(f"mosquitto did not start: {''.join(log)}")
        self._process = process

    def allow(self, *access: str) -> None:
        """Have another access list from now on; returns when it is in force."""
        assert self._process is not None
        assert self._process.stderr is not None
        self._access.write_text("\n".join(access) + "\n")
        self._process.send_signal(signal.SIGHUP)
        while "Reloading config" not in self._process.stderr.readline():
            assert self._process.poll() is None

    def stop(self) -> None:
        """End in good order."""
        self._end(kill=False)

    def kill(self) -> None:
        """End at once, as in a power cut."""
        self._end(kill=True)

    def _end(self, *, kill: bool) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        (process.kill if kill else process.terminate)()
        process.communicate(timeout=HOPELESS_S)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()


class PostgreSQL:
    """A PostgreSQL server with an empty cluster in `directory`, on a loopback port.

    `initdb` refuses root, so as root it all runs as the user `postgres`.
    """

    def __init__(self, directory: Path) -> None:
        found = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
        self._initdb = program("initdb", *map(str, found))
        self._postgres = program("postgres", *map(str, found))
        self._pg_ctl = program("pg_ctl", *map(str, found))
        self._directory = directory
        self._data = directory / "data"
        self.port = free_port()
        if os.geteuid() == 0:
            shutil.chown(directory, "postgres", "postgres")
        self._run(
            self._initdb, "-D", str(self._data), "-U", "postgres", "-A", "trust", "-E", "UTF8",
            "--locale", "C", "--no-sync",
        )  # fmt: skip

    def _run(self, *command: str) -> None:
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        done = subprocess.run(
            [*as_user, *command],
            capture_output=True,
            text=True,
            cwd=self._directory,
            timeout=HOPELESS_S,
            check=False,
        )
        if done.returncode:
            pytest.fail(f"{command[0]}: {done.stdout}{done.stderr}")

    def start(self) -> None:
        """Listen; returns when it does."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self._directory} -c max_connections=30"
        self._run(
            self._pg_ctl, "-D", str(self._data), "-w", "-t", str(int(HOPELESS_S)),
            "-l", str(self._directory / "log"), "-o", options, "start",
        )  # fmt: skip

    def kill(self) -> None:
        """End at once, without a checkpoint: the next start recovers from the log."""
        self._run(self._pg_ctl, "-D", str(self._data), "-w", "-m", "immediate", "stop")

    def create_database(self, name: str) -> str:
        """A new, empty database; returns its store url."""
        self._run(
            program("psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres",
            "-q", "-c", f'CREATE DATABASE "{name}"', "postgres",
        )  # fmt: skip
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    """A running Mosquitto of the test's own, for anybody."""
    directory = tmp_path / "mosquitto"
    directory.mkdir()
    with Mosquitto(directory) as broker:
        yield broker


@contextmanager
def running_postgresql() -> Iterator[PostgreSQL]:
    """A running PostgreSQL in a directory of its own, which goes with it."""
    directory = Path(tempfile.mkdtemp(prefix="postdose-pg-"))
    try:
        server = PostgreSQL(directory)
        server.start()
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="session")
def postgresql_server() -> Iterator[PostgreSQL]:
    """A running PostgreSQL that the tests of one process share."""
    with running_postgresql() as server:
        yield server


@pytest.fixture
def postgresql_url(postgresql_server: PostgreSQL) -> str:
    """The store url of a new, empty PostgreSQL database of the test's own."""
    return postgresql_server.create_database(uuid.uuid4().hex)
