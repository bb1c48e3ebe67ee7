"""Hands the samples of waves to those who look at one bed now; what nobody looks at is not kept.

It is for seeing only, and holds at most the newest two seconds for each who looks: what has to be
kept goes to the journal, and what is decided never depends on it.
"""

import asyncio
from collections import defaultdict, deque
from types import TracebackType
from typing import Final, Self

from drivers.readings import Waveform
from monitor.session.shown import Json

KEPT_S: Final = 2.0
"""How much of a wave waits for a slow reader, by the device's own rate; older samples go."""


class WaveformFeed:
    """The waves of all beds as they come."""

    def __init__(self) -> None:
        self._followers: defaultdict[str, set[WaveformSubscription]] = defaultdict(set)

    def put(self, bed: str, device: str, wave: Waveform) -> None:
        """Hand on what a device of `bed` gave."""
        for follower in self._followers.get(bed, ()):
            follower.take(device, wave)

    def follow(self, bed: str) -> "WaveformSubscription":
        """The waves of `bed` from now on. Use it in a `with` block."""
        follower = WaveformSubscription(self, bed)
        self._followers[bed].add(follower)
        return follower

    def forget(self, follower: "WaveformSubscription") -> None:
        """Hand nothing more to `follower`."""
        self._followers[follower.bed].discard(follower)
        if not self._followers[follower.bed]:
            del self._followers[follower.bed]

    @property
    def followed(self) -> frozenset[str]:
        """The beds that somebody looks at."""
        return frozenset(self._followers)


class WaveformSubscription:
    """What one reader has not had yet of the waves of `bed`."""

    def __init__(self, feed: WaveformFeed, bed: str) -> None:
        self.bed = bed
        self._feed = feed
        self._waves: dict[tuple[str, str, float], deque[int]] = {}
        self._came = asyncio.Event()

    def take(self, device: str, wave: Waveform) -> None:
        """Keep the wave until it is read."""
        key = device, wave.name, wave.rate_hz
        if key not in self._waves:
            self._waves[key] = deque(maxlen=max(1, round(wave.rate_hz * KEPT_S)))
        self._waves[key].extend(wave.samples)
        self._came.set()

    async def wait(self) -> None:
        """Wait until there is something to read."""
        await self._came.wait()

    def read(self) -> Json:
        """What came since the last time: of each wave its device, name, rate and samples."""
        waves = [
            {"device": device, "name": name, "rate_hz": rate_hz, "samples": list(samples)}
            for (device, name, rate_hz), samples in self._waves.items()
        ]
        self._waves.clear()
        self._came.clear()
        return {"bed": self.bed, "waves": waves}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._feed.forget(self)
