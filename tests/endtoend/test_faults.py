"""What breaks stays small: a port full of noise, a disk that hangs, a request sent twice."""

import contextlib
import json
import os
import pty
import signal
import socket
import socketserver
import sqlite3
import subprocess
import threading
import tty
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Final, Self

import httpx
import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.endtoend.processes import POSTDOSE
from tests.endtoend.site import HTTP, Site, simulated
from tests.endtoend.subscriber import Message, subscribed
from tests.endtoend.waiting import elapsed_s, until
from tests.patience import HOPELESS_S, stretched
from tests.servers import Mosquitto
from tests.wards import DOSE

pytestmark = pytest.mark.slow

FRAME_STARTS: Final = bytes.fromhex("0181000082") * 4096
"""First frames of an oximeter's packet and nothing else: each may begin one, and none does."""

CUTS: Final = 2
"""How often the link is cut before the test has seen enough."""

MOST_BYTES: Final = 32 * 2**20
"""What a daemon may grow by while a port brings it noise."""

FRESH_S: Final = 3.0
"""How old a value may be at the bed beside: a third of a second, and the tests beside."""

ALARM_S: Final = 3.0
"""How late an alarm may be without its disk: half a second, and the tests beside."""


# ── noise ───────────────────────────────────────────────────────────────────────────────


class Noise:
    """A pseudo-terminal into which bytes of no protocol are written as fast as they are taken."""

    def __init__(self) -> None:
        self._master, slave = pty.openpty()
        tty.setraw(slave)
        self.url = os.ttyname(slave)
        self._slave = slave
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)
        self.written = 0

    def _write(self) -> None:
        block = os.urandom(4096)
        os.set_blocking(self._master, False)
        while not self._ended.is_set():
            try:
                self.written += os.write(self._master, block)
            except BlockingIOError:
                self._ended.wait(0.001)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._ended.set()
        self._thread.join()
        os.close(self._master)
        os.close(self._slave)


@contextlib.contextmanager
def noise() -> Iterator[str]:
    """The url of a pseudo-terminal that is full of noise."""
    with Noise() as found:
        yield found.url


@contextlib.contextmanager
def frame_starts() -> Iterator[str]:
    """The url of a TCP port that sends `FRAME_STARTS` as fast as they are taken."""

    class Flood(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with contextlib.suppress(OSError):
                while True:
                    self.request.sendall(FRAME_STARTS)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Flood) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"socket://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def add_bed(clinic: Site, oximeter: str) -> None:
    """Give the site a second bed with an oximeter at that url."""
    with clinic.config.open("a") as file:
        file.write(
            '[[beds]]\nid = "bed-2"\n[[beds.devices]]\n'
            f'id = "oximeter"\ndriver = "nonin"\nurl = "{oximeter}"\n'
        )


def measured(clinic: Site, name: str, **labels: str) -> float:
    """The sum of a metric over everything that has these labels."""
    text = HTTP.get(f"http://127.0.0.1:{clinic.port}/metrics").text
    return sum(
        sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name and labels.items() <= sample.labels.items()
    )


@pytest.mark.parametrize("flood", [noise, frame_starts])
def test_a_port_full_of_noise_harms_no_other_bed(
    tmp_path: Path, flood: Callable[[], contextlib.AbstractContextManager[str]]
) -> None:
    with simulated("nonin", "--pty", str(tmp_path / "quiet")) as quiet, flood() as url:
        clinic = Site(tmp_path, None, url, str(tmp_path / "no-cuff"))
        add_bed(clinic, quiet)
        with clinic.daemon() as process:
            daemon = psutil.Process(process.pid)
            port = {"bed": "bed-1", "device": "oximeter"}
            until(lambda: clinic.get("/beds/bed-2")["vitals"]["spo2"]["age_s"] is not None)
            before = daemon.memory_info().rss
            ages = []

            def flooded() -> bool:
                ages.append(clinic.get("/beds/bed-2")["vitals"]["spo2"]["age_s"])
                cuts = measured(clinic, "postdose_device_reconnects_total", **port)
                return cuts >= CUTS

            until(flooded)
            assert max(ages) < stretched(FRESH_S)
            assert daemon.memory_info().rss - before < MOST_BYTES
            unread = {"reason": "flooded-byte"} | port
            assert measured(clinic, "postdose_device_damaged_total", **unread) > 0
            assert measured(clinic, "postdose_bed_faults_total") == 0
            vitals = clinic.get("/beds/bed-1")["vitals"]
            assert all(vital["value"] is None or vital["stale"] for vital in vitals.values())
            lost = {"tech.link-lost", "tech.device-silent"}
            until(lambda: lost & {a["rule"] for a in clinic.get("/beds/bed-1")["alarms"]})


