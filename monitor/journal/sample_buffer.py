"""Buffers samples as they come and makes a chunk of them every few seconds.

A chunk is packed on the call that finds it old or large enough, so beds take turns by
themselves and nothing needs a timer. What is gathered is lost with the process; the few
seconds of samples before a crash are not what anybody was promised.

The inputs of a bed are one stream over all its sessions and devices, numbered from its
opening on, so that a reader sees where some of it was lost.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple
from uuid import uuid4

from drivers.clock import Instant
from monitor.journal.chunk_codec import (
    INPUTS,
    Chunk,
    Inputs,
    Waves,
    chunk_of,
    milliseconds,
    mono_milliseconds,
    start_chunk,
)

CHUNK_MS: Final = 10_000
CHUNK_ENTRIES: Final = 4096


class _Stream(NamedTuple):
    bed: str
    session: str | None
    device: str
    kind: str


@dataclass(slots=True)
class _Recording:
    """A bed's stream of inputs: which one is gathered, since which opening, how far."""

    opening: str = ""
    count: int = 0
    stream: _Stream | None = None


class SampleBuffer:
    """Samples on their way into chunks; each chunk goes to `keep`."""

    def __init__(self, keep: Callable[[Chunk], None]) -> None:
        self._keep = keep
        self._streams: dict[_Stream, Inputs | Waves] = {}
        self._recordings: dict[str, _Recording] = {}
        self._swept_ms = 0

    def open(self, bed: str, at: Instant, data: Mapping[str, Any]) -> None:
        """Begin the recording of what a bed is given from `at` on."""
        self.close(bed)
        opening = uuid4().hex[:12]
        self._recordings[bed] = _Recording(opening)
        self._keep(start_chunk(bed, opening, at, dict(data)))

    def close(self, bed: str) -> None:
        """End the recording of that bed; what comes until the next belongs to none."""
        before = self._recordings.pop(bed, None)
        if before is not None and before.stream in self._streams:
            self._pack(before.stream)

    def add_input(self, bed: str, session: str | None, at: Instant, text: str) -> None:
        """Keep one thing that a bed was given."""
        recording = self._recordings.get(bed)
        if recording is None:
            recording = self._recordings[bed] = _Recording()
        stream = recording.stream
        if stream is None or stream.session != session:
            if stream in self._streams:
                self._pack(stream)
            stream = recording.stream = _Stream(bed, session, "", INPUTS)
        entries = self._streams.get(stream)
        if not isinstance(entries, Inputs):
            entries = self._streams[stream] = Inputs(recording.opening, recording.count)
        recording.count += 1
        at_ms = milliseconds(at.wall)
        entries.add(at_ms, mono_milliseconds(at), text)
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

    def flush_idle(self, now: datetime) -> None:
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

    def _pack_when_due(self, stream: _Stream, entries: Inputs | Waves, at_ms: int) -> None:
        count = len(entries.times)
        if abs(at_ms - entries.times[0]) >= CHUNK_MS or count >= CHUNK_ENTRIES:
            self._pack(stream)

    def _pack(self, stream: _Stream) -> None:
        self._keep(chunk_of(*stream, self._streams.pop(stream)))
