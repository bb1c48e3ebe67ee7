"""`python -m simulators` as a process of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import serial

from simulators.cli import scenarios_table
from simulators.devices import DEVICES
from simulators.numerics import COLUMNS
from simulators.tables import devices_table, faults_table
from tests.patience import HOPELESS_S
from tests.simulators.devices.nonin_page import packets, whole_packets

COMMAND = [sys.executable, "-m", "simulators"]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], dict[str, Any]]]:
    """A simulator process and what its first line says; ended when the context is left."""
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            assert process.stdin is not None
            assert process.stdout is not None
            if arguments == ("ward",):
                yield process, {}
            else:
                yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def refused(*arguments: str) -> str:
    """The one line of complaint about wrong arguments."""
    done = subprocess.run(
        [*COMMAND, "simulate", *arguments],
        capture_output=True,
        text=True,
        timeout=HOPELESS_S,
        check=False,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.count("\n") == 1
    return done.stderr


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_is_and_ends_cleanly_when_told(
    tmp_path: Path, how: signal.Signals
) -> None:
    path = tmp_path / "tty"
    with running("simulate", "nonin", "--pty", str(path)) as (process, first):
        assert first == {"device": "nonin", "url": str(path)}
        assert path.is_char_device()
        process.send_signal(how)
        assert process.wait(HOPELESS_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""
    assert not os.path.lexists(path)


@pytest.mark.parametrize("name", DEVICES)
def test_every_device_can_be_simulated_in_its_last_dialect(name: str) -> None:
    dialect = list(DEVICES[name].dialects)[-1]
    arguments = ("simulate", name, "--dialect", dialect, "--rfc2217", "127.0.0.1:0")
    with running(*arguments) as (_, first):
        assert first["device"] == name
        assert first["url"].startswith("rfc2217://127.0.0.1:")


def test_the_devices_are_listed() -> None:
    listed = subprocess.run(
        [*COMMAND, "devices"], capture_output=True, text=True, timeout=HOPELESS_S, check=True
    )
    assert listed.stdout == f"{devices_table()}\n\n{faults_table()}\n"


def test_the_tables_of_a_page_are_renewed(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"text\n\n{devices_table().rpartition(chr(10))[0]}\n\nmore\n")
    renewing = [*COMMAND, "devices", "--renew", str(page)]
    subprocess.run(renewing, capture_output=True, timeout=HOPELESS_S, check=True)
    assert page.read_text() == f"text\n\n{devices_table()}\n\nmore\n"


def test_a_page_that_is_not_there_is_not_renewed(tmp_path: Path) -> None:
    renewing = [*COMMAND, "devices", "--renew", str(tmp_path / "page.md")]
    done = subprocess.run(renewing, capture_output=True, text=True, timeout=HOPELESS_S, check=False)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1)
    assert "No such file or directory" in done.stderr


def test_at_60_times_a_pty_carries_4500_frames_a_second(tmp_path: Path) -> None:
    arguments = ("simulate", "nonin", "--pty", str(tmp_path / "tty"), "--speed", "60")
    with running(*arguments) as (_, first), serial.Serial(first["url"], timeout=HOPELESS_S) as line:
        stream = line.read(4500 * 5 * 2)
    assert len(packets(whole_packets(stream))) >= 358


def test_the_same_seed_gives_the_same_first_bytes() -> None:
    def first_bytes() -> bytes:
        arguments = ("--tcp", "127.0.0.1:0", "--seed", "5", "--speed", "60", "--dialect", "7")
        with (
            running("simulate", "nonin", *arguments, "--fault", "silent@0+60") as (_, first),
            serial.serial_for_url(first["url"], timeout=HOPELESS_S) as line,
        ):
            return bytes(line.read(5000))

    assert first_bytes() == first_bytes()


def test_a_monitor_answers_at_a_udp_port() -> None:
    with running("simulate", "intellivue", "--udp", "127.0.0.1:0") as (_, first):
        assert first["url"].startswith("udp://127.0.0.1:")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as host:
            host.settimeout(HOPELESS_S)
            host.connect(("127.0.0.1", int(first["url"].rpartition(":")[2])))
            host.send(b"\x0d")
            assert host.recv(2000)[0] == 0x0E  # the association is accepted


def test_a_running_device_takes_commands_on_standard_input() -> None:
    arguments = ("--tcp", "127.0.0.1:0", "--speed", "20", "--commands")
    with (
        running("simulate", "nonin", *arguments) as (process, first),
        serial.serial_for_url(first["url"], timeout=HOPELESS_S) as line,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write("set spo2=81 pulse=133\nfault nonsense\n")
        process.stdin.close()
        answers = [json.loads(process.stdout.readline()) for _ in range(2)]
        shown = [(packet.spo2, packet.rate) for packet in packets(whole_packets(line.read(12500)))]
    assert answers[0] == {"set": {"spo2": 81.0, "pulse": 133.0}}
    assert "did you mean noise" in answers[1]["error"]
    assert shown[-1] == (81, 133)


def test_a_recording_is_played(tmp_path: Path) -> None:
    file = tmp_path / "r.csv"
    file.write_text(",".join(COLUMNS) + "\n0,60,131,12,91,,,\n1,60,131,12,91,,,\n")
    arguments = ("simulate", "nonin", "--tcp", "127.0.0.1:0", "--record", str(file))
    with (
        running(*arguments, "--speed", "20", "--fault", "silent@0+20") as (_, first),
        serial.serial_for_url(first["url"], timeout=HOPELESS_S) as line,
    ):
        (packet,) = packets(line.read(125))
    assert (packet.spo2, packet.rate) == (91, 131)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nonim"], f"use one of {', '.join(DEVICES)}\n"),
        (["nonin", "--scenario", "clam"], "use one of calm"),
        (["nonin", "--dialect", "3"], "use one of 2, 7"),
        (["nonin", "--speed", "0"], "--speed must be above 0, not 0"),
        (["nonin", "--udp", "127.0.0.1:0"], "nonin has no datagrams"),
        (["nonin", "--fault", "finger-off@x"], "write NAME:RATE@START+FOR"),
        (["nonin", "--fault", "cuff-leak"], "nonin cannot show cuff-leak"),
        (["nonin", "--record", "/none.csv"], "/none.csv: cannot be read"),
        (["nonin", "--tcp", "4001"], "write HOST:PORT"),
        (["nonin", "--tcp", "h:1", "--pty", "/tmp/x"], "exclude each other"),
        (["nonin", "--record", "a.csv", "--scenario", "calm"], "exclude each other"),
        (["nonin", "--capture", "a", "--record", "a.csv"], "--capture excludes --scenario"),
        (["nonin", "--capture", "/none"], "/none: cannot be read"),
        (["nonin", "--loop"], "--loop is for --capture"),
        (["nonin", "--columns", "spo2_pct=a"], "--columns is for --record"),
    ],
)
def test_what_there_is_not_is_refused_in_one_line(arguments: list[str], said: str) -> None:
    assert said in refused(*arguments)


def test_a_port_that_cannot_be_opened_is_a_failure_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "tty").write_text("mine")
    done = subprocess.run(
        [*COMMAND, "simulate", "nonin", "--pty", str(tmp_path / "tty")],
        capture_output=True,
        text=True,
        timeout=HOPELESS_S,
        check=False,
    )
    assert done.returncode == 1
    assert "is already there" in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_table_of_scenarios_has_a_line_each() -> None:
    table = scenarios_table()
    assert "calm " in table
    assert len(table.splitlines()) == 8