# ── clients that ask for nothing ────────────────────────────────────────────────────────

DESCRIPTORS: Final = 120
"""What the daemon may have open: a little more than it needs without clients."""


def test_clients_that_ask_for_nothing_are_left_and_keep_nobody_out(tmp_path: Path) -> None:
    with simulated("nonin", "--pty", str(tmp_path / "oximeter")) as oximeter:
        clinic = Site(tmp_path, None, oximeter, str(tmp_path / "no-cuff"))
        with clinic.daemon() as process, contextlib.ExitStack() as opened:
            daemon = psutil.Process(process.pid)
            daemon.rlimit(psutil.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
            session = clinic.start()
            address = ("127.0.0.1", clinic.port)
            for number in range(2 * DESCRIPTORS):
                client = opened.enter_context(socket.create_connection(address))
                if number % 2:
                    with contextlib.suppress(OSError):
                        client.sendall(b"GET /api/v1/beds HTTP/1.1\r\nHost: ")
            clinic.post(f"/sessions/{session}/notes", text="somebody floods us")
            assert daemon.num_fds() < DESCRIPTORS
            client.settimeout(HOPELESS_S)
            with contextlib.suppress(ConnectionResetError):
                assert client.recv(1) == b""
            until(lambda: len(daemon.net_connections("tcp")) <= 2)
            assert clinic.get("/beds/bed-1")["vitals"]["spo2"]["age_s"] < stretched(FRESH_S)
            assert measured(clinic, "postdose_journal_failing") == 0
            assert measured(clinic, "postdose_bed_faults_total") == 0


# ── a log that nobody reads ─────────────────────────────────────────────────────────────


def full_pipe() -> tuple[int, int]:
    """A pipe that takes not a byte more: where to read, where to write."""
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(writer, b"x" * 4096)
    os.set_blocking(writer, True)
    return reader, writer


def test_a_log_that_nobody_reads_stops_no_watching_and_no_end(tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    reader, writer = full_pipe()
    command = [*POSTDOSE, "run", "--config", str(clinic.config)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=writer) as daemon:
        try:
            until(lambda: answers(clinic))
            session = clinic.start()
            until(lambda: "tech.link-lost" in clinic.alarms())
            assert clinic.get(f"/sessions/{session}")["state"] == "baseline"
            daemon.send_signal(signal.SIGINT)
            assert daemon.wait(HOPELESS_S) == 0
        finally:
            daemon.kill()
            os.close(reader)
            os.close(writer)


def answers(clinic: Site) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return HTTP.get(f"{clinic.url}/beds").is_success
    return False


# ── a disk that does not answer ─────────────────────────────────────────────────────────


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """The journal's file held by another program, so that nothing can be written to it."""
    with contextlib.closing(
        sqlite3.connect(folder / "postdose.db", isolation_level=None, timeout=HOPELESS_S)
    ) as other:
        other.execute("BEGIN EXCLUSIVE")
        try:
            yield
        finally:
            other.execute("ROLLBACK")


def _is_alarm(**expected: Any) -> Any:
    return lambda message: message.is_alarm(**expected)


def _post(clinic: Site, path: str, **body: Any) -> httpx.Response:
    return HTTP.post(f"{clinic.url}{path}", json=body | {"by": "nurse.a"})


def _readiness(clinic: Site) -> httpx.Response:
    return HTTP.get(f"http://127.0.0.1:{clinic.port}/readyz")


def test_an_alarm_does_not_wait_for_a_disk_that_hangs(tmp_path: Path, mosquitto: Mosquitto) -> None:
    clinic = Site(tmp_path, mosquitto.url, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with (
        clinic.daemon(),
        subscribed(mosquitto.port, "postdose/clinic/bed-1/#") as heard,
        ThreadPoolExecutor(1) as threads,
    ):
        clinic.until(lambda: clinic.get("/status")["mqtt"]["connected"])
        session = clinic.start()
        with locked(tmp_path):
            began = elapsed_s()
            body = {"scale": "cadss", "total": 31}
            answer = threads.submit(_post, clinic, f"/sessions/{session}/scores", **body)
            marked = heard.wait_for(_is_alarm(rule="dissociation.marked"))
            assert elapsed_s() - began < stretched(ALARM_S)
            assert marked.payload["durable"] is False
            heard.wait_for(_is_alarm(rule="tech.journal-failing"))
            assert _readiness(clinic).status_code == 503
            refused = answer.result(HOPELESS_S)
            assert refused.status_code == 503
            assert "not stored" in refused.json()["detail"]
            assert not any(_stored(m, "dissociation.marked") for m in heard.messages)
        heard.wait_for(_is_alarm(rule="dissociation.marked", durable=True))
        heard.wait_for(lambda m: _stored(m, "dissociation.marked"))
        until(lambda: _readiness(clinic).status_code == 200)
        clinic.until(lambda: "tech.journal-failing" not in clinic.alarms())
        events = clinic.get("/events?limit=500&bed=bed-1")["items"]
        types = [event["type"] for event in events if event["session"] == session]
        assert types.index("score.recorded") < types.index("alarm.raised")
        seqs = [m.payload["seq"] for m in heard.messages if m.topic.endswith("/event")]
        assert seqs == sorted(set(seqs))


def _stored(message: Message, rule: str) -> bool:
    if not message.topic.endswith("/event"):
        return False
    alarm = message.payload["payload"].get("alarm")
    return alarm is not None and alarm["rule"] == rule


# ── a request sent twice ────────────────────────────────────────────────────────────────


def give(clinic: Site, session: str) -> httpx.Response:
    """Ask for the dose, always with the same key."""
    return HTTP.post(
        f"{clinic.url}/sessions/{session}/doses", json=DOSE, headers={"Idempotency-Key": "dose-1"}
    )


def test_two_that_send_the_same_request_at_once_give_one_dose(tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with clinic.daemon(), ThreadPoolExecutor(2) as threads:
        session = clinic.start()
        both = threading.Barrier(2)

        def at_once(_: int) -> httpx.Response:
            both.wait(HOPELESS_S)
            return give(clinic, session)

        first, second = sorted(threads.map(at_once, range(2)), key=lambda a: a.status_code)
        assert first.status_code == 200
        assert second.status_code == 409 or second.json() == first.json()
        again = give(clinic, session)
        assert again.json() == first.json()
        assert again.headers["Idempotent-Replayed"] == "true"
        assert len(clinic.get(f"/sessions/{session}")["doses"]) == 1


def test_a_dose_sent_again_while_the_disk_hangs_is_given_once(tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with clinic.daemon():
        url = f"{clinic.url}/sessions/{clinic.start()}/doses"

        def dose() -> httpx.Response:
            return HTTP.post(url, json=DOSE, headers={"Idempotency-Key": "one"})

        with locked(tmp_path):
            assert dose().status_code == 503
            again = dose()
            assert (again.status_code, "under way" in again.json()["detail"]) == (409, True)
        until(lambda: dose().status_code == 200)
        last = dose()
        assert last.headers["Idempotent-Replayed"] == "true"
        assert len(last.json()["doses"]) == 1
        assert len(clinic.get("/beds/bed-1")["session"]["doses"]) == 1


def test_the_live_stream_hears_of_an_alarm_that_the_disk_does_not_take(tmp_path: Path) -> None:
    clinic = Site(tmp_path, None, str(tmp_path / "no-oximeter"), str(tmp_path / "no-cuff"))
    with clinic.daemon(), ThreadPoolExecutor(1) as threads:
        session = clinic.start()
        with HTTP.stream("GET", f"{clinic.url}/stream") as stream:
            lines = stream.iter_lines()
            next(lines)
            with locked(tmp_path):
                path = f"/sessions/{session}/scores"
                answer = threads.submit(_post, clinic, path, scale="cadss", total=31)
                unstored = (json.loads(line[6:]) for line in lines if '"durable":false' in line)
                rules = ((told["payload"]["alarm"]["rule"], told) for told in unstored)
                told = next(told for rule, told in rules if rule.startswith("dissociation."))
                assert told["seq"] is None
                answer.result(HOPELESS_S)
