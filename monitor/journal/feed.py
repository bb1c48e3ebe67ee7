"""Hands on what was stored, and what is newest, to whoever listens in this event loop.

`EventFeed` is for what must not be missed: every stored event, in order, from any place in the
journal. `LatestValueCache` is for what is soon out of date: only the newest value of each key
counts.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Final, Generic, Self, TypeVar

import structlog

from monitor.journal.database import StoreError
from monitor.journal.journal import Journal
from monitor.session import Stored

PAGE: Final = 500

K = TypeVar("K")
V = TypeVar("V")

log = structlog.get_logger(__name__)


class EventFeed:
    """The journal's events as they are stored."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._subscriptions: set[Subscription] = set()
        self._listeners: list[Callable[[Stored], None]] = []
        journal.listen(self._stored)

    @property
    def last_seq(self) -> int:
        """The newest event that the feed has handed on."""
        return self._journal.last_seq

    def subscribe(self, after: int | None = None, maxsize: int = 1000) -> "Subscription":
        """Every event past `after` (None: from now on), in order, without gap or repeat.

        Use it in a `with` block, or close it. Of events that its reader is too slow for it
        keeps `maxsize`; the rest it reads from the journal when their turn comes.
        """
        start = self.last_seq if after is None else after
        subscription = Subscription(self, self._journal, start, maxsize)
        self._subscriptions.add(subscription)
        return subscription

    def listen(self, listener: Callable[[Stored], None]) -> Callable[[], None]:
        """Have `listener` called with each event the moment it is stored.

        For those who cannot lose even an iteration of the loop; it must not block, and what
        it raises is logged. Returns what ends it.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @property
    def subscriptions(self) -> "list[Subscription]":
        """Those that have not ended."""
        return list(self._subscriptions)

    def close(self) -> None:
        """End every subscription."""
        for subscription in self.subscriptions:
            subscription.close()

    def forget(self, subscription: "Subscription") -> None:
        """Hand nothing more to `subscription`."""
        self._subscriptions.discard(subscription)

    def _stored(self, events: Sequence[Stored]) -> None:
        for subscription in self._subscriptions:
            subscription.offer(events)
        for listener in list(self._listeners):
            for event in events:
                try:
                    listener(event)
                except Exception:
                    log.exception("feed.listener-failed", seq=event.seq)


class Subscription:
    """An async iterator over stored events; ends when it is closed.

    Iteration raises `StoreError` when the journal cannot be read, and may be taken up again.
    """

    def __init__(self, feed: EventFeed, journal: Journal, after: int, maxsize: int) -> None:
        self._feed = feed
        self._journal = journal
        self._maxsize = maxsize
        self._waiting: deque[Stored] = deque()
        self._last_seq = after
        self._live = False
        self._closed = False
        self._wake = asyncio.Event()

    def offer(self, events: Sequence[Stored]) -> None:
        """Take `events` if they follow what is waiting and there is room."""
        if self._live:
            fresh = [event for event in events if event.seq > self._last_seq]
            if len(self._waiting) + len(fresh) > self._maxsize:
                self._live = False
            elif fresh:
                self._waiting.extend(fresh)
                self._last_seq = fresh[-1].seq
        self._wake.set()

    def close(self) -> None:
        """End the iteration, also for a reader that waits."""
        self._closed = True
        self._feed.forget(self)
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Stored:
        while not self._waiting:
            if self._closed:
                raise StopAsyncIteration
            if self._last_seq >= self._feed.last_seq:
                self._live = True
                self._wake.clear()
                await self._wake.wait()
            else:
                self._live = False
                page = await self._journal.events(self._last_seq, PAGE)
                if not page:
                    raise StoreError(f"the journal gives no event past {self._last_seq}")
                self._waiting.extend(page)
                self._last_seq = page[-1].seq
        return self._waiting.popleft()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class LatestValueCache(Generic[K, V]):
    """The newest value of each key."""

    def __init__(self) -> None:
        self._values: dict[K, V] = {}
        self._followers: set[ChangeSubscription[K, V]] = set()

    def put(self, key: K, value: V) -> None:
        """Replace the value of `key`."""
        self._values[key] = value
        for follower in self._followers:
            follower.changed(key)

    def get(self, key: K) -> V | None:
        """The newest value of `key`."""
        return self._values.get(key)

    def snapshot(self) -> dict[K, V]:
        """The newest value of every key."""
        return dict(self._values)

    def follow(self) -> "ChangeSubscription[K, V]":
        """What changes from now on. Use it in a `with` block, or close it."""
        follower: ChangeSubscription[K, V] = ChangeSubscription(self)
        self._followers.add(follower)
        return follower

    def forget(self, follower: "ChangeSubscription[K, V]") -> None:
        """Tell `follower` nothing more."""
        self._followers.discard(follower)


class ChangeSubscription(Generic[K, V]):
    """An async iterator over changes: each time, the newest value of every changed key."""

    def __init__(self, latest: LatestValueCache[K, V]) -> None:
        self._latest = latest
        self._changed: dict[K, None] = {}
        self._closed = False
        self._wake = asyncio.Event()

    def changed(self, key: K) -> None:
        """Note that `key` has a new value."""
        self._changed[key] = None
        self._wake.set()

    def close(self) -> None:
        """End the iteration, also for a reader that waits."""
        self._closed = True
        self._latest.forget(self)
        self._wake.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> dict[K, V]:
        while not self._changed:
            if self._closed:
                raise StopAsyncIteration
            self._wake.clear()
            await self._wake.wait()
        values = self._latest.snapshot()
        changes = {key: values[key] for key in self._changed}
        self._changed.clear()
        return changes

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
