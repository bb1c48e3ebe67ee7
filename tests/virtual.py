"""Virtual time for asyncio: two hours of waiting in as long as the work takes.

    @virtual_time()
    async def test_a_silent_device_is_dropped() -> None:
        clock = virtual_clock()
        await clock.sleep(7200)         # at once

Whenever nothing is ready to run, the loop's time jumps to its next timer. It stands still
while the loop's executor works, and while any predicate given to `hold_while` says so.

What crosses the kernel (pseudo-terminals, sockets) takes real time to arrive. A test that
uses it gives `settle_s`: how long the loop looks for such bytes before each jump. In a test
that keeps to memory leave it at 0.
"""

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any, ParamSpec, TypeVar, TypeVarTuple, Unpack

from drivers.clock import Clock

P = ParamSpec("P")
T = TypeVar("T")
Ts = TypeVarTuple("Ts")

START = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
HELD_POLL_S = 0.01
TURNS_IN_AN_INSTANT = 10_000
NUDGE_S = 1e-6


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop whose `time` is its own and starts at 0."""

    def __init__(self, settle_s: float = 0.0) -> None:
        self._now_s = 0.0
        self._settle_s = settle_s
        self._turns = 0
        self._working = 0
        self._holds: list[Callable[[], bool]] = [lambda: self._working > 0]
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._now_s

    def hold_while(self, busy: Callable[[], bool]) -> None:
        """Let time stand still whenever `busy` is true: a thread of the test's own works."""
        self._holds.append(busy)

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        future = super().run_in_executor(executor, func, *args)
        self._working += 1
        future.add_done_callback(self._worked)
        return future

    def _worked(self, _future: object) -> None:
        self._working -= 1

    def pass_time(self, wait_s: float, select: Callable[[float], list[Any]]) -> list[Any]:
        """Jump `wait_s` ahead, unless something real turns up first."""
        while any(busy() for busy in self._holds):
            if ready := select(HELD_POLL_S):
                return ready
        ready = select(self._settle_s)
        if not ready:
            self._turns = 0
            self._now_s += wait_s
        return ready

    def count_turn(self) -> None:
        """Nudge time on when it never would go: a timer set again and again for "now"."""
        self._turns += 1
        if self._turns > TURNS_IN_AN_INSTANT:
            self._turns = 0
            self._now_s += NUDGE_S


class _JumpingSelector(selectors.BaseSelector):
    """The machine's selector, but for waits: those are the loop's to pass."""

    def __init__(self, loop: VirtualLoop) -> None:
        self._real = selectors.DefaultSelector()
        self._loop = loop

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            return self._real.select()
        if timeout <= 0:
            self._loop.count_turn()
            return self._real.select(0)
        return self._loop.pass_time(timeout, self._real.select)

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()

    def close(self) -> None:
        self._real.close()


def virtual_clock() -> Clock:
    """A clock that follows the running loop and starts at 08:00 UTC on a Monday."""
    return Clock(source=asyncio.get_running_loop().time, start=START)


def run_virtually(main: Coroutine[Any, Any, T], settle_s: float = 0.0) -> T:
    """Run `main` to its end on a loop of its own."""
    with asyncio.Runner(loop_factory=lambda: VirtualLoop(settle_s)) as runner:
        return runner.run(main)


def virtual_time(
    settle_s: float = 0.0,
) -> Callable[[Callable[P, Coroutine[Any, Any, None]]], Callable[P, None]]:
    """Have a coroutine function run on a virtual loop, as a test of its own or not."""

    def decorate(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
        @functools.wraps(test)
        def run(*args: P.args, **kwargs: P.kwargs) -> None:
            run_virtually(test(*args, **kwargs), settle_s)

        return run

    return decorate
