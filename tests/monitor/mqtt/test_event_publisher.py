"""Every stored event goes out in order, and the cursor passes only what was acknowledged."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pytest

from drivers.clock import Clock
from monitor.journal import EventFeed, Journal, StoreError
from monitor.mqtt.client import BrokerClient
from monitor.mqtt.event_publisher import (
    LOG_CURSOR,
    STORE_RETRY_S,
    WINDOW,
    EventPublisher,
    retry_on_store_error,
)
from monitor.mqtt.sender import Sender
from monitor.session import Stored
from tests.monitor.event_factories import EventFactory
from tests.monitor.mqtt.fakes import PREFIX, FakeClient, settle
from tests.virtual import virtual_clock, virtual_time


@dataclass
class Bench:
    """An event publisher on a journal of its own."""

    journal: Journal
    clock: Clock
    sender: Sender
    events: EventPublisher
    done_with: list[int]
    bed: EventFactory

    async def store(self, count: int) -> None:
        await self.journal.append([self.bed.event() for _ in range(count)])

    @asynccontextmanager
    async def connected(self, client: FakeClient) -> AsyncIterator[None]:
        """Publish through `client` within the block."""
        with self.sender.connected(cast(BrokerClient, client)):
            work = asyncio.ensure_future(self.events.publish_events())
            await settle()
            yield
            work.cancel()
        await settle()


@asynccontextmanager
async def bench(store: Path) -> AsyncIterator[Bench]:
    clock = virtual_clock()
    journal = Journal.open(f"sqlite:///{store}/postdose.db", clock=clock, inline=True)
    done_with: list[int] = []

    async def after_event(stored: Stored) -> None:
        done_with.append(stored.seq)

    sender = Sender(PREFIX)
    events = EventPublisher(
        sender,
        journal=journal,
        feed=EventFeed(journal),
        clock=clock,
        stamp={"boot": "boot-1"},
        after_event=after_event,
    )
    bed = EventFactory()
    bed.n = (await journal.load_stream("bed-1"))[1]
    yield Bench(journal, clock, sender, events, done_with, bed)
    await journal.close()


def seqs(client: FakeClient) -> list[int]:
    return [event["seq"] for event in client.under("bed-1/event")]


@virtual_time()
async def test_an_event_is_sent_with_its_stamp_and_not_retained(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        (stored,) = await at.journal.append([at.bed.event()])
        client = FakeClient()
        async with at.connected(client):
            pass
    assert client.sent == [("bed-1/event", stored.as_json() | {"boot": "boot-1"}, 1, False)]


@virtual_time()
async def test_no_more_events_than_the_window_are_unacknowledged(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.store(WINDOW + 5)
        client = FakeClient()
        client.holds = True
        async with at.connected(client):
            assert seqs(client) == list(range(1, WINDOW + 1))
            client.acknowledge(0)
            await settle()
            assert seqs(client) == list(range(1, WINDOW + 2))


@virtual_time()
async def test_the_cursor_waits_for_the_oldest_that_is_not_acknowledged(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.store(4)
        client = FakeClient()
        client.holds = True
        async with at.connected(client):
            for number in (2, 1):
                client.acknowledge(number)
                await settle()
                assert (at.events.acknowledged, at.events.queue_depth) == (0, 4)
            client.acknowledge(0)
            await settle()
            assert (at.events.acknowledged, at.events.queue_depth) == (3, 1)
            assert at.journal.cursor(LOG_CURSOR) == 3
    assert at.done_with == [3, 2, 1]


@virtual_time()
async def test_what_was_not_acknowledged_comes_again_with_the_next_connection(
    tmp_path: Path,
) -> None:
    async with bench(tmp_path) as at:
        await at.store(4)
        first, second = FakeClient(), FakeClient()
        first.holds = True
        async with at.connected(first):
            for number in (0, 2):
                first.acknowledge(number)
            await settle()
        async with at.connected(second):
            await at.store(1)
            await settle()
    assert seqs(first) == [1, 2, 3, 4]
    assert seqs(second) == [2, 3, 4, 5]


@virtual_time()
async def test_the_next_run_goes_on_where_acknowledgement_stopped(tmp_path: Path) -> None:
    async with bench(tmp_path) as at:
        await at.store(3)
        async with at.connected(FakeClient()):
            assert at.events.queue_depth == 0
    async with bench(tmp_path) as at:
        await at.store(1)
        client = FakeClient()
        async with at.connected(client):
            assert seqs(client) == [4]


@virtual_time()
async def test_a_journal_that_cannot_be_read_is_read_again_after_a_while(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with bench(tmp_path) as at:
        await at.store(2)
        reads = at.journal.events
        client = FakeClient()

        async def fails(*_args: object, **_options: object) -> list[Stored]:
            raise StoreError("the database is away")

        monkeypatch.setattr(at.journal, "events", fails)
        async with at.connected(client):
            await at.clock.sleep(STORE_RETRY_S - 0.1)
            monkeypatch.setattr(at.journal, "events", reads)
            assert seqs(client) == []
            await at.clock.sleep(0.2)
            assert seqs(client) == [1, 2]


@virtual_time()
async def test_only_a_store_error_is_tried_again() -> None:
    clock = virtual_clock()
    begun = clock.now().mono
    errors: list[Exception] = [StoreError("away"), StoreError("away"), ValueError("ours")]

    async def work() -> None:
        raise errors.pop(0)

    with pytest.raises(ValueError, match="ours"):
        await retry_on_store_error(clock, work)
    assert clock.now().mono - begun == pytest.approx(2 * STORE_RETRY_S)
