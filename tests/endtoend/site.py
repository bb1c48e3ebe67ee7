"""A real site: `postdose run` and `postdose simulate` as processes, joined by pseudo-terminals."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any, Final

import httpx

from tests.endtoend.waiting import until
from tests.patience import HOPELESS_S
from tests.servers import free_port
from tests.wards import DOSE

POSTDOSE: Final = (sys.executable, "-m", "monitor.cli")
HTTP: Final = httpx.Client(
    timeout=HOPELESS_S, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
)
"""One for all: to make one reads every certificate there is, which costs more than a request."""


class Lines:
    """The lines a process prints, gathered as they come, to be waited for."""

    def __init__(self, stream: IO[str]) -> None:
        self.seen: list[str] = []
        self._stream = stream
        self._came = threading.Condition()
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Gather the last lines of a process that has ended."""
        self._thread.join(HOPELESS_S)
        self._stream.close()

    def _gather(self) -> None:
        for line in self._stream:
            with self._came:
                self.seen.append(line.rstrip("\n"))
                self._came.notify_all()

    def wait_for(self, wanted: Callable[[str], Any]) -> str:
        """The first line that is `wanted`."""

        def found() -> str | None:
            return next((line for line in self.seen if wanted(line)), None)

        with self._came:
            assert self._came.wait_for(found, HOPELESS_S), "\n".join(self.seen[-30:])
            line = found()
        assert line is not None
        return line


class Process:
    """A command of ours, running."""

    def __init__(self, *arguments: str, environment: dict[str, str] | None = None) -> None:
        self.process = subprocess.Popen(
            [*POSTDOSE, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"} | (environment or {}),
        )
        assert self.process.stdout is not None
        assert self.process.stderr is not None
        self.out = Lines(self.process.stdout)
        self.err = Lines(self.process.stderr)

    def interrupt(self) -> int:
        """Ctrl-C, and the exit status that follows."""
        self.process.send_signal(signal.SIGINT)
        return self._ended()

    def kill(self) -> None:
        """`kill -9`."""
        self.process.kill()
        self._ended()

    def _ended(self) -> int:
        status = self.process.wait(HOPELESS_S)
        self.out.close()
        self.err.close()
        return status


@contextlib.contextmanager
def running(*arguments: str, **options: Any) -> Iterator[Process]:
    """A command of ours; it is ended when the block is left."""
    process = Process(*arguments, **options)
    try:
        yield process
    finally:
        if process.process.poll() is None:
            process.kill()


@contextlib.contextmanager
def simulated(device: str, *options: str) -> Iterator[str]:
    """A simulated device; gives the url it is at."""
    with running("simulate", device, *options) as process:
        yield str(json.loads(process.out.wait_for(str.strip))["url"])


class Site:
    """A site with one bed, an oximeter and a cuff, and a daemon that can be killed."""

    def __init__(self, folder: Path, mqtt_url: str | None, oximeter: str, cuff: str) -> None:
        self.port = free_port()
        self.config = folder / "site.toml"
        mqtt = f'url = "{mqtt_url}"' if mqtt_url else "enabled = false"
        self.config.write_text(
            f"""
[site]
id = "clinic"
[api]
port = {self.port}
[mqtt]
{mqtt}
[store]
url = "sqlite:///{folder}/postdose.db"
[[beds]]
id = "bed-1"
[[beds.devices]]
id = "oximeter"
driver = "nonin"
url = "{oximeter}"
[[beds.devices]]
id = "cuff"
driver = "suntech"
url = "{cuff}"
"""
        )
        self.url = f"http://127.0.0.1:{self.port}/api/v1"

    @property
    def command(self) -> list[str]:
        """The command that runs the daemon."""
        return [*POSTDOSE, "run", "--config", str(self.config)]

    @contextlib.contextmanager
    def daemon(self, speed: float = 1.0) -> Iterator[Process]:
        """`postdose run`, up to its first answer."""
        with running("run", "--config", str(self.config), "--speed", f"{speed:g}") as process:
            process.err.wait_for(lambda line: "daemon.started" in line)
            yield process

    def get(self, path: str) -> Any:
        """The JSON answer to a GET."""
        answer = HTTP.get(f"{self.url}{path}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """The JSON answer to a POST by nurse.a."""
        answer = self.ask(path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    def ask(self, path: str, **body: Any) -> httpx.Response:
        """The answer to a POST by nurse.a, whatever it is."""
        return HTTP.post(f"{self.url}{path}", json=body | {"by": "nurse.a"})

    def start(self) -> str:
        """Start a session and give its id."""
        body = {"bed": "bed-1", "patient": "P-017", "regimen": "esketamine-84", "age": 44}
        return str(self.post("/sessions", **body)["id"])

    def dose(self, session: str) -> None:
        """Give a dose whether or not there is a baseline."""
        self.post(f"/sessions/{session}/doses", **DOSE)

    def alarms(self) -> dict[str, Any]:
        """The open alarms by rule."""
        return {alarm["rule"]: alarm for alarm in self.get("/beds/bed-1")["alarms"]}

    def until(self, met: Callable[[], Any]) -> Any:
        """Ask until `met` gives something true."""
        return until(met, otherwise=lambda: self.get("/beds/bed-1"))
