"""Gathers samples as they come and makes a chunk of them every few seconds.

A chunk is packed on the call that finds it old or large enough, so beds take turns by
themselves and nothing needs a timer. What is gathered is lost with the process; the few
seconds of samples before a crash are not what anybody was promised.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from monitor.journal.samples import NUMERICS, Chunk, Numerics, Waves, chunk_of, milliseconds

CHUNK_MS: Final = 10_000
CHUNK_ENTRIES: Final = 4096


class _Stream(NamedTuple):
    bed: str
    session: str | None
    device: str
    kind: str


class Recorder:
    """Samples on their way into chunks; each chunk goes to `keep`."""

    def __init__(self, keep: Callable[[Chunk], None]) -> None:
        self._keep = keep
        self._streams: dict[_Stream, Numerics | Waves] = {}
        self._swept_ms = 0

    def add_reading(
        self,
        bed: str,
        session: str | None,
        device: str,
        name: str,
        at: datetime,
        value: float | None,
        quality: str,
        note: str,
    ) -> None:
        """Keep one reading, or a note without a value."""
        at_ms = milliseconds(at)
        stream = _Stream(bed, session, device, NUMERICS)
        entries = self._streams.get(stream)
        if not isinstance(entries, Numerics):
            entries = self._streams[stream] = Numerics()
        entries.add(at_ms, name, value, quality, note)
        self._pack_when_due(stream, entries, at_ms)

    def add_wave(
        self,
        bed: str,
        session: str | None,
        device: str,
        name: str,
        at: datetime,
        rate_hz: float,
        samples: Sequence[int],
    ) -> None:
        """Keep one packet of a wave."""
        at_ms = milliseconds(at)
        stream = _Stream(bed, session, device, name)
        entries = self._streams.get(stream)
        if isinstance(entries, Waves) and entries.rate_hz != rate_hz:
            self._pack(stream)
            entries = None
        if not isinstance(entries, Waves):
            entries = self._streams[stream] = Waves(rate_hz)
        entries.add(at_ms, samples)
        self._pack_when_due(stream, entries, at_ms)

    def flush(self) -> None:
        """Make chunks of all that is gathered."""
        for stream in list(self._streams):
            self._pack(stream)

    def sweep(self, now: datetime) -> None:
        """Make chunks of what has been gathered for long, for devices that fell silent."""
        now_ms = milliseconds(now)
        if abs(now_ms - self._swept_ms) < CHUNK_MS:
            return
        self._swept_ms = now_ms
        for stream, entries in list(self._streams.items()):
            if abs(now_ms - entries.times[0]) >= CHUNK_MS:
                self._pack(stream)

    def gathered(self, kind: str) -> list[Chunk]:
        """What is gathered of `kind`, as the chunks it would make now."""
        return [
            chunk_of(*stream, entries)
            for stream, entries in self._streams.items()
            if stream.kind == kind
        ]

    def _pack_when_due(self, stream: _Stream, entries: Numerics | Waves, at_ms: int) -> None:
        count = len(entries.times)
        if abs(at_ms - entries.times[0]) >= CHUNK_MS or count >= CHUNK_ENTRIES:
            self._pack(stream)

    def _pack(self, stream: _Stream) -> None:
        self._keep(chunk_of(*stream, self._streams.pop(stream)))
