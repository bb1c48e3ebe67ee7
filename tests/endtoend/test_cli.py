"""Every command as a person meets it: what it prints, its exit status, and its one-line errors."""

import contextlib
import logging
import socket
import sqlite3
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import pytest
import structlog

from monitor import __version__
from monitor.cli import main
from monitor.journal.migrate import upgrade
from monitor.journal.schema import REVISIONS
from tests.endtoend.processes import Done, Process, ran, running
from tests.endtoend.site import Site, simulated
from tests.servers import Mosquitto, free_port
from tests.virtual import virtual_time
from tests.wards import simulated_ward


class Postdose(Protocol):
    """Runs a command."""

    def __call__(self, *arguments: str) -> Done:
        """Run it to its end."""


@pytest.fixture
def postdose(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Postdose]:
    """Runs a command in this process, as its entry point does; then logs are as they were."""
    monkeypatch.setenv("NO_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "100")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    structured = structlog.get_config()

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["postdose", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        return Done(int(ended.value.code or 0), out, err)

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    structlog.configure(**structured)


def config(folder: Path, text: str) -> str:
    """The path of a site's file that says `text`."""
    path = folder / "site.toml"
    path.write_text(text)
    return str(path)


def store(folder: Path) -> str:
    """The path of a site's file with a journal of its own and no broker."""
    return config(
        folder,
        f"[api]\nport = {free_port()}\n[mqtt]\nenabled = false\n"
        f'[store]\nurl = "sqlite:///{folder}/postdose.db"\n',
    )


# ── what is listed ──────────────────────────────────────────────────────────────────────


def test_version(postdose: Postdose) -> None:
    assert postdose("--version") == Done(0, f"postdose {__version__}\n", "")


@pytest.mark.parametrize(
    ("command", "said"),
    [
        ("devices", ["nonin", "suntech", "spo2", "sys"]),
        ("scenarios", ["calm", "desaturation", "severe-hypertension"]),
        ("rules", ["spo2.very-low", "SpO2 < 88", "pressure.severe", "high", "+20, +40, +60"]),
    ],
)
def test_a_list_is_printed(postdose: Postdose, command: str, said: Sequence[str]) -> None:
    done = postdose(command)
    assert (done.status, done.err) == (0, "")
    assert [word for word in said if word not in done.out] == []


def test_a_cohort_is_watched_and_drawn(postdose: Postdose, tmp_path: Path) -> None:
    drawn = tmp_path / "cohort.svg"
    done = postdose("cohort", "--patients", "2", "--seed", "3", "--picture", str(drawn))
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith("2 patients, esketamine-84, seed 3, rules default")
    assert "ready but for the window, 90 min" in done.out
    assert drawn.read_text(encoding="utf-8").startswith("<svg")


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--patients", "0"], 2, "greater than or equal to 1"),
        (["--regimen", "tea"], 1, "use one of esketamine-84, esketamine-56"),
        (["--nurse", "tired"], 1, "use one of diligent, forgetful"),
        (["--rules", "no-such-set"], 1, "give a readable TOML file or one of: default"),
        (["--patients", "1", "--picture", "/nowhere/x.svg"], 1, "name a file to write"),
    ],
)
def test_a_cohort_that_cannot_be_had_is_refused_in_one_line(
    postdose: Postdose, arguments: list[str], status: int, said: str
) -> None:
    done = postdose("cohort", *arguments)
    assert (done.status, done.out) == (status, "")
    assert said in done.err
    assert done.err.count("\n") == 1


def test_ports_are_listed_or_said_to_be_none(postdose: Postdose) -> None:
    done = postdose("ports")
    assert done.status == 0
    assert done.out or "no serial ports" in done.complaint


def test_finding_out_a_device_says_on_the_way_what_is_tried(postdose: Postdose) -> None:
    done = postdose("identify", "/dev/nowhere")
    tried, failure = done.err.splitlines()
    assert (done.status, done.out, tried) == (1, "", "listening at 9600 8N1 …")
    assert "no such port" in failure


def test_a_capture_that_cannot_be_read_is_told_its_line(postdose: Postdose, tmp_path: Path) -> None:
    file = tmp_path / "f.capture"
    file.write_text("postdose-capture 1\n0.5 rx 01\n0.4 rx 01\n")
    done = postdose("decode", "nonin", str(file))
    assert (done.status, done.out) == (1, "")
    assert done.complaint == f"postdose: {file}:3: 0.4 s is before the record above it"


