"""The feed hands on every event once; the newest value of a key is all that counts."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from monitor.journal import Journal
from monitor.journal.feed import EventFeed, LatestValueCache, Subscription
from monitor.session.events import Stored
from tests.monitor.event_factories import EventFactory
from tests.patience import HOPELESS_S


@pytest.fixture
async def journal(tmp_path: Path) -> AsyncIterator[Journal]:
    opened = Journal.open(f"sqlite:///{tmp_path}/postdose.db")
    yield opened
    await opened.close()


@pytest.fixture
async def feed(journal: Journal) -> EventFeed:
    return EventFeed(journal)


async def take(events: Subscription, count: int) -> list[int]:
    async with asyncio.timeout(HOPELESS_S):
        return [(await anext(events)).seq for _ in range(count)]


async def append(journal: Journal, bed: EventFactory, count: int) -> list[Stored]:
    return await journal.append([bed.event() for _ in range(count)])


async def test_a_subscriber_gets_what_is_past_its_place_and_then_what_comes(
    journal: Journal, feed: EventFeed
) -> None:
    bed = EventFactory()
    await append(journal, bed, 5)
    with feed.subscribe(after=2) as events:
        assert await take(events, 3) == [3, 4, 5]
        await append(journal, bed, 2)
        assert await take(events, 2) == [6, 7]


async def test_without_a_place_a_subscriber_starts_now(journal: Journal, feed: EventFeed) -> None:
    bed = EventFactory()
    await append(journal, bed, 3)
    with feed.subscribe() as events:
        await append(journal, bed, 1)
        assert await take(events, 1) == [4]


async def test_a_reader_that_waits_is_woken(journal: Journal, feed: EventFeed) -> None:
    with feed.subscribe() as events:
        waiting = asyncio.create_task(take(events, 1))
        await append(journal, EventFactory(), 1)
        assert await waiting == [1]


async def test_events_stored_while_catching_up_come_once(journal: Journal, feed: EventFeed) -> None:
    bed = EventFactory()
    await append(journal, bed, 1200)
    with feed.subscribe(after=0) as events:
        taking = asyncio.create_task(take(events, 2000))
        for _ in range(800):
            await append(journal, bed, 1)
        assert await taking == list(range(1, 2001))


async def test_a_slow_reader_keeps_no_more_than_its_size_and_misses_nothing(
    journal: Journal, feed: EventFeed
) -> None:
    bed = EventFactory()
    with feed.subscribe(after=0, maxsize=10) as events:
        await append(journal, bed, 1)
        assert await take(events, 1) == [1]
        waiting = asyncio.create_task(take(events, 1))
        await append(journal, bed, 1)
        assert await waiting == [2]
        for _ in range(50):
            await append(journal, bed, 1)
        assert len(events._waiting) <= 10
        assert await take(events, 50) == list(range(3, 53))


async def test_closing_the_feed_ends_every_subscription(feed: EventFeed) -> None:
    events = feed.subscribe()
    waiting = asyncio.create_task(_all(events))
    await asyncio.wait({waiting}, timeout=0)
    feed.close()
    async with asyncio.timeout(HOPELESS_S):
        assert await waiting == []


async def _all(events: Subscription) -> list[Stored]:
    return [event async for event in events]


async def test_a_listener_hears_each_event_until_it_stops(
    journal: Journal, feed: EventFeed
) -> None:
    heard: list[int] = []
    stop = feed.listen(lambda stored: heard.append(stored.seq))
    bed = EventFactory()
    await append(journal, bed, 2)
    stop()
    await append(journal, bed, 1)
    assert heard == [1, 2]


async def test_a_listener_that_fails_hurts_nobody(journal: Journal, feed: EventFeed) -> None:
    def fail(_stored: Stored) -> None:
        raise RuntimeError

    heard: list[int] = []
    feed.listen(fail)
    feed.listen(lambda stored: heard.append(stored.seq))
    with feed.subscribe() as events:
        await append(journal, EventFactory(), 2)
        assert await take(events, 2) == [1, 2]
    assert heard == [1, 2]


async def test_a_slow_follower_gets_only_the_newest_value_of_each_key() -> None:
    latest: LatestValueCache[str, int] = LatestValueCache()
    with latest.follow() as changes:
        for value in range(100):
            latest.put("bed-1", value)
        latest.put("bed-2", 7)
        assert await anext(changes) == {"bed-1": 99, "bed-2": 7}
        latest.put("bed-1", 100)
        assert await anext(changes) == {"bed-1": 100}


async def test_a_value_put_before_following_is_in_the_snapshot() -> None:
    latest: LatestValueCache[str, int] = LatestValueCache()
    latest.put("bed-1", 1)
    assert latest.snapshot() == {"bed-1": 1}
    assert latest.get("bed-1") == 1
    assert latest.get("bed-2") is None


async def test_closing_a_follower_ends_it() -> None:
    latest: LatestValueCache[str, int] = LatestValueCache()
    changes = latest.follow()
    changes.close()
    with pytest.raises(StopAsyncIteration):
        await anext(changes)
