"""Runs one codec on one link, for as long as the daemon lives.

Everything that happens at a device comes out of `sink`, one `DeviceReport` at a time, in the call
that received its last byte: there is no task, queue or wait between the port and the sink.
What the reports mean is not decided here.
"""

import asyncio
import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, NoReturn

from drivers.backoff import Backoff
from drivers.capture_writer import DeviceCapture
from drivers.clock import Clock, Instant
from drivers.codec import CannotMeasure, CodecStats
from drivers.frozen import FrozenWatch
from drivers.links import CALL, Link, LinkError, LinkLost, open_link
from drivers.readings import DeviceReport, Flag, Item, LinkChanged, LinkState, MeasurementFailed
from drivers.registry import DeviceSpec

LEAST_PAUSE_S: Final = 0.5
FIRST_PAUSE_S: Final = 1.0
LAST_PAUSE_S: Final = 10.0
HEALTHY_AFTER_S: Final = 10.0
"""A link that was up so long is tried again at once when it fails."""

HEALTH_CHECK_S: Final = 1.0
ROUNDING_S: Final = 1e-6
LAST_BYTES: Final = 64
"""How many of the bytes received last are kept, for who looks after the device."""

REAL_SILENCE_S: Final = 0.5
"""Silence also takes this long by the event loop: under a fast clock the machine's own
hiccups would otherwise pass for it."""

FLOOD_S: Final = 8.0
"""What a link may bring at once: as much as its line carries in so long, 7.5 KiB at 9600 baud. A
serial server may have kept that back; what is older would be shown as the present."""

FLOOD_TIMES: Final = 2.0
"""How many times what its line carries a link may bring besides; with more it is cut."""

_QUIET: Final = "says nothing; is it on, and its cable in?"
_UNREADABLE: Final = f"sends what cannot be read; {CALL}"
"""Why a link ends, to a nurse."""

Sink = Callable[[DeviceReport], object]

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Counters:
    """What has happened on a device's links since it was made; `stats` is its codec's part."""

    stats: CodecStats
    bytes_in: int = 0
    bytes_out: int = 0
    last_bytes: bytes = b""
    reconnects: int = 0
    sink_errors: int = 0
    last_item_at: Instant | None = None