RULE = """
name = "site-a"
version = "3"
extends = "default"
[[rule]]
id = "spo2.low"
signal = "{signal}"
below = 91
priority = "medium"
text = "SpO2 {{value}} %"
guidance = "Look."
source = "site"
"""


def test_a_sites_own_rules_are_shown_over_the_default(postdose: Postdose, tmp_path: Path) -> None:
    (tmp_path / "rules.toml").write_text(RULE.format(signal="spo2"))
    done = postdose("rules", "--set", str(tmp_path / "rules.toml"))
    assert done.status == 0
    assert "site-a" in done.out
    assert "SpO2 < 91" in done.out
    assert "SpO2 < 88" in done.out


def test_a_rule_on_an_unknown_signal_names_rule_and_signals(
    postdose: Postdose, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text(RULE.format(signal="spox"))
    done = postdose("rules", "--set", str(tmp_path / "rules.toml"))
    assert done.status == 1
    assert [
        w for w in ("rules.toml:7", "spo2.low", "spox", "spo2?") if w not in done.complaint
    ] == []


def test_check_of_rules_has_a_line_for_each_fault_and_fails(
    postdose: Postdose, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text(RULE.format(signal="spox"))
    done = postdose("rules", "--check", str(tmp_path / "rules.toml"))
    assert done.status == 1
    assert done.out.startswith(f"FAIL  {tmp_path}/rules.toml:7: rule spo2.low: ")
    assert "1 of 1 findings" in done.complaint


def test_check_of_rules_with_warnings_and_notes_alone_succeeds(
    postdose: Postdose, tmp_path: Path
) -> None:
    (tmp_path / "rules.toml").write_text(RULE.format(signal="spo2"))
    done = postdose(
        "rules", "--check", str(tmp_path / "rules.toml"), "--config", config(tmp_path, "")
    )
    assert done.status == 0
    marks = {line.split()[0] for line in done.out.splitlines()}
    assert marks == {"note", "warn", "ok"}
    assert "no device here gives spo2" in done.out


def test_a_rule_set_that_is_not_there_names_those_that_are(postdose: Postdose) -> None:
    done = postdose("rules", "--set", "nope")
    assert done.status == 1
    assert "default" in done.complaint


# ── usage ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonsense"], ["nonsense", "postdose --help"]),
        (["run"], ["--config", "postdose run --help"]),
        (["run", "--config", "nowhere.toml"], ["nowhere.toml", "--config"]),
        (["run", "--config", "x.toml", "--speed", "0"], ["--speed", "0.1"]),
        (["demo", "--beds", "0"], ["--beds", "1"]),
        (["demo", "--port", "http"], ["--port", "integer"]),
        (["demo", "--frob"], ["--frob", "postdose demo --help"]),
        (["rules", "default"], ["default", "postdose rules --help"]),
        (["simulate", "toaster"], ["toaster", "nonin", "suntech"]),
        (["simulate", "nonin", "--scenario", "x"], ["x", "calm", ".toml"]),
        (["simulate", "nonin", "--fault", "x"], ["x", "finger-off"]),
        (["simulate", "nonin", "--tcp", "x"], ["--tcp", "HOST:PORT"]),
    ],
)
def test_what_makes_no_sense_is_one_line_and_exit_2(
    postdose: Postdose, arguments: Sequence[str], said: Sequence[str]
) -> None:
    done = postdose(*arguments)
    assert (done.status, done.out) == (2, "")
    assert [word for word in said if word not in done.complaint] == []


@pytest.mark.parametrize("arguments", [[], ["db"], ["journal"]])
def test_no_command_shows_what_there_is(postdose: Postdose, arguments: list[str]) -> None:
    done = postdose(*arguments)
    assert done.status == 2
    assert "Usage: postdose" in done.out
    assert "name a command" in done.complaint


# ── a site's file ───────────────────────────────────────────────────────────────────────

BED = (
    '[[beds]]\nid = "bed-{n}"\n[[beds.devices]]\nid = "{id}"\ndriver = "{driver}"\nurl = "{url}"\n'
)


