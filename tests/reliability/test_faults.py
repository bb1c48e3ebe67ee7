"""The counting finds what is lost."""

import contextlib
import sqlite3
from pathlib import Path

import pytest

from tests.reliability.faults import RunningWard, attempt

pytestmark = pytest.mark.slow


def robbed(ward: RunningWard) -> None:
    """The daemon is killed, and a note that was answered is not there when it starts again."""
    ward.daemon.kill()
    with contextlib.closing(sqlite3.connect(ward.database)) as database:
        [(seq,)] = database.execute("SELECT min(seq) FROM event WHERE type = 'note.added'")
        database.execute("DELETE FROM event WHERE seq = ?", (seq,))
        database.commit()
    ward.start_daemon()


@pytest.mark.usefixtures("mosquitto")
def test_a_note_that_was_answered_and_is_gone_is_counted(tmp_path: Path) -> None:
    outcome = attempt(robbed, tmp_path)
    assert (outcome.lost, outcome.gaps) == (1, 1)
