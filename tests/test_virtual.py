"""Virtual time: it jumps when all is quiet, and waits for what is real."""

import asyncio
import os
import threading
from datetime import UTC, datetime

import pytest

from tests.virtual import VirtualLoop, run_virtually, virtual_clock, virtual_time


@virtual_time()
async def test_a_long_wait_takes_exactly_its_time_and_none_of_ours() -> None:
    clock = virtual_clock()
    await clock.sleep(7200)
    assert clock.now().mono == 7200
    assert clock.now().wall == datetime(2026, 1, 5, 10, 0, tzinfo=UTC)


@virtual_time()
async def test_waits_end_in_the_order_of_their_times() -> None:
    clock, ended = virtual_clock(), []

    async def wait(seconds: float) -> None:
        await clock.sleep(seconds)
        ended.append((seconds, clock.now().mono))

    await asyncio.gather(*(wait(seconds) for seconds in (30, 0.5, 10)))
    assert ended == [(0.5, 0.5), (10, 10), (30, 30)]


@virtual_time()
async def test_time_limits_expire() -> None:
    clock = virtual_clock()
    with pytest.raises(TimeoutError):
        async with clock.timeout(60):
            await asyncio.Event().wait()
    assert clock.now().mono == 60


@virtual_time()
async def test_time_stands_still_while_the_executor_works() -> None:
    clock, may_end = virtual_clock(), threading.Event()
    work = asyncio.get_running_loop().run_in_executor(None, may_end.wait)
    sleeping = asyncio.create_task(clock.sleep(3600))
    timer = threading.Timer(0.05, may_end.set)
    timer.start()
    await work
    assert clock.now().mono == 0
    await sleeping
    timer.join()


@virtual_time()
async def test_time_stands_still_while_it_is_held() -> None:
    loop, released = asyncio.get_running_loop(), threading.Event()
    assert isinstance(loop, VirtualLoop)
    loop.hold_while(lambda: not released.is_set())
    timer = threading.Timer(0.05, released.set)
    timer.start()
    await virtual_clock().sleep(3600)
    assert released.is_set()
    timer.join()


@virtual_time(settle_s=0.2)
async def test_what_is_real_is_looked_for_before_each_jump() -> None:
    clock, loop = virtual_clock(), asyncio.get_running_loop()
    reading, writing = os.pipe()
    arrived = loop.create_future()
    loop.add_reader(reading, arrived.set_result, None)
    timer = threading.Timer(0.02, os.write, (writing, b"x"))
    timer.start()
    sleeping = asyncio.create_task(clock.sleep(3600))
    await arrived
    assert clock.now().mono == 0
    loop.remove_reader(reading)
    timer.join()
    os.close(reading)
    os.close(writing)
    await sleeping


@virtual_time()
async def test_a_timer_set_again_and_again_for_now_does_not_stop_time() -> None:
    clock, turns = virtual_clock(), 0

    def again() -> None:
        nonlocal turns
        turns += 1
        if clock.now().mono == 0:
            clock.call_later(0, again)

    again()
    await clock.sleep(1)
    assert turns > 1000


def test_its_result_is_returned() -> None:
    async def main() -> str:
        await virtual_clock().sleep(1)
        return "done"

    assert run_virtually(main()) == "done"