def bed(n: int, driver: str = "nonin", url: str = "/dev/ttyUSB7", name: str = "oximeter") -> str:
    return BED.format(n=n, driver=driver, url=url, id=name)


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("[api]\nprot = 8600\n", 2, ["api.prot", "port"]),
        ("[api]\nport = 99999\n", 2, ["api.port", "65535"]),
        ("[api\n", 0, ["TOML"]),
        ('[api]\nhost = "0.0.0.0"\n', 2, ["api.host", "127.0.0.1"]),
        (bed(1) + bed(2), 0, ["bed-1", "bed-2", "/dev/ttyUSB7"]),
        (bed(1, driver="noning"), 0, ["noning", "nonin", "suntech"]),
        ('[mqtt]\nurl = "http://broker"\n', 2, ["mqtt.url", "mqtt://host"]),
        ('[mqtt]\nurl = "mqtt://broker:port"\n', 2, ["mqtt.url", "mqtt://host"]),
        ('[mqtt]\ncert = "cert.pem"\n', 1, ["mqtt", "cert and key"]),
        ('rules = "default"\n', 1, ["rules", "[rules]"]),
        ("mqtt = 3\n", 1, ["mqtt", "[mqtt]"]),
        ("[[rules]]\n", 1, ["rules", "[rules]"]),
    ],
    ids=[
        "unknown-key", "bad-port", "not-toml", "open-host", "one-device-two-beds", "driver",
        "no-broker", "no-broker-port", "half-a-certificate", "word-for-section",
        "number-for-section", "list-for-section",
    ],
)  # fmt: skip
@pytest.mark.parametrize("command", ["run", "check"])
def test_a_wrong_file_is_one_line_that_names_the_place(
    postdose: Postdose, tmp_path: Path, command: str, text: str, line: int, said: list[str]
) -> None:
    path = config(tmp_path, text)
    done = postdose(command, "--config", path)
    assert done.status == 2
    where = f"{path}:{line}" if line else path
    assert [word for word in [where, *said] if word not in done.complaint] == []


NO_FOLDER = ("sqlite:////nowhere/at/all/postdose.db", ["/nowhere/at/all", "mkdir", "store.url"])
NO_SERVER = (
    "postgresql://me:secret@127.0.0.1:{port}/postdose",
    ["refused", "server", "address"],
)
NO_SUCH_KIND = ("mysql://127.0.0.1/postdose", ["mysql", "sqlite:///", "postgresql://"])


def test_a_server_that_cannot_be_reached_is_one_line_and_no_exit(tmp_path: Path) -> None:
    url, said = NO_SERVER
    api = f"[api]\nport = {free_port()}\n"
    at = url.format(port=free_port())
    path = config(tmp_path, f'{api}[mqtt]\nenabled = false\n[store]\nurl = "{at}"\n')
    with running("run", "--config", path) as process:
        line = process.err.wait_for(lambda line: "journal.absent" in line)
        process.err.wait_for(lambda line: "daemon.started" in line)
        assert process.interrupt() == 0
        assert "secret" not in process.err.text
    assert [word for word in said if word not in line] == []


@pytest.mark.parametrize(
    ("command", "url", "said"),
    [
        (["run"], *NO_FOLDER),
        (["run"], *NO_SUCH_KIND),
        *((["journal", "verify"], *case) for case in (NO_FOLDER, NO_SERVER, NO_SUCH_KIND)),
    ],
)
def test_a_database_that_cannot_be_reached_is_one_line(
    postdose: Postdose, tmp_path: Path, command: list[str], url: str, said: list[str]
) -> None:
    at = url.format(port=free_port())
    api = f"[api]\nport = {free_port()}\n"
    path = config(tmp_path, f'{api}[mqtt]\nenabled = false\n[store]\nurl = "{at}"\n')
    done = postdose(*command, "--config", path)
    assert done.status == 1
    assert "secret" not in done.complaint
    expected = [] if command == ["journal", "verify"] else said
    assert [word for word in expected if word not in done.complaint] == []


# ── the journal ─────────────────────────────────────────────────────────────────────────


def test_upgrade_makes_a_journal_and_leaves_a_current_one(
    postdose: Postdose, tmp_path: Path
) -> None:
    path = store(tmp_path)
    first = postdose("db", "upgrade", "--config", path)
    assert (first.status, first.err) == (0, "")
    assert REVISIONS[-1] in first.out
    assert "empty" in first.out
    assert (
        postdose("db", "upgrade", "--config", path).out
        == f"schema {REVISIONS[-1]}: is up to date\n"
    )


