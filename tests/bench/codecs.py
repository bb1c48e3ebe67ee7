"""How many bytes a second each codec takes, without a port, beside what its line carries."""

from statistics import median
from time import perf_counter
from typing import Final, NamedTuple

from drivers.codec import Codec
from tests.drivers.examples import Case, cases

PIECE: Final = 125
REPEATS: Final = 5


class Rate(NamedTuple):
    """Bytes a second that a codec takes, and that a line in its setting carries at most."""

    taken: float
    carried: float


def measure(size: int) -> dict[str, Rate]:
    """Each dialect's rates over some `size` bytes, in pieces as they arrive."""
    return {str(case): Rate(_rate(case, size), case.dialect.line.baud / 10) for case in cases()}


def _rate(case: Case, size: int) -> float:
    stream = case.example.stream
    data = stream * max(1, size // len(stream))
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)]
    options = case.driver.whole(case.example.options)
    times = (_time(case.dialect.make(options), pieces) for _ in range(REPEATS))
    return len(data) / median(times)


def _time(codec: Codec, pieces: list[bytes]) -> float:
    codec.opened(0.0)
    began_s = perf_counter()
    for piece in pieces:
        codec.feed(piece)
        codec.data_to_send()
    return perf_counter() - began_s
