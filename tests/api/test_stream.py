"""The live stream in virtual time: what comes, where it starts, and how it ends.

A client far away that reads a real daemon's stream is in tests/endtoend/test_stream.py.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.types import Message

from api import create_app
from drivers.clock import parse_rfc3339
from tests.virtual import virtual_time
from tests.wards import SimulatedWard, simulated_ward


@dataclass(frozen=True)
class Event:
    """One server-sent event as it came."""

    event: str
    seq: int | None
    data: Any


class StreamClient:
    """Reads the stream, unless `reading` is cleared; hangs up when `gone` is set."""

    def __init__(self) -> None:
        self.reading = asyncio.Event()
        self.reading.set()
        self.gone = asyncio.Event()
        self.headers: dict[str, str] = {}
        self._body = b""

    async def receive(self) -> Message:
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def send(self, message: Message) -> None:
        await self.reading.wait()
        if message["type"] == "http.response.start":
            self.headers = {name.decode(): value.decode() for name, value in message["headers"]}
        self._body += message.get("body", b"")

    @property
    def events(self) -> list[Event]:
        """What came so far."""
        found = []
        for block in self._body.decode().split("\n\n")[:-1]:
            fields = dict(line.split(": ", 1) for line in block.split("\n"))
            seq = int(fields["id"]) if "id" in fields else None
            found.append(Event(fields["event"], seq, json.loads(fields["data"])))
        return found

    @property
    def seqs(self) -> list[int]:
        """The ids that came, in order."""
        return [event.seq for event in self.events if event.seq is not None]


@asynccontextmanager
async def streaming(
    ward: SimulatedWard, query: str = "", last_event_id: str | None = None
) -> AsyncIterator[tuple[StreamClient, asyncio.Task[None]]]:
    """A client of the stream, and the task that serves it."""
    client = StreamClient()
    headers = [(b"host", b"localhost")]
    if last_event_id is not None:
        headers.append((b"last-event-id", last_event_id.encode()))
    scope = {
        "type": "http",
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": "/api/v1/stream",
        "query_string": query.encode(),
        "headers": headers,
    }
    app = create_app(ward.ward, version="test")
    task = asyncio.ensure_future(app(scope, client.receive, client.send))
    try:
        await ward.clock.sleep(0.1)
        yield client, task
    finally:
        client.reading.set()
        client.gone.set()
        await task


@virtual_time()
async def test_the_status_comes_first_and_every_five_seconds(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward) as (client, _):
        assert client.events[0].event == "status"
        assert client.events[0].data["displays"] == 1
        await ward.clock.sleep(15)
        assert [event.event for event in client.events].count("status") == 4


@virtual_time()
async def test_nothing_on_the_way_keeps_or_holds_back_the_stream(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward) as (client, _):
        assert client.headers["content-type"].startswith("text/event-stream")
        assert client.headers["cache-control"] == "no-store"
        assert client.headers["x-accel-buffering"] == "no"


@virtual_time()
async def test_an_event_comes_as_the_journal_has_it(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        async with streaming(ward, "after=0") as (client, _):
            note = {"text": "zwei\nZeilen\r\u2028 ü", "by": "nurse.a"}
            await ward.post(f"/sessions/{session}/notes", note)
            await ward.score(session, "cadss", 31)
            await ward.clock.sleep(1)
            kept = (await ward.get("/events", limit=500))["items"]
            came = [event for event in client.events if event.seq is not None]
            assert [event.data for event in came] == kept
            assert client.seqs == [event["seq"] for event in kept]
            assert {event.event for event in came} == {"alarm", "session", "device"}


@virtual_time()
async def test_the_stream_goes_on_after_the_last_event_received(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        await ward.clock.sleep(10)
        newest = ward.ward.feed.last_seq
        async with streaming(ward, "after=0", last_event_id="1") as (client, _):
            assert client.seqs == list(range(2, newest + 1))
        async with streaming(ward, f"after={newest - 1}", last_event_id="?") as (client, _):
            assert client.seqs == [newest]
        async with streaming(ward, last_event_id="9" * 5000) as (client, _):
            assert client.seqs == []
        async with streaming(ward, f"after={newest + 1000}") as (client, _):
            assert client.seqs == []
            await ward.post(f"/sessions/{session}/notes", {"text": "more", "by": "nurse.a"})
            await ward.clock.sleep(0.1)
            assert client.seqs == [newest + 1]


@virtual_time()
async def test_the_stream_ends_with_the_daemon(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward, streaming(ward) as (_, task):
        assert ward.ward.stream_clients == 1
        ward.ward.feed.close()
        await ward.clock.sleep(1)
        assert task.done()
        assert ward.ward.stream_clients == 0


@virtual_time()
async def test_a_client_that_hangs_up_unread_is_forgotten(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        listeners = len(ward.ward.unstored_listeners)
        async with streaming(ward) as (client, task):
            client.reading.clear()
            await ward.clock.sleep(60)
            assert ward.ward.stream_clients == 1
            client.gone.set()
            await ward.clock.sleep(1)
            assert task.done()
            assert ward.ward.stream_clients == 0
            assert len(ward.ward.unstored_listeners) == listeners


@virtual_time()
async def test_a_client_that_was_slow_gets_every_event_and_no_old_vitals(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path) as ward:
        session = await ward.start()
        async with streaming(ward, "after=0") as (client, _):
            client.reading.clear()
            for total in range(60):
                await ward.score(session, "cadss", total % 5)
                await ward.clock.sleep(1)
            already = len(client.events)
            now = ward.clock.now().wall
            client.reading.set()
            await ward.clock.sleep(0.5)
            assert client.seqs == list(range(1, ward.ward.feed.last_seq + 1))
            late = [e for e in client.events[already + 1 :] if e.event == "vitals"]
            assert late
            assert all((now - parse_rfc3339(e.data["at"])).total_seconds() <= 1 for e in late)


@virtual_time()
async def test_waves_are_sent_of_the_bed_that_is_asked_for_and_of_no_other(tmp_path: Path) -> None:
    async with simulated_ward(tmp_path, {"bed-1": "calm", "bed-2": "calm"}) as ward:
        await ward.clock.sleep(10)
        async with streaming(ward) as (client, _):
            await ward.clock.sleep(2)
            assert ward.ward.waveforms.followed == frozenset()
            assert "waveform" not in {event.event for event in client.events}
        async with streaming(ward, "waveform=bed-2&waveform=nowhere") as (client, _):
            await ward.clock.sleep(10)
            sent = [event.data for event in client.events if event.event == "waveform"]
            assert {data["bed"] for data in sent} == {"bed-2"}
            assert len(sent) <= 51
            waves = [wave for data in sent for wave in data["waves"]]
            assert {(w["device"], w["name"], w["rate_hz"]) for w in waves} == {
                ("oximeter", "pleth", 75.0)
            }
            assert 700 < sum(len(wave["samples"]) for wave in waves) <= 800
            client.reading.clear()
            await ward.clock.sleep(30)
            client.reading.set()
            await ward.clock.sleep(0.1)
            late = [event.data for event in client.events if event.event == "waveform"][len(sent) :]
            assert sum(len(wave["samples"]) for data in late for wave in data["waves"]) <= 400
        await ward.clock.sleep(1)
        assert ward.ward.waveforms.followed == frozenset()
