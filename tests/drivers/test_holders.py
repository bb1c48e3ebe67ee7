"""Who holds a port: a real terminal, held by nobody, by this process, and by another's lock."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.links import Holder, held_by
from tests.drivers.benches import Terminal

HOLD = """
import fcntl, os, sys
fcntl.flock(os.open(sys.argv[1], os.O_RDWR | os.O_NOCTTY), fcntl.LOCK_EX)
print("held", flush=True)
sys.stdin.read()
"""


def test_nobody_holds_a_port_that_nobody_opened() -> None:
    with Terminal() as port:
        assert held_by(port.path) == []
    assert held_by("/dev/nowhere") == []


def test_a_process_that_has_it_open_is_named_under_any_name_of_the_port(tmp_path: Path) -> None:
    with Terminal() as port:
        (tmp_path / "by-id").symlink_to(port.path)
        mine = os.open(port.path, os.O_RDWR | os.O_NOCTTY)
        me = Holder(os.getpid(), Path("/proc/self/comm").read_text().strip())
        assert held_by(str(tmp_path / "by-id")) == [me]
        os.close(mine)
        assert held_by(port.path) == []


@pytest.mark.parametrize("files_are_readable", [True, False])
def test_a_process_that_locked_it_is_named_whoevers_it_is(
    files_are_readable: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not files_are_readable:  # As for another user's process, which a test cannot have.
        monkeypatch.setattr("drivers.links.holders._by_files", lambda _path: iter(()))
    with Terminal() as port:
        with subprocess.Popen(
            [sys.executable, "-c", HOLD, port.path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            assert [each.pid for each in held_by(port.path)] == [process.pid]
            process.kill()
        assert held_by(port.path) == []
