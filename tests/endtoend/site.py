"""A real site: `postdose run` and `postdose simulate` as processes, joined by pseudo-terminals."""

import contextlib
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import httpx

from tests.endtoend.processes import Begin, Process, running
from tests.endtoend.waiting import until
from tests.patience import HOPELESS_S
from tests.servers import free_port
from tests.wards import DOSE

HTTP: Final = httpx.Client(
    timeout=HOPELESS_S, limits=httpx.Limits(max_keepalive_connections=0), trust_env=False
)
"""One for all: to make one reads every certificate there is, which costs more than a request."""


@contextlib.contextmanager
def simulated(device: str, *options: str, begin: Begin = Process.fork) -> Iterator[str]:
    """A simulated device; gives the url it is at."""
    with running("simulate", device, *options, begin=begin) as process:
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

    @contextlib.contextmanager
    def daemon(self, speed: float = 1.0, begin: Begin = Process.fork) -> Iterator[Process]:
        """`postdose run`, up to its first answer."""
        options = ("--config", str(self.config), "--speed", f"{speed:g}")
        with running("run", *options, begin=begin) as process:
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

    def abort(self, session: str) -> None:
        """Abort the session by a clinician, and have the patient leave."""
        against = {"clinician": "dr.b", "reason": "enough"}
        path = f"/sessions/{session}"
        said = {"reason": "enough", "outcome": "withdrew", "against_criteria": against}
        if self.post(f"{path}/abort", **said)["patient_left_at"] is None:
            self.post(f"{path}/left")

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