class Device:
    """One device of a site.

    Its link is up once something valid has come over it, and down, with a reason, from its
    end until that happens again: a port that opens and stays silent is not up. It is
    opened again and again, after growing and jittered pauses, until `run` is cancelled;
    where the dialect is not known, first with the line settings of each in turn. `capture` is
    told everything that goes over it.
    """

    def __init__(
        self,
        spec: DeviceSpec,
        sink: Sink,
        clock: Clock,
        *,
        jitter: random.Random | None = None,
        capture: DeviceCapture | None = None,
    ) -> None:
        self.spec = spec
        self.capture = capture or DeviceCapture()
        self.codec = spec.codec()
        self.counters = Counters(self.codec.stats)
        self.link_state = LinkChanged(LinkState.CONNECTING)
        self._sink = sink
        self._clock = clock
        self._backoff = Backoff(
            FIRST_PAUSE_S, LAST_PAUSE_S, jitter=1.0, least_s=LEAST_PAUSE_S, rng=jitter
        )
        self._silent_after_s = max(spec.kind.silent_after_s, REAL_SILENCE_S * clock.speed)
        self._frozen = FrozenWatch()
        self._open_link: Link | None = None
        self._ended: asyncio.Future[tuple[str, str]]
        self._deadline_timer: asyncio.TimerHandle | None = None
        self._health_timer: asyncio.TimerHandle | None = None
        self._up_s: float | None = None
        self._is_silent = False
        self._heard_s = 0.0
        self._heard_frames = 0
        self._heard_bytes = 0
        self._checked_s = 0.0
        self._checked_bytes = 0

    async def run(self) -> NoReturn:
        """Keep the link open until cancelled. No fault of the link or the device is raised."""
        self._report(self.link_state)
        while True:
            why = await self._live()
            self.capture.shut(why[0])
            if self._is_silent and self._up_s is None and self.codec.try_next_line():
                self.counters.reconnects += 1
                continue
            self._change(LinkState.DOWN, *why)
            if self._up_s is not None and self._now_s() - self._up_s >= HEALTHY_AFTER_S:
                self._backoff.reset()
            await self._clock.sleep(self._backoff.next_s())
            self._heard_bytes = self.counters.bytes_in
            self.counters.reconnects += 1

    def measure(self) -> None:
        """Start a measurement; a Measurement or a MeasurementFailed will be reported.

        Raises `CannotMeasure` when this kind of device cannot be asked to.
        """
        if not self.spec.kind.can_measure:
            raise CannotMeasure(f"{self.spec.id} measures by itself and cannot be asked to")
        if self._open_link is None:
            why = self.link_state.plain or self.link_state.reason or "still connecting"
            reason = f"no link to {self.spec.id}: {why}"
            self._report_soon([MeasurementFailed(Flag.MEASUREMENT_FAILED, reason)])
        else:
            self._report_soon(self.codec.measure(self._now_s()))
            self._send_and_arm()

    def abort(self) -> None:
        """Stop the measurement that is under way, if any; it is reported as failed.

        Raises `CannotMeasure` when this kind of device cannot be asked to.
        """
        if not self.spec.kind.can_measure:
            raise CannotMeasure(f"{self.spec.id} measures by itself and cannot be stopped")
        if self._open_link is not None:
            self._report_soon(self.codec.abort(self._now_s()))
            self._send_and_arm()

    async def _live(self) -> tuple[str, str]:
        """One link, from its opening to its end; why it ended, and in plain words."""
        self._ended = asyncio.get_running_loop().create_future()
        self._up_s = None
        self._is_silent = False
        try:
            link = await open_link(
                self.spec.url, self.codec.line, on_bytes=self._receive, on_lost=self._lost
            )
        except LinkError as fault:
            return str(fault), fault.plain
        try:
            self._begin(link)
            return await self._ended
        finally:
            self._open_link = None
            for timer in (self._deadline_timer, self._health_timer):
                if timer is not None:
                    timer.cancel()
            self._deadline_timer = self._health_timer = None
            for item in self.codec.closed():
                self._report(item)
            await link.close()

    def _begin(self, link: Link) -> None:
        now_s = self._now_s()
        self._open_link = link
        self._heard_s = self._checked_s = now_s
        self._checked_bytes = self.counters.bytes_in
        self._heard_frames = self.codec.stats.frames
        self._frozen.reset()
        self.capture.opened(self.codec.line)
        self.codec.opened(now_s)
        self._send_and_arm()
        self._check_health()

    def _lost(self, fault: LinkLost) -> None:
        self._end(str(fault), fault.plain)

    def _end(self, reason: str, plain: str) -> None:
        if not self._ended.done():
            self._ended.set_result((reason, plain))

    def _receive(self, data: bytes) -> None:
        if self._open_link is None or self._ended.done():
            return
        self.capture.received(data)
        self.counters.bytes_in += len(data)
        self.counters.last_bytes = (self.counters.last_bytes + data)[-LAST_BYTES:]
        if self._is_flooded():
            self.codec.stats.damaged["flooded-byte"] += len(data)
            what = f"{self.spec.url} floods: no {self.spec.driver} sends so much; what is it?"
            self._end(what, _UNREADABLE)
            return
        try:
            items = self.codec.feed(data)
            heard = self.codec.stats.frames != self._heard_frames
            if heard or items or self.codec.deadline_s is not None:
                self._proceed(items)
        except Exception:
            self._fault()

    def _is_flooded(self) -> bool:
        """Whether more has come since the last look at the link than any device sends."""
        carries = self.codec.line.bytes_per_s
        more = self.counters.bytes_in - self._checked_bytes - carries * FLOOD_S * self._clock.speed
        return more > 0 and more > carries * FLOOD_TIMES * (self._now_s() - self._checked_s)

    def _on_deadline(self) -> None:
        self._deadline_timer = None
        try:
            self._proceed([], self.codec.deadline_s)
        except Exception:
            self._fault()

    def _proceed(self, items: list[Item], deadline_s: float | None = None) -> None:
        """Go on with `items`, and with what was due: a timer may be early by a rounding."""
        now = self._clock.now()
        if self.codec.stats.frames != self._heard_frames:
            self._heard_frames = self.codec.stats.frames
            self._heard_bytes = self.counters.bytes_in
            self._heard_s = now.mono
            if self._up_s is None:
                self._up_s = now.mono
                self._change(LinkState.UP)
        if self.codec.deadline_s is not None:
            items = items + self.codec.handle_deadline(max(now.mono, deadline_s or now.mono))
            self._send_and_arm()
        if items:
            self.counters.last_item_at = now
        for item in items:
            self._report(self._frozen.take(item), now)

    def _fault(self) -> None:
        _log.exception("fault in driver %s at %s", self.spec.driver, self.spec.id)
        self._end(f"fault in driver {self.spec.driver}: see the log", _UNREADABLE)

    def _send_and_arm(self) -> None:
        """Send what the codec wants sent, and come back when it wants to be called."""
        if self._open_link is None:
            return
        if out := self.codec.data_to_send():
            self.capture.sent(out)
            self.counters.bytes_out += len(out)
            self._open_link.write(out)
        if self._deadline_timer is not None:
            self._deadline_timer.cancel()
            self._deadline_timer = None
        if self.codec.deadline_s is not None:
            wait_s = self.codec.deadline_s - self._now_s()
            self._deadline_timer = self._clock.call_later(wait_s, self._on_deadline)

    def _check_health(self) -> None:
        """Cut a link that has gone silent, and look anew at how much it brings."""
        now_s = self._now_s()
        quiet_s = now_s - self._heard_s
        self._checked_s, self._checked_bytes = now_s, self.counters.bytes_in
        left_s = self._silent_after_s - quiet_s
        if left_s < ROUNDING_S:
            self._is_silent = True
            self._end(*self._silence())
        else:
            self._health_timer = self._clock.call_later(
                min(HEALTH_CHECK_S, left_s), self._check_health
            )

    def _silence(self) -> tuple[str, str]:
        what = f"{self.spec.url}: nothing valid for {self._silent_after_s:g} s"
        if self._up_s is None and len(self.codec.lines) > 1:
            what += f" at {' or '.join(map(str, self.codec.lines))}"
        if self.counters.bytes_in == self._heard_bytes:
            return f"{what}, no bytes at all; is the device on, and its cable in?", _QUIET
        unread = "bytes that make no sense; check the driver, dialect and line settings"
        return f"{what}, {unread}", _UNREADABLE

    def _change(
        self, state: LinkState, reason: str | None = None, plain: str | None = None
    ) -> None:
        change = LinkChanged(state, reason, plain)
        if change != self.link_state:
            self.link_state = change
            self._report(change)

    def _report_soon(self, items: Sequence[Item]) -> None:
        for item in items:
            asyncio.get_running_loop().call_soon(self._report, item)

    def _report(self, item: Item | LinkChanged, at: Instant | None = None) -> None:
        try:
            self._sink(DeviceReport(self.spec.id, at or self._clock.now(), item))
        except Exception:
            self.counters.sink_errors += 1
            _log.exception("the sink of %s failed", self.spec.id)

    def _now_s(self) -> float:
        return self._clock.now().mono
