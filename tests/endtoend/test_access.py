"""Who may act, as an installer sets it up: commands beside a running daemon, and TLS."""

import asyncio
import io
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from drivers.clock import Clock
from monitor.access import AccessControl
from monitor.daemon import StartError, _access
from monitor.journal import Journal
from monitor.settings import load
from tests.endtoend.processes import Done, running
from tests.endtoend.test_cli import Postdose, config, postdose
from tests.endtoend.waiting import until
from tests.patience import HOPELESS_S
from tests.servers import free_port, program

__all__ = ["postdose"]

PASSWORD = "tulip stairs november"

Type = Callable[..., Done]


@pytest.fixture
def typed(postdose: Postdose, monkeypatch: pytest.MonkeyPatch) -> Type:
    """Runs a command that is given a line of standard input."""

    def run(line: str, *arguments: str) -> Done:
        monkeypatch.setattr("sys.stdin", io.StringIO(f"{line}\n"))
        return postdose(*arguments)

    return run


def certificate(folder: Path) -> None:
    subprocess.run(
        [program("openssl"), "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip


SITE = """\
[api]
port = {port}
cert = "cert.pem"
key = "key.pem"
[mqtt]
enabled = false
[[beds]]
id = "bed-1"
"""


def test_people_and_machines_come_and_go_while_the_daemon_runs(
    tmp_path: Path,
    postdose: Postdose,
    typed: Type,
) -> None:
    certificate(tmp_path)
    port = free_port()
    site = config(tmp_path, SITE.format(port=port))
    at = ("--config", site)
    added = typed(PASSWORD, "user", "add", "M. Rossi", "--role", "nurse", *at)
    assert (added.status, added.out.splitlines()[0]) == (0, "M. Rossi is a nurse")
    assert "everybody" in added.out
    added = typed(PASSWORD, "user", "add", "Boss", "--role", "admin", *at)
    assert added.out == "Boss is an admin\n"
    assert typed("2580", "user", "pin", "M. Rossi", *at).status == 0
    assert "already" in typed(PASSWORD, "user", "add", "m. rossi", "--role", "nurse", *at).complaint
    assert "easily guessed" in typed("1234", "user", "pin", "M. Rossi", *at).complaint
    wrong = typed(PASSWORD, "user", "add", "J. Klein", "--role", "boss", *at)
    assert (wrong.status, "viewer, nurse, clinician, admin" in wrong.complaint) == (2, True)
    token = postdose("token", "create", "wall", "--expires", "90d", *at).out.strip()
    trusted = ssl.create_default_context(cafile=str(tmp_path / "cert.pem"))
    with (
        running("run", *at) as daemon,
        httpx.Client(
            base_url=f"https://localhost:{port}/api/v1",
            headers={"Sec-Fetch-Site": "same-origin"},
            verify=trusted,
            timeout=HOPELESS_S,
            trust_env=False,
        ) as http,
    ):
        started = daemon.err.wait_for(lambda line: "daemon.started" in line)
        assert f"https://127.0.0.1:{port}" in started
        assert "access.open" not in daemon.err.text
        machine = {"Authorization": f"Bearer {token}"}
        assert http.get("/beds").status_code == 401
        assert http.get("/beds", headers=machine).is_success
        body = {"name": "M. Rossi", "password": PASSWORD}
        assert http.post("/access/sign-in", json=body).is_success
        assert http.get("/beds").is_success
        assert http.get("/patients/P-017/course").status_code == 404
        assert postdose("user", "role", "M. Rossi", "viewer", *at).status == 0
        listed = postdose("user", "list", *at).out
        assert "M. Rossi" in listed
        assert "viewer" in listed
        assert postdose("user", "disable", "M. Rossi", *at).status == 0
        assert postdose("token", "revoke", "wall", *at).status == 0
        until(lambda: http.get("/beds").status_code == 401)
        until(lambda: http.get("/beds", headers=machine).status_code == 401)
        assert postdose("user", "enable", "M. Rossi", *at).status == 0
        assert typed("stairs november tulip", "user", "password", "M. Rossi", *at).status == 0
        assert http.post("/access/sign-in", json=body).status_code == 401
        assert "revoked" in postdose("token", "list", *at).out
        assert daemon.interrupt() == 0
    told = postdose("user", "log", "--who", "m. rossi", *at).out
    assert [line.split()[4] for line in told.splitlines()] == ["signed-in", "looked", "wrong"]
    told = postdose("user", "log", "--patient", "P-017", *at).out
    assert [line.split()[4] for line in told.splitlines()] == ["looked"]
    assert "/patients/P-017/course" in told
    assert postdose("user", "log", "--patient", "P-018", *at).out == ""


OPEN = '[api]\nhost = "192.0.2.1"\nbehind_proxy = true\n[mqtt]\nenabled = false\n'


async def test_others_are_let_in_only_where_there_are_users(tmp_path: Path) -> None:
    settings = load(Path(config(tmp_path, OPEN)))
    journal = Journal.open(settings.store.url, clock=Clock())
    with pytest.raises(StartError, match="first postdose user add"):
        await _access(settings, journal)
    await journal.close()


def test_a_check_says_whether_anybody_has_to_sign_in(
    tmp_path: Path,
    postdose: Postdose,
    typed: Type,
) -> None:
    path = config(tmp_path, OPEN)
    assert "FAIL  users: none, and others reach" in postdose("check", "--config", path).out
    typed(PASSWORD, "user", "add", "M. Rossi", "--role", "nurse", "--config", path)
    assert "ok    users: 1 of 1 may sign in" in postdose("check", "--config", path).out


def test_a_lost_database_opens_no_door_and_keeps_the_daemon_from_no_start(
    tmp_path: Path,
    postdose: Postdose,
    typed: Type,
) -> None:
    path = config(tmp_path, OPEN)
    at, kept, file = ("--config", path), tmp_path / "kept.db", tmp_path / "postdose.db"

    async def started() -> AccessControl:
        settings = load(Path(path))
        journal = Journal.open(settings.store.url, clock=Clock())
        try:
            return await _access(settings, journal)
        finally:
            await journal.close()

    typed(PASSWORD, "user", "add", "M. Rossi", "--role", "nurse", *at)
    assert postdose("db", "backup", "-o", str(kept), *at).status == 0
    for end in ("", "-wal", "-shm"):
        Path(f"{file}{end}").unlink(missing_ok=True)
    assert "postdose user add" in (asyncio.run(started()).closed_because or "")
    assert "FAIL  users: none, and nobody can act" in postdose("check", *at).out
    assert "people sign in here" in postdose("user", "list", *at).complaint
    assert postdose("db", "restore", str(kept), *at).status == 0
    assert asyncio.run(started()).closed_because is None
    assert postdose("user", "forget-all", *at).status == 1
    assert "M. Rossi" in postdose("user", "list", *at).out
    assert "restart" in postdose("user", "forget-all", "--yes", *at).out
    with pytest.raises(StartError, match="first postdose user add"):
        asyncio.run(started())
    proxied = OPEN.replace('host = "192.0.2.1"', 'host = "127.0.0.1"')
    config(tmp_path, proxied)
    with pytest.raises(StartError, match="first postdose user add"):
        asyncio.run(started())


def test_a_check_says_that_users_could_not_be_read(tmp_path: Path, postdose: Postdose) -> None:
    path = config(tmp_path, OPEN + '[store]\nurl = "sqlite:////nowhere/postdose.db"\n')
    assert (
        "FAIL  users: could not be read: journal /nowhere"
        in postdose("check", "--config", path).out
    )
    (tmp_path / "postdose.db").write_bytes(b"no database" * 200)
    path = config(tmp_path, OPEN)
    assert "FAIL  users: could not be read: " in postdose("check", "--config", path).out


def test_a_certificate_that_is_none_keeps_the_daemon_from_starting(
    tmp_path: Path,
    postdose: Postdose,
) -> None:
    for name in ("cert.pem", "key.pem"):
        (tmp_path / name).write_text("no certificate")
    path = config(tmp_path, SITE.format(port=free_port()))
    complaint = postdose("run", "--config", path).complaint
    assert "api.cert" in complaint
    assert "PEM" in complaint