def test_an_old_journal_is_refused_until_it_is_upgraded(postdose: Postdose, tmp_path: Path) -> None:
    path = store(tmp_path)
    upgrade(f"sqlite:///{tmp_path}/postdose.db", REVISIONS[0])
    refused = ran("run", "--config", path)
    assert refused.status == 1
    assert "postdose db upgrade" in refused.complaint
    assert f"was {REVISIONS[0]}" in postdose("db", "upgrade", "--config", path).out
    assert postdose("journal", "verify", "--config", path).status == 0


def test_a_journal_of_a_newer_program_is_left_alone(postdose: Postdose, tmp_path: Path) -> None:
    path = store(tmp_path)
    postdose("db", "upgrade", "--config", path)
    _change(tmp_path, "UPDATE alembic_version SET version_num = '9999'")
    for command in (["run"], ["db", "upgrade"]):
        done = ran(*command, "--config", path)
        assert done.status == 1
        assert "9999 is newer" in done.complaint


def test_verify_names_the_event_that_was_changed(postdose: Postdose, tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with clinic.daemon() as daemon:
        session = clinic.start()
        clinic.post(f"/sessions/{session}/notes", text="slept well")
        clinic.post(f"/sessions/{session}/notes", text="woke up")
        [noted] = clinic.get("/events?type=note.added&limit=1")["items"]
        assert daemon.interrupt() == 0
    whole = postdose("journal", "verify", "--config", str(clinic.config))
    assert whole.status == 0
    assert "the chain holds" in whole.out
    _change(
        tmp_path,
        "UPDATE event SET payload = replace(payload, 'slept well', 'woke twice') WHERE seq = ?",
        noted["seq"],
    )
    tampered = postdose("journal", "verify", "--config", str(clinic.config))
    assert (tampered.status, tampered.out) == (1, "")
    assert f"event {noted['seq']}" in tampered.complaint


def _change(folder: Path, statement: str, *values: int) -> None:
    with contextlib.closing(sqlite3.connect(folder / "postdose.db")) as database, database:
        assert database.execute(statement, values).rowcount == 1


# ── check ───────────────────────────────────────────────────────────────────────────────


@contextlib.contextmanager
def bedside(folder: Path) -> Iterator[tuple[str, str]]:
    """A real oximeter and a real cuff, simulated: their urls."""
    with (
        simulated("nonin", "--pty", str(folder / "oximeter")) as oximeter,
        simulated("suntech", "--pty", str(folder / "cuff")) as cuff,
    ):
        yield oximeter, cuff


def test_check_says_who_is_at_every_port(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with bedside(tmp_path) as (oximeter, cuff):
        clinic = Site(tmp_path, mosquitto.url, oximeter, cuff)
        done = ran("check", "--config", str(clinic.config), begin=Process.start)
    assert (done.status, done.err) == (0, "")
    assert "FAIL" not in done.out
    found = [line for line in done.out.splitlines() if "bed-1/" in line]
    assert [line.split()[1] for line in found] == ["bed-1/oximeter", "bed-1/cuff"]
    assert "answers: " in found[0]


def test_check_has_a_line_for_each_thing_that_is_wrong(tmp_path: Path) -> None:
    nobody = f"mqtt://127.0.0.1:{free_port()}"
    with bedside(tmp_path) as (oximeter, _), socket.create_server(("127.0.0.1", 0)) as silent:
        clinic = Site(tmp_path, nobody, str(tmp_path / "nowhere"), oximeter)
        with clinic.config.open("a") as file:
            file.write(bed(2, url=f"socket://127.0.0.1:{silent.getsockname()[1]}"))
        done = ran("check", "--config", str(clinic.config))
    assert done.status == 1
    failed = [line for line in done.out.splitlines() if line.startswith("FAIL")]
    expected = [
        [nobody, "mqtt.url"],
        ["bed-1/oximeter", f"{tmp_path}/nowhere"],
        ["bed-1/cuff (suntech", "configured suntech, but another answers: nonin"],
        ["bed-2/oximeter", "is the device on"],
    ]
    for line, words in zip(failed, expected, strict=True):
        assert [word for word in words if word not in line] == []
    assert "4 of " in done.complaint


def _store_line(done: Done) -> str:
    [line] = [line for line in done.out.splitlines() if line[6:].startswith("store: ")]
    return line


def test_check_names_every_mistake_in_rules_and_regimens_with_its_line(
    postdose: Postdose, tmp_path: Path
) -> None:
    one = RULE.format(signal="spox")
    other = one[one.index("[[rule]]") :].replace("spo2.low", "spo2.low-2")
    (tmp_path / "rules.toml").write_text(one + other)
    (tmp_path / "own.toml").write_text('name = "own"\ntotal_g = 3\n')
    site = (
        "[mqtt]\nenabled = false\n"
        f'[store]\nurl = "sqlite:///{tmp_path}/postdose.db"\n'
        '[rules]\nset = "rules.toml"\n[regimens]\nfiles = ["own.toml"]\n'
    )
    done = postdose("check", "--config", config(tmp_path, site))
    assert done.status == 1
    failed = [line.split()[1:3] for line in done.out.splitlines() if line.startswith("FAIL")]
    assert failed == [
        ["rules:", f"{tmp_path}/rules.toml:7:"],
        ["rules:", f"{tmp_path}/rules.toml:15:"],
        ["regimens:", f"{tmp_path}/own.toml:2:"],
    ]


def test_check_says_that_a_journal_will_be_made_and_makes_none(
    postdose: Postdose, tmp_path: Path
) -> None:
    done = postdose("check", "--config", store(tmp_path))
    assert done.status == 0
    assert _store_line(done) == "ok    store: will be made at the first start"
    assert list(tmp_path.glob("postdose.db*")) == []


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite:////nowhere/at/all/postdose.db", ["/nowhere/at/all", "mkdir", "store.url"]),
        ("postgresql://me:secret@127.0.0.1:{port}/postdose", ["refused", "server", "address"]),
    ],
    ids=["no-folder", "no-server"],
)
def test_check_says_why_a_journal_cannot_be_opened(
    postdose: Postdose, tmp_path: Path, url: str, said: list[str]
) -> None:
    at = url.format(port=free_port())
    done = postdose(
        "check",
        "--config",
        config(tmp_path, f'[mqtt]\nenabled = false\n[store]\nurl = "{at}"\n'),
    )
    assert done.status == 1
    line = _store_line(done)
    assert line.startswith("FAIL")
    assert "secret" not in line
    assert [word for word in said if word not in line] == []


