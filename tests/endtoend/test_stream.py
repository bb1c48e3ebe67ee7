"""The live stream of a real daemon, as a board far away reads it."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Final

import httpx
import psutil
import pytest

from drivers.clock import parse_rfc3339
from tests.endtoend.site import Site, simulated
from tests.endtoend.waiting import elapsed_s, until
from tests.patience import HOPELESS_S, stretched

pytestmark = pytest.mark.slow

STOP_S: Final = 6.0
NOTES: Final = 1200
NOTE: Final = "x" * 2000
MOST_BYTES: Final = 48 * 2**20
"""What a daemon may grow by while a reader leaves its stream unread."""


@dataclass(frozen=True)
class Message:
    """One server-sent event, and the real second in which it came."""

    event: str
    seq: int | None
    data: Any
    came_s: float


def parsed(block: str) -> Message:
    """The message in the lines between two empty ones."""
    fields = dict(line.split(": ", 1) for line in block.splitlines())
    seq = int(fields["id"]) if "id" in fields else None
    return Message(fields["event"], seq, json.loads(fields["data"]), elapsed_s())


class Stream:
    """An open stream; its messages are gathered as they come."""

    def __init__(self, url: str, after: int | None) -> None:
        self.messages: list[Message] = []
        self._headers = {} if after is None else {"Last-Event-ID": str(after)}
        self._client = httpx.Client(timeout=HOPELESS_S)
        self._url = f"{url}/stream"
        self._thread = threading.Thread(target=self._gather, daemon=True)
        self._thread.start()

    def _gather(self) -> None:
        lines: list[str] = []
        with (
            contextlib.suppress(httpx.TransportError, httpx.StreamError),
            self._client.stream("GET", self._url, headers=self._headers) as answer,
        ):
            for line in answer.iter_lines():
                if line:
                    lines.append(line)
                elif lines:
                    self.messages.append(parsed("\n".join(lines)))
                    lines.clear()

    def close(self) -> None:
        """Hang up."""
        self._client.close()

    def ended(self, within_s: float) -> bool:
        """Whether the daemon ends the stream in time."""
        self._thread.join(within_s)
        return not self._thread.is_alive()

    def of(self, event: str) -> list[Message]:
        """The messages of one kind so far."""
        return [message for message in self.messages if message.event == event]

    @property
    def seqs(self) -> list[int]:
        """The ids that came, in order."""
        return [message.seq for message in self.messages if message.seq is not None]


@pytest.fixture
def clinic(tmp_path: Path) -> Iterator[Site]:
    """A site with a calm patient, in real time and without a broker."""
    with (
        simulated("nonin", "--pty", str(tmp_path / "oximeter")) as oximeter,
        simulated("suntech", "--pty", str(tmp_path / "cuff")) as cuff,
    ):
        yield Site(tmp_path, None, oximeter, cuff)


@contextlib.contextmanager
def streaming(clinic: Site, after: int | None = None) -> Iterator[Stream]:
    """An open stream that has said something."""
    stream = Stream(clinic.url, after)
    try:
        until(lambda: stream.messages)
        yield stream
    finally:
        stream.close()


def _note(clinic: Site, session: str, text: str) -> None:
    clinic.post(f"/sessions/{session}/notes", text=text)


def _has(stream: Stream, type_: str) -> Callable[[], bool]:
    return lambda: any(m.data.get("type") == type_ for m in stream.messages)


def test_status_comes_first_and_every_five_seconds(clinic: Site) -> None:
    with clinic.daemon(), streaming(clinic) as stream:
        assert stream.messages[0].event == "status"
        until(lambda: len(stream.of("status")) >= 3)
        sent = [parse_rfc3339(message.data["now"]) for message in stream.of("status")]
        came = [message.came_s for message in stream.of("status")]
        assert min((b - a).total_seconds() for a, b in pairwise(sent)) > 4.0, sent
        assert max(b - a for a, b in pairwise(came)) < stretched(8.0), came


def test_vitals_come_at_most_once_a_second(clinic: Site) -> None:
    with clinic.daemon(), streaming(clinic) as stream:
        until(lambda: len(stream.of("vitals")) >= 6)
        shown = [parse_rfc3339(message.data["at"]) for message in stream.of("vitals")]
        gaps = [(b - a).total_seconds() for a, b in pairwise(shown)]
        assert min(gaps) >= 0.999, gaps


def test_every_kind_of_event_comes_with_an_id_that_grows(clinic: Site) -> None:
    with clinic.daemon(), streaming(clinic, after=0) as stream:
        session = clinic.start()
        clinic.post(f"/sessions/{session}/scores", scale="cadss", total=31)
        until(_has(stream, "alarm.raised"))
        until(_has(stream, "device.connected"))
        assert {"alarm", "session", "device"} <= {message.event for message in stream.messages}
        assert stream.seqs == list(range(1, len(stream.seqs) + 1))
        assert all(m.seq is None for m in [*stream.of("vitals"), *stream.of("status")])


def test_a_stream_goes_on_where_it_stopped_after_kill_9(clinic: Site) -> None:
    with clinic.daemon() as process, streaming(clinic, after=0) as before:
        session = clinic.start()
        _note(clinic, session, "before")
        until(_has(before, "note.added"))
        _note(clinic, session, "perhaps unseen")
        process.kill()
        assert before.ended(stretched(STOP_S))
    last = before.seqs[-1]
    with clinic.daemon():
        _note(clinic, session, "after")
        with streaming(clinic, after=last) as after:
            until(lambda: [m for m in after.messages if "after" in json.dumps(m.data)])
            newest = after.seqs[-1]
        assert after.seqs == list(range(last + 1, newest + 1))
        kept = clinic.get("/events?after=0&limit=500")["items"]
        came = {m.seq: m.data for m in [*before.messages, *after.messages] if m.seq is not None}
        assert [came[event["seq"]] for event in kept if event["seq"] <= newest] == [
            event for event in kept if event["seq"] <= newest
        ]


def test_displays_are_the_open_streams(clinic: Site) -> None:
    with clinic.daemon(), streaming(clinic) as first:
        with streaming(clinic):
            until(lambda: clinic.get("/status")["displays"] == 2)
        until(lambda: clinic.get("/status")["displays"] == 1)
        first.close()
        until(lambda: clinic.get("/status")["displays"] == 0)


def test_a_daemon_that_stops_ends_its_streams(clinic: Site) -> None:
    with clinic.daemon() as process, streaming(clinic) as stream:
        began = elapsed_s()
        assert process.interrupt() == 0
        assert stream.ended(stretched(STOP_S))
        assert elapsed_s() - began < stretched(STOP_S)


class Sleepy:
    """A reader that opens the stream and leaves everything after its first bytes unread."""

    def __init__(self, clinic: Site) -> None:
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.connect(("127.0.0.1", clinic.port))
        self._socket.settimeout(HOPELESS_S)
        self._socket.sendall(
            b"GET /api/v1/stream HTTP/1.0\r\nHost: 127.0.0.1\r\nLast-Event-ID: 0\r\n\r\n"
        )
        self._rest = self._socket.recv(1)

    def read_until(self, seq: int) -> list[Message]:
        """Wake up, and read up to the event `seq` and the vitals after it."""
        messages: list[Message] = []
        while not self._rest.partition(b"\r\n\r\n")[1]:
            self._rest += self._socket.recv(65536)
        self._rest = self._rest.partition(b"\r\n\r\n")[2]
        while True:
            block, found, rest = self._rest.partition(b"\n\n")
            if not found:
                self._rest += self._socket.recv(1 << 20)
                continue
            self._rest = rest
            messages.append(parsed(block.decode()))
            seqs = [m.seq for m in messages if m.seq is not None]
            if messages[-1].event == "vitals" and seqs and seqs[-1] >= seq:
                return messages

    def close(self) -> None:
        """Hang up."""
        self._socket.close()


def test_a_reader_that_sleeps_gets_every_event_and_no_heap_of_old_vitals(clinic: Site) -> None:
    with clinic.daemon() as process, contextlib.closing(Sleepy(clinic)) as sleepy:
        daemon = psutil.Process(process.pid)
        session = clinic.start()
        _note(clinic, session, "warm")
        before = daemon.memory_info().rss
        with (
            ThreadPoolExecutor(8) as threads,
            httpx.Client(base_url=clinic.url, timeout=HOPELESS_S) as client,
        ):
            body = {"text": NOTE, "by": "nurse.a"}
            path = f"/sessions/{session}/notes"
            answers = list(threads.map(lambda _: client.post(path, json=body), range(NOTES)))
        assert all(answer.is_success for answer in answers)
        assert daemon.memory_info().rss - before < MOST_BYTES
        newest = clinic.get("/status")["journal"]["seq"]
        messages = sleepy.read_until(newest)
        seqs = [message.seq for message in messages if message.seq is not None]
        assert seqs == list(range(1, seqs[-1] + 1))
        assert seqs[-1] >= newest
        now = parse_rfc3339(clinic.get("/status")["now"])
        shown = parse_rfc3339(messages[-1].data["at"])
        assert (now - shown).total_seconds() < stretched(5)
