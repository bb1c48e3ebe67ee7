"""From serial bytes to an alarm at the nurses' station, every part of it real."""

import contextlib
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.clock import parse_rfc3339
from tests.endtoend.processes import Begin, Lines, Process, ran
from tests.endtoend.site import Site, simulated
from tests.servers import Mosquitto, program

SPEED = 60

pytestmark = pytest.mark.slow


@contextlib.contextmanager
def subscribed(broker: Mosquitto, topic: str) -> Iterator[Lines]:
    """What `mosquitto_sub` prints of `topic`."""
    command = [program("mosquitto_sub"), "-h", "127.0.0.1", "-p", str(broker.port)]
    with subprocess.Popen(
        [*command, "-t", topic, "-F", "%t %p", "-q", "1"], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        lines = Lines(process.stdout)
        try:
            yield lines
        finally:
            process.kill()
            lines.close()


def _alarm(line: str) -> Any:
    return json.loads(line.split(" ", 1)[1] or "{}")


def _is_over(clinic: Site, rule: str) -> bool:
    """Whether the rule's alarm is over; it is taken whenever it calls, and its end by itself."""
    alarm = clinic.alarms().get(rule)
    if alarm is not None and (alarm["state"] == "latched" or not alarm["acknowledged"]):
        clinic.ask(f"/alarms/{alarm['id']}/acknowledge")
    return alarm is None


def _says(rule: str, state: str, **also: Any) -> Any:
    def wanted(line: str) -> bool:
        alarm = _alarm(line) if line.split(" ", 1)[1:] else {}
        expected = {"rule": rule, "state": state, **also}
        return all(alarm.get(key) == value for key, value in expected.items())

    return wanted


@contextlib.contextmanager
def site(folder: Path, broker: Mosquitto, begin: Begin = Process.fork) -> Iterator[Site]:
    """A site whose oximeter desaturates and whose cuff measures a severe pressure."""
    speed = ("--speed", str(SPEED))
    oximeter = ("--pty", str(folder / "oximeter"), "--scenario", "desaturation", *speed)
    cuff = ("--pty", str(folder / "cuff"), "--scenario", "severe-hypertension", *speed)
    with (
        simulated("nonin", *oximeter, begin=begin) as first,
        simulated("suntech", *cuff, begin=begin) as second,
    ):
        yield Site(folder, broker.url, first, second)


def test_three_alarms_go_all_the_way_and_end(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with (
        site(tmp_path, mosquitto, Process.start) as clinic,
        clinic.daemon(SPEED, Process.start),
        subscribed(mosquitto, "postdose/clinic/bed-1/alarm/+") as alarms,
    ):
        session = clinic.start()
        clinic.post(f"/sessions/{session}/scores", scale="cadss", total=0)
        clinic.until(lambda: clinic.get(f"/sessions/{session}")["pressures"])
        clinic.dose(session)

        clinic.post(f"/sessions/{session}/scores", scale="cadss", total=31)
        alarms.wait_for(_says("dissociation.marked", "active"))
        marked = clinic.alarms()["dissociation.marked"]
        clinic.post(f"/alarms/{marked['id']}/acknowledge")
        alarms.wait_for(_says("dissociation.marked", "active", acknowledged_by="nurse.a"))
        clinic.post(f"/sessions/{session}/scores", scale="cadss", total=2)
        alarms.wait_for(_says("dissociation.marked", "ended"))

        alarms.wait_for(_says("spo2.very-low", "active"))
        assert clinic.alarms()["spo2.very-low"]["priority"] == "high"
        alarms.wait_for(_says("spo2.very-low", "latched"))
        very_low = clinic.alarms()["spo2.very-low"]
        ended = clinic.post(f"/alarms/{very_low['id']}/acknowledge", note="repositioned")
        assert ended["state"] == "ended"
        alarms.wait_for(_says("spo2.very-low", "ended", acknowledged_by="nurse.a"))

        clinic.until(lambda: "pressure.severe" in clinic.alarms())
        alarms.wait_for(_says("pressure.severe", "active"))
        clinic.until(lambda: _is_over(clinic, "pressure.severe"))
        alarms.wait_for(_says("pressure.severe", "active", acknowledged_by="nurse.a"))
        alarms.wait_for(_says("pressure.severe", "ended"))
        assert "pressure.severe" not in clinic.alarms()


def test_kill_9_in_the_middle_brings_the_same_session_and_alarms_back(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with site(tmp_path, mosquitto) as clinic:
        with clinic.daemon() as process:
            session = clinic.start()
            clinic.dose(session)
            clinic.post(f"/sessions/{session}/scores", scale="cadss", total=31)
            before = clinic.alarms()["dissociation.marked"]
            process.kill()
        with clinic.daemon():
            after = clinic.get("/beds/bed-1")
            assert after["session"]["id"] == session
            assert after["session"]["doses"][0]["mg"] == 28
            assert clinic.alarms()["dissociation.marked"] == before


def test_kill_9_forgets_no_spo2_that_is_stored(tmp_path: Path) -> None:
    def criterion() -> Any:
        criteria = clinic.get(f"/sessions/{session}")["criteria"]
        return next(each for each in criteria if each["name"] == "spo2")

    def minutes() -> float:
        seen = clinic.get(f"/sessions/{session}")
        now = parse_rfc3339(clinic.get("/status")["now"])
        return (now - parse_rfc3339(seen["doses"][0]["at"])).total_seconds() / 60

    options = ("--pty", str(tmp_path / "oximeter"), "--speed", str(SPEED))
    with simulated("nonin", *options) as oximeter:
        clinic = Site(tmp_path, None, oximeter, str(tmp_path / "no-cuff"))
        with clinic.daemon(SPEED) as process:
            session = clinic.start()
            clinic.dose(session)
            clinic.until(lambda: criterion()["met"] and minutes() > 13)
            killed = minutes()
            process.kill()
        with clinic.daemon(SPEED):
            clinic.until(lambda: criterion()["why"] != "no SpO2 now")
            now = criterion()
            seen = re.search(r"seen for (\d+) of 10 min", now["why"])
            unseen = minutes() - killed  # a busy machine starts slowly
            assert now["met"] if seen is None else int(seen[1]) > 13 - unseen, (now, unseen)


def test_alarms_wait_for_the_broker_and_come_in_order(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with site(tmp_path, mosquitto) as clinic, clinic.daemon():
        clinic.until(lambda: clinic.get("/status")["mqtt"]["connected"])
        mosquitto.kill()
        clinic.until(lambda: not clinic.get("/status")["mqtt"]["connected"])
        session = clinic.start()
        for total in (5, 31, 2):
            clinic.post(f"/sessions/{session}/scores", scale="cadss", total=total)
        assert clinic.get("/status")["mqtt"]["waiting"] > 0
        mosquitto.start()
        with subscribed(mosquitto, "postdose/clinic/bed-1/event") as events:
            events.wait_for(lambda line: _alarm(line)["payload"].get("total") == 2)
            seqs = [_alarm(line)["seq"] for line in events.seen]
            assert seqs == sorted(set(seqs))


def test_a_broker_that_refuses_events_is_an_alarm_until_it_takes_them(tmp_path: Path) -> None:
    folder = tmp_path / "broker"
    folder.mkdir()
    takes_alarms = ("topic write postdose/clinic/status", "topic write postdose/clinic/+/alarm/+")
    with Mosquitto(folder, access=takes_alarms) as broker:
        clinic = Site(tmp_path, broker.url, "/dev/nowhere", str(tmp_path / "nothing"))
        with clinic.daemon(speed=60):
            clinic.until(lambda: clinic.alarms().get("tech.broker-unreachable"))
            mqtt = clinic.get("/status")["mqtt"]
            assert (mqtt["connected"], mqtt["waiting"] > 0) == (True, True)
            assert "refuses postdose/clinic/bed-1/" in mqtt["reason"]
            assert "Not authorized" in mqtt["reason"]
            broker.allow("topic readwrite #")
            clinic.until(lambda: "tech.broker-unreachable" not in clinic.alarms())
            assert clinic.get("/status")["mqtt"]["reason"] is None


def test_a_daemon_ends_cleanly_and_says_that_it_is_offline(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    with site(tmp_path, mosquitto) as clinic, clinic.daemon() as process:
        clinic.until(lambda: clinic.get("/status")["mqtt"]["connected"])
        with subscribed(mosquitto, "postdose/clinic/status") as status:
            status.wait_for(lambda line: line.endswith(" online"))
            assert process.interrupt() == 0
            status.wait_for(lambda line: line.endswith(" offline"))


def test_a_port_that_is_not_there_is_an_alarm_and_no_exit(
    tmp_path: Path, mosquitto: Mosquitto
) -> None:
    clinic = Site(tmp_path, mosquitto.url, "/dev/nowhere", str(tmp_path / "nothing"))
    with clinic.daemon() as process:
        clinic.until(lambda: "tech.link-lost" in clinic.alarms())
        oximeter = clinic.get("/beds/bed-1")["devices"][0]
        assert "/dev/nowhere" in oximeter["technical_detail"]
        assert not any("/dev" in alarm["text"] for alarm in clinic.alarms().values())
        assert process.running


def test_a_second_daemon_on_the_same_port_is_told_so(tmp_path: Path, mosquitto: Mosquitto) -> None:
    with site(tmp_path, mosquitto) as clinic, clinic.daemon():
        second = ran("run", "--config", str(clinic.config))
        assert second.status == 1
        assert f"127.0.0.1:{clinic.port} is in use" in second.complaint