def test_check_refuses_an_old_journal_as_the_daemon_does(
    postdose: Postdose, tmp_path: Path
) -> None:
    path = store(tmp_path)
    upgrade(f"sqlite:///{tmp_path}/postdose.db", REVISIONS[0])
    done = postdose("check", "--config", path)
    assert _store_line(done).startswith("FAIL")
    assert "postdose db upgrade" in _store_line(done)


def test_check_refuses_a_journal_whose_schema_is_gone_as_the_daemon_does(
    postdose: Postdose, tmp_path: Path
) -> None:
    path = store(tmp_path)
    postdose("db", "upgrade", "--config", path)
    _change(tmp_path, "DELETE FROM alembic_version")
    done = postdose("check", "--config", path)
    assert _store_line(done).startswith("FAIL")


def test_check_reads_the_journal_of_a_running_daemon_and_leaves_it_at_work(tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with clinic.daemon():
        session = clinic.start()
        done = ran("check", "--config", str(clinic.config))
        assert _store_line(done).startswith("ok")
        assert _store_line(done).endswith(" events")
        clinic.post(f"/sessions/{session}/notes", text="still written")
        assert clinic.get("/status")["journal"]["failing_since"] is None
        clinic.config.write_text(clinic.config.read_text().replace('"bed-1"', '"room-1"'))
        done = ran("check", "--config", str(clinic.config))
        assert "bed-1 has an open session or alarm and is not in the file" in done.out


# ── sessions given out ──────────────────────────────────────────────────────────────────


@pytest.fixture
def treated(tmp_path: Path) -> tuple[str, str]:
    """A site's file, and a session there that ended after a dose."""
    found: list[str] = []

    @virtual_time()
    async def treat() -> None:
        async with simulated_ward(tmp_path) as ward:
            session = await ward.start()
            await ward.dose(session)
            await ward.clock.sleep(120)
            await ward.abort(session)
            found.append(session)

    treat()
    return store(tmp_path), found[0]


@pytest.mark.parametrize(
    ("options", "starts", "holds"),
    [
        (["--format", "json"], "{", '"session.aborted"'),
        (["--format", "csv"], "at,minute,kind,name", ",vital,spo2,"),
        (["--format", "form"], "{", '"minutes_monitored"'),
        (["--format", "form", "--html"], "<!doctype html>", "Not a certified medical"),
    ],
)
def test_a_session_is_given_out(
    postdose: Postdose,
    treated: tuple[str, str],
    options: list[str],
    starts: str,
    holds: str,
) -> None:
    site, session = treated
    done = postdose("export", session, "--config", site, *options)
    assert (done.status, done.err) == (0, "")
    assert done.out.startswith(starts)
    assert holds in done.out


def test_a_form_goes_to_a_page_by_its_files_name(
    postdose: Postdose, treated: tuple[str, str], tmp_path: Path
) -> None:
    site, session = treated
    page = tmp_path / "form.html"
    done = postdose("export", session, "-c", site, "--format", "form", "-o", str(page))
    assert done == Done(0, "", "")
    assert page.read_text().startswith("<!doctype html>")


def test_a_report_goes_to_paper_by_its_files_name(
    postdose: Postdose, treated: tuple[str, str], tmp_path: Path
) -> None:
    site, session = treated
    page = tmp_path / "report.html"
    assert postdose("report", session, "-c", site, "-o", str(page)) == Done(0, "", "")
    assert "<h1>Session report</h1>" in page.read_text()
    wrong = postdose("report", session, "-c", site, "-o", str(tmp_path / "report.txt"))
    assert (wrong.status, "name a .html or a .pdf file" in wrong.complaint) == (2, True)


def test_a_backup_is_verified_and_put_back(
    postdose: Postdose, treated: tuple[str, str], tmp_path: Path
) -> None:
    site, _ = treated
    copy = tmp_path / "copy.db"
    done = postdose("db", "backup", "-c", site, "-o", str(copy))
    assert (done.status, done.err) == (0, "")
    assert "the chain holds" in done.out
    again = postdose("db", "backup", "-c", site, "-o", str(copy))
    assert (again.status, "name another file" in again.complaint) == (1, True)
    elsewhere = store(tmp_path)
    done = postdose("db", "restore", str(copy), "-c", elsewhere)
    assert (done.status, done.err) == (0, "")
    assert "the chain holds" in postdose("journal", "verify", "-c", elsewhere).out


def test_forms_that_are_due_are_listed(postdose: Postdose, treated: tuple[str, str]) -> None:
    site, session = treated
    done = postdose("forms", "due", "--config", site)
    (line,) = done.out.splitlines()
    assert line.startswith(session)
    assert "(7 days left)" in line
    assert "lot number" in line


def test_a_day_is_printed(postdose: Postdose, treated: tuple[str, str]) -> None:
    site, session = treated
    today = postdose("day", "--config", site).out.splitlines()
    assert "1 session" in today[0]
    assert "P-017" in today[2]
    assert today[3].startswith("alarms of medium and high priority: ")
    assert today[4] == "forms due: 1"
    assert today[5].startswith(session)
    before = postdose("day", "--config", site, "--on", "2020-02-29").out.splitlines()
    assert before[0] == "2020-02-29: 0 sessions, 0 min in the chair"
    refused = postdose("day", "--config", site, "--on", "29.2.2020")
    assert (refused.status, "%Y-%m-%d" in refused.complaint) == (2, True)


def test_without_a_dose_no_form_is_due(postdose: Postdose, tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path}/postdose.db")
    assert postdose("forms", "due", "--config", store(tmp_path)).out == "no form is due\n"


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (["nothing"], 1, "no session nothing"),
        (["{session}", "--format", "pdf"], 2, "choose one of json, csv, form"),
        (["{session}", "--html"], 2, "--html is for --format form"),
        (["{session}", "-o", "/nowhere/x.json"], 1, "name another file"),
    ],
)
def test_what_cannot_be_given_out_is_said(
    postdose: Postdose, treated: tuple[str, str], arguments: list[str], status: int, words: str
) -> None:
    site, session = treated
    given = [argument.format(session=session) for argument in arguments]
    done = postdose("export", *given, "--config", site)
    assert done.status == status
    assert words in done.complaint


def test_a_journal_that_is_not_there_is_said(postdose: Postdose, tmp_path: Path) -> None:
    done = postdose("forms", "due", "--config", store(tmp_path))
    assert done.status == 1
    assert "is not there; correct store.url" in done.complaint
