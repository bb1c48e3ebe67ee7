"""Stands in the queue's place while there is no database: stores nothing, and says why."""

import asyncio
from collections.abc import Sequence

from drivers.clock import Instant
from monitor.journal.appender import AppendRequest
from monitor.journal.chunk_codec import Chunk
from monitor.journal.database import StoreError
from monitor.session import Stored


class NoStore:
    """A queue that stores nothing since `failing_since`, because of `failure`."""

    def __init__(self, failing_since: Instant, failure: str) -> None:
        self.failing_since = failing_since
        self.failure = failure
        self.loop: asyncio.AbstractEventLoop | None = None
        self.pending = 0
        self.samples_dropped = 0
        self.unstored_chunks: Sequence[Chunk] = ()

    def put(self, entry: AppendRequest) -> asyncio.Future[list[Stored]]:
        """Raises `StoreError`."""
        raise StoreError(self.failure)

    def put_chunk(self, chunk: Chunk) -> None:
        """Drop `chunk`, and count what was in it."""
        self.samples_dropped += chunk.count

    def put_cursor(self, name: str, seq: int) -> None:
        """Raises `StoreError`: no reader can have got anywhere."""
        raise StoreError(self.failure)

    async def close(self) -> None:
        """Nothing is there to be closed."""
