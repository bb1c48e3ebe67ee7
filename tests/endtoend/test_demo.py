"""`postdose demo`: a ward that comes alive by itself, can be watched, and leaves nothing behind."""

import asyncio
import contextlib
import shlex
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest
from paho.mqtt.enums import MQTTProtocolVersion

from monitor.cli.demo import _Devices
from monitor.daemon import StartError
from tests.endtoend.processes import Begin, Lines, Process, ran
from tests.endtoend.site import HTTP
from tests.endtoend.subscriber import subscribed
from tests.endtoend.waiting import elapsed_s, until
from tests.patience import slowdown, stretched
from tests.servers import Mosquitto, free_port, program

pytestmark = pytest.mark.slow

GONE_S = 5.0
"""Three seconds are promised; the rest is for the tests beside."""


class Demo:
    """A running demo, its ports and the folder it keeps its files in."""

    def __init__(
        self, folder: Path, port: int, mqtt_port: int, *options: str, begin: Begin
    ) -> None:
        self.folder = folder
        self.port, self.mqtt_port = port, mqtt_port
        self.process = begin(
            "demo", "--port", str(port), "--mqtt-port", str(mqtt_port), *options,
            environment={"TMPDIR": str(folder)},
        )  # fmt: skip

    def beds(self) -> list[Any]:
        """Every bed as the API shows it; none before it answers."""
        try:
            answer = HTTP.get(f"http://127.0.0.1:{self.port}/api/v1/beds")
        except httpx.TransportError:
            return []
        return list(answer.json()["items"])

    def until_live(self, beds: int) -> None:
        """Wait until so many beds have a session and both vitals of the oximeter."""
        until(lambda: [_is_live(bed) for bed in self.beds()] == [True] * beds)

    def children(self) -> list[psutil.Process]:
        """The processes it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)


def _is_live(bed: Any) -> bool:
    fresh = [name for name, vital in bed["vitals"].items() if not vital["stale"]]
    return bed["session"] is not None and {"spo2", "pulse"} <= set(fresh)


@contextlib.contextmanager
def demo(
    folder: Path,
    *options: str,
    port: int | None = None,
    mqtt_port: int | None = None,
    begin: Begin = Process.fork,
) -> Iterator[Demo]:
    """A running demo, up to its first addresses; it is ended when the block is left."""
    files = folder / "files"
    files.mkdir(exist_ok=True)
    found = Demo(files, port or free_port(), mqtt_port or free_port(), *options, begin=begin)
    try:
        found.process.out.wait_for(lambda line: "curl" in line)
        yield found
    finally:
        if found.process.running:
            found.process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_whole_ward_comes_alive_and_its_alarms_arrive(tmp_path: Path) -> None:
    with demo(tmp_path, "--speed", "120", begin=Process.start) as ward:
        said = "\n".join(ward.process.out.seen)
        assert f"http://127.0.0.1:{ward.port}/" in said
        assert f"http://127.0.0.1:{ward.port}/api/v1/beds" in said
        assert f"mqtt://127.0.0.1:{ward.mqtt_port}" in said
        page = HTTP.get(f"http://127.0.0.1:{ward.port}/")
        assert page.status_code == 200
        assert "text/html" in page.headers["content-type"]
        topic = "postdose/demo/+/alarm/+"
        with subscribed(ward.mqtt_port, topic, MQTTProtocolVersion.MQTTv311) as alarms:
            ward.until_live(4)
            assert all(bed["simulated"] for bed in ward.beds())
            low = alarms.wait_for(lambda message: message.is_alarm(rule="spo2.very-low"))
            ward.process.out.wait_for(lambda line: low.payload["text"] in line)


def test_desaturation_hypertension_and_dissociation_within_two_minutes(tmp_path: Path) -> None:
    expected = {"bed-1": "spo2.very-low", "bed-2": "pressure.rise", "bed-3": "dissociation.marked"}
    with demo(tmp_path, "--no-broker", "--speed", "120") as ward:

        def seen() -> bool:
            rules = {bed["id"]: {a["rule"] for a in bed["alarms"]} for bed in ward.beds()}
            for bed, rule in list(expected.items()):
                if rule in rules.get(bed, ()):
                    del expected[bed]
            return not expected

        until(seen)
        calm = ward.beds()[3]
        assert {a["rule"] for a in calm["alarms"] if a["kind"] == "physiological"} == set()


def test_nothing_is_an_alarm_at_the_start(tmp_path: Path) -> None:
    with demo(tmp_path, "--beds", "1", "--speed", f"{60 / slowdown():g}") as ward:
        ward.until_live(1)
        raised = [line for line in ward.process.out.seen if "raised" in line]
        assert raised == []


def test_as_slow_as_life_it_says_all_the_same_that_it_is_simulated(tmp_path: Path) -> None:
    with demo(tmp_path, "--beds", "1", "--speed", "1", "--no-broker") as ward:
        until(lambda: [bed["simulated"] for bed in ward.beds()] == [True])


def test_ctrl_c_leaves_nothing_behind_and_the_next_run_works(tmp_path: Path) -> None:
    with demo(tmp_path, "--beds", "1") as first:
        first.until_live(1)
        children = first.children()
        assert children
        began = elapsed_s()
        assert first.process.interrupt() == 0
        assert elapsed_s() - began < stretched(GONE_S)
        assert not any(child.is_running() for child in children)
        assert first.process.err.seen == []
        assert list(first.folder.iterdir()) == []
        assert not _listens(first.port)
        assert not _listens(first.mqtt_port)
    with demo(tmp_path, "--beds", "1", port=first.port, mqtt_port=first.mqtt_port) as second:
        second.until_live(1)


@pytest.mark.parametrize("after_s", [0.0, 0.1, 1.5])
def test_ctrl_c_ends_it_also_while_it_is_starting(tmp_path: Path, after_s: float) -> None:
    with demo(tmp_path, "--beds", "1") as ward:
        began = elapsed_s()
        until(lambda: elapsed_s() - began >= after_s)
        assert ward.process.interrupt() == 0
        assert elapsed_s() - began < after_s + stretched(GONE_S)
        assert ward.process.err.seen == []


def test_kill_9_takes_the_devices_along(tmp_path: Path) -> None:
    with demo(tmp_path, "--beds", "1") as ward:
        children = ward.children()
        assert children
        ward.process.kill()
        _, left = psutil.wait_procs(children, timeout=stretched(GONE_S))
        assert left == []


def test_devices_that_die_end_it_with_one_line(tmp_path: Path) -> None:
    with demo(tmp_path, "--beds", "1") as ward:
        ward.until_live(1)
        for child in ward.children():
            child.kill()
        ward.process.err.wait_for(lambda line: "simulated devices ended" in line)
        until(lambda: not ward.process.running, stretched(GONE_S))
        assert ward.process.interrupt() == 1
        assert len(ward.process.err.seen) == 1, "\n".join(ward.process.err.seen)


def test_eight_beds_use_the_broker_that_is_there(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with demo(tmp_path, "--beds", "8", "--no-broker", mqtt_port=mosquitto.port) as ward:
        line = ward.process.out.wait_for(lambda line: "mosquitto_sub" in line)
        pasted = shlex.split(line[line.index("mosquitto_sub") :])
        with subprocess.Popen(
            [program(pasted[0]), *pasted[1:-1], "postdose/demo/+/vitals"],
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            assert process.stdout is not None
            vitals = Lines(process.stdout)
            ward.until_live(8)
            vitals.wait_for(lambda line: line.startswith("postdose/demo/bed-8/vitals "))
            process.kill()
            vitals.close()


@pytest.mark.parametrize(
    ("taken", "mends"),
    [("--port", ["--port"]), ("--mqtt-port", ["--mqtt-port", "--no-broker"])],
)
def test_a_port_in_use_is_named_with_the_mend(tmp_path: Path, taken: str, mends: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        ports = {"--port": free_port(), "--mqtt-port": free_port()}
        ports[taken] = other.getsockname()[1]
        options = [word for name, port in ports.items() for word in (name, str(port))]
        done = ran("demo", *options, environment={"TMPDIR": str(tmp_path)})
        assert (done.status, done.out) == (1, "")
        line = done.complaint
        assert [word for word in [str(ports[taken]), *mends] if word not in line] == []
        assert list(tmp_path.iterdir()) == []


async def test_devices_that_die_in_the_middle_of_an_answer_have_ended() -> None:
    half = "import sys; sys.stdin.readline(); sys.stdout.write('{\"vitals\": {')"
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", half, stdin=pipe, stdout=pipe
    )
    with pytest.raises(StartError, match="simulated devices ended"):
        await _Devices(process).patient("bed-1")
    await process.wait()
