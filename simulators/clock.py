"""Time, for the simulators: the one module of theirs that looks at a clock or waits.

Simulated seconds are counted from the start of the event loop's clock that drives them,
so a virtual loop gives virtual time.
"""

import asyncio


class Timeline:
    """Simulated seconds since it was made, `speed` of them to one of the running loop's."""

    def __init__(self, speed: float = 1.0) -> None:
        if not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed}")
        self.speed = speed
        self._loop = asyncio.get_running_loop()
        self._origin = self._loop.time()

    def now_s(self) -> float:
        """Simulated seconds since the start."""
        return (self._loop.time() - self._origin) * self.speed

    async def wait(self, until_s: float, wake: asyncio.Event, *, at_least_s: float = 0.0) -> None:
        """Wait until simulated time `until_s`, or until `wake` is set; leaves `wake` clear.

        Waits no shorter than `at_least_s` of the loop's time unless woken.
        """
        delay_s = max((until_s - self.now_s()) / self.speed, at_least_s)
        timer = self._loop.call_later(delay_s, wake.set)
        try:
            await wake.wait()
        finally:
            timer.cancel()
            wake.clear()
