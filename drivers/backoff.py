"""How long to wait before something that failed is tried again. Waits for nothing itself."""

import random


class Backoff:
    """Pauses that grow with each failure in a row.

    No pause is longer than a bound, which is `first_s` at first, doubles with every pause
    and stays at `last_s`. `jitter` is the part of it, from 0 to 1, that is left to chance,
    so that what failed together is not tried again together; no pause is under `least_s`.
    """

    def __init__(
        self,
        first_s: float,
        last_s: float,
        jitter: float = 0.0,
        *,
        least_s: float = 0.0,
        rng: random.Random | None = None,
    ) -> None:
        self.bound_s = first_s
        self._first_s = first_s
        self._last_s = last_s
        self._jitter = jitter
        self._least_s = least_s
        self._rng = rng or random.Random()

    def next_s(self) -> float:
        """The pause before the next try, in seconds."""
        spread_s = self._jitter * (self.bound_s - self._least_s)
        pause_s = self.bound_s - spread_s * self._rng.random()
        self.bound_s = min(self.bound_s * 2, self._last_s)
        return pause_s

    def reset(self) -> None:
        """It worked: start over."""
        self.bound_s = self._first_s
