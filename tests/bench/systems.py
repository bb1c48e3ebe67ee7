"""The programs that are measured, as processes: the daemon, and the floor beneath it.

Both watch the same oximeters and say the same alarms on the same topics. `Running` reads
what the kernel knows of a process.
"""

import contextlib
import os
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

import httpx

from tests.endtoend.processes import Process, running
from tests.servers import free_port

TOPIC: Final = "postdose/bench/+/alarm/+"
RULE: Final = "spo2.very-low"
START_S: Final = 60.0

RULES: Final = f"""
name = "bench"
version = "1"
extends = "default"
[[rule]]
id = "{RULE}"
signal = "spo2"
below = 88
for_s = 0
clear_margin = 0
clear_for_s = 0
priority = "high"
text = "SpO2 {{value}} %: under {{limit}}"
source = "bench"
"""


class Running:
    """A measured process; `port` is where its HTTP interface is, if it has one."""

    def __init__(self, pid: int, port: int | None = None) -> None:
        self._proc = Path(f"/proc/{pid}")
        self.port = port

    @property
    def processor_s(self) -> float:
        """The processor time of all its threads so far."""
        fields = (self._proc / "stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def peak_mib(self) -> float:
        """The most memory it ever had resident."""
        status = (self._proc / "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


System = Callable[[Sequence[str], int, Path], AbstractContextManager[Running]]
"""Starts a program on these ttys, the beds in order, with the broker on this port, its files
in this folder; it is ready when the context is entered."""


@contextlib.contextmanager
def daemon(urls: Sequence[str], broker: int, folder: Path) -> Iterator[Running]:
    """`postdose run`, a session open at every bed."""
    port = free_port()
    (folder / "rules.toml").write_text(RULES)
    config = folder / "site.toml"
    config.write_text(_site(urls, broker, folder, port))
    with running("run", "--config", str(config), begin=Process.start) as process:
        process.err.wait_for(lambda line: "daemon.started" in line)
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api/v1", timeout=START_S) as http:
            for place, _ in enumerate(urls, 1):
                session = {"bed": f"bed-{place}", "patient": f"P-{place}", "by": "nurse.a"}
                answer = http.post(
                    "/sessions", json=session | {"regimen": "esketamine-84", "age": 44}
                )
                if answer.is_error:
                    raise RuntimeError(f"no session: {answer.text}")
        yield Running(process.pid, port)


def _site(urls: Sequence[str], broker: int, folder: Path, port: int) -> str:
    beds = "".join(
        f'[[beds]]\nid = "bed-{place}"\n'
        f'[[beds.devices]]\nid = "oximeter"\ndriver = "nonin"\nurl = "{url}"\n'
        for place, url in enumerate(urls, 1)
    )
    return (
        f'[site]\nid = "bench"\n[api]\nport = {port}\n'
        f'[mqtt]\nurl = "mqtt://127.0.0.1:{broker}"\n'
        f'[store]\nurl = "sqlite:///{folder}/postdose.db"\n'
        f'[rules]\nset = "{folder}/rules.toml"\n{beds}'
    )


@contextlib.contextmanager
def floor(urls: Sequence[str], broker: int, folder: Path) -> Iterator[Running]:
    """The floor."""
    command = [sys.executable, "-m", "tests.bench.floor", str(broker), str(folder / "floor.db")]
    with subprocess.Popen([*command, *urls], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            if process.stdout.readline().strip() != "started":
                raise RuntimeError("the floor did not start")
            yield Running(process.pid)
        finally:
            process.kill()


SYSTEMS: Final[dict[str, System]] = {"daemon": daemon, "floor": floor}
"""What can be measured."""


def open_stream(port: int) -> socket.socket:
    """A reader of the live stream, as a ward page is."""
    stream = socket.create_connection(("127.0.0.1", port), timeout=10)
    stream.sendall(b"GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n\r\n")
    if b" 200 " not in stream.recv(64):
        raise ConnectionError("the stream was refused")
    return stream
