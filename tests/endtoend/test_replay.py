"""A session that a real daemon watched, killed in the middle, run again by the commands."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.endtoend.site import Site, simulated
from tests.endtoend.test_cli import Postdose, postdose

__all__ = ["postdose"]

SPEED = 60

pytestmark = pytest.mark.slow

EARLIER = """
name = "earlier"
version = "1"
extends = "default"
[[rule]]
id = "dissociation.marked"
signal = "cadss"
at_least = 20
priority = "medium"
text = "CADSS {cadss}"
guidance = "Stay."
source = "test"
"""


@contextmanager
def site(folder: Path) -> Iterator[Site]:
    speed = ("--speed", str(SPEED))
    oximeter = ("--pty", str(folder / "oximeter"), *speed)
    cuff = ("--pty", str(folder / "cuff"), *speed)
    with simulated("nonin", *oximeter) as first, simulated("suntech", *cuff) as second:
        yield Site(folder, None, first, second)


def scored(clinic: Site, session: str, total: int) -> None:
    clinic.post(f"/sessions/{session}/scores", scale="cadss", total=total)


def watched(clinic: Site) -> str:
    """A session with a pressure, alarms, an acknowledgement and an end."""
    session = clinic.start()
    scored(clinic, session, 0)
    clinic.post(f"/sessions/{session}/scores", scale="moaas", total=5)
    clinic.until(lambda: clinic.get(f"/sessions/{session}")["pressures"])
    clinic.dose(session)
    scored(clinic, session, 22)
    scored(clinic, session, 31)
    marked = clinic.alarms()["dissociation.marked"]
    clinic.post(f"/alarms/{marked['id']}/acknowledge")
    scored(clinic, session, 2)
    return session


def test_a_real_session_runs_again_to_the_same_events(tmp_path: Path, postdose: Postdose) -> None:
    with site(tmp_path) as clinic:
        with clinic.daemon(SPEED) as process:
            session = watched(clinic)
            process.interrupt()
        with clinic.daemon(SPEED) as process:
            clinic.until(lambda: clinic.get("/beds/bed-1")["vitals"]["spo2"]["value"])
            clinic.abort(session)
            process.interrupt()
    config = str(clinic.config)
    same = postdose("replay", session, "--config", config)
    assert (same.status, same.err) == (0, "")
    assert same.out.startswith("same: ")

    other = tmp_path / "earlier.toml"
    other.write_text(EARLIER)
    compared = postdose("replay", session, "--config", config, "--rules", str(other))
    assert compared.status == 0
    line = next(line for line in compared.out.splitlines() if "earlier  (" in line)
    assert "dissociation.marked: " in line

    effect = postdose("rules", "--what-if", session, "--rules", str(other), "--config", config)
    assert effect.status == 0
    (row,) = [line for line in effect.out.splitlines() if "dissociation.marked" in line]
    assert "1 earlier by" in row


def test_after_kill_9_what_was_lost_is_never_called_the_same(
    tmp_path: Path, postdose: Postdose
) -> None:
    with site(tmp_path) as clinic:
        with clinic.daemon() as process:
            session = watched(clinic)
            process.kill()
        with clinic.daemon() as process:
            clinic.abort(session)
            process.interrupt()
    done = postdose("replay", session, "--config", str(clinic.config))
    assert done.status == 1
    assert "nothing can be compared" in done.out
    assert "did not give the same again" in done.complaint


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("replay", "nobody"), "there is no session nobody"),
        (("rules", "--what-if", "nobody", "--rules", "default"), "there is no session nobody"),
        (("replay", "nobody", "--rules", "nowhere.toml"), "there is no session nobody"),
    ],
)
def test_what_cannot_be_run_again_is_said_in_one_line(
    tmp_path: Path, postdose: Postdose, arguments: tuple[str, ...], said: str
) -> None:
    clinic = Site(tmp_path, None, "/dev/nowhere", "/dev/nothing")
    assert postdose("db", "upgrade", "--config", str(clinic.config)).status == 0
    done = postdose(*arguments, "--config", str(clinic.config))
    assert done.status == 1
    assert said in done.complaint


@pytest.mark.parametrize(
    "arguments", [("rules", "--what-if"), ("rules", "--what-if", "s-1"), ("rules", "s-1")]
)
def test_a_question_that_is_not_whole_says_what_it_takes(
    postdose: Postdose, arguments: tuple[str, ...]
) -> None:
    done = postdose(*arguments)
    assert done.status == 2
    assert "--what-if" in done.complaint
